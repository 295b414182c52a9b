// Package queue is the line (排队叫号): which services there are, who holds a
// ticket, whose turn it is at a window and why, and the visit from start to
// finish. It refuses to know kiosks, screens and printers, and who may press
// what: it is told commands and answers with events.
//
// It is pure: commands may refuse, Fold cannot fail.
package queue

import (
	"cmp"
	"slices"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// Classes of tickets. All but ordinary go before it, within the ratio.
const (
	Ordinary    = "ordinary"
	Elderly     = "elderly"
	Disabled    = "disabled"
	Military    = "military"
	Green       = "green"
	Appointment = "appointment"
)

// Classes are those that a ticket can be taken in.
func Classes() []string { return []string{Ordinary, Elderly, Disabled, Military, Green} }

// Stage is where a ticket stands.
type Stage string

// The stages of a ticket.
const (
	Waiting Stage = "waiting"
	Called  Stage = "called"
	Serving Stage = "serving"
	Held    Stage = "held"
	// Finished, Missed and Closed are its ends.
	Finished Stage = "finished"
	Missed   Stage = "missed"
	Closed   Stage = "closed"
)

// Ended tells whether nothing more can happen to a ticket.
func (s Stage) Ended() bool { return s == Finished || s == Missed || s == Closed }

// Ticket is one person's place, from issue to end.
type Ticket struct {
	wire.TicketIssued
	Stage    Stage     `json:"stage"`
	IssuedAt time.Time `json:"issued_at"`
	// Window has called it, serves it or held it; where it waits, it is the only one that may call it, if any.
	Window string `json:"window,omitempty"`
	// AnnouncedAt is the last call or recall.
	AnnouncedAt time.Time `json:"announced_at,omitzero"`
	// CalledAt is the last call, or when it went on after it was held.
	CalledAt  time.Time `json:"called_at,omitzero"`
	Visit     string    `json:"visit,omitempty"`
	StartedAt time.Time `json:"started_at,omitzero"`
	// MissedTimes counts calls that nobody came to.
	MissedTimes int `json:"missed_times,omitempty"`
	// Skipped counts priority tickets that were called before it while it was
	// the first ordinary one at the calling window.
	Skipped int `json:"skipped,omitempty"`
	// Why is the reason of a closed ticket.
	Why string `json:"why,omitempty"`
	// Print is how it stands with its printer, PrintWhy why it failed, Job the last one
	// and OrderedAt when it was ordered.
	Print     string    `json:"print,omitempty"`
	PrintWhy  string    `json:"print_why,omitempty"`
	Job       string    `json:"job,omitempty"`
	OrderedAt time.Time `json:"ordered_at,omitzero"`
	// Received: the citizen has the number without paper.
	Received bool `json:"received,omitempty"`
}

// Counter is a window as the line sees it. One without a row is open and free.
type Counter struct {
	// State is open, paused or closed; empty is open.
	State string `json:"state,omitempty"`
	// Reason is sealed.
	Reason *wire.Sealed `json:"reason,omitempty"`
	// Ticket is called or served here.
	Ticket string `json:"ticket,omitempty"`
	// Staff called it, where that is known.
	Staff string `json:"staff,omitempty"`
	// Since is when the ticket was called or came back, or the hub started again under it.
	Since time.Time `json:"since,omitzero"`
	// FreeSince is when the last ticket left.
	FreeSince time.Time `json:"free_since,omitzero"`
}

// Open tells whether a window takes part.
func (c Counter) Open() bool { return c.State == "" || c.State == StateOpen }

// The states of a window.
const (
	StateOpen   = "open"
	StatePaused = "paused"
	StateClosed = "closed"
)

// numbering is the last number of a prefix on a day.
type numbering struct {
	Day  hall.Date `json:"day"`
	Last int       `json:"last"`
}

// State is the line. The zero value is that of an empty log.
type State struct {
	Services hall.Table[wire.ServiceSet]
	Tickets  hall.Table[Ticket]
	Counters hall.Table[Counter]
	// Calls are the last announcements, Notices what is said to the whole hall.
	Calls   hall.Table[wire.LiveCall]
	Notices hall.Table[wire.LiveNotice]
	// Bookings are appointments, strikes the days of those that a citizen missed.
	Bookings hall.Table[Booked]

	// Paces is what was seen lately of each service.
	Paces hall.Table[Pace]

	// Papers are paper numbers that were entered afterwards.
	Papers hall.Table[Paper]

	strikes hall.Table[[]hall.Date]
	// spans are the times for which windows were busy, by day and window.
	spans hall.Table[[]Span]
	// swept is the day up to which old papers and spans were dropped.
	swept hall.Table[hall.Date]
	// kept are days whose line goes on overnight.
	kept    hall.Table[bool]
	numbers hall.Table[numbering]
	places  hall.Table[int64]
}

// lastPlace is the row of places with the last place that was given.
const lastPlace = "last"

// step lies between the places of two tickets that were issued one after the
// other, so that others can come in between.
const step = 1 << 16

// Tables are what a view keeps.
func (s *State) Tables() hall.Tables {
	return hall.Tables{"service": &s.Services, "ticket": &s.Tickets, "counter": &s.Counters,
		"call": &s.Calls, "notice": &s.Notices, "appointment": &s.Bookings, "pace": &s.Paces, "paper": &s.Papers, "window-span": &s.spans, "paper-swept": &s.swept, "strike": &s.strikes, "line-kept": &s.kept, "ticket-number": &s.numbers, "ticket-place": &s.places}
}

// Fold applies a record and tells whether it was of the line.
func (s *State) Fold(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindServiceSet:
		return with(r, func(d wire.ServiceSet) { s.Services.Set(d.Service, d) })
	case wire.KindServiceRemoved:
		return with(r, func(d wire.ServiceRemoved) { s.Services.Delete(d.Service) })
	case wire.KindTicketIssued:
		return with(r, func(d wire.TicketIssued) { s.issued(r, d) })
	case wire.KindTicketCalled:
		return with(r, func(d wire.TicketCalled) { s.called(r, d) })
	case wire.KindTicketRecalled:
		return with(r, func(d wire.TicketRecalled) {
			s.change(d.Ticket, func(t *Ticket) { t.AnnouncedAt = r.StoredAt })
			s.announced(r, d.Ticket, true)
		})
	case wire.KindTicketMissed:
		return with(r, func(d wire.TicketMissed) { s.missed(r, d) })
	case wire.KindTicketHeld:
		return with(r, func(d wire.TicketHeld) {
			s.freed(d.Window, d.Ticket, r.StoredAt)
			s.change(d.Ticket, func(t *Ticket) { t.Stage = Held })
		})
	case wire.KindTicketResumed:
		return with(r, func(d wire.TicketResumed) {
			s.change(d.Ticket, func(t *Ticket) {
				t.Window, t.Stage, t.AnnouncedAt, t.CalledAt = d.Window, Called, r.StoredAt, r.StoredAt
				if t.Visit != "" {
					t.Stage = Serving
				}
			})
			s.Counters.Change(d.Window, func(c *Counter) { c.Ticket, c.Staff, c.Since = d.Ticket, d.Staff, r.StoredAt })
		})
	case wire.KindTicketTransferred:
		return with(r, func(d wire.TicketTransferred) {
			s.freed(d.From, d.Ticket, r.StoredAt)
			s.change(d.Ticket, func(t *Ticket) { t.wait(d.Service); t.Window = d.To })
		})
	case wire.KindTicketClosed:
		return with(r, func(d wire.TicketClosed) {
			if t, ok := s.Tickets.Get(d.Ticket); ok && s.current(t.Window) == d.Ticket {
				s.freed(t.Window, d.Ticket, r.StoredAt)
			}
			s.change(d.Ticket, func(t *Ticket) { t.Stage, t.Why = Closed, d.Why })
		})
	case wire.KindVisitStarted:
		return with(r, func(d wire.VisitStarted) {
			s.change(d.Ticket, func(t *Ticket) { t.Stage, t.Visit, t.StartedAt = Serving, d.Visit, r.StoredAt })
		})
	case wire.KindVisitFinished:
		return with(r, func(d wire.VisitFinished) { s.finished(r, d) })
	case wire.KindCounterSet:
		return with(r, func(d wire.CounterSet) {
			s.Counters.Change(d.Window, func(c *Counter) {
				c.State, c.Reason = d.State, nil
				if len(r.Personal) > 0 {
					c.Reason = &r.Personal[0]
				}
			})
		})
	}
	return s.foldNotice(r) || s.foldPrint(r) || s.foldPaper(r) || s.foldBooking(r) || r.Kind == wire.KindLineKept && with(r, func(d wire.LineKept) { s.kept.Set(d.Day, true) })
}

