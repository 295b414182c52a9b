package api

import (
	"net/http"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
)

// What the procedures of 63号 第十一条 to 第十三条 answer.
type (
	// StepRow is one step of a procedure.
	StepRow struct {
		State string    `json:"state"`
		By    string    `json:"by"`
		At    time.Time `json:"at"`
		Said  string    `json:"said,omitempty"`
	}
	// AssignmentRow is one assignment with the conditions that are not met.
	AssignmentRow struct {
		ID        string     `json:"id"`
		Staff     string     `json:"staff"`
		Name      string     `json:"name"`
		Post      string     `json:"post"`
		Document  string     `json:"document,omitempty"`
		State     string     `json:"state"`
		Unmet     []UnmetRow `json:"unmet"`
		Exception []string   `json:"exception,omitempty"`
		Steps     []StepRow  `json:"steps"`
	}
	// UnmetRow is one condition that is not met.
	UnmetRow struct {
		ID      string `json:"id"`
		Article string `json:"article"`
		ZH      string `json:"zh"`
		EN      string `json:"en"`
	}
	// ChangeRow is one application to change a person.
	ChangeRow struct {
		roster.Change
		Name string    `json:"name"`
		Said []StepRow `json:"said"`
	}
	// HandoverRow is one handover.
	HandoverRow struct {
		Staff       string   `json:"staff"`
		Successor   string   `json:"successor"`
		ByLeaver    *StepRow `json:"by_leaver,omitempty"`
		BySuccessor *StepRow `json:"by_successor,omitempty"`
	}
	// ReplacementRow is one demand to replace a person.
	ReplacementRow struct {
		roster.Replacement
		Name    string    `json:"name"`
		Overdue bool      `json:"overdue,omitempty"`
		Said    []StepRow `json:"said"`
	}
	// CriticismRow is one criticism.
	CriticismRow struct {
		Criticism string  `json:"criticism"`
		Staff     string  `json:"staff"`
		Name      string  `json:"name"`
		On        string  `json:"on"`
		Made      StepRow `json:"made"`
		Return    string  `json:"return,omitempty"`
	}
	// ReturnReport is the written report of a return (63号 第十三条(一)): what it names, and its text.
	ReturnReport struct {
		ID         string         `json:"id"`
		Article    string         `json:"article"`
		Staff      string         `json:"staff"`
		Name       string         `json:"name"`
		Department string         `json:"department"`
		On         hall.Date      `json:"on"`
		Criticisms []CriticismRow `json:"criticisms"`
		// Text is the report in Chinese, as it is sent.
		Text string `json:"text"`
	}
	// ProcedureList is all procedures.
	ProcedureList struct {
		Assignments  []AssignmentRow  `json:"assignments"`
		Changes      []ChangeRow      `json:"changes"`
		Handovers    []HandoverRow    `json:"handovers"`
		Replacements []ReplacementRow `json:"replacements"`
		Criticisms   []CriticismRow   `json:"criticisms"`
	}
)

func (a *API) procedureRoutes() []route {
	id := in("id", "编号", "the id")
	return []route{
		read(access.ReadHall, v1+"procedures", "选派、调换、交接与批评教育", "assignments, changes, handovers, replacements and criticisms", ProcedureList{}, a.getProcedures),
		a.change(access.Recommend, "POST", "assignments", "推荐人选", "recommend a person for a post", roster.Recommend{},
			ofDepartment(a, func(c *roster.Recommend) string { return c.Staff }, nil), []string{"assignment_open", "not_yours"}),
		a.change(access.Decide, "POST", "assignments/{id}/examine", "审查人选", "record the examination", roster.Examine{},
			enter(func(r *http.Request, c *roster.Examine) { c.Assignment = r.PathValue("id") }), []string{"assignment_unknown", "assignment_state"}, id),
		a.change(access.Decide, "POST", "assignments/{id}/decide", "接收或退回人选", "accept a person or return the recommendation", roster.DecideAssignment{},
			enter(func(r *http.Request, c *roster.DecideAssignment) { c.Assignment = r.PathValue("id") }), []string{"assignment_unknown", "assignment_state", "not_eligible", "staff_departed", "post_removed"}, id),
		a.change(access.Recommend, "POST", "changes", "申请调换人员", "apply to change a person", roster.AskChange{},
			ofDepartment(a, func(c *roster.AskChange) string { return c.Staff }, nil), []string{"document_missing", "notice_too_short", "not_stable_yet", "not_yours"}),
		a.change(access.Decide, "POST", "changes/{id}/decide", "审批调换", "decide on a change", roster.DecideChange{},
			enter(func(r *http.Request, c *roster.DecideChange) { c.Change = r.PathValue("id") }), []string{"change_unknown", "already_decided"}, id),
		a.change(access.Self, "POST", "handovers", "签署交接单（传帮带）", "sign a handover", roster.SignHandover{}, a.signHandover, []string{"not_yours"}),
		a.change(access.Decide, "POST", "replacements", "要求调换人员（3 个工作日）", "demand a replacement within three working days", roster.DemandReplacement{},
			enter[roster.DemandReplacement](nil), []string{"replacement_open"}),
		a.change(access.Recommend, "POST", "replacements/{id}/meet", "落实调换", "name the person who replaces another", roster.MeetReplacement{},
			a.meetReplacement,
			[]string{"replacement_unknown", "already_met", "not_yours"}, id),
		a.change(access.Decide, "POST", "criticisms", "记录批评教育", "record a criticism", roster.Criticise{}, enter[roster.Criticise](nil), nil),
		read(access.ReadHall, v1+"reports/{id}", "退回报告（报送纪检监察部门）", "the report of a return, for discipline inspection", ReturnReport{}, a.getReport, id),
		a.change(access.Decide, "POST", "staff/{id}/return", "退回派驻单位", "send a person back to the department", roster.ReturnStaff{},
			enter(func(r *http.Request, c *roster.ReturnStaff) { c.Staff = r.PathValue("id") }), []string{"criticisms_too_few"}, id),
	}
}

