package api

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"hallkeeper/hub/access"
	"hallkeeper/hub/personal"
	"hallkeeper/wire"
)

// Answers get what is sealed in one file, which masks it; elsewhere nothing is unsealed but for a decision.
func TestThereIsOnePlaceThatUnseals(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	whole := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			if ok && f.Sel.Name == "Unseal" && name != "masking.go" && name != "owndata.go" {
				t.Errorf("%s unseals by itself: use sealed, or clear with a reason in the log", name)
			}
			if ok && f.Sel.Name == "clear" {
				whole[name] = true
			}
			return true
		})
	}
	for name := range whole {
		if name != "masking.go" && name != "personal.go" && name != "session.go" {
			t.Errorf("%s asks for what is clear", name)
		}
	}
}

// Every kind and field that an event can seal has a row in the table of who sees it, and every kind a time for keeping.
func TestEveryKindHasItsRows(t *testing.T) {
	kept := map[string]bool{}
	for _, k := range personal.Kinds() {
		kept[k.Kind] = true
	}
	seen := map[string]bool{}
	for _, f := range personal.Fields() {
		if !kept[f.Kind] {
			t.Errorf("%s.%s is kept for no time", f.Kind, f.Name)
		}
		seen[f.Kind] = true
	}
	for kind := range kept {
		if !seen[kind] {
			t.Errorf("nobody is said to see %s", kind)
		}
	}
	if personal.Shown("account", "hash", "argon2id$…") != "" {
		t.Error("a password's hash is shown")
	}
}

// What each role is answered of a case and of the staff is what the table says.
func TestWhoSeesWhatIsTheTable(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.ratedBadly("请打 13800000042")
	s.person(`{"name":"演示员s1","department":"civil","employment":"in_post","born":"1990-05-01","phone":"13900000017"}`)
	s.must("supervisor", "cases/P2026-000001/assign", `{"department":"civil","staff":"s2"}`)
	sight := func(kind, field, account string) personal.Sight {
		f, ok := personal.FieldOf(kind, field)
		if !ok {
			t.Fatalf("%s.%s has no row", kind, field)
		}
		return f.By(wire.Role(account))
	}
	for _, account := range []string{"administrator", "supervisor", "liaison", "representative", "auditor"} {
		step := into[CaseStory](t, s.ask("GET", "/api/v1/cases/P2026-000001", "", s.of(account))).Steps[0]
		for field, got := range map[string]string{"phone": step.Phone, "words": step.Text} {
			if want := sight("case", field, account); (want == personal.None) != (got == "") || strings.Contains(got, "13800000042") {
				t.Errorf("%s is shown %s %q, the table says %s", account, field, got, want)
			}
		}
		reveals := sight("case", "phone", account) == personal.Reasoned
		w := s.ask("POST", "/api/v1/personal/case/P2026-000001/reveal", `{"reason":"回访核实"}`, s.of(account))
		if (w.Code == http.StatusOK) != reveals || reveals != strings.Contains(w.Body.String(), "13800000042") {
			t.Errorf("%s reveals: %d %s, the table says %v", account, w.Code, w.Body, reveals)
		}
		for _, x := range into[StaffList](t, s.ask("GET", "/api/v1/staff", "", s.of(account))).Staff {
			if x.ID != "s1" {
				continue
			}
			if name := sight("staff", "name", account); (name == personal.Clear) != (x.Name == "演示员s1") {
				t.Errorf("%s is shown the name %q, the table says %s", account, x.Name, name)
			}
			if phone := sight("staff", "phone", account); (phone == personal.Reasoned) != (x.Phone == "139****0017") || (phone == personal.Reasoned) != (x.Born == "1990-**-**") {
				t.Errorf("%s is shown %q and %q, the table says %s", account, x.Phone, x.Born, phone)
			}
		}
	}
}

