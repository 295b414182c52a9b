package simulator

import (
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"

	"hallkeeper/simulator/day"
	"hallkeeper/wire"
)

// fakeHub accepts events as CONTRACT says: seq = last + 1 of an outbox only.
type fakeHub struct {
	mu        sync.Mutex
	marks     map[string]uint64
	log       []wire.Event
	conflicts int
	byID      map[string]wire.Event
}

func newFakeHub() *fakeHub {
	return &fakeHub{marks: map[string]uint64{}, byID: map[string]wire.Event{}}
}

func (f *fakeHub) accept(t *testing.T, payload []byte) wire.Stored {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	var events []wire.Event
	if err := json.Unmarshal(payload, &events); err != nil || len(events) == 0 || len(payload) > wire.MaxPayload {
		t.Errorf("a publish of %d bytes with %d events: %v", len(payload), len(events), err)
		return wire.Stored{}
	}
	for _, e := range events {
		if e.First != 1 {
			t.Errorf("seq %d says that the device holds no more than %d on", e.Seq, e.First)
		}
		switch last := f.marks[e.Outbox]; {
		case e.Seq == last+1:
			f.marks[e.Outbox] = e.Seq
			f.log = append(f.log, e)
			f.byID[e.ID] = e
		case e.Seq <= last:
			if old, known := f.byID[e.ID]; !known || old.Seq != e.Seq || string(old.Data) != string(e.Data) {
				f.conflicts++
			}
		}
	}
	return wire.Stored{Outbox: events[0].Outbox, Seq: f.marks[events[0].Outbox]}
}

func pastOfTwoWeeks() *history {
	monday := day.Date{Year: 2026, Month: time.March, Day: 2}
	cfg := day.Config{Windows: []string{"w01", "w02", "w03"}}
	return newHistory(wire.Topics{Hall: "h"}, cfg, 11, monday, monday.Add(14), slog.New(slog.DiscardHandler))
}

func wholePast() (want map[string][]string) {
	want = map[string][]string{}
	for _, d := range pastOfTwoWeeks().devices {
		for _, e := range d.events {
			want[e.Agent] = append(want[e.Agent], e.ID)
		}
	}
	return want
}

func checkPast(t *testing.T, hub *fakeHub) {
	t.Helper()
	got := map[string][]string{}
	for _, e := range hub.log {
		got[e.Agent] = append(got[e.Agent], e.ID)
	}
	for agent, ids := range wholePast() {
		if !slices.Equal(got[agent], ids) {
			t.Errorf("%s: the hub has %d events, want %d in order", agent, len(got[agent]), len(ids))
		}
	}
	if hub.conflicts > 0 {
		t.Errorf("%d events were told twice with different content", hub.conflicts)
	}
}

// drive plays history against a hub with a clock of its own; lose drops publishes.
func drive(t *testing.T, h *history, hub *fakeHub, lose func() bool) (published int) {
	t.Helper()
	now := time.Unix(0, 0)
	h.restart(now)
	for range 10_000 {
		if h.finished() {
			return published
		}
		out, err := h.due(now)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range out {
			published++
			if lose() {
				continue
			}
			answer, err := json.Marshal(hub.accept(t, m.payload))
			if err != nil {
				t.Fatal(err)
			}
			agent, _, _ := h.topics.Parse(m.topic)
			if !lose() {
				h.stored(h.topics.Agent(agent, wire.LeafStored), answer, now)
			}
		}
		now = now.Add(300 * time.Millisecond)
	}
	t.Fatal("the past is never told to its end")
	return 0
}

func TestHistoryIsToldOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	never := func() bool { return false }
	sometimes := func() bool { return r.IntN(5) == 0 }
	for _, row := range []struct {
		says string
		lose func() bool
	}{
		{"over a good line", never},
		{"while a fifth of all publishes and answers is lost", sometimes},
	} {
		t.Run(row.says, func(t *testing.T) {
			hub := newFakeHub()
			drive(t, pastOfTwoWeeks(), hub, row.lose)
			checkPast(t, hub)
			if again := drive(t, pastOfTwoWeeks(), hub, never); again != 3 {
				t.Errorf("a second start published %d times, want one question a device", again)
			}
			checkPast(t, hub)
		})
	}
}

