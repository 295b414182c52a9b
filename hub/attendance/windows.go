package attendance

import (
	"slices"

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
	ends   hall.Minute
	window string
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
					at[s.window] = append(at[s.window], presence{s.Span, p.ID, s.window == p.plan.window, s.since, s.left, v.span.Until, s.window})
				}
			}
		}
		for _, x := range p.covers {
			if !refused[x.window+"/"+p.ID] {
				at[x.window] = append(at[x.window], x)
			}
		}
	}
	return at
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
