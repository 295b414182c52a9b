package rating

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// morning is two windows on a Monday, at minutes from nine.
type morning struct {
	log
	begin time.Time
}

func newMorning(t tester) *morning {
	m := &morning{begin: time.Date(2026, 11, 23, 9, 0, 0, 0, zone)}
	m.t = t
	m.hub(m.at(0), "", wire.KindServiceSet, wire.ServiceSet{Service: "a", Department: "civil"})
	for _, w := range []string{"1", "2"} {
		m.hub(m.at(0), "", wire.KindDeviceAssigned, wire.DeviceAssigned{Agent: "d" + w, Window: "w" + w})
	}
	return m
}

func (m *morning) at(minutes float64) time.Time {
	return m.begin.Add(time.Duration(minutes * float64(time.Minute)))
}

func (m *morning) start(minutes float64, id, window string) {
	m.hub(m.at(minutes), "", wire.KindTicketIssued, wire.TicketIssued{Ticket: "t" + id, Service: "a", Day: "2026-11-23"})
	m.hub(m.at(minutes), "", wire.KindVisitStarted, wire.VisitStarted{Visit: id, Ticket: "t" + id, Window: window, Staff: "zhang"})
}

func (m *morning) finish(minutes float64, id, window string) {
	m.hub(m.at(minutes), "", wire.KindVisitFinished, wire.VisitFinished{Visit: id, Ticket: "t" + id, Window: window, Outcome: "done"})
}

func (m *morning) press(minutes float64, id, device string, level int) {
	m.device(m.at(minutes), wire.Event{ID: id, Agent: device, At: m.at(minutes), Kind: wire.KindRatingPressed}, wire.RatingPressed{Level: level})
}

func say(s Status) string {
	visit := ""
	if s.Visit != nil {
		visit = s.Visit.ID
	}
	until := ""
	if s.Until > 0 {
		until = time.UnixMilli(s.Until).In(zone).Format("02 15:04")
	}
	return fmt.Sprintf("%s %s %s %v", s.State, visit, until, s.Explain)
}

// What tablet and phone show, minute by minute.
func TestWhatCanBeRatedNow(t *testing.T) {
	m := newMorning(t)
	m.start(10, "A", "w1")
	m.finish(20, "A", "w1")
	m.start(40, "B", "w1")
	m.press(45, "p1", "d1", 2)
	m.finish(50, "B", "w1")
	m.start(60, "C", "w1")
	m.hub(m.at(65), "", wire.KindTicketHeld, wire.TicketHeld{Ticket: "tC", Window: "w1"})
	m.hub(m.at(70), "", wire.KindTicketResumed, wire.TicketResumed{Ticket: "tC", Window: "w2", Staff: "li"})
	for _, c := range []struct {
		until, now     float64
		window, ticket string
		want           string
	}{
		{5, 5, "w1", "", "idle   false"},
		{5, 5, "", "tA", "idle   false"},
		{15, 15, "w1", "", "open A  false"},
		{15, 15, "w2", "", "idle   false"},
		{25, 29, "w1", "", "open A 23 09:30 false"},
		{25, 29, "", "tA", "open A 24 09:20 false"},
		{31, 31, "w1", "", "idle   false"},
		{31, 31, "", "tA", "open A 24 09:20 false"},
		{31, 1461, "", "tA", "closed A 24 09:20 false"},
		{45, 46, "w1", "", "rated B  true"},
		{50, 51, "", "tB", "rated B 24 09:50 true"},
		{50, 61, "w1", "", "idle   false"},
		{60, 61, "w1", "", "open C  false"},
		{65, 66, "w1", "", "open C 23 10:15 false"},
		{70, 71, "w1", "", "open C 23 10:15 false"},
		{70, 71, "w2", "", "open C  false"},
		{70, 76, "w1", "", "idle   false"},
	} {
		v := newView(t)
		for i := range m.records {
			if !m.records[i].StoredAt.After(m.at(c.until)) {
				v.apply(&m.records[i])
			}
		}
		got := ""
		if c.window != "" {
			got = say(v.Window(c.window, m.at(c.now)))
		} else {
			got = say(v.Ticket(c.ticket, m.at(c.now)))
		}
		if got != c.want {
			t.Errorf("at minute %v %s%s shows %q, not %q", c.now, c.window, c.ticket, got, c.want)
		}
	}
}

