package policy

import (
	"slices"
	"testing"

	"hallkeeper/hub/hall"
)

// Every number says what it is, since when and why, and none is there twice for one day.
func TestTheShippedNumbers(t *testing.T) {
	units := []string{"min", "s", "points", "years", "months", "days", "times", "working days"}
	last := map[string]Parameter{}
	for _, p := range Defaults() {
		if p.ZH == "" || p.EN == "" || p.Reference == "" || !p.From.Valid() || p.Until != "" && !p.Until.Valid() {
			t.Errorf("%s says too little: %+v", p.Name, p)
		}
		if !slices.Contains(units, p.Unit) {
			t.Errorf("%s has the unit %q", p.Name, p.Unit)
		}
		if before, ok := last[p.Name]; ok && (before.Until == "" || before.Until >= p.From) {
			t.Errorf("%s has two values on %s", p.Name, p.From)
		}
		last[p.Name] = p
	}
	for _, r := range Rules() {
		if _, ok := last[r.Points]; !ok || r.Cites == "" {
			t.Errorf("the rule %s takes %q off by %q", r.ID, r.Points, r.Cites)
		}
	}
}

// Every indicator is made of counts that there are, and prints itself in both languages.
func TestTheShippedIndicators(t *testing.T) {
	known := map[string]bool{}
	for _, c := range Counts() {
		known[c.ID] = c.ZH != "" && c.EN != ""
	}
	all := Indicators(hall.Date("2026-11-23"))
	if len(all) != 5 {
		t.Errorf("there are %d indicators", len(all))
	}
	for _, i := range all {
		for _, id := range append(slices.Clone(i.Above), i.Below...) {
			if !known[id] {
				t.Errorf("%s counts %s, which is nothing", i.ID, id)
			}
		}
		if zh, en := i.Formula(); zh == "" || en == "" || i.Reference == "" {
			t.Errorf("%s has no formula or no reference", i.ID)
		}
	}
}
