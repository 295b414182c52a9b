package queue

import (
	"testing"

	"hallkeeper/wire"
)

func TestSomebodyWithoutATicketIsServedAtTheWindow(t *testing.T) {
	l := newLine(t)
	l.staff = "s1"
	made := l.must(t, Direct{Window: "w1", Here: []string{"s1"}})
	visit := made[2].(wire.VisitStarted)
	if d := made[0].(wire.TicketIssued); d.Number != "A001" || d.Service != "a" || visit.Ticket != d.Ticket || visit.Staff != "s1" {
		t.Errorf("made %+v", made)
	}
	if l.Calls.Len() != 0 {
		t.Error("the lobby announces somebody who stands at the window")
	}
	if p, _ := l.Paces.Get("a"); len(p.Turns)+len(p.Said) != 0 {
		t.Errorf("a turn that was none is in the pace: %+v", p)
	}
	if got := l.must(t, Finish{Window: "w1"})[0].(wire.VisitFinished); got.Visit != visit.Visit {
		t.Errorf("finished %+v", got)
	}
	if got := l.must(t, Direct{Window: "w1"})[0].(wire.TicketIssued); got.Number != "A002" {
		t.Errorf("the next one is %s", got.Number)
	}
	l.same(t)
}

func TestNobodyIsServedOverTheHeadsOfTheLine(t *testing.T) {
	for _, c := range []struct {
		what   string
		before func(*line)
		do     Direct
		want   string
	}{
		{"while others wait", func(l *line) { l.take(t, "a", "") }, Direct{Window: "w1"}, "line_waits"},
		{"while others wait for something else", func(l *line) { l.take(t, "b", "") }, Direct{Window: "w1"}, ""},
		{"where the hall allows it", func(l *line) {
			l.take(t, "a", "")
			l.set(t, "direct_over_line", 1)
		}, Direct{Window: "w1"}, ""},
		{"while somebody is served", func(l *line) { l.must(t, Direct{Window: "w1"}) }, Direct{Window: "w1"}, "window_busy"},
		{"at a window of two services without naming one", nil, Direct{Window: "w2"}, "fields_invalid"},
		{"at a window of two services", nil, Direct{Window: "w2", Service: "b"}, ""},
		{"for a service of another window", nil, Direct{Window: "w1", Service: "b"}, "fields_invalid"},
	} {
		t.Run(c.what, func(t *testing.T) {
			l := newLine(t)
			if c.before != nil {
				c.before(l)
			}
			_, err := l.do(t, c.do)
			if got := refused(t, err); got != c.want {
				t.Errorf("refused with %q, want %q", got, c.want)
			}
		})
	}
}

func TestAVisitIsOfWhoeverIsThere(t *testing.T) {
	for _, c := range []struct {
		what, called string
		here         []string
		want         string
	}{
		{"whoever called is there", "s1", []string{"s1", "s2"}, "s1"},
		{"a deputy sits there, and the panel is still signed in as the one who is away", "s1", []string{"s2"}, "s2"},
		{"a supervisor called for the only one there", "", []string{"s2"}, "s2"},
		{"nobody has clocked in", "s1", nil, "s1"},
		{"two others are there", "s1", []string{"s2", "s3"}, "s1"},
	} {
		t.Run(c.what, func(t *testing.T) {
			l := newLine(t)
			l.take(t, "a", "")
			l.staff = c.called
			l.call(t, "w1")
			if got := l.must(t, Start{Window: "w1", Here: c.here})[0].(wire.VisitStarted).Staff; got != c.want {
				t.Errorf("served by %q, want %q", got, c.want)
			}
		})
	}
}
