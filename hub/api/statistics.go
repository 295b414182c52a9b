package api

import (
	"iter"
	"net/http"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/statistics"
	"hallkeeper/wire"
)

// maxSpan is how many days one question may be about.
const maxSpan = 366

// The answers about what became of tickets.
type (
	// FigureRow is the figures of one key of a breakdown. Name is what it is called, if that is another word.
	FigureRow struct {
		statistics.Row
		Name string `json:"name,omitempty"`
	}
	// QueueFigures count stays in a line, of those days and by that breakdown, as far as the reader may see them.
	QueueFigures struct {
		From  string             `json:"from"`
		Until string             `json:"until"`
		By    string             `json:"by"`
		Total statistics.Figures `json:"total"`
		Rows  []FigureRow        `json:"rows"`
		// Waits are how many waited 0 to 5 minutes, 5 to 10 and so on; the last an hour and more.
		Waits []int `json:"waits"`
	}
	// VisitRow is one stay with the records that it stands on.
	VisitRow struct {
		Ticket    string     `json:"ticket"`
		Number    string     `json:"number"`
		Day       string     `json:"day"`
		Stay      int        `json:"stay"`
		Service   string     `json:"service"`
		Class     string     `json:"class"`
		Window    string     `json:"window,omitempty"`
		Staff     string     `json:"staff,omitempty"`
		StaffName string     `json:"staff_name,omitempty"`
		End       string     `json:"end"`
		Outcome   string     `json:"outcome,omitempty"`
		Mode      string     `json:"mode,omitempty"`
		Began     time.Time  `json:"began"`
		Called    *time.Time `json:"called,omitempty"`
		Started   *time.Time `json:"started,omitempty"`
		Ended     *time.Time `json:"ended,omitempty"`
		Wait      *int64     `json:"wait,omitempty"`
		Served    *int64     `json:"served,omitempty"`
		Recalls   int        `json:"recalls,omitempty"`
		Absences  int        `json:"absences,omitempty"`
		Holds     int        `json:"holds,omitempty"`
		// Paper is true of a paper number that was entered afterwards; who did is in the record.
		Paper bool `json:"paper,omitempty"`
		// Positions are the records of the log that began it, called it first and ended it.
		Positions []wire.Position `json:"positions"`
	}
	// VisitPage is a piece of the stays behind a figure, the first that began first.
	VisitPage struct {
		Visits []VisitRow `json:"visits"`
		Total  int        `json:"total"`
	}
)

func (a *API) statisticsRoutes() []route {
	params := []param{query("from", "自此日起（默认今天）", "from this day on (today by default)"), query("until", "至此日，至多 366 天", "until this day, 366 days at most"),
		query("service", "只算此业务", "of this service only"), query("window", "只算此窗口", "of this window only"), query("staff", "只算此人", "of this staff member only")}
	by := query("by", "按 day、service、window、staff、hour、weekday、class、outcome 或 weekday_hour", "by day, service, window, staff, hour, weekday, class, outcome or weekday_hour")
	figures := read(access.SignedIn, v1+"statistics/queue", "排队与办理统计", "what became of tickets, counted", QueueFigures{}, a.getFigures, append([]param{by}, params...)...)
	visits := read(access.SignedIn, v1+"statistics/visits", "统计数字背后的号票", "the tickets behind a figure", VisitPage{}, a.getVisits,
		append([]param{by, query("key", "该分组的哪一行", "which row of the breakdown"), count("offset", "从第几条起", "from which on"), count("limit", "至多几条", "how many at most")}, params...)...)
	export := exports(read(access.SignedIn, v1+"statistics/export", "导出统计（xlsx 或 csv）", "the figures as a table: xlsx, or csv of one breakdown", nil, a.exportFigures,
		append([]param{by, query("format", "xlsx（默认）或 csv", "xlsx (the default) or csv"), query("lang", "zh-CN 或 en", "zh-CN or en")}, params...)...))
	for _, r := range []*route{&figures, &visits, &export} {
		r.refusals = []string{"fields_invalid", "service_unknown", "window_unknown", "staff_unknown"}
	}
	return []route{figures, visits, export}
}

// question is what is asked about the facts.
type question struct {
	from, until            hall.Date
	by                     statistics.By
	service, window, staff string
}

func (a *API) question(r *http.Request) (q question, err error) {
	today := a.today()
	var c checks
	q.from, q.until = today, today
	for name, into := range map[string]*hall.Date{"from": &q.from, "until": &q.until} {
		if v := r.URL.Query().Get(name); v != "" {
			if *into = hall.Date(v); !into.Valid() {
				c.add(name, "date", "应为日期，如 2026-11-23", "must be a date like 2026-11-23")
			}
		}
	}
	switch {
	case len(c) > 0:
	case q.until < q.from:
		c.add("until", "before", "不能早于 %s", "must not be before %s", q.from)
	case q.until > q.from.AddDays(maxSpan-1):
		c.add("until", "too_long", "一次最多统计 %d 天", "may be %d days at most", maxSpan)
	}
	words := []string{}
	for _, by := range statistics.Breakdowns() {
		words = append(words, string(by))
	}
	if q.by = statistics.By(c.choice(r, "by", words...)); q.by == "" {
		q.by = statistics.ByDay
	}
	get := r.URL.Query().Get
	q.service, q.window, q.staff = get("service"), get("window"), get("staff")
	return q, c.err()
}

// names are what ids are called.
type names struct{ services, windows, staff map[string]string }

