package queue

import (
	"testing"
	"time"

	"hallkeeper/wire"
)

func TestTurns(t *testing.T) {
	for _, c := range []struct {
		what string
		take []string // services with classes
		from []string // windows that call, one after the other
		want []string
	}{
		{"who came first goes first", []string{"a", "a"}, []string{"w1", "w1"}, []string{"A001 first", "A002 first"}},
		{"a window of two services calls by arrival", []string{"b", "a"}, []string{"w2", "w2"}, []string{"B001 first", "A001 first"}},
		{"a window calls only what it serves", []string{"b", "a"}, []string{"w1", "w3"}, []string{"A001 first", "B001 first"}},
		{"a priority ticket goes before ordinary ones", []string{"a", "a elderly"}, []string{"w1", "w1"}, []string{"A002 priority", "A001 first"}},
		{"after two of them an ordinary one goes", []string{"a", "a green", "a disabled", "a military"}, []string{"w1", "w1", "w1", "w1"},
			[]string{"A002 priority", "A003 priority", "A001 ordinary_after_priority 2", "A004 first"}},
		{"the count is the ticket's, whichever window calls", []string{"a", "a green", "a green", "a green"}, []string{"w1", "w2", "w1"},
			[]string{"A002 priority", "A003 priority", "A001 ordinary_after_priority 2"}},
		{"priority tickets go by arrival among themselves", []string{"a green", "a elderly"}, []string{"w1", "w1"}, []string{"A001 first", "A002 first"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			l := newLine(t)
			for _, x := range c.take {
				service, class := x[:1], x[min(len(x), 2):]
				l.take(t, service, class)
			}
			for i, w := range c.from {
				if got := l.serve(t, w); got != c.want[i] {
					t.Errorf("call %d gives %s, want %s", i+1, got, c.want[i])
				}
			}
			l.same(t)
		})
	}
}

func TestRefusalsAtAWindow(t *testing.T) {
	serving := func(t *testing.T, l *line) {
		l.take(t, "a", "")
		l.call(t, "w1")
		l.must(t, Start{Window: "w1"})
	}
	calling := func(t *testing.T, l *line) {
		l.take(t, "a", "")
		l.call(t, "w1")
	}
	for _, c := range []struct {
		what   string
		before func(*testing.T, *line)
		do     Command
		want   string
	}{
		{"nobody waits", nil, CallNext{"w1"}, "line_empty"},
		{"there is no such window", nil, CallNext{"w9"}, "window_unknown"},
		{"a second ticket before the first is finished", serving, CallNext{"w1"}, "window_busy"},
		{"the same person at a second window", func(t *testing.T, l *line) {
			l.staff = "s1"
			serving(t, l)
			l.take(t, "a", "")
		}, CallNext{"w2"}, "staff_busy"},
		{"a call at a paused window", func(t *testing.T, l *line) {
			l.take(t, "a", "")
			l.must(t, SetCounter{wire.CounterSet{Window: "w1", State: "paused"}, "打印机故障"})
		}, CallNext{"w1"}, "window_not_open"},
		{"a pause without a reason", nil, SetCounter{CounterSet: wire.CounterSet{Window: "w1", State: "paused"}}, "fields_invalid"},
		{"a pause while somebody is served", serving, SetCounter{wire.CounterSet{Window: "w1", State: "paused"}, "开会"}, "window_busy"},
		{"a recall at once", calling, Recall{"w1"}, "recall_pause"},
		{"a recall of nobody", nil, Recall{"w1"}, "window_free"},
		{"a recall of somebody who is there", serving, Recall{"w1"}, "ticket_serving"},
		{"an end before the beginning", calling, Finish{Window: "w1"}, "ticket_not_started"},
		{"a notice that does not say what is missing", serving, Finish{Window: "w1", Outcome: "notice"}, "fields_invalid"},
		{"an outcome that there is not", serving, Finish{Window: "w1", Outcome: "gone"}, "fields_invalid"},
		{"a miss of somebody who is there", serving, NoShow{"w1"}, "ticket_serving"},
		{"a transfer to nowhere", serving, Transfer{Window: "w1"}, "fields_invalid"},
		{"a transfer to a window that does not serve it", serving, Transfer{Window: "w1", To: "w3"}, "fields_invalid"},
		{"a service that there is not", nil, Take{Service: "x"}, "fields_invalid"},
		{"a class that cannot be taken", nil, Take{Service: "a", Class: "appointment"}, "fields_invalid"},
		{"a service that nobody serves", func(t *testing.T, l *line) {
			l.must(t, SetService{Service: "c", Name: "咨询", Department: "civil", Prefix: "C"})
		}, Take{Service: "c"}, "service_unserved"},
		{"a prefix that is taken", nil, SetService{Service: "c", Name: "咨询", Department: "civil", Prefix: "A"}, "fields_invalid"},
		{"removing a service that people wait for", calling, RemoveService{"a"}, "service_in_use"},
		{"taking all its windows away", calling, SetService{Service: "a", Name: "婚姻登记", Department: "civil", Prefix: "A"}, "service_in_use"},
		{"resuming what was not held", calling, Resume{"w2", "t0003"}, "ticket_not_held"},
		{"cancelling what is being served", serving, Drop{"t0003", "cancelled"}, "ticket_serving"},
		{"cancelling what there is not", nil, Drop{"t9", "cancelled"}, "ticket_unknown"},
	} {
		t.Run(c.what, func(t *testing.T) {
			l := newLine(t)
			if c.before != nil {
				c.before(t, l)
			}
			before := len(l.log)
			_, err := l.do(t, c.do)
			if got := refused(t, err); got != c.want {
				t.Errorf("refused with %q, want %q", got, c.want)
			}
			if len(l.log) != before {
				t.Error("something was stored all the same")
			}
		})
	}
}

