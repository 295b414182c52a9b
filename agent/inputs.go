package agent

import (
	"context"
	"errors"
	"time"

	"hallkeeper/agent/board"
	"hallkeeper/agent/button"
	"hallkeeper/agent/card"
	"hallkeeper/agent/signal"
	"hallkeeper/wire"
)

const (
	// A line that went away is left alone for reopenAfter, then for longer, up to reopenMost.
	reopenAfter = time.Second
	reopenMost  = 4 * time.Second
	// workedFor is how long an input worked for its next fault to be a new one.
	workedFor = 30 * time.Second
	// faultsEvery is the least time between two reports of one kind of bad frame.
	faultsEvery = time.Minute
	// lost is the fault of an input whose lines have gone away.
	lost = "lost"
)

// watchButton tells what a button does until ctx ends, and opens its line again
// when it went away. opened is called once its line was opened, or could not be.
func (a *Agent) watchButton(ctx context.Context, name string, opened func()) error {
	defer opened()
	timing := a.board.File().Buttons[name].Timing
	alive := a.vitals.of(name)
	wait := reopenAfter
	for ctx.Err() == nil {
		alive()
		line, first, err := a.board.Button(name)
		opened()
		since := time.Now()
		if err == nil {
			a.input(name, wire.InputStatus{OK: true})
			err = button.Watch(ctx, line, timing, first, func(e button.Event) { a.pressed(name, e) }, alive)
		}
		if time.Since(since) > workedFor {
			wait = reopenAfter
		}
		if errors.Is(err, board.ErrMoved) {
			a.logger.Warn("the pins are on another device now, and the agent has to be started again", "input", name, "error", err)
			return ErrRestart
		}
		if err != nil {
			a.lost(ctx, name, err, &wait)
		}
	}
	return nil
}

// lost notes that an input's lines have gone away, and waits before they are
// opened again. It tells whether that is new.
func (a *Agent) lost(ctx context.Context, name string, err error, wait *time.Duration) (isNew bool) {
	isNew = a.input(name, wire.InputStatus{Fault: lost})
	if isNew {
		a.logger.Warn("an input went away and is opened again until it works", "input", name, "error", err)
	}
	timer := time.NewTimer(*wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
	*wait = min(2**wait, reopenMost)
	return isNew
}

func (a *Agent) pressed(name string, e button.Event) {
	switch e.Kind {
	case button.Stuck:
		a.logger.Warn("a button is stuck", "input", name, "held", e.Held)
		a.input(name, wire.InputStatus{Fault: "stuck"})
		a.report(a.event(wire.KindInputStuck, wire.InputStuck{Input: name, HeldMS: e.Held.Milliseconds()}, e.At), nil)
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

// watchReader tells what is held to a reader until ctx ends. opened is called
// once its lines were opened, or could not be.
func (a *Agent) watchReader(ctx context.Context, name string, opened func()) error {
	defer opened()
	a.mu.Lock()
	a.tallies[name] = &card.Tally{Every: faultsEvery}
	a.mu.Unlock()
	alive := a.vitals.of(name)
	wait := reopenAfter
	for ctx.Err() == nil {
		alive()
		reader, err := board.OpenReader(a.board, name)
		opened()
		since := time.Now()
		if err == nil {
			a.input(name, wire.InputStatus{OK: true})
			err = card.Watch(ctx, reader, func(s card.Swipe) bool {
				return a.keep(a.event(wire.KindCardSwiped, wire.CardSwiped{Reader: name, Card: s.Card, Format: s.Format}, s.At), signal.Kept)
			}, func(f card.Frame) { a.badFrame(name, f) }, alive)
		}
		if time.Since(since) > workedFor {
			wait = reopenAfter
		}
		if err != nil && a.lost(ctx, name, err, &wait) {
			a.readerFault(name, lost, 0)
		}
	}
	return nil
}

func (a *Agent) badFrame(name string, f card.Frame) {
	if f.Meant {
		a.light(signal.Refused)
	}
	a.mu.Lock()
	n := a.tallies[name].Note(f.Problem, a.board.Now())
	a.mu.Unlock()
	if n > 0 {
		a.readerFault(name, string(f.Problem), n)
	}
}

// tellFrames reports the bad frames that were counted since the last report.
func (a *Agent) tellFrames() {
	a.mu.Lock()
	due := map[string]map[card.Problem]int{}
	for name, tally := range a.tallies {
		due[name] = tally.Due(a.board.Now())
	}
	a.mu.Unlock()
	for name, problems := range due {
		for problem, n := range problems {
			a.readerFault(name, string(problem), n)
		}
	}
}

func (a *Agent) readerFault(name, reason string, count int) {
	a.logger.Warn("a card reader cannot be trusted", "reader", name, "reason", reason, "count", count)
	a.report(a.event(wire.KindReaderFault, wire.ReaderFault{Reader: name, Reason: reason, Count: count}, a.board.Now()), nil)
}
