package conduct

import (
	"testing"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// 差评按期整改率 and 实名差评回访率 are made of these counts: what is due, what was
// rectified in time in every round, who left a number and who of them was called.
func TestWhatIndicatorsCount(t *testing.T) {
	finish := func(n string) []Command { return []Command{Answer{n, "答复"}, Rectify{n, "整改"}} }
	for says, x := range map[string]struct {
		phone string
		story func(*desk, string)
		want  Counts
	}{
		"rectified in time":                 {"", func(d *desk, n string) { d.must(t, finish(n)...) }, Counts{Due: 1, InTime: 1}},
		"rectified a day late":              {"", func(d *desk, n string) { d.on(t, "2026-12-01"); d.must(t, finish(n)...) }, Counts{Due: 1}},
		"never rectified":                   {"", func(*desk, string) {}, Counts{Due: 1}},
		"answered late, but rectified":      {"", func(d *desk, n string) { d.on(t, "2026-11-26"); d.must(t, finish(n)...) }, Counts{Due: 1, InTime: 1}},
		"unfounded in time is not due":      {"", func(d *desk, n string) { d.must(t, Close{n, ResultUnfounded, "x"}) }, Counts{}},
		"unfounded when it was late counts": {"", func(d *desk, n string) { d.on(t, "2026-12-01"); d.must(t, Close{n, ResultUnfounded, "x"}) }, Counts{Due: 1}},
		"a number and no call":              {"13800000042", func(d *desk, n string) { d.must(t, finish(n)...) }, Counts{1, 1, 1, 0}},
		"a number and a call":               {"13800000042", func(d *desk, n string) { d.must(t, finish(n)...); d.must(t, Revisit{n, Satisfied, ""}) }, Counts{1, 1, 1, 1}},
		"two calls in vain are not enough": {"13800000042", func(d *desk, n string) {
			d.must(t, finish(n)...)
			d.must(t, Revisit{n, Unreached, ""}, Revisit{n, Unreached, ""})
		}, Counts{1, 1, 1, 0}},
		"not satisfied, and not rectified": {"13800000042", func(d *desk, n string) { d.must(t, finish(n)...); d.must(t, Revisit{n, Unsatisfied, "x"}) }, Counts{1, 0, 1, 1}},
		"not satisfied, and rectified again": {"13800000042", func(d *desk, n string) {
			d.must(t, finish(n)...)
			d.must(t, Revisit{n, Unsatisfied, "x"}, Rectify{n, "再"})
		}, Counts{1, 1, 1, 1}},
		"late once stays late": {"13800000042", func(d *desk, n string) {
			d.on(t, "2026-12-01")
			d.must(t, finish(n)...)
			d.must(t, Revisit{n, Unsatisfied, "x"}, Rectify{n, "再"}, Revisit{n, Satisfied, ""}, Close{n, ResultRectified, ""})
		}, Counts{1, 0, 1, 1}},
	} {
		d := newDesk(t, "2026-11-23") // the last day is 2026-11-30
		n := d.rated(t, "v1", x.phone).Number
		x.story(d, n)
		if got := d.Counts(d.hall.Policy, "2027-01-04", "2026-11-30", "2026-11-30", Filter{}); got != x.want {
			t.Errorf("%s: %+v, not %+v", says, got, x.want)
		}
		for _, out := range [][2]hall.Date{{"2026-11-01", "2026-11-29"}, {"2026-12-01", "2026-12-31"}} {
			if got := d.Counts(d.hall.Policy, "2027-01-04", out[0], out[1], Filter{}); got != (Counts{}) {
				t.Errorf("%s: from %s until %s there are %+v", says, out[0], out[1], got)
			}
		}
		if got := d.Counts(d.hall.Policy, "2026-11-30", "2026-11-30", "2026-11-30", Filter{}); got != (Counts{}) {
			t.Errorf("%s: on the last day itself %+v are over", says, got)
		}
	}
}

func TestCountsAreBrokenDown(t *testing.T) {
	d := newDesk(t, "2026-11-23")
	d.rated(t, "v1", "")
	d.must(t, OpenFromRating{Visit: "v2", Level: 2, Source: wire.CasePhone, Window: "w2", Staff: "s3", Department: "tax", Service: "b"})
	d.must(t, OpenFromRating{Visit: "v3", Level: 2, Source: wire.CaseButton, Window: "w2", Staff: "s3", Department: "tax", Service: "b"})
	d.must(t, Enter{Source: wire.CaseHotline, Department: "tax", Text: "x"})
	for by, want := range map[By]map[string]int{ByHall: {"": 3}, ByDepartment: {"civil": 1, "tax": 2}, ByWindow: {"w1": 1, "w2": 2}, ByStaff: {"s1": 1, "s3": 2}, ByService: {"a": 1, "b": 2}} {
		rows := d.CountsBy(d.hall.Policy, "2027-01-04", "2026-11-01", "2026-12-31", by, Filter{})
		for key, n := range want {
			if rows[key].Due != n || len(rows) != len(want) {
				t.Errorf("by %s the rows are %+v", by, rows)
			}
		}
	}
	for want, f := range map[int]Filter{1: {Window: "w1"}, 2: {Staff: "s3", Service: "b"}, 4: {Complaints: true}, 0: {Department: "civil", Window: "w2"}} {
		if got := d.Counts(d.hall.Policy, "2027-01-04", "2026-11-01", "2026-12-31", f).Due; got != want {
			t.Errorf("%+v counts %d, not %d", f, got, want)
		}
	}
}
