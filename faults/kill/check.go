package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"hallkeeper/wire"
)

// verdict compares a ledger with a log.
type verdict struct {
	// stored is how many records belong to acts.
	stored int
	// lost counts kept acts without a record, doubled the records of an act
	// beyond its first, reordered the fewest acts that would have to be moved
	// to bring the records into the order of the acts.
	lost, doubled, reordered int
	// gaps counts seqs that are missing in an outbox, foreign the presses and
	// swipes that nobody made.
	gaps, foreign int
	// details says more of each, for people; at most maxDetails.
	details []string
}

const maxDetails = 40

func (v *verdict) clean() bool {
	return v.lost == 0 && v.doubled == 0 && v.reordered == 0 && v.gaps == 0 && v.foreign == 0
}

func (v *verdict) say(format string, args ...any) {
	if len(v.details) < maxDetails {
		v.details = append(v.details, fmt.Sprintf(format, args...))
	}
}

// slack allows for times that are cut to milliseconds on the wire. It is less
// than the pause between two acts of a window.
const slack = 2 * time.Millisecond

// check compares what people saw with the whole log in its order. token is
// what the log holds of a card number.
func check(acts map[string][]act, log []wire.Record, token func(card string) string) verdict {
	var v verdict
	byAgent := map[string][]wire.Record{}
	for _, r := range log {
		if r.Kind == wire.KindOutboxGap {
			v.say("the hub itself saw a gap: %s", r.Data)
		}
		if r.Agent != "" {
			byAgent[r.Agent] = append(byAgent[r.Agent], r)
		}
	}
	for _, window := range sortedKeys(acts) {
		v.checkSeqs(window, byAgent[window])
		v.checkActs(window, acts[window], byAgent[window], token)
	}
	for _, agent := range sortedKeys(byAgent) {
		if _, ours := acts[agent]; !ours {
			v.foreign += len(byAgent[agent])
			v.say("%s: %d events of a device that nobody plays at", agent, len(byAgent[agent]))
		}
	}
	return v
}

// checkSeqs sees that each outbox counts 1, 2, 3 … in the log.
func (v *verdict) checkSeqs(window string, records []wire.Record) {
	last := map[string]uint64{}
	for _, r := range records {
		before := last[r.Outbox]
		switch {
		case r.Seq == before+1:
		case r.Seq > before+1:
			v.gaps += int(r.Seq - before - 1)
			v.say("%s: outbox %s lacks seq %d to %d", window, r.Outbox, before+1, r.Seq-1)
		default:
			// Twice or out of order; checkActs says which of the people's acts it hits.
			v.say("%s: position %d has seq %d of outbox %s after %d", window, r.Position, r.Seq, r.Outbox, before)
			if r.Kind != wire.KindCardSwiped && r.Kind != wire.KindRatingPressed {
				v.doubled++
			}
		}
		last[r.Outbox] = max(before, r.Seq)
	}
	if len(last) > 1 {
		v.say("%s: %d outboxes were used, an agent has lost its own", window, len(last))
	}
}

// checkActs finds the act of each record.
func (v *verdict) checkActs(window string, acts []act, records []wire.Record, token func(string) string) {
	cards := map[string]int{}
	for i, a := range acts {
		if a.kind == wire.KindCardSwiped {
			cards[token(a.card)] = i
		}
	}
	times := make([]int, len(acts)) // records of each act
	var order []int                 // acts in the order of their first records
	for _, r := range records {
		var i int
		var found bool
		switch r.Kind {
		case wire.KindCardSwiped:
			i, found = cards[cardOf(r)]
		case wire.KindRatingPressed:
			i, found = ratingOf(acts, r)
		default:
			continue
		}
		if !found {
			v.foreign++
			v.say("%s: position %d is a %s that nobody made: %s at %s", window, r.Position, r.Kind, r.Data, r.At.Format("15:04:05.000"))
			continue
		}
		v.stored++
		if times[i]++; times[i] > 1 {
			v.doubled++
			v.say("%s: %v is in the log %d times", window, acts[i], times[i])
			continue
		}
		order = append(order, i)
	}
	for i, a := range acts {
		if a.kept && times[i] == 0 {
			v.lost++
			v.say("%s: %v was kept by its lamp and is not in the log", window, a)
		}
	}
	if moved := len(order) - longestRise(order); moved > 0 {
		v.reordered += moved
		v.say("%s: %d acts are out of order", window, moved)
	}
}

// cardOf is what the log holds of a swipe's card number.
func cardOf(r wire.Record) string {
	var data wire.CardSwiped
	if json.Unmarshal(r.Data, &data) != nil {
		return ""
	}
	return data.Card
}

// ratingOf finds the press that a record is of: the one during which it
// happened. Acts are in order and do not overlap.
func ratingOf(acts []act, r wire.Record) (int, bool) {
	i, _ := slices.BinarySearchFunc(acts, r.At, func(a act, at time.Time) int {
		return a.to.Add(slack).Compare(at)
	})
	if i == len(acts) || acts[i].from.Add(-slack).After(r.At) {
		return 0, false
	}
	var data wire.RatingPressed
	if json.Unmarshal(r.Data, &data) != nil || acts[i].kind != wire.KindRatingPressed || acts[i].level != data.Level {
		return 0, false
	}
	return i, true
}

// longestRise is the length of the longest rising subsequence.
func longestRise(numbers []int) int {
	var ends []int // ends[n] is the least last number of a rise of n+1
	for _, x := range numbers {
		i, _ := slices.BinarySearch(ends, x)
		if i == len(ends) {
			ends = append(ends, x)
		} else {
			ends[i] = x
		}
	}
	return len(ends)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
