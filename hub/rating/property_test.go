package rating

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// stream is any stream of a hall: what the hub entered, in order, and what
// devices and screens saw, each with the time at which it happened.
type stream struct {
	log
	start  time.Time
	seen   []wire.Record // what can come late
	visits []stay
	at     time.Time
	// wrong: some devices' clocks are.
	wrong bool
}

// stay is a visit as the generator knows it.
type stay struct {
	id, ticket, window string
	day                hall.Date
}

func drawStream(t *rapid.T, wrong bool) *stream {
	s := &stream{wrong: wrong, start: time.Date(2026, 11, 23, 8, 0, 0, 0, zone)}
	s.t, s.at = t, s.start
	windows := []string{"w1", "w2", "w3"}
	for i, w := range windows {
		s.hub(s.at, "", wire.KindDeviceAssigned, wire.DeviceAssigned{Agent: fmt.Sprint("d", i+1), Window: w})
		s.hub(s.at, "", wire.KindServiceSet, wire.ServiceSet{Service: fmt.Sprint("s", i+1), Department: fmt.Sprint("dep", i%2)})
	}
	pass := rapid.SampledFrom([]time.Duration{time.Second, 3 * time.Second, 7 * time.Second, 2 * time.Minute, 11 * time.Minute, 3 * time.Hour, 13 * time.Hour})
	for i := range rapid.IntRange(1, 60).Draw(t, "events") {
		s.at = s.at.Add(pass.Draw(t, "pass"))
		window := rapid.SampledFrom(windows).Draw(t, "window")
		staff := rapid.SampledFrom([]string{"zhang", "li", ""}).Draw(t, "staff")
		switch rapid.IntRange(0, 12).Draw(t, "kind") {
		case 0, 1, 2:
			s.begin(t, i, window, staff)
		case 3, 4:
			s.end(t, window, staff)
		case 5, 6, 7, 8:
			s.press(t, i)
		case 9, 10:
			s.give(t, i, window)
		case 11:
			s.trouble(t, i)
		case 12:
			if rapid.Bool().Draw(t, "assign") {
				s.hub(s.at, "", wire.KindDeviceAssigned, wire.DeviceAssigned{Agent: fmt.Sprint("d", rapid.IntRange(1, 3).Draw(t, "device")), Window: window})
			} else {
				s.hub(s.at, "", wire.KindParameterSet, wire.ParameterSet{Name: rapid.SampledFrom([]string{paramOpen, paramCorrect, paramLongest}).Draw(t, "name"),
					Value: float64(rapid.IntRange(0, 2000).Draw(t, "value")), From: string(hall.DateOf(s.at, zone)), Reference: "test"})
			}
		}
	}
	return s
}

func (s *stream) begin(t *rapid.T, i int, window, staff string) {
	v := stay{fmt.Sprint("v", i), fmt.Sprint("t", i), window, hall.DateOf(s.at, zone)}
	switch {
	case len(s.visits) > 0 && rapid.IntRange(0, 3).Draw(t, "again") == 0:
		v.ticket = s.visits[rapid.IntRange(0, len(s.visits)-1).Draw(t, "of")].ticket // a ticket with services to follow
	case rapid.IntRange(0, 4).Draw(t, "ticketless") > 0:
		s.hub(s.at, "", wire.KindTicketIssued, wire.TicketIssued{Ticket: v.ticket, Number: v.ticket, Service: fmt.Sprint("s", rapid.IntRange(1, 4).Draw(t, "service")), Day: string(v.day)})
	default:
		v.ticket = ""
	}
	s.visits = append(s.visits, v)
	s.hub(s.at, "", wire.KindVisitStarted, wire.VisitStarted{Visit: v.id, Ticket: v.ticket, Window: window, Staff: staff})
}

// any gives a visit that there was, or one that there was not.
func (s *stream) any(t *rapid.T) stay {
	i := rapid.IntRange(0, len(s.visits)).Draw(t, "visit")
	if i == len(s.visits) {
		return stay{"nobody", "nobody", "w1", hall.DateOf(s.at, zone)}
	}
	return s.visits[i]
}