// A bad rating asks for its reason once; words stay sealed with it.
func TestABadRatingIsExplainedOnce(t *testing.T) {
	m := newMorning(t)
	m.start(0, "A", "w1")
	m.press(1, "p1", "d1", 1)
	v := m.folded(0)
	if s := v.Window("w1", m.at(2)); !s.Explain {
		t.Error("a bad rating does not ask for its reason")
	}
	m.hub(m.at(2), "", wire.KindRatingExplained, wire.RatingExplained{Visit: "A", Window: "w1", Day: "2026-11-23", Reasons: []string{"slow"}})
	m.records[len(m.records)-1].Personal = nil
	m.add(wire.Record{StoredAt: m.at(3), Event: wire.Event{Kind: wire.KindRatingExplained, Personal: []wire.Sealed{{Person: "rating-A", Box: []byte{1}}},
		Data: m.json(wire.RatingExplained{Visit: "A", Window: "w1", Day: "2026-11-23", Words: true, Contact: true})}})
	v = m.folded(2)
	if s := v.Window("w1", m.at(4)); s.Explain {
		t.Error("what was explained is asked for again")
	}
	e, ok := v.Explained.Get("A")
	if !ok || fmt.Sprint(e.Reasons) != "[slow]" || !e.Words || !e.Contact || e.Sealed == nil || e.Sealed.Person != "rating-A" {
		t.Errorf("the reason is kept as %+v", e)
	}
	m.same()
}

// What the hub has counted or not, by the record of the press.
func TestAPressIsFoundByItsRecord(t *testing.T) {
	m := newMorning(t)
	m.start(0, "A", "w1")
	m.press(1, "p1", "d1", 5)
	m.press(2, "p2", "d1", 5)
	m.press(3, "p3", "d2", 5)
	m.device(m.at(4), wire.Event{ID: "p4", Agent: "d1", At: m.at(-9999), Clock: wire.ClockUnsynced, Boot: "b", Kind: wire.KindRatingPressed}, wire.RatingPressed{Level: 5})
	m.hub(m.at(5), "p5", wire.KindRatingGiven, wire.RatingGiven{Visit: "A", Window: "w1", Day: "2026-11-23", Level: 1, Source: wire.RatingPhone, At: m.at(5)})
	m.hub(m.at(6), "", wire.KindTicketHeld, wire.TicketHeld{Ticket: "tA", Window: "w1"})
	m.hub(m.at(7), "", wire.KindTicketResumed, wire.TicketResumed{Ticket: "tA", Window: "w2", Staff: "li"})
	m.press(8, "p6", "d2", 4)
	v := m.folded(0)
	want := map[string]string{"p1": "counted  A", "p2": "invalid doubled A", "p3": "invalid no_visit ", "p4": "invalid clock_unset ", "p5": "invalid doubled A", "p6": "invalid doubled A"}
	all := v.Presses()
	for i := range m.records {
		id := m.records[i].ID
		p, ok := all.Of(&m.records[i])
		if got := fmt.Sprintf("%s %s %s", p.State, p.Why, p.Of); ok != (want[id] != "") || ok && got != want[id] {
			t.Errorf("%s is %q (%v), not %q", id, got, ok, want[id])
		}
	}
}

// flood is thousands of presses at one window, of a device gone mad, while somebody is served there or nobody.
func flood(t testing.TB, served bool, many int) *morning {
	m := newMorning(t)
	if served {
		m.start(0, "A", "w1")
	}
	for i := range many {
		m.press(1, fmt.Sprintf("p%d", i), "d1", 5)
	}
	return m
}

