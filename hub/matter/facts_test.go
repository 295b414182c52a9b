package matter

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"hallkeeper/hub/hall"
)

// said is the facts of a time in short.
func (d *desk) said(t *testing.T, from, until hall.Date) string {
	t.Helper()
	var words []string
	for _, f := range d.Facts(from, until, d.today(), d.hall.Policy.Calendar(), func(window string, _ hall.Date) string { return "of-" + window }) {
		if len(f.Events) == 0 || slices.Contains(f.Events, "") {
			t.Errorf("%s stands on %q", f.ID, f.Events)
		}
		words = append(words, fmt.Sprintf("%s %s %s %s %v", f.Kind, f.Day, f.Window, f.Department, f.Values["overdue"]))
	}
	return strings.Join(words, "; ")
}

// 63号 第三条: a matter's lateness belongs to the first day after its limit, grows
// while its clock runs, and no more once that day's month is over.
func TestAMatterPastItsLimitIsAFact(t *testing.T) {
	d := newDesk(t, "2026-11-16") // five working days are promised: until 11-23
	d.visit(t, Finish{Outcome: "accepted"})
	const n = "2026-000001"
	for day, want := range map[string]string{"2026-11-23": "", "2026-11-24": "matter_late 2026-11-24 w1 civil 1", "2026-11-26": "matter_late 2026-11-24 w1 civil 3"} {
		d.on(t, day)
		if got := d.said(t, "2026-11-01", "2026-11-30"); got != want {
			t.Errorf("on %s: %s", day, got)
		}
	}
	d.on(t, "2026-11-26")
	d.must(t, Suspend{Matter: n, Why: "hearing", Reason: "听证"})
	d.on(t, "2026-12-10")
	d.must(t, Resume{Matter: n})
	const over = "matter_late 2026-11-24 w1 civil 3"
	if got := d.said(t, "2026-11-01", "2026-11-30"); got != over {
		t.Errorf("suspended it is %s", got)
	}
	before := d.Facts("2026-11-01", "2026-11-30", d.today(), d.hall.Policy.Calendar(), nil)
	d.on(t, "2026-12-31")
	d.must(t, Conclude{Matter: n, Result: "granted"})
	if after := d.Facts("2026-11-01", "2026-11-30", d.today(), d.hall.Policy.Calendar(), nil); !reflect.DeepEqual(before, after) {
		t.Errorf("what happens in December changes November:\n%v\n%v", before, after)
	}
	if got := d.said(t, "2026-12-01", "2026-12-31"); got != "" {
		t.Errorf("December says %s", got)
	}
	d.must(t, Correct{Matter: n, What: FixVoid, Reason: "误立"})
	if got := d.said(t, "2026-11-01", "2026-11-30"); got != "" {
		t.Errorf("void it is %s", got)
	}
}

func TestAMatterThatEndedInTimeIsNoFact(t *testing.T) {
	d := newDesk(t, "2026-11-16")
	d.visit(t, Finish{Outcome: "accepted"})
	d.on(t, "2026-11-23")
	d.must(t, Conclude{Matter: "2026-000001", Result: "granted"})
	d.on(t, "2026-12-31")
	if got := d.said(t, "2026-01-01", "2026-12-31"); got != "" {
		t.Errorf("it is %s", got)
	}
}

// 63号 第十条(二): what was owed on promise is late from the first working day after its day.
func TestAPromiseThatIsNotKeptIsAFact(t *testing.T) {
	for name, x := range map[string]struct {
		came, ended string
		want        string
	}{
		"never":                        {"", "", "promise_late 2026-11-23 w1 civil 6"},
		"in time":                      {"2026-11-20", "", ""},
		"on the weekend after":         {"2026-11-21", "", ""},
		"two days late":                {"2026-11-24", "", "promise_late 2026-11-23 w1 civil 2"},
		"the matter ended in time":     {"", "2026-11-20", ""},
		"the matter ended a day later": {"", "2026-11-23", "promise_late 2026-11-23 w1 civil 1"},
	} {
		d := newDesk(t, "2026-11-16")
		d.visit(t, Finish{Outcome: "promised", Missing: []string{"户口簿", "身份证"}, GapsDue: "2026-11-20"})
		d.on(t, "2026-11-17")
		d.must(t, Supplement{Matter: "2026-000001", Documents: []string{"身份证"}})
		if x.came != "" {
			d.on(t, x.came)
			d.must(t, Supplement{Matter: "2026-000001", Documents: []string{"户口簿"}})
		}
		if x.ended != "" {
			d.on(t, x.ended)
			d.must(t, Conclude{Matter: "2026-000001", Result: "granted"})
		}
		d.on(t, "2026-11-30")
		got := strings.Split(d.said(t, "2026-11-01", "2026-11-30"), "; ")
		got = slices.DeleteFunc(got, func(s string) bool { return strings.HasPrefix(s, "matter_late") })
		if said := strings.Join(got, "; "); said != x.want {
			t.Errorf("%s: %s", name, said)
		}
	}
}

// 63号 第九条: who is sent away with neither an accepted item nor a list of what is missing is sent to and fro.
func TestACitizenSentAwayIsAFact(t *testing.T) {
	d := newDesk(t, "2026-11-16")
	d.visit(t, Finish{Outcome: "sent_away", Reason: "请到局里办"})
	d.visit(t, Finish{Outcome: "sent_away", Missing: []string{"户口簿"}})
	d.visit(t, Finish{Outcome: "notice", Missing: []string{"户口簿"}})
	d.visit(t, Finish{Outcome: "done"})
	if got := d.said(t, "2026-11-01", "2026-11-30"); got != "sent_away 2026-11-16 w1 of-w1 <nil>" {
		t.Errorf("the facts are %s", got)
	}
	want := content(&d.State)
	var loaded State
	for key, value := range want {
		if err := loaded.Tables().Load(key, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := d.Facts("2026-11-01", "2026-11-30", d.today(), d.hall.Policy.Calendar(), nil), loaded.Facts("2026-11-01", "2026-11-30", d.today(), d.hall.Policy.Calendar(), nil); !reflect.DeepEqual(a, b) {
		t.Errorf("loaded the facts are %v, not %v", b, a)
	}
}
