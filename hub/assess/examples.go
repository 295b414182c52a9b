package assess

import (
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"
)

func (l *loader) readShare(o object) {
	n := o.get("share", true)
	if n == nil {
		return
	}
	s := l.object(n, "share", "cites", "reading", "percent", "zh", "en")
	l.p.Share = Share{Cites: l.cites(s, true), Reading: Reading(s.choice("reading", true, string(ReadWeight), string(ReadQuota))),
		Percent: l.parameter(s, "percent", true, "%"), Words: s.words()}
	l.atMostAll(s, "percent", l.p.Share.Percent)
}

// atMostAll refuses more than 100 %.
func (l *loader) atMostAll(o object, key, name string) {
	p := l.p.parameters[name]
	if p == nil || p.Unit != "%" {
		return
	}
	for _, v := range p.Values {
		if v.Value > 100 {
			l.fault(o.at[key], o.below(key), "%s 自 %s 起超过 100%%", "%s is more than 100 %% from %s on", name, v.From)
		}
	}
}

func (l *loader) readAwards(o object) {
	seen := map[string]int{}
	o.each("awards", false, func(n *yaml.Node, path string) {
		a := l.object(n, path, "id", "zh", "en", "cites", "to", "quota", "grade", "ties")
		id, _ := a.name("id", seen)
		made := Award{ID: id, Words: a.words(), Cites: l.cites(a, true), Line: n.Line,
			To:    To(a.choice("to", true, string(ToPerson), string(ToWindow), string(ToDepartment))),
			Quota: l.parameter(a, "quota", true, "%", "places")}
		l.atMostAll(a, "quota", made.Quota)
		if g, ok := a.text("grade", true); ok {
			made.Grade = g
			if !slices.ContainsFunc(l.p.Grades, func(x Grade) bool { return x.ID == g }) {
				l.fault(a.at["grade"], a.below("grade"), "没有等次“%s”", "there is no grade %s", short(g))
			}
		}
		a.each("ties", true, func(n *yaml.Node, path string) { made.Ties = append(made.Ties, l.tie(n, path, made.Ties)) })
		l.p.Awards = append(l.p.Awards, made)
	})
}

func (l *loader) tie(n *yaml.Node, path string, before []Tie) (t Tie) {
	o := l.object(n, path, "by", "better")
	by, ok := o.text("by", true)
	t = Tie{By: by, High: o.choice("better", true, "high", "low") == "high"}
	_, isRule := l.ruled[by]
	known := by == "score" || isRule || slices.ContainsFunc(l.p.Indicators, func(i Indicator) bool { return i.ID == by })
	switch {
	case !ok:
	case !known:
		l.fault(o.at["by"], o.below("by"), "“%s”不是 score、指标或规则", "%s is not score, an indicator or a rule", short(by))
	case slices.ContainsFunc(before, func(b Tie) bool { return b.By == by }):
		l.fault(o.at["by"], o.below("by"), "“%s”前面已经比较过", "%s was compared before", by)
	}
	return t
}

// readPublish reads what the notice board shows. Where nothing is said, it names
// winners only, and gives the points of windows and departments.
func (l *loader) readPublish(o object) {
	l.p.Publish = Publish{People: ShowAwarded, Windows: ShowPoints, Departments: ShowPoints, Names: true}
	n := o.get("publish", false)
	if n == nil {
		return
	}
	p := l.object(n, "publish", "people", "windows", "departments", "names", "cites")
	show := func(key string, into *Shown) {
		if s := p.choice(key, false, string(ShowNone), string(ShowAwarded), string(ShowGrade), string(ShowPoints)); s != "" {
			*into = Shown(s)
		}
	}
	show("people", &l.p.Publish.People)
	show("windows", &l.p.Publish.Windows)
	show("departments", &l.p.Publish.Departments)
	if p.at["names"] != nil {
		l.p.Publish.Names = p.yes("names")
	}
	l.p.Publish.Cites = l.cites(p, false)
}

