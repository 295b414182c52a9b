package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hallkeeper/wire"
)

// as asks as somebody with a role; public is nobody.
func (s *stage) as(role, method, path, body string) *httptest.ResponseRecorder {
	s.t.Helper()
	return s.ask(method, "/api/v1/"+path, body, func(r *http.Request) {
		if role == "public" {
			signedOut(r)
		} else {
			s.signedIn(r, role)
		}
	})
}

// serving begins a visit at a window and gives its ticket.
func (s *stage) serving(window string) string {
	s.t.Helper()
	d := s.taken(s.ask("POST", "/api/v1/tickets", `{"service":"marriage"}`))
	for _, x := range []string{"call-next", "start"} {
		if w := s.ask("POST", "/api/v1/windows/"+window+"/"+x, ""); w.Code != http.StatusOK {
			s.t.Fatalf("%s: %d %s", x, w.Code, w.Body)
		}
	}
	return d.Ticket
}

// token is what the holder of a ticket has.
func (s *stage) token(ticket string) string { return ticket + "." + s.TicketCode(ticket) }

// A clerk's panel shows the ids of tickets. With them nobody rates, explains, looks
// whether a rating was bad, or leaves the line for a citizen, signed in or not.
func TestTheIdOfATicketIsNotItsHolder(t *testing.T) {
	s := newStage(t)
	s.furnishLine()
	taken := func(as string) Taken { return s.taken(s.as(as, "POST", "tickets", `{"service":"marriage"}`)) }
	ticket := s.serving("w2")
	waiting := taken("screen")
	if waiting.Token != s.token(waiting.Ticket) || taken("staff").Token != "" {
		t.Errorf("the kiosk is told %q", waiting.Token)
	}
	panel := s.as("staff", "GET", "windows/w2/line", "").Body.String() + s.as("staff", "GET", "line", "").Body.String()
	if !strings.Contains(panel, ticket) || strings.Contains(panel, s.TicketCode(ticket)) {
		t.Errorf("the panel is told %s", panel)
	}
	for _, who := range []string{"public", "staff"} {
		for path, body := range map[string]string{"rating": `{"level":5}`, "rating/reasons": `{"reasons":["slow"]}`} {
			if w := s.as(who, "POST", "tickets/"+ticket+"/"+path, body); w.Code != 404 && w.Code != 409 {
				t.Errorf("%s with the id at %s: %d %s", who, path, w.Code, w.Body)
			}
		}
		if w := s.as(who, "GET", "tickets/"+ticket+"/rating", ""); w.Code != 404 {
			t.Errorf("%s looks with the id: %d %s", who, w.Code, w.Body)
		}
	}
	if w := s.as("public", "POST", "tickets/"+waiting.Ticket+"/leave", ""); w.Code != 404 {
		t.Errorf("somebody leaves with the id: %d %s", w.Code, w.Body)
	}
	for _, wrong := range []string{waiting.Ticket + ".", waiting.Ticket + ".code", ".code", waiting.Ticket + "." + s.TicketCode(ticket) + "x"} {
		if w := s.as("public", "POST", "tickets/"+wrong+"/leave", ""); w.Code != 404 {
			t.Errorf("somebody leaves with %q: %d", wrong, w.Code)
		}
	}
	s.as("public", "POST", "tickets/"+s.token(ticket)+"/rating", `{"level":1}`)
	if p := into[RatingPrompt](t, s.as("staff", "GET", "tickets/"+s.token(ticket)+"/rating", "")); p.Explain {
		t.Error("staff are told that a rating was bad")
	}
	if w := s.as("staff", "POST", "tickets/"+s.token(ticket)+"/rating/reasons", `{"reasons":["slow"]}`); problemOf(t, w).Code != "rating_by_staff" {
		t.Errorf("staff explain for the citizen: %d %s", w.Code, w.Body)
	}
	if w := s.as("public", "POST", "tickets/"+waiting.Token+"/leave", ""); w.Code != http.StatusOK {
		t.Errorf("the holder leaves: %d %s", w.Code, w.Body)
	}
}

func (s *stage) tablet() RatingPrompt {
	s.t.Helper()
	return into[RatingPrompt](s.t, s.as("screen", "GET", "windows/w1/rating", ""))
}

