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
	// Line is the pin's name in the board file, e.g. "rating5", "call", "d0", "d1".
	Line string `json:"line"`
	// High is the electrical level from this step on; buttons are active low.
	High bool `json:"high"`
}

// Play asks the board to play a train on its input lines. Button lines change
// in real time; lines of a Wiegand reader are delivered as edges with
// timestamps and sequence numbers, as the kernel would.
type Play struct {
	// ID is echoed in Played.
	ID    uint64  `json:"id"`
	Train []Level `json:"train"`
}

// Output is what the board reports: an output line changed, or a train ended.
type Output struct {
	// Line and High are set for an output change, e.g. "lamp_green", "lamp_red", "buzzer".
	Line string `json:"line,omitempty"`
	High bool   `json:"high,omitempty"`
	// Played is the ID of a train whose last step is done.
	Played uint64 `json:"played,omitempty"`
}
