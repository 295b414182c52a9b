package identity

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	// lookEvery is how often another identity is looked for on disk.
	lookEvery = 2 * time.Second
	// renewAgain is how long a renewal that failed waits.
	renewAgain = time.Hour
)

// ErrMoved means that the device has another name, hall or broker than it began with: it has to start again.
var ErrMoved = errors.New("this device was enrolled as another one")

// Keeper holds the identity of a running agent. It takes up what `agent enroll`
// writes, has the certificate made anew in time, and goes on with the one before
// where the hub does not take the new one.
type Keeper struct {
	data   string
	clock  Clock
	broker string // where the agent connects
	logger *slog.Logger

	mu      sync.Mutex
	present *Identity // nil where err says why
	last    *Identity // the last that could be read
	before  *Identity // the one before, until the hub has taken the present one
	useOld  bool
	err     error
	stamp   os.FileInfo // of the certificate that was read
	changed chan struct{}
	tried   time.Time // when a renewal last failed
}

// Keep reads the identity below the data folder. One that cannot be read is no
// error yet: what people do is kept meanwhile, and it may come. broker is the URL
// to which the agent connects; one that is not the identity's is none of its business.
func Keep(data, broker string, clock Clock, logger *slog.Logger) *Keeper {
	k := &Keeper{data: data, clock: clock, broker: broker, logger: logger, changed: make(chan struct{}, 1)}
	_, _, _ = k.reload() // TLS tells what was wrong
	return k
}

// TLS is for the next connection.
func (k *Keeper) TLS() (*tls.Config, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err != nil {
		return nil, k.err
	}
	return k.inUse().TLS(k.clock), nil
}

// Changed is sent to when TLS gives another certificate than before.
func (k *Keeper) Changed() <-chan struct{} { return k.changed }

// Answered takes how a connection with TLS went: nil where the hub or its broker took the device.
func (k *Keeper) Answered(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.before == nil || k.present == nil:
	case err == nil && !k.useOld:
		if err := forgetOld(k.data); err != nil {
			k.logger.Warn("the identity before the present one could not be removed", "error", err)
		}
		k.before = nil
	case Refused(err):
		k.useOld = !k.useOld
		k.logger.Warn("a certificate is not taken; the next connection uses the other one", "serial", k.inUse().serial())
	}
}

func (k *Keeper) inUse() *Identity {
	if k.useOld {
		return k.before
	}
	return k.present
}

func (i *Identity) serial() string { return i.Leaf().SerialNumber.Text(16) }

// Run looks for another identity and renews the present one until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	for {
		if err := k.look(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

func (k *Keeper) look(ctx context.Context) error {
	if another, trouble := k.another(); another {
		was, is, err := k.reload()
		switch {
		case err != nil && err.Error() == trouble:
			return nil // said once
		case err != nil:
			k.logger.Error("this device's identity cannot be read; events are kept meanwhile", "error", err)
			return nil
		}
		k.logger.Info("this device has another certificate", "serial", is.serial(), "ends", is.Leaf().NotAfter)
		return k.moved(was, is)
	}
	return k.renew(ctx)
}

// moved tells whether the device has to start again to be what it is now.
func (k *Keeper) moved(was, is *Identity) error {
	if was == nil || was.same(is.Home) && (was.MQTT != k.broker || was.MQTT == is.MQTT) {
		return nil
	}
	return fmt.Errorf("%w: it was %s of the hall %s and is %s of the hall %s, at %s", ErrMoved, was.Agent, was.Hall, is.Agent, is.Hall, is.MQTT)
}

// renew has the certificate made anew where that is due.
func (k *Keeper) renew(ctx context.Context) error {
	k.mu.Lock()
	due := k.err == nil && !k.clock.at(k.present.Leaf()).Before(k.present.Due()) && (k.tried.IsZero() || time.Since(k.tried) >= renewAgain)
	present := k.present
	if due {
		present = k.inUse()
	}
	k.mu.Unlock()
	if !due {
		return nil
	}
	_, err := Renew(ctx, k.data, present, k.clock)
	k.mu.Lock()
	k.tried = time.Now()
	k.mu.Unlock()
	if err == nil {
		was, is, err := k.reload()
		if err != nil {
			return nil //nolint:nilerr // said with the next look
		}
		k.logger.Info("this device's certificate was made anew", "serial", is.serial(), "ends", is.Leaf().NotAfter)
		return k.moved(was, is)
	}
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the program is ending
	}
	if k.clock.at(present.Leaf()).After(present.Leaf().NotAfter) {
		k.logger.Error("this device's certificate has ended: get a new code from the console and run agent enroll --force; events are kept meanwhile", "ended", present.Leaf().NotAfter, "error", err)
		return nil
	}
	k.logger.Warn("this device's certificate could not be made anew; it is tried again in an hour", "ends", present.Leaf().NotAfter, "error", err)
	return nil
}

// another tells whether what is on disk is not what was read, and what was wrong
// with that. What could not be read is read again: a hand may be copying it.
func (k *Keeper) another() (another bool, trouble string) {
	st := k.stat()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err != nil {
		return true, k.err.Error()
	}
	return st == nil || k.stamp == nil || !os.SameFile(st, k.stamp) || !st.ModTime().Equal(k.stamp.ModTime()), ""
}

func (k *Keeper) stat() os.FileInfo {
	dir, err := find(k.data)
	if err != nil {
		return nil
	}
	st, err := os.Stat(filepath.Join(dir, keyFile))
	if err != nil {
		return nil
	}
	return st
}

// reload reads the identity and tells which it was and is.
func (k *Keeper) reload() (was, is *Identity, err error) {
	stamp := k.stat()
	is, err = Load(k.data)
	k.mu.Lock()
	defer k.mu.Unlock()
	was = k.last
	news := is != nil || k.err == nil || k.err.Error() != err.Error()
	k.present, k.err, k.stamp, k.useOld, k.before = is, err, stamp, false, nil
	if is != nil {
		k.last = is
		if old, err := load(filepath.Join(k.data, folderOld)); err == nil && old.same(is.Home) && old.Authority.Equal(is.Authority) {
			k.before = old
		}
	}
	if news {
		select {
		case k.changed <- struct{}{}:
		default:
		}
	}
	return was, is, err
}

func (h Home) same(other Home) bool { return h.Hall == other.Hall && h.Agent == other.Agent }
