package app_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"hallkeeper/hub/api"
	"hallkeeper/hub/app"
	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/hub/ca"
	"hallkeeper/wire"
)

// device is a window computer that has a key of its own.
type device struct {
	key     *ecdsa.PrivateKey
	request string
	got     wire.Enrolled
}

func newDevice(t *testing.T) *device {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	return &device{key: key, request: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))}
}

// offer makes a code for a device on the console.
func (h *hub) offer(name string) wire.EnrolCode {
	h.t.Helper()
	var made api.NewEnrolment
	h.post("/api/v1/enrolments", map[string]string{"device": name}, http.StatusCreated, &made)
	code, err := wire.ParseEnrolCode(made.Code)
	if err != nil {
		h.t.Fatal(err)
	}
	return code
}

// post sends a request as the operator and expects a status.
func (h *hub) post(path string, body any, status int, into any) {
	h.t.Helper()
	if got, text := h.send(path, body); got != status {
		h.t.Fatalf("%s: %d %s", path, got, text)
	} else if err := json.Unmarshal(text, into); err != nil {
		h.t.Fatal(err)
	}
}

func (h *hub) send(path string, body any) (status int, text []byte) {
	raw, err := json.Marshal(body)
	if err != nil {
		h.t.Error(err)
		return 0, nil
	}
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.addr.HTTP+path, bytes.NewReader(raw))
	if err != nil {
		h.t.Error(err)
		return 0, nil
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Error(err)
		return 0, nil
	}
	defer res.Body.Close()
	text, err = io.ReadAll(res.Body)
	if err != nil {
		h.t.Error(err)
	}
	return res.StatusCode, text
}

// enrolled is a device that has its certificate.
func (h *hub) enrolled(name string) *device {
	h.t.Helper()
	code, d := h.offer(name), newDevice(h.t)
	h.post("/api/v1/enrol", wire.EnrolRequest{Secret: code.SecretText(), Request: d.request}, http.StatusCreated, &d.got)
	return d
}

func (h *hub) certificates() []api.CertificateRow {
	h.t.Helper()
	var list api.CertificateList
	if status := h.get("/api/v1/certificates", &list); status != http.StatusOK {
		h.t.Fatal(status)
	}
	return list.Certificates
}

// Two devices that use one code at once: it is decided where the log is written,
// so one gets a certificate and the others are told that the code was used.
func TestOneCodeIsUsedOnceHoweverManyTryAtOnce(t *testing.T) {
	h := start(t, config(t.TempDir()))
	code := h.offer("w01")
	const tries = 4 // as many as one address has
	devices := make([]*device, tries)
	for i := range devices {
		devices[i] = newDevice(t)
	}
	begin, answers := make(chan struct{}), make(chan int, tries)
	for _, d := range devices {
		go func() {
			<-begin
			status, _ := h.send("/api/v1/enrol", wire.EnrolRequest{Secret: code.SecretText(), Request: d.request})
			answers <- status
		}()
	}
	close(begin)
	got := map[int]int{}
	for range tries {
		got[<-answers]++
	}
	if got[http.StatusCreated] != 1 || got[http.StatusConflict] != tries-1 || len(h.certificates()) != 1 {
		t.Errorf("%v, %d certificates", got, len(h.certificates()))
	}
}

