package regulation_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hallkeeper/hub/app"
	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// patience bounds every wait; nothing is judged by how long it takes.
const patience = 60 * time.Second

const secret = "a-secret-of-the-operator-of-32-characters"

// monday is a working day of the trial's time, before which nothing has happened.
const monday = "2021-11-01"

// clock is a hub's clock that a test puts forward; it goes on from there.
type clock struct {
	mu         sync.Mutex
	set, since time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.set.Add(time.Since(c.since))
}

func (c *clock) put(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set, c.since = t, time.Now()
}

// house is a hall with a hub that runs.
type house struct {
	t       *testing.T
	cfg     app.Config
	zone    *time.Location
	clock   *clock
	addr    app.Addresses
	stop    func()
	tokens  map[string]string // of programs, by role
	session map[string]string // of people, by account
	devices map[string]*brokertest.Device
	seq     map[string]int
	people  map[string]bool
	changed map[string]bool // accounts that have chosen their password
	began   hall.Date
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	defer func() { _ = recover() }() // a line after the test's end
	w.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// build starts a hub on an empty data folder at 08:00 of a day.
func build(t *testing.T, day string, change ...func(*app.Config)) *house {
	t.Helper()
	cfg := app.Defaults()
	cfg.Data, cfg.HTTP, cfg.MQTT, cfg.Hall.ID, cfg.OperatorSecret = t.TempDir(), "127.0.0.1:0", "127.0.0.1:0", "t", secret
	for _, f := range change {
		f(&cfg)
	}
	zone, err := time.LoadLocation(cfg.Hall.TimeZone)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, zone: zone, clock: &clock{}, tokens: map[string]string{}, session: map[string]string{}, devices: map[string]*brokertest.Device{}, seq: map[string]int{}, people: map[string]bool{}, changed: map[string]bool{}, began: hall.Date(day)}
	cfg.Now = h.clock.now
	h.cfg = cfg
	h.at(day, "08:00")
	h.start()
	return h
}

func (h *house) start() {
	h.t.Helper()
	a, err := app.New(h.cfg, slog.New(slog.NewTextHandler(testWriter{h.t}, nil)))
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	h.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			h.t.Errorf("the hub ends: %v", err)
		}
	})
	h.t.Cleanup(h.stop)
	wait, done := context.WithTimeout(context.Background(), patience)
	defer done()
	if h.addr, err = a.Ready(wait); err != nil {
		h.t.Fatal(errors.Join(err))
	}
}

// at puts the hub's clock to a time of a day.
func (h *house) at(day, hour string) {
	h.t.Helper()
	t, err := time.ParseInLocation("2006-01-02 15:04", day+" "+hour, h.zone)
	if err != nil {
		h.t.Fatal(err)
	}
	h.clock.put(t)
}

// answer is what a request was answered with.
type answer struct {
	status int
	body   []byte
	header http.Header
}

// The two people without whom no policy holds: one proposes it, the other confirms it.
const proposer, confirmer = "tiyi", "queren"

// takesTwo tells what no program may do, and no person alone.
func takesTwo(method, path string) bool {
	return method == http.MethodPost && (path == "policies" || strings.HasPrefix(path, "policies/") && strings.HasSuffix(path, "/extend"))
}

// person gives an account its role when it is first needed.
func (h *house) person(account, role string) string {
	h.t.Helper()
	if !h.people[account] {
		h.people[account] = true
		h.do("<operator>", "PUT", "accounts/"+account, `{"name":"演示负责人","role":"`+role+`","password":"`+first+`"}`)
	}
	return account
}

