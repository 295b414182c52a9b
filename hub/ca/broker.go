package ca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hallkeeper/bilingual"
	"hallkeeper/wire"
)

// Names in certificates of the hall's own programs. No device can have one: an @
// may not stand in a device's name, and a broker that knows its clients by their
// certificate's name alone, as Mosquitto does, cannot take one for the other.
const (
	HubsName    = "@hub"
	BrokersName = "@broker"
)

// Existing opens the authority in dir, which a hub has made, and refuses to make one.
func Existing(dir string) (*Authority, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, bilingual.Errorf("%s 里还没有发证机构：请先启动一次主机", "there is no authority in %s yet: start the hub once", dir)
	}
	if err != nil {
		return nil, err
	}
	cert, err := parse(raw)
	if err != nil {
		return nil, bilingual.Errorf("ca.pem 读不了，请从备份恢复：%w", "ca.pem does not read: restore it from a backup: %w", err)
	}
	hall, found := strings.CutPrefix(cert.Subject.CommonName, authorityName)
	if !found {
		return nil, errors.New("ca.pem is not of a hall's authority: restore it from a backup")
	}
	return Open(dir, hall, nil)
}

// Broker gives an external broker a key and a certificate under its names. Devices
// know it, as they know the hub, by wire.HubName.
func (a *Authority) Broker(names []string) (made Issued, key []byte, err error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return made, nil, err
	}
	made, err = a.issue(&k.PublicKey, Hub, BrokersName, serverLasts, func(t *x509.Certificate) {
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		reachedAt(t, append([]string{wire.HubName}, names...))
	})
	if err != nil {
		return made, nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	return made, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), err
}

// Client gives the hub a certificate with which a broker of somebody else lets it
// in. Its key is in memory only, so each connection has its own.
func (a *Authority) Client() (*tls.Certificate, error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	made, err := a.Issue(&k.PublicKey, Hub, HubsName)
	if err != nil {
		return nil, err
	}
	leaf, err := parse(made.PEM)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: k, Leaf: leaf}, nil
}

// Revocation is one certificate that is good no longer.
type Revocation struct {
	// Serial is the certificate's number in hex.
	Serial string
	At     time.Time
}

// RevocationList is the PEM list (CRL) for a broker that cannot ask the hub. It
// never runs out: a broker with an old list would turn all devices away.
func (a *Authority) RevocationList(revoked []Revocation) ([]byte, error) {
	now := a.now()
	list := &x509.RevocationList{Number: big.NewInt(now.Unix()), ThisUpdate: now.Add(-backdated), NextUpdate: a.cert.NotAfter}
	for _, r := range revoked {
		n, ok := new(big.Int).SetString(r.Serial, 16)
		if !ok {
			return nil, fmt.Errorf("expected a certificate's number in hex, got %q", r.Serial)
		}
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: n, RevocationTime: r.At})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, a.cert, a.key)
	if err != nil {
		return nil, fmt.Errorf("make the list of revoked certificates: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}), nil
}