// change changes a ticket that there is.
func (s *State) change(id string, change func(*Ticket)) {
	if s.Tickets.Has(id) {
		s.Tickets.Change(id, change)
	}
}

func (s *State) current(window string) string {
	c, _ := s.Counters.Get(window)
	return c.Ticket
}

// wait puts a ticket into the line of a service at the place that it has.
func (t *Ticket) wait(service string) {
	t.Service, t.Stage, t.Window, t.Visit, t.StartedAt, t.Skipped = service, Waiting, "", "", time.Time{}, 0
}

func (s *State) issued(r *wire.Record, d wire.TicketIssued) {
	prefix, n := splitNumber(d.Number)
	if last, _ := s.numbers.Get(prefix); last.Day != hall.Date(d.Day) {
		s.forget(hall.Date(d.Day))
	}
	s.numbers.Set(prefix, numbering{hall.Date(d.Day), n})
	s.places.Change(lastPlace, func(p *int64) { *p = max(*p, d.Place) })
	t := Ticket{TicketIssued: d, Stage: Waiting, IssuedAt: r.StoredAt}
	if d.Kiosk != "" {
		t.ordered(d.Ticket, r.StoredAt)
	}
	s.Tickets.Set(d.Ticket, t)
	if d.Appointment != "" {
		s.booking(d.Appointment, func(b *Booked) { b.State, b.Ticket = BookingArrived, d.Ticket })
	}
}

