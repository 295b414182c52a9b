package push

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
)

// Config sets the bounds. A zero field takes the value of the comment.
type Config struct {
	// Alive is the time between two alive messages: 2 s.
	Alive time.Duration
	// PingEvery counts the alive messages between two pings: 10. A screen that
	// answers none of two pings is closed.
	PingEvery int
	// WriteTimeout closes a screen that takes no bytes for so long: 10 s.
	WriteTimeout time.Duration
	// Backlog is how many patches a screen may be behind before it gets a snapshot instead: 256.
	Backlog int
	// MaxScreens refuses further connections with 503: 2000.
	MaxScreens int
	// Reserved of these places are for those whom the API knows; see Known: none.
	Reserved int
	// CompressFrom compresses messages of at least so many bytes, where the
	// screen can read that: 128. Negative means never. docs/adr/0007-websocket-compression.md has the figures.
	CompressFrom int
	// SendBuffer is the kernel's buffer of one connection, in bytes: 64 KiB. It
	// bounds how old the patches are that a slow screen reads before its snapshot.
	SendBuffer int
	// Mirror, where set, is given the JSON of every patch in order, from one
	// goroutine of its own; one that is slow is given later patches and misses some.
	Mirror func(message []byte)
	// Refuse answers a request that cannot become a websocket; code is
	// "origin", "too_many_screens", "stopping" or "not_a_websocket". Nil answers in plain text.
	Refuse func(w http.ResponseWriter, r *http.Request, status int, code string)
}

func (c Config) withDefaults() Config {
	def := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	if c.Alive <= 0 {
		c.Alive = 2 * time.Second
	}
	if c.WriteTimeout <= 0 {
		c.WriteTimeout = 10 * time.Second
	}
	def(&c.PingEvery, 10)
	def(&c.Backlog, 256)
	def(&c.MaxScreens, 2000)
	def(&c.CompressFrom, 128)
	def(&c.SendBuffer, 64<<10)
	if c.Refuse == nil {
		c.Refuse = func(w http.ResponseWriter, _ *http.Request, status int, code string) { http.Error(w, code, status) }
	}
	return c
}

// Hub serves /ws/live.
type Hub struct {
	cfg      Config
	log      *slog.Logger
	metrics  *metrics
	stream   *stream
	upgrader websocket.Upgrader

	// published tells Run that there is something to wake the screens for.
	published chan struct{}
	// stop is closed when Run ends.
	stop chan struct{}

	mu        sync.Mutex
	stopping  bool
	screens   int    // places taken, also by those still shaking hands
	number    uint64 // counts the connections, to spread the pings
	connected map[*screen]struct{}
	writers   sync.WaitGroup
}

// New makes a hub that shows source. Its metrics are registered at registry unless that is nil.
func New(log *slog.Logger, registry prometheus.Registerer, source Source, cfg Config) *Hub {
	cfg = cfg.withDefaults()
	h := &Hub{cfg: cfg, log: log, metrics: newMetrics(registry), stream: newStream(source, cfg.Backlog, time.Now),
		published: make(chan struct{}, 1), stop: make(chan struct{}), connected: map[*screen]struct{}{}}
	h.upgrader = websocket.Upgrader{
		HandshakeTimeout: 5 * time.Second,
		// Screens send nothing but pongs; what we send is prepared and needs no buffer of the connection.
		ReadBufferSize: 512, WriteBufferSize: 512, WriteBufferPool: &sync.Pool{},
		EnableCompression: cfg.CompressFrom >= 0,
		Error: func(w http.ResponseWriter, r *http.Request, status int, reason error) {
			code := "not_a_websocket"
			if status == http.StatusForbidden {
				code = "origin" // the upgrader's own check: an Origin must be the host that was asked
			}
			h.metrics.refused.WithLabelValues(code).Inc()
			log.Debug("websocket refused", "remote", r.RemoteAddr, "error", reason)
			cfg.Refuse(w, r, status, code)
		},
	}
	return h
}

// Publish gives a patch (a JSON merge patch of the live view) the next number
// and lets Run send it. It is called in order, under the lock of the Source,
// returns at once, and keeps nothing of patch.
func (h *Hub) Publish(patch []byte) {
	if _, err := h.stream.publish(patch); err != nil {
		h.log.Error("a patch cannot be sent", "error", err)
		return
	}
	select {
	case h.published <- struct{}{}:
	default:
	}
}

// Current gives the whole live view as JSON, not older than the call, and the
// number of the last patch that is in it. It must not be called under the Source's lock.
func (h *Hub) Current() (data []byte, seq uint64, err error) {
	m, err := h.stream.latest()
	if err != nil {
		return nil, 0, err
	}
	return m.data(), m.seq, nil
}

// Screens counts the connected screens.
func (h *Hub) Screens() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.screens
}

// Run sends until ctx ends, then says good-bye to every screen and waits for
// their connections to end, a few seconds at most. It is called once.
func (h *Hub) Run(ctx context.Context) error {
	ticker := time.NewTicker(h.cfg.Alive)
	defer ticker.Stop()
	var mirror sync.WaitGroup
	defer mirror.Wait()
	defer h.shutdown()
	if h.cfg.Mirror != nil {
		mirror.Go(h.mirror)
	}
	for {
		beat := false
		select {
		case <-ctx.Done():
			return nil
		case <-h.published:
		case <-ticker.C:
			beat = true
		}
		if err := h.stream.notify(beat); err != nil {
			return fmt.Errorf("wake the screens: %w", err)
		}
	}
}

func (h *Hub) shutdown() {
	h.mu.Lock()
	h.stopping = true
	h.mu.Unlock()
	close(h.stop)
	ended := make(chan struct{})
	go func() { h.writers.Wait(); close(ended) }()
	select {
	case <-ended:
		return
	case <-time.After(2 * farewell):
	}
	h.mu.Lock()
	for s := range h.connected { // these take no bytes: their writers hang in a write
		_ = s.conn.Close()
	}
	h.mu.Unlock()
	<-ended
}

// mirror gives every patch to the one who passes them on, e.g. to MQTT.
func (h *Hub) mirror() {
	pos := cursor{welcomed: true} // from the first patch on
	batch := make([]*message, 0, 64)
	for {
		d := h.stream.next(&pos, batch)
		if d.behind {
			h.stream.mu.RLock()
			oldest := h.stream.seq - uint64(len(h.stream.recent))/2
			h.stream.mu.RUnlock()
			h.metrics.skipped.Add(float64(oldest - pos.seq))
			pos.seq = oldest
			continue
		}
		for _, m := range d.patches {
			h.cfg.Mirror(m.json)
			pos.passed(m)
		}
		if d.wait == nil {
			continue
		}
		select {
		case <-d.wait:
		case <-h.stop:
			return
		}
	}
}
