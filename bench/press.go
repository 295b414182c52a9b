package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"hallkeeper/agent/board/simlink"
	"hallkeeper/wire"
)

const (
	windows = 50
	// debounce is the standard board's: a press counts when its contact has settled.
	debounce = 10 * time.Millisecond
)

// press measures from a press at the pins of a real agent to the patch on a
// websocket, less the debounce: outbox fsync, MQTT, the hub's commit, the view,
// the push. All agents share this machine's disk with the hub, which no hall's do.
func (b *bench) press(ctx context.Context) error {
	h, err := b.startHub(ctx, filepath.Join(b.folder, "press"))
	if err != nil {
		return err
	}
	defer h.stop()
	var agents []*child
	defer func() {
		for _, a := range agents {
			a.stop()
		}
	}()
	sockets := make([]string, windows)
	for i := range windows {
		name := fmt.Sprintf("w%02d", i+1)
		sockets[i] = filepath.Join(b.folder, name+".sock")
		config := filepath.Join(b.folder, name+".yaml")
		text := fmt.Sprintf("agent: %s\nhall: hall\nmqtt: %s\ndata: %s\nboard: sim\nsim_socket: %s\nlog_level: warn\nclock: {assume_synced: true}\n",
			name, h.MQTT, filepath.Join(b.folder, name), sockets[i])
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			return err
		}
		a, err := start(ctx, filepath.Join(b.bin, "agent"), "run", "--config", config)
		if err != nil {
			return err
		}
		agents = append(agents, a)
	}
	screen, err := watch(h)
	if err != nil {
		return err
	}
	defer screen.close()
	if err := h.until(ctx, "all agents are online", func() bool { return screen.online() == windows }); err != nil {
		return err
	}
	for i := range windows {
		if err := h.furnish(ctx, i+1); err != nil {
			return err
		}
	}
	if err := openServices(ctx, h); err != nil {
		return err
	}
	screen.forget() // assigning shows what the devices did before
	kept, counted, err := b.pressAll(ctx, h, sockets)
	if err != nil {
		return err
	}
	took := screen.latencies()
	p50, p99, most := quantiles(took)
	disk, err := measureDisk(b.folder)
	if err != nil {
		return err
	}
	b.add("b", fmt.Sprintf("press → websocket, %d windows", windows), fmt.Sprintf("p50 %s", ms(p50)),
		fmt.Sprintf("p99 %s, max %s, %d presses, after debounce; the disk's fsync p99 %s", ms(p99), ms(most), len(took), ms(disk.p99)))
	for _, answer := range []struct {
		what, note string
		took       []time.Duration
	}{
		{"press → lamp: kept", "after debounce: the outbox's fsync", kept},
		{"press → lamp: counted", "after the hub has judged it; a lamp shows kept for 40 ms and is dark for 20 ms first", counted},
		{"press → console: the visit is rated", "until the patch is on the websocket", screen.rated()},
	} {
		p50, p99, most := quantiles(answer.took)
		b.add("b", fmt.Sprintf("%s, %d windows", answer.what, windows), "p50 "+ms(p50), fmt.Sprintf("p99 %s, max %s, %d presses, %s", ms(p99), ms(most), len(answer.took), answer.note))
	}
	most64 := 0.0
	for _, a := range agents {
		most64 = max(most64, a.rss())
	}
	b.add("f", "agent's memory", fmt.Sprintf("%.1f MiB", most64), fmt.Sprintf("the largest of %d", windows))
	b.add("f", "hub's memory in a hall", fmt.Sprintf("%.0f MiB", h.rss()), fmt.Sprintf("%d windows, one screen", windows))
	return nil
}

// openServices gives every window a service, so that visits can be opened there.
func openServices(ctx context.Context, h *hub) error {
	if err := h.change(ctx, http.MethodPut, "departments/d", `{"name":"局"}`); err != nil {
		return err
	}
	for i := range windows {
		body := fmt.Sprintf(`{"name":"业务%02d","department":"d","prefix":"%c%c","windows":["w%02d"]}`, i+1, 'A'+i/26, 'A'+i%26, i+1)
		if err := h.change(ctx, http.MethodPut, fmt.Sprintf("services/s%02d", i+1), body); err != nil {
			return err
		}
	}
	return nil
}

