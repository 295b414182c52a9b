package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"hallkeeper/hub/broker"
	"hallkeeper/wire"
)

const patience = 30 * time.Second

// testHub is a hub's broker over a log in memory that stores each outbox in order.
type testHub struct {
	t      *testing.T
	topics wire.Topics
	broker *broker.Embedded

	mu    sync.Mutex
	log   []wire.Record
	marks map[string]uint64
	ids   map[string]bool
	// deaf makes it drop the connection of every nth publish, stored or not.
	deaf, publishes int
}

func startHub(t *testing.T, deaf int) *testHub {
	t.Helper()
	h := &testHub{t: t, topics: wire.Topics{Hall: "hall"}, marks: map[string]uint64{}, ids: map[string]bool{}, deaf: deaf}
	var err error
	h.broker, err = broker.NewEmbedded(broker.EmbeddedConfig{Addr: "127.0.0.1:0", Topics: h.topics}, h, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.broker.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return h
}

func (h *testHub) Connected() {}

func (h *testHub) Status(string, []byte, time.Time) {}

func (h *testHub) Deliver(d broker.Delivery) {
	h.mu.Lock()
	h.publishes++
	cut := h.deaf > 0 && h.publishes%h.deaf == 0
	var events []wire.Event
	if json.Unmarshal(d.Payload, &events) != nil {
		events = make([]wire.Event, 1)
		if err := json.Unmarshal(d.Payload, &events[0]); err != nil {
			h.t.Error(err)
		}
	}
	if !cut || h.publishes%(2*h.deaf) == 0 {
		for _, e := range events {
			h.store(e)
		}
	}
	for _, e := range events {
		if e.First > e.Seq {
			h.t.Errorf("seq %d says that the oldest is %d", e.Seq, e.First)
		}
	}
	outbox := events[0].Outbox
	mark := h.marks[outbox]
	h.mu.Unlock()
	if cut {
		d.Settle(broker.Disconnect)
		return
	}
	if outbox != "" {
		answer, _ := json.Marshal(wire.Stored{Outbox: outbox, Seq: mark})
		go func() { _ = h.broker.Publish(h.topics.Agent(d.Agent, wire.LeafStored), answer, 0, false) }()
	}
	d.Settle(broker.Acknowledge)
}

// store is called with mu held.
func (h *testHub) store(e wire.Event) {
	if e.Outbox != "" && e.Seq != h.marks[e.Outbox]+1 || h.ids[e.ID] {
		return
	}
	h.ids[e.ID] = true
	if e.Outbox != "" {
		h.marks[e.Outbox] = e.Seq
	}
	e.First = 0
	h.log = append(h.log, wire.Record{Position: wire.Position(len(h.log) + 1), Event: e})
}

func (h *testHub) records() []wire.Record {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]wire.Record(nil), h.log...)
}

func TestWhatADeviceSendsNext(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name       string
		next, open int
		stalled    bool
		want       int
	}{
		{"it goes on", 9, 5, false, 9},
		{"without progress it begins again with the first open one", 9, 5, true, 5},
		{"what was acknowledged meanwhile is not sent again", 5, 9, false, 9},
		{"nor without progress", 5, 9, true, 9},
	} {
		if got := cursor(row.next, row.open, row.stalled); got != row.want {
			t.Errorf("%s: %d, expected %d", row.name, got, row.want)
		}
	}
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

func TestDevicesKeepALedgerThatAHubCanMeet(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, outbox string
		deaf         int
		again        time.Duration
	}{
		{"a device with an outbox", "o1", 0, noProgress},
		{"a device with an outbox whose connection breaks again and again", "o1", 5, noProgress},
		{"a device with an outbox that sends again too early", "o1", 0, time.Microsecond},
		{"a device without an outbox", "", 0, noProgress},
		{"a device without an outbox whose connection breaks again and again", "", 17, noProgress},
		{"a device without an outbox that sends again too early", "", 0, time.Microsecond},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			hub := startHub(t, row.deaf)
			book := newLedger()
			d := &device{agent: "p01", outbox: row.outbox, book: book, prefix: "t", topics: hub.topics, again: row.again, chance: rand.New(rand.NewPCG(1, 1))}
			acting, end := context.WithCancel(t.Context())
			over := make(chan struct{})
			go func() {
				defer close(over)
				d.live(acting, hub.broker.Addr(), true)
			}()
			await(t, "acknowledge 100 events", func() bool { _, kept, _ := book.counts(); return kept >= 100 })
			end()
			<-over
			draining, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			d.live(draining, hub.broker.Addr(), false)
			if draining.Err() != nil {
				t.Fatal("what was open was not acknowledged")
			}
			log := hub.records()
			v := check(book.copied(), log)
			made, kept, _ := book.counts()
			if !v.clean() || v.stored < kept || row.outbox != "" && made != kept {
				t.Fatalf("%d made, %d kept: %+v", made, kept, v)
			}
			if v := check(book.copied(), log[:len(log)-1]); v.lost != 1 {
				t.Errorf("without the last record %d are lost", v.lost)
			}
		})
	}
}
