package app

import (
	"context"
	"time"

	"hallkeeper/hub/approval"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// proposalsEvery is how often is looked for proposals that nobody has confirmed in time.
const proposalsEvery = time.Minute

// lapseProposals ends what nobody has confirmed by its last day.
func (a *App) lapseProposals(ctx context.Context) error {
	for {
		if err := a.proposalsDue(ctx, a.cfg.Now()); err != nil && ctx.Err() == nil {
			a.logger.Error("a proposal could not be ended; it is tried again", "error", err)
		}
		if !wait(ctx, proposalsEvery) {
			return nil
		}
	}
}

func (a *App) proposalsDue(ctx context.Context, now time.Time) error {
	var due []string
	a.Read(func(v *register.View, _ *roster.State) { due = v.State.Approvals.Due(hall.DateOf(now, a.zone)) })
	for _, id := range due {
		if _, _, err := a.decide(ctx, wire.Actor{Kind: wire.ActorSchedule, ID: "proposals"}, "lapse/"+id, approval.Lapse{Proposal: id}); err != nil {
			return err
		}
		a.logger.Info("a proposal has lapsed", "proposal", id)
	}
	return nil
}
