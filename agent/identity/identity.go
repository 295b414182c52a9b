// Package identity is who this device is to its hall: a key that never leaves the
// device, the certificate that the hall gave for it, and the hall's authority, by
// which the device knows its hub. It owns how they are asked for with an enrolment
// code, kept in the folder identity/ beside the outbox, and made anew before they
// end. It trusts the hall's authority alone, never the system's, and refuses keys
// that others on the machine can read.
package identity

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hallkeeper/bilingual"
	"hallkeeper/wire"
)

// Home is where a device belongs: the file hub.json.
type Home struct {
	// Hall is the hall's id, Agent the device's name in it.
	Hall  string `json:"hall"`
	Agent string `json:"agent"`
	// MQTT is the broker's URL as the hub told it, empty where it has none; HTTPS is the hub's host:port.
	MQTT  string `json:"mqtt,omitempty"`
	HTTPS string `json:"https"`
}

// Identity is a device's key and certificate, with what it needs to know its hub by.
type Identity struct {
	Home
	// Authority is the hall's, the only one that the device trusts.
	Authority *x509.Certificate

	cert tls.Certificate
}

// ErrNone means that the device was never enrolled.
var ErrNone = bilingual.New("这台设备还没有注册：请在管理端生成注册码，再运行 agent enroll --hub 主机地址", "this device is not enrolled: have the console make a code for it, and run agent enroll --hub ADDRESS")

// The files.
const (
	keyFile  = "key.pem"
	certFile = "cert.pem"
	caFile   = "ca.pem"
	homeFile = "hub.json"
)

// Leaf is the device's certificate.
func (i *Identity) Leaf() *x509.Certificate { return i.cert.Leaf }

// Due is when the next certificate is asked for: when 70 to 75 % of this one's life
// are over. The hub gives it in the last third, and the clocks may differ. The
// share is each certificate's own, so that the devices of a hall, enrolled in one
// afternoon, do not all come at once.
func (i *Identity) Due() time.Time {
	leaf := i.Leaf()
	life := leaf.NotAfter.Sub(leaf.NotBefore)
	h := fnv.New32a()
	_, _ = h.Write(leaf.Raw) // never fails
	return leaf.NotAfter.Add(-life/100*30 + life/20/1000*time.Duration(h.Sum32()%1000))
}

// Load reads the identity below the agent's data folder. It gives ErrNone where there is none.
func Load(data string) (*Identity, error) {
	dir, err := find(data)
	if err != nil {
		return nil, err
	}
	return load(dir)
}

// LoadHome reads no more than who the device is, which works where its key does not.
func LoadHome(data string) (Home, error) {
	dir, err := find(data)
	if err != nil {
		return Home{}, err
	}
	return loadHome(dir)
}

func load(dir string) (*Identity, error) {
	id, err := read(dir)
	if err != nil {
		return nil, bilingual.Errorf("%s 里的身份用不了：%w", "the identity in %s cannot be used: %w", dir, err)
	}
	return id, nil
}

// errHalf is what to do about an identity of which a part is missing or spoilt.
var errHalf = bilingual.New("请在管理端重新生成注册码，再运行 agent enroll --force", "get a new code from the console and run agent enroll --force")

func read(dir string) (*Identity, error) {
	home, err := loadHome(dir)
	if err != nil {
		return nil, err
	}
	key, err := readKey(filepath.Join(dir, keyFile))
	if err != nil {
		return nil, err
	}
	leaf, err := readCertificate(filepath.Join(dir, certFile))
	if err != nil {
		return nil, err
	}
	authority, err := readCertificate(filepath.Join(dir, caFile))
	if err != nil {
		return nil, err
	}
	id, err := join(home, key, leaf, authority)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, errHalf)
	}
	return id, nil
}

// join puts together what belongs together.
func join(home Home, key *ecdsa.PrivateKey, leaf, authority *x509.Certificate) (*Identity, error) {
	if public, ok := leaf.PublicKey.(*ecdsa.PublicKey); !ok || !public.Equal(&key.PublicKey) {
		return nil, errors.New("the certificate is of another key")
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: leaf.NotBefore, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		return nil, fmt.Errorf("the certificate is not by the hall's authority: %w", err)
	}
	if err := errors.Join(wire.CheckName(home.Hall), wire.CheckName(home.Agent)); err != nil {
		return nil, fmt.Errorf("the names of hall and device: %w", err)
	}
	want := "urn:hallkeeper:" + home.Hall + ":agent:" + home.Agent
	if len(leaf.URIs) != 1 || leaf.URIs[0].String() != want || leaf.Subject.CommonName != home.Agent {
		return nil, fmt.Errorf("the certificate is not for the device %s of the hall %s", home.Agent, home.Hall)
	}
	return &Identity{Home: home, Authority: authority, cert: tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}}, nil
}

func loadHome(dir string) (h Home, err error) {
	raw, err := os.ReadFile(filepath.Join(dir, homeFile))
	if errors.Is(err, fs.ErrNotExist) {
		return h, fmt.Errorf("%s is missing: %w", homeFile, errHalf)
	}
	if err != nil {
		return h, err
	}
	if err := json.Unmarshal(raw, &h); err != nil || h.Hall == "" || h.Agent == "" {
		return h, fmt.Errorf("%s does not read: %w", homeFile, errHalf)
	}
	return h, nil
}

func readKey(path string) (*ecdsa.PrivateKey, error) {
	if st, err := os.Stat(path); err == nil && st.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("others on this computer can read %s: run chmod 600 on it, and enrol anew where somebody may have copied it", filepath.Base(path))
	}
	raw, err := readPEM(path, "PRIVATE KEY")
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(raw)
	key, ok := parsed.(*ecdsa.PrivateKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("%s does not read: %w", filepath.Base(path), errHalf)
	}
	return key, nil
}

func readCertificate(path string) (*x509.Certificate, error) {
	raw, err := readPEM(path, "CERTIFICATE")
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil, fmt.Errorf("%s does not read: %w", filepath.Base(path), errHalf)
	}
	return c, nil
}

// readPEM reads a file of one PEM block and nothing behind it.
func readPEM(path, kind string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is missing: %w", filepath.Base(path), errHalf)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), errors.Unwrap(err))
	}
	block, rest := pem.Decode(raw)
	if block == nil || block.Type != kind || strings.TrimSpace(string(rest)) != "" {
		return nil, fmt.Errorf("%s does not read: %w", filepath.Base(path), errHalf)
	}
	return block.Bytes, nil
}
