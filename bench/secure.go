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
		for _, pace := range []float64{0, paced} {
			p, err := inPairs(b.pairs(), func(encrypted bool) (reading, error) {
				// The same agents at both doors, each enrolled, with an outbox of its own for each load.
				cfg := loadgen.Config{Addr: h.mqtt(), Topics: wire.Topics{Hall: "hall"}, Publishers: publishers, Inflight: inflight, Rate: pace, Duration: b.span / 3, Prefix: "load"}
				if encrypted {
					cfg.Addr, cfg.TLS = hostPort(h.TLS), func(agent string) (*tls.Config, error) { return who[agent], nil }
				}
				m := meter{hub: h}
				cfg.Connected = m.begin
				got, err := loadgen.Run(ctx, cfg)
				if err != nil {
					return reading{}, err
				}
				r := reading{rate: got.Rate, p50: got.P50, p99: got.P99}
				err = m.read(&r, got.Acked)
				return r, err
			})
			if err != nil {
				return err
			}
			how := "flat out"
			if pace > 0 {
				how = "paced"
			}
			b.addPairs("s", fmt.Sprintf("MQTT, %d publishers, %s", publishers, how), "events/s", &p)
		}
	}
	return nil
}

// pairs is how many pairs of plain and secured are measured.
func (b *bench) pairs() int { return 4*b.rounds + 1 }

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
		if err := h.ask(ctx, http.MethodPost, "enrolments", fmt.Sprintf(`{"device":%q}`, name), &made); err != nil {
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
