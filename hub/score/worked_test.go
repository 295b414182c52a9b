package score_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hallkeeper/hub/assess"
	"hallkeeper/wire"
)

// Every figure of the page on one month by hand is what the played year gives.
func TestTheMonthByHandIsWhatTheHubMakes(t *testing.T) {
	want := playYear(t).worked(t)
	row := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^|]*) \\|")
	for _, name := range []string{"worked-month.md", "worked-month.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, m := range row.FindAllStringSubmatch(string(text), -1) {
			key, value := m[1], strings.TrimSpace(m[2])
			switch got, known := want[key]; {
			case !known:
				t.Errorf("%s: the hub makes no %q", name, key)
			case got != value:
				t.Errorf("%s: %s is %s, the hub makes %s", name, key, value, got)
			}
			seen[key] = true
		}
		for key := range want {
			if !seen[key] {
				t.Errorf("%s does not show %q, %s", name, key, want[key])
			}
		}
	}
}

// worked are the figures of s03 in February and what they lead to.
func (y *year) worked(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	sheet, err := y.View.Days.Revision("2021-02-09", 1)
	if err != nil {
		t.Fatal(err)
	}
	line := sheet.Staff[slices.IndexFunc(sheet.Staff, func(l wire.StaffLine) bool { return l.Staff == "s03" })]
	for i, m := range line.Swipes {
		all[fmt.Sprintf("swipe %d", i+1)] = m.At
	}
	for _, f := range line.Findings {
		all[f.Rule+" minutes"] = strconv.Itoa(f.Minutes)
	}
	outcome := func(p assess.Period, revision int) *assess.Outcome {
		o, err := y.View.Archive.Outcome(p, revision)
		if err != nil {
			t.Fatal(err)
		}
		return &o
	}
	feb := outcome("2021-02", 1)
	s := feb.Find(assess.ToPerson, "s03")
	capped := 0.0
	for _, f := range s.Findings {
		all[f.Rule+" points"] = num(f.Counted)
		capped += f.Points - f.Counted
		for _, p := range f.Parameters {
			name, rest, _ := strings.Cut(p, "=")
			if value, _, ok := strings.Cut(rest, " "); ok && name != "early_grace" {
				all[name] = value
			}
		}
	}
	all["capped"], all["working days"] = num(capped), strconv.Itoa(feb.Workdays)
	all["base"], all["off"], all["bonus"], all["points"], all["grade"] = num(s.Base), num(s.Off), num(s.Bonus), num(s.Points), s.Grade
	w := feb.Find(assess.ToWindow, "w02")
	for _, p := range w.Parts {
		all["w02 "+p.ID] = fmt.Sprintf("%s×%d", num(p.Points), p.Days)
	}
	all["w02 points"], all["tax points"] = num(w.Points), num(feb.Find(assess.ToDepartment, "tax").Points)
	april := outcome("2021-04", 1)
	all["april w01"], all["april w02"] = num(april.Find(assess.ToWindow, "w01").Points), num(april.Find(assess.ToWindow, "w02").Points)
	q := outcome("2021-Q1", 2)
	for _, p := range q.Find(assess.ToPerson, "s03").Parts {
		all[p.ID] = num(p.Points)
	}
	all["2021-Q1"] = num(q.Find(assess.ToPerson, "s03").Points)
	all["w02 2021-Q1 revision 1"], all["w02 2021-Q1 revision 2"] = num(outcome("2021-Q1", 1).Find(assess.ToWindow, "w02").Points), num(q.Find(assess.ToWindow, "w02").Points)
	last := outcome("2021", 1).Find(assess.ToPerson, "s03")
	all["2021"], all["weighed"] = num(last.Points), num(*last.Weighed)
	return all
}
