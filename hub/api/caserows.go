package api

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"hallkeeper/hub/access"
	"hallkeeper/hub/conduct"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// The answers about cases.
type (
	// CaseRow is one case and how it stands today.
	CaseRow struct {
		Case   string          `json:"case"`
		Number string          `json:"number"`
		Source wire.CaseSource `json:"source"`
		// Visit, Level and Reasons are of the rating that it comes from.
		Visit   string   `json:"visit,omitempty"`
		Level   int      `json:"level,omitempty"`
		Reasons []string `json:"reasons,omitempty"`
		// Department answers for it, and Handler where it was given to one person.
		Department     string `json:"department,omitempty"`
		DepartmentName string `json:"department_name,omitempty"`
		Handler        string `json:"handler,omitempty"`
		HandlerName    string `json:"handler_name,omitempty"`
		// Window, Staff and Service are what it is about.
		Window       string `json:"window,omitempty"`
		WindowNumber string `json:"window_number,omitempty"`
		Staff        string `json:"staff,omitempty"`
		StaffName    string `json:"staff_name,omitempty"`
		Service      string `json:"service,omitempty"`
		ServiceName  string `json:"service_name,omitempty"`
		// Words and Contact tell that the citizen left a text and a phone number.
		Words   bool `json:"words,omitempty"`
		Contact bool `json:"contact,omitempty"`
		Hard    bool `json:"hard,omitempty"`
		// Day is that of its opening, Happened of what it is about where it is another.
		Day      string `json:"day"`
		Happened string `json:"happened,omitempty"`
		// State is open, answered, rectified or closed; Result of a closed one is rectified, unfounded or excluded.
		State       string `json:"state"`
		Result      string `json:"result,omitempty"`
		AnsweredOn  string `json:"answered_on,omitempty"`
		RectifiedOn string `json:"rectified_on,omitempty"`
		End         string `json:"end,omitempty"`
		// Rounds is how often it was to be rectified, Calls the tries to reach the citizen since it was last.
		Rounds int `json:"rounds"`
		Calls  int `json:"calls,omitempty"`
		// Revisit is what the last call came to: satisfied, unsatisfied or unreached.
		Revisit string `json:"revisit,omitempty"`
		// Extension, Appeal and Exclusion are waiting, granted or refused.
		Extension string `json:"extension,omitempty"`
		Appeal    string `json:"appeal,omitempty"`
		Exclusion string `json:"exclusion,omitempty"`
		conduct.Standing
	}
	// CaseList is cases, those that wait past their last day first, and counts of all open ones that the asker may see.
	CaseList struct {
		Cases []CaseRow `json:"cases"`
		Open  int       `json:"open"`
		Late  int       `json:"late"`
		Soon  int       `json:"soon"`
	}
	// CaseStep is one event of a case's story, by its position in the log.
	CaseStep struct {
		Kind     wire.Kind     `json:"kind"`
		Position wire.Position `json:"position"`
		Day      string        `json:"day"`
		Say      string        `json:"say,omitempty"`
		By       string        `json:"by,omitempty"`
		// Text is what was said: plain text, whatever it looks like.
		Text string `json:"text,omitempty"`
		// Phone is the citizen's number, masked; who may see it whole asks POST personal/case/{id}/reveal.
		Phone string `json:"phone,omitempty"`
		// Removed: what was said was removed as prescribed.
		Removed bool `json:"removed,omitempty"`
	}
	// CaseExtension is one request for more working days.
	CaseExtension struct {
		Extension string `json:"extension"`
		Day       string `json:"day"`
		Days      int    `json:"days"`
		State     string `json:"state"`
		By        string `json:"by,omitempty"`
	}
	// CaseAppeal is the appeal of the staff member.
	CaseAppeal struct {
		Appeal string `json:"appeal"`
		Day    string `json:"day"`
		State  string `json:"state"`
		By     string `json:"by,omitempty"`
	}
	// CaseStory is one case with all that happened.
	CaseStory struct {
		CaseRow
		// Reveals: who asks may see it whole for a reason. Looks are who did.
		Reveals       bool            `json:"reveals,omitempty"`
		Looks         []LookRow       `json:"looks,omitempty"`
		Steps         []CaseStep      `json:"steps"`
		Extensions    []CaseExtension `json:"extensions"`
		AppealMade    *CaseAppeal     `json:"appeal_made,omitempty"`
		ExclusionMade *ExclusionRow   `json:"exclusion_made,omitempty"`
	}
	// ExclusionRow is one proposal to take a rating out.
	ExclusionRow struct {
		Exclusion    string        `json:"exclusion"`
		Visit        string        `json:"visit"`
		Window       string        `json:"window"`
		WindowNumber string        `json:"window_number,omitempty"`
		Day          string        `json:"day"`
		Why          string        `json:"why"`
		Case         string        `json:"case,omitempty"`
		CaseNumber   string        `json:"case_number,omitempty"`
		State        string        `json:"state"`
		On           string        `json:"on"`
		By           string        `json:"by"`
		Reason       string        `json:"reason,omitempty"`
		Decided      string        `json:"decided,omitempty"`
		Second       string        `json:"second,omitempty"`
		Verdict      string        `json:"verdict,omitempty"`
		Position     wire.Position `json:"position"`
	}
	// ExclusionList is proposals, newest first.
	ExclusionList struct {
		Exclusions []ExclusionRow `json:"exclusions"`
	}
)

