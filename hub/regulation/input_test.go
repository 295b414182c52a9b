package regulation_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hallkeeper/hub/api"
	"hallkeeper/hub/assess"
	"hallkeeper/wire"
)

// says expects a refusal whose title, or the message of the field at a path, has words in both languages.
func (h *house) says(account, method, path, body string, status int, code, field, zh, en string) {
	h.t.Helper()
	for lang, want := range map[string]string{"zh-CN": zh, "en": en} {
		a := h.as(account, method, path, body, lang)
		var p wire.Problem
		h.json(a.body, &p)
		said := p.Title
		for _, f := range p.Fields {
			if field != "" && f.Field == field {
				said = f.Message
			}
		}
		if a.status != status || p.Code != code || !strings.Contains(said, want) {
			h.t.Errorf("%s is answered %d %s %q, want %d %s with %q", path, a.status, p.Code, said, status, code, want)
		}
	}
}

// A policy file that cannot hold is refused by the line: a cycle of caps, an unknown field, a division by zero, a rule without
// an article, parameter dates that overlap; and so are two policies on one day.
func TestAPolicyFileThatCannotHoldIsRefused(t *testing.T) {
	h := build(t, monday)
	h.furnish()
	bonus := "{id: bonus, points: bonus_cap, per: month, zh: 每月加分封顶, en: the most that a month can give}"
	adopt := func(version string, replace ...string) string {
		text := strings.Replace(h.policy(), `version: "1.0.0"`, `version: "`+version+`"`, 1)
		if changed := strings.NewReplacer(replace...).Replace(text); changed != text || len(replace) == 0 {
			text = changed
		} else {
			t.Fatalf("nothing is %v", replace)
		}
		return `{"text":` + quoted(text) + `,"from":"2020-08-01","document":"演示〔2021〕2号（虚构）"}`
	}
	for name, x := range map[string]struct {
		replace       []string
		field, zh, en string
	}{
		"a cycle of caps": {[]string{bonus, strings.Replace(bonus, "per: month", "per: month, within: b", 1) + "\n  - {id: b, points: bonus_cap, per: month, within: bonus, zh: 乙, en: b}"},
			"caps[1].within", "封顶互相套用，成了循环：bonus → b → bonus", "the caps go round in a circle: bonus → b → bonus"},
		"an unknown field":       {[]string{"when: minutes > late_grace &&", "when: minuts > late_grace &&"}, "rules[1].when", "没有参数或输入“minuts”", "no parameter or input minuts"},
		"a division by zero":     {[]string{"points: off_post_points\n", "points: off_post_points * base_points / lowest_points\n"}, "rules[8].points", "除数 lowest_points 自 2020-08-01 起为 0", "divided by lowest_points, which is 0"},
		"a rule without article": {[]string{"  - id: absence\n    cites: [\"63号 第八条\"]\n", "  - id: absence\n"}, "rules[6].cites", "没有写明依据的条款", "cites no article"},
		"overlapping parameters": {[]string{"values: [{value: 100, from: 2020-08-01}]", "values: [{value: 100, from: 2020-08-01}, {value: 90, from: 2021-01-01}]"}, "parameters[1].values[2].from", "与上一个值重叠", "overlaps the value before it"},
	} {
		t.Run(name, func(t *testing.T) {
			h.says(admin, "POST", "policies", adopt("1.0.1", x.replace...), http.StatusUnprocessableEntity, "fields_invalid", x.field, x.zh, x.en)
		})
	}
	h.says(admin, "POST", "policies", adopt("1.0.1"), http.StatusConflict, "policy_two", "", "同一天不能有两份政策", "two policies cannot be in force on one day")
	if all := h.events(wire.KindPolicyAdopted); len(all) != 1 {
		t.Errorf("%d policies were adopted", len(all))
	}
}

