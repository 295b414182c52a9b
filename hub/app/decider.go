package app

import (
	"context"
	"fmt"
	"time"

	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// decider holds the state on which commands are decided, with all earlier
// decisions in it, also those that are not on disk yet. The log's committer
// owns it: every method runs there.
type decider struct {
	state roster.State
	// stale: state must be loaded before the next decision. drafted is what the
	// present batch has decided meanwhile.
	stale   bool
	drafted []wire.Record
	// load gives the state after all records up to and with a position, which is on disk.
	load func(context.Context, wire.Position) (roster.State, error)
}

// loadWithin bounds the wait for the views, which are microseconds behind the log.
const loadWithin = 5 * time.Second

func newDecider() *decider { return &decider{stale: true} }

// decided folds what will be committed next.
func (d *decider) decided(records []wire.Record) {
	if d.stale {
		d.drafted = append(d.drafted, records...)
		return
	}
	for i := range records {
		d.state.Fold(&records[i])
	}
}

// failed drops a state in which there is what was not committed.
func (d *decider) failed() { d.stale, d.drafted = true, nil }

func (d *decider) committed() { d.drafted = nil }

func (d *decider) decide(m eventlog.Moment, c roster.Command) ([]wire.Event, error) {
	if d.stale {
		ctx, cancel := context.WithTimeout(context.Background(), loadWithin)
		defer cancel()
		s, err := d.load(ctx, wire.Position(m.Size)-wire.Position(len(d.drafted)))
		if err != nil {
			return nil, fmt.Errorf("load the state for a decision: %w", err)
		}
		for i := range d.drafted {
			s.Fold(&d.drafted[i])
		}
		d.state, d.stale, d.drafted = s, false, nil
	}
	return roster.Decide(&d.state, c)
}
