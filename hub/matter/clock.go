package matter

import "hallkeeper/hub/hall"

// Span is a time in which the clock of a matter ran: the working days after From
// up to and including Until, which is empty while it runs.
type Span struct {
	From  hall.Date `json:"from"`
	Until hall.Date `json:"until,omitempty"`
}

// running tells whether the clock runs.
func (m *Matter) running() bool {
	n := len(m.Spans)
	return n > 0 && m.Spans[n-1].Until == ""
}

func (m *Matter) stop(day hall.Date) {
	if m.running() {
		m.Spans[len(m.Spans)-1].Until = day
	}
}

func (m *Matter) goOn(day hall.Date) {
	m.State, m.Why = Accepted, ""
	for _, s := range m.Steps {
		if s.Documents != nil && s.Kind == "matter.supplemented" {
			m.State = Supplemented
		}
	}
	if !m.running() {
		m.Spans = append(m.Spans, Span{From: day})
	}
}

// Used counts the working days that the clock has run up to and with a day.
// provisional tells that a day of a year without a published calendar was counted.
func (m *Matter) Used(c *hall.Calendar, day hall.Date) (n int, provisional bool) {
	for _, x := range m.Spans {
		until := x.Until
		if until == "" || until > day {
			until = day
		}
		if until <= x.From {
			continue
		}
		days, guess := c.Between(x.From, until)
		n, provisional = n+days, provisional || guess
	}
	return n, provisional
}

// Due is the last day of a limit. It is empty where there is no limit, and while
// the clock is stopped before its end.
func (m *Matter) Due(c *hall.Calendar, limit int) (due hall.Date, provisional bool) {
	if limit <= 0 {
		return "", false
	}
	left := limit
	for _, x := range m.Spans {
		end, guess := c.Add(x.From, left)
		if x.Until == "" || end <= x.Until {
			return end, provisional || guess
		}
		days, guess := c.Between(x.From, x.Until)
		left, provisional = left-days, provisional || guess
	}
	return "", provisional
}

// Standing is how a matter stands on a day.
type Standing struct {
	// Used are the working days that count; Provisional tells that the calendar of one of its years is not published.
	Used        int  `json:"used"`
	Provisional bool `json:"provisional,omitempty"`
	// PromisedDue and LegalDue are the last days of its limits; empty without one and while the clock is stopped.
	PromisedDue string `json:"promised_due,omitempty"`
	LegalDue    string `json:"legal_due,omitempty"`
	// Overdue is past the promised limit, Unlawful past the legal one; both stay after its end.
	Overdue  bool `json:"overdue,omitempty"`
	Unlawful bool `json:"unlawful,omitempty"`
	// Soon is within a few working days of a limit.
	Soon bool `json:"soon,omitempty"`
	// GapsOverdue tells that what was promised did not come in time.
	GapsOverdue bool `json:"gaps_overdue,omitempty"`
}

// On tells how a matter stands on a day; soon is the working days before a limit at which it is due soon.
func (m *Matter) On(c *hall.Calendar, day hall.Date, soon int) Standing {
	used, guess := m.Used(c, day)
	promised, guess1 := m.Due(c, m.Promised)
	legal, guess2 := m.Due(c, m.Legal)
	s := Standing{Used: used, Provisional: guess || guess1 || guess2, PromisedDue: string(promised), LegalDue: string(legal)}
	if m.State == Void {
		return s
	}
	s.Overdue = m.Promised > 0 && used > m.Promised
	s.Unlawful = m.Legal > 0 && used > m.Legal
	near := func(limit int) bool { return limit > 0 && used <= limit && limit-used <= soon }
	s.Soon = m.Open() && m.running() && !s.Overdue && !s.Unlawful && (near(m.Promised) || near(m.Legal))
	s.GapsOverdue = m.Open() && len(m.Owed) > 0 && m.GapsDue != "" && string(day) > m.GapsDue
	return s
}

// Late tells whether an open matter needs a supervisor.
func (s Standing) Late() bool { return s.Overdue || s.Unlawful || s.GapsOverdue }

// Late counts the open matters that need a supervisor on a day.
func (s *State) Late(c *hall.Calendar, day hall.Date) (n int) {
	for _, m := range s.Matters.Each() {
		if m.Open() && m.On(c, day, 0).Late() {
			n++
		}
	}
	return n
}
