package agent

import (
	"context"
	"time"

	"hallkeeper/agent/board"
	"hallkeeper/agent/button"
	"hallkeeper/agent/card"
	"hallkeeper/agent/signal"
	"hallkeeper/wire"
)

const (
	// reopenAfter is how long a line that went away is left alone.
	reopenAfter = time.Second
	// faultsEvery is the least time between two reports of one kind of bad frame.
	faultsEvery = time.Minute
)

// watchButton tells what a button does until ctx ends, and opens its line again
// when it went away.
func (a *Agent) watchButton(ctx context.Context, name string) error {
	timing := a.board.File().Buttons[name].Timing
	for ctx.Err() == nil {
		line, first, err := a.board.Button(name)
		if err == nil {
			a.input(name, wire.InputStatus{OK: true})
			err = button.Watch(ctx, line, timing, first, func(e button.Event) { a.pressed(name, e) })
		}
		if err != nil {
			a.lost(ctx, name, err)
		}
	}
	return nil
}

func (a *Agent) lost(ctx context.Context, name string, err error) {
	a.logger.Warn("an input went away and is opened again", "input", name, "error", err)
	a.input(name, wire.InputStatus{Fault: err.Error()})
	select {
	case <-ctx.Done():
	case <-time.After(reopenAfter):
	}
}

func (a *Agent) pressed(name string, e button.Event) {
	switch e.Kind {
	case button.Stuck:
		a.logger.Warn("a button is stuck", "input", name, "held", e.Held)
		a.input(name, wire.InputStatus{Fault: "stuck"})
		a.report(a.event(wire.KindInputStuck, wire.InputStuck{Input: name, HeldMS: e.Held.Milliseconds()}, e.At), func() {})
		return
	case button.Freed:
		a.input(name, wire.InputStatus{OK: true})
		return
	}
	if level, ok := board.RatingLevel(name); ok {
		shown := signal.Kept
		if a.ratingsClosed() {
			shown = signal.NotOpen
		}
		a.keep(a.event(wire.KindRatingPressed, wire.RatingPressed{Level: level}, e.At), shown)
		return
	}
	a.keep(a.event(wire.KindCallPressed, wire.CallPressed{Button: name, Long: e.Kind == button.LongPress}, e.At), signal.Kept)
}

func (a *Agent) ratingsClosed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.closed
}

// watchReader tells what is held to a reader until ctx ends.
func (a *Agent) watchReader(ctx context.Context, name string) error {
	tally := card.Tally{Every: faultsEvery}
	report := func(p card.Problem, n int) {
		a.logger.Warn("a card could not be read", "reader", name, "reason", string(p), "count", n)
		a.report(a.event(wire.KindReaderFault, wire.ReaderFault{Reader: name, Reason: string(p), Count: n}, a.board.Now()), func() {})
	}
	for ctx.Err() == nil {
		src, err := a.board.Pulses(name)
		if err == nil {
			a.input(name, wire.InputStatus{OK: true})
			err = card.Watch(ctx, src, func(s card.Swipe) bool {
				e := a.event(wire.KindCardSwiped, wire.CardSwiped{Reader: name, Card: s.Card, Format: s.Format}, s.At)
				a.keep(e, signal.Kept)
				return true
			}, func(f card.Frame) {
				a.light(signal.Refused)
				if n := tally.Note(f.Problem, a.board.Now()); n > 0 {
					report(f.Problem, n)
				}
			})
		}
		for p, n := range tally.Due(a.board.Now()) {
			report(p, n)
		}
		if err != nil {
			a.report(a.event(wire.KindReaderFault, wire.ReaderFault{Reader: name, Reason: "lost"}, a.board.Now()), func() {})
			a.lost(ctx, name, err)
		}
	}
	return nil
}
