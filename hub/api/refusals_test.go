package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"hallkeeper/wire"
)

func problemOf(t testing.TB, w *httptest.ResponseRecorder) (p wire.Problem) {
	t.Helper()
	if media := w.Header().Get("Content-Type"); media != "application/problem+json" {
		t.Fatalf("an error of type %q: %s", media, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	if p.Title == "" || p.Instance == "" || p.Status != w.Code || p.Type == "" {
		t.Errorf("a problem lacks something: %+v", p)
	}
	return p
}

func TestWhatIsRefused(t *testing.T) {
	long := strings.Repeat("长", 41)
	good := `{"number":"1","name":"n"}`
	for name, row := range map[string]struct {
		method, path, body string
		edit               func(*http.Request)
		status             int
		code, field        string
	}{
		"an unknown address":                      {"GET", "/api/v1/nothing", "", nil, 404, "not_found", ""},
		"an unknown page":                         {"GET", "/nothing", "", nil, 404, "not_found", ""},
		"an asset that is not there":              {"GET", "/assets/x.js", "", nil, 404, "not_found", ""},
		"a method that a route does not take":     {"POST", "/api/v1/live", "{}", nil, 405, "method_not_allowed", ""},
		"a position that is no number":            {"GET", "/api/v1/events?after=x", "", nil, 422, "fields_invalid", "after"},
		"a negative position":                     {"GET", "/api/v1/events?after=-1", "", nil, 422, "fields_invalid", "after"},
		"too large a page":                        {"GET", "/api/v1/events?limit=1001", "", nil, 422, "fields_invalid", "limit"},
		"a filter that is not there":              {"GET", "/api/v1/events?after=0&kind=card.swiped", "", nil, 422, "fields_invalid", "kind"},
		"an empty page":                           {"GET", "/api/v1/dead-letters?limit=0", "", nil, 422, "fields_invalid", "limit"},
		"a proof of nothing":                      {"GET", "/api/v1/proofs/record", "", nil, 422, "fields_invalid", "position"},
		"a proof beyond the log":                  {"GET", "/api/v1/proofs/record?position=99", "", nil, 404, "position_unknown", ""},
		"a proof of a larger tree":                {"GET", "/api/v1/proofs/tree?from=5&to=99", "", nil, 404, "position_unknown", ""},
		"a body that is no JSON":                  {"PUT", "/api/v1/windows/w1", "{", nil, 400, "malformed", ""},
		"a body that is no object":                {"PUT", "/api/v1/windows/w1", "[]", nil, 422, "fields_invalid", ""},
		"a body of another type":                  {"PUT", "/api/v1/windows/w1", good, header("Content-Type", "text/plain"), 415, "not_json", ""},
		"a body that is too large":                {"PUT", "/api/v1/windows/w1", `{"name":"` + strings.Repeat("x", 1<<20) + `"}`, nil, 413, "too_large", ""},
		"a field that is not there":               {"PUT", "/api/v1/windows/w1", `{"number":"1","name":"n","colour":"red"}`, nil, 422, "fields_invalid", "colour"},
		"a field of another type":                 {"PUT", "/api/v1/windows/w1", `{"number":1,"name":"n"}`, nil, 422, "fields_invalid", "number"},
		"a list with an item of another type":     {"PUT", "/api/v1/shifts/q", `{"name":"n","swipes":4,"plans":[{"periods":[{"in":"08:30","out":720}]}]}`, nil, 422, "fields_invalid", "plans[0].periods[0].out"},
		"a list with a field that is not there":   {"PUT", "/api/v1/shifts/q", `{"name":"n","swipes":4,"plans":[{"periods":[{"from":510}]}]}`, nil, 422, "fields_invalid", "plans[0].periods[0].from"},
		"a state that is none":                    {"GET", "/api/v1/requests?state=open", "", nil, 422, "fields_invalid", "state"},
		"days in the wrong order":                 {"GET", "/api/v1/days?from=2026-11-30&until=2026-11-01", "", nil, 422, "fields_invalid", "until"},
		"a reply without its day":                 {"POST", "/api/v1/findings/f1/withdraw", `{"reason":"x"}`, nil, 422, "fields_invalid", "day"},
		"an inspector who is none":                {"PUT", "/api/v1/rota/2026-11-24", `{"accounts":["nobody"]}`, nil, 422, "fields_invalid", "accounts[0]"},
		"a field that is missing":                 {"PUT", "/api/v1/windows/w1", `{"number":"1"}`, nil, 422, "fields_invalid", "name"},
		"a field that is too long":                {"PUT", "/api/v1/windows/w1", `{"number":"1","name":"` + long + `"}`, nil, 422, "fields_invalid", "name"},
		"an id that is no name":                   {"PUT", "/api/v1/windows/w%201", good, nil, 422, "fields_invalid", "id"},
		"an empty idempotency key":                {"PUT", "/api/v1/windows/w1", good, header("Idempotency-Key", ""), 400, "key_malformed", ""},
		"a key with characters beyond ASCII":      {"PUT", "/api/v1/windows/w1", good, header("Idempotency-Key", "键"), 400, "key_malformed", ""},
		"the operator's secret from elsewhere":    {"PUT", "/api/v1/windows/w1", good, func(r *http.Request) { r.RemoteAddr = "10.0.0.5:1" }, 401, "token_invalid", ""},
		"the operator's secret through a proxy":   {"PUT", "/api/v1/windows/w1", good, header("X-Forwarded-For", "10.0.0.5"), 401, "token_invalid", ""},
		"a token that is none":                    {"GET", "/api/v1/live", "", header("Authorization", "Bearer guess"), 401, "token_invalid", ""},
		"another scheme":                          {"GET", "/api/v1/live", "", header("Authorization", "Basic x"), 401, "token_invalid", ""},
		"a change by nobody":                      {"PUT", "/api/v1/windows/w1", good, signedOut, 401, "not_signed_in", ""},
		"a session that is none":                  {"PUT", "/api/v1/windows/w1", good, func(r *http.Request) { signedOut(r); r.AddCookie(&http.Cookie{Name: "hallkeeper_session", Value: "x"}) }, 401, "not_signed_in", ""},
		"a change by another site's page":         {"PUT", "/api/v1/windows/w1", good, header("Sec-Fetch-Site", "cross-site"), 403, "cross_origin", ""},
		"the log asked for by nobody":             {"GET", "/api/v1/events", "", signedOut, 401, "not_signed_in", ""},
		"a dead letter that is no number":         {"POST", "/api/v1/dead-letters/x/dismiss", "{}", nil, 404, "not_found", ""},
		"a body where none is taken":              {"POST", "/api/v1/devices/a1/restart", `{"now":true}`, nil, 422, "fields_invalid", "now"},
		"an assignment to no window":              {"POST", "/api/v1/devices/a1/assign", `{}`, nil, 422, "fields_invalid", "window"},
		"a handler that fails, without its words": {"GET", "/ws/live", "", nil, 500, "internal", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			edit := row.edit
			if edit == nil {
				edit = func(*http.Request) {}
			}
			w := s.ask(row.method, row.path, row.body, edit)
			p := problemOf(t, w)
			if w.Code != row.status || p.Code != row.code {
				t.Fatalf("got %d %s, want %d %s", w.Code, p.Code, row.status, row.code)
			}
			if row.field != "" && (len(p.Fields) != 1 || p.Fields[0].Field != row.field || p.Fields[0].Message == "") {
				t.Errorf("fields: %+v", p.Fields)
			}
			if len(s.commands()) != 0 {
				t.Errorf("it was carried out: %v", s.commands())
			}
			if strings.Contains(w.Body.String(), "goroutine") || strings.Contains(w.Body.String(), "a handler that fails") {
				t.Errorf("internals: %s", w.Body)
			}
		})
	}
}

// A person who mistypes an address sees which pages there are; a program sees a problem.
func TestAnAddressWithoutAPageShowsThePages(t *testing.T) {
	s := newStage(t)
	w := s.ask("GET", "/consle", "", header("Accept", "text/html,*/*"))
	if w.Code != 404 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") || w.Header().Get("Content-Security-Policy") == "" {
		t.Errorf("a person gets %d %s", w.Code, w.Header().Get("Content-Type"))
	}
	if w := s.ask("GET", "/api/v1/consle", "", header("Accept", "text/html,*/*")); problemOf(t, w).Code != "not_found" {
		t.Errorf("a program gets %s", w.Body)
	}
}

// A request that is no JSON is told where it stops being it.
func TestABrokenRequestIsLocated(t *testing.T) {
	s := newStage(t)
	w := s.ask("PUT", "/api/v1/windows/w1", "{\"number\":\"1\",\n \"name\" \"n\"}")
	if p := problemOf(t, w); !strings.Contains(p.Title, "第 2 行第 9 个字节") {
		t.Errorf("it says %q", p.Title)
	}
}
