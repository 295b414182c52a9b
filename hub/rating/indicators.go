package rating

import (
	"cmp"
	"iter"
	"slices"
	"strconv"
	"strings"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/wire"
)

// By is what rows are made of.
type By string

// The breakdowns of figures.
const (
	ByHall       By = "hall"
	ByDepartment By = "department"
	ByWindow     By = "window"
	ByStaff      By = "staff"
	ByService    By = "service"
	ByDay        By = "day"
	ByMonth      By = "month"
)

// Breakdowns are all of them.
func Breakdowns() []By {
	return []By{ByHall, ByDepartment, ByWindow, ByStaff, ByService, ByDay, ByMonth}
}

// Key is the row that a cell belongs to; empty is none, e.g. the person of a press while nobody was served.
func (c *Cell) Key(by By) string {
	switch by {
	case ByDepartment:
		return c.Department
	case ByWindow:
		return c.Window
	case ByStaff:
		return c.Staff
	case ByService:
		return c.Service
	case ByDay:
		return string(c.Day)
	case ByMonth:
		return string(c.Day[:min(len(c.Day), len("2026-11"))])
	}
	return ""
}

// CaseFigures count the cases that bad reviews have led to.
type CaseFigures struct {
	// Due had to be rectified by now, InTime of these were by their day.
	Due    int `json:"due"`
	InTime int `json:"in_time"`
	// Contact are those with a phone number, Revisited those of them that were called.
	Contact   int `json:"contact"`
	Revisited int `json:"revisited"`
}

// Rate is the value of an indicator with what it is made of.
type Rate = wire.RatingRate

// Row is the figures of a key.
type Row struct {
	Key     string             `json:"key"`
	Figures wire.RatingFigures `json:"figures"`
	Cases   CaseFigures        `json:"cases"`
	Rates   []Rate             `json:"rates"`
	// Ranking is nil where nothing was pressed, and for the hall.
	Ranking *Ranking `json:"ranking,omitempty"`
}

// Ranking is a row's place by its good rate. A small sample is drawn toward the
// hall's mean: Shrunk = (Sample × Value + prior × hall) ÷ (Sample + prior).
type Ranking struct {
	Place  int     `json:"place"`
	Value  float64 `json:"value"`
	Shrunk float64 `json:"shrunk"`
	Sample int     `json:"sample"`
}

// Counts gives the counts of the policy's indicators by their names.
func Counts(n wire.RatingFigures, c CaseFigures) map[string]int {
	all := map[string]int{"visits": n.Visits, "open": n.Open, "passed": n.Passed, "excluded": n.Excluded, "rateable": n.Rateable,
		"pressed": n.Pressed, "unrated": n.Unrated, "corrected": n.Corrected, "invalid": n.Invalid,
		"cases_due": c.Due, "cases_in_time": c.InTime, "cases_contact": c.Contact, "cases_revisited": c.Revisited}
	for i, k := range n.Levels {
		all["level_"+strconv.Itoa(i+1)] = k
	}
	return all
}

// Rates computes the indicators.
func Rates(n wire.RatingFigures, c CaseFigures, indicators []policy.Indicator) []Rate {
	counts := Counts(n, c)
	sum := func(ids []string) (all int) {
		for _, id := range ids {
			all += counts[id]
		}
		return all
	}
	rates := make([]Rate, 0, len(indicators))
	for _, x := range indicators {
		r := Rate{ID: x.ID, Above: sum(x.Above), Below: sum(x.Below)}
		if r.Below > 0 {
			v := float64(r.Above) / float64(r.Below)
			r.Value = &v
		}
		rates = append(rates, r)
	}
	return rates
}

// Rows counts cells and cases by a breakdown, in the order of the keys. The cases
// are by the same keys; indicators and prior are those of the period.
func Rows(cells iter.Seq[*Cell], by By, cases map[string]CaseFigures, indicators []policy.Indicator, prior float64) []Row {
	figures := map[string]*wire.RatingFigures{}
	if by == ByHall {
		figures[""] = &wire.RatingFigures{}
	}
	for c := range cells {
		key := c.Key(by)
		n := figures[key]
		if n == nil {
			n = &wire.RatingFigures{}
			figures[key] = n
		}
		*n = Add(*n, c.RatingFigures)
	}
	for key := range cases {
		if figures[key] == nil {
			figures[key] = &wire.RatingFigures{}
		}
	}
	rows := make([]Row, 0, len(figures))
	for key, n := range figures {
		rows = append(rows, Row{Key: key, Figures: *n, Cases: cases[key], Rates: Rates(*n, cases[key], indicators)})
	}
	slices.SortFunc(rows, func(a, b Row) int { return strings.Compare(a.Key, b.Key) })
	if by != ByHall && by != ByDay && by != ByMonth {
		Rank(rows, prior)
	}
	return rows
}

// Prior is how many ratings at the hall's mean are added to each sample, on a day.
func Prior(p *policy.State, day hall.Date) float64 {
	v, _ := p.On("rank_prior", day)
	return v.Value
}

// Good counts the good ratings (好评): 5, 4 and 3.
func Good(n wire.RatingFigures) int { return n.Levels[4] + n.Levels[3] + n.Levels[2] }

// Rank gives rows with ratings their places, the best first; equal ones share a place.
func Rank(rows []Row, prior float64) {
	var good, all int
	for i := range rows {
		good, all = good+Good(rows[i].Figures), all+rows[i].Figures.Pressed
	}
	var ranked []*Ranking
	for i := range rows {
		n := &rows[i].Figures
		if n.Pressed == 0 || rows[i].Key == "" {
			continue
		}
		r := &Ranking{Value: float64(Good(*n)) / float64(n.Pressed), Sample: n.Pressed}
		r.Shrunk = (float64(Good(*n)) + prior*float64(good)/float64(all)) / (float64(n.Pressed) + prior)
		rows[i].Ranking = r
		ranked = append(ranked, r)
	}
	slices.SortStableFunc(ranked, func(a, b *Ranking) int { return cmp.Compare(b.Shrunk, a.Shrunk) })
	for i, r := range ranked {
		if r.Place = i + 1; i > 0 && r.Shrunk == ranked[i-1].Shrunk {
			r.Place = ranked[i-1].Place
		}
	}
}

// Changes are the figures that differ, by their names, for a revision of what was published.
func Changes(before, after wire.RatingFigures) (all []wire.RatingChange) {
	a, b := Counts(before, CaseFigures{}), Counts(after, CaseFigures{})
	for _, c := range policy.Counts() {
		if a[c.ID] != b[c.ID] {
			all = append(all, wire.RatingChange{Name: c.ID, Before: a[c.ID], After: b[c.ID]})
		}
	}
	return all
}
