package api

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/ca"
	"hallkeeper/hub/enrolment"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// withCertificate is a device that is told from others by its certificate, not by a session.
const withCertificate = "a device"

// placeOfDevice is the address that it comes from.
const placeOfDevice = "10.0.0.7"

// offered makes a code for a device and gives its secret.
func (s *stage) offered(device string) string {
	s.t.Helper()
	secret := wire.EnrolCode{Secret: [wire.EnrolSecretLen]byte([]byte(device + "0123456789")[:wire.EnrolSecretLen])}.SecretText()
	s.order(enrolment.MakeOffer{Device: device, Digest: access.Digest(secret)})
	return secret
}

func (s *stage) order(cmd any) {
	s.t.Helper()
	if _, _, err := s.Do(s.t.Context(), wire.Actor{Kind: wire.ActorPerson, ID: "test"}, "", cmd); err != nil {
		s.t.Fatalf("%T: %v", cmd, err)
	}
}

// requestOf is a request for a certificate as a JSON string.
func requestOf(t testing.TB) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// certificate is one that the hall's authority has signed, of which the log knows nothing.
func (s *stage) certificate(kind ca.Kind, name string) (*x509.Certificate, ca.Issued) {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	made, err := s.authority.Issue(&key.PublicKey, kind, name)
	if err != nil {
		s.t.Fatal(err)
	}
	return parsed(s.t, made.PEM), made
}

func parsed(t testing.TB, text []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatalf("no PEM: %s", text)
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// enrolled gives a device a certificate that was issued so long ago and ends in so long.
func (s *stage) enrolled(device string, ago, left time.Duration) *x509.Certificate {
	s.t.Helper()
	c, made := s.certificate(ca.Agent, device)
	data, _ := json.Marshal(wire.CertificateIssued{Device: device, Kind: wire.CertificateAgent, Serial: made.Serial, Fingerprint: made.Fingerprint, NotAfter: s.now.Add(left)})
	now := s.now
	s.now = now.Add(-ago)
	s.fold([]wire.Record{{Event: wire.Event{ID: made.Serial, Kind: wire.KindCertificateIssued, Data: data}}})
	s.now = now
	return c
}

// show makes a request over a connection with a client's certificate, which TLS has verified.
func (s *stage) show(r *http.Request, c *x509.Certificate) {
	signedOut(r)
	r.Header.Del("Cookie")
	r.RemoteAddr = placeOfDevice + ":40100"
	r.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true, PeerCertificates: []*x509.Certificate{c},
		VerifiedChains: [][]*x509.Certificate{{c, s.authority.Certificate()}}}
}

// overTLS makes a request from a stranger's address, without a certificate.
func overTLS(address string) func(*http.Request) {
	return func(r *http.Request) {
		signedOut(r)
		r.RemoteAddr = address + ":40100"
		r.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true}
	}
}

func (s *stage) enrol(secret, request string, edit func(*http.Request)) *httptest.ResponseRecorder {
	return s.ask("POST", "/api/v1/enrol", `{"secret":"`+secret+`","request":`+request+`}`, edit)
}

func inAnswer[T any](t *testing.T, w *httptest.ResponseRecorder, status int) (v T) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestADeviceEnrolsWithTheCodeOnTheConsole(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	made := inAnswer[NewEnrolment](t, s.ask("POST", "/api/v1/enrolments", `{"device":"w01"}`), http.StatusCreated)
	// Screens show a code themselves: none is made for them.
	if p := problemOf(t, s.ask("POST", "/api/v1/enrolments", `{"device":"lobby","kind":"screen"}`)); p.Code != "fields_invalid" {
		t.Errorf("a code for a screen: %+v", p)
	}
	code, err := wire.ParseEnrolCode(made.Code)
	if err != nil || code.Pin != s.authority.Pin() || !made.Expires.Equal(s.now.Add(10*time.Minute)) {
		t.Fatalf("%+v, %v", made, err)
	}
	if strings.Contains(s.said.String()+s.ask("GET", "/api/v1/events", "").Body.String(), code.SecretText()) {
		t.Error("the code stands in a log")
	}
	got := inAnswer[wire.Enrolled](t, s.enrol(code.SecretText(), requestOf(t), func(r *http.Request) {
		overTLS("10.0.0.7")(r)
		r.Host = "192.168.1.10:8443"
	}), http.StatusCreated)
	c := parsed(t, []byte(got.Certificate))
	x, err := ShownBy(c, "t")
	if err != nil || x.Device != "w01" || x.Kind != wire.CertificateAgent || got.Hall != "t" || got.Agent != "w01" || got.MQTT != "tls://192.168.1.10:8883" ||
		got.Authority != string(s.authority.PEM()) {
		t.Errorf("%+v, %+v, %v", x, got, err)
	}
	list := inAnswer[CertificateList](t, s.ask("GET", "/api/v1/certificates", ""), http.StatusOK)
	if len(list.Certificates) != 1 || list.Certificates[0].State != "live" || list.Certificates[0].Serial != x.Serial {
		t.Errorf("%+v", list)
	}
	if offers := inAnswer[EnrolmentList](t, s.ask("GET", "/api/v1/enrolments", ""), http.StatusOK); offers.Enrolments[0].State != "used" || offers.Enrolments[0].By != "operator" {
		t.Errorf("%+v", offers)
	}
}

