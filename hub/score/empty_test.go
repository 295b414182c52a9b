package score_test

import (
	"encoding/json"
	"testing"
	"time"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/score"
	"hallkeeper/policies"
	"hallkeeper/wire"
)

// A hall that has a policy and has checked no day yet is asked for a month: it gives one, of nobody.
func TestAMonthOfAHallThatHasCheckedNoDay(t *testing.T) {
	v, err := register.NewView(time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	found := policy.Check(string(policies.Default()))
	data := policy.Event(found.Policy, string(policies.Default()), "2020-08-01", "演示")
	r := wire.Record{Position: 1, StoredAt: time.Date(2021, 11, 1, 0, 0, 0, 0, time.UTC), Event: wire.Event{Kind: wire.KindPolicyAdopted, Data: mustJSON(t, data), Actor: &wire.Actor{Kind: wire.ActorPerson, ID: "op"}}}
	r.At = r.StoredAt
	v.Apply(&r)
	v.Days.Index()
	for _, p := range []assess.Period{"2021-11", "2021-Q4", "2021"} {
		if o := score.Of(v, &roster.State{}, &score.Memory{}).Outcome(p); o.Period != p || len(o.People) != 0 {
			t.Errorf("%s gives %+v", p, o)
		}
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
