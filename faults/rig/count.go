package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hallkeeper/wire"
)

// counts is what of each kind the log holds: "rating5", "call", "card", and the
// device's own reports by their kind and reason.
type counts map[string]int

// count reads a log. faults names what must not be in any: seqs that are missing
// or out of order, and a card that is there twice.
func count(records []wire.Record) (n counts, faults []string) {
	n = counts{}
	next := map[string]uint64{}
	cards := map[string]bool{}
	for i := range records {
		r := &records[i]
		if r.Seq != next[r.Outbox]+1 {
			faults = append(faults, fmt.Sprintf("seq %d follows %d of outbox %s", r.Seq, next[r.Outbox], r.Outbox))
		}
		next[r.Outbox] = r.Seq
		n[keyOf(r)]++
		var card wire.CardSwiped
		if r.Kind == wire.KindCardSwiped && json.Unmarshal(r.Data, &card) == nil {
			if cards[card.Card] {
				faults = append(faults, "a card is there twice: "+card.Card)
			}
			cards[card.Card] = true
		}
	}
	return n, faults
}

func keyOf(r *wire.Record) string {
	switch r.Kind {
	case wire.KindRatingPressed:
		var d wire.RatingPressed
		_ = json.Unmarshal(r.Data, &d) // level 0 is then what is counted
		return fmt.Sprintf("rating%d", d.Level)
	case wire.KindCallPressed:
		return "call"
	case wire.KindCardSwiped:
		return "card"
	case wire.KindReaderFault:
		var d wire.ReaderFault
		_ = json.Unmarshal(r.Data, &d)
		return "reader.fault " + d.Reason
	}
	return string(r.Kind)
}

// compare says where got is not what was done. What people did must be there
// exactly; maybe holds acts whose lamp stayed dark: there once or not at all.
func compare(done, maybe, got counts) (faults []string) {
	keys := map[string]bool{}
	for _, c := range []counts{done, maybe, got} {
		for k := range c {
			keys[k] = true
		}
	}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if !person(k) {
			continue
		}
		if lost := done[k] - got[k]; lost > 0 {
			faults = append(faults, fmt.Sprintf("%s: %d lost of %d", k, lost, done[k]))
		}
		if more := got[k] - done[k] - maybe[k]; more > 0 {
			faults = append(faults, fmt.Sprintf("%s: %d more than was done (%d)", k, more, done[k]+maybe[k]))
		}
	}
	return faults
}

// person tells what a person does from what the device reports by itself.
func person(key string) bool {
	return key == "call" || key == "card" || strings.HasPrefix(key, "rating")
}
