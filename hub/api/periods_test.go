package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/assess"
	"hallkeeper/hub/attendance"
	"hallkeeper/hub/cycle"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/policies"
	"hallkeeper/wire"
)

// toClock and checkDays are no routes: a story goes on at another time, or on days that are checked.
const (
	toClock   = "CLOCK"
	checkDays = "CHECK"
)

// pass moves the clock to nine o'clock of a day, on which everybody signs in again.
func (s *stage) pass(day string) {
	s.t.Helper()
	s.now = hall.Date(day).Time(zone).Add(9 * time.Hour)
	for _, role := range access.Roles() {
		if role != wire.RolePublic {
			if _, _, err := s.Do(s.t.Context(), wire.Actor{Kind: wire.ActorPerson, ID: "test"}, "", access.OpenSession{Digest: access.Digest("session-of-" + string(role)), Account: string(role)}); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

// check closes the working days of a span.
func (s *stage) check(from, until string) {
	s.t.Helper()
	for day := hall.Date(from); day <= hall.Date(until); day = day.AddDays(1) {
		works := false
		s.Read(func(v *register.View, _ *roster.State) { works = v.State.Policy.Calendar().IsWorkday(day) })
		if !works {
			continue
		}
		if _, _, err := s.Do(s.t.Context(), wire.Actor{Kind: wire.ActorPerson, ID: "test"}, "", attendance.CheckDay{DayChecked: wire.DayChecked{Day: string(day)}}); err != nil {
			s.t.Fatalf("%s: %v", day, err)
		}
	}
}

// periodStory tells of a November that is published and corrected, and of its quarter and year.
func periodStory() []told {
	const v = "/api/v1/"
	finding := `{"finding":"late-on","day":"2026-11-24","rule":"appearance","window":"w1","staff":"s1","note":"未戴工牌"}`
	other := `{"finding":"also","day":"2026-11-25","rule":"conduct","window":"w1","staff":"s1","note":"玩手机"}`
	return []told{
		{toClock, "2026-12-01", "", "", ""}, {checkDays, "2026-11-23 2026-11-30", "", "", ""},
		{"POST /api/v1/findings", v + "findings", finding, "", ""}, {"POST /api/v1/findings", v + "findings", other, "", ""},
		{"POST /api/v1/policies/compare", v + "policies/compare", stricter(), "supervisor", ""},
		{"GET /api/v1/months", v + "months?year=2026", "", "", ""}, {"GET /api/v1/months/{period}", v + "months/2026-11", "", "", ""},
		{"POST /api/v1/months/{period}/compute", v + "months/2026-11/compute", "", "supervisor", ""},
		{"POST /api/v1/months/{period}/review", v + "months/2026-11/review", "", "supervisor", ""},
		{"POST /api/v1/months/{period}/open-appeals", v + "months/2026-11/open-appeals", "", "supervisor", ""},
		{"POST /api/v1/appeals", v + "appeals", `{"period":"2026-11","finding":"also","text":"当时在查政策"}`, "staff", ""},
		{"GET /api/v1/appeals", v + "appeals?state=waiting", "", "staff", ""},
		{"POST /api/v1/appeals/{id}/decide", v + "appeals/SCOREAPPEAL/decide", `{"granted":true,"reason":"监控属实"}`, "supervisor", ""},
		{toClock, "2027-01-20", "", "", ""},
		{"POST /api/v1/months/{period}/publish", v + "months/2026-11/publish", "{}", "supervisor", ""},
		{"GET /api/v1/scores/{subject}/{period}", v + "scores/person:s1/2026-11", "", "staff", ""},
		{"POST /api/v1/findings/{id}/withdraw", v + "findings/late-on/withdraw", `{"day":"2026-11-24","reason":"补办后核实"}`, "", ""},
		{"POST /api/v1/months/{period}/revise", v + "months/2026-11/revise", `{"reason":"撤回一项发现"}`, "supervisor", ""},
		{checkDays, "2026-12-01 2026-12-31", "", "", ""},
		{"POST /api/v1/findings", v + "findings", `{"finding":"f-dec","day":"2026-12-08","rule":"appearance","window":"w1","staff":"s1","note":"未戴工牌"}`, "", ""},
		{"POST /api/v1/months/{period}/compute", v + "months/2026-12/compute", "", "", ""}, {"POST /api/v1/months/{period}/review", v + "months/2026-12/review", "", "", ""},
		{"POST /api/v1/months/{period}/open-appeals", v + "months/2026-12/open-appeals", "", "", ""},
		{toClock, "2027-02-08", "", "", ""},
		{"POST /api/v1/months/{period}/publish", v + "months/2026-12/publish", "", "", ""},
		{"GET /api/v1/quarters", v + "quarters", "", "", ""}, {"GET /api/v1/quarters/{period}", v + "quarters/2026-Q4", "", "", ""},
		{"POST /api/v1/quarters/{period}/compute", v + "quarters/2026-Q4/compute", "", "", ""}, {"POST /api/v1/quarters/{period}/review", v + "quarters/2026-Q4/review", "", "", ""},
		{"POST /api/v1/quarters/{period}/publish", v + "quarters/2026-Q4/publish", "", "", ""},
		{"GET /api/v1/years", v + "years", "", "", ""}, {"GET /api/v1/years/{period}", v + "years/2026", "", "", ""},
		{"POST /api/v1/years/{period}/compute", v + "years/2026/compute", "", "", ""}, {"POST /api/v1/years/{period}/review", v + "years/2026/review", "", "", ""},
		{"POST /api/v1/years/{period}/publish", v + "years/2026/publish", "", "", ""}, {"GET /api/v1/filings/assessment", v + "filings/assessment?year=2026&format=csv", "", "supervisor", ""},
		{"POST /api/v1/findings/{id}/withdraw", v + "findings/f-dec/withdraw", `{"day":"2026-12-08","reason":"补办后核实"}`, "", ""},
		{"POST /api/v1/months/{period}/revise", v + "months/2026-12/revise", `{"reason":"撤回一项发现"}`, "", ""},
		{"POST /api/v1/quarters/{period}/revise", v + "quarters/2026-Q4/revise", `{"reason":"12 月更正"}`, "", ""},
		{"POST /api/v1/years/{period}/revise", v + "years/2026/revise", `{"reason":"12 月更正"}`, "", ""},
		{"POST /api/v1/years/{period}/unpublish", v + "years/2026/unpublish", `{"revision":2,"reason":"统计口径有误"}`, "supervisor", ""}, {"POST /api/v1/proposals/{id}/confirm", v + "proposals/PROPOSAL/confirm", "", "administrator", ""},
		{"POST /api/v1/quarters/{period}/unpublish", v + "quarters/2026-Q4/unpublish", `{"revision":2,"reason":"统计口径有误"}`, "administrator", ""}, {"POST /api/v1/proposals/{id}/confirm", v + "proposals/PROPOSAL/confirm", "", "supervisor", ""},
		{"POST /api/v1/months/{period}/unpublish", v + "months/2026-12/unpublish", `{"revision":2,"reason":"统计口径有误"}`, "supervisor", ""},
	}
}

// stricter asks what November would be if what an inspection finds cost 4 points and not 2.
func stricter() string {
	text := strings.Replace(string(policies.Default()), `name: inspection_points, unit: points, cites: ["63号 第六条", "63号 第八条"], values: [{value: 2,`,
		`name: inspection_points, unit: points, cites: ["63号 第六条", "63号 第八条"], values: [{value: 4,`, 1)
	text = strings.Replace(text, `version: "1.0.0"`, `version: "1.0.1"`, 1)
	body, err := json.Marshal(comparePoliciesBody{Text: text, Month: "2026-11"})
	if err != nil {
		panic(err)
	}
	return string(body)
}

// month answers for a period, as the operator sees it.
func (s *stage) period(path string) (answer PeriodAnswer) {
	s.t.Helper()
	w := s.ask("GET", "/api/v1/"+path, "")
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
		s.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return answer
}

// tell walks through a story; every request must be answered with 200.
func (s *stage) tell(all ...told) {
	s.t.Helper()
	for _, x := range all {
		if s.moves(x) {
			continue
		}
		if w := x.ask(s); w.Code != http.StatusOK && w.Code != http.StatusCreated && w.Code != http.StatusAccepted {
			s.t.Fatalf("%s %s: %d %s", x.route, x.path, w.Code, w.Body)
		}
	}
}

// moves carries out what is no request.
func (s *stage) moves(x told) bool {
	switch x.route {
	case toClock:
		s.pass(x.path)
	case checkDays:
		from, until, _ := strings.Cut(x.path, " ")
		s.check(from, until)
	default:
		return false
	}
	return true
}

// refused asks for what must be refused with 409 and a code.
func (s *stage) refused(method, path, body, code, article string) {
	s.t.Helper()
	w := s.ask(method, "/api/v1/"+path, body)
	if p := problemOf(s.t, w); w.Code != http.StatusConflict || p.Code != code || p.Article != article || p.Title == "" {
		s.t.Errorf("%s %s is answered %d %s (%s), not %s (%s)", method, path, w.Code, p.Code, p.Article, code, article)
	}
}

// A month cannot skip a step, takes appeals until their day, and once it is
// published only a numbered revision with its difference changes it.
func TestAMonthGoesThroughItsCycle(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	s.adopted()
	s.pass("2026-11-30")
	s.check("2026-11-23", "2026-11-27")
	s.refused("POST", "months/2026-11/compute", "", "period_running", "")
	s.pass("2026-12-01")
	s.refused("POST", "months/2026-11/compute", "", "days_open", "63号 第十五条")
	s.check("2026-11-30", "2026-11-30")
	s.refused("POST", "months/2026-11/review", "", "period_not_there", "")
	s.refused("POST", "quarters/2026-Q4/compute", "", "period_running", "")
	story := periodStory()
	cut := func(from, until string) (some []told) {
		in := false
		for _, x := range story {
			in = in || x.path == from && x.route != toClock || x.path == from && x.route == toClock
			if x.path == until {
				return some
			}
			if in {
				some = append(some, x)
			}
		}
		return some
	}
	s.tell(cut("/api/v1/findings", "/api/v1/months/2026-11/review")...)
	if got := s.period("months/2026-11"); got.State != cycle.Computed || !got.Provisional || strings.Join(got.Next, " ") != "review compute" {
		t.Fatalf("after computing it is %s, next %v", got.State, got.Next)
	}
	// What is found between computing and review makes the review a lie.
	s.tell(told{"POST /api/v1/findings", "/api/v1/findings", `{"finding":"between","day":"2026-11-26","rule":"conduct","window":"w1","staff":"s1","note":"聊天"}`, "", ""})
	s.refused("POST", "months/2026-11/review", "", "outcome_changed", "")
	s.tell(told{"", "/api/v1/findings/between/withdraw", `{"day":"2026-11-26","reason":"误录"}`, "", ""}.post(), told{"", "/api/v1/months/2026-11/compute", "", "", ""}.post(), told{"", "/api/v1/months/2026-11/review", "", "", ""}.post())
	s.refused("POST", "months/2026-11/publish", "", "period_not_there", "")
	s.refused("POST", "appeals", `{"period":"2026-11","finding":"also","text":"t"}`, "appeals_closed", "")
	s.tell(told{"", "/api/v1/months/2026-11/open-appeals", "", "", ""}.post())
	s.refused("POST", "months/2026-11/publish", "", "appeals_run", "")
	s.tell(cut("/api/v1/appeals", "/api/v1/appeals/SCOREAPPEAL/decide")...)
	s.refused("POST", "appeals", `{"period":"2026-11","finding":"also","text":"再诉"}`, "appeal_twice", "")
	s.pass("2026-12-30")
	s.refused("POST", "appeals", `{"period":"2026-11","finding":"late-on","text":"晚了"}`, "appeal_late", "")
	s.refused("POST", "months/2026-11/publish", "", "appeals_open", "")
	before := s.period("months/2026-11").Outcome.Find(assess.ToPerson, "s1").Points
	s.tell(cut("/api/v1/appeals/SCOREAPPEAL/decide", "2027-01-20")...)
	after := s.period("months/2026-11").Outcome.Find(assess.ToPerson, "s1")
	if after.Points != before+2 {
		t.Errorf("the appeal was granted; the score goes from %v to %v", before, after.Points)
	}
	s.tell(told{"", "/api/v1/months/2026-11/publish", `{"digest":"` + s.period("months/2026-11").Digest + `"}`, "", ""}.post())
	s.refused("POST", "months/2026-11/publish", "", "period_published", "")
	s.refused("POST", "months/2026-11/revise", `{"reason":"没有变化"}`, "nothing_changed", "")
	published := s.period("months/2026-11")
	s.tell(told{"", "/api/v1/findings/late-on/withdraw", `{"day":"2026-11-24","reason":"核实"}`, "", ""}.post())
	late := s.period("months/2026-11")
	if fmt.Sprint(late.Outcome) != fmt.Sprint(published.Outcome) || len(late.Pending) == 0 || late.Provisional {
		t.Errorf("a late correction has changed what is published, or is not told: %+v", late.Pending)
	}
	if w := s.ask("POST", "/api/v1/months/2026-11/revise", `{}`); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a revision without a reason is answered %d", w.Code)
	}
	s.tell(told{"", "/api/v1/months/2026-11/revise", `{"reason":"撤回一项发现"}`, "", ""}.post())
	revised := s.period("months/2026-11")
	if revised.Revision != 2 || len(revised.Revisions) != 2 || len(revised.Pending) != 0 || len(revised.Revisions[1].Changes) == 0 || revised.Revisions[1].Reason != "撤回一项发现" {
		t.Errorf("the revision is %+v", revised.Revisions)
	}
	for _, c := range revised.Revisions[1].Changes {
		if c.To == assess.ToPerson && (c.ID != "s1" || len(c.Gone) != 1 || c.Gone[0].Fact != "late-on" || *c.Until-*c.From != 2) {
			t.Errorf("the difference is %+v", c)
		}
	}
	if first := s.period("months/2026-11?revision=1"); fmt.Sprint(first.Outcome) != fmt.Sprint(published.Outcome) {
		t.Error("the first revision is another one now")
	}
}

// A hall in which no day was checked yet has no scores, and says what is to be done.
func TestAHallThatHasNotBegunHasNoScores(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	for _, path := range []string{"months/2026-11", "quarters/2026-Q4", "years/2026"} {
		if got := s.period(path); len(got.Outcome.People)+len(got.Outcome.Windows) != 0 || got.State != cycle.Running {
			t.Errorf("%s of an empty hall is %+v", path, got)
		}
	}
	if w := s.ask("GET", "/api/v1/months", ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"periods":[]`) {
		t.Errorf("the months are %s", w.Body)
	}
	s.now = hall.Date("2026-12-01").Time(zone)
	s.refused("POST", "months/2026-11/compute", "", "policy_missing", "")
	s.adopted()
	s.refused("POST", "months/2026-11/compute", "", "days_open", "63号 第十五条")
}

// What another policy would change is told with whom and why, and changes nothing.
func TestAnotherPolicyIsCompared(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	s.adopted()
	s.pass("2026-12-01")
	s.check("2026-11-23", "2026-11-30")
	s.tell(told{"POST", "/api/v1/findings", `{"finding":"f1","day":"2026-11-24","rule":"appearance","window":"w1","staff":"s1","note":"未戴工牌"}`, "", ""})
	head := s.log.Head()
	var d PolicyDifference
	w := s.ask("POST", "/api/v1/policies/compare", stricter())
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if len(d.Changes) != 3 || d.To != "wuzhengbanfa-2020-63@1.0.1" || d.Assessed != 6 {
		t.Fatalf("the difference is %+v", d)
	}
	for _, c := range d.Changes {
		if want := map[assess.To]string{assess.ToPerson: "s1", assess.ToWindow: "w1", assess.ToDepartment: "civil"}[c.To]; c.ID != want || *c.Until != *c.From-2 || len(c.Why) == 0 {
			t.Errorf("%s %s goes from %v to %v: %v", c.To, c.ID, *c.From, *c.Until, c.Why)
		}
		if c.To == assess.ToPerson && (len(c.Gone) != 1 || c.Gone[0].Points != -2 || len(c.Come) != 1 || c.Come[0].Points != -4 || c.Come[0].Policy != d.To) {
			t.Errorf("s1's findings are %+v and %+v", c.Gone, c.Come)
		}
	}
	if s.log.Head() != head {
		t.Error("comparing has changed the record")
	}
	bad, err := json.Marshal(comparePoliciesBody{Text: "policy: 1\nid: x\n", Month: "2026-11"})
	if err != nil {
		t.Fatal(err)
	}
	if w := s.ask("POST", "/api/v1/policies/compare", string(bad)); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "line") && !strings.Contains(w.Body.String(), "第") {
		t.Errorf("a wrong policy is answered %d %s", w.Code, w.Body)
	}
}

// What was published cannot be undermined: by a period in which there was no hall, by a
// number that is dated back, or by a document of what would have been.
func TestWhatIsPublishedCannotBeUndermined(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	s.adopted()
	s.pass("2026-12-01")
	s.check("2026-11-23", "2026-11-30")
	for _, path := range []string{"months/2026-10", "quarters/2019-Q4", "years/2025"} {
		s.refused("POST", path+"/compute", "", "period_before", "")
	}
	for _, path := range []string{"years/0001", "months/9999-12", "months/2026-13"} {
		if w := s.ask("GET", "/api/v1/"+path, ""); w.Code != http.StatusNotFound || problemOf(t, w).Code != "period_unknown" {
			t.Errorf("%s is answered %d %s", path, w.Code, w.Body)
		}
	}
	s.tell(told{"POST", "/api/v1/findings", `{"finding":"f1","day":"2026-11-24","rule":"appearance","window":"w1","staff":"s1","note":"未戴工牌"}`, "", ""})
	for _, step := range []string{"compute", "review", "open-appeals"} {
		s.tell(told{"POST", "/api/v1/months/2026-11/" + step, "", "", ""})
	}
	s.pass("2027-01-20")
	s.tell(told{"POST", "/api/v1/months/2026-11/publish", "", "", ""})
	s.refused("POST", "policy/parameters/inspection_points", `{"value":9,"from":"2026-11-01","reference":"文"}`, "policy_published", "63号 第八条")
	s.refused("POST", "policy/parameters/inspection_points", `{"value":3,"from":"2026-12-01","reference":"文"}`, "two_people", "")
	s.tell(told{"POST", "/api/v1/policy/parameters/inspection_points/propose", `{"value":3,"from":"2026-12-01","reference":"文"}`, "administrator", ""})
	s.tell(told{"POST", "/api/v1/proposals/PROPOSAL/confirm", "", "supervisor", ""})
	what := s.period("months/2026-11?policy=wuzhengbanfa-2020-63@1.0.0")
	if what.Revision != 0 || what.Verify != "" || what.WhatIf == "" || !what.Provisional || len(what.Next) != 0 {
		t.Errorf("what would have been looks like a result: revision %d, %s", what.Revision, what.Verify)
	}
	if w := s.ask("GET", "/api/v1/months/2026-11?policy=wuzhengbanfa-2020-63@1.0.0&format=pdf", ""); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("what would have been is a document: %d", w.Code)
	}
	if got := s.period("months/2026-11"); len(got.Pending) != 0 {
		t.Errorf("a number that holds later changes what is published: %+v", got.Pending)
	}
}

// post makes a request of a story one that posts.
func (x told) post() told {
	x.route = "POST"
	return x
}

// adopted puts the shipped policy into force, whose trial is over and extended.
func (s *stage) adopted() {
	s.t.Helper()
	for _, cmd := range []any{policy.AdoptPolicy{Text: string(policies.Default()), From: "2020-08-01", Document: "乌政办发〔2020〕63号"},
		policy.ExtendPolicy{PolicyExtended: wire.PolicyExtended{Policy: "wuzhengbanfa-2020-63", Version: "1.0.0", From: "2022-08-01", Document: "演示〔2022〕1号", Fictional: true}}} {
		if _, _, err := s.Do(s.t.Context(), wire.Actor{Kind: wire.ActorPerson, ID: "test"}, "", cmd); err != nil {
			s.t.Fatal(err)
		}
	}
}
