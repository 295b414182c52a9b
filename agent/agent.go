// Package agent is the window computer's program: what people do at buttons and
// readers goes into the outbox and from there to the hall, and lamps say what
// became of it. It owns the wiring of its parts and the words of its events.
package agent

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"hallkeeper/agent/board"
	"hallkeeper/agent/card"
	"hallkeeper/agent/clock"
	"hallkeeper/agent/identity"
	"hallkeeper/agent/outbox"
	"hallkeeper/agent/signal"
	"hallkeeper/agent/uplink"
	"hallkeeper/bilingual"
	"hallkeeper/wire"
)

// ErrRestart means that the program has to be started again, because the hub
// asks for it or the pins are on another device; whoever keeps it running does so.
var ErrRestart = errors.New("the agent has to be started again")

// Agent is one window's program.
type Agent struct {
	cfg    Config
	logger *slog.Logger
	board  board.Board
	clock  *clock.Clock
	outbox *outbox.Outbox
	uplink *uplink.Uplink
	// identity is nil where the broker is a plain one.
	identity *identity.Keeper

	show    chan string // patterns for the lamps
	orders  chan wire.Command
	restart chan struct{}

	vitals     vitals
	paper      printing
	overflow   atomic.Int64 // presses that found the outbox full
	correcting atomic.Bool  // a correction of the clock is on its way to the disk

	mu      sync.Mutex
	inputs  map[string]wire.InputStatus
	tallies map[string]*card.Tally // of bad frames, by reader
	closed  bool                   // the hub takes no ratings here
}

// probeEvery is how often a disk that could not be written is tried again.
const probeEvery = 5 * time.Second

// awayAfter is how long the hub is away before people are told with each
// press: a short break is no concern of theirs.
const awayAfter = 10 * time.Second

// drainFor is how long an agent that plays a recording waits at its end for the hub.
const drainFor = 10 * time.Second

// errMended ends a run without an outbox: it can be opened now.
var errMended = errors.New("the outbox can be opened")

// Run works until ctx ends, or has to be started again (ErrRestart). On a board
// that plays a recording it ends with board.ErrPlayed. Where the outbox cannot be
// opened it goes on without: whoever presses or swipes sees the fault pattern, the
// hub is told, and the outbox is tried again.
func Run(ctx context.Context, cfg Config, logger *slog.Logger) error {
	for {
		if err := run(ctx, cfg, logger); !errors.Is(err, errMended) {
			return err
		}
		logger.Info("the outbox can be used again")
	}
}

func run(ctx context.Context, cfg Config, logger *slog.Logger) (err error) {
	a := &Agent{cfg: cfg, logger: logger, show: make(chan string, 64), orders: make(chan wire.Command, 16),
		restart: make(chan struct{}, 1), inputs: map[string]wire.InputStatus{}, tallies: map[string]*card.Tally{}}
	if a.board, err = board.Open(cfg.Board, cfg.SimSocket, logger); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.board.Close()) }()
	if err := errors.Join(a.openClock(), a.openPrinter()); err != nil {
		return err
	}
	a.outbox, err = outbox.Open(cfg.Data, cfg.OutboxLimit, logger)
	switch {
	case errors.Is(err, outbox.ErrInUse):
		return bilingual.Errorf("%w：请停掉它，或给这一个另设数据文件夹", "%w: stop it, or give this one a data folder of its own", err)
	case err != nil:
		logger.Error("nothing can be kept: the outbox cannot be opened; it is tried again, and lamps say so meanwhile", "folder", cfg.Data, "error", err)
		a.outbox = outbox.Unusable(err, logger)
	}
	defer func() { err = errors.Join(err, a.outbox.Close()) }()
	up := uplink.Config{Broker: cfg.MQTT, Hall: cfg.Hall, Agent: cfg.Agent, Outbox: a.outbox,
		Status: a.status, Command: a.take, Refused: a.refusedByHub, Logger: logger}
	if uplink.Encrypted(cfg.MQTT) {
		a.openIdentity()
		up.Identity = a.identity
	}
	a.uplink = uplink.New(up)
	return a.work(ctx)
}

