package roster_test

import (
	"reflect"
	"testing"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
)

// 63号 第十二条(六), 第十三条(一): a demand that is not met in time counts against the department, once.
func TestAnOverdueReplacementIsAFact(t *testing.T) {
	o := newOffice(t, "2026-11-20")
	o.must(roster.DemandReplacement{Replacement: "r1", Staff: "s01", Reason: "不能胜任"}) // due on 11-25
	facts := func(today hall.Date) []any {
		var all []any
		for _, f := range o.h.People.Facts("2026-11-01", "2026-11-30", today, o.h.Policy.Calendar()) {
			all = append(all, f.ID, f.Kind, string(f.Day), f.Department, f.Values["overdue"], len(f.Events), f.Events[0] != "")
		}
		return all
	}
	for today, overdue := range map[hall.Date]float64{"2026-11-26": 1, "2026-11-27": 2, "2026-11-30": 3, "2026-12-31": 3} {
		if want := []any{"replacement.r1", "replacement_late", "2026-11-26", "civil", overdue, 1, true}; !reflect.DeepEqual(facts(today), want) {
			t.Errorf("on %s: %v", today, facts(today))
		}
	}
	if got := facts("2026-11-25"); got != nil {
		t.Errorf("on its last day: %v", got)
	}
	o.on("2026-12-02")
	o.must(roster.MeetReplacement{Replacement: "r1", Successor: "s02"})
	if want := []any{"replacement.r1", "replacement_late", "2026-11-26", "civil", 3.0, 1, true}; !reflect.DeepEqual(facts("2026-12-31"), want) {
		t.Errorf("met in December: %v", facts("2026-12-31"))
	}
	p := newOffice(t, "2026-11-20")
	p.must(roster.DemandReplacement{Replacement: "r1", Staff: "s01", Reason: "不能胜任"})
	p.on("2026-11-25")
	p.must(roster.MeetReplacement{Replacement: "r1", Successor: "s02"})
	if all := p.h.People.Facts("2026-01-01", "2026-12-31", "2026-12-31", p.h.Policy.Calendar()); len(all) != 0 {
		t.Errorf("met in time: %v", all)
	}
}
