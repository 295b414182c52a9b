package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"hallkeeper/agent/board/simlink"
	"hallkeeper/hub/api"
	"hallkeeper/simulator/pulse"
	"hallkeeper/wire"
)

const (
	windows = 50
	// debounce is the standard board's: a press counts when its contact has settled.
	debounce = 10 * time.Millisecond
)

// press measures from a press at the pins of a real agent to the patch on a
// websocket, less the debounce: outbox fsync, MQTT, the hub's commit, the view,
// the push. All agents share this machine's disk and processors with the hub,
// which no hall's do.
func (b *bench) press(ctx context.Context) error {
	h, err := b.startHub(ctx, filepath.Join(b.folder, "press"))
	if err != nil {
		return err
	}
	defer h.stop()
	agents, sockets, err := b.startAgents(ctx, h)
	defer func() {
		for _, a := range agents {
			a.stop()
		}
	}()
	if err != nil {
		return err
	}
	watch, err := watchPresses(ctx, h)
	if err != nil {
		return err
	}
	defer watch.close()
	if err := h.until(ctx, "all agents are online", func() bool { return watch.online() == windows }); err != nil {
		return err
	}
	for i := range windows {
		if err := h.furnish(ctx, i+1); err != nil {
			return err
		}
	}
	var whole, toHub delays
	disk, presses := disk{}, 0
	watch.take() // assigning shows what the devices did before
	for range b.runs {
		after := h.head(ctx)
		if err := b.pressAll(ctx, sockets, 6*b.span); err != nil {
			return err
		}
		seen := watch.take()
		stored, err := h.storedAt(ctx, after)
		if err != nil {
			return err
		}
		var all, before []time.Duration
		for p, at := range seen {
			all = append(all, at.Sub(p.at)-debounce)
			if s, ok := stored[p]; ok {
				before = append(before, s.Sub(p.at)-debounce)
			}
		}
		whole.add(quantiles(all))
		toHub.add(quantiles(before))
		presses += len(all)
		if err := disk.measure(b.folder, time.Second); err != nil {
			return err
		}
	}
	b.table.add(press, fmt.Sprintf("press → websocket, %d windows, p99", windows), whole.p99.text("%.1f", "ms"),
		fmt.Sprintf("%s; after debounce; %d presses, %.0f/s in the hall (target p99 20 ms)", whole.text(), presses, float64(presses)/(6*b.span.Seconds()*float64(b.runs))))
	b.table.add(press, "of it, until the hub commits", toHub.p99.text("%.1f", "ms"), toHub.text())
	b.table.add(press, "the disk's fsync, p99", disk.delay.p99.text("%.1f", "ms"), disk.delay.text()+", by itself")
	most := 0.0
	for _, a := range agents {
		most = max(most, a.rss())
	}
	b.table.add(memory, "agent", fmt.Sprintf("%.1f MiB", most), fmt.Sprintf("resident, the largest of %d (target 20 MB)", windows))
	b.table.add(memory, fmt.Sprintf("hub with %d windows and one screen", windows), fmt.Sprintf("%.0f MiB", h.rss()), "resident")
	return nil
}

// startAgents runs one agent a window; it gives those that it started also with an error.
func (b *bench) startAgents(ctx context.Context, h *hub) (agents []*child, sockets []string, err error) {
	for i := range windows {
		name := fmt.Sprintf("w%02d", i+1)
		socket := filepath.Join(b.folder, name+".sock")
		config := filepath.Join(b.folder, name+".yaml")
		text := fmt.Sprintf("agent: %s\nhall: hall\nmqtt: %s\ndata: %s\nboard: sim\nsim_socket: %s\nlog_level: warn\nclock: {assume_synced: true}\n",
			name, h.MQTT, filepath.Join(b.folder, name), socket)
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			return agents, nil, err
		}
		a, err := start(ctx, filepath.Join(b.bin, "agent"), "run", "--config", config)
		if err != nil {
			return agents, nil, err
		}
		agents, sockets = append(agents, a), append(sockets, socket)
	}
	return agents, sockets, nil
}