func TestATabletRatesTheVisitAtItsWindow(t *testing.T) {
	s := newStage(t)
	s.furnishLine()
	if p := s.tablet(); p.State != "idle" || p.Number != "1" || len(p.Reasons) == 0 {
		t.Errorf("before anybody is served it shows %+v", p)
	}
	s.serving("w1")
	open := s.tablet()
	if open.State != "open" || open.ServiceName != "婚姻登记" || open.Until != nil {
		t.Errorf("while somebody is served it shows %+v", open)
	}
	s.now = s.now.Add(5 * time.Minute)
	s.ask("POST", "/api/v1/windows/w1/finish", "")
	if p := s.tablet(); p.State != "open" || p.Until == nil || p.Until.Sub(s.now) != 10*time.Minute {
		t.Errorf("after the visit it shows %+v", p)
	}
	w := s.as("screen", "POST", "windows/w1/ratings", fmt.Sprintf(`{"level":2,"visit":%q,"at":%q}`, open.Visit, s.now.Format(time.RFC3339)))
	kept := into[RatingKept](t, w)
	if w.Code != http.StatusCreated || kept.Prompt.State != "rated" || !kept.Prompt.Explain || kept.Prompt.CorrectUntil.Sub(*kept.Prompt.RatedAt) != 5*time.Second {
		t.Errorf("a bad rating is answered %d %+v", w.Code, kept.Prompt)
	}
	if strings.Contains(w.Body.String(), "level") {
		t.Errorf("the answer tells the level: %s", w.Body)
	}
	w = s.as("screen", "POST", "windows/w1/ratings/reasons", fmt.Sprintf(`{"visit":%q,"reasons":["attitude"],"text":"<b>等了很久</b>","phone":"13800000042"}`, open.Visit))
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "13800000042") || strings.Contains(w.Body.String(), "等了") {
		t.Errorf("the reasons are answered %d %s", w.Code, w.Body)
	}
	if p := s.tablet(); p.Explain {
		t.Error("it asks for reasons that were given")
	}
	s.now = s.now.Add(11 * time.Minute)
	if p := s.tablet(); p.State != "idle" || p.Visit != "" {
		t.Errorf("when it is too late it shows %+v", p)
	}
}

func TestWhatIsRefusedOfARating(t *testing.T) {
	s := newStage(t)
	s.furnishLine()
	ticket := s.serving("w1")
	visit := s.tablet().Visit
	long := strings.Repeat("长", 40_000) // over 100 KB
	for _, c := range []struct {
		what, role, path, body string
		status                 int
		want                   string
	}{
		{"a level that there is not", "screen", "windows/w1/ratings", `{"level":6}`, 422, "level"},
		{"no level", "screen", "windows/w1/ratings", `{}`, 422, "level"},
		{"a level on the phone that there is not", "public", "tickets/" + s.token(ticket) + "/rating", `{"level":0}`, 422, "level"},
		{"a window that there is not", "screen", "windows/w9/ratings", `{"level":5}`, 404, "window_unknown"},
		{"a ticket that there is not", "public", "tickets/nobody/rating", `{"level":5}`, 404, "ticket_unknown"},
		{"staff press for the citizen", "staff", "windows/w1/ratings", `{"level":5}`, 403, "not_permitted"},
		{"a supervisor presses for the citizen", "supervisor", "windows/w1/ratings", `{"level":5}`, 403, "not_permitted"},
		{"staff rate on the ticket's page", "staff", "tickets/" + s.token(ticket) + "/rating", `{"level":5}`, 409, "rating_by_staff"},
		{"nobody who signed in", "public", "windows/w1/ratings", `{"level":5}`, 401, "not_signed_in"},
		{"reasons before a rating", "screen", "windows/w1/ratings/reasons", `{"visit":"` + visit + `","reasons":["slow"]}`, 409, "rating_not_bad"},
		{"a first bad rating", "public", "tickets/" + s.token(ticket) + "/rating", `{"level":1}`, 201, ""},
		{"reasons of another list", "public", "tickets/" + s.token(ticket) + "/rating/reasons", `{"reasons":["weather"]}`, 422, "reasons"},
		{"a hundred kilobytes of text", "public", "tickets/" + s.token(ticket) + "/rating/reasons", `{"text":"` + long + `"}`, 422, "text"},
		{"no phone number", "public", "tickets/" + s.token(ticket) + "/rating/reasons", `{"phone":"12"}`, 422, "phone"},
		{"nothing", "public", "tickets/" + s.token(ticket) + "/rating/reasons", `{}`, 422, "reasons"},
		{"the reasons", "public", "tickets/" + s.token(ticket) + "/rating/reasons", `{"text":"<script>alert(1)</script>"}`, 200, ""},
		{"the reasons again", "public", "tickets/" + s.token(ticket) + "/rating/reasons", `{"reasons":["slow"]}`, 409, "rating_explained"},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := s.as(c.role, "POST", c.path, c.body)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
				t.Errorf("answered %d %.300s, want %d %s", w.Code, w.Body, c.status, c.want)
			}
		})
	}
	page := into[RatingPage](t, s.ask("GET", "/api/v1/ratings", ""))
	if page.Total != 1 || page.Ratings[0].Level != 1 || page.Ratings[0].Presses[0].State != "counted" || page.Ratings[0].Presses[0].Source != wire.RatingPhone {
		t.Errorf("on record is %+v", page)
	}
}

