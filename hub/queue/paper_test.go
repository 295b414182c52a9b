package queue

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// enterPaper enters rows of today and gives what is wrong: cell and code, with a blank between them.
func (l *line) enterPaper(t tester, day string, rows ...PaperRow) (faults []string) {
	t.Helper()
	_, err := l.do(t, EnterPaper{Day: day, Rows: rows})
	refused(t, err)
	var e *hall.Error
	if errors.As(err, &e) {
		for _, f := range e.Fields {
			if f.ZH == "" || f.EN == "" {
				t.Errorf("%s %s has no words in both languages", f.Name, f.Code)
			}
			faults = append(faults, strings.TrimPrefix(f.Name, "rows[0].")+" "+f.Code)
		}
	}
	return faults
}

// paper is a row with nothing wrong; what is given replaces a cell.
func paper(change ...func(*PaperRow)) PaperRow {
	r := PaperRow{Service: "a", Paper: "17", Window: "w1", Taken: "08:00", Called: "08:10", Finished: "08:20", Outcome: OutcomeDone}
	for _, c := range change {
		c(&r)
	}
	return r
}

const today = "2026-11-23"

func TestWhatIsWrongWithAPaperNumberIsSaidOfItsCell(t *testing.T) {
	for what, x := range map[string]struct {
		row  func(*PaperRow)
		want string
	}{
		"nothing":                                {func(*PaperRow) {}, ""},
		"no number":                              {func(r *PaperRow) { r.Paper = " " }, "paper required"},
		"a service that is not there":            {func(r *PaperRow) { r.Service = "x" }, "service unknown"},
		"a window that is not there":             {func(r *PaperRow) { r.Window = "w9" }, "window unknown"},
		"no window":                              {func(r *PaperRow) { r.Window = "" }, "window required"},
		"a window that does not serve it":        {func(r *PaperRow) { r.Window = "w3" }, "window unserved"},
		"a class that there is not":              {func(r *PaperRow) { r.Class = "vip" }, "class choice"},
		"an outcome that there is not":           {func(r *PaperRow) { r.Outcome = "good" }, "outcome choice"},
		"a person who is not there":              {func(r *PaperRow) { r.Staff = "s9" }, "staff unknown"},
		"a notice that does not say what":        {func(r *PaperRow) { r.Outcome = OutcomeNotice }, "reason required"},
		"no time of the call":                    {func(r *PaperRow) { r.Called = "" }, "called required"},
		"no time":                                {func(r *PaperRow) { r.Taken = "8am" }, "taken time"},
		"called before it was taken":             {func(r *PaperRow) { r.Called = "07:59" }, "called before"},
		"finished before the call":               {func(r *PaperRow) { r.Finished = "08:09" }, "finished before"},
		"finished in the future":                 {func(r *PaperRow) { r.Finished = "09:01" }, "finished future"},
		"nobody came, and no end is said":        {func(r *PaperRow) { r.Outcome, r.Finished = PaperMissed, "" }, ""},
		"somebody left before the call":          {func(r *PaperRow) { r.Outcome, r.Called, r.Window = PaperLeft, "", "" }, ""},
		"somebody left, and was called":          {func(r *PaperRow) { r.Outcome = PaperLeft }, "called unexpected"},
		"somebody left, and nobody knows when":   {func(r *PaperRow) { r.Outcome, r.Called, r.Finished = PaperLeft, "", "" }, "finished required"},
		"a visit that lasted less than a minute": {func(r *PaperRow) { r.Finished = "08:10" }, ""},
	} {
		l := newLine(t)
		if got := strings.Join(l.enterPaper(t, today, paper(x.row)), ", "); got != x.want {
			t.Errorf("%s: %q, not %q", what, got, x.want)
		}
	}
	l := newLine(t)
	for day, want := range map[string]string{"2026-11-24": "day range", "2026-11-15": "day range", "yesterday": "day date", "2026-11-16": ""} {
		if got := strings.Join(l.enterPaper(t, day, paper()), ", "); got != want {
			t.Errorf("%s: %q, not %q", day, got, want)
		}
	}
	if got := l.enterPaper(t, today); len(got) != 1 || got[0] != "rows required" {
		t.Errorf("an empty table: %v", got)
	}
	if got := l.enterPaper(t, today, make([]PaperRow, 501)...); len(got) != 1 || got[0] != "rows too_many" {
		t.Errorf("501 rows: %v", got)
	}
}

func TestATableIsEnteredWholeOrNotAtAll(t *testing.T) {
	l := newLine(t)
	before := len(l.log)
	bad := paper(func(r *PaperRow) { r.Paper, r.Window, r.Taken = "18", "w2", "later" })
	if got := l.enterPaper(t, today, paper(), bad); len(got) != 1 || got[0] != "rows[1].taken time" || len(l.log) != before {
		t.Errorf("%v, and %d events", got, len(l.log)-before)
	}
	bad.Taken = "08:00"
	if got := l.enterPaper(t, today, paper(), bad); got != nil || len(l.log) != before+2 {
		t.Errorf("%v, and %d events", got, len(l.log)-before)
	}
	l.same(t)
}

