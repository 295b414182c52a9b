package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// strictStage has sessions that are bound to their address and end when idle.
func strictStage(t *testing.T) *stage {
	t.Helper()
	s := newStage(t)
	s.rules = SessionRules{Idle: 30 * time.Minute, Max: 12 * time.Hour, Bound: true}
	s.restarted()
	s.people()
	return s
}

// enters signs somebody in from an address and gives what makes a request theirs, from there.
func (s *stage) enters(account, from string) func(*http.Request) {
	s.t.Helper()
	w := s.ask("POST", "/api/v1/session", fmt.Sprintf(`{"account":%q,"password":"a long password"}`, account), signedOut, at(from),
		header("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"))
	if w.Code != http.StatusOK {
		s.t.Fatalf("%s does not get in: %s", account, w.Body)
	}
	cookie := w.Result().Cookies()[0]
	return func(r *http.Request) { signedOut(r); at(from)(r); r.AddCookie(cookie) }
}

func at(from string) func(*http.Request) {
	return func(r *http.Request) { r.RemoteAddr = from + ":5555" }
}

func (s *stage) sessionOf(as func(*http.Request)) (i SessionInfo) {
	s.t.Helper()
	if err := json.Unmarshal(s.ask("GET", "/api/v1/session", "", as).Body.Bytes(), &i); err != nil {
		s.t.Fatal(err)
	}
	return i
}