// ofDepartment lets a liaison act for people of the own department only.
func ofDepartment[T any](a *API, staff func(*T) string, fill func(*http.Request, *T)) func(*http.Request, []byte) (order, error) {
	build := enter(fill)
	return func(r *http.Request, body []byte) (order, error) {
		o, err := build(r, body)
		if err != nil {
			return o, err
		}
		i := who(r)
		c, ok := o.cmd.(T)
		if !ok || i.May(access.Decide) {
			return o, nil
		}
		var s roster.Staff
		a.Register.Read(func(v *register.View, _ *roster.State) { s, _ = v.State.People.Staff.Get(staff(&c)) })
		if s.ID != "" && s.Department != i.Department {
			return o, problem("not_yours")
		}
		return o, nil
	}
}

// meetReplacement lets a liaison meet what was demanded of the own department, with its people.
func (a *API) meetReplacement(r *http.Request, body []byte) (order, error) {
	o, err := ofDepartment(a, func(c *roster.MeetReplacement) string { return c.Successor },
		func(r *http.Request, c *roster.MeetReplacement) { c.Replacement = r.PathValue("id") })(r, body)
	if i := who(r); err == nil && !i.May(access.Decide) {
		a.Register.Read(func(v *register.View, _ *roster.State) {
			if x, ok := v.State.People.Replacements.Get(r.PathValue("id")); ok && x.Department != i.Department {
				err = problem("not_yours")
			}
		})
	}
	return o, err
}

// signHandover lets people sign for themselves only.
func (a *API) signHandover(r *http.Request, body []byte) (order, error) {
	o, err := enter[roster.SignHandover](nil)(r, body)
	if err != nil {
		return o, err
	}
	i := who(r)
	c, ok := o.cmd.(roster.SignHandover)
	own := ok && i.Staff != "" && (c.As == roster.AsLeaver && c.Staff == i.Staff || c.As == roster.AsSuccessor && c.Successor == i.Staff)
	if !own && !i.May(access.Decide) {
		return o, problem("not_yours")
	}
	return o, nil
}

func (a *API) stepRow(s *roster.Step) StepRow {
	row := StepRow{State: s.State, By: s.By, At: s.At}
	if s.Sealed != nil {
		row.Said = a.said(s.Sealed, "note", "reason")
		if by := a.sealed(s.Sealed, "approved_by"); by != "" {
			row.Said += "（" + by + "）"
		}
	}
	return row
}

func (a *API) stepRows(all []roster.Step) []StepRow {
	rows := make([]StepRow, 0, len(all))
	for k := range all {
		rows = append(rows, a.stepRow(&all[k]))
	}
	return rows
}

func (a *API) getProcedures(w http.ResponseWriter, r *http.Request) error {
	list := ProcedureList{Assignments: []AssignmentRow{}, Changes: []ChangeRow{}, Handovers: []HandoverRow{}, Replacements: []ReplacementRow{}, Criticisms: []CriticismRow{}}
	a.Register.Read(func(v *register.View, windows *roster.State) {
		s := a.scopeOf(who(r), v, windows)
		p := &v.State.People
		sees := func(staff string) bool {
			x, _ := p.Staff.Get(staff)
			return s.person(staff, x.Department, "")
		}
		h := roster.Hall{Windows: windows, People: p, Policy: v.State.Policy}
		m := hall.Moment{Now: a.Now(), Day: a.today(), Zone: a.Zone, Unseal: a.Register.Unseal}
		for _, x := range p.Assignments.All() {
			if !sees(x.Staff) {
				continue
			}
			row := AssignmentRow{ID: x.ID, Staff: x.Staff, Name: a.nameOf(v, x.Staff), Post: x.Post, Document: x.Document, State: x.State,
				Exception: x.Exception, Steps: a.stepRows(x.Steps), Unmet: []UnmetRow{}}
			if x.State == roster.Recommended || x.State == roster.Examined {
				for _, u := range h.Unmet(&x, m) {
					row.Unmet = append(row.Unmet, UnmetRow(u))
				}
			}
			list.Assignments = append(list.Assignments, row)
		}
		for _, x := range p.Changes.All() {
			if sees(x.Staff) {
				list.Changes = append(list.Changes, ChangeRow{x, a.nameOf(v, x.Staff), a.stepRows(x.Steps)})
			}
		}
		for _, x := range p.Handovers.All() {
			if !sees(x.Staff) && !sees(x.Successor) {
				continue
			}
			row := HandoverRow{Staff: x.Staff, Successor: x.Successor}
			if x.ByLeaver != nil {
				step := a.stepRow(x.ByLeaver)
				row.ByLeaver = &step
			}
			if x.BySuccessor != nil {
				step := a.stepRow(x.BySuccessor)
				row.BySuccessor = &step
			}
			list.Handovers = append(list.Handovers, row)
		}
		for _, x := range p.Replacements.All() {
			if sees(x.Staff) {
				list.Replacements = append(list.Replacements, ReplacementRow{x, a.nameOf(v, x.Staff), x.Overdue(a.today()), a.stepRows(x.Steps)})
			}
		}
		for _, x := range p.Criticisms.All() {
			if sees(x.Staff) {
				list.Criticisms = append(list.Criticisms, CriticismRow{x.Criticism, x.Staff, a.nameOf(v, x.Staff), x.On, a.stepRow(&x.Made), x.Return})
			}
		}
	})
	return sendJSON(w, r, list)
}
