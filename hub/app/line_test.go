package app_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"hallkeeper/hub/api"
	"hallkeeper/wire"
)

// ask sends a change that may be refused and gives its status.
func (h *hub) ask(path, body string) int {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.addr.HTTP+"/api/v1/"+path, strings.NewReader(body))
	if err != nil {
		h.t.Error(err)
		return 0
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Error(err)
		return 0
	}
	defer res.Body.Close()
	return res.StatusCode
}

// Two windows call at once, ticket after ticket, and the hub is stopped in the
// middle: each ticket is called by one window, and the line goes on as it was.
func TestTwoWindowsNeverCallOneTicketAndARestartKeepsTheLine(t *testing.T) {
	cfg := config(t.TempDir())
	h := start(t, cfg)
	for _, w := range []string{"w1", "w2"} {
		h.change("PUT", "windows/"+w, map[string]any{"number": w, "name": "婚姻登记"})
	}
	h.change("PUT", "departments/civil", map[string]any{"name": "民政局"})
	h.change("PUT", "services/marriage", map[string]any{"name": "婚姻登记", "department": "civil", "prefix": "A", "windows": []string{"w1", "w2"}})
	const tickets = 12
	for range tickets {
		if got := h.ask("tickets", `{"service":"marriage"}`); got != http.StatusCreated {
			t.Fatalf("a ticket is answered %d", got)
		}
	}
	serve := func(times int) {
		var both sync.WaitGroup
		for _, w := range []string{"w1", "w2"} {
			both.Go(func() {
				for range times {
					for _, step := range []string{"call-next", "start", "finish"} {
						if got := h.ask("windows/"+w+"/"+step, ""); got != http.StatusOK && got != http.StatusConflict {
							t.Errorf("%s at %s is answered %d", step, w, got)
						}
					}
				}
			})
		}
		both.Wait()
	}
	line := func() api.LineView {
		var v api.LineView
		if got := h.get("/api/v1/line", &v); got != http.StatusOK {
			t.Fatalf("the line is answered %d", got)
		}
		for i := range v.Waiting {
			v.Waiting[i].Wait = nil // it goes on with the clock
		}
		return v
	}
	serve(2)
	if got := h.ask("windows/w1/call-next", ""); got != http.StatusOK {
		t.Fatalf("the call before the stop is answered %d", got)
	}
	before := line()
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h = start(t, cfg)
	after := line()
	if a, b := encoded(t, before), encoded(t, after); !bytes.Equal(a, b) {
		t.Fatalf("before the stop the line was\n%s\nafter it\n%s", a, b)
	}
	for _, step := range []string{"start", "finish"} {
		h.ask("windows/w1/"+step, "")
	}
	serve(tickets)
	if rest := line(); len(rest.Waiting) > 0 {
		t.Errorf("%d still wait", len(rest.Waiting))
	}
	called := map[string]int{}
	for _, r := range h.events() {
		if r.Kind == wire.KindTicketCalled {
			called[numberOf(t, r)]++
		}
	}
	if len(called) != tickets {
		t.Errorf("%d of %d tickets were called", len(called), tickets)
	}
	for number, n := range called {
		if n != 1 {
			t.Errorf("%s was called %d times", number, n)
		}
	}
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func numberOf(t *testing.T, r wire.Record) string {
	t.Helper()
	var d wire.TicketCalled
	if err := json.Unmarshal(r.Data, &d); err != nil {
		t.Fatal(err)
	}
	return d.Number
}
