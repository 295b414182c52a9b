package regulation_test

import (
	"net/http"
	"testing"

	"hallkeeper/hub/api"
	"hallkeeper/wire"
)

// 63号 第十二条(二): no change within one year: refused without a special reason, allowed with the reason and the document.
func TestArticle12_2_NoChangeWithinAYearWithoutASpecialReason(t *testing.T) {
	h := build(t, monday)
	h.furnish()
	h.do(admin, "POST", "staff/s2/post", `{"post":"p1","from":"2021-08-02"}`) // three months ago
	const article = "63号 第十二条(二)"
	const wanted = `"successor":"s1","wanted_on":"2021-12-20"`
	h.refused("civil", "POST", "changes", `{"staff":"s2",`+wanted+`,"document":"民政发〔2021〕9号"}`, http.StatusConflict, "not_stable_yet", article)
	h.refused("civil", "POST", "changes", `{"staff":"s2",`+wanted+`,"reason":"长期病休"}`, http.StatusConflict, "document_missing", article)
	h.none(wire.KindChangeAsked)
	h.post("civil", "changes", `{"staff":"s2",`+wanted+`,"document":"民政发〔2021〕9号","reason":"长期病休"}`, "change")
	h.logged(wire.KindChangeAsked, map[string]any{"staff": "s2", "special": true, "document": "民政发〔2021〕9号"}, "长期病休")
}

// 63号 第十二条(三): temporary transfer or secondment needs a formal document and the bureau's consent; the window must stay
// covered, and the person is excused from attendance for it.
func TestArticle12_3_ASecondedPersonIsExcusedAndTheWindowStaysCovered(t *testing.T) {
	h := build(t, monday)
	h.furnish()
	h.shifts(monday)
	const article = "63号 第十二条(三)"
	const away = `"staff":"s1","to":"演示项目专班","from":"2021-11-01","until":"2021-11-05"`
	h.refused("civil", "POST", "secondments", `{`+away+`,"document":"旗政办函〔2021〕5号"}`, http.StatusForbidden, "not_permitted", "")
	h.refused(sup, "POST", "secondments", `{`+away+`}`, http.StatusConflict, "document_missing", article)
	h.refused(sup, "POST", "secondments", `{`+away+`,"document":"旗政办函〔2021〕5号"}`, http.StatusConflict, "cover_missing", article)
	h.none(wire.KindSecondmentSet)
	h.do(admin, "PUT", "posts/p1", `{"window":"w1","name":"岗位","deputies":["s2"]}`)
	h.do(sup, "POST", "secondments", `{`+away+`,"document":"旗政办函〔2021〕5号","cover":"s2"}`)
	h.logged(wire.KindSecondmentSet, map[string]any{"staff": "s1", "document": "旗政办函〔2021〕5号", "to": "演示项目专班", "from": monday, "until": "2021-11-05", "cover": "s2"})
	h.at("2021-11-02", "09:00")
	h.close(monday, monday)
	if x := lineOf(h.day(monday), "s1"); x.Off != "seconded" && (len(x.Excused) == 0 || x.Excused[0].Why != "seconded") || len(x.Findings) != 0 {
		t.Errorf("the seconded person's day is %+v", x)
	}
	if x := lineOf(h.day(monday), "s3"); len(x.Findings) == 0 {
		t.Errorf("who is only absent has %+v", x)
	}
}

