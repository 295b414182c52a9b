package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hallkeeper/wire"
)

// counts is how often each thing is: "rating5", "call", and the device's own
// reports by their kind and reason.
type counts map[string]int

// cards are what was held to the readers, by the token that the log has of each:
// true where it must be there, false where nobody can know.
type cards map[string]bool

// found is what a log holds.
type found struct {
	counts counts
	cards  map[string]int
	// faults names what must not be in any log: seqs that are missing or out of order.
	faults []string
	// unsynced counts events that were dated before the clock was set, corrected
	// the boots that were put right.
	unsynced, corrected int
}

// look reads a log.
func look(records []wire.Record) found {
	f := found{counts: counts{}, cards: map[string]int{}}
	next := map[string]uint64{}
	for i := range records {
		r := &records[i]
		if r.Seq != next[r.Outbox]+1 {
			f.faults = append(f.faults, fmt.Sprintf("seq %d follows %d of outbox %s", r.Seq, next[r.Outbox], r.Outbox))
		}
		next[r.Outbox] = r.Seq
		if r.Clock == wire.ClockUnsynced {
			f.unsynced++
		}
		switch r.Kind {
		case wire.KindClockCorrected:
			f.corrected++
		case wire.KindCardSwiped:
			var card wire.CardSwiped
			_ = json.Unmarshal(r.Data, &card) // the empty card is then a stranger
			f.cards[card.Card]++
			continue
		}
		f.counts[keyOf(r)]++
	}
	if len(next) > 1 {
		f.faults = append(f.faults, fmt.Sprintf("the device has had %d outboxes", len(next)))
	}
	return f
}

func keyOf(r *wire.Record) string {
	switch r.Kind {
	case wire.KindRatingPressed:
		var d wire.RatingPressed
		_ = json.Unmarshal(r.Data, &d) // level 0 is then what is counted
		return fmt.Sprintf("rating%d", d.Level)
	case wire.KindCallPressed:
		return "call"
	case wire.KindReaderFault:
		var d wire.ReaderFault
		_ = json.Unmarshal(r.Data, &d)
		return "reader.fault " + d.Reason
	}
	return string(r.Kind)
}

// verdict says where a log is not what was done.
type verdict struct {
	lost, doubled int
	faults        []string
}

// judge compares. What people did must be there exactly; maybe holds presses
// whose lamp stayed dark: there once or not at all.
func judge(done, maybe counts, swiped cards, f found) verdict {
	v := verdict{faults: slices.Clone(f.faults)}
	keys := map[string]bool{}
	for _, c := range []counts{done, maybe, f.counts} {
		for k := range c {
			keys[k] = true
		}
	}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if !person(k) {
			continue
		}
		if lost := done[k] - f.counts[k]; lost > 0 {
			v.lost += lost
			v.faults = append(v.faults, fmt.Sprintf("%s: %d lost of %d", k, lost, done[k]))
		}
		if more := f.counts[k] - done[k] - maybe[k]; more > 0 {
			v.doubled += more
			v.faults = append(v.faults, fmt.Sprintf("%s: %d more than was done (%d)", k, more, done[k]+maybe[k]))
		}
	}
	for _, token := range slices.Sorted(maps.Keys(swiped)) {
		if swiped[token] && f.cards[token] == 0 {
			v.lost++
			v.faults = append(v.faults, "a card is lost: "+token)
		}
	}
	for _, token := range slices.Sorted(maps.Keys(f.cards)) {
		_, known := swiped[token]
		switch n := f.cards[token]; {
		case !known:
			v.faults = append(v.faults, "a card that nobody held to a reader: "+token)
		case n > 1:
			v.doubled += n - 1
			v.faults = append(v.faults, fmt.Sprintf("a card is there %d times: %s", n, token))
		}
	}
	return v
}

// person tells what a person does from what the device reports by itself.
func person(key string) bool { return key == "call" || strings.HasPrefix(key, "rating") }
