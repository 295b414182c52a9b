package queue

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// keptCalls is how many announcements a screen that has just been switched on is told of.
const keptCalls = 12

// announced notes a call for the screens, and forgets the oldest.
func (s *State) announced(r *wire.Record, ticket string, again bool) {
	t, ok := s.Tickets.Get(ticket)
	if !ok {
		return
	}
	id := fmt.Sprintf("%020d", r.Position)
	s.Calls.Set(id, wire.LiveCall{ID: id, Number: t.Number, Window: t.Window, Service: t.Service, Again: again, At: r.StoredAt})
	for s.Calls.Len() > keptCalls {
		oldest := id
		for id := range s.Calls.Each() {
			oldest = min(oldest, id)
		}
		s.Calls.Delete(oldest)
	}
}

// The commands of notices.
type (
	// PostNotice says something to the whole hall: a phrase, or a text in both languages.
	PostNotice struct {
		Phrase string     `json:"phrase,omitempty"`
		ZH     string     `json:"zh,omitempty"`
		EN     string     `json:"en,omitempty"`
		Speak  bool       `json:"speak,omitempty"`
		Until  *time.Time `json:"until,omitempty"`
	}
	// RemoveNotice ends it.
	RemoveNotice wire.NoticeRemoved
)

// maxNotices is how many can be shown at once.
const maxNotices = 10

// Phrases are the notices that screens can speak.
func Phrases() []string {
	return []string{"closing_soon", "closed", "keep_belongings", "emergency_leave", "system_down"}
}

// DecideLine decides; see Command.
func (c PostNotice) DecideLine(s *State, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	if c.Phrase != "" {
		bad.Choice("phrase", c.Phrase, Phrases()...)
	} else {
		bad.Words("zh", &c.ZH, 1, 80)
		bad.Words("en", &c.EN, 0, 160)
	}
	if c.Until != nil && !c.Until.After(m.Now) {
		bad.Add("until", "past", "必须晚于现在", "must be later than now")
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	n := 0
	for _, x := range s.Notices.Each() {
		if current(x.Until, m.Now) {
			n++
		}
	}
	if n >= maxNotices {
		return nil, hall.Refuse("notices_full", fmt.Sprintf("最多同时显示 %d 条通知，请先撤下一条", maxNotices), fmt.Sprintf("%d notices are shown already; remove one first", maxNotices))
	}
	return one(wire.KindNoticePosted, wire.NoticePosted{Notice: m.ID, Phrase: c.Phrase, ZH: c.ZH, EN: c.EN, Speak: c.Speak, Until: c.Until}), nil
}

// DecideLine decides; see Command.
func (c RemoveNotice) DecideLine(s *State, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	if !s.Notices.Has(c.Notice) {
		return nil, unknown("notice", "通知", c.Notice)
	}
	return one(wire.KindNoticeRemoved, wire.NoticeRemoved(c)), nil
}

func current(until *time.Time, now time.Time) bool { return until == nil || until.After(now) }

// posted shows a notice, and forgets those that are over.
func (s *State) posted(r *wire.Record, d wire.NoticePosted) {
	var over []string
	for id, n := range s.Notices.Each() {
		if !current(n.Until, r.StoredAt) {
			over = append(over, id)
		}
	}
	slices.Sort(over)
	for _, id := range over {
		s.Notices.Delete(id)
	}
	s.Notices.Set(d.Notice, wire.LiveNotice{ID: d.Notice, Phrase: d.Phrase, ZH: d.ZH, EN: d.EN, Speak: d.Speak, At: r.StoredAt, Until: d.Until})
}

// foldNotice applies a record of a notice.
func (s *State) foldNotice(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindNoticePosted:
		return with(r, func(d wire.NoticePosted) { s.posted(r, d) })
	case wire.KindNoticeRemoved:
		return with(r, func(d wire.NoticeRemoved) { s.Notices.Delete(d.Notice) })
	}
	return false
}

