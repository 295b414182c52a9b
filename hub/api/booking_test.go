package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"hallkeeper/wire"
)

// An appointment is checked in as a ticket is taken, as the contract says; and what
// is sent again after a restart has one effect, also where request and event name different things.
func TestAnAppointmentBecomesATicketOnce(t *testing.T) {
	s := newStage(t)
	s.furnishLine()
	s.ask("PUT", "/api/v1/services/marriage", `{"name":"婚姻登记","department":"civil","prefix":"A","windows":["w1"],"slots":[{"from":"10:00","until":"10:30","capacity":9}]}`)
	s.now = time.Date(2026, 11, 23, 9, 45, 0, 0, zone)
	var codes []string
	for range 2 {
		codes = append(codes, into[NewAppointment](t, s.ask("POST", "/api/v1/appointments", `{"service":"marriage","day":"2026-11-23","from":"10:00"}`)).Code)
	}
	do := func(path, key, body string) (int, string) {
		w := s.ask("POST", "/api/v1/"+path, body, header("Idempotency-Key", key))
		return w.Code, w.Body.String()
	}
	if code, said := do("tickets", "other", `{"service":"elsewhere","appointment":"`+codes[0]+`"}`); code != http.StatusUnprocessableEntity || !strings.Contains(said, `"field":"service"`) {
		t.Errorf("another service is answered %d %s", code, said)
	}
	if code, said := do("tickets", "unknown", `{"appointment":"x"}`); code != http.StatusNotFound {
		t.Errorf("a wrong code is answered %d %s", code, said)
	}
	for _, x := range []struct{ path, key, body string }{
		{"tickets", "t", `{"service":"marriage","appointment":"` + codes[0] + `"}`},
		{"appointments/" + codes[1] + "/check-in", "c", `{}`},
		{"line/keep", "k", `{"reason":"停电"}`},
	} {
		code, first := do(x.path, x.key, x.body)
		before := s.log.Head()
		s.restarted()
		if again, said := do(x.path, x.key, x.body); code >= 300 || again != code || said != first || s.log.Head() != before {
			t.Errorf("%s is answered %d %s, after a restart %d %s", x.path, code, first, again, said)
		}
	}
	if code, said := do("line/keep", "t", `{"reason":"停电"}`); code != http.StatusUnprocessableEntity && code != http.StatusConflict {
		t.Errorf("another request under a key is answered %d %s", code, said)
	}
	line := into[LineView](t, s.ask("GET", "/api/v1/line", ""))
	if len(line.Waiting) != 2 || line.Waiting[0].Slot != "10:00" || line.Waiting[0].Class != "appointment" {
		t.Errorf("the line is %+v", line.Waiting)
	}
	cancelled := into[NewAppointment](t, s.ask("POST", "/api/v1/appointments", `{"service":"marriage","day":"2026-11-24","from":"10:00"}`)).Code
	for range 2 {
		if code, said := do("appointments/"+cancelled+"/cancel", "x", ""); code != http.StatusOK || !strings.Contains(said, string(wire.KindAppointmentCancelled)) {
			t.Errorf("cancelling is answered %d %s", code, said)
		}
		s.restarted()
	}
}
