package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/cycle"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/policies"
	"hallkeeper/wire"
)

// policyBody is the shipped policy as a request, with pairs of what is there and what takes its place; without a day it is for the check.
func policyBody(from, document string, replace ...string) string {
	body := map[string]string{"text": strings.NewReplacer(replace...).Replace(string(policies.Default()))}
	if from != "" {
		body["from"], body["document"] = from, document
	}
	b, _ := json.Marshal(body)
	return string(b)
}

func answerOf[T any](t *testing.T, s *stage, method, path, body string) (v T) {
	t.Helper()
	w := s.ask(method, "/api/v1/"+path, body)
	if w.Code != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

const shippedKey = "wuzhengbanfa-2020-63@1.0.0"

// byTwo proposes as the administrator and lets the supervisor confirm; what is refused at once, or changes nothing, is answered by the first.
func (s *stage) byTwo(path, body string) *httptest.ResponseRecorder {
	s.t.Helper()
	w := s.ask("POST", "/api/v1/"+path, body, s.of("administrator"))
	var p Proposed
	if w.Code != http.StatusAccepted {
		return w
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Proposal == "" {
		s.t.Fatalf("%v: %s", err, w.Body)
	}
	return s.ask("POST", "/api/v1/proposals/"+p.Proposal+"/confirm", "", s.of("supervisor"))
}

// confirmed is byTwo of what must be taken.
func (s *stage) confirmed(path, body string) (c ConfirmedAnswer) {
	s.t.Helper()
	w := s.byTwo(path, body)
	if err := json.Unmarshal(w.Body.Bytes(), &c); err != nil || w.Code != http.StatusOK {
		s.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return c
}

// 63号 第十八条: the trial is over; it goes on by a recorded document only.
func TestAPolicyIsAdoptedAndExtended(t *testing.T) {
	t.Parallel()
	s := newStageAt(t, 1000)
	s.people()
	list := answerOf[PolicyList](t, s, "GET", "policies", "")
	if len(list.Policies) != 1 || !list.Policies[0].Shipped || !list.Policies[0].Now || list.Policies[0].Standing != assess.Lapsed || list.Blocked == nil || list.Blocked.Code != "policy_missing" {
		t.Fatalf("before anything is adopted: %+v", list)
	}
	adopted := s.confirmed("policies", policyBody("2020-08-01", "局务会议纪要〔2020〕1号"))
	if len(adopted.Events) != 2 || adopted.Events[1].Data != nil || len(adopted.Policy.Ended) != 0 || adopted.Policy.From != "2020-08-01" || adopted.Policy.Until != "" {
		t.Errorf("got %+v", adopted)
	}
	if list = answerOf[PolicyList](t, s, "GET", "policies", ""); len(list.Policies) != 1 || list.Policies[0].Shipped || list.Policies[0].Standing != assess.Lapsed ||
		list.Blocked == nil || list.Blocked.Code != "policy_lapsed" || list.Blocked.Article != "63号 第十八条" {
		t.Errorf("adopted, and the trial is over: %+v", list)
	}
	const extend = "policies/" + shippedKey + "/extend"
	for name, row := range map[string]struct{ body, code string }{
		"without a document":                 {`{"from":"2022-08-01"}`, "document_missing"},
		"while the policy itself holds":      {`{"from":"2022-07-31","document":"x"}`, "extension_overlaps"},
		"until before it begins":             {`{"from":"2022-08-01","until":"2022-07-31","document":"x"}`, "fields_invalid"},
		"something else than a known policy": {"", "policy_unknown"},
	} {
		path := extend
		if row.body == "" {
			path, row.body = "policies/other@1/extend", `{"from":"2022-08-01","document":"x"}`
		}
		p := problemOf(t, s.byTwo(path, row.body))
		if p.Code != row.code || p.Code == "document_missing" && p.Article != "63号 第十八条" {
			t.Errorf("%s: %+v", name, p)
		}
	}
	const body = `{"from":"2022-08-01","until":"2026-12-31","document":"乌政办发〔2022〕0号（演示）","reason":"继续试行"}`
	if made := s.confirmed(extend, body); len(made.Events) != 2 {
		t.Errorf("got %+v", made)
	}
	if again := s.confirmed(extend, body); len(again.Events) != 0 {
		t.Errorf("the same again: %+v", again)
	}
	if p := problemOf(t, s.byTwo(extend, `{"from":"2026-01-01","document":"y"}`)); p.Code != "extension_overlaps" {
		t.Errorf("two extensions of one day: %+v", p)
	}
	list = answerOf[PolicyList](t, s, "GET", "policies", "")
	if one := list.Policies[0]; one.Standing != assess.Extended || len(one.Extensions) != 1 || one.Extensions[0].Reason != "继续试行" || !one.Now || list.Blocked != nil || len(one.Unruled) == 0 {
		t.Errorf("extended: %+v", list)
	}
	s.Read(func(v *register.View, _ *roster.State) {
		got := v.State.Policy.Applied("2022-07-30", "2022-08-02")
		want := []assess.Applied{{Policy: shippedKey, From: "2022-07-30", Until: "2022-07-31", Standing: assess.Holds},
			{Policy: shippedKey, From: "2022-08-01", Until: "2022-08-02", Standing: assess.Extended, Document: "乌政办发〔2022〕0号（演示）"}}
		if !slices.Equal(got, want) {
			t.Errorf("got %+v", got)
		}
		if v.State.Policy.Assessable("2026-12-01", "2026-12-31") != nil || v.State.Policy.Assessable("2026-12-31", "2027-01-01") == nil {
			t.Error("the extension ends with 2026")
		}
	})
}

func TestANewerPolicyEndsTheEarlierOne(t *testing.T) {
	t.Parallel()
	s := newStageAt(t, 1000)
	v := func(version string, more ...string) []string {
		return append([]string{`version: "1.0.0"`, `version: "` + version + `"`}, more...)
	}
	s.people()
	s.confirmed("policies", policyBody("2026-01-01", "甲"))
	key := header("Idempotency-Key", "adopt-2")
	newer := policyBody("2027-01-01", "乙", v("2.0.0", "{name: missing_points, unit: points, cites: [\"63号 第八条\"], values: [{value: 2,", "{name: missing_points, unit: points, cites: [\"63号 第八条\"], values: [{value: 4,",
		"expect: [{rule: missing, points: -2}]\n    score: 98", "expect: [{rule: missing, points: -4}]\n    score: 96")...)
	proposal := ""
	for range 2 {
		w := s.ask("POST", "/api/v1/policies", newer, key, s.of("administrator"))
		var got Proposed
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusAccepted || got.Proposal == "" || proposal != "" && got.Proposal != proposal {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		proposal = got.Proposal
		s.restarted()
	}
	confirmed := header("Idempotency-Key", "confirm-2")
	for n := range 2 {
		w := s.ask("POST", "/api/v1/proposals/"+proposal+"/confirm", "", confirmed, s.of("supervisor"))
		var got ConfirmedAnswer
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK || n == 0 && (got.Policy == nil || len(got.Policy.Ended) != 1 || got.Policy.Ended[0] != (PolicyEnded{"wuzhengbanfa-2020-63", "1.0.0", "2026-12-31"})) {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		s.restarted()
	}
	s.Read(func(view *register.View, _ *roster.State) {
		p := view.State.Policy
		for day, want := range map[string]float64{"2026-12-31": 2, "2027-01-01": 4, "2025-01-01": 2} {
			if x, ok := p.On("missing_points", hall.Date(day)); !ok || x.Value != want {
				t.Errorf("%s: %+v", day, x)
			}
		}
	})
	for name, row := range map[string]struct{ body, code, article string }{
		"another content of a version": {policyBody("2028-01-01", "丙", v("2.0.0")...), "policy_version_taken", ""},
		"the same from another day":    {policyBody("2026-02-01", "丙"), "policy_adopted", ""},
		"two on one day":               {policyBody("2027-01-01", "丙", v("3.0.0")...), "policy_two", ""},
		"before its own first day":     {policyBody("2020-07-31", "丙", v("3.0.0")...), "policy_early", "63号 第十八条"},
		"no document":                  {policyBody("2028-01-01", "", v("3.0.0")...), "fields_invalid", ""},
		"a day that is none":           {policyBody("2028-02-30", "丙", v("3.0.0")...), "fields_invalid", ""},
	} {
		if p := problemOf(t, s.byTwo("policies", row.body)); p.Code != row.code || p.Article != row.article {
			t.Errorf("%s: %+v", name, p)
		}
	}
	between := *s.confirmed("policies", policyBody("2026-07-01", "丁", v("1.5.0")...)).Policy
	if between.Until != "2026-12-31" || len(between.Ended) != 1 || between.Ended[0].Until != "2026-06-30" {
		t.Errorf("one between two: %+v", between)
	}
	s.still.Lock()
	s.view.State.Cycle.Periods.Set("2028-02", cycle.Period{Revisions: []cycle.Revision{{}}})
	s.still.Unlock()
	for from, want := range map[string]string{"2028-02-15": "policy_published", "2028-01-01": "policy_published"} {
		if p := problemOf(t, s.byTwo("policies", policyBody(from, "戊", v("4.0.0")...))); p.Code != want || p.Article != "63号 第八条" {
			t.Errorf("from %s, after which results are published: %+v", from, p)
		}
	}
	s.confirmed("policies", policyBody("2028-03-01", "戊", v("4.0.0")...))
	parts := answerOf[PolicyParts](t, s, "GET", "policies/wuzhengbanfa-2020-63@2.0.0", "")
	if len(parts.Rules) != 31 || len(parts.Articles) != 33 || !strings.Contains(parts.Text, `version: "2.0.0"`) || parts.Publish.People != assess.ShowAwarded || parts.From != "2027-01-01" || parts.Now {
		t.Errorf("got %d rules, %d articles, %+v", len(parts.Rules), len(parts.Articles), parts.PolicyRow)
	}
	if p := problemOf(t, s.ask("GET", "/api/v1/policies/nothing@1", "")); p.Code != "policy_unknown" || p.Status != http.StatusNotFound {
		t.Errorf("got %+v", p)
	}
}

// What somebody sees whose policy has mistakes: each with its line, path and words in the language asked for.
func TestFaultsOfAPolicyAreAnsweredWithTheirLines(t *testing.T) {
	t.Parallel()
	s := newStageAt(t, 1000)
	s.people()
	before := s.log.Head()
	bonus := "{id: bonus, points: bonus_cap, per: month, zh: 每月加分封顶, en: the most that a month can give}"
	for name, row := range map[string]struct {
		replace      []string
		path, zh, en string
	}{
		"a circle of caps": {[]string{bonus, strings.Replace(bonus, "per: month", "per: month, within: b", 1) + "\n  - {id: b, points: bonus_cap, per: month, within: bonus, zh: 乙, en: b}"},
			"caps[1].within", "封顶互相套用，成了循环：bonus → b → bonus", "the caps go round in a circle: bonus → b → bonus"},
		"an unknown field":          {[]string{"when: minutes > late_grace &&", "when: minuts > late_grace &&"}, "rules[1].when", "没有参数或输入“minuts”", "is it minutes?"},
		"an unknown key":            {[]string{"    trigger: absence\n", "    triger: absence\n    trigger: absence\n"}, "rules[6].triger", "没有这个键，是否为 trigger？", "no such key; is it trigger?"},
		"a division by zero":        {[]string{"points: off_post_points\n", "points: off_post_points * base_points / lowest_points\n"}, "rules[8].points", "除数 lowest_points 自 2020-08-01 起为 0", "divided by lowest_points, which is 0"},
		"a rule without an article": {[]string{"  - id: absence\n    cites: [\"63号 第八条\"]\n", "  - id: absence\n"}, "rules[6].cites", "没有写明依据的条款", "cites no article"},
		"parameter dates that overlap": {[]string{"values: [{value: 100, from: 2020-08-01}]", "values: [{value: 100, from: 2020-08-01}, {value: 90, from: 2026-01-01}]"},
			"parameters[1].values[2].from", "与上一个值重叠", "overlaps the value before it"},
		"a case that does not hold": {[]string{"score: 59", "score: 58"}, "cases[25]", "得分应为 58，算出的是 59", "score must be 58, but is 59"},
		"no YAML":                   {[]string{"policy: 1\n", "policy: [1\n"}, "text", "不是 YAML 格式", "not YAML"},
	} {
		body := policyBody("2026-01-01", "甲", row.replace...)
		if body == policyBody("2026-01-01", "甲") {
			t.Fatalf("%s changes nothing", name)
		}
		for lang, words := range map[string]string{"zh-CN": row.zh, "en": row.en} {
			w := s.ask("POST", "/api/v1/policies", body, header("Accept-Language", lang), s.of("administrator"))
			p := problemOf(t, w)
			line := map[string]string{"zh-CN": "第 ", "en": "line "}[lang]
			if w.Code != http.StatusUnprocessableEntity || !slices.ContainsFunc(p.Fields, func(f wire.ProblemField) bool {
				return f.Field == row.path && strings.Contains(f.Message, words) && strings.HasPrefix(f.Message, line)
			}) {
				t.Errorf("%s, %s: %d %+v", name, lang, w.Code, p.Fields)
			}
		}
		checked := answerOf[PolicyChecked](t, s, "POST", "policies/check", mustJSON(t, policyTextBody{textOf(t, body)}))
		if row.path == "cases[25]" {
			if last := checked.Cases[len(checked.Cases)-1]; len(checked.Faults) > 0 || last.Holds || len(last.Wrong) != 1 || last.Line == 0 {
				t.Errorf("%s: %+v", name, last)
			}
			continue
		}
		if !slices.ContainsFunc(checked.Faults, func(f assess.Fault) bool {
			return (f.Path == row.path || f.Path == "" && row.path == "text") && strings.Contains(f.ZH, row.zh) && strings.Contains(f.EN, row.en) && f.Line > 0
		}) {
			t.Errorf("%s: checked as %+v", name, checked.Faults)
		}
	}
	if got := answerOf[PolicyChecked](t, s, "POST", "policies/check", policyBody("", "")); len(got.Faults) > 0 || len(got.Cases) != 25 || got.Policy != "wuzhengbanfa-2020-63" || len(got.Unruled) == 0 {
		t.Errorf("the shipped policy: %+v", got)
	}
	if head := s.log.Head() - before; head != 0 {
		t.Errorf("what was refused or checked made %d events", head)
	}
}

// A day's sheet takes off what the rules of the adopted policy say, from its first day on, by what the hub observed and by what an inspection found.
func TestADaysSheetFollowsTheAdoptedPolicy(t *testing.T) {
	t.Parallel()
	s := newStageAt(t, 1000)
	s.people()
	body := policyBody("2026-11-19", "甲", "points: half_day_points + half_day_points", "points: half_day_points",
		"{rule: absence, points: -10}", "{rule: absence, points: -5}", "score: 85\n  - zh: \"缺卡", "score: 90\n  - zh: \"缺卡", "score: 79\n    grade: basic", "score: 89\n    grade: pass", "score: 59\n    grade: fail", "score: 79\n    grade: basic",
		"- id: window_order\n    cites: [\"63号 第六条\"]", "- id: untidy\n    cites: [\"63号 第六条\", \"63号 第八条\"]", "trigger: window_order\n    points: inspection_points", "trigger: window_order\n    points: inspection_points + inspection_points",
		"expect: [{rule: window_order, points: -2}]\n    score: 98", "expect: [{rule: untidy, points: -4}]\n    score: 96")
	s.confirmed("policies", body)
	for _, rule := range []string{"untidy", "window_order"} { // by its own id, or by the kind of fact that it is about
		answerOf[Changed](t, s, "POST", "findings", `{"finding":"`+rule+`","day":"2026-11-19","window":"w1","rule":"`+rule+`","note":"杂乱"}`)
	}
	if p := problemOf(t, s.ask("POST", "/api/v1/findings", `{"day":"2026-11-18","window":"w1","rule":"untidy","note":"杂乱"}`)); p.Code != "fields_invalid" || p.Fields[0].Field != "rule" {
		t.Errorf("a rule that does not hold yet: %+v", p)
	}
	if p := problemOf(t, s.ask("POST", "/api/v1/findings", `{"day":"2026-11-19","staff":"s1","rule":"absence","note":"x"}`)); p.Code != "fields_invalid" {
		t.Errorf("what the hub observes is not for inspections: %+v", p)
	}
	for day, want := range map[string][]string{"2026-11-18": {"absence 10 63号 第八条"}, "2026-11-19": {"absence 5 63号 第八条", "untidy 4 63号 第六条, 第八条", "window_order 4 63号 第六条, 第八条"}} {
		sheet := answerOf[DayAnswer](t, s, "GET", "days/"+day, "").Sheet
		var got []string
		add := func(all []wire.Finding) {
			for _, f := range all {
				if f.Rule != "empty_window" {
					got = append(got, fmt.Sprint(f.Rule, " ", f.Points, " ", f.Article))
				}
			}
		}
		for _, line := range sheet.Staff {
			add(line.Findings)
		}
		for _, line := range sheet.Windows {
			add(line.Findings)
		}
		slices.Sort(got)
		if got = slices.Compact(got); !slices.Equal(got, want) {
			t.Errorf("%s: want %q, got %q", day, want, got)
		}
	}
}

func textOf(t *testing.T, body string) string {
	t.Helper()
	var b adoptBody
	if err := json.Unmarshal([]byte(body), &b); err != nil {
		t.Fatal(err)
	}
	return b.Text
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
