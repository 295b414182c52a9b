package api

import (
	"encoding/json"
	"fmt"
	"net/http"
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

// published folds the publication of a period, or its next revision: two windows and three people, with numbers that are nowhere else.
func (s *stage) published(period assess.Period, revision int, edit ...func(*assess.Outcome)) {
	s.t.Helper()
	result := func(to assess.To, id, department, window string, points float64, rank int) assess.Result {
		return assess.Result{To: to, ID: id, Department: department, Window: window, Days: 21, Base: 100, Points: points, Grade: "pass", Rank: rank,
			Indicators: map[string]float64{"good_rate": 0.12345}, Parts: []assess.Part{{ID: "s1", Points: 87.654}},
			Findings: []assess.Scored{{Fact: "late/s1", Rule: "late", Points: -1, Counted: -1}}}
	}
	o := &assess.Outcome{Period: period, Workdays: 21, Policies: []assess.Applied{{Policy: defaultPolicy(s.t), From: "2026-11-01", Until: "2026-11-30"}},
		People: []assess.Result{result(assess.ToPerson, "s1", "civil", "w1", 91.111, 2), result(assess.ToPerson, "s2", "civil", "w1", 92.222, 1),
			result(assess.ToPerson, "s3", "tax", "w2", 93.333, 3)},
		Windows:     []assess.Result{result(assess.ToWindow, "w1", "civil", "", 94.444, 2), result(assess.ToWindow, "w2", "tax", "", 95.555, 1)},
		Departments: []assess.Result{result(assess.ToDepartment, "civil", "", "", 96.666, 1)},
		Indicators:  map[string]float64{"good_rate": 0.975}, Counts: map[string]float64{"pressed": 777}}
	if period.Kind() == assess.PerYear {
		o.Awards = []assess.Awarded{{Award: "advanced_individual", To: assess.ToPerson, Assessed: 3, Places: 1, Candidates: []assess.Candidate{
			{ID: "s2", Points: 92.222, Won: true, Ties: []float64{1}}, {ID: "s1", Points: 91.111, Why: "places", Tie: "good_rate", Ties: []float64{1}}}}}
	}
	for _, e := range edit {
		e(o)
	}
	outcome, digest := cycle.Encode(o)
	kind := wire.KindPeriodPublished
	if revision > 1 {
		kind = wire.KindPeriodRevised
	}
	data, err := json.Marshal(wire.PeriodPublished{Period: string(period), Revision: revision, Digest: digest, Outcome: outcome})
	if err != nil {
		s.t.Fatal(err)
	}
	s.fold([]wire.Record{{Position: wire.Position(2 + revision), StoredAt: s.now, Event: wire.Event{ID: fmt.Sprintf("%s/%d", period, revision), At: s.now, Kind: kind, Data: data}}})
}

func defaultPolicy(t testing.TB) string {
	t.Helper()
	p, err := assess.Load(policies.Default())
	if err != nil {
		t.Fatal(err)
	}
	return p.ID + "@" + p.Version
}

func (s *stage) board() (b BoardAnswer, raw string) {
	s.t.Helper()
	w := s.ask("GET", "/api/v1/board", "", signedOut)
	if err := json.Unmarshal(w.Body.Bytes(), &b); err != nil || w.Code != http.StatusOK {
		s.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return b, w.Body.String()
}

// What the policy does not let the public see is not in the answer at all.
func TestTheBoardTellsNoMoreThanThePolicyLetsIt(t *testing.T) {
	never := []string{"finding", "0.12345", "87.654", "777", "late", `"base"`, `"counts"`, "ties", "candidates", `"s1"`, `"s2"`, `"s3"`}
	for name, row := range map[string]struct {
		period     assess.Period
		show       assess.Publish
		people     string
		has, lacks []string
	}{
		"as is usual, in a month": {"2026-10", assess.Publish{People: assess.ShowAwarded, Windows: assess.ShowPoints, Departments: assess.ShowPoints, Names: true}, "[]",
			[]string{"94.444", "95.555", "96.666", "合格"}, []string{"演示员", "91.111", "92.222", "93.333"}},
		"as is usual, in a year": {"2025", assess.Publish{People: assess.ShowAwarded, Windows: assess.ShowPoints, Departments: assess.ShowPoints, Names: true},
			`[{"name":"演示员s2","department":"civil局","number":"1","awards":["advanced_individual"]}]`, []string{"年度先进个人"}, []string{"演示员s1", "演示员s3", "91.111", "92.222"}},
		"nothing":                 {"2025", assess.Publish{}, "[]", nil, []string{"演示员", "9.", "先进个人", "w1", "civil局"}},
		"grades only":             {"2026-10", assess.Publish{People: assess.ShowGrade, Windows: assess.ShowGrade, Departments: assess.ShowGrade, Names: true}, "", []string{"演示员s1", `"grade":"pass"`}, []string{"91.111", "94.444", "96.666", "rank"}},
		"everybody, without name": {"2026-10", assess.Publish{People: assess.ShowPoints, Windows: assess.ShowNone}, "", []string{"演*2", "92.222"}, []string{"演示员", "w1", "94.444"}},
		"a word that is unknown":  {"2026-10", assess.Publish{People: "all", Windows: "all", Departments: "all", Names: true}, "[]", nil, []string{"演示员", "94.444", "96.666"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.people()
			s.published(row.period, 1)
			policy, err := assess.Load(policies.Default())
			if err != nil {
				t.Fatal(err)
			}
			policy.Publish = row.show
			b := s.shown(row.period, policy)
			text, err := json.Marshal(b)
			raw := string(text)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range slices.Concat(never, row.lacks) {
				if strings.Contains(raw, x) {
					t.Errorf("%s is there:\n%s", x, raw)
				}
			}
			for _, x := range row.has {
				if !strings.Contains(raw, x) {
					t.Errorf("%s is not there:\n%s", x, raw)
				}
			}
			if people, _ := json.Marshal(b.People); row.people != "" && string(people) != row.people {
				t.Errorf("people are %s", people)
			}
		})
	}
	s := newStage(t)
	s.people()
	s.published("2026-10", 1, func(o *assess.Outcome) { o.Policies = []assess.Applied{{Policy: "lost@1"}} })
	if _, raw := s.board(); !strings.Contains(raw, `"2026-10"`) || strings.Contains(raw, "94.444") || strings.Contains(raw, "演示员") {
		t.Errorf("without a policy: %s", raw)
	}
}

// shown is what the board would show of a period under a policy.
func (s *stage) shown(period assess.Period, policy *assess.Policy) (b BoardPeriod) {
	a := &API{Deps: Deps{Register: s, Zone: zone}}
	all, err := a.onBoard()
	if err != nil || len(all) != 1 || all[0].period != period {
		s.t.Fatalf("%v %+v", err, all)
	}
	s.Read(func(v *register.View, windows *roster.State) { b = a.boardPeriod(&all[0], policy, v, windows) })
	return b
}

// 63号 第十三条(二): a quarter's bulletin names the departments of its months, in the order of days, and no findings that do not count.
func TestAQuartersBulletin(t *testing.T) {
	s := newStage(t)
	s.people()
	swap := func(day string, more func(*assess.Scored)) func(*assess.Outcome) {
		return func(o *assess.Outcome) {
			f := assess.Scored{Fact: "swap/" + day, Day: hall.Date(day), To: assess.ToDepartment, Subject: "civil", Rule: "swap", Articles: []string{namedWidely}, Points: -5, Counted: -5}
			if more != nil {
				more(&f)
			}
			o.Departments[0].Findings = append(o.Departments[0].Findings, f)
		}
	}
	s.published("2026-07", 1, swap("2026-07-09", nil), swap("2026-07-02", nil), swap("2026-07-03", func(f *assess.Scored) { f.Void = "appeal" }))
	s.published("2026-08", 1, swap("2026-08-03", func(f *assess.Scored) { f.Articles = []string{"63号 第八条"} }))
	s.published("2026-10", 1, swap("2026-10-03", nil))
	s.published("2026-Q3", 1)
	b, _ := s.board()
	for _, p := range b.Periods {
		var lines []string
		for _, line := range p.Bulletin {
			lines = append(lines, line.ZH)
		}
		want := ""
		if p.Period == "2026-Q3" {
			want = "civil局：2026-07-02 擅自调换人员，扣 5 分（63号 第十三条(二)）|civil局：2026-07-09 擅自调换人员，扣 5 分（63号 第十三条(二)）"
		}
		if got := strings.Join(lines, "|"); got != want {
			t.Errorf("the bulletin of %s is %q", p.Period, got)
		}
	}
}

func TestTheBoardIsInTheOrderOfPlacesAndTime(t *testing.T) {
	s := newStage(t)
	s.people()
	if b, raw := s.board(); b.Hall.ID != "t" || len(b.Periods) != 0 || !strings.Contains(raw, `"periods":[]`) {
		t.Errorf("before anything was published: %s", raw)
	}
	for m := 1; m <= 12; m++ {
		s.published(assess.Period(fmt.Sprintf("2025-%02d", m)), 1)
	}
	for _, p := range []assess.Period{"2026-03", "2025", "2026-Q1", "2026-01", "2026-02"} {
		s.published(p, 1)
		s.board() // what was kept before a revision is not shown after it
		s.published(p, 2)
	}
	b, _ := s.board()
	var order []string
	for _, p := range b.Periods {
		order = append(order, fmt.Sprintf("%s/%d", p.Period, p.Revision))
	}
	want := "2026-03/2 2026-Q1/2 2026-02/2 2026-01/2 2025-12/1 2025/2 2025-11/1 2025-10/1 2025-09/1 2025-08/1 2025-07/1 2025-06/1 2025-05/1 2025-04/1"
	if got := strings.Join(order, " "); got != want {
		t.Errorf("the periods are %s", got)
	}
	if p := b.Periods[0]; p.Verify != "/verify/2026-03/2" || p.Windows[0].ID != "w2" || p.Windows[0].Number != "2" || p.Windows[0].Department != "tax局" || *p.Windows[0].Points != 95.555 ||
		p.Grades[0].ZH != "合格" || p.Indicators[0].ID != "good_rate" || p.Indicators[0].Value != 0.975 {
		t.Errorf("a month is %+v", p)
	}
}

func TestVerifying(t *testing.T) {
	s := newStage(t)
	s.published("2026-10", 1)
	s.published("2026-10", 2, func(o *assess.Outcome) { o.Workdays = 20 })
	ask := func(path string) (v VerifyAnswer) {
		w := s.ask("GET", "/api/v1/verify/"+path, "", signedOut)
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return v
	}
	s.heads = []Checkpoint{{Size: 2, Root: "old"}}
	v := ask("2026-10/1")
	if v.Newest != 2 || len(v.Digest) != 64 || v.From != "2026-10-01" || v.Until != "2026-10-31" || v.Checkpoint != nil || len(v.Policies) != 1 || v.Position != 3 {
		t.Errorf("it is %+v", v)
	}
	s.heads = append(s.heads, Checkpoint{Size: 5, Root: "new"}, Checkpoint{Size: 9, Root: "newer"})
	if again := ask("2026-10/2"); again.Checkpoint == nil || again.Checkpoint.Root != "new" || again.Digest == v.Digest || again.Newest != 2 {
		t.Errorf("with a checkpoint it is %+v", v)
	}
	for n, record := range []any{wire.CopyQueued{Copy: "c1", Period: "2026-10", Revision: 2, Department: "civil", Formats: []string{"pdf"}},
		wire.CopySent{Copy: "c1", Files: []wire.CopyFile{{Name: "x.pdf", Format: "pdf", SHA256: "abc"}, {Name: "y.pdf", Format: "pdf", SHA256: "abc"}}}} {
		data, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		s.fold([]wire.Record{{Position: 6, StoredAt: s.now, Event: wire.Event{ID: fmt.Sprint("copy", n), At: s.now, Kind: []wire.Kind{wire.KindCopyQueued, wire.KindCopySent}[n], Data: data}}})
	}
	if got := ask("2026-10/2").Documents; len(got) != 1 || got[0] != (PublishedDocument{"pdf", "", "abc"}) || ask("2026-10/1").Documents != nil {
		t.Errorf("the files are %+v", got)
	}
	for path, code := range map[string]string{"2026-10/3": "revision_unknown", "2026-10/0": "revision_unknown", "2026-10/x": "revision_unknown",
		"2026-09/1": "not_published", "2026-13/1": "not_published", "x/1": "not_published"} {
		w := s.ask("GET", "/api/v1/verify/"+path, "", signedOut)
		if p := problemOf(t, w); p.Code != code || w.Code != http.StatusNotFound {
			t.Errorf("%s is answered %d %s", path, w.Code, p.Code)
		}
	}
}

func TestMaskedNames(t *testing.T) {
	for name, want := range map[string]string{"张小明": "张*明", "张明": "张*", "张": "*", "欧阳小明": "欧*明", "𬍡䶮": "𬍡*"} {
		if got := masked(name); got != want {
			t.Errorf("%s is masked as %s", name, got)
		}
	}
}
