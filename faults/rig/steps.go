package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hallkeeper/agent/board/simlink"
	"hallkeeper/faults/rig/link"
	"hallkeeper/simulator/pulse"
)

// step is a part of the campaign; it ends when the log shows what it made.
type step struct {
	name string
	do   func(context.Context) error
}

// steps are all parts that need one boot only.
func (c *campaign) steps() []step {
	return []step{
		{"bouncing presses of every button", c.pressAll},
		{"the clock is set", c.setClock},
		{"cards of 26 and 34 bits", c.swipeAll},
		{"cards at the reader that types", c.typeAll},
		{"frames with a wrong bit, short and long ones, noise", c.badFrames},
		{"five buttons at once", c.together},
		{"a button that is held down", c.stuck},
		{"at rest", c.atRest},
		{"a user without permissions is told what to do", c.forbidden},
		{"the reader is unplugged and plugged in", c.replug},
		{"keys that the kernel drops", c.drop},
		{"the GPIO chip goes away and comes back", c.chip},
		{"the network cable is pulled", c.cable},
		{"the agent is killed", c.kill},
	}
}

// play does everything.
func (c *campaign) play(ctx context.Context) error {
	if err := c.powerOn(ctx); err != nil {
		return err
	}
	c.o.log("the window computer is up")
	steps := c.steps()
	if c.o.cuts > 0 {
		steps = append(steps, step{"the power goes in mid-burst", c.powerCuts})
	}
	for _, s := range steps {
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		c.o.log("%s", s.name)
	}
	return nil
}

func (c *campaign) pressAll(ctx context.Context) error {
	for range c.o.rounds {
		for _, b := range buttons() {
			if err := c.must(b, c.press(b)); err != nil {
				return err
			}
		}
	}
	return c.stored(ctx)
}

// setClock: what was done before is marked as uncertain, and put right now.
func (c *campaign) setClock(ctx context.Context) error {
	if _, err := c.machine.order(link.Order{Do: link.Clock, UnixMS: time.Now().UnixMilli()}); err != nil {
		return err
	}
	return c.until(ctx, "the correction of the clock", func(f found) bool { return f.unsynced > 0 && f.corrected == c.boots })
}

func (c *campaign) swipeAll(ctx context.Context) error {
	for range c.o.frames {
		if err := c.must(c.swipe()); err != nil {
			return err
		}
	}
	return c.stored(ctx)
}

func (c *campaign) typeAll(ctx context.Context) error {
	a, err := c.machine.order(link.Order{Do: link.Taken})
	if err != nil {
		return err
	}
	if !a.Seen {
		return errors.New("another program can have the reader's keys: they are typed into whatever has the console")
	}
	for range max(1, c.o.frames/10) {
		if err := c.must(c.typeCard()); err != nil {
			return err
		}
	}
	return c.stored(ctx)
}

// badFrames are no cards, whatever they look like.
func (c *campaign) badFrames(ctx context.Context) error {
	for i := range 40 {
		levels, _, err := c.frame()
		if err != nil {
			return err
		}
		pulses := (len(levels) - 1) / 2
		at := 2 * c.r.IntN(pulses)
		switch i % 4 {
		case 0: // one bit is another: two pulses of the other line
			line := pulse.LineD0
			if levels[at].Line == line {
				line = pulse.LineD1
			}
			levels[at].Line, levels[at+1].Line = line, line
		case 1: // one bit is missing
			levels = slices.Delete(levels, at, at+2)
		case 2: // one is too many
			extra := []simlink.Level{{AfterUS: 1000, Line: pulse.LineD0}, {AfterUS: 80, Line: pulse.LineD0, High: true}}
			levels = slices.Insert(levels, len(levels)-1, extra...)
		default: // noise: a few pulses
			levels = append(levels[:2*(1+c.r.IntN(10))], levels[len(levels)-1])
		}
		clean, err := c.train(levels, lateFrame)
		if err != nil {
			return err
		}
		if !clean {
			c.broken(levels)
		}
	}
	if err := c.must(c.swipe()); err != nil { // and the reader reads on
		return err
	}
	return errors.Join(c.stored(ctx), c.until(ctx, "reports of bad frames", func(f found) bool {
		return f.counts["reader.fault parity"] > 0 && f.counts["reader.fault length"] > 0
	}))
}

func (c *campaign) together(ctx context.Context) error {
	var down, up []simlink.Level
	for _, b := range buttons() {
		down = append(down, simlink.Level{Line: b})
		up = append(up, simlink.Level{Line: b, High: true})
		c.enter(b, true)
		c.presses++
	}
	up[0].AfterUS = pulse.Hold(c.r).Microseconds()
	up = append(up, simlink.Level{AfterUS: rest.Microseconds(), Line: "call", High: true}) // or the next press would be this one
	if _, err := c.train(slices.Concat(down, up), time.Hour); err != nil {
		return err
	}
	return c.stored(ctx)
}

// stuck holds a button for longer than anybody presses: a press, then one report, then silence until it is free.
func (c *campaign) stuck(ctx context.Context) error {
	if _, err := c.train([]simlink.Level{{Line: "call"}}, time.Hour); err != nil {
		return err
	}
	c.enter("call", true)
	c.presses++
	if err := c.until(ctx, "the report of a stuck button", func(f found) bool { return f.counts["input.stuck"] == 1 }); err != nil {
		return err
	}
	if _, err := c.train([]simlink.Level{{Line: "call", High: true}, {AfterUS: rest.Microseconds(), Line: "call", High: true}}, time.Hour); err != nil {
		return err
	}
	if err := c.must("call", c.press("call")); err != nil {
		return err
	}
	return c.stored(ctx)
}

