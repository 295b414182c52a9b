package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"hallkeeper/agent/board/simlink"
	"hallkeeper/faults/rig/link"
	"hallkeeper/simulator/pulse"
)

const (
	// burstActs are more than the power lasts for.
	burstActs = 200
	// cutWithin is how many writes and flushes of the disk the power lasts for at
	// most; a kept event takes a few.
	cutWithin = 60
)

// powerCuts takes the power away while people press and swipe.
func (c *campaign) powerCuts(ctx context.Context) error {
	for range c.o.cuts {
		if err := c.powerCut(ctx, 0); err != nil {
			return err
		}
		if err := c.awake(); err != nil {
			return err
		}
		if err := errors.Join(c.setClock(ctx), c.stored(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// powerCut lets the power go in mid-burst and without a network, at some write or flush of the disk or,
// where after is not 0, by the clock, and switches the machine on again. What a
// lamp had confirmed must be there.
func (c *campaign) powerCut(ctx context.Context, after time.Duration) error {
	acts, keys, err := c.burst()
	if err != nil {
		return err
	}
	if err := c.machine.send(link.Order{Do: link.Burst, Acts: acts, WaitMS: 5000}); err != nil {
		return err
	}
	// What is at the hub already cannot be lost: the outbox has to be the only copy.
	time.Sleep(time.Second)
	if err := c.machine.cable(false); err != nil {
		return err
	}
	lot := rand.New(rand.NewPCG(c.r.Uint64(), 0))
	var tripped <-chan struct{}
	if after == 0 {
		tripped = c.disk.Arm(1+c.r.IntN(cutWithin), lot)
	}
	var clock <-chan time.Time
	if after > 0 {
		clock = time.After(after)
	}
	select {
	case <-tripped:
	case <-clock:
	case <-c.machine.ended:
		return fmt.Errorf("QEMU ended by itself; the console ends with\n%s", c.machine.console.Tail(15))
	case <-time.After(patience):
		return fmt.Errorf("the disk was asked for nothing for %v; the console ends with\n%s", patience, c.machine.console.Tail(15))
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	loss := c.disk.Cut(lot)
	c.machine.kill()
	c.cuts++
	c.dropped += loss.Cached - loss.Kept
	lit := map[int]bool{}
	for _, text := range c.machine.console.Lines("rig: lit ") {
		if id, err := strconv.Atoi(text); err == nil {
			lit[id] = true
		}
	}
	begun := 0
	for _, text := range c.machine.console.Lines("rig: begun ") {
		id, err := strconv.Atoi(text)
		if err != nil || keys[id] == "" {
			continue // of an earlier burst
		}
		begun++
		c.enter(keys[id], lit[id])
		if lit[id] {
			c.lit++
		}
	}
	if begun == 0 {
		return errors.New("the power went before anybody did anything")
	}
	return c.powerOn(ctx)
}

// burst draws acts and what each must leave in the log.
func (c *campaign) burst() (acts []link.Act, keys map[int]string, err error) {
	keys = map[int]string{}
	for range burstActs {
		c.acts++
		act := link.Act{ID: c.acts}
		switch c.r.IntN(3) {
		case 0:
			// A late press is two or none: only one without bounce is sure to be one.
			b := buttons()[c.r.IntN(len(buttons()))]
			keys[act.ID] = b
			act.Train = c.convert([]simlink.Level{{Line: b}, {AfterUS: pulse.Hold(c.r).Microseconds(), Line: b, High: true}})
		case 1:
			levels, token, err := c.frame()
			if err != nil {
				return nil, nil, err
			}
			keys[act.ID], act.Train = token, c.convert(levels)
			c.broken(levels[2:]) // nobody tells whether it was late: its parts may be there
			c.broken(levels[:len(levels)-3])
		default:
			act.Text, keys[act.ID] = c.text()
		}
		acts = append(acts, act)
	}
	return acts, keys, nil
}
