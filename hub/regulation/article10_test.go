package regulation_test

import (
	"net/http"
	"testing"

	"hallkeeper/hub/api"
	"hallkeeper/hub/conduct"
	"hallkeeper/wire"
)

// 63号 第六条、第十条(一)、第十条(五): the bureau's rules are obeyed; the department's listed items are all handled in
// the hall, and one that is handled elsewhere is a finding; tasks of the bureau are done by their due dates.
func TestArticle6_10_1_10_5_ItemsElsewhereAndOverdueTasksAreInTheMonth(t *testing.T) {
	h := build(t, monday)
	h.furnish()
	h.service()
	h.do(sup, "PUT", "items/i1", `{"service":"marriage","document":"政服〔2021〕3号"}`)
	h.logged(wire.KindItemListed, map[string]any{"item": "i1", "department": "civil", "name": "婚姻登记", "document": "政服〔2021〕3号"})
	h.do(sup, "POST", "items/i1/elsewhere", `{"date":"`+monday+`","place":"原单位二楼","evidence":"群众出示的受理单"}`)
	h.logged(wire.KindItemElsewhere, map[string]any{"item": "i1", "department": "civil", "date": monday}, "原单位二楼", "群众出示的受理单")
	late := h.post(sup, "tasks", `{"title":"整理档案","department":"civil","due":"2021-11-03"}`, "task")
	h.logged(wire.KindTaskAssigned, map[string]any{"task": late, "department": "civil", "due": "2021-11-03"}, "整理档案")
	h.post(sup, "tasks", `{"title":"补录资料","staff":"s1","due":"2021-11-03"}`, "task")
	h.logged(wire.KindTaskAssigned, map[string]any{"staff": "s1"}, "补录资料")
	done := h.post(sup, "tasks", `{"title":"值守","window":"w2","due":"2021-11-03"}`, "task")
	h.refused("civil", "POST", "tasks/"+done+"/report", "", http.StatusForbidden, "not_yours", "")
	h.do("tax", "POST", "tasks/"+done+"/report", `{"text":"已完成"}`)
	h.logged(wire.KindTaskReported, map[string]any{"task": done, "day": monday}, "已完成")
	h.do(sup, "POST", "tasks/"+done+"/accept", "")
	h.logged(wire.KindTaskAccepted, map[string]any{"task": done})
	h.do(sup, "POST", "findings", `{"finding":"order","day":"`+monday+`","rule":"window_order","window":"w1","note":"台面杂乱"}`)
	h.logged(wire.KindFindingMade, map[string]any{"rule": "window_order", "window": "w1"}, "台面杂乱")
	h.over("2021-11")
	if list := get[api.ItemList](h, "civil", "items"); len(list.Items) != 1 || len(list.Elsewhere) != 1 || list.Elsewhere[0].Place != "原单位二楼" {
		t.Errorf("the item list is %+v", list)
	}
	if list := get[api.TaskList](h, "civil", "tasks?state=late"); list.Late != 2 || len(list.Tasks) != 2 || list.Tasks[0].LateOn != "2021-11-04" {
		t.Errorf("the overdue tasks are %+v", list)
	}
	for subject, rule := range map[string]string{"department:civil": "item_elsewhere", "window:w1": "window_order"} {
		if f := h.found("2021-11", subject, rule); len(f) != 1 || f[0].Counted >= 0 {
			t.Errorf("%s has %+v of %s", subject, f, rule)
		}
	}
	if f := h.found("2021-11", "person:s1", "task_late"); len(f) != 1 || f[0].Day != "2021-11-04" || f[0].Counted != -2 {
		t.Errorf("s1 has %+v", f)
	}
	p := get[api.PeriodAnswer](h, sup, "months/2021-11") // that of a whole department names nobody: a person has to look
	if u := p.Outcome.Unresolved; len(u) != 1 || u[0].Rule != "task_late" {
		t.Errorf("the month leaves open %+v", u)
	}
}

// 63号 第十条(二): reports are filed on time; help, agent and accompanied services and joint review are modes of a
// visit; a promise says what is owed and by when. An overdue report and an overdue promise are findings.
func TestArticle10_2_OverdueReportsAndPromisesAreFindings(t *testing.T) {
	h := build(t, monday)
	h.furnish()
	h.service()
	h.at(monday, "09:00")
	report := h.post(sup, "report-duties", `{"title":"月度办件统计","window":"w1","due":"2021-11-05"}`, "report")
	h.logged(wire.KindReportDue, map[string]any{"report": report, "window": "w1", "due": "2021-11-05"}, "月度办件统计")
	filed := h.post(sup, "report-duties", `{"title":"税务统计","window":"w2","due":"2021-11-05"}`, "report")
	h.do("tax", "POST", "report-duties/"+filed+"/file", `{"text":"已报"}`)
	h.logged(wire.KindReportFiled, map[string]any{"report": filed, "due": "2021-11-05", "date": monday})
	for _, mode := range []string{"help", "agent", "lead", "joint", "parallel", "consult"} {
		h.matter("s1", "w1", "marriage", `{"outcome":"done","mode":"`+mode+`"}`)
		h.logged(wire.KindVisitFinished, map[string]any{"mode": mode, "outcome": "done"})
	}
	end := h.matter("s1", "w1", "marriage", `{"outcome":"promised","mode":"help","missing":["户口簿"],"gaps_due":"2021-11-05"}`)
	h.logged(wire.KindMatterOpened, map[string]any{"matter": end.Matter.Matter, "gaps": []string{"户口簿"}, "gaps_due": "2021-11-05"})
	h.over("2021-11")
	for _, rule := range []string{"report_late", "promise_late"} {
		if f := h.found("2021-11", "window:w1", rule); len(f) != 1 || f[0].Counted >= 0 || f[0].Articles[0] != "63号 第十条(二)" {
			t.Errorf("w1 has %+v of %s", f, rule)
		}
	}
	if f := h.found("2021-11", "window:w2", "report_late"); len(f) != 0 {
		t.Errorf("who filed in time has %+v", f)
	}
}

