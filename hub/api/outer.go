package api

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"hallkeeper/wire"
)

type requestKey struct{}

// requestID is the id under which the hub's log speaks of a request.
func requestID(r *http.Request) string {
	id, _ := r.Context().Value(requestKey{}).(string)
	return id
}

func newRequestID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// send writes a whole answer; nothing of the API is kept by caches.
func send(w http.ResponseWriter, r *http.Request, status int, media string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) //nolint:gosec // the media type is the route's own, and nosniff keeps to it; who asked may have gone
	}
}

// outer is what every request passes: id, headers, counting, recovery, and
// problem documents where the mux has no route.
func (a *API) outer() http.Handler {
	a.mux.HandleFunc("GET /ws/live", a.liveSocket)
	a.mux.HandleFunc("GET "+callback, a.comeBack)
	a.mux.Handle("GET /metrics", a.toMetrics(promhttp.HandlerFor(a.Metrics, promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(a.Logger.Handler(), slog.LevelWarn)})))
	a.mux.HandleFunc("GET /ca.crt", a.authorityCertificate)
	a.describe()
	a.pages.register(a)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		r = r.WithContext(context.WithValue(context.WithValue(r.Context(), requestKey{}, newRequestID()), placeKey{}, address(r)))
		h := w.Header()
		secured(h)
		if lasting(r) {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		h.Set("Request-Id", requestID(r))
		_, pattern := a.mux.Handler(r)
		seen := &watched{ResponseWriter: w}
		defer func() {
			if v := recover(); v != nil {
				if v == http.ErrAbortHandler { //nolint:errorlint // net/http's own panics are compared
					panic(v)
				}
				a.Logger.ErrorContext(r.Context(), "a request handler panicked", "request", requestID(r), "method", r.Method,
					"path", r.URL.Path, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
				if seen.status == 0 {
					writeProblem(seen, r, problem("internal"))
				}
			}
			a.metrics.count(pattern, r.Method, seen.status, time.Since(began))
		}()
		if pattern == "" {
			a.missing(seen, r)
			return
		}
		a.mux.ServeHTTP(seen, r)
	})
}

// lasting tells whether a browser shall ask this host over HTTPS only from now on. Not
// where it asks its own machine: other programs serve there as well, on plain ports.
func lasting(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return r.TLS != nil && host != "localhost" && (ip == nil || !ip.IsLoopback())
}

// placed gives the hall's own screens and people their places at the live socket, however many strangers come.
func (a *API) placed(strangers, known http.Handler) http.Handler {
	if known == nil {
		return strangers
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if i, err := a.identify(r); err == nil && i.Role != wire.RolePublic {
			known.ServeHTTP(w, r)
			return
		}
		strangers.ServeHTTP(w, r)
	})
}

// authorityCertificate lets everybody install the hall's authority. Whoever does compares its fingerprint first (docs/https.md).
func (a *API) authorityCertificate(w http.ResponseWriter, r *http.Request) {
	if a.Authority == nil {
		a.fail(w, r, problem("not_found"))
		return
	}
	w.Header().Set("Content-Disposition", `attachment; filename="hallkeeper-`+a.Hall+`-ca.crt"`)
	send(w, r, http.StatusOK, "application/x-x509-ca-cert", a.Authority.PEM())
}

// missing answers what no route takes.
func (a *API) missing(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := a.mux.Handler(other); pattern != "" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		if strings.Contains(r.Header.Get("Accept"), "text/html") && !strings.HasPrefix(r.URL.Path, "/api/") {
			a.pages.lost(a, w, r)
			return
		}
		a.fail(w, r, problem("not_found"))
		return
	}
	if slices.Contains(allowed, "GET") {
		allowed = append(allowed, "HEAD")
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	a.fail(w, r, problem("method_not_allowed"))
}

// watched notes the status of an answer. A websocket takes the connection through it.
type watched struct {
	http.ResponseWriter
	status int
}

func (w *watched) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Hijack implements http.Hijacker.
func (w *watched) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	h, ok := w.ResponseWriter.(http.Hijacker)
	if !ok {
		return nil, nil, errors.New("the connection cannot be taken over")
	}
	w.status = http.StatusSwitchingProtocols
	return h.Hijack()
}

// Unwrap lets http.ResponseController reach the connection.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// metrics count requests by route, never by path: that is what strangers choose.
type metrics struct {
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	// refusals are of enrolment codes and certificates.
	refusals *prometheus.CounterVec
	// signins are those that were refused.
	signins *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "hallkeeper", Subsystem: "http", Name: "requests_total",
			Help: "Requests by route and status."}, []string{"route", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "hallkeeper", Subsystem: "http", Name: "request_seconds",
			Help: "Time to answer a request, websockets not counted.", Buckets: prometheus.ExponentialBuckets(0.0005, 3, 10)}, []string{"route"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "hallkeeper", Subsystem: "http", Name: "device_refusals_total",
			Help: "Enrolment codes and certificates that were refused, by reason."}, []string{"what", "reason"}),
		signins: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "hallkeeper", Subsystem: "http", Name: "signins_refused_total",
			Help: "Attempts to sign in that were refused, by reason."}, []string{"reason"}),
	}
	if r != nil {
		r.MustRegister(m.requests, m.took, m.refusals, m.signins)
	}
	return m
}

func (m *metrics) count(pattern, method string, status int, took time.Duration) {
	if pattern == "" {
		pattern = "none"
		if method == http.MethodOptions {
			pattern = "options"
		}
	}
	m.requests.WithLabelValues(pattern, strconv.Itoa(status)).Inc()
	if status != http.StatusSwitchingProtocols {
		m.took.WithLabelValues(pattern).Observe(took.Seconds())
	}
}