// forget drops the tickets that ended before a day: they are in the log.
func (s *State) forget(day hall.Date) {
	var old []string
	for id, t := range s.Tickets.Each() {
		if t.Stage.Ended() && hall.Date(t.Day) < day {
			old = append(old, id)
		}
	}
	slices.Sort(old)
	for _, id := range old {
		s.Tickets.Delete(id)
	}
}

func (s *State) called(r *wire.Record, d wire.TicketCalled) {
	t, ok := s.Tickets.Get(d.Ticket)
	if !ok {
		return
	}
	if t.Class != Ordinary {
		if o := s.heads(d.Window, nil).ordinary; o.Ticket != "" && before(o, t) {
			s.Tickets.Change(o.Ticket, func(o *Ticket) { o.Skipped++ })
		}
	}
	if d.Rule != RuleDirect {
		s.heard(d.Window, &t, r.StoredAt)
	}
	s.Tickets.Change(d.Ticket, func(t *Ticket) {
		t.Stage, t.Window, t.AnnouncedAt, t.CalledAt = Called, d.Window, r.StoredAt, r.StoredAt
	})
	s.Counters.Change(d.Window, func(c *Counter) { c.Ticket, c.Staff, c.Since = d.Ticket, d.Staff, r.StoredAt })
	if d.Rule != RuleDirect {
		s.announced(r, d.Ticket, false)
	}
}

func (s *State) missed(r *wire.Record, d wire.TicketMissed) {
	s.freed(d.Window, d.Ticket, r.StoredAt)
	s.change(d.Ticket, func(t *Ticket) {
		t.MissedTimes++
		if !d.Back {
			t.Stage = Missed
			return
		}
		t.wait(t.Service)
		t.Place = d.Place
	})
}

func (s *State) finished(r *wire.Record, d wire.VisitFinished) {
	if d.Outcome == OutcomeTransferred {
		return // the transfer itself follows
	}
	s.freed(d.Window, d.Ticket, r.StoredAt)
	s.change(d.Ticket, func(t *Ticket) {
		if d.Next == "" {
			t.Stage = Finished
			return
		}
		t.wait(d.Next)
		t.Then = t.Then[min(1, len(t.Then)):]
	})
}

// Serves tells whether a window serves a service.
func (s *State) Serves(window, service string) bool {
	d, ok := s.Services.Get(service)
	return ok && slices.Contains(d.Windows, window)
}

// may tells whether a window may call a ticket. One that was sent to a window
// which no longer serves its service is for all others again.
func (s *State) may(window string, t *Ticket) bool {
	return t.Stage == Waiting && s.Serves(window, t.Service) && (t.Window == "" || t.Window == window || !s.Serves(t.Window, t.Service))
}

