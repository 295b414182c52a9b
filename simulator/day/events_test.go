package day

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"hallkeeper/wire"
)

func TestEventsAreWhatDevicesSend(t *testing.T) {
	monday := Date{2026, time.March, 2}
	seq := map[string]uint64{}
	ids := map[string]bool{}
	kinds := map[wire.Kind]int{}
	var before time.Time
	for e := range Events(hall(3), 5, monday, monday.Add(7)) {
		if e.At.Before(before.Add(-time.Second)) {
			t.Fatalf("%v comes after %v", e.At, before)
		}
		before = e.At
		if seq[e.Outbox]++; e.Seq != seq[e.Outbox] || e.First != 1 {
			t.Fatalf("%s: seq %d first %d, want %d and 1", e.Agent, e.Seq, e.First, seq[e.Outbox])
		}
		if e.Outbox != Outbox(5, e.Agent) {
			t.Fatalf("%s uses outbox %s", e.Agent, e.Outbox)
		}
		if _, offset := e.At.Zone(); offset != 8*60*60 || !DateOf(e.At, e.At.Location()).Working() {
			t.Fatalf("an event at %v", e.At)
		}
		id, err := uuid.Parse(e.ID)
		if err != nil || id.Version() != 7 || ids[e.ID] {
			t.Fatalf("id %s: %v, version %d, or used before", e.ID, err, id.Version())
		}
		if sec, nsec := id.Time().UnixTime(); !time.Unix(sec, nsec).Equal(e.At) {
			t.Fatalf("the id says %v, the event %v", time.Unix(sec, nsec), e.At)
		}
		ids[e.ID] = true
		if e.UptimeMS <= 0 || e.Clock != wire.ClockSynced || !json.Valid(e.Data) {
			t.Fatalf("malformed %+v", e)
		}
		kinds[e.Kind]++
	}
	if len(seq) != 3 || kinds[wire.KindAgentStarted] != 15 || kinds[wire.KindCardSwiped] < 45 ||
		kinds[wire.KindCardSwiped] > 60 || kinds[wire.KindRatingPressed] < 200 {
		t.Errorf("three windows in a week: %v in %d outboxes", kinds, len(seq))
	}
}

func TestEventsDoNotDependOnOtherWindows(t *testing.T) {
	monday := Date{2026, time.March, 2}
	var one, many []string
	add := func(to *[]string, e wire.Event) {
		if e.Agent == "w02" {
			line, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			*to = append(*to, string(line))
		}
	}
	for e := range Events(Config{Windows: []string{"w02"}}, 5, monday, monday.Add(3)) {
		add(&one, e)
	}
	for e := range Events(hall(12), 5, monday, monday.Add(3)) {
		add(&many, e)
	}
	if len(one) == 0 || !slices.Equal(one, many) {
		t.Errorf("w02 sends %d events alone and other %d among twelve", len(one), len(many))
	}
}

func TestEventsStopWhenAsked(t *testing.T) {
	n := 0
	for range Events(hall(2), 1, Date{2026, time.March, 2}, Date{2030, time.March, 2}) {
		if n++; n == 10 {
			break
		}
	}
	if n != 10 {
		t.Errorf("got %d events", n)
	}
}

func BenchmarkEvents(b *testing.B) {
	from := Date{2026, time.March, 2}
	n := 0
	for b.Loop() {
		for range Events(hall(12), 1, from, from.Add(5)) {
			n++
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}