func TestEnrolmentCodesThatAreRefused(t *testing.T) {
	const here = "10.0.0.7"
	for name, row := range map[string]struct {
		before func(*stage) (secret string)
		edit   func(*http.Request)
		status int
		code   string
	}{
		"a code that is used again": {func(s *stage) string {
			secret := s.offered("w01")
			if w := s.enrol(secret, requestOf(s.t), overTLS("10.0.0.1")); w.Code != http.StatusCreated {
				s.t.Fatalf("%d %s", w.Code, w.Body)
			}
			return secret
		}, overTLS(here), 409, "enrolment_used"},
		"a code after ten minutes": {func(s *stage) string { defer func() { s.now = s.now.Add(10 * time.Minute) }(); return s.offered("w01") }, overTLS(here), 409, "enrolment_expired"},
		"a code after a newer one was shown": {func(s *stage) string {
			defer s.ask("POST", "/api/v1/enrolments", `{"device":"w01"}`)
			return s.offered("w01")
		}, overTLS(here), 409, "enrolment_withdrawn"},
		"a code that is none":                 {func(s *stage) string { s.offered("w01"); return "AAAAAAAAAAAAAAAA" }, overTLS(here), 403, "enrolment_wrong"},
		"a code over a plain connection":      {func(s *stage) string { return s.offered("w01") }, func(r *http.Request) { signedOut(r); r.RemoteAddr = here + ":1" }, 403, "enrolment_plain"},
		"a code through a proxy":              {func(s *stage) string { return s.offered("w01") }, func(r *http.Request) { signedOut(r); r.Header.Set("X-Forwarded-For", here) }, 403, "enrolment_plain"},
		"a code whose device was taken away":  {func(s *stage) string { defer s.withdrawAll(); return s.offered("w01") }, overTLS(here), 409, "enrolment_withdrawn"},
		"a code with a request that is empty": {func(s *stage) string { return s.offered("w01") + `","request":"","x":"` }, overTLS(here), 422, "fields_invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStageAt(t, 1_000_000)
			secret := row.before(s)
			known := s.certificates()
			w := s.enrol(secret, requestOf(t), row.edit)
			if p := problemOf(t, w); w.Code != row.status || p.Code != row.code {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if s.certificates() != known {
				t.Error("a certificate was given")
			}
			if row.code != "fields_invalid" && !strings.Contains(s.ask("GET", "/metrics", "").Body.String(), `hallkeeper_http_device_refusals_total{reason="`+row.code+`",what="enrolment"} 1`) {
				t.Error("it is not counted")
			}
		})
	}
}

func (s *stage) withdrawAll() {
	var open []string
	s.Read(func(v *register.View, _ *roster.State) {
		for id := range v.State.Enrolment.Offers.All() {
			open = append(open, id)
		}
	})
	for _, id := range open {
		s.order(enrolment.Withdraw{Enrolment: id})
	}
}

func (s *stage) certificates() (n int) {
	s.Read(func(v *register.View, _ *roster.State) { n = v.State.Enrolment.Certificates.Len() })
	return n
}

