package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"hallkeeper/wire"
)

// options are the flags.
type options struct {
	seed       uint64
	kills      int
	length     time.Duration
	broker     string
	windows    int
	hub, agent string
	unsafeHub  string
	mosquitto  string
	prove      bool
	proveKills int
	expectLoss bool
	keep       bool
	work       string
}

// result is what one campaign found.
type result struct {
	name        string
	seed        uint64
	killed      map[string]int // by victim: hub, agent, broker
	cuts        int            // cables pulled, held up or slowed
	made, kept  int
	silent      int
	records     int
	deadLetters int
	verdict     verdict
	verified    bool
	// meantToLose: the hub was one that loses.
	meantToLose bool
	took        time.Duration
}

func (r result) kills() (n int) {
	for _, count := range r.killed {
		n += count
	}
	return n
}

// clean is true where nothing at all is wrong.
func (r result) clean() bool { return r.verdict.clean() && r.deadLetters == 0 && r.verified }

// How long things may take at the end of a campaign, on a busy machine.
const (
	lastActLimit = 2 * time.Minute
	drainLimit   = 3 * time.Minute
)

// campaign is one hall with its people, and what is done to it.
type campaign struct {
	o       options
	kind    string
	chance  *rand.Rand
	hall    *hall
	book    *ledger
	keptOne chan struct{}
	log     func(format string, args ...any)

	later  sync.WaitGroup
	mu     sync.Mutex
	broken []error

	result result
}

// runCampaign plays, kills o.kills times (or for o.length), drains and checks.
func runCampaign(ctx context.Context, o options, kind, name string, seed uint64, log func(string, ...any)) (result, error) {
	work, err := os.MkdirTemp(o.work, "kill-")
	if err != nil {
		return result{}, err
	}
	c := &campaign{
		o: o, kind: kind, chance: rand.New(rand.NewPCG(seed, 0x6b696c6c)), book: newLedger(),
		keptOne: make(chan struct{}, 1), log: log,
		result: result{name: name, seed: seed, killed: map[string]int{}},
	}
	began := time.Now()
	if c.hall, err = build(o, kind, work); err != nil {
		return result{}, err
	}
	err = c.run(ctx)
	c.hall.destroy()
	c.result.took = time.Since(began)
	if err == nil && c.result.clean() && !o.keep {
		err = os.RemoveAll(work)
	} else {
		err = errors.Join(err, c.book.write(filepath.Join(work, "acts.txt")))
		log("logs, data and acts of this campaign are kept in %s", work)
	}
	return c.result, err
}

func (c *campaign) run(ctx context.Context) error {
	if err := c.hall.start(ctx); err != nil {
		return err
	}
	acting, endActs := context.WithCancel(ctx)
	defer endActs()
	last, giveUp := context.WithCancel(ctx)
	defer giveUp()
	cards := make([]string, len(c.hall.windows))
	failed := make([]error, len(c.hall.windows))
	var people sync.WaitGroup
	for i, window := range c.hall.windows {
		p := newPerson(i, window, c.hall.socket(i), c.result.seed, c.book, c.keptOne)
		people.Go(func() { cards[i], failed[i] = p.live(acting, last) })
	}
	err := c.strike(ctx)
	c.later.Wait()
	err = errors.Join(err, c.hall.restore(ctx), c.takeBroken())
	endActs()
	limit := time.AfterFunc(lastActLimit, giveUp)
	defer limit.Stop()
	if err != nil {
		giveUp()
	}
	people.Wait()
	if err := errors.Join(err, errors.Join(failed...)); err != nil {
		return errors.Join(err, c.hall.crashed())
	}
	return c.finish(ctx, cards)
}

// finish waits until the last act of each window is stored, reads the log and checks.
func (c *campaign) finish(ctx context.Context, cards []string) error {
	token, err := cardToken(c.hall.data)
	if err != nil {
		return err
	}
	awaited := map[string]bool{}
	for _, card := range cards {
		awaited[token(card)] = true
	}
	var log []wire.Record
	err = await(ctx, "wait for the last swipe of each window in the log", drainLimit, func() (bool, error) {
		before := len(log)
		var err error
		if log, err = c.hall.client().follow(ctx, log); err != nil {
			c.log("reading the log: %v", err)
		}
		for _, r := range log[before:] {
			if r.Kind == wire.KindCardSwiped {
				delete(awaited, cardOf(r))
			}
		}
		return len(awaited) == 0, c.hall.crashed()
	})
	if err != nil {
		// What never arrived is lost; the check says what.
		c.log("%v", err)
	}
	drained := await(ctx, "wait for empty outboxes", drainLimit, c.drained(ctx))
	live, err := c.hall.client().live(ctx)
	if err != nil {
		return err
	}
	c.result.deadLetters = live.DeadLetters
	if log, err = c.hall.client().follow(ctx, log); err != nil {
		return err
	}
	c.result.records = len(log)
	c.result.made, c.result.kept = c.book.counts()
	c.result.silent = c.book.silent
	c.result.verdict = check(c.book.acts, log, token)
	if err := errors.Join(drained, c.hall.stop()); err != nil {
		return err
	}
	if err := runOnce(ctx, c.o.hub, "verify", "--data", c.hall.data); err != nil {
		return err
	}
	c.result.verified = true
	return c.hall.crashed()
}

// drained asks whether every agent is connected and has an empty outbox.
func (c *campaign) drained(ctx context.Context) func() (bool, error) {
	return func() (bool, error) {
		live, err := c.hall.client().live(ctx)
		if err != nil {
			return false, c.hall.crashed()
		}
		for _, id := range c.hall.windows {
			d, seen := live.Devices[id]
			if !seen || d.State != wire.DeviceOnline || d.Outbox == nil || d.Outbox.Pending > 0 {
				return false, c.hall.crashed()
			}
		}
		return true, nil
	}
}

func (c *campaign) breaks(err error) {
	if err == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = append(c.broken, err)
}

func (c *campaign) takeBroken() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Join(c.broken...)
}

// after does something a while later, beside all else.
func (c *campaign) after(ctx context.Context, d time.Duration, do func() error) {
	c.later.Go(func() {
		if pause(ctx, d) {
			c.breaks(do())
		}
	})
}

// absolute makes programs of relative paths.
func absolute(path string) (string, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(full); err != nil {
		return "", fmt.Errorf("build it first (make build): %w", err)
	}
	return full, nil
}
