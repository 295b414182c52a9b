package assess

import (
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"go.yaml.in/yaml/v3"

	"hallkeeper/hub/hall"
)

func (l *loader) readScores(o object) {
	n := o.get("scores", true)
	if n == nil {
		return
	}
	s := l.object(n, "scores", "base", "lowest", "digits", "window", "department", "quarter", "year")
	l.p.Scores = Scores{
		Base: l.parameter(s, "base", true, "points"), Lowest: l.parameter(s, "lowest", true, "points"),
		Window: s.choice("window", true, "mean"), Department: s.choice("department", false, "mean", "own"), Quarter: s.choice("quarter", true, "mean"), Year: s.choice("year", true, "mean"),
	}
	if l.p.Scores.Department == "" {
		l.p.Scores.Department = "mean"
	}
	digits, ok := s.number("digits", true)
	if ok && (digits != float64(int(digits)) || digits < 0 || digits > 6) {
		l.fault(s.at["digits"], "scores.digits", "应为 0 到 6 的整数", "must be a whole number from 0 to 6")
	}
	l.p.Scores.Digits = int(digits)
}

func (l *loader) readCaps(o object) {
	seen := map[string]int{}
	var groups []object
	o.each("caps", false, func(n *yaml.Node, path string) {
		c := l.object(n, path, "id", "zh", "en", "points", "per", "within")
		id, ok := c.name("id", seen)
		made := &Cap{ID: id, Words: c.words(), Points: l.parameter(c, "points", true, "points"),
			Per: Per(c.choice("per", true, string(PerFact), string(PerDay), string(PerMonth), string(PerQuarter), string(PerYear))), Line: n.Line}
		made.Within, _ = c.text("within", false)
		if ok {
			l.p.caps[id] = made
			groups = append(groups, c)
		}
	})
	for _, c := range groups {
		l.nested(c, l.p.caps[c.at["id"].Value])
	}
	for _, c := range groups {
		l.p.Caps = append(l.p.Caps, *l.p.caps[c.at["id"].Value])
	}
}

// nested checks that a cap's wider cap is there, is wider, and does not come back to the cap.
func (l *loader) nested(o object, c *Cap) {
	if c.Within == "" {
		return
	}
	n, path := o.at["within"], o.below("within")
	wider := l.p.caps[c.Within]
	if wider == nil {
		l.fault(n, path, "没有封顶“%s”", "there is no cap %s", short(c.Within))
		return
	}
	way := []string{c.ID}
	for at := wider; at != nil; at = l.p.caps[at.Within] {
		if at.ID == c.ID {
			way = append(way, c.ID)
			l.fault(n, path, "封顶互相套用，成了循环：%s", "the caps go round in a circle: %s", strings.Join(way, " → "))
			return
		}
		if slices.Contains(way, at.ID) {
			return // a circle that this cap leads to and is not part of
		}
		way = append(way, at.ID)
	}
	if rank(wider.Per) < rank(c.Per) {
		l.fault(n, path, "“%s”的期间（%s）比本封顶（%s）短", "%s is per %s, which is shorter than per %s", wider.ID, wider.Per, c.Per)
	}
	if day, low := l.below(wider.Points, c.Points); low {
		l.fault(n, path, "“%s”自 %s 起比本封顶低", "%s is lower than this cap from %s on", wider.ID, day)
	}
}

func rank(p Per) int { return slices.Index([]Per{PerFact, PerDay, PerMonth, PerQuarter, PerYear}, p) }

// below gives the first day on which one parameter is less than another.
func (l *loader) below(one, other string) (day hall.Date, is bool) {
	a, b := l.p.parameters[one], l.p.parameters[other]
	if a == nil || b == nil {
		return "", false
	}
	var days []hall.Date
	for _, v := range slices.Concat(a.Values, b.Values) {
		days = append(days, v.From)
	}
	slices.Sort(days)
	for _, d := range days {
		if a.On(d).Value < b.On(d).Value {
			return d, true
		}
	}
	return "", false
}

func (l *loader) readGrades(o object) {
	seen := map[string]int{}
	open := 0
	var last string
	o.each("grades", true, func(n *yaml.Node, path string) {
		g := l.object(n, path, "id", "zh", "en", "from")
		id, _ := g.name("id", seen)
		made := Grade{ID: id, Words: g.words(), From: l.parameter(g, "from", false, "points"), Line: n.Line}
		switch {
		case open > 0:
			l.fault(n, path, "最低等次之后不能再有等次", "nothing can come after the lowest grade")
		case g.at["from"] == nil:
			open++
		case last != "" && made.From != "":
			if day, low := l.below(last, made.From); low || last == made.From {
				l.fault(g.at["from"], g.below("from"), "等次应由高到低，%[1]s 不低于上一等次%[2]s", "grades go from the best to the worst, but %[1]s is not below the grade before it%[3]s", made.From, sinceZH(day), sinceEN(day))
			}
		}
		last = made.From
		l.p.Grades = append(l.p.Grades, made)
	})
	if n := o.at["grades"]; n != nil && n.Kind == yaml.SequenceNode && len(n.Content) > 0 && open == 0 {
		l.fault(n, "grades", "最后一个等次不写 from，否则低分没有等次", "the last grade has no from, or low scores have no grade")
	}
}

