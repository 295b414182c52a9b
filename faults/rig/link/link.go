// Package link is what the rig's two sides say to each other: orders to the
// guest, one JSON object a line, and its answers, in order. It owns the names.
package link

import "encoding/json"

// What the guest can be asked for.
const (
	Play  = "play"  // the levels of Train
	Chip  = "chip"  // the GPIO chip goes (On false) or comes back
	Kill  = "kill"  // SIGKILL to the agent; it is started again
	Green = "green" // wait until the green lamp is on or off, for at most WaitMS
	Usage = "usage" // what the agent uses
	Stop  = "stop"  // end the agent in good order and power off
)

// Level is one step of a train: so long after the one before it, a line of the
// kernel has this level.
type Level struct {
	AfterUS int64  `json:"after_us"`
	Line    string `json:"line"`
	High    bool   `json:"high"`
}

// Order is one thing to do.
type Order struct {
	Do     string  `json:"do"`
	Train  []Level `json:"train,omitempty"`
	On     bool    `json:"on,omitempty"`
	WaitMS int64   `json:"wait_ms,omitempty"`
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
	// RSSKiB is the agent's resident memory, CPUms what it has used of the processor.
	RSSKiB int64 `json:"rss_kib,omitempty"`
	CPUMS  int64 `json:"cpu_ms,omitempty"`
	// Starts counts the agent's starts.
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