// as makes a request: as a role in angle brackets that a program has, or as an account; "" is nobody.
// What takes two people is asked by a person of that role.
func (h *house) as(account, method, path, body, lang string) answer {
	h.t.Helper()
	if account == admin && takesTwo(method, path) {
		account = h.person(proposer, "administrator")
	}
	for deadline := time.Now().Add(patience); ; {
		req, err := http.NewRequestWithContext(h.t.Context(), method, h.addr.HTTP+"/api/v1/"+path, strings.NewReader(body))
		if err != nil {
			h.t.Fatal(err)
		}
		if body != "" {
			req.Header.Set("Content-Type", "application/json")
		}
		req.Header.Set("Accept-Language", lang)
		h.identify(req, account)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			h.t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			h.t.Fatal(err)
		}
		switch {
		case time.Now().After(deadline):
		case res.StatusCode == http.StatusTooManyRequests: // they ask faster than people
			select {
			case <-time.After(10 * time.Millisecond):
			case <-h.t.Context().Done():
				h.t.Fatal("the test ended while the hub asked to wait")
			}
			continue
		case res.StatusCode == http.StatusUnauthorized && h.session[account] != "": // the day's session is over
			delete(h.session, account)
			continue
		}
		return answer{res.StatusCode, b, res.Header}
	}
}

func (h *house) identify(req *http.Request, account string) {
	h.t.Helper()
	role, program := strings.CutPrefix(account, "<")
	switch {
	case account == "":
	case account == "<operator>":
		req.Header.Set("Authorization", "Bearer "+secret)
	case program:
		if h.tokens[account] == "" {
			var made struct{ Token string }
			h.into(h.as("<operator>", "POST", "tokens", `{"role":"`+strings.TrimSuffix(role, ">")+`","name":"演示程序"}`, "zh-CN"), &made)
			h.tokens[account] = made.Token
		}
		req.Header.Set("Authorization", "Bearer "+h.tokens[account])
	default:
		if h.session[account] == "" {
			h.session[account] = h.signIn(account)
		}
		req.Header.Set("Cookie", h.session[account])
	}
}

// The passwords that an account is given, and chooses then.
const first, chosen = "the-first-password-of-a-demo", "the-chosen-password-of-a-demo"

// signIn opens a session, at the first time with another password.
func (h *house) signIn(account string) string {
	h.t.Helper()
	in := func(password string) answer {
		return h.as("", "POST", "session", `{"account":"`+account+`","password":"`+password+`"}`, "zh-CN")
	}
	cookie := func(a answer) string {
		whole, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";")
		return whole
	}
	if h.changed[account] { // a wrong password costs as much as the right one
		a := in(chosen)
		if a.status != http.StatusOK {
			h.t.Fatalf("%s signs in again: %d %s", account, a.status, a.body)
		}
		return cookie(a)
	}
	a := in(first)
	if a.status != http.StatusOK {
		h.t.Fatalf("%s signs in: %d %s", account, a.status, a.body)
	}
	h.session[account] = cookie(a)
	a = h.as(account, "POST", "password", `{"old":"`+first+`","new":"`+chosen+`"}`, "zh-CN")
	if a.status != http.StatusOK {
		h.t.Fatalf("%s changes the password: %d %s", account, a.status, a.body)
	}
	h.changed[account] = true
	return cookie(a)
}

func (h *house) into(a answer, v any) {
	h.t.Helper()
	if a.status/100 != 2 {
		h.t.Fatalf("answered %d %s", a.status, a.body)
	}
	if err := json.Unmarshal(a.body, v); err != nil {
		h.t.Fatalf("%v: %s", err, a.body)
	}
}

// do changes something and gives the data of the first event that it made.
func (h *house) do(account, method, path, body string) map[string]any {
	h.t.Helper()
	if body == "" {
		body = "{}"
	}
	a := h.as(account, method, path, body, "zh-CN")
	var made struct {
		Events []struct{ Data map[string]any }
	}
	if a.status/100 != 2 {
		h.t.Fatalf("%s %s by %s is answered %d %s", method, path, account, a.status, a.body)
	}
	if a.status == http.StatusAccepted {
		var waits struct{ Proposal string }
		h.into(a, &waits)
		return h.do(h.person(confirmer, "supervisor"), "POST", "proposals/"+waits.Proposal+"/confirm", "")
	}
	h.into(a, &made)
	if len(made.Events) == 0 {
		return nil
	}
	return made.Events[0].Data
}

