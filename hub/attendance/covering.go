package attendance

import (
	"slices"

	"hallkeeper/hub/hall"
)

// errand is a time for which somebody is at a window whose deputy they are, and that is
// open while their own shift has a break, has not begun or is over: such as a window
// that is served over lunch.
type errand struct {
	window      string
	from, until *mark // until is nil where they went on elsewhere, or are still there
	// end is when it ended or, where nobody knows, until when it is believed; left the second, 0 where they are still there.
	end  hall.Minute
	left int64
	// ends is when the window closes.
	ends hall.Minute
}

// errands finds them: of marks one after the other at one window the first is a
// coming, the second a going, and so on.
func (c *calc) errands(p *person, marks []*mark) (all []errand) {
	for i := 0; i < len(marks); {
		window, n := marks[i].window, i+1
		for n < len(marks) && marks[n].window == window {
			n++
		}
		if window != p.plan.window && c.deputies[p.ID][window] {
			beyond, ends := c.beyond(p, window)
			for k := i; len(beyond) > 0 && k < n; k += 2 {
				e := errand{window: window, from: marks[k], ends: ends, end: min(ends, c.over)}
				switch {
				case k+1 < n:
					e.until = marks[k+1]
					e.end, e.left = e.until.at, e.until.second
				case n < len(marks):
					e.end = min(marks[n].at, ends)
					e.left = c.second(e.end)
				case e.end < c.over:
					e.left = c.second(e.end)
				}
				e.end = max(e.end, e.from.at)
				if shared(hall.Span{From: e.from.at, Until: max(e.end, e.from.at+1)}, beyond) > 0 {
					all = append(all, e)
				}
			}
		}
		i = n
	}
	return all
}

// beyond is when a window is open outside of a person's own day, and when it closes.
func (c *calc) beyond(p *person, window string) (open []hall.Span, ends hall.Minute) {
	open = c.windowPlan(window, c.day)
	ends = lastOf(open)
	for _, s := range p.frame {
		open = without(open, s)
	}
	for _, x := range p.plan.excused {
		open = without(open, halfSpan(x.Half, c.split))
	}
	return open, ends
}

// second is a minute of the day in Unix seconds.
func (c *calc) second(m hall.Minute) int64 { return c.begins/1000 + int64(m)*60 }

// covering takes the errands out of a person's marks: what of them is beyond the own
// shift is a stay of its own. Within the shift the person is there as it begins or ends.
func (c *calc) covering(p *person, marks []*mark, lim limits) []*mark {
	all := c.errands(p, marks)
	if len(all) == 0 {
		return marks
	}
	rest := slices.Clone(marks)
	for _, e := range all {
		rest = slices.DeleteFunc(rest, func(m *mark) bool { return m == e.from || m == e.until })
	}
	own := slices.Clone(rest)
	gone := map[int]bool{}
	for _, e := range all {
		e.from.use = useIn
		if e.until != nil {
			e.until.use = useOut
		}
		rest = append(rest, c.cover(p, &e, own, gone, lim)...)
	}
	slices.SortStableFunc(rest, byTime)
	return rest
}

// cover gives the marks of an errand that the own periods know of.
func (c *calc) cover(p *person, e *errand, own []*mark, gone map[int]bool, lim limits) (marks []*mark) {
	to := func(period int, m *mark) {
		m.to = period + 1
		marks = append(marks, m)
	}
	at := func(minute hall.Minute, event string) *mark {
		return &mark{at: minute, second: c.second(minute), window: e.window, how: howCover, event: event}
	}
	next := 0 // the first period that is not over when it begins
	for next < len(p.frame) && p.frame[next].Until <= e.from.at {
		next++
	}
	here, since := e.from.at, e.from.second
	inside := next < len(p.frame) && p.frame[next].From <= e.from.at // of the own period
	comes := !inside                                                 // the swipe may be the coming of the next period
	switch {
	case inside:
		to(next, e.from)
	case next > 0 && !gone[next-1] && going(p.frame, next-1, e.from, own, lim):
		out := *e.from
		to(next-1, &out)
		gone[next-1], comes, e.from.use = true, false, useMove
	}
	for ; next < len(p.frame) && (inside || e.end > p.frame[next].From); next++ {
		period := p.frame[next]
		switch {
		case inside:
		case comes:
			to(next, e.from)
		default:
			p.covers = append(p.covers, presence{Span: hall.Span{From: here, Until: period.From}, staff: p.ID, since: since, left: c.second(period.From), ends: e.ends, window: e.window})
			to(next, at(period.From, e.from.event))
		}
		if inside, comes = false, false; e.end <= period.Until {
			if e.until != nil {
				to(next, e.until)
			}
			return marks
		}
		event := e.from.event
		if e.until != nil {
			if event = e.until.event; next+1 == len(p.frame) || e.end <= p.frame[next+1].From {
				to(next, e.until) // who goes from there has gone
				return marks
			}
		}
		to(next, at(period.Until, event))
		here, since = period.Until, c.second(period.Until)
	}
	p.covers = append(p.covers, presence{Span: hall.Span{From: here, Until: e.end}, staff: p.ID, since: since, left: e.left, ends: e.ends, window: e.window})
	return marks
}

// going tells whether the coming to an errand is the going of the period before: the
// person was in, or had gone a moment ago.
func going(periods []hall.Span, period int, from *mark, own []*mark, lim limits) bool {
	begins := lim.from
	if period > 0 {
		begins = (periods[period-1].Until + periods[period].From) / 2
	}
	var before []*mark
	for _, m := range own {
		if m.at >= begins && byTime(m, from) <= 0 {
			before = append(before, m)
		}
	}
	n := len(before)
	return n > 0 && (inside(before) || int(from.at-before[n-1].at) < lim.offPost)
}
