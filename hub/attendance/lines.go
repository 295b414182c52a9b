package attendance

import (
	"cmp"
	"slices"
	"strings"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// lines makes the sheet.
func (c *calc) lines() wire.Sheet {
	cal := c.Policy.Calendar()
	sheet := wire.Sheet{Day: string(c.day), DayKind: string(cal.Kind(c.day)), DayName: cal.Name(c.day), Provisional: cal.Provisional(c.day),
		Staff: []wire.StaffLine{}, Windows: []wire.WindowLine{}}
	at := c.presences()
	lines := make([]*wire.StaffLine, len(c.staff))
	c.each(func(i int, p *person) {
		if line, ok := c.staffLine(p, at); ok {
			lines[i] = &line
		}
	})
	for _, line := range lines {
		if line != nil {
			sheet.Staff = append(sheet.Staff, *line)
		}
	}
	windows := map[string]bool{}
	for _, post := range c.posts {
		windows[post.Window] = true
	}
	slices.SortFunc(c.suspects, func(a, b *suspect) int { return cmp.Or(cmp.Compare(a.first, b.first), strings.Compare(a.ID, b.ID)) })
	for _, s := range c.suspects {
		windows[s.Window] = true
		slices.Sort(s.Events)
		sheet.Suspects = append(sheet.Suspects, s.Suspect)
	}
	for _, i := range c.book.inspect[c.day] {
		if i.Staff == "" && i.Window != "" {
			windows[i.Window] = true
		}
	}
	for _, w := range sorted(windows) {
		sheet.Windows = append(sheet.Windows, c.windowLine(w, at[w]))
	}
	return sheet
}

func sorted(set map[string]bool) []string {
	var all []string
	for k := range set {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// staffLine is a person's line; ok is false for who has nothing to do with the day.
func (c *calc) staffLine(p *person, at map[string][]presence) (line wire.StaffLine, ok bool) {
	line = wire.StaffLine{Staff: p.ID, Department: p.Departments.Around(c.day), Post: p.plan.post, Window: p.plan.window, Shift: p.plan.shift,
		Off: p.plan.off, Excused: p.plan.excused, PlannedMinutes: total(p.plan.expected)}
	for _, m := range p.marks {
		x := wire.Mark{At: m.at.String(), Window: m.window, Use: m.use, How: m.how, Doubt: string(m.doubt), Event: m.event}
		if m.doubt == DoubtUnset {
			x.At = "" // nobody knows
		}
		line.Swipes = append(line.Swipes, x)
	}
	for _, v := range p.visits {
		for _, s := range v.stays {
			line.PresentMinutes += shared(s.Span, p.plan.expected)
			if s.window != p.plan.window {
				line.CoverMinutes += c.covered(p, s.window, s.Span)
			}
		}
		for _, a := range v.away {
			if n := shared(a, p.plan.expected); n > 0 {
				line.Away = append(line.Away, wire.Span{From: a.From.String(), Until: a.Until.String(), Minutes: n})
			}
		}
	}
	for _, x := range p.covers {
		line.CoverMinutes += c.covered(p, x.window, x.Span)
	}
	if p.plan.off == "" {
		c.slots(p, &line)
		c.offPost(p, &line, at)
		c.halves(p, &line)
	}
	if p.uncertain && slices.ContainsFunc(line.Slots, func(s wire.Slot) bool { return s.State != wire.SlotOK && s.State != wire.SlotUpcoming }) {
		line.Pending, line.Findings = true, nil
		for i := range line.Slots {
			if s := &line.Slots[i]; s.State != wire.SlotOK && s.State != wire.SlotUpcoming {
				s.State = wire.SlotPending
			}
		}
	}
	for _, i := range c.book.inspect[c.day] {
		if i.Staff == p.ID {
			line.Findings = append(line.Findings, c.inspection(&i))
		}
	}
	c.noted(line.Findings)
	return line, line.Post != "" || len(line.Swipes) > 0 || len(line.Findings) > 0
}

// covered are the minutes of a stay at another window in which that one is to be
// served; where nobody knows when that is, in which the person is on duty.
func (c *calc) covered(p *person, window string, s hall.Span) int {
	plan := c.windowPlan(window, c.day)
	if len(plan) == 0 {
		plan = p.plan.expected
	}
	return shared(s, plan)
}

func shared(s hall.Span, with []hall.Span) (minutes int) {
	for _, w := range with {
		minutes += s.And(w).Minutes()
	}
	return minutes
}

// slots says what became of each expected swipe.
func (c *calc) slots(p *person, line *wire.StaffLine) {
	for _, v := range p.visits {
		in := wire.Slot{Way: "in", Expected: v.span.From.String()}
		out := wire.Slot{Way: "out", Expected: v.span.Until.String()}
		switch {
		case v.in == nil && v.out == nil && c.over < v.span.From+c.minutes("half_day_from"):
			in.State, out.State = wire.SlotUpcoming, wire.SlotUpcoming
		case v.in == nil && v.out == nil && c.over < v.span.Until:
			in.State, out.State = wire.SlotMissing, wire.SlotUpcoming // not here yet
		case v.in == nil && v.out == nil:
			in.State, out.State = wire.SlotAbsent, wire.SlotAbsent
		default:
			c.slotIn(&in, &v)
			c.slotOut(&out, &v)
		}
		line.Slots = append(line.Slots, in, out)
		c.slotFindings(p, line, &v, &in, &out)
	}
}

func (c *calc) slotIn(s *wire.Slot, v *visit) {
	if v.in == nil {
		s.State = wire.SlotMissing
		return
	}
	s.State, s.Actual, s.How = wire.SlotOK, v.in.at.String(), v.in.how
	if n := int(v.in.at - v.span.From); n > 0 && n > int(c.minutes("late_grace")) {
		s.State, s.Minutes = wire.SlotLate, n
	}
}

func (c *calc) slotOut(s *wire.Slot, v *visit) {
	if v.out == nil {
		s.State = wire.SlotMissing
		if c.over < v.span.Until+c.minutes("swipe_reach") && c.over < whole {
			s.State = wire.SlotUpcoming
		}
		return
	}
	s.State, s.Actual, s.How = wire.SlotOK, v.out.at.String(), v.out.how
	if n := int(v.span.Until - v.out.at); n > 0 && n > int(c.minutes("early_grace")) {
		s.State, s.Minutes = wire.SlotEarly, n
		if c.over < v.span.Until {
			s.State, s.Minutes = wire.SlotUpcoming, 0 // they may come back
		}
	}
}

// hold leaves out what would not be there if everything asked for were granted.
func hold(sheet, granted *wire.Sheet) {
	would := map[string]bool{}
	states := map[string]wire.SlotState{}
	for _, l := range granted.Staff {
		for _, f := range l.Findings {
			would[f.ID] = true
		}
		for _, s := range l.Slots {
			states[l.Staff+s.Way+s.Expected] = s.State
		}
	}
	for _, l := range granted.Windows {
		for _, f := range l.Findings {
			would[f.ID] = true
		}
	}
	keep := func(all []wire.Finding) (kept []wire.Finding, held bool) {
		for _, f := range all {
			if would[f.ID] {
				kept = append(kept, f)
			}
		}
		return kept, len(kept) < len(all)
	}
	for i := range sheet.Staff {
		l := &sheet.Staff[i]
		var held bool
		l.Findings, held = keep(l.Findings)
		for k := range l.Slots {
			s := &l.Slots[k]
			if s.State != wire.SlotOK && s.State != wire.SlotUpcoming && states[l.Staff+s.Way+s.Expected] != s.State {
				s.State, held = wire.SlotPending, true
			}
		}
		l.Pending = l.Pending || held
	}
	for i := range sheet.Windows {
		l := &sheet.Windows[i]
		var held bool
		l.Findings, held = keep(l.Findings)
		l.Pending = l.Pending || held
	}
}
