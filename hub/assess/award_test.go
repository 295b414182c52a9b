package assess

import (
	"fmt"
	"testing"

	"hallkeeper/policies"
)

// Awards go by score and tie-breaks to as many as there are places; whoever is barred,
// graded too low or was there too shortly gets none and is told why; and of equals in
// everything for whom there are not places enough, none does.
func TestAwardsGoByPublishedTieBreaks(t *testing.T) {
	p, err := Load(policies.Default())
	if err != nil {
		t.Fatal(err)
	}
	var a *Award
	for i := range p.Awards {
		if p.Awards[i].To == ToPerson {
			a = &p.Awards[i]
		}
	}
	one := func(id string, points, good float64, change func(*Result)) Result {
		r := Result{To: ToPerson, ID: id, Points: points, Grade: "pass", Months: 12, Indicators: map[string]float64{"good_rate": good, "active_rate": 0.5}, Rules: map[string]float64{}}
		if change != nil {
			change(&r)
		}
		return r
	}
	all := []Result{
		one("a", 99, 0.98, nil), one("b", 99, 0.99, nil), one("c", 101, 0.9, func(r *Result) { r.Barred, r.BarredBy, r.BarredRule = PerYear, "duty.x", "exposure" }),
		one("d", 70, 1, func(r *Result) { r.Grade = "basic" }), one("e", 102, 1, func(r *Result) { r.Months = 3 }),
	}
	for i := range 15 { // 20 people give three places
		all = append(all, one(fmt.Sprintf("x%02d", i), 90, 0.9, nil))
	}
	w := p.Award(a, all, "2026-12-31", 6)
	got := ""
	for _, c := range w.Candidates {
		if c.Won || c.Why != WhyTied {
			got += fmt.Sprintf("%s:%v%s%s%s ", c.ID, c.Won, c.Why, c.Rule, c.Tie)
		}
	}
	if want := "b:true a:truegood_rate e:falsedays c:falsebarredexposure d:falsegrade "; got != want || w.Places != 3 {
		t.Errorf("%d places: %s\nnot      %s", w.Places, got, want)
	}
}