func sinceZH(day hall.Date) string {
	if day == "" {
		return ""
	}
	return "（自 " + string(day) + " 起）"
}

func sinceEN(day hall.Date) string {
	if day == "" {
		return ""
	}
	return " (from " + string(day) + " on)"
}

// readRules gives the node of each rule by id, for what is said later of rules without a case.
func (l *loader) readRules(o object) map[string]object {
	seen, byID := map[string]int{}, map[string]object{}
	o.each("rules", true, func(n *yaml.Node, path string) {
		r := l.object(n, path, "id", "cites", "zh", "en", "to", "trigger", "when", "points", "bonus", "cap", "bars")
		before := len(l.list)
		id, ok := r.name("id", seen)
		rule := &Rule{ID: id, Cites: l.cites(r, true), Words: r.words(), Bonus: r.yes("bonus"), Line: n.Line,
			To:   To(r.choice("to", true, string(ToPerson), string(ToWindow), string(ToDepartment))),
			Bars: Per(r.choice("bars", false, string(PerMonth), string(PerQuarter), string(PerYear)))}
		rule.Trigger, _ = r.text("trigger", true)
		l.expressions(r, rule)
		l.capped(r, rule)
		if ok {
			byID[id] = r
		}
		if len(l.list) == before {
			l.p.Rules = append(l.p.Rules, *rule)
			l.p.rules[rule.Trigger] = append(l.p.rules[rule.Trigger], rule)
		}
	})
	return byID
}

// expressions reads what a rule is triggered by, when it applies and what it is worth.
func (l *loader) expressions(r object, rule *Rule) {
	kind, known := kindOf(rule.Trigger)
	if rule.Trigger != "" && !known {
		var ids []string
		for _, k := range Kinds() {
			ids = append(ids, k.ID)
		}
		zh, en := guess(rule.Trigger, ids)
		l.fault(r.at["trigger"], r.below("trigger"), "没有这种事实“%[1]s”%[2]s", "there is no kind of fact %[1]s%[3]s", short(rule.Trigger), zh, en)
	}
	if known && rule.To != "" && !slices.Contains(kind.About, rule.To) {
		l.fault(r.at["to"], r.below("to"), "“%[1]s”不涉及 %[2]s", "%[3]s is not about a %[2]s", kind.ZH, rule.To, kind.ID)
	}
	if !known {
		r.get("points", true)
		return
	}
	s, err := l.scope(kind)
	if err != nil {
		l.fault(r.node, r.path, "表达式的环境建立不起来：%v", "the scope of expressions cannot be made: %v", err)
		return
	}
	if text, ok := r.text("when", false); ok && !l.namesBroken(text) {
		rule.When = text
		rule.when = s.compile(place{&l.reader, r.at["when"], r.below("when")}, text, cel.BoolType, "")
	}
	if text, ok := r.text("points", true); ok && !l.namesBroken(text) {
		rule.Points = text
		rule.points = s.compile(place{&l.reader, r.at["points"], r.below("points")}, text, cel.DoubleType, "points")
	}
}

// namesBroken tells whether an expression names a parameter that is wrong itself.
func (l *loader) namesBroken(text string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(text, func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), func(word string) bool { return l.broken[word] })
}

func (l *loader) capped(r object, rule *Rule) {
	id, ok := r.text("cap", false)
	if !ok {
		return
	}
	rule.Cap = id
	n, path := r.at["cap"], r.below("cap")
	c := l.p.caps[id]
	if c == nil {
		l.fault(n, path, "没有封顶“%s”", "there is no cap %s", short(id))
		return
	}
	if rule.points == nil {
		return
	}
	for _, name := range rule.points.results {
		if day, low := l.below(c.Points, name); low {
			l.fault(n, path, "封顶“%s”自 %s 起低于本规则的分值 %s", "the cap %s is below this rule's points (%[3]s) from %[2]s on", id, day, name)
		}
	}
}

func (l *loader) readIndicators(o object) {
	seen := map[string]int{}
	env, err := newEnv(l.p, counts())
	if err != nil {
		l.fault(o.at["indicators"], "indicators", "表达式的环境建立不起来：%v", "the scope of expressions cannot be made: %v", err)
		return
	}
	s := newScope(env, l.p, counts(), "计数", "what is counted")
	o.each("indicators", false, func(n *yaml.Node, path string) {
		i := l.object(n, path, "id", "zh", "en", "cites", "formula")
		id, _ := i.name("id", seen)
		made := Indicator{ID: id, Words: i.words(), Cites: l.cites(i, true), Line: n.Line}
		if text, ok := i.text("formula", true); ok && !l.namesBroken(text) {
			made.Formula = text
			made.formula = s.compile(place{&l.reader, i.at["formula"], i.below("formula")}, text, cel.DoubleType, "")
		}
		l.p.Indicators = append(l.p.Indicators, made)
	})
}