// 63号 第十二条(四): nobody leaves before the successor knows the work (传帮带): departure without a handover that both have
// signed is refused.
func TestArticle12_4_DepartureWithoutAHandoverIsRefused(t *testing.T) {
	h := build(t, "2021-09-17")
	h.furnish()
	id := h.post("civil", "changes", `{"staff":"s1","successor":"s2","wanted_on":"2021-10-14","document":"民政发〔2021〕7号"}`, "change")
	h.do(sup, "POST", "changes/"+id+"/decide", `{"approved":true}`)
	h.at("2021-10-14", "09:00")
	const article = "63号 第十二条(四)"
	h.refused(admin, "POST", "staff/s1/depart", `{"from":"2021-10-14","document":"民政发〔2021〕7号"}`, http.StatusConflict, "handover_missing", article)
	h.refused("s3", "POST", "handovers", `{"staff":"s1","successor":"s2","as":"leaver"}`, http.StatusForbidden, "not_yours", "")
	h.do("s1", "POST", "handovers", `{"staff":"s1","successor":"s2","as":"leaver"}`)
	h.logged(wire.KindHandoverSigned, map[string]any{"staff": "s1", "successor": "s2", "as": "leaver"})
	h.refused(admin, "POST", "staff/s1/depart", `{"from":"2021-10-14","document":"民政发〔2021〕7号"}`, http.StatusConflict, "handover_missing", article)
	h.do("s2", "POST", "handovers", `{"staff":"s1","successor":"s2","as":"successor"}`)
	h.logged(wire.KindHandoverSigned, map[string]any{"staff": "s1", "successor": "s2", "as": "successor"})
	h.none(wire.KindStaffDeparted)
	h.do(admin, "POST", "staff/s1/depart", `{"from":"2021-10-14","document":"民政发〔2021〕7号","change":"`+id+`"}`)
	h.logged(wire.KindStaffDeparted, map[string]any{"staff": "s1", "from": "2021-10-14", "document": "民政发〔2021〕7号"})
}

// 63号 第十二条(五): when someone is away, a person of the same or a similar post acts for them (代行职责, AB岗): an uncovered window
// raises an alarm within a minute of the grace time, the deputy's swipe clears it, and the day shows both.
func TestArticle12_5_AnUncoveredWindowIsAnAlarmUntilTheDeputySwipes(t *testing.T) {
	h := build(t, monday)
	h.furnish()
	h.shifts(monday)
	h.do(admin, "PUT", "posts/p1", `{"window":"w1","name":"岗位","deputies":["s2"]}`)
	h.logged(wire.KindPostSet, map[string]any{"post": "p1", "deputies": []string{"s2"}})
	h.reader("a1", "w1")
	empty := func() bool {
		_, ok := get[wire.Live](h, "", "live").Alarms[string(wire.AlarmWindowEmpty)+"/w1"]
		return ok
	}
	cover := func(want wire.Cover) {
		h.t.Helper()
		h.eventually("the window is "+string(want), func() bool { return get[wire.Live](h, "", "live").Windows["w1"].Cover == want })
	}
	h.at(monday, "08:25")
	h.swipe("a1", "1001")
	h.at(monday, "10:00")
	cover(wire.CoverStaffed)
	h.swipe("a1", "1001")
	h.at(monday, "10:14")
	cover(wire.CoverAway)
	if empty() {
		t.Error("there is an alarm within the grace time of 15 minutes")
	}
	h.at(monday, "10:16")
	h.eventually("the empty window is an alarm", empty)
	h.swipe("a1", "1002")
	cover(wire.CoverCovered)
	h.eventually("the alarm is cleared", func() bool { return !empty() })
	h.at("2021-11-02", "09:00")
	h.close(monday, monday)
	h.logged2(wire.KindCardSwiped, 3)
	s := h.day(monday)
	if len(s.Suspects) != 0 {
		t.Errorf("the deputy is suspected: %+v", s.Suspects)
	}
	for _, w := range s.Windows {
		if w.Window == "w1" && (w.CoveredMinutes == 0 || w.EmptyMinutes < 16 || len(w.Findings) == 0) {
			t.Errorf("the window's day is %+v", w)
		}
	}
}

