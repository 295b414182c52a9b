package gate

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"hallkeeper/wire"
)

// Authority gives the hub's own certificate; see hub/ca.
type Authority interface {
	// Server gives the certificate for these names, among which wire.HubName always is.
	Server(names []string) (*tls.Certificate, error)
	// Pool trusts the hall's certificates and no others.
	Pool() *x509.CertPool
}

// Given is a certificate that the hall was given for its browsers, as PEM files; none where File is empty.
type Given struct{ File, Key string }

// Certificates answers each connection with the certificate that it can check:
// devices with the authority's, browsers with the given one where there is one.
type Certificates struct {
	authority Authority
	given     Given
	names     []string
	log       *slog.Logger

	mu sync.Mutex
	// all are the names as they were looked at last: addresses of interfaces come and go.
	all    []string
	cert   *tls.Certificate
	read   stamp
	failed string
	// warned is the bound within which people were told that cert ends.
	warned int
}

// stamp tells whether a pair of files has changed.
type stamp [2]struct {
	at   time.Time
	size int64
}

// NewCertificates checks what is given: that it reads, that key and certificate
// belong together, that it is valid now and for one of names at least, where
// names are set. Without names the machine's own are taken.
func NewCertificates(authority Authority, given Given, names []string, now time.Time, log *slog.Logger) (*Certificates, error) {
	c := &Certificates{authority: authority, given: given, names: names, log: log}
	c.all = c.lookAtNames()
	if given.File != "" {
		cert, at, err := c.load(now)
		if err != nil {
			return nil, err
		}
		c.cert, c.read = cert, at
		c.warn(now)
	}
	if _, err := authority.Server(c.all); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Certificates) lookAtNames() []string {
	if len(c.names) > 0 {
		return withLoopback(c.names)
	}
	return OwnNames()
}

// load reads the given certificate and says what is wrong with it.
func (c *Certificates) load(now time.Time) (*tls.Certificate, stamp, error) {
	at, err := c.stamp()
	if err != nil {
		return nil, at, fmt.Errorf("the given certificate cannot be read: look at the settings certificate and certificate_key: %w", err)
	}
	if info, err := os.Stat(c.given.Key); err == nil && info.Mode().Perm()&0o007 != 0 {
		return nil, at, fmt.Errorf("everybody on this machine can read the key %s: run chmod o= on it", c.given.Key)
	}
	cert, err := tls.LoadX509KeyPair(c.given.File, c.given.Key)
	if err != nil {
		return nil, at, fmt.Errorf("the certificate in %s and the key in %s cannot be used: give PEM files that belong together, the certificate with its chain: %w", c.given.File, c.given.Key, err)
	}
	leaf := cert.Leaf
	switch {
	case now.After(leaf.NotAfter):
		return nil, at, fmt.Errorf("the certificate in %s ended on %s: put a new one there", c.given.File, leaf.NotAfter.Format(time.DateOnly))
	case now.AddDate(2, 0, 0).Before(leaf.NotBefore): // nobody is given such a one: the clock is not set, and browsers go by their own
		c.log.Warn("the given certificate begins later: look at this machine's clock", "file", c.given.File, "begins", leaf.NotBefore.Format(time.DateOnly))
	case now.Before(leaf.NotBefore):
		return nil, at, fmt.Errorf("the certificate in %s begins on %s only: look at this machine's clock, or wait", c.given.File, leaf.NotBefore.Format(time.DateOnly))
	}
	if len(c.names) > 0 {
		named := false
		for _, n := range c.names {
			named = named || leaf.VerifyHostname(n) == nil
		}
		if !named {
			return nil, at, fmt.Errorf("the certificate in %s is for none of the names %s (it is for %s): correct the setting names, or put the right certificate there",
				c.given.File, strings.Join(c.names, ", "), strings.Join(namesOf(leaf), ", "))
		}
	}
	return &cert, at, nil
}

func namesOf(leaf *x509.Certificate) []string {
	all := append([]string{}, leaf.DNSNames...)
	for _, ip := range leaf.IPAddresses {
		all = append(all, ip.String())
	}
	return all
}

func (c *Certificates) stamp() (s stamp, err error) {
	for i, path := range []string{c.given.File, c.given.Key} {
		info, err := os.Stat(path)
		if err != nil {
			return s, err
		}
		s[i].at, s[i].size = info.ModTime(), info.Size()
	}
	return s, nil
}

// Look takes a given certificate whose files have changed, and the machine's
// names where they are not set. It is called from time to time; one that cannot
// be used is told once, and the one before serves on.
func (c *Certificates) Look(now time.Time) {
	names := c.lookAtNames()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = names
	if c.given.File == "" {
		return
	}
	defer c.warn(now)
	at, err := c.stamp()
	if err == nil && at == c.read {
		return
	}
	cert, at, err := c.load(now)
	if err != nil {
		if c.failed != err.Error() {
			c.failed = err.Error()
			c.log.Error("the new certificate is not taken; the one before serves on", "error", err)
		}
		return
	}
	c.cert, c.read, c.failed = cert, at, ""
	c.log.Info("a new certificate is served", "until", cert.Leaf.NotAfter.Format(time.DateOnly), "fingerprint", Fingerprint(cert.Leaf))
}

// Names are the names and addresses under which the hub is reached.
func (c *Certificates) Names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all
}

// certificate chooses by the name that was asked for.
func (c *Certificates) certificate(name string) (*tls.Certificate, error) {
	c.mu.Lock()
	given, names := c.cert, c.all
	c.mu.Unlock()
	if given != nil && name != wire.HubName {
		return given, nil
	}
	return c.authority.Server(names)
}

// Config is TLS for the hub's HTTPS: 1.3 alone, and whoever has a certificate of
// the hall may show it.
func (c *Certificates) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS13,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) { return c.certificate(hello.ServerName) },
		ClientAuth:     tls.VerifyClientCertIfGiven,
		ClientCAs:      c.authority.Pool(),
		NextProtos:     []string{"h2", "http/1.1"},
	}
}

// Fingerprint is what people compare: the SHA-256 of a certificate in pairs.
func Fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	var pairs []string
	for _, b := range sum {
		pairs = append(pairs, strings.ToUpper(hex.EncodeToString([]byte{b})))
	}
	return strings.Join(pairs, ":")
}

// Check tells what is wrong with a given certificate without serving it; nil where none is given.
func (g Given) Check(names []string, now time.Time) (ends time.Time, err error) {
	if g.File == "" {
		return ends, errors.New("no certificate is given")
	}
	c := &Certificates{given: g, names: names}
	cert, _, err := c.load(now)
	if err != nil {
		return ends, err
	}
	return cert.Leaf.NotAfter, nil
}
