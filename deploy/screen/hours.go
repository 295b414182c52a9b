package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hallkeeper/bilingual"
)

const (
	dayMinutes = 24 * 60
	days       = 7
)

// minute is a time of day, or none.
type minute struct {
	of  int // minutes since midnight
	set bool
}

func at(hour, past int) minute { return minute{hour*60 + past, true} }

var errTime = bilingual.New("应填时刻，如 03:30", "expected a time like 03:30")

func clockTime(text string) (minutes int, err error) {
	var hour, past int
	if n, err := fmt.Sscanf(text, "%d:%d", &hour, &past); err != nil || n != 2 || text != fmt.Sprintf("%02d:%02d", hour, past) || past < 0 || past > 59 || hour < 0 || hour*60+past > dayMinutes {
		return 0, errTime
	}
	return hour*60 + past, nil
}

// UnmarshalText takes 03:30, or never.
func (m *minute) UnmarshalText(text []byte) error {
	if string(text) == "never" {
		*m = minute{}
		return nil
	}
	of, err := clockTime(string(text))
	if err != nil || of == dayMinutes {
		return bilingual.Errorf("%w，或 never", "%w, or never", errTime)
	}
	*m = minute{of, true}
	return nil
}

// due tells whether that time of day came after since, up to now; now is in the screen's time zone.
func (m minute) due(since, now time.Time) bool {
	if !m.set {
		return false
	}
	last := time.Date(now.Year(), now.Month(), now.Day(), m.of/60, m.of%60, 0, 0, now.Location())
	if last.After(now) {
		last = last.AddDate(0, 0, -1)
	}
	return last.After(since)
}

// hours are a stretch of each of some days of the week, or of each day on which the hall works.
type hours struct {
	on          [days]bool // by time.Weekday
	workdays    bool       // by the hall's calendar
	from, until int        // minutes since midnight
}

// byCalendar names the days on which the hall works, which only the hub knows: no
// public holidays, and the weekend days that are worked instead.
const byCalendar = "workdays"

var errHours = bilingual.New("应填日期和时段，如 workdays 08:00-18:00、mon-fri 08:00-18:00、daily 08:00-18:00", "expected days and times like workdays 08:00-18:00, mon-fri 08:00-18:00, or daily 08:00-18:00")

// UnmarshalText takes workdays 08:00-18:00, mon-fri 08:00-18:00, sat 09:00-12:00 or daily 08:00-24:00.
func (h *hours) UnmarshalText(text []byte) error {
	which, stretch, ok := strings.Cut(string(text), " ")
	from, until, ok2 := strings.Cut(stretch, "-")
	if !ok || !ok2 {
		return errHours
	}
	var next hours
	var err1, err2 error
	next.from, err1 = clockTime(from)
	next.until, err2 = clockTime(until)
	if err1 != nil || err2 != nil || next.from >= next.until {
		return errHours
	}
	if next.workdays = which == byCalendar; next.workdays {
		*h = next
		return nil
	}
	names := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	first, last, several := strings.Cut(which, "-")
	if which == "daily" {
		first, last, several = "sun", "sat", true
	}
	if !several {
		last = first
	}
	a, b := slices.Index(names, first), slices.Index(names, last)
	if a < 0 || b < 0 {
		return errHours
	}
	for day := a; ; day = (day + 1) % days {
		next.on[day] = true
		if day == b {
			break
		}
	}
	*h = next
	return nil
}

// lit tells whether a screen with these hours is on; now is in its time zone, and
// works whether the hall works that day. One without hours always is.
func lit(all []hours, now time.Time, works bool) bool {
	minutes := now.Hour()*60 + now.Minute()
	return len(all) == 0 || slices.ContainsFunc(all, func(h hours) bool {
		today := h.on[now.Weekday()] || h.workdays && works
		return today && h.from <= minutes && minutes < h.until
	})
}

// asksCalendar tells whether these hours follow the hall's calendar.
func asksCalendar(all []hours) bool {
	return slices.ContainsFunc(all, func(h hours) bool { return h.workdays })
}
