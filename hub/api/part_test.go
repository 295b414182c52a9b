package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/cycle"
)

// The words of an appeal are for the person whose score it is, and for those who may read all.
func TestWhoReadsTheWordsOfAnAppeal(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	s.adopted()
	s.pass("2026-12-01")
	s.check("2026-11-23", "2026-11-30")
	s.tell(told{"POST", "/api/v1/findings", `{"finding":"also","day":"2026-11-25","rule":"conduct","window":"w1","staff":"s1","note":"玩手机"}`, "", ""})
	for _, step := range []string{"compute", "review", "open-appeals"} {
		s.tell(told{"", "/api/v1/months/2026-11/" + step, "", "", ""}.post())
	}
	s.tell(told{"", "/api/v1/appeals", `{"period":"2026-11","finding":"also","text":"当时在查政策"}`, "staff", ""}.post(),
		told{"", "/api/v1/appeals/SCOREAPPEAL/decide", `{"granted":false,"reason":"监控属实"}`, "supervisor", ""}.post())
	for account, words := range map[string]bool{"staff": true, "supervisor": true, "liaison": false} {
		w := s.ask("GET", "/api/v1/scores/person:s1/2026-11", "", func(r *http.Request) { s.signedIn(r, account) })
		var answer ScoreAnswer
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", account, w.Code, w.Body)
		}
		found := false
		for _, x := range answer.Explained {
			if x.Appeal != nil {
				found = true
				if x.Appeal.State != cycle.Refused || (x.Appeal.Reason == "监控属实" && x.Appeal.Text == "当时在查政策") != words || (x.Appeal.Reason+x.Appeal.Text != "") != words {
					t.Errorf("%s reads %+v", account, *x.Appeal)
				}
			}
		}
		if !found {
			t.Errorf("%s sees no appeal", account)
		}
	}
}

// What a reader with less than all was given can be made again without the reader.
func TestAPartIsMadeAgain(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	s.adopted()
	s.pass("2026-12-01")
	s.check("2026-11-23", "2026-11-30")
	for _, step := range []string{"compute", "review", "open-appeals"} {
		s.tell(told{"", "/api/v1/months/2026-11/" + step, "", "", ""}.post())
	}
	s.pass("2027-01-20")
	s.tell(told{"", "/api/v1/months/2026-11/publish", "", "", ""}.post())
	for account, want := range map[string]string{"supervisor": "", "liaison": "department=civil", "representative": "window=w1"} {
		if w := s.ask("GET", "/api/v1/months/2026-11?format=docx", "", func(r *http.Request) { s.signedIn(r, account) }); w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", account, w.Code, w.Body)
		}
		given := s.built
		deps := Deps{Register: s, Checkpoints: s, Zone: zone, Now: func() time.Time { return s.now }, HallName: given.Hall, Bureau: given.Bureau, VerifyAt: given.Made.URL, Version: given.Made.Version}
		again, err := DocumentInput(&deps, "2026-11", 1, given.Made.Part)
		if again.Made.Through = given.Made.Through; err != nil || !reflect.DeepEqual(again, given) || !strings.Contains(given.Made.Part, want) {
			t.Errorf("%s, part %q: %v\n%+v\n%+v", account, given.Made.Part, err, given, again)
		}
	}
	for _, bad := range []string{"%", "copy=d01&copy=d02", "other=1", "window=w1;"} {
		if _, err := parsePart(bad); err == nil {
			t.Errorf("%q is a part", bad)
		}
	}
}
