package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/gorilla/websocket"

	"hallkeeper/wire"
)

const screenCount = 1000

// screens measures how long an event takes to a thousand websockets: from its
// publish, over the fsync, until each screen has read the patch; and how long
// after the first screen each of them has it.
func (b *bench) screens(ctx context.Context) error {
	h, err := b.startHub(ctx, filepath.Join(b.folder, "screens"))
	if err != nil {
		return err
	}
	defer h.stop()
	var shown arrivals
	var all []*screen
	defer func() {
		for _, s := range all {
			s.close()
		}
	}()
	for range screenCount {
		s, err := watch(ctx, h, shown.note)
		if err != nil {
			return fmt.Errorf("connect screen %d: %w", len(all)+1, err)
		}
		all = append(all, s)
	}
	client := paho.NewClient(paho.NewClientOptions().AddBroker(h.MQTT).SetClientID("w01").SetAutoReconnect(false))
	if t := client.Connect(); !t.WaitTimeout(10*time.Second) || t.Error() != nil {
		return fmt.Errorf("connect: %w", t.Error())
	}
	defer client.Disconnect(100)
	var fromPublish, fromFirst delays
	seq := 0
	for range b.runs {
		var whole, fan []time.Duration
		for began := time.Now(); time.Since(began) < 2*b.span; {
			seq++
			sent, err := publishOne(client, seq)
			if err != nil {
				return err
			}
			// The next event comes when all screens have this one: one patch is measured at a time.
			if err := h.until(ctx, "all screens have the patch", func() bool { return shown.count() >= screenCount }); err != nil {
				return err
			}
			at := shown.take()
			for _, t := range at {
				whole, fan = append(whole, t.Sub(sent)), append(fan, t.Sub(at[0]))
			}
			time.Sleep(50 * time.Millisecond)
		}
		fromPublish.add(quantiles(whole))
		fromFirst.add(quantiles(fan))
	}
	b.table.add(screens, fmt.Sprintf("patch → %s websockets, p99", count(screenCount)), fromFirst.p99.text("%.1f", "ms"),
		fmt.Sprintf("%s; after the first screen; the screens are on this machine too", fromFirst.text()))
	b.table.add(screens, fmt.Sprintf("publish → %s websockets, p99", count(screenCount)), fromPublish.p99.text("%.1f", "ms"),
		fmt.Sprintf("%s; commit and fsync included; %d events", fromPublish.text(), seq))
	b.table.add(memory, fmt.Sprintf("hub with %s screens", count(screenCount)), fmt.Sprintf("%.0f MiB", h.rss()), "resident")
	return nil
}

func publishOne(client paho.Client, seq int) (sent time.Time, err error) {
	sent = time.Now()
	payload := fmt.Sprintf(`{"id":"e%d","agent":"w01","outbox":"o","seq":%d,"first":1,"at":%q,"clock":"synced","kind":"rating.pressed","data":{"level":5}}`,
		seq, seq, sent.Format("2006-01-02T15:04:05.000Z07:00"))
	t := client.Publish(wire.Topics{Hall: "hall"}.Agent("w01", wire.LeafEvents), 1, false, payload)
	if !t.WaitTimeout(10 * time.Second) {
		return sent, fmt.Errorf("publish: no answer")
	}
	return sent, t.Error()
}

// arrivals are the times at which screens got the newest event's patch.
type arrivals struct {
	mu sync.Mutex
	at []time.Time
}

func (a *arrivals) note(text []byte, now time.Time) {
	if !bytes.Contains(text, []byte(`"type":"patch"`)) || !bytes.Contains(text, []byte(`"stored_seq"`)) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at = append(a.at, now)
}

func (a *arrivals) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.at)
}

// take gives the times, the first of them first, and forgets them.
func (a *arrivals) take() []time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := a.at
	a.at = nil
	for i, t := range at { // two screens may note in another order than they read
		if t.Before(at[0]) {
			at[0], at[i] = t, at[0]
		}
	}
	return at
}

// screen is one websocket client.
type screen struct {
	conn *websocket.Conn
	done chan struct{}
}

// watch connects a screen; note is called with every message, from one goroutine a screen.
func watch(ctx context.Context, h *hub, note func(text []byte, now time.Time)) (*screen, error) {
	conn, res, err := websocket.DefaultDialer.DialContext(ctx, "ws"+strings.TrimPrefix(h.HTTP, "http")+"/ws/live", nil)
	if err != nil {
		return nil, fmt.Errorf("connect a screen: %w", err)
	}
	_ = res.Body.Close()
	s := &screen{conn: conn, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		for {
			_, text, err := conn.ReadMessage()
			if err != nil {
				return
			}
			note(text, time.Now())
		}
	}()
	return s, nil
}

func (s *screen) close() {
	_ = s.conn.Close()
	<-s.done
}