func (a *Agent) openClock() error {
	boot, err := clock.BootID()
	if err != nil {
		return err
	}
	a.clock = clock.New(clock.Config{Dir: a.cfg.Data, AssumeSynced: a.cfg.Clock.AssumeSynced, Now: time.Now, Uptime: a.board.Now,
		Synced: clock.KernelSynced, Boot: boot, Logger: a.logger})
	return nil
}

// work runs the parts together; the first that fails ends the others.
func (a *Agent) work(ctx context.Context) error {
	if a.outbox.ID() != "" {
		a.report(a.event(wire.KindAgentStarted, wire.AgentStarted{Version: a.cfg.Version, Board: a.board.File().Name}, a.board.Now()), nil)
	}
	group, ctx := errgroup.WithContext(ctx)
	lamps, err := a.openLamps()
	if err != nil {
		return err
	}
	group.Go(func() error { return lamps.run(ctx, a.show) })
	group.Go(func() error { return a.obey(ctx) })
	group.Go(func() error { return a.tell(ctx) })
	group.Go(func() error {
		select {
		case <-a.outbox.Failed():
			return a.outbox.Err()
		case <-ctx.Done():
			return nil
		}
	})
	file := a.board.File()
	if a.paper.printer != nil {
		group.Go(func() error { return a.runPrinter(ctx) })
	}
	if a.outbox.ID() == "" {
		group.Go(func() error { return a.mend(ctx) })
	}
	var opening sync.WaitGroup // until each input was opened, or tried to be, once
	opening.Add(len(file.Buttons) + len(file.Readers))
	for name := range file.Buttons {
		group.Go(func() error { return a.watchButton(ctx, name, sync.OnceFunc(opening.Done)) })
	}
	for name := range file.Readers {
		group.Go(func() error { return a.watchReader(ctx, name, sync.OnceFunc(opening.Done)) })
	}
	opened := make(chan struct{})
	group.Go(func() error {
		opening.Wait() // what is played on lines that are not open is lost
		close(opened)
		err := a.board.Serve(ctx)
		if errors.Is(err, board.ErrPlayed) {
			a.drain(ctx)
		}
		return err
	})
	group.Go(func() error { return a.watchdog(ctx, opened) })
	group.Go(func() error { return a.uplink.Run(ctx) })
	if a.identity != nil {
		group.Go(func() error { return a.keepIdentity(ctx) })
	}
	group.Go(func() error {
		select {
		case <-a.restart:
			a.logger.Info("the hub has asked for a restart")
			return ErrRestart
		case <-ctx.Done():
			return nil
		}
	})
	a.logger.Info("the agent works", "agent", a.cfg.Agent, "board", file.Name, "outbox", a.outbox.ID(), "pending", a.outbox.Pending(), "version", a.cfg.Version)
	err = group.Wait()
	a.logger.Info("the agent has stopped")
	return err
}

// mend tries to open the outbox until it can be opened.
func (a *Agent) mend(ctx context.Context) error {
	t := time.NewTicker(probeEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		if box, err := outbox.Open(a.cfg.Data, a.cfg.OutboxLimit, a.logger); err == nil {
			return errors.Join(errMended, box.Close())
		}
	}
}

// drain waits until the hub has what was played, for a while.
func (a *Agent) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, drainFor)
	defer cancel()
	t := time.NewTicker(50 * time.Millisecond)
	defer t.Stop()
	for {
		if s, err := a.outbox.State(); err == nil && s.Pending == 0 {
			return
		}
		select {
		case <-ctx.Done():
			a.logger.Warn("the recording has been played, and the hub does not have all of it yet")
			return
		case <-t.C:
		}
	}
}

// event makes an event of what happened at a time of the board's clock.
func (a *Agent) event(kind wire.Kind, data any, at time.Duration) wire.Event {
	e := wire.Event{Agent: a.cfg.Agent, Kind: kind}
	if id, err := uuid.NewV7(); err == nil {
		e.ID = id.String()
	}
	b, err := json.Marshal(data)
	if err == nil {
		e.Data = b
	}
	a.clock.Stamp(&e, at)
	return e
}

// keep stores what a person did and shows them what became of it; taken is
// false where it is known at once that it could not be kept.
func (a *Agent) keep(e wire.Event, shown string) (taken bool) {
	settled := a.soon()
	err := a.outbox.Add(e, func(err error) {
		settled()
		if err != nil {
			a.notKept(e.Kind, err)
			return
		}
		a.light(shown)
		if a.uplink.Away(time.Now()) > awayAfter {
			a.light(signal.HubAway)
		}
	})
	if err != nil {
		settled()
		a.notKept(e.Kind, err)
	}
	return err == nil
}