func (s *stream) end(t *rapid.T, window, staff string) {
	v := s.any(t)
	if rapid.Bool().Draw(t, "last") && len(s.visits) > 0 {
		v = s.visits[len(s.visits)-1]
	}
	switch rapid.IntRange(0, 6).Draw(t, "end") {
	case 0, 1:
		s.hub(s.at, "", wire.KindVisitFinished, wire.VisitFinished{Visit: v.id, Ticket: v.ticket, Window: v.window, Outcome: "done",
			Next: rapid.SampledFrom([]string{"", "s2"}).Draw(t, "next"), Service: rapid.SampledFrom([]string{"", "s3"}).Draw(t, "better")})
	case 2:
		s.hub(s.at, "", wire.KindVisitFinished, wire.VisitFinished{Visit: v.id, Ticket: v.ticket, Window: v.window, Outcome: "transferred"})
		s.hub(s.at, "", wire.KindTicketTransferred, wire.TicketTransferred{Ticket: v.ticket, From: v.window, Service: "s1"})
	case 3:
		s.hub(s.at, "", wire.KindTicketHeld, wire.TicketHeld{Ticket: v.ticket, Window: v.window})
	case 4:
		s.hub(s.at, "", wire.KindTicketResumed, wire.TicketResumed{Ticket: v.ticket, Window: window, Staff: staff})
	case 5:
		s.hub(s.at, "", wire.KindTicketClosed, wire.TicketClosed{Ticket: v.ticket, Why: "day_end"})
	case 6:
		x := fmt.Sprint("x", len(s.records))
		s.hub(s.at, "", wire.KindExclusionProposed, wire.ExclusionProposed{Exclusion: x, Visit: v.id, Window: v.window, Day: string(v.day), Why: "malicious"})
		s.hub(s.at, "", wire.KindExclusionDecided, wire.ExclusionDecided{Exclusion: x, Visit: v.id, Window: v.window, Day: string(v.day), Approved: rapid.Bool().Draw(t, "approved")})
	}
}

// press is one of a device whose clock is right, or was put right later.
func (s *stream) press(t *rapid.T, i int) {
	device := fmt.Sprint("d", rapid.IntRange(1, 4).Draw(t, "device"))
	e := wire.Event{ID: fmt.Sprint("p", i), Agent: device, At: s.at, Kind: wire.KindRatingPressed, Boot: device + "-a", UptimeMS: s.at.Sub(s.start).Milliseconds() + 1000,
		Data: fmt.Appendf(nil, `{"level":%d}`, rapid.IntRange(1, 5).Draw(t, "level"))}
	if rapid.IntRange(0, 4).Draw(t, "unset") == 0 {
		e.Boot, e.Clock, e.At = device+"-b", wire.ClockUnsynced, s.at.Add(-9999*time.Hour)
	} else if s.wrong {
		e.At = s.at.Add(rapid.SampledFrom([]time.Duration{0, 0, 0, -3 * time.Hour, 9 * time.Hour, -9000 * time.Hour}).Draw(t, "wrong"))
	}
	s.seen = append(s.seen, wire.Record{StoredAt: s.at, Event: e})
}

func (s *stream) give(t *rapid.T, i int, window string) {
	d := wire.RatingGiven{Window: window, Day: string(hall.DateOf(s.at, zone)), Level: rapid.IntRange(1, 5).Draw(t, "level"), Source: wire.RatingTablet, At: s.at}
	if rapid.IntRange(0, 2).Draw(t, "named") > 0 {
		v := s.any(t)
		d.Visit, d.Window, d.Day = v.id, v.window, string(v.day)
		d.Source = rapid.SampledFrom([]wire.RatingSource{wire.RatingTablet, wire.RatingPhone}).Draw(t, "source")
		d.Doubt = rapid.IntRange(0, 4).Draw(t, "doubt") == 0
	}
	s.seen = append(s.seen, wire.Record{StoredAt: s.at, Event: wire.Event{ID: fmt.Sprint("g", i), At: s.at, Kind: wire.KindRatingGiven, Data: s.json(d)}})
}

func (s *stream) trouble(t *rapid.T, i int) {
	device := fmt.Sprint("d", rapid.IntRange(1, 3).Draw(t, "device"))
	e := wire.Event{ID: fmt.Sprint("j", i), Agent: device, At: s.at, Kind: wire.KindInputStuck, Boot: device + "-a", UptimeMS: s.at.Sub(s.start).Milliseconds() + 1000}
	e.Data = s.json(wire.InputStuck{Input: fmt.Sprint("rating", rapid.IntRange(1, 5).Draw(t, "level")), HeldMS: int64(rapid.SampledFrom([]int{0, 5000, 200_000}).Draw(t, "held"))})
	s.seen = append(s.seen, wire.Record{StoredAt: s.at, Event: e})
}

