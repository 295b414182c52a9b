package hall

import (
	"fmt"
	"time"
)

// Date is a civil day of the hall, yyyy-mm-dd. Its order as text is its order in time.
type Date string

// DateOf is the civil day of a moment in the hall's zone.
func DateOf(t time.Time, zone *time.Location) Date { return Date(t.In(zone).Format(time.DateOnly)) }

// ParseDate refuses what is no day of the calendar.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return "", fmt.Errorf("expected a date like 2026-11-23, got %q", s)
	}
	return Date(t.Format(time.DateOnly)), nil
}

// The days that four digits of a year can name, counted from 1970-01-01.
const (
	firstDay = -719528 // 0000-01-01
	lastDay  = 2932896 // 9999-12-31
)

// Valid tells whether d names a day of the calendar, exactly as ParseDate would.
func (d Date) Valid() bool {
	_, _, _, ok := d.parts()
	return ok
}

// Year is the year of d, 0 where d is not valid.
func (d Date) Year() int {
	y, _, _, _ := d.parts()
	return y
}

// Weekday is the day of the week of d, Sunday where d is not valid.
func (d Date) Weekday() time.Weekday {
	n, ok := d.serial()
	if !ok {
		return time.Sunday
	}
	return weekdayOf(n)
}

// Time is the midnight in zone with which d begins, the zero time where d is not valid.
func (d Date) Time(zone *time.Location) time.Time {
	y, m, day, ok := d.parts()
	if !ok {
		return time.Time{}
	}
	return time.Date(y, time.Month(m), day, 0, 0, 0, 0, zone)
}

// AddDays is the day n days after d, before it where n is negative. It stops at
// 0000-01-01 and 9999-12-31, so that dates keep their order as text, and is empty
// where d is not valid.
func (d Date) AddDays(n int) Date {
	at, ok := d.serial()
	if !ok {
		return ""
	}
	const span = lastDay - firstDay
	return dateAt(at + min(max(n, -span), span))
}

// parts reads the digits by hand: dates are read far too often for time.Parse.
func (d Date) parts() (y, m, day int, ok bool) {
	if len(d) != len(time.DateOnly) || d[4] != '-' || d[7] != '-' {
		return 0, 0, 0, false
	}
	y, ok1 := digits(d[:4])
	m, ok2 := digits(d[5:7])
	day, ok3 := digits(d[8:])
	if !ok1 || !ok2 || !ok3 || m < 1 || m > 12 || day < 1 || day > daysIn(y, m) {
		return 0, 0, 0, false
	}
	return y, m, day, true
}

// serial counts the days from 1970-01-01 to d.
func (d Date) serial() (n int, ok bool) {
	y, m, day, ok := d.parts()
	if !ok {
		return 0, false
	}
	return serialOf(y, m, day), true
}

func digits(d Date) (n int, ok bool) {
	for i := range len(d) {
		if d[i] < '0' || d[i] > '9' {
			return 0, false
		}
		n = n*10 + int(d[i]-'0')
	}
	return n, true
}

func daysIn(y, m int) int {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

func serialOf(y, m, day int) int {
	return int(time.Date(y, time.Month(m), day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// dateAt is the inverse of serial, held within firstDay and lastDay.
func dateAt(n int) Date {
	y, m, day := time.Unix(int64(min(max(n, firstDay), lastDay))*86400, 0).UTC().Date()
	digit := func(v int) byte { return byte('0' + v%10) }
	return Date([]byte{
		digit(y / 1000), digit(y / 100), digit(y / 10), digit(y), '-',
		digit(int(m) / 10), digit(int(m)), '-', digit(day / 10), digit(day),
	})
}

func yearOf(n int) int { return time.Unix(int64(n)*86400, 0).UTC().Year() }

// weekdayOf counts from 1970-01-01, a Thursday.
func weekdayOf(n int) time.Weekday { return time.Weekday(((n+int(time.Thursday))%7 + 7) % 7) }

// ChangesItsClock tells whether a zone has summer time in a year.
func ChangesItsClock(zone *time.Location, year int) bool {
	_, first := time.Date(year, 1, 1, 0, 0, 0, 0, zone).Zone()
	for day := 1; day < 367; day++ {
		if _, offset := time.Date(year, 1, day, 12, 0, 0, 0, zone).Zone(); offset != first {
			return true
		}
	}
	return false
}
