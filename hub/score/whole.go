package score

import (
	"maps"
	"slices"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
)

// Outcome makes the outcome of a period. A quarter and a year stand on what was
// published of their parts, and on what would be published where nothing was.
func (g *Ground) Outcome(p assess.Period) assess.Outcome {
	if p.Kind() == assess.PerMonth {
		return g.month(p)
	}
	parts := []assess.Outcome{}
	for _, part := range p.Parts() {
		if o := g.part(part); len(o.People)+len(o.Windows)+len(o.Departments) > 0 {
			parts = append(parts, o)
		}
	}
	return g.whole(p, parts)
}

// part is the newest that was published of a period, else what it gives now.
func (g *Ground) part(p assess.Period) assess.Outcome {
	if !g.Live {
		x, _ := g.View.State.Cycle.Periods.Get(string(p))
		if rev, ok := x.Published(); ok {
			if o, err := g.published(p, rev.Number); err == nil {
				return *o
			}
		}
	}
	if from, _ := p.Days(); g.View.Days.Revisions.Len() == 0 || from > g.newest() {
		return assess.Outcome{Period: p}
	}
	return g.Outcome(p)
}

func (g *Ground) published(p assess.Period, revision int) (*assess.Outcome, error) {
	if g.Memory != nil {
		return g.Memory.Published(g.View, p, revision)
	}
	o, err := g.View.Archive.Outcome(p, revision)
	return &o, err
}

// newest is the last day that was checked.
func (g *Ground) newest() (last hall.Date) {
	for day := range g.View.Days.Revisions.Each() {
		last = max(last, hall.Date(day))
	}
	return last
}

// whole puts parts together.
func (g *Ground) whole(p assess.Period, parts []assess.Outcome) assess.Outcome {
	from, until := p.Days()
	o := assess.Outcome{Period: p, Policies: g.Policies.Applied(from, until), People: []assess.Result{}, Windows: []assess.Result{}, Departments: []assess.Result{}}
	policy := g.Policies.Judge(until)
	if policy == nil || len(parts) == 0 {
		return o
	}
	o.Counts = map[string]float64{}
	for i := range parts {
		o.Workdays += parts[i].Workdays
		add(o.Counts, parts[i].Counts)
	}
	o.Indicators = rates(policy, o.Counts, until)
	for to, into := range map[assess.To]*[]assess.Result{assess.ToPerson: &o.People, assess.ToWindow: &o.Windows, assess.ToDepartment: &o.Departments} {
		*into = join(policy, to, p, parts, until)
	}
	if p.Kind() == assess.PerYear {
		g.year(&o, policy, until)
	}
	return o
}

func add(into, more map[string]float64) {
	for id, n := range more {
		into[id] += n
	}
}

// join gives everybody the mean of their parts.
func join(policy *assess.Policy, to assess.To, p assess.Period, parts []assess.Outcome, until hall.Date) []assess.Result {
	of := map[string]*assess.Result{}
	for i := range parts {
		results := parts[i].Of(to)
		for k := range results {
			x := &results[k]
			r := of[x.ID]
			if r == nil {
				r = &assess.Result{To: to, ID: x.ID, Rules: map[string]float64{}, Counts: map[string]float64{}}
				of[x.ID] = r
			}
			r.Parts = append(r.Parts, assess.Part{ID: string(parts[i].Period), Points: x.Points, Days: 1})
			r.Department, r.Window = x.Department, x.Window
			r.Days, r.Months = r.Days+x.Days, r.Months+x.Months
			add(r.Counts, x.Counts)
			for rule, n := range x.Rules {
				r.Rules[rule] = policy.Round(r.Rules[rule] + n)
			}
			if lasts(x.Barred, p.Kind()) && (r.Barred == "" || x.Barred == assess.PerYear && r.Barred != assess.PerYear) {
				r.Barred, r.BarredBy, r.BarredRule = x.Barred, x.BarredBy, x.BarredRule
			}
		}
	}
	all := []assess.Result{}
	for _, id := range slices.Sorted(maps.Keys(of)) {
		r := of[id]
		r.Base, _ = policy.MeanOf(r.Parts)
		r.Points = r.Base
		r.Grade = policy.Grade(r.Points, until)
		if len(r.Counts) > 0 {
			r.Indicators = rates(policy, r.Counts, until)
		}
		all = append(all, *r)
	}
	return ranked(all)
}

// lasts tells whether a bar of a part holds for all of a period.
func lasts(bar, kind assess.Per) bool {
	return bar == assess.PerYear || bar == assess.PerQuarter && kind == assess.PerQuarter
}

// year adds what only a year has: awards and the share of 63号 第十四条.
func (g *Ground) year(o *assess.Outcome, policy *assess.Policy, until hall.Date) {
	least := 0
	if p, ok := policy.Parameter("award_months_least"); ok {
		least = int(p.On(until).Value)
	}
	for i := range policy.Awards {
		a := &policy.Awards[i]
		o.Awards = append(o.Awards, policy.Award(a, o.Of(a.To), until, least))
	}
	s := assess.Shared{Reading: policy.Share.Reading, Cites: policy.Share.Cites, Words: policy.Share.Words}
	if p, ok := policy.Parameter(policy.Share.Percent); ok {
		s.Percent = p.On(until).Value
	}
	s.Excellent, _ = policy.Excellent(len(o.People), until)
	for i := range o.People {
		if w, ok := policy.Weighed(o.People[i].Points, until); ok {
			o.People[i].Weighed = &w
		}
	}
	o.Share = &s
}
