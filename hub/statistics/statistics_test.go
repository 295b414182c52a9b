package statistics

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

var zone = time.FixedZone("CST", 8*3600)

// log folds events at times of a day.
type log struct {
	State
	t       interface{ Fatal(...any) }
	at      time.Time
	records []wire.Record
}

func newLog(t interface{ Fatal(...any) }) *log {
	return &log{t: t, at: time.Date(2026, 11, 23, 9, 0, 0, 0, zone)} // a Monday
}

// after lets so much time pass and folds an event.
func (l *log) after(d time.Duration, kind wire.Kind, data any) {
	body, err := json.Marshal(data)
	if err != nil {
		l.t.Fatal(err)
	}
	l.at = l.at.Add(d)
	r := wire.Record{Position: wire.Position(len(l.records) + 1), StoredAt: l.at, Event: wire.Event{Kind: kind, Data: body}}
	l.records = append(l.records, r)
	l.Fold(&r)
}

func (l *log) issue(after time.Duration, id, service string) {
	l.after(after, wire.KindTicketIssued, wire.TicketIssued{Ticket: id, Number: id, Service: service, Class: "ordinary", Day: string(hall.DateOf(l.at.Add(after), zone))})
}

// facts gives the stays of some days, whole.
func (l *log) facts(from, until hall.Date) []Fact {
	all := func(*Fact) bool { return true }
	page, _ := l.Span(from, until, true).Page(all, 0, math.MaxInt)
	return page
}

// sum counts the stays of some days.
func (l *log) sum(from, until hall.Date) Figures {
	return Count(l.Span(from, until, false).Each(), ByDay, zone).Total
}

func content(s *State) map[string]string {
	all := map[string]string{}
	s.Tables().Each(func(key string, value []byte) { all[key] = string(value) })
	return all
}

// same checks that the log folded again and the view loaded give the same facts.
func (l *log) same() {
	want := content(&l.State)
	var again, loaded State
	for i := range l.records {
		again.Fold(&l.records[i])
	}
	for key, value := range want {
		if err := loaded.Tables().Load(key, []byte(value)); err != nil {
			l.t.Fatal(err)
		}
	}
	if !maps.Equal(content(&again), want) || !maps.Equal(content(&loaded), want) {
		l.t.Fatal("folded again or loaded, the facts are others")
	}
}

// One morning, computed by hand: t1 waits 4 min, is served 10 min of which it is
// away 3; t2 waits 12 min, is sent on after 2 min and is closed; t3 is missed twice.
func morning(t *testing.T) *log {
	t.Helper()
	l := newLog(t)
	m := time.Minute
	l.after(0, wire.KindServiceSet, wire.ServiceSet{Service: "a", WaitMax: 10, ServiceMax: 6})
	l.issue(0, "t1", "a")                                                                                             // 9:00
	l.issue(2*m, "t2", "a")                                                                                           // 9:02
	l.after(2*m, wire.KindTicketCalled, wire.TicketCalled{Ticket: "t1", Window: "w1", Staff: "s1"})                   // 9:04
	l.after(m, wire.KindVisitStarted, wire.VisitStarted{Ticket: "t1", Window: "w1"})                                  // 9:05
	l.after(2*m, wire.KindTicketHeld, wire.TicketHeld{Ticket: "t1", Window: "w1"})                                    // 9:07
	l.after(3*m, wire.KindTicketResumed, wire.TicketResumed{Ticket: "t1", Window: "w1", Staff: "s1"})                 // 9:10
	l.after(4*m, wire.KindTicketCalled, wire.TicketCalled{Ticket: "t2", Window: "w2", Staff: "s2"})                   // 9:14
	l.after(m, wire.KindVisitFinished, wire.VisitFinished{Ticket: "t1", Window: "w1", Outcome: "done", Mode: "help"}) // 9:15
	l.after(0, wire.KindVisitStarted, wire.VisitStarted{Ticket: "t2", Window: "w2"})                                  // 9:15
	l.after(2*m, wire.KindVisitFinished, wire.VisitFinished{Ticket: "t2", Window: "w2", Outcome: "transferred"})      // 9:17
	l.after(0, wire.KindTicketTransferred, wire.TicketTransferred{Ticket: "t2", From: "w2", Service: "b"})            // 9:17
	l.issue(43*m, "t3", "a")                                                                                          // 10:00
	l.after(6*m, wire.KindTicketCalled, wire.TicketCalled{Ticket: "t3", Window: "w1", Staff: "s1"})                   // 10:06
	l.after(m, wire.KindTicketRecalled, wire.TicketRecalled{Ticket: "t3", Window: "w1"})                              // 10:07
	l.after(m, wire.KindTicketMissed, wire.TicketMissed{Ticket: "t3", Window: "w1", Back: true})                      // 10:08
	l.after(m, wire.KindTicketCalled, wire.TicketCalled{Ticket: "t3", Window: "w2", Staff: "s2"})                     // 10:09
	l.after(m, wire.KindTicketMissed, wire.TicketMissed{Ticket: "t3", Window: "w2"})                                  // 10:10
	l.after(m, wire.KindTicketClosed, wire.TicketClosed{Ticket: "t2", Why: "cancelled"})                              // 10:11
	return l
}

