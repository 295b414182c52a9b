package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
	"hallkeeper/policies"
	"hallkeeper/wire"
)

// Every number says what it is, since when and why; the daily work finds all that it needs.
func TestTheShippedNumbers(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	for _, name := range s.Names() {
		p, ok := s.On(name, "2026-11-23")
		if !ok || p.ZH == "" || p.EN == "" || p.Reference == "" || !p.From.Valid() || !slices.Contains(assess.Units(), p.Unit) {
			t.Errorf("%s says too little: %+v", name, p)
		}
	}
	if old, ok := s.On("late_grace", "2019-01-01"); !ok || old.Value != 0 {
		t.Error("days before the regulation can be looked at too")
	}
	if _, ok := s.On("nothing", "2026-11-23"); ok {
		t.Error("there is no such number")
	}
	var inspections []string
	for _, r := range s.Rules("2026-11-23") {
		if r.Cites == "" || r.Kind == "" || r.Points == "" {
			t.Errorf("the rule %s says too little: %+v", r.ID, r)
		}
		if r.Inspection {
			inspections = append(inspections, r.ID+" "+r.To)
		}
	}
	want := []string{"home_work staff", "conduct staff", "appearance staff", "first_contact staff", "window_order window"}
	if !slices.Equal(inspections, want) {
		t.Errorf("inspections may use %v", inspections)
	}
	if r, _ := s.Rule("home_work"); r.Cites != "63号 第五条, 第十三条(一)" {
		t.Errorf("home_work cites %q", r.Cites)
	}
}

// What a day's sheet takes off is what the rules say.
func TestAFactIsWorthWhatTheRulesSay(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	for _, row := range []struct {
		kind    string
		minutes float64
		want    float64
	}{{"late", 10, 1}, {"late", 11, 2}, {"late", 30, 5}, {"absence", 0, 10}, {"half_day", 0, 5}, {"swap", 0, 5}, {"conduct", 0, 2}, {"off_post", 15, 3}, {"empty_window", 15, 2}, {"commended", 0, -1}} {
		got, names, ok := s.Worth(row.kind, map[string]any{"minutes": row.minutes}, "2026-11-23")
		if !ok || got != row.want || len(names) == 0 {
			t.Errorf("%s of %v minutes is worth %v by %v", row.kind, row.minutes, got, names)
		}
	}
	if _, _, ok := s.Worth("late", map[string]any{"minutes": 0.0}, "2026-11-23"); ok {
		t.Error("nobody is late by no minutes")
	}
	alone := SetParameter{ParameterSet: wire.ParameterSet{Name: "missing_points", Value: 7, From: "2026-11-23", Reference: "纪要"}}
	if _, err := try(s, alone); code(err) != "two_people" {
		t.Errorf("a number that scores stand on is set by one person: %v", err)
	}
	agreed := alone
	agreed.Agreed = true
	enter(t, s, agreed)
	got, names, _ := s.Worth("missing", nil, "2026-11-23")
	if got != 7 || !slices.Equal(names, []string{"missing_points=7 points@2026-11-23"}) {
		t.Errorf("worth %v by %v", got, names)
	}
	if p, _, _, ok := s.InForce("2026-11-23"); ok || p.Rule("missing") == nil {
		t.Error("until the hall has adopted one, the program's policy serves")
	}
}

