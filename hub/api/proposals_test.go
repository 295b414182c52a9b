package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hallkeeper/hub/access"
	"hallkeeper/hub/approval"
	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
	"hallkeeper/policies"
	"hallkeeper/wire"
)

// proposed lets the administrator propose the shipped policy.
func (s *stage) proposed(from string) Proposed {
	s.t.Helper()
	w := s.ask("POST", "/api/v1/policies", policyBody(from, "纪要"), s.of("administrator"))
	if w.Code != http.StatusAccepted {
		s.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return into[Proposed](s.t, w)
}

// add makes an account and signs it in.
func (s *stage) add(account string, role wire.Role, staff string) {
	s.t.Helper()
	for _, cmd := range []any{access.SetAccount{AccountSet: wire.AccountSet{Account: account, Role: role, Staff: staff}, Name: account, Hash: hashOfTest},
		access.OpenSession{Digest: access.Digest("session-of-" + account), Account: account}} {
		if _, _, err := s.Do(s.t.Context(), wire.Actor{Kind: wire.ActorPerson, ID: "test"}, "", cmd); err != nil {
			s.t.Fatal(err)
		}
	}
}

// What takes two people takes two people: not one account, not two of one person, not whoever acts for the first, and no program.
func TestOnlyAnotherPersonConfirms(t *testing.T) {
	s := newStageAt(t, 1000)
	s.people()
	s.add("liu", wire.RoleAdministrator, "s3")
	s.add("liu-2", wire.RoleSupervisor, "s3") // the same staff member
	s.add("deputy", wire.RoleSupervisor, "")
	w := s.ask("POST", "/api/v1/policies", policyBody("2026-01-01", "纪要"), s.of("liu"))
	p := into[Proposed](t, w)
	if w.Code != http.StatusAccepted || p.Others != 3 || p.Until != "2026-12-07" || p.Note != nil {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := s.ask("POST", "/api/v1/delegations", `{"account":"liu","deputy":"deputy","from":"2026-11-23","until":"2026-11-24"}`); w.Code != 200 {
		t.Fatal(w.Body)
	}
	token := into[NewToken](t, s.ask("POST", "/api/v1/tokens", `{"name":"脚本","role":"supervisor","expires":"2026-12-01"}`))
	confirm := "/api/v1/proposals/" + p.Proposal + "/confirm"
	for name, row := range map[string]struct {
		who  func(*http.Request)
		code string
	}{
		"the one who proposed it":               {s.of("liu"), "same_person"},
		"another account of theirs":             {s.of("liu-2"), "same_person"},
		"who acts for them while they are away": {s.of("deputy"), "acts_for_first"},
		"the operator's secret":                 {func(*http.Request) {}, "person_needed"},
		"a token with the role":                 {func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token.Token) }, "person_needed"},
		"a role without the permission":         {s.of("auditor"), "not_permitted"},
		"nobody":                                {signedOut, "not_signed_in"},
	} {
		if got := problemOf(t, s.ask("POST", confirm, "", row.who)); got.Code != row.code {
			t.Errorf("%s is answered %s, not %s", name, got.Code, row.code)
		}
	}
	if got := problemOf(t, s.ask("POST", "/api/v1/policies", policyBody("2026-01-01", "纪要"))); got.Code != "person_needed" {
		t.Errorf("a program proposes, and is answered %s", got.Code)
	}
	if list := answerOf[PolicyList](t, s, "GET", "policies", ""); !list.Policies[0].Shipped {
		t.Fatal("a policy that nobody has confirmed holds")
	}
	before := s.log.Head()
	if w := s.ask("POST", confirm, "", s.of("supervisor")); w.Code != 200 {
		t.Fatal(w.Body)
	}
	made, err := s.log.ReadBatch(before, 10)
	if err != nil || len(made) != 2 || made[0].Kind != wire.KindProposalConfirmed || made[1].Kind != wire.KindPolicyAdopted || made[1].Actor.ID != "supervisor" || made[1].Actor.ProposedBy != "liu" {
		t.Errorf("%v: %+v", err, made)
	}
	if got := problemOf(t, s.ask("POST", confirm, "", s.of("administrator"))); got.Code != "already_decided" {
		t.Errorf("a second confirmation is answered %s", got.Code)
	}
}

