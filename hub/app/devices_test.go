package app_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"testing"

	"hallkeeper/hub/api"
	"hallkeeper/hub/broker/brokertest"
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
func (h *hub) offer(name string, kind wire.CertificateKind) wire.EnrolCode {
	h.t.Helper()
	var made api.NewEnrolment
	h.post("/api/v1/enrolments", map[string]string{"device": name, "kind": string(kind)}, http.StatusCreated, &made)
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
func (h *hub) enrolled(name string, kind wire.CertificateKind) *device {
	h.t.Helper()
	code, d := h.offer(name, kind), newDevice(h.t)
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
	code := h.offer("w01", wire.CertificateAgent)
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
	first := h.enrolled("w01", wire.CertificateAgent)
	again := h.enrolled("w01", wire.CertificateAgent)
	before, pin := h.certificates(), h.offer("w02", wire.CertificateAgent).Pin
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
	if h.offer("w02", wire.CertificateAgent).Pin != pin || first.got.Authority != again.got.Authority {
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
	h.enrolled("w01", wire.CertificateAgent)
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
