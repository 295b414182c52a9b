package board

import (
	"errors"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
)

// maxEdges is how many edges a line keeps for its reader; the oldest are lost
// beyond that. The kernel keeps 16; a busy test machine stalls longer than a Pi.
const maxEdges = 256

// fakePin is a line without hardware, in the manner of periph's
// gpiotest.Pin: Read gives the level of the edge that WaitForEdge returned for.
// Unlike that one it knows the time of each edge, tells of output changes, and
// does not bring a test's clock into the program.
type fakePin struct {
	name string
	now  func() time.Duration
	told func(name string, l gpio.Level) // of output changes

	mu    sync.Mutex
	level gpio.Level // as the reader has seen it
	line  gpio.Level // as it is
	at    time.Duration
	edges []fakeEdge
	wake  chan struct{} // has room for one
}

type fakeEdge struct {
	level gpio.Level
	at    time.Duration
}

var _ gpio.PinIO = (*fakePin)(nil)

func newFakePin(name string, level gpio.Level, now func() time.Duration, told func(string, gpio.Level)) *fakePin {
	return &fakePin{name: name, now: now, told: told, level: level, line: level, wake: make(chan struct{}, 1)}
}

// drive sets the level from outside, as of the time at.
func (p *fakePin) drive(l gpio.Level, at time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.line == l {
		return
	}
	p.line = l
	if len(p.edges) == maxEdges {
		p.edges = p.edges[1:]
	}
	p.edges = append(p.edges, fakeEdge{l, at})
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// In implements gpio.PinIn: edges from before are forgotten.
func (p *fakePin) In(gpio.Pull, gpio.Edge) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.edges, p.level = nil, p.line
	return nil
}

// Read implements gpio.PinIn.
func (p *fakePin) Read() gpio.Level {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.level
}

// WaitForEdge implements gpio.PinIn. A timeout of 0 or less waits for ever.
func (p *fakePin) WaitForEdge(timeout time.Duration) bool {
	var end <-chan time.Time
	if timeout > 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		end = timer.C
	}
	for {
		if p.next() {
			return true
		}
		select {
		case <-p.wake:
		case <-end:
			return p.next() // an edge that came in the same moment goes first
		}
	}
}

func (p *fakePin) next() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.edges) == 0 {
		return false
	}
	p.level, p.at = p.edges[0].level, p.edges[0].at
	p.edges = p.edges[1:]
	return true
}

// EdgeAt is when the edge happened that WaitForEdge has returned for last.
func (p *fakePin) EdgeAt() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at
}

// Out implements gpio.PinOut.
func (p *fakePin) Out(l gpio.Level) error {
	p.mu.Lock()
	changed := p.line != l
	p.line, p.level = l, l
	p.mu.Unlock()
	if changed && p.told != nil {
		p.told(p.name, l)
	}
	return nil
}

// PWM implements gpio.PinOut; a simulated buzzer is an active one.
func (p *fakePin) PWM(gpio.Duty, physic.Frequency) error {
	return errors.New("a simulated pin has no pulse width")
}

// Halt implements conn.Resource.
func (p *fakePin) Halt() error { return nil }

// String implements conn.Resource.
func (p *fakePin) String() string { return p.name }

// Name implements pin.Pin.
func (p *fakePin) Name() string { return p.name }

// Number implements pin.Pin; a simulated pin has none.
func (p *fakePin) Number() int { return -1 }

// Function implements pin.Pin.
func (p *fakePin) Function() string { return "simulated" }

// Pull implements gpio.PinIn.
func (p *fakePin) Pull() gpio.Pull { return gpio.PullNoChange }

// DefaultPull implements gpio.PinIn.
func (p *fakePin) DefaultPull() gpio.Pull { return gpio.PullNoChange }
