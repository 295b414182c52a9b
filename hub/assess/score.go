package assess

import (
	"cmp"
	"math"
	"slices"

	"hallkeeper/hub/hall"
)

// Score is what somebody has after a period.
type Score struct {
	Base   float64 `json:"base"`
	Points float64 `json:"points"`
	// Off and Bonus are what was counted, both 0 or more.
	Off   float64 `json:"off"`
	Bonus float64 `json:"bonus"`
	Grade string  `json:"grade"`
	// Barred is the longest bar to awards among the findings, empty for none.
	Barred Per `json:"barred,omitempty"`
	// Findings are all that there were, with what counted of each.
	Findings []Scored `json:"findings"`
}

// Base is what everybody begins a period with that has the day in it.
func (p *Policy) Base(day hall.Date) float64 { return p.value(p.Scores.Base, day) }

// Score is a person's score of a month: the base, less what findings take off, and what
// they give. The findings are one person's (or one department's) of one period, from
// Assess day by day; day is the period's last, by which grades are given. Findings of
// earlier periods use up what caps on quarters and years leave, and count no more.
func (p *Policy) Score(base float64, findings []Scored, day hall.Date, earlier ...Scored) Score {
	s := Score{Base: base, Findings: p.cap(slices.Concat(earlier, findings), func(Per) bool { return true })}
	s.Findings = slices.DeleteFunc(s.Findings, func(f Scored) bool {
		return !slices.ContainsFunc(findings, func(own Scored) bool { return order(own, f) == 0 })
	})
	for _, f := range s.Findings {
		if f.Counted < 0 {
			s.Off -= f.Counted
		} else {
			s.Bonus += f.Counted
		}
		if rank(f.Bars) > rank(s.Barred) {
			s.Barred = f.Bars
		}
	}
	s.Points = p.round(max(p.value(p.Scores.Lowest, day), base-s.Off+s.Bonus))
	s.Grade = p.Grade(s.Points, day)
	return s
}

// Window is a window's score: the mean of its members', less and more what its own findings
// say. ok is false where it had no members.
func (p *Policy) Window(members []float64, findings []Scored, day hall.Date) (s Score, ok bool) {
	base, ok := p.Mean(members)
	if !ok {
		return Score{}, false
	}
	return p.Score(base, findings, day), true
}

// Department is a department's score: as the policy says, the mean of its windows' scores or
// the base, less and more what its own findings say. One without windows begins with the base.
func (p *Policy) Department(windows []float64, findings []Scored, day hall.Date, earlier ...Scored) Score {
	base := p.Base(day)
	if mean, ok := p.Mean(windows); ok && p.Scores.Department == "mean" {
		base = mean
	}
	return p.Score(base, findings, day, earlier...)
}

// Mean puts scores together: members to a window, months to a quarter, quarters to a year.
// ok is false where there are none.
func (p *Policy) Mean(scores []float64) (mean float64, ok bool) {
	if len(scores) == 0 {
		return 0, false
	}
	sorted := slices.Sorted(slices.Values(scores)) // the sum must not depend on the order
	sum := 0.0
	for _, x := range sorted {
		sum += x
	}
	return p.round(sum / float64(len(sorted))), true
}

// round rounds half away from zero, as people do.
func (p *Policy) round(x float64) float64 {
	scale := math.Pow(10, float64(p.Scores.Digits))
	return math.Round(math.Round(x*scale*1e6)/1e6) / scale
}

// Grade is the grade of a score on a day.
func (p *Policy) Grade(points float64, day hall.Date) string {
	for _, g := range p.Grades {
		if g.From == "" || points >= p.value(g.From, day) {
			return g.ID
		}
	}
	return ""
}

// Indicator computes a rate from counts. ok is false where it has no value: nothing was there to be counted.
func (p *Policy) Indicator(id string, counts map[string]float64, day hall.Date) (rate float64, ok bool) {
	i := slices.IndexFunc(p.Indicators, func(i Indicator) bool { return i.ID == id })
	if i < 0 {
		return 0, false
	}
	v, err := p.Indicators[i].formula.eval(&inputs{asked: map[string]bool{}, value: func(name string) (float64, bool) {
		if param := p.parameters[name]; param != nil {
			return param.On(day).Value, true
		}
		n, ok := counts[name]
		return n, ok
	}})
	if err != nil {
		return 0, false
	}
	rate, ok = v.(float64)
	return rate, ok
}

// Places is how many of those assessed can have an award.
func (p *Policy) Places(award string, assessed int, day hall.Date) int {
	i := slices.IndexFunc(p.Awards, func(a Award) bool { return a.ID == award })
	if i < 0 {
		return 0
	}
	quota := p.parameters[p.Awards[i].Quota]
	if quota.Unit == "places" {
		return min(assessed, int(quota.On(day).Value))
	}
	return part(assessed, quota.On(day).Value)
}

// part is so many percent of n, without what does not make a whole one.
func part(n int, percent float64) int { return int(math.Floor(float64(n)*percent/100 + 1e-9)) }

// Weighed is what a score of the year weighs in the annual assessment; ok is false where the
// share is read as a quota.
func (p *Policy) Weighed(points float64, day hall.Date) (weighed float64, ok bool) {
	if p.Share.Reading != ReadWeight {
		return 0, false
	}
	return p.round(points * p.value(p.Share.Percent, day) / 100), true
}

// Excellent is how many of those assessed can be rated excellent; ok is false where
// the share is read as a weight, which bounds nothing.
func (p *Policy) Excellent(assessed int, day hall.Date) (places int, ok bool) {
	if p.Share.Reading != ReadQuota {
		return 0, false
	}
	return part(assessed, p.value(p.Share.Percent, day)), true
}

// MeanOf is the mean of parts by their days, which weigh them; ok is false where there are none.
func (p *Policy) MeanOf(parts []Part) (mean float64, ok bool) {
	days, equal := 0, true
	for _, x := range parts {
		days += x.Days
		equal = equal && x.Days == parts[0].Days
	}
	if equal || days == 0 {
		scores := make([]float64, 0, len(parts))
		for _, x := range parts {
			scores = append(scores, x.Points)
		}
		return p.Mean(scores)
	}
	sorted := slices.SortedFunc(slices.Values(parts), func(a, b Part) int { return cmp.Or(cmp.Compare(a.Points, b.Points), a.Days-b.Days) })
	sum := 0.0
	for _, x := range sorted {
		sum += x.Points * float64(x.Days)
	}
	return p.round(sum / float64(days)), true
}

// Round rounds points to the digits that a score has.
func (p *Policy) Round(x float64) float64 { return p.round(x) }

// Lasting tells whether what a month's findings count depends on the months before it.
func (p *Policy) Lasting() bool {
	for _, c := range p.Caps {
		if c.Per == PerQuarter || c.Per == PerYear {
			return true
		}
	}
	return false
}
