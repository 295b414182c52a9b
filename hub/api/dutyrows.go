package api

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"hallkeeper/hub/duty"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/report"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// The answers about duties.
type (
	// DutyStep is one event of something's story, by its position in the log.
	DutyStep struct {
		Kind     wire.Kind     `json:"kind"`
		Position wire.Position `json:"position"`
		Day      string        `json:"day"`
		By       string        `json:"by,omitempty"`
		Document string        `json:"document,omitempty"`
		Text     string        `json:"text,omitempty"`
	}
	// DutyEntry is one thing that was entered.
	DutyEntry struct {
		ID             string    `json:"id"`
		Kind           wire.Kind `json:"kind"`
		Date           string    `json:"date"`
		Staff          string    `json:"staff,omitempty"`
		StaffName      string    `json:"staff_name,omitempty"`
		Window         string    `json:"window,omitempty"`
		WindowNumber   string    `json:"window_number,omitempty"`
		Department     string    `json:"department,omitempty"`
		DepartmentName string    `json:"department_name,omitempty"`
		// Say is the source of an exposure, what of a guide is missing, or the period that was scored.
		Say         string `json:"say,omitempty"`
		Item        string `json:"item,omitempty"`
		ItemName    string `json:"item_name,omitempty"`
		Service     string `json:"service,omitempty"`
		ServiceName string `json:"service_name,omitempty"`
		Document    string `json:"document,omitempty"`
		// Attempt is the entry that it confirms.
		Attempt string `json:"attempt,omitempty"`
		// Text is what was said; Place and Points are of items elsewhere and of attempts to score.
		Text      string    `json:"text,omitempty"`
		Place     string    `json:"place,omitempty"`
		Points    string    `json:"points,omitempty"`
		Made      DutyStep  `json:"made"`
		Withdrawn *DutyStep `json:"withdrawn,omitempty"`
	}
	// DutyEntryList is entries, the newest first.
	DutyEntryList struct {
		Entries []DutyEntry `json:"entries"`
	}
	// MissingRow is a window without its exchange meetings.
	MissingRow struct {
		Window         string `json:"window"`
		WindowNumber   string `json:"window_number"`
		Name           string `json:"name"`
		Department     string `json:"department,omitempty"`
		DepartmentName string `json:"department_name,omitempty"`
		Held           int    `json:"held"`
		Least          int    `json:"least"`
	}
	// ExchangeList is the exchange meetings of a month. Missing are the windows without enough of them: so far, or for good where the month is Over.
	ExchangeList struct {
		Month    string       `json:"month"`
		Over     bool         `json:"over"`
		Meetings []DutyEntry  `json:"meetings"`
		Missing  []MissingRow `json:"missing"`
	}
	// ReportDay is one day on which a report is or was due. Late began on LateOn and counts Overdue working days.
	ReportDay struct {
		Due     string `json:"due"`
		Filed   string `json:"filed,omitempty"`
		By      string `json:"by,omitempty"`
		Text    string `json:"text,omitempty"`
		LateOn  string `json:"late_on,omitempty"`
		Overdue int    `json:"overdue,omitempty"`
	}
	// ReportDutyRow is one reporting duty; Days are the due days until the next one, the newest first.
	ReportDutyRow struct {
		Report         string      `json:"report"`
		Title          string      `json:"title"`
		Department     string      `json:"department,omitempty"`
		DepartmentName string      `json:"department_name,omitempty"`
		Window         string      `json:"window,omitempty"`
		WindowNumber   string      `json:"window_number,omitempty"`
		Due            string      `json:"due"`
		Monthly        bool        `json:"monthly,omitempty"`
		Ends           string      `json:"ends,omitempty"`
		Reason         string      `json:"reason,omitempty"`
		Days           []ReportDay `json:"days"`
	}
	// ReportDutyList is the reporting duties.
	ReportDutyList struct {
		Reports []ReportDutyRow `json:"reports"`
		Late    int             `json:"late"`
	}
	// TaskRow is one task and how it stands.
	TaskRow struct {
		Task           string `json:"task"`
		Title          string `json:"title"`
		Text           string `json:"text,omitempty"`
		Department     string `json:"department,omitempty"`
		DepartmentName string `json:"department_name,omitempty"`
		Window         string `json:"window,omitempty"`
		WindowNumber   string `json:"window_number,omitempty"`
		Staff          string `json:"staff,omitempty"`
		StaffName      string `json:"staff_name,omitempty"`
		Day            string `json:"day"`
		Due            string `json:"due"`
		// State is assigned, reported, accepted, returned or cancelled.
		State   string     `json:"state"`
		LateOn  string     `json:"late_on,omitempty"`
		Overdue int        `json:"overdue,omitempty"`
		Steps   []DutyStep `json:"steps"`
	}
	// TaskList is tasks, those that are due first before others.
	TaskList struct {
		Tasks []TaskRow `json:"tasks"`
		Open  int       `json:"open"`
		Late  int       `json:"late"`
	}
	// ItemRow is one item of a department's list. Lacks are the parts of its guide
	// that its service does not have: service, documents, sample, limit, fee.
	ItemRow struct {
		Item           string   `json:"item"`
		Name           string   `json:"name"`
		Department     string   `json:"department"`
		DepartmentName string   `json:"department_name"`
		Service        string   `json:"service,omitempty"`
		ServiceName    string   `json:"service_name,omitempty"`
		Document       string   `json:"document"`
		Since          string   `json:"since"`
		Ended          string   `json:"ended,omitempty"`
		EndedBy        string   `json:"ended_by,omitempty"`
		Lacks          []string `json:"lacks"`
	}
	// ItemList is the items, and those that were handled elsewhere.
	ItemList struct {
		Items     []ItemRow   `json:"items"`
		Elsewhere []DutyEntry `json:"elsewhere"`
	}
	// WithdrawalRow is one withdrawal with its documents.
	WithdrawalRow struct {
		Withdrawal     string `json:"withdrawal"`
		Window         string `json:"window"`
		WindowNumber   string `json:"window_number,omitempty"`
		Department     string `json:"department"`
		DepartmentName string `json:"department_name"`
		// State is asked, examined, approved or refused; From is the first day without the window, Done tells that it has left.
		State string     `json:"state"`
		From  string     `json:"from,omitempty"`
		Done  bool       `json:"done,omitempty"`
		Steps []DutyStep `json:"steps"`
	}
	// WithdrawalList is withdrawals, and windows that were found withdrawn without one.
	WithdrawalList struct {
		Withdrawals []WithdrawalRow `json:"withdrawals"`
		Found       []DutyEntry     `json:"found"`
	}
	// OwnScoreList is departments' own scoring.
	OwnScoreList struct {
		Attempts  []DutyEntry `json:"attempts"`
		Confirmed []DutyEntry `json:"confirmed"`
	}
	// EvaluationRow is one evaluation without its text.
	EvaluationRow struct {
		Evaluation     string `json:"evaluation"`
		Staff          string `json:"staff"`
		Name           string `json:"name"`
		Department     string `json:"department"`
		DepartmentName string `json:"department_name"`
		From           string `json:"from"`
		Until          string `json:"until"`
		// State is draft or signed.
		State    string `json:"state"`
		Signed   string `json:"signed,omitempty"`
		SignedBy string `json:"signed_by,omitempty"`
	}
	// EvaluationList is evaluations.
	EvaluationList struct {
		Evaluations []EvaluationRow `json:"evaluations"`
	}
	// EvaluationAnswer is one evaluation with its text and all that happened.
	EvaluationAnswer struct {
		EvaluationRow
		Text  string     `json:"text"`
		Steps []DutyStep `json:"steps"`
	}
)

