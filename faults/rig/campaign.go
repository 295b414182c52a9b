package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"hallkeeper/agent/board"
	"hallkeeper/agent/board/simlink"
	"hallkeeper/faults/rig/link"
	"hallkeeper/simulator/pulse"
)

const (
	// between acts a person takes longer than the debounce, and a reader longer than a frame's end.
	rest = 60 * time.Millisecond
	// A press must not be later than half the debounce of the board file, a frame
	// than half the silence that ends it.
	latePress = 5 * time.Millisecond
	lateFrame = 12 * time.Millisecond
	// patience bounds each wait; an emulated machine on a busy computer is slow.
	patience = 2 * time.Minute
	// lampMS is how long a person looks at the lamp.
	lampMS = 10_000
)

// campaign is what is done to the window computer, and what of it must be in the log.
type campaign struct {
	o       *options
	hub     *hub
	machine *machine
	r       *rand.Rand
	lines   map[string]string // of the board file: what the kernel calls a button's or reader's line

	done, maybe counts
	kills, late int
	dark        int // lamps that did not light
	card        uint32
	faults      []string
	steps       []string
	got         counts
	rss         int64
	cpu         float64 // share of one processor at rest
}

func newCampaign(o *options, h *hub, m *machine) *campaign {
	c := &campaign{o: o, hub: h, machine: m, r: rand.New(rand.NewPCG(o.seed, 0)), lines: map[string]string{}, done: counts{}, maybe: counts{}}
	for name, b := range board.Standard().Buttons {
		c.lines[name] = b.Pin
	}
	front := board.Standard().Readers["front"]
	c.lines[pulse.LineD0], c.lines[pulse.LineD1] = front.D0, front.D1
	return c
}

func buttons() []string { return slices.Sorted(maps.Keys(board.Standard().Buttons)) }

// play does everything, step by step. Each step ends when the log shows what it made.
func (c *campaign) play(ctx context.Context) error {
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"it starts and reports itself", func(ctx context.Context) error {
			return c.until(ctx, "agent.started", func(n counts) bool { return n["agent.started"] >= 1 })
		}},
		{"bouncing presses of every button", c.presses},
		{"cards of 26 and 34 bits", c.cards},
		{"frames with a wrong bit, short and long ones, noise", c.badFrames},
		{"five buttons at once", c.together},
		{"a button that is held down", c.stuck},
		{"at rest", c.atRest},
		{"the GPIO chip goes away and comes back", c.chip},
		{"the network cable is pulled", c.cable},
		{"the agent is killed", c.killed},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		c.o.log("%s", step.name)
		c.steps = append(c.steps, step.name)
	}
	return nil
}

// until waits until the log's counts are as they should be.
func (c *campaign) until(ctx context.Context, what string, ok func(counts) bool) error {
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		records, err := c.hub.events(ctx)
		if err != nil {
			return err
		}
		n, _ := count(records)
		switch {
		case ok(n):
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case time.Now().After(end):
			return fmt.Errorf("waited %v in vain for %s; the log has %v, done was %v; the console ends with\n%s",
				patience, what, n, c.done, c.machine.console.Tail(10))
		}
	}
}

// stored waits until all that was done is in the log.
func (c *campaign) stored(ctx context.Context) error {
	return c.until(ctx, "what was done", func(n counts) bool {
		for k, want := range c.done {
			if n[k] < want {
				return false
			}
		}
		return true
	})
}

// train has lines moved. clean is false where the machine was so late that a
// hand's bounce could last as long as a press, or a frame fall apart.
func (c *campaign) train(levels []simlink.Level, limit time.Duration) (clean bool, err error) {
	out := make([]link.Level, len(levels))
	for i, l := range levels {
		out[i] = link.Level{AfterUS: l.AfterUS, Line: c.lines[l.Line], High: l.High}
	}
	a, err := c.machine.order(link.Order{Do: link.Play, Train: out})
	clean = a.LateUS < limit.Microseconds()
	if !clean {
		c.late++
	}
	return clean, err
}

// press presses one button and rests. What a late one made nobody can know: one press, or more.
func (c *campaign) press(button string) error {
	levels := pulse.Press(c.r, button, pulse.Hold(c.r))
	clean, err := c.train(append(levels, simlink.Level{AfterUS: rest.Microseconds(), Line: button, High: true}), latePress)
	if !clean {
		c.maybe[button] += len(levels)
	}
	return err
}

// frame is the next card's frame, of a number that no card had.
func (c *campaign) frame() ([]simlink.Level, error) {
	c.card++
	size := 26 + 8*c.r.IntN(2)
	levels, err := pulse.Wiegand(c.r, size, c.card)
	if err != nil {
		return nil, err
	}
	return append(levels, simlink.Level{AfterUS: rest.Microseconds(), Line: pulse.LineD0, High: true}), nil
}

// swipe holds a card to the reader, and another where the frame was late.
func (c *campaign) swipe() error {
	for {
		levels, err := c.frame()
		if err != nil {
			return err
		}
		clean, err := c.train(levels, lateFrame)
		if clean || err != nil {
			return err
		}
		c.maybe["card"]++
	}
}

func (c *campaign) presses(ctx context.Context) error {
	for range 20 {
		for _, b := range buttons() {
			if err := c.press(b); err != nil {
				return err
			}
			c.done[b]++
		}
	}
	return c.stored(ctx)
}

func (c *campaign) cards(ctx context.Context) error {
	for range c.o.frames {
		if err := c.swipe(); err != nil {
			return err
		}
		c.done["card"]++
	}
	return c.stored(ctx)
}

