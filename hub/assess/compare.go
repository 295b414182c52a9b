package assess

import (
	"cmp"
	"maps"
	"slices"
)

// Compare gives how one outcome of a period differs from an earlier one, by kind
// and id. Where only what it was made from has changed, such as a rate, it says so in words.
func Compare(before, after *Outcome) (all []Change) {
	for _, to := range []To{ToPerson, ToWindow, ToDepartment} {
		was, is := byID(before.Of(to)), byID(after.Of(to))
		ids := slices.Sorted(maps.Keys(was))
		for id := range is {
			if was[id] == nil {
				ids = append(ids, id)
			}
		}
		slices.Sort(ids)
		for _, id := range ids {
			if c, differs := change(to, id, was[id], is[id]); differs {
				all = append(all, c)
			}
		}
	}
	if a, b := policiesOf(before), policiesOf(after); !slices.Equal(a, b) {
		for i := range all {
			all[i].Why = append(all[i].Why, Words{"适用的政策不同", "another policy applies"})
		}
	}
	return all
}

func byID(all []Result) map[string]*Result {
	m := map[string]*Result{}
	for i := range all {
		m[all[i].ID] = &all[i]
	}
	return m
}

func policiesOf(o *Outcome) (all []string) {
	for _, a := range o.Policies {
		all = append(all, a.Policy)
	}
	return all
}

func change(to To, id string, was, is *Result) (c Change, differs bool) {
	c = Change{To: to, ID: id}
	var gone, come []Scored
	if was != nil {
		c.From, c.FromGrade, gone = &was.Points, was.Grade, was.Findings
	}
	if is != nil {
		c.Until, c.UntilGrade, come = &is.Points, is.Grade, is.Findings
	}
	if c.FromGrade == c.UntilGrade {
		c.FromGrade, c.UntilGrade = "", ""
	}
	c.Gone, c.Come = lacking(gone, come), lacking(come, gone)
	if was == nil || is == nil {
		return c, true
	}
	if !slices.Equal(was.Parts, is.Parts) {
		c.Why = append(c.Why, parts(was.Parts, is.Parts)...)
	}
	if was.Barred != is.Barred {
		c.Why = append(c.Why, Words{"评优限制有变化", "the bar to awards has changed"})
	}
	if !maps.Equal(was.Counts, is.Counts) {
		c.Why = append(c.Why, Words{"评价数据有变化", "figures of satisfaction have changed"})
	}
	if was.Days != is.Days || was.Department != is.Department || was.Window != is.Window {
		c.Why = append(c.Why, Words{"在岗日或归属有变化", "the days or the place have changed"})
	}
	return c, was.Points != is.Points || c.FromGrade != c.UntilGrade || len(c.Gone)+len(c.Come)+len(c.Why) > 0
}

// lacking are findings of a that b has not, or counts otherwise.
func lacking(a, b []Scored) (all []Scored) {
	type key struct {
		fact, rule string
		to         To
		subject    string
		counted    float64
	}
	of := func(s *Scored) key { return key{s.Fact, s.Rule, s.To, s.Subject, s.Counted} }
	there := map[key]bool{}
	for i := range b {
		there[of(&b[i])] = true
	}
	for i := range a {
		if !there[of(&a[i])] {
			all = append(all, a[i])
		}
	}
	return all
}

func parts(before, after []Part) (why []Words) {
	was := map[string]Part{}
	for _, p := range before {
		was[p.ID] = p
	}
	for _, p := range after {
		if x, ok := was[p.ID]; ok && x == p {
			delete(was, p.ID)
			continue
		}
		delete(was, p.ID)
		why = append(why, Words{p.ID + " 的得分或在岗日有变化", "the score or the days of " + p.ID + " have changed"})
	}
	gone := slices.SortedFunc(maps.Values(was), func(a, b Part) int { return cmp.Compare(a.ID, b.ID) })
	for _, p := range gone {
		why = append(why, Words{p.ID + " 不再计入", p.ID + " does not count any more"})
	}
	return why
}