func (a *API) dutyStep(s *duty.Step) DutyStep {
	return DutyStep{Kind: s.Kind, Position: s.Position, Day: string(s.Day), By: s.By, Document: s.Document, Text: a.said(s.Sealed, "text", "reason")}
}

func (a *API) dutySteps(all []duty.Step) []DutyStep {
	rows := make([]DutyStep, 0, len(all))
	for k := range all {
		rows = append(rows, a.dutyStep(&all[k]))
	}
	return rows
}

// dutyDesk reads duties for one request; the register is held still.
type dutyDesk struct {
	a     *API
	v     *register.View
	hall  roster.Hall
	scope scope
	today hall.Date
}

func (a *API) atDuties(r *http.Request, use func(d *dutyDesk)) {
	a.Register.Read(func(v *register.View, windows *roster.State) {
		use(&dutyDesk{a, v, v.State.Hall(windows), a.scopeOf(who(r), v, windows), a.today()})
	})
}

func (d *dutyDesk) department(id string) string {
	x, _ := d.v.State.People.Departments.Get(id)
	return x.Name
}

func (d *dutyDesk) number(window string) string { return d.hall.Windows.Windows[window].Number }

func (d *dutyDesk) entry(e *duty.Entry) DutyEntry {
	item, _ := d.v.State.Duties.Items.Get(e.Item)
	service, _ := d.v.State.Line.Services.Get(e.Service)
	department := e.Department
	if department == "" && e.Window != "" {
		department = d.v.State.Duties.DepartmentOf(e.Window, e.Date, d.hall)
	}
	row := DutyEntry{ID: e.ID, Kind: e.Kind, Date: string(e.Date), Staff: e.Staff, StaffName: d.a.nameOf(d.v, e.Staff), Window: e.Window, WindowNumber: d.number(e.Window),
		Department: department, DepartmentName: d.department(department), Say: e.Say, Item: e.Item, ItemName: item.Name, Service: e.Service, ServiceName: service.Name,
		Document: e.Document, Attempt: e.Attempt, Text: d.a.sealed(e.Made.Sealed, "text"), Place: d.a.sealed(e.Made.Sealed, "place"), Points: d.a.sealed(e.Made.Sealed, "points"), Made: d.a.dutyStep(&e.Made)}
	if e.Withdrawn != nil {
		w := d.a.dutyStep(e.Withdrawn)
		row.Withdrawn = &w
	}
	return row
}

