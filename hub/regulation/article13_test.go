package regulation_test

import (
	"net/http"
	"strings"
	"testing"

	"hallkeeper/hub/api"
	"hallkeeper/wire"
)

// 63号 第十三条(一): who refuses management after repeated criticism is returned to the unit, with a written report to
// discipline inspection: recorded criticisms, the return, and a generated report that names the criticisms.
func TestArticle13_1_TheReportOfAReturnNamesTheCriticisms(t *testing.T) {
	h := build(t, monday)
	h.furnish()
	const article = "63号 第十三条(一)"
	reasons := []string{"拒不佩戴工牌", "擅离岗位拒绝说明", "顶撞督导人员"}
	for i, reason := range reasons {
		if i > 0 {
			h.refused(sup, "POST", "staff/s1/return", `{"on":"2021-11-05"}`, http.StatusConflict, "criticisms_too_few", article)
		}
		h.do(sup, "POST", "criticisms", `{"staff":"s1","on":"`+monday+`","reason":"`+reason+`"}`)
		h.logged(wire.KindCriticismMade, map[string]any{"staff": "s1", "on": monday}, reason)
	}
	h.none(wire.KindStaffReturned)
	report := h.post(sup, "staff/s1/return", `{"on":"2021-11-05"}`, "report")
	var made []string
	for _, x := range h.events(wire.KindCriticismMade) {
		made = append(made, x.ID)
	}
	r := h.logged(wire.KindStaffReturned, map[string]any{"staff": "s1", "on": "2021-11-05", "report": report})
	if len(made) != 3 || strings.Count(string(r.Data), `"criticisms":["`) != 1 {
		t.Errorf("the return names %s", r.Data)
	}
	h.logged(wire.KindReplacementAsked, map[string]any{"staff": "s1", "article": article, "due": "2021-11-04"})
	text := get[api.ReturnReport](h, sup, "reports/"+report).Text
	for _, word := range append(reasons, article, "演示员s1", "民政局", "2021-11-05") {
		if !strings.Contains(text, word) {
			t.Errorf("the report does not name %s: %s", word, text)
		}
	}
	h.refused("tax", "GET", "reports/"+report, "", http.StatusNotFound, "report_unknown", "")
}

// 63号 第十三条(二): a unit that swaps people without consent loses points and is named banner-wide. An unassigned card at a
// window is a suspected swap; a same-post deputy is lawful (第十二条(五)); cleared it counts nothing, only confirmed it is the
// department's deduction and a line of the quarter's bulletin.
func TestArticle13_2_AnUnassignedCardIsSuspectedAndConfirmedOrCleared(t *testing.T) {
	h := build(t, monday)
	h.furnish()
	h.shifts(monday)
	h.do(admin, "PUT", "posts/p1", `{"window":"w1","name":"岗位","deputies":["s2"]}`)
	h.reader("a1", "w1")
	h.reader("a2", "w2")
	h.at(monday, "09:00")
	h.swipe("a1", "1002") // the deputy
	h.swipe("a1", "9999") // nobody's card
	h.swipe("a2", "1004") // of tax, without a post
	alarms := func() (ids []string) {
		for id := range get[wire.Live](h, "", "live").Alarms {
			if _, swap, ok := strings.Cut(id, string(wire.AlarmSwap)+"/"); ok {
				ids = append(ids, swap)
			}
		}
		return ids
	}
	h.eventually("two swaps are suspected", func() bool { return len(alarms()) == 2 })
	var atW1, atW2 string
	for _, x := range h.day(monday).Suspects {
		switch {
		case x.Window == "w1" && x.Why == wire.SuspectUnknown && x.State == wire.SuspectOpen:
			atW1 = x.ID
		case x.Window == "w2" && x.Why == wire.SuspectUnposted && x.Staff == "s4":
			atW2 = x.ID
		default:
			t.Errorf("suspected is %+v", x)
		}
	}
	h.none(wire.KindSwapJudged)
	h.refused("civil", "POST", "swaps/"+atW1+"/judge", `{"confirmed":true,"department":"civil","reason":"未经同意"}`, http.StatusForbidden, "not_permitted", "")
	h.do(sup, "POST", "swaps/"+atW2+"/judge", `{"confirmed":false,"reason":"送材料路过"}`)
	h.logged(wire.KindSwapJudged, map[string]any{"swap": atW2, "confirmed": false}, "送材料路过")
	h.do(sup, "POST", "swaps/"+atW1+"/judge", `{"confirmed":true,"department":"civil","reason":"未经同意换人"}`)
	h.logged(wire.KindSwapJudged, map[string]any{"swap": atW1, "confirmed": true, "department": "civil"}, "未经同意换人")
	h.eventually("nothing is suspected any more", func() bool { return len(alarms()) == 0 })
	h.over("2021-11")
	if f := h.found("2021-11", "department:civil", "swap"); len(f) != 1 || f[0].Counted != -5 {
		t.Errorf("civil has %+v", f)
	}
	if f := h.found("2021-11", "department:tax", "swap"); len(f) != 0 {
		t.Errorf("tax has %+v", f)
	}
	h.publish("months/2021-11", "2021-12-13")
	h.over("2021-12")
	h.publish("months/2021-12", "2022-01-13")
	h.publish("quarters/2021-Q4", "")
	h.logged(wire.KindPeriodPublished, map[string]any{"period": "2021-Q4"})
	for _, p := range get[api.BoardAnswer](h, "", "board").Periods {
		if p.Period == "2021-Q4" && (len(p.Bulletin) != 1 || !strings.Contains(p.Bulletin[0].ZH, "民政局") || p.Bulletin[0].EN == "") {
			t.Errorf("the bulletin is %+v", p.Bulletin)
		}
	}
}