func TestAMorningIsCountedAsByHand(t *testing.T) {
	l := morning(t)
	l.same()
	want := Figures{Issued: 3, Entered: 4, Finished: 1, Missed: 1, Closed: 1, Transferred: 1, Recalls: 1, Absences: 2, Holds: 1,
		Wait:    Times{Count: 3, Mean: 440, Median: 360, P90: 720, Max: 720, Normed: 3, Within: 2},
		Service: Times{Count: 2, Mean: 270, Median: 120, P90: 420, Max: 420, Normed: 2, Within: 1}}
	facts, stays := l.facts("2026-11-23", "2026-11-23"), l.Span("2026-11-23", "2026-11-23", false)
	if got := l.sum("2026-11-23", "2026-11-23"); got != want {
		t.Errorf("the morning is\n%+v\nnot\n%+v", got, want)
	}
	for by, want := range map[By]string{
		ByService: "[a 3 b 1]", ByWindow: "[ 1 w1 1 w2 2]", ByStaff: "[ 1 s1 1 s2 2]", ByHour: "[09 3 10 1]", ByWeekday: "[1 4]",
		ByDay: "[2026-11-23 4]", ByClass: "[ordinary 4]", ByOutcome: "[ 1 cancelled 1 done 1 transferred 1]", ByWeekHour: "[1-09 3 1-10 1]",
	} {
		var got []any
		for _, row := range Count(stays.Each(), by, zone).Rows {
			got = append(got, row.Key, row.Entered)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("by %s: %v, not %s", by, got, want)
		}
	}
	if got := fmt.Sprint(Count(stays.Each(), ByDay, zone).Waits); got != "[1 1 1 0 0 0 0 0 0 0 0 0 0]" {
		t.Errorf("the waits spread %s", got)
	}
	if f := facts[0]; f.First != 2 || f.Call != 4 || f.Last != 9 {
		t.Errorf("the first ticket stands on records %d, %d and %d", f.First, f.Call, f.Last)
	}
	if len(l.facts("2026-11-24", "2026-12-31")) != 0 {
		t.Error("there are facts of days to come")
	}
}

func TestDaysBeforeArePackedAndNothingIsLost(t *testing.T) {
	l := morning(t)
	l.issue(0, "kept", "a")
	before := l.facts("2026-11-23", "2026-11-23")
	l.issue(24*time.Hour, "next", "a")
	if after := l.facts("2026-11-23", "2026-11-23"); l.fresh.Len() != 0 || fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("packed, the day is\n%+v\nnot\n%+v", after, before)
	}
	l.after(time.Hour, wire.KindTicketClosed, wire.TicketClosed{Ticket: "kept", Why: "day_end"})
	if n := l.sum("2026-11-23", "2026-11-23"); n.Closed != 2 || n.Open != 0 || n.Entered != 5 {
		t.Errorf("a ticket that was kept overnight is counted as %+v", n)
	}
	l.same()
}

