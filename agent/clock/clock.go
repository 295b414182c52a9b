package clock

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"hallkeeper/wire"
)

// Config is what a clock needs.
type Config struct {
	// Dir is where it remembers, for this boot, what it has dated.
	Dir string
	// AssumeSynced trusts the computer's clock without asking the kernel, for
	// machines whose clock is set by other means.
	AssumeSynced bool
	// Now is the wall clock, Uptime the monotonic clock that events are dated by.
	Now    func() time.Time
	Uptime func() time.Duration
	// Synced tells whether the kernel's clock is synchronised; Boot is the boot's id.
	Synced func() (bool, error)
	Boot   string
	Logger *slog.Logger
}

// Clock dates events. Its methods may be called by several goroutines at once.
type Clock struct {
	cfg Config

	mu     sync.Mutex
	memory memory
	warned bool
}

// memory is the file clock.json: what later runs of the same boot must know.
type memory struct {
	Boot string `json:"boot"`
	// Synced is true once this boot has been synchronised: from then on its clock
	// is right to fractions of a second a day, whether or not the hub is reachable.
	Synced bool `json:"synced"`
	// Base is the wall clock at uptime 0 that unsynchronised events are dated by.
	// It is frozen, so that one offset puts all of them right.
	Base time.Time `json:"base"`
	// Owed is true while events were dated by Base and no correction is kept.
	Owed bool `json:"owed"`
}

const fileName = "clock.json"

// New reads what earlier runs of this boot left. A file that cannot be read is
// made anew: at worst a correction is missing, and the events stay uncertain.
// One that cannot be written is no error either: what is dated then cannot be
// kept on the same disk.
func New(cfg Config) *Clock {
	c := &Clock{cfg: cfg}
	raw, err := os.ReadFile(filepath.Join(cfg.Dir, fileName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		cfg.Logger.Warn("the clock's memory cannot be read", "error", err)
	case json.Unmarshal(raw, &c.memory) != nil:
		cfg.Logger.Warn("the clock's memory cannot be read and is made anew")
		c.memory = memory{}
	}
	if c.memory.Boot != cfg.Boot {
		c.memory = memory{Boot: cfg.Boot}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.synced() && c.memory.Base.IsZero() {
		c.memory.Base = cfg.Now().Add(-cfg.Uptime()).Round(0)
		c.memory.Owed = true
	}
	if err := c.save(); err != nil {
		cfg.Logger.Warn("the clock's memory could not be written", "error", err)
	}
	return c
}

// Boot is the id of the kernel's boot.
func (c *Clock) Boot() string { return c.cfg.Boot }

// State says how far events made now can be trusted.
func (c *Clock) State() wire.Clock {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state()
}

// Stamp dates what happened at the uptime at, in e: At, Clock, UptimeMS and Boot.
func (c *Clock) Stamp(e *wire.Event, at time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.Boot, e.Clock, e.UptimeMS = c.cfg.Boot, c.state(), at.Milliseconds()
	if e.Clock == wire.ClockSynced {
		e.At = c.cfg.Now().Add(at - c.cfg.Uptime())
	} else {
		e.At = c.memory.Base.Add(at)
	}
	e.At = e.At.Round(0).Truncate(time.Millisecond)
}

// Correction gives the offset of this boot's unsynchronised events once it is
// known and while it is owed; Corrected says that it was kept.
func (c *Clock) Correction() (correction wire.ClockCorrected, owed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state() != wire.ClockSynced || !c.memory.Owed {
		return wire.ClockCorrected{}, false
	}
	truth := c.cfg.Now().Add(-c.cfg.Uptime())
	return wire.ClockCorrected{Boot: c.cfg.Boot, OffsetMS: truth.Sub(c.memory.Base).Round(time.Millisecond).Milliseconds()}, true
}

// Corrected is called once the correction is on the disk.
func (c *Clock) Corrected() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.memory.Owed = false
	return c.save()
}

func (c *Clock) state() wire.Clock {
	if c.synced() {
		return wire.ClockSynced
	}
	return wire.ClockUnsynced
}

// synced asks the kernel until it has said yes once in this boot.
func (c *Clock) synced() bool {
	if c.memory.Synced || c.cfg.AssumeSynced {
		return true
	}
	ok, err := c.cfg.Synced()
	if err != nil && !c.warned {
		c.warned = true
		c.cfg.Logger.Warn("the kernel does not say whether its clock is synchronised; events are marked as unsynced", "error", err)
	}
	if ok && err == nil {
		c.memory.Synced = true
		if err := c.save(); err != nil {
			c.cfg.Logger.Warn("the clock's memory could not be written", "error", err)
		}
	}
	return c.memory.Synced
}

func (c *Clock) save() error {
	raw, err := json.Marshal(c.memory)
	if err != nil {
		return fmt.Errorf("remember the clock: %w", err)
	}
	path := filepath.Join(c.cfg.Dir, fileName)
	if old, err := os.ReadFile(path); err == nil && string(old) == string(raw) {
		return nil
	}
	if err := replace(path, raw); err != nil {
		return fmt.Errorf("remember the clock: %w", err)
	}
	return nil
}

// replace writes a file whole or not at all.
func replace(path string, raw []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// BootID is the kernel's id of this boot.
func BootID() (string, error) {
	raw, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("read the boot id: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}
