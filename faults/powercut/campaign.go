package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"hallkeeper/faults/disk"
	"hallkeeper/faults/vm"
	"hallkeeper/wire"
)

// How long things may take. Nothing is judged by it: the machine is emulated,
// on a computer that may be busy.
const (
	bootLimit  = 3 * time.Minute
	drainLimit = 3 * time.Minute
	stopLimit  = 3 * time.Minute
	// tripLimit is how long a cut waits for its write. A hub that writes less is
	// cut by the clock.
	tripLimit = 5 * time.Second
)

const (
	diskSize = 512 << 20
	devices  = 4 // the last one has no outbox
	// overlap is how many of the records that were known before a cut are read
	// again after it. At the end all are.
	overlap = 2000
)

// result is what one campaign found.
type result struct {
	name                string
	seed                uint64
	cuts                int
	cached, dropped     int // sectors that were not flushed when the power went, and those lost
	writes, flushes     int
	fscks, fscksAll     int // mended before it could be mounted, and those by -y
	made, kept, refused int
	records             int
	deadLetters         int
	verdict             verdict
	verified            bool // `hub verify` said so at the end
	ended               bool // the machine stopped in good order
	// down is set where machine or hub did not come up, or not stay up.
	down error
	// meantToLose: the hub is one that loses.
	meantToLose bool
	took        time.Duration
}

// clean is true where nothing at all is wrong.
func (r result) clean() bool {
	return r.down == nil && r.verdict.clean() && r.deadLetters == 0 && r.refused == 0 && r.verified
}

// foundLoss is true where acknowledged events are gone.
func (r result) foundLoss() bool { return r.verdict.lost > 0 }

// campaign is one hall in one machine whose power is cut again and again.
type campaign struct {
	seed   uint64
	chance *rand.Rand
	parts  parts
	work   string
	image  string
	disk   *disk.Disk
	book   *ledger
	crew   []*device
	known  []wire.Record
	boots  int
	log    func(format string, args ...any)
	result result
}

// runCampaign cuts the power of a new hall cuts times. Data and consoles go into
// a new folder below o.work, which is kept where something was wrong.
func runCampaign(ctx context.Context, o *options, k kernel, initramfs, name string, seed uint64, cuts int, meantToLose bool) (result, error) {
	work, err := os.MkdirTemp(o.work, "powercut-")
	if err != nil {
		return result{}, err
	}
	c := &campaign{
		seed: seed, chance: rand.New(rand.NewPCG(seed, 0x637574)), work: work, book: newLedger(), log: o.log,
		parts: parts{kernel: k.image, initramfs: initramfs, socket: filepath.Join(work, "disk.sock")}, image: filepath.Join(work, "disk.img"),
		result: result{name: name, seed: seed, meantToLose: meantToLose},
	}
	began := time.Now()
	err = c.withDisk(ctx, func() error { return c.run(ctx, cuts) })
	c.result.took = time.Since(began)
	var down *downError
	if errors.As(err, &down) && ctx.Err() == nil {
		c.result.down, err = err, nil
	}
	wanted := c.result.clean() || meantToLose && c.result.foundLoss() || ctx.Err() != nil
	if !o.keep && wanted && (err == nil || ctx.Err() != nil) {
		err = errors.Join(err, os.RemoveAll(work))
	} else {
		o.log("disk and consoles of this campaign are kept in %s", work)
	}
	return c.result, err
}

// withDisk makes the disk, serves it while do runs, and checks its file system.
func (c *campaign) withDisk(ctx context.Context, do func() error) error {
	if err := disk.Make(ctx, c.image, diskSize); err != nil {
		return err
	}
	d, err := disk.Open(c.image)
	if err != nil {
		return err
	}
	defer d.Close()
	listener, err := net.Listen("unix", c.parts.socket)
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- d.Serve(listener) }()
	c.disk = d
	err = do()
	count := d.Count()
	c.result.writes, c.result.flushes = count.Writes, count.Flushes
	if err = errors.Join(err, listener.Close(), <-served); err != nil || !c.result.verified {
		return err
	}
	// The machine has unmounted; what it left unflushed is gone like at any cut.
	if err := d.Close(); err != nil {
		return err
	}
	return disk.Check(ctx, c.image)
}

