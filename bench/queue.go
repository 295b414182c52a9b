package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"hallkeeper/faults/operator"
)

const (
	lobbies = 200
	// calling is how many windows call in turn.
	calling = 30
	// takers are people at kiosks and desks, each with a connection; tokens keep each under the bound of one caller.
	takers     = 16
	tokensEach = 12
	// linedUp is a day's tickets, taken as fast as the hub gives them.
	linedUp = 3000
	// fewest are those of them for which the line is still one of a busy hall.
	fewest = 500
	// someWait is a line as it is in a busy hall.
	someWait = 200
)

// line measures the queue: calls to screens, tickets to the disk, and a lobby
// page over a week of calls.
func (b *bench) line(ctx context.Context) error {
	h, err := b.startHub(ctx, filepath.Join(b.folder, "line"))
	if err != nil {
		return err
	}
	defer h.stop()
	if err := h.openLine(ctx); err != nil {
		return err
	}
	if err := b.calls(ctx, h); err != nil {
		return err
	}
	if err := b.tickets(ctx, h); err != nil {
		return err
	}
	return b.week(ctx)
}

// openLine gives the hall thirty windows and three services that ten of them serve each.
func (h *hub) openLine(ctx context.Context) error {
	if err := h.as(ctx, "PUT", "departments/d", map[string]any{"name": "演示局"}, nil); err != nil {
		return err
	}
	windows := [3][]string{}
	for n := range calling {
		id := fmt.Sprintf("w%02d", n)
		windows[n%3] = append(windows[n%3], id)
		if err := h.as(ctx, "PUT", "windows/"+id, map[string]any{"number": fmt.Sprint(n + 1), "name": "窗口"}, nil); err != nil {
			return err
		}
	}
	for n, list := range windows {
		if err := h.as(ctx, "PUT", fmt.Sprintf("services/s%d", n), map[string]any{"name": fmt.Sprintf("业务%d", n), "department": "d", "prefix": string(rune('A' + n)), "windows": list}, nil); err != nil {
			return err
		}
	}
	return nil
}

// errTooFast is not waited for by once; a token may be empty there, for the operator.
var errTooFast = errors.New("the hub bounds the rate of one caller")

