package api

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/rating"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// maxRatingDays is how many days one list of ratings may be about.
const maxRatingDays = 92

// What supervisors see of ratings, each press with what it is and why.
type (
	// PressRow is one press.
	PressRow struct {
		ID     string            `json:"id"`
		At     time.Time         `json:"at"`
		Level  int               `json:"level"`
		Source wire.RatingSource `json:"source"`
		// State is counted, superseded (corrected within seconds) or invalid; Reason why it is that.
		State  string `json:"state"`
		Reason string `json:"reason,omitempty"`
		// Position is of its record in the log.
		Position wire.Position `json:"position"`
	}
	// RatingRow is one visit with its presses, or a press that is for no visit.
	RatingRow struct {
		Visit       string     `json:"visit,omitempty"`
		Day         string     `json:"day"`
		Window      string     `json:"window"`
		Number      string     `json:"number,omitempty"`
		Staff       string     `json:"staff,omitempty"`
		StaffName   string     `json:"staff_name,omitempty"`
		Department  string     `json:"department,omitempty"`
		Service     string     `json:"service,omitempty"`
		ServiceName string     `json:"service_name,omitempty"`
		Ticket      string     `json:"ticket,omitempty"`
		Started     *time.Time `json:"started,omitempty"`
		Ended       *time.Time `json:"ended,omitempty"`
		Outcome     string     `json:"outcome,omitempty"`
		// Result is open, rated, unrated, passed, excluded, or none for a press without a visit.
		Result string `json:"result"`
		Level  int    `json:"level,omitempty"`
		// Reasons are what the citizen chose, Exclusion how far taking it out is: proposed or excluded.
		Reasons   []string `json:"reasons,omitempty"`
		Exclusion string   `json:"exclusion,omitempty"`
		// Case is the number of the case that a bad rating has led to.
		Case    string     `json:"case,omitempty"`
		Presses []PressRow `json:"presses"`
		// Position is of the record that began the visit.
		Position wire.Position `json:"position,omitempty"`
	}
	// RatingPage is a piece of them, the latest first.
	RatingPage struct {
		Ratings []RatingRow `json:"ratings"`
		Total   int         `json:"total"`
	}
	// ReasonList are the reasons that citizens choose from.
	ReasonList struct {
		Reasons []wire.RatingReason `json:"reasons"`
	}
	// PublicationRow is figures that were published, with their rates.
	PublicationRow struct {
		wire.RatingPublished
		By    string            `json:"by"`
		At    time.Time         `json:"at"`
		Rates []wire.RatingRate `json:"rates"`
		// Withdrawn says that it was taken back; the public is not given such figures.
		Withdrawn *Withdrawal `json:"withdrawn,omitempty"`
	}
	// PublicationList is what was published, the newest first.
	PublicationList struct {
		Publications []PublicationRow `json:"publications"`
		// Withdrawn are the periods whose figures were taken back and not published again.
		Withdrawn []WithdrawnFigures `json:"withdrawn,omitempty"`
	}
	// WithdrawnFigures says of a day or month that its figures were taken back, when and why.
	WithdrawnFigures struct {
		Period   string `json:"period"`
		Revision int    `json:"revision"`
		Withdrawal
	}
	publishBody struct {
		// Period is a day (2026-11-23) or a month (2026-11).
		Period string `json:"period"`
	}
)

func (a *API) ratingRoutes() []route {
	span := []param{query("from", "自此日起（默认今天）", "from this day on (today by default)"), query("until", "至此日", "until this day"),
		query("window", "只看此窗口", "of this window only"), query("staff", "只看此人", "of this staff member only"), query("service", "只看此业务", "of this service only"), query("department", "只看此单位", "of this department only")}
	list := read(access.ReadHall, v1+"ratings", "办理与评价，每次按键都注明结果和原因", "visits and ratings, each press with its state and reason", RatingPage{}, a.getRatings,
		append(span, query("result", "open、rated、bad、unrated、passed、excluded、invalid（有无效按键）或 none（没有办理）", "open, rated, bad, unrated, passed, excluded, invalid (with a press that counts nowhere) or none (no visit)"),
			count("offset", "从第几条起", "which row is the first"), count("limit", "最多条数", "at most so many"))...)
	list.refusals = []string{"fields_invalid"}
	return []route{
		list,
		read(access.Anybody, v1+"ratings/reasons", "差评原因", "the reasons of bad ratings", ReasonList{}, a.getReasons),
		a.change(access.Arrange, "PUT", "ratings/reasons", "设置差评原因", "set the reasons of bad ratings", rating.SetReasons{}, enter[rating.SetReasons](nil), nil),
		read(access.Anybody, v1+"ratings/publications", "已公布的满意度，新的在前", "what was published of satisfaction, the newest first", PublicationList{}, a.getPublications,
			query("period", "只看此日或此月", "of this day or month only"), count("limit", "最多条数", "at most so many")),
		a.change(access.Decide, "POST", "ratings/publications", "公布一日或一月的满意度", "publish the satisfaction of a day or a month", publishBody{}, a.publish, nil),
	}
}