// What was proposed is decided when it is confirmed: where things have changed, the confirmation is refused with the reason.
func TestAConfirmationIsRefusedWhereThingsHaveChanged(t *testing.T) {
	s := newStageAt(t, 1000)
	s.people()
	first, second := s.proposed("2026-01-01"), s.proposed("2026-02-01")
	if got := problemOf(t, s.ask("POST", "/api/v1/policies", policyBody("2026-01-01", "纪要"), s.of("administrator"))); got.Code != "proposal_open" {
		t.Errorf("the same again is answered %s", got.Code)
	}
	if w := s.ask("POST", "/api/v1/proposals/"+first.Proposal+"/confirm", "", s.of("supervisor")); w.Code != 200 {
		t.Fatal(w.Body)
	}
	before := s.log.Head()
	if got := problemOf(t, s.ask("POST", "/api/v1/proposals/"+second.Proposal+"/confirm", "", s.of("supervisor"))); got.Code != "policy_adopted" || s.log.Head() != before {
		t.Errorf("the same policy from another day is answered %s", got.Code)
	}
	if got := problemOf(t, s.ask("POST", "/api/v1/proposals/"+second.Proposal+"/withdraw", "", s.of("supervisor"))); got.Code != "not_proposer" {
		t.Errorf("somebody else's withdrawal is answered %s", got.Code)
	}
	if got := problemOf(t, s.ask("POST", "/api/v1/proposals/"+second.Proposal+"/decline", `{"why":""}`, s.of("supervisor"))); got.Code != "fields_invalid" {
		t.Errorf("no reason is answered %s", got.Code)
	}
	if w := s.ask("POST", "/api/v1/proposals/"+second.Proposal+"/decline", `{"why":"已按一月起通过"}`, s.of("supervisor")); w.Code != 200 {
		t.Fatal(w.Body)
	}
	list := into[ProposalList](t, s.ask("GET", "/api/v1/proposals", "", s.of("administrator")))
	if len(list.Proposals) != 2 || list.Proposals[0].State != approval.Declined || list.Proposals[0].Why != "已按一月起通过" || !list.Proposals[0].Mine || list.Proposals[1].State != approval.Confirmed {
		t.Errorf("%+v", list)
	}
	if raw := string(mustRecord(t, s, list.Proposals[0].Event)); strings.Contains(raw, "已按一月起通过") {
		t.Error("a reason stands in the log in the open")
	}
	third := s.proposed2("2.0.0", "2026-03-01")
	s.later(15)
	if got := problemOf(t, s.ask("POST", "/api/v1/proposals/"+third.Proposal+"/confirm", "", s.of("supervisor"))); got.Code != "proposal_lapsed" {
		t.Errorf("after fifteen days it is answered %s", got.Code)
	}
	made, _, err := s.Do(t.Context(), wire.Actor{Kind: wire.ActorSchedule, ID: "proposals"}, "", approval.Lapse{Proposal: third.Proposal})
	if err != nil || len(made) != 1 || made[0].Kind != wire.KindProposalLapsed {
		t.Errorf("%v: %+v", err, made)
	}
}

func (s *stage) proposed2(version, from string) Proposed {
	s.t.Helper()
	return into[Proposed](s.t, s.ask("POST", "/api/v1/policies", policyBody(from, "纪要", `version: "1.0.0"`, `version: "`+version+`"`), s.of("administrator")))
}

func mustRecord(t *testing.T, s *stage, p wire.Position) []byte {
	t.Helper()
	records, err := s.log.ReadBatch(p-1, 1000)
	if err != nil || len(records) == 0 {
		t.Fatalf("%v", err)
	}
	var all []byte
	for i := range records {
		all = wire.AppendRecord(all, &records[i])
	}
	return all
}

// A hall with one person who could confirm is told so, and what to do.
func TestWhoeverIsAloneIsToldWhatToDo(t *testing.T) {
	s := newStageAt(t, 1000)
	s.people()
	if w := s.ask("DELETE", "/api/v1/accounts/supervisor", ""); w.Code != 200 {
		t.Fatal(w.Body)
	}
	if p := s.proposed("2026-01-01"); p.Others != 0 || p.Note == nil || p.Note.ZH == "" || p.Note.EN == "" {
		t.Errorf("%+v", p)
	}
}