func (n *names) of(by statistics.By, key string) string {
	switch by {
	case statistics.ByService:
		return n.services[key]
	case statistics.ByWindow:
		return n.windows[key]
	case statistics.ByStaff:
		return n.staff[key]
	}
	return ""
}

// stays are those that a question is about, as they were when it was asked, and what
// its answer calls things.
type stays struct {
	*statistics.Span
	want   func(*statistics.Fact) bool
	called names
}

// each gives those that are wanted.
func (s *stays) each() iter.Seq[*statistics.Fact] {
	return func(yield func(*statistics.Fact) bool) {
		for f := range s.Each() {
			if s.want(f) && !yield(f) {
				return
			}
		}
	}
}

// stays gives those that the question is about and who asks may see: supervisors,
// administrators and auditors all, liaisons those of their department's services
// and windows, representatives those of their window, everybody their own.
func (a *API) stays(r *http.Request, q question, whole bool) (all stays, err error) {
	all.called = names{map[string]string{}, map[string]string{}, map[string]string{}}
	departments := map[string]string{}
	var s scope
	a.Register.Read(func(v *register.View, windows *roster.State) {
		if err = q.known(v, windows); err != nil {
			return
		}
		i := who(r)
		if s = a.scopeOf(i, v, windows); i.Role != wire.RoleLiaison {
			s.department = "" // only liaisons answer for one
		}
		all.Span = v.Queue.Span(q.from, q.until, whole)
		for id, d := range v.State.Line.Services.Each() {
			all.called.services[id], departments[id] = d.Name, d.Department
		}
		for id, w := range windows.Windows {
			all.called.windows[id] = w.Number
		}
		for id := range v.State.People.Staff.Each() {
			all.called.staff[id] = a.nameOf(v, id)
		}
	})
	all.want = func(f *statistics.Fact) bool {
		return (q.service == "" || f.Service == q.service) && (q.window == "" || f.Window == q.window) && (q.staff == "" || f.Staff == q.staff) &&
			s.person(f.Staff, departments[f.Service], f.Window)
	}
	return all, err
}

// known refuses what there never was. A service or window that was removed has its past still.
func (q *question) known(v *register.View, windows *roster.State) error {
	_, window := windows.Windows[q.window]
	switch {
	case q.service != "" && !v.Queue.Knows(q.service):
		return hall.Unknown("service_unknown", "没有这项业务", "there is no such service")
	case q.window != "" && !window:
		return hall.Unknown("window_unknown", "没有这个窗口", "there is no such window")
	case q.staff != "" && !v.State.People.Staff.Has(q.staff):
		return hall.Unknown("staff_unknown", "没有这位工作人员", "there is no such staff member")
	}
	return nil
}

func (a *API) getFigures(w http.ResponseWriter, r *http.Request) error {
	q, err := a.question(r)
	if err != nil {
		return err
	}
	all, err := a.stays(r, q, false)
	if err != nil {
		return err
	}
	counted := statistics.Count(all.each(), q.by, a.Zone)
	answer := QueueFigures{From: string(q.from), Until: string(q.until), By: string(q.by), Total: counted.Total, Rows: []FigureRow{}, Waits: counted.Waits}
	for _, row := range counted.Rows {
		answer.Rows = append(answer.Rows, FigureRow{row, all.called.of(q.by, row.Key)})
	}
	return sendJSON(w, r, answer)
}

func (a *API) getVisits(w http.ResponseWriter, r *http.Request) error {
	q, err := a.question(r)
	if err != nil {
		return err
	}
	var c checks
	offset, limit := c.number(r, "offset", 0, 0, 1_000_000_000), c.number(r, "limit", defaultPage, 1, maxPage)
	if err := c.err(); err != nil {
		return err
	}
	all, err := a.stays(r, q, true)
	if err != nil {
		return err
	}
	get := r.URL.Query()
	facts, total := all.Page(func(f *statistics.Fact) bool {
		return all.want(f) && (!get.Has("key") || f.Key(q.by, a.Zone) == get.Get("key"))
	}, int(offset), int(limit))
	page := VisitPage{Visits: []VisitRow{}, Total: total}
	for i := range facts {
		page.Visits = append(page.Visits, a.visitRow(&facts[i], &all.called))
	}
	return sendJSON(w, r, page)
}

func (a *API) visitRow(f *statistics.Fact, called *names) VisitRow {
	row := VisitRow{Ticket: f.Ticket, Number: f.Number, Day: string(f.Day), Stay: f.Stay, Service: f.Service, Class: f.Class, Window: f.Window,
		Staff: f.Staff, StaffName: called.staff[f.Staff], End: string(f.End), Outcome: f.Outcome, Mode: f.Mode, Began: time.Unix(f.Began, 0).In(a.Zone),
		Called: a.second(f.Called), Started: a.second(f.Started), Ended: a.second(f.Ended), Recalls: f.Recalls, Absences: f.Absences, Holds: f.Holds, Paper: f.Paper,
		Positions: []wire.Position{f.First}}
	if f.End == statistics.Open {
		row.End = "open"
	}
	if t, ok := f.Waited(); ok {
		row.Wait = &t
	}
	if t, ok := f.Served(); ok {
		row.Served = &t
	}
	for _, p := range []wire.Position{f.Call, f.Last} {
		if p > row.Positions[len(row.Positions)-1] {
			row.Positions = append(row.Positions, p)
		}
	}
	return row
}

func (a *API) second(at int64) *time.Time {
	if at == 0 {
		return nil
	}
	t := time.Unix(at, 0).In(a.Zone)
	return &t
}
