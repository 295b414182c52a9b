package assess_test

import (
	"testing"

	"hallkeeper/hub/assess"
	"hallkeeper/policies"
)

// shipped is the policy for 63号.
func shipped(t testing.TB) *assess.Policy {
	t.Helper()
	p, err := assess.Load(policies.Default())
	if err != nil {
		t.Fatalf("the shipped policy has faults:\n%v", err)
	}
	return p
}

func TestTheShippedPolicyHolds(t *testing.T) {
	t.Parallel()
	p := shipped(t)
	for _, r := range p.Run() {
		for _, w := range r.Wrong {
			t.Errorf("line %d, %s: %s", r.Case.Line, r.Case.EN, w.EN)
		}
	}
}
