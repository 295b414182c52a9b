package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hallkeeper/wire"
)

// made is n events of a device with an outbox; the first kept ones are acknowledged.
func made(agent string, n, kept int) []sent {
	var all []sent
	for i := range n {
		at := time.Date(2026, 11, 23, 9, 0, i, 0, time.UTC)
		all = append(all, sent{event: press(agent, "o-"+agent, fmt.Sprintf("%s-%d", agent, i+1), i, 1+i%5, at), kept: i < kept})
	}
	return all
}

// logOf is a log of the events with these numbers from 1, after a start of the hub.
func logOf(events []sent, numbers ...int) []wire.Record {
	log := []wire.Record{{Position: 1, Event: wire.Event{ID: "start", Kind: wire.KindHubStarted}}}
	for _, n := range numbers {
		log = append(log, wire.Record{Position: wire.Position(len(log) + 1), Event: events[n-1].event})
	}
	return log
}

func TestCheck(t *testing.T) {
	t.Parallel()
	five := made("p01", 5, 3)
	type counts struct{ stored, lost, doubled, reordered, altered, foreign, gaps, repairs int }
	for _, row := range []struct {
		name   string
		log    []wire.Record
		change func([]wire.Record)
		want   counts
		says   string
	}{
		{"all that was acknowledged is there", logOf(five, 1, 2, 3), nil, counts{stored: 3}, ""},
		{"what was not acknowledged may be there as well", logOf(five, 1, 2, 3, 4, 5), nil, counts{stored: 5}, ""},
		{"an acknowledged event at the end is lost", logOf(five, 1, 2), nil, counts{stored: 2, lost: 1}, "p01-3 was acknowledged"},
		{"an acknowledged event in the middle is lost", logOf(five, 1, 3), nil, counts{stored: 2, lost: 1}, "p01-2"},
		{"the whole log is lost", nil, nil, counts{lost: 3}, ""},
		{"an event is there twice", logOf(five, 1, 2, 3, 3), nil, counts{stored: 4, doubled: 1}, "2 times, again at position 5"},
		{"an event that was not acknowledged is there twice", logOf(five, 1, 2, 3, 5, 5), nil, counts{stored: 5, doubled: 1}, "p01-5"},
		{"two events changed places", logOf(five, 2, 1, 3), nil, counts{stored: 3, reordered: 1}, "out of order"},
		{"the last came first", logOf(five, 5, 1, 2, 3, 4), nil, counts{stored: 5, reordered: 1}, ""},
		{"an event says something else", logOf(five, 1, 2, 3), func(log []wire.Record) { log[2].Data = []byte(`{"level":5}`) },
			counts{stored: 3, altered: 1}, `sent was {"id":"p01-2"`},
		{"an event has another number", logOf(five, 1, 2, 3), func(log []wire.Record) { log[3].Seq = 9 }, counts{stored: 3, altered: 1}, ""},
		{"an event was never sent", logOf(five, 1, 2, 3, 4), func(log []wire.Record) { log[4].ID = "other" }, counts{stored: 3, foreign: 1}, "never sent"},
		{"a device is not ours", logOf(five, 1, 2, 3, 4), func(log []wire.Record) { log[4].Agent = "w01" }, counts{stored: 3, foreign: 1}, "w01"},
		{"the hub saw a gap itself", logOf(five, 1, 2, 3, 4), func(log []wire.Record) { log[4].Event = wire.Event{Kind: wire.KindOutboxGap} },
			counts{stored: 3, gaps: 1}, "saw a gap"},
		{"a repair is told and not judged", logOf(five, 1, 2, 3), func(log []wire.Record) { log[0].Kind = wire.KindLogRepaired },
			counts{stored: 3, repairs: 1}, "repaired its log"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			log := slices.Clone(row.log)
			if row.change != nil {
				row.change(log)
			}
			v := check(map[string][]sent{"p01": five}, log)
			if got := (counts{v.stored, v.lost, v.doubled, v.reordered, v.altered, v.foreign, v.gaps, v.repairs}); got != row.want {
				t.Errorf("got %+v, expected %+v: %q", got, row.want, v.details)
			}
			judged := row.want
			judged.stored, judged.repairs = 0, 0
			if v.clean() != (judged == counts{}) {
				t.Errorf("clean is %t: %+v", v.clean(), v)
			}
			if !strings.Contains(strings.Join(v.details, "\n"), row.says) {
				t.Errorf("it says %q, expected %q", v.details, row.says)
			}
		})
	}
}