// caseScope says which cases somebody sees; the caller holds the register still.
func (a *API) caseScope(i access.Identity, v *register.View, windows *roster.State) func(*conduct.Case) bool {
	s := a.scopeOf(i, v, windows)
	return func(c *conduct.Case) bool {
		if i.Staff != "" && i.Staff == c.Staff && a.tooFresh(v, c) {
			return false
		}
		return s.all || liaises(&i, c) || i.Role == wire.RoleRepresentative && s.windows[c.Window] || s.own(c.Staff) || s.own(c.Handler)
	}
}

// tooFresh tells whether the person whom a bad review is about is not told of it
// yet: nobody learns at the window how the citizen who is just leaving has rated.
func (a *API) tooFresh(v *register.View, c *conduct.Case) bool {
	p, _ := v.State.Policy.On("case_told_days", hall.Date(c.Day))
	return c.Rating() && hall.Date(c.Day).AddDays(int(p.Value)) > a.today()
}

func (a *API) caseRow(v *register.View, windows *roster.State, c *conduct.Case) CaseRow {
	d, _ := v.State.People.Departments.Get(c.Department)
	service, _ := v.State.Line.Services.Get(c.Service)
	row := CaseRow{Case: c.Case, Number: c.Number, Source: c.Source, Visit: c.Visit, Level: c.Level, Reasons: c.Reasons, Department: c.Department, DepartmentName: d.Name,
		Handler: c.Handler, HandlerName: a.nameOf(v, c.Handler), Window: c.Window, WindowNumber: windows.Windows[c.Window].Number, Staff: c.Staff, StaffName: a.nameOf(v, c.Staff),
		Service: c.Service, ServiceName: service.Name, Words: c.Words, Contact: c.Contact, Hard: c.Hard, Day: c.Day, Happened: c.Happened, State: c.State, Result: c.Result,
		AnsweredOn: string(c.AnsweredOn), RectifiedOn: string(c.RectifiedOn()), End: string(c.End), Rounds: len(c.Rounds), Calls: c.Calls, Revisit: c.Revisit,
		Standing: c.On(v.State.Policy, a.today())}
	if n := len(c.Extensions); n > 0 {
		row.Extension = c.Extensions[n-1].State
	}
	if c.Appeal != nil {
		row.Appeal = c.Appeal.State
	}
	if x, ok := v.State.Conduct.ExclusionOf(c.Visit); ok && c.Visit != "" {
		row.Exclusion = x.State
	}
	return row
}

// story is one case as far as somebody sees it; the caller holds the register still.
func (a *API) story(v *register.View, windows *roster.State, c *conduct.Case, s sight) CaseStory {
	x := CaseStory{CaseRow: a.caseRow(v, windows, c), Steps: []CaseStep{}, Extensions: []CaseExtension{}}
	for k := range c.Steps {
		step := &c.Steps[k]
		row := CaseStep{Kind: step.Kind, Position: step.Position, Day: string(step.Day), Say: step.Say, By: step.By}
		if step.Told() {
			row.Text, row.Phone = a.wordsFor(s, step.Sealed, "words"), a.number(s, step.Sealed)
		} else {
			row.Text = a.wordsFor(s, step.Sealed, "text", "reason")
		}
		row.Removed = a.removed(step.Sealed)
		x.Steps = append(x.Steps, row)
	}
	for _, e := range c.Extensions {
		x.Extensions = append(x.Extensions, CaseExtension{e.ID, string(e.Day), e.Days, e.State, e.By})
	}
	if p := c.Appeal; p != nil {
		x.AppealMade = &CaseAppeal{p.ID, string(p.Day), p.State, p.By}
	}
	if e, ok := v.State.Conduct.ExclusionOf(c.Visit); ok && c.Visit != "" {
		row := a.exclusionRow(v, windows, &e, s)
		x.ExclusionMade = &row
	}
	return x
}

func (a *API) exclusionRow(v *register.View, windows *roster.State, x *conduct.Exclusion, s sight) ExclusionRow {
	c, _ := v.State.Conduct.Find(x.Case)
	return ExclusionRow{Exclusion: x.Exclusion, Visit: x.Visit, Window: x.Window, WindowNumber: windows.Windows[x.Window].Number, Day: x.Day, Why: x.Why, Case: x.Case, CaseNumber: c.Number,
		State: x.State, On: string(x.On), By: x.By, Reason: a.wordsFor(s, x.Reason, "reason"), Decided: string(x.Decided), Second: x.Second, Verdict: a.wordsFor(s, x.Verdict, "reason"), Position: x.First}
}

