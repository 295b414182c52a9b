package agent

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

const (
	// hanging is how long a part may be silent: inputs wait for a fraction of a
	// second, and for 4 s where they are opened again; an SD card that tidies
	// itself up takes some seconds.
	hanging = 20 * time.Second
	// feedEvery is how often systemd is told where it did not ask to be.
	feedEvery = 10 * time.Second
)

// vitals are when each input last showed that it goes on.
type vitals struct {
	mu    sync.Mutex
	beats map[string]*atomic.Int64 // Unix nanoseconds
}

// of gives what an input calls to show that it goes on.
func (v *vitals) of(input string) func() {
	beat := new(atomic.Int64)
	beat.Store(time.Now().UnixNano())
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.beats == nil {
		v.beats = map[string]*atomic.Int64{}
	}
	v.beats[input] = beat
	return func() { beat.Store(time.Now().UnixNano()) }
}

// silent names the inputs that have shown nothing for too long.
func (v *vitals) silent(now time.Time) (inputs []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for name, beat := range v.beats {
		if now.Sub(time.Unix(0, beat.Load())) > hanging {
			inputs = append(inputs, name)
		}
	}
	slices.Sort(inputs)
	return inputs
}

// hangs says which part has stopped to work, or nothing.
func (a *Agent) hangs() string {
	if inputs := a.vitals.silent(time.Now()); len(inputs) > 0 {
		return fmt.Sprintf("inputs %v", inputs)
	}
	if since := a.outbox.Busy(); since > hanging {
		return fmt.Sprintf("the outbox, which has been writing for %v", since.Round(time.Second))
	}
	return ""
}

// watchdog tells systemd that the agent works once ready is closed, and then,
// only while inputs and outbox answer, that it still does. Left unfed, systemd
// ends the agent and starts it again. Without systemd it does nothing.
func (a *Agent) watchdog(ctx context.Context, ready <-chan struct{}) error {
	select {
	case <-ready:
	case <-ctx.Done():
		return nil
	}
	a.notify(daemon.SdNotifyReady)
	every := feedEvery
	if limit, err := daemon.SdWatchdogEnabled(false); err == nil && limit > 0 {
		every = limit / 3
	}
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		connected, _ := a.uplink.Connected()
		status := fmt.Sprintf("STATUS=%d 条待送 waiting, 已连接 connected: %v", a.outbox.Pending(), connected)
		if what := a.hangs(); what != "" {
			a.logger.Error("a part of the agent hangs; the watchdog is not fed and systemd starts the agent again", "part", what)
			a.notify("STATUS=停滞 hangs: " + what)
		} else {
			a.notify(daemon.SdNotifyWatchdog + "\n" + status)
		}
		select {
		case <-ctx.Done():
			a.notify(daemon.SdNotifyStopping)
			return nil
		case <-t.C:
		}
	}
}

func (a *Agent) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		a.logger.Warn("systemd could not be told", "error", err)
	}
}
