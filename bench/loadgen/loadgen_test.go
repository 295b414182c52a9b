package loadgen_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"hallkeeper/bench/loadgen"
	"hallkeeper/hub/broker"
	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/wire"
)

func embedded(t testing.TB, topics wire.Topics, sink broker.Sink) broker.Broker {
	t.Helper()
	b, err := broker.NewEmbedded(broker.EmbeddedConfig{Addr: "127.0.0.1:0", Topics: topics}, sink, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEveryEventOfALoadReachesTheLog(t *testing.T) {
	for _, row := range []struct {
		name string
		cfg  loadgen.Config
	}{
		{"flat out", loadgen.Config{Publishers: 7, Inflight: 20, Events: 2000}},
		{"paced", loadgen.Config{Publishers: 5, Inflight: 4, Events: 200, Rate: 2000}},
		{"one at a time", loadgen.Config{Publishers: 1, Inflight: 1, Events: 20}},
		{"for a while", loadgen.Config{Publishers: 3, Inflight: 10, Duration: 50 * time.Millisecond, Rate: 500}},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := brokertest.NewHub(t, "h1", embedded)
			cfg := row.cfg
			cfg.Addr, cfg.Topics = h.Broker.Addr(), h.Topics
			r, err := loadgen.Run(context.Background(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if r.Sent == 0 || r.Acked != r.Sent || len(h.Events()) != r.Sent || len(h.DeadLetters()) != 0 {
				t.Errorf("sent %d, acknowledged %d, in the log %d, dead letters %d", r.Sent, r.Acked, len(h.Events()), len(h.DeadLetters()))
			}
			if cfg.Events > 0 && r.Sent < cfg.Events {
				t.Errorf("sent %d of %d", r.Sent, cfg.Events)
			}
			if r.P50 <= 0 || r.P99 < r.P50 || r.Max < r.P99 || r.Rate <= 0 {
				t.Errorf("times %s %s %s, rate %f", r.P50, r.P99, r.Max, r.Rate)
			}
		})
	}
}

func TestASubscriberReceivesTheWholeLoad(t *testing.T) {
	m := brokertest.StartMosquitto(t)
	r, err := loadgen.Run(context.Background(), loadgen.Config{Addr: m.Addr, Topics: wire.Topics{Hall: "h1"},
		Publishers: 5, Inflight: 50, Events: 5000, Receive: true})
	if err != nil {
		t.Fatal(err)
	}
	if r.Acked != 5000 || r.Received != 5000 {
		t.Errorf("acknowledged %d, received %d", r.Acked, r.Received)
	}
}

func TestALoadThatCannotRunSaysWhy(t *testing.T) {
	for name, cfg := range map[string]loadgen.Config{
		"no publisher":       {Inflight: 1, Events: 1},
		"nothing in flight":  {Publishers: 1, Events: 1},
		"no end":             {Publishers: 1, Inflight: 1},
		"a negative rate":    {Publishers: 1, Inflight: 1, Events: 1, Rate: -1},
		"nobody listens":     {Publishers: 1, Inflight: 1, Events: 1, Addr: "127.0.0.1:1"},
		"a name with spaces": {Publishers: 1, Inflight: 1, Events: 1, Prefix: "a b"},
	} {
		if _, err := loadgen.Run(context.Background(), cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
