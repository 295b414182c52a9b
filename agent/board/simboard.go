package board

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"

	"hallkeeper/agent/board/simlink"
	"hallkeeper/agent/button"
	"hallkeeper/agent/card"
)

// The lines of the one reader of the simulated board, as simlink names them;
// where there are several, each carries its name in front, as in "back.d0". A
// reader that types has a line for every key, "key.28" by the kernel's code, which
// is low while it is held down, and one that is low while it is unplugged.
const (
	lineD0   = "d0"
	lineD1   = "d1"
	lineKey  = "key."
	linePlug = "plug"
)

// simBoard is the board without hardware: what a person does comes as trains
// over a Unix socket, what the lamps do is told there.
type simBoard struct {
	file   File
	socket string
	logger *slog.Logger

	buttons map[string]*fakePin
	outputs map[string]*fakePin
	pulses  map[string]*fakePulses // by the reader's name
	keys    map[string]*fakeKeys   // by the reader's name
	data    map[string]dataLine    // by the line's name
	prefix  map[string]string      // of the lines of the readers that type

	mu    sync.Mutex
	links map[*link]struct{}
}

// dataLine is one of the two lines of a Wiegand reader.
type dataLine struct {
	to  *fakePulses
	one bool
}

// newSim makes a simulated board with the wiring of file, all lines at rest.
func newSim(file File, socket string, logger *slog.Logger) *simBoard {
	s := &simBoard{file: file, socket: socket, logger: logger, buttons: map[string]*fakePin{}, outputs: map[string]*fakePin{},
		pulses: map[string]*fakePulses{}, keys: map[string]*fakeKeys{}, data: map[string]dataLine{}, prefix: map[string]string{},
		links: map[*link]struct{}{}}
	for name, b := range file.Buttons {
		s.buttons[name] = newFakePin(name, b.Active == "low", monotonic, nil)
	}
	for name := range file.Outputs {
		s.outputs[name] = newFakePin(name, gpio.Low, monotonic, s.tell)
	}
	for name, r := range file.Readers {
		prefix := name + "."
		if len(file.Readers) == 1 {
			prefix = ""
		}
		if r.Kind == Keyboard {
			s.keys[name] = newFakeKeys(monotonic)
			s.prefix[name] = prefix
			continue
		}
		p := newFakePulses(monotonic)
		s.pulses[name] = p
		s.data[prefix+lineD0], s.data[prefix+lineD1] = dataLine{p, false}, dataLine{p, true}
	}
	return s
}

// File implements Board.
func (s *simBoard) File() File { return s.file }

// Now implements Board.
func (s *simBoard) Now() time.Duration { return monotonic() }

// Button implements Board.
func (s *simBoard) Button(name string) (button.Line, button.Sample, error) {
	p, ok := s.buttons[name]
	if !ok {
		return nil, button.Sample{}, fmt.Errorf("this board has no button %q", name)
	}
	l, first, err := openLine(p, s.file.Buttons[name], monotonic)
	if err != nil {
		return nil, button.Sample{}, err
	}
	return l, first, nil
}

// Pulses implements Board.
func (s *simBoard) Pulses(name string) (card.Source[card.Edge], error) {
	p, ok := s.pulses[name]
	if !ok {
		return nil, fmt.Errorf("this board has no wiegand reader %q", name)
	}
	p.forget()
	return p, nil
}

// Keys implements Board.
func (s *simBoard) Keys(name string) (card.Source[card.Key], error) {
	k, ok := s.keys[name]
	if !ok {
		return nil, fmt.Errorf("this board has no keyboard reader %q", name)
	}
	if !k.open() {
		return nil, fmt.Errorf("find the reader %s: it is not plugged in: %w", name, ErrLost)
	}
	return k, nil
}

// Output implements Board.
func (s *simBoard) Output(name string) (*Switch, error) {
	p, ok := s.outputs[name]
	if !ok {
		return &Switch{}, nil
	}
	return openSwitch(s.file.Outputs[name], p.Out)
}

// Close implements Board.
func (s *simBoard) Close() error {
	for name, p := range s.outputs {
		if err := p.Out(s.file.Outputs[name].Active != "high"); err != nil {
			return err
		}
	}
	return nil
}

// Serve implements Board: it listens on the socket until ctx ends.
func (s *simBoard) Serve(ctx context.Context) error {
	listener, err := s.listen(ctx)
	if err != nil {
		return err
	}
	var links sync.WaitGroup
	defer links.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	s.logger.Info("simulated pins listen", "socket", s.socket)
	for {
		conn, err := listener.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("listen for the simulated pins: %w", err)
		}
		l := newLink(s, conn)
		s.mu.Lock()
		s.links[l] = struct{}{}
		s.mu.Unlock()
		links.Go(func() {
			err := l.serve(ctx)
			s.mu.Lock()
			delete(s.links, l)
			s.mu.Unlock()
			if err != nil {
				s.logger.Warn("a link to the simulated pins ended", "error", err)
			}
		})
	}
}

