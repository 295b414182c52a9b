package rating

import (
	"bytes"
	"iter"
	"maps"
	"slices"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// Status is what a tablet, a phone or a window may show of a rating now.
type Status struct {
	// State is idle (nothing to rate), open, rated or closed (too late).
	State string `json:"state"`
	// Visit is what it is about; nil where idle.
	Visit *JudgedVisit `json:"visit,omitempty"`
	// Until is when it can no longer be rated there, in Unix milliseconds; 0 is not known yet.
	Until int64 `json:"until,omitempty"`
	// Explain: the rating is bad, and no reason was given yet.
	Explain bool `json:"explain,omitempty"`
}

// The states of a Status.
const (
	StateIdle   = "idle"
	StateOpen   = "open"
	StateRated  = "rated"
	StateClosed = "closed"
)

// Window is what can be rated at a window: the visit that goes on or was the
// last there, as long as it is open.
func (s *State) Window(window string, now time.Time) Status {
	cur := s.windows.get(window)
	if cur == nil {
		return Status{State: StateIdle}
	}
	c := s.sheets.read(cur.Home)
	if c == nil || c.visit(cur.Visit) == nil {
		return Status{State: StateIdle}
	}
	until, going := int64(0), false
	for _, x := range c.visit(cur.Visit).Spans {
		if x.Window == window {
			until, going = x.Until, x.Until == 0
		}
	}
	rules := RulesOn(s.policy, cur.Home.Day)
	if !going && now.UnixMilli() > until+rules.Open {
		return Status{State: StateIdle} // screens ask of every window, again and again: most need no judging
	}
	v, ok := s.Visit(cur.Home, cur.Visit, now)
	if !ok {
		return Status{State: StateIdle}
	}
	if going {
		until = v.OpenUntil - rules.Open
	}
	x := s.status(v, until+rules.Open, now, going)
	if x.State == StateClosed {
		return Status{State: StateIdle}
	}
	return x
}

// Ticket is what can be rated with the code of a ticket: its last visit.
func (s *State) Ticket(id string, now time.Time) Status {
	t := s.tickets.get(id)
	if t == nil || t.Visit == "" {
		return Status{State: StateIdle}
	}
	v, ok := s.Visit(t.Home, t.Visit, now)
	if !ok {
		return Status{State: StateIdle}
	}
	return s.status(v, v.OpenPhone, now, v.Going)
}

func (s *State) status(v JudgedVisit, until int64, now time.Time, going bool) Status {
	x := Status{State: StateOpen, Visit: &v, Until: until}
	if going {
		x.Until = 0
	}
	switch {
	case v.Level > 0:
		e, _ := s.Explained.Get(v.ID)
		x.State, x.Explain = StateRated, v.Bad() && !v.Excluded && len(e.Reasons) == 0 && !e.Words && !e.Contact
	case v.Excluded, now.UnixMilli() > until:
		x.State = StateClosed
	}
	return x
}

// Visit judges one visit, of which the place of its beginning is known.
func (s *State) Visit(home Place, id string, now time.Time) (JudgedVisit, bool) {
	sheet := s.judge(home)
	for i := range sheet.Visits {
		if v := sheet.Visits[i]; v.ID == id {
			v.Result = v.ResultAt(now.UnixMilli())
			return v, true
		}
	}
	return JudgedVisit{}, false
}

// Find looks for a visit of which only the id is known, the newest days first.
func (s *State) Find(id string, now time.Time) (JudgedVisit, bool) {
	if home, ok := s.moved.Get(id); ok {
		return s.Visit(home, id, now)
	}
	x, _ := short(id)
	days := s.Days()
	slices.Reverse(days)
	for _, day := range days {
		for window, sheet := range s.sheets.days[day] {
			if sheet.content != nil && sheet.visit(id) == nil || sheet.content == nil && !bytes.Contains(sheet.packed, x[:]) {
				continue
			}
			if v, ok := s.Visit(Place{day, window}, id, now); ok {
				return v, true
			}
		}
	}
	return JudgedVisit{}, false
}

// Presses judges presses one by one while nothing is folded. However many there are
// at a window, it is judged once for all of them.
type Presses struct {
	state  *State
	places map[Place]*placed
}

// placed are a place's visits and presses, judged.
type placed struct {
	visits  []JudgedVisit
	presses []JudgedPress
	byID    map[string]int // of presses
}

// Presses begins to judge presses, such as those of one batch.
func (s *State) Presses() *Presses { return &Presses{state: s, places: map[Place]*placed{}} }

func (j *Presses) at(p Place) *placed {
	x := j.places[p]
	if x == nil {
		x = &placed{}
		x.visits, x.presses = j.state.around(p)
		x.byID = make(map[string]int, len(x.presses))
		for i := range x.presses {
			x.byID[x.presses[i].ID] = i
		}
		j.places[p] = x
	}
	return x
}

// Of judges the press of a record, of a device or of a screen.
func (j *Presses) Of(r *wire.Record) (JudgedPress, bool) {
	s := j.state
	var p Press
	stored := r.StoredAt.UnixMilli()
	switch r.Kind {
	case wire.KindRatingPressed:
		at := r.At.UnixMilli()
		if r.Clock == wire.ClockUnsynced {
			offset, _ := s.clocks.offsets.Get(r.Boot)
			at += offset
		}
		p.Place = Place{s.civil(at), s.windowOf(r.Agent, at)}
	case wire.KindRatingGiven:
		with(r, func(d wire.RatingGiven) {
			p.Place = Place{s.civil(d.At.UnixMilli()), d.Window}
			if d.Visit != "" {
				p.Place = s.home(d.Visit, d.Day, d.Window)
			}
		})
	default:
		return JudgedPress{}, false
	}
	places := []Place{p.Place, {s.civil(stored), p.Window}, {s.civil(stored), s.windowOf(r.Agent, stored)}}
	for _, place := range places {
		c := s.sheets.read(place)
		own := c.press(r.ID)
		if own == nil {
			continue
		}
		if p, ok := s.alone(place, c, *own); ok {
			return p, true
		}
		judged := j.at(place)
		visits, presses := judged.visits, judged.presses
		i, ok := judged.byID[r.ID]
		if !ok {
			continue
		}
		of := slices.IndexFunc(visits, func(v JudgedVisit) bool { return v.ID == presses[i].Of })
		if of < 0 || visits[of].Place == place {
			return presses[i], true
		}
		sheet := s.judge(visits[of].Place)
		if k := slices.IndexFunc(sheet.Presses, func(x JudgedPress) bool { return x.ID == r.ID }); k >= 0 {
			return sheet.Presses[k], true
		}
	}
	return JudgedPress{}, false
}

// alone judges a press that is nobody's, of which the other presses of its day say
// nothing; ok is false where it is for a visit.
func (s *State) alone(place Place, c *content, p Press) (judged JudgedPress, ok bool) {
	_, presses := s.gather(place, &content{visits: c.visits, guests: c.guests, presses: []Press{p}, jams: c.jams})
	i := slices.IndexFunc(presses, func(x JudgedPress) bool { return x.ID == p.ID })
	if i < 0 || presses[i].Of != "" {
		return judged, false
	}
	return presses[i], true
}

// Bad gives the bad reviews of the days from until, both included, that are counted.
func (s *State) Bad(from, until hall.Date) iter.Seq[JudgedVisit] {
	return func(yield func(JudgedVisit) bool) {
		for _, day := range s.daysIn(from, until) {
			for _, v := range s.badOf(day) {
				if !yield(v) {
					return
				}
			}
		}
	}
}

// badOf gives those of a day, from memory where nothing has changed.
func (s *State) badOf(day hall.Date) []JudgedVisit {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, ok := s.bad[day]
	if ok {
		return all
	}
	for _, window := range slices.Sorted(maps.Keys(s.sheets.days[day])) {
		sheet := s.judge(Place{day, window})
		for i := range sheet.Visits {
			if v := &sheet.Visits[i]; v.Bad() && !v.Excluded {
				v.Result = Rated
				all = append(all, *v)
			}
		}
	}
	s.bad[day] = all
	return all
}

// Windows are those of which there are sheets of a day, in order.
func (s *State) Windows(day hall.Date) []string { return slices.Sorted(maps.Keys(s.sheets.days[day])) }

// StatusOf is the status of a visit at the window of its end.
func (s *State) StatusOf(v JudgedVisit, now time.Time) Status {
	return s.status(v, v.OpenUntil, now, v.Going)
}
