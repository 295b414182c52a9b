package app

import (
	"context"
	"fmt"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"hallkeeper/wire"
)

const (
	// committing is how long one commit may take before the hub counts as hanging: disks that
	// tidy themselves up take some seconds, a dying one half a minute.
	committing = time.Minute
	// feedEvery is how often systemd is told where it did not ask to be.
	feedEvery = 10 * time.Second
	// startsFor is how much longer a start may take that comes nearer to its end.
	startsFor = 2 * time.Minute
)

// waitForViews waits until the views are made and tells systemd, as long as they come
// nearer, that the start takes longer: those of many years are made again for minutes
// after an upgrade. from is where they stood before. It is false where ctx has ended before.
func (a *App) waitForViews(ctx context.Context, caughtUp <-chan struct{}, from wire.Position, every time.Duration) bool {
	t := time.NewTicker(every)
	defer t.Stop()
	for last := from; ; {
		select {
		case <-caughtUp:
			return true
		case <-ctx.Done():
			return false
		case <-t.C:
		}
		now, head := a.views.runner.Position(), a.log.Head()
		if now == last {
			continue
		}
		last = now
		a.notify(fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d\nSTATUS=正在由日志重做视图 making the views again from the log: %d / %d", startsFor.Microseconds(), now, head))
		a.logger.Info("the views are being made again from the log; the hub serves once they are", "position", now, "of", head)
	}
}

// watchdog tells systemd that the hub serves, and then, only while the log commits and the
// views can be read, that it still does. Left unfed, systemd ends the hub and starts it again.
// A log that cannot store is no reason: the hub serves what it has and tries again by itself.
// Without systemd it does nothing.
func (a *App) watchdog(ctx context.Context) error {
	a.notify(daemon.SdNotifyReady)
	every := feedEvery
	if limit, err := daemon.SdWatchdogEnabled(false); err == nil && limit > 0 {
		every = limit / 3
	}
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		if busy := a.log.Busy(); busy > committing {
			a.logger.Error("the log has been writing for too long; the watchdog is not fed and systemd starts the hub again", "for", busy.Round(time.Second))
			a.notify(fmt.Sprintf("STATUS=停滞 hangs: 日志写入已 %v the log has been writing", busy.Round(time.Second)))
		} else {
			a.notify(daemon.SdNotifyWatchdog + "\nSTATUS=" + a.standing())
		}
		select {
		case <-ctx.Done():
			a.notify(daemon.SdNotifyStopping)
			return nil
		case <-t.C:
		}
	}
}

// standing is what systemctl status shows. It waits for the views: where a fold hangs, so does the feeding.
func (a *App) standing() string {
	a.views.runner.Read(func() {})
	if s := a.log.Stats(); !s.Writable {
		return fmt.Sprintf("只读，日志不可写 read-only, the log cannot be written: %s", s.Failure)
	}
	return fmt.Sprintf("已存到位置 stored up to position %d", a.log.Head())
}

func (a *App) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		a.logger.Warn("systemd could not be told", "error", err)
	}
}
