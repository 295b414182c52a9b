package devices

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/google/uuid"

	"hallkeeper/agent/identity"
	"hallkeeper/hub/ca"
	"hallkeeper/wire"
)

const hallID = "hall"

// intruder is a client with a device's real certificate that does what it likes.
type intruder struct {
	paho.Client
	t    *testing.T
	conn net.Conn
	box  string // of the events that it makes up
	seq  int

	mu  sync.Mutex
	got []string // topics of what came
}

// identityOf is what somebody has who has a device's files.
func identityOf(t *testing.T, data string) *tls.Config {
	t.Helper()
	id, err := identity.Load(data)
	if err != nil {
		t.Fatal(err)
	}
	return id.TLS(identity.Clock{Now: time.Now, Trusted: func() bool { return true }})
}

// connect opens a connection; what is wrong with it is in err.
func connect(t *testing.T, addr string, c *tls.Config, more func(*paho.ClientOptions)) (i *intruder, err error) {
	t.Helper()
	i = &intruder{t: t, box: uuid.NewString()}
	o := paho.NewClientOptions().AddBroker("tls://" + addr).SetClientID("w01").SetUsername("w01").SetProtocolVersion(4).
		SetCleanSession(true).SetAutoReconnect(false).SetTLSConfig(c).SetConnectTimeout(10 * time.Second).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) {
			i.mu.Lock()
			defer i.mu.Unlock()
			i.got = append(i.got, m.Topic())
		}).SetCustomOpenConnectionFn(func(_ *url.URL, o paho.ClientOptions) (net.Conn, error) {
		conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 10 * time.Second}, "tcp", addr, o.TLSConfig)
		if err != nil {
			return nil, err
		}
		i.conn = conn
		return conn, nil
	})
	if more != nil {
		more(o)
	}
	i.Client = paho.NewClient(o)
	token := i.Connect()
	if !token.WaitTimeout(patience) {
		t.Fatal("no answer to a connection")
	}
	if token.Error() == nil {
		t.Cleanup(func() { i.Disconnect(0) })
	}
	return i, token.Error()
}

