package api

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"hallkeeper/hub/access"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/matter"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/sheet"
	"hallkeeper/wire"
)

// The answers about matters.
type (
	// MatterRow is one matter and how it stands today.
	MatterRow struct {
		Matter     string `json:"matter"`
		Number     string `json:"number"`
		Service    string `json:"service"`
		Name       string `json:"name"`
		Department string `json:"department"`
		Window     string `json:"window"`
		// State is accepted, supplemented, suspended (Why), concluded (Result) or void.
		State  string `json:"state"`
		Why    string `json:"why,omitempty"`
		Result string `json:"result,omitempty"`
		// Day is that of acceptance, End that of its conclusion; Promised and Legal are limits in working days.
		Day      string `json:"day"`
		End      string `json:"end,omitempty"`
		Promised int    `json:"promised,omitempty"`
		Legal    int    `json:"legal,omitempty"`
		// Owed are documents that were promised, until GapsDue.
		Owed    []string `json:"owed,omitempty"`
		GapsDue string   `json:"gaps_due,omitempty"`
		// Visits is how many visits it is known to have taken.
		Visits int `json:"visits"`
		matter.Standing
	}
	// MatterList is matters, those that are late first, and counts of all that the asker may see.
	MatterList struct {
		Matters []MatterRow `json:"matters"`
		Overdue int         `json:"overdue"`
		Soon    int         `json:"soon"`
		Open    int         `json:"open"`
	}
	// MatterStep is one event of a matter's story, by its position in the log.
	MatterStep struct {
		Kind      wire.Kind     `json:"kind"`
		Position  wire.Position `json:"position"`
		Day       string        `json:"day"`
		Say       string        `json:"say,omitempty"`
		Documents []string      `json:"documents,omitempty"`
		By        string        `json:"by,omitempty"`
		Reason    string        `json:"reason,omitempty"`
	}
	// MatterVisit is one visit, by the position of its end in the log.
	MatterVisit struct {
		Visit    string        `json:"visit"`
		Position wire.Position `json:"position"`
		Day      string        `json:"day"`
		Window   string        `json:"window"`
		Outcome  string        `json:"outcome"`
		Missing  []string      `json:"missing,omitempty"`
		Reason   string        `json:"reason,omitempty"`
	}
	// MatterStory is one matter with all that happened.
	MatterStory struct {
		MatterRow
		// Documents are those of the service's guide.
		Documents []string      `json:"documents"`
		Steps     []MatterStep  `json:"steps"`
		VisitList []MatterVisit `json:"visit_list"`
	}
	// RepeatRow is visits that belong together.
	RepeatRow struct {
		Service string `json:"service"`
		Name    string `json:"name"`
		// Number is of the matter, if there is one.
		Number string `json:"number,omitempty"`
		// Notices counts the notices of what is missing: a second one breaks 一次性告知.
		Notices   int           `json:"notices"`
		VisitList []MatterVisit `json:"visit_list"`
	}
	// RepeatList is threads of two visits and more, the latest first.
	RepeatList struct {
		Repeats []RepeatRow `json:"repeats"`
	}
	// VisitEnd answers the end of a visit.
	VisitEnd struct {
		Changed
		// Matter is the one that the visit opened or went on with.
		Matter *MatterRow `json:"matter,omitempty"`
		// Visits is how many visits this was for the same thing, as far as it is known.
		Visits int `json:"visits,omitempty"`
		// ToldBefore tells that what is missing was told at an earlier visit.
		ToldBefore bool `json:"told_before,omitempty"`
	}
	finishBody struct {
		Mode    string `json:"mode,omitempty"`
		Outcome string `json:"outcome,omitempty"`
		Reason  string `json:"reason,omitempty"`
		Matter  string `json:"matter,omitempty"`
		// Citizen is an ID or mobile phone number; only its keyed hash is kept.
		Citizen string   `json:"citizen,omitempty"`
		Missing []string `json:"missing,omitempty"`
		GapsDue string   `json:"gaps_due,omitempty"`
		Result  string   `json:"result,omitempty"`
	}
)

