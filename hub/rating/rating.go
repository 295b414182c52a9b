// Package rating finds out which press of a satisfaction button counts, for
// which visit, and for whom (好差评, 国办发〔2019〕51号): every visit gets one
// result and every press one state with its reason, and all figures are counted
// from these. It owns the sheets of visits and presses by day and window, for
// years, and the signs of gaming. It refuses to know cases and who may see what.
//
// It is pure: Fold cannot fail, and judging depends on the records alone, not on
// the order in which devices delivered theirs.
package rating

import (
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/wire"
)

// Result is what became of a visit.
type Result string

// The results of a visit.
const (
	// Open visits can still be rated and are not.
	Open    Result = "open"
	Rated   Result = "rated"
	Unrated Result = "unrated" // 未评
	// Passed visits were sent on to another window or service and not rated.
	Passed Result = "passed"
	// Excluded are those whose rating two people have taken out (剔除).
	Excluded Result = "excluded"
)

// PressState is what a press is.
type PressState string

// The states of a press.
const (
	Counted PressState = "counted"
	// Superseded presses were corrected within seconds; the correction counts.
	Superseded PressState = "superseded"
	Invalid    PressState = "invalid"
)

// Why is the reason of an invalid press.
type Why string

// The reasons.
const (
	NoVisit Why = "no_visit" // nobody was served there
	TooLate Why = "too_late" // the visit had ended too long ago
	Doubled Why = "doubled"  // the visit had its rating
	Stuck   Why = "stuck"    // the button was stuck
	// ClockUnset presses have no time: the device's clock was not set, and was not put right later.
	ClockUnset Why = "clock_unset"
	// ClockFuture presses were stored before they happened, by their clock.
	ClockFuture Why = "clock_future"
	// ClockOff presses have a time that cannot be: too long ago, or unlike the same boot's other times.
	ClockOff Why = "clock_off"
)

// Reasons are all of them.
func Reasons() []Why {
	return []Why{NoVisit, TooLate, Doubled, Stuck, ClockUnset, ClockFuture, ClockOff}
}

// Place is a sheet: a window on a civil day.
type Place struct {
	Day    hall.Date `json:"day"`
	Window string    `json:"window"`
}

// Span is a piece of a visit at one window with one person. Times are in Unix
// milliseconds; an Until of 0 is not yet.
type Span struct {
	Window string `json:"window"`
	Staff  string `json:"staff,omitempty"`
	From   int64  `json:"from"`
	Until  int64  `json:"until,omitempty"`
}

// Visit is one visit as it was. It belongs to the place of its beginning.
type Visit struct {
	Place
	ID      string `json:"id"`
	Ticket  string `json:"ticket,omitempty"`
	Service string `json:"service,omitempty"`
	// Department is that of the service at the beginning.
	Department string `json:"department,omitempty"`
	// Outcome is empty before the end.
	Outcome string `json:"outcome,omitempty"`
	// Excluded: two people have taken its rating out.
	Excluded bool `json:"excluded,omitempty"`
	// Position is the record that began it.
	Position wire.Position `json:"position"`
	// Spans are in the order of time: one that was held and went on has several.
	Spans []Span `json:"spans"`
}

// Press is one rating as it came, by a button, a tablet or a phone. Place is
// where and when it was pressed; of one that names its visit, that of the visit.
type Press struct {
	Place
	// ID is that of its event: the rating's id.
	ID       string            `json:"id"`
	Level    int               `json:"level"`
	Source   wire.RatingSource `json:"source"`
	At       int64             `json:"at"`     // Unix milliseconds
	Stored   int64             `json:"stored"` // Unix milliseconds
	Position wire.Position     `json:"position"`
	// Visit is what the screen showed, if it was one that knows.
	Visit string `json:"visit,omitempty"`
	// Agent is the device, of a button.
	Agent string `json:"agent,omitempty"`
	// Doubt says what is wrong with At; empty is nothing.
	Doubt Why `json:"doubt,omitempty"`
	// Loose: the screen did not know the hub's clock, but it knew the visit.
	Loose bool `json:"loose,omitempty"`

	boot string // of one that came late
	base int64  // At minus uptime then
}

// Jam is a button that was stuck for a time, in Unix milliseconds.
type Jam struct {
	Agent string
	Level int
	From  int64
	Until int64
}

// JudgedVisit is a visit and what became of it.
type JudgedVisit struct {
	Visit
	// Result is that of the moment for which it was asked.
	Result Result `json:"result"`
	// Level, Rating, Source and RatedAt are of the press that counts; Level is 0 where none does.
	Level   int               `json:"level,omitempty"`
	Rating  string            `json:"rating,omitempty"`
	Source  wire.RatingSource `json:"source,omitempty"`
	RatedAt int64             `json:"rated_at,omitempty"`
	// Corrected: the first press was not the one that counts.
	Corrected bool `json:"corrected,omitempty"`
	// By is the piece of the visit that it is counted for: the one in which the
	// press was, else the last.
	By Span `json:"by"`
	// OpenUntil is until when the window can rate it, in Unix milliseconds, as
	// far as is known; OpenPhone the same for a phone.
	OpenUntil int64 `json:"open_until"`
	OpenPhone int64 `json:"open_phone"`
	// Going: it has not ended, been held or sent on.
	Going bool `json:"going,omitempty"`
}

// Bad tells whether it is a bad review (差评).
func (v *JudgedVisit) Bad() bool { return v.Level == 1 || v.Level == 2 }

// ResultAt is the visit's result at a moment in Unix milliseconds.
func (v *JudgedVisit) ResultAt(now int64) Result {
	switch {
	case v.Excluded:
		return Excluded
	case v.Level > 0:
		return Rated
	case v.Outcome == outcomeTransferred:
		return Passed
	case now < v.OpenUntil:
		return Open
	}
	return Unrated
}

const outcomeTransferred = "transferred"

// JudgedPress is a press and what it is.
type JudgedPress struct {
	Press
	State PressState `json:"state"`
	Why   Why        `json:"why,omitempty"`
	// Of is the visit that it was found to be for, if any.
	Of string `json:"of,omitempty"`
}

// Rules are the numbers that visits of a day are judged by, in milliseconds.
type Rules struct {
	// Open is how long after the end the window's ratings are taken, OpenPhone a phone's.
	Open, OpenPhone int64
	// Correct is how soon after the first press another one corrects it.
	Correct int64
	// Longest is how long a piece of a visit goes on at most, also where nobody ends it.
	Longest int64
}

// The parameters of ratings; see policies/63.yaml.
const (
	paramOpen     = "rating_open"
	paramPhone    = "rating_open_phone"
	paramCorrect  = "rating_correct"
	paramLongest  = "rating_visit_most"
	paramLateDays = "rating_late_days"
)

// overhang is how many days after its beginning a press can be for a visit.
const overhang = 2

const (
	second = int64(time.Second / time.Millisecond)
	minute = 60 * second
	hour   = 60 * minute
	dayMS  = 24 * hour
)

// RulesOn are those of a day. No visit goes on or stays open at its window for
// more than a day: so a press has to do with visits of two days before at most.
func RulesOn(p *policy.State, day hall.Date) Rules {
	n := func(name string, unit int64) int64 {
		v, _ := p.On(name, day)
		return int64(v.Value * float64(unit))
	}
	return Rules{Open: min(n(paramOpen, minute), dayMS), OpenPhone: n(paramPhone, minute), Correct: n(paramCorrect, second), Longest: min(n(paramLongest, minute), dayMS)}
}
