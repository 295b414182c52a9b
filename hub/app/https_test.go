package app_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hallkeeper/hub/app"
	"hallkeeper/hub/ca"
	"hallkeeper/wire"
)

func overTLS(data string) app.Config {
	cfg := config(data)
	cfg.HTTPS = "127.0.0.1:0"
	return cfg
}

// trusting is a browser that trusts what pool says.
func trusting(pool *x509.CertPool, name string, own ...tls.Certificate) *http.Client {
	tr := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: name, Certificates: own, MinVersion: tls.VersionTLS13}}
	return &http.Client{Transport: tr, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// hallPool gets the authority's certificate as an office PC does.
func (h *hub) hallPool() *x509.CertPool {
	h.t.Helper()
	res, err := http.Get(h.addr.HTTP + "/ca.crt")
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) || res.Header.Get("Content-Type") != "application/x-x509-ca-cert" {
		h.t.Fatalf("%s: %s", res.Header.Get("Content-Type"), text)
	}
	return pool
}

func TestPagesAndTheSocketAreServedOverHTTPS(t *testing.T) {
	h := start(t, overTLS(t.TempDir()))
	pool := h.hallPool()
	client := trusting(pool, "")
	defer client.CloseIdleConnections()
	res, err := client.Get(h.addr.HTTPS + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK || res.ProtoMajor != 2 || res.TLS.Version != tls.VersionTLS13 {
		t.Errorf("%s over %s, TLS %x", res.Status, res.Proto, res.TLS.Version)
	}
	dialer := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}, HandshakeTimeout: patience}
	conn, _, err := dialer.Dial("wss"+strings.TrimPrefix(h.addr.HTTPS, "https")+"/ws/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var m struct{ Type string }
	if err := conn.ReadJSON(&m); err != nil || m.Type != "snapshot" {
		t.Errorf("%v, %v", m, err)
	}
	old := &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS12}
	if c, err := tls.Dial("tcp", strings.TrimPrefix(h.addr.HTTPS, "https://"), old); err == nil {
		_ = c.Close()
		t.Error("TLS 1.2 is spoken")
	}
	if link := h.SetupLink(); !strings.HasPrefix(link, h.addr.HTTPS+"/setup?code=") {
		t.Errorf("the first administrator's link is %s", link)
	}
	if c, err := app.ReadControl(h.data); err != nil || c.HTTP != h.addr.HTTP {
		t.Errorf("programs on this machine find %+v, %v", c, err)
	}
}

func TestABrowserIsToldToStayWithHTTPS(t *testing.T) {
	h := start(t, overTLS(t.TempDir()))
	client := trusting(h.hallPool(), wire.HubName)
	defer client.CloseIdleConnections()
	for host, want := range map[string]string{"hall.example.cn": "max-age=31536000", "localhost:8443": "", "127.0.0.1": "", "": ""} {
		req, err := http.NewRequest(http.MethodGet, h.addr.HTTPS+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if got := res.Header.Get("Strict-Transport-Security"); got != want {
			t.Errorf("%q is told %q, want %q", host, got, want)
		}
	}
	res, err := http.Get(h.addr.HTTP + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if got := res.Header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("plain HTTP on this machine says %q", got)
	}
}

// countyCA gives certificates as a county's own authority does.
type countyCA struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newCountyCA(t *testing.T) *countyCA {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &countyCA{t: t, key: key}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "County"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if c.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *countyCA) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(c.cert)
	return p
}

// write puts a certificate for a name and its key into dir.
func (c *countyCA) write(dir, name string, number int64, from, until time.Time) (cert, key string) {
	c.t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		c.t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(number), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: from, NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, c.cert, &k.PublicKey, c.key)
	if err != nil {
		c.t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		c.t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "hall.pem"), filepath.Join(dir, "hall.key")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			c.t.Fatal(err)
		}
	}
	return cert, key
}

