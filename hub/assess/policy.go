package assess

import (
	"slices"
	"strconv"

	"hallkeeper/hub/hall"
)

// Words are a name or sentence in both languages.
type Words struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// To is what a rule or an award applies to.
type To string

// What can be assessed.
const (
	ToPerson     To = "person"
	ToWindow     To = "window"
	ToDepartment To = "department"
)

// Per is a stretch of time that a cap or a bar is for. Months, quarters and years are the calendar's.
type Per string

// The stretches; PerFact is one fact alone.
const (
	PerFact    Per = "fact"
	PerDay     Per = "day"
	PerMonth   Per = "month"
	PerQuarter Per = "quarter"
	PerYear    Per = "year"
)

// Span names the stretch that a day lies in, e.g. 2026-11 or 2026-Q4, and its first day.
func (p Per) Span(day hall.Date) (name string, first hall.Date) {
	if !day.Valid() {
		return "", day
	}
	y, m := string(day[:4]), string(day[5:7])
	switch p {
	case PerMonth:
		return y + "-" + m, hall.Date(y + "-" + m + "-01")
	case PerQuarter:
		q := [...]string{"01", "04", "07", "10"}
		n := (int(m[0]-'0')*10 + int(m[1]-'0') - 1) / 3
		return y + "-Q" + strconv.Itoa(n+1), hall.Date(y + "-" + q[n] + "-01")
	case PerYear:
		return y, hall.Date(y + "-01-01")
	}
	return string(day), day
}

// Reading is how the share of 63号 第十四条 is read.
type Reading string

// The readings: the hall's score weighs so much in the annual assessment, or so
// many of those assessed can be excellent.
const (
	ReadWeight Reading = "weight"
	ReadQuota  Reading = "quota"
)

// Policy is a policy file that is right. It is not to be changed, and may be used by several at once.
type Policy struct {
	ID      string
	Name    Words
	Version string
	// Document is the number of the document that it puts into practice.
	Document string
	InForce  InForce
	Articles []Article
	// Parameters are in the order of the file; Parameter finds one by name.
	Parameters []Parameter
	Scores     Scores
	Caps       []Cap
	Rules      []Rule
	Indicators []Indicator
	// Grades are from the best to the worst.
	Grades []Grade
	Share  Share
	Awards []Award
	// Publish is what the notice board shows.
	Publish Publish
	Cases   []Case

	parameters map[string]*Parameter
	rules      map[string][]*Rule // by trigger
	caps       map[string]*Cap
}

// Article is one passage of the regulation, paraphrased.
type Article struct {
	ID string
	Words
	Line int
}

// Parameter is a number of the policy, with all values it has had.
type Parameter struct {
	Name string
	Unit string
	Words
	// Values are in order of their days, without overlap or gap.
	Values []Value
	// Changes are values that the hall has set beside the file, in the order in which it set them; the last that covers a day holds.
	Changes []Value
	Line    int
}

// Value is what a parameter is from a day on. From and Until are both included; an empty Until is no end.
type Value struct {
	Value       float64
	From, Until hall.Date
	Cites       []string
}

// On gives the value of a day: the last change that covers it, else the file's.
// Days before the first value have the first, days after the last have the last.
func (p *Parameter) On(day hall.Date) Value {
	for i := len(p.Changes) - 1; i >= 0; i-- {
		if c := p.Changes[i]; c.From <= day && (c.Until == "" || day <= c.Until) {
			return c
		}
	}
	v := p.Values[0]
	for _, next := range p.Values[1:] {
		if next.From > day {
			break
		}
		v = next
	}
	return v
}

// text names a value with its unit and the day it holds from, for findings.
func (p *Parameter) text(day hall.Date) string {
	v := p.On(day)
	return p.Name + "=" + strconv.FormatFloat(v.Value, 'f', -1, 64) + " " + p.Unit + "@" + string(v.From)
}

