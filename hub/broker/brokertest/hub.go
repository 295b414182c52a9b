// Package brokertest is the delivery suite that every kind of broker passes:
// what a device publishes reaches the log once and in order, is answered after
// the commit, and what cannot be stored becomes a dead letter. It owns the
// small hub and the real Mosquitto that the suite runs against.
package brokertest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hallkeeper/hub/broker"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/ingest"
	"hallkeeper/wire"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// Start makes the broker under test for a sink.
type Start func(t testing.TB, topics wire.Topics, sink broker.Sink) broker.Broker

// Hub is the smallest whole hub: a broker, ingest and a real log.
type Hub struct {
	Topics  wire.Topics
	Log     *eventlog.Log
	Gate    *Gate
	Devices *Devices
	Broker  broker.Broker

	t     testing.TB
	start Start
	sink  *ingest.Ingest
	stop  func()
}

// NewHub starts a hub with an empty log and stops it with the test.
func NewHub(t testing.TB, hall string, start Start) *Hub {
	t.Helper()
	log, err := eventlog.Open(eventlog.Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Errorf("close the log: %v", err)
		}
	})
	h := &Hub{Topics: wire.Topics{Hall: hall}, Log: log, Gate: &Gate{log: log}, Devices: &Devices{}, t: t, start: start}
	h.sink, err = ingest.New(ingest.Config{Topics: h.Topics, Log: h.Gate, Cards: Cards{}, Devices: h.Devices,
		Logger: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	h.Up()
	t.Cleanup(h.Down)
	return h
}

// Up starts the broker, or the connection to it, and waits until it is there.
func (h *Hub) Up() {
	h.t.Helper()
	h.Broker = h.start(h.t, h.Topics, h.sink)
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	wait.Go(func() {
		if err := h.Broker.Run(ctx); err != nil {
			h.t.Errorf("the broker: %v", err)
		}
	})
	wait.Go(func() {
		if err := h.sink.Run(ctx, h.Broker); err != nil {
			h.t.Errorf("ingest: %v", err)
		}
	})
	var once sync.Once
	h.stop = func() {
		once.Do(func() {
			h.Gate.Release()
			cancel()
			wait.Wait()
		})
	}
	Eventually(h.t, "the broker is there", func() bool { return h.Broker.Health().Connected })
}

// Down stops the broker, or the connection to it; the log stays open.
func (h *Hub) Down() { h.stop() }

// Events are all records of the log, without what the hub itself appended.
func (h *Hub) Events() []wire.Record {
	h.t.Helper()
	records, err := h.Log.ReadBatch(0, 1<<20)
	if err != nil {
		h.t.Fatal(err)
	}
	return records
}

// DeadLetters are all dead letters, oldest first.
func (h *Hub) DeadLetters() []wire.DeadLetter {
	h.t.Helper()
	letters, _, err := h.Log.DeadLetters(0, 1<<20)
	if err != nil {
		h.t.Fatal(err)
	}
	for i, j := 0, len(letters)-1; i < j; i, j = i+1, j-1 {
		letters[i], letters[j] = letters[j], letters[i]
	}
	return letters
}

// Eventually waits for a condition.
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain: %s", patience, what)
		}
	}
}

// Gate stands before the log, and can hold back its answers or refuse to store.
type Gate struct {
	log *eventlog.Log

	mu      sync.Mutex
	held    bool
	full    bool
	waiting []func()
}

// Submit hands over to the log.
func (g *Gate) Submit(s eventlog.Submission) error {
	g.mu.Lock()
	full := g.full
	g.mu.Unlock()
	if full {
		s.Done(nil, eventlog.ErrUnavailable)
		return nil
	}
	done := s.Done
	s.Done = func(r []eventlog.Result, err error) {
		g.mu.Lock()
		if g.held {
			g.waiting = append(g.waiting, func() { done(r, err) })
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		done(r, err)
	}
	return g.log.Submit(s)
}

// Hold keeps the answers of commits back, as a slow disk does.
func (g *Gate) Hold() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = true
}

// Held is the number of answers held back.
func (g *Gate) Held() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.waiting)
}

// Release lets the answers go, in their order: those that come meanwhile wait
// behind the ones that were held.
func (g *Gate) Release() {
	for {
		g.mu.Lock()
		waiting := g.waiting
		g.waiting = nil
		if len(waiting) == 0 {
			g.held = false
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		for _, answer := range waiting {
			answer()
		}
	}
}

// Full makes the log refuse everything, as a full disk does, or store again.
func (g *Gate) Full(full bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.full = full
}

// Cards makes tokens that a test can predict.
type Cards struct{}

// CardToken is a hash without a key.
func (Cards) CardToken(number string) string {
	sum := sha256.Sum256([]byte(number))
	return "card-" + hex.EncodeToString(sum[:6])
}

// Devices keeps what devices said of themselves.
type Devices struct {
	mu     sync.Mutex
	states []DeviceState
	online []string
}

// DeviceState is one status.
type DeviceState struct {
	Agent string
	State wire.DeviceState
}

// DeviceStatus and CameOnline make it an ingest.Devices.
func (d *Devices) DeviceStatus(agent string, s wire.Status, _ time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.states = append(d.states, DeviceState{agent, s.State})
}

// CameOnline counts a device that came online.
func (d *Devices) CameOnline(agent string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.online = append(d.online, agent)
}

// States are all statuses of one device, in order.
func (d *Devices) States(agent string) []wire.DeviceState {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []wire.DeviceState
	for _, s := range d.states {
		if s.Agent == agent {
			out = append(out, s.State)
		}
	}
	return out
}

// CameOnlineTimes is how often a device's commanded state was asked for.
func (d *Devices) CameOnlineTimes(agent string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, a := range d.online {
		if a == agent {
			n++
		}
	}
	return n
}