// What was given and what was revoked is the same after a restart, and the authority too.
func TestARestartKeepsCertificatesAndRevocations(t *testing.T) {
	data := t.TempDir()
	h := start(t, config(data))
	first := h.enrolled("w01")
	again := h.enrolled("w01")
	before, pin := h.certificates(), h.offer("w02").Pin
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h = start(t, config(data))
	after := h.certificates()
	if a, b := asJSON(t, before), asJSON(t, after); a != b {
		t.Errorf("before %s, after %s", a, b)
	}
	states := map[string]int{}
	for _, c := range after {
		states[c.State]++
	}
	if states["live"] != 1 || states["revoked"] != 1 {
		t.Errorf("%v", states)
	}
	if h.offer("w02").Pin != pin || first.got.Authority != again.got.Authority {
		t.Error("the authority is another")
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A device that is no part of the hall any more has no certificate either, in the same commit.
func TestADismissedDeviceLosesItsCertificate(t *testing.T) {
	h := start(t, config(t.TempDir()))
	h.enrolled("w01")
	var changed api.Changed
	if _, _, err := h.Do(t.Context(), wire.Actor{Kind: wire.ActorPerson, ID: "test"}, "", api.SetWindow{ID: "w01", Number: "1", Name: "窗口"}); err != nil {
		t.Fatal(err)
	}
	d := brokertest.Connect(t, h.mqtt(), wire.Topics{Hall: "t"}, "w01")
	d.Send(d.Press(1))
	h.post("/api/v1/devices/w01/dismiss", struct{}{}, http.StatusOK, &changed)
	if len(changed.Events) != 2 || changed.Events[0].Kind != wire.KindDeviceDismissed || changed.Events[1].Kind != wire.KindCertificateRevoked {
		t.Errorf("%+v", changed)
	}
	if c := h.certificates(); len(c) != 1 || c[0].State != "revoked" || c[0].Reason != wire.RevokedDismissed {
		t.Errorf("%+v", c)
	}
}

// secured is a hub with the broker's listener for enrolled devices, at a time that the test sets.
func secured(t *testing.T, data string, now *clock) *hub {
	t.Helper()
	cfg := config(data)
	cfg.MQTTTLS, cfg.Now = "127.0.0.1:0", now.Now
	return start(t, cfg)
}

// clock is a time that a test can set, and that goes on meanwhile.
type clock struct{ ahead atomic.Int64 }

func (c *clock) Now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) forward(d time.Duration) { c.ahead.Add(int64(d)) }

// config is a device's side of TLS, as an agent has it.
func (d *device) config(t *testing.T) *tls.Config {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(d.got.Authority)) {
		t.Fatal("the authority's certificate does not read")
	}
	block, _ := pem.Decode([]byte(d.got.Certificate))
	if block == nil {
		t.Fatal("the device's certificate does not read")
	}
	return &tls.Config{RootCAs: roots, ServerName: wire.HubName, Certificates: []tls.Certificate{{Certificate: [][]byte{block.Bytes}, PrivateKey: d.key}}}
}

// dial connects to the broker over TLS; lost is told of the end of the connection.
func (h *hub) mqttDial(client string, cfg *tls.Config, lost chan<- error, opts ...func(*paho.ClientOptions)) (paho.Client, error) {
	h.t.Helper()
	o := paho.NewClientOptions().AddBroker(strings.Replace(h.addr.MQTTTLS, "tls://", "ssl://", 1)).SetClientID(client).SetTLSConfig(cfg).SetCleanSession(true).
		SetAutoReconnect(false).SetConnectTimeout(patience).SetKeepAlive(30 * time.Second).SetConnectionLostHandler(func(_ paho.Client, err error) {
		if lost != nil {
			lost <- err
		}
	})
	for _, opt := range opts {
		opt(o)
	}
	c := paho.NewClient(o)
	token := c.Connect()
	if !token.WaitTimeout(patience) {
		h.t.Fatal("neither connected nor refused")
	}
	if token.Error() == nil {
		h.t.Cleanup(func() { c.Disconnect(0) })
	}
	return c, token.Error()
}

func (h *hub) refusals(reason string) string {
	return h.metric(`hallkeeper_mqtt_device_refusals_total{reason="` + reason + `"}`)
}