// entries lists what somebody may see of a kind, the newest first.
func (d *dutyDesk) entries(kind wire.Kind, fits func(*duty.Entry) bool) []DutyEntry {
	rows := []DutyEntry{}
	for _, e := range d.v.State.Duties.Entries.All() {
		if e.Kind == kind && (fits == nil || fits(&e)) && d.scope.sees(d.v, unit{e.Department, e.Window, e.Staff}) {
			rows = append(rows, d.entry(&e))
		}
	}
	slices.SortFunc(rows, func(x, y DutyEntry) int {
		return cmp.Or(cmp.Compare(y.Date, x.Date), cmp.Compare(y.Made.Position, x.Made.Position))
	})
	return rows
}

func (a *API) entries(kind wire.Kind) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		var list DutyEntryList
		a.atDuties(r, func(d *dutyDesk) { list.Entries = d.entries(kind, nil) })
		return sendJSON(w, r, list)
	}
}

func (a *API) getExchanges(w http.ResponseWriter, r *http.Request) error {
	first, err := a.monthOf(r)
	if err != nil {
		return err
	}
	end := first.MonthEnd()
	list := ExchangeList{Month: string(first[:7]), Over: end < a.today(), Missing: []MissingRow{}}
	a.atDuties(r, func(d *dutyDesk) {
		list.Meetings = d.entries(wire.KindExchangeHeld, func(e *duty.Entry) bool { return first <= e.Date && e.Date <= end })
		for _, m := range d.v.State.Duties.Missing(end, d.today, d.hall) {
			department := d.v.State.Duties.DepartmentOf(m.Window, min(end, d.today), d.hall)
			if x := d.hall.Windows.Windows[m.Window]; d.scope.sees(d.v, unit{department, m.Window, ""}) {
				list.Missing = append(list.Missing, MissingRow{m.Window, x.Number, x.Name, department, d.department(department), m.Held, m.Least})
			}
		}
	})
	return sendJSON(w, r, list)
}