// before tells whether a comes before b in a line that knows no classes.
func before(a, b Ticket) bool { return order(a, b) < 0 }

func order(a, b Ticket) int {
	return cmp.Or(cmp.Compare(a.Place, b.Place), cmp.Compare(a.Ticket, b.Ticket))
}

// heads are the first tickets that a window may call; one without an id is none.
type heads struct {
	ordinary, priority Ticket
	// early is the first with an appointment whose time has not come.
	early Ticket
}

// heads looks for them; early tells whose time has not come, nil is nobody.
func (s *State) heads(window string, early func(*Ticket) bool) (h heads) {
	for _, t := range s.Tickets.Each() {
		if !s.may(window, &t) {
			continue
		}
		head := &h.priority
		switch {
		case t.Class == Ordinary:
			head = &h.ordinary
		case early != nil && early(&t):
			head = &h.early
		}
		if head.Ticket == "" || before(t, *head) {
			*head = t
		}
	}
	return h
}

// Line gives those who wait for a service, the first by place first.
func (s *State) Line(service string) []Ticket {
	var line []Ticket
	for _, t := range s.Tickets.Each() {
		if t.Stage == Waiting && t.Service == service {
			line = append(line, t)
		}
	}
	slices.SortFunc(line, order)
	return line
}

// Eligible gives those whom a window may call, the first by place first.
func (s *State) Eligible(window string) []Ticket {
	var line []Ticket
	for _, t := range s.Tickets.Each() {
		if s.may(window, &t) {
			line = append(line, t)
		}
	}
	slices.SortFunc(line, order)
	return line
}

// The rules of a turn, as a call names them.
const (
	RuleFirst                 = "first"
	RulePriority              = "priority"
	RuleOrdinaryAfterPriority = "ordinary_after_priority"
	RuleAppointment           = "appointment"
	RuleAppointmentEarly      = "appointment_early"
)

// Turn gives the ticket whose turn it is at a window, with the rule that makes
// it so; ok is false where nobody waits. Up to ratio priority tickets go before
// the first ordinary one, then it does. So an ordinary ticket with k ordinary
// ones before it is overtaken by ratio×(k+1) priority tickets at most. Who has an
// appointment is one of the priority tickets once its time has come; before that
// only where nobody else waits.
func (s *State) Turn(window string, ratio int, m hall.Moment) (t Ticket, rule string, ok bool) {
	h := s.heads(window, func(t *Ticket) bool { return early(t, m) })
	switch {
	case h.ordinary.Ticket == "" && h.priority.Ticket == "":
		return h.early, RuleAppointmentEarly, h.early.Ticket != ""
	case h.priority.Ticket == "":
		return h.ordinary, RuleFirst, true
	case h.ordinary.Ticket == "" || before(h.priority, h.ordinary):
		return h.priority, RuleFirst, true
	case h.ordinary.Skipped >= ratio:
		if h.ordinary.Skipped == 0 {
			return h.ordinary, RuleFirst, true
		}
		return h.ordinary, RuleOrdinaryAfterPriority, true
	case h.priority.Class == Appointment:
		return h.priority, RuleAppointment, true
	}
	return h.priority, RulePriority, true
}

// early tells whether the time of a ticket's appointment has not come.
func early(t *Ticket, m hall.Moment) bool {
	from, ok := hall.ParseMinute(t.Slot)
	return ok && hall.MinuteOf(m.Now, hall.Date(t.Day), m.Zone) < from
}

// Before counts those who wait for a ticket's service with earlier places.
func (s *State) Before(t Ticket) (n int) {
	for _, o := range s.Tickets.Each() {
		if o.Stage == Waiting && o.Service == t.Service && before(o, t) {
			n++
		}
	}
	return n
}

// Ahead counts, for each ticket that waits, those before it.
func (s *State) Ahead() map[string]int {
	lines := map[string][]Ticket{}
	for _, t := range s.Tickets.Each() {
		if t.Stage == Waiting {
			lines[t.Service] = append(lines[t.Service], t)
		}
	}
	ahead := map[string]int{}
	for _, line := range lines {
		slices.SortFunc(line, order)
		for i := range line {
			ahead[line[i].Ticket] = i
		}
	}
	return ahead
}