// listCases gives what a request asks for, as far as somebody may see it.
func (a *API) listCases(r *http.Request) (CaseList, error) {
	list, q := CaseList{Cases: []CaseRow{}}, r.URL.Query()
	var bad checks
	state := cmp.Or(bad.choice(r, "state", "open", "late", "soon", "closed", "all"), "open")
	source := bad.choice(r, "source", conduct.Sources()...)
	from, until, err := span(r)
	if err := cmp.Or(bad.err(), err); err != nil {
		return list, err
	}
	fits := func(want, got string) bool { return want == "" || want == got }
	today := a.today()
	a.Register.Read(func(v *register.View, windows *roster.State) {
		sees := a.caseScope(who(r), v, windows)
		for _, c := range v.State.Conduct.Cases.All() {
			if !sees(&c) {
				continue
			}
			soon, late := c.Pressing(v.State.Policy, today)
			list.count(&c, soon, late)
			asked := state == "all" || state == "open" && c.IsOpen() || state == "late" && late || state == "soon" && soon || state == "closed" && !c.IsOpen()
			if asked && fits(q.Get("department"), c.Department) && fits(source, string(c.Source)) && fits(q.Get("window"), c.Window) && from <= hall.Date(c.Day) && hall.Date(c.Day) <= until {
				list.Cases = append(list.Cases, a.caseRow(v, windows, &c))
			}
		}
	})
	slices.SortFunc(list.Cases, func(x, y CaseRow) int {
		return cmp.Or(x.rank(today)-y.rank(today), strings.Compare(x.waits(), y.waits()), strings.Compare(x.Number, y.Number))
	})
	return list, nil
}

// rank puts what waits past its last day first and what is closed last.
func (x *CaseRow) rank(today hall.Date) int {
	switch {
	case x.State == conduct.Closed:
		return 3
	case x.Left != nil && string(today) > x.waits():
		return 0
	case x.Soon:
		return 1
	}
	return 2
}

// waits is the day by which the next step is due.
func (x *CaseRow) waits() string {
	if x.State == conduct.Open {
		return x.AnswerDue
	}
	return x.RectifyDue
}

func (l *CaseList) count(c *conduct.Case, soon, late bool) {
	for n, is := range map[*int]bool{&l.Open: c.IsOpen(), &l.Soon: soon, &l.Late: late} {
		if is {
			*n++
		}
	}
}

func (a *API) getCases(w http.ResponseWriter, r *http.Request) error {
	list, err := a.listCases(r)
	if err != nil {
		return err
	}
	return sendJSON(w, r, list)
}

func (a *API) getCase(w http.ResponseWriter, r *http.Request) error {
	c, err := a.findCase(r.PathValue("id"))
	if err != nil {
		return err
	}
	var story CaseStory
	i := who(r)
	a.Register.Read(func(v *register.View, windows *roster.State) {
		if !a.caseScope(i, v, windows)(&c) {
			err = problem("not_yours")
			return
		}
		story = a.story(v, windows, &c, sightOf(&i, &c))
		if reveals(&i, "case", "words") && sightOf(&i, &c) != seesOwn {
			story.Reveals, story.Looks = true, a.looks(v, conduct.Key(c.Case))
		}
	})
	if err != nil {
		return err
	}
	return sendJSON(w, r, story)
}

// myCases are those about a staff member and those that they answer for: open
// ones, and others that something happened to from a day on.
func (a *API) myCases(v *register.View, windows *roster.State, i access.Identity, from hall.Date) []CaseStory {
	list := []CaseStory{}
	for _, c := range v.State.Conduct.Cases.All() {
		if (c.Staff == i.Staff && !a.tooFresh(v, &c) || c.Handler == i.Staff) && (c.IsOpen() || c.Last >= from) {
			list = append(list, a.story(v, windows, &c, sightOf(&i, &c)))
		}
	}
	slices.SortFunc(list, func(x, y CaseStory) int { return strings.Compare(y.Number, x.Number) })
	return list
}

func (a *API) getExclusions(w http.ResponseWriter, r *http.Request) error {
	var bad checks
	state := bad.choice(r, "state", conduct.Waiting, conduct.Granted, conduct.Refused)
	if err := bad.err(); err != nil {
		return err
	}
	list, i := ExclusionList{Exclusions: []ExclusionRow{}}, who(r)
	a.Register.Read(func(v *register.View, windows *roster.State) {
		for _, x := range v.State.Conduct.Exclusions.All() {
			if state != "" && state != x.State {
				continue
			}
			c, _ := v.State.Conduct.Find(x.Case)
			list.Exclusions = append(list.Exclusions, a.exclusionRow(v, windows, &x, sightOf(&i, &c)))
		}
	})
	slices.SortFunc(list.Exclusions, func(x, y ExclusionRow) int { return cmp.Compare(y.Position, x.Position) })
	return sendJSON(w, r, list)
}
