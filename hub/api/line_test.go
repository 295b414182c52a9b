package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

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
