// Package day makes up what people do in a hall on a working day: staff swipe
// in and out four times, some late, some forgetting; citizens come in two
// peaks, are called, served, and press a satisfaction button or don't. It owns
// the odds of all that. It is pure: the same seed, window and date give the
// same acts for ever and whatever other windows there are, which is what makes
// a simulated past repeatable. It refuses clocks, sockets and files.
package day

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Kind is what a person does at a window.
type Kind uint8

// The acts of a working day.
const (
	ComeIn Kind = iota + 1 // a staff member swipes on coming in
	GoOut                  // a staff member swipes on leaving
	Call                   // a staff member presses the call button (叫号键)
	Rate                   // a citizen presses a satisfaction button
	Done                   // a citizen is served; it shows only where a hall has a line
)

// String is the act's name in plans and logs.
func (k Kind) String() string {
	switch k {
	case ComeIn:
		return "come-in"
	case GoOut:
		return "go-out"
	case Call:
		return "call"
	case Rate:
		return "rate"
	case Done:
		return "done"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Act is one thing that one person does at one window.
type Act struct {
	// At is the hall's wall clock as time since midnight, in whole seconds.
	At     time.Duration
	Window string
	Kind   Kind
	// Card is held to the reader by ComeIn and GoOut.
	Card Card
	// Level is pressed by Rate: 5 非常满意 to 1 非常不满意.
	Level int
}

// String is one line of a plan, e.g. "08:26:41 w01 come-in 04A2B9C1".
func (a Act) String() string {
	at := a.At.Truncate(time.Second)
	text := fmt.Sprintf("%02d:%02d:%02d %s %s", int(at.Hours()), int(at.Minutes())%60, int(at.Seconds())%60, a.Window, a.Kind)
	switch a.Kind {
	case ComeIn, GoOut:
		return text + " " + a.Card.String()
	case Rate:
		return fmt.Sprintf("%s %d", text, a.Level)
	}
	return text
}

// Config is the hall that a plan is made for.
type Config struct {
	// Windows are the ids of the windows, which are also the device ids, e.g. "w01".
	Windows []string
	// Citizens is how many people come to one window on a day, on average; 0 means 44.
	Citizens int
	// Zone is the hall's time zone, for Events; nil means UTC+8.
	Zone *time.Location
	// Works says on which dates people work; nil means Monday to Friday.
	Works func(Date) bool
}

// The hours between which everything in a plan happens.
const (
	Opens  = 8 * time.Hour
	Closes = 18*time.Hour + 30*time.Minute
)

const usualCitizens = 44

// Plan gives the acts of all windows on a date, in order of time and, at the
// same second, of window. Weekends have acts like any other day: whether
// anybody works is the caller's question (Config.Works).
func Plan(cfg Config, seed uint64, date Date) []Act {
	var acts []Act
	for _, window := range cfg.Windows {
		acts = append(acts, planWindow(cfg, seed, window, date)...)
	}
	slices.SortStableFunc(acts, func(a, b Act) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Window, b.Window))
	})
	return acts
}

func planWindow(cfg Config, seed uint64, window string, date Date) []Act {
	staff := StaffOf(seed, window)
	arrivals := Arrivals(cfg, seed, window, date)
	habits := newStream(seed, "shift", window, date.String())
	service := newStream(seed, "service", window, date.String())

	var acts []Act
	for _, half := range halves() {
		stay := staff.stay(habits, half)
		if stay.absent {
			continue
		}
		served, last := serve(service, window, stay, &arrivals)
		// Nobody walks away from the citizen in front of them.
		stay.leaves = max(stay.leaves, last+20*time.Second)
		if !stay.forgotIn {
			acts = append(acts, Act{At: stay.comes, Window: window, Kind: ComeIn, Card: staff.Card})
		}
		acts = append(acts, served...)
		if !stay.forgotOut {
			acts = append(acts, Act{At: stay.leaves, Window: window, Kind: GoOut, Card: staff.Card})
		}
	}
	return acts
}
