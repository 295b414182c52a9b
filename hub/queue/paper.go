package queue

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// How a paper number ended.
const (
	PaperFinished = "finished"
	PaperMissed   = "missed"
	PaperLeft     = "left"
)

// PaperRow is one paper number as a person enters it. Times are hh:mm of the day.
type PaperRow struct {
	Service string `json:"service"`
	Paper   string `json:"paper"`
	Class   string `json:"class,omitempty"`
	Window  string `json:"window,omitempty"`
	Staff   string `json:"staff,omitempty"`
	Taken   string `json:"taken"`
	Called  string `json:"called,omitempty"`
	// Finished is when the visit ended, or the person left; of one that nobody came for it may be empty.
	Finished string `json:"finished,omitempty"`
	// Outcome is one that a visit can be finished with, or missed, or left.
	Outcome string `json:"outcome"`
	Mode    string `json:"mode,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

// The commands of paper numbers.
type (
	// EnterPaper enters the paper numbers of a day, all or none (补录).
	EnterPaper struct {
		Day  string     `json:"day"`
		Rows []PaperRow `json:"rows"`
		// Table is a digest of all of them.
		Table string `json:"table,omitempty"`
	}
	// WithdrawPaper takes one back that was entered wrongly.
	WithdrawPaper struct {
		Visit  string `json:"visit"`
		Reason string `json:"reason"`
	}
)

// Paper is a paper number that was entered, with who did so and when.
type Paper struct {
	wire.VisitEntered
	By        string        `json:"by"`
	EnteredAt time.Time     `json:"entered_at"`
	Position  wire.Position `json:"position"`
	Withdrawn bool          `json:"withdrawn,omitempty"`
}

// Span is for how long a window was busy with a ticket that it called, in minutes of the epoch.
type Span struct {
	From   int64  `json:"f"`
	Until  int64  `json:"u"`
	Number string `json:"n"`
}

const (
	// maxPaper is how many paper numbers can be entered at once.
	maxPaper = 500
	// keptPaper is for how many days what windows did is at hand for comparison.
	keptPaper = 31
	// paperDesk stands for the window of a number that none called, where a reason is sealed.
	paperDesk = "none"
)

// PaperEnds are the outcomes that a row can have.
func PaperEnds() []string { return append(Outcomes(), PaperMissed, PaperLeft) }

// DecideLine decides; see Command.
func (c EnterPaper) DecideLine(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Date("day", c.Day, true)
	day := hall.Date(c.Day)
	if first := m.Day.AddDays(-min(value(h, "paper_days", m), keptPaper-1)); day.Valid() && (day < first || day > m.Day) {
		bad.Add("day", "range", fmt.Sprintf("只能补录 %s 至 %s", first, m.Day), fmt.Sprintf("must be from %s to %s", first, m.Day))
	}
	switch {
	case len(c.Rows) == 0:
		bad.Add("rows", "required", "请至少填写一行", "fill in a row at least")
	case len(c.Rows) > maxPaper:
		bad.Add("rows", "too_many", fmt.Sprintf("一次最多 %d 行", maxPaper), fmt.Sprintf("may be %d at once", maxPaper))
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	var drafts []hall.Draft
	others := s.papersOf(c.Day) // and those of the same table before
	for i := range c.Rows {
		row := c.Rows[i]
		p := paperCheck{s: s, h: h, m: m, day: day, row: &row, name: fmt.Sprintf("rows[%d].", i), bad: &bad}
		d := p.entered()
		p.beside(d, others)
		d.Visit, d.Table = fmt.Sprintf("%s-%d", m.ID, i+1), c.Table
		others = append(others, Paper{VisitEntered: d})
		drafts = append(drafts, private(wire.KindVisitEntered, d, cmp.Or(row.Window, paperDesk), m.Day, row.Reason)...)
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return drafts, nil
}

// paperCheck checks one row, and names each field that is wrong.
type paperCheck struct {
	s    *State
	h    roster.Hall
	m    hall.Moment
	day  hall.Date
	row  *PaperRow
	name string
	bad  *hall.Checks
}

// entered makes the event of a row.
func (p *paperCheck) entered() wire.VisitEntered {
	r := p.row
	r.Class = cmp.Or(r.Class, Ordinary)
	r.Paper = strings.ToUpper(strings.TrimSpace(r.Paper))
	end := PaperFinished
	if r.Outcome == PaperMissed || r.Outcome == PaperLeft {
		end = r.Outcome
	}
	p.bad.Words(p.name+"paper", &r.Paper, 1, 10)
	p.bad.Choice(p.name+"class", r.Class, append(Classes(), Appointment)...)
	p.bad.Choice(p.name+"outcome", r.Outcome, PaperEnds()...)
	p.bad.Choice(p.name+"mode", r.Mode, Modes()...)
	least := 0
	if r.Outcome == OutcomeNotice || r.Outcome == OutcomeSentAway || r.Outcome == OutcomePromised {
		least = 1
	}
	p.bad.Words(p.name+"reason", &r.Reason, least, 500)
	known := p.s.Services.Has(r.Service)
	p.bad.Known(p.name+"service", r.Service, known)
	if r.Window != "" || end != PaperLeft {
		_, there := p.h.Windows.Windows[r.Window]
		p.bad.Known(p.name+"window", r.Window, there)
		if there && known && !p.s.Serves(r.Window, r.Service) {
			p.bad.Add(p.name+"window", "unserved", "这个窗口不办理这项业务", "this window does not serve that service")
		}
	}
	if r.Staff != "" {
		p.bad.Known(p.name+"staff", r.Staff, p.h.People.Staff.Has(r.Staff))
	}
	d := wire.VisitEntered{Paper: r.Paper, Service: r.Service, Class: r.Class, Day: string(p.day), Window: r.Window, Staff: r.Staff, End: end}
	if end == PaperFinished {
		d.Outcome, d.Mode = r.Outcome, r.Mode
	}
	p.times(&d)
	return d
}

// times fills in when it was drawn, called and over: in this order, and not after now.
func (p *paperCheck) times(d *wire.VisitEntered) {
	r := p.row
	taken, ok := p.time("taken", r.Taken, true)
	called, isCalled := p.time("called", r.Called, d.End != PaperLeft)
	ended, isEnded := p.time("finished", r.Finished, d.End != PaperMissed)
	if d.End == PaperLeft && r.Called != "" {
		p.bad.Add(p.name+"called", "unexpected", "离开的人没有被呼叫；叫到未到请选“过号”", "who left was not called; choose missed for one who was")
	}
	if !isEnded && d.End == PaperMissed {
		ended, isEnded = called, isCalled
	}
	after := func(field string, x, y time.Time, both bool, zh, en string) {
		if both && y.Before(x) {
			p.bad.Add(p.name+field, "before", zh, en)
		}
	}
	after("called", taken, called, ok && isCalled, "不能早于取号时间", "must not be before it was taken")
	after("finished", taken, ended, ok && isEnded, "不能早于取号时间", "must not be before it was taken")
	after("finished", called, ended, isCalled && isEnded, "不能早于呼叫时间", "must not be before the call")
	d.Taken, d.Ended = taken, ended
	if isCalled {
		d.Called = &called
	}
}

func (p *paperCheck) time(field, text string, need bool) (at time.Time, ok bool) {
	if text == "" && !need {
		return at, false
	}
	minute, ok := hall.ParseMinute(text)
	switch {
	case text == "":
		p.bad.Add(p.name+field, "required", "必须填写", "is required")
	case !ok:
		p.bad.Add(p.name+field, "time", "应为时间，如 09:30", "must be a time like 09:30")
	default:
		if at = p.day.Time(p.m.Zone).Add(time.Duration(minute) * time.Minute); at.After(p.m.Now) {
			p.bad.Add(p.name+field, "future", "不能晚于现在", "must not be later than now")
			ok = false
		}
	}
	return at, ok
}

// papersOf are those of a day that hold.
func (s *State) papersOf(day string) (list []Paper) {
	for _, x := range s.Papers.All() {
		if x.Day == day && !x.Withdrawn {
			list = append(list, x)
		}
	}
	return list
}

// beside refuses a number that was entered already, and a visit at a window that did something else at the time.
func (p *paperCheck) beside(d wire.VisitEntered, others []Paper) {
	for i := range others {
		x := &others[i]
		if x.Service == d.Service && x.Paper == d.Paper && d.Paper != "" {
			zh, en := "同一张表里有两行是这个号", "two rows have this number"
			if x.By != "" {
				at := x.EnteredAt.In(p.m.Zone).Format("01-02 15:04")
				zh, en = fmt.Sprintf("这个号已由 %s 于 %s 补录", x.By, at), fmt.Sprintf("it was entered by %s on %s already", x.By, at)
			}
			p.bad.Add(p.name+"paper", "doubled", zh, en)
		}
	}
	if d.Window == "" || d.Called == nil || d.Ended.Before(*d.Called) {
		return
	}
	mine := Span{d.Called.Unix() / 60, d.Ended.Unix() / 60, d.Paper}
	spans, _ := p.s.spans.Get(spanKey(d.Day, d.Window))
	spans = slices.Clone(spans)
	if c, ok := p.s.Counters.Get(d.Window); ok && c.Ticket != "" && !c.Since.IsZero() {
		t, _ := p.s.Tickets.Get(c.Ticket)
		spans = append(spans, Span{c.Since.Unix() / 60, p.m.Now.Unix() / 60, t.Number})
	}
	for i := range others {
		if x := &others[i]; x.Window == d.Window && x.Called != nil {
			spans = append(spans, Span{x.Called.Unix() / 60, x.Ended.Unix() / 60, x.Paper})
		}
	}
	for _, x := range spans {
		if mine.From < x.Until && x.From < mine.Until {
			from, until := clock(x.From, p.m.Zone), clock(x.Until, p.m.Zone)
			p.bad.Add(p.name+"called", "overlap", fmt.Sprintf("与该窗口 %s 至 %s 的 %s 重叠", from, until, x.Number), fmt.Sprintf("overlaps %s at this window, from %s to %s", x.Number, from, until))
			return
		}
	}
}

func clock(minute int64, zone *time.Location) string {
	return time.Unix(minute*60, 0).In(zone).Format("15:04")
}

// DecideLine decides; see Command.
func (c WithdrawPaper) DecideLine(s *State, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	x, ok := s.Papers.Get(c.Visit)
	var bad hall.Checks
	bad.Words("reason", &c.Reason, 1, 200)
	switch {
	case !ok:
		return nil, unknown("visit", "补录", c.Visit)
	case len(bad) > 0:
		return nil, bad.Err()
	case x.Withdrawn:
		return nil, nil
	}
	return private(wire.KindVisitWithdrawn, wire.VisitWithdrawn{Visit: c.Visit, Day: x.Day}, cmp.Or(x.Window, paperDesk), m.Day, c.Reason), nil
}

// foldPaper applies a record of a paper number.
func (s *State) foldPaper(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindVisitEntered:
		return with(r, func(d wire.VisitEntered) {
			by := ""
			if r.Actor != nil {
				by = r.Actor.ID
			}
			s.forgetPaper(hall.Date(d.Day))
			s.Papers.Set(d.Visit, Paper{VisitEntered: d, By: cmp.Or(by, "?"), EnteredAt: r.StoredAt, Position: r.Position})
		})
	case wire.KindVisitWithdrawn:
		return with(r, func(d wire.VisitWithdrawn) {
			if s.Papers.Has(d.Visit) {
				s.Papers.Change(d.Visit, func(x *Paper) { x.Withdrawn = true })
			}
		})
	case wire.KindHubStarted:
		s.cut(r)
	}
	return false
}

func spanKey(day, window string) string { return day + "/" + window }

// wasBusy notes for how long a window was busy.
func (s *State) wasBusy(window, ticket string, now time.Time) {
	c, _ := s.Counters.Get(window)
	if c.Ticket != ticket || c.Since.IsZero() {
		return
	}
	t, _ := s.Tickets.Get(ticket)
	s.span(window, c.Since, now, t.Number)
}

func (s *State) span(window string, from, until time.Time, number string) {
	day := hall.DateOf(from, from.Location())
	key := spanKey(string(day), window)
	if !s.spans.Has(key) {
		s.forgetPaper(day)
	}
	s.spans.Change(key, func(all *[]Span) {
		*all = append(slices.Clone(*all), Span{from.Unix() / 60, max(from.Unix(), until.Unix()) / 60, number})
	})
}

// cut ends what is known of windows that were busy when the hub stopped: what they
// did until it came back is on paper, if anywhere.
func (s *State) cut(r *wire.Record) {
	for _, id := range s.busyWindows() {
		c, _ := s.Counters.Get(id)
		t, _ := s.Tickets.Get(c.Ticket)
		s.span(id, c.Since, c.Since, t.Number)
		s.Counters.Change(id, func(c *Counter) { c.Since = r.StoredAt })
	}
}

func (s *State) busyWindows() (ids []string) {
	for id, c := range s.Counters.Each() {
		if c.Ticket != "" && !c.Since.IsZero() {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// forgetPaper drops what is too old to be compared with, once a day: it is in the log.
func (s *State) forgetPaper(day hall.Date) {
	if last, _ := s.swept.Get("last"); day <= last {
		return
	}
	s.swept.Set("last", day)
	before := string(day.AddDays(-keptPaper))
	var old []string
	for key := range s.spans.Each() {
		if key < before {
			old = append(old, key)
		}
	}
	slices.Sort(old)
	for _, key := range old {
		s.spans.Delete(key)
	}
	old = old[:0]
	for id, x := range s.Papers.Each() {
		if x.Day < before {
			old = append(old, id)
		}
	}
	slices.Sort(old)
	for _, id := range old {
		s.Papers.Delete(id)
	}
}
