package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"

	"hallkeeper/hub/beacon"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/gate"
	"hallkeeper/hub/live"
	"hallkeeper/hub/vault"
)

const (
	// beaconAt is where hubs that serve a network tell each other of themselves.
	beaconAt = "0.0.0.0:8885"
	noBeacon = "none"
	// rivalShown is for how long another hub counts as being there after it was heard last.
	rivalShown = 6 * beacon.Every
)

// epochs is how often the data of a hall has been restored: a copy that was restored is of a later epoch than what it is a
// copy of, and of two hubs that is the one that goes on. It lies with the keys, so that it is in every backup.
type epochs struct {
	Epoch uint64 `json:"epoch"`
}

func epochFile(data string) string { return filepath.Join(KeyDir(data), "epoch.json") }

// supersededFile says that this copy of the hall has heard of a later one. Only TakeOver lets it store again.
func supersededFile(data string) string { return filepath.Join(data, "superseded.json") }

// superseded is by whom.
type superseded struct {
	Epoch   uint64 `json:"epoch"`
	Address string `json:"address"`
}

// epochOf is the epoch of a data folder; 1 where it was never restored.
func epochOf(data string) (uint64, error) {
	e := epochs{1}
	err := readJSONFile(epochFile(data), &e, func() bool { return e.Epoch > 0 })
	return e.Epoch, err
}

// readJSONFile reads a file that may be missing.
func readJSONFile(path string, into any, good func() bool) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err == nil && !good() {
		err = errors.New("it holds no number from 1 on")
	}
	if err != nil {
		return fmt.Errorf("read %s (restore it from a backup): %w", path, err)
	}
	return nil
}

func writeJSONFile(path string, what any) error {
	text, err := json.Marshal(what)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(filepath.Dir(path))
}

// raiseEpoch makes a folder's epoch later than it is, and than one that is known.
func raiseEpoch(data string, above uint64) (uint64, error) {
	own, err := epochOf(data)
	if err != nil {
		return 0, err
	}
	own = max(own, above) + 1
	return own, writeJSONFile(epochFile(data), epochs{own})
}

// TakeOver lets a copy of the hall that has heard of a later one store again, as the latest: what the other one has stored
// since is not in it. No hub may run on it.
func TakeOver(data string) (epoch uint64, err error) {
	if err := Newer(data); err != nil {
		return 0, err
	}
	if !IsHall(data) {
		return 0, fmt.Errorf("%s is no data folder of a hall: name it with --data", data)
	}
	if lost, err := lostKeys(data); err != nil {
		return 0, err
	} else if len(lost) > 0 {
		return 0, lostWords(data, lost)
	}
	release, err := eventlog.Hold(LogDir(data))
	if errors.Is(err, eventlog.ErrLocked) {
		return 0, fmt.Errorf("主机正在运行，请先停下它 a hub runs on %s: stop it first: %w", data, err)
	} else if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, release()) }()
	var by superseded
	if err := readJSONFile(supersededFile(data), &by, func() bool { return true }); err != nil {
		return 0, err
	}
	if epoch, err = raiseEpoch(data, by.Epoch); err != nil {
		return 0, err
	}
	if err := os.Remove(supersededFile(data)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	return epoch, nil
}

// rivals are the other hubs of this hall that were heard.
type rivals struct {
	run   string
	epoch uint64

	mu    sync.Mutex
	heard map[string]rival // by run
}

type rival struct {
	said        beacon.Said
	at          netip.Addr
	since, last time.Time
}

// rivalKinds are what another hub's data is beside this one's.
const (
	rivalNewer = "newer"
	rivalSame  = "same"
	rivalOlder = "older"
)

// worst is the rival to tell of: a later one before one of the same epoch, before an earlier one.
func (r *rivals) worst(now time.Time) (kind string, of rival) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for run, x := range r.heard {
		if now.Sub(x.last) > rivalShown {
			delete(r.heard, run)
			continue
		}
		if kind == "" || x.said.Epoch > of.said.Epoch {
			of = x
			switch {
			case x.said.Epoch > r.epoch:
				kind = rivalNewer
			case x.said.Epoch == r.epoch:
				kind = rivalSame
			default:
				kind = rivalOlder
			}
		}
	}
	return kind, of
}