// atRest measures what the agent uses while nobody does anything.
func (c *campaign) atRest(context.Context) error {
	const span = 10 * time.Second
	before, err := c.machine.order(link.Order{Do: link.Usage})
	if err != nil {
		return err
	}
	time.Sleep(span)
	after, err := c.machine.order(link.Order{Do: link.Usage})
	if err != nil {
		return err
	}
	c.rss, c.cpu = after.RSSKiB, float64(after.CPUMS-before.CPUMS)/float64(span.Milliseconds())
	return nil
}

// forbidden asks the doctor as a user who may use no device.
func (c *campaign) forbidden(context.Context) error {
	a, err := c.machine.order(link.Order{Do: link.Doctor})
	if err != nil {
		return err
	}
	if !strings.Contains(a.Text, "no permission for /dev/gpiochip") || !strings.Contains(a.Text, "60-hallkeeper-gpio.rules") {
		return fmt.Errorf("agent doctor does not say so:\n%s", a.Text)
	}
	return nil
}

// replug unplugs the reader, some of the time while it types.
func (c *campaign) replug(ctx context.Context) error {
	for i := range c.o.replugs {
		before := c.replugs
		if i%2 == 1 { // half a number is no card
			if _, err := c.machine.order(link.Order{Do: link.Type, Text: "00000"}); err != nil {
				return err
			}
		}
		for _, in := range []bool{false, true} {
			if _, err := c.machine.order(link.Order{Do: link.Plug, On: in}); err != nil {
				return err
			}
			if !in {
				err := c.until(ctx, "the report of a reader that is gone", func(f found) bool { return f.counts["reader.fault lost"] > before })
				if err != nil {
					return err
				}
			}
		}
		c.replugs++
		kept := false
		for tries := 0; !kept; tries++ { // until it was opened again
			var err error
			if kept, err = c.watched(c.typeCard); err != nil {
				return err
			}
			if tries == 20 {
				return errors.New("the reader that was plugged in again is not read")
			}
		}
	}
	return c.stored(ctx)
}

// drop types more than the kernel keeps, while the agent gets no processor: what
// is left over is no card, and the next one is read.
func (c *campaign) drop(ctx context.Context) error {
	if _, err := c.machine.order(link.Order{Do: link.Freeze, On: true}); err != nil {
		return err
	}
	for range 10 {
		token, err := c.typeCard()
		if err != nil {
			return err
		}
		c.enter(token, false) // those that the kernel still has are read
	}
	if _, err := c.machine.order(link.Order{Do: link.Freeze}); err != nil {
		return err
	}
	if err := c.until(ctx, "the report of dropped keys", func(f found) bool { return f.counts["reader.fault lost_keys"] > 0 }); err != nil {
		return err
	}
	if err := c.must(c.typeCard()); err != nil {
		return err
	}
	return c.stored(ctx)
}

// chip takes the pins away under the agent. When they are back on a new device
// the agent starts again by itself, and all inputs work.
func (c *campaign) chip(ctx context.Context) error {
	before, err := c.starts(ctx)
	if err != nil {
		return err
	}
	if _, err := c.machine.order(link.Order{Do: link.Chip}); err != nil {
		return err
	}
	time.Sleep(3 * time.Second)
	if _, err := c.machine.order(link.Order{Do: link.Chip, On: true}); err != nil {
		return err
	}
	if err := c.until(ctx, "the agent's new start", func(f found) bool { return f.counts["agent.started"] > before }); err != nil {
		return err
	}
	if err := c.awake(); err != nil {
		return err
	}
	for _, b := range buttons() {
		if err := c.must(b, c.press(b)); err != nil {
			return err
		}
	}
	if err := c.must(c.swipe()); err != nil {
		return err
	}
	return c.stored(ctx)
}

// cable: what is done without the network is kept, and sent once it is back.
func (c *campaign) cable(ctx context.Context) error {
	if err := c.must(c.swipe()); err != nil {
		return err
	}
	// Orders need the cable too: what is done without it is one long train.
	var levels []simlink.Level
	for range 5 {
		levels = append(levels, simlink.Level{AfterUS: 2_000_000, Line: "rating5", High: true})
		for _, b := range buttons() {
			levels = append(levels, pulse.Press(c.r, b, pulse.Hold(c.r))...)
			levels = append(levels, simlink.Level{AfterUS: rest.Microseconds(), Line: b, High: true})
			c.enter(b, true)
			c.presses++
		}
	}
	out := make(chan error, 1)
	go func() {
		clean, err := c.train(levels, latePress)
		if !clean {
			for _, b := range buttons() {
				c.maybe[b] += len(levels)
			}
		}
		out <- err
	}()
	time.Sleep(500 * time.Millisecond)
	if err := c.machine.cable(false); err != nil {
		return err
	}
	time.Sleep(9 * time.Second) // longer than the agent's keep-alive
	if err := c.machine.cable(true); err != nil {
		return err
	}
	if err := <-out; err != nil {
		return err
	}
	return c.stored(ctx)
}

// kill ends the agent with SIGKILL, mostly right after the lamp has said that
// something is kept, when it is on its way to the hub.
func (c *campaign) kill(ctx context.Context) error {
	for range c.o.kills {
		b := buttons()[c.r.IntN(len(buttons()))]
		act := []func() (string, error){func() (string, error) { return b, c.press(b) }, c.swipe, c.typeCard}[c.r.IntN(3)]
		if _, err := c.watched(act); err != nil {
			return err
		}
		if _, err := c.machine.order(link.Order{Do: link.Kill}); err != nil {
			return err
		}
		c.kills++
		time.Sleep(time.Second)
		if err := c.awake(); err != nil {
			return err
		}
	}
	return c.stored(ctx)
}