// run plays, cuts and checks, then drains, stops and checks all once more.
func (c *campaign) run(ctx context.Context, cuts int) error {
	prefix := fmt.Sprintf("s%d", c.seed)
	for i := range devices {
		d := &device{agent: fmt.Sprintf("p%02d", i+1), book: c.book, prefix: prefix, topics: wire.Topics{Hall: "hall"}, again: noProgress,
			chance: rand.New(rand.NewPCG(c.seed, uint64(i+1)))}
		if i < devices-1 {
			d.outbox = fmt.Sprintf("%s-outbox-%d", prefix, i+1)
		}
		c.crew = append(c.crew, d)
	}
	for i := range cuts {
		if err := c.cycle(ctx, i); err != nil {
			return err
		}
		if !c.result.verdict.clean() {
			return nil // no need to go on
		}
	}
	return c.finish(ctx)
}

var errCut = errors.New("the power was cut")

// cycle boots once, checks what the last cut has left, and cuts the power. The
// cut may come while the machine starts: then there is nothing to ask it.
func (c *campaign) cycle(ctx context.Context, number int) error {
	plan := drawPlan(c.chance, c.seed+uint64(number))
	lot := rand.New(rand.NewPCG(c.chance.Uint64(), 0))
	powered, over := context.WithCancelCause(ctx)
	defer over(nil)
	arm := func() {
		tripped := c.disk.Arm(plan.requests, lot)
		go func() {
			select {
			case <-tripped:
				over(errCut)
			case <-powered.Done():
			}
		}()
	}
	began := time.Now()
	m, err := c.boot(ctx, powered, func() {
		if plan.inBoot {
			arm()
		}
	})
	if m == nil {
		return err
	}
	defer c.powerOff(m)
	up := "did not come up before"
	if err == nil {
		up = fmt.Sprintf("up after %.1f s", time.Since(began).Seconds())
	}
	if err == nil && !c.result.verdict.clean() {
		return nil
	}
	if err == nil {
		err = c.play(powered, m, plan, arm)
	}
	if err != nil && !errors.Is(context.Cause(powered), errCut) {
		return err
	}
	loss := c.disk.Cut(lot)
	m.kill()
	c.result.cuts++
	c.result.cached += loss.Cached
	c.result.dropped += loss.Cached - loss.Kept
	_, kept, _ := c.book.counts()
	c.log("%s: %s, cut %d %v: %v, %d events acknowledged so far", c.result.name, up, number+1, plan, loss, kept)
	return nil
}

// play lets the devices send until the planned moment.
func (c *campaign) play(ctx context.Context, m *machine, plan plan, arm func()) error {
	acting, end := context.WithCancel(ctx)
	var crew sync.WaitGroup
	defer crew.Wait()
	defer end()
	for _, d := range c.crew {
		crew.Go(func() { d.live(acting, m.mqtt, true) })
	}
	if !pause(ctx, plan.after) {
		return context.Cause(ctx)
	}
	if err := m.alive(); err != nil || plan.requests == 0 {
		return err
	}
	if !plan.inBoot {
		arm()
	}
	if pause(ctx, tripLimit) {
		return m.alive()
	}
	return context.Cause(ctx)
}

// finish boots for the last time, lets the devices send what is open, reads the
// whole log from the disk, stops in good order and verifies.
func (c *campaign) finish(ctx context.Context) error {
	m, err := c.boot(ctx, ctx, func() {})
	if m == nil {
		return err
	}
	defer c.powerOff(m)
	if err != nil || !c.result.verdict.clean() {
		return err
	}
	if err := c.drain(ctx, m); err != nil {
		return err
	}
	hub := newHubClient(m.http)
	if err := c.compareLog(ctx, m, 0); err != nil {
		return err
	}
	if c.result.deadLetters, err = hub.deadLetters(ctx); err != nil {
		return err
	}
	if c.result.verified, err = m.stop(ctx, stopLimit); err != nil {
		return err
	}
	c.result.ended = true
	_, kept, _ := c.book.counts()
	c.log("%s: at the end %d events acknowledged, %d records, hub verify ok: %t", c.result.name, kept, len(c.known), c.result.verified)
	return nil
}

