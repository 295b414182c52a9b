package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"hallkeeper/agent/board"
	"hallkeeper/agent/board/simlink"
	"hallkeeper/agent/card"
	"hallkeeper/faults/disk"
	"hallkeeper/faults/rig/link"
	"hallkeeper/hub/vault"
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
	o     *options
	hub   *hub
	vault *vault.Vault // gives the tokens that the hub's log has of cards
	parts parts
	disk  *disk.Disk
	work  string
	// machine is the window computer while it is on; boots counts how often it was.
	machine *machine
	boots   int

	r     *rand.Rand
	lines map[string]string // of the board file: what the kernel calls a button's or reader's line

	done, maybe counts
	swiped      cards
	number      uint32 // of the latest card
	last        string // the token of the latest card whose lamp lit
	acts        int    // in bursts

	presses, frames, typed          int // that were done, in bursts not counted
	kills, cuts, replugs, late, lit int
	dark                            int // lamps that did not light
	dropped                         int // sectors that power cuts lost
	rss                             int64
	cpu                             float64 // share of one processor at rest
}

func newCampaign(o *options, h *hub, p parts, d *disk.Disk, work string) (*campaign, error) {
	v, err := vault.Open(h.keys(), "rig", "rig")
	if err != nil {
		return nil, fmt.Errorf("read the hub's key of cards: %w", err)
	}
	c := &campaign{o: o, hub: h, vault: v, parts: p, disk: d, work: work, r: rand.New(rand.NewPCG(o.seed, 0)), lines: map[string]string{},
		done: counts{}, maybe: counts{}, swiped: cards{}}
	for name, b := range board.Standard().Buttons {
		c.lines[name] = b.Pin
	}
	front := board.Standard().Readers["front"]
	c.lines[pulse.LineD0], c.lines[pulse.LineD1] = front.D0, front.D1
	return c, nil
}

func buttons() []string { return slices.Sorted(maps.Keys(board.Standard().Buttons)) }

// powerOn switches the window computer on and waits for its first event.
func (c *campaign) powerOn(ctx context.Context) (err error) {
	c.disk.On()
	starts, err := c.starts(ctx)
	if err != nil {
		return err
	}
	c.boots++
	if c.machine, err = powerOn(ctx, c.parts, fmt.Sprintf("%s/console-%02d.log", c.work, c.boots)); err != nil {
		return err
	}
	return c.until(ctx, "the agent's start", func(f found) bool { return f.counts["agent.started"] > starts })
}

func (c *campaign) starts(ctx context.Context) (int, error) {
	records, err := c.hub.events(ctx)
	return look(records).counts["agent.started"], err
}

// until waits until the log holds what it should.
func (c *campaign) until(ctx context.Context, what string, ok func(found) bool) error {
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		records, err := c.hub.events(ctx)
		if err != nil {
			return err
		}
		f := look(records)
		switch {
		case ok(f):
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case time.Now().After(end):
			v := judge(c.done, c.maybe, c.swiped, f)
			return fmt.Errorf("waited %v in vain for %s; of what was done: %v; the log has %v; the console ends with\n%s",
				patience, what, v.faults, f.counts, c.machine.console.Tail(12))
		}
	}
}

// stored waits until all that was done is in the log.
func (c *campaign) stored(ctx context.Context) error {
	return c.until(ctx, "what was done", func(f found) bool { return judge(c.done, c.maybe, c.swiped, f).lost == 0 })
}

// convert gives the kernel's names to the lines of a train.
func (c *campaign) convert(levels []simlink.Level) []link.Level {
	out := make([]link.Level, len(levels))
	for i, l := range levels {
		out[i] = link.Level{AfterUS: l.AfterUS, Line: c.lines[l.Line], High: l.High}
	}
	return out
}

