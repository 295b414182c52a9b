package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"hallkeeper/hub/api"
	"hallkeeper/wire"
)

// said is a log that a test reads while the hub writes it.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// logger takes every line, those for whoever looks for a fault too.
func (s *said) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(s, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// stranger asks as somebody who has not signed in, and gives the status, the problem's code and the session's cookie.
func (h *hub) stranger(method, path, body string) (status int, code string, cookie *http.Cookie) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.addr.HTTP+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	var p wire.Problem
	if res.StatusCode >= 300 {
		_ = json.Unmarshal(text, &p)
	}
	for _, c := range res.Cookies() {
		if c.Value != "" {
			cookie = c
		}
	}
	return res.StatusCode, p.Code, cookie
}

// codeOfLink is the code in the first administrator's link, once the log has it.
func (h *hub) codeOfLink(log *said) string {
	h.t.Helper()
	_, code, ok := strings.Cut(h.SetupLink(), "/setup?code=")
	if !ok || len(code) < 32 {
		h.t.Fatalf("the link of the first start is %q", h.SetupLink())
	}
	waitFor(h.t, "the link in the log", func() bool { return strings.Contains(log.String(), code) })
	return code
}

// waitFor waits until something is so.
func waitFor(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in vain waited for %s", what)
		}
	}
}

func setupBody(code string) string {
	return `{"code":"` + code + `","account":"zheng","name":"演示","password":"a good password"}`
}

const signingIn = `{"account":"zheng","password":"a good password"}`

// A fresh hub lets nobody in but whoever reads its log, by a link that each start makes anew and that works once.
func TestTheLinkOfTheFirstStart(t *testing.T) {
	cfg := config(t.TempDir())
	first := &said{}
	h := startWith(t, cfg, first.logger())
	old := h.codeOfLink(first)
	h.stranger("GET", "/setup?code="+old, "") // opening the link must not log it; the page itself may not be built in
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(first.String(), old); n != 1 {
		t.Errorf("the code stands %d times in the log of its start", n)
	}

	second := &said{}
	h = startWith(t, cfg, second.logger())
	code := h.codeOfLink(second)
	if code == old {
		t.Error("a start has the code of the one before")
	}
	if status, why, _ := h.stranger("POST", "/api/v1/setup", setupBody(old)); status != http.StatusForbidden || why != "setup_code" {
		t.Errorf("the code of the start before is answered %d %s", status, why)
	}
	if status, why, cookie := h.stranger("POST", "/api/v1/setup", setupBody(code)); status != http.StatusOK || cookie == nil {
		t.Fatalf("the link's code is answered %d %s, cookie %v", status, why, cookie)
	}
	if status, why, cookie := h.stranger("POST", "/api/v1/setup", strings.Replace(setupBody(code), "zheng", "another", 1)); status < 400 || cookie != nil {
		t.Errorf("the link's code a second time is answered %d %s", status, why)
	}
	if h.SetupLink() != "" {
		t.Error("there is a link while there is an administrator")
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(second.String(), code); n != 1 {
		t.Errorf("the code stands %d times in the log of its start", n)
	}

	third := &said{}
	h = startWith(t, cfg, third.logger())
	if status, why, _ := h.stranger("POST", "/api/v1/session", signingIn); status != http.StatusOK {
		t.Errorf("the first administrator signs in after a start: %d %s", status, why)
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(third.String(), "/setup") {
		t.Error("a hub with an administrator logs a link")
	}
}

// There is no account that nobody has made, and so no password that is every hub's.
func TestAFreshHubHasNoAccount(t *testing.T) {
	h := start(t, config(t.TempDir()))
	var accounts api.AccountList
	if status := h.get("/api/v1/accounts", &accounts); status != http.StatusOK || len(accounts.Accounts) != 0 {
		t.Errorf("%d, %+v", status, accounts)
	}
	var tokens api.TokenList
	if status := h.get("/api/v1/tokens", &tokens); status != http.StatusOK || len(tokens.Tokens) != 0 {
		t.Errorf("%d, %+v", status, tokens)
	}
	for r := range h.all() {
		if strings.HasPrefix(string(r.Kind), "account.") || strings.HasPrefix(string(r.Kind), "token.") {
			t.Errorf("a fresh hub has %s", r.Kind)
		}
	}
	for _, body := range []string{`{"account":"admin","password":"admin"}`, `{"account":"administrator","password":""}`, `{"account":"operator","password":"hallkeeper"}`} {
		if status, why, cookie := h.stranger("POST", "/api/v1/session", body); status != http.StatusUnauthorized || cookie != nil {
			t.Errorf("%s is answered %d %s", body, status, why)
		}
	}
}

// A single sign-on that is down keeps no hub from starting and nobody with a password out; the log and the page say so.
func TestAHubStartsWhileItsSingleSignOnIsDown(t *testing.T) {
	nobody, err := net.Listen("tcp", "127.0.0.1:0") // an address where nobody listens
	if err != nil {
		t.Fatal(err)
	}
	issuer := "http://" + nobody.Addr().String()
	if err := nobody.Close(); err != nil {
		t.Fatal(err)
	}
	cfg := config(t.TempDir())
	cfg.OIDC.Issuer, cfg.OIDC.ClientID = issuer, "hallkeeper"
	log := &said{}
	h := startWith(t, cfg, log.logger())
	waitFor(t, "the log to say that the single sign-on is down", func() bool {
		return strings.Contains(log.String(), "the single sign-on cannot be reached") && strings.Contains(log.String(), issuer)
	})
	waitFor(t, "the page to say so", func() bool {
		var ways api.SignInWays
		return h.get("/api/v1/sign-in", &ways) == http.StatusOK && ways.SingleSignOn != nil && ways.SingleSignOn.Down
	})
	if status, why, _ := h.stranger("POST", "/api/v1/session/single-sign-on", ""); status != http.StatusServiceUnavailable || why != "single_sign_on_down" {
		t.Errorf("the single sign-on is answered %d %s", status, why)
	}
	if status, why, _ := h.stranger("POST", "/api/v1/setup", setupBody(h.codeOfLink(log))); status != http.StatusOK {
		t.Fatalf("the first administrator: %d %s", status, why)
	}
	if status, why, cookie := h.stranger("POST", "/api/v1/session", signingIn); status != http.StatusOK || cookie == nil {
		t.Errorf("signing in with a password is answered %d %s", status, why)
	}
}