func TestAFloodOfPressesCountsOnceAtMost(t *testing.T) {
	for _, served := range []bool{false, true} {
		const many = 10_000
		m := flood(t, served, many)
		all := m.folded(0).Presses()
		counted, invalid := 0, 0
		for i := range m.records {
			if p, ok := all.Of(&m.records[i]); ok && p.State == Counted {
				counted++
			} else if ok {
				invalid++
			}
		}
		if want := map[bool]int{true: 1}[served]; counted != want || invalid != many-want {
			t.Errorf("somebody is served %v: %d counted and %d not", served, counted, invalid)
		}
	}
}

// The hall stands still while a flood is judged: twice the presses may take about twice the time.
func BenchmarkAFloodOfPresses(b *testing.B) {
	for _, many := range []int{5_000, 10_000} {
		b.Run(fmt.Sprint(many), func(b *testing.B) {
			m := flood(b, true, many)
			v := m.folded(0)
			for b.Loop() {
				all := v.Presses()
				for i := range m.records {
					all.Of(&m.records[i])
				}
			}
		})
	}
}

func TestVisitsAreFoundByTheirIDs(t *testing.T) {
	m := newMorning(t)
	const id = "0193a0f2-1111-7222-8333-444455556666"
	m.start(0, id, "w1")
	m.press(1, "p1", "d1", 2)
	m.finish(5, id, "w1")
	m.start(10, "B", "w2")
	m.press(11, "p2", "d2", 5)
	m.start(24*60, "C", "w1") // the next day: what was before is packed
	for _, saves := range []int{0, 1} {
		v := m.folded(saves)
		for _, want := range []string{id, "B", "C"} {
			x, ok := v.Find(want, m.at(24*60+1))
			if !ok || x.ID != want {
				t.Errorf("%s is not found: %+v", want, x)
			}
		}
		if _, ok := v.Find("D", m.at(0)); ok {
			t.Error("a visit is found that there is not")
		}
		bad := ""
		for x := range v.Bad("2026-11-01", "2026-11-30") {
			bad += fmt.Sprintf("%s %d %s ", x.ID, x.Level, x.Department)
		}
		if bad != id+" 2 civil " {
			t.Errorf("the bad reviews are %q", bad)
		}
	}
}

// What is bad is bad until two people take it out.
func TestBadReviewsFollowWhatIsKnown(t *testing.T) {
	m := newMorning(t)
	m.start(0, "A", "w1")
	m.press(1, "p1", "d1", 1)
	v := m.folded(0)
	count := func() (n int) {
		for range v.Bad(always, evermore) {
			n++
		}
		return n
	}
	if count() != 1 {
		t.Fatal("a bad review is not there")
	}
	from := len(m.records)
	m.hub(m.at(2), "", wire.KindExclusionProposed, wire.ExclusionProposed{Exclusion: "x", Visit: "A", Window: "w1", Day: "2026-11-23", Why: "mistaken"})
	m.hub(m.at(3), "", wire.KindExclusionDecided, wire.ExclusionDecided{Exclusion: "x", Visit: "A", Window: "w1", Day: "2026-11-23", Approved: true})
	m.hub(m.at(4), "", wire.KindExclusionDecided, wire.ExclusionDecided{Exclusion: "x", Visit: "A", Window: "w1", Day: "2026-11-23"})
	for i := from; i < len(m.records); i++ {
		v.apply(&m.records[i])
	}
	x, _ := v.Exclusions.Get("x")
	if count() != 0 || !x.Approved || x.Decided == nil || x.Proposed.By != "test" {
		t.Errorf("it is still there: %+v", x)
	}
}

// Several people read at a time, while nothing is folded.
func TestReadersDoNotDisturbEachOther(t *testing.T) {
	s := newMonth(t, 1, 3)
	v := s.folded(0)
	want := v.folded()
	for day := range v.cells {
		delete(v.cells, day)
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if got := v.folded(); got != want {
				t.Errorf("a reader sees %+v, not %+v", got, want)
			}
			for range v.Bad(always, evermore) {
				break
			}
			v.Signs("2026-11-02", "2026-11-05")
		})
	}
	wait.Wait()
}

func (v *view) folded() wire.RatingFigures {
	return v.Total(always, evermore, hall.Date("2026-11-20").Time(zone).Add(10*time.Hour), nil)
}
