// Package uplinktest is a hub for tests of what speaks to one: a real broker in
// the same process, and as much of a hub as a device sees. It stores nothing.
package uplinktest

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"sync"
	"testing"

	broker "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"

	"hallkeeper/wire"
)

// Hall and Agent are whom the hub speaks with.
const (
	Hall  = "test"
	Agent = "w01"
)

// Hub is a broker with what the hub does with events: it stores the next seq
// only, and answers.
type Hub struct {
	// Addr is where the broker listens.
	Addr   string
	t      testing.TB
	server *broker.Server
	topics wire.Topics
	once   sync.Once

	mu sync.Mutex
	// All below is for Locked only. Marks are the last seqs that were stored or
	// refused, by outbox.
	Marks  map[string]uint64
	Stored []wire.Event
	// Came has every seq as it came, Payloads the number of events in each publish.
	Came     []uint64
	Payloads []int
	Statuses []wire.Status
	// Deaf is how many publishes more are lost; Silent answers nothing.
	Deaf   int
	Silent bool
	// Closed refuses connections, as a hub does with devices of another hall.
	Closed bool
	// Refuse are the seqs that go to the dead letters.
	Refuse map[uint64]bool
}

// allow lets everybody in, unless the hub is closed.
type allow struct {
	broker.HookBase
	hub     *Hub
	mu      sync.Mutex
	holders map[string]*conn // by client id
}

// conn is one connection; done is closed once the broker has wholly finished with it.
type conn struct {
	net.Conn
	done chan struct{}
}

// listener tells when the broker has finished with a connection.
type listener struct{ *listeners.Net }

// Serve implements listeners.Listener.
func (l listener) Serve(establish listeners.EstablishFn) {
	l.Net.Serve(func(id string, c net.Conn) error {
		w := &conn{Conn: c, done: make(chan struct{})}
		defer close(w.done)
		return establish(id, w)
	})
}

func (*allow) ID() string { return "allow" }
func (*allow) Provides(b byte) bool {
	return b == broker.OnConnectAuthenticate || b == broker.OnACLCheck || b == broker.OnSessionEstablish
}

// OnSessionEstablish ends an older connection of the same client and waits for
// its end, as the hub's own broker does: left alone, this broker's clean-up after
// the old one may remove the new one, and two of one name would stand side by side.
func (a *allow) OnSessionEstablish(cl *broker.Client, _ packets.Packet) {
	c, ok := cl.Net.Conn.(*conn)
	if !ok {
		return
	}
	for {
		a.mu.Lock()
		old := a.holders[cl.ID]
		if old == nil || old == c || old.over() {
			a.holders[cl.ID] = c
			a.mu.Unlock()
			return
		}
		a.mu.Unlock()
		_ = old.Close()
		<-old.done
	}
}

func (c *conn) over() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

func (a *allow) OnConnectAuthenticate(*broker.Client, packets.Packet) (ok bool) {
	a.hub.Locked(func() { ok = !a.hub.Closed })
	return ok
}
func (*allow) OnACLCheck(*broker.Client, string, bool) bool { return true }

// New starts one at addr, where port 0 takes a free one; it ends with the test.
func New(t testing.TB, addr string) *Hub {
	t.Helper()
	socket, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return Over(t, socket)
}

// Over starts one on a socket, which may speak TLS.
func Over(t testing.TB, socket net.Listener) *Hub {
	t.Helper()
	h := &Hub{t: t, Addr: socket.Addr().String(), topics: wire.Topics{Hall: Hall}, Refuse: map[uint64]bool{}, Marks: map[string]uint64{}}
	h.server = broker.New(&broker.Options{InlineClient: true, Logger: slog.New(slog.DiscardHandler)})
	if err := h.server.AddHook(&allow{hub: h, holders: map[string]*conn{}}, nil); err != nil {
		t.Fatal(err)
	}
	if err := h.server.AddListener(listener{listeners.NewNet("test", socket)}); err != nil {
		t.Fatal(err)
	}
	for leaf, take := range map[wire.Leaf]func([]byte){wire.LeafEvents: h.events, wire.LeafStatus: h.status} {
		if err := h.server.Subscribe(h.topics.Every(leaf), 1, func(_ *broker.Client, _ packets.Subscription, p packets.Packet) { take(p.Payload) }); err != nil {
			t.Fatal(err)
		}
	}
	go func() { _ = h.server.Serve() }()
	t.Cleanup(h.Close)
	return h
}

