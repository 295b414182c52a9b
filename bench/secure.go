package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"hallkeeper/agent/identity"
	"hallkeeper/bench/loadgen"
	"hallkeeper/wire"
)

// secure loads one hub's two doors with the same events by the same generator, in
// turn: plain MQTT, and MQTT over TLS 1.3 where each publisher has a certificate of
// its own, is enrolled as a window computer is, and may use its own topics alone.
func (b *bench) secure(ctx context.Context) error {
	const most = 50
	h, err := b.startHub(ctx, filepath.Join(b.folder, "secure"), "--https", "127.0.0.1:0", "--mqtt-tls", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer h.stop()
	who, err := b.enrolAll(ctx, h, most)
	if err != nil {
		return err
	}
	for _, publishers := range []int{1, most} {
		load := func(encrypted bool, pace float64) (loadgen.Result, error) {
			cfg := loadgen.Config{Addr: h.mqtt(), Topics: wire.Topics{Hall: "hall"}, Publishers: publishers, Inflight: inflight, Rate: pace, Duration: b.span, Prefix: "plain"}
			if encrypted {
				cfg.Prefix, cfg.Addr, cfg.TLS = "load", hostPort(h.TLS), func(agent string) (*tls.Config, error) { return who[agent], nil }
			}
			return loadgen.Run(ctx, cfg)
		}
		for _, pace := range []float64{0, paced} {
			if err := b.compare(publishers, pace, load); err != nil {
				return err
			}
		}
	}
	return nil
}

// compare measures both doors in turns and adds what came of them and their ratios.
func (b *bench) compare(publishers int, pace float64, load func(encrypted bool, pace float64) (loadgen.Result, error)) error {
	var results [2][]loadgen.Result // plain, encrypted
	for round := range 2 * b.rounds {
		for _, encrypted := range []bool{round%2 != 0, round%2 == 0} {
			r, err := load(encrypted, pace)
			if err != nil {
				return err
			}
			i := 0
			if encrypted {
				i = 1
			}
			results[i] = append(results[i], r)
		}
	}
	of := func(i int, value func(loadgen.Result) float64) float64 {
		var all []float64
		for _, r := range results[i] {
			all = append(all, value(r))
		}
		return median(all)
	}
	rates := func(r loadgen.Result) float64 { return r.Rate }
	p50 := func(r loadgen.Result) float64 { return float64(r.P50) }
	p99 := func(r loadgen.Result) float64 { return float64(r.P99) }
	how := "flat out"
	if pace > 0 {
		how = "paced"
	}
	for i, name := range []string{"plain", "TLS, certificates, ACL"} {
		b.add("s", fmt.Sprintf("%s, %d publishers, %s", name, publishers, how), rate(of(i, rates))+" events/s",
			fmt.Sprintf("PUBACK p50 %s p99 %s; medians of %d", ms(time.Duration(of(i, p50))), ms(time.Duration(of(i, p99))), len(results[i])))
	}
	b.add("s", fmt.Sprintf("TLS to plain, %d publishers, %s", publishers, how), fmt.Sprintf("%.2f", of(1, rates)/of(0, rates)),
		fmt.Sprintf("throughput, same run; latency p50 %.2f, p99 %.2f", of(1, p50)/of(0, p50), of(1, p99)/of(0, p99)))
	return nil
}

// enrolAll makes each of the load's agents a device of the hall, over HTTPS with a code of its own.
func (b *bench) enrolAll(ctx context.Context, h *hub, n int) (map[string]*tls.Config, error) {
	clock := identity.Clock{Now: time.Now, Trusted: func() bool { return true }}
	all := map[string]*tls.Config{}
	var took []time.Duration
	for i := range n {
		name := fmt.Sprintf("load-%03d", i+1)
		var made struct {
			Code string `json:"code"`
		}
		if err := h.ask(ctx, http.MethodPost, "enrolments", fmt.Sprintf(`{"device":%q,"kind":"agent"}`, name), &made); err != nil {
			return nil, err
		}
		began := time.Now()
		id, err := identity.Enrol(ctx, identity.Enrolment{Hub: hostPort(h.HTTPS), Code: made.Code, Data: filepath.Join(b.folder, name), Clock: clock})
		if err != nil {
			return nil, fmt.Errorf("enrol %s: %w", name, err)
		}
		took = append(took, time.Since(began))
		all[name] = id.TLS(clock)
	}
	slices.Sort(took)
	b.add("s", "a device is enrolled", "p50 "+ms(took[len(took)/2]), fmt.Sprintf("max %s, %d devices: key, request, certificate, both fsyncs", ms(took[len(took)-1]), n))
	return all, nil
}