// post is do with POST; it gives the id under a name of the first event.
func (h *house) post(account, path, body, id string) string {
	h.t.Helper()
	v, _ := h.do(account, "POST", path, body)[id].(string)
	if v == "" && id != "" {
		h.t.Fatalf("POST %s made no %s", path, id)
	}
	return v
}

// refused expects a refusal with a code and an article, in words for both languages, that
// changes nothing unless it says so. It gives the problem in Chinese.
func (h *house) refused(account, method, path, body string, status int, code, article string) wire.Problem {
	h.t.Helper()
	if body == "" && method != "GET" {
		body = "{}"
	}
	var zh, en wire.Problem
	for lang, p := range map[string]*wire.Problem{"zh-CN": &zh, "en": &en} {
		a := h.as(account, method, path, body, lang)
		if err := json.Unmarshal(a.body, p); err != nil || a.status != status || p.Code != code || p.Article != article {
			h.t.Fatalf("%s %s by %s is answered %d %s, want %d %s by %q", method, path, account, a.status, a.body, status, code, article)
		}
	}
	if !slices.ContainsFunc([]rune(zh.Title), func(r rune) bool { return r > 0x2e80 }) || en.Title == "" || en.Title == zh.Title {
		h.t.Errorf("%s is refused with %q and %q", path, zh.Title, en.Title)
	}
	return zh
}

// get reads an answer as somebody.
func get[T any](h *house, account, path string) (v T) {
	h.t.Helper()
	a := h.as(account, "GET", path, "", "zh-CN")
	if a.status != http.StatusOK {
		h.t.Fatalf("GET %s by %s is answered %d %s", path, account, a.status, a.body)
	}
	h.into(a, &v)
	return v
}

// events are all records of a kind, as the auditor reads them.
func (h *house) events(kind wire.Kind) (all []wire.Record) {
	h.t.Helper()
	for after := wire.Position(0); ; {
		p := get[struct{ Events []wire.Record }](h, "<auditor>", fmt.Sprintf("events?after=%d&limit=1000", after))
		if len(p.Events) == 0 {
			return all
		}
		for _, r := range p.Events {
			if after = r.Position; r.Kind == kind {
				all = append(all, r)
			}
		}
	}
}

// logged expects the newest event of a kind to hold some data, and that no word stands in it in clear.
func (h *house) logged(kind wire.Kind, want map[string]any, sealed ...string) wire.Record {
	h.t.Helper()
	all := h.events(kind)
	if len(all) == 0 {
		h.t.Fatalf("the log has no %s", kind)
	}
	r := all[len(all)-1]
	var data map[string]any
	if err := json.Unmarshal(r.Data, &data); err != nil {
		h.t.Fatal(err)
	}
	for name, v := range want {
		a, _ := json.Marshal(v)
		b, _ := json.Marshal(data[name])
		if !bytes.Equal(a, b) {
			h.t.Errorf("%s says %s: %s, want %s", kind, name, b, a)
		}
	}
	if r.Actor == nil || r.Actor.ID == "" {
		h.t.Errorf("%s names nobody who did it", kind)
	}
	for _, word := range sealed {
		if strings.Contains(string(wire.AppendRecord(nil, &r)), word) || len(r.Personal) == 0 {
			h.t.Errorf("%s: %q is not sealed: %s", kind, word, r.Data)
		}
	}
	return r
}

// none expects that the log has no event of a kind.
func (h *house) none(kind wire.Kind) {
	h.t.Helper()
	if all := h.events(kind); len(all) > 0 {
		h.t.Errorf("the log has %d %s", len(all), kind)
	}
}