func TestWhoMissesTheCallGoesBackOnceBehindThree(t *testing.T) {
	l := newLine(t)
	for range 5 {
		l.take(t, "a", "")
	}
	l.call(t, "w1")
	l.must(t, NoShow{"w1"})
	for _, want := range []string{"A002 first", "A003 first", "A004 first", "A001 first"} {
		if want == "A001 first" {
			break
		}
		if got := l.serve(t, "w1"); got != want {
			t.Errorf("called %s, want %s", got, want)
		}
	}
	if got := l.call(t, "w1"); got != "A001 first" {
		t.Errorf("called %s after three others", got)
	}
	l.must(t, NoShow{"w1"})
	if got := l.serve(t, "w1"); got != "A005 first" {
		t.Errorf("called %s, want the last", got)
	}
	if _, err := l.do(t, CallNext{"w1"}); refused(t, err) != "line_empty" {
		t.Error("who missed two calls is still in the line")
	}
}

func TestARecallWaitsForThePause(t *testing.T) {
	l := newLine(t)
	l.take(t, "a", "")
	l.call(t, "w1")
	l.now = l.now.Add(14 * time.Second)
	if _, err := l.do(t, Recall{"w1"}); refused(t, err) != "recall_pause" {
		t.Error("announced again after 14 s")
	}
	l.now = l.now.Add(time.Second)
	l.must(t, Recall{"w1"})
	if _, err := l.do(t, Recall{"w1"}); refused(t, err) != "recall_pause" {
		t.Error("announced twice at once")
	}
	l.now = l.now.Add(-time.Hour) // the clock goes back
	l.must(t, Recall{"w1"})
}

func TestATransferKeepsThePlaceAndEndsTheVisit(t *testing.T) {
	l := newLine(t)
	first := l.take(t, "a", "")
	l.take(t, "b", "")
	l.call(t, "w1")
	l.must(t, Start{Window: "w1"})
	made := l.must(t, Transfer{Window: "w1", Service: "b", To: "w3"})
	if v := made[0].(wire.VisitFinished); v.Outcome != "transferred" || v.Ticket != first {
		t.Errorf("the visit ends as %+v", v)
	}
	if got := l.call(t, "w2"); got != "B001 first" {
		t.Errorf("w2 calls %s, which was sent to w3", got)
	}
	if got := l.call(t, "w3"); got != "A001 first" {
		t.Errorf("w3 calls %s", got)
	}
	l.same(t)
}

func TestSeveralServicesInTurn(t *testing.T) {
	l := newLine(t)
	id := l.must(t, Take{Service: "a", Then: []string{"b"}})[0].(wire.TicketIssued).Ticket
	if got := l.serve(t, "w1"); got != "A001 first" {
		t.Fatal(got)
	}
	if got := l.serve(t, "w3"); got != "A001 first" {
		t.Fatal(got)
	}
	if x, _ := l.Tickets.Get(id); x.Stage != Finished {
		t.Errorf("after both services it is %s", x.Stage)
	}
}

