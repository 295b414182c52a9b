package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/copies"
	"hallkeeper/hub/report"
	"hallkeeper/wire"
)

func (s *stage) copies(account, query string) CopyList {
	s.t.Helper()
	var list CopyList
	w := s.ask("GET", "/api/v1/copies"+query, "", func(r *http.Request) { s.signedIn(r, account) })
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || w.Code != http.StatusOK {
		s.t.Fatalf("%s asks for copies: %d %s", account, w.Code, w.Body)
	}
	return list
}

// 63号 第八条: each department gets its own copy, and what became of it can be read.
func TestCopiesAreOrderedAndSeen(t *testing.T) {
	s := newStage(t)
	s.people()
	post := func(path, body string) (int, string) {
		w := s.ask("POST", "/api/v1/"+path, body)
		if w.Code == http.StatusOK {
			return w.Code, w.Body.String()
		}
		return w.Code, problemOf(t, w).Code
	}
	for path, want := range map[string]string{"months/2025-11/copies": "period_unpublished", "months/nonsense/copies": "fields_invalid", "copies/nobody/retry": "copy_unknown"} {
		if _, code := post(path, ""); code != want {
			t.Errorf("%s: %s, want %s", path, code, want)
		}
	}
	if _, code := post("months/2026-11/copies", `{"departments":["civil"]}`); code != "mail_missing" {
		t.Errorf("without an address: %s", code)
	}
	if _, code := post("months/2026-11/copies", `{"departments":["land"]}`); code != "department_unknown" {
		t.Errorf("a department that is not in it: %s", code)
	}
	if w := s.ask("PUT", "/api/v1/departments/civil/mail", `{"email":"office@civil.example.cn"}`); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	if status, body := post("months/2026-11/copies", ""); status != http.StatusOK || strings.Count(body, `"copy.queued"`) != 1 || strings.Contains(body, "civil.example") {
		t.Errorf("for all: %d %s", status, body)
	}
	s.mailless = true
	if _, code := post("months/2026-11/copies", ""); code != "mail_off" {
		t.Errorf("without a server: %s", code)
	}
	list := s.copies("administrator", "?period=2026-11")
	if len(list.Copies) != 1 || list.Copies[0].To != "o*****@civil.example.cn" || list.Copies[0].State != copies.Waiting || list.Revision != 1 || len(list.Departments) != 2 || list.Mails {
		t.Errorf("the list is %+v", list)
	}
	if _, _, err := s.Do(t.Context(), wire.Actor{Kind: wire.ActorPerson, ID: "liaison"}, "", copies.Downloaded{CopyDownloaded: wire.CopyDownloaded{Period: "2026-11", Revision: 1, Department: "tax", Format: "pdf", SHA256: "5e1f"}}); err != nil {
		t.Fatal(err)
	}
	if list = s.copies("liaison", ""); len(list.Copies) != 1 || list.Copies[0].To != "" || len(list.Departments) != 1 || list.Departments[0].Email != "" || len(list.Downloads) != 0 {
		t.Errorf("a liaison sees %+v", list)
	}
	if list = s.copies("auditor", "?period=2026-11"); len(list.Downloads) != 1 || list.Downloads[0].By != "liaison" || list.Copies[0].To != "" {
		t.Errorf("an auditor sees %+v", list)
	}
	if list = s.copies("representative", ""); len(list.Copies)+len(list.Departments) != 0 {
		t.Errorf("a representative sees %+v", list)
	}
}

// A period comes as a document, bound to what its reader may see; a department's fetching
// of what is published is recorded.
func TestAPeriodIsADocument(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	s.adopted()
	s.pass("2026-12-01")
	s.check("2026-11-23", "2026-11-30")
	s.tell(told{"POST", "/api/v1/findings", `{"finding":"f1","day":"2026-11-24","rule":"appearance","window":"w1","staff":"s1","note":"未戴工牌"}`, "", ""})
	get := func(account, path string) *httptest.ResponseRecorder {
		return s.ask("GET", "/api/v1/"+path, "", func(r *http.Request) { s.signedIn(r, account) })
	}
	if w := get("supervisor", "months/2026-11?format=docx"); w.Code != http.StatusOK || s.built.Revision != 0 {
		t.Fatalf("before publication: %d %s", w.Code, w.Body)
	}
	for _, step := range []string{"compute", "review", "open-appeals"} {
		s.tell(told{"", "/api/v1/months/2026-11/" + step, "", "", ""}.post())
	}
	s.pass("2027-01-20")
	s.tell(told{"", "/api/v1/months/2026-11/publish", "", "", ""}.post())
	w := get("supervisor", "months/2026-11?format=xlsx&number="+url.QueryEscape("演政务发〔2026〕12号"))
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != report.XLSX.ContentType() || !strings.Contains(w.Header().Get("Content-Disposition"), `"assessment-2026-11-r1.xlsx"`) {
		t.Fatalf("%d %v %.200s", w.Code, w.Header(), w.Body)
	}
	in := s.built
	if in.Number != "演政务发〔2026〕12号" || in.Revision != 1 || len(in.Digest) != 64 || len(in.Outcome.People) < 2 || in.Rules["appearance"].ZH == "" || in.Names.Person["s1"] != "演示员s1" || in.Published.IsZero() {
		t.Errorf("the document is made of %+v", in)
	}
	if got := s.copies("auditor", "").Downloads; len(got) != 0 {
		t.Errorf("a supervisor's download is a department's: %+v", got)
	}
	if w := get("liaison", "months/2026-11?format=xlsx&lang=en"); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for _, p := range s.built.Outcome.People {
		if p.Department != "civil" {
			t.Errorf("a liaison of civil is given %s", p.ID)
		}
	}
	if got := s.copies("auditor", "").Downloads; len(got) != 1 || got[0].Department != "civil" || got[0].Format != "xlsx" || got[0].By != "liaison" || len(got[0].SHA256) != 64 {
		t.Errorf("the liaison's download is recorded as %+v", got)
	}
	if w := get("representative", "months/2026-11?format=docx"); w.Code != http.StatusOK || len(s.built.Outcome.Windows) != 1 || s.built.Department != "civil" {
		t.Errorf("a representative: %d, %+v", w.Code, s.built.Outcome.Windows)
	}
	if w := get("supervisor", "months/2026-11?format=pdf"); problemOf(t, w).Code != "fonts_missing" {
		t.Errorf("without fonts: %s", w.Body)
	}
	if w := get("supervisor", "months/2026-11?format=docx&number="+strings.Repeat("x", 41)); problemOf(t, w).Code != "fields_invalid" {
		t.Errorf("a long number: %s", w.Body)
	}
	// The copy of what is published is made without a reader.
	deps := Deps{Register: s, Checkpoints: s, Zone: zone, Now: func() time.Time { return s.now }, HallName: "演示大厅", PublicURL: "https://hall.example.cn/", VerifyAt: "https://hall.example.cn/"}
	made, err := DocumentInput(&deps, "2026-11", 1, "")
	if err != nil || made.Digest != in.Digest || made.Verify != "https://hall.example.cn/verify/2026-11/1" || made.Names.Person["s1"] != "演示员s1" || made.Hall != "演示大厅" {
		t.Errorf("%v: %+v", err, made)
	}
	if _, err := DocumentInput(&deps, "2026-11", 2, ""); err == nil {
		t.Error("a revision that is not there has a document")
	}
	if _, err := DocumentInput(&deps, "2026-10", 0, ""); err == nil {
		t.Error("what is not published has a document")
	}
}
