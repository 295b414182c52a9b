package attendance

import (
	"cmp"
	"slices"
	"strings"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// presence is a time for which somebody is at a window.
type presence struct {
	hall.Span
	staff string
	own   bool
	// since and left are Unix seconds of the marks at its ends; 0 where there is none.
	since, left int64
	// ends is when the period ends to which it belongs.
	ends hall.Minute
}

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

// presences is who is at each window and when. Whoever was found to be there
// without consent is not.
func (c *calc) presences() map[string][]presence {
	refused := map[string]bool{}
	for _, s := range c.suspects {
		if s.State == wire.SuspectConfirmed {
			refused[s.Window+"/"+s.Staff] = true
		}
	}
	at := map[string][]presence{}
	for _, p := range c.staff {
		for _, v := range p.visits {
			for _, s := range v.stays {
				if s.window != "" && !refused[s.window+"/"+p.ID] {
					at[s.window] = append(at[s.window], presence{s.Span, p.ID, s.window == p.plan.window, s.since, s.left, v.span.Until})
				}
			}
		}
	}
	return at
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
			n := shared(s.Span, p.plan.expected)
			line.PresentMinutes += n
			if s.window != p.plan.window {
				if len(p.plan.expected) == 0 { // somebody without a shift of their own acts for another
					n = s.Minutes()
				}
				line.CoverMinutes += n
			}
		}
		for _, a := range v.away {
			if n := shared(a, p.plan.expected); n > 0 {
				line.Away = append(line.Away, wire.Span{From: a.From.String(), Until: a.Until.String(), Minutes: n})
			}
		}
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

// slotFindings are the findings of one period. Where it counts as half a day's
// absence, nothing else of it counts.
func (c *calc) slotFindings(p *person, line *wire.StaffLine, v *visit, in, out *wire.Slot) {
	from := v.span.From.String()
	switch {
	case in.State == wire.SlotAbsent:
		line.Findings = append(line.Findings, c.finding("half_day", p.ID, from, c.heavy("half_day_points"), v.events()...))
		return
	case in.Minutes >= int(c.minutes("half_day_from")) && in.State == wire.SlotLate:
		f := c.finding("half_day", p.ID, from, c.heavy("half_day_points", "half_day_from"), v.events()...)
		f.Minutes, f.At = in.Minutes, in.Actual
		line.Findings = append(line.Findings, f)
		return
	case out.Minutes >= int(c.minutes("half_day_from")) && out.State == wire.SlotEarly:
		f := c.finding("half_day", p.ID, from, c.heavy("half_day_points", "half_day_from"), v.events()...)
		f.Minutes, f.At = out.Minutes, out.Actual
		line.Findings = append(line.Findings, f)
		return
	}
	if in.State == wire.SlotLate {
		line.Findings = append(line.Findings, c.short("late", p.ID, in, v.in.event))
	}
	if v.in == nil && v.out != nil || v.lost {
		line.Findings = append(line.Findings, c.finding("missing", p.ID, from, c.heavy("missing_points"), v.events()...))
	}
	if v.in != nil && v.out == nil && out.State == wire.SlotMissing {
		line.Findings = append(line.Findings, c.finding("missing", p.ID, v.span.Until.String(), c.heavy("missing_points"), v.events()...))
	}
	if out.State == wire.SlotEarly {
		line.Findings = append(line.Findings, c.short("early", p.ID, out, v.out.event))
	}
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

func (c *calc) finding(rule, subject, key string, w weight, events ...string) wire.Finding {
	r, _ := c.Policy.Rule(rule)
	slices.Sort(events)
	return wire.Finding{ID: string(c.day) + "." + rule + "." + subject + "." + strings.ReplaceAll(key, ":", ""), Rule: rule, Article: r.Cites,
		Points: w.points, At: key, Parameters: w.names, Events: slices.Compact(events)}
}

// offPost finds times away from the post that nobody covered.
func (c *calc) offPost(p *person, line *wire.StaffLine, at map[string][]presence) {
	for i, v := range p.visits {
		if c.halfDay(line, &p.visits[i]) {
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

// halfDay tells whether a period counts as half a day's absence.
func (c *calc) halfDay(line *wire.StaffLine, v *visit) bool {
	id := string(c.day) + ".half_day." + line.Staff + "." + strings.ReplaceAll(v.span.From.String(), ":", "")
	return slices.ContainsFunc(line.Findings, func(f wire.Finding) bool { return f.ID == id })
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
		for _, v := range p.visits {
			if strings.HasSuffix(f.ID, "."+strings.ReplaceAll(v.span.From.String(), ":", "")) {
				half = c.half((v.span.From + v.span.Until) / 2)
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
	r, _ := c.Policy.Rule(i.Rule)
	w := c.heavy(r.Points)
	return wire.Finding{ID: i.Finding, Rule: i.Rule, Article: r.Cites, Points: w.points, Parameters: w.names,
		Events: []string{i.Signed.Event}, Photo: i.Photo}
}

// noted marks what was withdrawn or answered.
func (c *calc) noted(findings []wire.Finding) {
	if !c.book.noted[c.day] {
		return
	}
	for i := range findings {
		f := &findings[i]
		_, f.Withdrawn = NoteOn(&c.Book.Withdrawals, f)
		_, f.Replied = NoteOn(&c.Book.Replies, f)
	}
}

// windowLine is a window's line.
func (c *calc) windowLine(window string, at []presence) wire.WindowLine {
	line := wire.WindowLine{Window: window}
	var open []hall.Span
	for _, s := range c.windowPlan(window, c.day) {
		if s = s.And(hall.Span{From: 0, Until: c.over}); s.Minutes() > 0 {
			open = append(open, s)
		}
	}
	if !c.hasPost(window) {
		open = nil
	}
	line.OpenMinutes = total(open)
	staffless, empty := open, open
	for _, x := range at {
		if x.own {
			staffless = without(staffless, x.Span)
		}
		empty = without(empty, x.Span)
	}
	line.StaffedMinutes = line.OpenMinutes - total(staffless)
	line.CoveredMinutes = total(staffless) - total(empty)
	line.EmptyMinutes = total(empty)
	for _, s := range empty {
		line.Gaps = append(line.Gaps, wire.Span{From: s.From.String(), Until: s.Until.String(), Minutes: s.Minutes()})
		if s.Minutes() >= max(1, int(c.minutes("away_grace"))) {
			f := c.finding("empty_window", window, s.From.String(), c.heavy("empty_window_points", "away_grace"), c.around(window, s)...)
			f.Minutes = s.Minutes()
			line.Findings = append(line.Findings, f)
		}
	}
	for _, p := range c.staff {
		if p.uncertain && slices.ContainsFunc(p.marks, func(m *mark) bool { return m.use == useUncertain && m.window == window }) && len(line.Findings) > 0 {
			line.Pending, line.Findings = true, nil
		}
	}
	for _, s := range c.suspects {
		if s.Window == window && s.State == wire.SuspectConfirmed {
			f := c.finding("swap", window, s.At, c.heavy("swap_points"), s.Events...)
			f.ID, f.Department = s.ID, s.Department
			if j, ok := c.Book.Swaps.Get(s.ID); ok {
				f.Events = append(f.Events, j.Signed.Event)
			}
			line.Findings = append(line.Findings, f)
		}
	}
	for _, i := range c.book.inspect[c.day] {
		if i.Staff == "" && i.Window == window {
			line.Findings = append(line.Findings, c.inspection(&i))
		}
	}
	c.noted(line.Findings)
	return line
}

func (c *calc) hasPost(window string) bool {
	for _, p := range c.posts {
		if p.Window == window {
			return true
		}
	}
	return false
}

// around are the marks at a window that bound a gap.
func (c *calc) around(window string, gap hall.Span) (events []string) {
	for _, p := range c.staff {
		for _, m := range p.marks {
			if m.window == window && (m.at == gap.From || m.at == gap.Until) {
				events = append(events, m.event)
			}
		}
	}
	return events
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

// Points adds up what counts.
func Points(findings []wire.Finding) (points float64) {
	for _, f := range findings {
		if !f.Withdrawn {
			points += f.Points
		}
	}
	return points
}