func (a *API) matterRoutes() []route {
	id := in("id", "办件编号", "the matter's number or id")
	filters := []param{query("state", "open（默认）、overdue、soon、concluded 或 all", "open (the default), overdue, soon, concluded or all"),
		query("department", "单位编号", "a department's id"), query("window", "窗口编号", "a window's id"), query("number", "编号的一部分", "a part of the number")}
	export := exports(read(access.Watch, v1+"matters/export", "办件表", "the matters as a table", nil, a.exportMatters,
		append(slices.Clone(filters), query("format", "xlsx（默认）或 csv", "xlsx (the default) or csv"))...))
	change := func(may access.Permission, name, zh, en string, body any, build func(*http.Request, []byte) (order, error), refusals ...string) route {
		return a.change(may, "POST", "matters/{id}/"+name, zh, en, body, a.ownMatter(build), append(refusals, "matter_unknown", "matter_concluded", "not_yours"), id)
	}
	return []route{
		read(access.Watch, v1+"matters", "办件，超期的在前", "the matters, those that are late first", MatterList{}, a.getMatters, filters...),
		export,
		read(access.Watch, v1+"matters/{id}", "一件办件的经过", "one matter with all that happened", MatterStory{}, a.getMatter, id),
		read(access.ReadAll, v1+"visits/repeated", "重复来访（两头跑）", "visits that came again for one thing", RepeatList{}, a.getRepeats),
		change(access.Serve, "supplement", "补交材料", "documents were handed in", matter.Supplement{}, enter(func(r *http.Request, c *matter.Supplement) { c.Matter = r.PathValue("id") })),
		change(access.Serve, "suspend", "中止计时，须写原因", "stop the clock, with the reason", matter.Suspend{}, enter(func(r *http.Request, c *matter.Suspend) { c.Matter = r.PathValue("id") }), "matter_suspended"),
		change(access.Serve, "resume", "恢复计时", "let the clock go on", emptyBody{}, enter(func(r *http.Request, c *matter.Resume) { c.Matter = r.PathValue("id") }), "matter_not_suspended"),
		change(access.Serve, "conclude", "办结", "conclude", matter.Conclude{}, enter(func(r *http.Request, c *matter.Conclude) { c.Matter = r.PathValue("id") })),
		change(access.Decide, "correct", "更正登记，须写原因", "put a wrong entry right, with the reason", matter.Correct{}, enter(func(r *http.Request, c *matter.Correct) { c.Matter = r.PathValue("id") }), "matter_open"),
	}
}

// hashCitizen puts the keyed hash of an ID or phone number in its place.
func (a *API) hashCitizen(citizen *string) error {
	if *citizen == "" {
		return nil
	}
	number := strings.ToUpper(strings.TrimPrefix(strings.NewReplacer(" ", "", "-", "").Replace(*citizen), "+86"))
	if !regexp.MustCompile(`^1[0-9]{10}$`).MatchString(number) && !identity(number) {
		return wrong(field{"citizen", "format", text{"应为 18 位身份证号或 11 位手机号", "must be an identity number of 18 digits or a mobile number of 11"}})
	}
	*citizen = a.Register.CitizenToken(number)
	return nil
}

// identity checks an identity number by its last character (GB 11643).
func identity(number string) bool {
	if !regexp.MustCompile(`^[0-9]{17}[0-9X]$`).MatchString(number) {
		return false
	}
	sum, weight := 0, 1
	for i := 17; i >= 0; i-- {
		digit := int(number[i] - '0')
		if number[i] == 'X' {
			digit = 10
		}
		sum, weight = sum+digit*weight, weight*2%11
	}
	return sum%11 == 1
}

func (a *API) finishVisit(r *http.Request, body []byte) (order, error) {
	var b finishBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	if err := a.hashCitizen(&b.Citizen); err != nil {
		return order{}, err
	}
	c := matter.Finish{Window: r.PathValue("id"), Mode: b.Mode, Outcome: b.Outcome, Reason: b.Reason, MatterNumber: b.Matter, Citizen: b.Citizen, Missing: b.Missing, GapsDue: b.GapsDue, Result: b.Result}
	return order{cmd: c, status: http.StatusOK, kind: wire.KindVisitFinished, answer: a.visitEnd}, nil
}

func (a *API) visitEnd(done Changed) (any, error) {
	end := VisitEnd{Changed: done}
	var d wire.VisitFinished
	if len(done.Events) == 0 {
		return end, nil
	}
	if err := jsonInto(done.Events[0].Data, &d); err != nil {
		return end, err
	}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		if m, ok := v.State.Matters.Matters.Get(d.Matter); ok {
			row := a.matterRow(v, &m)
			end.Matter, end.Visits = &row, row.Visits
		}
		if t, ok := v.State.Matters.ThreadOf(d); ok {
			end.Visits = len(t.Visits)
			end.ToldBefore = d.Outcome == "notice" && t.Notices() > 1
		}
	})
	return end, nil
}

