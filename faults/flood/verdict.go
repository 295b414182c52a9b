package main

import (
	"fmt"
	"time"
)

const (
	// places are how many of the hub's 2,000 places at the live socket strangers can take.
	places = 1800
	// bearable is how much of a body may be taken before it is refused: what the buffers of both ends hold.
	bearable = 32 << 20
	// stale is when a screen's page says that it is cut off.
	stale = 5 * time.Second
	// spare is by how many files and goroutines the hub may differ before and after, for its own passing work.
	spare = 24
)

// result is what a campaign found.
type result struct {
	floods        []flooded
	slow          slowResult
	giga          gigaResult
	before, after state
}

// flooded is what came of one flood.
type flooded struct {
	name                  string
	tried, taken, refused int
	// lost are sockets that were neither taken nor refused, or that the hub let go of later.
	lost         int
	opened       time.Duration
	before, most float64 // the hub's memory in MiB
	// silence is the longest time in which the connected lobby screen heard nothing.
	silence time.Duration
	// shown is how long a window that was opened took to both lobby screens, back how long the
	// screen that came back needed to its first picture, signIn the sign-in at the console.
	shown, back, signIn time.Duration
}

// slowResult is what came of callers that dribble.
type slowResult struct {
	tried, cut int
	longest    time.Duration // until one was cut
	answer     time.Duration // the longest that others waited meanwhile
}

// gigaResult is what came of bodies that are too large.
type gigaResult struct {
	size           int64
	tried, refused int
	taken          int64 // the most of one
	most           float64
}

// state is what the hub holds.
type state struct {
	files               int
	goroutines, screens float64
	memory              float64
}

// faults says in what the hub did not stand it; memory is what it may have, in MiB.
func (r *result) faults(memory float64) (all []string) {
	say := func(wrong bool, format string, args ...any) {
		if wrong {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	for _, f := range r.floods {
		want := min(f.tried, places-int(r.before.screens)) // the lobby's screen has its place already
		say(f.taken != want, "%s: strangers have %d places, not %d", f.name, f.taken, want)
		say(f.taken+f.refused != f.tried || f.lost > 0, "%s: of %d sockets %d were taken, %d refused and %d lost", f.name, f.tried, f.taken, f.refused, f.lost)
		say(f.most > memory, "%s: the hub had %.0f MiB, more than %.0f", f.name, f.most, memory)
		say(f.silence > stale, "%s: the lobby heard nothing for %.1f s: its page says that it is cut off", f.name, f.silence.Seconds())
	}
	say(r.slow.cut != r.slow.tried, "%d of %d slow callers were never cut", r.slow.tried-r.slow.cut, r.slow.tried)
	say(r.giga.refused != r.giga.tried, "%d of %d bodies of a gigabyte were not refused", r.giga.tried-r.giga.refused, r.giga.tried)
	say(r.giga.taken > bearable, "%d MiB of a body were taken before it was refused", r.giga.taken>>20)
	say(r.giga.most > memory, "bodies: the hub had %.0f MiB, more than %.0f", r.giga.most, memory)
	say(r.after.files > r.before.files+spare, "%d files are still open, %d were before", r.after.files, r.before.files)
	say(r.after.goroutines > r.before.goroutines+spare, "%.0f goroutines still run, %.0f did before", r.after.goroutines, r.before.goroutines)
	say(r.after.screens != r.before.screens, "%.0f places at the live socket are taken, %.0f were before", r.after.screens, r.before.screens)
	return all
}