func (l *loader) readCases(o object) {
	shown := map[string]bool{}
	o.each("cases", true, func(n *yaml.Node, path string) {
		c := l.object(n, path, "zh", "en", "day", "facts", "members", "expect", "score", "grade", "barred")
		made := Case{Words: c.words(), Day: c.date("day", true), Line: n.Line}
		if made.Day != "" && made.Day < l.p.InForce.From {
			l.fault(c.at["day"], c.below("day"), "早于政策施行之日 %s", "is before %s, when the policy begins", l.p.InForce.From)
		}
		c.each("facts", true, func(n *yaml.Node, path string) {
			made.Facts = append(made.Facts, l.fact(n, path, len(made.Facts), &made))
		})
		c.each("members", false, func(n *yaml.Node, path string) {
			v, _ := l.number(n, path)
			made.Members = append(made.Members, v)
		})
		if c.get("expect", true) != nil {
			c.each("expect", false, func(n *yaml.Node, path string) {
				e := l.object(n, path, "rule", "points")
				id, ok := e.text("rule", true)
				if _, known := l.ruled[id]; ok && !known {
					zh, en := guess(id, slices.Collect(maps.Keys(l.ruled)))
					l.fault(e.at["rule"], e.below("rule"), "没有规则“%[1]s”%[2]s", "there is no rule %[1]s%[3]s", short(id), zh, en)
				}
				shown[id] = true
				points, _ := e.number("points", true)
				made.Expect = append(made.Expect, Expected{id, points})
			})
		}
		if v, ok := c.number("score", false); ok {
			made.Score = &v
		}
		l.outcome(c, &made)
		l.p.Cases = append(l.p.Cases, made)
	})
	for _, id := range slices.Sorted(maps.Keys(l.ruled)) {
		if !shown[id] {
			l.fault(l.ruled[id].node, l.ruled[id].path, "规则“%s”没有用例", "the rule %s has no case", id)
		}
	}
}

// outcome reads what a case says of the person or window in the end.
func (l *loader) outcome(c object, made *Case) {
	if g, ok := c.text("grade", false); ok {
		made.Grade = g
		if !slices.ContainsFunc(l.p.Grades, func(x Grade) bool { return x.ID == g }) {
			l.fault(c.at["grade"], c.below("grade"), "没有等次“%s”", "there is no grade %s", short(g))
		}
	}
	made.Barred = Per(c.choice("barred", false, string(PerMonth), string(PerQuarter), string(PerYear)))
}

// fact reads a fact of a case: its kind, its day if that is another than the case's, and every field that the kind has.
func (l *loader) fact(n *yaml.Node, path string, at int, c *Case) (f Fact) {
	kind := Kind{}
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == "kind" {
				kind, _ = kindOf(n.Content[i+1].Value)
			}
		}
	}
	keys := []string{"kind", "day"}
	for _, field := range kind.Fields {
		keys = append(keys, field.Name)
	}
	o := l.object(n, path, keys...)
	id, ok := o.text("kind", true)
	if ok && kind.ID == "" {
		l.fault(o.at["kind"], o.below("kind"), "没有这种事实“%s”", "there is no kind of fact %s", short(id))
	}
	f = Fact{ID: fmt.Sprintf("case-%03d", at+1), Kind: id, Day: c.Day, Values: map[string]any{},
		Person: "person", Window: "window", Department: "department", Events: []string{fmt.Sprintf("event-%d", at+1)}}
	if o.at["day"] != nil {
		f.Day = o.date("day", true)
	}
	for _, field := range kind.Fields {
		switch field.Type {
		case Number:
			f.Values[field.Name], _ = o.number(field.Name, true)
		case YesNo:
			o.get(field.Name, true)
			f.Values[field.Name] = o.yes(field.Name)
		default:
			f.Values[field.Name] = o.choice(field.Name, true, field.Choices...)
		}
	}
	return f
}
