package api

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net"
	"net/http"
	"sync"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/ca"
	"hallkeeper/hub/enrolment"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/screens"
	"hallkeeper/wire"
)

// screenCookie is the name of a screen's session: beside that of a person, who may sign in on a screen.
func screenCookie(r *http.Request) string {
	if r.TLS != nil {
		return "__Host-hallkeeper_screen"
	}
	return "hallkeeper_screen"
}

// prove tells which screen has signed a challenge with the key of its certificate.
// The challenge is used up whatever comes of it; what is revoked is told only to whoever has the key.
func (a *API) prove(b screenSessionBody, purpose string, more ...string) (x screens.Screen, c enrolment.Certificate, shown enrolment.Shown, err error) {
	if b.Certificate == "" || b.Challenge == "" || b.Signature == "" {
		var bad checks
		for name, value := range map[string]string{"certificate": b.Certificate, "challenge": b.Challenge, "signature": b.Signature} {
			if value == "" {
				bad.add(name, "required", "必须填写", "is required")
			}
		}
		return x, c, shown, bad.err()
	}
	if !a.screens.challenges.Use(a.Now(), b.Challenge) {
		return x, c, shown, problem("screen_challenge")
	}
	whose, cert, err := a.Authority.Verify([]byte(b.Certificate))
	if err != nil || whose.Kind != ca.Screen {
		return x, c, shown, because("screen_certificate", err)
	}
	key, ok := cert.PublicKey.(*ecdsa.PublicKey)
	if !ok || !screens.Signed(key, screens.Message(purpose, a.Hall, b.Challenge, more...), b.Signature) {
		return x, c, shown, problem("screen_signature")
	}
	sum := sha256.Sum256(cert.Raw)
	shown = enrolment.Shown{Serial: whose.Serial, Fingerprint: hex.EncodeToString(sum[:]), Kind: wire.CertificateScreen, Device: whose.Name}
	known := false
	a.Register.Read(func(v *register.View, _ *roster.State) {
		x, known = v.State.Screens.Screens.Get(whose.Name)
		c, err = v.State.Enrolment.Check(shown, a.Now())
	})
	switch {
	case c.Revoked != nil && err != nil:
		return x, c, shown, problem("screen_removed")
	case err != nil || !known:
		return x, c, shown, because("screen_certificate", err)
	}
	return x, c, shown, nil
}

// because is a problem whose cause is for the log.
func because(name string, cause error) error {
	f := problem(name)
	f.cause = cause
	return f
}

// actorOf is how the log names a screen.
func actorOf(x *screens.Screen) wire.Actor { return wire.Actor{Kind: wire.ActorDevice, ID: x.ID} }

// openScreenSession lets a screen in for twelve hours. Sessions are no events: that a
// screen was there is one, once a day.
func (a *API) openScreenSession(w http.ResponseWriter, r *http.Request) error {
	var b screenSessionBody
	if err := a.body(w, r, &b); err != nil {
		return err
	}
	x, c, _, err := a.prove(b, screens.ForSession)
	if err != nil {
		return err
	}
	place, err := a.standing(r)
	if err != nil {
		return err
	}
	if _, _, err := a.Commands.Do(r.Context(), actorOf(&x), "", screens.SignIn{Screen: x.ID, Serial: c.Serial, Address: place}); err != nil {
		return err
	}
	secret, err := access.NewSecret(rand.Reader)
	if err != nil {
		return err
	}
	until := a.screens.sessions.Open(a.Now(), access.Digest(secret), x.ID, c.Serial)
	http.SetCookie(w, &http.Cookie{Name: screenCookie(r), Value: secret, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, //nolint:gosec // Secure wherever there is TLS; without it this machine alone is served
		MaxAge: int(screens.SessionLasts.Seconds()), Secure: r.TLS != nil})
	return sendJSON(w, r, ScreenSession{Screen: x.ID, Name: x.Name, Use: x.Use, Window: x.Window, Printer: x.Printer, Expires: until, Renew: !a.Now().Before(c.RenewFrom())})
}

// renewScreen gives a screen a certificate for its next key, which the present key names.
func (a *API) renewScreen(w http.ResponseWriter, r *http.Request) error {
	var b screenRenewBody
	if err := a.body(w, r, &b); err != nil {
		return err
	}
	next, der, digest, err := screens.ReadKey(b.PublicKey)
	if err != nil {
		return wrong(field{"public_key", "key", text{"应为 base64 编码的 ECDSA P-256 公钥（SubjectPublicKeyInfo）", "must be an ECDSA P-256 key (SubjectPublicKeyInfo) in base64"}})
	}
	x, _, shown, err := a.prove(b.screenSessionBody, screens.ForRenewal, digest)
	if err != nil {
		return err
	}
	if !screens.Signed(next, screens.Message(screens.ForKey, a.Hall, b.Challenge), b.Proof) {
		return problem("screen_signature")
	}
	made, text, err := a.issueScreen(der, x.ID)
	if err != nil {
		return err
	}
	cmd := screens.Renew{Shown: shown, Made: made, ScreenRenewed: wire.ScreenRenewed{Screen: x.ID, ScreenProof: wire.ScreenProof{Key: digest, Serial: made.Serial, Certificate: text}}}
	if _, _, err := a.Commands.Do(r.Context(), actorOf(&x), "", cmd); err != nil {
		return err
	}
	return sendJSON(w, r, ScreenRenewal{text})
}