// pressAll lets a person at each window press once in about two seconds.
func (b *bench) pressAll(ctx context.Context, sockets []string, span time.Duration) error {
	ending, cancel := context.WithTimeout(ctx, span)
	defer cancel()
	errs := make(chan error, len(sockets))
	var people sync.WaitGroup
	for i, socket := range sockets {
		people.Go(func() {
			chance := rand.New(rand.NewPCG(uint64(i), 1))
			hand, err := simlink.Dial(ctx, socket)
			if err != nil {
				errs <- err
				return
			}
			defer func() { _ = hand.Close() }()
			for {
				select {
				case <-ending.Done():
					return
				case <-time.After(time.Second + rand.N(2*time.Second)):
				}
				train := pulse.Press(chance, fmt.Sprintf("rating%d", 1+chance.IntN(5)), pulse.Hold(chance))
				if err := hand.Play(ctx, train); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	people.Wait()
	time.Sleep(time.Second) // the last ones are under way
	close(errs)
	return <-errs
}

// pressed names a press: its device and when it was, to the millisecond.
type pressed struct {
	agent string
	at    time.Time
}

func press1(agent string, at time.Time) pressed { return pressed{agent, at.UTC()} }

// presses is one screen: which devices are online, and when each press was shown.
type presses struct {
	*screen
	mu     sync.Mutex
	states map[string]wire.DeviceState
	seen   map[pressed]time.Time
}

func watchPresses(ctx context.Context, h *hub) (*presses, error) {
	p := &presses{states: map[string]wire.DeviceState{}, seen: map[pressed]time.Time{}}
	var err error
	p.screen, err = watch(ctx, h, p.note)
	return p, err
}

func (p *presses) note(text []byte, now time.Time) {
	var m wire.LiveMessage
	var l struct {
		Devices map[string]*struct {
			State wire.DeviceState `json:"state"`
		} `json:"devices"`
		Windows map[string]*struct {
			LastEventAt *time.Time `json:"last_event_at"`
		} `json:"windows"`
	}
	if json.Unmarshal(text, &m) != nil || m.Type == wire.LiveAlive || json.Unmarshal(m.Data, &l) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, d := range l.Devices {
		if d != nil && d.State != "" {
			p.states[id] = d.State
		}
	}
	for id, w := range l.Windows {
		if m.Type == wire.LivePatch && w != nil && w.LastEventAt != nil {
			p.seen[press1(id, *w.LastEventAt)] = now // window and device have one name here
		}
	}
}

func (p *presses) online() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, state := range p.states {
		if state == wire.DeviceOnline {
			n++
		}
	}
	return n
}

// take gives what was seen since the last call.
func (p *presses) take() map[pressed]time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := p.seen
	p.seen = map[pressed]time.Time{}
	return seen
}

// furnish defines window number n and assigns its device.
func (h *hub) furnish(ctx context.Context, n int) error {
	name := fmt.Sprintf("w%02d", n)
	for _, change := range []struct{ method, path, body string }{
		{http.MethodPut, "windows/" + name, fmt.Sprintf(`{"number":"%02d","name":"窗口"}`, n)},
		{http.MethodPost, "devices/" + name + "/assign", fmt.Sprintf(`{"window":%q}`, name)},
	} {
		for { // the API bounds the rate of changes
			status, _, err := h.call(ctx, change.method, change.path, change.body)
			if err != nil {
				return err
			}
			if status == http.StatusOK {
				break
			}
			if status != http.StatusTooManyRequests {
				return fmt.Errorf("%s %s: status %d", change.method, change.path, status)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	return nil
}

// storedAt tells when the hub decided each press after a position, just before its commit.
func (h *hub) storedAt(ctx context.Context, after wire.Position) (map[pressed]time.Time, error) {
	out := map[pressed]time.Time{}
	for {
		page, err := h.events(ctx, after)
		if err != nil {
			return nil, err
		}
		for _, r := range page.Events {
			if r.Kind == wire.KindRatingPressed {
				out[press1(r.Agent, r.At)] = r.StoredAt
			}
		}
		if page.Next == after {
			return out, nil
		}
		after = page.Next
	}
}

func (h *hub) head(ctx context.Context) wire.Position {
	page, _ := h.events(ctx, 0)
	return page.Head
}

func (h *hub) events(ctx context.Context, after wire.Position) (page api.EventPage, err error) {
	status, body, err := h.call(ctx, http.MethodGet, fmt.Sprintf("events?after=%d", after), "")
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("read events: status %d", status)
	}
	return page, errors.Join(err, json.Unmarshal(body, &page))
}

func (h *hub) call(ctx context.Context, method, path, body string) (status int, answer []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, h.HTTP+"/api/v1/"+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err = io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}
