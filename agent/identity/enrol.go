package identity

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hallkeeper/bilingual"
	"hallkeeper/wire"
)

const (
	// port is the hub's for HTTPS where none is given, packagedPort of a hub that its package set up.
	port, packagedPort = "8443", "443"
	// knock is how long a port may take to answer before the next is tried.
	knock = 5 * time.Second
	// patience is how long the hub may take for one answer.
	patience = 20 * time.Second
	// maxAnswer is more than any answer is long, in bytes.
	maxAnswer = 256 << 10
)

// Enrolment is what a person gives to make this device the hall's.
type Enrolment struct {
	// Hub is the hub's host or host:port for HTTPS, Code the console's.
	Hub, Code string
	// Data is the agent's data folder.
	Data string
	// Replace lets a device that is enrolled already be enrolled again.
	Replace bool
	Clock   Clock
}

// ErrEnrolled means that there is an identity, and Replace was not given.
var ErrEnrolled = bilingual.New("加 --force 可以重新注册；主机接受新身份之前，原来的身份另存保留", "with --force it is enrolled anew; the present identity is kept aside until the hub has taken the new one")

// Enrol gets this device a new identity. Nothing is sent before the hub has shown
// that it is the one which made the code; the key stays on this device.
func Enrol(ctx context.Context, e Enrolment) (*Identity, error) {
	code, err := wire.ParseEnrolCode(e.Code)
	if err != nil {
		return nil, err
	}
	addrs, err := Addresses(e.Hub)
	if err != nil {
		return nil, err
	}
	if home, err := LoadHome(e.Data); !errors.Is(err, ErrNone) && !e.Replace {
		if err != nil {
			return nil, err
		}
		return nil, bilingual.Errorf("这台电脑已是大厅 %[2]s 的设备 %[1]s：%[3]w", "this computer is the device %[1]s of the hall %[2]s already: %[3]w", home.Agent, home.Hall, ErrEnrolled)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	addr := listening(ctx, addrs)
	d, err := begin(e.Data, key)
	if err != nil {
		return nil, err
	}
	defer d.discard()
	request, err := requestFor(key)
	if err != nil {
		return nil, err
	}
	var authority *x509.Certificate
	c := caller{addr: addr, tls: pinned(code.Pin, e.Clock, func(c *x509.Certificate) { authority = c })}
	answer, err := c.ask(ctx, "enrol", wire.EnrolRequest{Secret: code.SecretText(), Request: request})
	if err != nil {
		return nil, err
	}
	id, err := accept(answer, addr, key, authority)
	if err != nil {
		return nil, bilingual.Errorf("主机的答复不能采用：%w", "the hub's answer is not used: %w", err)
	}
	return id, d.finish(id)
}

// Addresses are where the hub can be, as host:port, of what a person gives.
func Addresses(text string) ([]string, error) {
	text = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text), "https://"), "/")
	host, p, err := net.SplitHostPort(text)
	ports := []string{p}
	if err != nil {
		host, ports = strings.Trim(text, "[]"), []string{port, packagedPort}
	}
	if _, err := strconv.ParseUint(ports[0], 10, 16); err != nil || host == "" || strings.ContainsAny(host, "/@? ") {
		return nil, bilingual.Errorf("主机地址应写成 192.168.1.10 或 hub.local:%s，而不是 %q", "expected the hub's address like 192.168.1.10 or hub.local:%s, got %q", port, text)
	}
	var addrs []string
	for _, p := range ports {
		addrs = append(addrs, net.JoinHostPort(host, p))
	}
	return addrs, nil
}

// listening is the first of the addresses at which something listens, or the first of all. Nothing is sent.
func listening(ctx context.Context, addrs []string) string {
	for _, addr := range addrs {
		d := net.Dialer{Timeout: knock}
		if conn, err := d.DialContext(ctx, "tcp", addr); err == nil {
			_ = conn.Close()
			return addr
		}
	}
	return addrs[0]
}

// requestFor asks for a certificate (PKCS #10). Whose it is to be, the hub knows.
func requestFor(key *ecdsa.PrivateKey) (string, error) {
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		return "", fmt.Errorf("make the request for a certificate: %w", err)
	}
	return string(encode("CERTIFICATE REQUEST", der)), nil
}

