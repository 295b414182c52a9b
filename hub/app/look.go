package app

import (
	"context"
	"fmt"

	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/live"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
)

// Look folds the log of a data folder, in which no hub may run, in memory and
// shows what it gives. It changes nothing.
func Look(ctx context.Context, cfg Config, show func(v *register.View, windows *roster.State) error) (err error) {
	zone, err := cfg.zone()
	if err != nil {
		return err
	}
	if err := Newer(cfg.Data); err != nil {
		return err
	}
	log, closeLog, err := eventlog.Read(LogDir(cfg.Data))
	if err != nil {
		return fmt.Errorf("read the log in %s: %w", cfg.Data, err)
	}
	defer func() {
		if cerr := closeLog(); err == nil {
			err = cerr
		}
	}()
	v, err := register.NewView(zone)
	if err != nil {
		return err
	}
	facts := live.NewFacts(zone)
	for head := log.Head(); v.Through < head && ctx.Err() == nil; {
		batch, err := log.ReadBatch(v.Through, 4096)
		if err != nil {
			return err
		}
		for i := range batch {
			v.Apply(&batch[i])
			facts.Apply(&batch[i])
		}
		if len(batch) == 0 {
			break
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	v.Days.Index()
	return show(v, &facts.Roster)
}
