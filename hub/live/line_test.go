package live

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hallkeeper/wire"
)

// lined is a scene with a line of one service at one window.
func lined() *scene {
	s := newScene().furnished()
	s.tell(wire.KindServiceSet, wire.ServiceSet{Service: "a", Name: "婚姻登记", Prefix: "A", Windows: []string{"w1"}, WaitMax: 10, ServiceMax: 5})
	return s
}

func (s *scene) tell(kind wire.Kind, data any) { s.happen(s.record(kind, "", data)) }

func (s *scene) issued(id, number string) {
	s.tell(wire.KindTicketIssued, wire.TicketIssued{Ticket: id, Number: number, Service: "a", Class: "ordinary", Day: "2026-11-23", Place: int64(s.position) << 16})
}

func TestScreensSeeTheLine(t *testing.T) {
	s := lined()
	s.issued("t1", "A001")
	s.issued("t2", "A002")
	if v := s.hall().Services["a"]; v.Waiting != 2 || v.Open != 1 || !v.Since.Equal(s.now) {
		t.Errorf("the service shows %+v", v)
	}
	s.tell(wire.KindTicketCalled, wire.TicketCalled{Ticket: "t1", Number: "A001", Window: "w1", Rule: "first"})
	s.later(20 * time.Second)
	s.tell(wire.KindTicketRecalled, wire.TicketRecalled{Ticket: "t1", Window: "w1"})
	v := s.hall()
	if x := v.Windows["w1"].Ticket; x == nil || x.Number != "A001" || x.Stage != "called" || !x.Since.Equal(s.now) {
		t.Errorf("the window shows %+v", x)
	}
	var said []string
	for _, id := range sortedKeys(v.Calls) {
		c := v.Calls[id]
		said = append(said, c.Number+" "+c.Window+map[bool]string{true: " again"}[c.Again])
	}
	if want := []string{"A001 w1", "A001 w1 again"}; !slices.Equal(said, want) {
		t.Errorf("announced are %v, want %v", said, want)
	}
	for range 30 {
		s.tell(wire.KindTicketRecalled, wire.TicketRecalled{Ticket: "t1", Window: "w1"})
	}
	if n := len(s.hall().Calls); n != 12 {
		t.Errorf("screens are told of %d calls", n)
	}
	s.later(24 * time.Hour)
	if n := len(s.hall().Calls); n != 0 {
		t.Errorf("%d calls of yesterday are shown", n)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func TestNormsOfTheLineAlarm(t *testing.T) {
	s := lined()
	alarm := func(what, id string, want bool) {
		t.Helper()
		if _, on := s.hall().Alarms[id]; on != want {
			t.Errorf("%s: the alarm %s is %v", what, id, on)
		}
	}
	s.issued("t1", "A001")
	s.later(10 * time.Minute)
	alarm("at the norm", "wait_over/a", false)
	s.later(time.Second)
	alarm("beyond the norm", "wait_over/a", true)
	if a := s.hall().Alarms["wait_over/a"]; !a.Since.Equal(s.now.Add(-time.Second)) || a.Values["minutes"] != "10" || a.Values["norm"] != "10" {
		t.Errorf("the alarm says %+v", a)
	}
	s.tell(wire.KindCounterSet, wire.CounterSet{Window: "w1", State: "closed"})
	alarm("with its only window closed", "line_unserved/a", true)
	s.tell(wire.KindCounterSet, wire.CounterSet{Window: "w1", State: "open"})
	alarm("with its window open again", "line_unserved/a", false)
	s.tell(wire.KindTicketCalled, wire.TicketCalled{Ticket: "t1", Number: "A001", Window: "w1", Rule: "first"})
	alarm("when called", "wait_over/a", false)
	s.tell(wire.KindVisitStarted, wire.VisitStarted{Visit: "v1", Ticket: "t1", Window: "w1"})
	s.later(5*time.Minute + time.Second)
	alarm("served too long", "service_over/w1", true)
	s.tell(wire.KindVisitFinished, wire.VisitFinished{Visit: "v1", Ticket: "t1", Window: "w1", Outcome: "done"})
	alarm("when finished", "service_over/w1", false)
	s.issued("t2", "A002")
	s.later(time.Hour)
	s.tell(wire.KindTicketClosed, wire.TicketClosed{Ticket: "t2", Why: "cancelled"})
	s.tell(wire.KindServiceRemoved, wire.ServiceRemoved{Service: "a"})
	alarm("with the service gone", "wait_over/a", false)
	if n := len(s.hall().Services); n != 0 {
		t.Errorf("%d services are shown", n)
	}
}

func TestNoticesEndByThemselves(t *testing.T) {
	s := lined()
	until := s.now.Add(time.Minute)
	s.tell(wire.KindNoticePosted, wire.NoticePosted{Notice: "n1", ZH: "今天提前关门", Until: &until})
	s.tell(wire.KindNoticePosted, wire.NoticePosted{Notice: "n2", Phrase: "keep_belongings", Speak: true})
	if n := len(s.hall().Notices); n != 2 {
		t.Errorf("%d notices are shown", n)
	}
	s.later(time.Minute)
	if n := s.hall().Notices; len(n) != 1 || n["n2"].Phrase != "keep_belongings" {
		t.Errorf("shown are %v", n)
	}
	s.tell(wire.KindNoticeRemoved, wire.NoticeRemoved{Notice: "n2"})
	if n := len(s.hall().Notices); n != 0 {
		t.Errorf("%d notices are shown", n)
	}
}

// 国办发〔2019〕51号: what must be answered or rectified soon is a notice, what is past its last day an alarm, and both end by themselves.
func TestCasesAlarm(t *testing.T) {
	s := newScene().furnished()
	soon, late := 0, 0
	s.live.cfg.Cases = func(time.Time) (int, int) { return soon, late }
	look := func(what string, want ...string) map[string]wire.Alarm {
		t.Helper()
		s.later(time.Second)
		var got []string
		all := s.hall().Alarms
		for _, id := range sortedKeys(all) {
			if a := all[id]; strings.HasPrefix(id, "cases_") {
				got = append(got, string(a.Kind)+" "+string(a.Severity)+" "+a.Values["count"])
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: the alarms are %q, not %q", what, got, want)
		}
		return all
	}
	look("without cases")
	soon = 2
	look("two are near", "cases_soon notice 2")
	soon, late = 1, 1
	since := look("one is past", "cases_late alarm 1", "cases_soon notice 1")["cases_late"].Since
	soon, late = 0, 2
	if again := look("both are", "cases_late alarm 2")["cases_late"].Since; !again.Equal(since) {
		t.Errorf("it alarms since %v, and before since %v", again, since)
	}
	soon, late = 0, 0
	look("all are rectified")
}