// metric is a metric's value as text, empty where it is not there.
func (h *hub) metric(name string) string {
	h.t.Helper()
	res, err := http.Get(h.addr.HTTP + "/metrics")
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

// Who has no certificate that is good now does not get as far as MQTT.
func TestCertificatesThatTheBrokerRefuses(t *testing.T) {
	data, now := t.TempDir(), &clock{}
	h := secured(t, data, now)
	authority, err := ca.Open(app.KeyDir(data), "t", now.Now)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ca.Open(t.TempDir(), "t", now.Now)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), "keys") // the same key, as if one authority served two halls
	if err := os.CopyFS(elsewhere, os.DirFS(app.KeyDir(data))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ca.key", "ca.pem", "hub.key"} {
		if err := os.Chmod(filepath.Join(elsewhere, name), 0o600); err != nil && name != "hub.key" {
			t.Fatal(err)
		}
	}
	hall2, err := ca.Open(elsewhere, "t2", now.Now)
	if err != nil {
		t.Fatal(err)
	}
	w01 := h.enrolled("w01")
	by := func(a *ca.Authority, kind ca.Kind) func(*tls.Config) {
		return func(c *tls.Config) {
			made, err := a.Issue(&w01.key.PublicKey, kind, "w01")
			if err != nil {
				t.Fatal(err)
			}
			block, _ := pem.Decode(made.PEM)
			c.Certificates[0].Certificate = [][]byte{block.Bytes}
		}
	}
	revoked := h.enrolled("w02")
	for _, c := range h.certificates() {
		if c.Device == "w02" {
			h.remove("/api/v1/certificates/" + c.Serial + "?reason=stolen")
		}
	}
	lobby := newScreen(t, h.addr.HTTP, new(http.Client)).enrol(wire.UseLobby, "")
	screen := &device{key: lobby.key, got: wire.Enrolled{Certificate: lobby.certificate, Authority: w01.got.Authority}}
	for name, row := range map[string]struct {
		of     *device
		client string
		edit   func(*tls.Config)
		reason string
	}{
		"none":                         {w01, "w01", func(c *tls.Config) { c.Certificates = nil }, "handshake"},
		"a client that cannot TLS 1.3": {w01, "w01", func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, "handshake"},
		"one of an authority that is not the hall's":  {w01, "w01", by(other, ca.Agent), "handshake"},
		"one that the log does not know":              {w01, "w01", by(authority, ca.Agent), "certificate_not_ours"},
		"one of another hall":                         {w01, "w01", by(hall2, ca.Agent), "handshake"},
		"one that was revoked":                        {revoked, "w02", nil, "certificate_revoked"},
		"a screen's":                                  {screen, lobby.id, nil, "certificate_kind"},
		"another device's, by the name of the client": {w01, "w03", nil, "client_id"},
		"the hub's own": {w01, "hub", func(c *tls.Config) {
			cert, err := authority.Server(nil)
			if err != nil {
				t.Fatal(err)
			}
			c.Certificates = []tls.Certificate{*cert}
		}, "certificate_kind"},
	} {
		t.Run(name, func(t *testing.T) {
			before := h.refusals(row.reason)
			cfg := row.of.config(t)
			if row.edit != nil {
				row.edit(cfg)
			}
			if _, err := h.mqttDial(row.client, cfg, nil); err == nil {
				t.Error("it was let in")
			}
			brokertest.Eventually(t, "it is counted", func() bool { return h.refusals(row.reason) != before })
		})
	}
	if _, err := h.mqttDial("w01", w01.config(t), nil); err != nil {
		t.Errorf("the device itself: %v", err)
	}
	brokertest.Eventually(t, "whoever uses a revoked certificate is shown", func() bool {
		a, ok := h.live().Alarms["device_misused/w02"]
		return ok && a.Values["what"] == "certificate_revoked"
	})
	now.forward(181 * 24 * time.Hour)
	before := h.refusals("handshake")
	if _, err := h.mqttDial("w01", w01.config(t), nil); err == nil {
		t.Error("an expired certificate was let in")
	}
	brokertest.Eventually(t, "it is counted", func() bool { return h.refusals("handshake") != before })
}

func (h *hub) remove(path string) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodDelete, h.addr.HTTP+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	if text, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusOK {
		h.t.Fatalf("%s: %d %s %v", path, res.StatusCode, text, err)
	}
}

// A year that somebody has counted keeps the views for seconds; window computers get in and out meanwhile.
func TestDevicesConnectWhileTheViewsAreBusy(t *testing.T) {
	h := secured(t, t.TempDir(), &clock{})
	devices := map[string]*device{"w01": h.enrolled("w01"), "w02": h.enrolled("w02")}
	lost := h.certificates()[1]
	h.remove("/api/v1/certificates/" + lost.Serial + "?reason=lost")
	held, release := app.HoldViews(h.App)
	defer release()
	changed := make(chan int, 1)
	go func() {
		status, _ := h.send("/api/v1/enrolments", map[string]string{"device": "w03"})
		changed <- status
	}()
	select {
	case <-held:
	case status := <-changed:
		t.Fatalf("nothing was changed: %d", status)
	}
	for name, d := range devices {
		if _, err := h.mqttDial(name, d.config(t), nil); (err == nil) == (name == lost.Device) {
			t.Errorf("%s (revoked: %v): %v", name, name == lost.Device, err)
		}
	}
	select {
	case status := <-changed:
		t.Fatalf("the views were not busy: %d", status)
	default:
	}
	release()
	if status := <-changed; status != http.StatusCreated {
		t.Errorf("the change: %d", status)
	}
	brokertest.Eventually(t, "what was met meanwhile is shown", func() bool {
		_, ok := h.live().Alarms["device_misused/"+lost.Device]
		return ok
	})
}

