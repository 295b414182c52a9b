package score

import (
	"cmp"
	"maps"
	"slices"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/conduct"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/rating"
	"hallkeeper/wire"
)

// subject is who is assessed.
type subject struct {
	to assess.To
	id string
}

// month is one month in the making.
type month struct {
	*Ground
	from, until hall.Date
	policy      *assess.Policy
	days        map[hall.Date]*dayOf
	findings    map[subject][]assess.Scored
	earlier     map[subject][]assess.Scored
	unresolved  []assess.Scored
	// at is how many days each person was of each window.
	at     map[string]map[string]int
	last   map[string]place // the last place of each person
	worked map[string]int   // days of each person
	stood  map[string]int   // days of each window
	counts map[assess.To]map[string]map[string]float64
	whole  map[string]float64
}

// month makes the outcome of a month of what is known of its closed days.
func (g *Ground) month(p assess.Period) assess.Outcome {
	from, until := p.Days()
	o := assess.Outcome{Period: p, Policies: g.Policies.Applied(from, until), People: []assess.Result{}, Windows: []assess.Result{}, Departments: []assess.Result{}}
	m := &month{Ground: g, from: from, until: until, policy: g.Policies.Judge(until)}
	if m.policy == nil {
		return o
	}
	m.read()
	m.judge()
	m.count()
	for _, d := range m.days {
		if d.work {
			o.Workdays++
		}
	}
	o.People = m.people()
	o.Windows = m.windows(o.People)
	o.Departments = m.departments(o.Windows)
	o.Counts = m.whole
	o.Indicators = m.rates(m.whole)
	o.Unresolved = m.unresolved
	return o
}

// read reads the closed days.
func (m *month) read() {
	m.days = map[hall.Date]*dayOf{}
	m.at, m.last, m.worked, m.stood = map[string]map[string]int{}, map[string]place{}, map[string]int{}, map[string]int{}
	for day := m.from; day <= m.until; day = day.AddDays(1) {
		d := m.day(day)
		if d == nil {
			continue
		}
		m.days[day] = d
		for _, x := range d.people {
			more(m.at, x.window, x.staff)
			m.worked[x.staff]++
			m.last[x.staff] = x
		}
		for _, w := range d.windows {
			m.stood[w]++
		}
	}
}

func more(of map[string]map[string]int, a, b string) {
	if of[a] == nil {
		of[a] = map[string]int{}
	}
	of[a][b]++
}

// judge lets each day's policy judge its facts, and marks what appeals have taken out.
func (m *month) judge() {
	m.findings, m.unresolved = m.judged(m.from, m.until, m.facts(m.from, m.until, m.days))
	m.earlier = map[subject][]assess.Scored{}
	if !m.policy.Lasting() {
		return
	}
	_, first := assess.PerYear.Span(m.from)
	if first == m.from {
		return
	}
	before := m.from.AddDays(-1)
	days := map[hall.Date]*dayOf{}
	for day := first; day <= before; day = day.AddDays(1) {
		if d := m.day(day); d != nil {
			days[day] = d
		}
	}
	m.earlier, _ = m.judged(first, before, m.facts(first, before, days))
}

func (m *month) judged(from, until hall.Date, facts []assess.Fact) (by map[subject][]assess.Scored, unresolved []assess.Scored) {
	by = map[subject][]assess.Scored{}
	of := map[hall.Date][]assess.Fact{}
	for _, f := range facts {
		of[f.Day] = append(of[f.Day], f)
	}
	for _, day := range slices.Sorted(maps.Keys(of)) {
		p := m.Policies.Judge(day)
		if p == nil || day < from || day > until {
			continue
		}
		for _, s := range assess.Assess(p, of[day], day) {
			if a, ok := m.View.State.Cycle.Voided(&s); ok {
				s.Void, s.Bars = a.Appeal, ""
				s.Events = append(slices.Clone(s.Events), a.EventID, a.Verdict)
			}
			if s.Fault != nil {
				unresolved = append(unresolved, s)
			}
			if s.Subject != "" {
				by[subject{s.To, s.Subject}] = append(by[subject{s.To, s.Subject}], s)
			}
		}
	}
	return by, unresolved
}

// count counts ratings and cases by everybody.
func (m *month) count() {
	m.counts = map[assess.To]map[string]map[string]float64{assess.ToPerson: {}, assess.ToWindow: {}, assess.ToDepartment: {}}
	figures := map[assess.To]map[string]wire.RatingFigures{assess.ToPerson: {}, assess.ToWindow: {}, assess.ToDepartment: {}}
	var whole wire.RatingFigures
	for c := range m.View.Ratings.Cells(m.from, m.until, m.after(m.until)) {
		whole = rating.Add(whole, c.RatingFigures)
		for to, id := range map[assess.To]string{assess.ToPerson: c.Staff, assess.ToWindow: c.Window, assess.ToDepartment: c.Department} {
			if id != "" {
				figures[to][id] = rating.Add(figures[to][id], c.RatingFigures)
			}
		}
	}
	state := &m.View.State.Conduct
	for to, by := range map[assess.To]conduct.By{assess.ToPerson: conduct.ByStaff, assess.ToWindow: conduct.ByWindow, assess.ToDepartment: conduct.ByDepartment} {
		cases := state.CountsBy(m.View.State.Policy, m.until.AddDays(1), m.from, m.until, by, conduct.Filter{})
		for id := range cases {
			if _, ok := figures[to][id]; !ok && id != "" {
				figures[to][id] = wire.RatingFigures{}
			}
		}
		for id, n := range figures[to] {
			m.counts[to][id] = floats(rating.Counts(n, rated(cases[id])))
		}
	}
	m.whole = floats(rating.Counts(whole, rated(state.Counts(m.View.State.Policy, m.until.AddDays(1), m.from, m.until, conduct.Filter{}))))
}

