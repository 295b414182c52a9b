package attendance

import (
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// why a person is not expected; see wire.StaffLine.
const (
	offRest     = "rest"
	offClosed   = "closed"
	offLeave    = "leave"
	offSeconded = "seconded"
	offUnposted = "unposted"
	offNoShift  = "no_shift"
)

// plan is what is expected of a person on a day.
type plan struct {
	off          string
	post, window string
	shift        string
	swipes       int
	// whole are the periods of the shift; expected are those without what is excused.
	whole, expected []hall.Span
	excused         []wire.Excuse
}

// frame is the one or several spans that walk reads: with two swipes a day, the day is one.
func (p *plan) frame() []hall.Span {
	if n := len(p.expected); p.swipes == 2 && n > 1 {
		return []hall.Span{{From: p.expected[0].From, Until: p.expected[n-1].Until}}
	}
	return p.expected
}

// halfSpan is a half day, or the whole of it.
func halfSpan(half string, split hall.Minute) hall.Span {
	switch half {
	case "am":
		return hall.Span{From: 0, Until: split}
	case "pm":
		return hall.Span{From: split, Until: 2 * hall.DayMinutes}
	}
	return hall.Span{From: 0, Until: 2 * hall.DayMinutes}
}

// without takes a span out of others.
func without(spans []hall.Span, out hall.Span) []hall.Span {
	var left []hall.Span
	for _, s := range spans {
		if s.And(out).Minutes() == 0 {
			left = append(left, s)
			continue
		}
		if s.From < out.From {
			left = append(left, hall.Span{From: s.From, Until: out.From})
		}
		if s.Until > out.Until {
			left = append(left, hall.Span{From: out.Until, Until: s.Until})
		}
	}
	return left
}

func total(spans []hall.Span) (minutes int) {
	for _, s := range spans {
		minutes += s.Minutes()
	}
	return minutes
}

// planFor says what is expected of a person on a day.
func (c *calc) planFor(s *roster.Staff, day hall.Date) plan {
	var p plan
	post := s.PostOf(day)
	if post == "" {
		p.off = offUnposted
		return p
	}
	window := c.windowOfPost(post, day)
	p.post, p.window = post, window
	shift, ok := c.People.ShiftFor(s.ID, window, day)
	if !ok {
		p.off = offNoShift
		return p
	}
	p.shift, p.swipes = shift.ID, shift.Swipes
	p.whole = c.periods(&shift, day)
	p.expected = p.whole
	if len(p.whole) == 0 {
		p.off = offRest
		if c.Policy.Calendar().Kind(day) == hall.DayClosed {
			p.off = offClosed
		}
		return p
	}
	if half := c.Policy.Calendar().ClosedHalf(day); half != "" {
		p.excuse(half, offClosed, "", c.split)
	}
	c.absences(s.ID, day, &p)
	if len(p.expected) == 0 {
		p.off = offLeave
		for _, e := range p.excused {
			if e.Why == offSeconded {
				p.off = offSeconded
			}
		}
	}
	return p
}

func (p *plan) excuse(half, why, ref string, split hall.Minute) {
	span := halfSpan(half, split)
	if total(p.expected) == total(without(p.expected, span)) {
		return // nothing was expected then
	}
	p.excused = append(p.excused, wire.Excuse{Half: half, Why: why, Ref: ref})
	p.expected = without(p.expected, span)
}

// absences takes leave and secondments off a plan.
func (c *calc) absences(staff string, day hall.Date, p *plan) {
	for _, x := range c.book.seconded[staff] {
		if hall.Date(x.From) <= day && day <= hall.Date(x.Until) {
			p.excuse("day", offSeconded, x.Secondment, c.split)
		}
	}
	for _, l := range c.book.leaves[staff] {
		if day < hall.Date(l.From) || hall.Date(l.Until) < day {
			continue
		}
		if l.State == Approved || l.State == Asked && c.granted {
			p.excuse(halfOf(&l.LeaveAsked, day), l.LeaveKind, l.Leave, c.split)
		}
	}
}

// halfOf is the part of a day that leave takes.
func halfOf(l *wire.LeaveAsked, day hall.Date) string {
	from, until := "am", "pm"
	if string(day) == l.From {
		from = l.FromHalf
	}
	if string(day) == l.Until {
		until = l.UntilHalf
	}
	if from == until {
		return from
	}
	return "day"
}

// periods are a shift's spans on a day of the hall.
func (c *calc) periods(shift *roster.Shift, day hall.Date) []hall.Span {
	kind := c.Policy.Calendar().Kind(day)
	works := kind == hall.DayWork || kind == hall.DayMakeUp
	weekday := int(day.Weekday())
	if weekday == 0 {
		weekday = 7
	}
	spans := shift.On(day, weekday, works)
	if kind == hall.DayMakeUp && !shift.Names(weekday) {
		spans = shift.On(day, int(time.Monday), works) // a make-up day is worked as any working day
	}
	if kind == hall.DayClosed {
		return nil
	}
	return spans
}

// windowPlan is when a window is to be served on a day.
func (c *calc) windowPlan(window string, day hall.Date) []hall.Span {
	shift, ok := c.People.ShiftFor("", window, day)
	if !ok {
		return nil
	}
	spans := c.periods(&shift, day)
	if half := c.Policy.Calendar().ClosedHalf(day); half != "" {
		spans = without(spans, halfSpan(half, c.split))
	}
	return spans
}