// A device writes and reads what is its own; what is another's is refused, counted and shown.
func TestADeviceThatActsAsAnotherIsRefusedAndShown(t *testing.T) {
	h := secured(t, t.TempDir(), &clock{})
	topics := wire.Topics{Hall: "t"}
	w01 := h.enrolled("w01")
	lost := make(chan error, 1)
	c, err := h.mqttDial("w01", w01.config(t), lost)
	if err != nil {
		t.Fatal(err)
	}
	asks := func(filter string) error {
		token := c.Subscribe(filter, 1, func(paho.Client, paho.Message) {})
		if !token.WaitTimeout(patience) {
			t.Fatal("no answer")
		}
		if got, ok := token.(*paho.SubscribeToken); ok && slices.Contains(slices.Collect(maps.Values(got.Result())), 0x80) {
			return errors.New("refused")
		}
		return token.Error()
	}
	for _, own := range []string{topics.Agent("w01", wire.LeafStored), topics.Agent("w01", wire.LeafCommand), topics.Live(), topics.Agent("w01", wire.LeafStatus)} {
		if err := asks(own); err != nil {
			t.Errorf("%s: %v", own, err)
		}
	}
	for _, others := range []string{topics.Agent("w02", wire.LeafCommand), topics.Agent("w02", wire.LeafStored), topics.Every(wire.LeafStatus), "#", "hall/v1/t/#", "$SYS/#",
		"$share/g/" + topics.Agent("w01", wire.LeafStored)} {
		if err := asks(others); err == nil {
			t.Errorf("%s was granted", others)
		}
	}
	brokertest.Eventually(t, "the refused subscriptions are counted", func() bool { return h.refusals("subscribe") == "7" })
	c.Publish(topics.Agent("w01", wire.LeafEvents), 1, false, `{"id":"1","agent":"w01","outbox":"o","seq":1,"at":"2026-11-23T08:58:31+08:00","clock":"synced","kind":"rating.pressed","data":{"level":5}}`)
	brokertest.Eventually(t, "its own event is stored", func() bool { return len(h.kinds(wire.KindRatingPressed)) == 1 })
	c.Publish(topics.Agent("w02", wire.LeafEvents), 1, false, `{"id":"2","agent":"w02","outbox":"p","seq":1,"at":"2026-11-23T08:58:31+08:00","clock":"synced","kind":"rating.pressed","data":{"level":1}}`)
	brokertest.Eventually(t, "a publish as another is counted", func() bool { return h.refusals("publish") == "1" })
	brokertest.Eventually(t, "the supervisor is told", func() bool {
		a, ok := h.live().Alarms["device_misused/w01"]
		return ok && a.Severity == wire.SeverityAlarm && a.Values["what"] == "publish" && a.Values["detail"] == topics.Agent("w02", wire.LeafEvents)
	})
	if n := len(h.kinds(wire.KindRatingPressed)); n != 1 {
		t.Errorf("%d ratings are stored", n)
	}
	if _, err := h.mqttDial("w01", w01.config(t), nil, func(o *paho.ClientOptions) {
		o.SetWill(topics.Agent("w02", wire.LeafStatus), `{"state":"offline"}`, 1, true)
	}); err == nil {
		t.Error("a will for another was taken")
	}
	if h.refusals("will") == "" {
		t.Error("the will is not counted")
	}
}

