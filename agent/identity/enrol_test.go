package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/ca"
	"hallkeeper/wire"
)

func TestADeviceIsEnrolled(t *testing.T) {
	h, data := newHub(t, nil), t.TempDir()
	made := h.enrolled(data)
	id, err := Load(data)
	if err != nil {
		t.Fatal(err)
	}
	want := Home{Hall: "demo", Agent: "w01", MQTT: "tls://" + strings.Replace(h.addr, portOf(t, h.addr), "8883", 1), HTTPS: h.addr}
	if id.Home != want || made.Home != want || !id.Leaf().Equal(made.Leaf()) {
		t.Errorf("%+v", id.Home)
	}
	modes := files(t, data)
	for name, mode := range map[string]os.FileMode{"identity": os.ModeDir | 0o700, "identity/key.pem": 0o600, "identity/cert.pem": 0o600, "identity/ca.pem": 0o600, "identity/hub.json": 0o600} {
		if modes[name] != mode {
			t.Errorf("%s has the mode %v", name, modes[name])
		}
	}
	if len(modes) != 5 {
		t.Errorf("there is more: %v", modes)
	}
	if _, err := Enrol(t.Context(), h.enrolment(data)); !errors.Is(err, ErrEnrolled) || !strings.Contains(err.Error(), "device w01 of the hall demo") {
		t.Errorf("a second time: %v", err)
	}
}

func portOf(t *testing.T, addr string) string {
	t.Helper()
	_, p, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Whoever stands between the device and its hub gets no code from it, nor whoever merely took the hub's address.
func TestNothingIsSentToAnotherHub(t *testing.T) {
	genuine, err := ca.Open(t.TempDir(), "demo", nil)
	if err != nil {
		t.Fatal(err)
	}
	shown := func(certs ...[]byte) func(*fakeHub, *tls.Config) {
		return func(_ *fakeHub, c *tls.Config) {
			c.Certificates[0].Certificate = append(c.Certificates[0].Certificate[:1:1], certs...)
		}
	}
	for name, spoil := range map[string]func(*fakeHub, *tls.Config){
		"with an authority of its own":                         nil,
		"which shows the hall's authority beside its own":      func(h *fakeHub, c *tls.Config) { shown(h.authority.Certificate().Raw, genuine.Certificate().Raw)(h, c) },
		"which shows the hall's authority in place of its own": shown(genuine.Certificate().Raw),
		"with the certificate of a device of the hall": func(_ *fakeHub, c *tls.Config) {
			key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			made, err := genuine.Issue(&key.PublicKey, ca.Agent, "w02")
			if err != nil {
				t.Error(err)
			}
			c.Certificates = []tls.Certificate{{Certificate: [][]byte{leafOf(t, string(made.PEM)).Raw, genuine.Certificate().Raw}, PrivateKey: key}}
		},
		"with an older TLS": func(_ *fakeHub, c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12 },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHubWith(t, nil, spoil)
			e := h.enrolment(t.TempDir())
			if name != "with an older TLS" {
				code := h.code
				code.Pin = genuine.Pin()
				e.Code = code.String()
			}
			_, err := Enrol(t.Context(), e)
			if err == nil || h.asked.Load() != 0 {
				t.Errorf("%v, %d requests", err, h.asked.Load())
			}
			if len(files(t, e.Data)) != 0 {
				t.Errorf("it left %v", files(t, e.Data))
			}
		})
	}
	h := newHub(t, nil)
	e := h.enrolment(t.TempDir())
	code := h.code
	code.Pin = genuine.Pin()
	e.Code = code.String()
	if _, err := Enrol(t.Context(), e); !errors.Is(err, ErrForeign) || !strings.Contains(err.Error(), "nothing was sent") {
		t.Errorf("%v", err)
	}
}

func TestWhatGoesWrongIsSaidWithWhatToDo(t *testing.T) {
	h := newHub(t, nil)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	away, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = away.Close()
	used := h.code
	used.Secret[0]++
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		spoil func(*Enrolment)
		says  string
		asks  bool
	}{
		"a code that was not copied whole": {func(e *Enrolment) { e.Code = e.Code[:40] }, "copy all nine groups", false},
		"a code that was used":             {func(e *Enrolment) { e.Code = used.String() }, "This code was used already", true},
		"no address":                       {func(e *Enrolment) { e.Hub = "" }, "expected the hub's address", false},
		"a hub that is away":               {func(e *Enrolment) { e.Hub = away.Addr().String() }, "whether the hub is on", false},
		"the address of plain HTTP":        {func(e *Enrolment) { e.Hub = plain.Listener.Addr().String() }, "does not speak TLS", false},
		"a folder that cannot be written":  {func(e *Enrolment) { e.Data = file }, "not a directory", false},
	} {
		t.Run(name, func(t *testing.T) {
			before := h.asked.Load()
			e := h.enrolment(t.TempDir())
			c.spoil(&e)
			_, err := Enrol(t.Context(), e)
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v", err)
			}
			if (h.asked.Load() != before) != c.asks {
				t.Errorf("%d requests", h.asked.Load()-before)
			}
		})
	}
}