func TestAPhoneRatesOnceAndForADay(t *testing.T) {
	s := newStage(t)
	s.furnishLine()
	ticket := s.taken(s.ask("POST", "/api/v1/tickets", `{"service":"marriage"}`)).Ticket
	rate := func(level int) *httptest.ResponseRecorder {
		return s.as("public", "POST", "tickets/"+s.token(ticket)+"/rating", fmt.Sprintf(`{"level":%d}`, level))
	}
	if w := rate(5); problemOf(t, w).Code != "rating_idle" {
		t.Errorf("before the visit it is answered %d %s", w.Code, w.Body)
	}
	s.ask("POST", "/api/v1/windows/w1/call-next", "")
	s.ask("POST", "/api/v1/windows/w1/start", "")
	s.now = s.now.Add(time.Minute)
	s.ask("POST", "/api/v1/windows/w1/finish", "")
	s.now = s.now.Add(23 * time.Hour)
	if w := rate(4); w.Code != http.StatusCreated {
		t.Errorf("on the next day it is answered %d %s", w.Code, w.Body)
	}
	s.now = s.now.Add(4 * time.Second)
	if w := rate(5); w.Code != http.StatusCreated {
		t.Errorf("a correction is answered %d %s", w.Code, w.Body)
	}
	s.now = s.now.Add(10 * time.Second)
	if w := rate(1); problemOf(t, w).Code != "rated_already" {
		t.Errorf("a second rating is answered %d %s", w.Code, w.Body)
	}
	other := s.serving("w2")
	s.ask("POST", "/api/v1/windows/w2/finish", "")
	s.now = s.now.Add(25 * time.Hour)
	if w := s.as("public", "POST", "tickets/"+s.token(other)+"/rating", `{"level":3}`); problemOf(t, w).Code != "rating_closed" {
		t.Errorf("after a day it is answered %d %s", w.Code, w.Body)
	}
}

// A tablet that was cut off for three days sends what was touched then: it counts for the visit of then, once.
func TestATabletThatWasCutOff(t *testing.T) {
	s := newStage(t)
	s.furnishLine()
	s.serving("w1")
	visit, touched := s.tablet().Visit, s.now.Add(30*time.Second)
	s.now = s.now.Add(time.Minute)
	s.ask("POST", "/api/v1/windows/w1/finish", "")
	s.now = s.now.Add(72 * time.Hour)
	key := into[NewToken](t, s.ask("POST", "/api/v1/tokens", `{"role":"screen","name":"评价器"}`)).Token
	body := fmt.Sprintf(`{"level":1,"visit":%q,"at":%q}`, visit, touched.UTC().Format(time.RFC3339))
	for range 2 {
		w := s.ask("POST", "/api/v1/windows/w1/ratings", body, func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer "+key)
			r.Header.Set("Idempotency-Key", "touch-1")
		})
		if w.Code != http.StatusCreated {
			t.Fatalf("answered %d %s", w.Code, w.Body)
		}
	}
	said := func(window string) *httptest.ResponseRecorder {
		return s.ask("POST", "/api/v1/windows/"+window+"/ratings/reasons", fmt.Sprintf(`{"visit":%q,"reasons":["slow"]}`, visit), header("Authorization", "Bearer "+key))
	}
	if w := said("w2"); problemOf(t, w).Code != "rating_not_bad" {
		t.Errorf("reasons by another window's tablet are answered %d %s", w.Code, w.Body)
	}
	if w := said("w1"); w.Code != http.StatusOK {
		t.Errorf("its reasons are answered %d %s", w.Code, w.Body)
	}
	page := into[RatingPage](t, s.ask("GET", "/api/v1/ratings?from=2026-11-23&until=2026-11-26", ""))
	if page.Total != 1 || page.Ratings[0].Day != "2026-11-23" || page.Ratings[0].Result != "rated" || len(page.Ratings[0].Presses) != 1 {
		t.Errorf("on record is %+v", page)
	}
}