// delivered is the log where each thing came late by so much; the corrections of
// clocks come last of all, or first.
func (s *stream) delivered(late func() time.Duration, first bool) *log {
	l := &log{t: s.t, records: slices.Clone(s.records)}
	for _, r := range s.seen {
		r.StoredAt = r.StoredAt.Add(late())
		l.records = append(l.records, r)
	}
	at := s.start
	if !first {
		at = s.at.Add(100 * time.Hour)
	}
	for i := range 4 {
		device := fmt.Sprint("d", i+1)
		l.device(at, wire.Event{ID: "c" + device, Agent: device, At: at, Boot: device + "-b", Kind: wire.KindClockCorrected},
			wire.ClockCorrected{Boot: device + "-b", OffsetMS: (9999 * time.Hour).Milliseconds()})
	}
	l.inOrder()
	return l
}

// outcome is what was judged, without what tells of the delivery.
func outcome(v *view) map[string]string {
	all := map[string]string{}
	for _, sheet := range v.all(time.Date(2100, 1, 1, 0, 0, 0, 0, zone)) {
		for i := range sheet.Visits {
			x := sheet.Visits[i]
			x.Position = 0
			all["visit "+x.ID] = fmt.Sprintf("%+v", x)
		}
		for i := range sheet.Presses {
			x := sheet.Presses[i]
			x.Position, x.Stored, x.boot, x.base = 0, 0, "", 0
			all["press "+x.ID] = fmt.Sprintf("%v %+v", sheet.Place, x)
		}
	}
	return all
}

// Whatever happens in a hall, in whatever order it is told: pressed + unrated =
// rateable, every press has one state, and the view is the same when it is made again.
func TestTotalsReconcileForAnyStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStream(t, true)
		late := rapid.SampledFrom([]time.Duration{0, time.Minute, 5 * time.Hour, 73 * time.Hour, 40 * 24 * time.Hour})
		l := s.delivered(func() time.Duration { return late.Draw(t, "late") }, false)
		l.same()
		v := l.folded(0)
		for _, now := range []time.Time{s.start.Add(time.Hour), s.at, s.at.Add(time.Minute), s.at.Add(99 * 24 * time.Hour)} {
			checkTotals(t, v, now)
		}
		presses := 0
		for _, sheet := range v.all(s.at) {
			presses += len(sheet.Presses)
		}
		want := 0
		for _, r := range s.seen {
			if r.Kind != wire.KindInputStuck {
				want++
			}
		}
		if presses != want {
			t.Fatalf("%d presses were made, %d are on the sheets", want, presses)
		}
		judgedAlike(t, v, l, s.at)
		if visits := v.Total(always, evermore, s.at, nil).Visits; visits != len(s.visits) {
			t.Fatalf("%d visits began, %d are counted", len(s.visits), visits)
		}
	})
}

// judgedAlike sees that presses judged one by one, as lamps are answered, are what the sheets say.
func judgedAlike(t *rapid.T, v *view, l *log, now time.Time) {
	want := map[string]JudgedPress{}
	for _, sheet := range v.all(now) {
		for i := range sheet.Presses {
			want[sheet.Presses[i].ID] = sheet.Presses[i]
		}
	}
	all := v.Presses()
	for i := range l.records {
		id := l.records[i].ID
		got, ok := all.Of(&l.records[i])
		if !ok {
			continue // it is no press, or is told of below
		}
		if got != want[id] {
			t.Fatalf("the press %s judged by itself is %+v, on its sheet %+v", id, got, want[id])
		}
		delete(want, id)
	}
	if len(want) > 0 {
		t.Fatalf("presses that are not found by their records: %v", slices.Sorted(maps.Keys(want)))
	}
}

// The order in which presses are delivered does not matter, nor how late they come.
func TestTheOrderOfDeliveryDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawStream(t, false)
		want := outcome(s.delivered(func() time.Duration { return 0 }, true).folded(0))
		late := rapid.SampledFrom([]time.Duration{0, time.Second, time.Minute, 5 * time.Hour, 73 * time.Hour})
		first := rapid.Bool().Draw(t, "corrected first")
		got := outcome(s.delivered(func() time.Duration { return late.Draw(t, "late") }, first).folded(rapid.IntRange(0, 3).Draw(t, "saves")))
		if !maps.Equal(got, want) {
			t.Fatalf("delivered in another order: %s", differ(got, want))
		}
	})
}