func TestTheOrderOfDifferentDevicesIsFree(t *testing.T) {
	t.Parallel()
	a, b := made("p01", 2, 2), made("p02", 2, 2)
	var log []wire.Record
	for i, s := range []sent{b[0], a[0], a[1], b[1]} {
		log = append(log, wire.Record{Position: wire.Position(i + 1), Event: s.event})
	}
	if v := check(map[string][]sent{"p01": a, "p02": b}, log); !v.clean() || v.stored != 4 {
		t.Errorf("%+v", v)
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	events := made("p01", 5, 5)
	known := logOf(events, 1, 2, 3) // positions 1 to 4
	for _, row := range []struct {
		name  string
		again []wire.Record
		after wire.Position
		want  int
	}{
		{"the same again", logOf(events, 1, 2, 3), 0, 0},
		{"the same and more", logOf(events, 1, 2, 3, 4, 5), 0, 0},
		{"only the end of it", logOf(events, 1, 2, 3)[2:], 2, 0},
		{"only what is new", logOf(events, 1, 2, 3, 4)[4:], 4, 0},
		{"nothing new", nil, 4, 0},
		{"the last two are gone", logOf(events, 1), 0, 2},
		{"all that was asked for is gone", nil, 2, 2},
		{"another record took the last one's place", logOf(events, 1, 2, 4, 5), 0, 1},
		{"the records that took the places of two are other ones", logOf(events, 1, 4, 5)[2:], 2, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			changed, detail := compare(known, row.again, row.after)
			if changed != row.want || (detail == "") != (changed == 0) {
				t.Errorf("%d changed, expected %d: %s", changed, row.want, detail)
			}
		})
	}
}

func TestLedger(t *testing.T) {
	t.Parallel()
	l := newLedger()
	for _, s := range made("p01", 5, 0) {
		l.make(s.event)
	}
	state := func() string {
		var b strings.Builder
		for _, s := range l.copied()["p01"] {
			fmt.Fprint(&b, map[bool]string{true: "k", false: "-"}[s.kept])
		}
		open, made := l.first("p01")
		return fmt.Sprintf("%s, open from %d of %d", b.String(), open, made)
	}
	for _, row := range []struct {
		name string
		do   func()
		want string
	}{
		{"nothing is kept at first", func() {}, "-----, open from 0 of 5"},
		{"an answer keeps all up to its seq", func() { l.answer("p01", wire.Stored{Seq: 2}) }, "kk---, open from 2 of 5"},
		{"an earlier answer takes nothing back", func() { l.answer("p01", wire.Stored{Seq: 1}) }, "kk---, open from 2 of 5"},
		{"a PUBACK keeps one", func() { l.keep("p01", 2) }, "kkk--, open from 3 of 5"},
		{"an answer beyond the last event keeps what there is", func() { l.answer("p01", wire.Stored{Seq: 9}) }, "kkkkk, open from 5 of 5"},
		{"an answer to a device that has sent nothing keeps nothing", func() { l.answer("p09", wire.Stored{Seq: 1}) }, "kkkkk, open from 5 of 5"},
		{"refusals are counted", func() { l.answer("p01", wire.Stored{Seq: 5, Refused: []wire.Refusal{{Seq: 3}}}) }, "kkkkk, open from 5 of 5"},
	} {
		row.do()
		if got := state(); got != row.want {
			t.Errorf("%s: %s, expected %s", row.name, got, row.want)
		}
	}
	if made, kept, refused := l.counts(); made != 5 || kept != 5 || refused != 1 {
		t.Errorf("%d made, %d kept, %d refused", made, kept, refused)
	}
	if got := l.from("p01", 3, 10); len(got) != 2 || got[0].ID != "p01-4" {
		t.Errorf("from the fourth on: %v", got)
	}
}
