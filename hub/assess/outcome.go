package assess

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"hallkeeper/hub/hall"
)

// Period is a month (2026-11), a quarter (2026-Q4) or a year (2026).
type Period string

var (
	monthShape   = regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])$`)
	quarterShape = regexp.MustCompile(`^[0-9]{4}-Q[1-4]$`)
	yearShape    = regexp.MustCompile(`^[0-9]{4}$`)
)

// ParsePeriod reads a period; ok is false where it is none.
func ParsePeriod(s string) (p Period, ok bool) {
	p = Period(s)
	return p, p.Kind() != ""
}

// PeriodOf is the month, quarter or year that a day lies in.
func PeriodOf(per Per, day hall.Date) Period {
	name, _ := per.Span(day)
	return Period(name)
}

// Kind is PerMonth, PerQuarter or PerYear; empty for what is no period. A year is from 2000 to 2999.
func (p Period) Kind() Per {
	if len(p) == 0 || p[0] != '2' {
		return ""
	}
	switch s := string(p); {
	case monthShape.MatchString(s):
		return PerMonth
	case quarterShape.MatchString(s):
		return PerQuarter
	case yearShape.MatchString(s):
		return PerYear
	}
	return ""
}

// Year is that which a period is in.
func (p Period) Year() string { return string(p)[:4] }

// Days are the first and the last day of a period.
func (p Period) Days() (from, until hall.Date) {
	first, months := 1, 12
	switch p.Kind() {
	case PerMonth:
		n, _ := strconv.Atoi(string(p)[5:])
		first, months = n, 1
	case PerQuarter:
		first, months = int(p[6]-'1')*3+1, 3
	}
	from = hall.Date(fmt.Sprintf("%s-%02d-01", p.Year(), first))
	next := first + months
	if next > 12 {
		y, _ := strconv.Atoi(p.Year())
		return from, hall.Date(fmt.Sprintf("%04d-01-01", y+1)).AddDays(-1)
	}
	return from, hall.Date(fmt.Sprintf("%s-%02d-01", p.Year(), next)).AddDays(-1)
}

// Parts are what a period is the mean of: a quarter's months, a year's quarters; a month has none.
func (p Period) Parts() (parts []Period) {
	switch p.Kind() {
	case PerQuarter:
		for n := range 3 {
			parts = append(parts, Period(fmt.Sprintf("%s-%02d", p.Year(), int(p[6]-'1')*3+n+1)))
		}
	case PerYear:
		for n := range 4 {
			parts = append(parts, Period(fmt.Sprintf("%s-Q%d", p.Year(), n+1)))
		}
	}
	return parts
}

// Whole is the quarter of a month and the year of a quarter; empty for a year.
func (p Period) Whole() Period {
	from, _ := p.Days()
	switch p.Kind() {
	case PerMonth:
		return PeriodOf(PerQuarter, from)
	case PerQuarter:
		return PeriodOf(PerYear, from)
	}
	return ""
}

// Outcome is what a period gives: everybody's score, and what it was made of. It
// holds ids, no names, and is the same however the events came in.
type Outcome struct {
	Period Period `json:"period"`
	// Policies are those in force on its days, in order.
	Policies []Applied `json:"policies"`
	// Workdays are the hall's working days in it.
	Workdays int `json:"workdays"`
	// People, Windows and Departments are in the order of their ids.
	People      []Result `json:"people"`
	Windows     []Result `json:"windows"`
	Departments []Result `json:"departments"`
	// Indicators are the hall's rates by id; one that has no value is not there. Counts are what they were made of.
	Indicators map[string]float64 `json:"indicators,omitempty"`
	Counts     map[string]float64 `json:"counts,omitempty"`
	// Unresolved are findings that count nothing because they name nobody or no points could be found: a person has to look.
	Unresolved []Scored `json:"unresolved,omitempty"`
	// Awards are a year's, as the policy gives them.
	Awards []Awarded `json:"awards,omitempty"`
	// Share is how the share of 63号 第十四条 was read; of a year only.
	Share *Shared `json:"share,omitempty"`
}

// Applied is a policy that held for days of a period, both included.
type Applied struct {
	// Policy is id@version.
	Policy   string    `json:"policy"`
	From     hall.Date `json:"from"`
	Until    hall.Date `json:"until"`
	Standing Standing  `json:"standing"`
	// Document is that by which a lapsed policy goes on.
	Document string `json:"document,omitempty"`
}

// Result is what one person, window or department has after a period.
type Result struct {
	To To     `json:"to"`
	ID string `json:"id"`
	// Department is that of a person or window on the last day that it was there.
	Department string `json:"department,omitempty"`
	// Window is a person's own window on that day.
	Window string `json:"window,omitempty"`
	// Days are the working days on which it was there.
	Days int `json:"days"`
	// Base is what the points start from: the policy's for a person, the mean of the parts for others.
	Base   float64 `json:"base"`
	Off    float64 `json:"off"`
	Bonus  float64 `json:"bonus"`
	Points float64 `json:"points"`
	Grade  string  `json:"grade"`
	// Barred is the longest bar to awards, BarredBy the fact that it follows from, and BarredRule the rule.
	Barred     Per    `json:"barred,omitempty"`
	BarredBy   string `json:"barred_by,omitempty"`
	BarredRule string `json:"barred_rule,omitempty"`
	// Months are how many months it was assessed in.
	Months int `json:"months"`
	// Rules are what counted in all by rule; what was taken off is below 0.
	Rules map[string]float64 `json:"rules,omitempty"`
	// Parts are what the base is the mean of, in order: a window's members, a
	// department's windows, a quarter's months, a year's quarters.
	Parts []Part `json:"parts,omitempty"`
	// Findings are what took points off and gave some, with what counted of each; in a month only.
	Findings []Scored `json:"findings,omitempty"`
	// Indicators are its own rates by id, Counts what they were made of.
	Indicators map[string]float64 `json:"indicators,omitempty"`
	Counts     map[string]float64 `json:"counts,omitempty"`
	// Rank is its place among its kind, from 1; equals have the same.
	Rank int `json:"rank"`
	// Weighed is what the score weighs by 63号 第十四条, where the share is read as a weight; of a year only.
	Weighed *float64 `json:"weighed,omitempty"`
}

// Part is one of what a base is the mean of.
type Part struct {
	// ID is a person, a window or a period.
	ID     string  `json:"id"`
	Points float64 `json:"points"`
	// Days are how much it weighs: the working days on which a member was of the window; equal for periods.
	Days int `json:"days"`
}

// Awarded is who gets an award, and why not the next.
type Awarded struct {
	Award string   `json:"award"`
	To    To       `json:"to"`
	Cites []string `json:"cites"`
	// Assessed is how many there were, Places how many can have it.
	Assessed int `json:"assessed"`
	Places   int `json:"places"`
	// Candidates are all that were assessed, from the first to the last.
	Candidates []Candidate `json:"candidates"`
}

// Candidate is one that was looked at for an award.
type Candidate struct {
	ID     string  `json:"id"`
	Points float64 `json:"points"`
	Won    bool    `json:"won"`
	// Why is empty for winners, else barred, grade (too low), days (too short), or places (there were no more).
	Why string `json:"why,omitempty"`
	// Finding is the fact that bars and Rule its rule, Tie the tie-break that put it behind the one before it.
	Finding string `json:"finding,omitempty"`
	Rule    string `json:"rule,omitempty"`
	Tie     string `json:"tie,omitempty"`
	// Ties are the values that were compared, in the order of the policy's ties.
	Ties []float64 `json:"ties"`
}

// Shared is the reading of 63号 第十四条 that was used.
type Shared struct {
	Reading Reading  `json:"reading"`
	Percent float64  `json:"percent"`
	Cites   []string `json:"cites"`
	// Excellent is how many people can be rated excellent, where it is read as a quota.
	Excellent int `json:"excellent,omitempty"`
	Words
}

// Of gives the results of a kind.
func (o Outcome) Of(to To) []Result {
	switch to {
	case ToPerson:
		return o.People
	case ToWindow:
		return o.Windows
	}
	return o.Departments
}

// Find gives one result; nil where there is none.
func (o Outcome) Find(to To, id string) *Result {
	all := o.Of(to)
	if i, ok := slices.BinarySearchFunc(all, id, func(r Result, id string) int { return cmp.Compare(r.ID, id) }); ok {
		return &all[i]
	}
	return nil
}

// Change is one thing in which two outcomes of a period differ.
type Change struct {
	To To     `json:"to"`
	ID string `json:"id"`
	// From and Until are the points before and after; nil where it was not there.
	From  *float64 `json:"from"`
	Until *float64 `json:"until"`
	// FromGrade and UntilGrade are the grades, where they differ.
	FromGrade  string `json:"from_grade,omitempty"`
	UntilGrade string `json:"until_grade,omitempty"`
	// Gone and Come are findings that counted otherwise before, and that count now.
	Gone []Scored `json:"gone,omitempty"`
	Come []Scored `json:"come,omitempty"`
	// Why says in words what else has changed, such as another policy version or the score of a part.
	Why []Words `json:"why,omitempty"`
}
