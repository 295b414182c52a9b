// Package clock dates what people do. It owns the kernel's synchronisation
// state, the boot id, and the correction of times that were taken before the
// clock was set: a Raspberry Pi has no battery clock.
package clock

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"hallkeeper/wire"
)

// Kernel is what a Clock asks of the computer.
type Kernel struct {
	// Boot is the id of this boot.
	Boot string
	// Wall is the clock that may be wrong, Mono the time since boot.
	Wall func() time.Time
	Mono func() time.Duration
	// Synced tells whether Wall has been set by time synchronisation.
	Synced func() bool
}

// ThisKernel is the one that runs.
func ThisKernel(mono func() time.Duration) (Kernel, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return Kernel{}, fmt.Errorf("read the boot id: %w", err)
	}
	return Kernel{Boot: strings.TrimSpace(string(b)), Wall: time.Now, Mono: mono, Synced: kernelSynced}, nil
}

func kernelSynced() bool {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	return err == nil && state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0
}

// Clock dates events. Its methods may be called from any goroutine.
type Clock struct {
	kernel Kernel
	file   string
	assume bool

	mu    sync.Mutex
	state state
}

// state is what must survive a restart of the agent within one boot.
type state struct {
	Boot string `json:"boot"`
	// BaseNS is wall minus monotonic clock while nothing was synchronised, in nanoseconds.
	BaseNS int64 `json:"base_ns"`
	// Used: events were dated by BaseNS. Told: clock.corrected was kept for them.
	Used bool `json:"used"`
	Told bool `json:"told"`
}

// Open makes a clock that keeps its state in dir. assumeSynced takes the clock
// for synchronised whatever the kernel says (simulations, halls with a clock of their own).
func Open(kernel Kernel, dir string, assumeSynced bool) (*Clock, error) {
	c := &Clock{kernel: kernel, file: filepath.Join(dir, "clock.json"), assume: assumeSynced}
	b, err := os.ReadFile(c.file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read the clock's state: %w", err)
	}
	// A state that does not read, or of another boot, can put nothing right any more.
	if json.Unmarshal(b, &c.state) != nil || c.state.Boot != kernel.Boot {
		c.state = state{Boot: kernel.Boot, BaseNS: c.base()}
	}
	return c, nil
}

func (c *Clock) base() int64 { return c.kernel.Wall().UnixNano() - int64(c.kernel.Mono()) }

// Boot is the id of this boot.
func (c *Clock) Boot() string { return c.kernel.Boot }

// Synced tells how far the clock can be trusted now.
func (c *Clock) Synced() wire.Clock {
	if c.assume || c.kernel.Synced() {
		return wire.ClockSynced
	}
	return wire.ClockUnsynced
}

// Date writes into an event when it happened: at is on the monotonic clock.
func (c *Clock) Date(e *wire.Event, at time.Duration) error {
	e.Boot, e.UptimeMS, e.Clock = c.kernel.Boot, at.Milliseconds(), c.Synced()
	if e.Clock == wire.ClockSynced {
		e.At = time.Unix(0, c.base()+int64(at)).Truncate(time.Millisecond)
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e.At = time.Unix(0, c.state.BaseNS+int64(at)).Truncate(time.Millisecond)
	if c.state.Used {
		return nil
	}
	c.state.Used, c.state.Told = true, false
	return c.save()
}

// Correction is what to tell the hub once the clock is synchronised and times
// of this boot need it; ok is false where there is nothing to tell. Told must be
// called once it is kept.
func (c *Clock) Correction() (d wire.ClockCorrected, ok bool) {
	if c.Synced() != wire.ClockSynced {
		return d, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.state.Used || c.state.Told {
		return d, false
	}
	return wire.ClockCorrected{Boot: c.kernel.Boot, OffsetMS: time.Duration(c.base() - c.state.BaseNS).Milliseconds()}, true
}

// Told notes that the correction is kept.
func (c *Clock) Told() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state.Told = true
	return c.save()
}

// save writes the state, whole or not at all.
func (c *Clock) save() error {
	b, err := json.Marshal(c.state)
	if err != nil {
		return err
	}
	tmp := c.file + ".new"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the clock's state: %w", err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(tmp, c.file)
	}
	if err != nil {
		return fmt.Errorf("write the clock's state: %w", err)
	}
	return nil
}
