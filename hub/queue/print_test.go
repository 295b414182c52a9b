package queue

import (
	"testing"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// kiosk is a line with the device of a kiosk.
func kiosk(t *testing.T) *line {
	t.Helper()
	l := newLine(t)
	l.enter(t, wire.KindWindowSet, wire.WindowSet{Window: "w9", Number: "9", Name: "取号机"})
	l.enter(t, wire.KindDeviceAssigned, wire.DeviceAssigned{Agent: "kiosk1", Window: "w9"})
	return l
}

// says is an event of a kiosk's device.
func (l *line) says(t *testing.T, agent string, kind wire.Kind, data any) {
	t.Helper()
	r := record(t, kind, data)
	r.Agent, r.StoredAt, r.At = agent, l.now, l.now
	l.Device(&r)
}

func (l *line) moment() hall.Moment {
	return hall.Moment{Now: l.now, Day: hall.DateOf(l.now, zone), Zone: zone}
}

func TestATicketThatNobodyReceivedLeavesTheLine(t *testing.T) {
	failed := func(t *testing.T, l *line, id string) {
		l.says(t, "kiosk1", wire.KindPrintFailed, wire.PrintFailed{Job: id, Reason: "paper_out"})
	}
	for _, c := range []struct {
		what  string
		do    func(*testing.T, *line, string)
		print string
		leave bool
	}{
		{"nothing was heard of the printer", func(*testing.T, *line, string) {}, PrintWaiting, true},
		{"it failed and nobody said anything", failed, PrintFailed, true},
		{"it was printed", func(t *testing.T, l *line, id string) {
			l.says(t, "kiosk1", wire.KindPrintDone, wire.PrintDone{Job: id})
		}, PrintDone, false},
		{"it was printed, and an old failure comes late", func(t *testing.T, l *line, id string) {
			l.says(t, "kiosk1", wire.KindPrintDone, wire.PrintDone{Job: id})
			failed(t, l, id)
		}, PrintDone, false},
		{"another device says that it printed it", func(t *testing.T, l *line, id string) {
			l.says(t, "kiosk2", wire.KindPrintDone, wire.PrintDone{Job: id})
		}, PrintWaiting, true},
		{"the citizen noted the number", func(t *testing.T, l *line, id string) {
			failed(t, l, id)
			l.must(t, Receive{Ticket: id})
		}, PrintFailed, false},
		{"it was printed the second time", func(t *testing.T, l *line, id string) {
			failed(t, l, id)
			again := l.must(t, PrintAgain{Ticket: id})[0].(wire.PrintOrdered)
			l.says(t, "kiosk1", wire.KindPrintDone, wire.PrintDone{Job: again.Job})
		}, PrintDone, false},
		{"who was called is somewhere", func(t *testing.T, l *line, id string) {
			failed(t, l, id)
			l.call(t, "w1")
		}, PrintFailed, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			l := kiosk(t)
			id := l.must(t, Take{Service: "a", Kiosk: "kiosk1"})[0].(wire.TicketIssued).Ticket
			c.do(t, l, id)
			if x, _ := l.Tickets.Get(id); x.Print != c.print {
				t.Errorf("its print is %q, want %q", x.Print, c.print)
			}
			if l.Ghosts(l.hall, l.moment()) {
				t.Error("it leaves at once")
			}
			l.pass(121 * time.Second)
			if got := l.Ghosts(l.hall, l.moment()); got != c.leave {
				t.Errorf("after two minutes it leaves: %v, want %v", got, c.leave)
			}
			l.must(t, CloseUnreceived{})
			if x, _ := l.Tickets.Get(id); (x.Why == "never_received") != c.leave {
				t.Errorf("it is %s (%s)", x.Stage, x.Why)
			}
		})
	}
}

func TestRefusalsOfPrints(t *testing.T) {
	l := kiosk(t)
	if _, err := l.do(t, Take{Service: "a", Kiosk: "kiosk9"}); refused(t, err) != "fields_invalid" {
		t.Error("a device that nobody knows prints")
	}
	plain := l.take(t, "a", "")
	if _, err := l.do(t, PrintAgain{plain}); refused(t, err) != "no_printer" {
		t.Error("a ticket without a kiosk is printed")
	}
	if _, err := l.do(t, PrintAgain{"t9"}); refused(t, err) != "ticket_unknown" {
		t.Error("a ticket that there is not is printed")
	}
	over := l.must(t, Take{Service: "a", Kiosk: "kiosk1"})[0].(wire.TicketIssued).Ticket
	if made := l.must(t, PrintAgain{over}); len(made) > 0 {
		t.Error("what is being printed is ordered again")
	}
	l.must(t, Drop{over, "cancelled"})
	if _, err := l.do(t, PrintAgain{over}); refused(t, err) != "ticket_over" {
		t.Error("a cancelled ticket is printed")
	}
}