// byScreen says which screen makes a request, by its session; nobody where it has none, or its certificate is good no longer.
func (a *API) byScreen(r *http.Request) access.Identity {
	cookie, err := r.Cookie(screenCookie(r))
	if err != nil {
		return access.Nobody()
	}
	digest := access.Digest(cookie.Value)
	id, serial, until, ok := a.screens.sessions.Whose(a.Now(), digest)
	if !ok {
		return access.Nobody()
	}
	i := a.screenIdentity(id, serial)
	if i.Use != "" {
		i.Session, i.Expires = digest[:16], until
	}
	return i
}

// screenIdentity is a screen with one of its certificates; nobody where that is good no longer, or nobody has said what the screen is for.
func (a *API) screenIdentity(id, serial string) access.Identity {
	i := access.Nobody()
	a.Register.Read(func(v *register.View, _ *roster.State) {
		c, issued := v.State.Enrolment.Certificates.Get(serial)
		x, known := v.State.Screens.Screens.Get(id)
		if known && issued && c.Live(a.Now()) {
			i = access.Identity{Account: x.ID, Role: wire.RoleScreen, Use: x.Use, Window: x.Window, Device: x.ID, Certificate: serial, Session: serial[:16]}
		}
	})
	return i
}

// Sockets are the open websockets of screens, which end with their certificates. The zero value has none.
type Sockets struct {
	mu    sync.Mutex
	open  map[string]map[net.Conn]bool
	beats map[string]ScreenBeat
}

// beatEvery bounds how often a screen's word of itself is taken.
const beatEvery = time.Second

// heard keeps the newest of a screen.
func (s *Sockets) heard(screen string, b ScreenBeat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.beats == nil {
		s.beats = map[string]ScreenBeat{}
	}
	if b.At.Sub(s.beats[screen].At) >= beatEvery {
		s.beats[screen] = b
	}
}

// beat is what a connected screen has last said of itself; nil is nothing yet.
func (s *Sockets) beat(screen string) *ScreenBeat {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.beats[screen]
	if !ok || len(s.open[screen]) == 0 {
		return nil
	}
	return &b
}

func (s *Sockets) add(screen string, c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[string]map[net.Conn]bool{}
	}
	if s.open[screen] == nil {
		s.open[screen] = map[net.Conn]bool{}
	}
	s.open[screen][c] = true
}

func (s *Sockets) remove(screen string, c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open[screen], c)
	if len(s.open[screen]) == 0 {
		delete(s.open, screen)
		delete(s.beats, screen)
	}
}

// connected tells whether a screen has one.
func (s *Sockets) connected(screen string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open[screen]) > 0
}

// Close ends all of a screen. It waits for nobody.
func (s *Sockets) Close(screen string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open[screen] {
		go func() { _ = c.Close() }() // whoever serves it notices; with TLS a farewell is sent, which may take a while
	}
}

// liveSocket serves the live view; what an enrolled screen opened ends when the screen does.
func (a *API) liveSocket(w http.ResponseWriter, r *http.Request) {
	i := a.byScreen(r)
	if i.Use == "" {
		a.LiveSocket.ServeHTTP(w, r)
		return
	}
	h := &held{ResponseWriter: w, api: a, request: r, screen: i.Account}
	defer h.forget()
	a.LiveSocket.ServeHTTP(h, r)
}

// held is an answer whose connection is known as a screen's.
type held struct {
	http.ResponseWriter
	api     *API
	request *http.Request
	screen  string
	conn    net.Conn
}

// Hijack implements http.Hijacker.
func (h *held) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return c, rw, err
	}
	h.conn = c
	h.api.Sockets.add(h.screen, c)
	if h.api.byScreen(h.request).Use == "" { // it was removed between the two
		_ = c.Close()
	}
	return c, rw, nil
}

// Unwrap lets http.ResponseController reach the connection.
func (h *held) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// Heard implements push.Listener: how the screen's page is, once a minute. What is no such word is left.
func (h *held) Heard(message []byte) {
	var said struct {
		Beat *ScreenBeat `json:"beat"`
	}
	if err := json.Unmarshal(message, &said); err != nil || said.Beat == nil {
		return
	}
	b := *said.Beat
	if b.Heap < 0 || b.Nodes < 0 || len(b.Build) > 40 {
		return
	}
	b.At = h.api.Now().In(h.api.Zone)
	h.api.Sockets.heard(h.screen, b)
}

func (h *held) forget() {
	if h.conn != nil {
		h.api.Sockets.remove(h.screen, h.conn)
	}
}
