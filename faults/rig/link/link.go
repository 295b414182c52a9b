// Package link is what the rig's two sides say to each other: orders to the
// guest, one JSON object a line, and its answers, in order. It owns the names.
package link

import "encoding/json"

// What the guest can be asked for.
const (
	Play   = "play"   // the levels of Train
	Type   = "type"   // the reader that types types Text and Enter
	Plug   = "plug"   // that reader is unplugged (On false) or plugged in
	Taken  = "taken"  // Seen: another program cannot have that reader's keys
	Chip   = "chip"   // the GPIO chip goes (On false) or comes back
	Kill   = "kill"   // SIGKILL to the agent; it is started again
	Freeze = "freeze" // the agent gets no processor (On true), or gets it again
	Green  = "green"  // wait until the green lamp is on or off, for at most WaitMS
	Burst  = "burst"  // act by act, each when the lamp has confirmed the one before it
	Usage  = "usage"  // what the agent uses
	Doctor = "doctor" // Text: what agent doctor says to a user without permissions
	Clock  = "clock"  // set the clock to UnixMS, and tell the kernel that it is right
	Stop   = "stop"   // end the agent in good order and power off
)

// Level is one step of a train: so long after the one before it, a line of the
// kernel has this level.
type Level struct {
	AfterUS int64  `json:"after_us"`
	Line    string `json:"line"`
	High    bool   `json:"high"`
}

// Act is one of a burst: a train, or Text that is typed. Once its lamp is lit
// the guest says "lit ID" on the console, where the host sees it even when the
// power goes in the same moment.
type Act struct {
	ID    int     `json:"id"`
	Train []Level `json:"train,omitempty"`
	Text  string  `json:"text,omitempty"`
}

// Order is one thing to do.
type Order struct {
	Do     string  `json:"do"`
	Train  []Level `json:"train,omitempty"`
	Acts   []Act   `json:"acts,omitempty"`
	Text   string  `json:"text,omitempty"`
	On     bool    `json:"on,omitempty"`
	WaitMS int64   `json:"wait_ms,omitempty"`
	UnixMS int64   `json:"unix_ms,omitempty"`
}

// Answer says what became of an order.
type Answer struct {
	// Error is empty where it was done.
	Error string `json:"error,omitempty"`
	// LateUS is how late the latest step of a train was, in microseconds: an
	// emulated machine that had to wait for its processor pulses unlike a reader.
	LateUS int64 `json:"late_us,omitempty"`
	// Seen is true where the lamp became what was waited for.
	Seen bool `json:"seen,omitempty"`
	// Text is what a program said.
	Text string `json:"text,omitempty"`
	// RSSKiB is the agent's resident memory, CPUms what it has used of the processor.
	RSSKiB int64 `json:"rss_kib,omitempty"`
	CPUMS  int64 `json:"cpu_ms,omitempty"`
	// Starts counts the agent's starts since the machine was switched on.
	Starts int `json:"starts,omitempty"`
}

// Settings is the guest's own part of the kernel's command line, after "rig=".
type Settings struct {
	// Hub is the port of the broker on the gateway, Control the guest's own port.
	Hub     int `json:"hub"`
	Control int `json:"control"`
}

// String is the form on the command line.
func (s Settings) String() string {
	b, err := json.Marshal(s)
	if err != nil {
		return "{}" // cannot be: two numbers
	}
	return string(b)
}
