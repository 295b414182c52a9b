package regulation_test

import (
	"net/http"
	"testing"

	"hallkeeper/hub/api"
	"hallkeeper/hub/assess"
	"hallkeeper/wire"
)

// found are what a rule has found against somebody in a month, as it is now.
func (h *house) found(month, subject, rule string) (all []assess.Scored) {
	h.t.Helper()
	for _, x := range get[api.ScoreAnswer](h, sup, "scores/"+subject+"/"+month).Result.Findings {
		if x.Rule == rule {
			all = append(all, x)
		}
	}
	return all
}

// day is a day's sheet.
func (h *house) day(day string) wire.Sheet {
	h.t.Helper()
	return get[api.DayAnswer](h, sup, "days/"+day).Sheet
}

func lineOf(s wire.Sheet, staff string) (x wire.StaffLine) {
	for _, l := range s.Staff {
		if l.Staff == staff {
			x = l
		}
	}
	return x
}

// 63号 第五条、第十三条(一): seconded staff work in the hall full time: presence minutes per day and
// person; work for the home unit is a recorded finding.
func TestArticle5_13_1_PresenceIsMeasuredAndWorkForTheHomeUnitIsAFinding(t *testing.T) {
	h := build(t, monday)
	h.furnish()
	h.shifts(monday)
	h.reader("a1", "w1")
	for _, hour := range []string{"08:25", "12:02", "14:25", "18:03"} {
		h.at(monday, hour)
		h.swipe("a1", "1001")
	}
	h.logged2(wire.KindCardSwiped, 4)
	h.at("2021-11-02", "09:00")
	h.close(monday, monday)
	h.logged(wire.KindDayChecked, map[string]any{"day": monday})
	if x := lineOf(h.day(monday), "s1"); x.PresentMinutes != 420 || x.PlannedMinutes != 420 || len(x.Findings) != 0 {
		t.Errorf("s1 was there %d of %d minutes: %+v", x.PresentMinutes, x.PlannedMinutes, x.Findings)
	}
	if x := lineOf(h.day(monday), "s3"); x.PresentMinutes != 0 || len(x.Findings) == 0 {
		t.Errorf("s3 was there %d minutes: %+v", x.PresentMinutes, x.Findings)
	}
	h.do(sup, "POST", "findings", `{"finding":"home","day":"`+monday+`","rule":"home_work","window":"w1","staff":"s1","note":"为原单位写材料"}`)
	h.logged(wire.KindFindingMade, map[string]any{"finding": "home", "rule": "home_work", "staff": "s1"}, "为原单位写材料")
	f := h.found("2021-11", "person:s1", "home_work")
	if len(f) != 1 || f[0].Counted != -2 || len(f[0].Articles) == 0 || f[0].Articles[0] != "63号 第五条" {
		t.Errorf("the month has %+v", f)
	}
}

// logged2 expects so many records of a kind that devices send.
func (h *house) logged2(kind wire.Kind, n int) {
	h.t.Helper()
	if all := h.events(kind); len(all) != n || all[0].Agent == "" {
		h.t.Errorf("the log has %d %s, want %d", len(all), kind, n)
	}
}

// 63号 第七条: the chief representative of each window meets the bureau at least once a month: a
// window without a meeting by the month's end is flagged, and the month's statistics list it.
func TestArticle7_TheMonthListsWindowsWithoutAnExchangeMeeting(t *testing.T) {
	h := build(t, monday)
	h.furnish()
	for w, s := range map[string]string{"w1": "s1", "w2": "s3"} {
		h.do(admin, "PUT", "windows/"+w+"/representative", `{"staff":"`+s+`","from":"`+monday+`"}`)
	}
	h.refused(sup, "POST", "exchanges", `{"window":"w1","staff":"s2","text":"人员配置"}`, http.StatusUnprocessableEntity, "fields_invalid", "")
	h.do(sup, "POST", "exchanges", `{"window":"w1","date":"`+monday+`","text":"人员配置"}`)
	h.logged(wire.KindExchangeHeld, map[string]any{"window": "w1", "staff": "s1", "date": monday}, "人员配置")
	h.over("2021-11")
	x := get[api.ExchangeList](h, sup, "exchanges?month=2021-11")
	if !x.Over || len(x.Meetings) != 1 || len(x.Missing) != 1 || x.Missing[0].Window != "w2" || x.Missing[0].DepartmentName != "税务局" {
		t.Errorf("the month's exchanges are %+v", x)
	}
	if f := h.found("2021-11", "window:w2", "exchange_missing"); len(f) != 1 || f[0].Day != "2021-11-30" || f[0].Counted != -2 {
		t.Errorf("w2 has %+v", f)
	}
	if f := h.found("2021-11", "window:w1", "exchange_missing"); len(f) != 0 {
		t.Errorf("w1 has %+v", f)
	}
}
