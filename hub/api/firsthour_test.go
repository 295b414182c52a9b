package api

import (
	"net/http"
	"testing"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/firsthour"
	"hallkeeper/wire"
)

// stepOf asks how one step of the first hour stands.
func (s *stage) stepOf(name string) firsthour.Step {
	s.t.Helper()
	for _, x := range into[FirstHour](s.t, s.ask("GET", "/api/v1/setup", "")).Steps {
		if x.Step == name {
			return x
		}
	}
	s.t.Fatalf("there is no step %s", name)
	return firsthour.Step{}
}

// The first hour follows what the hall is: it is no flag that somebody sets.
func TestTheFirstHourFollowsTheHall(t *testing.T) {
	s := newStageAt(t, 1000)
	s.people()
	if got := s.stepOf("second"); got.State != firsthour.Done {
		t.Errorf("two who decide: %+v", got)
	}
	if got := s.stepOf("policy"); got.State != firsthour.Open {
		t.Errorf("no policy: %+v", got)
	}
	p := s.proposed("2026-01-01")
	if got := s.stepOf("policy"); got.State != firsthour.Waiting {
		t.Errorf("a policy that waits: %+v", got)
	}
	if w := s.ask("POST", "/api/v1/proposals/"+p.Proposal+"/confirm", "", s.of("supervisor")); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	if got := s.stepOf("policy"); got.State != firsthour.Open || got.Have == nil { // 63号 was for trial, until 2022
		t.Errorf("a policy that has ended: %+v", got)
	}
	extend := s.ask("POST", "/api/v1/policies/wuzhengbanfa-2020-63@1.0.0/extend", `{"from":"2022-08-01","document":"演示延续〔2022〕1号"}`, s.of("administrator"))
	p = into[Proposed](t, extend)
	if got := s.stepOf("policy"); got.State != firsthour.Waiting {
		t.Errorf("an extension that waits: %+v", got)
	}
	if w := s.ask("POST", "/api/v1/proposals/"+p.Proposal+"/confirm", "", s.of("supervisor")); w.Code != http.StatusOK {
		t.Fatal(w.Body)
	}
	if got := s.stepOf("policy"); got.State != firsthour.Done {
		t.Errorf("a policy: %+v", got)
	}
	// What is undone is missing again.
	if _, _, err := s.Do(t.Context(), wire.Actor{Kind: wire.ActorPerson, ID: "test"}, "", access.DisableAccount{Account: "supervisor"}); err != nil {
		t.Fatal(err)
	}
	if got := s.stepOf("second"); got.State != firsthour.Open {
		t.Errorf("one who decides: %+v", got)
	}
	if _, _, err := s.Do(t.Context(), wire.Actor{Kind: wire.ActorPerson, ID: "test"}, "", access.SetAccount{
		AccountSet: wire.AccountSet{Account: "chief", Role: wire.RoleSupervisor}, Name: "演示", Hash: hashOfTest, Temporary: true}); err != nil {
		t.Fatal(err)
	}
	if got := s.stepOf("second"); got.State != firsthour.Waiting {
		t.Errorf("a second one who has not signed in: %+v", got)
	}

	if got := s.stepOf("swipe"); got.State != firsthour.Open {
		t.Errorf("no swipe: %+v", got)
	}
	s.now = time.Date(2026, 11, 23, 9, 1, 0, 0, zone)
	s.swipe("0192aaaa-0000-7000-8000-000000000001", "h1:nobody", s.now, wire.ClockSynced)
	if got := s.stepOf("swipe"); got.State != firsthour.Open || len(got.Missing) != 1 {
		t.Errorf("nobody's card: %+v", got)
	}
	s.swipe("0192aaaa-0000-7000-8000-000000000002", "h1:card-s1", s.now, wire.ClockSynced)
	if got := s.stepOf("swipe"); got.State != firsthour.Done {
		t.Errorf("a swipe: %+v", got)
	}
}
