package duty

import (
	"strings"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// The commands about reports and tasks.
type (
	// SetReport makes a reporting duty of a department or a window.
	SetReport struct {
		Title      string `json:"title"`
		Department string `json:"department,omitempty"`
		Window     string `json:"window,omitempty"`
		Due        string `json:"due"`
		Monthly    bool   `json:"monthly,omitempty"`
	}
	// FileReport says that a report came.
	FileReport struct {
		Report string `json:"report"`
		// Due is the due day that it is for; empty is the first for which none came.
		Due  string `json:"due,omitempty"`
		Date string `json:"date,omitempty"`
		Text string `json:"text,omitempty"`
	}
	// CancelReport ends a reporting duty: what is due after Date is due no more.
	CancelReport struct {
		Report string `json:"report"`
		Date   string `json:"date,omitempty"`
		Reason string `json:"reason"`
	}
	// AssignTask assigns a task to one of a department, a window or a person.
	AssignTask struct {
		Title      string `json:"title"`
		Text       string `json:"text,omitempty"`
		Department string `json:"department,omitempty"`
		Window     string `json:"window,omitempty"`
		Staff      string `json:"staff,omitempty"`
		Due        string `json:"due"`
	}
	// ReportTask says that it is done.
	ReportTask struct {
		Task string `json:"task"`
		Text string `json:"text,omitempty"`
	}
	// AcceptTask ends it.
	AcceptTask struct {
		Task string `json:"task"`
	}
	// ReturnTask says that it is not done yet.
	ReturnTask struct {
		Task   string `json:"task"`
		Reason string `json:"reason"`
	}
	// CancelTask takes it back.
	CancelTask struct {
		Task   string `json:"task"`
		Reason string `json:"reason"`
	}
)

// ahead checks a due day: not before today, not more than some years ahead.
func ahead(bad *hall.Checks, name, day string, m hall.Moment) {
	bad.Date(name, day, true)
	switch d := hall.Date(day); {
	case !d.Valid():
	case d < m.Day:
		bad.Add(name, "past", "不能早于今天", "must not be before today")
	case d > m.Day.AddDays(5*366):
		bad.Add(name, "range", "不能晚于五年以后", "must be within five years")
	}
}

// unit checks that exactly one of those who may owe something is named.
func (w World) unit(bad *hall.Checks, department, window string, more ...string) {
	n := 0
	for _, x := range append([]string{department, window}, more...) {
		if x != "" {
			n++
		}
	}
	switch {
	case n == 0:
		bad.Add("department", "required", "请填写由谁承担", "say who owes it")
	case n > 1:
		bad.Add("department", "one", "只能填写其中一项", "name one of them only")
	}
	if department != "" {
		bad.Known("department", department, w.People.Departments.Has(department))
	}
	if window != "" {
		w.window(bad, window)
	}
}

// DecideDuty decides; see Command.
func (c SetReport) DecideDuty(_ *State, w World, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Words("title", &c.Title, 1, maxTitle)
	w.unit(&bad, c.Department, c.Window)
	ahead(&bad, "due", c.Due, m)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	d := wire.ReportDue{Report: m.ID, Department: c.Department, Window: c.Window, Due: c.Due, Monthly: c.Monthly}
	return one(wire.KindReportDue, d, Key(m.ID), "title", c.Title), nil
}

func (s *State) report(id string) (Report, error) {
	r, ok := s.Reports.Get(id)
	if !ok || r.Withdrawn != nil {
		return r, hall.Unknown("duty_unknown", "没有这项报送任务", "there is no such reporting duty")
	}
	return r, nil
}

// DecideDuty decides; see Command. A report may come before its due day.
func (c FileReport) DecideDuty(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	r, err := s.report(c.Report)
	if err != nil {
		return nil, err
	}
	if c.Due == "" {
		for _, due := range r.Dues(m.Day.AddDays(370)) {
			if _, filed := r.FiledFor(due); !filed {
				c.Due = string(due)
				break
			}
		}
		if c.Due == "" {
			return nil, hall.Refuse("report_filed", "应报的都已报送", "all that is due has been filed")
		}
	}
	var bad hall.Checks
	due := hall.Date(c.Due)
	known := false
	for _, x := range r.Dues(m.Day.AddDays(370)) {
		known = known || x == due
	}
	bad.Known("due", c.Due, known)
	past(&bad, &c.Date, m)
	bad.Words("text", &c.Text, 0, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if x, filed := r.FiledFor(due); filed {
		return nil, hall.Refuse("report_filed", "应于 "+c.Due+" 报送的已于 "+string(x.Date)+" 报送", "what was due on "+c.Due+" was filed on "+string(x.Date))
	}
	return one(wire.KindReportFiled, wire.ReportFiled{Report: c.Report, Due: c.Due, Date: c.Date}, Key(c.Report), "text", c.Text), nil
}

// DecideDuty decides; see Command.
func (c CancelReport) DecideDuty(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	r, err := s.report(c.Report)
	if err != nil {
		return nil, err
	}
	if c.Date == "" {
		c.Date = string(m.Day)
	}
	var bad hall.Checks
	bad.Date("date", c.Date, true)
	if hall.Date(c.Date).Valid() && hall.Date(c.Date) < m.Day {
		bad.Add("date", "past", "不能早于今天", "must not be before today")
	}
	bad.Words("reason", &c.Reason, 1, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if r.Ends != "" && r.Ends <= m.Day {
		return nil, hall.Refuse("duty_over", "这项报送任务已于 "+string(r.Ends)+" 结束", "this reporting duty ended on "+string(r.Ends))
	}
	return one(wire.KindReportCancelled, wire.ReportCancelled{Report: c.Report, Date: c.Date}, Key(c.Report), "reason", c.Reason), nil
}

// DecideDuty decides; see Command.
func (c AssignTask) DecideDuty(_ *State, w World, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Words("title", &c.Title, 1, maxTitle)
	bad.Words("text", &c.Text, 0, MaxText)
	w.unit(&bad, c.Department, c.Window, c.Staff)
	if c.Staff != "" {
		w.here(&bad, "staff", c.Staff, string(m.Day))
	}
	ahead(&bad, "due", c.Due, m)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	d := wire.TaskAssigned{Task: m.ID, Department: c.Department, Window: c.Window, Staff: c.Staff, Due: c.Due, Day: string(m.Day)}
	return one(wire.KindTaskAssigned, d, about(c.Staff, m.ID), "title", c.Title, "text", c.Text), nil
}

// task gives a task that is in one of some states.
func (s *State) task(id string, states ...string) (Task, error) {
	t, ok := s.Tasks.Get(id)
	if !ok || t.Withdrawn != nil {
		return t, hall.Unknown("duty_unknown", "没有这项交办任务", "there is no such task")
	}
	for _, x := range states {
		if t.State == x {
			return t, nil
		}
	}
	zh := map[string]string{Assigned: "还没有报告完成", Returned: "已退回，还没有再次报告完成", Reported: "已报告完成，等待验收", Accepted: "已验收", Cancelled: "已撤销"}[t.State]
	en := map[string]string{Assigned: "is not reported as done yet", Returned: "was returned and is not reported again", Reported: "is reported as done and waits to be accepted", Accepted: "is accepted", Cancelled: "is cancelled"}[t.State]
	return t, hall.Refuse("task_state", "任务"+zh, "the task "+en)
}

// DecideDuty decides; see Command.
func (c ReportTask) DecideDuty(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	t, err := s.task(c.Task, Assigned, Returned)
	if err != nil {
		return nil, err
	}
	var bad hall.Checks
	bad.Words("text", &c.Text, 0, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return one(wire.KindTaskReported, wire.TaskReported{Task: c.Task, Day: string(m.Day)}, about(t.Staff, c.Task), "text", c.Text), nil
}

// DecideDuty decides; see Command.
func (c AcceptTask) DecideDuty(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	t, err := s.task(c.Task, Reported)
	if err != nil {
		return nil, err
	}
	if err := themselves(t.Staff, m); err != nil {
		return nil, err
	}
	return one(wire.KindTaskAccepted, wire.TaskAccepted{Task: c.Task, Day: string(m.Day)}, ""), nil
}

// DecideDuty decides; see Command.
func (c ReturnTask) DecideDuty(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	t, err := s.task(c.Task, Reported)
	if err != nil {
		return nil, err
	}
	var bad hall.Checks
	bad.Words("reason", &c.Reason, 1, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return one(wire.KindTaskReturned, wire.TaskReturned{Task: c.Task, Day: string(m.Day)}, about(t.Staff, c.Task), "reason", c.Reason), nil
}

// DecideDuty decides; see Command.
func (c CancelTask) DecideDuty(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	t, err := s.task(c.Task, Assigned, Returned, Reported)
	if err != nil {
		return nil, err
	}
	var bad hall.Checks
	bad.Words("reason", &c.Reason, 1, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if err := themselves(t.Staff, m); err != nil {
		return nil, err
	}
	return one(wire.KindTaskCancelled, wire.TaskCancelled{Task: c.Task, Day: string(m.Day)}, about(t.Staff, c.Task), "reason", c.Reason), nil
}

// The commands about items, withdrawals and evaluations.
type (
	// ListItem puts an item on a department's list, or changes it.
	ListItem struct {
		Item       string `json:"item"`
		Department string `json:"department,omitempty"`
		Service    string `json:"service,omitempty"`
		// Name is the service's where it is empty.
		Name     string `json:"name,omitempty"`
		Document string `json:"document"`
	}
	// UnlistItem takes it off.
	UnlistItem struct {
		Item     string `json:"item"`
		Document string `json:"document"`
	}
	// AskWithdrawal is a department's formal document.
	AskWithdrawal struct {
		Window   string `json:"window"`
		Document string `json:"document"`
		Date     string `json:"date,omitempty"`
		Reason   string `json:"reason,omitempty"`
	}
	// ExamineWithdrawal says that the bureau passed it on.
	ExamineWithdrawal struct {
		Withdrawal string `json:"withdrawal"`
		Document   string `json:"document"`
		Date       string `json:"date,omitempty"`
	}
	// DecideWithdrawal is the banner government's word; without approval it may be the bureau's too.
	DecideWithdrawal struct {
		Withdrawal string `json:"withdrawal"`
		Approved   bool   `json:"approved"`
		Document   string `json:"document,omitempty"`
		Date       string `json:"date,omitempty"`
		// From is the first day without the window; empty is the document's day.
		From   string `json:"from,omitempty"`
		Reason string `json:"reason,omitempty"`
	}
	// DraftEvaluation begins the evaluation of somebody who leaves.
	DraftEvaluation struct {
		Staff string `json:"staff"`
		// From and Until are the time that it is of; empty is their time in the hall.
		From  string `json:"from,omitempty"`
		Until string `json:"until,omitempty"`
		// Text is made from the record where it is empty.
		Text string `json:"text,omitempty"`
	}
	// EditEvaluation gives it another text.
	EditEvaluation struct {
		Evaluation string `json:"evaluation"`
		Text       string `json:"text"`
	}
	// SignEvaluation freezes it.
	SignEvaluation struct {
		Evaluation string `json:"evaluation"`
	}
)

// DecideDuty decides; see Command.
func (c ListItem) DecideDuty(s *State, w World, _ hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.ID("id", c.Item)
	service, known := w.Line.Services.Get(c.Service)
	if c.Service != "" {
		bad.Known("service", c.Service, known)
		if c.Department == "" {
			c.Department = service.Department
		}
		if c.Name == "" {
			c.Name = service.Name
		}
	}
	bad.Known("department", c.Department, w.People.Departments.Has(c.Department))
	bad.Words("name", &c.Name, 1, maxTitle)
	bad.Words("document", &c.Document, 1, maxDocument)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	d := wire.ItemListed(c)
	if old, ok := s.Items.Get(c.Item); ok && old.Ended == nil && old.ItemListed == d {
		return nil, nil
	}
	return []hall.Draft{{Kind: wire.KindItemListed, Data: d}}, nil
}

// DecideDuty decides; see Command.
func (c UnlistItem) DecideDuty(s *State, _ World, _ hall.Moment) ([]hall.Draft, error) {
	x, ok := s.Items.Get(c.Item)
	if !ok || x.Ended != nil {
		return nil, hall.Unknown("item_unknown", "清单中没有这个进驻事项", "there is no such item on the list")
	}
	var bad hall.Checks
	bad.Words("document", &c.Document, 1, maxDocument)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return []hall.Draft{{Kind: wire.KindItemUnlisted, Data: wire.ItemUnlisted(c)}}, nil
}

// DecideDuty decides; see Command (63号 第九条).
func (c AskWithdrawal) DecideDuty(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	w.window(&bad, c.Window)
	past(&bad, &c.Date, m)
	bad.Words("document", &c.Document, 0, maxDocument)
	bad.Words("reason", &c.Reason, 0, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if c.Document == "" {
		return nil, hall.RefuseBy(article9, "document_missing", "窗口撤出须由派驻单位以正式文件提出，请填写文号", "a window is withdrawn by a formal document of its department; give its number")
	}
	for _, x := range s.Withdrawals.Each() {
		if x.Window == c.Window && (x.Open() || x.State == Approved && !x.Done) {
			return nil, hall.RefuseBy(article9, "withdrawal_open", "这个窗口已有撤出申请（"+x.Document+"）", "there is a withdrawal of this window already ("+x.Document+")")
		}
	}
	department := s.DepartmentOf(c.Window, m.Day, w.Hall)
	if department == "" {
		bad.Add("window", "no_department", "这个窗口没有派驻单位，请先登记其单位", "the window has no department; enter it first")
		return nil, bad.Err()
	}
	d := wire.WithdrawalAsked{Withdrawal: m.ID, Window: c.Window, Department: department, Document: c.Document, Date: c.Date}
	return one(wire.KindWithdrawalAsked, d, Key(m.ID), "reason", c.Reason), nil
}

// withdrawal gives one that is open.
func (s *State) withdrawal(id string) (Withdrawal, error) {
	x, ok := s.Withdrawals.Get(id)
	switch {
	case !ok:
		return x, hall.Unknown("withdrawal_unknown", "没有这份窗口撤出申请", "there is no such withdrawal")
	case !x.Open():
		return x, hall.Refuse("already_decided", "这份窗口撤出申请已经办结", "this withdrawal is decided already")
	}
	return x, nil
}

// after checks the day of a document that follows another.
func after(bad *hall.Checks, date string, x *Withdrawal) {
	if last := x.Steps[len(x.Steps)-1].Day; hall.Date(date).Valid() && hall.Date(date) < last {
		bad.Add("date", "before", "不能早于上一份文件的日期 "+string(last), "must not be before the document before it, of "+string(last))
	}
}

// DecideDuty decides; see Command (63号 第九条).
func (c ExamineWithdrawal) DecideDuty(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	x, err := s.withdrawal(c.Withdrawal)
	if err != nil {
		return nil, err
	}
	if x.State != Asked {
		return nil, hall.Refuse("withdrawal_state", "已审查并报旗人民政府，等待批复", "it is examined and waits for the banner government")
	}
	var bad hall.Checks
	past(&bad, &c.Date, m)
	after(&bad, c.Date, &x)
	bad.Words("document", &c.Document, 0, maxDocument)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if c.Document == "" {
		return nil, hall.RefuseBy(article9, "document_missing", "请填写报旗人民政府的文号", "give the number of the document to the banner government")
	}
	return []hall.Draft{{Kind: wire.KindWithdrawalExamined, Data: wire.WithdrawalExamined(c)}}, nil
}

// DecideDuty decides; see Command (63号 第九条). Approval needs all that goes before it.
func (c DecideWithdrawal) DecideDuty(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	x, err := s.withdrawal(c.Withdrawal)
	if err != nil {
		return nil, err
	}
	if c.Approved && x.State != Examined {
		return nil, hall.RefuseBy(article9, "withdrawal_state", "须先由局审查并报旗人民政府", "the bureau must examine it and pass it on first")
	}
	least := 0
	if !c.Approved {
		least = 1
	}
	var bad hall.Checks
	past(&bad, &c.Date, m)
	after(&bad, c.Date, &x)
	bad.Words("document", &c.Document, 0, maxDocument)
	bad.Words("reason", &c.Reason, least, MaxText)
	if c.From == "" {
		c.From = c.Date
	}
	bad.Date("from", c.From, true)
	bad.Span("from", c.Date, c.From)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if c.Document == "" && (c.Approved || x.State == Examined) {
		return nil, hall.RefuseBy(article9, "document_missing", "请填写旗人民政府批复的文号", "give the number of the banner government's document")
	}
	if c.Approved {
		return []hall.Draft{{Kind: wire.KindWithdrawalApproved, Data: wire.WithdrawalApproved{Withdrawal: x.Withdrawal, Document: c.Document, Date: c.Date, From: c.From}}}, nil
	}
	return one(wire.KindWithdrawalRefused, wire.WithdrawalRefused{Withdrawal: x.Withdrawal, Document: c.Document, Date: c.Date}, Key(x.Withdrawal), "reason", c.Reason), nil
}

// leaves is the last day of somebody who leaves or has left; empty where nothing says that they do.
func leaves(p *roster.Staff, w World) hall.Date {
	if gone := p.Departed(); gone != "" {
		return gone.AddDays(-1)
	}
	last, back := hall.Date(""), p.Back()
	for _, x := range w.People.Changes.Each() {
		if x.Staff == p.ID && x.State == "approved" && hall.Date(x.AskedOn) >= back {
			last = max(last, hall.Date(x.WantedOn))
		}
	}
	for _, x := range w.People.Replacements.Each() {
		if x.Staff == p.ID && hall.Date(x.On) >= back {
			last = max(last, hall.Date(x.Due))
		}
	}
	return last
}

// DecideDuty decides; see Command (63号 第十六条).
func (c DraftEvaluation) DecideDuty(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	p, ok := w.People.Staff.Get(c.Staff)
	if !ok {
		return nil, hall.Unknown("staff_unknown", "没有这位工作人员", "there is no such staff member")
	}
	last, back := leaves(&p, w), p.Back()
	if last == "" {
		return nil, hall.RefuseBy(article16, "not_leaving", "只为调离人员出具书面评价：请先办理离开、批准调换或要求调换", "an evaluation is of somebody who leaves: let them depart, approve the change or demand the replacement first")
	}
	for _, x := range s.Evaluations.Each() {
		if x.Staff == c.Staff && hall.Date(x.Until) >= back {
			return nil, hall.RefuseBy(article16, "evaluation_exists", "已有这位工作人员的书面评价", "there is an evaluation of this person already")
		}
	}
	if c.Until == "" {
		c.Until = string(last)
	}
	if c.From == "" {
		c.From = string(begin(&p, back, m))
	}
	var bad hall.Checks
	bad.Date("from", c.From, true)
	bad.Date("until", c.Until, true)
	bad.Span("until", c.From, c.Until)
	bad.Words("text", &c.Text, 0, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if err := themselves(c.Staff, m); err != nil {
		return nil, err
	}
	if c.Text == "" {
		c.Text = firstText(&p, c.From, c.Until, w, m)
	}
	d := wire.EvaluationDrafted{Evaluation: m.ID, Staff: c.Staff, From: c.From, Until: c.Until}
	return one(wire.KindEvaluationDrafted, d, roster.PersonKey(c.Staff), "text", c.Text), nil
}

// begin is the first day of a stay in the hall: that of its first post.
func begin(p *roster.Staff, back hall.Date, m hall.Moment) hall.Date {
	for _, x := range p.Postings {
		if x.Value != "" && x.From >= back {
			return x.From
		}
	}
	if back != "" {
		return back
	}
	return hall.DateOf(p.Since, m.Zone)
}

// firstText is what an evaluation says before anybody has written it.
func firstText(p *roster.Staff, from, until string, w World, m hall.Moment) string {
	name := p.ID
	if p.Sealed != nil && m.Unseal != nil && m.Unseal(p.Sealed)["name"] != "" {
		name = m.Unseal(p.Sealed)["name"]
	}
	d, _ := w.People.Departments.Get(p.Departments.Around(hall.Date(until)))
	window := w.Windows.Windows[windowOf(p.ID, hall.Date(from), w.Hall)]
	at := "政务服务大厅"
	if window.Number != "" {
		at = "政务服务大厅 " + window.Number + " 号窗口（" + window.Name + "）"
	}
	return name + "同志由" + d.Name + "选派，自 " + from + " 至 " + until + " 在" + at + "工作。\n在岗表现：" + blank
}

// blank stands where the bureau has to write.
const blank = "（请填写）"

// evaluation gives one that is not signed.
func (s *State) evaluation(id string) (Evaluation, error) {
	x, ok := s.Evaluations.Get(id)
	switch {
	case !ok:
		return x, hall.Unknown("evaluation_unknown", "没有这份书面评价", "there is no such evaluation")
	case x.State == Signed:
		return x, hall.RefuseBy(article16, "evaluation_signed", "书面评价已经签署，不能再改", "the evaluation is signed and changes no more")
	}
	return x, nil
}

// DecideDuty decides; see Command.
func (c EditEvaluation) DecideDuty(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	x, err := s.evaluation(c.Evaluation)
	if err != nil {
		return nil, err
	}
	var bad hall.Checks
	bad.Words("text", &c.Text, 1, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if err := themselves(x.Staff, m); err != nil {
		return nil, err
	}
	return one(wire.KindEvaluationEdited, wire.EvaluationEdited{Evaluation: c.Evaluation}, roster.PersonKey(x.Staff), "text", c.Text), nil
}

// DecideDuty decides; see Command.
func (c SignEvaluation) DecideDuty(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	x, err := s.evaluation(c.Evaluation)
	if err != nil {
		return nil, err
	}
	if err := themselves(x.Staff, m); err != nil {
		return nil, err
	}
	if m.Unseal != nil && x.Text.Sealed != nil {
		switch text := m.Unseal(x.Text.Sealed)["text"]; {
		case text == "":
			return nil, hall.Refuse("forgotten", "相关个人信息的密钥已按要求销毁，不能再签署", "the key of what is personal here was destroyed on request; it can be signed no more")
		case strings.Contains(text, blank):
			return nil, hall.RefuseBy(article16, "evaluation_unfinished", "书面评价还有“"+blank+"”未填写", "the evaluation still has “"+blank+"” in it to be written")
		}
	}
	d := wire.EvaluationSigned{Evaluation: c.Evaluation, By: m.Actor.ID, Text: x.Text.Event, Day: string(m.Day)}
	return []hall.Draft{{Kind: wire.KindEvaluationSigned, Data: d}}, nil
}