func TestBrowsersGetTheGivenCertificateAndDevicesTheHalls(t *testing.T) {
	county, data := newCountyCA(t), t.TempDir()
	cfg := overTLS(data)
	cfg.Names = []string{"hall.example.cn"}
	cfg.Certificate, cfg.CertificateKey = county.write(t.TempDir(), "hall.example.cn", 7, time.Now().Add(-time.Hour), time.Now().AddDate(0, 3, 0))
	h := start(t, cfg)
	for _, row := range []struct {
		name   string
		client *http.Client
		fine   bool
	}{
		{"a browser that trusts the county", trusting(county.pool(), "hall.example.cn"), true},
		{"a device that trusts the hall alone", trusting(h.hallPool(), wire.HubName), true},
		{"a device at another machine", trusting(county.pool(), wire.HubName), false},
		{"a browser that trusts neither", trusting(x509.NewCertPool(), "hall.example.cn"), false},
	} {
		res, err := row.client.Get(h.addr.HTTPS + "/healthz")
		if err == nil {
			_ = res.Body.Close()
		}
		if (err == nil) != row.fine {
			t.Errorf("%s: %v", row.name, err)
		}
		row.client.CloseIdleConnections()
	}
}

func TestAGivenCertificateIsReplacedWhileTheHubRuns(t *testing.T) {
	county, dir := newCountyCA(t), t.TempDir()
	cfg := overTLS(t.TempDir())
	cfg.Certificate, cfg.CertificateKey = county.write(dir, "hall.example.cn", 7, time.Now().Add(-time.Hour), time.Now().AddDate(0, 3, 0))
	h := start(t, cfg)
	number := func() int64 {
		c, err := tls.Dial("tcp", strings.TrimPrefix(h.addr.HTTPS, "https://"), &tls.Config{RootCAs: county.pool(), ServerName: "hall.example.cn", MinVersion: tls.VersionTLS13})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if got := number(); got != 7 {
		t.Fatalf("certificate %d is served", got)
	}
	if err := os.WriteFile(cfg.Certificate, []byte("half a certif"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.LookAtCertificates()
	if got := number(); got != 7 {
		t.Fatalf("while the file is broken, certificate %d is served", got)
	}
	county.write(dir, "hall.example.cn", 8, time.Now().Add(-time.Hour), time.Now().AddDate(0, 3, 0))
	h.LookAtCertificates()
	if got := number(); got != 8 {
		t.Errorf("with a new certificate in its place, %d is served", got)
	}
}

func TestAGivenCertificateThatCannotServeIsRefusedAtStart(t *testing.T) {
	county := newCountyCA(t)
	hour, year := time.Now().Add(-time.Hour), time.Now().AddDate(1, 0, 0)
	for _, row := range []struct {
		name string
		cfg  func(t *testing.T, c *app.Config)
		says string
	}{
		{"one that has ended", func(t *testing.T, c *app.Config) {
			c.Certificate, c.CertificateKey = county.write(t.TempDir(), "hall.example.cn", 1, hour, hour.Add(time.Minute))
		}, "ended on"},
		{"one that has not begun", func(t *testing.T, c *app.Config) {
			c.Certificate, c.CertificateKey = county.write(t.TempDir(), "hall.example.cn", 1, year, year.AddDate(1, 0, 0))
		}, "begins on"},
		{"one for another name", func(t *testing.T, c *app.Config) {
			c.Certificate, c.CertificateKey = county.write(t.TempDir(), "elsewhere.example.cn", 1, hour, year)
		}, "none of the names"},
		{"the key of another", func(t *testing.T, c *app.Config) {
			c.Certificate, _ = county.write(t.TempDir(), "hall.example.cn", 1, hour, year)
			_, c.CertificateKey = county.write(t.TempDir(), "hall.example.cn", 2, hour, year)
		}, "belong together"},
		{"a key that everybody can read", func(t *testing.T, c *app.Config) {
			c.Certificate, c.CertificateKey = county.write(t.TempDir(), "hall.example.cn", 1, hour, year)
			if err := os.Chmod(c.CertificateKey, 0o644); err != nil {
				t.Fatal(err)
			}
		}, "chmod"},
		{"none at all", func(t *testing.T, c *app.Config) { c.Certificate, c.CertificateKey = "none.pem", "none.key" }, "cannot be read"},
	} {
		cfg := overTLS(t.TempDir())
		cfg.Names = []string{"hall.example.cn"}
		row.cfg(t, &cfg)
		a, err := app.New(cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatalf("%s: %v", row.name, err)
		}
		if err := a.Run(t.Context()); err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v, want one that says %q", row.name, err, row.says)
		}
	}
}

func TestPlainHTTPForOthersNeedsHTTPS(t *testing.T) {
	for _, row := range []struct {
		http, https string
		fine        bool
	}{
		{"127.0.0.1:8080", "", true}, {"localhost:8080", "", true}, {"[::1]:8080", "", true},
		{"0.0.0.0:8080", "", false}, {":8080", "", false}, {"192.168.1.10:80", "", false}, {"[::]:80", "", false},
		{"0.0.0.0:80", "0.0.0.0:443", true}, {"127.0.0.1:8080", "nowhere", false},
	} {
		cfg := config(t.TempDir())
		cfg.HTTP, cfg.HTTPS = row.http, row.https
		err := cfg.Check()
		if (err == nil) != row.fine {
			t.Errorf("http %s, https %q: %v", row.http, row.https, err)
		}
		if row.https == "" && err != nil && !strings.Contains(err.Error(), "reverse proxy") {
			t.Errorf("http %s: %v does not say what to do", row.http, err)
		}
	}
}

// outside is an address of this machine that is not its loopback; some machines have none.
func outside(t *testing.T) string {
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() && !n.IP.IsLinkLocalUnicast() {
			return n.IP.String()
		}
	}
	return ""
}

func TestAClientCertificateOfTheHallIsTakenAndOthersAreNot(t *testing.T) {
	h := start(t, overTLS(t.TempDir()))
	pool := h.hallPool()
	own, err := ca.Open(app.KeyDir(h.data), "t", nil)
	if err != nil {
		t.Fatal(err)
	}
	past, err := ca.Open(app.KeyDir(h.data), "t", func() time.Time { return time.Now().Add(-2 * ca.Lasts) })
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := ca.Open(t.TempDir(), "t", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		authority *ca.Authority
		fine      bool
	}{"the hall's": {own, true}, "one that has expired": {past, false}, "a foreign one": {foreign, false}} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		issued, err := row.authority.Issue(&key.PublicKey, ca.Agent, "w01")
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(issued.PEM)
		mine := tls.Certificate{Certificate: [][]byte{block.Bytes}, PrivateKey: key}
		client := trusting(pool, wire.HubName)
		// Sent whatever authorities the hub names, as a thief's program would.
		client.Transport.(*http.Transport).TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &mine, nil }
		res, err := client.Get(h.addr.HTTPS + "/healthz")
		if err == nil {
			_ = res.Body.Close()
		}
		if (err == nil) != row.fine {
			t.Errorf("%s: %v", name, err)
		}
		client.CloseIdleConnections()
	}
}

