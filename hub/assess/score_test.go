package assess_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/policies"
)

func loadSmall(t testing.TB, replace ...string) *assess.Policy {
	t.Helper()
	p, err := assess.Load([]byte(strings.NewReplacer(replace...).Replace(small(t))))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func late(id string, day hall.Date, minutes float64) assess.Fact {
	return assess.Fact{ID: id, Kind: "late", Day: day, Person: "p1", Values: map[string]any{"minutes": minutes}, Events: []string{"e-" + id}}
}

func TestAFindingExplainsItself(t *testing.T) {
	t.Parallel()
	p := shipped(t)
	got := assess.Assess(p, []assess.Fact{late("f1", "2026-11-23", 11), late("f2", "2026-11-24", 5)}, "2026-11-23")
	want := []assess.Scored{{Fact: "f1", Kind: "late", Day: "2026-11-23", To: assess.ToPerson, Subject: "p1", Rule: "late", Articles: []string{"63号 第八条"},
		Policy: "wuzhengbanfa-2020-63@1.0.0", Points: -2, Counted: -2,
		Parameters: []string{"half_day_from=30 min@2020-08-01", "late_grace=0 min@2020-08-01", "late_major_points=2 points@2020-08-01", "late_minor_until=10 min@2020-08-01"},
		Events:     []string{"e-f1"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("want %+v\ngot  %+v", want, got)
	}
}

func TestAParameterIsThatOfTheFactsDay(t *testing.T) {
	t.Parallel()
	p := loadSmall(t)
	for _, row := range []struct {
		day  hall.Date
		want float64
	}{{"2026-06-30", -1}, {"2026-07-01", -2}, {"2028-01-01", -2}} {
		got := assess.Assess(p, []assess.Fact{late("f", row.day, 5)}, row.day)
		if len(got) != 1 || got[0].Points != row.want {
			t.Errorf("%s: want %v, got %+v", row.day, row.want, got)
		}
	}
}

func TestWhatCannotBeComputedCountsNothingAndSaysSo(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, points string
		fact         assess.Fact
		says         string
	}{
		{"a division by zero", "late_points * (late_from / minutes)", late("f", "2026-07-01", 0), "divided by zero"},
		{"less than nothing", "late_points - bonus_most - bonus_most", late("f", "2026-07-01", 9), "0 or more"},
		{"a field that is not there", "late_points", assess.Fact{ID: "f", Kind: "late", Day: "2026-07-01", Person: "p1"}, "minutes"},
		{"nobody", "late_points", assess.Fact{ID: "f", Kind: "late", Day: "2026-07-01", Values: map[string]any{"minutes": 9.0}}, "names no person"},
	} {
		when := "minutes >= late_from"
		if row.fact.Values["minutes"] == 0.0 {
			when = "minutes >= 0.0"
		}
		p := loadSmall(t, "minutes >= late_from", when, "points: late_points", "points: "+row.points)
		got := assess.Assess(p, []assess.Fact{row.fact}, "2026-07-01")
		if len(got) != 1 || got[0].Fault == nil || got[0].Points != 0 || got[0].Counted != 0 || !strings.Contains(got[0].Fault.EN, row.says) {
			t.Errorf("%s: %+v", row.name, got)
			continue
		}
		if s := p.Score(100, got, "2026-07-31"); s.Points != 100 {
			t.Errorf("%s costs %v", row.name, 100-s.Points)
		}
	}
}

func TestADepartmentsScore(t *testing.T) {
	t.Parallel()
	const day = "2026-11-30"
	swap := assessAll(shipped(t), []assess.Fact{{ID: "f", Kind: "swap", Day: "2026-11-23", Window: "w", Department: "d"}})
	own, err := assess.Load([]byte(strings.Replace(string(policies.Default()), "department: mean", "department: own", 1)))
	if err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for _, r := range own.Run() {
		wrong += len(r.Wrong)
	}
	if wrong != 1 { // the case about a department with windows says "mean"
		t.Errorf("%d things are wrong with the cases where departments have scores of their own", wrong)
	}
	for _, row := range []struct {
		name    string
		p       *assess.Policy
		windows []float64
		want    float64
	}{
		{"the mean of its windows", shipped(t), []float64{90, 100}, 90},
		{"no windows", shipped(t), nil, 95},
		{"its own", own, []float64{90, 100}, 95},
	} {
		if got := row.p.Department(row.windows, swap, day); got.Points != row.want {
			t.Errorf("%s: want %v, got %v", row.name, row.want, got.Points)
		}
	}
}

func TestValuesThatTheHallSets(t *testing.T) {
	t.Parallel()
	p := loadSmall(t)
	with := p.With(map[string][]assess.Value{"late_points": {{Value: 3, From: "2026-07-10", Cites: []string{"纪要"}}, {Value: 5, From: "2026-08-01", Until: "2026-08-31"}}, "nothing": {{Value: 1}}})
	for _, row := range []struct {
		day          hall.Date
		before, want float64
	}{{"2026-06-30", -1, -1}, {"2026-07-09", -2, -2}, {"2026-07-10", -2, -3}, {"2026-08-31", -2, -5}, {"2026-09-01", -2, -3}} {
		facts := []assess.Fact{late("f", row.day, 9)}
		if got := assess.Assess(with, facts, row.day)[0].Points; got != row.want {
			t.Errorf("%s: want %v, got %v", row.day, row.want, got)
		}
		if got := assess.Assess(p, facts, row.day)[0].Points; got != row.before {
			t.Errorf("%s: the policy itself gives %v", row.day, got)
		}
	}
	if got := assess.Assess(with, []assess.Fact{late("f", "2026-07-10", 5)}, "2026-07-10")[0].Parameters; !slices.Contains(got, "late_points=3 points@2026-07-10") {
		t.Errorf("got %v", got)
	}
}

func TestIndicatorsAreThoseOfTheDailyCheck(t *testing.T) {
	t.Parallel()
	p := shipped(t)
	const day = "2026-11-23"
	if len(policy.Indicators(day)) != len(p.Indicators) {
		t.Errorf("there are %d, 63.yaml has %d", len(policy.Indicators(day)), len(p.Indicators))
	}
	rapid.Check(t, func(t *rapid.T) {
		counts := map[string]float64{}
		for _, c := range policy.Counts() {
			counts[c.ID] = float64(rapid.IntRange(0, 50).Draw(t, c.ID))
		}
		for _, i := range policy.Indicators(day) {
			above, below := 0.0, 0.0
			for _, id := range i.Above {
				above += counts[id]
			}
			for _, id := range i.Below {
				below += counts[id]
			}
			got, ok := p.Indicator(i.ID, counts, day)
			switch {
			case ok != (below > 0):
				t.Fatalf("%s: %v of %v has a value: %v", i.ID, above, below, ok)
			case ok && math.Abs(got-above/below) > 1e-12:
				t.Fatalf("%s: want %v, got %v", i.ID, above/below, got)
			}
		}
	})
}

// factsOf draws a month's facts of one person under the shipped policy, of every kind there is.
func factsOf(t *rapid.T) []assess.Fact {
	kinds := assess.Kinds()
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) assess.Fact {
		k := rapid.SampledFrom(kinds).Draw(t, "kind")
		f := assess.Fact{ID: fmt.Sprint(rapid.IntRange(0, 60).Draw(t, "id")), Kind: k.ID, Day: hall.Date(fmt.Sprintf("2026-%02d-%02d", rapid.IntRange(10, 11).Draw(t, "month"), rapid.IntRange(1, 3).Draw(t, "day"))),
			Person: "p", Window: "w", Department: "d", Values: map[string]any{}}
		for _, field := range k.Fields {
			if field.Type == assess.Number {
				f.Values[field.Name] = float64(rapid.IntRange(0, 60).Draw(t, field.Name))
			} else {
				f.Values[field.Name] = rapid.SampledFrom(field.Choices).Draw(t, field.Name)
			}
		}
		return f
	}), 0, 60).Draw(t, "facts")
}

