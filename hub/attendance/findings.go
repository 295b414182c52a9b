package attendance

import (
	"slices"
	"strings"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// slotFindings are the findings of one visit. Where a period of it counts as half a
// day's absence, nothing else of the visit counts.
func (c *calc) slotFindings(p *person, line *wire.StaffLine, v *visit, in, out *wire.Slot) {
	if in.State == wire.SlotAbsent {
		line.Findings = append(line.Findings, c.finding("half_day", p.ID, v.span.From.String(), c.heavy("half_day_points"), v.events()...))
		return
	}
	missed := false
	for _, period := range p.periodsOf(v) {
		if f, ok := c.halfMissed(p, v, period, in, out); ok {
			line.Findings, missed = append(line.Findings, f), true
		}
	}
	if missed {
		return
	}
	if in.State == wire.SlotLate {
		line.Findings = append(line.Findings, c.short("late", p.ID, in, v.in.event))
	}
	if v.in == nil && v.out != nil {
		line.Findings = append(line.Findings, c.finding("missing", p.ID, v.span.From.String(), c.heavy("missing_points"), v.events()...))
	}
	if v.lost { // named after when they were seen last before they came back
		line.Findings = append(line.Findings, c.finding("missing", p.ID, v.stays[len(v.stays)-1].Until.String(), c.heavy("missing_points"), v.events()...))
	}
	if v.in != nil && v.out == nil && out.State == wire.SlotMissing {
		line.Findings = append(line.Findings, c.finding("missing", p.ID, v.span.Until.String(), c.heavy("missing_points"), v.events()...))
	}
	if out.State == wire.SlotEarly {
		line.Findings = append(line.Findings, c.short("early", p.ID, out, v.out.event))
	}
}

// periodsOf are the expected periods that a visit covers: with two swipes a day, all of the day's.
func (p *person) periodsOf(v *visit) (periods []hall.Span) {
	for _, e := range p.plan.expected {
		if e.And(v.span).Minutes() > 0 {
			periods = append(periods, e)
		}
	}
	return periods
}

// halfMissed tells whether so much of a period is missing at its beginning or end
// that it counts as half a day's absence.
func (c *calc) halfMissed(p *person, v *visit, period hall.Span, in, out *wire.Slot) (f wire.Finding, ok bool) {
	limit := int(c.minutes("half_day_from"))
	late, early := 0, 0
	if in.State == wire.SlotLate {
		late = int(v.in.at - period.From)
	}
	if out.State == wire.SlotEarly {
		early = int(period.Until - v.out.at)
	}
	if late < limit && early < limit {
		return f, false
	}
	f = c.finding("half_day", p.ID, period.From.String(), c.heavy("half_day_points", "half_day_from"), v.events()...)
	f.Minutes, f.At = late, in.Actual
	if late < limit {
		f.Minutes, f.At = early, out.Actual
	}
	if f.Minutes >= period.Minutes() { // nothing of it was kept
		f.At = period.From.String()
	}
	return f, true
}

// short is a finding of a late arrival or early leave of less than half a day.
func (c *calc) short(rule, staff string, s *wire.Slot, event string) wire.Finding {
	w := c.heavy("late_minor_points", "late_minor_until")
	if s.Minutes > int(c.minutes("late_minor_until")) {
		w = c.heavy("late_major_points", "late_minor_until", "half_day_from")
	}
	f := c.finding(rule, staff, s.Expected, w, event)
	f.Minutes, f.At = s.Minutes, s.Actual
	return f
}

// events are the ids of what a visit was read from.
func (v *visit) events() (all []string) {
	for _, m := range v.marks {
		all = append(all, m.event)
	}
	return all
}

// weight is what a finding takes off, and by which parameters.
type weight struct {
	points float64
	names  []string
}

func (c *calc) heavy(points string, more ...string) weight {
	w := weight{c.parameter(points).Value, []string{c.parameter(points).String()}}
	for _, name := range more {
		w.names = append(w.names, c.parameter(name).String())
	}
	return w
}

// findingID names a finding after what makes it the same one however often the day is computed.
func findingID(day hall.Date, rule, subject, key string) string {
	return string(day) + "." + rule + "." + subject + "." + strings.ReplaceAll(key, ":", "")
}

func (c *calc) finding(rule, subject, key string, w weight, events ...string) wire.Finding {
	r, _ := c.Policy.RuleOn(rule, c.day)
	slices.Sort(events)
	return wire.Finding{ID: findingID(c.day, rule, subject, key), Rule: rule, Article: r.Cites,
		Points: w.points, At: key, Parameters: w.names, Events: slices.Compact(events)}
}

// offPost finds times away from the post that nobody covered.
func (c *calc) offPost(p *person, line *wire.StaffLine, at map[string][]presence) {
	for i, v := range p.visits {
		if c.halfDay(p, line, &p.visits[i]) {
			continue
		}
		for _, a := range v.away {
			left := []hall.Span{}
			for _, e := range p.plan.expected {
				if s := a.And(e); s.Minutes() > 0 {
					left = append(left, s)
				}
			}
			for _, x := range at[p.plan.window] {
				if x.staff != p.ID && x.staff != "" && c.actsFor(x.staff, p) {
					left = without(left, x.Span)
				}
			}
			for _, s := range left {
				if s.Minutes() < int(c.minutes("off_post_from")) {
					continue
				}
				f := c.finding("off_post", p.ID, s.From.String(), c.heavy("off_post_points", "off_post_from"), v.events()...)
				f.Minutes = s.Minutes()
				line.Findings = append(line.Findings, f)
			}
		}
	}
}

// actsFor tells whether somebody is a deputy of the post that a person holds, or of the same window.
func (c *calc) actsFor(deputy string, p *person) bool {
	d := c.byStaff[deputy]
	return d != nil && (d.plan.window == p.plan.window || c.deputies[deputy][p.plan.window])
}

// halfDay tells whether a period of a visit counts as half a day's absence.
func (c *calc) halfDay(p *person, line *wire.StaffLine, v *visit) bool {
	for _, period := range append(p.periodsOf(v), v.span) {
		id := findingID(c.day, "half_day", line.Staff, period.From.String())
		if slices.ContainsFunc(line.Findings, func(f wire.Finding) bool { return f.ID == id }) {
			return true
		}
	}
	return false
}

// halves makes at most one half-day absence of each half of the day, and one
// absence of a day on which nobody came at all.
func (c *calc) halves(p *person, line *wire.StaffLine) {
	all := len(p.visits) > 0
	for _, v := range p.visits {
		all = all && v.in == nil && v.out == nil && c.over >= v.span.Until
	}
	if n := c.halvesOf(p.plan.expected); all && n == 2 {
		f := c.finding("absence", p.ID, p.plan.expected[0].From.String(), c.heavy("half_day_points"))
		f.Points *= 2
		line.Findings = []wire.Finding{f}
		return
	}
	seen := map[string]bool{}
	line.Findings = slices.DeleteFunc(line.Findings, func(f wire.Finding) bool {
		if f.Rule != "half_day" {
			return false
		}
		half := ""
		for _, e := range p.plan.expected {
			if f.ID == findingID(c.day, "half_day", p.ID, e.From.String()) {
				half = c.half((e.From + e.Until) / 2)
			}
		}
		again := seen[half]
		seen[half] = true
		return again
	})
}

func (c *calc) half(m hall.Minute) string {
	if m < c.split || m >= hall.DayMinutes {
		return "am"
	}
	return "pm"
}

// halvesOf counts the halves of a day in which something is expected; a night passes into the second.
func (c *calc) halvesOf(spans []hall.Span) int {
	am := shared(hall.Span{From: 0, Until: c.split}, spans) > 0 || shared(hall.Span{From: hall.DayMinutes, Until: whole}, spans) > 0
	pm := shared(hall.Span{From: c.split, Until: hall.DayMinutes}, spans) > 0
	n := 0
	for _, b := range [2]bool{am, pm} {
		if b {
			n++
		}
	}
	return n
}

// inspection is what somebody found.
func (c *calc) inspection(i *Inspection) wire.Finding {
	r, _ := c.Policy.RuleOn(i.Rule, c.day)
	points, names, _ := c.Policy.Worth(r.Kind, nil, c.day)
	return wire.Finding{ID: i.Finding, Rule: i.Rule, Article: r.Cites, Points: points, Parameters: names,
		Events: []string{i.Signed.Event}, Photo: i.Photo}
}

// judged gives findings of the hub what the policy of the day says that they are worth, where
// its rules are others than those of the policy that comes with the program.
func (c *calc) judged(findings []wire.Finding) {
	for i := range findings {
		f := &findings[i]
		if f.Photo != "" || c.Book.Inspections.Has(f.ID) {
			continue
		}
		points, names, _ := c.Policy.Worth(f.Rule, map[string]any{"minutes": float64(f.Minutes)}, c.day)
		if points != f.Points {
			f.Points, f.Parameters = points, names
		}
	}
}

// noted marks what was withdrawn or answered.
func (c *calc) noted(findings []wire.Finding) {
	c.judged(findings)
	if !c.book.noted[c.day] {
		return
	}
	for i := range findings {
		f := &findings[i]
		_, f.Withdrawn = NoteOn(&c.Book.Withdrawals, f)
		_, f.Replied = NoteOn(&c.Book.Replies, f)
	}
}

// Points adds up what counts.
func Points(findings []wire.Finding) (points float64) {
	for _, f := range findings {
		if !f.Withdrawn {
			points += f.Points
		}
	}
	return points
}
