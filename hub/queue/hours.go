package queue

import (
	"fmt"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

type (
	// EndDay closes what is left of the line when its day is over.
	EndDay struct{}
	// KeepLine keeps the tickets of today overnight, in an emergency.
	KeepLine struct {
		Reason string `json:"reason"`
	}
)

// DecideLine decides; see Command.
func (c KeepLine) DecideLine(s *State, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Words("reason", &c.Reason, 1, 200)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if s.kept.Has(string(m.Day)) {
		return nil, nil
	}
	return []hall.Draft{{Kind: wire.KindLineKept, Data: wire.LineKept{Day: string(m.Day)}, Person: "line-" + string(m.Day), Personal: map[string]string{"reason": c.Reason}}}, nil
}

// Kept tells whether the line of a day is kept overnight.
func (s *State) Kept(day hall.Date) bool { return s.kept.Has(string(day)) }

// DecideLine decides; see Command.
func (EndDay) DecideLine(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	var drafts []hall.Draft
	for id, t := range s.Tickets.All() {
		if s.over(h, &t, m) {
			drafts = append(drafts, one(wire.KindTicketClosed, wire.TicketClosed{Ticket: id, Why: "day_end"})...)
		}
	}
	return append(drafts, s.missedBookings(h, m)...), nil
}

// Ends tells whether EndDay would do anything now.
func (s *State) Ends(h roster.Hall, m hall.Moment) bool {
	for _, t := range s.Tickets.Each() {
		if s.over(h, &t, m) {
			return true
		}
	}
	return len(s.missedBookings(h, m)) > 0
}

// over tells whether a ticket's day is over for it. Who waits or is away is sent
// home at the end of the line's day, who was called or is served is let finish
// until midnight; a day whose line was kept ends with the next one.
func (s *State) over(h roster.Hall, t *Ticket, m hall.Moment) bool {
	if t.Stage.Ended() {
		return false
	}
	day := hall.Date(t.Day)
	for s.kept.Has(string(day)) {
		day = day.AddDays(1)
	}
	if day != m.Day {
		return day < m.Day
	}
	return (t.Stage == Waiting || t.Stage == Held) && hall.MinuteOf(m.Now, m.Day, m.Zone) >= hall.Minute(value(h, "line_end", m))
}

// taking refuses tickets outside the hours in which they are given.
func taking(h roster.Hall, m hall.Moment) error {
	from, until := hall.Minute(value(h, "tickets_from", m)), hall.Minute(value(h, "tickets_until", m))
	if at := hall.MinuteOf(m.Now, m.Day, m.Zone); at < from || at >= until {
		return hall.Refuse("hall_closed", fmt.Sprintf("现在不取号，取号时间为 %s 至 %s", from, until), fmt.Sprintf("no tickets are given now, but from %s to %s", from, until))
	}
	return nil
}

// limited refuses a citizen who holds as many tickets as one may.
func (s *State) limited(h roster.Hall, citizen string, m hall.Moment) error {
	if citizen == "" {
		if value(h, "citizen_asked", m) > 0 {
			return hall.Invalid(hall.Field{Name: "citizen", Code: "required", ZH: "请先刷身份证或输入手机号", EN: "an ID card or a phone number is needed"})
		}
		return nil
	}
	held, taken := 0, 0
	for _, t := range s.Tickets.Each() {
		if t.Citizen != citizen {
			continue
		}
		if !t.Stage.Ended() {
			held++
		}
		if t.Day == string(m.Day) {
			taken++
		}
	}
	if most := value(h, "citizen_open", m); most > 0 && held >= most {
		return hall.Refuse("tickets_held", fmt.Sprintf("您已有 %d 张未办理的号，请先办理或取消", held), fmt.Sprintf("you hold %d tickets already; use or cancel one first", held))
	}
	if most := value(h, "citizen_day", m); most > 0 && taken >= most {
		return hall.Refuse("tickets_taken", fmt.Sprintf("您今天已取 %d 张号，请到咨询台", taken), fmt.Sprintf("you have taken %d tickets today; please ask at the information desk", taken))
	}
	return nil
}