func assessAll(p *assess.Policy, facts []assess.Fact) (all []assess.Scored) {
	days := map[hall.Date]bool{}
	for _, f := range facts {
		days[f.Day] = true
	}
	for d := range days { // in any order
		all = append(all, assess.Assess(p, facts, d)...)
	}
	return all
}

func TestTheOrderOfFactsDoesNotMatter(t *testing.T) {
	t.Parallel()
	p := shipped(t)
	rapid.Check(t, func(t *rapid.T) {
		facts := factsOf(t)
		for i := range facts { // one id is one fact
			facts[i].ID = fmt.Sprint(i)
		}
		want := p.Score(100, assessAll(p, facts), "2026-11-30")
		shuffled := slices.Clone(facts)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		findings := assessAll(p, shuffled)
		r.Shuffle(len(findings), func(i, j int) { findings[i], findings[j] = findings[j], findings[i] })
		if got := p.Score(100, findings, "2026-11-30"); !reflect.DeepEqual(got, want) {
			t.Fatalf("want %+v\ngot  %+v", want, got)
		}
		// What is told twice counts once.
		if got := p.Score(100, append(findings, findings...), "2026-11-30"); !reflect.DeepEqual(got, want) {
			t.Fatalf("twice: want %+v\ngot  %+v", want, got)
		}
	})
}

