package queue

import (
	"testing"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// set sets a parameter of the hall.
func (l *line) set(t *testing.T, name string, v float64) {
	t.Helper()
	r := record(t, wire.KindParameterSet, wire.ParameterSet{Name: name, Value: v, From: "2020-08-01"})
	l.hall.Policy.Fold(&r)
}

func (l *line) at(clock string) {
	at, err := time.ParseInLocation("2006-01-02 15:04", clock, zone)
	if err != nil {
		panic(err)
	}
	l.now = at
}

func (l *line) stage(id string) string {
	t, _ := l.Tickets.Get(id)
	if t.Why != "" {
		return string(t.Stage) + " " + t.Why
	}
	return string(t.Stage)
}

func (l *line) expect(t *testing.T, what string, stages map[string]string) {
	t.Helper()
	for id, want := range stages {
		if got := l.stage(id); got != want {
			t.Errorf("%s: %s is %s, want %s", what, id, got, want)
		}
	}
}

func TestTheDayEnds(t *testing.T) {
	l := newLine(t)
	l.set(t, "line_end", 18*60)
	waiting, called, serving, held := l.take(t, "a", ""), "", "", ""
	called = l.take(t, "b", "")
	l.call(t, "w3")
	serving = l.take(t, "b", "green")
	l.call(t, "w2")
	l.must(t, Start{Window: "w2"})
	held = l.take(t, "a", "elderly")
	l.call(t, "w1")
	l.must(t, Hold{"w1"})
	m := func() hall.Moment { return hall.Moment{Now: l.now, Day: hall.DateOf(l.now, zone), Zone: zone} }
	l.at("2026-11-23 17:59")
	if l.Ends(l.hall, m()) || len(l.must(t, EndDay{})) > 0 {
		t.Error("the day ended early")
	}
	l.at("2026-11-23 18:00")
	if !l.Ends(l.hall, m()) {
		t.Error("the day does not end")
	}
	l.must(t, EndDay{})
	l.expect(t, "at the end of the day", map[string]string{waiting: "closed day_end", held: "closed day_end", called: "called", serving: "serving"})
	l.at("2026-11-24 00:00")
	l.must(t, EndDay{})
	l.expect(t, "after midnight", map[string]string{called: "closed day_end", serving: "closed day_end"})
	if c, _ := l.Counters.Get("w2"); c.Ticket != "" {
		t.Errorf("window w2 still has %s", c.Ticket)
	}
	l.same(t)
}

func TestAnEmergencyKeepsTheLine(t *testing.T) {
	l := newLine(t)
	l.set(t, "line_end", 18*60)
	id := l.take(t, "a", "")
	if _, err := l.do(t, KeepLine{}); refused(t, err) != "fields_invalid" {
		t.Error("kept without a reason")
	}
	l.must(t, KeepLine{"停电疏散"})
	l.at("2026-11-24 08:30")
	l.must(t, EndDay{})
	l.expect(t, "the next morning", map[string]string{id: "waiting"})
	if got := l.take(t, "a", ""); l.number(got) != "A002" {
		t.Errorf("the next number is %s although A001 waits still", l.number(got))
	}
	if got := l.call(t, "w1"); got != "A001 first" {
		t.Errorf("the next morning begins with %s", got)
	}
	l.must(t, NoShow{"w1"})
	l.at("2026-11-24 18:00")
	l.must(t, EndDay{})
	l.expect(t, "at the end of the next day", map[string]string{id: "closed day_end"})
	l.same(t)
}

func (l *line) number(id string) string {
	t, _ := l.Tickets.Get(id)
	return t.Number
}

func TestTheHoursOfTickets(t *testing.T) {
	l := newLine(t)
	l.set(t, "tickets_from", 8*60+30)
	l.set(t, "tickets_until", 17*60+30)
	for at, want := range map[string]string{"08:29": "hall_closed", "08:30": "", "17:29": "", "17:30": "hall_closed"} {
		l.at("2026-11-23 " + at)
		if _, err := l.do(t, Take{Service: "a"}); refused(t, err) != want {
			t.Errorf("a ticket at %s: %v", at, err)
		}
	}
}

func TestOneCitizenHoldsFewTickets(t *testing.T) {
	l := newLine(t)
	l.set(t, "citizen_day", 3)
	take := func(citizen, want string) {
		t.Helper()
		if _, err := l.do(t, Take{Service: "a", Citizen: citizen}); refused(t, err) != want {
			t.Errorf("a ticket for %q: %v", citizen, err)
		}
	}
	take("x", "")
	take("x", "")
	take("x", "tickets_held")
	take("y", "")
	take("", "")
	l.serve(t, "w1")
	take("x", "")
	l.serve(t, "w1")
	l.serve(t, "w1")
	l.serve(t, "w1")
	take("x", "tickets_taken")
	l.set(t, "citizen_asked", 1)
	take("", "fields_invalid")
	l.same(t)
}
