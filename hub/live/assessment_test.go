package live

import (
	"slices"
	"testing"
	"time"

	"hallkeeper/wire"
)

func TestAssessmentAlarms(t *testing.T) {
	s := newScene().furnished()
	var now Assessment
	s.live.cfg.Assessment = func() Assessment { return now }
	kinds := []wire.AlarmKind{wire.AlarmCopies, wire.AlarmDuties, wire.AlarmPolicy, wire.AlarmRevision, wire.AlarmUncomputed}
	look := func(what string, want ...string) {
		t.Helper()
		s.later(time.Second)
		got := []string{}
		all := s.hall().Alarms
		for _, id := range sortedKeys(all) {
			if a := all[id]; slices.Contains(kinds, a.Kind) {
				got = append(got, id+" "+string(a.Severity)+" "+a.Detail+a.Values["count"]+" "+a.Values["periods"])
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: the alarms are %q, not %q", what, got, want)
		}
	}
	look("all is well")
	now = Assessment{Lost: 2, Overdue: 3, Policy: "policy_lapsed", Differing: []string{"2026-10", "2026-Q3"}, Uncomputed: []string{"2026-11"}}
	look("everything waits", "copies_lost alarm 2 ", "duties_late notice 3 ", "period_uncomputed notice 1 2026-11", "policy_gone alarm policy_lapsed ", "revision_due notice 2 2026-10, 2026-Q3")
	now = Assessment{Differing: []string{"2026-10"}}
	look("one is left", "revision_due notice 1 2026-10")
	now = Assessment{}
	look("all is done")
}
