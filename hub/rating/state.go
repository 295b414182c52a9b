package rating

import (
	"strings"
	"sync"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/wire"
)

// State is what was served and pressed, by day and window. Make it with New.
type State struct {
	policy *policy.State
	zone   *time.Location
	sheets sheets

	// Explained is why citizens gave bad ratings, by visit; Exclusions are by id.
	Explained  hall.Table[Explained]
	Exclusions hall.Table[Exclusion]

	services hall.Table[string]     // the department, by service
	tickets  rows[ticket]           // of the last days
	windows  rows[current]          // the last visit, by window
	moved    hall.Table[Place]      // home of visits that went on elsewhere
	devices  hall.Table[[]assigned] // by agent
	clocks   clocks
	odd      hall.Table[string] // by short id in hex: ids that are no UUID
	newest   hall.Table[hall.Date]

	// today and begins are of the last answer of dayOf.
	today  hall.Date
	begins int64
	// over is when the newest day is; 0 is not known.
	over int64

	// counted are the cells of all days before the newest, in step with each Save;
	// miscounted are days long past that are to be counted again until then.
	counted    hall.Shelf
	miscounted map[hall.Date]bool

	mu    sync.Mutex              // of what several readers make on demand
	cells map[hall.Date]*dayCells // of the days at hand
	bad   map[hall.Date][]JudgedVisit
}

// Explained is why a citizen gave a bad rating.
type Explained struct {
	wire.RatingExplained
	At time.Time `json:"at"`
	// Sealed has the words and the phone number.
	Sealed   *wire.Sealed  `json:"sealed,omitempty"`
	Position wire.Position `json:"position"`
}

// Exclusion is a proposal to take a rating out, and what was decided.
type Exclusion struct {
	wire.ExclusionProposed
	Proposed Signed `json:"proposed"`
	// Decided is nil before.
	Decided  *Signed `json:"decided,omitempty"`
	Approved bool    `json:"approved,omitempty"`
}

// Signed is who did something, when and, sealed, why.
type Signed struct {
	By       string        `json:"by"`
	At       time.Time     `json:"at"`
	Reason   *wire.Sealed  `json:"reason,omitempty"`
	Position wire.Position `json:"position"`
}

// ticket is what is known of a ticket on which visits stand.
type ticket struct {
	Service string    `json:"s,omitempty"`
	Day     hall.Date `json:"d"`
	// Visit is its last one, Home where that began.
	Visit string `json:"v,omitempty"`
	Home  Place  `json:"h,omitzero"`
	Over  bool   `json:"o,omitempty"`
}

// current is the last visit at a window.
type current struct {
	Visit string `json:"v"`
	Home  Place  `json:"h"`
	Going bool   `json:"g,omitempty"`
}

// assigned is a window that a device serves from a moment on.
type assigned struct {
	From   int64  `json:"f"`
	Window string `json:"w"`
}

// New is what an empty log gives. The policy is folded by somebody else, before.
func New(p *policy.State, zone *time.Location) *State {
	return &State{policy: p, zone: zone, sheets: newSheets(), miscounted: map[hall.Date]bool{}, cells: map[hall.Date]*dayCells{}, bad: map[hall.Date][]JudgedVisit{}}
}

const theDay = "day" // the only row of its table

// Fold applies a record of the hub and tells whether it was of ratings or visits.
func (s *State) Fold(r *wire.Record) bool {
	s.passed(r)
	switch r.Kind {
	case wire.KindServiceSet:
		with(r, func(d wire.ServiceSet) { s.services.Set(d.Service, d.Department) })
	case wire.KindTicketIssued:
		d := readTicketIssued(r.Data)
		s.note(d.Ticket)
		s.tickets.set(d.Ticket, ticket{Service: d.Service, Day: hall.Date(d.Day)})
	case wire.KindVisitStarted:
		s.started(r, readVisitStarted(r.Data))
	case wire.KindVisitFinished:
		s.finished(r, readVisitFinished(r.Data))
	case wire.KindTicketHeld, wire.KindTicketMissed, wire.KindTicketClosed:
		s.left(r)
	case wire.KindTicketResumed:
		with(r, func(d wire.TicketResumed) { s.resumed(r, d) })
	case wire.KindTicketTransferred:
		with(r, func(d wire.TicketTransferred) {
			if t := s.tickets.change(d.Ticket); t != nil {
				t.Service = d.Service
			}
		})
	case wire.KindVisitEntered:
		with(r, func(d wire.VisitEntered) { s.entered(r, d) })
	case wire.KindVisitWithdrawn:
		with(r, func(d wire.VisitWithdrawn) { s.withdrawn(d) })
	case wire.KindDeviceAssigned:
		with(r, func(d wire.DeviceAssigned) { s.assign(d.Agent, d.Window, r) })
	case wire.KindDeviceDismissed:
		with(r, func(d wire.DeviceDismissed) { s.assign(d.Agent, "", r) })
	case wire.KindWindowRemoved:
		with(r, func(d wire.WindowRemoved) { s.release(d.Window, r) })
	case wire.KindParameterSet:
		with(r, func(d wire.ParameterSet) {
			if strings.HasPrefix(d.Name, "rating_") {
				s.ruled(hall.Date(d.From), hall.Date(d.Until))
			}
		})
	case wire.KindPolicyAdopted:
		with(r, func(d wire.PolicyAdopted) { s.ruled(hall.Date(d.From), "") })
	default:
		return s.foldRating(r)
	}
	return true
}

