package agent

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hallkeeper/agent/identity"
	"hallkeeper/agent/uplink/uplinktest"
	"hallkeeper/hub/ca"
	"hallkeeper/wire"
)

// enrolInto writes an identity as `agent enroll` does.
func enrolInto(t *testing.T, data string, authority *ca.Authority, home identity.Home) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := authority.Issue(&key.PublicKey, ca.Agent, home.Agent)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(home)
	if err != nil {
		t.Fatal(err)
	}
	dir := identity.Dir(data)
	tmp := dir + ".made"
	err = os.Mkdir(tmp, 0o700)
	for name, b := range map[string][]byte{"key.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), "cert.pem": made.PEM, "ca.pem": authority.PEM(), "hub.json": text} {
		err = errors.Join(err, os.WriteFile(filepath.Join(tmp, name), b, 0o600))
	}
	if err := errors.Join(err, os.RemoveAll(dir), os.Rename(tmp, dir)); err != nil {
		t.Fatal(err)
	}
}

func newAuthority(t *testing.T, hall string) *ca.Authority {
	t.Helper()
	a, err := ca.Open(t.TempDir(), hall, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAnEnrolledDeviceNeedsNoNames(t *testing.T) {
	authority := newAuthority(t, "demo")
	home := identity.Home{Hall: "demo", Agent: "w07", MQTT: "tls://10.0.0.1:8883", HTTPS: "10.0.0.1:8443"}
	whole, plain, halfway := t.TempDir(), t.TempDir(), t.TempDir()
	enrolInto(t, whole, authority, home)
	enrolInto(t, halfway, authority, home)
	if err := os.Remove(filepath.Join(identity.Dir(halfway), "hub.json")); err != nil {
		t.Fatal(err)
	}
	enrolInto(t, plain, authority, identity.Home{Hall: "demo", Agent: "w07", HTTPS: "10.0.0.1:8443"})
	for name, c := range map[string]struct {
		data string
		set  func(*Config)
		says string // nothing where it is well
		mqtt string
	}{
		"nothing else is set":              {whole, func(*Config) {}, "", home.MQTT},
		"another broker":                   {whole, func(c *Config) { c.MQTT = "mqtts://mosquitto:8883" }, "", "mqtts://mosquitto:8883"},
		"the same names":                   {whole, func(c *Config) { c.Agent, c.Hall = "w07", "demo" }, "", home.MQTT},
		"another name":                     {whole, func(c *Config) { c.Agent = "w08" }, `enrolled as w07 of the hall demo: leave it out, or run agent enroll --force, got "w08"`, ""},
		"another hall":                     {whole, func(c *Config) { c.Hall = "else" }, `got "else"`, ""},
		"another name for a plain broker":  {whole, func(c *Config) { c.Agent, c.MQTT = "w08", "tcp://127.0.0.1:1883" }, "", "tcp://127.0.0.1:1883"},
		"a hub without a broker":           {plain, func(*Config) {}, "named no broker over TLS", ""},
		"not enrolled":                     {t.TempDir(), func(c *Config) { c.Agent, c.Hall, c.MQTT = "w07", "demo", home.MQTT }, "run agent enroll", ""},
		"half an identity":                 {halfway, func(*Config) {}, "hub.json is missing: get a new code", ""},
		"half an identity, names are set":  {halfway, func(c *Config) { c.Agent, c.Hall, c.MQTT = "w07", "demo", home.MQTT }, "", home.MQTT},
		"no identity and no names, as now": {t.TempDir(), func(*Config) {}, "expected the device's name", ""},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := Defaults()
			cfg.Data, cfg.Board, cfg.SimSocket = c.data, "sim", "s"
			c.set(&cfg)
			err := cfg.Check()
			switch {
			case c.says == "" && (err != nil || cfg.MQTT != c.mqtt || cfg.Hall != "demo"):
				t.Errorf("%v, %+v", err, cfg)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("%v", err)
			}
		})
	}
}