// ratingQuestion is what is asked about ratings.
type ratingQuestion struct {
	from, until                        hall.Date
	window, staff, service, department string
}

// spanOf reads the days of a question, at most so many.
func (a *API) spanOf(r *http.Request, c *checks, most int) (from, until hall.Date) {
	from, until = a.today(), a.today()
	for name, into := range map[string]*hall.Date{"from": &from, "until": &until} {
		if v := r.URL.Query().Get(name); v != "" {
			if *into = hall.Date(v); !into.Valid() {
				c.add(name, "date", "应为日期，如 2026-11-23", "must be a date like 2026-11-23")
				return from, until
			}
		}
	}
	switch {
	case until < from:
		c.add("until", "before", "不能早于 %s", "must not be before %s", from)
	case until > from.AddDays(most-1):
		c.add("until", "too_long", "一次最多 %d 天", "may be %d days at most", most)
	}
	return from, until
}

func (a *API) ratingQuestion(r *http.Request, most int) (q ratingQuestion, c checks) {
	q.from, q.until = a.spanOf(r, &c, most)
	get := r.URL.Query().Get
	q.window, q.staff, q.service, q.department = get("window"), get("staff"), get("service"), get("department")
	return q, c
}

// notToday keeps those who serve at a window from seeing the day's ratings as they come in.
func (a *API) notToday(r *http.Request, q *ratingQuestion) {
	if i := who(r); !i.May(access.ReadAll) && i.May(access.Serve) {
		q.until = min(q.until, a.today().AddDays(-1))
	}
}

func (q *ratingQuestion) wants(window, staff, service, department string) bool {
	is := func(asked, x string) bool { return asked == "" || asked == x }
	return is(q.window, window) && is(q.staff, staff) && is(q.service, service) && is(q.department, department)
}

func (a *API) getRatings(w http.ResponseWriter, r *http.Request) error {
	q, c := a.ratingQuestion(r, maxRatingDays)
	result := c.choice(r, "result", "open", "rated", "bad", "unrated", "passed", "excluded", "invalid", "none")
	offset, limit := c.number(r, "offset", 0, 0, 1_000_000_000), c.number(r, "limit", defaultPage, 1, maxPage)
	if err := c.err(); err != nil {
		return err
	}
	page := RatingPage{Ratings: []RatingRow{}}
	a.notToday(r, &q)
	a.Register.Read(func(v *register.View, windows *roster.State) {
		s := a.ratingScope(r, v, windows)
		rows := ratingRows{a: a, v: v, windows: windows}
		for day := q.until; day >= q.from; day = day.AddDays(-1) {
			for _, window := range v.Ratings.Windows(day) {
				if q.window != "" && window != q.window {
					continue
				}
				rows.sheet(v.Ratings.Sheet(day, window, a.Now()), func(x *RatingRow) bool {
					return s.person(x.Staff, x.Department, x.Window) && q.wants(x.Window, x.Staff, x.Service, x.Department) && x.is(result)
				})
			}
		}
		slices.SortStableFunc(rows.rows, func(a, b RatingRow) int {
			return cmp.Or(cmp.Compare(b.Day, a.Day), b.when().Compare(a.when()))
		})
		page.Total = len(rows.rows)
		page.Ratings = rows.named(rows.rows[min(int(offset), len(rows.rows)):min(int(offset+limit), len(rows.rows))])
	})
	return sendJSON(w, r, page)
}

// ratingScope is what somebody may see of ratings: only a liaison answers for a department.
func (a *API) ratingScope(r *http.Request, v *register.View, windows *roster.State) scope {
	i := who(r)
	s := a.scopeOf(i, v, windows)
	if i.Role != wire.RoleLiaison {
		s.department = ""
	}
	return s
}

func (x *RatingRow) when() time.Time {
	if x.Started != nil {
		return *x.Started
	}
	return x.Presses[0].At
}

// is tells whether a row is of a result that was asked for.
func (x *RatingRow) is(result string) bool {
	switch result {
	case "":
		return true
	case "bad":
		return x.Result == "rated" && x.Level <= 2
	case "invalid":
		return slices.ContainsFunc(x.Presses, func(p PressRow) bool { return p.State == string(rating.Invalid) })
	}
	return x.Result == result
}

// ratingRows makes rows of sheets.
type ratingRows struct {
	a       *API
	v       *register.View
	windows *roster.State
	rows    []RatingRow
}