// Whatever the log says, in whatever order, the counts reconcile.
func TestCountsReconcile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLog(t)
		var papers []wire.VisitWithdrawn // those that can be taken back
		for i := range rapid.IntRange(1, 120).Draw(t, "events") {
			id := fmt.Sprint("t", rapid.IntRange(0, 9).Draw(t, "ticket"))
			window := rapid.SampledFrom([]string{"w1", "w2"}).Draw(t, "window")
			service := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "service")
			pass := time.Duration(rapid.SampledFrom([]int{1, 60, 600, 36000}).Draw(t, "pass")) * time.Second
			switch rapid.IntRange(0, 11).Draw(t, "kind") {
			case 10:
				day := hall.DateOf(l.at.Add(pass), zone).AddDays(-rapid.IntRange(0, 2).Draw(t, "days"))
				called := day.Time(zone).Add(time.Hour)
				l.after(pass, wire.KindVisitEntered, wire.VisitEntered{Visit: fmt.Sprint("p", i), Paper: "1", Service: service, Class: "ordinary", Day: string(day), Window: window,
					Taken: day.Time(zone), Called: &called, Ended: called, End: rapid.SampledFrom([]string{"finished", "missed", "left"}).Draw(t, "end"), Outcome: "done"})
				papers = append(papers, wire.VisitWithdrawn{Visit: fmt.Sprint("p", i), Day: string(day)})
			case 11:
				if len(papers) > 0 {
					n := rapid.IntRange(0, len(papers)-1).Draw(t, "paper")
					l.after(pass, wire.KindVisitWithdrawn, papers[n])
					papers = slices.Delete(papers, n, n+1)
				}
			case 0, 1:
				l.issue(pass, fmt.Sprint("t", i), service)
			case 2:
				l.after(pass, wire.KindTicketCalled, wire.TicketCalled{Ticket: id, Window: window, Staff: "s" + window})
			case 3:
				l.after(pass, wire.KindVisitStarted, wire.VisitStarted{Ticket: id, Window: window})
			case 4:
				next := rapid.SampledFrom([]string{"", "b"}).Draw(t, "next")
				l.after(pass, wire.KindVisitFinished, wire.VisitFinished{Ticket: id, Window: window, Outcome: "done", Next: next})
			case 5:
				l.after(pass, wire.KindTicketMissed, wire.TicketMissed{Ticket: id, Window: window, Back: rapid.Bool().Draw(t, "back")})
			case 6:
				l.after(pass, wire.KindTicketTransferred, wire.TicketTransferred{Ticket: id, From: window, Service: service})
			case 7:
				l.after(pass, wire.KindTicketClosed, wire.TicketClosed{Ticket: id, Why: "day_end"})
			case 8:
				l.after(pass, wire.KindTicketHeld, wire.TicketHeld{Ticket: id, Window: window})
			case 9:
				l.after(pass, wire.KindTicketResumed, wire.TicketResumed{Ticket: id, Window: window})
			}
		}
		l.same()
		reconcile(t, l, len(papers))
	})
}

func reconcile(t *rapid.T, l *log, papers int) {
	issued := papers
	for _, r := range l.records {
		if r.Kind == wire.KindTicketIssued {
			issued++
		}
	}
	stays := l.Span("2000-01-01", "2999-12-31", true)
	n := l.sum("2000-01-01", "2999-12-31")
	if n.Issued != issued || n.Paper != papers || n.Entered != n.Finished+n.Missed+n.Closed+n.Transferred+n.Open || n.Entered != n.Issued+n.Transferred+n.WentOn {
		t.Fatalf("%d tickets were issued: %+v", issued, n)
	}
	if n.Issued != n.Finished-n.WentOn+n.Missed+n.Closed+n.Open {
		t.Fatalf("tickets and their ends differ: %+v", n)
	}
	for _, by := range Breakdowns() {
		var all Figures
		for _, row := range Count(stays.Each(), by, zone).Rows {
			all.Issued += row.Issued
			all.Entered += row.Entered
			all.Finished += row.Finished
			all.Missed += row.Missed
			all.Closed += row.Closed
			all.Transferred += row.Transferred
			all.Open += row.Open
			all.Wait.Count += row.Wait.Count
			all.Service.Count += row.Service.Count
		}
		if all.Issued != n.Issued || all.Entered != n.Entered || all.Finished != n.Finished || all.Missed != n.Missed || all.Closed != n.Closed ||
			all.Transferred != n.Transferred || all.Open != n.Open || all.Wait.Count != n.Wait.Count || all.Service.Count != n.Service.Count {
			t.Fatalf("by %s the rows give %+v, all give %+v", by, all, n)
		}
	}
}