// Close ends the broker before the test does.
func (h *Hub) Close() { h.once.Do(func() { _ = h.server.Close() }) }

func (h *Hub) events(payload []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	parsed := wire.ParseEvents(Agent, payload)
	h.Payloads = append(h.Payloads, len(parsed))
	answer := wire.Stored{}
	for _, p := range parsed {
		if p.Reason != "" {
			h.t.Errorf("the hub refuses %s: %s", p.Raw, p.Detail)
			continue
		}
		h.Came = append(h.Came, p.Event.Seq)
	}
	if h.Deaf > 0 {
		h.Deaf--
		return
	}
	for _, p := range parsed {
		e := p.Event
		answer.Outbox = e.Outbox
		if e.First > h.Marks[e.Outbox]+1 {
			h.Marks[e.Outbox] = e.First - 1 // outbox.gap
		}
		if e.Seq != h.Marks[e.Outbox]+1 {
			continue
		}
		h.Marks[e.Outbox] = e.Seq
		if h.Refuse[e.Seq] {
			answer.Refused = append(answer.Refused, wire.Refusal{Seq: e.Seq, Reason: wire.ReasonBadData})
			continue
		}
		h.Stored = append(h.Stored, e)
	}
	answer.Seq = h.Marks[answer.Outbox]
	if !h.Silent {
		h.Answer(answer)
	}
}

// Answer publishes a stored answer.
func (h *Hub) Answer(s wire.Stored) { h.Publish(wire.LeafStored, s) }

// Publish sends something to the device.
func (h *Hub) Publish(leaf wire.Leaf, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		h.t.Error(err)
	}
	if err := h.server.Publish(h.topics.Agent(Agent, leaf), raw, false, 0); err != nil {
		h.t.Errorf("publish: %v", err)
	}
}

func (h *Hub) status(payload []byte) {
	var s wire.Status
	if err := json.Unmarshal(payload, &s); err != nil {
		h.t.Errorf("a status is %q", payload)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.Statuses = append(h.Statuses, s)
}

// Locked looks at, or changes, what the hub has.
func (h *Hub) Locked(do func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	do()
}

// Count is how many events are stored.
func (h *Hub) Count() (n int) {
	h.Locked(func() { n = len(h.Stored) })
	return n
}

// Last is the latest status that came.
func (h *Hub) Last() (s wire.Status) {
	h.Locked(func() {
		if n := len(h.Statuses); n > 0 {
			s = h.Statuses[n-1]
		}
	})
	return s
}

// Cut ends the agent's connection as a broken cable would.
func (h *Hub) Cut() {
	for _, c := range h.server.Clients.GetAll() {
		if !c.Net.Inline {
			c.Stop(errors.New("the cable is cut"))
		}
	}
}

// InOrder checks that the hub has 1, 2, 3 … each once.
func (h *Hub) InOrder(n int) {
	h.t.Helper()
	h.Locked(func() {
		if len(h.Stored) != n {
			h.t.Errorf("%d events are stored, not %d", len(h.Stored), n)
		}
		for i, e := range h.Stored {
			if e.Seq != uint64(i+1) {
				h.t.Fatalf("event %d has seq %d", i, e.Seq)
			}
		}
	})
}

// Retained tells whether the device's status is retained.
func (h *Hub) Retained() bool {
	p, ok := h.server.Topics.Retained.Get(h.topics.Agent(Agent, wire.LeafStatus))
	return ok && len(p.Payload) > 0
}