// A Pi has no battery clock.
func TestAClockThatIsWrong(t *testing.T) {
	now := time.Now()
	h := newHub(t, nil)
	for name, c := range map[string]struct {
		clock Clock
		well  bool
	}{
		"right and known to be":      {clockAt(now, true), true},
		"right, nobody knows":        {clockAt(now, false), true},
		"in 1970, nobody knows":      {clockAt(time.Unix(100, 0), false), true},
		"in 1970, said to be right":  {clockAt(time.Unix(100, 0), true), false},
		"in 2060, nobody knows":      {clockAt(now.AddDate(34, 0, 0), false), false},
		"two hours behind the hub's": {clockAt(now.Add(-2*time.Hour), true), true},
	} {
		t.Run(name, func(t *testing.T) {
			e := h.enrolment(t.TempDir())
			e.Clock = c.clock
			id, err := Enrol(t.Context(), e)
			if c.well {
				if err != nil {
					t.Fatal(err)
				}
				// The same holds for every later connection.
				if err := shake(t, h.addr, id.TLS(c.clock)); err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, ErrTime) || !strings.Contains(err.Error(), "clock") {
				t.Errorf("%v", err)
			}
		})
	}
}

func shake(t *testing.T, addr string, c *tls.Config) error {
	t.Helper()
	conn, err := tls.Dial("tcp", addr, c)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET / HTTP/1.0\r\n\r\n")); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1)) // TLS 1.3 tells a client only now that its certificate is not taken
	return err
}

func TestAnswersThatAreNotUsed(t *testing.T) {
	foreign, err := ca.Open(t.TempDir(), "demo", nil)
	if err != nil {
		t.Fatal(err)
	}
	h := newHub(t, nil)
	for name, c := range map[string]struct {
		spoil func(*wire.Enrolled)
		says  string
	}{
		"a certificate of another key":       {func(a *wire.Enrolled) { a.Certificate = otherKey(t, h.authority, ca.Agent, "w01") }, "another key"},
		"another authority":                  {func(a *wire.Enrolled) { a.Authority = string(foreign.PEM()) }, "another authority"},
		"the name of another device":         {func(a *wire.Enrolled) { a.Agent = "w02" }, "not for the device w02"},
		"the name of another hall":           {func(a *wire.Enrolled) { a.Hall = "else" }, "of the hall else"},
		"a name that leads out of its topic": {func(a *wire.Enrolled) { a.Agent = "w01/../#" }, "names of hall and device"},
		"no certificate":                     {func(a *wire.Enrolled) { a.Certificate = "" }, "expected PEM"},
		"an authority that is none":          {func(a *wire.Enrolled) { a.Authority = "x" }, "expected PEM"},
		"a broker without a port":            {func(a *wire.Enrolled) { a.MQTT = "tls://hub" }, "does not read"},
	} {
		t.Run(name, func(t *testing.T) {
			h.answer = c.spoil
			e := h.enrolment(t.TempDir())
			_, err := Enrol(t.Context(), e)
			if err == nil || !strings.Contains(err.Error(), "the hub's answer is not used") || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v", err)
			}
			if len(files(t, e.Data)) != 0 {
				t.Errorf("it left %v", files(t, e.Data))
			}
		})
	}
}

func TestAddressesOfHubs(t *testing.T) {
	for text, want := range map[string]string{
		"192.168.1.10": "192.168.1.10:8443 192.168.1.10:443", "hub.local:9443": "hub.local:9443", "https://hub.local/": "hub.local:8443 hub.local:443",
		"::1": "[::1]:8443 [::1]:443", "[::1]:1": "[::1]:1",
		"": "", "http://hub": "", "hub/path": "", "me@hub": "", "hub:": "",
	} {
		if got, err := Addresses(text); strings.Join(got, " ") != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func TestThePortIsTheOneAtWhichSomethingListens(t *testing.T) {
	open, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody, hub := closed.Addr().String(), open.Addr().String()
	_ = closed.Close()
	for _, row := range []struct {
		addrs []string
		want  string
	}{{[]string{nobody, hub}, hub}, {[]string{hub, nobody}, hub}, {[]string{nobody, nobody}, nobody}} {
		if got := listening(t.Context(), row.addrs); got != row.want {
			t.Errorf("%v: %s, want %s", row.addrs, got, row.want)
		}
	}
}

// A device's certificate says who it is to the hub: none by another authority gets it in.
func TestTheHubSeesTheDevicesCertificate(t *testing.T) {
	h, data := newHub(t, nil), t.TempDir()
	id := h.enrolled(data)
	if err := shake(t, h.addr, id.TLS(clockAt(time.Now(), true))); err != nil {
		t.Error(err)
	}
	h.refuses.Store(true)
	if err := shake(t, h.addr, id.TLS(clockAt(time.Now(), true))); !Refused(err) {
		t.Errorf("refused: %v", err)
	}
	other := newHub(t, nil)
	if err := shake(t, other.addr, id.TLS(clockAt(time.Now(), true))); !errors.Is(err, ErrForeign) {
		t.Errorf("another hall's hub: %v", err)
	}
	var unknown x509.UnknownAuthorityError
	if _, err := id.Leaf().Verify(x509.VerifyOptions{Roots: other.authority.Pool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); !errors.As(err, &unknown) {
		t.Errorf("%v", err)
	}
}