// badFrames are no cards, whatever they look like.
func (c *campaign) badFrames(ctx context.Context) error {
	for i := range 40 {
		levels, err := c.frame()
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
		if _, err := c.train(levels, lateFrame); err != nil {
			return err
		}
	}
	if err := c.swipe(); err != nil { // and the reader reads on
		return err
	}
	c.done["card"]++
	return errors.Join(c.stored(ctx), c.until(ctx, "reports of bad frames", func(n counts) bool {
		return n["reader.fault parity"] > 0 && n["reader.fault length"] > 0
	}))
}

func (c *campaign) together(ctx context.Context) error {
	var down, up []simlink.Level
	for _, b := range buttons() {
		down = append(down, simlink.Level{Line: b})
		up = append(up, simlink.Level{Line: b, High: true})
		c.done[b]++
	}
	up[0].AfterUS = pulse.Hold(c.r).Microseconds()
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
	c.done["call"]++
	if err := c.until(ctx, "the report of a stuck button", func(n counts) bool { return n["input.stuck"] == 1 }); err != nil {
		return err
	}
	if _, err := c.train([]simlink.Level{{Line: "call", High: true}, {AfterUS: rest.Microseconds(), Line: "call", High: true}}, time.Hour); err != nil {
		return err
	}
	if err := c.press("call"); err != nil {
		return err
	}
	c.done["call"]++
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

// chip takes the pins away under the agent. When they are back on a new device
// the agent starts again by itself, and all inputs work.
func (c *campaign) chip(ctx context.Context) error {
	before, err := c.machine.order(link.Order{Do: link.Usage})
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
	err = c.until(ctx, "the agent's new start", func(n counts) bool { return n["agent.started"] > before.Starts })
	if err != nil {
		return err
	}
	if err := c.awake(); err != nil {
		return err
	}
	for _, b := range buttons() {
		if err := c.press(b); err != nil {
			return err
		}
		c.done[b]++
	}
	if err := c.swipe(); err != nil {
		return err
	}
	c.done["card"]++
	return c.stored(ctx)
}

// awake swipes until the lamp answers: then all lines are open. A swipe whose
// lamp stays dark may have been kept or not.
func (c *campaign) awake() error {
	for range 20 {
		kept, err := c.watched(c.swipe)
		if err != nil {
			return err
		}
		if kept {
			c.done["card"]++
			return nil
		}
		c.maybe["card"]++
		c.dark++
	}
	return errors.New("the agent takes no swipes")
}

// watched does something while the lamp is dark and tells whether it lit.
func (c *campaign) watched(act func() error) (kept bool, err error) {
	if _, err := c.machine.order(link.Order{Do: link.Green, WaitMS: lampMS}); err != nil {
		return false, err
	}
	if err := act(); err != nil {
		return false, err
	}
	a, err := c.machine.order(link.Order{Do: link.Green, On: true, WaitMS: 3000})
	return a.Seen, err
}

// cable: what is done without the network is kept, and sent once it is back.
func (c *campaign) cable(ctx context.Context) error {
	if err := c.swipe(); err != nil {
		return err
	}
	c.done["card"]++
	// Orders need the cable too: what is done without it is one long train.
	var levels []simlink.Level
	for range 5 {
		levels = append(levels, simlink.Level{AfterUS: 2_000_000, Line: "rating5", High: true})
		for _, b := range buttons() {
			levels = append(levels, pulse.Press(c.r, b, pulse.Hold(c.r))...)
			levels = append(levels, simlink.Level{AfterUS: rest.Microseconds(), Line: b, High: true})
			c.done[b]++
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

// killed ends the agent with SIGKILL, mostly right after the lamp has said that
// something is kept, when it is on its way to the hub.
func (c *campaign) killed(ctx context.Context) error {
	for range c.o.kills {
		b := buttons()[c.r.IntN(len(buttons()))]
		act, key := func() error { return c.press(b) }, b
		if c.r.IntN(2) == 0 {
			act, key = c.swipe, "card"
		}
		kept, err := c.watched(act)
		if err != nil {
			return err
		}
		if kept {
			c.done[key]++
		} else {
			c.maybe[key]++
			c.dark++
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

// settle waits until nothing comes any more, and judges the log.
func (c *campaign) settle(ctx context.Context) error {
	if err := c.stored(ctx); err != nil {
		return err
	}
	records, err := c.hub.events(ctx)
	if err != nil {
		return err
	}
	c.got, c.faults = count(records)
	c.faults = append(c.faults, compare(c.done, c.maybe, c.got)...)
	return nil
}

func (c *campaign) print(to io.Writer) {
	presses, got := 0, 0
	for k, n := range c.done {
		if k != "card" {
			presses, got = presses+n, got+c.got[k]
		}
	}
	result := "ok"
	if len(c.faults) > 0 {
		result = strings.Join(c.faults, "; ")
	}
	t := tabwriter.NewWriter(to, 2, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "seed\tpresses\tstored\tcards\tstored\tkills\tdark lamps\tlate trains\treader faults\tagent RSS\tCPU at rest\tresult\t")
	faults := 0
	for k, n := range c.got {
		if strings.HasPrefix(k, "reader.fault") {
			faults += n
		}
	}
	fmt.Fprintf(t, "%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.1f MiB\t%.1f %%\t%s\t\n", c.o.seed, presses, got, c.done["card"], c.got["card"],
		c.kills, c.dark, c.late, faults, float64(c.rss)/1024, 100*c.cpu, result)
	_ = t.Flush()
}