func mustConnect(t *testing.T, addr string, c *tls.Config, more func(*paho.ClientOptions)) *intruder {
	t.Helper()
	i, err := connect(t, addr, c, more)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// cut ends the connection as a pulled cable does, so that the will is due.
func (i *intruder) cut() { _ = i.conn.Close() }

func (i *intruder) came(suffix string) (n int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, topic := range i.got {
		if strings.HasSuffix(topic, suffix) {
			n++
		}
	}
	return n
}

// send publishes a press of an agent on its topic, whoever may do so.
func (i *intruder) send(agent string) {
	i.t.Helper()
	i.seq++
	payload := fmt.Sprintf(`{"id":%q,"agent":%q,"outbox":%q,"seq":%d,"first":1,"boot":"b","clock":"synced","at":%q,"kind":"rating.pressed","data":{"level":1}}`,
		uuid.NewString(), agent, i.box, i.seq, time.Now().Format(time.RFC3339Nano))
	i.Publish(wire.Topics{Hall: hallID}.Agent(agent, wire.LeafEvents), 1, false, payload).WaitTimeout(2 * time.Second)
}

// foreign is a certificate for a device of a hall of the same id, by another authority.
func foreign(t *testing.T, name string) tls.Certificate {
	t.Helper()
	a, err := ca.Open(t.TempDir(), hallID, nil)
	if err != nil {
		t.Fatal(err)
	}
	return issued(t, a, ca.Agent, name)
}

func issued(t *testing.T, a *ca.Authority, kind ca.Kind, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made, err := a.Issue(&key.PublicKey, kind, name)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(made.PEM, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// strangers do not get in at all.
func strangers(t *testing.T, addr, data string) {
	t.Helper()
	for name, spoil := range map[string]func(*tls.Config){
		"no certificate": func(c *tls.Config) { c.GetClientCertificate = nil },
		"a certificate by another authority": func(c *tls.Config) {
			pair := foreign(t, "w01")
			c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
		},
		"TLS 1.2": func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12 },
	} {
		c := identityOf(t, data)
		spoil(c)
		if _, err := connect(t, addr, c, nil); err == nil {
			t.Errorf("%s: let in", name)
		}
	}
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	plain := paho.NewClient(paho.NewClientOptions().AddBroker("tcp://" + addr).SetClientID("w01").SetAutoReconnect(false).SetConnectTimeout(5 * time.Second))
	if token := plain.Connect(); token.WaitTimeout(patience) && token.Error() == nil {
		t.Error("without TLS: let in")
	}
}

// state is what screens show of a device.
func (h *hall) state(device string) wire.DeviceState {
	var live struct {
		Devices map[string]struct {
			State wire.DeviceState `json:"state"`
		} `json:"devices"`
	}
	h.ask("GET", "live", nil, &live)
	return live.Devices[device].State
}

// intrude does with w01's certificate what is w02's to do, while w02's agent
// works, and sees that nothing comes of it. A broker may refuse by closing the connection.
func intrude(t *testing.T, h *hall, addr, data string, victim *window) {
	t.Helper()
	topics := wire.Topics{Hall: hallID}
	own := identityOf(t, data)
	before, victims := len(h.pressed("w01")), len(h.pressed("w02"))

	i := mustConnect(t, addr, own, nil)
	i.send("w02")
	i.cut()
	i = mustConnect(t, addr, own, nil)
	i.send("w01")
	await(t, "a press under its own name", func() bool { return len(h.pressed("w01")) == before+1 })
	if n := len(h.pressed("w02")); n != victims {
		t.Errorf("a press as another device is in the log")
	}

	for _, filter := range []string{topics.Agent("w02", wire.LeafStored), topics.Agent("w02", wire.LeafCommand), topics.Agent("w02", wire.LeafStatus), topics.Agent("w02", wire.LeafEvents),
		topics.Every(wire.LeafEvents), topics.Every(wire.LeafStored), topics.Prefix() + "/#", "#"} {
		i := mustConnect(t, addr, own, nil)
		i.Subscribe(topics.Agent("w01", wire.LeafStored), 0, nil).WaitTimeout(2 * time.Second)
		i.Subscribe(filter, 1, nil).WaitTimeout(2 * time.Second) // refused, or nothing comes of it
		if !i.IsConnectionOpen() {
			continue
		}
		seen := len(h.pressed("w02"))
		victim.press(t, 1)
		await(t, "a press of the other device", func() bool { return len(h.pressed("w02")) == seen+1 })
		i.send("w01")
		await(t, "its own answer for "+filter, func() bool { return i.came("w01/stored") > 0 })
		if i.came("w02/stored")+i.came("w02/command")+i.came("w02/status")+i.came("w02/events") > 0 {
			t.Errorf("with %s it receives what is another's: %v", filter, i.got)
		}
		i.Disconnect(0)
	}

	offline := `{"state":"offline","boot":"x","at":"2026-11-29T09:00:00+08:00","clock":"synced"}`
	if i, err := connect(t, addr, own, func(o *paho.ClientOptions) { o.SetWill(topics.Agent("w02", wire.LeafStatus), offline, 1, true) }); err == nil {
		i.cut()
	}
	i = mustConnect(t, addr, own, func(o *paho.ClientOptions) { o.SetWill(topics.Agent("w01", wire.LeafStatus), offline, 1, true) })
	i.Publish(topics.Agent("w01", wire.LeafStatus), 1, true, strings.Replace(offline, "offline", "online", 1)).WaitTimeout(2 * time.Second)
	await(t, "its own status", func() bool { return h.state("w01") == wire.DeviceOnline })
	i.cut()
	await(t, "its own will", func() bool { return h.state("w01") == wire.DeviceOffline })
	if s := h.state("w02"); s != wire.DeviceOnline {
		t.Errorf("a will of another device has made w02 %s", s)
	}

	// The other's client id throws nobody out.
	began := victim.connections()
	if i, err := connect(t, addr, own, func(o *paho.ClientOptions) { o.SetClientID("w02") }); err == nil {
		i.send("w01")
	}
	seen := len(h.pressed("w02"))
	victim.press(t, 1)
	await(t, "a press of the other device", func() bool { return len(h.pressed("w02")) == seen+1 })
	if victim.connections() != began {
		t.Error("the other device was thrown out by its client id")
	}
}
