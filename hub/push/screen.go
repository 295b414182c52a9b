package push

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// readLimit is the longest message a screen may send, in bytes.
	readLimit = 512
	// farewell is how long a screen has to answer our close.
	farewell = time.Second
)

// screen is one connection. Its writer is the goroutine of ServeHTTP, its reader one more.
type screen struct {
	hub   *Hub
	conn  *websocket.Conn
	phase uint64
	// gone is closed when the reader ends.
	gone chan struct{}
	// listener is given what the screen sends; nil where nobody wants it.
	listener Listener

	once   sync.Once
	reason string
}

// Listener is what the ResponseWriter of a websocket's request may be besides: it is
// given each text that the screen sends, of at most 512 bytes, one after the other.
type Listener interface{ Heard(message []byte) }

// ServeHTTP takes a websocket and serves it until it ends.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.serve(w, r, h.cfg.MaxScreens-h.cfg.Reserved)
}

// Known serves those who have signed in: they find a place when strangers have taken all of theirs.
func (h *Hub) Known() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, h.cfg.MaxScreens) })
}

func (h *Hub) serve(w http.ResponseWriter, r *http.Request, places int) {
	phase, code := h.enter(places)
	if code != "" {
		h.metrics.refused.WithLabelValues(code).Inc()
		w.Header().Set("Retry-After", "5")
		h.cfg.Refuse(w, r, http.StatusServiceUnavailable, code)
		return
	}
	defer h.leave()
	conn, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	h.metrics.screens.Inc()
	defer h.metrics.screens.Dec()
	s := &screen{hub: h, conn: conn, phase: phase, gone: make(chan struct{})}
	s.listener, _ = w.(Listener)
	wire := conn.NetConn()
	if t, ok := wire.(*tls.Conn); ok {
		wire = t.NetConn()
	}
	if c, ok := wire.(interface{ SetWriteBuffer(bytes int) error }); ok {
		_ = c.SetWriteBuffer(h.cfg.SendBuffer) // a bound on staleness, not needed to work
	}
	h.track(s)
	go s.read()
	s.write()
	_ = conn.Close()
	<-s.gone
	h.untrack(s)
	h.metrics.closed.WithLabelValues(s.reason).Inc()
	h.log.Debug("screen let go", "remote", r.RemoteAddr, "reason", s.reason)
}

// enter takes one of places, or says why there is none.
func (h *Hub) enter(places int) (phase uint64, code string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.stopping:
		return 0, "stopping"
	case h.screens >= places:
		return 0, "too_many_screens"
	}
	h.screens++
	h.number++
	h.writers.Add(1)
	return h.number, ""
}

func (h *Hub) leave() {
	h.mu.Lock()
	h.screens--
	h.mu.Unlock()
	h.writers.Done()
}

func (h *Hub) track(s *screen) {
	h.mu.Lock()
	h.connected[s] = struct{}{}
	h.mu.Unlock()
}

func (h *Hub) untrack(s *screen) {
	h.mu.Lock()
	delete(h.connected, s)
	h.mu.Unlock()
}

// end records why, the first time.
func (s *screen) end(reason string) { s.once.Do(func() { s.reason = reason }) }

// read passes on what the screen says, where somebody listens, and notices when it is gone.
func (s *screen) read() {
	defer close(s.gone)
	patience := s.hub.cfg.Alive * time.Duration(2*s.hub.cfg.PingEvery+1)
	extend := func(string) error { return s.conn.SetReadDeadline(time.Now().Add(patience)) }
	s.conn.SetReadLimit(readLimit)
	s.conn.SetPongHandler(extend)
	err := extend("")
	for err == nil {
		err = s.hear()
	}
	var netErr net.Error
	var closeErr *websocket.CloseError
	switch {
	case errors.As(err, &closeErr):
		s.end(closedByScreen)
	case errors.As(err, &netErr) && netErr.Timeout():
		s.end(closedNoPong)
	default:
		s.end(closedError)
	}
}

