package assess

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"hallkeeper/hub/hall"
)

// Fact is something that the hub observed or a person entered. Values hold the
// fields of its kind: a float64, string or bool each.
type Fact struct {
	// ID tells facts apart; the same id is the same fact.
	ID   string
	Kind string
	Day  hall.Date
	// Whom it is about, as far as its kind says.
	Person, Window, Department string
	Values                     map[string]any
	// Events are the ids of the events that it was made from.
	Events []string
}

// subject is the id of whom a rule applies to, empty where the fact names none.
func (f *Fact) subject(to To) string {
	switch to {
	case ToPerson:
		return f.Person
	case ToWindow:
		return f.Window
	}
	return f.Department
}

// Scored is a finding: what a fact is worth under a rule, and why.
type Scored struct {
	Fact    string    `json:"fact"`
	Kind    string    `json:"kind"`
	Day     hall.Date `json:"day"`
	To      To        `json:"to"`
	Subject string    `json:"subject"`
	// Rule, Articles and Policy (id@version) say what it stands on.
	Rule     string   `json:"rule"`
	Articles []string `json:"articles"`
	Policy   string   `json:"policy"`
	// Points change the score by so much: what is taken off is below 0. Counted is what caps have left of them.
	Points  float64 `json:"points"`
	Counted float64 `json:"counted"`
	// Caps are the caps that left less of it.
	Caps []string `json:"caps,omitempty"`
	Bars Per      `json:"bars,omitempty"`
	// Parameters are the values that were used, e.g. "late_minor_points=1 points@2020-08-01".
	Parameters []string `json:"parameters,omitempty"`
	Events     []string `json:"events,omitempty"`
	// Void is the appeal that has taken it out; nothing is counted then.
	Void string `json:"void,omitempty"`
	// Fault says why no points could be found; a person has to look. Nothing is counted then.
	Fault *Words `json:"fault,omitempty"`
}

// order is that of findings in everything that is made of them.
func order(a, b Scored) int {
	return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Fact, b.Fact), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.To, b.To), cmp.Compare(a.Subject, b.Subject))
}

// Assess gives a finding for each rule that applies to a fact of the day, with
// the parameters of that day, in an order that does not depend on that of the
// facts. Facts of other days are none of its business. Each finding is within the caps
// on single facts and days; Score applies those on longer stretches.
func Assess(p *Policy, facts []Fact, day hall.Date) []Scored {
	var all []Scored
	for i := range facts {
		f := &facts[i]
		if f.Day != day {
			continue
		}
		for _, r := range p.rules[f.Kind] {
			if s, applies := p.judge(r, f); applies {
				all = append(all, s)
			}
		}
	}
	return p.cap(all, func(per Per) bool { return rank(per) <= rank(PerDay) })
}

// judge applies one rule to one fact.
func (p *Policy) judge(r *Rule, f *Fact) (s Scored, applies bool) {
	in := &inputs{values: f.Values, asked: map[string]bool{}, value: func(name string) (float64, bool) {
		if param := p.parameters[name]; param != nil {
			return param.On(f.Day).Value, true
		}
		return 0, false
	}}
	s = Scored{Fact: f.ID, Kind: f.Kind, Day: f.Day, To: r.To, Subject: f.subject(r.To), Rule: r.ID, Articles: r.Cites,
		Policy: p.Key(), Events: slices.Clone(f.Events), Bars: r.Bars}
	points, applies, err := r.worth(in)
	if !applies && err == nil {
		return s, false
	}
	if err == nil && s.Subject == "" {
		err = fmt.Errorf("the fact names no %s", r.To)
	}
	for _, name := range slices.Sorted(maps.Keys(in.asked)) {
		s.Parameters = append(s.Parameters, p.parameters[name].text(f.Day))
	}
	if err != nil {
		s.Fault, s.Bars = &Words{"算不出分值：" + err.Error(), "no points could be found: " + err.Error()}, ""
		return s, true
	}
	s.Points = -points
	if r.Bonus {
		s.Points = points
	}
	s.Counted = s.Points
	return s, true
}

// worth is what a rule takes off or gives, without a sign.
func (r *Rule) worth(in *inputs) (points float64, applies bool, err error) {
	if r.when != nil {
		v, err := r.when.eval(in)
		if err != nil {
			return 0, true, err
		}
		if yes, ok := v.(bool); !ok || !yes {
			return 0, false, nil
		}
	}
	v, err := r.points.eval(in)
	if err != nil {
		return 0, true, err
	}
	points, ok := v.(float64)
	if !ok || points < 0 {
		return 0, true, fmt.Errorf("%v are no points: they must be 0 or more", v)
	}
	return points, true, nil
}

// cap puts findings in order, drops what is there twice, and lets each count as
// much as the caps leave: the earlier ones first.
func (p *Policy) cap(findings []Scored, which func(Per) bool) []Scored {
	all := slices.Clone(findings)
	slices.SortFunc(all, order)
	all = slices.CompactFunc(all, func(a, b Scored) bool { return order(a, b) == 0 })
	used := map[[5]string]float64{}
	for i := range all {
		p.limit(&all[i], used, which)
	}
	return all
}

// limit lets one finding count as much as its rule's caps have left, narrow ones first.
func (p *Policy) limit(s *Scored, used map[[5]string]float64, which func(Per) bool) {
	r := p.Rule(s.Rule)
	if s.Void != "" {
		s.Counted, s.Bars = 0, ""
	}
	if r == nil || s.Fault != nil || s.Void != "" {
		return
	}
	counted, sign, side := math.Abs(s.Points), 1.0, "bonus"
	if s.Points < 0 {
		sign, side = -1, "off"
	}
	var through [][5]string
	var reached []string
	for c := p.caps[r.Cap]; c != nil && which(c.Per); c = p.caps[c.Within] {
		span, first := c.Per.Span(s.Day)
		if c.Per == PerFact {
			span += " " + s.Fact + " " + s.Rule
		}
		key := [5]string{c.ID, side, string(s.To), s.Subject, span}
		if left := max(0, p.value(c.Points, first)-used[key]); counted > left {
			counted, reached = left, append(reached, c.ID)
		}
		through = append(through, key)
	}
	for _, key := range through {
		used[key] += counted
	}
	s.Counted, s.Caps = sign*counted, reached
	if counted == 0 {
		s.Counted = 0 // never -0
	}
}

// Rule finds a rule by id; nil where there is none.
func (p *Policy) Rule(id string) *Rule {
	if i := slices.IndexFunc(p.Rules, func(r Rule) bool { return r.ID == id }); i >= 0 {
		return &p.Rules[i]
	}
	return nil
}
