package main

import (
	"context"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/cycle"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// publish tells what the hall computed, reviewed and published on a past day: the
// month before once its days for appeals are over, and with it the quarter and the
// year that this month ends. What a person would be refused is not told either.
func (p *past) publish(ctx context.Context, today hall.Date) error {
	month := assess.PeriodOf(assess.PerMonth, hall.Date(string(today)[:8]+"01").AddDays(-1))
	for q := month; q != ""; q = q.Whole() {
		if _, last := q.Days(); today <= last {
			return nil
		}
		drafts, may := p.step(q, today)
		if !may {
			return nil
		}
		if len(drafts) == 0 {
			continue
		}
		if err := p.hub.Tell(ctx, demoActor(), "demo/period/"+string(q), drafts); err != nil {
			return err
		}
	}
	return nil
}

// step is the way of a period to its publication on a day, empty where it is published
// already; may is false where it may not be.
func (p *past) step(q assess.Period, today hall.Date) (drafts []hall.Draft, may bool) {
	var opened hall.Date
	told := false
	p.hub.Read(func(v *register.View, windows *roster.State) {
		w := v.State.CycleWorld(windows)
		_, last := q.Days()
		if x, _ := v.State.Cycle.Periods.Get(string(q)); len(x.Steps) > 0 {
			told, may = true, len(x.Revisions) > 0
			return
		}
		// Computed on the first working day, reviewed and opened on the second.
		if q.Kind() == assess.PerMonth {
			opened, _ = w.Policy.Calendar().Add(last, 2+w.AppealDays(last))
			if today <= opened {
				return
			}
		}
		may = len(v.State.Cycle.Blocks(q, w, today)) == 0
	})
	if told || !may {
		return nil, may
	}
	c := p.hub.Outcome(q)
	if len(c.Outcome.People) == 0 {
		return nil, false
	}
	text, digest := cycle.Encode(c.Outcome)
	drafts = []hall.Draft{
		{Kind: wire.KindPeriodComputed, Data: wire.PeriodComputed{Period: string(q), Through: c.Through, Digest: digest}},
		{Kind: wire.KindPeriodReviewed, Data: wire.PeriodReviewed{Period: string(q), Digest: digest}},
	}
	if opened != "" {
		drafts = append(drafts, hall.Draft{Kind: wire.KindPeriodOpened, Data: wire.PeriodOpened{Period: string(q), Until: string(opened)}})
	}
	return append(drafts, hall.Draft{Kind: wire.KindPeriodPublished, Data: wire.PeriodPublished{Period: string(q), Revision: 1, Through: c.Through, Digest: digest, Outcome: text}}), true
}