func TestCapsHold(t *testing.T) {
	t.Parallel()
	// A cap on single facts and days within months within the year, on both rules.
	const caps = "per: month, zh: 每月加分封顶, en: most bonus of a month, within: year}\n" +
		"  - {id: year, points: year_most, per: year, zh: 全年, en: a year}\n" +
		"  - {id: day, points: day_most, per: day, zh: 每日, en: a day, within: month}\n" +
		"  - {id: month, points: month_most, per: month, zh: 每月, en: a month, within: year}"
	const parameters = "  - {name: year_most, unit: points, zh: 全年, en: a year, cites: [第一条], values: [{value: 9, from: 2026-01-01}]}\n" +
		"  - {name: day_most, unit: points, zh: 每日, en: a day, cites: [第一条], values: [{value: 3, from: 2026-01-01}]}\n" +
		"  - {name: month_most, unit: points, zh: 每月, en: a month, cites: [第一条], values: [{value: 7, from: 2026-01-01}]}\n"
	p := loadSmall(t, "per: month, zh: 每月加分封顶, en: most bonus of a month}", caps, "\nscores:", parameters+"\nscores:", "points: late_points\n", "points: late_points\n    cap: day\n")
	rapid.Check(t, func(t *rapid.T) {
		var facts []assess.Fact
		for i := range rapid.IntRange(0, 60).Draw(t, "n") {
			f := late(fmt.Sprint(i), hall.Date(fmt.Sprintf("2026-%02d-%02d", rapid.IntRange(7, 9).Draw(t, "month"), rapid.IntRange(1, 3).Draw(t, "day"))), 9)
			f.Kind = rapid.SampledFrom([]string{"late", "commended"}).Draw(t, "kind")
			facts = append(facts, f)
		}
		s := p.Score(100, assessAll(p, facts), "2026-12-31")
		sums := map[string]float64{}
		for _, f := range s.Findings {
			if math.Abs(f.Counted) > math.Abs(f.Points) || f.Counted*f.Points < 0 {
				t.Fatalf("%v of %v counts", f.Counted, f.Points)
			}
			if (f.Counted != f.Points) != (len(f.Caps) > 0) {
				t.Fatalf("a cap is not named: %+v", f)
			}
			for _, per := range []assess.Per{assess.PerDay, assess.PerMonth, assess.PerYear} {
				span, _ := per.Span(f.Day)
				sums[f.Rule+" "+span] += math.Abs(f.Counted)
			}
		}
		for key, sum := range sums {
			rule, span, _ := strings.Cut(key, " ")
			most := map[string]map[int]float64{"late": {10: 3, 7: 7, 4: 9}, "praised": {10: 9, 7: 2, 4: 9}}[rule][len(span)]
			if sum > most {
				t.Fatalf("%s: %v is more than %v", key, sum, most)
			}
		}
		if s.Points != 100-s.Off+s.Bonus {
			t.Fatalf("%v is not 100 - %v + %v", s.Points, s.Off, s.Bonus)
		}
	})
}

func TestACapOnTheYearIsUsedUpByEarlierMonths(t *testing.T) {
	t.Parallel()
	p := loadSmall(t, "points: bonus_most, per: month", "points: bonus_most, per: year")
	commended := func(id string, day hall.Date) assess.Fact {
		return assess.Fact{ID: id, Kind: "commended", Day: day, Person: "p1"}
	}
	july := assessAll(p, []assess.Fact{commended("a", "2026-07-01")})
	august := assessAll(p, []assess.Fact{commended("b", "2026-08-01"), commended("c", "2026-08-02")})
	s := p.Score(100, august, "2026-08-31", july...)
	if s.Points != 101 || len(s.Findings) != 2 || s.Findings[1].Counted != 0 || !slices.Equal(s.Findings[1].Caps, []string{"bonus"}) {
		t.Errorf("got %+v", s)
	}
	if s := p.Score(100, august, "2026-08-31"); s.Points != 102 {
		t.Errorf("without July, August has %v", s.Points)
	}
}

func TestAScoreNeverGoesBelowTheLowest(t *testing.T) {
	t.Parallel()
	p := shipped(t)
	var facts []assess.Fact
	for i := range 30 {
		facts = append(facts, assess.Fact{ID: fmt.Sprint(i), Kind: "absence", Day: "2026-11-23", Person: "p"})
	}
	s := p.Score(p.Base("2026-11-23"), assessAll(p, facts), "2026-11-30")
	if s.Points != 0 || s.Off != 300 || s.Grade != "fail" {
		t.Errorf("got %v, %v off, %s", s.Points, s.Off, s.Grade)
	}
}

