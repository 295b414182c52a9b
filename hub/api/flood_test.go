package api

import (
	"fmt"
	"net/http"
	"testing"
)

// A hundred sign-ins in a second from one address cost the hub a few hashes of
// passwords and no more; meanwhile somebody at another address signs in.
func TestAHundredSignInsASecondAreSlowedDown(t *testing.T) {
	s := newStage(t)
	s.people()
	from := func(address string) func(*http.Request) {
		return func(r *http.Request) { signedOut(r); r.RemoteAddr = address }
	}
	answered := map[string]int{}
	for i := range 100 {
		body := fmt.Sprintf(`{"account":"account-%d","password":"a guessed password"}`, i)
		answered[problemOf(t, s.ask("POST", "/api/v1/session", body, from("192.0.2.9:4444"))).Code]++
	}
	if answered["sign_in_failed"] == 0 || answered["sign_in_failed"] > 25 || answered["sign_in_failed"]+answered["too_many_tries"]+answered["too_many_requests"] != 100 {
		t.Errorf("a hundred sign-ins are answered %v", answered)
	}
	if w := s.ask("POST", "/api/v1/session", `{"account":"staff","password":"a long password"}`, from("192.0.2.10:4444")); w.Code != http.StatusOK {
		t.Errorf("somebody elsewhere is answered %d %s", w.Code, w.Body)
	}
}
