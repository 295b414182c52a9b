package wire

// Kinds of the line and of what is done at the window (63号 第三条, 第九条, 第十条).
// Only the hub makes them. Free text travels sealed in Personal.
const (
	KindServiceSet        Kind = "service.set"
	KindServiceRemoved    Kind = "service.removed"
	KindTicketIssued      Kind = "ticket.issued"
	KindTicketCalled      Kind = "ticket.called"
	KindTicketRecalled    Kind = "ticket.recalled"
	KindTicketMissed      Kind = "ticket.missed"
	KindTicketHeld        Kind = "ticket.held"
	KindTicketResumed     Kind = "ticket.resumed"
	KindTicketTransferred Kind = "ticket.transferred"
	KindTicketClosed      Kind = "ticket.closed"
	KindVisitStarted      Kind = "visit.started"
	KindVisitFinished     Kind = "visit.finished"
	KindCounterSet        Kind = "counter.set"
)

// ServiceSet adds a service that people take tickets for (业务), or changes it.
type ServiceSet struct {
	Service    string `json:"service"`
	Name       string `json:"name"`
	Department string `json:"department"`
	// Prefix is one to three capital letters before its ticket numbers.
	Prefix string `json:"prefix"`
	// Windows serve it; without any nobody can take a ticket for it.
	Windows []string `json:"windows,omitempty"`
	// Words are what people call it in everyday life, for the search.
	Words []string `json:"words,omitempty"`
	// Documents, Sample, Limit and Fee are its guide (办事指南): what to bring,
	// where forms and samples are, how long it takes and what it costs.
	Documents []string `json:"documents,omitempty"`
	Sample    string   `json:"sample,omitempty"`
	Limit     string   `json:"limit,omitempty"`
	Fee       string   `json:"fee,omitempty"`
	// WaitMax and ServiceMax are its norms in minutes; 0 is none.
	WaitMax    int `json:"wait_max,omitempty"`
	ServiceMax int `json:"service_max,omitempty"`
}

// ServiceRemoved takes a service off the list; its past stays.
type ServiceRemoved struct {
	Service string `json:"service"`
}

// TicketIssued is a ticket (取号).
type TicketIssued struct {
	Ticket string `json:"ticket"`
	// Number is what is printed and called, e.g. A012.
	Number  string `json:"number"`
	Service string `json:"service"`
	// Class is ordinary, elderly, disabled, military, green or appointment.
	Class string `json:"class"`
	Day   string `json:"day"`
	// Place orders the line: the lower is earlier.
	Place int64 `json:"place"`
	// Then are the services that follow in turn.
	Then []string `json:"then,omitempty"`
}

// TicketCalled is a call (叫号), with the rule that made it this ticket's turn.
type TicketCalled struct {
	Ticket string `json:"ticket"`
	Number string `json:"number"`
	Window string `json:"window"`
	// Staff is who called, where it is known.
	Staff string `json:"staff,omitempty"`
	// Rule is first (nobody of the line came earlier), priority (by its class),
	// or ordinary_after_priority (After priority tickets went before it).
	Rule  string `json:"rule"`
	After int    `json:"after,omitempty"`
}

// TicketRecalled announces a call again (重呼).
type TicketRecalled struct {
	Ticket string `json:"ticket"`
	Window string `json:"window"`
}

// TicketMissed says that nobody came (过号).
type TicketMissed struct {
	Ticket string `json:"ticket"`
	Window string `json:"window"`
	// Back is true where it goes back into the line, at Place.
	Back  bool  `json:"back"`
	Place int64 `json:"place,omitempty"`
}

// TicketHeld lets the person go and come back to the window (暂离), e.g. to fill in a form.
type TicketHeld struct {
	Ticket string `json:"ticket"`
	Window string `json:"window"`
}

// TicketResumed goes on with a ticket that was held.
type TicketResumed struct {
	Ticket string `json:"ticket"`
	Window string `json:"window"`
	Staff  string `json:"staff,omitempty"`
}

// TicketTransferred sends a person on with the place that they had (转移).
type TicketTransferred struct {
	Ticket  string `json:"ticket"`
	From    string `json:"from"`
	Service string `json:"service"`
	// To is the only window that may call it; empty is any that serves the service.
	To string `json:"to,omitempty"`
}

// TicketClosed ends a ticket that was not served: cancelled, never_received or day_end.
type TicketClosed struct {
	Ticket string `json:"ticket"`
	Why    string `json:"why"`
}

// VisitStarted is the beginning of service (办理).
type VisitStarted struct {
	Visit  string `json:"visit"`
	Ticket string `json:"ticket"`
	Window string `json:"window"`
	Staff  string `json:"staff,omitempty"`
}

// VisitFinished is its end.
type VisitFinished struct {
	Visit  string `json:"visit"`
	Ticket string `json:"ticket"`
	Window string `json:"window"`
	// Mode is help (帮办), agent (代办), lead (领办), joint (联审) or consult (咨询); empty is none of them.
	Mode string `json:"mode,omitempty"`
	// Outcome is accepted (受理), done (当场办结), notice (一次性告知), sent_away
	// (不予受理), promised (容缺受理) or transferred (转移).
	Outcome string `json:"outcome"`
	// Next is the service that the ticket waits for now.
	Next string `json:"next,omitempty"`
}

// CounterSet opens a window for the line, pauses it or closes it.
type CounterSet struct {
	Window string `json:"window"`
	// State is open, paused or closed.
	State string `json:"state"`
}

func queueKinds() []KindInfo {
	return []KindInfo{
		{KindServiceSet, 1, true, ServiceSet{}}, {KindServiceRemoved, 1, true, ServiceRemoved{}},
		{KindTicketIssued, 1, true, TicketIssued{}}, {KindTicketCalled, 1, true, TicketCalled{}}, {KindTicketRecalled, 1, true, TicketRecalled{}},
		{KindTicketMissed, 1, true, TicketMissed{}}, {KindTicketHeld, 1, true, TicketHeld{}}, {KindTicketResumed, 1, true, TicketResumed{}},
		{KindTicketTransferred, 1, true, TicketTransferred{}}, {KindTicketClosed, 1, true, TicketClosed{}},
		{KindVisitStarted, 1, true, VisitStarted{}}, {KindVisitFinished, 1, true, VisitFinished{}}, {KindCounterSet, 1, true, CounterSet{}},
	}
}
