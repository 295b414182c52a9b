package board

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/driver/driverreg"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpioreg"
	"periph.io/x/host/v3/gpioioctl"

	"hallkeeper/agent/button"
	"hallkeeper/agent/card"
)

// realBoard is the lines of the kernel's GPIO chips: buttons and lamps by
// periph, readers by our own reader of the character device.
type realBoard struct {
	file   File
	logger *slog.Logger

	mu      sync.Mutex
	pins    map[string]*gpioioctl.GPIOLine // in use, by the kernel's name
	readers map[string]io.Closer
	dark    []func() // switches the outputs off
}

func openReal(file File, logger *slog.Logger) (Board, error) {
	state, err := initPins()
	if err != nil {
		return nil, err
	}
	for _, failed := range state.Failed {
		logger.Warn("a pin driver could not start", "driver", failed.String())
	}
	b := &realBoard{file: file, logger: logger, pins: map[string]*gpioioctl.GPIOLine{}, readers: map[string]io.Closer{}}
	if missing := b.missing(); len(missing) > 0 {
		if err := permission("/dev/gpiochip*"); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("the board %s needs lines that this computer does not have: %v (gpioinfo lists what there is)", file.Name, missing)
	}
	return b, nil
}

// permission says what to do where we may not use a chip.
func permission(pattern string) error {
	closed := forbidden(pattern)
	if len(closed) == 0 {
		return nil
	}
	return fmt.Errorf("no permission for %s: put 60-hallkeeper-gpio.rules into /etc/udev/rules.d and the user into the group gpio: %w",
		strings.Join(closed, ", "), fs.ErrPermission)
}

// forbidden lists the devices that we may not use.
func forbidden(pattern string) (closed []string) {
	paths, _ := filepath.Glob(pattern) // the pattern is ours
	for _, path := range paths {
		if unix.Access(path, unix.R_OK|unix.W_OK) != nil {
			closed = append(closed, path)
		}
	}
	return closed
}

// initPins starts periph's driver. With a second link to a GPIO chip the driver
// closes descriptor 0, and then takes the first line, whose descriptor becomes 0, for unset.
func initPins() (*driverreg.State, error) {
	state, err := driverreg.Init()
	if err != nil {
		return nil, fmt.Errorf("start the pin driver: %w", err)
	}
	if _, err := unix.FcntlInt(0, unix.F_GETFD, 0); errors.Is(err, unix.EBADF) {
		fd, err := unix.Open(os.DevNull, unix.O_RDWR, 0)
		if err != nil {
			return nil, fmt.Errorf("keep descriptor 0: %w", err)
		}
		if fd != 0 {
			_ = unix.Close(fd) // somebody else has taken 0 in the meantime
		}
	}
	return state, nil
}

func (b *realBoard) missing() []string {
	var missing []string
	need := func(name string) {
		if gpioreg.ByName(name) == nil {
			missing = append(missing, name)
		}
	}
	for _, one := range b.file.Buttons {
		need(one.Pin)
	}
	for _, one := range b.file.Outputs {
		need(one.Pin)
	}
	for _, one := range b.file.Readers {
		if one.Kind == WiegandLines {
			need(one.D0)
			need(one.D1)
		}
	}
	slices.Sort(missing)
	return missing
}

// File implements Board.
func (b *realBoard) File() File { return b.file }

// Now implements Board.
func (b *realBoard) Now() time.Duration { return monotonic() }

// Serve implements Board.
func (b *realBoard) Serve(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// line gives a pin, closed first where it was open.
func (b *realBoard) line(name string) (*gpioioctl.GPIOLine, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if open, ok := b.pins[name]; ok {
		open.Close()
		return open, nil
	}
	p, ok := gpioreg.ByName(name).(*gpioioctl.GPIOLine)
	if !ok {
		return nil, fmt.Errorf("find the line %s: %w", name, ErrLost)
	}
	b.pins[name] = p
	return p, nil
}

// Button implements Board.
func (b *realBoard) Button(name string) (button.Line, button.Sample, error) {
	wiring, ok := b.file.Buttons[name]
	if !ok {
		return nil, button.Sample{}, fmt.Errorf("this board has no button %q", name)
	}
	p, err := b.line(wiring.Pin)
	if err != nil {
		return nil, button.Sample{}, err
	}
	l, first, err := openLine(p, wiring, monotonic)
	if err != nil {
		if moved(wiring.Pin) {
			err = fmt.Errorf("%w: %w", ErrMoved, err)
		}
		return nil, button.Sample{}, err
	}
	return l, first, nil
}

// moved tells whether a line is there, but not on the chip that periph knows it
// by. That one is gone for good: its number is not given out while it is open.
func moved(name string) bool {
	known := ""
	for _, chip := range gpioioctl.Chips {
		if chip.ByName(name) != nil {
			known = chip.Path()
		}
	}
	paths, err := filepath.Glob("/dev/gpiochip*")
	return err == nil && !hasLine(known, name) && slices.ContainsFunc(paths, func(path string) bool { return hasLine(path, name) })
}

// Pulses implements Board.
func (b *realBoard) Pulses(name string) (card.Source[card.Edge], error) {
	return openReader(b, name, WiegandLines, openPulses)
}

// Keys implements Board.
func (b *realBoard) Keys(name string) (card.Source[card.Key], error) {
	return openReader(b, name, Keyboard, func(r Reader) (*keyReader, error) { return openKeys(r, keyDevices) })
}

// openReader opens a reader of a kind, closed first where it was open.
func openReader[R io.Closer](b *realBoard, name, kind string, open func(Reader) (R, error)) (r R, err error) {
	wiring, ok := b.file.Readers[name]
	if !ok || wiring.Kind != kind {
		return r, fmt.Errorf("this board has no %s reader %q", kind, name)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if old := b.readers[name]; old != nil {
		_ = old.Close()
		delete(b.readers, name)
	}
	if r, err = open(wiring); err != nil {
		return r, err
	}
	b.readers[name] = r
	return r, nil
}

// Output implements Board.
func (b *realBoard) Output(name string) (*Switch, error) {
	wiring, ok := b.file.Outputs[name]
	if !ok {
		return &Switch{}, nil
	}
	p, err := b.line(wiring.Pin)
	if err != nil {
		return nil, err
	}
	s, err := openSwitch(wiring, p.Out)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dark = append(b.dark, func() { _ = p.Out(gpio.Level(wiring.Active != "high")) })
	return s, nil
}

// Close implements Board.
func (b *realBoard) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, off := range b.dark {
		off()
	}
	for _, p := range b.pins {
		p.Close()
	}
	var wrong []error
	for _, r := range b.readers {
		wrong = append(wrong, r.Close())
	}
	return errors.Join(wrong...)
}
