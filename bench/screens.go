package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/gorilla/websocket"

	"hallkeeper/wire"
)

const screensCount = 1000

// screens measures how long an event takes to a thousand websockets: from its
// publish, over the fsync, until each screen has read the patch.
func (b *bench) screens(ctx context.Context) error {
	h, err := b.startHub(ctx, filepath.Join(b.folder, "screens"))
	if err != nil {
		return err
	}
	defer h.stop()
	var sent atomic.Int64 // when the newest event was published, Unix nanoseconds
	var mu sync.Mutex
	var took []time.Duration
	var conns []*websocket.Conn
	var readers sync.WaitGroup
	defer func() {
		for _, c := range conns {
			_ = c.Close()
		}
		readers.Wait()
	}()
	var seen atomic.Int64
	for range screensCount {
		c, res, err := websocket.DefaultDialer.DialContext(ctx, "ws"+strings.TrimPrefix(h.HTTP, "http")+"/ws/live", nil)
		if err != nil {
			return fmt.Errorf("connect screen %d: %w", len(conns)+1, err)
		}
		_ = res.Body.Close()
		conns = append(conns, c)
		readers.Go(func() {
			for {
				_, text, err := c.ReadMessage()
				if err != nil {
					return
				}
				if !bytes.Contains(text, []byte(`"stored_seq"`)) {
					continue
				}
				late := time.Duration(time.Now().UnixNano() - sent.Load())
				seen.Add(1)
				mu.Lock()
				took = append(took, late)
				mu.Unlock()
			}
		})
	}
	client := paho.NewClient(paho.NewClientOptions().AddBroker(h.MQTT).SetClientID("w01").SetAutoReconnect(false))
	if t := client.Connect(); !t.WaitTimeout(10*time.Second) || t.Error() != nil {
		return fmt.Errorf("connect: %w", t.Error())
	}
	defer client.Disconnect(100)
	n := 0
	for began := time.Now(); time.Since(began) < 2*b.span; n++ {
		at := time.Now()
		payload := fmt.Sprintf(`{"id":"e%d","agent":"w01","outbox":"o","seq":%d,"first":1,"at":%q,"clock":"synced","kind":"rating.pressed","data":{"level":5}}`,
			n, n+1, at.Format("2006-01-02T15:04:05.000Z07:00"))
		before := seen.Load()
		sent.Store(at.UnixNano())
		t := client.Publish(wire.Topics{Hall: "hall"}.Agent("w01", wire.LeafEvents), 1, false, payload)
		if !t.WaitTimeout(10*time.Second) || t.Error() != nil {
			return fmt.Errorf("publish: %w", t.Error())
		}
		// The next event comes when all screens have this one: one patch is measured at a time.
		if err := h.until(ctx, "all screens have the patch", func() bool { return seen.Load() >= before+screensCount }); err != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
	mu.Lock()
	defer mu.Unlock()
	p50, p99, most := quantiles(took)
	b.add("c", fmt.Sprintf("event → %d websockets", screensCount), fmt.Sprintf("p99 %s", ms(p99)),
		fmt.Sprintf("p50 %s, max %s, from its publish, the fsync included; %d events; clients on this machine too", ms(p50), ms(most), n))
	b.add("f", "hub's memory with 1,000 screens", fmt.Sprintf("%.0f MiB", h.rss()), "")
	return nil
}