// A wrong publication comes off the board by two people; its record and number stay, and the next is a further revision.
func TestAPublicationComesOffTheBoardByTwo(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	s.published("2026-10", 1)
	board := func() BoardAnswer { return into[BoardAnswer](t, s.ask("GET", "/api/v1/board", "", signedOut)) }
	if b := board(); len(b.Periods) != 1 || len(b.Withdrawn) != 0 {
		t.Fatalf("%+v", b)
	}
	const path = "/api/v1/months/2026-10/unpublish"
	for body, code := range map[string]string{`{"revision":2,"reason":"算错"}`: "outcome_changed", `{"revision":1}`: "fields_invalid"} {
		if got := problemOf(t, s.ask("POST", path, body, s.of("supervisor"))); got.Code != code {
			t.Errorf("%s is answered %s", body, got.Code)
		}
	}
	p := into[Proposed](t, s.ask("POST", path, `{"revision":1,"reason":"统计口径有误"}`, s.of("supervisor")))
	if b := board(); len(b.Periods) != 1 {
		t.Error("one person has taken it off")
	}
	if w := s.ask("POST", "/api/v1/proposals/"+p.Proposal+"/confirm", "", s.of("administrator")); w.Code != 200 {
		t.Fatal(w.Body)
	}
	if b := board(); len(b.Periods) != 0 || len(b.Withdrawn) != 1 || b.Withdrawn[0].Why != "统计口径有误" || b.Withdrawn[0].By != "" || b.Withdrawn[0].Revision != 1 {
		t.Errorf("the board shows %+v", b)
	}
	v := into[VerifyAnswer](t, s.ask("GET", "/api/v1/verify/2026-10/1", "", signedOut))
	if v.Withdrawn == nil || v.Withdrawn.Why != "统计口径有误" || v.Withdrawn.At.IsZero() || v.Digest == "" || v.Withdrawn.By != "" {
		t.Errorf("the page of verification says %+v", v)
	}
	answer := s.period("months/2026-10")
	if answer.Revision != 1 || answer.Revisions[0].Withdrawn == nil || answer.Revisions[0].Withdrawn.ProposedBy != "supervisor" || answer.Revisions[0].Withdrawn.By != "administrator" {
		t.Errorf("the period says %+v", answer.Revisions)
	}
	if got := problemOf(t, s.ask("POST", path, `{"revision":1,"reason":"再次"}`, s.of("supervisor"))); got.Code != "period_unpublished" {
		t.Errorf("taking it off twice is answered %s", got.Code)
	}
	s.published("2026-10", 2)
	if b := board(); len(b.Periods) != 1 || b.Periods[0].Revision != 2 || len(b.Withdrawn) != 0 {
		t.Errorf("published again, the board shows %+v", b)
	}
}

// A day's sheet that was published is taken back by two: its revisions stay, replies are taken again, and it can be published anew.
func TestADaysSheetIsTakenBackByTwo(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	day := func(as string) DayAnswer {
		return into[DayAnswer](t, s.ask("GET", "/api/v1/days/2026-11-20", "", s.of(as)))
	}
	const path = "/api/v1/days/2026-11-20/unpublish"
	refused := func(body, code string) {
		t.Helper()
		if got := problemOf(t, s.ask("POST", path, body, s.of("supervisor"))); got.Code != code {
			t.Errorf("%s is answered %s, not %s", body, got.Code, code)
		}
	}
	refused(`{"revision":1,"reason":"漏了一张请假条"}`, "not_on_show")
	for _, step := range []string{"check", "publish"} {
		if w := s.ask("POST", "/api/v1/days/2026-11-20/"+step, "", s.of("supervisor")); w.Code != 200 {
			t.Fatal(w.Body)
		}
	}
	refused(`{"revision":2,"reason":"漏了一张请假条"}`, "outcome_changed")
	refused(`{"revision":1,"reason":" "}`, "fields_invalid")
	p := into[Proposed](t, s.ask("POST", path, `{"revision":1,"reason":"漏了一张请假条"}`, s.of("supervisor")))
	if got := day("supervisor"); got.Published != 1 || got.Withdrawn != nil {
		t.Error("one person has taken it back")
	}
	if w := s.ask("POST", "/api/v1/proposals/"+p.Proposal+"/confirm", "", s.of("administrator")); w.Code != 200 {
		t.Fatal(w.Body)
	}
	if got := day("supervisor"); got.Published != 0 || got.State != wire.SheetChecked || got.Revision != 1 || got.Withdrawn == nil || got.Withdrawn.Why != "漏了一张请假条" || got.Withdrawn.By != "administrator" || got.Withdrawn.ProposedBy != "supervisor" {
		t.Errorf("the sheet says %+v, %+v", got.State, got.Withdrawn)
	}
	if got := day("liaison"); got.Withdrawn == nil || got.Withdrawn.By != "" || got.Withdrawn.Why == "" {
		t.Errorf("a department is told %+v", got.Withdrawn)
	}
	if w := s.ask("POST", "/api/v1/days/2026-11-20/publish", "", s.of("supervisor")); w.Code != 200 {
		t.Fatal(w.Body)
	}
	if got := day("supervisor"); got.Published != 1 || got.Withdrawn != nil {
		t.Errorf("published again, it says %+v", got.Withdrawn)
	}
	s.published("2026-11", 1)
	refused(`{"revision":1,"reason":"漏了一张请假条"}`, "part_of_published")
}

