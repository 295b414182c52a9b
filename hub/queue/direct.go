package queue

import (
	"slices"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// Direct begins a visit of somebody who stands at the window without a ticket
// (直接办理): halls without a line serve like this, and so does a window that
// nobody waits for. It takes a number of its service, so that the visit can be
// counted, rated and traced like any other, and is not announced.
type Direct struct {
	Window string `json:"window"`
	// Service may be empty where the window serves only one.
	Service string `json:"service,omitempty"`
	// Here are those who have clocked in at the window.
	Here []string `json:"-"`
}

// RuleDirect is the rule of a call that was none: the person stood there.
const RuleDirect = "direct"

// DecideLine decides; see Command.
func (c Direct) DecideLine(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	if err := s.ready(h, c.Window, m); err != nil {
		return nil, err
	}
	if c.Service == "" {
		c.Service = s.only(c.Window)
	}
	var bad hall.Checks
	bad.Known("service", c.Service, s.Services.Has(c.Service))
	if s.Services.Has(c.Service) && !s.Serves(c.Window, c.Service) {
		bad.Add("service", "elsewhere", "本窗口不办理这项业务", "this window does not serve it")
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if value(h, "direct_over_line", m) == 0 && len(s.Eligible(c.Window)) > 0 {
		return nil, hall.Refuse("line_waits", "还有人在等候，请先叫号", "people wait for this window; call the next one")
	}
	d, _ := s.Services.Get(c.Service)
	number, day, place := s.next(d.Prefix, m.Day)
	return []hall.Draft{
		{Kind: wire.KindTicketIssued, Data: wire.TicketIssued{Ticket: m.ID, Number: number, Service: c.Service, Class: Ordinary, Day: string(day), Place: place}},
		{Kind: wire.KindTicketCalled, Data: wire.TicketCalled{Ticket: m.ID, Number: number, Window: c.Window, Staff: m.Staff, Rule: RuleDirect}},
		{Kind: wire.KindVisitStarted, Data: wire.VisitStarted{Visit: m.ID, Ticket: m.ID, Window: c.Window, Staff: server(m.Staff, c.Here)}},
	}, nil
}

// only is the service of a window that serves one, else empty.
func (s *State) only(window string) (service string) {
	for id := range s.Services.All() {
		if s.Serves(window, id) {
			if service != "" {
				return ""
			}
			service = id
		}
	}
	return service
}

// server is who serves a visit: whoever called, unless the cards say that only
// somebody else is there. A panel may still be signed in as the person whom a
// deputy covers.
func server(called string, here []string) string {
	if len(here) == 1 && !slices.Contains(here, called) {
		return here[0]
	}
	return called
}
