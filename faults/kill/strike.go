package main

import (
	"context"
	"time"
)

// strike kills and cuts until there were enough kills. What is done comes from
// the seed; which moment it hits is left to the machine.
func (c *campaign) strike(ctx context.Context) error {
	began := time.Now()
	told := 0
	for kills := 0; c.goesOn(kills, began); {
		if !pause(ctx, c.between(20, 250)) {
			return context.Cause(ctx)
		}
		if err := c.hall.crashed(); err != nil {
			return err
		}
		if err := c.takeBroken(); err != nil {
			return err
		}
		// All is drawn beforehand, so that what happens to work does not shift the chance.
		what, which := c.chance.IntN(100), c.chance.IntN(len(c.hall.agents))
		aim, down, early := c.between(0, 30), c.downtime(), c.chance.IntN(6) == 0
		if c.o.expectLoss {
			what = 50 // the hub alone can lose what it said it had
		}
		switch {
		case what >= 85:
			c.trouble(ctx)
			continue
		case what >= 72 && c.hall.broker != nil:
			kills += c.killBroker(ctx, down)
		case what >= 40 && (early || c.hall.hubServes()):
			c.aim(ctx, aim)
			kills += c.killHub(ctx, down)
		case c.o.expectLoss:
		default:
			c.aim(ctx, aim)
			kills += c.killAgent(ctx, which, down)
		}
		if kills >= told+50 {
			told = kills
			made, kept := c.book.counts()
			c.log("%d kills, %d acts, %d kept", kills, made, kept)
		}
	}
	return nil
}

func (c *campaign) goesOn(kills int, began time.Time) bool {
	if c.o.length > 0 {
		return time.Since(began) < c.o.length
	}
	return kills < c.o.kills
}

// between draws a time in milliseconds.
func (c *campaign) between(low, high int) time.Duration {
	return time.Duration(low+c.chance.IntN(high-low+1)) * time.Millisecond
}

// downtime is mostly short; sometimes long enough for outboxes to fill.
func (c *campaign) downtime() time.Duration {
	if c.chance.IntN(8) == 0 {
		return c.between(300, 1500)
	}
	return c.between(0, 200)
}

// aim waits for somebody's lamp and a little longer: an event that was just
// made is now somewhere between outbox and log.
func (c *campaign) aim(ctx context.Context, extra time.Duration) {
	select {
	case <-c.keptOne: // perhaps of long ago
	default:
	}
	timer := time.NewTimer(300 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-c.keptOne:
	case <-timer.C:
	case <-ctx.Done():
	}
	pause(ctx, extra)
}

func (c *campaign) killHub(ctx context.Context, down time.Duration) int {
	if !c.hall.killHub() {
		return 0
	}
	c.result.killed["hub"]++
	c.after(ctx, down, func() error { return c.hall.startHub(ctx) })
	return 1
}

func (c *campaign) killBroker(ctx context.Context, down time.Duration) int {
	if !c.hall.broker.kill() {
		return 0
	}
	c.result.killed["broker"]++
	c.after(ctx, down, c.hall.broker.start)
	return 1
}

func (c *campaign) killAgent(ctx context.Context, which int, down time.Duration) int {
	agent := c.hall.agents[which]
	if !agent.kill() {
		return 0
	}
	c.result.killed["agent"]++
	c.after(ctx, down, agent.start)
	return 1
}

// trouble does something to one cable, or to all, and heals it a while later.
func (c *campaign) trouble(ctx context.Context) {
	cables := c.hall.allCables()
	if c.chance.IntN(3) > 0 {
		one := c.chance.IntN(len(cables))
		cables = cables[one : one+1]
	}
	kind, reset, delay := c.chance.IntN(5), c.chance.IntN(2) == 0, c.between(1, 60)
	length := c.between(50, 1200)
	if c.chance.IntN(10) == 0 {
		length = c.between(4000, 9000) // longer than the agents' keep-alive
	}
	for _, cable := range cables {
		switch kind {
		case 0:
			cable.pull()
		case 1:
			cable.hold(up | down)
		case 2:
			cable.hold(down) // events arrive, answers don't
		case 3:
			cable.hold(up)
		case 4:
			cable.slow(delay)
		}
	}
	c.result.cuts++
	c.after(ctx, length, func() error {
		for _, cable := range cables {
			cable.heal(reset)
		}
		return nil
	})
}