// pressAll serves somebody at each window about every two seconds, who presses
// once. It gives when the lamp said that a press was kept, and that it counted.
func (b *bench) pressAll(ctx context.Context, h *hub, sockets []string) (kept, counted []time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*b.span)
	defer cancel()
	errs := make(chan error, len(sockets))
	var mu sync.Mutex
	var people sync.WaitGroup
	for i, socket := range sockets {
		people.Go(func() {
			hand, err := simlink.Dial(ctx, socket)
			if err != nil {
				errs <- err
				return
			}
			defer func() { _ = hand.Close() }()
			p := &presser{hub: h, window: fmt.Sprintf("w%02d", i+1), hand: hand, lit: make(chan time.Time, 16), chance: rand.New(rand.NewPCG(uint64(i), 1))}
			go p.watch()
			for ctx.Err() == nil {
				k, c, err := p.visit(ctx)
				if err != nil {
					if ctx.Err() == nil {
						errs <- err
					}
					return
				}
				mu.Lock()
				kept, counted = append(kept, k), append(counted, c)
				mu.Unlock()
			}
		})
	}
	people.Wait()
	close(errs)
	return kept, counted, <-errs
}

// presser is a window with its people.
type presser struct {
	hub    *hub
	window string
	hand   *simlink.Client
	lit    chan time.Time // when the green lamp lit
	chance *rand.Rand
}

// watch notes when the green lamp lights, until the hand lets go.
func (p *presser) watch() {
	for o := range p.hand.Outputs() {
		if o.Line == "lamp_green" && o.High {
			p.lit <- time.Now()
		}
	}
}

// visit serves somebody, who presses, and ends.
func (p *presser) visit(ctx context.Context) (kept, counted time.Duration, err error) {
	select {
	case <-ctx.Done():
		return 0, 0, context.Cause(ctx)
	case <-time.After(time.Second + time.Duration(p.chance.Int64N(int64(2*time.Second)))):
	}
	if err := p.hub.change(ctx, http.MethodPost, "windows/"+p.window+"/serve", ""); err != nil {
		return 0, 0, err
	}
	line, began := fmt.Sprintf("rating%d", 1+p.chance.IntN(5)), time.Now()
	if err := p.hand.Play(ctx, []simlink.Level{{Line: line}, {AfterUS: 20_000, Line: line, High: true}}); err != nil {
		return 0, 0, err
	}
	for _, took := range []*time.Duration{&kept, &counted} {
		at, err := next(ctx, p.lit)
		if err != nil {
			return 0, 0, fmt.Errorf("the lamp of %s stays dark: %w", p.window, err)
		}
		*took = at.Sub(began) - debounce
	}
	return kept, counted, p.hub.change(ctx, http.MethodPost, "windows/"+p.window+"/finish", "")
}

// screen is one websocket client.
type screen struct {
	conn *websocket.Conn
	done chan struct{}

	mu   sync.Mutex
	live map[string]wire.DeviceState
	took []time.Duration
	// seen is when a visit was shown as rated.
	seen []time.Duration
}

// watch connects a screen and notes when each press reaches it.
func watch(h *hub) (*screen, error) {
	conn, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(h.HTTP, "http")+"/ws/live", nil)
	if err != nil {
		return nil, fmt.Errorf("connect a screen: %w", err)
	}
	_ = res.Body.Close()
	s := &screen{conn: conn, done: make(chan struct{}), live: map[string]wire.DeviceState{}}
	go s.read()
	return s, nil
}

func (s *screen) close() {
	_ = s.conn.Close()
	<-s.done
}

func (s *screen) read() {
	defer close(s.done)
	for {
		_, text, err := s.conn.ReadMessage()
		if err != nil {
			return
		}
		now := time.Now()
		var m wire.LiveMessage
		var l struct {
			Devices map[string]*struct {
				State wire.DeviceState `json:"state"`
			} `json:"devices"`
			Windows map[string]*struct {
				LastEventAt   *time.Time `json:"last_event_at"`
				LastEventKind wire.Kind  `json:"last_event_kind"`
				Rating        *struct {
					RatedAt *time.Time `json:"rated_at"`
				} `json:"rating"`
			} `json:"windows"`
		}
		if json.Unmarshal(text, &m) != nil || m.Type == wire.LiveAlive || json.Unmarshal(m.Data, &l) != nil {
			continue
		}
		s.mu.Lock()
		for id, d := range l.Devices {
			if d != nil && d.State != "" {
				s.live[id] = d.State
			}
		}
		if m.Type == wire.LivePatch {
			for _, w := range l.Windows {
				if w != nil && w.LastEventAt != nil {
					s.took = append(s.took, now.Sub(*w.LastEventAt)-debounce)
				}
				if w != nil && w.Rating != nil && w.Rating.RatedAt != nil {
					s.seen = append(s.seen, now.Sub(*w.Rating.RatedAt)-debounce)
				}
			}
		}
		s.mu.Unlock()
	}
}

func (s *screen) online() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, state := range s.live {
		if state == wire.DeviceOnline {
			n++
		}
	}
	return n
}

func (s *screen) latencies() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]time.Duration(nil), s.took...)
}

func (s *screen) rated() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]time.Duration(nil), s.seen...)
}

// forget drops what was measured so far.
func (s *screen) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took, s.seen = nil, nil
}
