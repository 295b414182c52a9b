package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"hallkeeper/bench/loadgen"
	"hallkeeper/wire"
)

const (
	inflight = 50
	paced    = 1000 // events a second of all publishers together
)

// side is a hub or a plain broker under the same load, over all runs.
type side struct {
	name   string
	load   func(context.Context, loadgen.Config) (loadgen.Result, *child, error)
	rates  spread
	cost   spread // processor time an event, in microseconds
	memory spread
	delay  delays
}

// ingest loads a hub and a plain broker with the same events by the same
// generator, in turn: one event a publish, QoS 1. The hub acknowledges after its
// fsync and stores; the broker passes on to one subscriber and stores nothing.
func (b *bench) ingest(ctx context.Context) error {
	disk := disk{}
	for _, publishers := range b.publishers {
		for _, rate := range []float64{0, paced} {
			if err := b.compare(ctx, publishers, rate, &disk); err != nil {
				return err
			}
		}
	}
	b.table.add(ingest, "the disk's fsync between the loads", disk.rate.text("%.0f", "/s"), disk.delay.text()+", 4 KiB each, one after the other")
	return nil
}

func (b *bench) compare(ctx context.Context, publishers int, rate float64, disk *disk) error {
	cfg := loadgen.Config{Topics: wire.Topics{Hall: "hall"}, Publishers: publishers, Inflight: inflight, Duration: b.span, Rate: rate}
	sides := [2]side{{name: "hub", load: b.loadHub}, {name: "Mosquitto", load: b.loadMosquitto}}
	var ratios spread
	for run := range b.runs {
		if err := disk.measure(b.folder, time.Second); err != nil {
			return err
		}
		for _, i := range []int{run % 2, 1 - run%2} { // A B, then B A: what warms up warms up for both
			if err := sides[i].run(ctx, cfg); err != nil {
				return fmt.Errorf("%s under %d publishers: %w", sides[i].name, publishers, err)
			}
		}
		ratios = append(ratios, sides[0].rates[run]/sides[1].rates[run])
	}
	pace := "flat out"
	if rate > 0 {
		pace = fmt.Sprintf("paced at %.0f/s", rate)
	}
	what := map[string]string{"hub": "every event on the disk before its PUBACK", "Mosquitto": "no store, to one subscriber"}
	for _, s := range sides {
		b.table.add(ingest, fmt.Sprintf("%s, %d publishers, %s", s.name, publishers, pace), s.rates.text("%.0f", "/s"),
			fmt.Sprintf("%s; %s; %s processor time each", what[s.name], s.delay.text(), s.cost.text("%.0f", "µs")))
	}
	if rate > 0 {
		return nil
	}
	note := fmt.Sprintf("%d in flight each, one event a publish, in turn", inflight)
	if publishers == 50 {
		note += " (target 1.5)"
	}
	b.table.add(ingest, fmt.Sprintf("hub : Mosquitto, %d publishers", publishers), ratios.text("%.2f", ": 1"), note)
	b.table.add(memory, fmt.Sprintf("hub after %d publishers flat out", publishers), sides[0].memory.text("%.0f", "MiB"), "resident")
	return nil
}

func (s *side) run(ctx context.Context, cfg loadgen.Config) error {
	r, c, err := s.load(ctx, cfg)
	if c != nil {
		defer c.stop()
	}
	if err != nil {
		return err
	}
	s.rates = append(s.rates, r.Rate)
	s.cost = append(s.cost, c.processor().Seconds()*1e6/float64(r.Acked))
	s.memory = append(s.memory, c.rss())
	s.delay.add(r.P50, r.P99, r.Max)
	return nil
}

func (b *bench) loadHub(ctx context.Context, cfg loadgen.Config) (loadgen.Result, *child, error) {
	data, err := b.newFolder("ingest")
	if err != nil {
		return loadgen.Result{}, nil, err
	}
	h, err := b.startHub(ctx, filepath.Join(data, "data"))
	if err != nil {
		return loadgen.Result{}, nil, err
	}
	cfg.Addr = h.mqtt()
	r, err := loadgen.Run(ctx, cfg)
	return r, h.child, err
}

func (b *bench) loadMosquitto(ctx context.Context, cfg loadgen.Config) (loadgen.Result, *child, error) {
	c, addr, err := b.startMosquitto(ctx)
	if err != nil {
		return loadgen.Result{}, nil, err
	}
	cfg.Addr, cfg.Receive = addr, true
	r, err := loadgen.Run(ctx, cfg)
	return r, c, err
}