// Published satisfaction is taken back by two: the public is told that, and none of its figures, until a person publishes the next revision.
func TestSatisfactionIsTakenBackByTwo(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	publish := func() {
		t.Helper()
		if w := s.ask("POST", "/api/v1/ratings/publications", `{"period":"2026-10"}`, s.of("supervisor")); w.Code != 200 {
			t.Fatal(w.Body)
		}
	}
	list := func(as func(*http.Request)) PublicationList {
		return into[PublicationList](t, s.ask("GET", "/api/v1/ratings/publications", "", as))
	}
	const path = "/api/v1/ratings/publications/2026-10/unpublish"
	publish()
	for body, code := range map[string]string{`{"revision":3,"reason":"补传"}`: "outcome_changed", `{"revision":1}`: "fields_invalid"} {
		if got := problemOf(t, s.ask("POST", path, body, s.of("supervisor"))); got.Code != code {
			t.Errorf("%s is answered %s", body, got.Code)
		}
	}
	p := into[Proposed](t, s.ask("POST", path, `{"revision":1,"reason":"补传的评价尚未到齐"}`, s.of("administrator")))
	if got := list(signedOut); len(got.Publications) != 1 || len(got.Withdrawn) != 0 {
		t.Error("one person has taken it back")
	}
	if w := s.ask("POST", "/api/v1/proposals/"+p.Proposal+"/confirm", "", s.of("supervisor")); w.Code != 200 {
		t.Fatal(w.Body)
	}
	if got := list(signedOut); len(got.Publications) != 0 || len(got.Withdrawn) != 1 || got.Withdrawn[0].Period != "2026-10" || got.Withdrawn[0].Why != "补传的评价尚未到齐" || got.Withdrawn[0].By != "" {
		t.Errorf("the public is told %+v", got)
	}
	if got := list(s.of("auditor")); len(got.Publications) != 1 || got.Publications[0].Withdrawn == nil || got.Publications[0].Withdrawn.ProposedBy != "administrator" {
		t.Errorf("the auditor is told %+v", got)
	}
	if got := problemOf(t, s.ask("POST", path, `{"revision":1,"reason":"再次"}`, s.of("supervisor"))); got.Code != "not_on_show" {
		t.Errorf("taking it back twice is answered %s", got.Code)
	}
	publish()
	if got := list(signedOut); len(got.Publications) != 1 || got.Publications[0].Revision != 2 || len(got.Withdrawn) != 0 {
		t.Errorf("published again, the public is told %+v", got)
	}
}

// How long a proposal waits is a dated number of the hall: it holds for what is proposed from its day on.
func TestHowLongAProposalWaitsIsSet(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	if w := s.ask("POST", "/api/v1/policy/parameters/proposal_days", `{"value":3,"from":"2026-11-24","reference":"大厅规定"}`, s.of("administrator")); w.Code != 200 {
		t.Fatal(w.Body)
	}
	if p, list := s.proposed("2026-01-01"), answerOf[ProposalList](t, s, "GET", "proposals", ""); p.Until != "2026-12-07" || list.Days != 14 {
		t.Errorf("until %s, %d days", p.Until, list.Days)
	}
	s.later(1)
	if p, list := s.proposed2("2.0.0", "2026-02-01"), answerOf[ProposalList](t, s, "GET", "proposals", ""); p.Until != "2026-11-27" || list.Days != 3 {
		t.Errorf("from the next day on until %s, %d days", p.Until, list.Days)
	}
}