func (s *screen) hear() error {
	kind, r, err := s.conn.NextReader()
	if err != nil || kind != websocket.TextMessage || s.listener == nil {
		return err //nolint:wrapcheck // read looks at its kind
	}
	message, err := io.ReadAll(r)
	if err == nil {
		s.listener.Heard(message)
	}
	return err //nolint:wrapcheck // read looks at its kind
}

// write sends what is due until the connection ends or the hub stops.
func (s *screen) write() {
	var pos cursor
	batch := make([]*message, 0, 32)
	for {
		d := s.hub.stream.next(&pos, batch)
		switch {
		case d.behind:
			if !s.welcome(&pos) {
				return
			}
			continue
		case !s.send(d.patches...):
			return
		}
		if n := len(d.patches); n > 0 {
			pos.passed(d.patches[n-1])
		}
		if d.alive != nil && !s.beat(&pos, d) {
			return
		}
		if d.wait == nil {
			continue
		}
		select {
		case <-d.wait:
		case <-s.gone:
			return
		case <-s.hub.stop:
			s.goodbye()
			return
		}
	}
}

// welcome sends one snapshot, to a new screen or to one that fell behind.
func (s *screen) welcome(pos *cursor) bool {
	reason := snapshotBehind
	if !pos.welcomed {
		reason = snapshotWelcome
	}
	m, err := s.hub.stream.current()
	if err != nil {
		s.hub.log.Error("no snapshot for a screen", "error", err)
		s.end(closedError)
		s.close(websocket.CloseTryAgainLater)
		return false
	}
	if !s.send(m) {
		return false
	}
	s.hub.metrics.snapshots.WithLabelValues(reason).Inc()
	s.hub.stream.welcome(pos, m)
	return true
}

// beat says alive, and pings every so often.
func (s *screen) beat(pos *cursor, d due) bool {
	m := d.alive
	if m.seq != pos.seq || m.at.Before(pos.at) {
		// Patches or a snapshot came after the beat. More may have come since:
		// the time of the last one sent is the latest of which nothing is missing.
		own, err := newMessage(m.kind, pos.seq, pos.at, nil)
		if err != nil {
			return false
		}
		m = own
	}
	pos.beat = d.beat
	if !s.send(m) {
		return false
	}
	if (d.beat+s.phase)%uint64(s.hub.cfg.PingEvery) != 0 {
		return true
	}
	return s.check(s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(s.hub.cfg.WriteTimeout)))
}

func (s *screen) send(messages ...*message) bool {
	for _, m := range messages {
		s.conn.EnableWriteCompression(s.hub.cfg.CompressFrom >= 0 && len(m.json) >= s.hub.cfg.CompressFrom)
		if !s.check(s.conn.SetWriteDeadline(time.Now().Add(s.hub.cfg.WriteTimeout))) ||
			!s.check(s.conn.WritePreparedMessage(m.frame)) {
			return false
		}
		s.hub.metrics.messages.WithLabelValues(string(m.kind)).Inc()
	}
	return true
}

// check records why a write failed.
func (s *screen) check(err error) bool {
	var netErr net.Error
	switch {
	case err == nil:
		return true
	case errors.As(err, &netErr) && netErr.Timeout():
		s.end(closedTimeout)
	case errors.Is(err, websocket.ErrCloseSent):
		s.end(closedByScreen) // the reader has answered the screen's close
	default:
		s.end(closedError)
	}
	return false
}

// goodbye tells the screen that the hub stops, and waits for its answer for a moment.
func (s *screen) goodbye() {
	s.end(closedByStopping)
	s.close(websocket.CloseGoingAway)
	_ = s.conn.SetReadDeadline(time.Now().Add(farewell))
	<-s.gone
}

func (s *screen) close(code int) {
	_ = s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(farewell))
}
