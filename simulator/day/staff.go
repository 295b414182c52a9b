package day

import (
	"fmt"
	"time"
)

// Card is what a staff member holds to the reader.
type Card struct {
	// Bits is the length of the reader's Wiegand frame: 26 or 34.
	Bits int
	// Number is the frame's 24 or 32 data bits.
	Number uint32
}

// String is the number as a device sends it: the data bits in hexadecimal capitals.
func (c Card) String() string { return fmt.Sprintf("%0*X", (c.Bits-2)/4, c.Number) }

// Format is the frame's name on the wire, e.g. "wiegand34".
func (c Card) Format() string { return fmt.Sprintf("wiegand%d", c.Bits) }

// Staff is the person who works at a window, the same on every day of a seed.
type Staff struct {
	Window string
	Card   Card
	// lateness and forgetfulness are odds for each swipe.
	lateness      float64
	forgetfulness float64
}

// StaffOf is who works at a window. Every fourth or so has an old 26-bit card.
func StaffOf(seed uint64, window string) Staff {
	r := newStream(seed, "staff", window)
	card := Card{Bits: 34, Number: r.Uint32()}
	if r.chance(0.25) {
		card = Card{Bits: 26, Number: card.Number & 0xFFFFFF}
	}
	staff := Staff{Window: window, Card: card, lateness: 0.03, forgetfulness: 0.006}
	if r.chance(0.2) {
		staff.lateness, staff.forgetfulness = 0.15, 0.015
	}
	return staff
}

// half is one half of the shift.
type half struct{ from, to time.Duration }

func clock(h, m int) time.Duration {
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
}

func halves() [2]half {
	return [2]half{{clock(8, 30), clock(12, 0)}, {clock(14, 30), clock(17, 30)}}
}

// stay is how one staff member kept one half of the shift.
type stay struct {
	absent        bool
	comes, leaves time.Duration
	// forgotIn and forgotOut are swipes that were not made.
	forgotIn, forgotOut bool
}

func (s Staff) stay(r *stream, h half) stay {
	// Draw in a fixed order, so that one odd never shifts another.
	var (
		absent    = r.chance(0.012)
		late      = r.chance(s.lateness)
		lateBy    = r.exp(7 * time.Minute)
		earlyBy   = r.normal(6*time.Minute, 3*time.Minute)
		leftEarly = r.chance(s.lateness / 3)
		leftBy    = r.exp(6 * time.Minute)
		stayedOn  = r.exp(4 * time.Minute)
		forgotIn  = r.chance(s.forgetfulness)
		forgotOut = r.chance(s.forgetfulness * 1.5)
	)
	st := stay{absent: absent, forgotIn: forgotIn, forgotOut: forgotOut}
	st.comes = h.from - clamp(earlyBy, 30*time.Second, 20*time.Minute)
	if late {
		st.comes = h.from + clamp(lateBy+time.Minute, time.Minute, 50*time.Minute)
	}
	st.leaves = h.to + clamp(stayedOn, 10*time.Second, 20*time.Minute)
	if leftEarly {
		st.leaves = h.to - clamp(leftBy+time.Minute, time.Minute, 30*time.Minute)
	}
	return st
}
