package queue

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallkeeper/wire"
)

// watcher keeps account of the line by itself: who was promised what, and who
// went before whom.
type watcher struct {
	*line
	// issued are all tickets that ever were, ended those that are over.
	issued int
	// overtaken counts the later priority tickets that went before an ordinary
	// one, allowed how many may.
	overtaken, allowed map[string]int
}

const ratio = 2 // the default of line_ratio

// joined gives a ticket that came into a line its bound, and those behind it a further one.
func (w *watcher) joined(id string) {
	t, _ := w.Tickets.Get(id)
	if t.Class != Ordinary {
		return
	}
	w.overtaken[id], w.allowed[id] = 0, ratio
	for other, o := range w.Tickets.Each() {
		if other == id || o.Class != Ordinary || o.Stage != Waiting {
			continue
		}
		if before(o, t) {
			w.allowed[id] += ratio
		} else {
			w.allowed[other] += ratio
		}
	}
}

// eligible gives who waits at a window, by place.
func (w *watcher) eligible(window string) []Ticket {
	var all []Ticket
	for _, t := range w.Tickets.Each() {
		if t.Stage == Waiting && w.Serves(window, t.Service) && (t.Window == "" || t.Window == window) && (t.Slot == "" || t.Slot <= w.now.Format("15:04")) {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, order)
	return all
}

// call calls at a window and checks that the reason is true and the bound holds.
func (w *watcher) calls(t *rapid.T, window string) {
	line := w.eligible(window)
	made, err := w.do(t, CallNext{window})
	if err != nil {
		return
	}
	d := made[0].(wire.TicketCalled)
	if d.Rule == RuleAppointmentEarly {
		if x, _ := w.Tickets.Get(d.Ticket); len(line) > 0 || x.Slot <= w.now.Format("15:04") {
			t.Fatalf("%s is called early, and %d wait", d.Number, len(line))
		}
		return
	}
	i := slices.IndexFunc(line, func(x Ticket) bool { return x.Ticket == d.Ticket })
	if i < 0 {
		t.Fatalf("%s called %s, which does not wait there", window, d.Number)
	}
	passed := line[:i]
	ordinary := func(x Ticket) bool { return x.Class == Ordinary }
	switch d.Rule {
	case RuleFirst:
		if len(passed) > 0 {
			t.Fatalf("%s is said to be first, after %d others", d.Number, len(passed))
		}
	case RulePriority, RuleAppointment:
		if (d.Rule == RuleAppointment) != (line[i].Class == Appointment) || ordinary(line[i]) || !slices.ContainsFunc(passed, ordinary) || slices.ContainsFunc(passed, func(x Ticket) bool { return !ordinary(x) }) {
			t.Fatalf("%s (%s) is no priority ticket whose turn it is", d.Number, line[i].Class)
		}
	case RuleOrdinaryAfterPriority:
		if !ordinary(line[i]) || slices.ContainsFunc(passed, ordinary) || d.After < ratio || d.After > w.overtaken[d.Ticket] {
			t.Fatalf("%s is said to follow %d priority tickets, %d have gone before it", d.Number, d.After, w.overtaken[d.Ticket])
		}
	default:
		t.Fatalf("no rule is called %q", d.Rule)
	}
	for _, p := range passed {
		if !ordinary(p) {
			continue
		}
		if w.overtaken[p.Ticket]++; w.overtaken[p.Ticket] > w.allowed[p.Ticket] {
			t.Fatalf("%s was overtaken %d times, %d are allowed", p.Number, w.overtaken[p.Ticket], w.allowed[p.Ticket])
		}
	}
}

// sound checks what must hold after every command.
func (w *watcher) sound(t *rapid.T) {
	if w.Tickets.Len() != w.issued {
		t.Fatalf("%d tickets were issued, %d are there", w.issued, w.Tickets.Len())
	}
	numbers, at := map[string]bool{}, map[string]string{}
	for window, c := range w.Counters.Each() {
		if c.Ticket == "" {
			continue
		}
		if at[c.Ticket] != "" {
			t.Fatalf("%s is at %s and at %s", c.Ticket, at[c.Ticket], window)
		}
		at[c.Ticket] = window
	}
	for id, x := range w.Tickets.Each() {
		if numbers[x.Number] {
			t.Fatalf("two tickets are called %s", x.Number)
		}
		numbers[x.Number] = true
		there := x.Stage == Called || x.Stage == Serving
		if there != (at[id] != "") || there && at[id] != x.Window {
			t.Fatalf("%s is %s at %q, the windows say %q", x.Number, x.Stage, x.Window, at[id])
		}
		if (x.Stage == Serving) && x.Visit == "" {
			t.Fatalf("%s is served without a visit", x.Number)
		}
	}
}

// apart checks that no number was entered twice and that no two are at one window at once.
func (w *watcher) apart(t *rapid.T) {
	list := w.papersOf("2026-11-23")
	for i, a := range list {
		for _, b := range list[:i] {
			if a.Paper == b.Paper || a.Window == b.Window && a.Called.Before(b.Ended) && b.Called.Before(a.Ended) {
				t.Fatalf("%s at %s beside %s at %s", a.Paper, a.Window, b.Paper, b.Window)
			}
		}
	}
}

// TestTheLineLosesNobody drives random commands: no ticket is lost, doubled or
// at two windows, the reasons of calls are true, nobody is overtaken more often
// than allowed, and the log gives the same line again.
func TestTheLineLosesNobody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &watcher{line: newLine(t), overtaken: map[string]int{}, allowed: map[string]int{}}
		w.must(t, SetService{Service: "a", Name: "婚姻登记", Department: "civil", Prefix: "A", Windows: []string{"w1", "w2"},
			Slots: []wire.BookingSlot{{From: "09:05", Until: "09:30", Capacity: 20}, {From: "09:30", Until: "10:00", Capacity: 20}}})
		window := rapid.SampledFrom([]string{"w1", "w2", "w3"})
		service := rapid.SampledFrom([]string{"a", "b"})
		ids := func() []string {
			var all []string
			for id := range w.Tickets.All() {
				all = append(all, id)
			}
			return all
		}
		// try does a command that may be refused, and gives new places their bounds.
		try := func(t *rapid.T, c Command) {
			made, err := w.do(t, c)
			if err != nil {
				refused(t, err)
				return
			}
			for _, d := range made {
				switch d := d.(type) {
				case wire.TicketMissed:
					if d.Back {
						w.joined(d.Ticket)
					}
				case wire.TicketTransferred:
					w.joined(d.Ticket)
				case wire.VisitFinished:
					if d.Next != "" {
						w.joined(d.Ticket)
					}
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"": w.sound,
			"take": func(t *rapid.T) {
				c := Take{Service: service.Draw(t, "service"), Class: rapid.SampledFrom(Classes()).Draw(t, "class")}
				if rapid.Bool().Draw(t, "two") {
					c.Then = []string{service.Draw(t, "then")}
				}
				w.issued++
				w.joined(w.must(t, c)[0].(wire.TicketIssued).Ticket)
			},
			"book": func(t *rapid.T) {
				from := rapid.SampledFrom([]string{"09:05", "09:30"}).Draw(t, "from")
				made, err := w.do(t, Book{Service: "a", Day: "2026-11-23", From: from})
				if refused(t, err) != "" {
					return
				}
				code := made[0].(wire.AppointmentBooked).Code
				if _, err := w.do(t, CheckIn{Code: code}); refused(t, err) == "" {
					w.issued++
				}
			},
			"call":   func(t *rapid.T) { w.calls(t, window.Draw(t, "window")) },
			"call2":  func(t *rapid.T) { w.calls(t, window.Draw(t, "window")) },
			"start":  func(t *rapid.T) { try(t, Start{Window: window.Draw(t, "window")}) },
			"finish": func(t *rapid.T) { try(t, Finish{Window: window.Draw(t, "window")}) },
			"missed": func(t *rapid.T) { try(t, NoShow{window.Draw(t, "window")}) },
			"recall": func(t *rapid.T) { try(t, Recall{window.Draw(t, "window")}) },
			"hold":   func(t *rapid.T) { try(t, Hold{window.Draw(t, "window")}) },
			"resume": func(t *rapid.T) {
				if all := ids(); len(all) > 0 {
					try(t, Resume{window.Draw(t, "window"), rapid.SampledFrom(all).Draw(t, "ticket")})
				}
			},
			"transfer": func(t *rapid.T) {
				try(t, Transfer{Window: window.Draw(t, "window"), Service: service.Draw(t, "service"), To: rapid.SampledFrom([]string{"", "w1", "w2", "w3"}).Draw(t, "to")})
			},
			"drop": func(t *rapid.T) {
				if all := ids(); len(all) > 0 {
					try(t, Drop{rapid.SampledFrom(all).Draw(t, "ticket"), "cancelled"})
				}
			},
			"pause": func(t *rapid.T) {
				try(t, SetCounter{wire.CounterSet{Window: window.Draw(t, "window"), State: rapid.SampledFrom([]string{"open", "paused", "closed"}).Draw(t, "state")}, "演示"})
			},
			"paper": func(t *rapid.T) {
				made := w.now.Add(-time.Duration(rapid.IntRange(0, 15).Draw(t, "ago")) * time.Minute)
				from, until := made.Add(-time.Duration(rapid.IntRange(0, 5).Draw(t, "minutes"))*time.Minute).Format("15:04"), made.Format("15:04")
				try(t, EnterPaper{Day: "2026-11-23", Rows: []PaperRow{{Service: "a", Paper: rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "paper"), Window: window.Draw(t, "window"), Taken: from, Called: from, Finished: until, Outcome: OutcomeDone}}})
				w.apart(t)
			},
			"restart": func(t *rapid.T) { w.restart(t) },
			"wait": func(t *rapid.T) {
				w.now = w.now.Add(time.Duration(rapid.IntRange(-5, 300).Draw(t, "seconds")) * time.Second)
			},
		})
		w.same(t)
	})
}
