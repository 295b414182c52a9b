package regulation_test

import (
	"net/http"
	"strings"
	"testing"

	"hallkeeper/hub/api"
	"hallkeeper/hub/app"
	"hallkeeper/hub/copies"
	"hallkeeper/hub/courier/couriertest"
	"hallkeeper/wire"
)

// 63号 第八条: daily checks; results are shown on the hall's notice board and copied to the
// departments: a copy per department, XLSX and PDF, with a delivery record. What is published
// is copied by itself; a department without an address downloads its part.
func TestArticle8_ResultsAreOnTheBoardAndCopiedToDepartments(t *testing.T) {
	server := couriertest.Serve(t, "127.0.0.1:0", false, false)
	h := build(t, monday, func(c *app.Config) {
		c.Mail.Host, c.Mail.Port, c.Mail.TLS, c.Mail.From = server.Host, server.Port, "none", "hall@example.cn"
	})
	h.furnish()
	h.do(admin, "PUT", "departments/civil/mail", `{"email":"office@civil.example.cn"}`)
	h.over("2021-11")
	if board := get[api.BoardAnswer](h, "", "board"); len(board.Periods) != 0 {
		t.Errorf("before publication the board shows %+v", board.Periods)
	}
	h.none(wire.KindCopyQueued)
	h.publish("months/2021-11", "2021-12-13")
	published := h.logged(wire.KindPeriodPublished, map[string]any{"period": "2021-11", "revision": 1})
	board := get[api.BoardAnswer](h, "", "board")
	if len(board.Periods) != 1 || board.Periods[0].Period != "2021-11" || board.Periods[0].Revision != 1 || len(board.Periods[0].Windows) != 2 {
		t.Errorf("the board shows %+v", board.Periods)
	}
	var list api.CopyList
	h.eventually("the copy is sent", func() bool {
		list = get[api.CopyList](h, sup, "copies?period=2021-11")
		return len(list.Copies) == 1 && list.Copies[0].State == copies.Sent
	})
	c := list.Copies[0]
	if !list.Mails || c.Department != "civil" || len(c.Files) != 2 || c.Files[0].Format != "pdf" || c.Files[1].Format != "xlsx" || len(c.Tries) != 1 || !c.Tries[0].OK || c.By != "copies" {
		t.Errorf("the delivery record is %+v", c)
	}
	queued := h.logged(wire.KindCopyQueued, map[string]any{"period": "2021-11", "revision": 1, "department": "civil"}, "office@civil.example.cn")
	if queued.Actor.Kind != wire.ActorSchedule || queued.Position <= published.Position {
		t.Errorf("it was ordered by %+v", queued.Actor)
	}
	h.logged(wire.KindCopySent, map[string]any{"copy": c.ID})
	if mails, _ := server.Got(); len(mails) != 1 || !strings.Contains(mails[0], "office@civil.example.cn") {
		t.Errorf("%d mails were sent", len(mails))
	}
	if a := h.as("tax", "GET", "months/2021-11?format=xlsx", "", "zh-CN"); a.status != http.StatusOK || !strings.HasPrefix(string(a.body), "PK") {
		t.Errorf("the download is answered %d", a.status)
	}
	h.logged(wire.KindCopyDownloaded, map[string]any{"period": "2021-11", "revision": 1, "department": "tax", "format": "xlsx"})
	if list := get[api.CopyList](h, "tax", "copies?period=2021-11"); len(list.Copies) != 0 || len(list.Downloads) != 1 || len(list.Departments) != 1 {
		t.Errorf("the department sees %+v", list)
	}
	h.stop() // and a start orders nothing twice
	h.start()
	h.eventually("the hub serves", func() bool { return len(get[api.BoardAnswer](h, "", "board").Periods) == 1 })
	if all := h.events(wire.KindCopyQueued); len(all) != 1 {
		t.Errorf("%d copies were ordered", len(all))
	}
}

// 63号 第八条: without a mail server the console's list names the departments that download.
func TestArticle8_WithoutMailDepartmentsDownload(t *testing.T) {
	h := build(t, monday)
	h.furnish()
	h.over("2021-11")
	h.publish("months/2021-11", "2021-12-13")
	if list := get[api.CopyList](h, sup, "copies?period=2021-11"); list.Mails || list.Revision != 1 || len(list.Departments) != 2 {
		t.Errorf("the list is %+v", list)
	}
	h.refused(sup, "POST", "months/2021-11/copies", "", http.StatusConflict, "mail_off", "")
	h.none(wire.KindCopyQueued)
}

