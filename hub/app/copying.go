package app

import (
	"context"
	"strconv"
	"time"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/copies"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// edition is a revision of which departments are to get copies.
type edition struct {
	period   assess.Period
	revision int
}

// key is the log's: copies of a publication are ordered by themselves once.
func (p edition) key() string { return "copies/" + string(p.period) + "/" + strconv.Itoa(p.revision) }

// announced wakes who orders copies where a batch publishes something, or signs what was published: a copy names
// the tree head that covers it. Whoever calls holds the views still.
func (a *App) announced(batch []wire.Record) {
	for i := range batch {
		if k := batch[i].Kind; k == wire.KindPeriodPublished || k == wire.KindPeriodRevised || k == wire.KindLogCheckpoint {
			select {
			case a.news <- struct{}{}:
			default: // it is awake
			}
			return
		}
	}
}

// orderCopies orders the copies of what is published for all departments in it that have a mail
// address (63号 第八条), also of what was published just before the hub was stopped. It runs where
// a mail server is set; without one departments download.
func (a *App) orderCopies(ctx context.Context) error {
	done := map[edition]bool{}
	for {
		again := false
		for _, p := range a.fresh(a.cfg.Now(), done) {
			if err := a.copyOut(ctx, p); err != nil && ctx.Err() == nil {
				a.logger.Error("the copies of a publication could not be ordered; it is tried again", "period", string(p.period), "error", err)
				again = true
				continue
			}
			done[p] = true
		}
		var retry <-chan time.Time
		if again {
			retry = time.After(copyRetry)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-a.news:
		case <-retry:
		}
	}
}

// copyRetry is the pause before copies that could not be ordered are tried again.
const copyRetry = 30 * time.Second

// fresh are the newest publications that a signed tree head covers, not older than a copy may wait.
func (a *App) fresh(now time.Time, done map[edition]bool) (due []edition) {
	signed := wire.Position(0)
	if all := a.views.checkpoints(); len(all) > 0 {
		signed = wire.Position(all[len(all)-1].Size)
	}
	a.Read(func(v *register.View, _ *roster.State) {
		for id, x := range v.State.Cycle.Periods.All() {
			rev, ok := x.Published()
			p := edition{assess.Period(id), rev.Number}
			if ok && !done[p] && rev.Event <= signed && now.Sub(rev.At) < copies.Patience {
				due = append(due, p)
			}
		}
	})
	return due
}

func (a *App) copyOut(ctx context.Context, p edition) error {
	_, departments, err := a.Published(p.period)
	if err != nil || len(departments) == 0 {
		return err
	}
	actor := wire.Actor{Kind: wire.ActorSchedule, ID: "copies"}
	_, _, err = a.decide(ctx, actor, p.key(), copies.Queue{Period: string(p.period), Revision: p.revision, Departments: departments, Skip: true})
	return err
}
