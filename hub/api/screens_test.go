package api

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/ca"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/screens"
	"hallkeeper/wire"
)

// testScreen is a browser of a screen: its key, its certificate and its cookie.
type testScreen struct {
	s           *stage
	key         *ecdsa.PrivateKey
	certificate string
	cookie      *http.Cookie
	// address is where it stands.
	address string
}

func (s *stage) newScreen() *testScreen {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	return &testScreen{s: s, key: key, address: "192.168.1.60"}
}

func (x *testScreen) send(method, path string, body any) *httptest.ResponseRecorder {
	text := ""
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			x.s.t.Fatal(err)
		}
		text = string(b)
	}
	return x.s.ask(method, "/api/v1/"+path, text, signedOut, func(r *http.Request) {
		r.RemoteAddr = x.address + ":40000"
		if x.cookie != nil {
			r.AddCookie(x.cookie)
		}
	})
}

func got200[T any](s *stage, w *httptest.ResponseRecorder) (v T) {
	s.t.Helper()
	if w.Code != http.StatusOK && w.Code != http.StatusCreated {
		s.t.Fatalf("answered %d %s", w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		s.t.Fatal(err)
	}
	return v
}

func (x *testScreen) challenge() string {
	x.s.t.Helper()
	return got200[ScreenChallenge](x.s, x.send("POST", "screens/challenge", nil)).Challenge
}

func sign(key *ecdsa.PrivateKey, message []byte) string {
	sum := sha256.Sum256(message)
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

func public(key *ecdsa.PrivateKey) (text, digest string) {
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(der)
	return base64.StdEncoding.EncodeToString(der), hex.EncodeToString(sum[:])
}

func (x *testScreen) askBody() screenAskBody {
	c := x.challenge()
	text, _ := public(x.key)
	return screenAskBody{PublicKey: text, Challenge: c, Proof: sign(x.key, screens.Message(screens.ForKey, "t", c)), Page: "/kiosk"}
}

func (x *testScreen) asks() ScreenAsked {
	x.s.t.Helper()
	return got200[ScreenAsked](x.s, x.send("POST", "screens/ask", x.askBody()))
}

func (x *testScreen) sessionBody() screenSessionBody {
	c := x.challenge()
	return screenSessionBody{Certificate: x.certificate, Challenge: c, Signature: sign(x.key, screens.Message(screens.ForSession, "t", c))}
}

func (x *testScreen) renewBody(next *ecdsa.PrivateKey) screenRenewBody {
	c := x.challenge()
	text, digest := public(next)
	return screenRenewBody{PublicKey: text, Proof: sign(next, screens.Message(screens.ForKey, "t", c)),
		screenSessionBody: screenSessionBody{Certificate: x.certificate, Challenge: c, Signature: sign(x.key, screens.Message(screens.ForRenewal, "t", c, digest))}}
}

// opens opens a session.
func (x *testScreen) opens(body screenSessionBody) *httptest.ResponseRecorder {
	w := x.send("POST", "screens/session", body)
	for _, c := range w.Result().Cookies() {
		if strings.HasSuffix(c.Name, "hallkeeper_screen") {
			x.cookie = c
		}
	}
	return w
}

// confirms types a code on the console.
func (s *stage) confirms(account, code string, use wire.ScreenUse, window string) *httptest.ResponseRecorder {
	return s.as(account, "POST", "screens", fmt.Sprintf(`{"code":%q,"name":"演示屏","use":%q,"window":%q}`, code, use, window))
}

// enrolled is a screen that has gone the whole way.
func (s *stage) screenFor(use wire.ScreenUse, window string) *testScreen {
	s.t.Helper()
	x := s.newScreen()
	asked := x.asks()
	got200[ScreenMade](s, s.confirms("supervisor", asked.Code, use, window))
	x.certificate = got200[ScreenAsked](s, x.send("GET", "screens/asked/"+asked.Request, nil)).Certificate
	got200[ScreenSession](s, x.opens(x.sessionBody()))
	return x
}

func (x *testScreen) id() (id string) {
	_, digest := public(x.key)
	x.s.Read(func(v *register.View, _ *roster.State) {
		found, _ := v.State.Screens.ByKey(digest)
		id = found.ID
	})
	return id
}

// codeOf is the problem's code of an answer, with its status.
func codeOf(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	if w.Code < 300 {
		return fmt.Sprint(w.Code)
	}
	return fmt.Sprint(w.Code, " ", problemOf(t, w).Code)
}

// says is before what a screen of a story says, which depends on what the hub has said.
const says = "the screen says: "

func screenStory() []told {
	v := v1 + "screens"
	return []told{
		{"POST /api/v1/screens/challenge", v + "/challenge", "", "public", ""}, {"POST /api/v1/screens/ask", v + "/ask", says + "ask", "public", ""},
		{"GET /api/v1/screens/asked/{id}", v + "/asked/REQUEST", "", "public", ""}, {"POST /api/v1/screens", v, says + "confirm", "supervisor", ""},
		{"GET /api/v1/screens", v, "", "auditor", ""}, {"POST /api/v1/screens/session", v + "/session", says + "session", "public", ""},
		{"POST /api/v1/screens/renew", v + "/renew", says + "renew", "public", ""}, {"POST /api/v1/screens/{id}/remove", v + "/SCREEN/remove", `{"reason":"retired"}`, "", ""},
	}
}

// screenWords fills in what the screen of a story says: challenges and codes don't wait.
func (s *stage) screenWords(path, body string) (string, string) {
	if s.screen == nil {
		s.screen = s.newScreen()
	}
	x := s.screen
	var what any
	switch body {
	case says + "ask":
		what = x.askBody()
	case says + "confirm":
		what = screenConfirmBody{Code: strings.ToLower(x.asks().Code), Name: "取号机", Use: wire.UseKiosk}
	case says + "session":
		x.certificate = x.asks().Certificate
		what = x.sessionBody()
	case says + "renew":
		s.now = s.now.AddDate(0, 0, 130)
		what = x.renewBody(s.newScreen().key)
	default:
		if strings.Contains(path, "REQUEST") { // asking makes a request
			path = strings.ReplaceAll(path, "REQUEST", x.asks().Request)
		}
		s.Read(func(v *register.View, _ *roster.State) {
			for id := range v.State.Screens.Screens.All() {
				path = strings.Replace(path, "SCREEN", id, 1)
			}
		})
		return path, body
	}
	text, err := json.Marshal(what)
	if err != nil {
		s.t.Fatal(err)
	}
	return path, string(text)
}

// Every route is asked by a screen of every use, enrolled as screens are; the table of what each may is the golden one.
func TestEveryRouteWithEveryUseOfScreens(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	var table strings.Builder
	uses := []wire.ScreenUse{wire.UseLobby, wire.UseBoard, wire.UseKiosk, wire.UseRate, wire.UsePanel}
	of := map[wire.ScreenUse]*testScreen{}
	for _, u := range uses {
		of[u] = s.screenFor(u, map[wire.ScreenUse]string{wire.UseRate: "w1", wire.UsePanel: "w1"}[u])
	}
	for _, r := range (&API{Deps: Deps{ChangesPerSecond: 1}}).table() {
		if r.may == access.Anybody {
			continue
		}
		path := strings.NewReplacer("{id}", "w1", "{agent}", "nobody", "{number}", "0", "{date}", "nobody", "{year}", "nobody", "{name}", "nobody", "{code}", "nobody", "{period}", "2026-10", "{subject}", "nobody", "{version}", "nobody", "{serial}", "nobody").Replace(r.path)
		var may []string
		for _, u := range uses {
			w := s.ask(r.method, path, "", signedOut, func(q *http.Request) { q.AddCookie(of[u].cookie) })
			denied := w.Code == http.StatusForbidden || w.Code == http.StatusUnauthorized
			if denied && codeOf(t, w) != "403 not_permitted" {
				t.Errorf("%s %s as %s: %s", r.method, r.path, u, codeOf(t, w))
			}
			if denied == access.UseMay(u, r.may) {
				t.Errorf("%s %s as %s is answered %d, against the table of uses", r.method, r.path, u, w.Code)
			}
			if !denied {
				may = append(may, string(u))
			}
		}
		if len(may) > 0 {
			fmt.Fprintf(&table, "%-6s %-44s %s\n", r.method, r.path, strings.Join(may, " "))
		}
	}
	const golden = "testdata/uses.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || table.String() != string(want) {
		t.Errorf("what screens may is not what %s says (%v):\n%s", golden, err, table.String())
	}
}

func TestALobbyScreenReadsOnlyWhatIsPublic(t *testing.T) {
	s := newStage(t)
	s.people()
	s.furnishLine()
	lobby := s.screenFor(wire.UseLobby, "")
	for _, path := range []string{"staff", "line", "events", "accounts", "screens", "windows/w1/rating", "days/2026-11-23"} {
		if got := codeOf(t, lobby.send("GET", path, nil)); got != "403 not_permitted" {
			t.Errorf("a lobby screen that asks for %s is answered %s", path, got)
		}
	}
	if got := codeOf(t, lobby.send("POST", "tickets", map[string]string{"service": "marriage"})); got != "403 not_permitted" {
		t.Errorf("a lobby screen that takes a ticket is answered %s", got)
	}
	for _, path := range []string{"live", "board", "services", "session"} {
		if w := lobby.send("GET", path, nil); w.Code != http.StatusOK {
			t.Errorf("a lobby screen that asks for %s is answered %d", path, w.Code)
		}
	}
}

func TestATabletRatesAtItsOwnWindowOnly(t *testing.T) {
	s := newStage(t)
	s.people()
	s.furnishLine()
	tablet := s.screenFor(wire.UseRate, "w1")
	rate := func(window string) string {
		return codeOf(t, tablet.send("POST", "windows/"+window+"/ratings", map[string]any{"level": 5}))
	}
	if got := rate("w1"); got != "201" {
		t.Errorf("at its own window it is answered %s", got)
	}
	if got := rate("w2"); got != "403 not_yours" {
		t.Errorf("at another window it is answered %s", got)
	}
	if got := codeOf(t, tablet.send("GET", "windows/w2/rating", nil)); got != "403 not_yours" {
		t.Errorf("asking for another window it is answered %s", got)
	}
	if got := codeOf(t, tablet.send("POST", "tickets", map[string]string{"service": "marriage"})); got != "403 not_permitted" {
		t.Errorf("a tablet that takes a ticket is answered %s", got)
	}
	kiosk := s.screenFor(wire.UseKiosk, "")
	if got := codeOf(t, kiosk.send("POST", "tickets", map[string]string{"service": "marriage"})); got != "201" {
		t.Errorf("a kiosk that takes a ticket is answered %s", got)
	}
	if got := codeOf(t, kiosk.send("POST", "windows/w1/ratings", map[string]any{"level": 5})); got != "403 not_permitted" {
		t.Errorf("a kiosk that rates is answered %s", got)
	}
}

func TestAScreensCodeWorksOnceWithinTenMinutes(t *testing.T) {
	s := newStage(t)
	s.people()
	x := s.newScreen()
	asked := x.asks()
	if len(asked.Code) != 9 || strings.ContainsAny(asked.Code, "0O1IL2Z5S8B") {
		t.Errorf("the code %q has look-alikes", asked.Code)
	}
	if got := codeOf(t, s.confirms("staff", asked.Code, wire.UseKiosk, "")); got != "403 not_permitted" {
		t.Errorf("somebody of a window confirms: %s", got)
	}
	if got := codeOf(t, s.confirms("supervisor", asked.Code, wire.UseRate, "w99")); got != "422 fields_invalid" {
		t.Errorf("an unknown window: %s", got)
	}
	typed := strings.ToLower(strings.ReplaceAll(asked.Code, "-", " "))
	if got := codeOf(t, s.confirms("supervisor", typed, wire.UseKiosk, "")); got != "201" {
		t.Fatalf("the code as a person types it: %s", got)
	}
	if got := codeOf(t, s.confirms("administrator", asked.Code, wire.UseKiosk, "")); got != "404 screen_code" {
		t.Errorf("the code again: %s", got)
	}
	late := s.newScreen().asks()
	s.now = s.now.Add(screens.CodeLasts)
	if got := codeOf(t, s.confirms("supervisor", late.Code, wire.UseKiosk, "")); got != "404 screen_code" {
		t.Errorf("a code after ten minutes: %s", got)
	}
	if got := codeOf(t, x.send("GET", "screens/asked/"+late.Request, nil)); got != "404 screen_ask_over" {
		t.Errorf("its screen after ten minutes: %s", got)
	}
}

func TestWhoeverGuessesAScreensCodeIsSlowedDown(t *testing.T) {
	s := newStage(t)
	s.people()
	asked := s.newScreen().asks()
	seen := map[string]int{}
	for range 20 {
		seen[codeOf(t, s.confirms("supervisor", "AAAA-AAAA", wire.UseKiosk, ""))]++
	}
	if seen["404 screen_code"] != 5 || seen["429 too_many_tries"] != 15 {
		t.Errorf("twenty wrong codes are answered %v", seen)
	}
	if got := codeOf(t, s.confirms("supervisor", asked.Code, wire.UseKiosk, "")); got != "429 too_many_tries" {
		t.Errorf("then the right one at once: %s", got)
	}
	s.now = s.now.Add(time.Minute)
	if got := codeOf(t, s.confirms("supervisor", asked.Code, wire.UseKiosk, "")); got != "201" {
		t.Errorf("the right one after a minute: %s", got)
	}
}

func TestAScreenProvesItsKeyEachTime(t *testing.T) {
	s := newStage(t)
	s.people()
	x := s.screenFor(wire.UseKiosk, "")
	other := s.newScreen()
	replayed := x.sessionBody()
	got200[ScreenSession](s, x.opens(replayed))
	late := x.sessionBody()
	for name, c := range map[string]struct {
		body func() screenSessionBody
		want string
	}{
		"a replayed challenge": {func() screenSessionBody { return replayed }, "401 screen_challenge"},
		"a signature by another key": {func() screenSessionBody {
			b := x.sessionBody()
			b.Signature = sign(other.key, screens.Message(screens.ForSession, "t", b.Challenge))
			return b
		}, "401 screen_signature"},
		"a signature for something else": {func() screenSessionBody {
			b := x.sessionBody()
			b.Signature = sign(x.key, screens.Message(screens.ForKey, "t", b.Challenge))
			return b
		}, "401 screen_signature"},
		"a signature for another hall": {func() screenSessionBody {
			b := x.sessionBody()
			b.Signature = sign(x.key, screens.Message(screens.ForSession, "other", b.Challenge))
			return b
		}, "401 screen_signature"},
		"no certificate": {func() screenSessionBody { b := x.sessionBody(); b.Certificate = "x"; return b }, "401 screen_certificate"},
		"nothing":        {func() screenSessionBody { return screenSessionBody{} }, "422 fields_invalid"},
	} {
		if got := codeOf(t, x.send("POST", "screens/session", c.body())); got != c.want {
			t.Errorf("%s is answered %s, not %s", name, got, c.want)
		}
	}
	s.now = s.now.Add(time.Minute)
	if got := codeOf(t, x.send("POST", "screens/session", late)); got != "401 screen_challenge" {
		t.Errorf("a challenge after a minute: %s", got)
	}
	ask := other.askBody()
	ask.Proof = sign(x.key, screens.Message(screens.ForKey, "t", ask.Challenge))
	if got := codeOf(t, other.send("POST", "screens/ask", ask)); got != "401 screen_signature" {
		t.Errorf("asking with another's key: %s", got)
	}
}

// A certificate that the authority made for something else, or that no event tells of, lets no screen in.
func TestACertificateOfSomethingElseLetsNoScreenIn(t *testing.T) {
	s := newStage(t)
	s.people()
	x := s.screenFor(wire.UseKiosk, "")
	id := x.id()
	for name, c := range map[string]struct{ kind, name string }{
		"a window computer's": {"agent", id}, "one that no event tells of": {"screen", id}, "of no screen": {"screen", "screen-0"},
	} {
		made, err := s.authority.Issue(&x.key.PublicKey, ca.Kind(c.kind), c.name)
		if err != nil {
			t.Fatal(err)
		}
		y := *x
		y.certificate = string(made.PEM)
		if got := codeOf(t, y.send("POST", "screens/session", y.sessionBody())); got != "401 screen_certificate" {
			t.Errorf("%s certificate is answered %s", name, got)
		}
	}
}

func TestARemovedScreenIsAStrangerAtOnce(t *testing.T) {
	s := newStage(t)
	s.people()
	s.furnishLine()
	x := s.screenFor(wire.UseKiosk, "")
	take := func() string {
		return codeOf(t, x.send("POST", "tickets", map[string]string{"service": "marriage"}))
	}
	if got := take(); got != "201" {
		t.Fatal(got)
	}
	if got := codeOf(t, s.as("supervisor", "POST", "screens/"+x.id()+"/remove", `{"reason":"lost"}`)); got != "200" {
		t.Fatal(got)
	}
	if got := take(); got != "401 not_signed_in" {
		t.Errorf("with its open session it is answered %s", got)
	}
	if got := codeOf(t, x.opens(x.sessionBody())); got != "401 screen_removed" {
		t.Errorf("proving itself it is answered %s", got)
	}
	if got := codeOf(t, x.send("POST", "screens/renew", x.renewBody(s.newScreen().key))); got != "401 screen_removed" {
		t.Errorf("renewing it is answered %s", got)
	}
	if asked := x.asks(); asked.State != "waiting" || asked.Code == "" {
		t.Errorf("asking anew it gets %+v", asked)
	}
}

func TestAScreenRenewsItsCertificateByItself(t *testing.T) {
	s := newStage(t)
	s.people()
	x := s.screenFor(wire.UseRate, "w1")
	next := s.newScreen()
	if got := codeOf(t, x.send("POST", "screens/renew", x.renewBody(next.key))); got != "409 certificate_fresh" {
		t.Errorf("on its first day it is answered %s", got)
	}
	s.now = s.now.AddDate(0, 0, 121)
	if open := got200[ScreenSession](s, x.opens(x.sessionBody())); !open.Renew {
		t.Error("at two thirds of its time it is not told to renew")
	}
	forged := x.renewBody(next.key)
	forged.PublicKey, _ = public(s.newScreen().key)
	if got := codeOf(t, x.send("POST", "screens/renew", forged)); got != "401 screen_signature" {
		t.Errorf("with a key that the old one did not name it is answered %s", got)
	}
	next.certificate = got200[ScreenRenewal](s, x.send("POST", "screens/renew", x.renewBody(next.key))).Certificate
	// The answer may be lost: the old certificate works until the new one is seen, and whoever has the new key is given it again.
	got200[ScreenSession](s, x.opens(x.sessionBody()))
	if again := next.asks(); again.Certificate != next.certificate {
		t.Errorf("the new key asks and gets %+v", again)
	}
	if open := got200[ScreenSession](s, next.opens(next.sessionBody())); open.Use != wire.UseRate || open.Window != "w1" || open.Renew {
		t.Errorf("with its next certificate it is %+v", open)
	}
	if got := codeOf(t, x.opens(x.sessionBody())); got != "401 screen_removed" {
		t.Errorf("the old certificate is answered %s", got)
	}
	s.now = s.now.AddDate(0, 0, 181)
	if got := codeOf(t, next.opens(next.sessionBody())); got != "401 screen_certificate" {
		t.Errorf("an expired certificate is answered %s", got)
	}
}

// That a screen was there is an event once a day, however often it proves itself; its session ends after twelve hours.
func TestAScreensSessionIsNoEvent(t *testing.T) {
	s := newStage(t)
	s.people()
	x := s.screenFor(wire.UseKiosk, "")
	events := func() (n int) {
		records, err := s.log.ReadBatch(0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			if r.Kind == wire.KindScreenSignedIn {
				n++
				if r.Actor.Kind != wire.ActorDevice || r.Actor.ID != x.id() {
					t.Errorf("made by %+v", r.Actor)
				}
			}
		}
		return n
	}
	for range 5 {
		got200[ScreenSession](s, x.opens(x.sessionBody()))
	}
	if n := events(); n != 1 {
		t.Errorf("five sessions of a day are %d events", n)
	}
	s.now = s.now.Add(screens.SessionLasts)
	if info := got200[SessionInfo](s, x.send("GET", "session", nil)); info.Role != wire.RolePublic {
		t.Errorf("after twelve hours it is %+v", info)
	}
	s.now = s.now.Add(12 * time.Hour)
	got200[ScreenSession](s, x.opens(x.sessionBody()))
	if info := got200[SessionInfo](s, x.send("GET", "session", nil)); info.Use != wire.UseKiosk || info.Name != "演示屏" || !slices.Equal(info.Permissions, []access.Permission{access.Anybody, access.Take}) {
		t.Errorf("it is %+v", info)
	}
	if n := events(); n != 2 {
		t.Errorf("two days are %d events", n)
	}
}

func TestOneAddressCannotFillTheDoor(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	seen := map[string]int{}
	for i := range 10 {
		x := s.newScreen()
		x.address = "[fe80::1]"
		if i%2 == 1 {
			x.address = fmt.Sprintf("[fe80::%d]", i) // a machine has as many as it likes
		}
		seen[codeOf(t, x.send("POST", "screens/ask", x.askBody()))]++
	}
	if seen["200"] != 8 || seen["429 screens_busy"] != 2 {
		t.Errorf("ten screens of one address are answered %v", seen)
	}
	if asked := s.newScreen().asks(); asked.Code == "" {
		t.Error("a screen elsewhere gets no code")
	}
	x := s.newScreen()
	x.address = "192.168.1.77"
	first := x.asks()
	for range 20 {
		x.asks() // the page is loaded again
	}
	if got := codeOf(t, s.confirms("supervisor", first.Code, wire.UseKiosk, "")); got != "404 screen_code" {
		t.Errorf("a code that is shown no longer: %s", got)
	}
}