// A whole agent over TLS: its certificate is revoked, people go on, and a new
// identity lets all through without a restart.
func TestPeopleGoOnWhileTheCertificateIsRevoked(t *testing.T) {
	authority := newAuthority(t, uplinktest.Hall)
	own, err := authority.Server(nil)
	if err != nil {
		t.Fatal(err)
	}
	var revoked atomic.Pointer[string]
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := uplinktest.Over(t, tls.NewListener(socket, &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{*own},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: authority.Pool(), VerifyConnection: func(cs tls.ConnectionState) error {
			if bad := revoked.Load(); bad != nil && *bad == cs.PeerCertificates[0].SerialNumber.Text(16) {
				return errors.New("revoked")
			}
			return nil
		}}))
	data := t.TempDir()
	home := identity.Home{Hall: uplinktest.Hall, Agent: uplinktest.Agent, MQTT: "tls://" + h.Addr, HTTPS: "127.0.0.1:9"}
	enrolInto(t, data, authority, home)
	cfg := Defaults()
	cfg.Data, cfg.Board, cfg.SimSocket, cfg.Clock.AssumeSynced, cfg.Version = data, "sim", filepath.Join(data, "s"), true, "test"
	if err := cfg.Check(); err != nil {
		t.Fatal(err)
	}
	w := &window{hub: h, cfg: cfg, log: new(notes)}
	w.start(t)
	w.press(t, "rating5")
	w.lit(t)
	await(t, "a press over TLS", func() bool { return len(w.events()) == 1 })
	id, err := identity.Load(data)
	if err != nil {
		t.Fatal(err)
	}
	serial := id.Leaf().SerialNumber.Text(16)
	revoked.Store(&serial)
	h.Cut()
	await(t, "the log says so", func() bool { return strings.Contains(w.log.String(), "does not take this device's certificate") })
	if said := diagnose(t, cfg); !strings.Contains(said, "✕ 连接") || !strings.Contains(said, "does not take this device's certificate") {
		t.Errorf("the doctor says\n%s", said)
	}
	w.press(t, "rating4")
	if got := w.lit(t); got != "lamp_green" {
		t.Errorf("after a press %s lights", got)
	}
	w.press(t, "rating3")
	w.press(t, "rating2")
	if n := len(w.events()); n != 1 {
		t.Errorf("%d events came through", n)
	}
	enrolInto(t, data, authority, home)
	await(t, "all presses", func() bool { return len(w.events()) == 4 })
	h.Locked(func() {
		for i, e := range h.Stored {
			if e.Seq != uint64(i+1) {
				t.Errorf("event %d has seq %d", i, e.Seq)
			}
		}
	})
	said := diagnose(t, cfg)
	for _, want := range []string{"✓ 身份：大厅 test 的设备 w01，证书有效至 " + time.Now().Add(ca.Lasts).Local().Format("2006-01-02"), "the device w01 of the hall test until", "(0600)", "takes this device's certificate"} {
		if !strings.Contains(said, want) {
			t.Errorf("the doctor does not say %q:\n%s", want, said)
		}
	}
	if s := h.Last(); s.State != wire.DeviceOnline {
		t.Errorf("the status is %+v", s)
	}
}

// diagnose is what the doctor says of clock, outbox, identity and connection.
func diagnose(t *testing.T, cfg Config) string {
	t.Helper()
	var said strings.Builder
	for f := range Examine(t.Context(), cfg, 0) {
		said.WriteString(f.Mark + " " + f.ZH + "\n" + f.EN + "\n")
		if strings.HasPrefix(f.EN, "connection") {
			break // the pins are the agent's
		}
	}
	return said.String()
}

func TestTheDoctorOnIdentities(t *testing.T) {
	authority := newAuthority(t, "demo")
	home := identity.Home{Hall: "demo", Agent: "w07", MQTT: "tls://127.0.0.1:9", HTTPS: "127.0.0.1:9"}
	aged := func(age time.Duration) *ca.Authority {
		a, err := ca.Open(t.TempDir(), "demo", func() time.Time { return time.Now().Add(-age) })
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for name, c := range map[string]struct {
		make func(data string)
		says string
	}{
		"none":             {func(string) {}, "△ 身份：未注册"},
		"a fresh one":      {func(data string) { enrolInto(t, data, authority, home) }, "✓ 身份：大厅 demo 的设备 w07"},
		"one that is late": {func(data string) { enrolInto(t, data, aged(150*24*time.Hour), home) }, "△ 身份：大厅 demo 的设备 w07，证书"},
		"one that is over": {func(data string) { enrolInto(t, data, aged(200*24*time.Hour), home) }, "✕ 身份：大厅 demo 的设备 w07，证书已于"},
		"one that is spied": {func(data string) {
			enrolInto(t, data, authority, home)
			if err := os.Chmod(filepath.Join(identity.Dir(data), "key.pem"), 0o644); err != nil {
				t.Fatal(err)
			}
		}, "✕ 身份：the identity in"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := Defaults()
			cfg.Data, cfg.Agent, cfg.Hall, cfg.MQTT = t.TempDir(), "w07", "demo", "tcp://127.0.0.1:9"
			c.make(cfg.Data)
			if said := diagnose(t, cfg); !strings.Contains(said, c.says) {
				t.Errorf("%s", said)
			}
		})
	}
}
