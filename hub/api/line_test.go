package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"hallkeeper/wire"
)

// furnishLine gives the hall of people a service that two windows serve.
func (s *stage) furnishLine() {
	s.t.Helper()
	s.people()
	w := s.ask("PUT", "/api/v1/services/marriage", `{"name":"婚姻登记","department":"civil","prefix":"A","windows":["w1","w2"]}`)
	if w.Code != http.StatusOK {
		s.t.Fatalf("%d %s", w.Code, w.Body)
	}
}

func (s *stage) taken(w *httptest.ResponseRecorder) Taken {
	s.t.Helper()
	var d Taken
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil || w.Code != http.StatusCreated {
		s.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return d
}

func TestADoubleTouchGivesOneTicket(t *testing.T) {
	s := newStage(t)
	s.furnishLine()
	touch := func(key string) Taken {
		return s.taken(s.ask("POST", "/api/v1/tickets", `{"service":"marriage"}`, func(r *http.Request) {
			s.signedIn(r, string(wire.RoleScreen))
			r.Header.Set("Idempotency-Key", key)
		}))
	}
	first, again, other := touch("touch-1"), touch("touch-1"), touch("touch-2")
	if first.Number != "A001" || first.Ahead != 0 || again.Ticket != first.Ticket {
		t.Errorf("one touch gave %+v and %+v", first.TicketRow, again.TicketRow)
	}
	if other.Number != "A002" || other.Ahead != 1 {
		t.Errorf("the next person got %+v", other.TicketRow)
	}
}

func TestWhatIsNotThereIsSaid(t *testing.T) {
	s := newStage(t)
	s.furnishLine()
	for path, code := range map[string]string{"tickets/nobody": "ticket_unknown", "services/nobody/slots": "service_unknown", "windows/nobody/line": "window_unknown"} {
		w := s.ask("GET", "/api/v1/"+path, "")
		if p := problemOf(t, w); w.Code != http.StatusNotFound || p.Code != code {
			t.Errorf("%s is answered %d %s", path, w.Code, p.Code)
		}
	}
}

// A panel that presses by itself a thousand times a minute gets few tickets; people who are signed in are not held up by it.
func TestABrokenTouchScreenGetsFewTickets(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.furnishLine()
	take := func(account string) int {
		return s.ask("POST", "/api/v1/tickets", `{"service":"marriage"}`, func(r *http.Request) { s.signedIn(r, account) }).Code
	}
	got := map[int]int{}
	for range 1000 {
		s.now = s.now.Add(60 * time.Millisecond)
		got[take(string(wire.RoleScreen))]++
	}
	if got[http.StatusCreated] > 41 || got[http.StatusCreated]+got[http.StatusTooManyRequests] != 1000 {
		t.Errorf("a thousand touches in a minute are answered %v", got)
	}
	if code := take(string(wire.RoleSupervisor)); code != http.StatusCreated {
		t.Errorf("a supervisor's ticket is answered %d", code)
	}
}

func TestAServiceIsFoundByItsInitials(t *testing.T) {
	s := newStage(t)
	s.people()
	s.ask("PUT", "/api/v1/services/identity", `{"name":"身份证（第2代）","department":"civil","prefix":"B","windows":["w1"],"words":["补办 ID"]}`)
	var list ServiceList
	if err := json.Unmarshal(s.ask("GET", "/api/v1/services", "").Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(list.Services[0].Initials); got != "[sfzd2d bbid]" {
		t.Errorf("the initials are %s", got)
	}
}