func TestMeansShareAndPlaces(t *testing.T) {
	t.Parallel()
	p := shipped(t)
	const day = "2026-12-31"
	if got, ok := p.Mean([]float64{98, 99, 99}); !ok || got != 98.67 {
		t.Errorf("a quarter of 98, 99, 99 has %v", got)
	}
	if _, ok := p.Mean(nil); ok {
		t.Error("nothing has a mean")
	}
	if _, ok := p.Window(nil, nil, day); ok {
		t.Error("a window without members has a score")
	}
	for _, row := range []struct{ assessed, want int }{{0, 0}, {6, 0}, {7, 1}, {20, 3}, {100, 15}} {
		if got := p.Places("excellent_window", row.assessed, day); got != row.want {
			t.Errorf("of %d windows %d are excellent, want %d", row.assessed, got, row.want)
		}
	}
	if got, ok := p.Weighed(90, day); !ok || got != 13.5 {
		t.Errorf("90 weighs %v", got)
	}
	if _, ok := p.Excellent(100, day); ok {
		t.Error("a weight bounds nothing")
	}
	q := loadSmall(t, "reading: weight", "reading: quota")
	if _, ok := q.Weighed(90, day); ok {
		t.Error("a quota weighs nothing")
	}
	if got, ok := q.Excellent(100, day); !ok || got != 15 {
		t.Errorf("of 100 %d are excellent", got)
	}
}

func TestStanding(t *testing.T) {
	t.Parallel()
	p := shipped(t)
	extended := []assess.Extension{{From: "2022-08-01", Until: "2024-07-31", Document: "乌政办发〔2022〕1号"}}
	for _, row := range []struct {
		day        hall.Date
		extensions []assess.Extension
		want       assess.Standing
	}{
		{"2020-07-31", nil, assess.NotYet},
		{"2020-08-01", nil, assess.Holds},
		{"2022-07-31", nil, assess.Holds},
		{"2022-08-01", nil, assess.Lapsed},
		{"2022-08-01", extended, assess.Extended},
		{"2024-07-31", extended, assess.Extended},
		{"2024-08-01", extended, assess.Lapsed},
	} {
		if got := p.Standing(row.day, row.extensions); got != row.want {
			t.Errorf("%s with %d extensions: want %s, got %s", row.day, len(row.extensions), row.want, got)
		}
	}
	without := loadSmall(t, "extension: recorded", "extension: none")
	if got := without.Standing("2028-01-01", []assess.Extension{{From: "2028-01-01"}}); got != assess.Lapsed {
		t.Errorf("a policy that cannot be extended is %s", got)
	}
}

func TestSpans(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		per        assess.Per
		day, first hall.Date
		name       string
	}{
		{assess.PerDay, "2026-11-23", "2026-11-23", "2026-11-23"},
		{assess.PerMonth, "2026-11-23", "2026-11-01", "2026-11"},
		{assess.PerQuarter, "2026-03-31", "2026-01-01", "2026-Q1"},
		{assess.PerQuarter, "2026-04-01", "2026-04-01", "2026-Q2"},
		{assess.PerQuarter, "2026-12-31", "2026-10-01", "2026-Q4"},
		{assess.PerYear, "2026-12-31", "2026-01-01", "2026"},
	} {
		if name, first := row.per.Span(row.day); name != row.name || first != row.first {
			t.Errorf("%s %s: got %s from %s", row.per, row.day, name, first)
		}
	}
}

func TestACaseThatDoesNotHoldSaysWhy(t *testing.T) {
	t.Parallel()
	p := loadSmall(t, "points: -2}", "points: -3}", "score: 100", "score: 99", "grade: pass\n  - zh", "grade: fail\n    barred: year\n  - zh")
	results := p.Run()
	if len(results) != 2 || len(results[0].Wrong) != 4 || len(results[1].Wrong) != 0 {
		t.Fatalf("got %+v", results)
	}
	for i, want := range []string{"must find: late -3, praised 0, praised 1, praised 1; but found: late -2", "score must be 99, but is 100", "grade must be fail, but is pass", "bar from awards for a year"} {
		if w := results[0].Wrong[i]; !strings.Contains(w.EN, want) || strings.Contains(w.ZH+w.EN, "%!") {
			t.Errorf("want %q, got %+v", want, w)
		}
	}
}

func TestArticlesWithoutARule(t *testing.T) {
	t.Parallel()
	got := loadSmall(t).Unruled()
	if len(got) != 1 || got[0].ID != "第五条" {
		t.Errorf("got %+v", got)
	}
}
