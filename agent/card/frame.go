package card

import "time"

// Problem says why a frame is no card.
type Problem string

// Problems with a frame, as reader.fault names them.
const (
	LostPulses Problem = "lost_pulses" // the sequence numbers have a gap
	BadLength  Problem = "length"      // no number of this length is known
	BadParity  Problem = "parity"
	LostKeys   Problem = "lost_keys"  // the kernel has dropped key events
	BadKey     Problem = "keys"       // a key that no such reader types
	Unfinished Problem = "unfinished" // no Enter came
)

// Frame is what came between two silences, or up to Enter.
type Frame struct {
	// At is the time of the first pulse or key.
	At time.Duration
	// Length is the number of pulses or keys.
	Length int
	// Card is the number as upper-case hex; Format says how it came: "wiegand26",
	// "wiegand34" or "keyboard". Both are empty where there is a Problem.
	Card    string
	Format  string
	Problem Problem
	// Meant is false for noise: so little came that nobody can have held a card
	// to the reader.
	Meant bool
}

// String keeps the number out of logs.
func (f Frame) String() string {
	if f.Problem != "" {
		return string(f.Problem)
	}
	return f.Format + " ****"
}

// decoder gathers what a source gives into frames.
type decoder[T any] interface {
	// Push takes the next one. Where it completes a frame, that is returned.
	Push(T) (frame Frame, complete bool)
	// Idle is called when the source has nothing more to give at the time now.
	Idle(now time.Duration) (frame Frame, complete bool)
	// Due is when Idle may complete a frame; ok is false where none has begun.
	Due() (at time.Duration, ok bool)
}
