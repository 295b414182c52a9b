package app_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hallkeeper/hub/api"
	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/hub/screens"
	"hallkeeper/wire"
)

// screen is the browser of a screen.
type screen struct {
	t           *testing.T
	at          string
	client      *http.Client
	key         *ecdsa.PrivateKey
	id          string
	certificate string
}

func newScreen(t *testing.T, at string, client *http.Client) *screen {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if client.Jar, err = cookiejar.New(nil); err != nil {
		t.Fatal(err)
	}
	return &screen{t: t, at: at, client: client, key: key}
}

// send asks, as the operator where a token is given, and gives the status and the problem's code.
func (s *screen) send(method, path, token string, body, into any) (int, string) {
	s.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.at+"/api/v1/"+path, bytes.NewReader(b))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		var p wire.Problem
		_ = json.Unmarshal(text, &p)
		return res.StatusCode, p.Code
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			s.t.Fatalf("%s %s: %s", method, path, text)
		}
	}
	return res.StatusCode, ""
}

// done is a request that must succeed.
func (s *screen) done(method, path, token string, body, into any) {
	s.t.Helper()
	if status, code := s.send(method, path, token, body, into); status >= http.StatusBadRequest {
		s.t.Fatalf("%s %s: %d %s", method, path, status, code)
	}
}

func (s *screen) sign(purpose string) (challenge, signature string) {
	s.t.Helper()
	var c api.ScreenChallenge
	s.done("POST", "screens/challenge", "", struct{}{}, &c)
	sum := sha256.Sum256(screens.Message(purpose, c.Hall, c.Challenge))
	x, y, err := ecdsa.Sign(rand.Reader, s.key, sum[:])
	if err != nil {
		s.t.Fatal(err)
	}
	return c.Challenge, base64.StdEncoding.EncodeToString(append(x.FillBytes(make([]byte, 32)), y.FillBytes(make([]byte, 32))...))
}

// enrol shows a code, which the operator types.
func (s *screen) enrol(use wire.ScreenUse, window string) *screen {
	s.t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&s.key.PublicKey)
	if err != nil {
		s.t.Fatal(err)
	}
	challenge, proof := s.sign(screens.ForKey)
	var asked api.ScreenAsked
	s.done("POST", "screens/ask", "", map[string]string{"public_key": base64.StdEncoding.EncodeToString(der), "challenge": challenge, "proof": proof}, &asked)
	var made api.ScreenMade
	s.done("POST", "screens", secret, map[string]any{"code": asked.Code, "name": "演示屏", "use": use, "window": window}, &made)
	s.done("GET", "screens/asked/"+asked.Request, "", nil, &asked)
	s.id, s.certificate = made.Screen, asked.Certificate
	s.signIn()
	return s
}

func (s *screen) signIn() {
	s.t.Helper()
	challenge, signature := s.sign(screens.ForSession)
	s.done("POST", "screens/session", "", map[string]string{"certificate": s.certificate, "challenge": challenge, "signature": signature}, nil)
}

func (s *screen) is() (i api.SessionInfo) {
	s.t.Helper()
	s.done("GET", "session", "", nil, &i)
	return i
}

