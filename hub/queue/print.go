package queue

import (
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// How a ticket stands with its printer; empty is that none was asked.
const (
	PrintWaiting = "waiting"
	PrintDone    = "done"
	PrintFailed  = "failed"
)

// The commands of tickets on paper.
type (
	// PrintAgain orders a ticket to be printed once more.
	PrintAgain struct {
		Ticket string `json:"ticket"`
	}
	// Receive says that the citizen has the number without paper.
	Receive wire.TicketReceived
	// CloseUnreceived takes those out of the line whose ticket nobody received.
	CloseUnreceived struct{}
)

// DecideLine decides; see Command.
func (c PrintAgain) DecideLine(s *State, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	t, ok := s.Tickets.Get(c.Ticket)
	switch {
	case !ok:
		return nil, unknown("ticket", "号票", c.Ticket)
	case t.Kiosk == "":
		return nil, hall.Refuse("no_printer", "这张号不是在带打印机的取号机上取的", "this ticket was not taken at a kiosk with a printer")
	case t.Stage.Ended():
		return nil, hall.Refuse("ticket_over", t.Number+" 已经结束", t.Number+" is over")
	case t.Print == PrintWaiting:
		return nil, nil // it is being printed
	}
	return one(wire.KindPrintOrdered, wire.PrintOrdered{Ticket: t.Ticket, Job: m.ID, Kiosk: t.Kiosk}), nil
}

// DecideLine decides; see Command.
func (c Receive) DecideLine(s *State, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	t, ok := s.Tickets.Get(c.Ticket)
	switch {
	case !ok:
		return nil, unknown("ticket", "号票", c.Ticket)
	case t.Received || t.Stage.Ended():
		return nil, nil
	}
	return one(wire.KindTicketReceived, wire.TicketReceived(c)), nil
}

// DecideLine decides; see Command.
func (CloseUnreceived) DecideLine(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	var drafts []hall.Draft
	for _, t := range s.unreceived(h, m) {
		drafts = append(drafts, one(wire.KindTicketClosed, wire.TicketClosed{Ticket: t, Why: "never_received"})...)
	}
	return drafts, nil
}

// Ghosts tells whether there is a ticket in the line that nobody received.
func (s *State) Ghosts(h roster.Hall, m hall.Moment) bool { return len(s.unreceived(h, m)) > 0 }

func (s *State) unreceived(h roster.Hall, m hall.Moment) (list []string) {
	within := seconds(h, "receive_within", m)
	for id, t := range s.Tickets.All() {
		if t.Stage == Waiting && t.lost() && m.Now.Sub(t.OrderedAt) > within {
			list = append(list, id)
		}
	}
	return list
}

// lost tells whether a ticket is not in anybody's hand as far as is known.
func (t *Ticket) lost() bool {
	return (t.Print == PrintWaiting || t.Print == PrintFailed) && !t.Received && t.CalledAt.IsZero()
}

// ordered notes that a job was given to the printer.
func (t *Ticket) ordered(job string, at time.Time) {
	t.Print, t.PrintWhy, t.Job, t.OrderedAt = PrintWaiting, "", job, at
}

// Device folds what a kiosk's device says of its jobs.
func (s *State) Device(r *wire.Record) {
	switch r.Kind {
	case wire.KindPrintDone:
		with(r, func(d wire.PrintDone) { s.printed(r.Agent, d.Job, PrintDone, "") })
	case wire.KindPrintFailed:
		with(r, func(d wire.PrintFailed) { s.printed(r.Agent, d.Job, PrintFailed, d.Reason) })
	}
}

func (s *State) printed(agent, job, state, why string) {
	for id, t := range s.Tickets.Each() {
		if t.Job == job && t.Kiosk == agent && t.Print != PrintDone {
			s.Tickets.Change(id, func(t *Ticket) { t.Print, t.PrintWhy = state, why })
			return
		}
	}
}

// foldPrint folds what the hub says of tickets on paper.
func (s *State) foldPrint(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindPrintOrdered:
		return with(r, func(d wire.PrintOrdered) {
			s.change(d.Ticket, func(t *Ticket) { t.ordered(d.Job, r.StoredAt) })
		})
	case wire.KindTicketReceived:
		return with(r, func(d wire.TicketReceived) { s.change(d.Ticket, func(t *Ticket) { t.Received = true }) })
	}
	return false
}