func (s *stage) sessionsOf(as func(*http.Request), path string) (list SessionList) {
	s.t.Helper()
	w := s.ask("GET", "/api/v1/"+path, "", as)
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || w.Code != http.StatusOK {
		s.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return list
}

// kinds are the kinds of all events after a position, of those that are asked for.
func (s *stage) kinds(after wire.Position, of ...wire.Kind) (found []wire.Kind) {
	s.t.Helper()
	records, err := s.log.ReadBatch(after, 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, r := range records {
		for _, k := range of {
			if r.Kind == k {
				found = append(found, k)
			}
		}
	}
	return found
}

// A cookie that is used from another address than it was given to is nobody's, and the session is over everywhere; the
// holder is told at the next sign-in.
func TestAStolenCookieEndsItsSession(t *testing.T) {
	s := strictStage(t)
	mine := s.enters("supervisor", "10.0.3.7")
	if i := s.sessionOf(mine); i.Account != "supervisor" || i.Warning != nil {
		t.Fatalf("signed in as %+v", i)
	}
	before := s.log.Head()
	stolen := func(r *http.Request) { mine(r); at("10.0.9.9")(r) }
	if p := problemOf(t, s.ask("GET", "/api/v1/staff", "", stolen)); p.Code != "not_signed_in" {
		t.Errorf("the thief is answered %s", p.Code)
	}
	if p := problemOf(t, s.ask("GET", "/api/v1/staff", "", mine)); p.Code != "not_signed_in" {
		t.Errorf("the session goes on after its cookie was stolen: %s", p.Code)
	}
	if got := s.kinds(before, wire.KindSessionMisused); len(got) != 1 {
		t.Errorf("the log has %v", got)
	}
	if !strings.Contains(s.said.String(), "10.0.9.9") {
		t.Errorf("the hub's log does not warn: %s", s.said.String())
	}
	again := s.enters("supervisor", "10.0.3.7")
	if i := s.sessionOf(again); i.Warning == nil || i.Warning.Address != "10.0.9.9" {
		t.Errorf("the holder is told %+v", i.Warning)
	}
	if i := s.sessionOf(s.enters("supervisor", "10.0.3.7")); i.Warning != nil {
		t.Errorf("the holder is told a second time: %+v", i.Warning)
	}
}

// A computer of IPv6 changes its own part of its address; a hall behind a proxy that changes addresses turns the binding off.
func TestWhereASessionIsBound(t *testing.T) {
	s := strictStage(t)
	six := s.enters("supervisor", "[2001:db8:1:2::7]")
	if i := s.sessionOf(func(r *http.Request) { six(r); at("[2001:db8:1:2:aaaa::9]")(r) }); i.Account != "supervisor" {
		t.Error("another address of the same IPv6 network ends the session")
	}
	if i := s.sessionOf(func(r *http.Request) { six(r); at("[2001:db8:1:3::7]")(r) }); i.Account != "" {
		t.Error("a session works from another IPv6 network")
	}
	here := s.enters("supervisor", "127.0.0.1")
	if i := s.sessionOf(func(r *http.Request) { here(r); at("[::1]")(r) }); i.Account != "supervisor" {
		t.Error("this machine's two names end a session")
	}
	s.rules.Bound = false
	s.restarted()
	moving := s.enters("supervisor", "10.0.3.7")
	if i := s.sessionOf(func(r *http.Request) { moving(r); at("10.0.9.9")(r) }); i.Account != "supervisor" {
		t.Error("a session that is not bound ends")
	}
}

func TestASessionThatIsNotUsedEnds(t *testing.T) {
	s := strictStage(t)
	mine, screen := s.enters("supervisor", "10.0.3.7"), s.enters("screen", "10.0.3.8")
	for range 3 { // used, it goes on
		s.now = s.now.Add(20 * time.Minute)
		if i := s.sessionOf(mine); i.Account != "supervisor" {
			t.Fatal("a session that is used ends")
		}
	}
	s.now = s.now.Add(20 * time.Minute) // a page that asks by itself does not use it
	if i := s.sessionOf(func(r *http.Request) { mine(r); r.Header.Set("Unattended", "1") }); i.Account != "supervisor" {
		t.Fatal("it ended too early")
	}
	s.now = s.now.Add(10 * time.Minute)
	before := s.log.Head()
	if p := problemOf(t, s.ask("GET", "/api/v1/staff", "", mine)); p.Code != "not_signed_in" {
		t.Errorf("after half an hour without use: %s", p.Code)
	}
	if got := s.kinds(before, wire.KindSessionClosed); len(got) != 1 {
		t.Errorf("the log has %v", got)
	}
	s.now = s.now.Add(9 * time.Hour)
	if i := s.sessionOf(screen); i.Account != "screen" {
		t.Error("a screen's session ended while nobody touched it")
	}
}

// After a restart the hub does not know when a session was last used: its start counts.
func TestAfterARestartIdleCountsFromTheStart(t *testing.T) {
	s := strictStage(t)
	mine := s.enters("supervisor", "10.0.3.7")
	s.now = s.now.Add(25 * time.Minute)
	s.restarted()
	s.now = s.now.Add(25 * time.Minute)
	if i := s.sessionOf(mine); i.Account != "supervisor" {
		t.Error("the session ended 25 minutes after the start")
	}
	s.now = s.now.Add(30 * time.Minute)
	if i := s.sessionOf(mine); i.Account != "" {
		t.Error("the session goes on half an hour after its last use")
	}
}

// However often it is used, a session ends after its longest time.
func TestASessionEndsAfterItsLongestTime(t *testing.T) {
	s := strictStage(t)
	s.rules.Max = 2 * time.Hour
	s.restarted()
	mine := s.enters("supervisor", "10.0.3.7")
	for range 5 {
		s.now = s.now.Add(20 * time.Minute)
		if i := s.sessionOf(mine); i.Account != "supervisor" {
			t.Fatal("it ended too early")
		}
	}
	s.now = s.now.Add(20 * time.Minute)
	if i := s.sessionOf(mine); i.Account != "" {
		t.Error("a session goes on after two hours")
	}
}

func TestSessionsAreListedAndEndedByTheirHolder(t *testing.T) {
	s := strictStage(t)
	s.now = s.now.Add(time.Minute)
	desk, phone := s.enters("liaison", "10.0.3.7"), s.enters("liaison", "10.0.3.8")
	s.now = s.now.Add(5 * time.Minute)
	s.sessionOf(phone)
	list := s.sessionsOf(desk, "sessions").Sessions
	if len(list) != 3 { // and the one that the stage has opened
		t.Fatalf("listed are %+v", list)
	}
	var other SessionRow
	for _, x := range list {
		switch x.Address {
		case "10.0.3.7":
			if !x.Current || x.Agent != "Chromium, Linux" || x.Method != wire.MethodPassword || !x.Opened.Equal(s.now.Add(-5*time.Minute)) {
				t.Errorf("one's own is listed as %+v", x)
			}
		case "10.0.3.8":
			other = x
			if x.Current || !x.Used.Equal(s.now) {
				t.Errorf("the phone's is listed as %+v", x)
			}
		}
	}
	// Nobody else's can be ended by its number.
	if p := problemOf(t, s.ask("DELETE", "/api/v1/sessions/"+other.ID, "", s.enters("staff", "10.0.3.9"))); p.Code != "session_unknown" {
		t.Errorf("somebody else's session is answered %s", p.Code)
	}
	if w := s.ask("DELETE", "/api/v1/sessions/"+other.ID, "", desk); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	if i := s.sessionOf(phone); i.Account != "" {
		t.Error("a session that was ended goes on")
	}
	third := s.enters("liaison", "10.0.3.8")
	if w := s.ask("DELETE", "/api/v1/sessions", "", desk); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	if s.sessionOf(third).Account != "" || s.sessionOf(desk).Account != "liaison" || len(s.sessionsOf(desk, "sessions").Sessions) != 1 {
		t.Error("ending all others leaves another, or ends one's own")
	}
	// An administrator ends those of others.
	admin := s.enters("administrator", "10.0.3.1")
	mine := s.sessionsOf(admin, "accounts/liaison/sessions").Sessions
	if len(mine) != 1 {
		t.Fatalf("an administrator sees %+v", mine)
	}
	if w := s.ask("DELETE", "/api/v1/accounts/liaison/sessions/"+mine[0].ID, "", admin); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	if s.sessionOf(desk).Account != "" {
		t.Error("a session that an administrator ended goes on")
	}
}

// Over TLS the cookie is one that only this host can have set, and the plain one is not taken.
func TestTheSessionCookieOverTLS(t *testing.T) {
	s := strictStage(t)
	over := func(r *http.Request) { r.URL.Scheme = "https"; r.TLS = tlsState() }
	w := s.ask("POST", "/api/v1/session", `{"account":"staff","password":"a long password"}`, signedOut, over)
	c := w.Result().Cookies()[0]
	if c.Name != "__Host-hallkeeper_session" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("the cookie is %+v", c)
	}
	if i := s.sessionOf(func(r *http.Request) { signedOut(r); over(r); r.AddCookie(c) }); i.Account != "staff" {
		t.Errorf("signed in as %+v", i)
	}
	plain := &http.Cookie{Name: "hallkeeper_session", Value: c.Value}
	if i := s.sessionOf(func(r *http.Request) { signedOut(r); over(r); r.AddCookie(plain) }); i.Account != "" {
		t.Error("a plain cookie is taken over TLS")
	}
}

// A token works from its addresses only; from elsewhere it is refused, and the log says so once a day and address.
func TestAStolenTokenIsRefusedElsewhere(t *testing.T) {
	s := newStage(t)
	s.people()
	var made NewToken
	w := s.ask("POST", "/api/v1/tokens", `{"name":"月报","role":"auditor","addresses":["10.0.3.0/24","192.0.2.7"]}`)
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil {
		t.Fatal(w.Body)
	}
	with := func(from string) *httptest.ResponseRecorder {
		return s.ask("GET", "/api/v1/events", "", header("Authorization", "Bearer "+made.Token), at(from))
	}
	before := s.log.Head()
	for _, from := range []string{"10.0.3.9", "192.0.2.7", "10.0.3.9"} {
		if w := with(from); w.Code != http.StatusOK {
			t.Errorf("from %s: %s", from, w.Body)
		}
	}
	for _, from := range []string{"10.0.9.9", "192.0.2.8", "10.0.9.9"} {
		if p := problemOf(t, with(from)); p.Code != "token_elsewhere" {
			t.Errorf("from %s: %s", from, p.Code)
		}
	}
	if got := s.kinds(before, wire.KindTokenUsed, wire.KindTokenRefused); fmt.Sprint(got) != "[token.used token.refused token.refused]" {
		t.Errorf("the log has %v", got)
	}
	var list TokenList
	if err := json.Unmarshal(s.ask("GET", "/api/v1/tokens", "").Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	x := list.Tokens[0]
	if x.UsedOn != "2026-11-23" || x.UsedFrom != "10.0.3.9" || x.Used == nil || !x.Used.Equal(s.now) || len(x.RefusedFrom) != 2 || x.Expires != "2027-11-23" {
		t.Errorf("the list shows %+v", x)
	}
	s.now = s.now.AddDate(0, 0, 1)
	before = s.log.Head()
	with("10.0.3.9")
	with("10.0.9.9")
	if got := s.kinds(before, wire.KindTokenUsed, wire.KindTokenRefused); len(got) != 2 {
		t.Errorf("on the next day the log has %v", got)
	}
	for body, name := range map[string]string{`{"name":"n","role":"auditor","addresses":["hall"]}`: "addresses", `{"name":"n","role":"auditor","expires":"2029-01-01"}`: "expires"} {
		if p := problemOf(t, s.ask("POST", "/api/v1/tokens", body)); p.Code != "fields_invalid" || p.Fields[0].Field != name {
			t.Errorf("%s is answered %+v", body, p)
		}
	}
}

// Somebody who tries a stolen token from everywhere does not fill the log.
func TestRefusedTokensDoNotFillTheLog(t *testing.T) {
	s := newStage(t)
	s.people()
	var made NewToken
	if err := json.Unmarshal(s.ask("POST", "/api/v1/tokens", `{"name":"n","role":"auditor","addresses":["10.0.3.7"]}`).Body.Bytes(), &made); err != nil {
		t.Fatal(err)
	}
	before := s.log.Head()
	for n := range 200 {
		s.ask("GET", "/api/v1/events", "", header("Authorization", "Bearer "+made.Token), at(fmt.Sprintf("10.1.0.%d", n)))
	}
	if got := s.kinds(before, wire.KindTokenRefused); len(got) != 20 {
		t.Errorf("the log has %d refusals", len(got))
	}
}

// What opens an account ends with it, so that the name can be given to somebody else.
func TestAnEndedAccountLeavesNoWayIn(t *testing.T) {
	s := newStage(t)
	s.people()
	actor := wire.Actor{Kind: wire.ActorPerson, ID: "test"}
	for _, cmd := range []any{
		access.AddPasskey{PasskeyAdded: wire.PasskeyAdded{Passkey: access.Digest("key"), Account: "spare", RP: "localhost"}, Name: "手机", Credential: "{}"},
		access.LinkAccount{Account: "spare", Issuer: "https://sso.example.cn", Subject: "o1:x"},
		access.DisableAccount{Account: "spare"},
	} {
		if _, _, err := s.Do(t.Context(), actor, "", cmd); err != nil {
			t.Fatal(err)
		}
	}
	s.Read(func(v *register.View, _ *roster.State) {
		if n, m := v.State.Access.Passkeys.Len(), v.State.Access.Links.Len(); n+m != 0 {
			t.Errorf("%d passkeys and %d links are left", n, m)
		}
	})
}

// Every route that does more than read refuses a request that another site's page has made, whoever is signed in.
func TestEveryChangeRefusesOtherSites(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	before, asked := s.log.Head(), len(s.commands())
	n := 0
	for _, r := range (&API{Deps: Deps{ChangesPerSecond: 1}}).table() {
		if r.method == "GET" {
			if r.changes {
				t.Errorf("%s %s changes something by reading", r.method, r.path)
			}
			continue
		}
		n++
		path := placeholders.ReplaceAllString(r.path, "nobody")
		for name, edit := range map[string]func(*http.Request){
			"a foreign origin":     header("Origin", "https://evil.example"),
			"a cross-site fetch":   header("Sec-Fetch-Site", "cross-site"),
			"a neighbouring site":  header("Sec-Fetch-Site", "same-site"),
			"an origin of nothing": header("Origin", "null"),
		} {
			w := s.ask(r.method, path, "", func(q *http.Request) { s.signedIn(q, "administrator"); edit(q) })
			if p := problemOf(t, w); w.Code != http.StatusForbidden || p.Code != "cross_origin" {
				t.Errorf("%s %s with %s: %d %s", r.method, r.path, name, w.Code, p.Code)
			}
		}
	}
	if s.log.Head() != before || len(s.commands()) != asked || n < 100 {
		t.Errorf("%d routes were asked and %d commands carried out", n, len(s.commands())-asked)
	}
}