// feedback is how long a person waits at most for the first answer, less what
// the lamp takes to show it.
const feedback = 80 * time.Millisecond

// soon lets a person know that they were felt where the disk takes long; done is
// called when there is more to show.
func (a *Agent) soon() (done func()) {
	timer := time.AfterFunc(feedback, func() { a.light(signal.Seen) })
	return func() { timer.Stop() }
}

func (a *Agent) notKept(kind wire.Kind, err error) {
	a.logger.Error("what a person did could not be kept, and the lamp says so", "kind", string(kind), "error", err)
	a.light(signal.Fault)
	if errors.Is(err, outbox.ErrFull) {
		a.overflow.Add(1)
	}
}

// report stores what the device itself has to say. settled, where not nil, is
// told once whether that was done.
func (a *Agent) report(e wire.Event, settled func(error)) {
	done := func(err error) {
		if err != nil {
			a.logger.Error("a report of this device could not be kept", "kind", string(e.Kind), "error", err)
		}
		if settled != nil {
			settled(err)
		}
	}
	if err := a.outbox.Report(e, done); err != nil {
		done(err)
	}
}

func (a *Agent) refusedByHub(refused []wire.Refusal) {
	for _, r := range refused {
		a.logger.Error("the hub has refused an event; it is among the dead letters there", "seq", r.Seq, "reason", string(r.Reason))
	}
}

// light asks for a pattern and never waits.
func (a *Agent) light(pattern string) {
	select {
	case a.show <- pattern:
	default:
	}
}

// input notes the health of one input for the status; changed tells whether that is new.
func (a *Agent) input(name string, s wire.InputStatus) (changed bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	changed = a.inputs[name] != s
	a.inputs[name] = s
	return changed
}

func (a *Agent) status() wire.Status {
	held, err := a.outbox.State()
	if err != nil {
		a.logger.Warn("the outbox cannot be read for the status", "error", err)
	}
	s := wire.Status{At: time.Now().Round(0), Boot: a.clock.Boot(), Version: a.cfg.Version, Clock: a.clock.State(),
		Outbox: &wire.OutboxStatus{ID: a.outbox.ID(), Pending: held.Pending}}
	if !held.Oldest.IsZero() {
		s.Outbox.Oldest = &held.Oldest
	}
	switch why := a.outbox.Health(); {
	case errors.Is(why, outbox.ErrFull):
		s.Outbox.Fault = wire.FaultFull
	case errors.Is(why, outbox.ErrNewer):
		s.Outbox.Fault = wire.FaultNewer
	case why != nil:
		s.Outbox.Fault = wire.FaultDisk
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s.Inputs = maps.Clone(a.inputs)
	return s
}

// tell reports what becomes due with time.
func (a *Agent) tell(ctx context.Context) error {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	var probed time.Time
	for {
		a.tellClock()
		a.tellFull()
		a.tellFrames()
		if now := time.Now(); now.Sub(probed) >= probeEvery {
			probed = now
			a.outbox.Probe()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// tellClock gives the true time of what was dated before the clock was set.
func (a *Agent) tellClock() {
	d, owed := a.clock.Correction()
	if !owed || !a.correcting.CompareAndSwap(false, true) {
		return
	}
	a.report(a.event(wire.KindClockCorrected, d, a.board.Now()), func(err error) {
		if err == nil {
			err = a.clock.Corrected()
		}
		if err != nil {
			a.logger.Warn("the clock's memory could not be kept", "error", err)
		}
		a.correcting.Store(false)
	})
}

// tellFull reports presses that found the outbox full, once it has room again.
func (a *Agent) tellFull() {
	pending := a.outbox.Pending()
	if a.overflow.Load() == 0 || pending >= a.cfg.OutboxLimit {
		return
	}
	n := a.overflow.Swap(0)
	a.report(a.event(wire.KindOutboxFull, wire.OutboxFull{Refused: int(n), Pending: pending}, a.board.Now()), func(err error) {
		if err != nil {
			a.overflow.Add(n)
		}
	})
}
