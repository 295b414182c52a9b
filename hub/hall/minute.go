package hall

import (
	"fmt"
	"time"
)

// Minute is a time of day in minutes from midnight, by the clock on the wall. A
// shift that passes midnight goes on above DayMinutes.
type Minute int

// DayMinutes is a whole day.
const DayMinutes Minute = 24 * 60

// ParseMinute reads hh:mm from 00:00 to 47:59; hours of 24 and more are of the next day.
func ParseMinute(s string) (m Minute, ok bool) {
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	n := 0
	for i, weight := range [5]int{600, 60, 0, 10, 1} {
		if i == 2 {
			continue
		}
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n += int(s[i]-'0') * weight
	}
	return Minute(n), s[3] < '6' && n < 2*int(DayMinutes)
}

// String is hh:mm; times of the next day are above 24:00.
func (m Minute) String() string {
	if m < 0 || m >= 100*60 {
		sign := ""
		if m < 0 {
			sign, m = "-", -m
		}
		return fmt.Sprintf("%s%02d:%02d", sign, int(m)/60, int(m)%60)
	}
	h, r := int(m)/60, int(m)%60 // by hand: sheets hold thousands
	return string([]byte{byte('0' + h/10), byte('0' + h%10), ':', byte('0' + r/10), byte('0' + r%10)})
}

// MinuteOf is the time of day of a moment as seen from a day: 24:00 and above
// where it is after that day's midnight. Seconds are cut off.
func MinuteOf(t time.Time, day Date, zone *time.Location) Minute {
	t = t.In(zone)
	m := Minute(t.Hour()*60 + t.Minute())
	if d := DateOf(t, zone); d != day {
		m += Minute(d.Sub(day)) * DayMinutes
	}
	return m
}

// Span is from a minute until another, which is not in it.
type Span struct {
	From  Minute `json:"from"`
	Until Minute `json:"until"`
}

// Minutes is how long it is.
func (s Span) Minutes() int { return max(0, int(s.Until-s.From)) }

// And is what two spans share; empty spans have no minutes.
func (s Span) And(t Span) Span {
	return Span{max(s.From, t.From), max(min(s.Until, t.Until), max(s.From, t.From))}
}

// Sub is the number of days from e to d, 0 where one of them is not valid.
func (d Date) Sub(e Date) int {
	to, ok1 := d.serial()
	from, ok2 := e.serial()
	if !ok1 || !ok2 {
		return 0
	}
	return to - from
}