// An appeal after its deadline, and a year with a month that is not published.
func TestAnAppealThatIsLateAndAYearThatIsNotWhole(t *testing.T) {
	h := build(t, monday)
	h.furnish()
	h.shifts(monday)
	h.do(sup, "POST", "findings", `{"finding":"f1","day":"`+monday+`","rule":"conduct","window":"w1","staff":"s1","note":"玩手机"}`)
	h.over("2021-11")
	h.do(sup, "POST", "months/2021-11/compute", "")
	h.do(sup, "POST", "months/2021-11/review", "")
	h.do(sup, "POST", "months/2021-11/open-appeals", "")
	last := get[api.PeriodAnswer](h, sup, "months/2021-11").AppealsUntil
	if last != "2021-12-08" {
		t.Errorf("appeals are taken until %s", last)
	}
	h.at("2021-12-09", "09:00")
	h.says("s1", "POST", "appeals", `{"period":"2021-11","finding":"f1","text":"当时在查政策"}`, http.StatusConflict, "appeal_late", "", "申诉期已于 2021-12-08 结束", "appeals were taken until 2021-12-08")
	h.none(wire.KindScoreAppealed)
	h.do(sup, "POST", "months/2021-11/publish", "")
	h.over("2021-12")
	h.says(sup, "POST", "quarters/2021-Q4/compute", "{}", http.StatusConflict, "parts_unpublished", "", "2021-12", "2021-12")
	h.says(sup, "POST", "years/2021/compute", "{}", http.StatusConflict, "parts_unpublished", "", "2021-Q4", "2021-Q4")
	if p := get[api.PeriodAnswer](h, sup, "years/2021"); len(p.Blocked) == 0 || p.Blocked[0].Code != "parts_unpublished" || p.Blocked[0].ZH == "" || p.Blocked[0].EN == "" || p.Blocked[0].Article == "" {
		t.Errorf("the year is blocked by %+v", p.Blocked)
	}
	for _, r := range h.events(wire.KindPeriodComputed) {
		var d wire.PeriodPublished
		if h.json(r.Data, &d); d.Period != "2021-11" {
			t.Errorf("%s was computed", d.Period)
		}
	}
}

// A staff member who changed windows in mid-month counts for each by the days there; a window that existed ten days has ten.
func TestWhoChangedWindowsInMidMonthAndAWindowOfTenDays(t *testing.T) {
	h := build(t, monday)
	h.furnish()
	h.shifts(monday)
	h.do(admin, "PUT", "windows/w3", `{"number":"03","name":"临时专窗","department":"civil"}`)
	h.do(admin, "PUT", "posts/p3", `{"window":"w3","name":"岗位"}`)
	h.do(admin, "POST", "staff/s2/post", `{"post":"p3","from":"`+monday+`"}`)
	id := h.post("civil", "withdrawals", `{"window":"w3","document":"民政发〔2021〕8号"}`, "withdrawal")
	h.do(sup, "POST", "withdrawals/"+id+"/examine", `{"document":"政服〔2021〕1号"}`)
	h.do(sup, "POST", "withdrawals/"+id+"/decide", `{"approved":true,"document":"政函〔2021〕1号","from":"2021-11-15"}`)
	h.at("2021-11-12", "20:00") // the tenth working day
	h.do(admin, "POST", "staff/s2/post", `{"post":"p1","from":"2021-11-15"}`)
	h.at("2021-11-15", "07:00")
	h.do(admin, "DELETE", "posts/p3", "")
	h.do(admin, "DELETE", "windows/w3", "")
	h.logged(wire.KindWindowRemoved, map[string]any{"window": "w3"})
	h.logged(wire.KindStaffPosted, map[string]any{"staff": "s2", "post": "p1", "from": "2021-11-15"})
	h.over("2021-11")
	p := get[api.PeriodAnswer](h, sup, "months/2021-11")
	days := func(window string) (all string, n int) {
		if r := p.Outcome.Find(assess.ToWindow, window); r != nil {
			for _, part := range r.Parts {
				all += fmt.Sprintf("%s:%d ", part.ID, part.Days)
			}
			n = r.Days
		}
		return all, n
	}
	if parts, n := days("w1"); parts != "s1:22 s2:12 " || n != 22 {
		t.Errorf("w1 stood %d days with %s", n, parts)
	}
	if parts, n := days("w3"); parts != "s2:10 " || n != 10 {
		t.Errorf("w3 stood %d days with %s", n, parts)
	}
	if r := p.Outcome.Find(assess.ToPerson, "s2"); r == nil || r.Days != 22 || r.Window != "w1" {
		t.Errorf("s2 has %+v", r)
	}
	for _, lang := range []string{"zh-CN", "en"} { // what the reader sees of the window that is gone
		if a := h.as("civil", "GET", "scores/window:w3/2021-11", "", lang); a.status != http.StatusOK || !strings.Contains(string(a.body), `"days":10`) || !strings.Contains(string(a.body), "s2") {
			t.Errorf("its score is answered %d %.300s", a.status, a.body)
		}
	}
}
