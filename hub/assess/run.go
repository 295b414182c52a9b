package assess

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hallkeeper/hub/hall"
)

// Played is what became of a case of the policy file.
type Played struct {
	Case Case
	// Wrong says how what came out differs from what the case says; none where it holds.
	Wrong []Words
	Score Score
}

// Run plays the cases of the policy file.
func (p *Policy) Run() (all []Played) {
	for _, c := range p.Cases {
		all = append(all, p.run(c))
	}
	return all
}

func (p *Policy) run(c Case) Played {
	days := map[hall.Date]bool{}
	for _, f := range c.Facts {
		days[f.Day] = true
	}
	var findings []Scored
	for _, day := range slices.Sorted(maps.Keys(days)) {
		findings = append(findings, Assess(p, c.Facts, day)...)
	}
	r := Played{Case: c}
	switch {
	case slices.ContainsFunc(findings, func(f Scored) bool { return f.To == ToDepartment }):
		r.Score = p.Department(c.Members, findings, c.Day)
	case len(c.Members) > 0:
		r.Score, _ = p.Window(c.Members, findings, c.Day)
	default:
		r.Score = p.Score(p.Base(c.Day), findings, c.Day)
	}
	say := func(zh, en string, args ...any) {
		r.Wrong = append(r.Wrong, Words{fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)})
	}
	r.findings(c, say)
	if c.Score != nil && r.Score.Points != *c.Score {
		say("得分应为 %v，算出的是 %v", "the score must be %v, but is %v", *c.Score, r.Score.Points)
	}
	if c.Grade != "" && r.Score.Grade != c.Grade {
		say("等次应为 %s，算出的是 %s", "the grade must be %s, but is %s", c.Grade, r.Score.Grade)
	}
	if c.Barred != "" && r.Score.Barred != c.Barred {
		say("应取消评优资格（%s），算出的是“%s”", "must bar from awards for a %s, but is %q", c.Barred, r.Score.Barred)
	}
	return r
}

// findings compares what counted, rule by rule, with what the case expects.
func (r *Played) findings(c Case, say func(zh, en string, args ...any)) {
	var want, got []string
	for _, e := range c.Expect {
		want = append(want, fmt.Sprintf("%s %v", e.Rule, e.Points))
	}
	to := map[To]bool{}
	for _, f := range r.Score.Findings {
		if f.Fault != nil {
			say("规则 %[1]s：%[2]s", "rule %[1]s: %[3]s", f.Rule, f.Fault.ZH, f.Fault.EN)
		}
		to[f.To] = true
		got = append(got, fmt.Sprintf("%s %v", f.Rule, f.Counted))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		say("应有发现：%[1]s；算出的是：%[2]s", "must find: %[3]s; but found: %[4]s", list(want, "无"), list(got, "无"), list(want, "nothing"), list(got, "nothing"))
	}
	if c.Score != nil && len(to) > 1 {
		say("一个用例的得分只能属于一个对象，这里既有 %s", "a case's score is one subject's, but here are %s", list(toNames(to), ""))
	}
}

func toNames(to map[To]bool) (names []string) {
	for t := range to {
		names = append(names, string(t))
	}
	slices.SortFunc(names, cmp.Compare[string])
	return names
}

func list(of []string, none string) string {
	if len(of) == 0 {
		return none
	}
	return strings.Join(of, ", ")
}

// Unruled are the articles that no rule cites, in the file's order.
func (p *Policy) Unruled() (all []Article) {
	cited := map[string]bool{}
	for _, r := range p.Rules {
		for _, id := range r.Cites {
			cited[id] = true
		}
	}
	for _, a := range p.Articles {
		if !cited[a.ID] {
			all = append(all, a)
		}
	}
	return all
}
