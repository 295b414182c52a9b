package simulator

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"hallkeeper/simulator/day"
	"hallkeeper/simulator/hand"
	"hallkeeper/wire"
)

// Simulator plays one hall.
type Simulator struct{ cfg Config }

// New checks cfg and names all that is wrong with it at once.
func New(cfg Config) (*Simulator, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("the simulator can't play this hall: %w", err)
	}
	return &Simulator{cfg}, nil
}

// Run tells the past and plays working days, one after the other, until ctx
// ends; then it returns nil. Where there is no window to play at, it returns
// once the past is told. It outlives agents, broker and hub that come and go.
func (s *Simulator) Run(ctx context.Context) error {
	group, inner := errgroup.WithContext(ctx)
	if s.cfg.HistoryDays > 0 {
		group.Go(func() error { return s.tellPast(inner) })
	}
	s.play(inner, group)
	if err := group.Wait(); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

func (s *Simulator) play(ctx context.Context, group *errgroup.Group) {
	days := s.cfg.days()
	today := day.DateOf(time.Now(), s.cfg.Zone)
	r := rhythm{start: time.Now(), speed: s.cfg.Speed, from: day.Opens}
	if acts := day.Plan(days, s.cfg.Seed, today); len(acts) > 0 {
		r.from = acts[0].At
	}
	look, desk := newSign(s.cfg.HubURL), newDesk(s.cfg)
	played := 0
	for _, w := range s.cfg.Windows {
		if w.Socket == "" {
			continue
		}
		played++
		days.Windows = []string{w.agent()}
		p := &player{
			window: w.ID, agent: w.agent(), days: days, seed: s.cfg.Seed, first: today, rhythm: r, sign: look,
			log:  s.cfg.log().With("window", w.ID),
			hand: hand.New(w.Socket, seedFor(s.cfg.Seed, w.agent()), nil), desk: desk,
			chance: rand.New(rand.NewPCG(seedFor(s.cfg.Seed, w.agent()), 0x6c696e65)),
		}
		group.Go(func() error { return p.run(ctx) })
		if desk.url == "" || desk.kiosk == "" {
			continue
		}
		people := &crowd{window: w.ID, agent: w.agent(), days: days, seed: s.cfg.Seed, first: today, rhythm: r, desk: desk,
			chance: rand.New(rand.NewPCG(seedFor(s.cfg.Seed, w.agent()), 0x6b696f73))}
		group.Go(func() error { return people.run(ctx) })
	}
	if played > 0 {
		s.cfg.log().Info("the simulated working day begins", "windows", played, "speed", s.cfg.Speed, "seed", s.cfg.Seed)
	}
}

func (s *Simulator) tellPast(ctx context.Context) error {
	log := s.cfg.log()
	p, err := settlePast(s.cfg.StateFile, s.cfg.Seed, s.cfg.HistoryDays, day.DateOf(time.Now(), s.cfg.Zone))
	if err != nil {
		return err
	}
	from, until, err := p.dates()
	if err != nil {
		return err
	}
	if p.Seed != s.cfg.Seed || until != from.Add(s.cfg.HistoryDays) {
		log.Warn("this data has another simulated past already, which stays", "from", p.From, "until", p.Until, "seed", p.Seed)
	}
	h := newHistory(wire.Topics{Hall: s.cfg.Hall}, s.cfg.days(), p.Seed, from, until, log)
	log.Info("the simulated past is told", "from", p.From, "until", p.Until, "events", h.total())
	started := time.Now()
	if err := h.tell(ctx, s.cfg.MQTTURL); err != nil {
		return err
	}
	log.Info("the simulated past is stored", "events", h.total(), "seconds", time.Since(started).Seconds())
	if s.cfg.PastTold != nil {
		return s.cfg.PastTold(ctx, from, until)
	}
	return nil
}

// seedFor gives each hand its own chance.
func seedFor(seed uint64, name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return seed ^ h.Sum64()
}