// 63号 第十条(三): guides, samples and blank forms: the kiosk shows each item's guide, documents, forms, limit and fee
// before the ticket, and a ticket's page says what to bring; what is missing at a window is a finding.
func TestArticle10_3_TheGuideIsThereBeforeTheTicket(t *testing.T) {
	h := build(t, monday)
	h.furnish()
	h.service()
	h.logged(wire.KindServiceSet, map[string]any{"service": "marriage", "documents": []string{"身份证", "户口簿"}, "sample": "大厅样表柜 3 号", "limit": "3 个工作日", "fee": "不收费"})
	h.at(monday, "09:00")
	h.none(wire.KindTicketIssued)
	list := get[api.ServiceList](h, "", "services") // the kiosk signs in to give tickets only
	if len(list.Services) != 1 || len(list.Services[0].Documents) != 2 || list.Services[0].Sample == "" || list.Services[0].Limit == "" || list.Services[0].Fee == "" {
		t.Errorf("the guide is %+v", list.Services)
	}
	h.do("<screen>", "POST", "tickets", `{"service":"marriage"}`)
	h.logged(wire.KindTicketIssued, map[string]any{"service": "marriage"})
	h.do(sup, "POST", "guides", `{"window":"w1","service":"marriage","what":"sample","text":"样表柜空着"}`)
	h.logged(wire.KindGuideMissing, map[string]any{"window": "w1", "service": "marriage", "what": "sample", "date": monday}, "样表柜空着")
	h.over("2021-11")
	if f := h.found("2021-11", "window:w1", "guide_missing"); len(f) != 1 || f[0].Counted != -2 {
		t.Errorf("the month has %+v", f)
	}
}

// 63号 第十条(四): first-contact responsibility, one full notice, limits, and supervision by hotline, mailbox, discipline
// inspection and media: a complaint from any channel is a case with an owner and a deadline; a hotline complaint that is
// entered by hand ends as a case with an outcome.
func TestArticle10_4_AHotlineComplaintEndsAsACaseWithAnOutcome(t *testing.T) {
	h := build(t, monday)
	h.furnish()
	h.at(monday, "09:00")
	for _, source := range []string{"mailbox", "discipline", "media"} {
		h.post(sup, "cases", `{"source":"`+source+`","department":"tax","text":"窗口没人"}`, "case")
		h.logged(wire.KindCaseOpened, map[string]any{"source": source, "department": "tax", "day": monday}, "窗口没人")
	}
	made := h.do(sup, "POST", "cases", `{"source":"hotline","window":"w1","staff":"s1","department":"civil","text":"推诿不办","phone":"13800000042"}`)
	id, _ := made["case"].(string)
	h.logged(wire.KindCaseOpened, map[string]any{"case": id, "source": "hotline", "staff": "s1", "department": "civil"}, "推诿不办", "13800000042")
	story := get[api.CaseStory](h, "civil", "cases/"+id)
	if story.Department != "civil" || story.State != conduct.Open {
		t.Errorf("the case is %+v", story.CaseRow)
	}
	h.refused("tax", "POST", "cases/"+id+"/answer", `{"text":"已核实"}`, http.StatusForbidden, "not_yours", "")
	for _, step := range []struct {
		account, name, body string
		kind                wire.Kind
	}{
		{"civil", "assign", `{"department":"civil","staff":"s2"}`, wire.KindCaseAssigned}, {"s2", "answer", `{"text":"已核实并致歉"}`, wire.KindCaseAnswered},
		{"civil", "rectify", `{"text":"已重新办理"}`, wire.KindCaseRectified}, {sup, "revisit", `{"result":"satisfied"}`, wire.KindCaseRevisited}, {sup, "close", `{"result":"rectified"}`, wire.KindCaseClosed},
	} {
		h.do(step.account, "POST", "cases/"+id+"/"+step.name, step.body)
		h.logged(step.kind, map[string]any{"case": id})
	}
	h.logged(wire.KindCaseClosed, map[string]any{"case": id, "result": "rectified", "day": monday})
	h.over("2021-11")
	if f := h.found("2021-11", "person:s1", "complaint"); len(f) != 1 || f[0].Counted != -5 {
		t.Errorf("the month has %+v", f)
	}
	if list := get[api.CaseList](h, "tax", "cases?state=late"); len(list.Cases) != 3 {
		t.Errorf("late are %+v", list.Cases)
	}
}