// windowsOf are the windows whose matters somebody may touch; all where all is true.
func (a *API) windowsOf(i access.Identity, v *register.View, windows *roster.State) (all bool, own map[string]bool) {
	if i.May(access.ReadAll) { // an auditor reads all of them, and can change none
		return true, nil
	}
	own = map[string]bool{}
	if i.Staff == "" {
		return false, own
	}
	day := a.today()
	people := &v.State.People
	x, _ := people.Staff.Get(i.Staff)
	held := x.PostOf(day)
	for id := range people.Posts.All() {
		if p, ok := people.Post(id, day); ok && (id == held || slices.Contains(p.Deputies, i.Staff)) {
			own[p.Window] = true
		}
	}
	for id := range windows.Windows {
		if people.RepresentativeOf(id, day) == i.Staff {
			own[id] = true
		}
	}
	return false, own
}

// ownMatter lets people without the right to decide touch only matters of their windows.
func (a *API) ownMatter(build func(*http.Request, []byte) (order, error)) func(*http.Request, []byte) (order, error) {
	return func(r *http.Request, body []byte) (order, error) {
		if err := a.seenMatter(r, nil); err != nil {
			return order{}, err
		}
		return build(r, body)
	}
}

// seenMatter finds the matter that a path names, for those who may see it.
func (a *API) seenMatter(r *http.Request, use func(*register.View, *matter.Matter)) (err error) {
	a.Register.Read(func(v *register.View, windows *roster.State) {
		m, known := v.State.Matters.Find(r.PathValue("id"))
		if !known {
			err = hall.Unknown("matter_unknown", "没有这件办件", "there is no such matter")
			return
		}
		if all, own := a.windowsOf(who(r), v, windows); !all && !own[m.Window] {
			err = problem("not_yours")
			return
		}
		if use != nil {
			use(v, &m)
		}
	})
	return err
}

func (a *API) matterRow(v *register.View, m *matter.Matter) MatterRow {
	day := a.today()
	soon, _ := v.State.Policy.On("matter_soon", day)
	service, _ := v.State.Line.Services.Get(m.Service)
	row := MatterRow{Matter: m.Matter, Number: m.Number, Service: m.Service, Name: cmp.Or(service.Name, m.Service), Department: m.Department, Window: m.Window, State: m.State,
		Why: m.Why, Result: m.Result, Day: m.Day, End: string(m.End), Promised: m.Promised, Legal: m.Legal, Owed: m.Owed, GapsDue: m.GapsDue, Visits: 1,
		Standing: m.On(v.State.Policy.Calendar(), day, int(soon.Value))}
	if t, ok := v.State.Matters.Threads.Get(m.Thread); ok {
		row.Visits = len(t.Visits)
	}
	return row
}

// listMatters gives what a request asks for, as far as somebody may see it.
func (a *API) listMatters(r *http.Request) (MatterList, error) {
	q := r.URL.Query()
	state := cmp.Or(q.Get("state"), "open")
	if !slices.Contains([]string{"open", "overdue", "soon", "concluded", "all"}, state) {
		return MatterList{}, wrong(field{"state", "choice", text{"应为 open、overdue、soon、concluded 或 all", "must be open, overdue, soon, concluded or all"}})
	}
	list := MatterList{Matters: []MatterRow{}}
	a.Register.Read(func(v *register.View, windows *roster.State) {
		all, own := a.windowsOf(who(r), v, windows)
		for _, m := range v.State.Matters.Matters.All() {
			if !all && !own[m.Window] {
				continue
			}
			row := a.matterRow(v, &m)
			list.count(&m, &row)
			fits := state == "all" || state == "open" && m.Open() || state == "overdue" && m.Open() && row.Late() || state == "soon" && row.Soon || state == "concluded" && m.State == matter.Concluded
			if fits && (q.Get("department") == "" || q.Get("department") == m.Department) && (q.Get("window") == "" || q.Get("window") == m.Window) && strings.Contains(m.Number, q.Get("number")) {
				list.Matters = append(list.Matters, row)
			}
		}
	})
	rank := func(m MatterRow) int {
		switch {
		case m.End != "" || m.State == matter.Void:
			return 3
		case m.Late():
			return 0
		case m.Soon:
			return 1
		}
		return 2
	}
	slices.SortFunc(list.Matters, func(x, y MatterRow) int {
		return cmp.Or(rank(x)-rank(y), strings.Compare(x.Day, y.Day), strings.Compare(x.Number, y.Number))
	})
	return list, nil
}

func (l *MatterList) count(m *matter.Matter, row *MatterRow) {
	if !m.Open() {
		return
	}
	l.Open++
	if row.Late() {
		l.Overdue++
	}
	if row.Soon {
		l.Soon++
	}
}

func (a *API) getMatters(w http.ResponseWriter, r *http.Request) error {
	list, err := a.listMatters(r)
	if err != nil {
		return err
	}
	return sendJSON(w, r, list)
}

