package day

import (
	"fmt"
	"time"
)

// Date is a civil date.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the civil date of a moment in a zone.
func DateOf(t time.Time, zone *time.Location) Date {
	y, m, d := t.In(zone).Date()
	return Date{y, m, d}
}

// ParseDate reads yyyy-mm-dd.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, fmt.Errorf("a date is written yyyy-mm-dd, got %q", text)
	}
	return DateOf(t, time.UTC), nil
}

// String is yyyy-mm-dd.
func (d Date) String() string { return d.At(0, time.UTC).Format(time.DateOnly) }

// At is the moment at which a wall clock in zone shows the time of day.
func (d Date) At(ofDay time.Duration, zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, int(ofDay/time.Second), int(ofDay%time.Second), zone)
}

// Add is the date n days later, or earlier where n is negative.
func (d Date) Add(n int) Date {
	return DateOf(time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC), time.UTC)
}

// Before says whether d comes before other.
func (d Date) Before(other Date) bool { return d.At(0, time.UTC).Before(other.At(0, time.UTC)) }

// Working says whether people work on it: Monday to Friday.
func (d Date) Working() bool {
	switch d.At(0, time.UTC).Weekday() {
	case time.Saturday, time.Sunday:
		return false
	}
	return true
}
