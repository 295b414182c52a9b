package app

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/queue"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

const (
	// endLineEvery is how often is looked whether the line's day is over.
	endLineEvery = 5 * time.Second
	// pressWithin is how old a press of a call button may be: one that comes late
	// out of an outbox calls nobody.
	pressWithin = 10 * time.Second
	// pressesAhead bounds the presses that wait to be carried out.
	pressesAhead = 256
)

// endLines closes what is left of the line when its day is over, and marks
// appointments that nobody came for.
func (a *App) endLines(ctx context.Context) error {
	actor := wire.Actor{Kind: wire.ActorSchedule, ID: "line-end"}
	for {
		now := a.cfg.Now().In(a.zone)
		due := false
		a.Read(func(v *register.View, windows *roster.State) {
			due = v.State.Line.Ends(v.State.Hall(windows), hall.Moment{Now: now, Day: hall.DateOf(now, a.zone), Zone: a.zone})
		})
		if due {
			made, _, err := a.decide(ctx, actor, "", queue.EndDay{})
			if err != nil && ctx.Err() == nil {
				a.logger.Error("what is left of the line could not be closed; it is tried again", "error", err)
			} else if len(made) > 0 {
				a.logger.Info("the line's day is over", "closed", len(made))
			}
		}
		if !wait(ctx, endLineEvery) {
			return nil
		}
	}
}

// press is a call button that was pressed.
type press struct {
	id, agent string
	at        time.Time
}

// pressed hands over the presses of a batch; whoever calls holds the views still.
func (a *App) pressed(batch []wire.Record) {
	for i := range batch {
		r := &batch[i]
		if r.Kind != wire.KindCallPressed || r.Clock == wire.ClockUnsynced || time.Since(r.At) > pressWithin {
			continue
		}
		select {
		case a.presses <- press{r.ID, r.Agent, r.At}:
		default:
			a.logger.Warn("too many call buttons were pressed at once; one press was ignored", "agent", r.Agent)
		}
	}
}

// callButtons carries out presses of call buttons at windows. Each acts once,
// whatever the device sends again.
func (a *App) callButtons(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case p := <-a.presses:
			a.callButton(ctx, p)
		}
	}
}

func (a *App) callButton(ctx context.Context, p press) {
	c := queue.Press{}
	a.Read(func(v *register.View, windows *roster.State) {
		c.Window = windows.WindowOf(p.agent)
		c.Here = v.Days.At(a.cfg.Now()).Windows[c.Window].Here
	})
	if c.Window == "" || time.Since(p.at) > pressWithin {
		return
	}
	actor := wire.Actor{Kind: wire.ActorDevice, ID: p.agent}
	made, _, err := a.decide(ctx, actor, "press/"+p.id, c)
	if err == nil && queue.Goes(made) {
		_, _, err = a.decide(ctx, actor, "press/"+p.id+"/next", c)
	}
	if refusal := (*hall.Error)(nil); errors.As(err, &refusal) {
		a.logger.Info("a call button was pressed and the line refuses", "agent", p.agent, "window", c.Window, "why", refusal.Name)
		a.signal(p.agent, "refused")
	} else if err != nil && ctx.Err() == nil {
		a.logger.Error("a call button could not be obeyed", "agent", p.agent, "error", err)
	}
}

// signal shows a pattern of the lamps at a device.
func (a *App) signal(agent, pattern string) {
	data, err := json.Marshal(wire.Signal{Pattern: pattern})
	if err == nil {
		err = a.sendWith(agent, wire.CommandSignal, data)
	}
	if err != nil {
		a.logger.Warn("a device could not be shown a signal", "agent", agent, "error", err)
	}
}