// accept takes an answer for what was asked, and for nothing else.
func accept(answer wire.Enrolled, addr string, key *ecdsa.PrivateKey, authority *x509.Certificate) (*Identity, error) {
	leaf, err := certificate(answer.Certificate)
	if err != nil {
		return nil, fmt.Errorf("its certificate: %w", err)
	}
	named, err := certificate(answer.Authority)
	if err != nil {
		return nil, fmt.Errorf("its authority: %w", err)
	}
	if authority == nil || !bytes.Equal(named.RawSubjectPublicKeyInfo, authority.RawSubjectPublicKeyInfo) {
		return nil, errors.New("it names another authority than the one that was met")
	}
	mqtt, err := broker(answer.MQTT, addr)
	if err != nil {
		return nil, err
	}
	return join(Home{Hall: answer.Hall, Agent: answer.Agent, MQTT: mqtt, HTTPS: addr}, key, leaf, named)
}

// broker is the broker's URL for this device: where the hub says that it listens at
// every address, that is the one under which the hub was reached.
func broker(text, addr string) (string, error) {
	if text == "" {
		return "", nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Port() == "" {
		return "", fmt.Errorf("the broker's address %q does not read", text)
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() == "" || ip != nil && ip.IsUnspecified() {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return "", err
		}
		u.Host = net.JoinHostPort(host, u.Port())
	}
	return u.String(), nil
}

func certificate(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("expected PEM of a CERTIFICATE")
	}
	return x509.ParseCertificate(block.Bytes)
}

// caller asks the hub over HTTPS.
type caller struct {
	addr string
	tls  *tls.Config
}

// Denied is the hub's refusal.
type Denied struct {
	wire.Problem
}

func (d *Denied) Error() string {
	if d.Title == "" {
		return fmt.Sprintf("the hub refuses it (status %d)", d.Status)
	}
	return "the hub refuses it: " + d.Title
}

// ask posts a question and reads the certificate in the answer.
func (c caller) ask(ctx context.Context, path string, question any) (answer wire.Enrolled, err error) {
	body, err := json.Marshal(question)
	if err != nil {
		return answer, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+c.addr+"/api/v1/"+path, bytes.NewReader(body))
	if err != nil {
		return answer, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept-Language", "en")
	transport := &http.Transport{TLSClientConfig: c.tls, DisableKeepAlives: true}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return answer, c.explain(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return answer, fmt.Errorf("read the hub's answer: %w", err)
	}
	if res.StatusCode != http.StatusCreated && res.StatusCode != http.StatusOK {
		d := &Denied{}
		_ = json.Unmarshal(raw, &d.Problem) // a page instead of a problem has no title
		d.Status = res.StatusCode
		return answer, d
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return answer, fmt.Errorf("read the hub's answer: %w", err)
	}
	return answer, nil
}

// explain says what to do about a hub that could not be asked.
func (c caller) explain(err error) error {
	var plain tls.RecordHeaderError
	switch {
	case errors.Is(err, ErrForeign):
		return bilingual.Errorf("什么也没有发给 %s（%w）：请核对地址和注册码是否属于本大厅；都对的话，中间有人冒充", "nothing was sent to %s: %w; is the address right, and the code of this hall? If both are, somebody stands between", c.addr, ErrForeign)
	case errors.Is(err, ErrTime):
		return bilingual.Errorf("什么也没有发给 %s：%w", "nothing was sent to %s: %w", c.addr, unwrapped(err))
	case errors.As(err, &plain), errors.Is(err, http.ErrSchemeMismatch):
		return bilingual.Errorf("%s 不是加密地址：请核对它是否为主机的 HTTPS 地址（主机的设置 https）", "%s does not speak TLS: is it the hub's address for HTTPS (the hub's setting https)?", c.addr)
	case Refused(err):
		return bilingual.Errorf("%s 的主机不接受这台设备的证书：%w", "the hub at %s does not take this device's certificate: %w", c.addr, err)
	}
	return bilingual.Errorf("%s 的主机没有应答（%w）：请检查网线、地址和主机是否开着", "the hub at %s does not answer: %w; look at the cable, the address and whether the hub is on", c.addr, unwrapped(err))
}

// unwrapped leaves out that it was a POST to a URL.
func unwrapped(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
