package assess

import (
	"cmp"
	"slices"

	"hallkeeper/hub/hall"
)

// Why a candidate has no award.
const (
	WhyBarred = "barred" // a finding bars from it
	WhyGrade  = "grade"  // the grade is too low
	WhyShort  = "days"   // it was there for too few months
	WhyTied   = "tied"   // equal to others in everything, and there are not places for all: the bureau decides
	WhyPlaces = "places" // there were no more
)

// Award ranks those that were assessed in a year and gives the places (63号 第十五条).
// least is in how many months one must have been assessed.
func (p *Policy) Award(a *Award, results []Result, day hall.Date, least int) Awarded {
	w := Awarded{Award: a.ID, To: a.To, Cites: a.Cites, Assessed: len(results), Places: p.Places(a.ID, len(results), day), Candidates: []Candidate{}}
	for i := range results {
		r := &results[i]
		c := Candidate{ID: r.ID, Points: r.Points, Ties: p.ties(a, r)}
		switch {
		case r.Barred == PerYear:
			c.Why, c.Finding, c.Rule = WhyBarred, r.BarredBy, r.BarredRule
		case p.gradeRank(r.Grade) > p.gradeRank(a.Grade):
			c.Why = WhyGrade
		case r.Months < least:
			c.Why = WhyShort
		}
		w.Candidates = append(w.Candidates, c)
	}
	slices.SortFunc(w.Candidates, func(x, y Candidate) int {
		able := func(c Candidate) int {
			if c.Why != "" {
				return 1
			}
			return 0
		}
		by, _ := a.compare(x.Ties, y.Ties)
		return cmp.Or(able(x)-able(y), by, cmp.Compare(x.ID, y.ID))
	})
	w.give(a)
	return w
}

// give gives the places to the first that can have them.
func (w *Awarded) give(a *Award) {
	able := w.Candidates
	for i := range able {
		if able[i].Why != "" {
			able = able[:i]
			break
		}
	}
	for i := range able {
		able[i].Won = i < w.Places
		if !able[i].Won {
			able[i].Why = WhyPlaces
		}
		if i > 0 {
			if by, tie := a.compare(able[i-1].Ties, able[i].Ties); by != 0 && tie > 0 {
				able[i].Tie = a.Ties[tie].By
			}
		}
	}
	if w.Places < 1 || w.Places >= len(able) {
		return
	}
	last := able[w.Places-1].Ties
	if by, _ := a.compare(last, able[w.Places].Ties); by != 0 {
		return
	}
	for i := range able {
		if by, _ := a.compare(last, able[i].Ties); by == 0 {
			able[i].Won, able[i].Why = false, WhyTied
		}
	}
}

// compare is below 0 where x comes first, and tells which tie decided; 0 where none does.
func (a *Award) compare(x, y []float64) (by, tie int) {
	for i, t := range a.Ties {
		if by := cmp.Compare(x[i], y[i]); by != 0 {
			if t.High {
				return -by, i
			}
			return by, i
		}
	}
	return 0, -1
}

// ties are what is compared of one. A rate that has no value is the worst there is.
func (p *Policy) ties(a *Award, r *Result) []float64 {
	values := make([]float64, 0, len(a.Ties))
	for _, t := range a.Ties {
		v := 0.0
		if t.By == "score" {
			v = r.Points
		} else if p.Rule(t.By) != nil {
			v = r.Rules[t.By]
			if v < 0 {
				v = -v
			}
		} else if rate, ok := r.Indicators[t.By]; ok {
			v = rate
		} else if t.High {
			v = -1
		} else {
			v = 1 << 30
		}
		values = append(values, v)
	}
	return values
}

func (p *Policy) gradeRank(id string) int {
	return slices.IndexFunc(p.Grades, func(g Grade) bool { return g.ID == id })
}
