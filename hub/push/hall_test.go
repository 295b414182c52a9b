package push

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"hallkeeper/wire"
)

// hall is a small live view: numbers by name. A patch sets some and removes others.
type hall struct {
	mu      sync.Mutex
	state   map[string]int
	padding string
	built   int
	publish func([]byte)
}

func newHall() *hall { return &hall{state: map[string]int{}, publish: func([]byte) {}} }

func (h *hall) Snapshot(use func([]byte)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.built++
	use(must(json.Marshal(h.state)))
}

// change sets name to value, or removes it where value is negative.
func (h *hall) change(name string, value int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	patch := fmt.Sprintf(`{%q:%d}`, name, value)
	if value < 0 {
		delete(h.state, name)
		patch = fmt.Sprintf(`{%q:null}`, name)
	} else {
		h.state[name] = value
	}
	if h.padding != "" {
		patch = patch[:len(patch)-1] + `,"padding":` + h.padding + `}`
	}
	h.publish([]byte(patch))
}

func (h *hall) copy() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.state)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// mirrored is a reader's own copy of the hall, kept as a page keeps it.
type mirrored struct {
	state     map[string]int
	seq       uint64
	snapshots int
	alive     int
	patches   int
	at        time.Time
}

// take applies a message and says what is wrong with it.
func (m *mirrored) take(raw []byte) error {
	var msg wire.LiveMessage
	if err := json.Unmarshal(raw, &msg); err != nil {
		return fmt.Errorf("not a live message: %w: %.80s", err, raw)
	}
	if msg.At.IsZero() || msg.At.Before(m.at) {
		return fmt.Errorf("%s %d is from %v, the one before it from %v", msg.Type, msg.Seq, msg.At, m.at)
	}
	m.at = msg.At
	switch msg.Type {
	case wire.LiveSnapshot:
		if m.snapshots > 0 && msg.Seq <= m.seq {
			return fmt.Errorf("snapshot %d after %d goes back", msg.Seq, m.seq)
		}
		m.state, m.snapshots, m.seq = nil, m.snapshots+1, msg.Seq
		return json.Unmarshal(msg.Data, &m.state)
	case wire.LivePatch:
		if m.snapshots == 0 || msg.Seq != m.seq+1 {
			return fmt.Errorf("patch %d came after %d (%d snapshots)", msg.Seq, m.seq, m.snapshots)
		}
		m.seq, m.patches = msg.Seq, m.patches+1
		var patch map[string]json.RawMessage
		if err := json.Unmarshal(msg.Data, &patch); err != nil {
			return err
		}
		delete(patch, "padding")
		for k, v := range patch {
			if string(v) == "null" {
				delete(m.state, k)
				continue
			}
			var n int
			if err := json.Unmarshal(v, &n); err != nil {
				return err
			}
			m.state[k] = n
		}
	case wire.LiveAlive:
		if m.alive++; m.snapshots == 0 || msg.Seq != m.seq {
			return fmt.Errorf("alive says %d, the last message was %d", msg.Seq, m.seq)
		}
	default:
		return fmt.Errorf("an unknown type %q", msg.Type)
	}
	return nil
}

// serve runs a hub over h on a free port until the test ends.
func serve(t testing.TB, h *hall, cfg Config) (hub *Hub, url string) {
	t.Helper()
	hub, url, stop := serveUntil(t, h, cfg)
	t.Cleanup(stop)
	return hub, url
}

func serveUntil(t testing.TB, h *hall, cfg Config) (hub *Hub, url string, stop func()) {
	t.Helper()
	hub = New(slog.New(slog.DiscardHandler), prometheus.NewRegistry(), h, cfg)
	h.mu.Lock()
	h.publish = hub.Publish
	h.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- hub.Run(ctx) }()
	mux := http.NewServeMux()
	mux.Handle("/ws/live", hub)
	server := httptest.NewServer(mux)
	return hub, "ws" + strings.TrimPrefix(server.URL, "http") + "/ws/live", sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the hub ended with %v", err)
		}
		server.Close()
	})
}

// dial connects a screen; a receive buffer above 0 bounds what the kernel takes for it.
func dial(t testing.TB, url string, buffer int) *websocket.Conn {
	t.Helper()
	d := websocket.Dialer{HandshakeTimeout: 20 * time.Second, EnableCompression: true,
		NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			if err == nil && buffer > 0 {
				err = c.(*net.TCPConn).SetReadBuffer(buffer)
			}
			return c, err
		}}
	conn, _, err := d.Dial(url, nil)
	if err != nil {
		t.Fatalf("connect a screen: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// until reads messages into m until enough says so.
func until(conn *websocket.Conn, m *mirrored, enough func() bool) error {
	for !enough() {
		if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
			return err
		}
		_, raw, err := conn.ReadMessage()
		if err != nil {
			return fmt.Errorf("after seq %d: %w", m.seq, err)
		}
		if err := m.take(raw); err != nil {
			return err
		}
	}
	return nil
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}