func (a *API) getReportDuties(w http.ResponseWriter, r *http.Request) error {
	list := ReportDutyList{Reports: []ReportDutyRow{}}
	a.atDuties(r, func(d *dutyDesk) {
		for _, x := range d.v.State.Duties.Reports.All() {
			if x.Withdrawn != nil || !d.scope.sees(d.v, unit{x.Department, x.Window, ""}) {
				continue
			}
			row := ReportDutyRow{Report: x.Report, Title: a.sealed(x.Made.Sealed, "title"), Department: x.Department, DepartmentName: d.department(x.Department), Window: x.Window, WindowNumber: d.number(x.Window),
				Due: x.Due, Monthly: x.Monthly, Ends: string(x.Ends), Days: []ReportDay{}}
			if x.Ended != nil {
				row.Reason = a.sealed(x.Ended.Sealed, "reason")
			}
			for _, due := range x.Dues(d.today.AddDays(370)) {
				day, waits := d.reportDay(&x, due)
				row.Days = append(row.Days, day)
				if waits && day.LateOn != "" {
					list.Late++
				}
				if waits && due > d.today { // the next one
					break
				}
			}
			slices.Reverse(row.Days)
			list.Reports = append(list.Reports, row)
		}
	})
	return sendJSON(w, r, list)
}

func (d *dutyDesk) reportDay(x *duty.Report, due hall.Date) (day ReportDay, waits bool) {
	filed, ok := x.FiledFor(due)
	day = ReportDay{Due: string(due), Filed: string(filed.Date), By: filed.Step.By, Text: d.a.sealed(filed.Step.Sealed, "text")}
	if on, days, late := d.hall.Policy.Calendar().Late(due, filed.Date, d.today); late {
		day.LateOn, day.Overdue = string(on), days
	}
	return day, !ok
}

func (d *dutyDesk) task(x *duty.Task) TaskRow {
	first := &x.Steps[0]
	row := TaskRow{Task: x.Task, Title: d.a.sealed(first.Sealed, "title"), Text: d.a.sealed(first.Sealed, "text"), Department: x.Department, DepartmentName: d.department(x.Department), Window: x.Window,
		WindowNumber: d.number(x.Window), Staff: x.Staff, StaffName: d.a.nameOf(d.v, x.Staff), Day: x.Day, Due: x.Due, State: x.State, Steps: d.a.dutySteps(x.Steps)}
	if on, days, late := x.Late(d.hall.Policy.Calendar(), d.today); late {
		row.LateOn, row.Overdue = string(on), days
	}
	return row
}

// tasks lists what somebody may see, those that are open and due first before others.
func (d *dutyDesk) tasks(fits func(*TaskRow) bool) (list TaskList) {
	list.Tasks = []TaskRow{}
	for _, x := range d.v.State.Duties.Tasks.All() {
		if x.Withdrawn != nil || !d.scope.sees(d.v, unit{x.Department, x.Window, x.Staff}) {
			continue
		}
		row := d.task(&x)
		if row.open() {
			list.Open++
			if row.LateOn != "" {
				list.Late++
			}
		}
		if fits(&row) {
			list.Tasks = append(list.Tasks, row)
		}
	}
	slices.SortFunc(list.Tasks, func(x, y TaskRow) int {
		return cmp.Or(rankOf(x.open())-rankOf(y.open()), strings.Compare(x.Due, y.Due), strings.Compare(x.Task, y.Task))
	})
	return list
}

func rankOf(first bool) int {
	if first {
		return 0
	}
	return 1
}

func (t *TaskRow) open() bool { return t.State != duty.Accepted && t.State != duty.Cancelled }

func (a *API) getTasks(w http.ResponseWriter, r *http.Request) error {
	var bad checks
	state := cmp.Or(bad.choice(r, "state", "open", "late", "all"), "open")
	if err := bad.err(); err != nil {
		return err
	}
	var list TaskList
	a.atDuties(r, func(d *dutyDesk) {
		list = d.tasks(func(t *TaskRow) bool { return state == "all" || t.open() && (state == "open" || t.LateOn != "") })
	})
	return sendJSON(w, r, list)
}

func (a *API) getItems(w http.ResponseWriter, r *http.Request) error {
	list := ItemList{Items: []ItemRow{}}
	a.atDuties(r, func(d *dutyDesk) {
		for _, x := range d.v.State.Duties.Items.All() {
			if !d.scope.sees(d.v, unit{x.Department, "", ""}) {
				continue
			}
			service, there := d.v.State.Line.Services.Get(x.Service)
			row := ItemRow{Item: x.Item, Name: x.Name, Department: x.Department, DepartmentName: d.department(x.Department), Service: x.Service, ServiceName: service.Name, Document: x.Document, Since: string(x.Listed.Day), Lacks: []string{}}
			if x.Ended != nil {
				row.Ended, row.EndedBy = string(x.Ended.Day), x.Ended.Document
			} else {
				row.Lacks = lacks(&service, there)
			}
			list.Items = append(list.Items, row)
		}
		list.Elsewhere = d.entries(wire.KindItemElsewhere, nil)
	})
	return sendJSON(w, r, list)
}

