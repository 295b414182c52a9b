package app

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/cycle"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/live"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/score"
	"hallkeeper/wire"
)

const (
	// graceDays is from which working day after a month on it is said that nobody has computed it.
	graceDays = 5
	// watchedPeriods bounds the published periods that are computed again, newest first.
	watchedPeriods = 24
	// watchEvery is how often the assessment is looked at while nothing of it happens.
	watchEvery = time.Minute
)

// assessment is what the live view says of the assessment. The hall is looked at once a minute,
// and when something of the assessment happens; never in the way of what comes in.
type assessment struct {
	wake  chan struct{}
	shown atomic.Pointer[live.Assessment]
}

func (w *assessment) now() live.Assessment {
	if x := w.shown.Load(); x != nil {
		return *x
	}
	return live.Assessment{}
}

// noted wakes the watcher where a batch is of what it watches; whoever calls holds the views still.
func (w *assessment) noted(batch []wire.Record) {
	for i := range batch {
		group, _, _ := strings.Cut(string(batch[i].Kind), ".")
		switch group {
		case "copy", "period", "policy", "report", "task", "score":
			select {
			case w.wake <- struct{}{}:
			default:
			}
			return
		}
	}
}

// watchAssessment looks until ctx ends. Each time at most one published period is computed
// again, the one whose turn is longest ago, and only where the log has grown since.
func (a *App) watchAssessment(ctx context.Context) error {
	w := watcher{app: a, seen: map[assess.Period]lookedAt{}}
	for ctx.Err() == nil {
		more := w.look(time.Now())
		pause := watchEvery
		if more {
			pause = time.Second // those that were never looked at come soon after each other
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-t.C:
		case <-a.assessing.wake:
		}
		t.Stop()
	}
	return nil
}

type lookedAt struct {
	through wire.Position
	turn    int
	differs bool
}

type watcher struct {
	app  *App
	seen map[assess.Period]lookedAt
	turn int
}

// look makes what the live view shows; more tells that periods wait that were never looked at.
func (w *watcher) look(now time.Time) (more bool) {
	today := hall.DateOf(now, w.app.zone)
	var x live.Assessment
	w.app.Read(func(v *register.View, windows *roster.State) {
		x = standing(v, windows, today)
		more = w.compare(v, windows)
	})
	for p, at := range w.seen {
		if at.differs {
			x.Differing = append(x.Differing, string(p))
		}
	}
	slices.Sort(x.Differing)
	w.app.assessing.shown.Store(&x)
	return more
}

// standing is what counting alone tells.
func standing(v *register.View, windows *roster.State, today hall.Date) (x live.Assessment) {
	s := v.State
	_, x.Lost = s.Copies.Open()
	x.Overdue = s.Duties.Overdue(s.Policy.Calendar(), today)
	world := s.CycleWorld(windows)
	if world.Began == "" { // a hall that has checked no day assesses nobody
		return x
	}
	var refused *hall.Error
	if errors.As(s.Policy.Assessable(today, today), &refused) {
		x.Policy = refused.Name
	}
	for p := assess.PeriodOf(assess.PerMonth, world.Began); ; {
		from, until := p.Days()
		if due, _ := s.Policy.Calendar().Add(until, graceDays); due > today {
			return x
		}
		if s.Cycle.Stage(p, today) == cycle.Over && s.Policy.Assessable(max(from, world.Began), until) == nil {
			x.Uncomputed = append(x.Uncomputed, string(p))
		}
		p = assess.PeriodOf(assess.PerMonth, until.AddDays(1))
	}
}

// compare computes one published period again.
func (w *watcher) compare(v *register.View, windows *roster.State) (more bool) {
	var published []assess.Period
	for id, x := range v.State.Cycle.Periods.All() {
		if len(x.Revisions) > 0 {
			published = append(published, assess.Period(id))
		}
	}
	slices.SortFunc(published, func(a, b assess.Period) int {
		_, x := a.Days()
		_, y := b.Days()
		return strings.Compare(string(y), string(x))
	})
	published = published[:min(len(published), watchedPeriods)]
	for p := range w.seen {
		if !slices.Contains(published, p) {
			delete(w.seen, p)
		}
	}
	var next assess.Period
	fresh := 0
	for _, p := range published {
		at, known := w.seen[p]
		if !known {
			fresh++
		}
		if at.through != v.Through && (next == "" || at.turn < w.seen[next].turn) {
			next = p
		}
	}
	if next == "" {
		return false
	}
	w.turn++
	at := lookedAt{through: v.Through, turn: w.turn}
	x, _ := v.State.Cycle.Periods.Get(string(next))
	if rev, ok := x.Published(); ok {
		if before, err := w.app.scores.Published(v, next, rev.Number); err == nil {
			o := score.Of(v, windows, &w.app.scores).Outcome(next)
			at.differs = len(assess.Compare(before, &o)) > 0
		}
	}
	w.seen[next] = at
	return fresh > 1
}
