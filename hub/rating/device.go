package rating

import (
	"slices"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// tolerance is how far a clock may differ from the hub's, and from itself,
// before a time is doubtful; in milliseconds.
const tolerance = 2 * minute

const never = int64(1) << 62

// near is how far a press may be from the time of which a stuck button tells.
const near = 2 * second

// clocks are what is known of devices' clocks, all by boot.
type clocks struct {
	offsets hall.Table[int64]     // of times before the clock was set, in milliseconds
	bases   hall.Table[int64]     // Unix milliseconds at which it began, as the hub's clock confirms
	unset   hall.Table[[]waiting] // what has no time yet
	late    hall.Table[[]Place]   // places with late presses that nothing was compared with
}

// waiting is a press or a stuck button without a time, and where a press is kept meanwhile.
type waiting struct {
	Agent string `json:"a"`
	At    int64  `json:"t"` // of a clock that was not set
	Press string `json:"p,omitempty"`
	Place Place  `json:"h,omitzero"`
	Level int    `json:"l,omitempty"` // of a stuck button
	Held  int64  `json:"d,omitempty"`
}

// Device applies a record of a device and tells whether it was of ratings.
func (s *State) Device(r *wire.Record) bool {
	s.passed(r)
	switch r.Kind {
	case wire.KindRatingPressed, wire.KindInputStuck, wire.KindAgentStarted, wire.KindCardSwiped:
		s.compare(r)
	case wire.KindClockCorrected:
		with(r, func(d wire.ClockCorrected) { s.correct(d) })
		return true
	}
	switch r.Kind {
	case wire.KindRatingPressed:
		s.pressed(r)
	case wire.KindInputStuck:
		with(r, func(d wire.InputStuck) { s.stuck(r, d) })
	default:
		return false
	}
	return true
}

// compare learns when a boot began, from a record that came at once.
func (s *State) compare(r *wire.Record) {
	if r.Boot == "" || r.UptimeMS <= 0 || r.Clock == wire.ClockUnsynced || s.clocks.bases.Has(r.Boot) {
		return
	}
	if r.StoredAt.Sub(r.At).Abs() > time.Duration(tolerance)*time.Millisecond {
		return
	}
	s.clocks.bases.Set(r.Boot, r.At.UnixMilli()-r.UptimeMS)
	if places, ok := s.clocks.late.Get(r.Boot); ok {
		for _, p := range places {
			s.changed(p)
		}
		s.clocks.late.Delete(r.Boot)
	}
}

// assign says which window a device serves from now on; one that served it before is released.
func (s *State) assign(agent, window string, r *wire.Record) {
	if s.windowOf(agent, never) == window && s.devices.Has(agent) {
		return
	}
	s.release(window, r)
	s.devices.Change(agent, func(all *[]assigned) {
		*all = append((*all)[:len(*all):len(*all)], assigned{when(r), window})
	})
}

// release takes the devices off a window.
func (s *State) release(window string, r *wire.Record) {
	if window == "" {
		return
	}
	for agent := range s.devices.All() {
		if s.windowOf(agent, never) == window {
			s.assign(agent, "", r)
		}
	}
}

// windowOf is where a device was at a moment. Before it was first entered it
// was where it was entered then, as far as anybody knows.
func (s *State) windowOf(agent string, at int64) string {
	all, _ := s.devices.Get(agent)
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].From <= at || i == 0 {
			return all[i].Window
		}
	}
	return ""
}

func (s *State) pressed(r *wire.Record) {
	p := Press{ID: r.ID, Level: levelOf(r.Data), Source: wire.RatingButton, At: r.At.UnixMilli(), Stored: r.StoredAt.UnixMilli(), Position: r.Position, Agent: r.Agent}
	s.note(p.ID)
	set := r.Clock != wire.ClockUnsynced
	if !set {
		offset, known := s.clocks.offsets.Get(r.Boot)
		if !known {
			p.Doubt = ClockUnset
			s.place(&p)
			s.wait(r.Boot, waiting{Agent: r.Agent, At: p.At, Press: p.ID, Place: p.Place})
			return
		}
		p.At += offset
	}
	if s.doubt(&p); p.Doubt == "" && set && p.Stored-p.At > tolerance && r.Boot != "" && r.UptimeMS > 0 {
		p.boot, p.base = r.Boot, p.At-r.UptimeMS
	}
	s.place(&p)
	if p.boot != "" && !s.clocks.bases.Has(p.boot) {
		s.clocks.late.Change(p.boot, func(places *[]Place) {
			if !slices.Contains(*places, p.Place) {
				*places = append((*places)[:len(*places):len(*places)], p.Place)
			}
		})
	}
}