// train has lines moved. clean is false where the machine was so late that a
// hand's bounce could last as long as a press, or a frame fall apart.
func (c *campaign) train(levels []simlink.Level, limit time.Duration) (clean bool, err error) {
	a, err := c.machine.order(link.Order{Do: link.Play, Train: c.convert(levels)})
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
	c.presses++
	return err
}

// frame is the next card's frame, of a number that no card had, and the token
// that the log has of it.
func (c *campaign) frame() (levels []simlink.Level, token string, err error) {
	c.number++
	size := 26 + 8*c.r.IntN(2)
	levels, err = pulse.Wiegand(c.r, size, c.number)
	if err != nil {
		return nil, "", err
	}
	token = c.vault.CardToken(fmt.Sprintf("%0*X", (size-2)/4, c.number))
	return append(levels, simlink.Level{AfterUS: rest.Microseconds(), Line: pulse.LineD0, High: true}), token, nil
}

// swipe holds a card to the Wiegand reader, and another where the frame was late.
// It gives the token of the last one, which is not in the books yet.
func (c *campaign) swipe() (token string, err error) {
	for {
		levels, token, err := c.frame()
		if err != nil {
			return "", err
		}
		c.frames++
		clean, err := c.train(levels, lateFrame)
		if clean || err != nil {
			return token, err
		}
		c.broken(levels)
	}
}

// broken enters what a late frame may have become: a pause of 45 ms in it parts
// it, and a part of 26 or 34 pulses is a card if its parity is right by chance.
func (c *campaign) broken(levels []simlink.Level) {
	var pulses []card.Edge
	for _, l := range levels {
		if !l.High {
			pulses = append(pulses, card.Edge{One: l.Line == pulse.LineD1})
		}
	}
	for _, size := range []int{26, 34} {
		for from := 0; from+size <= len(pulses); from++ {
			var d card.Wiegand
			for i, p := range pulses[from : from+size] {
				p.At, p.Seq = time.Duration(i)*time.Millisecond, uint32(i)
				d.Push(p)
			}
			f, _ := d.Idle(time.Hour)
			if token := c.vault.CardToken(f.Card); f.Problem == "" && !c.swiped[token] {
				c.swiped[token] = false
			}
		}
	}
}

// text is the next card's number as the reader that types has it.
func (c *campaign) text() (text, token string) {
	c.number++
	return fmt.Sprintf("%010d", c.number), c.vault.CardToken(fmt.Sprintf("%08X", c.number))
}

// typeCard holds a card to the reader that types.
func (c *campaign) typeCard() (token string, err error) {
	text, token := c.text()
	c.typed++
	_, err = c.machine.order(link.Order{Do: link.Type, Text: text})
	return token, err
}

// must and may enter what was done into the books.
func (c *campaign) must(key string, err error) error {
	if err == nil {
		c.enter(key, true)
	}
	return err
}

func (c *campaign) enter(key string, must bool) {
	switch {
	case !person(key):
		c.swiped[key] = must
	case must:
		c.done[key]++
	default:
		c.maybe[key]++
	}
}

// awake swipes until the lamp answers: then all lines are open. A swipe whose
// lamp stays dark may have been kept or not.
func (c *campaign) awake() error {
	for range 20 {
		kept, err := c.watched(c.swipe)
		if kept || err != nil {
			return err
		}
	}
	return errors.New("the agent takes no swipes")
}

// watched does something while the lamp is dark, and tells whether it lit.
func (c *campaign) watched(act func() (key string, err error)) (kept bool, err error) {
	if _, err := c.machine.order(link.Order{Do: link.Green, WaitMS: lampMS}); err != nil {
		return false, err
	}
	key, err := act()
	if err != nil {
		return false, err
	}
	a, err := c.machine.order(link.Order{Do: link.Green, On: true, WaitMS: 3000})
	if err != nil {
		return false, err
	}
	c.enter(key, a.Seen)
	if a.Seen {
		c.lit++
		c.last = key
	} else {
		c.dark++
	}
	return a.Seen, nil
}
