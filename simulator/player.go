package simulator

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"hallkeeper/simulator/day"
	"hallkeeper/simulator/hand"
)

// What people put up with, by the clock of their own schedule, and what a card
// reader does by ours.
const (
	// patience is how late a call or a rating is still made after the agent was away.
	patience = 5 * time.Minute
	// swipePatience is how late a swipe is still made: half a shift.
	swipePatience = 4 * time.Hour
	// leastPatience is the least of both in real time, so that a fast schedule
	// does not drop acts because the machine is busy.
	leastPatience = 3 * time.Second
	// cardRest is how long a card rests before it is held to the reader again:
	// within 2 s an agent takes it for the same swipe.
	cardRest = 2300 * time.Millisecond
)

// rhythm lays working days one after the other onto real time, nights left out.
type rhythm struct {
	start time.Time
	// from is the time of day of the first day that falls on start.
	from  time.Duration
	speed float64
}

// when is the real time of a time of day on the nth day.
func (r rhythm) when(n int, ofDay time.Duration) time.Time {
	plan := time.Duration(n)*(day.Closes-day.Opens) + ofDay - r.from
	return r.start.Add(r.real(plan))
}

func (r rhythm) real(plan time.Duration) time.Duration {
	return time.Duration(float64(plan) / r.speed)
}

// late says whether an act that is due at due has become pointless at now.
func (r rhythm) late(kind day.Kind, due, now time.Time) bool {
	limit := patience
	if kind == day.ComeIn || kind == day.GoOut {
		limit = swipePatience
	}
	return now.Sub(due) > max(r.real(limit), leastPatience)
}

// actor is what a player needs of a hand.
type actor interface {
	Ready(ctx context.Context) error
	Press(ctx context.Context, line string) error
	Swipe(ctx context.Context, bits int, number uint32) error
	Close()
}

// sign is what staff see at their window: whether it counts as staffed.
type sign interface {
	staffed(ctx context.Context, window string) (staffed, known bool)
	// counter is what they see of the line, no earlier than after.
	counter(ctx context.Context, window string, after time.Time) (c counter, known bool)
}

// player plays one window's people.
type player struct {
	window, agent string
	days          day.Config
	seed          uint64
	first         day.Date
	rhythm        rhythm
	hand          actor
	sign          sign
	desk          desk
	log           *slog.Logger

	// present is what the staff member believes of their own last swipe.
	present bool
	swiped  time.Time
	// served: somebody was served here since the last rating.
	served bool
	// chance is for what the plan leaves open.
	chance *rand.Rand
}

// run plays day after day until ctx ends.
func (p *player) run(ctx context.Context) error {
	defer p.hand.Close()
	for n := 0; ; n++ {
		for _, act := range day.Plan(p.days, p.seed, p.first.Add(n)) {
			if err := p.act(ctx, act, p.rhythm.when(n, act.At)); err != nil {
				return err
			}
		}
		// A day without any act must not become a busy loop.
		if err := waitUntil(ctx, p.rhythm.when(n, day.Closes-time.Minute)); err != nil {
			return err
		}
	}
}

// act does one act when it is due, or not at all where it comes too late. An
// error ends the play.
func (p *player) act(ctx context.Context, act day.Act, due time.Time) error {
	if err := waitUntil(ctx, due); err != nil {
		return err
	}
	if err := p.hand.Ready(ctx); err != nil {
		return err
	}
	if p.rhythm.late(act.Kind, due, time.Now()) {
		p.log.Debug("an act came too late", "act", act.String())
		return nil
	}
	var err error
	switch act.Kind {
	case day.ComeIn, day.GoOut:
		err = p.come(ctx, act.Card, act.Kind == day.ComeIn)
	case day.Call:
		err = p.glance(ctx)
		if err == nil {
			err = p.callNext(ctx)
		}
	case day.Done:
		err = p.finish(ctx)
	case day.Rate:
		err = p.rate(ctx, act.Level)
	}
	if errors.Is(err, hand.ErrGone) && ctx.Err() == nil {
		p.log.Debug("nobody knows whether the agent saw an act", "act", act.String())
		return nil
	}
	return err
}

// come swipes to be in or out, unless the sign says that this is so already.
func (p *player) come(ctx context.Context, card day.Card, in bool) error {
	p.present = in
	if !in {
		if err := p.finish(ctx); err != nil {
			return err
		}
	}
	if err := waitUntil(ctx, p.swiped.Add(cardRest)); err != nil {
		return err
	}
	if staffed, known := p.sign.staffed(ctx, p.window); known && staffed == in {
		return nil
	}
	p.swiped = time.Now()
	return p.hand.Swipe(ctx, card.Bits, card.Number)
}

// glance is a look at the sign before calling: whoever swiped in and is not
// counted as there swipes again. Who forgot to swipe does not look.
func (p *player) glance(ctx context.Context) error {
	if !p.present || time.Since(p.swiped) < cardRest {
		return nil // the sign needs a moment to follow a swipe
	}
	if staffed, known := p.sign.staffed(ctx, p.window); !known || staffed {
		return nil
	}
	card := day.StaffOf(p.seed, p.agent).Card
	p.swiped = time.Now()
	return p.hand.Swipe(ctx, card.Bits, card.Number)
}

// waitUntil waits for a moment, and gives ctx's error where that ends first.
func waitUntil(ctx context.Context, at time.Time) error {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
