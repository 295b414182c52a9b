package identity

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"time"

	"hallkeeper/wire"
)

// Clock is by what time certificates are judged.
type Clock struct {
	// Now is the computer's time.
	Now func() time.Time
	// Trusted tells whether that is known to be right, as the kernel says.
	Trusted func() bool
}

// at is the time to judge certificates by. A computer without a clock battery
// believes in the past until its clock is set, and must reach its hub all the same:
// it is never earlier than this program's build and, until the clock is trusted,
// than the beginnings of the certificates themselves. What that gives away is that
// such a computer cannot tell a certificate that has ended from one that has not;
// only the hall's authority makes any.
func (c Clock) at(certs ...*x509.Certificate) time.Time {
	t := later(c.Now(), built())
	if c.Trusted() {
		return t
	}
	for _, cert := range certs {
		t = later(t, cert.NotBefore)
	}
	return t
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// built is when this program was made, zero where that is not known.
func built() (t time.Time) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return t
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			t, _ = time.Parse(time.RFC3339, s.Value)
		}
	}
	return t
}

// Errors that callers tell apart.
var (
	// ErrForeign means that whoever answered is not this hall's hub.
	ErrForeign = errors.New("it is not the hub of this hall: its certificate is by another authority")
	// ErrTime means that the hub's certificate is not valid at this computer's time.
	ErrTime = errors.New("is this computer's clock right, and the hub's?")
)

// TLS is how the device speaks to its hub and its broker: TLS 1.3, with its
// certificate, and with the hall's authority as the only one that it trusts.
func (i *Identity) TLS(clock Clock) *tls.Config {
	c := config(func(cs tls.ConnectionState) error { return verify(cs.PeerCertificates, i.Authority, clock) })
	// Always given, whichever authorities the other side names: a refusal that says why is better than silence.
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &i.cert, nil }
	return c
}

// pinned trusts the authority that an enrolment code names, and tells which it was.
func pinned(pin [wire.PinSize]byte, clock Clock, met func(authority *x509.Certificate)) *tls.Config {
	return config(func(cs tls.ConnectionState) error {
		for _, c := range cs.PeerCertificates {
			if c.IsCA && wire.Pin(c.RawSubjectPublicKeyInfo) == pin {
				if err := verify(cs.PeerCertificates, c, clock); err != nil {
					return err
				}
				met(c)
				return nil
			}
		}
		return ErrForeign
	})
}

// config verifies by itself, for its time depends on the certificates; nothing of
// the program's own is sent before check has agreed.
func config(check func(tls.ConnectionState) error) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS13, ServerName: wire.HubName, NextProtos: nil,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection, which always runs, verifies the whole chain and the name
		VerifyConnection:   check}
}

func verify(chain []*x509.Certificate, authority *x509.Certificate, clock Clock) error {
	if len(chain) == 0 {
		return ErrForeign
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(authority)
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	now := clock.at(chain[0], authority)
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: wire.HubName, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return ErrForeign
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Errorf("the hub's certificate is valid from %s to %s, and here it is %s: %w", day(chain[0].NotBefore), day(chain[0].NotAfter), day(now), ErrTime)
	case err != nil:
		return fmt.Errorf("the hub's certificate does not verify: %w", err)
	}
	return nil
}

func day(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

// Refused tells whether the other side of a TLS connection said that it does not want this device's certificate.
func Refused(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}
