// Package simlink is the wire between an agent on simulated pins and the
// program that plays the people at its window: JSON lines over a Unix socket
// on which the agent listens. It owns the message forms and the client side;
// it knows nothing of cards, ratings or MQTT, only of lines and levels, so that
// debounce and decoding run in the agent as they do on hardware.
package simlink

// Level is one step of a pulse train.
type Level struct {
	// AfterUS is the time since the previous step, in microseconds.
	AfterUS int64 `json:"after_us"`
	// Line is the pin's name in the board file, e.g. "rating5", "call", "d0",
	// "d1"; of a reader that types, "key." and the key's code of the kernel, low
	// while it is held down, or "plug", low while the reader is unplugged. Where a
	// board has several readers, their lines begin with the reader's name and a dot.
	Line string `json:"line"`
	// High is the electrical level from this step on; buttons are active low.
	High bool `json:"high"`
}

// Limits of a train; a longer one is refused whole.
const (
	MaxSteps   = 10_000
	MaxAfterUS = 600_000_000 // ten minutes, in microseconds
)

// Play asks the board to play a train on its input lines. Button lines change
// in real time; lines of a Wiegand reader are delivered as edges with
// timestamps and sequence numbers, as the kernel would. The trains of one
// connection are played one after the other, those of several at the same time.
type Play struct {
	// ID is echoed in Played, or beside Error.
	ID    uint64  `json:"id"`
	Train []Level `json:"train"`
}

// Output is what the board reports: an output line changed, a train ended, or
// a train was refused.
type Output struct {
	// Line and High are set for an output change, e.g. "lamp_green", "lamp_red",
	// "buzzer". Only changes are reported, never what was lit before.
	Line string `json:"line,omitempty"`
	High bool   `json:"high,omitempty"`
	// Played is the ID of a train whose last step is done, or that was refused.
	Played uint64 `json:"played,omitempty"`
	// Error says why a train was refused; none of it was played then.
	Error string `json:"error,omitempty"`
}
