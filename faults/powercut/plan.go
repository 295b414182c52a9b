package main

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// plan is when the power goes.
type plan struct {
	// inBoot counts requests from power on, else from after the hub is up.
	inBoot bool
	after  time.Duration
	// requests are writes and flushes of the disk; at the last one, before it is
	// answered, the power goes. 0 cuts by the clock.
	requests int
}

// drawPlan draws the plan of a cut. Of four in a row one is by the clock and one
// while the machine comes up, from an empty disk or from the last cut.
func drawPlan(chance *rand.Rand, number uint64) plan {
	switch number % 4 {
	case 1:
		return plan{inBoot: true, requests: 1 + chance.IntN(30)}
	case 2:
		return plan{after: time.Duration(500+chance.IntN(2500)) * time.Millisecond}
	}
	return plan{after: time.Duration(500+chance.IntN(2500)) * time.Millisecond, requests: 1 + chance.IntN(60)}
}

// String says it in words.
func (p plan) String() string {
	switch {
	case p.inBoot:
		return fmt.Sprintf("at request %d from power on", p.requests)
	case p.requests == 0:
		return fmt.Sprintf("after %.1f s", p.after.Seconds())
	}
	return fmt.Sprintf("at request %d after %.1f s", p.requests, p.after.Seconds())
}
