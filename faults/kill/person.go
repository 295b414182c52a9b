package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"hallkeeper/agent/board"
	"hallkeeper/simulator/hand"
	"hallkeeper/wire"
)

// How a person at a window behaves.
const (
	// lookFor is how long a person looks for a lamp before they call it silent.
	lookFor = 10 * time.Second
	// restAtLeast parts two acts, so that the time of a press tells whose it is.
	restAtLeast = 20 * time.Millisecond
)

// person swipes and presses at one window and writes down what the lamps said.
type person struct {
	window string
	// number is the window's place from 0; it makes cards unique.
	number int
	chance *rand.Rand
	hand   *hand.Hand
	lamps  *lamps
	book   *ledger
	// keptOne is told of each kept act, without waiting.
	keptOne chan<- struct{}
	// restAtMost is the longest rest between two acts.
	restAtMost time.Duration

	swipes uint32
}

func newPerson(number int, window, socket string, seed uint64, book *ledger, keptOne chan<- struct{}) *person {
	l := newLamps()
	seed += uint64(number) * 1_000_003
	return &person{
		window: window, number: number, chance: rand.New(rand.NewPCG(seed, 0x706572)),
		hand: hand.New(socket, seed, l.see), lamps: l, book: book, keptOne: keptOne, restAtMost: 150 * time.Millisecond,
	}
}

// live acts until ctx ends, then makes one last swipe that is surely kept and
// returns its card: once that is in the log, so is all before it, or it is lost.
func (p *person) live(ctx, last context.Context) (card string, err error) {
	defer p.hand.Close()
	for ctx.Err() == nil {
		if p.chance.IntN(2) == 0 {
			_, _, err = p.swipe(last)
		} else {
			err = p.rate(last)
		}
		if err != nil {
			return "", err
		}
		pause(ctx, restAtLeast+time.Duration(p.chance.Int64N(int64(p.restAtMost))))
	}
	for {
		card, kept, err := p.swipe(last)
		if kept || err != nil {
			return card, err
		}
		pause(last, restAtLeast)
	}
}

func (p *person) swipe(ctx context.Context) (card string, kept bool, err error) {
	p.swipes++
	number := uint32(p.number+1)<<24 | p.swipes
	a := act{kind: wire.KindCardSwiped, card: fmt.Sprintf("%08X", number)}
	kept, err = p.do(ctx, a, func() error { return p.hand.Swipe(ctx, 34, number) })
	return a.card, kept, err
}

func (p *person) rate(ctx context.Context) error {
	a := act{kind: wire.KindRatingPressed, level: 1 + p.chance.IntN(5)}
	_, err := p.do(ctx, a, func() error { return p.hand.Press(ctx, fmt.Sprintf("rating%d", a.level)) })
	return err
}

// do acts once and looks at the lamps. An error ends the person's day.
func (p *person) do(ctx context.Context, a act, move func() error) (kept bool, err error) {
	if err := p.hand.Ready(ctx); err != nil {
		return false, err
	}
	p.lamps.forget()
	a.from = time.Now()
	err = move()
	switch {
	case err == nil:
		kept = p.look(ctx)
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	default: // killed in the middle, perhaps after its lamp lit
		kept = p.lamps.lit()
	}
	a.kept, a.to = kept, time.Now()
	p.book.add(p.window, a)
	if kept {
		select {
		case p.keptOne <- struct{}{}:
		default:
		}
	}
	return kept, nil
}

// look waits for the green lamp, or for the agent to go away.
func (p *person) look(ctx context.Context) (kept bool) {
	timer := time.NewTimer(lookFor)
	defer timer.Stop()
	select {
	case <-p.lamps.green:
		return true
	case <-p.hand.Gone():
		return p.lamps.lit()
	case <-ctx.Done():
	case <-timer.C:
		// An answer that comes later must not be taken for the next act's.
		p.book.addSilent()
		p.hand.Close()
	}
	return p.lamps.lit()
}

// lamps are what a person sees of a window's lamp. Only green answers an act:
// red also flashes a while after one that was kept, where the hub is away, and
// then reaches into the next act.
type lamps struct {
	// green holds a rise of the green lamp since forget.
	green chan struct{}
}

func newLamps() *lamps { return &lamps{green: make(chan struct{}, 1)} }

// see is called for each change of an output.
func (l *lamps) see(s hand.Seen) {
	if !s.High || s.Line != board.LampGreen {
		return
	}
	select {
	case l.green <- struct{}{}:
	default: // the first answer counts
	}
}

// forget takes back an answer that nobody looked at.
func (l *lamps) forget() { l.lit() }

// lit takes an answer without waiting for it.
func (l *lamps) lit() bool {
	select {
	case <-l.green:
		return true
	default:
		return false
	}
}