// fresh is the policy of an empty log.
func fresh(t interface {
	Helper()
	Fatal(...any)
}) *State {
	t.Helper()
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var at = time.Date(2026, 11, 23, 9, 0, 0, 0, time.FixedZone("", 8*3600))

// enter decides a command and folds what it makes.
func enter(t interface {
	Helper()
	Fatal(...any)
}, s *State, c Command) []wire.Record {
	t.Helper()
	records, err := try(s, c)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func try(s *State, c Command) (records []wire.Record, err error) {
	drafts, err := c.DecidePolicy(s, hall.Moment{Now: at, Day: "2026-11-23"})
	for _, d := range drafts {
		data, err := json.Marshal(d.Data)
		if err != nil {
			return nil, err
		}
		r := wire.Record{StoredAt: at, Event: wire.Event{ID: "e-" + string(d.Kind), Kind: d.Kind, Data: data, Actor: &wire.Actor{Kind: wire.ActorPerson, ID: "admin"}}}
		records = append(records, r)
		s.Fold(&r)
	}
	return records, err
}

// text is the shipped policy as another version, in which a missing swipe costs so many points.
func text(version string, missing int) string {
	return strings.NewReplacer(`version: "1.0.0"`, `version: "`+version+`"`,
		"{name: missing_points, unit: points, cites: [\"63号 第八条\"], values: [{value: 2,", fmt.Sprintf("{name: missing_points, unit: points, cites: [\"63号 第八条\"], values: [{value: %d,", missing),
		"expect: [{rule: missing, points: -2}]\n    score: 98", fmt.Sprintf("expect: [{rule: missing, points: -%d}]\n    score: %d", missing, 100-missing)).Replace(string(policies.Default()))
}

func code(err error) string {
	var e *hall.Error
	if errors.As(err, &e) {
		return e.Name
	}
	return ""
}

func TestAPeriodThatIsPublishedKeepsItsPolicy(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	enter(t, s, AdoptPolicy{Text: text("1.0.0", 2), From: "2026-01-01", Document: "甲"})
	published := func(from, until hall.Date) bool { return from <= "2026-10-31" && until >= "2026-10-01" }
	for from, want := range map[string]string{"2026-09-01": "policy_published", "2026-10-15": "policy_published", "2026-11-01": ""} {
		_, err := AdoptPolicy{Text: text("2.0.0", 3), From: from, Document: "乙", Published: published}.DecidePolicy(s, hall.Moment{})
		if code(err) != want {
			t.Errorf("from %s: %v", from, err)
		}
	}
	enter(t, s, AdoptPolicy{Text: text("3.0.0", 3), From: "2026-10-01", Document: "丙"})
	if _, err := (AdoptPolicy{Text: text("2.0.0", 4), From: "2026-09-01", Document: "丁", Published: published}).DecidePolicy(s, hall.Moment{}); err != nil {
		t.Errorf("it ends before what is published: %v", err)
	}
}

func TestAPolicyThatIsNotExtended(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	none := strings.Replace(text("1.1.0", 2), "extension: recorded", "extension: none", 1)
	endless := strings.Replace(text("1.2.0", 2), "until: 2022-07-31, trial: true, extension: recorded", "extension: none", 1)
	enter(t, s, AdoptPolicy{Text: none, From: "2026-01-01", Document: "甲"})
	enter(t, s, AdoptPolicy{Text: endless, From: "2026-02-01", Document: "乙"})
	for version, want := range map[string]string{"1.1.0": "extension_none", "1.2.0": "extension_needless", "9.9.9": "policy_unknown"} {
		_, err := try(s, ExtendPolicy{wire.PolicyExtended{Policy: "wuzhengbanfa-2020-63", Version: version, From: "2026-01-01", Document: "x"}})
		if code(err) != want {
			t.Errorf("%s: %v", version, err)
		}
	}
	if code(s.Assessable("2026-01-01", "2026-01-31")) != "policy_lapsed" || s.Assessable("2026-02-01", "2026-12-31") != nil || code(s.Assessable("2025-12-31", "2026-12-31")) != "policy_missing" {
		t.Errorf("%v, %v, %v", s.Assessable("2026-01-01", "2026-01-31"), s.Assessable("2026-02-01", "2026-12-31"), s.Assessable("2025-12-31", "2026-12-31"))
	}
}

// What another version of the program cannot read is kept, and nothing is assessed by a guess.
func TestATextThatCannotBeReadIsKept(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	data, _ := json.Marshal(wire.PolicyAdopted{Policy: "p", Version: "1", From: "2026-01-01", Document: "甲", Text: "policy: 9", SHA256: "x"})
	s.Fold(&wire.Record{Event: wire.Event{Kind: wire.KindPolicyAdopted, Data: data}})
	if _, _, _, ok := s.InForce("2026-06-01"); ok {
		t.Error("it is in force")
	}
	if p, ok := s.On("late_grace", "2026-06-01"); !ok || p.Value != 0 {
		t.Error("the daily work does not go on")
	}
	if code(s.Assessable("2026-06-01", "2026-06-01")) != "policy_missing" || len(s.Adopted()) != 1 || s.Text("p@1") != "policy: 9" || len(s.Rules("2026-06-01")) == 0 {
		t.Error("it is not as it should be")
	}
	if _, err := try(s, ExtendPolicy{wire.PolicyExtended{Policy: "p", Version: "1", From: "2027-01-01", Document: "x"}}); code(err) != "policy_unreadable" {
		t.Error(err)
	}
}

// However commands come: there is one policy on each day; sheets and scores use the same
// numbers; a state that is saved and loaded, or cloned, is the same.
func TestOnePolicyOnEveryDay(t *testing.T) {
	t.Parallel()
	begin := fresh(t)
	file, err := os.ReadFile(filepath.Join("..", "assess", "testdata", "small.yaml")) // quick to read
	if err != nil {
		t.Fatal(err)
	}
	days := []hall.Date{"2026-01-01", "2026-06-30", "2026-07-01", "2026-11-23", "2027-12-31", "2028-01-01", "2028-06-30"}
	rapid.Check(t, func(t *rapid.T) {
		s, err := begin.Empty()
		if err != nil {
			t.Fatal(err)
		}
		saved := map[string][]byte{}
		var records []wire.Record
		for range rapid.IntRange(0, 8).Draw(t, "commands") {
			from := string(rapid.SampledFrom(days).Draw(t, "from"))
			var c Command
			switch rapid.IntRange(0, 2).Draw(t, "which") {
			case 0:
				n := rapid.IntRange(1, 4).Draw(t, "version")
				c = AdoptPolicy{Text: strings.NewReplacer(`"1.0.0"`, fmt.Sprintf(`"%d.0.0"`, n), "{value: 1, from: 2026-01-01, until: 2026-06-30}", fmt.Sprintf("{value: %d, from: 2026-01-01, until: 2026-06-30}", n)).Replace(string(file)), From: from, Document: "甲"}
			case 1:
				c = SetParameter{ParameterSet: wire.ParameterSet{Name: rapid.SampledFrom([]string{"late_points", "late_from"}).Draw(t, "name"), Value: float64(rapid.IntRange(0, 9).Draw(t, "value")), From: from, Reference: "纪要",
					Until: rapid.SampledFrom([]string{"", "2028-03-31"}).Draw(t, "until")}, Agreed: true}
			case 2:
				c = ExtendPolicy{wire.PolicyExtended{Policy: "small-hall", Version: fmt.Sprint(rapid.IntRange(1, 4).Draw(t, "version"), ".0.0"), From: from, Document: "乙",
					Until: rapid.SampledFrom([]string{"", "2028-03-31"}).Draw(t, "until")}}
			}
			made, err := try(s, c)
			if err != nil && code(err) == "" {
				t.Fatalf("%T: %v", c, err)
			}
			records = append(records, made...)
			s.Tables().Save(func(key string, v []byte) { saved[key] = v }, func(key string) { delete(saved, key) })
		}
		again, err := begin.Empty()
		if err != nil {
			t.Fatal(err)
		}
		for i := range records {
			again.Fold(&records[i])
		}
		loaded, err := begin.Empty()
		if err != nil {
			t.Fatal(err)
		}
		for key, v := range saved {
			if err := loaded.Tables().Load(key, v); err != nil {
				t.Fatal(err)
			}
		}
		if err := loaded.Loaded(); err != nil {
			t.Fatal(err)
		}
		seen := map[hall.Date]bool{}
		for _, a := range s.Adopted() {
			if seen[a.From] || a.Until != "" && a.Until < a.From {
				t.Fatalf("two policies from %s on, or one that never holds", a.From)
			}
			seen[a.From] = true
		}
		for _, day := range days {
			p, standing, document, ok := s.InForce(day)
			for _, other := range []*State{again, loaded} {
				q, standing2, document2, ok2 := other.InForce(day)
				if p.Key() != q.Key() || standing != standing2 || document != document2 || ok != ok2 {
					t.Fatalf("%s: %s %s and %s %s", day, p.Key(), standing, q.Key(), standing2)
				}
				for _, name := range s.Names() {
					a, _ := s.On(name, day)
					if b, _ := other.On(name, day); a != b {
						t.Fatalf("%s: %+v and %+v", day, a, b)
					}
				}
			}
			for _, name := range []string{"late_points", "late_from", "late_grace"} {
				want, _ := s.On(name, day)
				x, has := p.Parameter(name)
				if !has {
					continue
				}
				if got := x.On(day); got.Value != want.Value || got.From != want.From {
					t.Fatalf("%s of %s: scores have %+v, sheets %+v", name, day, got, want)
				}
			}
			if (standing == assess.Extended) != (document != "") {
				t.Fatalf("%s: %s by %q", day, standing, document)
			}
		}
		var applied []string
		for _, x := range s.Applied("2026-06-29", "2026-07-02") {
			applied = append(applied, x.Policy+" "+string(x.From)+" "+string(x.Until))
		}
		if len(applied) == 0 || !strings.Contains(applied[0], "2026-06-29") || !strings.HasSuffix(applied[len(applied)-1], "2026-07-02") {
			t.Fatalf("got %v", applied)
		}
	})
}

// A clone shares what was read, and nothing of the one reaches the other.
func TestAStateBeginsEmptyAgain(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	enter(t, s, SetParameter{ParameterSet: wire.ParameterSet{Name: "late_grace", Value: 5, From: "2020-08-01", Reference: "纪要"}, Agreed: true})
	enter(t, s, AdoptPolicy{Text: text("1.0.0", 2), From: "2026-01-01", Document: "甲"})
	e, err := s.Empty()
	if err != nil {
		t.Fatal(err)
	}
	if p, _ := e.On("late_grace", "2026-11-23"); p.Value != 0 || len(e.Adopted()) != 0 {
		t.Error("it is not empty")
	}
	if x, _ := e.Shipped().Parameter("late_grace"); x.On("2026-11-23").Value != 0 {
		t.Error("scores have what the hall has set")
	}
	if x, _ := s.Shipped().Parameter("late_grace"); x.On("2026-11-23").Value != 5 {
		t.Error("the first one has lost what the hall has set")
	}
	if err := s.Tables().CopyTo(e.Tables()); err != nil {
		t.Fatal(err)
	}
	if err := e.Loaded(); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(e.Applied("2025-12-30", "2026-01-02"), s.Applied("2025-12-30", "2026-01-02")) || len(e.parsed) != 1 || e.books[0].file != s.books[0].file {
		t.Error("the copy has read the text again, or is another")
	}
	h := e.History("missing_points")
	if len(h) != 2 || h[0].Until != "2025-12-31" || h[1].From != "2026-01-01" {
		t.Errorf("got %+v", h)
	}
}

// Every indicator is made of counts that there are, and prints itself in both languages.
func TestTheShippedIndicators(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, c := range Counts() {
		known[c.ID] = c.ZH != "" && c.EN != ""
	}
	all := Indicators(hall.Date("2026-11-23"))
	if len(all) != 5 {
		t.Errorf("there are %d indicators", len(all))
	}
	for _, i := range all {
		for _, id := range append(slices.Clone(i.Above), i.Below...) {
			if !known[id] {
				t.Errorf("%s counts %s, which is nothing", i.ID, id)
			}
		}
		if zh, en := i.Formula(); zh == "" || en == "" || i.Reference == "" {
			t.Errorf("%s has no formula or no reference", i.ID)
		}
	}
}
