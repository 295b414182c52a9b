package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"hallkeeper/wire"
)

// servedHall is a hall in which s1 served one ticket at w1 after four minutes, for
// six; s3 missed one at w2 and a third one waits still.
func servedHall(t *testing.T) *stage {
	t.Helper()
	s := newStage(t)
	s.people()
	s.now = time.Date(2026, 11, 23, 9, 0, 0, 0, zone)
	do := func(account, method, path, body string) {
		t.Helper()
		w := s.ask(method, "/api/v1/"+path, body, func(r *http.Request) { s.signedIn(r, account) })
		if w.Code >= 300 {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	do("administrator", "PUT", "services/marriage", `{"name":"婚姻登记","department":"civil","prefix":"A","windows":["w1"],"wait_max":3,"service_max":10}`)
	do("administrator", "PUT", "services/invoice", `{"name":"发票","department":"tax","prefix":"B","windows":["w2"]}`)
	do("screen", "POST", "tickets", `{"service":"marriage"}`)
	do("screen", "POST", "tickets", `{"service":"invoice"}`)
	s.now = s.now.Add(4 * time.Minute)
	do("staff", "POST", "windows/w1/call-next", "")
	do("staff", "POST", "windows/w1/start", "")
	do("supervisor", "POST", "windows/w2/call-next", "")
	s.now = s.now.Add(6 * time.Minute)
	do("staff", "POST", "windows/w1/finish", `{"outcome":"accepted"}`)
	do("screen", "POST", "tickets", `{"service":"marriage","class":"elderly"}`)
	return s
}

func (s *stage) statistics(account, path string) *httptest.ResponseRecorder {
	s.t.Helper()
	return s.ask("GET", "/api/v1/statistics/"+path, "", func(r *http.Request) { s.signedIn(r, account) })
}

func TestFiguresAreOfWhoMaySeeThem(t *testing.T) {
	s := servedHall(t)
	for account, want := range map[string]int{"administrator": 3, "supervisor": 3, "auditor": 3, "liaison": 2, "representative": 1, "staff": 1} {
		var got QueueFigures
		w := s.statistics(account, "queue?by=service&from=2026-11-23&until=2026-11-23")
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK || got.Total.Issued != want {
			t.Errorf("%s is answered %d %s", account, w.Code, w.Body)
		}
		var page VisitPage
		if err := json.Unmarshal(s.statistics(account, "visits?limit=1").Body.Bytes(), &page); err != nil || page.Total != want || len(page.Visits) != 1 {
			t.Errorf("%s sees %+v", account, page)
		}
	}
	if w := s.statistics("staff", "queue?staff=s3"); !strings.Contains(w.Body.String(), `"issued":0`) {
		t.Errorf("a staff member is shown another's: %s", w.Body)
	}
}

func TestAFigureLeadsToItsRecords(t *testing.T) {
	s := servedHall(t)
	var got QueueFigures
	if err := json.Unmarshal(s.statistics("auditor", "queue?by=service").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	row := got.Rows[1]
	if row.Name != "婚姻登记" || row.Finished != 1 || row.Open != 1 || row.Wait.Median != 240 || row.Wait.Normed != 1 || row.Wait.Within != 0 ||
		row.Service.Max != 360 || row.Service.Within != 1 || got.Waits[0] != 2 {
		t.Errorf("the row is %+v", row)
	}
	var page VisitPage
	if err := json.Unmarshal(s.statistics("auditor", "visits?by=outcome&key=accepted").Body.Bytes(), &page); err != nil || page.Total != 1 {
		t.Fatalf("%v %+v", err, page)
	}
	v := page.Visits[0]
	if v.Number != "A001" || v.Staff != "s1" || *v.Wait != 240 || *v.Served != 360 || len(v.Positions) != 3 || !slices.IsSorted(v.Positions) {
		t.Errorf("the visit is %+v", v)
	}
}

func TestQuestionsThatMakeNoSenseAreRefused(t *testing.T) {
	s := servedHall(t)
	for path, code := range map[string]string{
		"from=2026-11-24&until=2026-11-23": "before", "from=2025-11-22&until=2026-11-23": "too_long", "from=yesterday": "date", "by=satisfaction": "choice",
		"service=nobody": "service_unknown", "window=nobody": "window_unknown", "staff=nobody": "staff_unknown",
	} {
		for _, route := range []string{"queue?", "visits?", "export?"} {
			if w := s.statistics("supervisor", route+path); w.Code < 400 || w.Code >= 500 || !strings.Contains(w.Body.String(), `"`+code+`"`) {
				t.Errorf("%s%s is answered %d %s", route, path, w.Code, w.Body)
			}
		}
	}
	if w := s.statistics("supervisor", "queue?from=2025-11-23&until=2026-11-23"); w.Code != http.StatusOK {
		t.Errorf("366 days are refused: %s", w.Body)
	}
	for _, account := range []string{string(wire.RoleScreen), string(wire.RolePublic)} {
		if w := s.statistics(account, "queue"); w.Code != http.StatusForbidden && w.Code != http.StatusUnauthorized {
			t.Errorf("%s is answered %d", account, w.Code)
		}
	}
}

func TestTheWorkbookHoldsNumbers(t *testing.T) {
	s := servedHall(t)
	for lang, first := range map[string]string{"zh-CN": "按日", "en": "By day"} {
		f, err := excelize.OpenReader(bytes.NewReader(s.statistics("supervisor", "export?lang="+lang).Body.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		sheets := f.GetSheetList()
		if len(sheets) != 9 || sheets[0] != first {
			t.Errorf("the sheets are %v", sheets)
		}
		for _, name := range sheets {
			panes, err := f.GetPanes(name)
			if err != nil || !panes.Freeze {
				t.Errorf("%s: the heading does not stay (%v)", name, err)
			}
		}
		// The second sheet is by service: 发票, 婚姻登记, and all.
		for cell, want := range map[string]string{"B3": "2", "C3": "2", "E3": "0", "K3": "4", "O3": "0", "P3": "6", "S3": "1", "T3": "0", "B4": "3"} {
			got, err := f.GetCellValue(sheets[1], cell, excelize.Options{RawCellValue: true})
			kind, kerr := f.GetCellType(sheets[1], cell)
			if err != nil || kerr != nil || got != want || kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber {
				t.Errorf("%s %s is %q of type %d, not the number %s (%v %v)", sheets[1], cell, got, kind, want, err, kerr)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	csv := s.statistics("supervisor", "export?format=csv&by=service").Body.String()
	if !strings.HasPrefix(csv, "\ufeff按业务,取号（张）") || !strings.Contains(csv, "婚姻登记,2,2,1,0,0,0,1,0,0,4.00") {
		t.Errorf("the table is %s", csv)
	}
}
