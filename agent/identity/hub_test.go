package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hallkeeper/hub/ca"
	"hallkeeper/wire"
)

// fakeHub answers as the hub does; its authority is the real one.
type fakeHub struct {
	t         *testing.T
	authority *ca.Authority
	server    *httptest.Server
	addr      string
	code      wire.EnrolCode
	asked     atomic.Int64 // requests that arrived
	refuses   atomic.Bool  // every certificate
	// answer may spoil what is answered; agent is the name it gives.
	answer func(*wire.Enrolled)
	agent  string
}

func newHub(t *testing.T, now func() time.Time) *fakeHub {
	t.Helper()
	return newHubWith(t, now, nil)
}

// newHubWith lets a test spoil the TLS settings of the server.
func newHubWith(t *testing.T, now func() time.Time, spoil func(*fakeHub, *tls.Config)) *fakeHub {
	t.Helper()
	authority, err := ca.Open(t.TempDir(), "demo", now)
	if err != nil {
		t.Fatal(err)
	}
	h := &fakeHub{t: t, authority: authority, agent: "w01"}
	h.code = wire.EnrolCode{Pin: authority.Pin()}
	copy(h.code.Secret[:], "0123456789")
	cert, err := authority.Server([]string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/enrol", h.enrol)
	mux.HandleFunc("POST /api/v1/certificates/renew", h.renew)
	h.server = httptest.NewUnstartedServer(mux)
	h.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	h.server.TLS = &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{*cert}, ClientCAs: authority.Pool(), ClientAuth: tls.VerifyClientCertIfGiven,
		VerifyConnection: func(cs tls.ConnectionState) error {
			if h.refuses.Load() && len(cs.PeerCertificates) > 0 {
				return errHalf
			}
			return nil
		}}
	if spoil != nil {
		spoil(h, h.server.TLS)
	}
	h.server.StartTLS()
	t.Cleanup(h.server.Close)
	h.addr = h.server.Listener.Addr().String()
	return h
}

func (h *fakeHub) enrol(w http.ResponseWriter, r *http.Request) {
	h.asked.Add(1)
	var q wire.EnrolRequest
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || q.Secret != h.code.SecretText() {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		_ = json.NewEncoder(w).Encode(wire.Problem{Title: "This code was used already", Code: "enrolment"})
		return
	}
	h.issue(w, q.Request)
}

func (h *fakeHub) renew(w http.ResponseWriter, r *http.Request) {
	h.asked.Add(1)
	var q wire.RenewRequest
	if len(r.TLS.PeerCertificates) == 0 || json.NewDecoder(r.Body).Decode(&q) != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	h.issue(w, q.Request)
}

func (h *fakeHub) issue(w http.ResponseWriter, request string) {
	key, err := ca.Request([]byte(request))
	if err != nil {
		h.t.Error(err)
	}
	made, err := h.authority.Issue(key, ca.Agent, h.agent)
	if err != nil {
		h.t.Error(err)
	}
	answer := wire.Enrolled{Hall: "demo", Agent: h.agent, Certificate: string(made.PEM), Authority: string(h.authority.PEM()), MQTT: "tls://0.0.0.0:8883"}
	if h.answer != nil {
		h.answer(&answer)
	}
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(answer)
}

// enrolment is what a person would give.
func (h *fakeHub) enrolment(data string) Enrolment {
	return Enrolment{Hub: h.addr, Code: h.code.String(), Data: data, Clock: clockAt(time.Now(), true)}
}

func (h *fakeHub) enrolled(data string) *Identity {
	h.t.Helper()
	id, err := Enrol(h.t.Context(), h.enrolment(data))
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

func clockAt(now time.Time, trusted bool) Clock {
	return Clock{Now: func() time.Time { return now }, Trusted: func() bool { return trusted }}
}

// otherKey is a certificate by an authority for a key that the device does not have.
func otherKey(t *testing.T, a *ca.Authority, kind ca.Kind, name string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made, err := a.Issue(&key.PublicKey, kind, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(made.PEM)
}

func files(t *testing.T, data string) map[string]os.FileMode {
	t.Helper()
	all := map[string]os.FileMode{}
	err := filepath.WalkDir(data, func(path string, d os.DirEntry, err error) error {
		if err != nil || path == data {
			return err
		}
		st, err := d.Info()
		if err == nil {
			all[strings.TrimPrefix(path, data+"/")] = st.Mode()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func leafOf(t *testing.T, text string) *x509.Certificate {
	t.Helper()
	c, err := certificate(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