// Revoking ends open connections at once; the device is offline then, whatever its will says.
func TestRevokingEndsAnOpenConnection(t *testing.T) {
	data, now := t.TempDir(), &clock{}
	h := secured(t, data, now)
	topics := wire.Topics{Hall: "t"}
	will := func(o *paho.ClientOptions) {
		o.SetWill(topics.Agent("w01", wire.LeafStatus), `{"state":"online","boot":"liar"}`, 1, true)
	}
	state := func(agent string) wire.DeviceState { return h.live().Devices[agent].State }
	online := func(d *device, agent string, lost chan error) {
		t.Helper()
		c, err := h.mqttDial(agent, d.config(t), lost, will)
		if err != nil {
			t.Fatal(err)
		}
		c.Publish(topics.Agent(agent, wire.LeafStatus), 1, true, `{"state":"online","boot":"b"}`)
		brokertest.Eventually(t, "it is online", func() bool { return state(agent) == wire.DeviceOnline })
	}
	gone := func(lost chan error) {
		t.Helper()
		select {
		case err := <-lost:
			t.Log("it was cut:", err)
		case <-time.After(patience):
			t.Fatal("the connection goes on")
		}
		brokertest.Eventually(t, "it is offline", func() bool { return state("w01") == wire.DeviceOffline })
	}
	lost := make(chan error, 1)
	w01 := h.enrolled("w01")
	online(w01, "w01", lost)
	if c := h.live().Devices["w01"].Certificate; c == nil || c.State != "live" {
		t.Errorf("the live view says %+v of the certificate", c)
	}
	h.remove("/api/v1/certificates/" + h.certificates()[0].Serial + "?reason=stolen")
	gone(lost)
	if _, err := h.mqttDial("w01", w01.config(t), nil); err == nil {
		t.Error("it is let in again")
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h = secured(t, data, now)
	if _, err := h.mqttDial("w01", w01.config(t), nil); err == nil {
		t.Error("it is let in after a restart")
	}
	w01 = h.enrolled("w01") // enrolled again, and then once more while it is connected
	online(w01, "w01", lost)
	next := h.enrolled("w01")
	gone(lost)
	online(next, "w01", lost)
	now.forward(181 * 24 * time.Hour) // it was not renewed
	gone(lost)
}

// The certificate that was renewed is good until the new one is used.
func TestARenewedCertificateEndsTheOneBeforeWhenItConnects(t *testing.T) {
	now := &clock{}
	cfg := config(t.TempDir())
	cfg.MQTTTLS, cfg.HTTPS, cfg.Now = "127.0.0.1:0", "127.0.0.1:0", now.Now
	h := start(t, cfg)
	w01 := h.enrolled("w01")
	now.forward(130 * 24 * time.Hour)
	tlsConfig := w01.config(t)
	tlsConfig.Time = now.Now
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: tlsConfig}}
	raw, err := json.Marshal(wire.RenewRequest{Request: w01.request})
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Post(h.addr.HTTPS+"/api/v1/certificates/renew", "application/json", bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	next := &device{key: w01.key}
	if err := json.NewDecoder(res.Body).Decode(&next.got); err != nil || res.StatusCode != http.StatusCreated {
		t.Fatalf("%d %v", res.StatusCode, err)
	}
	for _, d := range []*device{w01, next} {
		c := d.config(t)
		c.Time = now.Now
		if _, err := h.mqttDial("w01", c, nil); err != nil {
			t.Fatal(err)
		}
	}
	brokertest.Eventually(t, "the older is revoked", func() bool {
		states := map[string]int{}
		for _, c := range h.certificates() {
			states[c.State]++
		}
		return states["revoked"] == 1 && states["live"] == 1
	})
	c := w01.config(t)
	c.Time = now.Now
	if _, err := h.mqttDial("w01", c, nil); err == nil {
		t.Error("the older is let in")
	}
}

// A stranger who opens sockets and says nothing takes nobody's place for long.
func TestStrangersThatSayNothingAreCut(t *testing.T) {
	h := secured(t, t.TempDir(), &clock{})
	addr := strings.TrimPrefix(h.addr.MQTTTLS, "tls://")
	var silent []net.Conn
	for range 80 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		silent = append(silent, c)
	}
	ended := 0
	for _, c := range silent { // those above the bound at once, the others after their time
		if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(c); err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			ended++
		}
	}
	if ended != len(silent) {
		t.Errorf("%d of %d were ended", ended, len(silent))
	}
	if _, err := h.mqttDial("w01", h.enrolled("w01").config(t), nil); err != nil {
		t.Errorf("a device: %v", err)
	}
}