// Whoever sees something whole says why; the log has it before the answer, and the person's own record shows it.
func TestLookingIsInTheLogAndOnTheOwnPage(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	s.person(`{"name":"演示员s1","department":"civil","employment":"in_post","born":"1990-05-01","phone":"13900000017"}`)
	before := s.log.Head()
	if w := s.ask("POST", "/api/v1/personal/staff/s1/reveal", `{"reason":""}`, s.of("supervisor")); w.Code != http.StatusUnprocessableEntity || strings.Contains(w.Body.String(), "13900000017") || s.log.Head() != before {
		t.Errorf("without a reason: %d %s", w.Code, w.Body)
	}
	s.mu.Lock()
	s.refuse = problem("not_writable")
	s.mu.Unlock()
	if w := s.ask("POST", "/api/v1/personal/staff/s1/reveal", `{"reason":"联系本人"}`, s.of("supervisor")); w.Code == http.StatusOK || strings.Contains(w.Body.String(), "13900000017") {
		t.Errorf("while the log cannot store: %d %s", w.Code, w.Body)
	}
	s.mu.Lock()
	s.refuse = nil
	s.mu.Unlock()
	got := into[Revealed](t, s.ask("POST", "/api/v1/personal/staff/s1/reveal", `{"reason":"联系本人"}`, s.of("supervisor")))
	if len(got.Fields) != 2 || got.Fields[1].Value != "13900000017" || len(got.Events) != 1 || got.Events[0].Position != before+1 {
		t.Fatalf("it is answered %+v", got)
	}
	var d wire.PersonalViewed
	if err := json.Unmarshal(got.Events[0].Data, &d); err != nil || d.Whose != "staff-s1" || d.Kind != "staff" || strings.Join(d.Fields, " ") != "born phone" {
		t.Errorf("the log has %+v, %v", d, err)
	}
	me := into[MyDays](t, s.ask("GET", "/api/v1/me", "", s.of("staff")))
	if len(me.Looks) != 1 || me.Looks[0].By != "supervisor" || me.Looks[0].Reason != "联系本人" || me.Looks[0].At.IsZero() {
		t.Errorf("the own page has %+v", me.Looks)
	}
	if log := s.ask("GET", "/api/v1/events?limit=1000", "").Body.String(); strings.Contains(log, "联系本人") || strings.Contains(log, "13900000017") {
		t.Error("the log has the reason or the number in clear")
	}
}

// A form that was filled with what is masked changes nothing of it.
func TestAFormWithMasksKeepsWhatIsThere(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	s.person(`{"name":"演示员s1","department":"civil","employment":"in_post","born":"1990-05-01","phone":"13900000017"}`)
	s.person(`{"name":"演示员改","department":"civil","employment":"in_post","born":"1990-**-**","phone":"139****0017"}`)
	got := into[Revealed](t, s.ask("POST", "/api/v1/personal/staff/s1/reveal", `{"reason":"核对"}`, s.of("supervisor")))
	if got.Fields[0].Value != "1990-05-01" || got.Fields[1].Value != "13900000017" {
		t.Errorf("after the form it is %+v", got.Fields)
	}
	if w := s.ask("PUT", "/api/v1/staff/s1", `{"name":"演示员s1","department":"civil","employment":"in_post","born":"1991-**-**"}`); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("another mask is taken for a date: %d", w.Code)
	}
}

// person enters s1.
func (s *stage) person(body string) {
	s.t.Helper()
	if w := s.ask("PUT", "/api/v1/staff/s1", body); w.Code != http.StatusOK {
		s.t.Fatalf("%d %s", w.Code, w.Body)
	}
}

func unpacked(t *testing.T, body []byte) (d Dossier, page string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == "record.html" {
			page = string(text)
		} else if err := json.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
	}
	return d, page
}

// A person gets all that is held of them and nothing of others; the log says so.
func TestOnesOwnExport(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.ratedBadly("请打 13800000042")
	s.person(`{"name":"演示员s1","department":"civil","employment":"in_post","born":"1990-05-01","phone":"13900000017"}`)
	s.must("staff", "leaves", `{"leave":"l1","leave_kind":"sick","from":"2026-11-24","from_half":"am","until":"2026-11-24","until_half":"pm","reason":"发烧<script>"}`)
	w := s.ask("POST", "/api/v1/me/export", "", s.of("staff"))
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/zip" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	d, page := unpacked(t, w.Body.Bytes())
	whole, _ := json.Marshal(d)
	for _, want := range []string{"演示员s1", "13900000017", "1990-05-01", "发烧", "leave.asked", "card.issued"} {
		if !strings.Contains(string(whole), want) || !strings.Contains(page, want) {
			t.Errorf("the export lacks %s", want)
		}
	}
	for _, foreign := range []string{"13800000042", "请打", "演示员s2", `"hash"`} {
		if strings.Contains(string(whole), foreign) {
			t.Errorf("the export has %s, which is not theirs", foreign)
		}
	}
	if strings.Contains(page, "<script>") || len(d.Looks) != 1 || !d.Looks[0].Own {
		t.Errorf("the page has markup of theirs, or the looks are %+v", d.Looks)
	}
	if w := s.ask("POST", "/api/v1/personal/staff/s1/export", `{"reason":""}`, s.of("supervisor")); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a supervisor without a reason gets %d", w.Code)
	}
	d, _ = unpacked(t, s.ask("POST", "/api/v1/personal/case/P2026-000001/export", `{"reason":"群众书面申请"}`, s.of("supervisor")).Body.Bytes())
	if whole, _ := json.Marshal(d); !strings.Contains(string(whole), "13800000042") || len(d.Looks) != 1 || d.Looks[0].Reason != "群众书面申请" {
		t.Errorf("the citizen's export is %s", whole)
	}
}

