package queue

import (
	"fmt"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// The commands of a window.
type (
	// SetCounter opens a window for the line, pauses it or closes it, with the reason.
	SetCounter struct {
		wire.CounterSet
		Reason string `json:"reason,omitempty"`
	}
	// CallNext calls the ticket whose turn it is.
	CallNext struct {
		Window string `json:"window"`
	}
	// Recall announces the called ticket again.
	Recall struct {
		Window string `json:"window"`
	}
	// Start begins the visit of the called ticket.
	Start struct {
		Window string `json:"window"`
		// Here are those who have clocked in at the window.
		Here []string `json:"-"`
	}
	// Finish ends it.
	Finish struct {
		Window  string `json:"window"`
		Mode    string `json:"mode,omitempty"`
		Outcome string `json:"outcome,omitempty"`
		Reason  string `json:"reason,omitempty"`
	}
	// NoShow says that nobody came.
	NoShow struct {
		Window string `json:"window"`
	}
	// Hold lets the person go and come back.
	Hold struct {
		Window string `json:"window"`
	}
	// Resume goes on with a ticket that was held.
	Resume struct {
		Window string `json:"window"`
		Ticket string `json:"ticket"`
	}
	// Transfer sends the person on, to a service or to one window of it.
	Transfer struct {
		Window  string `json:"window"`
		Service string `json:"service,omitempty"`
		To      string `json:"to,omitempty"`
	}
)

// The outcomes of a visit.
const (
	OutcomeAccepted    = "accepted"
	OutcomeDone        = "done"
	OutcomeNotice      = "notice"
	OutcomeSentAway    = "sent_away"
	OutcomePromised    = "promised"
	OutcomeTransferred = "transferred"
)

// Outcomes are those that a visit can be finished with.
func Outcomes() []string {
	return []string{OutcomeDone, OutcomeAccepted, OutcomeNotice, OutcomeSentAway, OutcomePromised}
}

// Modes are the ways of serving; empty is the ordinary one.
func Modes() []string { return []string{"", "help", "agent", "lead", "joint", "parallel", "consult"} }

// DecideLine decides; see Command.
func (c SetCounter) DecideLine(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	if err := known(h, c.Window); err != nil {
		return nil, err
	}
	least := 1
	if c.State == StateOpen {
		least = 0
	}
	var bad hall.Checks
	bad.Choice("state", c.State, StateOpen, StatePaused, StateClosed)
	bad.Words("reason", &c.Reason, least, 200)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	at, _ := s.Counters.Get(c.Window)
	if at.State == c.State || c.State == StateOpen && at.Open() {
		return nil, nil
	}
	if at.Ticket != "" && c.State != StateOpen {
		return nil, s.busy(at)
	}
	return private(wire.KindCounterSet, c.CounterSet, c.Window, m.Day, c.Reason), nil
}

// DecideLine decides; see Command.
func (c CallNext) DecideLine(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	if err := s.ready(h, c.Window, m); err != nil {
		return nil, err
	}
	t, rule, ok := s.Turn(c.Window, value(h, "line_ratio", m), m)
	if !ok {
		return nil, hall.Refuse("line_empty", "没有等候的人", "nobody waits for this window")
	}
	d := wire.TicketCalled{Ticket: t.Ticket, Number: t.Number, Window: c.Window, Staff: m.Staff, Rule: rule, Slot: t.Slot}
	if rule == RuleOrdinaryAfterPriority {
		d.After = t.Skipped
	}
	return one(wire.KindTicketCalled, d), nil
}

// ready tells whether a window, and who stands at it, can take another ticket.
func (s *State) ready(h roster.Hall, window string, m hall.Moment) error {
	if err := known(h, window); err != nil {
		return err
	}
	at, _ := s.Counters.Get(window)
	if !at.Open() {
		return hall.Refuse("window_not_open", "窗口已暂停或关闭，请先开放", "the window is paused or closed; open it first")
	}
	if at.Ticket != "" {
		return s.busy(at)
	}
	for id, other := range s.Counters.Each() {
		if m.Staff != "" && other.Staff == m.Staff && other.Ticket != "" {
			return hall.Refuse("staff_busy", "你在"+id+"窗口的业务尚未结束", "you have not finished at window "+id)
		}
	}
	return nil
}

func (s *State) busy(at Counter) error {
	t, _ := s.Tickets.Get(at.Ticket)
	return hall.Refuse("window_busy", t.Number+" 尚未结束，请先办结、过号、暂离或转移", t.Number+" is not finished; finish it, mark it missed, hold or transfer it first")
}

func known(h roster.Hall, window string) error {
	if _, ok := h.Windows.Windows[window]; !ok {
		return unknown("window", "窗口", window)
	}
	return nil
}

// at gives the ticket at a window, in one of the stages.
func (s *State) at(h roster.Hall, window string, stages ...Stage) (Ticket, error) {
	if err := known(h, window); err != nil {
		return Ticket{}, err
	}
	t, ok := s.Tickets.Get(s.current(window))
	if !ok {
		return t, hall.Refuse("window_free", "窗口没有正在呼叫或办理的号", "no ticket is called or served at this window")
	}
	for _, stage := range stages {
		if t.Stage == stage {
			return t, nil
		}
	}
	if t.Stage == Called {
		return t, hall.Refuse("ticket_not_started", t.Number+" 还没有开始办理", t.Number+" has not been started")
	}
	return t, hall.Refuse("ticket_serving", t.Number+" 正在办理", t.Number+" is being served")
}

// DecideLine decides; see Command.
func (c Recall) DecideLine(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	t, err := s.at(h, c.Window, Called)
	if err != nil {
		return nil, err
	}
	if pause, since := seconds(h, "recall_pause", m), m.Now.Sub(t.AnnouncedAt); since >= 0 && since < pause {
		left := int((pause - since).Seconds()) + 1
		return nil, hall.Refuse("recall_pause", fmt.Sprintf("刚刚呼叫过，请在 %d 秒后重呼", left), fmt.Sprintf("it was announced just now; call again in %d s", left))
	}
	return one(wire.KindTicketRecalled, wire.TicketRecalled{Ticket: t.Ticket, Window: c.Window}), nil
}

// DecideLine decides; see Command.
func (c Start) DecideLine(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	t, err := s.at(h, c.Window, Called)
	if err != nil {
		return nil, err
	}
	at, _ := s.Counters.Get(c.Window)
	return one(wire.KindVisitStarted, wire.VisitStarted{Visit: m.ID, Ticket: t.Ticket, Window: c.Window, Staff: server(at.Staff, c.Here)}), nil
}

// DecideLine decides; see Command.
func (c Finish) DecideLine(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	t, err := s.at(h, c.Window, Serving)
	if err != nil {
		return nil, err
	}
	if c.Outcome == "" {
		c.Outcome = OutcomeDone
	}
	least := 0
	if c.Outcome == OutcomeNotice || c.Outcome == OutcomeSentAway || c.Outcome == OutcomePromised {
		least = 1 // what is missing, why, or what is owed (63号 第九条, 第十条)
	}
	var bad hall.Checks
	bad.Choice("mode", c.Mode, Modes()...)
	bad.Choice("outcome", c.Outcome, Outcomes()...)
	bad.Words("reason", &c.Reason, least, 500)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	d := wire.VisitFinished{Visit: t.Visit, Ticket: t.Ticket, Window: c.Window, Mode: c.Mode, Outcome: c.Outcome}
	if len(t.Then) > 0 {
		d.Next = t.Then[0]
	}
	return private(wire.KindVisitFinished, d, c.Window, m.Day, c.Reason), nil
}

// DecideLine decides; see Command.
func (c NoShow) DecideLine(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	t, err := s.at(h, c.Window, Called)
	if err != nil {
		return nil, err
	}
	d := wire.TicketMissed{Ticket: t.Ticket, Window: c.Window}
	if t.MissedTimes < value(h, "missed_returns", m) {
		d.Back, d.Place = true, s.back(t.Service, value(h, "missed_behind", m))
	}
	return one(wire.KindTicketMissed, d), nil
}

// DecideLine decides; see Command.
func (c Hold) DecideLine(s *State, h roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	t, err := s.at(h, c.Window, Called, Serving)
	if err != nil {
		return nil, err
	}
	return one(wire.KindTicketHeld, wire.TicketHeld{Ticket: t.Ticket, Window: c.Window}), nil
}

// DecideLine decides; see Command.
func (c Resume) DecideLine(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	if err := s.ready(h, c.Window, m); err != nil {
		return nil, err
	}
	t, ok := s.Tickets.Get(c.Ticket)
	switch {
	case !ok:
		return nil, unknown("ticket", "号票", c.Ticket)
	case t.Stage != Held:
		return nil, hall.Refuse("ticket_not_held", t.Number+" 没有暂离", t.Number+" is not held")
	case !s.Serves(c.Window, t.Service):
		return nil, hall.Refuse("service_elsewhere", "本窗口不办理这项业务", "this window does not serve that service")
	}
	return one(wire.KindTicketResumed, wire.TicketResumed{Ticket: t.Ticket, Window: c.Window, Staff: m.Staff}), nil
}

// DecideLine decides; see Command.
func (c Transfer) DecideLine(s *State, h roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	t, err := s.at(h, c.Window, Called, Serving)
	if err != nil {
		return nil, err
	}
	if c.Service == "" {
		c.Service = t.Service
	}
	var bad hall.Checks
	bad.Known("service", c.Service, s.Services.Has(c.Service))
	switch {
	case c.To != "" && !s.Serves(c.To, c.Service):
		bad.Add("to", "unserved", "“"+c.To+"”不办理这项业务", c.To+" does not serve it")
	case c.To == c.Window:
		bad.Add("to", "same", "不能转移到本窗口", "must be another window")
	case c.To == "" && c.Service == t.Service:
		bad.Add("to", "required", "请选择窗口或其他业务", "name a window or another service")
	}
	if d, ok := s.Services.Get(c.Service); ok && len(d.Windows) == 0 {
		bad.Add("service", "unserved", "没有窗口办理这项业务", "no window serves it")
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	var drafts []hall.Draft
	if t.Stage == Serving {
		drafts = one(wire.KindVisitFinished, wire.VisitFinished{Visit: t.Visit, Ticket: t.Ticket, Window: c.Window, Outcome: OutcomeTransferred})
	}
	return append(drafts, one(wire.KindTicketTransferred, wire.TicketTransferred{Ticket: t.Ticket, From: c.Window, Service: c.Service, To: c.To})...), nil
}

// private seals a reason under the window's key.
func private(kind wire.Kind, data any, window string, day hall.Date, reason string) []hall.Draft {
	d := hall.Draft{Kind: kind, Data: data}
	if reason != "" {
		d.Person, d.Personal = hall.WindowKey(window, day), map[string]string{"reason": reason}
	}
	return []hall.Draft{d}
}