// What a thousand visits cost for good; ADR 0017 gives the figure.
func TestAThousandVisitsAreSmall(t *testing.T) {
	l := newLog(t)
	for i := range 1000 {
		id := fmt.Sprintf("01jd%x", sha256.Sum256([]byte(fmt.Sprint(i))))[:26] // ids do not compress
		l.issue(13*time.Second, id, "service-"+fmt.Sprint(i%8))
		l.after(time.Duration(i%7)*time.Second, wire.KindTicketCalled, wire.TicketCalled{Ticket: id, Window: fmt.Sprint("w", i%12), Staff: fmt.Sprint("staff-", i%12)})
		l.after(time.Duration(i%5)*time.Second, wire.KindVisitStarted, wire.VisitStarted{Ticket: id})
		l.after(time.Duration(i%11)*time.Second, wire.KindVisitFinished, wire.VisitFinished{Ticket: id, Outcome: "done"})
	}
	l.issue(24*time.Hour, "next", "a")
	size := len(content(&l.State)["counted/2026-11-23"]) + len(content(&l.State)["named/2026-11-23"]) // as views.db holds it
	t.Logf("%d bytes for 1000 visits", size)
	if size == 0 || size > 80_000 {
		t.Errorf("a thousand visits take %d bytes", size)
	}
}

// What was on paper counts as if it had been on record: t1 waited 10 min and was served 20.
func TestPaperNumbersCount(t *testing.T) {
	l := morning(t)
	at := func(hour, minute int) *time.Time {
		at := time.Date(2026, 11, 23, hour, minute, 0, 0, zone)
		return &at
	}
	before := l.sum("2026-11-23", "2026-11-23")
	enter := func(id, end, outcome string, called *time.Time) {
		l.after(time.Hour, wire.KindVisitEntered, wire.VisitEntered{Visit: id, Paper: id, Service: "a", Class: "ordinary", Day: "2026-11-23", Window: "w1", Staff: "s1",
			Taken: *at(8, 0), Called: called, Ended: *at(8, 30), End: end, Outcome: outcome})
	}
	check := func(when string, finished, missed, closed, paper int, longest int64) {
		t.Helper()
		l.same()
		n := l.sum("2026-11-23", "2026-11-23")
		got := []int{n.Finished - before.Finished, n.Missed - before.Missed, n.Closed - before.Closed, n.Paper, n.Entered - before.Entered, n.Issued - before.Issued}
		if want := []int{finished, missed, closed, paper, paper, paper}; fmt.Sprint(got) != fmt.Sprint(want) || n.Service.Max != longest {
			t.Errorf("%s: %v, not %v; the longest visit lasts %d s", when, got, want, n.Service.Max)
		}
	}
	enter("p1", "finished", "done", at(8, 10))
	enter("p2", "missed", "", at(8, 10))
	enter("p3", "left", "", nil)
	check("entered", 1, 1, 1, 3, 1200)
	l.issue(24*time.Hour, "next", "a")
	enter("p4", "finished", "done", at(8, 20))
	check("entered on the next day", 2, 1, 1, 4, 1200)
	for i, id := range []string{"p1", "p2", "p4"} {
		l.after(time.Minute, wire.KindVisitWithdrawn, wire.VisitWithdrawn{Visit: id, Day: "2026-11-23"})
		if n := l.sum("2026-11-23", "2026-11-23"); n.Paper != 3-i {
			t.Errorf("%s was taken back, %d are left", id, n.Paper)
		}
	}
	check("taken back", 0, 0, 1, 1, before.Service.Max)
}
