package ca

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"hallkeeper/wire"
)

func TestABrokerHasACertificateThatNoDeviceCanHave(t *testing.T) {
	dir := t.TempDir()
	if _, err := Existing(dir); err == nil || !strings.Contains(err.Error(), "start the hub once") {
		t.Errorf("without an authority: %v", err)
	}
	if _, err := Open(dir, "demo", nil); err != nil {
		t.Fatal(err)
	}
	a, err := Existing(dir)
	if err != nil {
		t.Fatal(err)
	}
	made, key, err := a.Broker([]string{"mqtt.local", "10.0.0.2"})
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(made.PEM, key)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{wire.HubName, "mqtt.local", "10.0.0.2"} {
		if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: a.Pool(), DNSName: name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: a.Pool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err == nil {
		t.Error("a broker could pass for a client")
	}
	hub, err := a.Server(nil)
	if err != nil {
		t.Fatal(err)
	}
	client, err := a.Client()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Leaf.Verify(x509.VerifyOptions{Roots: a.Pool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		t.Error(err)
	}
	for _, c := range []*x509.Certificate{pair.Leaf, hub.Leaf, client.Leaf} {
		who, err := Whose(c)
		if err != nil || who.Hall != "demo" || who.Kind != Hub || wire.CheckName(who.Name) == nil {
			t.Errorf("%+v, %v", who, err)
		}
	}
}

func TestTheListOfRevokedCertificates(t *testing.T) {
	a, err := Open(t.TempDir(), "demo", nil)
	if err != nil {
		t.Fatal(err)
	}
	made, _, err := a.Broker(nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := a.RevocationList([]Revocation{{made.Serial, time.Now()}})
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	list, err := x509.ParseRevocationList(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if err := list.CheckSignatureFrom(a.Certificate()); err != nil {
		t.Error(err)
	}
	if n := list.RevokedCertificateEntries; len(n) != 1 || n[0].SerialNumber.Text(16) != made.Serial || list.NextUpdate.Before(time.Now().AddDate(10, 0, 0)) {
		t.Errorf("%+v until %v", n, list.NextUpdate)
	}
	if _, err := a.RevocationList([]Revocation{{"zz", time.Now()}}); err == nil {
		t.Error("a number that is none")
	}
}
