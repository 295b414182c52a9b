package approval

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"hallkeeper/wire"
)

// Whatever five accounts of four people do on whatever days: what is carried out was proposed by another
// person whose account is not shut, was confirmed in time and once, and the log folds to the same.
func TestNobodyDoesItAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRoom(t)
		r.staff = map[string]string{"liu": "s1", "liu-2": "s1", "wang": "s2", "chen": "s3"}
		r.deputies = map[string]string{"chen": "wang"}
		who := rapid.SampledFrom([]string{"liu", "liu-2", "wang", "chen", "root"})
		some := func(t *rapid.T) string {
			return fmt.Sprintf("p%d", rapid.IntRange(0, max(0, len(r.records)-1)).Draw(t, "proposal"))
		}
		carried := map[string]int{}
		t.Repeat(map[string]func(*rapid.T){
			"propose": func(t *rapid.T) {
				_ = r.do(who.Draw(t, "who"), of("fee", rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "value")))
			},
			"confirm": func(t *rapid.T) {
				id, by, before := some(t), who.Draw(t, "who"), len(r.records)
				p, _ := r.Proposals.Get(id)
				if err := r.do(by, Confirm{Proposal: id}); err != nil {
					if len(r.records) != before {
						t.Fatalf("a refused confirmation has made %+v", r.records[before:])
					}
					return
				}
				carried[id]++
				same := by == p.By || r.staff[by] != "" && r.staff[by] == r.staff[p.By] || r.deputies[by] == p.By
				if same || r.disabled[p.By] || carried[id] > 1 || string(r.day) > p.Until || p.State != Open {
					t.Fatalf("%s carries out %+v on %s, time %d", by, p, r.day, carried[id])
				}
			},
			"decline":  func(t *rapid.T) { _ = r.do(who.Draw(t, "who"), Decline{Proposal: some(t), Why: "不同意"}) },
			"withdraw": func(t *rapid.T) { _ = r.do(who.Draw(t, "who"), Withdraw{Proposal: some(t)}) },
			"shut":     func(t *rapid.T) { r.disabled[who.Draw(t, "who")] = rapid.Bool().Draw(t, "shut") },
			"days pass": func(t *rapid.T) {
				r.day = r.day.AddDays(rapid.IntRange(1, 9).Draw(t, "days"))
				for _, id := range r.Due(r.day) {
					if err := r.do("schedule", Lapse{Proposal: id}); err != nil || r.state(id) != Lapsed {
						t.Fatalf("%v: %s is %s", err, id, r.state(id))
					}
				}
			},
			"": func(t *rapid.T) {
				for i, record := range r.records {
					if record.Kind == "thing.set" && (record.Actor.ProposedBy == "" || r.records[i-1].Kind != wire.KindProposalConfirmed && r.records[i-1].Kind != "thing.set") {
						t.Fatalf("%+v comes without a confirmation", record)
					}
				}
				if got, want := content(r.again()), content(&r.State); !reflect.DeepEqual(got, want) {
					t.Fatalf("folded again it is %v, not %v", got, want)
				}
			},
		})
	})
}