func TestAPaperNumberIsEnteredOnce(t *testing.T) {
	l := newLine(t)
	late := func(r *PaperRow) { r.Called, r.Finished = "08:30", "08:40" }
	if got := l.enterPaper(t, today, paper(), paper(late)); len(got) != 1 || got[0] != "rows[1].paper doubled" {
		t.Errorf("twice in a table: %v", got)
	}
	made := l.must(t, EnterPaper{Day: today, Rows: []PaperRow{paper()}})
	if got := l.enterPaper(t, today, paper(late, func(r *PaperRow) { r.Paper = " 17" })); len(got) != 1 || got[0] != "paper doubled" {
		t.Errorf("entered again: %v", got)
	}
	if got := l.enterPaper(t, today, paper(late, func(r *PaperRow) { r.Service, r.Window = "b", "w3" })); got != nil {
		t.Errorf("the same number of another service's pad: %v", got)
	}
	if got := l.enterPaper(t, "2026-11-22", paper(late)); got != nil {
		t.Errorf("the same number of another day: %v", got)
	}
	id := made[0].(wire.VisitEntered).Visit
	if _, err := l.do(t, WithdrawPaper{Visit: id}); refused(t, err) != "fields_invalid" {
		t.Error("taken back without a reason")
	}
	l.must(t, WithdrawPaper{Visit: id, Reason: "录错"})
	if made := l.must(t, WithdrawPaper{Visit: id, Reason: "录错"}); len(made) != 0 {
		t.Error("taken back twice")
	}
	if got := l.enterPaper(t, today, paper()); got != nil {
		t.Errorf("entered rightly after it was taken back: %v", got)
	}
	l.same(t)
}

// restart is the hub coming back, in the middle of whatever it was.
func (l *line) restart(t tester) { l.enter(t, wire.KindHubStarted, wire.HubStarted{}) }

func TestAPaperNumberDoesNotOverlapWhatIsOnRecord(t *testing.T) {
	between := func(from, until string) func(*PaperRow) {
		return func(r *PaperRow) { r.Called, r.Finished = from, until }
	}
	l := newLine(t)
	l.take(t, "a", "")
	l.now = time.Date(2026, 11, 23, 9, 30, 20, 0, zone)
	l.call(t, "w1")
	l.must(t, Start{Window: "w1"})
	l.now = l.now.Add(10 * time.Minute)
	l.must(t, Finish{Window: "w1"}) // 09:30:20 to 09:40:20
	l.take(t, "a", "")
	l.now = l.now.Add(10 * time.Minute)
	l.call(t, "w1") // 09:50:20; the hub goes down
	l.now = time.Date(2026, 11, 23, 11, 0, 0, 0, zone)
	l.restart(t)
	l.now = l.now.Add(30 * time.Minute) // it is 11:30, and A002 is still at w1
	for _, x := range [][3]string{
		{"09:20", "09:31", "called overlap"}, {"09:32", "09:35", "called overlap"}, {"09:39", "09:45", "called overlap"}, {"09:45", "09:55", "called overlap"},
		{"10:50", "11:01", "called overlap"}, {"11:10", "11:20", "called overlap"}, {"09:20", "09:30", ""}, {"09:40", "09:50", ""}, {"09:55", "10:20", ""}, {"10:50", "11:00", ""},
	} {
		if got := strings.Join(l.enterPaper(t, today, paper(func(r *PaperRow) { r.Paper = x[0] + x[1][3:] }, between(x[0], x[1]))), ", "); got != x[2] {
			t.Errorf("%s to %s: %q, not %q", x[0], x[1], got, x[2])
		}
	}
	// Beside those that were entered, and those of the same table.
	for span, want := range map[[2]string]string{{"10:00", "10:30"}: "called overlap", {"10:20", "10:30"}: ""} {
		if got := strings.Join(l.enterPaper(t, today, paper(func(r *PaperRow) { r.Paper = "x" + span[0] }, between(span[0], span[1]))), ", "); got != want {
			t.Errorf("beside paper, %s to %s: %q, not %q", span[0], span[1], got, want)
		}
	}
	other := func(r *PaperRow) { r.Window = "w2" }
	if got := l.enterPaper(t, today, paper(other, between("10:00", "10:10")), paper(other, between("10:09", "10:20"), func(r *PaperRow) { r.Paper = "18" })); len(got) != 1 || got[0] != "rows[1].called overlap" {
		t.Errorf("two rows of one table: %v", got)
	}
	if got := l.enterPaper(t, today, paper(other, between("10:00", "10:10"))); got != nil {
		t.Errorf("at another window: %v", got)
	}
	l.must(t, Start{Window: "w1"})
	l.must(t, Finish{Window: "w1"})
	if got := strings.Join(l.enterPaper(t, today, paper(func(r *PaperRow) { r.Paper = "99" }, between("11:10", "11:20"))), ", "); got != "called overlap" {
		t.Errorf("what the hub saw after it came back is forgotten: %q", got)
	}
	l.same(t)
}

func TestOldComparisonsAreForgotten(t *testing.T) {
	l := newLine(t)
	l.take(t, "a", "")
	l.serve(t, "w1")
	l.must(t, EnterPaper{Day: today, Rows: []PaperRow{paper()}})
	l.now = l.now.AddDate(0, 0, 40)
	l.take(t, "a", "")
	l.serve(t, "w1")
	if l.spans.Len() != 1 || l.Papers.Len() != 0 {
		t.Errorf("%d spans and %d paper numbers are kept", l.spans.Len(), l.Papers.Len())
	}
	l.same(t)
}
