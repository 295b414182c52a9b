package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"hallkeeper/bench/loadgen"
	"hallkeeper/wire"
)

const (
	inflight = 50
	paced    = 1000 // events a second of all publishers together
)

// ingest loads a hub and a plain broker with the same events by the same
// generator, in turn: one event a publish, QoS 1. The hub acknowledges after its
// fsync and stores; the broker passes on to one subscriber and stores nothing.
func (b *bench) ingest(ctx context.Context) error {
	topics := wire.Topics{Hall: "hall"}
	for _, publishers := range []int{1, 50, 500} {
		var hubs, plain []float64
		var latest, latestPlain loadgen.Result
		measure := func(round int, ours bool) error {
			cfg := loadgen.Config{Topics: topics, Publishers: publishers, Inflight: inflight, Duration: b.span, Receive: !ours}
			if ours {
				r, err := b.loadHub(ctx, fmt.Sprintf("ingest-%d-%d", publishers, round), cfg)
				hubs, latest = append(hubs, r.Rate), r
				return err
			}
			r, err := b.loadMosquitto(ctx, cfg)
			plain, latestPlain = append(plain, r.Rate), r
			return err
		}
		for round := range b.rounds { // A B, then B A: what warms up warms up for both
			for _, ours := range []bool{round%2 == 0, round%2 != 0} {
				if err := measure(round, ours); err != nil {
					return err
				}
			}
		}
		h, p := median(hubs), median(plain)
		b.add("a", fmt.Sprintf("hub, %d publishers, flat out", publishers), fmt.Sprintf("%.0f events/s", h),
			fmt.Sprintf("durable; %s to %s, PUBACK p50 %s p99 %s; %d in flight each", rate(slices.Min(hubs)), rate(slices.Max(hubs)), ms(latest.P50), ms(latest.P99), inflight))
		b.add("a", fmt.Sprintf("Mosquitto, %d publishers, flat out", publishers), fmt.Sprintf("%.0f events/s", p),
			fmt.Sprintf("one subscriber, no store; %s to %s, PUBACK p50 %s p99 %s; inflight and queue unlimited", rate(slices.Min(plain)), rate(slices.Max(plain)), ms(latestPlain.P50), ms(latestPlain.P99)))
		b.add("a", fmt.Sprintf("ratio with %d publishers", publishers), fmt.Sprintf("%.2f", h/p), "hub to Mosquitto, same run")
		slow, err := b.loadHub(ctx, fmt.Sprintf("paced-%d", publishers), loadgen.Config{Topics: topics, Publishers: publishers, Inflight: inflight, Rate: paced, Duration: b.span})
		if err != nil {
			return err
		}
		b.add("a", fmt.Sprintf("hub, %d publishers, paced", publishers), fmt.Sprintf("%.0f events/s", slow.Rate),
			fmt.Sprintf("PUBACK p50 %s p99 %s max %s", ms(slow.P50), ms(slow.P99), ms(slow.Max)))
	}
	return nil
}

func (b *bench) loadHub(ctx context.Context, data string, cfg loadgen.Config) (loadgen.Result, error) {
	h, err := b.startHub(ctx, filepath.Join(b.folder, data))
	if err != nil {
		return loadgen.Result{}, err
	}
	defer h.stop()
	cfg.Addr = h.mqtt()
	r, err := loadgen.Run(ctx, cfg)
	if err == nil && cfg.Rate == 0 && cfg.Publishers == 50 {
		b.add("f", "hub's memory after this load", fmt.Sprintf("%.0f MiB", h.rss()), fmt.Sprintf("%d events", r.Acked))
	}
	return r, err
}

func (b *bench) loadMosquitto(ctx context.Context, cfg loadgen.Config) (loadgen.Result, error) {
	c, addr, err := b.startMosquitto(ctx)
	if err != nil {
		return loadgen.Result{}, err
	}
	defer c.stop()
	cfg.Addr = addr
	return loadgen.Run(ctx, cfg)
}

func median(all []float64) float64 {
	all = slices.Clone(all)
	slices.Sort(all)
	if n := len(all); n%2 == 0 {
		return (all[n/2-1] + all[n/2]) / 2
	}
	return all[len(all)/2]
}

func rate(v float64) string { return fmt.Sprintf("%.0f", v) }