func (a *API) matterVisits(t *matter.Thread) []MatterVisit {
	rows := []MatterVisit{}
	for _, x := range t.Visits {
		rows = append(rows, MatterVisit{x.Visit, x.Position, string(x.Day), x.Window, x.Outcome, x.Missing, a.sealed(x.Reason, "reason")})
	}
	return rows
}

func (a *API) getMatter(w http.ResponseWriter, r *http.Request) error {
	var story MatterStory
	err := a.seenMatter(r, func(v *register.View, m *matter.Matter) {
		service, _ := v.State.Line.Services.Get(m.Service)
		story = MatterStory{MatterRow: a.matterRow(v, m), Documents: append([]string{}, service.Documents...), Steps: []MatterStep{}}
		for _, s := range m.Steps {
			story.Steps = append(story.Steps, MatterStep{s.Kind, s.Position, string(s.Day), s.Say, s.Documents, s.By, a.sealed(s.Reason, "reason")})
		}
		t, _ := v.State.Matters.Threads.Get(m.Thread)
		story.VisitList = a.matterVisits(&t)
	})
	if err != nil {
		return err
	}
	return sendJSON(w, r, story)
}

func (a *API) getRepeats(w http.ResponseWriter, r *http.Request) error {
	list := RepeatList{Repeats: []RepeatRow{}}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for _, t := range v.State.Matters.Threads.All() {
			if len(t.Visits) < 2 {
				continue
			}
			service, _ := v.State.Line.Services.Get(t.Service)
			m, _ := v.State.Matters.Matters.Get(t.Matter)
			list.Repeats = append(list.Repeats, RepeatRow{t.Service, cmp.Or(service.Name, t.Service), m.Number, t.Notices(), a.matterVisits(&t)})
		}
	})
	slices.SortFunc(list.Repeats, func(x, y RepeatRow) int {
		return cmp.Compare(y.VisitList[len(y.VisitList)-1].Position, x.VisitList[len(x.VisitList)-1].Position)
	})
	return sendJSON(w, r, list)
}

func (a *API) exportMatters(w http.ResponseWriter, r *http.Request) error {
	list, err := a.listMatters(r)
	if err != nil {
		return err
	}
	columns := []sheet.Column{{Name: "number", ZH: "编号", EN: "Number"}, {Name: "name", ZH: "事项", EN: "Service"}, {Name: "department", ZH: "单位", EN: "Department"},
		{Name: "window", ZH: "窗口", EN: "Window"}, {Name: "day", ZH: "受理日", EN: "Accepted", Date: true}, {Name: "state", ZH: "状态", EN: "State"}, {Name: "result", ZH: "结果", EN: "Result"},
		{Name: "used", ZH: "已用工作日", EN: "Working days used"}, {Name: "promised", ZH: "承诺时限", EN: "Promised"}, {Name: "promised_due", ZH: "承诺到期", EN: "Promised until", Date: true},
		{Name: "legal", ZH: "法定时限", EN: "Legal"}, {Name: "legal_due", ZH: "法定到期", EN: "Legal until", Date: true}, {Name: "late", ZH: "是否超期", EN: "Late"},
		{Name: "owed", ZH: "容缺材料", EN: "Owed"}, {Name: "gaps_due", ZH: "补齐期限", EN: "Owed until", Date: true}, {Name: "visits", ZH: "来访次数", EN: "Visits"}, {Name: "end", ZH: "办结日", EN: "Concluded", Date: true}}
	rows := [][]string{}
	for _, m := range list.Matters {
		late := ""
		if m.Late() {
			late = "是"
		}
		rows = append(rows, []string{m.Number, m.Name, m.Department, m.Window, m.Day, m.State, m.Result, strconv.Itoa(m.Used), strconv.Itoa(m.Promised), m.PromisedDue,
			strconv.Itoa(m.Legal), m.LegalDue, late, strings.Join(m.Owed, "、"), m.GapsDue, strconv.Itoa(m.Visits), m.End})
	}
	var body []byte
	media, ending := "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"
	switch r.URL.Query().Get("format") {
	case "", "xlsx":
		body, err = sheet.WriteXLSX("办件", columns, rows)
	case "csv":
		media, ending = "text/csv; charset=utf-8", "csv"
		body, err = sheet.WriteCSV(columns, rows)
	default:
		return wrong(field{"format", "choice", text{"应为 xlsx 或 csv", "must be xlsx or csv"}})
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="matters.`+ending+`"`)
	send(w, r, http.StatusOK, media, body)
	return nil
}
