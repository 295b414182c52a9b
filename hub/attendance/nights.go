package attendance

import (
	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
)

// late is how long people may take to leave after their shift, or come before it, in
// minutes: one that ends so near to midnight may be left after it, and no day is checked
// before; one that begins so near to it may be come to on the evening before.
const late = 60

// boundary is the minute at which a person's day ends and their next one begins:
// midnight, unless the shift goes on until then or beyond, or the next one begins
// so shortly after it that people come before.
func (c *calc) boundary(s *roster.Staff, day hall.Date) hall.Minute {
	return c.boundaryOf(s, day, c.spansOf(s, day))
}

// boundaryOf is boundary where the day's shift is known.
func (c *calc) boundaryOf(s *roster.Staff, day hall.Date, spans []hall.Span) hall.Minute {
	end := lastOf(spans)
	next := c.spansOf(s, day.AddDays(1))
	switch {
	case end < hall.DayMinutes-late && (len(next) == 0 || next[0].From >= late):
		return hall.DayMinutes
	case len(next) == 0:
		return end + c.minutes("swipe_reach")
	}
	begins := next[0].From + hall.DayMinutes
	return max(end, (end+begins)/2, min(begins, hall.DayMinutes)-c.minutes("swipe_reach"))
}

func lastOf(spans []hall.Span) hall.Minute {
	if len(spans) == 0 {
		return 0
	}
	return spans[len(spans)-1].Until
}

func (c *calc) spansOf(s *roster.Staff, day hall.Date) []hall.Span {
	post := s.PostOf(day)
	if post == "" {
		return nil
	}
	shift, ok := c.People.ShiftFor(s.ID, c.windowOfPost(post, day), day)
	if !ok {
		return nil
	}
	return c.periods(&shift, day)
}
