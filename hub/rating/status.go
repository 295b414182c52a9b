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
		for window, sheet := range s.sheets.on(day) {
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
// at a window, it is looked through and judged once for all of them.
type Presses struct {
	state  *State
	places map[Place]*placed
	sheets map[Place]*pressIndex // judged for visits that moved on to another window
}

// placed is a place with its own presses, and once it is asked for what was judged of it.
type placed struct {
	own    *content
	index  map[string]int // of own.presses; where an id is there twice, the newest
	visits []JudgedVisit
	judged *pressIndex
}

// pressIndex are judged presses by id.
type pressIndex struct {
	presses []JudgedPress
	byID    map[string]int
}

func indexed(presses []JudgedPress) *pressIndex {
	x := &pressIndex{presses, make(map[string]int, len(presses))}
	for i := range presses {
		x.byID[presses[i].ID] = i
	}
	return x
}

func (x *pressIndex) get(id string) (p JudgedPress, ok bool) {
	i, ok := x.byID[id]
	if ok {
		p = x.presses[i]
	}
	return p, ok
}

// Presses begins to judge presses, such as those of one batch.
func (s *State) Presses() *Presses {
	return &Presses{state: s, places: map[Place]*placed{}, sheets: map[Place]*pressIndex{}}
}

func (j *Presses) at(p Place) *placed {
	x := j.places[p]
	if x != nil {
		return x
	}
	x = &placed{own: j.state.sheets.read(p)}
	if x.own != nil {
		x.index = make(map[string]int, len(x.own.presses))
		for i := range x.own.presses {
			x.index[x.own.presses[i].ID] = i
		}
	}
	j.places[p] = x
	return x
}

// judge judges a place, once.
func (j *Presses) judge(p Place, x *placed) {
	if x.judged == nil {
		var presses []JudgedPress
		x.visits, presses = j.state.gather(p, x.own)
		x.judged = indexed(presses)
	}
}

// sheet judges the sheet of a visit that began elsewhere, once.
func (j *Presses) sheet(p Place) *pressIndex {
	x := j.sheets[p]
	if x == nil {
		x = indexed(j.state.judge(p).Presses)
		j.sheets[p] = x
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
		x := j.at(place)
		own, ok := x.index[r.ID]
		if !ok {
			continue
		}
		if p, ok := s.alone(place, x.own, x.own.presses[own]); ok {
			return p, true
		}
		j.judge(place, x)
		p, ok := x.judged.get(r.ID)
		if !ok {
			continue
		}
		of := slices.IndexFunc(x.visits, func(v JudgedVisit) bool { return v.ID == p.Of })
		if of < 0 || x.visits[of].Place == place {
			return p, true
		}
		if p, ok := j.sheet(x.visits[of].Place).get(r.ID); ok {
			return p, true
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
	for _, window := range s.Windows(day) {
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
func (s *State) Windows(day hall.Date) []string { return slices.Sorted(maps.Keys(s.sheets.on(day))) }

// StatusOf is the status of a visit at the window of its end.
func (s *State) StatusOf(v JudgedVisit, now time.Time) Status {
	return s.status(v, v.OpenUntil, now, v.Going)
}
