package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/live"
	"hallkeeper/hub/queue"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/view"
	"hallkeeper/wire"
)

// views are the folds of the hub and what screens see of them.
type views struct {
	runner   *view.Runner
	register *register.View
	facts    *live.Facts
	live     *live.Live
	log      *eventlog.Log
	passes   passes
}

// folds are all views of the hub, empty.
func folds(zone *time.Location) (func() []view.Fold, error) {
	if _, err := register.NewView(zone); err != nil {
		return nil, fmt.Errorf("read the calendars and parameters that the program brings along: %w", err)
	}
	return func() []view.Fold {
		r, err := register.NewView(zone)
		if err != nil { // it read just now
			panic(err)
		}
		return []view.Fold{r, live.NewFacts(zone)}
	}, nil
}

func (a *App) openViews() (*views, error) {
	fresh, err := folds(a.zone)
	if err != nil {
		return nil, err
	}
	runner, made, err := view.New(ViewsFile(a.cfg.Data), a.log.Head(), a.logger.With("part", "views"), fresh)
	if err != nil {
		return nil, fmt.Errorf("open the views in %s: %w", a.cfg.Data, err)
	}
	v := &views{runner: runner, log: a.log}
	for _, f := range made {
		switch f := f.(type) {
		case *live.Facts:
			v.facts = f
		case *register.View:
			v.register = f
		}
	}
	v.register.Days.Index()
	if err := v.passes.begin(&v.register.State.Enrolment); err != nil {
		return nil, fmt.Errorf("read the devices' certificates: %w", err)
	}
	v.live = live.New(live.Config{Hall: wire.LiveHall{ID: a.cfg.Hall.ID, Name: a.cfg.Hall.Name, NameEN: a.cfg.Hall.NameEN, TimeZone: a.cfg.Hall.TimeZone},
		Version: a.cfg.Version, Demo: a.cfg.Demo, Zone: a.zone, Started: a.began, People: v.register.Days.At,
		Calendar: func(d hall.Date) (hall.DayKind, string) {
			c := v.register.State.Policy.Calendar()
			return c.Kind(d), c.Name(d)
		},
		Late: func(now time.Time) int {
			return v.register.State.Matters.Late(v.register.State.Policy.Calendar(), hall.DateOf(now, a.zone))
		},
		Cases: func(now time.Time) (soon, late int) {
			return v.register.State.Conduct.Pressing(v.register.State.Policy, hall.DateOf(now, a.zone))
		},
		Assessment: a.assessing.now,
		Ratings:    v.ratingNow,
		Certificate: func(device string, now time.Time) *wire.LiveCertificate {
			return certificateOf(&v.register.State.Enrolment, device, now)
		},
		HTTPS: a.httpsEnds, Machine: a.machineNow,
		Line: func(now time.Time) queue.Now {
			return v.register.State.Line.Now(v.register.State.Hall(&v.facts.Roster), hall.Moment{Now: now, Day: hall.DateOf(now, a.zone), Zone: a.zone}, v.register.Days.At(now).Away)
		}}, v.facts, runner.Read, a.log.Stats().DeadLetters)
	runner.OnBatch = func(batch []wire.Record) {
		v.passes.fold(batch)
		v.register.Days.Index()
		v.live.Apply(batch[len(batch)-1].Position)
		a.pressed(batch)
		a.issued(batch)
		a.rated(batch)
		a.copied(batch)
		a.announced(batch)
		a.assessing.noted(batch)
		a.removed(batch)
		a.recheck(batch)
	}
	return v, nil
}

func (v *views) run(ctx context.Context, caughtUp chan<- struct{}) error {
	return v.runner.Run(ctx, v.log, caughtUp)
}

// known is what commands are decided on, after all records up to and with p.
func (v *views) known(ctx context.Context, p wire.Position) (k known, err error) {
	if err := v.runner.Await(ctx, p); err != nil {
		return k, err
	}
	v.runner.Read(func() {
		k.windows = v.facts.Roster.Clone()
		k.register, err = v.register.State.Clone()
	})
	return k, err
}

// assignment is what the hall has decided about a device.
func (v *views) assignment(agent string) (as wire.Assignment, known bool) {
	v.runner.Read(func() {
		var d roster.Device
		d, known = v.facts.Roster.Devices[agent]
		as = d.Assignment
	})
	return as, known
}

// checkpoints lists the signed tree heads, oldest first.
func (v *views) checkpoints() (all []live.Checkpoint) {
	v.runner.Read(func() { all = append(all, v.facts.Checkpoints...) })
	return all
}

// dismissed marks letters that somebody has dealt with, and counts all such.
func (v *views) dismissed(letters []wire.DeadLetter) (all int) {
	v.runner.Read(func() {
		for i := range letters {
			letters[i].Dismissed = v.facts.Dismissed[letters[i].Number]
		}
		all = len(v.facts.Dismissed)
	})
	return all
}

// Replay makes the views of a data folder again from its log, in which no hub
// may run, and tells the last position and a digest of what was made.
func Replay(ctx context.Context, cfg Config, logger *slog.Logger) (p wire.Position, digest []byte, err error) {
	zone, err := cfg.zone()
	if err != nil {
		return 0, nil, err
	}
	if err := Newer(cfg.Data); err != nil {
		return 0, nil, err
	}
	log, closeLog, err := eventlog.Read(LogDir(cfg.Data))
	if err != nil {
		return 0, nil, fmt.Errorf("read the log in %s: %w", cfg.Data, err)
	}
	defer func() {
		if cerr := closeLog(); err == nil {
			err = cerr
		}
	}()
	path := ViewsFile(cfg.Data)
	fresh, err := folds(zone)
	if err != nil {
		return 0, nil, err
	}
	if p, err = view.Replay(ctx, log, path, logger, fresh); err != nil {
		return p, nil, err
	}
	digest, _, err = view.Digest(path)
	return p, digest, err
}
