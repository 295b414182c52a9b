package app

import (
	"context"
	"encoding/json"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"hallkeeper/hub/eventlog"
	"hallkeeper/wire"
)

// tick lets time pass in the live view: ages, days, alarms that nobody sends.
func (a *App) tick(ctx context.Context) error {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		a.look(a.cfg.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// checkpoints signs the log's tree head once a day, at the start where the hub was
// off at the time, and after a publication: a document is to name the tree head that covers it.
func (a *App) checkpoints(ctx context.Context) error {
	for published := false; ; {
		now := a.cfg.Now().In(a.zone)
		if a.log.Head() > 0 && (published || checkpointDue(a.lastCheckpoint(), now, a.cfg.Checkpoint)) {
			if err := a.checkpoint(ctx); err != nil && ctx.Err() == nil {
				a.logger.Error("the daily checkpoint could not be signed; it is tried again in a minute", "error", err)
				if !wait(ctx, time.Minute) {
					return nil
				}
				continue
			}
		}
		next := lastDue(now, a.cfg.Checkpoint).AddDate(0, 0, 1)
		// Short waits: a clock that is set meanwhile must not delay the day's checkpoint.
		t := time.NewTimer(max(time.Second, min(next.Sub(now)+time.Second, 10*time.Minute)))
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C:
			published = false
		case <-a.proofs:
			t.Stop()
			published = true
		}
	}
}

// checkpointDue tells whether the last checkpoint is of before the last moment
// that was due; or of a time to come, when the clock was wrong: waiting for that
// could be waiting for years.
func checkpointDue(signed, now time.Time, at string) bool {
	return signed.Before(lastDue(now, at)) || signed.After(now.Add(time.Minute))
}

func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(max(d, time.Second))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// lastDue is the last moment at or before now at which the clock showed at (hh:mm).
func lastDue(now time.Time, at string) time.Time {
	clock, err := time.Parse("15:04", at)
	if err != nil {
		return time.Time{} // Check has refused it
	}
	due := time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), 0, 0, now.Location())
	if due.After(now) {
		due = due.AddDate(0, 0, -1)
	}
	return due
}

func (a *App) checkpoint(ctx context.Context) error {
	_, _, err := a.log.Append(ctx, "", func(m eventlog.Moment) ([]wire.Event, error) {
		root := m.Root()
		note, err := a.vault.SignCheckpoint(eventlog.CheckpointText(a.cfg.origin(), m.Size, root))
		if err != nil {
			return nil, err
		}
		data, err := json.Marshal(wire.LogCheckpoint{Size: m.Size, Root: tlog.Hash(root).String(), Note: note})
		return []wire.Event{{Kind: wire.KindLogCheckpoint, Data: data, Actor: &wire.Actor{Kind: wire.ActorSchedule, ID: "checkpoint"}}}, err
	})
	return err
}