// No route lets one person alone do what takes two.
func TestNoRouteDoesAloneWhatTakesTwo(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	shipped, err := assess.Load(policies.Default())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range append(story(s), periodStory()...) {
		before := s.log.Head()
		if s.moves(x) {
			continue
		}
		x.ask(s)
		made, err := s.log.ReadBatch(before, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range made {
			var set wire.ParameterSet
			if r.Kind == wire.KindParameterSet && json.Unmarshal(r.Data, &set) == nil && shipped.Scored(set.Name) && r.Actor.ProposedBy == "" {
				t.Errorf("%s changes %s, which scores stand on, by %+v", x.route, set.Name, r.Actor)
			}
			switch r.Kind {
			case wire.KindPolicyAdopted, wire.KindPolicyExtended, wire.KindPeriodUnpublished, wire.KindDayUnpublished, wire.KindRatingUnpublished:
				if r.Actor.ProposedBy == "" || r.Actor.ProposedBy == r.Actor.ID || x.route != "POST /api/v1/proposals/{id}/confirm" {
					t.Errorf("%s makes %s by %+v", x.route, r.Kind, r.Actor)
				}
			}
		}
	}
}

// An auditor sees all and changes nothing but their own session and password.
func TestAnAuditorSeesAllAndChangesNothing(t *testing.T) {
	own := map[string]string{
		"POST /api/v1/personal/{kind}/{id}/reveal": "it shows what is masked, for a reason that the log keeps",
		"GET /api/v1/me":                  "an auditor has no days",
		"GET /api/v1/windows/{id}/rating": "what a tablet shows; the ratings are in the lists",
	}
	for _, r := range (&API{Deps: Deps{ChangesPerSecond: 1}}).table() {
		name := r.method + " " + r.path
		switch may := access.May(wire.RoleAuditor, r.may); {
		case r.changes && may && r.may != access.Anybody && r.may != access.SignedIn && own[name] == "":
			t.Errorf("an auditor can change something with %s", name)
		case r.method == "GET" && !may && own[name] == "":
			t.Errorf("an auditor cannot read %s", name)
		}
	}
}

// Files go out after the log has it; the log is read with a note; refusals and failed sign-ins are in it, bounded.
func TestTheAuditKnows(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	s.published("2026-10", 1)
	s.place = "192.0.2.44"
	kinds := func(kind wire.Kind) (all []wire.Record) {
		records, err := s.log.ReadBatch(0, 100_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			if r.Kind == kind {
				all = append(all, r)
			}
		}
		return all
	}
	for range 3 {
		s.ask("GET", "/api/v1/events", "", s.of("auditor"))
		s.ask("GET", "/api/v1/audit", "", s.of("auditor"))
	}
	if got := kinds(wire.KindLogRead); len(got) != 1 || got[0].Actor.ID != "auditor" || got[0].Actor.From != "192.0.2.44" {
		t.Errorf("the log was read: %+v", got)
	}
	w := s.ask("GET", "/api/v1/cases/export?format=csv&state=all", "", s.of("supervisor"))
	got := kinds(wire.KindExported)
	var d wire.Exported
	if len(got) != 1 || json.Unmarshal(got[0].Data, &d) != nil || d.What != "GET /api/v1/cases/export" || d.Format != "csv" || d.SHA256 != access.Digest(w.Body.String()) || !strings.Contains(d.Query, "state=all") || got[0].Actor.ID != "supervisor" {
		t.Errorf("an export: %+v", got)
	}
	if s.ask("GET", "/api/v1/months/2026-10?format=xlsx", "", s.of("supervisor")); len(kinds(wire.KindExported)) != 2 {
		t.Error("a document is no export")
	}
	s.ask("GET", "/api/v1/months/2026-10", "", s.of("supervisor"))
	s.mu.Lock()
	s.refuse = &hall.Error{Code: hall.CodeUnavailable, Name: "not_writable", ZH: "不能", EN: "cannot"}
	s.mu.Unlock()
	if w := s.ask("GET", "/api/v1/cases/export?format=csv", "", s.of("supervisor")); w.Code != http.StatusServiceUnavailable || problemOf(t, w).Code != "not_writable" {
		t.Errorf("without a log a file goes out: %d", w.Code)
	}
	s.mu.Lock()
	s.refuse = nil
	s.mu.Unlock()
	for range 20 {
		s.ask("PUT", "/api/v1/windows/w1", `{"number":"1","name":"n"}`, s.of("auditor"))
	}
	refused := kinds(wire.KindAccessRefused)
	if len(refused) != 1 || refused[0].Actor.ID != "auditor" || refused[0].Actor.From != "192.0.2.44" || !strings.Contains(string(refused[0].Data), "PUT /api/v1/windows/{id}") {
		t.Errorf("refused: %+v", refused)
	}
	s.now = s.now.Add(2 * noteEvery)
	s.ask("PUT", "/api/v1/windows/w1", `{"number":"1","name":"n"}`, s.of("auditor"))
	if refused = kinds(wire.KindAccessRefused); len(refused) != 2 || !strings.Contains(string(refused[1].Data), `"count":20`) {
		t.Errorf("a minute later: %+v", refused)
	}
	try := func(account string) {
		s.ask("POST", "/api/v1/session", fmt.Sprintf(`{"account":%q,"password":"a wrong password"}`, account), func(r *http.Request) { signedOut(r); r.RemoteAddr = "192.0.2.9:1" })
	}
	try("staff")
	try("staff")
	try("my secret password")
	failed := kinds(wire.KindSignInFailed)
	if len(failed) != 2 || !strings.Contains(string(failed[0].Data), `"account":"staff"`) || failed[0].Actor.ID != access.PublicActor || failed[0].Actor.From != "192.0.2.9" {
		t.Errorf("failed: %+v", failed)
	}
	if strings.Contains(string(failed[len(failed)-1].Data), "my secret") {
		t.Error("what was typed as an account is in the log")
	}
	for i := range 71 {
		s.ask("POST", "/api/v1/session", fmt.Sprintf(`{"account":"a%d","password":"a wrong password"}`, i), func(r *http.Request) { signedOut(r); r.RemoteAddr = fmt.Sprintf("198.51.%d.%d:1", i/250, i%250) })
	}
	if n := len(kinds(wire.KindSignInFailed)); n > notesAtOnce {
		t.Errorf("many addresses make %d events at once", n)
	}
}

// Who did what is found by person, kind, day, address and position, the newest first, page by page.
func TestTheAuditIsSearched(t *testing.T) {
	s := newStageAt(t, 1_000_000)
	s.people()
	s.place = "192.0.2.44"
	for i := range 7 {
		s.ask("PUT", "/api/v1/windows/w1", fmt.Sprintf(`{"number":"1","name":"n%d"}`, i), s.of("supervisor"))
	}
	find := func(query string) AuditPage {
		t.Helper()
		return into[AuditPage](t, s.ask("GET", "/api/v1/audit?"+query, "", s.of("auditor")))
	}
	page := find("person=supervisor&kind=window&limit=3")
	if len(page.Entries) != 3 || page.Next == 0 || page.Entries[0].Position < page.Entries[1].Position || page.Entries[0].Actor.From != "192.0.2.44" {
		t.Fatalf("%+v", page)
	}
	seen := len(page.Entries)
	for page.Next > 0 {
		page = find(fmt.Sprintf("person=supervisor&kind=window&limit=3&before=%d", page.Next))
		seen += len(page.Entries)
	}
	if seen != 7 {
		t.Errorf("page by page there are %d", seen)
	}
	for query, want := range map[string]int{"address=192.0.2&kind=window.set": 7, "address=10.": 0, "person=supervisor&until=2020-01-01": 0, "person=supervisor&from=2099-01-01": 0} {
		if got := find(query); len(got.Entries) != want {
			t.Errorf("%s finds %d", query, len(got.Entries))
		}
	}
	if got := problemOf(t, s.ask("GET", "/api/v1/audit?from=x", "", s.of("auditor"))); got.Code != "fields_invalid" {
		t.Errorf("a day that is none is answered %s", got.Code)
	}
}