// drain lets the devices send what is open until all is acknowledged.
func (c *campaign) drain(ctx context.Context, m *machine) error {
	draining, end := context.WithTimeout(ctx, drainLimit)
	defer end()
	var crew sync.WaitGroup
	for _, d := range c.crew {
		crew.Go(func() { d.live(draining, m.mqtt, false) })
	}
	crew.Wait()
	if err := errors.Join(ctx.Err(), m.alive()); err != nil {
		return err
	}
	if draining.Err() != nil {
		return m.complaint(fmt.Sprintf("not everything was acknowledged within %v", drainLimit))
	}
	return nil
}

// boot switches the machine on, with the disk armed, and waits until the hub is
// up or powered ends. Where the file system refuses to be mounted, it is mended,
// as on a real machine at every boot, and the machine switched on again; once.
// The machine is nil where there is none.
func (c *campaign) boot(ctx, powered context.Context, arm func()) (*machine, error) {
	for mended := false; ; mended = true {
		c.disk.On()
		arm()
		m, err := c.powerOn()
		if err != nil {
			return nil, err
		}
		err = c.up(powered, m)
		var down *downError
		if mended || powered.Err() != nil || !errors.As(err, &down) || !down.notMounted {
			return m, err
		}
		// What it wrote before it gave up may be lost as well.
		c.disk.Cut(rand.New(rand.NewPCG(c.seed, uint64(c.boots))))
		m.kill()
		if err := c.fsck(ctx, down); err != nil {
			return nil, err
		}
	}
}

// fsck mends the disk while the machine is off, and keeps it as it was before.
func (c *campaign) fsck(ctx context.Context, why *downError) error {
	before := filepath.Join(c.work, fmt.Sprintf("disk-before-fsck-%03d.img", c.boots))
	if _, err := vm.Output(ctx, c.work, "cp", "--sparse=always", c.image, before); err != nil {
		return err
	}
	said, all, err := disk.Fsck(ctx, c.image)
	c.log("%s: %s\n%s", c.result.name, why.what, strings.TrimSpace(said))
	c.result.fscks++
	if all {
		c.result.fscksAll++
	}
	if err != nil {
		return &downError{what: err.Error(), console: why.console}
	}
	return nil
}

func (c *campaign) powerOn() (*machine, error) {
	c.boots++
	return powerOn(c.parts, filepath.Join(c.work, fmt.Sprintf("console-%03d.log", c.boots)))
}

// powerOff leaves nothing running, however things went.
func (c *campaign) powerOff(m *machine) {
	m.kill()
	c.disk.Cut(c.chance)
}

// up waits until the hub serves and checks the log that it found on the disk.
func (c *campaign) up(ctx context.Context, m *machine) error {
	hub := newHubClient(m.http)
	for deadline := time.Now().Add(bootLimit); ; {
		err := hub.ready(ctx)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := m.alive(); err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return m.complaint(fmt.Sprintf("the hub did not come up within %v: %v", bootLimit, err))
		}
		pause(ctx, 20*time.Millisecond)
	}
	return c.compareLog(ctx, m, overlap)
}

// compareLog reads the log again, the last few records or (of 0) all that are
// known, and what is new, and judges.
func (c *campaign) compareLog(ctx context.Context, m *machine, last int) error {
	after := wire.Position(0)
	if last > 0 {
		after = wire.Position(max(0, len(c.known)-last))
	}
	again, err := newHubClient(m.http).events(ctx, after)
	if err != nil {
		return errors.Join(err, m.alive())
	}
	changed, detail := compare(c.known, again, after)
	c.known = append(c.known[:after:after], again...)
	c.result.records = len(c.known)
	c.result.made, c.result.kept, c.result.refused = c.book.counts()
	v := check(c.book.copied(), c.known)
	if v.changed = changed; changed > 0 {
		v.say("%s", detail)
	}
	c.result.verdict = v
	return nil
}
