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