// watches opens the live socket with the screen's session, or without.
func (h *hub) watches(jar http.CookieJar) *websocket.Conn {
	h.t.Helper()
	d := websocket.Dialer{Jar: jar, HandshakeTimeout: patience}
	conn, res, err := d.DialContext(h.t.Context(), "ws"+strings.TrimPrefix(h.addr.HTTP, "http")+"/ws/live", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	_ = res.Body.Close()
	h.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestARemovedScreensSocketsAreCut(t *testing.T) {
	h := start(t, config(t.TempDir()))
	lobby := newScreen(t, h.addr.HTTP, &http.Client{Timeout: patience}).enrol(wire.UseLobby, "")
	other := newScreen(t, h.addr.HTTP, &http.Client{Timeout: patience}).enrol(wire.UseLobby, "")
	own, theirs, nobodys := h.watches(lobby.client.Jar), h.watches(other.client.Jar), h.watches(nil)
	lobby.done("POST", "screens/"+lobby.id+"/remove", secret, map[string]string{"reason": "lost"}, nil)
	_ = own.SetReadDeadline(time.Now().Add(patience))
	var err error
	for err == nil {
		_, _, err = own.ReadMessage()
	}
	if e, ok := err.(interface{ Timeout() bool }); ok && e.Timeout() {
		t.Error("the removed screen's socket is still open")
	}
	for name, conn := range map[string]*websocket.Conn{"another screen": theirs, "a stranger": nobodys} {
		var m struct{ Type string }
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		for range 2 { // the snapshot, and then what comes after the removal
			if err := conn.ReadJSON(&m); err != nil {
				t.Errorf("%s was cut too: %v", name, err)
			}
		}
	}
	if i := lobby.is(); i.Role != wire.RolePublic {
		t.Errorf("it is still %+v", i)
	}
	if i := other.is(); i.Use != wire.UseLobby {
		t.Errorf("the other is %+v", i)
	}
}

// What a screen's page says of itself is on the page of the system's health; what a stranger says is nowhere.
func TestAScreenSaysHowItsPageIs(t *testing.T) {
	h := start(t, config(t.TempDir()))
	lobby := newScreen(t, h.addr.HTTP, &http.Client{Timeout: patience}).enrol(wire.UseLobby, "")
	stranger, own := h.watches(nil), h.watches(lobby.client.Jar)
	beat := func(build string) []byte {
		return []byte(`{"beat":{"heap":4194304,"nodes":592,"build":"` + build + `"}}`)
	}
	send := func(conn *websocket.Conn, message []byte) {
		t.Helper()
		if err := conn.WriteMessage(websocket.TextMessage, message); err != nil {
			t.Fatal(err)
		}
	}
	send(stranger, beat("stranger"))
	for _, wrong := range []string{`not JSON`, `{}`, `{"beat":null}`, `{"beat":{"heap":-1,"nodes":1,"build":"wrong"}}`, `{"beat":{"heap":1,"nodes":1,"build":"` + strings.Repeat("w", 41) + `"}}`} {
		send(own, []byte(wrong))
	}
	send(own, beat("first"))
	state := func() (all []api.ScreenState) {
		var health api.SystemHealth
		h.get("/api/v1/health", &health)
		return health.Screens
	}
	brokertest.Eventually(t, "the screen's word is on the page", func() bool {
		s := state()
		return len(s) == 1 && s[0].Connected && s[0].Beat != nil && s[0].Beat.Build == "first" && s[0].Beat.Heap == 4<<20 && s[0].Beat.Nodes == 592
	})
	_ = own.Close()
	brokertest.Eventually(t, "a screen that is gone says nothing", func() bool {
		s := state()
		return len(s) == 1 && !s[0].Connected && s[0].Beat == nil
	})
}

func TestAHubThatStartsAgainKnowsItsScreens(t *testing.T) {
	data := t.TempDir()
	h := start(t, config(data))
	kiosk := newScreen(t, h.addr.HTTP, &http.Client{Timeout: patience}).enrol(wire.UseKiosk, "")
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h = start(t, config(data))
	kiosk.at = h.addr.HTTP
	if i := kiosk.is(); i.Role != wire.RolePublic {
		t.Errorf("its session outlived the hub: %+v", i)
	}
	kiosk.signIn()
	if i := kiosk.is(); i.Use != wire.UseKiosk || i.Account != kiosk.id {
		t.Errorf("it is %+v", i)
	}
	seen := map[wire.Kind]int{}
	for r := range h.all() {
		seen[r.Kind]++
	}
	if seen[wire.KindScreenConfirmed] != 1 || seen[wire.KindCertificateIssued] != 1 || seen[wire.KindScreenSignedIn] != 1 {
		t.Errorf("the log has %v", seen)
	}
}

// Whoever has a screen's key outside a browser may do what that screen may, and no more.
func TestAScreensCertificateInTLSHasItsUseToo(t *testing.T) {
	h := start(t, overTLS(t.TempDir()))
	client := trusting(h.hallPool(), wire.HubName)
	defer client.CloseIdleConnections()
	for use, want := range map[wire.ScreenUse]map[string]string{
		wire.UseLobby: {"GET staff": "403 not_permitted", "GET windows/w1/rating": "403 not_permitted", "POST tickets": "403 not_permitted", "GET live": "200 "},
		wire.UseRate:  {"GET staff": "403 not_permitted", "GET windows/w1/rating": "200 ", "GET windows/w2/rating": "403 not_yours", "POST tickets": "403 not_permitted"},
	} {
		s := newScreen(t, h.addr.HTTPS, client)
		for _, id := range []string{"w1", "w2"} {
			s.done("PUT", "windows/"+id, secret, map[string]string{"number": id, "name": "窗口"}, nil)
		}
		s.enrol(use, "w1")
		if at, err := url.Parse(h.addr.HTTPS); err != nil || len(client.Jar.Cookies(at)) != 1 || client.Jar.Cookies(at)[0].Name != "__Host-hallkeeper_screen" {
			t.Errorf("over HTTPS the session is in %v", client.Jar.Cookies(at))
		}
		block, _ := pem.Decode([]byte(s.certificate))
		direct := *s
		direct.client = trusting(h.hallPool(), wire.HubName, tls.Certificate{Certificate: [][]byte{block.Bytes}, PrivateKey: s.key})
		for what, answer := range want {
			method, path, _ := strings.Cut(what, " ")
			status, code := direct.send(method, path, "", struct{}{}, nil)
			if got := fmt.Sprint(status, " ", code); got != answer {
				t.Errorf("%s, %s is answered %s, not %s", use, what, got, answer)
			}
		}
		direct.client.CloseIdleConnections()
	}
}