func TestOthersAreSentToHTTPS(t *testing.T) {
	at := outside(t)
	if at == "" {
		t.Log("this machine has no address but its loopback; hub/gate tests the answers themselves")
		return
	}
	cfg := overTLS(t.TempDir())
	cfg.HTTP, cfg.HTTPS = net.JoinHostPort(at, "0"), net.JoinHostPort(at, "0")
	h := start(t, cfg)
	client := trusting(nil, "")
	ask := func(method, path string) (int, string, string) {
		req, err := http.NewRequestWithContext(context.Background(), method, h.addr.HTTP+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var p wire.Problem
		_ = json.NewDecoder(res.Body).Decode(&p)
		return res.StatusCode, res.Header.Get("Location"), p.Code
	}
	if status, to, _ := ask("GET", "/docs?lang=en"); status != http.StatusPermanentRedirect || to != h.addr.HTTPS+"/docs?lang=en" {
		t.Errorf("a page: %d to %q", status, to)
	}
	if status, _, code := ask("POST", "/api/v1/session"); status != http.StatusForbidden || code != "https_only" {
		t.Errorf("a password in clear: %d %s", status, code)
	}
	for _, path := range []string{"/healthz", "/readyz", "/ca.crt"} {
		if status, _, _ := ask("GET", path); status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
		}
	}
}