// Whoever guesses is stopped after a few tries, and from many addresses at once too;
// the device with the right code is let in from another address meanwhile.
func TestGuessingEnrolmentCodesIsBounded(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	secret := s.offered("w01")
	stopped := 0
	for range 20 {
		switch w := s.enrol("AAAAAAAAAAAAAAAA", requestOf(t), overTLS("10.0.0.66")); w.Code {
		case http.StatusForbidden:
		case http.StatusTooManyRequests:
			stopped++
			if w.Header().Get("Retry-After") == "" {
				t.Error("it does not say for how long")
			}
		default:
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	if stopped != 15 {
		t.Errorf("%d of 20 tries were stopped", stopped)
	}
	if w := s.enrol(secret, requestOf(t), overTLS("10.0.0.66")); w.Code != http.StatusTooManyRequests {
		t.Errorf("the right code after twenty wrong ones from the same address: %d", w.Code)
	}
	if w := s.enrol(secret, requestOf(t), overTLS("10.0.0.7")); w.Code != http.StatusCreated {
		t.Errorf("the right code from another address: %d %s", w.Code, w.Body)
	}
	last := 0
	for i := range 2 * enrolsAtOnce {
		last = s.enrol("AAAAAAAAAAAAAAAA", requestOf(t), overTLS(fmt.Sprintf("10.1.%d.%d", i/250, i%250))).Code
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("a guess from the two-hundredth address: %d", last)
	}
}

func TestCertificatesThatAreRefusedByTheAPI(t *testing.T) {
	other, err := ca.Open(t.TempDir(), "other", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		of   func(*stage) *x509.Certificate
		code string
	}{
		"one that the log does not know": {func(s *stage) *x509.Certificate { c, _ := s.certificate(ca.Agent, "w01"); return c }, "certificate_not_ours"},
		"the hub's own": {func(s *stage) *x509.Certificate {
			c, err := s.authority.Server(nil)
			if err != nil {
				s.t.Fatal(err)
			}
			return c.Leaf
		}, "certificate_not_ours"},
		"one that has expired": {func(s *stage) *x509.Certificate { return s.enrolled("w01", time.Hour, -time.Second) }, "certificate_expired"},
		"one that was revoked": {func(s *stage) *x509.Certificate {
			c := s.enrolled("w01", time.Hour, time.Hour)
			s.order(enrolment.Revoke{Serial: c.SerialNumber.Text(16), Reason: wire.RevokedStolen})
			return c
		}, "certificate_revoked"},
		"another hall's": {func(s *stage) *x509.Certificate {
			mine := s.authority
			s.authority = other
			defer func() { s.authority = mine }()
			c, _ := s.certificate(ca.Agent, "w01")
			return c
		}, "certificate_refused"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStageAt(t, 1_000_000)
			c := row.of(s)
			for _, path := range []string{"/api/v1/live", "/api/v1/certificates/renew"} {
				method, body := "GET", ""
				if path != "/api/v1/live" {
					method, body = "POST", `{"request":`+requestOf(t)+`}`
				}
				w := s.ask(method, path, body, func(r *http.Request) { s.show(r, c) })
				if p := problemOf(t, w); p.Code != row.code {
					t.Errorf("%s: %d %s", path, w.Code, w.Body)
				}
			}
		})
	}
}

func TestADeviceRenewsItsCertificateInItsLastThird(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	const day = 24 * time.Hour
	renew := func(c *x509.Certificate) *httptest.ResponseRecorder {
		return s.ask("POST", "/api/v1/certificates/renew", `{"request":`+requestOf(t)+`}`, func(r *http.Request) { s.show(r, c) })
	}
	if p := problemOf(t, renew(s.enrolled("w01", 119*day, 61*day))); p.Code != "certificate_fresh" {
		t.Errorf("before the last third: %+v", p)
	}
	old := s.enrolled("w02", 121*day, 59*day)
	lost := parsed(t, []byte(inAnswer[wire.Enrolled](t, renew(old), http.StatusCreated).Certificate)) // the answer is lost on its way
	next := parsed(t, []byte(inAnswer[wire.Enrolled](t, renew(old), http.StatusCreated).Certificate))
	uses := func(c *x509.Certificate) string {
		w := s.ask("GET", "/api/v1/live", "", func(r *http.Request) { s.show(r, c) })
		if w.Code == http.StatusOK {
			return "good"
		}
		return problemOf(t, w).Code
	}
	if got := []string{uses(old), uses(lost), uses(next), uses(old)}; fmt.Sprint(got) != "[good certificate_revoked good certificate_revoked]" {
		t.Errorf("the old one, the one that was lost, the new one, the old one again: %v", got)
	}
	if p := problemOf(t, renew(old)); p.Code != "certificate_revoked" {
		t.Errorf("with the old one: %+v", p)
	}
}

// A device's certificate opens nothing but its own renewal and what everybody may see.
func TestADevicesCertificateIsNobodysSession(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	c := s.enrolled("w01", time.Hour, time.Hour)
	for _, path := range []string{"staff", "events", "certificates", "enrolments", "accounts"} {
		w := s.ask("GET", "/api/v1/"+path, "", func(r *http.Request) { s.show(r, c) })
		if p := problemOf(t, w); w.Code != http.StatusForbidden || p.Code != "not_permitted" {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}