func (l *ratingRows) sheet(s rating.Sheet, wanted func(*RatingRow) bool) {
	index := map[string]int{}
	all := make([]RatingRow, 0, len(s.Visits))
	for i := range s.Visits {
		x := &s.Visits[i]
		index[x.ID] = len(all)
		all = append(all, l.visit(x))
	}
	for i := range s.Presses {
		p := &s.Presses[i]
		row := PressRow{ID: p.ID, At: *millis(p.At, l.a.Zone), Level: p.Level, Source: p.Source, State: string(p.State), Reason: string(p.Why), Position: p.Position}
		if at, ok := index[p.Of]; ok {
			all[at].Presses = append(all[at].Presses, row)
			continue
		}
		all = append(all, RatingRow{Day: string(p.Day), Window: p.Window, Result: "none", Presses: []PressRow{row}})
	}
	for i := range all {
		if wanted(&all[i]) {
			l.rows = append(l.rows, all[i])
		}
	}
}

func (l *ratingRows) visit(x *rating.JudgedVisit) RatingRow {
	row := RatingRow{Visit: x.ID, Day: string(x.Day), Window: x.By.Window, Staff: x.By.Staff, Department: x.Department, Service: x.Service, Ticket: x.Ticket,
		Outcome: x.Outcome, Result: string(x.Result), Level: x.Level, Presses: []PressRow{}, Position: x.Position}
	if n := len(x.Spans); n > 0 {
		row.Started = millis(x.Spans[0].From, l.a.Zone)
		if until := x.Spans[n-1].Until; until > 0 {
			row.Ended = millis(until, l.a.Zone)
		}
	}
	if e, ok := l.v.Ratings.Explained.Get(x.ID); ok && x.Bad() { // not of one that was corrected to a good one
		row.Reasons = e.Reasons
	}
	if file, ok := l.v.State.Conduct.OfVisit(x.ID); ok {
		row.Case = file.Number
	}
	switch {
	case x.Excluded:
		row.Exclusion = "excluded"
	case l.proposed(x.ID):
		row.Exclusion = "proposed"
	}
	return row
}

func (l *ratingRows) proposed(visit string) bool {
	for _, e := range l.v.Ratings.Exclusions.Each() {
		if e.Visit == visit && e.Decided == nil {
			return true
		}
	}
	return false
}

// named gives rows the names of people, windows and services.
func (l *ratingRows) named(rows []RatingRow) []RatingRow {
	for i := range rows {
		x := &rows[i]
		x.Number = l.windows.Windows[x.Window].Number
		service, _ := l.v.State.Line.Services.Get(x.Service)
		x.ServiceName = service.Name
		if x.Staff != "" {
			x.StaffName = l.a.nameOf(l.v, x.Staff)
		}
	}
	return slices.Clone(rows)
}

func (a *API) getReasons(w http.ResponseWriter, r *http.Request) error {
	var list ReasonList
	a.Register.Read(func(v *register.View, _ *roster.State) { list.Reasons = v.State.Desk.ReasonList() })
	return sendJSON(w, r, list)
}

func (a *API) getPublications(w http.ResponseWriter, r *http.Request) error {
	var c checks
	limit := c.number(r, "limit", defaultPage, 1, maxPage)
	if err := c.err(); err != nil {
		return err
	}
	asked := r.URL.Query().Get("period")
	list := PublicationList{Publications: []PublicationRow{}}
	i := who(r)
	inside, people := i.May(access.ReadHall), i.May(access.ReadAll)
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for period, all := range v.State.Desk.Releases.Each() {
			if asked != "" && period != asked {
				continue
			}
			if last := all[len(all)-1]; last.Withdrawn != nil {
				list.Withdrawn = append(list.Withdrawn, WithdrawnFigures{period, last.Revision, *a.withdrawal(last.Withdrawn, people)})
				if !inside {
					continue
				}
			}
			from, _, _ := rating.Period(period)
			for _, x := range all {
				if x.Withdrawn != nil && !inside {
					continue
				}
				list.Publications = append(list.Publications, PublicationRow{x.RatingPublished, x.By, x.At, rating.Rates(x.Figures, rating.CaseFigures{}, rating.Published(from)), a.withdrawal(x.Withdrawn, people)})
			}
		}
	})
	slices.SortFunc(list.Withdrawn, func(a, b WithdrawnFigures) int { return b.At.Compare(a.At) })
	slices.SortFunc(list.Publications, func(a, b PublicationRow) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Period, a.Period), cmp.Compare(b.Revision, a.Revision))
	})
	list.Publications = list.Publications[:min(int(limit), len(list.Publications))]
	return sendJSON(w, r, list)
}

func (a *API) publish(_ *http.Request, body []byte) (order, error) {
	var b publishBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	c := rating.Publish{Period: b.Period}
	if from, until, ok := rating.Period(b.Period); ok {
		a.Register.Read(func(v *register.View, _ *roster.State) {
			c.Figures = v.Ratings.Total(from, until, a.Now(), nil)
			c.Final = c.Figures.Open == 0 && until < a.today()
		})
	}
	return order{cmd: c, status: http.StatusOK}, nil
}
