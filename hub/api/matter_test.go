package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// visit takes, calls, starts and finishes at a window, as a supervisor.
func (s *stage) visit(window, finish string) *httptest.ResponseRecorder {
	s.t.Helper()
	s.taken(s.ask("POST", "/api/v1/tickets", `{"service":"marriage"}`))
	for _, x := range []string{"call-next", "start"} {
		if w := s.ask("POST", "/api/v1/windows/"+window+"/"+x, ""); w.Code != http.StatusOK {
			s.t.Fatalf("%s: %d %s", x, w.Code, w.Body)
		}
	}
	return s.ask("POST", "/api/v1/windows/"+window+"/finish", finish)
}

func into[T any](t testing.TB, w *httptest.ResponseRecorder) (x T) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &x); err != nil || w.Code >= 300 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return x
}

// 63号 第九条, 第十条(四): the second visit is counted, the second notice is said at once, and no number is kept.
func TestACitizenWhoComesAgainIsCounted(t *testing.T) {
	s := newStage(t)
	s.furnishLine()
	const notice = `{"outcome":"notice","reason":"缺户口簿","citizen":"138 0000 0042"}`
	first, second := into[VisitEnd](t, s.visit("w1", notice)), into[VisitEnd](t, s.visit("w2", notice))
	if first.Visits != 1 || first.ToldBefore || second.Visits != 2 || !second.ToldBefore {
		t.Errorf("the first visit is answered %d %v, the second %d %v", first.Visits, first.ToldBefore, second.Visits, second.ToldBefore)
	}
	end := into[VisitEnd](t, s.visit("w1", `{"outcome":"accepted","citizen":"13800000042"}`))
	if end.Matter == nil || !strings.HasSuffix(end.Matter.Number, "-000001") || end.Visits != 3 || len(end.Events) != 2 {
		t.Fatalf("the visit that is accepted is answered %+v", end)
	}
	list := into[RepeatList](t, s.ask("GET", "/api/v1/visits/repeated", ""))
	if len(list.Repeats) != 1 || list.Repeats[0].Notices != 2 || len(list.Repeats[0].VisitList) != 3 || list.Repeats[0].VisitList[0].Position == 0 {
		t.Errorf("the repeats are %+v", list)
	}
	log := s.ask("GET", "/api/v1/events?limit=500", "").Body.String()
	if strings.Contains(log, "13800000042") || !strings.Contains(log, "c1:hash-of-42") {
		t.Error("the log holds the phone number, or not its hash")
	}
	if w := s.visit("w1", `{"outcome":"accepted","citizen":"11010519491231002Y"}`); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a wrong identity number is answered %d %s", w.Code, w.Body)
	}
}

// 63号 第三条: staff act on the matters of their own windows, supervisors on all.
func TestStaffSeeTheMattersOfTheirWindow(t *testing.T) {
	s := newStage(t)
	s.furnishLine()
	own, other := into[VisitEnd](t, s.visit("w1", `{"outcome":"accepted"}`)), into[VisitEnd](t, s.visit("w2", `{"outcome":"accepted"}`))
	as := func(r *http.Request) { s.signedIn(r, "staff") }
	if list := into[MatterList](t, s.ask("GET", "/api/v1/matters", "", as)); len(list.Matters) != 1 || list.Matters[0].Number != own.Matter.Number || list.Open != 1 {
		t.Errorf("staff at w1 see %+v", list)
	}
	w := s.ask("POST", "/api/v1/matters/"+other.Matter.Number+"/conclude", `{"result":"granted"}`, as)
	if p := problemOf(t, w); p.Code != "not_yours" {
		t.Errorf("another window's matter is answered %d %s", w.Code, p.Code)
	}
	into[Changed](t, s.ask("POST", "/api/v1/matters/"+own.Matter.Number+"/conclude", `{"result":"granted"}`, as))
	s.now = s.now.AddDate(1, 0, 0)
	if list := into[MatterList](t, s.ask("GET", "/api/v1/matters?window=w2", "")); len(list.Matters) != 1 || list.Open != 1 {
		t.Errorf("a supervisor sees %+v", list)
	}
}

// 63号 第三条: what is late comes first, with what is late about it, in the list and in the table.
func TestWhatIsLateComesFirst(t *testing.T) {
	s := newStage(t)
	s.furnishLine()
	s.ask("PUT", "/api/v1/services/marriage", `{"name":"婚姻登记","department":"civil","prefix":"A","windows":["w1","w2"],"documents":["户口簿"],"promised_days":5,"legal_days":30}`)
	late := into[VisitEnd](t, s.visit("w1", `{"outcome":"promised","missing":["户口簿"]}`)).Matter
	s.now = s.now.AddDate(0, 0, 14)
	fresh := into[VisitEnd](t, s.visit("w1", `{"outcome":"accepted"}`)).Matter
	list := into[MatterList](t, s.ask("GET", "/api/v1/matters", ""))
	if list.Open != 2 || list.Overdue != 1 || list.Matters[0].Number != late.Number || !list.Matters[0].Overdue || list.Matters[0].Unlawful || !list.Matters[0].GapsOverdue {
		t.Errorf("the list is %+v", list)
	}
	if list := into[MatterList](t, s.ask("GET", "/api/v1/matters?state=overdue", "")); len(list.Matters) != 1 {
		t.Errorf("%d matters are overdue", len(list.Matters))
	}
	table := s.ask("GET", "/api/v1/matters/export?format=csv&number="+fresh.Number, "").Body.String()
	if !strings.Contains(table, fresh.Number) || strings.Contains(table, late.Number) {
		t.Errorf("the table is %s", table)
	}
}

func TestIdentityNumbersAreChecked(t *testing.T) {
	for number, right := range map[string]bool{"11010519491231002X": true, "110105194912310021": false, "440524188001010014": true, "4405241880010100": false} {
		if identity(number) != right {
			t.Errorf("%s is said to be %v", number, !right)
		}
	}
}