// as sends a change as the operator, and waits where that is too fast.
func (h *hub) as(ctx context.Context, method, path string, body, into any) error {
	for {
		err := h.once(ctx, http.DefaultClient, "", method, path, body, into)
		if !errors.Is(err, errTooFast) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (h *hub) once(ctx context.Context, client *http.Client, token, method, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, h.HTTP+"/api/v1/"+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	if token == "" {
		operator.Sign(req)
	} else {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return err
	case res.StatusCode == http.StatusTooManyRequests:
		return errTooFast
	case res.StatusCode >= 300:
		return fmt.Errorf("%s %s: %s: %s", method, path, res.Status, answer)
	case into != nil:
		return json.Unmarshal(answer, into)
	}
	return nil
}

// watchers are lobby screens that note when they have read a call.
type watchers struct {
	conns []*websocket.Conn
	all   sync.WaitGroup
	mark  atomic.Pointer[string] // what a patch holds that is waited for
	sent  atomic.Int64
	seen  atomic.Int64
	mu    sync.Mutex
	took  []time.Duration
}

func (w *watchers) open(ctx context.Context, h *hub) error {
	for range lobbies {
		c, res, err := websocket.DefaultDialer.DialContext(ctx, "ws"+strings.TrimPrefix(h.HTTP, "http")+"/ws/live", nil)
		if err != nil {
			return fmt.Errorf("connect screen %d: %w", len(w.conns)+1, err)
		}
		_ = res.Body.Close()
		w.conns = append(w.conns, c)
		w.all.Go(func() {
			for {
				_, text, err := c.ReadMessage()
				if err != nil {
					return
				}
				mark := w.mark.Load()
				if mark == nil || !bytes.Contains(text, []byte(`"calls"`)) || !bytes.Contains(text, []byte(*mark)) {
					continue
				}
				late := time.Duration(time.Now().UnixNano() - w.sent.Load())
				w.mu.Lock()
				w.took = append(w.took, late)
				w.mu.Unlock()
				w.seen.Add(1)
			}
		})
	}
	return nil
}

func (w *watchers) close() {
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.all.Wait()
}

// calls measures from the key press at a window until each of 200 screens has read the call.
func (b *bench) calls(ctx context.Context, h *hub) error {
	w := &watchers{}
	defer w.close()
	if err := w.open(ctx, h); err != nil {
		return err
	}
	for n := range someWait {
		if err := h.as(ctx, "POST", "tickets", map[string]any{"service": fmt.Sprintf("s%d", n%3)}, nil); err != nil {
			return err
		}
	}
	n, end := 0, time.Now().Add(2*b.span)
	for ; time.Now().Before(end); n++ {
		window := fmt.Sprintf("windows/w%02d/", n%calling)
		if err := h.as(ctx, "POST", "tickets", map[string]any{"service": fmt.Sprintf("s%d", n%3)}, nil); err != nil {
			return err
		}
		time.Sleep(60 * time.Millisecond) // what the ticket changed has reached the screens
		mark := fmt.Sprintf(`"window":"w%02d"`, n%calling)
		before := w.seen.Load()
		w.mark.Store(&mark)
		w.sent.Store(time.Now().UnixNano())
		if err := h.as(ctx, "POST", window+"call-next", struct{}{}, nil); err != nil {
			return err
		}
		if err := h.until(ctx, "all screens have the call", func() bool { return w.seen.Load() >= before+lobbies }); err != nil {
			return err
		}
		w.mark.Store(nil)
		for _, step := range []string{"start", "finish"} {
			if err := h.as(ctx, "POST", window+step, struct{}{}, nil); err != nil {
				return err
			}
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p50, p99, most := quantiles(w.took)
	b.add("q", fmt.Sprintf("call → %d lobby screens", lobbies), "p99 "+ms(p99),
		fmt.Sprintf("p50 %s, max %s, from the window's request, its fsync included; %d calls, %d people wait; clients on this machine too", ms(p50), ms(most), n, someWait))
	return nil
}

// tickets measures how many a second are on the disk, to the line of a busy hall and to one of a whole day.
func (b *bench) tickets(ctx context.Context, h *hub) error {
	var tokens [takers][tokensEach]string
	for i := range tokens {
		for k := range tokens[i] {
			var made struct {
				Token string `json:"token"`
			}
			if err := h.as(ctx, "POST", "tokens", map[string]any{"role": "supervisor", "name": "取号"}, &made); err != nil {
				return err
			}
			tokens[i][k] = made.Token
		}
	}
	var left atomic.Int64
	left.Store(linedUp)
	var mu sync.Mutex
	var took []time.Duration
	var few atomic.Int64 // how long the first fewest took, in nanoseconds
	failed := make(chan error, takers)
	began := time.Now()
	for i := range takers {
		go func() {
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
			defer client.CloseIdleConnections()
			var own []time.Duration
			for k := 0; ; k++ {
				nth := linedUp - left.Add(-1)
				if nth > linedUp {
					break
				}
				at := time.Now()
				for {
					err := h.once(ctx, client, tokens[i][k%tokensEach], "POST", "tickets", map[string]any{"service": fmt.Sprintf("s%d", k%3)}, nil)
					if errors.Is(err, errTooFast) {
						k++
						continue
					}
					if err != nil {
						failed <- err
						return
					}
					break
				}
				own = append(own, time.Since(at))
				if nth == fewest {
					few.Store(int64(time.Since(began)))
				}
			}
			mu.Lock()
			took = append(took, own...)
			mu.Unlock()
			failed <- nil
		}()
	}
	for range takers {
		if err := <-failed; err != nil {
			return err
		}
	}
	span := time.Since(began)
	p50, p99, _ := quantiles(took)
	b.add("q", "tickets issued, durable", fmt.Sprintf("%.0f a second", fewest/time.Duration(few.Load()).Seconds()),
		fmt.Sprintf("each with its expected wait, %d people at once, the line grows from %d to %d", takers, someWait, someWait+fewest))
	b.add("q", "a day's tickets at once", fmt.Sprintf("%.0f a second", linedUp/span.Seconds()),
		fmt.Sprintf("p50 %s, p99 %s; %d tickets, nobody is called, so the last is told a wait behind all others", ms(p50), ms(p99), linedUp))
	b.add("f", "hub's memory after this line", fmt.Sprintf("%.0f MiB", h.rss()), fmt.Sprintf("%d people wait", linedUp+someWait))
	return nil
}

// week measures a lobby page in a real browser over a week of calls.
func (b *bench) week(ctx context.Context) error {
	var out, said bytes.Buffer
	c := exec.CommandContext(ctx, "node", filepath.Join("bench", "lobby.mjs"))
	c.Stdout, c.Stderr = &out, &said
	if err := c.Run(); err != nil {
		return fmt.Errorf("%w: %s (it needs node, chromium and make web)", err, strings.TrimSpace(said.String()))
	}
	var m struct {
		Calls int `json:"calls"`
		Days  []struct {
			Heap  float64 `json:"heap"`
			Nodes int     `json:"nodes"`
			RSS   float64 `json:"rss"`
		} `json:"days"`
	}
	if err := json.Unmarshal(out.Bytes(), &m); err != nil || len(m.Days) < 2 {
		return fmt.Errorf("what the lobby's measurement said: %w: %s", err, out.String())
	}
	first, last := m.Days[0], m.Days[len(m.Days)-1]
	b.add("q", "lobby page after a week of calls", fmt.Sprintf("heap %+.1f %%", 100*(last.Heap/first.Heap-1)),
		fmt.Sprintf("%.1f MB after the first day, %.1f MB after the fifth; %d and %d nodes; its process %.0f and %.0f MiB; %d calls, each shown and played with clips of a millisecond (target: flat within 10 %%)",
			first.Heap/1e6, last.Heap/1e6, first.Nodes, last.Nodes, first.RSS, last.RSS, m.Calls))
	return nil
}
