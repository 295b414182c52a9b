// Package firsthour says in plain words what a hall still lacks until its swipes count:
// the steps of the console's first hour. It owns the steps and their words; every step is
// read off the hall's facts, so that it can be left, resumed elsewhere, and undone. It
// refuses to remember anything itself.
package firsthour

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// State is how far a step is.
type State string

// The states of a step.
const (
	Open    State = "open"    // something is missing
	Waiting State = "waiting" // it waits for somebody else
	Done    State = "done"
)

// Words is a sentence in both languages.
type Words struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// Step is one step, with what it still lacks and what is known already.
type Step struct {
	// Step is departments, windows, roster, shifts, services, second, policy, devices, places, screens or swipe.
	Step  string `json:"step"`
	State State  `json:"state"`
	// Optional: a hall can do without it.
	Optional bool `json:"optional,omitempty"`
	// Missing is empty where the step is done.
	Missing []Words `json:"missing"`
	// Have says what is there; nil where nothing is.
	Have *Words `json:"have,omitempty"`
}

// Window is what the steps ask of a window.
type Window struct {
	Number, Department string
	// Holder: somebody stands on one of its posts. Device is what serves it, Heard whether it is connected.
	Holder, Heard bool
	Device        string
}

// Swipe is a card that was swiped.
type Swipe struct {
	At time.Time
	// Window is its number, empty where the device is at none; Staff the holder's id, empty where the card is nobody's.
	Window, Staff string
}

// Facts are what the hall is as it stands.
type Facts struct {
	Departments int
	// Windows are in the order in which they are listed.
	Windows []Window
	// Staff work here, Cardless of them have no card.
	Staff, Cardless int
	// Shifts are made; Shiftless people with a post go by none.
	Shifts, Shiftless int
	Services          int
	// Windowless are the names of services that no window serves.
	Windowless []string
	// Deciders can propose and confirm, each another person; Unopened are accounts of such whose first password was not changed yet.
	Deciders int
	Unopened []string
	// Policy is what the hall goes by today, or will; Proposed by whom one, or its extension, waits to be confirmed.
	Policy, Proposed string
	// Blocked says why nothing can be assessed by it; empty where it can.
	Blocked Words
	// Secure: devices connect by certificate. Bare are devices at windows that have none that is good.
	Secure bool
	Bare   []string
	// Devices are known, Strangers of them are at no window.
	Devices   int
	Strangers []string
	Screens   int
	// Newest is the last swipe of all, Known the last one that counts; nil where there is none.
	Newest, Known *Swipe
	Zone          *time.Location
}

// Complete tells whether nothing is left that a hall cannot do without.
func Complete(steps []Step) bool { return Left(steps) == 0 }

// Left is how many steps are still to be done.
func Left(steps []Step) (n int) {
	for i := range steps {
		if steps[i].State != Done && !steps[i].Optional {
			n++
		}
	}
	return n
}

// Steps are all steps in the order in which they are best done.
func Steps(f *Facts) []Step {
	return []Step{f.departments(), f.windows(), f.roster(), f.shifts(), f.services(), f.second(), f.policy(), f.devices(), f.places(), f.screens(), f.swipe()}
}

// step is done where nothing is missing.
func step(name string, have Words, missing ...Words) Step {
	s := Step{Step: name, State: Done, Missing: []Words{}}
	for _, m := range missing {
		if m != (Words{}) {
			s.State, s.Missing = Open, append(s.Missing, m)
		}
	}
	if have != (Words{}) {
		s.Have = &have
	}
	return s
}

// say is a sentence where something is so.
func say(so bool, zh, en string) Words {
	if !so {
		return Words{}
	}
	first, size := utf8.DecodeRuneInString(en)
	return Words{zh, string(unicode.ToUpper(first)) + en[size:]}
}

// several names a few of many.
func several(names []string) Words {
	const most = 6
	if n := len(names); n > most {
		return Words{fmt.Sprintf("%s 等 %d 个", strings.Join(names[:most], "、"), n), fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), n-most)}
	}
	return Words{strings.Join(names, "、"), strings.Join(names, ", ")}
}

// about is a sentence with several names in it; nothing where there are none.
func about(names []string, zh, en string) Words {
	n := several(names)
	return say(len(names) > 0, fmt.Sprintf(zh, n.ZH), fmt.Sprintf(en, n.EN))
}

// of are the numbers of the windows of which something is so.
func (f *Facts) of(so func(*Window) bool) (numbers []string) {
	for i := range f.Windows {
		if so(&f.Windows[i]) {
			numbers = append(numbers, f.Windows[i].Number)
		}
	}
	return numbers
}
