package api

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"hallkeeper/wire"
)

// Who acts at the console until people can sign in.
const (
	operator      = "operator"
	sessionCookie = "hallkeeper_session"
)

// fromHere tells whether a request was made by a program on this machine, to
// this machine by its own name: a page of another site whose name was made to
// point here (DNS rebinding) still sends its own name as Host, and what a
// proxy passes on says so.
func fromHere(r *http.Request) bool {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !remote.Addr().Unmap().IsLoopback() {
		return false
	}
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip"} {
		if r.Header.Get(header) != "" {
			return false
		}
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else if n := len(host); n > 2 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// guarded lets through to a route only who may use it.
func (a *API) guarded(rt route) http.Handler {
	origins := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case rt.local && !fromHere(r):
			a.fail(w, r, problem("loopback_only"))
		case rt.changes && origins.Check(r) != nil:
			a.fail(w, r, problem("cross_origin"))
		case rt.changes && !a.rate.take():
			a.fail(w, r, problem("too_many_requests"))
		default:
			err := rt.checkQuery(r)
			if err == nil {
				err = rt.handle(w, r)
			}
			if err != nil {
				a.fail(w, r, err)
			}
		}
	})
}

// actor is who a request acts as. A browser keeps one session in a cookie; what
// the log gets is a digest of it, since the log is for reading and the cookie is not.
func actor(w http.ResponseWriter, r *http.Request) wire.Actor {
	var secret []byte
	if c, err := r.Cookie(sessionCookie); err == nil {
		secret, err = base64.RawURLEncoding.DecodeString(c.Value)
		if err != nil || len(secret) != 16 {
			secret = nil
		}
	}
	if secret == nil {
		secret = make([]byte, 16)
		_, _ = rand.Read(secret) // never fails (crypto/rand)
		http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: base64.RawURLEncoding.EncodeToString(secret),
			Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	}
	digest := sha256.Sum256(secret)
	return wire.Actor{Kind: wire.ActorPerson, ID: operator, Session: hex.EncodeToString(digest[:8])}
}

// bucket bounds a rate: it holds twice a second's worth.
type bucket struct {
	mu    sync.Mutex
	now   func() time.Time
	rate  float64
	level float64
	at    time.Time
}

func newBucket(perSecond float64, now func() time.Time) *bucket {
	return &bucket{now: now, rate: perSecond, level: 2 * perSecond, at: now()}
}

func (b *bucket) take() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	b.level = min(2*b.rate, b.level+now.Sub(b.at).Seconds()*b.rate)
	b.at = now
	if b.level < 1 {
		return false
	}
	b.level--
	return true
}
