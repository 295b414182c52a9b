package agent

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"hallkeeper/agent/board"
	"hallkeeper/agent/signal"
	"hallkeeper/wire"
)

// lamps show patterns.
type lamps struct {
	green, red, buzzer *board.Switch
	now                func() time.Duration
	fault              func(error)
}

func (a *Agent) openLamps() (*lamps, error) {
	l := &lamps{now: a.board.Now, fault: func(err error) { a.logger.Warn("a lamp could not be switched", "error", err) }}
	var errs [3]error
	l.green, errs[0] = a.board.Output(board.LampGreen)
	l.red, errs[1] = a.board.Output(board.LampRed)
	l.buzzer, errs[2] = a.board.Output(board.Buzzer)
	return l, errors.Join(errs[:]...)
}

// run plays what is asked for, one after the other, until ctx ends.
func (l *lamps) run(ctx context.Context, show <-chan string) error {
	player := signal.New(l.now())
	t := time.NewTimer(time.Hour)
	defer t.Stop()
	for {
		lit, next, again := player.Advance(l.now())
		if err := errors.Join(l.green.Set(lit.Green), l.red.Set(lit.Red), l.buzzer.Set(lit.Buzzer)); err != nil {
			l.fault(err)
		}
		wait := time.Hour
		if again {
			wait = max(next-l.now(), 0)
		}
		t.Reset(wait)
		select {
		case <-ctx.Done():
			return nil
		case pattern := <-show:
			player.Show(pattern)
		case <-t.C:
		}
	}
}

// take hands a command over; the connection must not wait.
func (a *Agent) take(c wire.Command) {
	select {
	case a.orders <- c:
	default:
		a.logger.Warn("too many commands of the hub at once; one was dropped", "kind", string(c.Kind))
	}
}

// obey does what the hub asks.
func (a *Agent) obey(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case c := <-a.orders:
			a.do(c)
		}
	}
}

func (a *Agent) do(c wire.Command) {
	a.logger.Debug("the hub commands", "kind", string(c.Kind), "id", c.ID)
	switch c.Kind {
	case wire.CommandSignal:
		var s wire.Signal
		if json.Unmarshal(c.Data, &s) != nil || !known(s.Pattern) {
			a.logger.Warn("the hub asks for a signal that this agent does not know; is it of an older version?", "pattern", s.Pattern)
			return
		}
		a.light(s.Pattern)
	case wire.CommandIdentify:
		a.light(signal.Identify)
	case wire.CommandRatingOpen, wire.CommandRatingClose:
		a.mu.Lock()
		a.closed = c.Kind == wire.CommandRatingClose
		a.mu.Unlock()
	case wire.CommandRestart:
		select {
		case a.restart <- struct{}{}:
		default:
		}
	case wire.CommandPrint:
		a.orderPrint(c)
	case wire.CommandText:
		a.logger.Info("the hub sends a text, and this window has no sign", "id", c.ID)
	default:
		a.logger.Warn("the hub commands what this agent does not know; is it of an older version?", "kind", string(c.Kind))
	}
}

func known(pattern string) bool {
	for _, row := range signal.Table() {
		if row.Pattern == pattern {
			return true
		}
	}
	return false
}
