package api

import (
	"strings"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/cycle"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/report"
)

// evaluationInput is what the document of a leaver's evaluation prints (63号 第十六条): the
// bureau's words, and the figures of the months that were published of the time in the hall.
func (d *dutyDesk) evaluationInput(x *EvaluationAnswer) (report.Input, error) {
	a, v := d.a, d.v
	from, until := hall.Date(x.From), hall.Date(x.Until)
	p, _ := v.State.People.Staff.Get(x.Staff)
	e := &report.Evaluation{Staff: x.Staff, Department: x.Department, From: from, Until: until, Text: x.Text, SignedOn: hall.Date(x.Signed)}
	for i := len(p.Postings) - 1; i >= 0; i-- { // the last post of the time
		if p.Postings[i].Value != "" && p.Postings[i].From <= until {
			post, _ := v.State.People.Post(p.Postings[i].Value, until)
			e.Post, e.Window = post.Name, post.Window
			break
		}
	}
	if e.SignedOn != "" {
		e.SignedBy = x.SignedBy
		if by, ok := v.State.Access.Accounts.Get(x.SignedBy); ok {
			if name := a.sealed(by.Name, "name"); name != "" {
				e.SignedBy = name
			}
		}
	}
	words := PeriodAnswer{}
	for month := from[:8] + "01"; month <= until; month = month.MonthEnd().AddDays(1) {
		period := assess.PeriodOf(assess.PerMonth, month)
		published, _ := v.State.Cycle.Periods.Get(string(period))
		rev, ok := published.Published()
		if !ok {
			continue
		}
		o, err := a.memory.Published(v, period, rev.Number)
		if err != nil {
			return report.Input{}, err
		}
		words.Outcome.Policies = append(words.Outcome.Policies, o.Policies...)
		if r := o.Find(assess.ToPerson, x.Staff); r != nil {
			e.Periods = append(e.Periods, evaluationPeriod(o, r))
			e.Findings = append(e.Findings, r.Findings...)
		}
	}
	a.words(v, &words)
	in := report.Input{Hall: a.HallName, Bureau: a.Bureau, Zone: a.Zone, Evaluation: e, Rules: map[string]assess.Words{}, Grades: words.Grades, Articles: words.Articles,
		Names: report.Names{Person: map[string]string{x.Staff: x.Name}, Window: map[string]string{}, Department: map[string]string{x.Department: x.DepartmentName}}, To: []string{x.DepartmentName}}
	for id, rule := range words.Rules {
		in.Rules[id] = rule.Words
	}
	if w, ok := d.hall.Windows.Windows[e.Window]; ok {
		in.Names.Window[e.Window] = w.Number + " " + w.Name
	}
	return in, nil
}

// evaluationPeriod is one line of a leaver's record.
func evaluationPeriod(o *assess.Outcome, r *assess.Result) report.EvaluationPeriod {
	var policies []string
	for _, p := range o.Policies {
		policies = append(policies, p.Policy)
	}
	return report.EvaluationPeriod{Period: o.Period, Days: r.Days, Off: r.Off, Bonus: r.Bonus, Points: r.Points, Grade: r.Grade, Rank: r.Rank, Among: len(o.People), Policy: strings.Join(policies, "、")}
}

// newestPublished is the last revision of the newest published period of a kind; ok is false where there is none.
func (d *dutyDesk) newestPublished(kind assess.Per) (o *assess.Outcome, revision int, err error) {
	newest := assess.Period("")
	for id, x := range d.v.State.Cycle.Periods.All() {
		p := assess.Period(id)
		if rev, ok := x.Published(); ok && p.Kind() == kind && p > newest {
			newest, revision = p, rev.Number
		}
	}
	if newest == "" {
		return nil, 0, nil
	}
	o, err = d.a.memory.Published(d.v, newest, revision)
	return o, revision, err
}

// publishedYear is the newest revision of a year; it is refused where there is none.
func (d *dutyDesk) publishedYear(p assess.Period) (*assess.Outcome, cycle.Revision, error) {
	x, _ := d.v.State.Cycle.Periods.Get(string(p))
	rev, ok := x.Published()
	if !ok {
		return nil, rev, hall.RefuseBy("63号 第十五条", "period_unpublished", string(p)+" 年度考核结果还没有公布，公布后才能备案", "the annual assessment of "+string(p)+" is not published; what is filed is what was published")
	}
	o, err := d.a.memory.Published(d.v, p, rev.Number)
	return o, rev, err
}
