package ca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallkeeper/wire"
)

func request(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
}

func TestAnAuthorityGivesCertificatesAndIsFoundAgain(t *testing.T) {
	dir, now := t.TempDir(), time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	a, err := Open(dir, "demo", clock)
	if err != nil {
		t.Fatal(err)
	}
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	public, err := Request(request(t, key))
	if err != nil {
		t.Fatal(err)
	}
	made, err := a.Issue(public, Agent, "w01")
	if err != nil {
		t.Fatal(err)
	}
	a, err = Open(dir, "demo", clock) // another start
	if err != nil {
		t.Fatal(err)
	}
	cert, err := parse(made.PEM)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cert.Verify(x509.VerifyOptions{Roots: a.Pool(), CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		t.Error(err)
	}
	if _, err := cert.Verify(x509.VerifyOptions{Roots: a.Pool(), CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}); err == nil {
		t.Error("a device could pass for the hub")
	}
	who, err := Whose(cert)
	if want := (Identity{"demo", Agent, "w01", made.Serial}); err != nil || who != want {
		t.Errorf("%+v, %v", who, err)
	}
	if who, err := Whose(a.Certificate()); err == nil {
		t.Errorf("the authority is taken for %+v", who)
	}
	for _, name := range []string{"ca.key", "ca.pem"} {
		if st, err := os.Stat(filepath.Join(dir, name)); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, st.Mode(), err)
		}
	}
}

func TestTheHubsOwnCertificateFollowsItsNamesAndTheCalendar(t *testing.T) {
	now := time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)
	a, err := Open(t.TempDir(), "demo", func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	get := func(names ...string) *x509.Certificate {
		t.Helper()
		c, err := a.Server(names)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range append(names, wire.HubName) {
			if _, err := c.Leaf.Verify(x509.VerifyOptions{Roots: a.Pool(), DNSName: name, CurrentTime: now}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		return c.Leaf
	}
	first := get("192.168.1.10", "hall.example.cn")
	if !get("192.168.1.10", "hall.example.cn").Equal(first) {
		t.Error("it was made anew without need")
	}
	if get("192.168.1.11").Equal(first) {
		t.Error("another address got the old certificate")
	}
	first = get("192.168.1.11")
	now = first.NotAfter.Add(-30 * 24 * time.Hour)
	if get("192.168.1.11").Equal(first) {
		t.Error("it was not made anew a month before its end")
	}
}

func TestWhatDoesNotBelongTogetherIsRefused(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	for _, d := range []string{dir, other} {
		if _, err := Open(d, "demo", nil); err != nil {
			t.Fatal(err)
		}
	}
	foreign, _ := os.ReadFile(filepath.Join(other, "ca.pem"))
	own, _ := os.ReadFile(filepath.Join(dir, "ca.pem"))
	for name, c := range map[string]struct {
		spoil func() error
		want  string
	}{
		"another's certificate":      {func() error { return os.WriteFile(filepath.Join(dir, "ca.pem"), foreign, 0o600) }, "do not belong together"},
		"half a certificate":         {func() error { return os.WriteFile(filepath.Join(dir, "ca.pem"), own[:100], 0o600) }, "ca.pem does not read"},
		"no certificate":             {func() error { return os.Remove(filepath.Join(dir, "ca.pem")) }, "ca.pem belongs beside ca.key"},
		"a key that others can read": {func() error { return os.Chmod(filepath.Join(dir, "ca.key"), 0o644) }, "chmod 600"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Cleanup(func() {
				_ = os.WriteFile(filepath.Join(dir, "ca.pem"), own, 0o600)
				_ = os.Chmod(filepath.Join(dir, "ca.key"), 0o600)
			})
			if err := c.spoil(); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(dir, "demo", nil); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestARequestMustBeSignedByItsOwnKey(t *testing.T) {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	good := request(t, key)
	block, _ := pem.Decode(good)
	block.Bytes[len(block.Bytes)-1] ^= 1
	for name, text := range map[string][]byte{"empty": nil, "another thing": []byte("-----BEGIN X-----\n-----END X-----\n"), "spoilt": pem.EncodeToMemory(block)} {
		if _, err := Request(text); !errors.Is(err, ErrRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
	a, err := Open(t.TempDir(), "demo", nil)
	if err != nil {
		t.Fatal(err)
	}
	weak, _ := rsa.GenerateKey(rand.Reader, 2048)
	public, err := Request(request(t, weak))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Issue(public, Agent, "w01"); !errors.Is(err, ErrRequest) {
		t.Errorf("another kind of key: %v", err)
	}
}
