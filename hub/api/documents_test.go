package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"hallkeeper/hub/copies"
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
	if len(list.Copies) != 1 || list.Copies[0].To != "office@civil.example.cn" || list.Copies[0].State != copies.Waiting || list.Revision != 1 || len(list.Departments) != 2 || list.Mails {
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