func (s *State) foldRating(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindRatingGiven:
		with(r, func(d wire.RatingGiven) { s.given(r, d) })
	case wire.KindRatingExplained:
		with(r, func(d wire.RatingExplained) { s.explained(r, d) })
	case wire.KindExclusionProposed:
		with(r, func(d wire.ExclusionProposed) {
			s.Exclusions.Set(d.Exclusion, Exclusion{ExclusionProposed: d, Proposed: signed(r)})
		})
	case wire.KindExclusionDecided:
		with(r, func(d wire.ExclusionDecided) { s.excluded(r, d) })
	default:
		return false
	}
	return true
}

func signed(r *wire.Record) Signed {
	return Signed{r.ActorID(), r.StoredAt, r.FirstSealed(), r.Position}
}

// when is the time of what the hub has entered: one that was entered afterwards says when it was.
func when(r *wire.Record) int64 {
	if !r.At.IsZero() && r.At.Before(r.StoredAt) {
		return r.At.UnixMilli()
	}
	return r.StoredAt.UnixMilli()
}

// started begins a visit. One that still went on at the window ends with it.
func (s *State) started(r *wire.Record, d wire.VisitStarted) {
	at := when(r)
	home := Place{s.dayOf(at), d.Window}
	if cur := s.windows.get(d.Window); cur != nil && cur.Visit == d.Visit {
		return // it has begun
	}
	s.note(d.Visit)
	s.vacate(d.Window, at)
	v := Visit{Place: home, ID: d.Visit, Ticket: d.Ticket, Position: r.Position, Spans: []Span{{Window: d.Window, Staff: d.Staff, From: at}}}
	if t := s.tickets.change(d.Ticket); t != nil {
		v.Service = t.Service
		v.Department, _ = s.services.Get(t.Service)
		t.Visit, t.Home, t.Over = d.Visit, home, false
	}
	x := s.sheets.change(home)
	x.visits = append(x.visits, v)
	s.touch(home, x)
	s.windows.set(d.Window, current{d.Visit, home, true})
}

// vacate ends what still goes on at a window and began before.
func (s *State) vacate(window string, at int64) {
	cur := s.windows.get(window)
	if cur == nil || !cur.Going {
		return
	}
	if v := s.sheets.change(cur.Home).visit(cur.Visit); v != nil {
		if last := v.Spans[len(v.Spans)-1]; last.Window == window && last.Until == 0 && last.From <= at {
			s.stop(v, at)
		}
	}
}

// stop ends the piece of a visit that goes on, if one does.
func (s *State) stop(v *Visit, at int64) {
	last := &v.Spans[len(v.Spans)-1]
	if last.Until != 0 {
		return
	}
	place := Place{s.dayOf(last.From), last.Window}
	x := s.sheets.change(place)
	s.touch(place, x) // while it reaches as far as it did
	last.Until = max(at, last.From)
	if cur := s.windows.get(last.Window); cur != nil && cur.Visit == v.ID {
		s.windows.change(last.Window).Going = false
	}
	if place != v.Place {
		x.guest(*v, *last)
		s.touch(place, x)
		s.touch(v.Place, s.sheets.change(v.Place))
	}
}

// visitOf gives the last visit of a ticket.
func (s *State) visitOf(ticket string) *Visit {
	t := s.tickets.get(ticket)
	if t == nil || t.Visit == "" {
		return nil
	}
	return s.sheets.change(t.Home).visit(t.Visit)
}

func (s *State) finished(r *wire.Record, d wire.VisitFinished) {
	v := s.visitOf(d.Ticket)
	if v == nil || v.ID != d.Visit {
		// One without a ticket, or whose ticket has begun another visit since.
		cur := s.windows.get(d.Window)
		if cur == nil || cur.Visit != d.Visit {
			return
		}
		if v = s.sheets.change(cur.Home).visit(d.Visit); v == nil {
			return
		}
	}
	if d.Service != "" && d.Service != v.Service {
		v.Service = d.Service
		v.Department, _ = s.services.Get(d.Service)
	}
	v.Outcome = d.Outcome
	s.stop(v, when(r))
	s.touch(v.Place, s.sheets.change(v.Place))
	if t := s.tickets.change(d.Ticket); t != nil {
		if d.Next != "" {
			t.Service = d.Next
		} else if d.Outcome != outcomeTransferred {
			t.Over = true
		}
	}
}