// listen makes the socket. A file that a killed agent has left is replaced; one
// where somebody answers is not.
func (s *simBoard) listen(ctx context.Context) (net.Listener, error) {
	if info, err := os.Lstat(s.socket); err == nil {
		if info.Mode()&os.ModeSocket == 0 {
			return nil, fmt.Errorf("listen for the simulated pins: %s is there and is no socket; remove it or choose another sim_socket", s.socket)
		}
		var d net.Dialer
		if conn, err := d.DialContext(ctx, "unix", s.socket); err == nil {
			_ = conn.Close()
			return nil, fmt.Errorf("listen for the simulated pins: another agent uses %s; stop it or choose another sim_socket", s.socket)
		}
		if err := os.Remove(s.socket); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("remove what a killed agent left: %w", err)
		}
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "unix", s.socket)
	if err != nil {
		return nil, fmt.Errorf("listen for the simulated pins: %w", err)
	}
	if err := os.Chmod(s.socket, 0o600); err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("keep the simulated pins to their owner: %w", err)
	}
	return listener, nil
}

// tell reports an output's change to all links.
func (s *simBoard) tell(name string, level gpio.Level) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.links {
		l.send(simlink.Output{Line: name, High: bool(level)})
	}
}

// check refuses a train that cannot be played.
func (s *simBoard) check(train []simlink.Level) error {
	if len(train) > simlink.MaxSteps {
		return fmt.Errorf("a train may have %d steps, this one has %d", simlink.MaxSteps, len(train))
	}
	for i, step := range train {
		if step.AfterUS < 0 || step.AfterUS > simlink.MaxAfterUS {
			return fmt.Errorf("step %d: after_us must be 0 to %d, got %d", i, simlink.MaxAfterUS, step.AfterUS)
		}
		_, isButton := s.buttons[step.Line]
		_, isData := s.data[step.Line]
		if _, _, isKey := s.key(step.Line); !isButton && !isData && !isKey {
			return fmt.Errorf("step %d: there is no input line %q", i, step.Line)
		}
	}
	return nil
}

// Steps that are closer together than this are handed over together when the
// last of them is due, with the times at which they happened: a busy machine
// cannot keep the microseconds of a bounce or of a reader's pulse.
const (
	buttonChunk = 5 * time.Millisecond
	dataChunk   = 25 * time.Millisecond
	// longestChunk bounds what chatter can hold back.
	longestChunk = 20 * time.Millisecond
)

// play plays a train in real time; ctx ends it early.
func (s *simBoard) play(ctx context.Context, train []simlink.Level) error {
	for len(train) > 0 {
		n, wait, length := s.chunk(train)
		timer := time.NewTimer(wait + length)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
		s.deliver(train[:n], monotonic()-length)
		train = train[n:]
	}
	return nil
}

// chunk gives how many steps belong together, how long to wait before the first
// of them, and the time from the first to the last.
func (s *simBoard) chunk(train []simlink.Level) (n int, wait, length time.Duration) {
	wait = micros(train[0].AfterUS)
	data := s.isData(train[0].Line)
	for n = 1; n < len(train); n++ {
		data = data || s.isData(train[n].Line)
		gap := micros(train[n].AfterUS)
		if data && gap >= dataChunk || !data && (gap >= buttonChunk || length+gap > longestChunk) {
			break
		}
		length += gap
	}
	return n, wait, length
}

// deliver changes the lines; the first step happened at the time at.
func (s *simBoard) deliver(steps []simlink.Level, at time.Duration) {
	edges := map[*fakePulses][]card.Edge{}
	for i, step := range steps {
		if i > 0 {
			at += micros(step.AfterUS)
		}
		if p, ok := s.buttons[step.Line]; ok {
			p.drive(gpio.Level(step.High), at)
			continue
		}
		if k, code, ok := s.key(step.Line); ok {
			k.move(code, step.High, at)
			continue
		}
		d := s.data[step.Line]
		if d.to.fall(d.one, step.High) {
			edges[d.to] = append(edges[d.to], card.Edge{At: at, One: d.one})
		}
	}
	for p, list := range edges {
		p.push(list)
	}
}

func micros(us int64) time.Duration { return time.Duration(us) * time.Microsecond }

// key finds the reader that a line is a key of; code is 0 for its plug.
func (s *simBoard) key(line string) (k *fakeKeys, code uint16, ok bool) {
	for name, prefix := range s.prefix {
		rest, mine := strings.CutPrefix(line, prefix)
		if mine && rest == linePlug {
			return s.keys[name], 0, true
		}
		if text, isKey := strings.CutPrefix(rest, lineKey); mine && isKey {
			n, err := strconv.ParseUint(text, 10, 16)
			return s.keys[name], uint16(n), err == nil && n > 0
		}
	}
	return nil, 0, false
}

// isData tells lines whose steps a busy machine cannot keep apart, and need not.
func (s *simBoard) isData(line string) bool {
	_, isData := s.data[line]
	_, code, isKey := s.key(line)
	return isData || isKey && code != 0
}
