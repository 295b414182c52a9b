package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hallkeeper/hub/signin"
	"hallkeeper/hub/signin/signintest"
	"hallkeeper/wire"
)

// begun is what a ceremony begins with; the test fails where it does not begin.
func (s *stage) begun(path, body string, as func(*http.Request)) (b signin.Begun) {
	s.t.Helper()
	w := s.ask("POST", "/api/v1/"+path, body, as)
	if err := json.Unmarshal(w.Body.Bytes(), &b); err != nil || w.Code != http.StatusOK {
		s.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return b
}

func ends(b signin.Begun, name string, credential json.RawMessage) string {
	text, err := json.Marshal(map[string]any{"ceremony": b.Ceremony, "name": name, "credential": credential})
	if err != nil {
		panic(err)
	}
	if name == "" {
		return strings.Replace(string(text), `,"name":""`, "", 1)
	}
	return string(text)
}

// keyed gives an account a passkey.
func (s *stage) keyed(account string, as func(*http.Request)) *signintest.Authenticator {
	s.t.Helper()
	key := signintest.New(s.t, "http://localhost:8080", "localhost")
	b := s.begun("passkeys/begin", `{"password":"a long password"}`, as)
	if w := s.ask("POST", "/api/v1/passkeys", ends(b, "手机", key.Make(b.Options)), as); w.Code != http.StatusOK {
		s.t.Fatalf("%s gets no passkey: %s", account, w.Body)
	}
	return key
}

func (s *stage) signs(key *signintest.Authenticator) *httptest.ResponseRecorder {
	s.t.Helper()
	b := s.begun("session/passkey/begin", "", signedOut)
	return s.ask("POST", "/api/v1/session/passkey", ends(b, "", key.Sign(b.Options)), signedOut)
}

func (s *stage) waysOf(as func(*http.Request), path string) (list WayList) {
	s.t.Helper()
	w := s.ask("GET", "/api/v1/"+path, "", as)
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || w.Code != http.StatusOK {
		s.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return list
}

func TestSigningInWithAPasskey(t *testing.T) {
	s := strictStage(t)
	mine := s.enters("liaison", "127.0.0.1")
	key := s.keyed("liaison", mine)
	list := s.waysOf(mine, "ways")
	if len(list.Passkeys) != 1 || list.Passkeys[0].Name != "手机" || list.Passkeys[0].RP != "localhost" || list.Proved || !list.PasskeysHere {
		t.Fatalf("the account's ways are %+v", list)
	}
	w := s.signs(key)
	var i SessionInfo
	if err := json.Unmarshal(w.Body.Bytes(), &i); err != nil || w.Code != http.StatusOK || i.Account != "liaison" {
		t.Fatalf("signed in as %s", w.Body)
	}
	cookie := w.Result().Cookies()[0]
	with := func(r *http.Request) { signedOut(r); r.AddCookie(cookie) }
	for _, x := range s.sessionsOf(with, "sessions").Sessions {
		if x.Current != (x.Method == wire.MethodPasskey) {
			t.Errorf("a session is listed as %+v", x)
		}
	}
	// A passkey that was just used stands for the password; after five minutes it no longer does.
	if !s.waysOf(with, "ways").Proved {
		t.Error("a passkey that was just used proves nothing")
	}
	s.begun("passkeys/begin", "", with)
	s.now = s.now.Add(provedFor)
	if p := problemOf(t, s.ask("POST", "/api/v1/passkeys/begin", "", with)); p.Code != "fields_invalid" {
		t.Errorf("five minutes later: %s", p.Code)
	}
	// Nobody removes another's; its holder does, and the password is left.
	if p := problemOf(t, s.ask("DELETE", "/api/v1/passkeys/"+list.Passkeys[0].ID, "", s.enters("staff", "127.0.0.1"))); p.Code != "passkey_unknown" {
		t.Errorf("removing another's passkey: %s", p.Code)
	}
	if w := s.ask("DELETE", "/api/v1/passkeys/"+list.Passkeys[0].ID, "", with); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	if p := problemOf(t, s.signs(key)); p.Code != "passkey_refused" {
		t.Errorf("a removed passkey: %s", p.Code)
	}
	s.enters("liaison", "127.0.0.1")
	// The log has neither the name nor the key in clear.
	records, err := s.log.ReadBatch(0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if strings.Contains(string(r.Data), "手机") || strings.Contains(string(r.Data), "publicKey") {
			t.Errorf("%s tells %s", r.Kind, r.Data)
		}
	}
}

// A passkey has a name of its holder's choice, which no other account changes, and tells when it last signed in.
func TestAPasskeyIsRenamedAndTellsItsLastUse(t *testing.T) {
	s := strictStage(t)
	mine := s.enters("liaison", "127.0.0.1")
	key := s.keyed("liaison", mine)
	only := func() PasskeyRow { t.Helper(); return s.waysOf(mine, "ways").Passkeys[0] }
	first := only()
	if first.Used != nil {
		t.Errorf("before it is used: %+v", first)
	}
	rename := func(body string, as func(*http.Request)) *httptest.ResponseRecorder {
		return s.ask("PUT", "/api/v1/passkeys/"+first.ID, body, as)
	}
	if w := rename(`{"name":" 值班手机 "}`, mine); w.Code != http.StatusOK || only().Name != "值班手机" {
		t.Errorf("%s %+v", w.Body, only())
	}
	if p := problemOf(t, rename(`{"name":" "}`, mine)); p.Code != "fields_invalid" {
		t.Errorf("no name: %s", p.Code)
	}
	if p := problemOf(t, rename(`{"name":"别人的"}`, s.enters("staff", "127.0.0.1"))); p.Code != "passkey_unknown" || only().Name != "值班手机" {
		t.Errorf("another account renames it: %s, %+v", p.Code, only())
	}
	s.now = s.now.Add(time.Hour)
	mine = s.enters("liaison", "127.0.0.1")
	if w := s.signs(key); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	if x := only(); x.Used == nil || !x.Used.Equal(s.now) || x.Name != "值班手机" {
		t.Errorf("after it was used: %+v", x)
	}
	records, err := s.log.ReadBatch(0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if strings.Contains(string(r.Data), "值班") {
			t.Errorf("%s tells %s", r.Kind, r.Data)
		}
	}
}

// Whoever leads a name of their own to the hub gets no passkeys made or used there.
func TestPasskeysAreForTheHubsNames(t *testing.T) {
	s := strictStage(t)
	mine := s.enters("liaison", "127.0.0.1")
	for host, want := range map[string]string{
		"localhost:8080": "", "hub.localhost": "", "hall.example.cn": "", "HALL.example.cn:8443": "", "hall.example.cn.": "",
		"evil.example": "passkeys_other_name", "hall.example.cn.evil.example": "passkeys_other_name", "sub.hall.example.cn": "passkeys_other_name",
		"10.0.3.1:8080": "passkeys_need_a_name", "[fd00::1]:8443": "passkeys_need_a_name",
	} {
		at := func(as func(*http.Request)) func(*http.Request) {
			return func(r *http.Request) { as(r); r.Host = host }
		}
		for _, w := range []*httptest.ResponseRecorder{s.ask("POST", "/api/v1/session/passkey/begin", "", at(signedOut)),
			s.ask("POST", "/api/v1/passkeys/begin", `{"password":"a long password"}`, at(mine))} {
			if got := problemIn(w); got != want {
				t.Errorf("%s is answered %q, want %q", host, got, want)
			}
		}
		var ways SignInWays
		if err := json.Unmarshal(s.ask("GET", "/api/v1/sign-in", "", at(signedOut)).Body.Bytes(), &ways); err != nil || ways.PasskeysHere != (want == "") || fmt.Sprint(ways.PasskeysAt) != "[hall.example.cn]" {
			t.Errorf("%s: the ways are %+v", host, ways)
		}
	}
}

// problemIn is the code of an answer that is a problem; empty where it is none.
func problemIn(w *httptest.ResponseRecorder) string {
	var p wire.Problem
	if w.Code < http.StatusBadRequest || json.Unmarshal(w.Body.Bytes(), &p) != nil {
		return ""
	}
	return p.Code
}

func TestWhatIsNoPasskey(t *testing.T) {
	s := strictStage(t)
	mine := s.enters("liaison", "127.0.0.1")
	key := s.keyed("liaison", mine)
	refused := func(name, code string, w *httptest.ResponseRecorder) {
		t.Helper()
		if p := problemOf(t, w); p.Code != code {
			t.Errorf("%s: %s, want %s", name, p.Code, code)
		}
	}
	b := s.begun("session/passkey/begin", "", signedOut)
	answer := ends(b, "", key.Sign(b.Options))
	if w := s.ask("POST", "/api/v1/session/passkey", answer, signedOut); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	refused("an answer sent twice", "passkey_over", s.ask("POST", "/api/v1/session/passkey", answer, signedOut))

	b = s.begun("session/passkey/begin", "", signedOut)
	answer = ends(b, "", key.Sign(b.Options))
	s.now = s.now.Add(5 * time.Minute)
	refused("an answer after five minutes", "passkey_over", s.ask("POST", "/api/v1/session/passkey", answer, signedOut))

	for name, change := range map[string]func(*signintest.Authenticator){
		"another page's origin":   func(a *signintest.Authenticator) { a.Origin = "https://evil.example" },
		"another hub's name":      func(a *signintest.Authenticator) { a.RP = "evil.example" },
		"nobody at the key":       func(a *signintest.Authenticator) { a.Unverified = true },
		"this host without a TLS": func(a *signintest.Authenticator) { a.Origin = "http://hall.example.cn" },
	} {
		other := key.Copy()
		change(other)
		refused(name, "passkey_refused", s.signs(other))
	}
	stranger := signintest.New(t, "http://localhost:8080", "localhost")
	stranger.Make(s.begun("passkeys/begin", `{"password":"a long password"}`, mine).Options)
	refused("a key that nobody has", "passkey_refused", s.signs(stranger))

	refused("a passkey without the password", "fields_invalid", s.ask("POST", "/api/v1/passkeys/begin", `{"password":"a wrong password"}`, mine))
	b = s.begun("passkeys/begin", `{"password":"a long password"}`, mine)
	made := signintest.New(t, "http://localhost:8080", "localhost").Make(b.Options)
	refused("a passkey that another account ends", "passkey_over", s.ask("POST", "/api/v1/passkeys", ends(b, "x", made), s.enters("staff", "127.0.0.1")))

	byAddress := func(r *http.Request) { signedOut(r); r.Host = "10.0.3.1:8080" }
	w := s.ask("POST", "/api/v1/session/passkey/begin", "", byAddress)
	if p := problemOf(t, w); p.Code != "passkeys_need_a_name" || !strings.Contains(p.Title, "IP") {
		t.Errorf("at an address without a name: %+v", p)
	}
	var ways SignInWays
	if err := json.Unmarshal(s.ask("GET", "/api/v1/sign-in", "", byAddress).Body.Bytes(), &ways); err != nil || ways.PasskeysHere {
		t.Errorf("at an address without a name the ways are %+v", ways)
	}
}

// failures are the sign-ins after a position that the log says have failed, with account, method, reason and from where.
func (s *stage) failures(after uint64) (all []string) {
	s.t.Helper()
	records, err := s.log.ReadBatch(wire.Position(after), 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, r := range records {
		if r.Kind != wire.KindSignInFailed {
			continue
		}
		var d wire.SignInFailed
		if err := json.Unmarshal(r.Data, &d); err != nil {
			s.t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%s %s %s %d by %s from %s", d.Account, d.Method, d.Why, d.Count, r.Actor.ID, r.Actor.From))
	}
	return all
}

// The log hears of every way in that failed, and from where: an unknown passkey, one that is used wrongly, a copied one,
// the single sign-on, and a password that somebody guesses in another's session.
func TestEveryFailedSignInIsKnown(t *testing.T) {
	s, issuer := ssoStage(t)
	mine := s.enters("liaison", "127.0.0.1")
	key := s.keyed("liaison", mine)
	from := func(place string) func(*http.Request) {
		return func(r *http.Request) { signedOut(r); r.RemoteAddr = place + ":1" }
	}
	sign := func(place string, with *signintest.Authenticator) {
		t.Helper()
		b := s.begun("session/passkey/begin", "", from(place))
		s.ask("POST", "/api/v1/session/passkey", ends(b, "", with.Sign(b.Options)), from(place))
	}
	heard := func(name, want string, do func()) {
		t.Helper()
		before := s.log.Head()
		do()
		if got := s.failures(uint64(before)); len(got) != 1 || got[0] != want {
			t.Errorf("%s: the log has %q, want %q", name, got, want)
		}
	}
	thief := key.Copy()
	sign("127.0.0.1", key)
	sign("127.0.0.1", key)
	unseen := key.Copy()
	unseen.Unverified = true
	heard("a key that nobody unlocks", "liaison passkey passkey_refused 1 by public from 192.0.2.1", func() { sign("192.0.2.1", unseen) })
	stranger := signintest.New(t, "http://localhost:8080", "localhost")
	stranger.Make(s.begun("passkeys/begin", `{"password":"a long password"}`, mine).Options)
	heard("a key that nobody has", " passkey passkey_refused 1 by public from 192.0.2.2", func() { sign("192.0.2.2", stranger) })
	heard("an answer to nothing", " passkey passkey_over 1 by public from 192.0.2.3", func() {
		s.ask("POST", "/api/v1/session/passkey", ends(signin.Begun{Ceremony: "none"}, "", json.RawMessage(`{}`)), from("192.0.2.3"))
	})
	heard("a copy", "liaison passkey passkey_cloned 1 by public from 192.0.2.4", func() { sign("192.0.2.4", thief) })
	wrong := `{"password":"a wrong password"}`
	heard("a password that is guessed to add a way in", "liaison password password_wrong 1 by liaison from 127.0.0.1", func() { s.ask("POST", "/api/v1/passkeys/begin", wrong, mine) })
	s.now = s.now.Add(2 * noteEvery)
	heard("a password that is guessed to change it", "liaison password password_wrong 1 by liaison from 127.0.0.1", func() {
		s.ask("POST", "/api/v1/password", `{"old":"a wrong password","new":"another long password"}`, mine)
	})

	b := s.browser()
	heard("whom nobody has linked", " oidc single_sign_on_unlinked 1 by public from 127.0.0.1", func() { b.back(issuer.Approve(b.sent("session/single-sign-on", ""))) })
	heard("a flow that nobody began", " oidc single_sign_on_over 1 by public from 192.0.2.6", func() { s.ask("GET", "/oidc/callback?state=x&code=x", "", from("192.0.2.6")) })
	s.now = s.now.Add(2 * noteEvery)
	issuer.Claims = map[string]any{"nonce": "another"}
	heard("a forged token", " oidc single_sign_on_refused 1 by public from 127.0.0.1", func() { b.back(issuer.Approve(b.sent("session/single-sign-on", ""))) })
}

// Two authenticators with one key: the count of one falls behind, which is refused, told to the log, and ends the passkey.
func TestACopiedPasskeyIsRefused(t *testing.T) {
	s := strictStage(t)
	mine := s.enters("liaison", "127.0.0.1")
	key := s.keyed("liaison", mine)
	thief := key.Copy()
	for range 3 {
		if w := s.signs(key); w.Code != http.StatusOK {
			t.Fatal(w.Body)
		}
	}
	before := s.log.Head()
	if p := problemOf(t, s.signs(thief)); p.Code != "passkey_cloned" {
		t.Errorf("the copy is answered %s", p.Code)
	}
	if got := s.kinds(before, wire.KindPasskeyCloned, wire.KindSessionOpened); fmt.Sprint(got) != "[passkey.cloned]" {
		t.Errorf("the log has %v", got)
	}
	if p := problemOf(t, s.signs(key)); p.Code != "passkey_cloned" {
		t.Errorf("the other of the two is answered %s", p.Code)
	}
	if x := s.waysOf(mine, "ways").Passkeys[0]; !x.Cloned {
		t.Errorf("the holder sees %+v", x)
	}
	// One that does not count, as those that are on many devices, works on.
	still := signintest.New(t, "http://localhost:8080", "localhost")
	still.Still = true
	b := s.begun("passkeys/begin", `{"password":"a long password"}`, mine)
	if w := s.ask("POST", "/api/v1/passkeys", ends(b, "电脑", still.Make(b.Options)), mine); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	for range 2 {
		if w := s.signs(still); w.Code != http.StatusOK {
			t.Fatal(w.Body)
		}
	}
	for _, x := range s.waysOf(mine, "ways").Passkeys {
		if x.Name == "电脑" && x.Used == nil {
			t.Errorf("one that does not count was never used: %+v", x)
		}
	}
}

// browser keeps cookies between the hub and the issuer.
type browser struct {
	*stage
	cookies map[string]*http.Cookie
}

func (s *stage) browser() *browser { return &browser{s, map[string]*http.Cookie{}} }

func (b *browser) do(method, path, body string) *httptest.ResponseRecorder {
	w := b.ask(method, path, body, func(r *http.Request) {
		signedOut(r)
		for _, c := range b.cookies {
			r.AddCookie(c)
		}
	})
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c
		}
	}
	return w
}

// sent begins a flow and gives where the browser is sent.
func (b *browser) sent(path, body string) string {
	b.t.Helper()
	var to GoTo
	w := b.do("POST", "/api/v1/"+path, body)
	if err := json.Unmarshal(w.Body.Bytes(), &to); err != nil || w.Code != http.StatusOK {
		b.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return to.URL
}

// back comes back from the issuer and gives the page that it ends on.
func (b *browser) back(to string) string {
	b.t.Helper()
	path, ok := strings.CutPrefix(to, "http://localhost:8080")
	if !ok {
		b.t.Fatalf("the issuer sends the browser to %s", to)
	}
	w := b.do("GET", path, "")
	if w.Code != http.StatusSeeOther {
		b.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Header().Get("Location")
}

func ssoStage(t *testing.T) (*stage, *signintest.Issuer) {
	t.Helper()
	s := newStage(t)
	issuer := signintest.NewIssuer(t, func() time.Time { return s.now })
	s.sso = signin.NewOIDC(signin.Provider{Issuer: issuer.URL, ClientID: issuer.ClientID, ClientSecret: issuer.ClientSecret, Name: "统一身份认证", NameEN: "Single sign-on", Claim: "sub"})
	s.restarted()
	s.people()
	return s, issuer
}

func (b *browser) enters(account string) {
	b.t.Helper()
	if w := b.do("POST", "/api/v1/session", fmt.Sprintf(`{"account":%q,"password":"a long password"}`, account)); w.Code != http.StatusOK {
		b.t.Fatal(w.Body)
	}
}

func TestSigningInByTheSingleSignOn(t *testing.T) {
	s, issuer := ssoStage(t)
	b := s.browser()
	before := s.log.Head()
	if to := b.back(issuer.Approve(b.sent("session/single-sign-on", ""))); to != "/login?sso=unlinked" || b.sessionAccount() != "" {
		t.Fatalf("whom nobody has linked ends on %s", to)
	}
	if got := s.kinds(before, wire.KindSessionOpened, wire.KindAccountSet, wire.KindAccountLinked); len(got) != 0 {
		t.Errorf("whom nobody has linked makes %v", got)
	}
	b.enters("liaison")
	if p := problemOf(t, b.do("POST", "/api/v1/link", `{"password":"a wrong password"}`)); p.Code != "fields_invalid" {
		t.Errorf("linking without the password: %s", p.Code)
	}
	if to := b.back(issuer.Approve(b.sent("link", `{"password":"a long password"}`))); to != "/account?sso=linked" {
		t.Fatalf("linking ends on %s", to)
	}
	other := s.browser()
	if to := other.back(issuer.Approve(other.sent("session/single-sign-on", ""))); to != "/login?sso=in" || other.sessionAccount() != "liaison" {
		t.Fatalf("signing in ends on %s as %q", to, other.sessionAccount())
	}
	// One subject is one account's; an administrator links and unlinks for others.
	again := s.browser()
	again.enters("staff")
	if to := again.back(issuer.Approve(again.sent("link", `{"password":"a long password"}`))); to != "/login?sso=subject_linked" {
		t.Errorf("linking a subject a second time ends on %s", to)
	}
	if p := problemOf(t, s.ask("PUT", "/api/v1/accounts/liaison/link", `{"subject":"subject-2"}`)); p.Code != "account_linked" {
		t.Errorf("linking an account a second time: %s", p.Code)
	}
	if w := s.ask("DELETE", "/api/v1/accounts/liaison/link", ""); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	if w := s.ask("PUT", "/api/v1/accounts/supervisor/link", `{"subject":"subject-1"}`); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	if to := other.back(issuer.Approve(other.sent("session/single-sign-on", ""))); to != "/login?sso=in" || other.sessionAccount() != "supervisor" {
		t.Errorf("after an administrator's link it ends on %s as %q", to, other.sessionAccount())
	}
	if text := s.said.String(); strings.Contains(text, "subject-1") {
		t.Error("the hub's log tells the subject")
	}
}

func (b *browser) sessionAccount() string {
	b.t.Helper()
	var i SessionInfo
	if err := json.Unmarshal(b.do("GET", "/api/v1/session", "").Body.Bytes(), &i); err != nil {
		b.t.Fatal(err)
	}
	return i.Account
}

func TestWhatTheSingleSignOnRefuses(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*testing.T, *stage, *signintest.Issuer)
		want   string
	}{
		"a token with another nonce": {func(_ *testing.T, _ *stage, i *signintest.Issuer) { i.Claims = map[string]any{"nonce": "another"} }, "refused"},
		"a token without a nonce":    {func(_ *testing.T, _ *stage, i *signintest.Issuer) { i.Claims = map[string]any{"nonce": ""} }, "refused"},
		"a token for another client": {func(_ *testing.T, _ *stage, i *signintest.Issuer) { i.Claims = map[string]any{"aud": "another"} }, "refused"},
		"a token of another issuer": {func(_ *testing.T, _ *stage, i *signintest.Issuer) {
			i.Claims = map[string]any{"iss": "https://evil.example"}
		}, "refused"},
		"a token that has expired": {func(_ *testing.T, s *stage, i *signintest.Issuer) {
			i.Claims = map[string]any{"exp": s.now.Add(-time.Second).Unix()}
		}, "refused"},
		"a token signed with another key":   {func(t *testing.T, s *stage, i *signintest.Issuer) { i.Key = signintest.NewIssuer(t, i.Now).Key }, "refused"},
		"a client whose secret is another":  {func(_ *testing.T, _ *stage, i *signintest.Issuer) { i.ClientSecret = "changed" }, "refused"},
		"an issuer that goes away meantime": {func(_ *testing.T, _ *stage, i *signintest.Issuer) { i.Stop() }, "down"},
		"a person who took too long":        {func(_ *testing.T, s *stage, _ *signintest.Issuer) { s.now = s.now.Add(11 * time.Minute) }, "over"},
	} {
		t.Run(name, func(t *testing.T) {
			s, issuer := ssoStage(t)
			if w := s.ask("PUT", "/api/v1/accounts/liaison/link", `{"subject":"subject-1"}`); w.Code != http.StatusOK {
				t.Fatal(w.Body)
			}
			b := s.browser()
			to := issuer.Approve(b.sent("session/single-sign-on", ""))
			row.change(t, s, issuer)
			if end := b.back(to); end != "/login?sso="+row.want || b.sessionAccount() != "" {
				t.Errorf("it ends on %s as %q", end, b.sessionAccount())
			}
		})
	}
}

func TestAFlowOfTheSingleSignOnEndsOnce(t *testing.T) {
	s, issuer := ssoStage(t)
	if w := s.ask("PUT", "/api/v1/accounts/liaison/link", `{"subject":"subject-1"}`); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	b := s.browser()
	to := issuer.Approve(b.sent("session/single-sign-on", ""))
	kept := *b.cookies["hallkeeper_oidc"]
	if end := b.back(to); end != "/login?sso=in" {
		t.Fatal(end)
	}
	replay := s.browser()
	replay.cookies["hallkeeper_oidc"] = &kept
	if end := replay.back(to); end != "/login?sso=over" || replay.sessionAccount() != "" {
		t.Errorf("the same state again ends on %s", end)
	}
	// Somebody is sent the end of another's flow, to be signed in as them: their browser has not begun it.
	begun := issuer.Approve(s.browser().sent("session/single-sign-on", ""))
	if end := s.browser().back(begun); end != "/login?sso=over" {
		t.Errorf("a flow that another browser has begun ends on %s", end)
	}
	// The issuer says no.
	u := b.sent("session/single-sign-on", "")
	state := u[strings.Index(u, "state=")+6:]
	state, _, _ = strings.Cut(state, "&")
	if end := b.back("http://localhost:8080/oidc/callback?error=access_denied&state=" + state); end != "/login?sso=refused" {
		t.Errorf("a refusal of the issuer ends on %s", end)
	}
	// A session that is over links nothing.
	b.enters("liaison")
	if w := s.ask("DELETE", "/api/v1/accounts/liaison/link", ""); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	to = issuer.Approve(b.sent("link", `{"password":"a long password"}`))
	if w := b.do("DELETE", "/api/v1/session", ""); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	before := s.log.Head()
	if end := b.back(to); end != "/login?sso=over" || len(s.kinds(before, wire.KindAccountLinked)) != 0 {
		t.Errorf("a link whose session is over ends on %s", end)
	}
}

// An issuer that is down when the hub starts keeps nobody from signing in with a password, and the page says it is down.
func TestAnIssuerThatIsDownStopsNobody(t *testing.T) {
	s, issuer := ssoStage(t)
	issuer.Stop()
	b := s.browser()
	if p := problemOf(t, b.do("POST", "/api/v1/session/single-sign-on", "")); p.Code != "single_sign_on_down" || p.Status != http.StatusServiceUnavailable {
		t.Errorf("it is answered %+v", p)
	}
	var ways SignInWays
	if err := json.Unmarshal(b.do("GET", "/api/v1/sign-in", "").Body.Bytes(), &ways); err != nil || ways.SingleSignOn == nil || !ways.SingleSignOn.Down || ways.SingleSignOn.Name != "统一身份认证" {
		t.Errorf("the ways to sign in are %+v", ways.SingleSignOn)
	}
	b.enters("liaison")
	if !strings.Contains(s.said.String(), "the single sign-on cannot be reached") {
		t.Error("the hub's log does not say so")
	}
}

// The first passwords that an administrator gives are hashed within the bound of those that sign in.
func TestFirstPasswordsAreHashedAFewAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &API{hashing: signin.NewHashing()}
		r := httptest.NewRequest(http.MethodPut, "/api/v1/accounts/zheng", nil)
		r.SetPathValue("id", "zheng")
		a.uses.note("address/"+address(r), "", time.Now()) // somebody has signed in from there
		ask := func(body string) error { _, err := a.setAccount(r, []byte(body)); return err }
		const with, without = `{"name":"演示","role":"auditor","password":"a good password"}`, `{"name":"演示","role":"auditor"}`

		release := make(chan struct{})
		for range runtime.NumCPU() {
			go func() { _ = a.hashing.Do(context.Background(), true, func() { <-release }) }()
		}
		synctest.Wait()
		if err := ask(with); asFailure(err).name != "too_many_tries" {
			t.Errorf("a password more than can be hashed: %v", err)
		}
		if err := ask(without); err != nil {
			t.Errorf("an account without a new password: %v", err)
		}
		close(release)
		synctest.Wait()
		if err := ask(with); err != nil {
			t.Errorf("a password when there is a place: %v", err)
		}
	})
}