// doubt marks a press whose time cannot be.
func (s *State) doubt(p *Press) {
	switch late := p.Stored - p.At; {
	case late < -tolerance:
		p.Doubt = ClockFuture
	case late > dayMS: // not before: the policy is asked seldom
		if days, _ := s.policy.On(paramLateDays, s.dayOf(p.Stored)); late > int64(days.Value*float64(dayMS)) {
			p.Doubt = ClockOff
		}
	}
}

// place puts a press on its sheet: by its own time, or by that of its delivery where that cannot be.
func (s *State) place(p *Press) {
	at := p.At
	if p.Doubt != "" {
		at = p.Stored
	}
	if p.Source == wire.RatingButton {
		p.Place = Place{s.dayOf(at), s.windowOf(p.Agent, at)}
	} else if p.Visit == "" {
		p.Day = s.dayOf(at)
	}
	x := s.sheets.change(p.Place)
	x.presses = append(x.presses, *p)
	s.touch(p.Place, x)
}

// given keeps a rating that a screen sent.
func (s *State) given(r *wire.Record, d wire.RatingGiven) {
	p := Press{ID: r.ID, Level: d.Level, Source: d.Source, At: d.At.UnixMilli(), Stored: r.StoredAt.UnixMilli(), Position: r.Position, Visit: d.Visit}
	s.note(p.ID)
	p.Window = d.Window
	if d.Visit != "" {
		s.note(d.Visit)
		if p.Place = s.home(d.Visit, d.Day, d.Window); !p.Day.Valid() {
			p.Day = s.dayOf(p.Stored)
		}
	}
	switch {
	case d.Doubt && d.Visit != "":
		p.Loose = true
	case d.Doubt:
		p.Doubt = ClockUnset
	default:
		s.doubt(&p)
	}
	s.place(&p)
}

func (s *State) wait(boot string, w waiting) {
	s.clocks.unset.Change(boot, func(all *[]waiting) { *all = append((*all)[:len(*all):len(*all)], w) })
}

// stuck notes a button that was stuck, so that its press does not count.
func (s *State) stuck(r *wire.Record, d wire.InputStuck) {
	if len(d.Input) != len("rating1") || d.Input[:6] != "rating" || d.Input[6] < '1' || d.Input[6] > '5' {
		return
	}
	w := waiting{Agent: r.Agent, At: r.At.UnixMilli(), Level: int(d.Input[6] - '0'), Held: max(d.HeldMS, 0)}
	if r.Clock == wire.ClockUnsynced {
		offset, known := s.clocks.offsets.Get(r.Boot)
		if !known {
			s.wait(r.Boot, w)
			return
		}
		w.At += offset
	}
	s.jam(w)
}

// jam puts it on the sheets of its time.
func (s *State) jam(w waiting) {
	from, until := w.At-min(w.Held, dayMS)-near, w.At+near
	first := s.dayOf(from)
	for _, day := range slices.Compact([]hall.Date{first, s.dayOf(until)}) {
		place := Place{day, s.windowOf(w.Agent, from)}
		x := s.sheets.change(place)
		x.jams = append(x.jams, Jam{Agent: w.Agent, Level: w.Level, From: from, Until: until})
		s.touch(place, x)
	}
}

// correct puts the times of a boot right.
func (s *State) correct(d wire.ClockCorrected) {
	if d.Boot == "" {
		return
	}
	s.clocks.offsets.Set(d.Boot, d.OffsetMS)
	all, ok := s.clocks.unset.Get(d.Boot)
	if !ok {
		return
	}
	s.clocks.unset.Delete(d.Boot)
	for _, w := range all {
		w.At += d.OffsetMS
		if w.Press == "" {
			s.jam(w)
			continue
		}
		x := s.sheets.change(w.Place)
		if p, ok := x.take(w.Press); ok {
			s.touch(w.Place, x)
			p.At, p.Doubt = w.At, ""
			s.doubt(&p)
			s.place(&p)
		}
	}
}