// 63号 第九条: a window is withdrawn only by the department's formal document, the bureau and the
// banner government's approval; it stays accountable until then, and cannot be closed for good without.
func TestArticle9_AWindowIsNotClosedWithoutTheThreeSteps(t *testing.T) {
	h := build(t, monday)
	h.furnish()
	const article = "63号 第九条"
	h.refused(admin, "DELETE", "windows/w1", "", http.StatusConflict, "withdrawal_missing", article)
	h.refused("civil", "POST", "withdrawals", `{"window":"w1"}`, http.StatusConflict, "document_missing", article)
	id := h.post("civil", "withdrawals", `{"window":"w1","document":"民政发〔2021〕8号","reason":"业务调整"}`, "withdrawal")
	h.logged(wire.KindWithdrawalAsked, map[string]any{"withdrawal": id, "window": "w1", "department": "civil", "document": "民政发〔2021〕8号"}, "业务调整")
	h.refused(admin, "DELETE", "windows/w1", "", http.StatusConflict, "withdrawal_missing", article)
	h.refused("civil", "POST", "withdrawals/"+id+"/examine", `{"document":"政服〔2021〕1号"}`, http.StatusForbidden, "not_permitted", "")
	h.do(sup, "POST", "withdrawals/"+id+"/examine", `{"document":"政服〔2021〕1号"}`)
	h.logged(wire.KindWithdrawalExamined, map[string]any{"withdrawal": id, "document": "政服〔2021〕1号"})
	h.refused(admin, "DELETE", "windows/w1", "", http.StatusConflict, "withdrawal_missing", article)
	h.do(sup, "POST", "withdrawals/"+id+"/decide", `{"approved":true,"document":"政函〔2021〕1号"}`)
	h.logged(wire.KindWithdrawalApproved, map[string]any{"withdrawal": id, "document": "政函〔2021〕1号"})
	h.do(admin, "DELETE", "windows/w1", "")
	h.logged(wire.KindWindowRemoved, map[string]any{"window": "w1"})
	h.do(sup, "POST", "withdrawals/found", `{"window":"w2","text":"窗口无人值守三日"}`)
	h.logged(wire.KindWithdrawalFound, map[string]any{"window": "w2", "department": "tax"}, "窗口无人值守三日")
}

// 63号 第九条: nobody runs to and fro between window and department (两头跑): a citizen who is sent away
// without an accepted item or a written notice is a finding, and repeat visits for one item are visible.
func TestArticle9_RunningToAndFroIsFoundAndVisible(t *testing.T) {
	h := build(t, monday)
	h.furnish()
	h.service()
	h.at(monday, "09:00")
	const citizen = `"citizen":"13800000042"`
	h.matter("s1", "w1", "marriage", `{"outcome":"sent_away","reason":"到单位去办",`+citizen+`}`)
	h.logged(wire.KindVisitFinished, map[string]any{"outcome": "sent_away", "service": "marriage", "window": "w1"}, "到单位去办")
	h.at("2021-11-02", "09:00")
	h.matter("s1", "w1", "marriage", `{"outcome":"notice","missing":["户口簿"],`+citizen+`}`)
	h.at("2021-11-03", "09:00")
	end := h.matter("s1", "w1", "marriage", `{"outcome":"notice","missing":["身份证"],`+citizen+`}`)
	if !end.ToldBefore || end.Visits != 3 {
		t.Errorf("the third visit is %+v", end)
	}
	h.logged(wire.KindVisitFinished, map[string]any{"outcome": "notice", "missing": []string{"身份证"}}, "13800000042")
	list := get[api.RepeatList](h, sup, "visits/repeated")
	if len(list.Repeats) != 1 || len(list.Repeats[0].VisitList) != 3 || list.Repeats[0].Notices != 2 {
		t.Errorf("the repeat visits are %+v", list)
	}
	h.over("2021-11")
	if f := h.found("2021-11", "window:w1", "sent_away"); len(f) == 0 || f[0].Day != monday || f[0].Counted != -2 {
		t.Errorf("the month has %+v", f)
	}
}
