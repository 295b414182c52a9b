package api

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/mod/sumdb/tlog"

	"hallkeeper/hub/access"
	"hallkeeper/hub/assess"
	"hallkeeper/hub/ca"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/report"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/signin"
	"hallkeeper/hub/signin/signintest"
	"hallkeeper/wire"
)

// stage is an API over a real log and commands that note what they are asked.
type stage struct {
	t       testing.TB
	handler http.Handler
	log     *eventlog.Log
	said    strings.Builder

	still   sync.RWMutex
	view    *register.View
	windows roster.State
	sealed  map[string]map[string]string
	photos  map[string][]byte
	now     time.Time
	// rules are of sessions: without an idle time and unbound where they are not set.
	rules SessionRules
	// place is where people who are signed in, or have not, ask from; this machine where it is empty.
	place string
	sso   *signin.OIDC
	// key is the authenticator of the story.
	key *signintest.Authenticator
	// mailless: the hub has no mail server.
	mailless bool
	// built is what the last document was made of.
	built report.Input
	heads []Checkpoint // signed tree heads
	// screen is that of a story.
	screen *testScreen
	// authority signs certificates.
	authority *ca.Authority

	// room is the hub's machine.
	room room

	mu     sync.Mutex
	asked  []any
	refuse error
	hold   chan struct{}
	why    []Unready
}

func (s *stage) Current() ([]byte, uint64, error) {
	return []byte(`{"hall":{"id":"t"},"windows":{"w1":{"id":"w1"}},"devices":{"a1":{"id":"a1"}},"alarms":{}}`), 7, nil
}

func (s *stage) Checkpoints() ([]Checkpoint, string, error) { return s.heads, "key", nil }

func (s *stage) DeadLetters(before uint64, limit int) ([]wire.DeadLetter, int, int, error) {
	return []wire.DeadLetter{{Number: before, Reason: wire.ReasonQoS}}, limit, 1, nil
}

func (s *stage) Do(ctx context.Context, actor wire.Actor, key string, cmd any) ([]wire.Record, bool, error) {
	s.mu.Lock()
	s.asked = append(s.asked, cmd)
	refuse, hold := s.refuse, s.hold
	s.mu.Unlock()
	if hold != nil {
		<-hold
	}
	if refuse != nil {
		return nil, false, refuse
	}
	kind, data := wire.KindWindowSet, any(wire.WindowSet{})
	switch c := cmd.(type) {
	case SetWindow:
		data = wire.WindowSet{Window: c.ID, Number: c.Number, Name: c.Name, Department: c.Department}
	case IdentifyDevice, RestartDevice:
		return nil, false, nil
	}
	if register.Command(cmd) {
		return s.decide(ctx, actor, key, cmd)
	}
	made, again, err := s.log.Append(ctx, key, func(eventlog.Moment) ([]wire.Event, error) {
		b, err := json.Marshal(data)
		return []wire.Event{{Kind: kind, Data: b, Actor: &actor, At: s.now}}, err
	})
	s.fold(made)
	return made, again, err
}

func (s *stage) commands() []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

const secret = "a-secret-of-the-operator-of-32-characters"

var zone = time.FixedZone("", 8*3600)

func signedOut(r *http.Request) { r.Header.Del("Authorization") }

// decide carries out a command on the stage's own register and log.
func (s *stage) decide(ctx context.Context, actor wire.Actor, key string, cmd any) ([]wire.Record, bool, error) {
	made, again, err := s.log.Append(ctx, key, func(eventlog.Moment) ([]wire.Event, error) {
		s.still.RLock()
		defer s.still.RUnlock()
		m := hall.Moment{Now: s.now, Day: hall.DateOf(s.now, zone), Zone: zone, ID: fmt.Sprintf("id-%d", s.log.Head()), Actor: actor, Unseal: s.Unseal}
		if a, ok := s.view.State.Access.Accounts.Get(actor.ID); ok {
			m.Staff = a.Staff
		}
		drafts, err := s.view.State.Decide(&s.windows, cmd, m)
		var events []wire.Event
		for i, d := range drafts {
			data, err := json.Marshal(d.Data)
			if err != nil {
				return nil, err
			}
			by := actor
			by.ProposedBy = d.ProposedBy
			e := wire.Event{Kind: d.Kind, Data: data, Actor: &by, At: s.now}
			if d.Personal != nil {
				box := fmt.Sprintf("%d/%d", s.log.Head(), i)
				s.sealed[box] = d.Personal
				e.Personal = []wire.Sealed{{Person: d.Person, Box: []byte(box)}}
			}
			events = append(events, e)
		}
		return events, err
	})
	if !again {
		s.fold(made)
	}
	return made, again, err
}