// Now is the line as screens see it at a moment.
type Now struct {
	Services map[string]wire.LiveService
	// Tickets are called or served, Counters is the state of a window, both by window.
	Tickets  map[string]wire.LiveTicket
	Counters map[string]string
	Calls    map[string]wire.LiveCall
	Notices  map[string]wire.LiveNotice
}

// Now gives what screens show, with the calls of the day of m; away is as in Waits.
func (s *State) Now(h roster.Hall, m hall.Moment, away func(window string) bool) Now {
	now, zone := m.Now, m.Zone
	n := Now{map[string]wire.LiveService{}, map[string]wire.LiveTicket{}, map[string]string{}, map[string]wire.LiveCall{}, map[string]wire.LiveNotice{}}
	for id, d := range s.Services.Each() {
		n.Services[id] = wire.LiveService{ID: id, Name: d.Name, Department: d.Department, Prefix: d.Prefix,
			Windows: append([]string{}, d.Windows...), WaitMax: d.WaitMax, ServiceMax: d.ServiceMax, Open: s.open(d.Windows)}
	}
	for _, t := range s.Tickets.Each() {
		n.ticket(&t)
	}
	for id, wait := range s.Waits(h, m, away).Services {
		v := n.Services[id]
		wait = (wait + 59) / 60 * 60 // screens need not hear of every second
		v.Wait = &wait
		if wrong, ok := s.Error(id); ok {
			v.WaitError = &wrong
		}
		n.Services[id] = v
	}
	for id, c := range s.Counters.Each() {
		n.Counters[id] = c.state()
	}
	day := hall.DateOf(now, zone)
	for id, c := range s.Calls.Each() {
		if hall.DateOf(c.At, zone) == day {
			n.Calls[id] = c
		}
	}
	for id, x := range s.Notices.Each() {
		if current(x.Until, now) {
			n.Notices[id] = x
		}
	}
	return n
}

func (n *Now) ticket(t *Ticket) {
	switch t.Stage {
	case Waiting:
		v, ok := n.Services[t.Service]
		if !ok {
			return
		}
		v.Waiting++
		if at := t.IssuedAt; v.Since == nil || at.Before(*v.Since) {
			v.Since = &at
		}
		n.Services[t.Service] = v
	case Called:
		n.Tickets[t.Window] = wire.LiveTicket{Number: t.Number, Service: t.Service, Stage: string(Called), Since: t.AnnouncedAt}
	case Serving:
		n.Tickets[t.Window] = wire.LiveTicket{Number: t.Number, Service: t.Service, Stage: string(Serving), Since: t.StartedAt}
	}
}

// open counts the windows of a list that take part in the line.
func (s *State) open(windows []string) (n int) {
	for _, w := range windows {
		if c, _ := s.Counters.Get(w); c.Open() {
			n++
		}
	}
	return n
}

func (c Counter) state() string {
	if c.Open() {
		return StateOpen
	}
	return c.State
}

// Of tells whether a kind is of the line; no other kind changes what Now gives.
func Of(k wire.Kind) bool {
	switch k {
	case wire.KindServiceSet, wire.KindServiceRemoved, wire.KindTicketIssued, wire.KindTicketCalled, wire.KindTicketRecalled,
		wire.KindTicketMissed, wire.KindTicketHeld, wire.KindTicketResumed, wire.KindTicketTransferred, wire.KindTicketClosed,
		wire.KindPrintOrdered, wire.KindTicketReceived, wire.KindVisitStarted, wire.KindVisitFinished, wire.KindCounterSet, wire.KindNoticePosted, wire.KindNoticeRemoved, wire.KindLineKept,
		wire.KindAppointmentBooked, wire.KindAppointmentCancelled, wire.KindAppointmentMissed:
		return true
	}
	return false
}

// with reads the data of a record; what cannot be read changes nothing.
func with[T any](r *wire.Record, use func(T)) bool {
	var d T
	if json.Unmarshal(r.Data, &d) == nil {
		use(d)
	}
	return true
}