// lacks names the parts of a guide that a service does not have.
func lacks(s *wire.ServiceSet, there bool) []string {
	if !there {
		return []string{"service"}
	}
	missing := []string{}
	for _, part := range []struct {
		name string
		has  bool
	}{{"documents", len(s.Documents) > 0}, {"sample", s.Sample != ""}, {"limit", s.Limit != ""}, {"fee", s.Fee != ""}} {
		if !part.has {
			missing = append(missing, part.name)
		}
	}
	return missing
}

func (a *API) getWithdrawals(w http.ResponseWriter, r *http.Request) error {
	list := WithdrawalList{Withdrawals: []WithdrawalRow{}}
	a.atDuties(r, func(d *dutyDesk) {
		for _, x := range d.v.State.Duties.Withdrawals.All() {
			if d.scope.sees(d.v, unit{x.Department, x.Window, ""}) {
				list.Withdrawals = append(list.Withdrawals, WithdrawalRow{x.Withdrawal, x.Window, d.number(x.Window), x.Department, d.department(x.Department), x.State, string(x.From), x.Done, a.dutySteps(x.Steps)})
			}
		}
		list.Found = d.entries(wire.KindWithdrawalFound, nil)
	})
	slices.SortFunc(list.Withdrawals, func(x, y WithdrawalRow) int { return cmp.Compare(y.Steps[0].Position, x.Steps[0].Position) })
	return sendJSON(w, r, list)
}

func (a *API) getOwnScores(w http.ResponseWriter, r *http.Request) error {
	var list OwnScoreList
	a.atDuties(r, func(d *dutyDesk) {
		list = OwnScoreList{d.entries(wire.KindScoringRefused, nil), d.entries(wire.KindScoringConfirmed, nil)}
	})
	return sendJSON(w, r, list)
}

func (d *dutyDesk) evaluation(x *duty.Evaluation) EvaluationRow {
	p, _ := d.v.State.People.Staff.Get(x.Staff)
	department := p.Departments.Around(hall.Date(x.Until))
	row := EvaluationRow{Evaluation: x.Evaluation, Staff: x.Staff, Name: d.a.nameOf(d.v, x.Staff), Department: department, DepartmentName: d.department(department), From: x.From, Until: x.Until, State: x.State}
	if last := x.Steps[len(x.Steps)-1]; x.State == duty.Signed {
		row.Signed, row.SignedBy = string(last.Day), last.By
	}
	return row
}

func (a *API) getEvaluations(w http.ResponseWriter, r *http.Request) error {
	list := EvaluationList{Evaluations: []EvaluationRow{}}
	a.atDuties(r, func(d *dutyDesk) {
		for _, x := range d.v.State.Duties.Evaluations.All() {
			list.Evaluations = append(list.Evaluations, d.evaluation(&x))
		}
	})
	return sendJSON(w, r, list)
}

func (a *API) getEvaluation(w http.ResponseWriter, r *http.Request) (err error) {
	var bad checks
	format := bad.choice(r, "format", "json", "docx", "pdf")
	if err := bad.err(); err != nil {
		return err
	}
	var answer EvaluationAnswer
	var in report.Input
	a.atDuties(r, func(d *dutyDesk) {
		x, ok := d.v.State.Duties.Evaluations.Get(r.PathValue("id"))
		if !ok {
			err = hall.Unknown("evaluation_unknown", "没有这份书面评价", "there is no such evaluation")
			return
		}
		answer = EvaluationAnswer{d.evaluation(&x), a.sealed(x.Text.Sealed, "text"), a.dutySteps(x.Steps)}
		if format == "docx" || format == "pdf" {
			in, err = d.evaluationInput(&answer)
		}
	})
	if err != nil {
		return err
	}
	if in.Evaluation != nil {
		return a.sendReport(w, r, in, format, nil)
	}
	return sendJSON(w, r, answer)
}
