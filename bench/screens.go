package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/gorilla/websocket"

	"hallkeeper/faults/operator"
	"hallkeeper/wire"
)

const screensCount = 1000

// screens measures how long an event takes to a thousand websockets: from its
// publish, over the fsync, until each screen has read the patch. In turn they are
// strangers' over plain HTTP, and of one who has signed in over TLS.
func (b *bench) screens(ctx context.Context) error {
	h, err := b.startHub(ctx, filepath.Join(b.folder, "screens"), "--https", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer h.stop()
	pool, err := h.authority(ctx)
	if err != nil {
		return err
	}
	client := paho.NewClient(paho.NewClientOptions().AddBroker(h.MQTT).SetClientID("w01").SetAutoReconnect(false))
	if t := client.Connect(); !t.WaitTimeout(10*time.Second) || t.Error() != nil {
		return fmt.Errorf("connect: %w", t.Error())
	}
	defer client.Disconnect(100)
	f := fanout{h: h, client: client, span: b.span}
	ways := map[bool]*fanned{false: {}, true: {}}
	p, err := inPairs(b.rounds+1, func(secured bool) (reading, error) {
		w := wall{url: "ws" + strings.TrimPrefix(h.HTTP, "http") + "/ws/live", dialer: &websocket.Dialer{HandshakeTimeout: time.Minute}}
		if secured {
			w.url = "wss" + strings.TrimPrefix(h.HTTPS, "https") + "/ws/live"
			w.dialer.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}
			w.head = operator.Header()
		}
		return f.measure(ctx, &w, ways[secured])
	})
	if err != nil {
		return err
	}
	for _, way := range []struct {
		secured bool
		name    string
	}{{false, ""}, {true, " over TLS, signed in"}} {
		x := ways[way.secured]
		p50, p99, most := quantiles(x.took)
		b.add("c", fmt.Sprintf("event → %d websockets%s", screensCount, way.name), fmt.Sprintf("p99 %s", ms(p99)),
			fmt.Sprintf("p50 %s, max %s, from its publish, the fsync included; %d events; clients on this machine too", ms(p50), ms(most), x.events))
		b.add("f", "hub's memory with 1,000 screens"+way.name, fmt.Sprintf("%.0f MiB", x.memory), "")
	}
	p50, _, _ := p.ratio(byP50)
	p99, _, _ := p.ratio(byP99)
	cpu, _, _ := p.ratio(byCPU)
	b.add("c", "websockets, TLS to plain", fmt.Sprintf("p50 %.2f, p99 %.2f", p50, p99), fmt.Sprintf("median of %d pairs; the hub's processor for an event %.2f", len(p.plain), cpu))
	return nil
}

// fanout sends events to a wall of screens, one after the other.
type fanout struct {
	h      *hub
	client paho.Client
	span   time.Duration
	sent   int // of the outbox
}

// fanned is what came of them.
type fanned struct {
	took   []time.Duration
	events int
	memory float64
}

// wall is a thousand screens.
type wall struct {
	url     string
	head    http.Header
	dialer  *websocket.Dialer
	conns   []*websocket.Conn
	readers sync.WaitGroup

	at   atomic.Int64 // when the newest event was published, Unix nanoseconds
	seen atomic.Int64
	mu   sync.Mutex
	took []time.Duration
}

func (w *wall) connect(ctx context.Context) error {
	for range screensCount {
		c, res, err := w.dialer.DialContext(ctx, w.url, w.head)
		if err != nil {
			return fmt.Errorf("connect screen %d: %w", len(w.conns)+1, err)
		}
		_ = res.Body.Close()
		w.conns = append(w.conns, c)
		w.readers.Go(func() { w.read(c) })
	}
	return nil
}

func (w *wall) read(c *websocket.Conn) {
	for {
		_, text, err := c.ReadMessage()
		if err != nil {
			return
		}
		at := w.at.Load()
		if at == 0 || !bytes.Contains(text, []byte(`"stored_seq"`)) || bytes.Contains(text, []byte(`"snapshot"`)) {
			continue
		}
		late := time.Duration(time.Now().UnixNano() - at)
		w.seen.Add(1)
		w.mu.Lock()
		w.took = append(w.took, late)
		w.mu.Unlock()
	}
}

func (w *wall) close() {
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.readers.Wait()
}

// measure connects a wall and sends for a span; the next event comes when all screens have this one.
func (f *fanout) measure(ctx context.Context, w *wall, into *fanned) (r reading, err error) {
	defer w.close()
	if err := w.connect(ctx); err != nil {
		return r, err
	}
	m := meter{hub: f.h}
	if err := m.begin(); err != nil {
		return r, err
	}
	n := 0
	for began := time.Now(); time.Since(began) < f.span; n++ {
		if err := f.send(ctx, w); err != nil {
			return r, err
		}
		time.Sleep(50 * time.Millisecond)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	into.events, into.took, into.memory = into.events+n, append(into.took, w.took...), f.h.rss()
	r.p50, r.p99, _ = quantiles(w.took)
	err = m.read(&r, n)
	return r, err
}

func (f *fanout) send(ctx context.Context, w *wall) error {
	f.sent++
	at := time.Now()
	payload := fmt.Sprintf(`{"id":"e%d","agent":"w01","outbox":"o","seq":%d,"first":1,"at":%q,"clock":"synced","kind":"rating.pressed","data":{"level":5}}`,
		f.sent, f.sent, at.Format("2006-01-02T15:04:05.000Z07:00"))
	before := w.seen.Load()
	w.at.Store(at.UnixNano())
	t := f.client.Publish(wire.Topics{Hall: "hall"}.Agent("w01", wire.LeafEvents), 1, false, payload)
	if !t.WaitTimeout(10*time.Second) || t.Error() != nil {
		return fmt.Errorf("publish: %w", t.Error())
	}
	return f.h.until(ctx, "all screens have the patch", func() bool { return w.seen.Load() >= before+screensCount })
}