// 63号 第十二条(六)、第十三条(一): the unfit or seriously at fault are replaced by the department within 3 working days; the clock
// skips the National Day and counts the Saturday that makes up for it; overdue demands are flagged and count against the department.
func TestArticle12_6_13_1_TheReplacementClockSkipsHolidaysAndCountsMakeUpDays(t *testing.T) {
	h := build(t, "2021-09-30")
	h.furnish()
	for staff, department := range map[string]string{"s1": "civil", "s3": "tax"} {
		h.do(sup, "POST", "replacements", `{"staff":"`+staff+`","reason":"不能胜任"}`)
		h.logged(wire.KindReplacementAsked, map[string]any{"staff": staff, "department": department, "on": "2021-09-30", "due": "2021-10-11", "article": "63号 第十二条(六)"}, "不能胜任")
	}
	h.refused(sup, "POST", "replacements", `{"staff":"s1","reason":"不能胜任"}`, http.StatusConflict, "replacement_open", "63号 第十二条(六)")
	h.at("2021-10-11", "09:00")
	overdue := func() (n int, met string) {
		for _, x := range get[api.ProcedureList](h, sup, "procedures").Replacements {
			if x.Overdue {
				n++
			}
			if x.Staff == "s3" {
				met = x.ReplacementDemanded.Replacement
			}
		}
		return n, met
	}
	n, met := overdue()
	if n != 0 {
		t.Errorf("on the last day %d are overdue", n)
	}
	h.do("tax", "POST", "replacements/"+met+"/meet", `{"successor":"s4"}`)
	h.logged(wire.KindReplacementMet, map[string]any{"replacement": met, "successor": "s4", "on": "2021-10-11"})
	h.at("2021-10-12", "09:00")
	if n, _ := overdue(); n != 1 {
		t.Errorf("on the day after %d are overdue", n)
	}
	h.eventually("an overdue demand is an alarm", func() bool {
		a, ok := get[wire.Live](h, "", "live").Alarms[string(wire.AlarmReplacement)]
		return ok && a.Values["count"] == "1"
	})
	h.over("2021-09")
	h.over("2021-10")
	if f := h.found("2021-10", "department:civil", "replacement_late"); len(f) != 1 || f[0].Day != "2021-10-12" || f[0].Counted >= 0 {
		t.Errorf("civil has %+v", f)
	}
	if f := h.found("2021-10", "department:tax", "replacement_late"); len(f) != 0 {
		t.Errorf("tax has %+v", f)
	}
}

// 63号 第十二条(二): no change within one year; a needed change is applied for 15 working days
// ahead, in writing. 14 working days ahead is refused, 15 passes; in the first year without a
// reason it is refused, with reason and document allowed. The calendar has make-up days: from
// 2021-09-17 on, of the fifteen one is Saturday 2021-09-18, and none are 09-20, 09-21 and 10-01 to 10-07.
func TestArticle12_2_AChangeIsAppliedForFifteenWorkingDaysAhead(t *testing.T) {
	h := build(t, "2021-09-17")
	h.furnish()
	const article = "63号 第十二条(二)"
	h.refused("civil", "POST", "changes", `{"staff":"s1","successor":"s2","wanted_on":"2021-10-13"}`, http.StatusConflict, "document_missing", article)
	h.refused("civil", "POST", "changes", `{"staff":"s1","successor":"s2","wanted_on":"2021-10-13","document":"民政发〔2021〕7号"}`, http.StatusConflict, "notice_too_short", article)
	h.none(wire.KindChangeAsked)
	id := h.post("civil", "changes", `{"staff":"s1","successor":"s2","wanted_on":"2021-10-14","document":"民政发〔2021〕7号"}`, "change")
	h.logged(wire.KindChangeAsked, map[string]any{"change": id, "staff": "s1", "asked_on": "2021-09-17", "wanted_on": "2021-10-14", "document": "民政发〔2021〕7号"})
	h.do(sup, "POST", "changes/"+id+"/decide", `{"approved":true}`)
	h.logged(wire.KindChangeDecided, map[string]any{"change": id, "approved": true})
	if list := get[api.ProcedureList](h, "civil", "procedures"); len(list.Changes) != 1 || list.Changes[0].State != "approved" {
		t.Errorf("the liaison sees %+v", list.Changes)
	}
}
