package uplink

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"hallkeeper/agent/identity"
	"hallkeeper/agent/uplink/uplinktest"
	"hallkeeper/hub/ca"
	"hallkeeper/wire"
)

// secureHub is a hub behind TLS that asks for certificates of its authority.
type secureHub struct {
	*uplinktest.Hub
	authority *ca.Authority

	mu      sync.Mutex
	revoked map[string]bool
	serials []string // as they came
}

func newSecureHub(t *testing.T) *secureHub {
	t.Helper()
	authority, err := ca.Open(t.TempDir(), uplinktest.Hall, nil)
	if err != nil {
		t.Fatal(err)
	}
	own, err := authority.Server(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &secureHub{authority: authority, revoked: map[string]bool{}}
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.Hub = uplinktest.Over(t, tls.NewListener(socket, &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{*own},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.Pool(), VerifyConnection: func(cs tls.ConnectionState) error {
			h.mu.Lock()
			defer h.mu.Unlock()
			serial := cs.PeerCertificates[0].SerialNumber.Text(16)
			if h.revoked[serial] {
				return errors.New("revoked")
			}
			h.serials = append(h.serials, serial)
			return nil
		}}))
	return h
}

func (h *secureHub) revoke(serial string) {
	h.mu.Lock()
	h.revoked[serial] = true
	h.mu.Unlock()
	h.Cut()
}

func (h *secureHub) last() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.serials) == 0 {
		return ""
	}
	return h.serials[len(h.serials)-1]
}

// badge is an identity that a test changes.
type badge struct {
	hub     *secureHub
	changed chan struct{}

	mu      sync.Mutex
	cert    tls.Certificate
	serial  string
	missing error
	answers []error
}

func newBadge(t *testing.T, h *secureHub) *badge {
	t.Helper()
	b := &badge{hub: h, changed: make(chan struct{}, 1)}
	b.renew(t)
	return b
}

// renew makes the next certificate.
func (b *badge) renew(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made, err := b.hub.authority.Issue(&key.PublicKey, ca.Agent, agentID)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := tls.X509KeyPair(made.PEM, keyPEM(t, key))
	if err != nil {
		t.Fatal(err)
	}
	b.mu.Lock()
	b.cert, b.serial, b.missing = raw, made.Serial, nil
	b.mu.Unlock()
	select {
	case b.changed <- struct{}{}:
	default:
	}
}

func (b *badge) TLS() (*tls.Config, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return &tls.Config{MinVersion: tls.VersionTLS13, ServerName: wire.HubName, RootCAs: b.hub.authority.Pool(), Certificates: []tls.Certificate{b.cert}}, b.missing
}

func (b *badge) Changed() <-chan struct{} { return b.changed }

func (b *badge) Answered(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answers = append(b.answers, err)
}

func (b *badge) refused() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.answers) > 0 && identity.Refused(b.answers[len(b.answers)-1])
}

func (b *badge) now() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.serial
}

func TestARevokedCertificateKeepsEventsUntilThereIsANewOne(t *testing.T) {
	h := newSecureHub(t)
	b := newBadge(t, h)
	d := newDeviceAt(t, "tls://"+h.Addr, b)
	d.press(t, 3)
	await(t, "three events, and that they are known to be stored", func() bool { return h.Count() == 3 && d.pending() == 0 })
	h.revoke(b.now())
	await(t, "a refusal", b.refused)
	d.press(t, 5)
	if up, _ := d.Connected(); up || d.pending() != 5 {
		t.Errorf("connected %v, %d wait", up, d.pending())
	}
	b.renew(t) // wakes it: nobody waits for the next try
	await(t, "all events", func() bool { return h.Count() == 8 && d.pending() == 0 })
	h.InOrder(8)
	if h.last() != b.now() {
		t.Error("with the old certificate")
	}
}

// A broker that is away and, when it is back, no longer takes the device: both are said, each once.
func TestWhatStandsInTheWayIsSaidWhenItChanges(t *testing.T) {
	h := newSecureHub(t)
	b := newBadge(t, h)
	h.revoke(b.now())
	b.missing = identity.ErrNone
	var mu sync.Mutex
	var said bytes.Buffer
	logger := slog.New(slog.NewTextHandler(writer(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return said.Write(p)
	}), nil))
	times := func(words string) int {
		mu.Lock()
		defer mu.Unlock()
		return strings.Count(said.String(), words)
	}
	newDeviceAt(t, "tls://"+h.Addr, b, func(c *Config) { c.Logger = logger })
	const away, revoked = "the broker cannot be reached", "does not take this device's certificate"
	await(t, "that there is no connection is said", func() bool { return times(away) == 1 })
	b.mu.Lock()
	b.missing = nil
	b.mu.Unlock()
	await(t, "that the certificate is not taken is said", func() bool { return times(revoked) == 1 })
	b.mu.Lock()
	b.missing, b.answers = identity.ErrNone, nil
	b.mu.Unlock()
	b.changed <- struct{}{} // at once, and what is said begins anew
	await(t, "that there is no connection is said again", func() bool { return times(away) == 2 })
}

// writer is a function that writes.
type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

func TestARenewedCertificateIsUsedAtOnceAndNothingIsLost(t *testing.T) {
	h := newSecureHub(t)
	b := newBadge(t, h)
	d := newDeviceAt(t, "mqtts://"+h.Addr, b)
	await(t, "a connection", func() bool { ok, _ := d.Connected(); return ok })
	for range 5 {
		d.press(t, 20)
		b.renew(t)
		await(t, "the new certificate", func() bool { return h.last() == b.now() })
	}
	await(t, "all events", func() bool { return h.Count() == 100 && d.pending() == 0 })
	h.InOrder(100)
	for _, s := range statuses(h.Hub) {
		if s != wire.DeviceOnline {
			t.Error("people were told that the device was away")
		}
	}
}

func statuses(h *uplinktest.Hub) (all []wire.DeviceState) {
	h.Locked(func() {
		for _, s := range h.Statuses {
			all = append(all, s.State)
		}
	})
	return all
}

func TestAnIdentityThatCannotBeUsedIsWaitedFor(t *testing.T) {
	h := newSecureHub(t)
	b := newBadge(t, h)
	b.missing = identity.ErrNone
	d := newDeviceAt(t, "ssl://"+h.Addr, b)
	d.press(t, 2)
	if up, _ := d.Connected(); up || h.last() != "" {
		t.Error("connected without an identity")
	}
	b.renew(t)
	await(t, "both events", func() bool { return h.Count() == 2 })
}

func keyPEM(t *testing.T, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}
