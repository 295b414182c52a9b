package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"hallkeeper/wire"
)

// verdict compares a ledger with a log.
type verdict struct {
	// stored is how many records belong to events that were sent.
	stored int
	// lost counts kept events without a record, doubled the records of an event
	// beyond its first, reordered the fewest events that would have to be moved
	// to bring the records of a device into the order in which it made them.
	lost, doubled, reordered int
	// altered counts events whose record says something else, foreign the
	// records of events that nobody sent, gaps the seqs that the hub itself missed.
	altered, foreign, gaps int
	// changed counts records that the hub had shown and that are other ones now,
	// or are gone.
	changed int
	// repairs counts what the hub repaired when it started. It is told, not judged.
	repairs int
	// details says more of each, for people; at most maxDetails.
	details []string
}

const maxDetails = 40

func (v *verdict) clean() bool {
	return v.lost+v.doubled+v.reordered+v.altered+v.foreign+v.gaps+v.changed == 0
}

func (v *verdict) say(format string, args ...any) {
	if len(v.details) < maxDetails {
		v.details = append(v.details, fmt.Sprintf(format, args...))
	}
}

// check compares what the devices know with the whole log in its order.
func check(devices map[string][]sent, log []wire.Record) verdict {
	var v verdict
	byAgent := map[string][]wire.Record{}
	for _, r := range log {
		switch {
		case r.Kind == wire.KindOutboxGap:
			v.gaps++
			v.say("position %d: the hub itself saw a gap: %s", r.Position, r.Data)
		case r.Kind == wire.KindLogRepaired:
			v.repairs++
			v.say("position %d: the hub repaired its log: %s", r.Position, r.Data)
		case r.Agent != "":
			byAgent[r.Agent] = append(byAgent[r.Agent], r)
		}
	}
	for _, agent := range slices.Sorted(maps.Keys(devices)) {
		v.checkDevice(agent, devices[agent], byAgent[agent])
	}
	for _, agent := range slices.Sorted(maps.Keys(byAgent)) {
		if _, ours := devices[agent]; !ours {
			v.foreign += len(byAgent[agent])
			v.say("%s: %d records of a device that is not ours", agent, len(byAgent[agent]))
		}
	}
	return v
}

func (v *verdict) checkDevice(agent string, events []sent, records []wire.Record) {
	numbers := make(map[string]int, len(events))
	for i, s := range events {
		numbers[s.event.ID] = i
	}
	times := make([]int, len(events))
	var order []int
	for _, r := range records {
		i, found := numbers[r.ID]
		if !found {
			v.foreign++
			v.say("%s: position %d is an event that was never sent: %s", agent, r.Position, r.ID)
			continue
		}
		v.stored++
		if times[i]++; times[i] > 1 {
			v.doubled++
			v.say("%s: %s is in the log %d times, again at position %d", agent, r.ID, times[i], r.Position)
			continue
		}
		if want, got := wire.AppendContent(nil, &events[i].event), wire.AppendContent(nil, &r.Event); !bytes.Equal(want, got) {
			v.altered++
			v.say("%s: position %d is %s, sent was %s", agent, r.Position, got, want)
		}
		order = append(order, i)
	}
	for i, s := range events {
		if s.kept && times[i] == 0 {
			v.lost++
			v.say("%s: %s was acknowledged and is not in the log", agent, s.event.ID)
		}
	}
	if moved := len(order) - longestRise(order); moved > 0 {
		v.reordered += moved
		v.say("%s: %d events are out of order", agent, moved)
	}
}

// compare counts records of known that are not the same in again, which the hub
// gave later and begins after the position after.
func compare(known, again []wire.Record, after wire.Position) (changed int, detail string) {
	for i, r := range again {
		at := int(after) + i
		if at >= len(known) {
			break
		}
		if before, now := wire.AppendRecord(nil, &known[at]), wire.AppendRecord(nil, &r); !bytes.Equal(before, now) {
			changed++
			detail = fmt.Sprintf("position %d was %s and is %s", r.Position, before, now)
		}
	}
	if gone := len(known) - int(after) - len(again); gone > 0 {
		changed += gone
		detail = fmt.Sprintf("the hub had shown %d records and has %d", len(known), int(after)+len(again))
	}
	return changed, detail
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