// Parameter finds a parameter by name.
func (p *Policy) Parameter(name string) (*Parameter, bool) {
	found, ok := p.parameters[name]
	return found, ok
}

// Key names a policy and its version as findings do: id@version.
func (p *Policy) Key() string { return p.ID + "@" + p.Version }

// With is the policy with values that the hall has set beside the file, by the
// name of the parameter. The policy itself stays as it is; what is not changed is shared.
func (p *Policy) With(changes map[string][]Value) *Policy {
	c := *p
	c.Parameters = slices.Clone(p.Parameters)
	c.parameters = make(map[string]*Parameter, len(c.Parameters))
	for i := range c.Parameters {
		one := &c.Parameters[i]
		one.Changes = changes[one.Name]
		c.parameters[one.Name] = one
	}
	return &c
}

// Triggered are the rules that a kind of fact triggers, in the order of the file. They are not to be changed.
func (p *Policy) Triggered(kind string) []*Rule { return p.rules[kind] }

func (p *Policy) value(name string, day hall.Date) float64 { return p.parameters[name].On(day).Value }

// Scores says how points become scores. Means are the only way that there is.
type Scores struct {
	// Base and Lowest name parameters: what everybody begins a period with, and what no score goes below.
	Base, Lowest string
	// Digits after the point that a score has.
	Digits int
	// Window, Quarter and Year are how members, months and quarters are put together: "mean".
	Window, Quarter, Year string
	// Department is "mean" where a department begins with the mean of its windows' scores, "own" where it begins with the base.
	Department string
}

// Cap is the most that rules together change a score by.
type Cap struct {
	ID string
	Words
	// Points names a parameter.
	Points string
	Per    Per
	// Within is a wider cap that what this one lets through counts against; empty for none.
	Within string
	Line   int
}

// Rule is one reason for which points are taken off or given.
type Rule struct {
	ID    string
	Cites []string
	Words
	To      To
	Trigger string
	// When and Points are CEL; an empty When is always.
	When, Points string
	Bonus        bool
	Cap          string
	// Bars is for how long one who has such a finding gets no award; empty for not at all.
	Bars Per
	Line int

	when, points *formula
}

// Indicator is a rate that is printed beside the scores.
type Indicator struct {
	ID string
	Words
	Cites   []string
	Formula string
	Line    int

	formula *formula
}

// Grade is a band of scores.
type Grade struct {
	ID string
	Words
	// From names the parameter from which the grade is given; empty for the lowest grade.
	From string
	Line int
}

// Share is the 15 % of 63号 第十四条.
type Share struct {
	Cites   []string
	Reading Reading
	// Percent names a parameter.
	Percent string
	Words
}

// Award is what the best of a year get.
type Award struct {
	ID string
	Words
	Cites []string
	To    To
	// Quota names a parameter: percent of those assessed, or a number of places.
	Quota string
	// Grade is the lowest grade that can have it.
	Grade string
	// Ties are what decides between equals, the first first.
	Ties []Tie
	Line int
}

// Tie is one step of deciding between equals.
type Tie struct {
	// By is score, an indicator, or a rule (its points in the year).
	By   string
	High bool
}

// Shown is how much of a result the notice board shows.
type Shown string

// What is shown: nothing, who has won an award, the grades, or the points and grades.
const (
	ShowNone    Shown = "none"
	ShowAwarded Shown = "awarded"
	ShowGrade   Shown = "grade"
	ShowPoints  Shown = "points"
)

// Publish is what the notice board shows of published results.
type Publish struct {
	People, Windows, Departments Shown
	// Names is true where people who are shown are named.
	Names bool
	Cites []string
}

// Case is an example in the policy file that must hold.
type Case struct {
	Words
	Day     hall.Date
	Facts   []Fact
	Members []float64
	Expect  []Expected
	// Score, Grade and Barred are looked at where they are given.
	Score  *float64
	Grade  string
	Barred Per
	Line   int
}

// Expected is a finding that a case must have.
type Expected struct {
	Rule   string
	Points float64
}
