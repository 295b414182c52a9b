// Package ca is the hall's own certificate authority: it keeps the authority's
// key, gives certificates to window computers, screens and the hub itself, and
// reads whose a certificate is. It refuses to know who may have one: that is
// enrolment's, and whether one was revoked is the caller's to ask.
//
// Keys are ECDSA P-256; what they are for is in the certificate's URI,
// urn:hallkeeper:HALL:KIND:NAME.
package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hallkeeper/wire"
)

// Kind is what a certificate is for.
type Kind string

// The kinds.
const (
	Agent  Kind = "agent"
	Screen Kind = "screen"
	Hub    Kind = "hub" // the hub's own, as a server and as a client of an external broker
)

const (
	// authorityName, with the hall's id, is the name of an authority.
	authorityName  = "Hallkeeper "
	authorityLasts = 20 * 365 * 24 * time.Hour
	// backdated lets a device whose clock is a little behind use its certificate at once.
	backdated = 24 * time.Hour
)

// Lasts is how long the certificate of a device works; it renews itself before.
const Lasts = 180 * 24 * time.Hour

// Authority issues the hall's certificates. Its methods may be called from any goroutine.
type Authority struct {
	hall   string
	now    func() time.Time
	key    *ecdsa.PrivateKey
	cert   *x509.Certificate
	pem    []byte
	server server
}

// Identity is whose a certificate is.
type Identity struct {
	Hall string
	Kind Kind
	Name string
	// Serial is the certificate's number in hex.
	Serial string
}

// Issued is a new certificate.
type Issued struct {
	PEM      []byte
	Serial   string
	NotAfter time.Time
	// Fingerprint is the hex SHA-256 of the certificate.
	Fingerprint string
}

// ErrRequest means that a request for a certificate does not read or is not signed by its own key.
var ErrRequest = errors.New("no request for a certificate")

// Open reads the authority of a hall from dir, or makes it where there is none.
func Open(dir, hall string, now func() time.Time) (*Authority, error) {
	if now == nil {
		now = time.Now
	}
	a := &Authority{hall: hall, now: now}
	a.server.dir = dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the key folder: %w", err)
	}
	key, kerr := readKey(filepath.Join(dir, "ca.key"))
	raw, cerr := os.ReadFile(filepath.Join(dir, "ca.pem"))
	switch {
	case errors.Is(kerr, fs.ErrNotExist) && errors.Is(cerr, fs.ErrNotExist):
		if err := a.begin(dir); err != nil {
			return nil, err
		}
		return a, nil
	case kerr != nil:
		return nil, fmt.Errorf("the key of the hall's certificates, ca.key, does not read: restore it from a backup: %w", kerr)
	case cerr != nil:
		return nil, fmt.Errorf("ca.pem belongs beside ca.key: restore it from a backup: %w", cerr)
	}
	cert, err := parse(raw)
	if err != nil {
		return nil, fmt.Errorf("ca.pem does not read: restore it from a backup: %w", err)
	}
	if pub, ok := cert.PublicKey.(*ecdsa.PublicKey); !ok || !pub.Equal(&key.PublicKey) {
		return nil, errors.New("ca.pem and ca.key do not belong together: restore both from one backup")
	}
	a.key, a.cert, a.pem = key, cert, raw
	return a, nil
}

// begin makes the authority. The key is on disk first: a certificate without its key would be of no use.
func (a *Authority) begin(dir string) (err error) {
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return err
	}
	t := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: authorityName + a.hall, Organization: []string{"Hallkeeper"}},
		NotBefore: a.now().Add(-backdated), NotAfter: a.now().Add(authorityLasts),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &a.key.PublicKey, a.key)
	if err != nil {
		return fmt.Errorf("make the hall's authority: %w", err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := writeKey(filepath.Join(dir, "ca.key"), a.key); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "ca.pem"), a.pem)
}

// PEM is the authority's certificate, which everybody may have.
func (a *Authority) PEM() []byte { return a.pem }

// Certificate is the authority's certificate.
func (a *Authority) Certificate() *x509.Certificate { return a.cert }

// Pool trusts the hall's certificates and no others.
func (a *Authority) Pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// Pin is what an enrolment code says of the authority; see wire.Pin.
func (a *Authority) Pin() [wire.PinSize]byte { return wire.Pin(a.cert.RawSubjectPublicKeyInfo) }

// Request reads a PEM request (PKCS #10) and gives its key; what else it asks for is not looked at.
func Request(text []byte) (crypto.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE REQUEST" {
		return nil, fmt.Errorf("%w: expected PEM of a CERTIFICATE REQUEST", ErrRequest)
	}
	r, err := x509.ParseCertificateRequest(block.Bytes)
	if err == nil {
		err = r.CheckSignature()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	return r.PublicKey, nil
}

// Issue makes a certificate for a key, which must be ECDSA P-256.
func (a *Authority) Issue(key crypto.PublicKey, kind Kind, name string) (Issued, error) {
	usage := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return a.issue(key, kind, name, Lasts, func(t *x509.Certificate) { t.ExtKeyUsage = usage })
}

func (a *Authority) issue(key crypto.PublicKey, kind Kind, name string, lasts time.Duration, more func(*x509.Certificate)) (Issued, error) {
	if k, ok := key.(*ecdsa.PublicKey); !ok || k.Curve != elliptic.P256() {
		return Issued{}, fmt.Errorf("%w: expected a key ECDSA P-256", ErrRequest)
	}
	now := a.now()
	t := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: name, Organization: []string{"Hallkeeper " + a.hall}, OrganizationalUnit: []string{string(kind)}},
		NotBefore: now.Add(-backdated), NotAfter: now.Add(lasts).Truncate(time.Second), KeyUsage: x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true, URIs: []*url.URL{{Scheme: "urn", Opaque: "hallkeeper:" + a.hall + ":" + string(kind) + ":" + name}},
	}
	more(t)
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, key, a.key)
	if err != nil {
		return Issued{}, fmt.Errorf("make a certificate: %w", err)
	}
	sum := sha256.Sum256(der)
	return Issued{PEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), Serial: t.SerialNumber.Text(16), NotAfter: t.NotAfter,
		Fingerprint: hex.EncodeToString(sum[:])}, nil
}

// Whose reads whose a certificate is. The caller has verified it, as TLS does.
func Whose(c *x509.Certificate) (Identity, error) {
	for _, u := range c.URIs {
		parts := strings.Split(u.Opaque, ":")
		if u.Scheme == "urn" && len(parts) == 4 && parts[0] == "hallkeeper" && parts[3] == c.Subject.CommonName {
			return Identity{Hall: parts[1], Kind: Kind(parts[2]), Name: parts[3], Serial: c.SerialNumber.Text(16)}, nil
		}
	}
	return Identity{}, errors.New("the certificate names no device of a hall")
}

func serial() *big.Int {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[0] &= 0x7f
	b[0] |= 0x40 // always 16 bytes, so that its hex has one length
	return new(big.Int).SetBytes(b[:])
}

func parse(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("expected PEM of a CERTIFICATE")
	}
	return x509.ParseCertificate(block.Bytes)
}