func rated(n conduct.Counts) rating.CaseFigures {
	return rating.CaseFigures{Due: n.Due, InTime: n.InTime, Contact: n.Contact, Revisited: n.Revisited}
}

// floats keeps what is not nothing.
func floats(counts map[string]int) map[string]float64 {
	all := map[string]float64{}
	for id, n := range counts {
		if n != 0 {
			all[id] = float64(n)
		}
	}
	return all
}

// rates are the indicators of counts.
func (m *month) rates(counts map[string]float64) map[string]float64 {
	return rates(m.policy, counts, m.until)
}

func rates(p *assess.Policy, counts map[string]float64, day hall.Date) map[string]float64 {
	all := map[string]float64{}
	whole := map[string]float64{}
	for _, c := range assess.Counts() {
		whole[c.ID] = counts[c.ID]
	}
	for _, i := range p.Indicators {
		if v, ok := p.Indicator(i.ID, whole, day); ok {
			all[i.ID] = v
		}
	}
	return all
}

// result begins the result of somebody.
func (m *month) result(to assess.To, id string, base float64, days int) assess.Result {
	s := m.policy.Score(base, m.findings[subject{to, id}], m.until, m.earlier[subject{to, id}]...)
	r := assess.Result{To: to, ID: id, Days: days, Base: base, Off: m.policy.Round(s.Off), Bonus: m.policy.Round(s.Bonus), Points: s.Points, Grade: s.Grade, Barred: s.Barred, Months: 1,
		Findings: s.Findings, Rules: map[string]float64{}, Counts: m.counts[to][id]}
	for _, f := range s.Findings {
		if f.Counted != 0 {
			r.Rules[f.Rule] = m.policy.Round(r.Rules[f.Rule] + f.Counted)
		}
		if f.Bars == r.Barred && f.Bars != "" && r.BarredBy == "" {
			r.BarredBy, r.BarredRule = f.Fact, f.Rule
		}
	}
	if len(r.Counts) > 0 {
		r.Indicators = m.rates(r.Counts)
	}
	return r
}

// people are those who were of the hall on some working day, or about whom there is a finding.
func (m *month) people() []assess.Result {
	all := []assess.Result{}
	for _, id := range m.subjects(assess.ToPerson, m.worked) {
		r := m.result(assess.ToPerson, id, m.policy.Base(m.until), m.worked[id])
		last := m.last[id]
		r.Window, r.Department = last.window, last.department
		if s, ok := m.View.State.People.Staff.Get(id); ok && r.Department == "" {
			r.Department = s.Departments.Around(m.until)
		}
		all = append(all, r)
	}
	return ranked(all)
}

func (m *month) subjects(to assess.To, days map[string]int) []string {
	ids := map[string]bool{}
	for id := range days {
		ids[id] = true
	}
	for s := range m.findings {
		if s.to == to {
			ids[s.id] = true
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

// windows are those that stood on some working day, with their members' mean; one
// without members has the policy's base.
func (m *month) windows(people []assess.Result) []assess.Result {
	points := map[string]float64{}
	for i := range people {
		points[people[i].ID] = people[i].Points
	}
	all := []assess.Result{}
	for _, id := range m.subjects(assess.ToWindow, m.stood) {
		var parts []assess.Part
		for _, staff := range slices.Sorted(maps.Keys(m.at[id])) {
			parts = append(parts, assess.Part{ID: staff, Points: points[staff], Days: m.at[id][staff]})
		}
		base, ok := m.policy.MeanOf(parts)
		if !ok {
			base = m.policy.Base(m.until)
		}
		r := m.result(assess.ToWindow, id, base, m.stood[id])
		r.Parts, r.Department = parts, m.departmentOf(id, m.until)
		all = append(all, r)
	}
	return ranked(all)
}

// departments have the mean of their windows, less what they answer for themselves.
func (m *month) departments(windows []assess.Result) []assess.Result {
	of := map[string][]assess.Part{}
	days := map[string]int{}
	for i := range windows {
		w := &windows[i]
		if w.Department != "" {
			of[w.Department] = append(of[w.Department], assess.Part{ID: w.ID, Points: w.Points, Days: w.Days})
			days[w.Department] = max(days[w.Department], w.Days)
		}
	}
	all := []assess.Result{}
	for _, id := range m.subjects(assess.ToDepartment, days) {
		base, ok := m.policy.MeanOf(of[id])
		if !ok || m.policy.Scores.Department == "own" {
			base = m.policy.Base(m.until)
		}
		r := m.result(assess.ToDepartment, id, base, days[id])
		r.Parts, r.Department = of[id], id
		all = append(all, r)
	}
	return ranked(all)
}

// ranked gives places by points; equals share one.
func ranked(all []assess.Result) []assess.Result {
	order := make([]*assess.Result, 0, len(all))
	for i := range all {
		order = append(order, &all[i])
	}
	slices.SortStableFunc(order, func(a, b *assess.Result) int { return cmp.Compare(b.Points, a.Points) })
	for i, r := range order {
		if r.Rank = i + 1; i > 0 && order[i-1].Points == r.Points {
			r.Rank = order[i-1].Rank
		}
	}
	return all
}