func TestHistoryGoesOnWhereItStopped(t *testing.T) {
	hub, never := newFakeHub(), func() bool { return false }
	h := pastOfTwoWeeks()
	h.days = 3 // stopped after three days
	drive(t, h, hub, never)
	drive(t, pastOfTwoWeeks(), hub, never)
	checkPast(t, hub)
}

func TestHistoryHealsAHubPutBackToABackup(t *testing.T) {
	hub, restored := newFakeHub(), false
	h := pastOfTwoWeeks()
	now := time.Unix(0, 0)
	h.restart(now)
	for !h.finished() {
		out, err := h.due(now)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range out {
			agent, _, _ := h.topics.Parse(m.topic)
			answer, _ := json.Marshal(hub.accept(t, m.payload))
			h.stored(h.topics.Agent(agent, wire.LeafStored), answer, now)
		}
		if h.done == 4 && !restored {
			restored = true
			hub = newFakeHub() // an old backup: all is gone
			for h.done == 4 {  // it waits for what it misses, until asked again
				now = now.Add(2 * time.Second)
				out, _ := h.due(now)
				for _, m := range out {
					agent, _, _ := h.topics.Parse(m.topic)
					answer, _ := json.Marshal(hub.accept(t, m.payload))
					h.stored(h.topics.Agent(agent, wire.LeafStored), answer, now)
				}
			}
		}
		now = now.Add(300 * time.Millisecond)
	}
	checkPast(t, hub)
}

// hubHook answers events on a real broker as the fake hub decides.
type hubHook struct {
	mochi.HookBase
	t      *testing.T
	hub    *fakeHub
	server *mochi.Server
	topics wire.Topics
}

func (*hubHook) ID() string { return "hub" }
func (*hubHook) Provides(b byte) bool {
	return b == mochi.OnPublished || b == mochi.OnConnectAuthenticate || b == mochi.OnACLCheck
}

func (*hubHook) OnConnectAuthenticate(*mochi.Client, packets.Packet) bool { return true }
func (*hubHook) OnACLCheck(*mochi.Client, string, bool) bool              { return true }

func (h *hubHook) OnPublished(_ *mochi.Client, pk packets.Packet) {
	agent, leaf, ok := h.topics.Parse(pk.TopicName)
	if !ok || leaf != wire.LeafEvents {
		return
	}
	answer, err := json.Marshal(h.hub.accept(h.t, pk.Payload))
	if err == nil {
		err = h.server.Publish(h.topics.Agent(agent, wire.LeafStored), answer, false, 0)
	}
	if err != nil {
		h.t.Error(err)
	}
}

func TestHistoryOverARealBroker(t *testing.T) {
	server := mochi.New(&mochi.Options{InlineClient: true, Logger: slog.New(slog.DiscardHandler)})
	hub := newFakeHub()
	if err := server.AddHook(&hubHook{t: t, hub: hub, server: server, topics: wire.Topics{Hall: "h"}}, nil); err != nil {
		t.Fatal(err)
	}
	listener := listeners.NewTCP(listeners.Config{ID: "tcp", Address: "127.0.0.1:0"})
	if err := server.AddListener(listener); err != nil {
		t.Fatal(err)
	}
	if err := server.Serve(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	for range 2 {
		if err := pastOfTwoWeeks().tell(t.Context(), "tcp://"+listener.Address()); err != nil {
			t.Fatal(err)
		}
	}
	hub.mu.Lock()
	defer hub.mu.Unlock()
	checkPast(t, hub)
}

func TestPastStaysTheSame(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "simulator.json")
	monday := day.Date{Year: 2026, Month: time.November, Day: 23}
	first, err := settlePast(path, 7, 90, monday)
	if err != nil {
		t.Fatal(err)
	}
	if want := (past{7, "2026-08-25", "2026-11-23"}); first != want {
		t.Errorf("got %+v, want %+v", first, want)
	}
	for _, row := range []struct {
		says  string
		seed  uint64
		days  int
		today day.Date
	}{
		{"a start on the next day", 7, 90, monday.Add(1)},
		{"a start with another seed", 8, 90, monday},
		{"a start with fewer days", 7, 5, monday},
	} {
		again, err := settlePast(path, row.seed, row.days, row.today)
		if err != nil || again != first {
			t.Errorf("%s tells another past: %+v, %v", row.says, again, err)
		}
	}
}
