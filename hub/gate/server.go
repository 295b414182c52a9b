package gate

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// How patient the hub is with one request.
const (
	// headerWithin is for the TLS handshake and for the lines before a request's body.
	headerWithin = 5 * time.Second
	// maxHeader is the longest of those lines together, in bytes.
	maxHeader = 32 << 10
	// betweenRequests is how long a connection may wait for its next request.
	betweenRequests = 2 * time.Minute
	// grace is what a body, or the taking of an answer, may take besides what its size takes at slowest.
	grace = 10 * time.Second
	// slowest is a rate in bytes a second: a phone at the edge of its network has more.
	slowest = 8 << 10
	// MaxBody is the largest body of any request, in bytes: a table of 8 MiB and a little. Most routes take less.
	MaxBody = 9 << 20
)

// Refuse answers a request that does not come through.
type Refuse func(w http.ResponseWriter, r *http.Request, status int, code string)

// Server serves what comes through limits, with the patience above. A websocket,
// which has no end, leaves it when it is taken over.
func Server(h http.Handler, limits *Limits, refuse Refuse, log *slog.Logger) *http.Server {
	return &http.Server{Handler: patient(h, refuse), ReadHeaderTimeout: headerWithin, IdleTimeout: betweenRequests, MaxHeaderBytes: maxHeader,
		ConnState: limits.Track, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
}

// patient refuses bodies that are too large before they are read, and bounds how
// long a body may dribble in and an answer out.
func patient(next http.Handler, refuse Refuse) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		answer := &answer{ResponseWriter: w, control: control}
		if r.ContentLength > MaxBody {
			answer.Header().Set("Connection", "close")
			refuse(answer, r, http.StatusRequestEntityTooLarge, "too_large")
			return
		}
		if r.ContentLength != 0 && r.Body != nil {
			b := &body{ReadCloser: http.MaxBytesReader(answer, r.Body, MaxBody), control: control, began: time.Now()}
			b.extend() // also for a handler that reads nothing: the server reads a little of the rest itself
			r.Body = b
		}
		next.ServeHTTP(answer, r)
	})
}

// body is cut where it comes slower than is bearable.
type body struct {
	io.ReadCloser
	control *http.ResponseController
	began   time.Time
	read    int64
}

func (b *body) extend() {
	// One that cannot be set is of a test's recorder.
	_ = b.control.SetReadDeadline(b.began.Add(grace + time.Duration(b.read)*time.Second/slowest))
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	switch {
	case err == nil:
		b.extend()
	case errors.Is(err, io.EOF):
		_ = b.control.SetReadDeadline(time.Time{}) // what the handler does now takes its own time
	}
	return n, err
}

// answer is cut where it is taken slower than is bearable.
type answer struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (a *answer) extend(n int) {
	_ = a.control.SetWriteDeadline(time.Now().Add(grace + time.Duration(n)*time.Second/slowest))
}

func (a *answer) WriteHeader(status int) {
	a.extend(0)
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	a.extend(len(p))
	return a.ResponseWriter.Write(p)
}

// Hijack implements http.Hijacker.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) { return a.control.Hijack() }

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
