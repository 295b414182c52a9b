package api

import (
	"net/http"

	"hallkeeper/hub/access"
	"hallkeeper/hub/duty"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// The bodies of requests about duties that are not the commands themselves.
type (
	elsewhereBody struct {
		Date     string `json:"date,omitempty"`
		Place    string `json:"place"`
		Evidence string `json:"evidence"`
	}
	whyBody struct {
		Reason string `json:"reason"`
	}
	fileBody struct {
		// Due is the due day that it is for; empty is the first for which none came.
		Due  string `json:"due,omitempty"`
		Date string `json:"date,omitempty"`
		Text string `json:"text,omitempty"`
	}
	endBody struct {
		// Date is the last day on which something may be due; empty is today.
		Date   string `json:"date,omitempty"`
		Reason string `json:"reason"`
	}
	doneBody struct {
		Text string `json:"text,omitempty"`
	}
	listBody struct {
		Department string `json:"department,omitempty"`
		Service    string `json:"service,omitempty"`
		Name       string `json:"name,omitempty"`
		Document   string `json:"document"`
	}
	documentBody struct {
		Document string `json:"document"`
		Date     string `json:"date,omitempty"`
	}
	approvalBody struct {
		Approved bool   `json:"approved"`
		Document string `json:"document,omitempty"`
		Date     string `json:"date,omitempty"`
		// From is the first day without the window.
		From   string `json:"from,omitempty"`
		Reason string `json:"reason,omitempty"`
	}
)

func (a *API) dutyRoutes() []route {
	id := in("id", "编号", "the id")
	month := query("month", "月份，如 2026-11（默认本月）", "a month like 2026-11 (this one by default)")
	format := query("format", "xlsx（默认）或 csv", "xlsx (the default) or csv")
	lang := query("lang", "zh-CN 或 en", "zh-CN or en")
	return []route{
		read(access.ReadHall, v1+"exchanges", "业务交流与缺少交流的窗口（第七条）", "exchange meetings of a month, and the windows without", ExchangeList{}, a.getExchanges, month),
		a.change(access.Decide, "POST", "exchanges", "登记业务交流", "enter an exchange meeting", duty.HoldExchange{}, makes(wire.KindExchangeHeld, enter[duty.HoldExchange](nil)), nil),

		read(access.ReadHall, v1+"report-duties", "报表资料报送任务（第十条(二)）", "reporting duties and what was filed", ReportDutyList{}, a.getReportDuties),
		a.change(access.Decide, "POST", "report-duties", "布置报送任务", "make a reporting duty", duty.SetReport{}, makes(wire.KindReportDue, enter[duty.SetReport](nil)), nil),
		a.change(access.Self, "POST", "report-duties/{id}/file", "登记已报送", "say that a report came", fileBody{}, a.onReport(enter(func(r *http.Request, c *duty.FileReport) { c.Report = r.PathValue("id") })),
			[]string{"duty_unknown", "report_filed", "not_yours", "forgotten"}, id),
		a.change(access.Decide, "POST", "report-duties/{id}/cancel", "结束报送任务", "end a reporting duty", endBody{}, enter(func(r *http.Request, c *duty.CancelReport) { c.Report = r.PathValue("id") }),
			[]string{"duty_unknown", "duty_over"}, id),

		read(access.ReadHall, v1+"tasks", "交办任务（第十条(五)）", "tasks that the bureau assigned", TaskList{}, a.getTasks, query("state", "open（默认）、late 或 all", "open (the default), late or all")),
		a.change(access.Decide, "POST", "tasks", "交办任务", "assign a task", duty.AssignTask{}, makes(wire.KindTaskAssigned, enter[duty.AssignTask](nil)), nil),
		a.change(access.Self, "POST", "tasks/{id}/report", "报告任务完成", "say that a task is done", doneBody{}, a.onTask(enter(func(r *http.Request, c *duty.ReportTask) { c.Task = r.PathValue("id") })),
			[]string{"duty_unknown", "task_state", "not_yours", "forgotten"}, id),
		a.change(access.Decide, "POST", "tasks/{id}/accept", "验收任务", "accept a task", emptyBody{}, enter(func(r *http.Request, c *duty.AcceptTask) { c.Task = r.PathValue("id") }), []string{"duty_unknown", "task_state", "own_entry"}, id),
		a.change(access.Decide, "POST", "tasks/{id}/return", "退回任务", "say that a task is not done yet", whyBody{}, enter(func(r *http.Request, c *duty.ReturnTask) { c.Task = r.PathValue("id") }), []string{"duty_unknown", "task_state"}, id),
		a.change(access.Decide, "POST", "tasks/{id}/cancel", "撤销任务", "take a task back", whyBody{}, enter(func(r *http.Request, c *duty.CancelTask) { c.Task = r.PathValue("id") }), []string{"duty_unknown", "task_state", "own_entry"}, id),

		read(access.ReadHall, v1+"items", "进驻事项清单（第十条(一)）", "the items that are handled in the hall, with what their guides lack", ItemList{}, a.getItems),
		a.change(access.Decide, "PUT", "items/{id}", "列入进驻事项", "put an item on a department's list", listBody{}, enter(func(r *http.Request, c *duty.ListItem) { c.Item = r.PathValue("id") }), nil, id),
		a.change(access.Decide, "POST", "items/{id}/unlist", "移出进驻事项", "take an item off the list", documentBody{}, unlistItem, []string{"item_unknown"}, id),
		a.change(access.Decide, "POST", "items/{id}/elsewhere", "登记进驻事项在大厅外办理", "enter an item that was handled outside the hall", elsewhereBody{},
			makes(wire.KindItemElsewhere, enter(func(r *http.Request, c *duty.FindElsewhere) { c.Item = r.PathValue("id") })), []string{"item_unknown"}, id),

		read(access.ReadHall, v1+"guides", "缺失的办事指南、样表与空表（第十条(三)）", "guides, samples and blank forms that were missing", DutyEntryList{}, a.entries(wire.KindGuideMissing)),
		a.change(access.Inspect, "POST", "guides", "登记办事指南、样表或空表缺失", "enter a guide, sample or blank form that is missing", duty.FindGuide{}, makes(wire.KindGuideMissing, enter[duty.FindGuide](nil)), nil),

		read(access.ReadHall, v1+"withdrawals", "窗口撤出（第九条）", "withdrawals of windows", WithdrawalList{}, a.getWithdrawals),
		a.change(access.Recommend, "POST", "withdrawals", "申请撤出窗口（派驻单位正式文件）", "ask to withdraw a window, by the department's formal document", duty.AskWithdrawal{}, a.askWithdrawal,
			[]string{"document_missing", "withdrawal_open", "not_yours"}),
		a.change(access.Decide, "POST", "withdrawals/{id}/examine", "审查撤出并报旗人民政府", "examine a withdrawal and pass it on to the banner government", documentBody{},
			enter(func(r *http.Request, c *duty.ExamineWithdrawal) { c.Withdrawal = r.PathValue("id") }), []string{"withdrawal_unknown", "withdrawal_state", "already_decided", "document_missing"}, id),
		a.change(access.Decide, "POST", "withdrawals/{id}/decide", "登记旗人民政府的批复", "enter what the banner government decided", approvalBody{},
			enter(func(r *http.Request, c *duty.DecideWithdrawal) { c.Withdrawal = r.PathValue("id") }), []string{"withdrawal_unknown", "withdrawal_state", "already_decided", "document_missing"}, id),
		a.change(access.Decide, "POST", "withdrawals/found", "登记未经批准撤出的窗口", "enter a window that was withdrawn without approval", duty.FindWithdrawn{}, makes(wire.KindWithdrawalFound, enter[duty.FindWithdrawn](nil)), []string{"withdrawal_approved"}),

		read(access.ReadHall, v1+"own-scores", "派驻部门自行考核（第十四条）", "departments' own scoring: attempts, and what was confirmed", OwnScoreList{}, a.getOwnScores),
		a.change(access.Recommend, "POST", "own-scores", "派驻部门提交考核分（一律拒绝并记录）", "a department's own score of its staff: always refused, and recorded", duty.ScoreOwn{}, a.scoreOwn, []string{"own_scoring", "not_yours"}),
		a.change(access.Decide, "POST", "own-scores/confirm", "认定派驻部门自行考核", "confirm a department's own scoring, an attempt or what was found on paper", duty.ConfirmScoring{},
			makes(wire.KindScoringConfirmed, enter[duty.ConfirmScoring](nil)), []string{"attempt_unknown", "attempt_confirmed"}),

		read(access.ReadHall, v1+"commendations", "表扬", "commendations", DutyEntryList{}, a.entries(wire.KindCommendationGiven)),
		a.change(access.Decide, "POST", "commendations", "登记表扬", "enter a commendation", duty.Commend{}, makes(wire.KindCommendationGiven, enter[duty.Commend](nil)), []string{"own_entry", "forgotten"}),
		read(access.ReadHall, v1+"exposures", "媒体曝光与暗访通报（第十条(四)）", "exposures by media and secret visits", DutyEntryList{}, a.entries(wire.KindExposureEntered)),
		a.change(access.Decide, "POST", "exposures", "登记曝光或暗访通报", "enter an exposure", duty.Expose{}, makes(wire.KindExposureEntered, enter[duty.Expose](nil)), []string{"own_entry", "forgotten"}),
		a.change(access.Decide, "POST", "duty-entries/{id}/withdraw", "撤回误登的内容", "withdraw what was entered by mistake", whyBody{},
			enter(func(r *http.Request, c *duty.Withdraw) { c.Duty = r.PathValue("id") }), []string{"duty_unknown", "duty_withdrawn", "own_entry", "forgotten"}, id),

		read(access.ReadAll, v1+"evaluations", "调离人员书面评价（第十六条）", "written evaluations of who leaves", EvaluationList{}, a.getEvaluations),
		exports(withRefusals(read(access.ReadAll, v1+"evaluations/{id}", "一份书面评价", "one evaluation with its text", EvaluationAnswer{}, a.getEvaluation, id,
			query("format", "json（默认）、docx 或 pdf", "json (the default), docx or pdf"), lang, query("number", "文件的发文字号；没有的是拟稿", "the document's number; without one it is a draft")), "fields_invalid", "fonts_missing", "glyph_missing")),
		a.change(access.Decide, "POST", "evaluations", "起草书面评价", "begin the evaluation of somebody who leaves", duty.DraftEvaluation{}, makes(wire.KindEvaluationDrafted, enter[duty.DraftEvaluation](nil)),
			[]string{"staff_unknown", "not_leaving", "evaluation_exists", "own_entry", "forgotten"}),
		a.change(access.Decide, "PUT", "evaluations/{id}", "修改书面评价", "give an evaluation another text", sayBody{}, enter(func(r *http.Request, c *duty.EditEvaluation) { c.Evaluation = r.PathValue("id") }),
			[]string{"evaluation_unknown", "evaluation_signed", "own_entry", "forgotten"}, id),
		a.change(access.Decide, "POST", "evaluations/{id}/sign", "签署书面评价（此后不再修改）", "sign an evaluation, which freezes it", emptyBody{}, enter(func(r *http.Request, c *duty.SignEvaluation) { c.Evaluation = r.PathValue("id") }),
			[]string{"evaluation_unknown", "evaluation_signed", "evaluation_unfinished", "own_entry", "forgotten"}, id),

		withRefusals(read(access.ReadAll, v1+"filings/staff", "进驻人员备案表（第十四条；每次导出都有记录）", "the seconded staff as a table for filing; each export is recorded", nil, a.exportStaff, format, lang), "fields_invalid", "not_writable"),
		withRefusals(read(access.ReadAll, v1+"filings/assessment", "年度考核备案表：按人列出折算分与考核比例的理解，报组织部门和人社部门（第十四条；每次导出都有记录）", "a published year by person for the organisation department and the personnel bureau, with the reading of the share; each export is recorded", nil, a.exportAssessment,
			query("year", "年份，如 2026", "a year like 2026"), format, lang), "fields_invalid", "period_unpublished", "not_writable"),
	}
}

// withRefusals adds codes that a reading route may answer with.
func withRefusals(r route, refusals ...string) route {
	r.refusals = append(r.refusals, refusals...)
	return r
}

// unit is whom something is about, as far as it says.
type unit struct{ department, window, staff string }

// sees tells whether a unit is within somebody's scope; the caller holds the register still.
func (s *scope) sees(v *register.View, x unit) bool {
	p, _ := v.State.People.Staff.Get(x.staff)
	return s.all || s.own(x.staff) || s.department != "" && (x.department == s.department || x.staff != "" && p.Department == s.department) || s.windows[x.window]
}

// owes lets only supervisors and those who owe something say that it is done.
func (a *API) owes(r *http.Request, find func(*duty.State) (unit, bool)) (err error) {
	i := who(r)
	a.Register.Read(func(v *register.View, windows *roster.State) {
		s := a.scopeOf(i, v, windows)
		if x, ok := find(&v.State.Duties); ok && !i.May(access.Decide) && !s.sees(v, x) {
			err = problem("not_yours")
		}
	})
	return err
}

func (a *API) onReport(build func(*http.Request, []byte) (order, error)) func(*http.Request, []byte) (order, error) {
	return func(r *http.Request, body []byte) (order, error) {
		if err := a.owes(r, func(s *duty.State) (unit, bool) {
			x, ok := s.Reports.Get(r.PathValue("id"))
			return unit{x.Department, x.Window, ""}, ok
		}); err != nil {
			return order{}, err
		}
		return build(r, body)
	}
}

func (a *API) onTask(build func(*http.Request, []byte) (order, error)) func(*http.Request, []byte) (order, error) {
	return func(r *http.Request, body []byte) (order, error) {
		if err := a.owes(r, func(s *duty.State) (unit, bool) {
			x, ok := s.Tasks.Get(r.PathValue("id"))
			return unit{x.Department, x.Window, x.Staff}, ok
		}); err != nil {
			return order{}, err
		}
		return build(r, body)
	}
}

func unlistItem(r *http.Request, body []byte) (order, error) {
	var b documentBody
	err := decode(body, &b)
	return order{cmd: duty.UnlistItem{Item: r.PathValue("id"), Document: b.Document}, status: http.StatusOK}, err
}

// askWithdrawal lets a liaison ask for windows of the own department only.
func (a *API) askWithdrawal(r *http.Request, body []byte) (order, error) {
	o, err := enter[duty.AskWithdrawal](nil)(r, body)
	o.kind = wire.KindWithdrawalAsked
	c, ok := o.cmd.(duty.AskWithdrawal)
	if i := who(r); err == nil && ok && !i.May(access.Decide) {
		a.Register.Read(func(v *register.View, windows *roster.State) {
			s := a.scopeOf(i, v, windows)
			if _, there := windows.Windows[c.Window]; there && !s.sees(v, unit{v.State.Duties.DepartmentOf(c.Window, a.today(), v.State.Hall(windows)), c.Window, ""}) {
				err = problem("not_yours")
			}
		})
	}
	return o, err
}

// scoreOwn records an attempt and answers that it is refused, with the event that says so (63号 第十四条).
func (a *API) scoreOwn(r *http.Request, body []byte) (order, error) {
	o, err := enter[duty.ScoreOwn](nil)(r, body)
	if err != nil {
		return o, err
	}
	i := who(r)
	c, ok := o.cmd.(duty.ScoreOwn)
	if ok && !i.May(access.Decide) {
		if c.Department == "" {
			c.Department = i.Department
		}
		if c.Department != i.Department {
			return o, problem("not_yours")
		}
		o.cmd = c
	}
	o.kind = wire.KindScoringRefused
	o.answer = func(made Changed) (any, error) {
		event := ""
		if len(made.Events) > 0 {
			event = made.Events[0].ID
		}
		return nil, duty.OwnScoring(event)
	}
	return o, nil
}

// monthOf reads ?month=; it gives the month's first day.
func (a *API) monthOf(r *http.Request) (hall.Date, error) {
	given := r.URL.Query().Get("month")
	if given == "" {
		return a.today()[:8] + "01", nil
	}
	if first := hall.Date(given + "-01"); first.Valid() {
		return first, nil
	}
	return "", wrong(field{"month", "month", text{"应为月份，如 2026-11", "must be a month like 2026-11"}})
}
