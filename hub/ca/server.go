package ca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"hallkeeper/wire"
)

const (
	serverLasts = 397 * 24 * time.Hour // browsers trust none longer
	// renewServer is how long before its end the hub's own certificate is made anew.
	renewServer = 60 * 24 * time.Hour
)

// server is the hub's own certificate, made anew before it ends and where the names change.
type server struct {
	mu    sync.Mutex
	dir   string
	key   *ecdsa.PrivateKey
	names []string
	cert  *tls.Certificate
}

// Server gives the hub's own certificate for the names and addresses under which
// it is reached; wire.HubName, under which devices know it, is always among them.
// It serves as a client's as well, for an external broker.
func (a *Authority) Server(names []string) (*tls.Certificate, error) {
	names = append([]string{wire.HubName}, names...)
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	s := &a.server
	if s.cert != nil && slices.Equal(s.names, names) && a.now().Before(s.cert.Leaf.NotAfter.Add(-renewServer)) {
		return s.cert, nil
	}
	if err := s.openKey(); err != nil {
		return nil, err
	}
	made, err := a.issue(&s.key.PublicKey, Hub, HubsName, serverLasts, func(t *x509.Certificate) {
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
		reachedAt(t, names)
	})
	if err != nil {
		return nil, err
	}
	leaf, err := parse(made.PEM)
	if err != nil {
		return nil, err
	}
	// The authority goes with it, so that a device can compare it with its enrolment code.
	s.names, s.cert = names, &tls.Certificate{Certificate: [][]byte{leaf.Raw, a.cert.Raw}, PrivateKey: s.key, Leaf: leaf}
	return s.cert, nil
}

// reachedAt writes names and addresses into a server's certificate.
func reachedAt(t *x509.Certificate, names []string) {
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, n)
		}
	}
}

func (s *server) openKey() error {
	if s.key != nil {
		return nil
	}
	path := filepath.Join(s.dir, "hub.key")
	key, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err == nil {
			err = writeKey(path, key)
		}
	}
	if err != nil {
		return fmt.Errorf("the hub's own key, hub.key: %w", err)
	}
	s.key = key
	return nil
}
