package board

import (
	"context"
	"errors"
	"fmt"
	"time"

	"periph.io/x/conn/v3/gpio"

	"hallkeeper/agent/button"
	"hallkeeper/agent/card"
)

// ErrLost means that a line or chip has gone away: what it says now is not
// what a person does. It may come back when it is opened again.
var ErrLost = errors.New("the line has gone away")

// ErrMoved means that a line that had gone away is back on a new device of the
// kernel, which only a new start of this program takes up: periph looks for
// chips once.
var ErrMoved = errors.New("the line has come back on another device")

// Board is the lines of one window, real, simulated or played back. A line that
// was opened may be opened again, which closes it first.
type Board interface {
	// File is the wiring.
	File() File
	// Button opens the line of a button and gives its state at power-on.
	Button(name string) (button.Line, button.Sample, error)
	// Pulses opens the lines of a Wiegand reader.
	Pulses(name string) (card.Source[card.Edge], error)
	// Keys opens a reader that types.
	Keys(name string) (card.Source[card.Key], error)
	// Output opens the line of a lamp or buzzer, off. A board without it gives
	// an Output that does nothing.
	Output(name string) (*Switch, error)
	// Now is the clock of all samples: monotonic, shared by all processes since boot.
	Now() time.Duration
	// Serve does what the board needs besides, until ctx ends; it is called
	// once the lines are open.
	Serve(ctx context.Context) error
	// Close gives back all lines, with the outputs off.
	Close() error
}

// OpenReader opens a reader of cards, of whatever kind the board has it.
func OpenReader(b Board, name string) (card.Reader, error) {
	wiring, ok := b.File().Readers[name]
	if !ok {
		return nil, fmt.Errorf("this board has no reader %q", name)
	}
	if wiring.Kind == Keyboard {
		src, err := b.Keys(name)
		if err != nil {
			return nil, err
		}
		return card.FromKeys(src, wiring.Typing), nil
	}
	src, err := b.Pulses(name)
	if err != nil {
		return nil, err
	}
	return card.FromPulses(src), nil
}

// pin is what of a periph pin is used for a button.
type pin interface {
	In(pull gpio.Pull, edge gpio.Edge) error
	Read() gpio.Level
	WaitForEdge(timeout time.Duration) bool
}

// dated is a pin that knows when the edge happened that WaitForEdge has
// returned for; any other is taken to have changed when it was seen.
type dated interface {
	EdgeAt() time.Duration
}

// line makes a button's line of a periph pin.
type line struct {
	pin    pin
	active gpio.Level
	now    func() time.Duration
}

func openLine(p pin, b Button, now func() time.Duration) (*line, button.Sample, error) {
	pull := map[Bias]gpio.Pull{"up": gpio.PullUp, "down": gpio.PullDown, "none": gpio.Float}[b.Bias]
	if err := p.In(pull, gpio.BothEdges); err != nil {
		return nil, button.Sample{}, fmt.Errorf("watch the line %s: %w", b.Pin, err)
	}
	l := &line{pin: p, active: b.Active == "high", now: now}
	return l, button.Sample{At: now(), Down: p.Read() == l.active}, nil
}

// Next implements button.Line.
func (l *line) Next(timeout time.Duration) (button.Sample, error) {
	timeout = max(timeout, time.Millisecond) // periph takes 0 for "for ever" and returns at once below it
	start := l.now()
	edge := l.pin.WaitForEdge(timeout)
	at := l.now()
	// A chip that has gone away ends every wait at once, and its lines read as
	// low, which is "pressed" on an active-low button.
	if !edge && at-start < timeout/2 {
		return button.Sample{}, ErrLost
	}
	if d, ok := l.pin.(dated); ok && edge {
		at = d.EdgeAt()
	}
	return button.Sample{At: at, Down: l.pin.Read() == l.active}, nil
}

// Switch is a lamp or buzzer.
type Switch struct {
	out    func(gpio.Level) error // nil where the board has none
	active gpio.Level
	on     bool
}

// Set switches it on or off.
func (s *Switch) Set(on bool) error {
	if s.out == nil || s.on == on {
		return nil
	}
	if err := s.out(gpio.Level(on) == s.active); err != nil {
		return fmt.Errorf("switch an output: %w", err)
	}
	s.on = on
	return nil
}

// openSwitch starts an output off.
func openSwitch(o Output, out func(gpio.Level) error) (*Switch, error) {
	s := &Switch{out: out, active: o.Active == "high"}
	if err := out(!s.active); err != nil {
		return nil, fmt.Errorf("switch off the line %s: %w", o.Pin, err)
	}
	return s, nil
}