func (s *stage) fold(records []wire.Record) {
	s.still.Lock()
	defer s.still.Unlock()
	for i := range records {
		r := records[i]
		r.StoredAt = s.now
		s.windows.Fold(&r)
		s.view.Apply(&r)
	}
	s.view.Days.Index()
}

// Read, Unseal and CardToken make a stage a Register.
func (s *stage) Read(fn func(*register.View, *roster.State)) {
	s.still.RLock()
	defer s.still.RUnlock()
	fn(s.view, &s.windows)
}

func (s *stage) Unseal(x *wire.Sealed) map[string]string { return s.sealed[string(x.Box)] }

func (s *stage) SealPlace(address string) (string, error) {
	if _, _, sealed := wire.PlaceKey(address); sealed || address == "" {
		return address, nil
	}
	return wire.PlaceOf(s.now.Format("2006-01"), hex.EncodeToString([]byte(address))), nil
}

func (s *stage) OpenPlace(place string) (string, error) {
	_, box, sealed := wire.PlaceKey(place)
	if !sealed {
		return place, nil
	}
	address, err := hex.DecodeString(box)
	return string(address), err
}

func (s *stage) CitizenToken(number string) string { return "c1:hash-of-" + number[len(number)-2:] }
func (s *stage) SubjectToken(issuer, subject string) string {
	return "o1:" + access.Digest(issuer + subject)[:8]
}
func (s *stage) TicketCode(ticket string) string { return "code" + ticket[max(len(ticket)-4, 0):] }
func (s *stage) CardToken(number string) string  { return "h1:" + number }

// Put and Get make a stage Photos.
func (s *stage) Put(picture []byte) (string, error) {
	hash := access.Digest(string(picture))
	s.photos[hash] = picture
	return hash, nil
}

func (s *stage) Get(hash string) ([]byte, error) {
	if p, ok := s.photos[hash]; ok {
		return p, nil
	}
	return nil, fs.ErrNotExist
}

// Published and Mails make a stage Documents: everything of 2026 is published.
func (s *stage) Published(p assess.Period) (int, []string, error) {
	if p.Year() != "2026" {
		return 0, nil, nil
	}
	return 1, []string{"civil", "tax"}, nil
}

func (s *stage) Mails() bool { return !s.mailless }

func (s *stage) Document(w io.Writer, in report.Input, format report.Format, lang report.Lang) error {
	s.built = in
	if format == report.PDF {
		return hall.Refuse("fonts_missing", "没有字体", "no fonts")
	}
	return report.Build(w, in, format, lang)
}

func newStage(t testing.TB) *stage {
	t.Helper()
	return newStageAt(t, 0)
}

// newStageAt is a stage that takes so many changes a second.
func newStageAt(t testing.TB, rate int) *stage {
	t.Helper()
	view, err := register.NewView(zone)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, view: view, sealed: map[string]map[string]string{}, photos: map[string][]byte{}, now: time.Date(2026, 11, 23, 9, 0, 0, 0, zone)}
	log, err := eventlog.Open(eventlog.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	s.log = log
	if s.authority, err = ca.Open(t.TempDir(), "t", func() time.Time { return s.now }); err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	s.sso = signin.NewOIDC(signin.Provider{Issuer: "http://127.0.0.1:1", ClientID: "hallkeeper", Claim: "sub"})
	s.handler = New(Deps{PasskeyNames: []string{"hall.example.cn"}, SingleSignOn: s.sso, Logger: slog.New(slog.NewTextHandler(&s.said, nil)), Live: s, Log: log, Checkpoints: s, DeadLetters: s, Commands: s,
		LiveSocket: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { panic("a handler that fails") }),
		Register:   s, Authority: s.authority, DeviceBroker: func(host string) string { return "tls://" + host + ":8883" }, Photos: s, Sockets: &Sockets{}, Documents: s, Upkeep: &s.room, Secret: secret, ChangesPerSecond: rate, SetupCode: func() string { return "code" }, Now: func() time.Time { return s.now }, Zone: zone,
		Ready: func() []Unready { return s.why }, Metrics: registry, Registry: registry, Hall: "t", Version: "v9",
		Pages: fstest.MapFS{"help/zh/index.html": {Data: []byte("<p>目录")}, "help/zh/wiring.html": {Data: []byte("<p>接线")}, "help/en/index.html": {Data: []byte("<p>contents")}, "help/zh/search.json": {Data: []byte("[]")}, "help/img/a.webp": {Data: []byte("RIFF")}, "index.html": {Data: []byte("<p>start")}, "lobby.html": {Data: []byte("<p>lobby")}, "board.html": {Data: []byte("<p>board")}, "verify.html": {Data: []byte("<p>verify")}, "console.html": {Data: []byte("<p>console")},
			"assets/a-1.js": {Data: []byte("1")}}})
	return s
}

