package api

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func (s *stage) paper(key, rows string) (code int, said string) {
	s.t.Helper()
	w := s.ask("POST", "/api/v1/visits/paper", `{"day":"2026-11-23","rows":[`+rows+`]}`, func(r *http.Request) {
		s.signedIn(r, "supervisor")
		if key != "" {
			r.Header.Set("Idempotency-Key", key)
		}
	})
	return w.Code, w.Body.String()
}

// What the hall did on paper while the hub was away counts, says who entered it and
// when, and is entered once whatever is sent again.
func TestPaperNumbersAreEnteredAfterwards(t *testing.T) {
	s := newStage(t)
	s.furnishLine()
	s.now = time.Date(2026, 11, 23, 11, 0, 0, 0, zone)
	const rows = `{"service":"marriage","paper":"17","window":"w1","staff":"s1","taken":"09:00","called":"09:10","finished":"09:30","outcome":"accepted"},
		{"service":"marriage","paper":"18","window":"w2","taken":"09:05","called":"09:12","outcome":"missed"},
		{"service":"marriage","paper":"19","taken":"09:07","finished":"09:40","outcome":"left","reason":"有急事"}`
	code, first := s.paper("table-1", rows)
	if code != http.StatusOK {
		t.Fatalf("%d %s", code, first)
	}
	if code, again := s.paper("table-1", rows); code != http.StatusOK || again != first {
		t.Errorf("sent again it is answered %d %s", code, again)
	}
	s.restarted() // it has forgotten what it answered, the log has not
	if code, again := s.paper("table-1", rows); code != http.StatusOK || !strings.HasSuffix(strings.TrimSpace(again), `"entered":3}`) {
		t.Errorf("sent again after a restart it is answered %d %s", code, again)
	}
	if code, said := s.paper("table-1", strings.Replace(rows, "09:30", "09:31", 1)); code != http.StatusConflict && code != http.StatusUnprocessableEntity {
		t.Errorf("another table under its key is answered %d %s", code, said)
	}
	if code, said := s.paper("", rows); code != http.StatusUnprocessableEntity || !strings.Contains(said, `"field":"rows[0].paper"`) || !strings.Contains(said, "这个号已由 supervisor 于 11-23 11:00 补录") {
		t.Errorf("entered by another request it is answered %d %s", code, said)
	}

	if second := into[PaperList](t, s.ask("GET", "/api/v1/visits/paper?limit=1&offset=1", "")); second.Total != 3 || len(second.Visits) != 1 || second.Visits[0].Paper != "18" {
		t.Errorf("its second page is %+v", second)
	}
	if past := into[PaperList](t, s.ask("GET", "/api/v1/visits/paper?offset=3", "")); past.Total != 3 || len(past.Visits) != 0 {
		t.Errorf("beyond its end is %+v", past)
	}
	list := into[PaperList](t, s.ask("GET", "/api/v1/visits/paper", "", func(r *http.Request) { s.signedIn(r, "auditor") }))
	if len(list.Visits) != 3 || list.Visits[2].By != "supervisor" || !list.Visits[2].EnteredAt.Equal(s.now) || list.Visits[2].MatterNumber != "2026-000001" || list.Visits[0].Paper != "19" {
		t.Fatalf("the list is %+v", list)
	}
	n := into[QueueFigures](t, s.statistics("auditor", "queue?by=service")).Total
	if n.Issued != 3 || n.Finished != 1 || n.Missed != 1 || n.Closed != 1 || n.Paper != 3 || n.Wait.Count != 2 || n.Service.Max != 1200 {
		t.Errorf("the figures are %+v", n)
	}
	page := into[VisitPage](t, s.statistics("auditor", "visits?by=outcome&key=accepted"))
	if len(page.Visits) != 1 || !page.Visits[0].Paper || page.Visits[0].Number != "17" || page.Visits[0].Staff != "s1" || len(page.Visits[0].Positions) != 1 {
		t.Errorf("the visits are %+v", page)
	}
	if m := into[MatterStory](t, s.ask("GET", "/api/v1/matters/2026-000001", "")); m.Day != "2026-11-23" || len(m.VisitList) != 1 || m.Visits != 1 {
		t.Errorf("its matter is %+v", m)
	}
	if events := s.ask("GET", "/api/v1/events?limit=500", "").Body.String(); strings.Contains(events, "有急事") || !strings.Contains(events, `"id":"supervisor"`) {
		t.Error("a reason is not sealed, or nobody is named")
	}
}