// left ends the piece of a visit whose ticket was held or closed.
func (s *State) left(r *wire.Record) {
	var d struct {
		Ticket string `json:"ticket"`
		Back   bool   `json:"back"`
	}
	read(r, &d)
	if v := s.visitOf(d.Ticket); v != nil && v.Outcome == "" {
		s.stop(v, when(r))
	}
	if r.Kind == wire.KindTicketClosed || r.Kind == wire.KindTicketMissed && !d.Back {
		if t := s.tickets.change(d.Ticket); t != nil {
			t.Over = true
		}
	}
}

// resumed goes on with a visit that was held, maybe elsewhere.
func (s *State) resumed(r *wire.Record, d wire.TicketResumed) {
	v := s.visitOf(d.Ticket)
	if v == nil || v.Outcome != "" {
		return // it was held before it began, or is over
	}
	at := when(r)
	s.stop(v, at)
	s.vacate(d.Window, at)
	v = s.visitOf(d.Ticket)
	v.Spans = append(v.Spans, Span{Window: d.Window, Staff: d.Staff, From: at})
	s.touch(v.Place, s.sheets.change(v.Place))
	if place := (Place{s.dayOf(at), d.Window}); place != v.Place {
		s.moved.Set(v.ID, v.Place)
		x := s.sheets.change(place)
		x.guest(*v, v.Spans[len(v.Spans)-1])
		s.touch(place, x)
	}
	s.windows.set(d.Window, current{v.ID, v.Place, true})
}

// home is where a visit began, of which an event says that it was at a place.
func (s *State) home(visit, day, window string) Place {
	if home, ok := s.moved.Get(visit); ok {
		return home
	}
	return Place{hall.Date(day), window}
}

func (s *State) explained(r *wire.Record, d wire.RatingExplained) {
	s.Explained.Change(d.Visit, func(e *Explained) {
		before := *e
		*e = Explained{d, r.StoredAt, r.FirstSealed(), r.Position}
		if e.Sealed == nil && before.Sealed != nil { // the reasons came after the words
			e.Sealed, e.Words, e.Contact = before.Sealed, before.Words, before.Contact
		}
		if len(e.Reasons) == 0 {
			e.Reasons = before.Reasons
		}
	})
}

func (s *State) excluded(r *wire.Record, d wire.ExclusionDecided) {
	e, ok := s.Exclusions.Get(d.Exclusion)
	if !ok || e.Decided != nil {
		return // the first decision holds
	}
	sig := signed(r)
	e.Decided, e.Approved = &sig, d.Approved
	s.Exclusions.Set(d.Exclusion, e)
	if !d.Approved {
		return
	}
	home := s.home(e.Visit, e.Day, e.Window)
	x := s.sheets.change(home)
	if v := x.visit(e.Visit); v != nil {
		v.Excluded = true
		s.touch(home, x)
	}
}

// ruled looks again at the days for which numbers were set; an empty until is no end.
func (s *State) ruled(from, until hall.Date) {
	for day := range s.sheets.all() {
		if day >= from.AddDays(-overhang) && (until == "" || day <= until.AddDays(overhang)) {
			s.recount(day)
		}
	}
	for _, home := range s.moved.Each() {
		s.recount(home.Day)
	}
}

// passed notes the day, and packs what is of days before.
func (s *State) passed(r *wire.Record) {
	stored := r.StoredAt.UnixMilli()
	if stored < s.over {
		return
	}
	day := s.dayOf(stored)
	last, _ := s.newest.Get(theDay)
	s.over = max(day, last).Time(s.zone).UnixMilli() + dayMS
	if day <= last {
		return
	}
	s.newest.Set(theDay, day)
	s.sheets.pack(day)
	for _, old := range s.sheets.putAway(day.AddDays(-atHand)) {
		delete(s.cells, old)
		if !s.counted.Has(string(old)) {
			s.miscounted[old] = true
		}
	}
	keep := day.AddDays(-2 - int(RulesOn(s.policy, day).OpenPhone/dayMS))
	s.tickets.drop(func(t *ticket) bool { return t.Over && t.Day < keep })
}

// dayOf is, for the fold alone, the civil day of a moment. The zone has no summer time, so that days have 24 hours.
func (s *State) dayOf(ms int64) hall.Date {
	if ms >= s.begins && ms < s.begins+dayMS && s.today != "" {
		return s.today
	}
	s.today = hall.DateOf(time.UnixMilli(ms), s.zone)
	s.begins = s.today.Time(s.zone).UnixMilli()
	return s.today
}