// note takes in a message, and tells whether that hub was not heard before.
func (r *rivals) note(s beacon.Said, from netip.Addr, now time.Time) (fresh bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	x, known := r.heard[s.Run]
	if !known {
		x.since = now
	}
	x.said, x.at, x.last = s, from, now
	r.heard[s.Run] = x
	return !known
}

// openRivals reads this copy's epoch, and stops storing where a later one was heard in an earlier run.
func (a *App) openRivals() error {
	a.rivals.run, a.rivals.heard = uuid.NewString(), map[string]rival{}
	var err error
	if a.rivals.epoch, err = epochOf(a.cfg.Data); err != nil {
		return err
	}
	var by superseded
	if err := readJSONFile(supersededFile(a.cfg.Data), &by, func() bool { return true }); err != nil {
		return err
	}
	if by.Epoch > a.rivals.epoch {
		a.log.Supersede(by.words())
		a.logger.Error("another hub has taken this hall over: this one stores nothing; hub take-over makes it the right one again", "address", by.Address)
	}
	at := a.cfg.beaconAddr()
	if at == "" {
		return nil
	}
	verify, err := vault.Verifier(KeyDir(a.cfg.Data))
	if err != nil {
		return err
	}
	if a.beacon, err = beacon.Open(at, a.vault.SignCheckpoint, verify, a.logger.With("part", "beacon")); err != nil {
		a.logger.Warn("other hubs of this hall cannot be heard: set beacon to another address, or to none", "address", at, "error", err)
	}
	return nil
}

func (s superseded) words() string {
	return fmt.Sprintf("a hub at %s has later data of this hall (%d). Switch this one off; if it is the right one, run hub take-over on it", s.Address, s.Epoch)
}

// hearRivals says that this hub is there and hears others until ctx ends.
func (a *App) hearRivals(ctx context.Context) error {
	err := a.beacon.Run(ctx, beacon.Said{Hall: a.cfg.Hall.ID, Epoch: a.rivals.epoch, Run: a.rivals.run, Version: a.cfg.Version}, a.hear)
	if err != nil {
		a.logger.Warn("other hubs of this hall are heard no longer", "error", err)
	}
	return nil
}

func (a *App) hear(s beacon.Said, from netip.Addr) {
	if s.Run == a.rivals.run {
		return
	}
	fresh := a.rivals.note(s, from, time.Now())
	if fresh {
		a.logger.Error("another hub of this hall is on the network", "address", from, "version", s.Version, "epoch", s.Epoch, "own_epoch", a.rivals.epoch)
	}
	if s.Epoch <= a.rivals.epoch {
		return
	}
	by := superseded{s.Epoch, from.String()}
	a.log.Supersede(by.words())
	if fresh {
		if err := writeJSONFile(supersededFile(a.cfg.Data), by); err != nil {
			a.logger.Error("that this hub is superseded could not be written down; after a start it has to hear the other one again", "error", err)
		}
	}
}

// rivalNow is what the live view shows of other hubs.
func (a *App) rivalNow() (r live.Rival) {
	now := time.Now()
	kind, of := a.rivals.worst(now)
	if kind != "" {
		r = live.Rival{Kind: kind, Address: of.at.String(), Since: a.cfg.Now().Add(of.since.Sub(now))}
	}
	return r
}

// beaconAddr is where other hubs are heard; empty where this one serves its own machine alone, or must not.
func (c *Config) beaconAddr() string {
	switch {
	case c.Beacon == noBeacon:
		return ""
	case c.Beacon != "":
		return c.Beacon
	}
	for _, served := range []string{c.HTTPS, c.MQTTTLS} {
		if host, _, err := net.SplitHostPort(served); err == nil && !gate.Loopback(host) {
			return beaconAt
		}
	}
	return ""
}

func (c *Config) checkBeacon(say func(key, zh, en string, args ...any)) {
	if c.Beacon == "" || c.Beacon == noBeacon {
		return
	}
	if at, err := netip.ParseAddrPort(c.Beacon); err != nil || !at.Addr().Is4() {
		say("beacon", "应填地址，如 %s，或填 %s，写的是 %q", "expected an address like %s, or %s, got %q", beaconAt, noBeacon, c.Beacon)
	}
}
