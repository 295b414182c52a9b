package card

import "time"

// Tally makes few reports of many faults: the first of a kind at once, the rest
// counted and reported together once every has passed.
type Tally struct {
	// Every is the least time between two reports of one kind.
	Every time.Duration
	kinds map[Problem]*tallied
}

type tallied struct {
	reported time.Duration
	count    int
}

// Note counts a fault. report is the number to report now, or 0.
func (t *Tally) Note(p Problem, now time.Duration) (report int) {
	if t.kinds == nil {
		t.kinds = map[Problem]*tallied{}
	}
	k := t.kinds[p]
	if k == nil {
		t.kinds[p] = &tallied{reported: now}
		return 1
	}
	k.count++
	return k.due(now, t.Every)
}

// Due gives the kinds and numbers that have waited long enough.
func (t *Tally) Due(now time.Duration) map[Problem]int {
	var due map[Problem]int
	for p, k := range t.kinds {
		if n := k.due(now, t.Every); n > 0 {
			if due == nil {
				due = map[Problem]int{}
			}
			due[p] = n
		}
	}
	return due
}

func (k *tallied) due(now, every time.Duration) int {
	if k.count == 0 || now-k.reported < every {
		return 0
	}
	n := k.count
	k.count, k.reported = 0, now
	return n
}