func TestHoldAndResumeKeepTheVisit(t *testing.T) {
	l := newLine(t)
	id := l.take(t, "a", "")
	l.call(t, "w1")
	l.must(t, Start{Window: "w1"})
	visit, _ := l.Tickets.Get(id)
	l.must(t, Hold{"w1"})
	l.take(t, "a", "")
	l.serve(t, "w1")
	l.must(t, Resume{"w2", id})
	if x, _ := l.Tickets.Get(id); x.Stage != Serving || x.Visit != visit.Visit || x.Window != "w2" {
		t.Errorf("resumed as %+v", x)
	}
	l.must(t, Finish{Window: "w2", Outcome: "accepted", Mode: "help"})
}

func TestNumbersBeginAnewEachDay(t *testing.T) {
	l := newLine(t)
	number := func() string {
		return l.must(t, Take{Service: "a"})[0].(wire.TicketIssued).Number
	}
	if a, b := number(), number(); a != "A001" || b != "A002" {
		t.Errorf("%s, %s", a, b)
	}
	kept := l.call(t, "w1")
	l.now = l.now.Add(24 * time.Hour)
	if got := number(); got != "A003" || kept != "A001 first" {
		t.Errorf("%s while A001 and A002 are still held", got)
	}
	l.now = l.now.Add(-24 * time.Hour) // the clock goes back a day
	if got := number(); got != "A004" {
		t.Errorf("%s after the clock went back", got)
	}
	l.now = l.now.Add(48 * time.Hour)
	l.must(t, EndDay{})
	if got := number(); got != "A001" {
		t.Errorf("%s on a new day", got)
	}
	if l.Tickets.Len() != 1 {
		t.Errorf("%d tickets of days before are kept", l.Tickets.Len()-1)
	}
	l.same(t)
}

func TestTheDaysEndClosesWhatIsLeft(t *testing.T) {
	l := newLine(t)
	for range 3 {
		l.take(t, "a", "")
	}
	l.serve(t, "w1")
	l.call(t, "w1")
	l.now = l.now.Add(24 * time.Hour)
	if got := len(l.must(t, EndDay{})); got != 2 {
		t.Errorf("%d tickets were closed", got)
	}
	if got := l.must(t, EndDay{}); got != nil {
		t.Errorf("closed again: %v", got)
	}
	if c, _ := l.Counters.Get("w1"); c.Ticket != "" {
		t.Error("the window is not free")
	}
	l.same(t)
}

func TestSlotsAreChecked(t *testing.T) {
	for _, c := range []struct {
		what  string
		slots []wire.BookingSlot
		ok    bool
	}{
		{"one after the other", []wire.BookingSlot{{From: "09:00", Until: "10:00", Capacity: 4}, {From: "10:00", Until: "11:00", Capacity: 4}}, true},
		{"at one time on different days", []wire.BookingSlot{{From: "09:00", Until: "10:00", Capacity: 4, Weekdays: []int{1}}, {From: "09:00", Until: "10:00", Capacity: 4, Weekdays: []int{2}}}, true},
		{"over another", []wire.BookingSlot{{From: "09:00", Until: "10:00", Capacity: 4}, {From: "09:59", Until: "11:00", Capacity: 4, Weekdays: []int{2}}}, false},
		{"backwards", []wire.BookingSlot{{From: "10:00", Until: "09:00", Capacity: 4}}, false},
		{"no time", []wire.BookingSlot{{From: "9", Until: "10:00", Capacity: 4}}, false},
		{"for nobody", []wire.BookingSlot{{From: "09:00", Until: "10:00"}}, false},
		{"on the eighth day", []wire.BookingSlot{{From: "09:00", Until: "10:00", Capacity: 4, Weekdays: []int{8}}}, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			l := newLine(t)
			_, err := l.do(t, SetService{Service: "c", Name: "咨询", Department: "civil", Prefix: "C", Windows: []string{"w1"}, Slots: c.slots})
			if name := refused(t, err); (name == "") != c.ok {
				t.Errorf("refused with %q, want it to pass: %v", name, c.ok)
			}
		})
	}
}