// A number that was entered wrongly is taken back, with the matter that it opened; then it can be entered rightly.
func TestAPaperNumberIsTakenBack(t *testing.T) {
	s := newStage(t)
	s.furnishLine()
	s.now = time.Date(2026, 11, 23, 11, 0, 0, 0, zone)
	const row = `{"service":"marriage","paper":"17","window":"w1","taken":"09:00","called":"09:10","finished":"09:30","outcome":"accepted"}`
	const other = `{"service":"marriage","paper":"18","window":"w1","taken":"09:00","called":"09:30","finished":"09:40","outcome":"accepted"}`
	if code, said := s.paper("", row+","+other); code != http.StatusOK {
		t.Fatalf("%d %s", code, said)
	}
	list := into[PaperList](t, s.ask("GET", "/api/v1/visits/paper", "")).Visits
	if list[0].MatterNumber != "2026-000002" || list[1].MatterNumber != "2026-000001" {
		t.Fatalf("the matters are %q and %q", list[1].MatterNumber, list[0].MatterNumber)
	}
	into[Changed](t, s.ask("POST", "/api/v1/visits/paper/"+list[1].Visit+"/withdraw", `{"reason":"时间录错"}`))
	if m := into[MatterStory](t, s.ask("GET", "/api/v1/matters/2026-000001", "")); m.State != "void" || len(m.VisitList) != 0 {
		t.Errorf("its matter is %+v", m)
	}
	if n := into[QueueFigures](t, s.statistics("auditor", "queue")).Total; n.Issued != 1 || n.Paper != 1 {
		t.Errorf("the figures are %+v", n)
	}
	into[Changed](t, s.ask("POST", "/api/v1/matters/2026-000002/suspend", `{"why":"hearing","reason":"听证"}`))
	if p := problemOf(t, s.ask("POST", "/api/v1/visits/paper/"+list[0].Visit+"/withdraw", `{"reason":"录错"}`)); p.Code != "matter_went_on" {
		t.Errorf("with a matter that went on it is answered %s", p.Code)
	}
	if code, said := s.paper("", strings.Replace(row, "09:30", "09:29", 1)); code != http.StatusOK {
		t.Errorf("entered rightly it is answered %d %s", code, said)
	}
	into[Changed](t, s.ask("POST", "/api/v1/visits/paper/"+list[1].Visit+"/withdraw", `{"reason":"再次"}`))
}

// A table that people kept in a spreadsheet is read as they write: names, numbers of windows, words.
func TestATableOfPaperNumbersIsRead(t *testing.T) {
	s := newStage(t)
	s.furnishLine()
	read := func(csv string) PaperFile {
		return into[PaperFile](t, s.ask("POST", "/api/v1/visits/paper/read", csv, header("Content-Type", "text/csv")))
	}
	file := read("业务,纸质号,类别,窗口,取号,呼叫,结束,结果,说明\n婚姻登记,17,老年人,1,9:05,09：10,09:20:00,一次性告知,缺照片\nmarriage,18,,w2,9:06,9:12,,过号,\n别的,19,,7,9:07,,,离开,\n")
	if len(file.Rows) != 3 || len(file.Faults) != 0 {
		t.Fatalf("%+v", file)
	}
	first := file.Rows[0]
	if first.Service != "marriage" || first.Class != "elderly" || first.Window != "w1" || first.Taken != "09:05" || first.Called != "09:10" || first.Finished != "09:20" || first.Outcome != "notice" || first.Reason != "缺照片" {
		t.Errorf("the first row is %+v", first)
	}
	if r := file.Rows[1]; r.Service != "marriage" || r.Class != "ordinary" || r.Window != "w2" || r.Outcome != "missed" {
		t.Errorf("the second row is %+v", r)
	}
	if r := file.Rows[2]; r.Service != "别的" || r.Window != "7" || r.Outcome != "left" {
		t.Errorf("what nobody knows is %+v", r)
	}
	if w := s.ask("POST", "/api/v1/visits/paper/read", "not a table of these", header("Content-Type", "text/csv")); w.Code < 400 || w.Code >= 500 {
		t.Errorf("another table is answered %d %s", w.Code, w.Body)
	}
	template := s.ask("GET", "/api/v1/visits/paper/template", "")
	again := s.ask("POST", "/api/v1/visits/paper/read", template.Body.String(), header("Content-Type", "application/octet-stream"))
	if rows := into[PaperFile](t, again).Rows; len(rows) != 1 || rows[0].Paper != "17" || rows[0].Taken != "09:10" || rows[0].Outcome != "done" || rows[0].Window != "w1" {
		t.Errorf("the template is read as %+v", rows)
	}
}
