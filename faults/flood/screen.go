package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// screen is a lobby screen of the hall, enrolled as its page does it, over HTTPS.
type screen struct {
	hub         *hub
	client      *http.Client
	key         *ecdsa.PrivateKey
	certificate string

	conn *websocket.Conn
	mu   sync.Mutex
	// last is when it heard anything, silence the longest time in which it did not; seen are the windows that it was told of.
	last    time.Time
	silence time.Duration
	seen    map[string]time.Time
	told    []string // the windows to look for
	err     error
}

// newScreen enrols one: it shows a code, which somebody types at the console.
func newScreen(ctx context.Context, h *hub, name string) (*screen, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	s := &screen{hub: h, client: h.client(), key: key, seen: map[string]time.Time{}}
	if s.client.Jar, err = cookiejar.New(nil); err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	challenge, proof, err := s.sign(ctx, "key")
	if err != nil {
		return nil, err
	}
	var asked struct{ Request, Code, Certificate string }
	if err := s.send(ctx, http.MethodPost, "screens/ask", map[string]string{"public_key": base64.StdEncoding.EncodeToString(der), "challenge": challenge, "proof": proof}, &asked); err != nil {
		return nil, err
	}
	if err := h.operate(ctx, http.MethodPost, "screens", map[string]string{"code": asked.Code, "name": name, "use": "lobby"}, nil); err != nil {
		return nil, err
	}
	if err := s.send(ctx, http.MethodGet, "screens/asked/"+asked.Request, nil, &asked); err != nil {
		return nil, err
	}
	s.certificate = asked.Certificate
	return s, nil
}

func (s *screen) send(ctx context.Context, method, path string, body, into any) error {
	return s.hub.send(ctx, s.client, s.hub.HTTPS, false, method, path, body, into)
}

// sign proves the key for a purpose; docs/devices.md has what is signed.
func (s *screen) sign(ctx context.Context, purpose string) (challenge, signature string, err error) {
	var c struct{ Challenge, Hall string }
	if err := s.send(ctx, http.MethodPost, "screens/challenge", nil, &c); err != nil {
		return "", "", err
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{"hallkeeper-screen", purpose, c.Hall, c.Challenge}, "\n")))
	x, y, err := ecdsa.Sign(rand.Reader, s.key, sum[:])
	if err != nil {
		return "", "", err
	}
	return c.Challenge, base64.StdEncoding.EncodeToString(append(x.FillBytes(make([]byte, 32)), y.FillBytes(make([]byte, 32))...)), nil
}

// connect signs in with the certificate, opens the live socket and waits for the first picture.
func (s *screen) connect(ctx context.Context) error {
	challenge, signature, err := s.sign(ctx, "session")
	if err != nil {
		return err
	}
	if err := s.send(ctx, http.MethodPost, "screens/session", map[string]string{"certificate": s.certificate, "challenge": challenge, "signature": signature}, nil); err != nil {
		return err
	}
	d := websocket.Dialer{Jar: s.client.Jar, TLSClientConfig: s.hub.tls(), HandshakeTimeout: patience}
	conn, res, err := d.DialContext(ctx, "wss"+strings.TrimPrefix(s.hub.HTTPS, "https")+"/ws/live", nil)
	if err != nil {
		return fmt.Errorf("the live socket of an enrolled screen: %w", err)
	}
	_ = res.Body.Close()
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	if _, _, err := conn.ReadMessage(); err != nil {
		return fmt.Errorf("the first picture of an enrolled screen: %w", err)
	}
	s.conn, s.last = conn, time.Now()
	go s.listen()
	return nil
}

func (s *screen) listen() {
	for {
		_ = s.conn.SetReadDeadline(time.Now().Add(patience))
		_, text, err := s.conn.ReadMessage()
		s.mu.Lock()
		now := time.Now()
		s.silence = max(s.silence, now.Sub(s.last))
		s.last = now
		if err != nil {
			s.err = err
			s.mu.Unlock()
			return
		}
		for _, w := range s.told {
			if _, ok := s.seen[w]; !ok && strings.Contains(string(text), `"`+w+`"`) {
				s.seen[w] = now
			}
		}
		s.mu.Unlock()
	}
}

// expect looks for a window from now on.
func (s *screen) expect(window string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, window)
}

// saw is when the screen was told of a window.
func (s *screen) saw(window string) (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.seen[window]
	return at, ok || s.err != nil
}

// silent gives the longest silence since the last call, and what ended the socket.
func (s *screen) silent() (time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := max(s.silence, time.Since(s.last))
	s.silence = 0
	return d, s.err
}

func (s *screen) close() {
	if s.conn != nil {
		_ = s.conn.Close()
	}
	s.client.CloseIdleConnections()
}