// ask makes a request from this machine; edit changes it before it is sent.
func (s *stage) ask(method, path, body string, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://localhost:8080"+path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:5555"
	r.Header.Set("Authorization", "Bearer "+secret)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, e := range edit {
		e(r)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// placeholders are what stands for a part of a route's path.
var placeholders = regexp.MustCompile(`\{\w+\}`)

func tlsState() *tls.ConnectionState { return &tls.ConnectionState{HandshakeComplete: true} }

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func TestADomainsRefusal(t *testing.T) {
	for name, row := range map[string]struct {
		err    error
		status int
		code   string
	}{
		"a rule refuses with its article": {&hall.Error{Code: hall.CodeRefused, Name: "no", ZH: "不行", EN: "no", Article: "第八条"}, 409, "no"},
		"a thing is not there":            {hall.Unknown("gone", "没有", "gone"), 404, "gone"},
		"a field is wrong":                {hall.Invalid(hall.Field{Name: "number", Code: "taken", ZH: "已用", EN: "taken"}), 422, "fields_invalid"},
		"the hub cannot store":            {errors.Join(&hall.Error{Code: hall.CodeUnavailable, Name: "not_writable", ZH: "不能", EN: "cannot"}, eventlog.ErrUnavailable), 503, "not_writable"},
		"an answer that does not come":    {context.DeadlineExceeded, 503, "timeout"},
		"anything else":                   {errors.New("secret path /var/x"), 500, "internal"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.refuse = row.err
			w := s.ask("PUT", "/api/v1/windows/w1", `{"number":"1","name":"n"}`)
			p := problemOf(t, w)
			if w.Code != row.status || p.Code != row.code || strings.Contains(w.Body.String(), "secret") {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			if row.status == 409 && p.Article != "第八条" {
				t.Errorf("the article is %q", p.Article)
			}
			if row.status == 503 && w.Header().Get("Retry-After") == "" {
				t.Error("it does not say when to try again")
			}
		})
	}
}

func TestTheLanguageOfAProblem(t *testing.T) {
	s := newStage(t)
	for accept, want := range map[string]string{"": "没有这个地址", "en": "there is nothing at this address", "fr, en;q=0.5, zh;q=0.4": "there is nothing at this address",
		"zh-TW": "没有这个地址", "fr": "没有这个地址", "en;q=0": "没有这个地址"} {
		if p := problemOf(t, s.ask("GET", "/api/v1/x", "", header("Accept-Language", accept))); p.Title != want {
			t.Errorf("%q: %s", accept, p.Title)
		}
	}
}

// However often and at once a key is sent, its command has one effect and each
// request has its answer; another request under the same key is refused.
func TestOneKeyHasOneEffect(t *testing.T) {
	s := newStage(t)
	s.hold = make(chan struct{})
	key := header("Idempotency-Key", "k1")
	answers := make(chan *httptest.ResponseRecorder, 10)
	for range 10 {
		go func() { answers <- s.ask("PUT", "/api/v1/windows/w1", `{"number":"1","name":"n"}`, key) }()
	}
	close(s.hold)
	var bodies []string
	for range 10 {
		w := <-answers
		if w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		bodies = append(bodies, w.Body.String())
	}
	if bodies = slices.Compact(bodies); len(bodies) != 1 || len(s.commands()) != 1 || s.log.Head() != 1 {
		t.Errorf("%d answers, %d commands, %d records", len(bodies), len(s.commands()), s.log.Head())
	}
	if p := problemOf(t, s.ask("PUT", "/api/v1/windows/w1", `{"number":"2","name":"n"}`, key)); p.Code != "key_reused" {
		t.Errorf("another request under the key: %s", p.Code)
	}
}

// After a restart only the log remembers keys.
// restarted puts a fresh API over the same log and views.
func (s *stage) restarted() {
	registry := prometheus.NewRegistry()
	s.handler = New(Deps{PasskeyNames: []string{"hall.example.cn"}, Logger: slog.New(slog.NewTextHandler(&s.said, nil)), Live: s, Log: s.log, Checkpoints: s, DeadLetters: s, Commands: s,
		LiveSocket: http.NotFoundHandler(), Register: s, Authority: s.authority, Photos: s, Secret: secret, SetupCode: func() string { return "" }, Sessions: s.rules, SingleSignOn: s.sso, Now: func() time.Time { return s.now }, Zone: zone, Ready: func() []Unready { return nil }, Metrics: registry, Registry: registry, Hall: "t"})
}

func TestAKeyIsKnownAfterARestart(t *testing.T) {
	s := newStage(t)
	key := header("Idempotency-Key", "k1")
	first := s.ask("PUT", "/api/v1/windows/w1", `{"number":"1","name":"n"}`, key)
	s.restarted()
	if again := s.ask("PUT", "/api/v1/windows/w1", `{"number":"1","name":"n"}`, key); again.Body.String() != first.Body.String() || s.log.Head() != 1 {
		t.Errorf("%s became %s", first.Body, again.Body)
	}
}

func TestTheLogIsReadInPages(t *testing.T) {
	s := newStage(t)
	for i := range 5 {
		s.ask("PUT", fmt.Sprintf("/api/v1/windows/w%d", i), `{"number":"1","name":"n"}`)
	}
	var positions []wire.Position
	for after := wire.Position(0); ; {
		var page EventPage
		w := s.ask("GET", fmt.Sprintf("/api/v1/events?after=%d&limit=2", after), "")
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || page.Head != 5 {
			t.Fatalf("%s %v", w.Body, err)
		}
		if len(page.Events) == 0 {
			break
		}
		for _, r := range page.Events {
			positions = append(positions, r.Position)
			if r.Actor == nil || r.Actor.Kind != wire.ActorPerson || r.Actor.Session == "" {
				t.Errorf("no actor: %+v", r)
			}
		}
		after = page.Next
	}
	if fmt.Sprint(positions) != "[1 2 3 4 5]" {
		t.Errorf("read %v", positions)
	}
}

// Who holds an export and a signed tree head can check a record with tlog alone.
func TestProofs(t *testing.T) {
	s := newStage(t)
	for i := range 9 {
		s.ask("PUT", fmt.Sprintf("/api/v1/windows/w%d", i), `{"number":"1","name":"n"}`)
	}
	hash := func(text string) tlog.Hash {
		h, err := tlog.ParseHash(text)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	all := func(texts []string) (out []tlog.Hash) {
		for _, x := range texts {
			out = append(out, hash(x))
		}
		return out
	}
	s.ask("PUT", "/api/v1/windows/w9", `{"number":"1","name":"<b>&窗口\u2028"}`)
	newest, err := s.log.ReadBatch(s.log.Head()-1, 1)
	if err != nil {
		t.Fatal(err)
	}
	page := s.ask("GET", fmt.Sprintf("/api/v1/events?after=%d", s.log.Head()-1), "").Body.String()
	if !strings.Contains(page, string(wire.AppendRecord(nil, &newest[0]))) {
		t.Errorf("the bytes of a record are not those of its leaf: %s", page)
	}
	var p RecordProof
	if err := json.Unmarshal(s.ask("GET", "/api/v1/proofs/record?position=3&size=7", "").Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	records, err := s.log.ReadBatch(2, 1)
	if err != nil {
		t.Fatal(err)
	}
	leaf := tlog.RecordHash(wire.AppendRecord(nil, &records[0]))
	if err := tlog.CheckRecord(all(p.Hashes), 7, hash(p.Root), 2, leaf); err != nil || leaf != hash(p.Leaf) {
		t.Errorf("the record's proof: %v", err)
	}
	var tree TreeProof
	if err := json.Unmarshal(s.ask("GET", "/api/v1/proofs/tree?from=4", "").Body.Bytes(), &tree); err != nil {
		t.Fatal(err)
	}
	if err := tlog.CheckTree(all(tree.Hashes), 10, hash(tree.ToRoot), 4, hash(tree.FromRoot)); err != nil {
		t.Errorf("the tree's proof: %v", err)
	}
	var same TreeProof
	if err := json.Unmarshal(s.ask("GET", "/api/v1/proofs/tree?from=9&to=9", "").Body.Bytes(), &same); err != nil || same.FromRoot != same.ToRoot || same.ToRoot == "" {
		t.Errorf("one tree with itself: %+v %v", same, err)
	}
}

func TestProbes(t *testing.T) {
	s := newStage(t)
	if w := s.ask("GET", "/healthz", ""); w.Code != 200 {
		t.Errorf("healthz %d", w.Code)
	}
	if w := s.ask("GET", "/readyz", ""); w.Code != 200 {
		t.Errorf("readyz %d", w.Code)
	}
	s.why = []Unready{{Code: "not_writable", Detail: "disk full"}}
	if w := s.ask("GET", "/readyz", ""); w.Code != 503 || !strings.Contains(w.Body.String(), "not_writable") {
		t.Errorf("readyz %d %s", w.Code, w.Body)
	}
	s.ask("GET", "/api/v1/live", "")
	if w := s.ask("GET", "/metrics", ""); !strings.Contains(w.Body.String(), `hallkeeper_http_requests_total{route="GET /api/v1/live",status="200"} 1`) {
		t.Errorf("metrics: %s", w.Body)
	}
}

func TestPages(t *testing.T) {
	s := newStage(t)
	for path, want := range map[string]string{"/": "start", "/lobby": "lobby", "/console": "console", "/board": "board", "/verify/2026-11/1": "verify", "/verify/2026-Q4/2?lang=en": "verify", "/verify": "verify", "/docs": "openapi.json", "/docs?lang=en": "For machines", "/help/zh/": "目录", "/help/zh/wiring": "接线", "/help/en/": "contents", "/help/zh/search.json": "[]", "/help/img/a.webp": "RIFF"} {
		w := s.ask("GET", path, "")
		if w.Code != 200 || !strings.Contains(w.Body.String(), want) || w.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %d %.80s", path, w.Code, w.Body)
		}
		if tag := w.Header().Get("ETag"); tag != "" {
			if again := s.ask("GET", path, "", header("If-None-Match", tag)); again.Code != 304 {
				t.Errorf("%s again: %d", path, again.Code)
			}
		}
	}
	for path, want := range map[string]string{"/help": "/help/zh/", "/help/": "/help/zh/", "/help/zh": "/help/zh/", "/help/en": "/help/en/", "/help?lang=en": "/help/en/"} {
		if w := s.ask("GET", path, ""); w.Code != 302 || w.Header().Get("Location") != want {
			t.Errorf("%s: %d to %s", path, w.Code, w.Header().Get("Location"))
		}
	}
	if w := s.ask("GET", "/help/img/a.webp", ""); w.Header().Get("Content-Type") != "image/webp" {
		t.Errorf("a picture of the handbook is %s", w.Header().Get("Content-Type"))
	}
	for _, path := range []string{"/help/zh/nothing", "/help/../index", "/help/zh/..%2f..%2fconsole"} {
		if w := s.ask("GET", path, ""); w.Code == 200 {
			t.Errorf("%s: %d %.80s", path, w.Code, w.Body)
		}
	}
	if w := s.ask("GET", "/assets/a-1.js", ""); w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("an asset: %d %v", w.Code, w.Header())
	}
	if w := s.ask("HEAD", "/api/v1/live", ""); w.Code != 200 || w.Body.Len() != 0 {
		t.Errorf("HEAD: %d %s", w.Code, w.Body)
	}
}

// Every route is in the document, and every answer has the fields that it names.
func TestTheDocumentsTellTheTruth(t *testing.T) {
	s := newStageAt(t, 1_000_000) // the story is longer than a burst
	s.ask("PUT", "/api/v1/windows/w1", `{"number":"1","name":"n"}`)
	var doc struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]map[string]struct {
			Responses map[string]struct {
				Content map[string]struct {
					Schema map[string]any `json:"schema"`
				} `json:"content"`
			} `json:"responses"`
		} `json:"paths"`
		Components struct {
			Schemas map[string]struct {
				Properties map[string]any `json:"properties"`
				Required   []string       `json:"required"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(s.ask("GET", "/openapi.json", "").Body.Bytes(), &doc); err != nil || doc.OpenAPI != "3.1.0" {
		t.Fatalf("%v %s", err, doc.OpenAPI)
	}
	told := map[string]bool{}
	for _, x := range slices.Concat(story(s), periodStory(), screenStory()) {
		if s.moves(x) {
			continue
		}
		var r *route
		for _, candidate := range (&API{Deps: Deps{ChangesPerSecond: 1}}).table() {
			if candidate.method+" "+candidate.path == x.route {
				r = &candidate
				break
			}
		}
		if r == nil {
			t.Fatalf("the story tells of %s, which is no route", x.route)
		}
		told[x.route] = true
		w := x.ask(s)
		want := r.status
		if x.route == "POST /api/v1/tokens" || x.route == "POST /api/v1/photos" {
			want = http.StatusCreated
		}
		if x.route == "POST /api/v1/setup" { // the story has an administrator already
			want = http.StatusConflict
		}
		if x.route == "POST /api/v1/own-scores" { // it is recorded, and refused (63号 第十四条)
			want = http.StatusConflict
		}
		if w.Code != want {
			t.Errorf("%s %s: %d %s", x.route, x.path, w.Code, w.Body)
			continue
		}
		op, ok := doc.Paths[r.path][strings.ToLower(r.method)]
		if !ok {
			t.Errorf("%s is not in the document", x.route)
			continue
		}
		if r.answer == nil || want >= http.StatusBadRequest {
			continue // a picture, or a refusal
		}
		ref, _ := op.Responses[fmt.Sprint(r.status)].Content["application/json"].Schema["$ref"].(string)
		schema := doc.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]
		var got map[string]json.RawMessage
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatalf("%s: %s", x.route, w.Body)
		}
		for name := range got {
			if schema.Properties[name] == nil {
				t.Errorf("%s answers %s, which %s does not name", x.route, name, ref)
			}
		}
		for _, name := range schema.Required {
			if _, there := got[name]; !there && r.path != "/api/v1/live" { // the stage's live view is a fragment
				t.Errorf("%s lacks %s", x.route, name)
			}
		}
	}
	for _, r := range (&API{Deps: Deps{ChangesPerSecond: 1}}).table() {
		if !told[r.method+" "+r.path] {
			t.Errorf("no story tells of %s %s", r.method, r.path)
		}
		for _, code := range r.refusals {
			known := false
			for p := range (&API{}).codes() {
				known = known || p.name == code
			}
			if !known {
				t.Errorf("%s %s names the refusal %s, which is in no list", r.method, r.path, code)
			}
		}
	}
	async := s.ask("GET", "/asyncapi.json", "").Body.String()
	for _, k := range wire.Kinds() {
		if !strings.Contains(async, `"`+string(k.Kind)+`"`) {
			t.Errorf("asyncapi lacks %s", k.Kind)
		}
	}
	for _, topic := range []string{"events", "stored", "status", "command"} {
		if !strings.Contains(async, "hall/v1/t/agents/{agent}/"+topic) {
			t.Errorf("asyncapi lacks %s", topic)
		}
	}
}

func TestTooManyChangesAreRefused(t *testing.T) {
	s := newStage(t)
	refused := 0
	for i := range 300 {
		if w := s.ask("PUT", fmt.Sprintf("/api/v1/windows/w%d", i), `{"number":"","name":""}`); w.Code == 429 {
			refused++
		}
	}
	if refused == 0 {
		t.Error("300 changes at once were all taken")
	}
}

// Whoever runs wild, signed in or not, stops nobody else: a window calls on.
func TestOneWildCallerStopsNobodyElse(t *testing.T) {
	s := newStage(t)
	s.furnishLine()
	s.taken(s.ask("POST", "/api/v1/tickets", `{"service":"marriage"}`))
	for _, wild := range []string{"screen", "public", ""} {
		refused := false
		for range 300 {
			w := s.ask("POST", "/api/v1/tickets/nobody/leave", "", func(r *http.Request) {
				r.RemoteAddr = "192.0.2.7:4444"
				if wild != "" {
					s.signedIn(r, wild)
				} else {
					r.RemoteAddr = "127.0.0.1:4444"
				}
			})
			refused = refused || w.Code == http.StatusTooManyRequests
		}
		if !refused {
			t.Errorf("%q is never slowed down", wild)
		}
		for _, step := range []string{"call-next", "no-show"} {
			if w := s.ask("POST", "/api/v1/windows/w1/"+step, "", func(r *http.Request) { s.signedIn(r, "staff") }); w.Code != http.StatusOK {
				t.Fatalf("while %q runs wild, %s is answered %d %s", wild, step, w.Code, w.Body)
			}
		}
		s.taken(s.ask("POST", "/api/v1/tickets", `{"service":"marriage"}`, func(r *http.Request) { s.signedIn(r, "representative") }))
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"number":"1"}`))
	f.Add([]byte(`{"number":null,"x":[1]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var b windowBody
		if err := decode(body, &b); err == nil && !json.Valid(body) {
			t.Errorf("%q was read", body)
		}
	})
}

func TestARequestIsReadToItsEnd(t *testing.T) {
	s := newStage(t)
	broken := io.MultiReader(bytes.NewReader([]byte(`{"number":`)), failing{})
	r := httptest.NewRequest("PUT", "http://localhost/api/v1/windows/w1", broken)
	r.RemoteAddr = "[::1]:1"
	r.Header.Set("Authorization", "Bearer "+secret)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	if p := problemOf(t, w); p.Code != "malformed" || len(s.commands()) != 0 {
		t.Errorf("got %s", p.Code)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the connection broke") }

// What GET gives of a shift can be put back as it is; one that is worked stays.
func TestAShiftComesBackAsItWasSent(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	plans := `[{"from":"05-01","until":"09-30","weekdays":[5],"periods":[{"in":"08:30","out":"12:00"}]},{"days":"all","periods":[{"in":"22:00","out":"06:00"}]},{"days":"rest","periods":[{"in":"00:00","out":"24:00"}]}]`
	if w := s.ask("PUT", "/api/v1/shifts/q", `{"name":"四季","swipes":4,"plans":`+plans+`}`); w.Code != 200 {
		t.Fatal(w.Body)
	}
	if w := s.ask("GET", "/api/v1/shifts", ""); !strings.Contains(w.Body.String(), `"plans":`+plans) {
		t.Errorf("the shifts are %s", w.Body)
	}
	if w := s.ask("DELETE", "/api/v1/shifts/day", ""); w.Code != 409 || problemOf(t, w).Code != "shift_in_use" {
		t.Errorf("the shift that the hall works is removed: %d %s", w.Code, w.Body)
	}
	if w := s.ask("DELETE", "/api/v1/shifts/q", ""); w.Code != 200 {
		t.Errorf("a shift that nobody works stays: %s", w.Body)
	}
}

// What the browser is told with every answer, and with pages beside that.
func TestWhatBrowsersAreTold(t *testing.T) {
	s := newStage(t)
	for _, path := range []string{"/lobby", "/console", "/docs", "/docs.css", "/api/v1/live", "/nowhere", "/healthz"} {
		h := s.ask("GET", path, "").Header()
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "same-origin"} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q, want %q", path, name, h.Get(name), want)
			}
		}
		if !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") || !strings.Contains(h.Get("Permissions-Policy"), "camera=()") {
			t.Errorf("%s: %v", path, h)
		}
	}
	for _, path := range []string{"/lobby", "/console", "/board", "/docs"} {
		w := s.ask("GET", path, "")
		policy := w.Header().Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(policy+";", part+";") {
				t.Errorf("%s: the content policy lacks %s: %s", path, part, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
			t.Errorf("%s: %s", path, policy)
		}
		if strings.Contains(w.Body.String(), "<style") || strings.Contains(w.Body.String(), " style=") {
			t.Errorf("%s has styles in it, which browsers refuse", path)
		}
	}
}