// Each publication of a period is a revision that says what it changed; one that would change nothing is none.
// A tablet was cut off while one was served and sends what they touched when
// another is: the answer says whose it is, and the reasons go to that one.
func TestALateRatingSaysForWhomItCounts(t *testing.T) {
	s := newStage(t)
	s.furnishLine()
	s.serving("w1")
	first := s.tablet().Visit
	touched := s.now.Add(time.Minute)
	s.now = s.now.Add(2 * time.Minute)
	s.ask("POST", "/api/v1/windows/w1/finish", "")
	s.now = s.now.Add(time.Minute)
	s.serving("w1")
	s.now = s.now.Add(time.Minute)
	kept := into[RatingKept](t, s.as("screen", "POST", "windows/w1/ratings", fmt.Sprintf(`{"level":1,"at":%q}`, touched.Format(time.RFC3339))))
	if kept.Visit != first || kept.Prompt.Visit == first || kept.Prompt.State != "open" {
		t.Errorf("the late rating counts for %q, not %q; the tablet goes on with %+v", kept.Visit, first, kept.Prompt)
	}
	if w := s.as("screen", "POST", "windows/w1/ratings/reasons", fmt.Sprintf(`{"visit":%q,"reasons":["slow"]}`, kept.Visit)); w.Code != http.StatusOK {
		t.Errorf("its reasons are answered %d %s", w.Code, w.Body)
	}
	before := s.now.Add(-3 * time.Hour).Format(time.RFC3339)
	if kept := into[RatingKept](t, s.as("screen", "POST", "windows/w1/ratings", fmt.Sprintf(`{"level":1,"at":%q}`, before))); kept.Visit != "" {
		t.Errorf("a touch while nobody was served counts for %q", kept.Visit)
	}
}

func TestAPublicationIsRevised(t *testing.T) {
	s := newStage(t)
	s.furnishLine()
	publish := func(period string) Changed {
		t.Helper()
		return into[Changed](t, s.as("supervisor", "POST", "ratings/publications", `{"period":"`+period+`"}`))
	}
	s.serving("w1")
	s.as("screen", "POST", "windows/w1/ratings", `{"level":5}`)
	if n := len(publish("2026-11").Events) + len(publish("2026-11").Events); n != 1 {
		t.Errorf("the same figures were published %d times", n)
	}
	s.now = s.now.Add(time.Minute)
	s.ask("POST", "/api/v1/windows/w1/finish", "")
	s.now = s.now.Add(time.Minute)
	s.serving("w1")
	s.as("screen", "POST", "windows/w1/ratings", `{"level":1}`)
	publish("2026-11")
	list := into[PublicationList](t, s.as("public", "GET", "ratings/publications?period=2026-11", ""))
	if len(list.Publications) != 2 || list.Publications[0].Revision != 2 || list.Publications[0].Figures.Pressed != 2 {
		t.Fatalf("published are %+v", list)
	}
	if got := fmt.Sprint(list.Publications[0].Changes); got != "[{visits 1 2} {rateable 1 2} {pressed 1 2} {level_1 0 1}]" {
		t.Errorf("it changed %s", got)
	}
	for period, field := range map[string]string{"2026-13": "period", "2027-01": "period", "soon": "period"} {
		if w := s.as("supervisor", "POST", "ratings/publications", `{"period":"`+period+`"}`); w.Code != 422 || !strings.Contains(w.Body.String(), field) {
			t.Errorf("%s is answered %d %s", period, w.Code, w.Body)
		}
	}
}