// A citizen gets what is held of the visit with the code on the paper, and with nothing less.
func TestACitizensExportByTicket(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.ratedBadly("请打 13800000042")
	ticket := ""
	records, err := s.log.ReadBatch(0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for i := range records {
		var d wire.VisitStarted
		if records[i].Kind == wire.KindVisitStarted && json.Unmarshal(records[i].Data, &d) == nil && d.Ticket != "" {
			ticket = d.Ticket
		}
	}
	if ticket == "" {
		t.Fatal("nobody came with a ticket")
	}
	if w := s.ask("POST", "/api/v1/tickets/"+ticket+"/export", "", signedOut); w.Code != http.StatusNotFound {
		t.Errorf("the id alone is answered %d", w.Code)
	}
	d, _ := unpacked(t, s.ask("POST", "/api/v1/tickets/"+s.token(ticket)+"/export", "", signedOut).Body.Bytes())
	if whole, _ := json.Marshal(d); !strings.Contains(string(whole), "13800000042") || !strings.Contains(string(whole), "visit.started") || strings.Contains(string(whole), "演示员") {
		t.Errorf("the export is %s", whole)
	}
}

// A person is forgotten on request by the administrator alone, and not while they work here; a case that is closed is, and pages say so.
func TestForgettingOnRequest(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.ratedBadly("等了很久")
	story := s.caseOf("P2026-000001")
	body := `{"whose":"case-` + story.Case + `","reason":"当事人申请删除","reference":"申请表 1"}`
	if _, code, _ := s.post("supervisor", "personal/forget", body); code != "not_permitted" {
		t.Errorf("a supervisor: %s", code)
	}
	for whose, want := range map[string]string{"case-" + story.Case: "retention_held", "staff-s1": "retention_held", "account-auditor": "retention_held", "case-nobody": "personal_unknown"} {
		if _, code, _ := s.post("administrator", "personal/forget", `{"whose":"`+whose+`","reason":"本人申请","reference":"申请表 1"}`); code != want {
			t.Errorf("%s: %s, expected %s", whose, code, want)
		}
	}
	s.must("", "cases/P2026-000001/close", `{"result":"unfounded","reason":"查无此事"}`)
	s.must("administrator", "personal/forget", body)
	records, err := s.log.ReadBatch(0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for i := range records { // what the hub does with the key
		for _, x := range records[i].Personal {
			if x.Person == "case-"+story.Case {
				delete(s.sealed, string(x.Box))
			}
		}
	}
	after := into[CaseStory](t, s.ask("GET", "/api/v1/cases/P2026-000001", "", s.of("supervisor")))
	if x := after.Steps[0]; x.Text != personal.Removed || !x.Removed || x.Phone != "" || len(after.Steps) != 2 {
		t.Errorf("the case shows %+v", after.Steps)
	}
	if w := s.ask("POST", "/api/v1/personal/case/P2026-000001/reveal", `{"reason":"再看"}`, s.of("supervisor")); w.Code != http.StatusNotFound {
		t.Errorf("what is gone is revealed: %d %s", w.Code, w.Body)
	}
	list := into[RetentionList](t, s.ask("GET", "/api/v1/personal/retention", "", s.of("auditor")))
	if len(list.Gone) != 1 || list.Gone[0].Why != personal.ByRequest || list.Gone[0].Reference != "申请表 1" || len(list.Kinds) != len(personal.Kinds()) {
		t.Errorf("the list is %+v", list.Gone)
	}
	if !access.May(wire.RoleAdministrator, access.Govern) || access.May(wire.RoleSupervisor, access.Govern) {
		t.Error("who governs has changed")
	}
}
