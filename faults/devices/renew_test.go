package devices

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hallkeeper/agent/identity"
	"hallkeeper/hub/app"
	"hallkeeper/hub/ca"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/vault"
	"hallkeeper/wire"
)

// agedHall makes the data of a hall in which a device was enrolled so long ago, and
// the device's folder as it has been since.
func agedHall(t *testing.T, device string, ago time.Duration) (hubData, data string) {
	t.Helper()
	hubData, data = t.TempDir(), t.TempDir()
	then := func() time.Time { return time.Now().Add(-ago) }
	authority, err := ca.Open(app.KeyDir(hubData), hallID, then)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Open(app.KeyDir(hubData), "hallkeeper/"+hallID, "test"); err != nil {
		t.Fatal(err)
	}
	pair := issued(t, authority, ca.Agent, device)
	sum := sha256.Sum256(pair.Leaf.Raw)
	told, err := json.Marshal(wire.CertificateIssued{Device: device, Kind: wire.CertificateAgent, Serial: pair.Leaf.SerialNumber.Text(16),
		Fingerprint: hex.EncodeToString(sum[:]), NotAfter: pair.Leaf.NotAfter})
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	log, err := eventlog.Open(eventlog.Options{Dir: app.LogDir(hubData), Zone: zone, Now: then})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = log.Append(t.Context(), "", func(eventlog.Moment) ([]wire.Event, error) {
		return []wire.Event{{At: then(), Kind: wire.KindCertificateIssued, Data: told, Actor: &wire.Actor{Kind: wire.ActorDevice, ID: device}}}, nil
	})
	if err := errors.Join(err, log.Close()); err != nil {
		t.Fatal(err)
	}
	keep(t, data, authority, pair.PrivateKey, pair.Leaf)
	return hubData, data
}

// keep writes an identity's files.
func keep(t *testing.T, data string, authority *ca.Authority, key any, leaf *x509.Certificate) {
	t.Helper()
	k, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		t.Fatalf("a key is %T", key)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	home, err := json.Marshal(identity.Home{Hall: hallID, Agent: leaf.Subject.CommonName, HTTPS: "127.0.0.1:9"})
	if err != nil {
		t.Fatal(err)
	}
	err = os.MkdirAll(identity.Dir(data), 0o700)
	for name, text := range map[string][]byte{"key.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
		"cert.pem": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw}), "ca.pem": authority.PEM(), "hub.json": home} {
		err = errors.Join(err, os.WriteFile(filepath.Join(identity.Dir(data), name), text, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// finds tells a device where its hub is now.
func finds(t *testing.T, data, https string) {
	t.Helper()
	home, err := identity.LoadHome(data)
	if err != nil {
		t.Fatal(err)
	}
	home.HTTPS = https
	text, err := json.Marshal(home)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(identity.Dir(data), "hub.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

const day = 24 * time.Hour

// A device whose certificate is in its last third has it made anew by itself, over HTTPS, with a new key.
func TestACertificateIsMadeAnewByItself(t *testing.T) {
	hubData, data := agedHall(t, "w01", 140*day)
	first := startHall(t, hubData)
	m := startMosquitto(t, hubData)
	first.stop(t)
	h := startHall(t, hubData, "--mqtt-url", "mqtts://"+m.addr)
	finds(t, data, at(h.HTTPS))
	old, err := identity.Load(data)
	if err != nil {
		t.Fatal(err)
	}
	w := startWindow(t, data, "mqtt: tls://"+m.addr)
	w.press(t, 3)
	await(t, "the certificate is made anew", func() bool { return w.says("certificate was made anew") })
	await(t, "a connection with it", func() bool {
		_, err := os.Stat(filepath.Join(data, "identity.old"))
		return errors.Is(err, os.ErrNotExist)
	})
	w.press(t, 3)
	h.inOrder("w01", 6)
	made, err := identity.Load(data)
	if err != nil {
		t.Fatal(err)
	}
	if made.Leaf().Equal(old.Leaf()) || made.Leaf().PublicKey.(*ecdsa.PublicKey).Equal(old.Leaf().PublicKey) || time.Until(made.Leaf().NotAfter) < 179*day {
		t.Errorf("it has the certificate %s until %v", made.Leaf().SerialNumber.Text(16), made.Leaf().NotAfter)
	}
	if list := h.certificates("w01"); len(list) != 2 {
		t.Errorf("%+v", list)
	}
}

// One that has ended is refused, says what to do, and loses nothing by it.
func TestACertificateThatHasEnded(t *testing.T) {
	hubData, data := agedHall(t, "w01", 181*day)
	first := startHall(t, hubData)
	m := startMosquitto(t, hubData)
	first.stop(t)
	h := startHall(t, hubData, "--mqtt-url", "mqtts://"+m.addr)
	finds(t, data, at(h.HTTPS))
	w := startWindow(t, data, "mqtt: tls://"+m.addr)
	w.press(t, 2)
	await(t, "it says so", func() bool { return w.says("certificate has ended: get a new code") && w.refused() })
	if w.connections() != 0 {
		t.Error("it has connected")
	}
	h.enroll(data, "w01", "--force")
	w.press(t, 1)
	h.inOrder("w01", 3)
}
