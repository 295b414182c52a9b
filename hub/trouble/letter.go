package trouble

import (
	"cmp"
	"slices"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// Rules say when people may be told.
type Rules struct {
	// Gather is for how long more is waited for after the first thing to tell: a switch that dies cuts off a whole hall at once.
	Gather time.Duration
	// Every is the least time between two messages, urgent ones excepted.
	Every time.Duration
	// QuietFrom and QuietUntil are the hours in which only what is urgent is told; none where they are the same.
	QuietFrom, QuietUntil hall.Minute
	Zone                  *time.Location
}

const (
	// stale is the age from which a trouble that came and went untold is not told any more.
	stale = 24 * time.Hour
	// remind is when a trouble that nobody has taken notice of is told again.
	remind = 24 * time.Hour
)

// Letter is what one message tells, oldest first.
type Letter struct {
	Raised, Cleared, Again []Trouble
	// Open counts what goes on in all.
	Open int
	// Attempt is the how manieth to send something by this channel since the last that arrived, from 1 on.
	Attempt int
}

// Told is the record of what became of a letter.
func (l *Letter) Told(channel, message string, ok bool, answer string) Tell {
	ids := func(all []Trouble) (out []string) {
		for _, t := range all {
			out = append(out, t.Trouble)
		}
		return out
	}
	return Tell{wire.TroubleTold{Channel: channel, Message: message, Raised: ids(l.Raised), Cleared: ids(l.Cleared), Again: ids(l.Again), OK: ok, Answer: answer}}
}

func (r *Rules) quiet(now time.Time) bool {
	if r.QuietFrom == r.QuietUntil {
		return false
	}
	local := now.In(r.Zone)
	at := hall.Minute(local.Hour()*60 + local.Minute())
	if r.QuietFrom > r.QuietUntil { // over midnight
		return at >= r.QuietFrom || at < r.QuietUntil
	}
	return at >= r.QuietFrom && at < r.QuietUntil
}

// Due is the letter that a channel is to be sent now; ok is false where there is none, or where it has to wait.
func (s *State) Due(channel string, now time.Time, r Rules) (l Letter, ok bool) {
	c, _ := s.Channels.Get(channel)
	l, first, urgent := s.waiting(channel, now)
	switch {
	case l.empty(), now.Before(c.Next):
		return l, false
	case urgent:
	case r.quiet(now), now.Sub(first) < r.Gather, !c.LastOK.IsZero() && now.Sub(c.LastOK) < r.Every && !c.LastOK.After(now):
		return l, false
	}
	for _, part := range [][]Trouble{l.Raised, l.Cleared, l.Again} {
		slices.SortFunc(part, func(a, b Trouble) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Trouble, b.Trouble)) })
	}
	l.Attempt = c.Attempts + 1
	return l, true
}

// Retry is when a message that failed is tried again, as far as is known now; ok is false where the last did not fail, or where
// nothing is left to tell.
func (s *State) Retry(channel string, now time.Time, r Rules) (at time.Time, ok bool) {
	c, _ := s.Channels.Get(channel)
	l, first, urgent := s.waiting(channel, now)
	if c.Attempts == 0 || l.empty() {
		return at, false
	}
	at = c.Next
	if urgent {
		return at, true
	}
	if gathered := first.Add(r.Gather); at.Before(gathered) {
		at = gathered
	}
	if next := c.LastOK.Add(r.Every); !c.LastOK.IsZero() && !c.LastOK.After(now) && at.Before(next) {
		at = next
	}
	for r.quiet(at) { // the quiet hours end at a full minute
		at = at.Truncate(time.Minute).Add(time.Minute)
	}
	return at, true
}

func (l *Letter) empty() bool { return len(l.Raised)+len(l.Cleared)+len(l.Again) == 0 }

// waiting is what a channel has not told yet, since when the first of it waits, and whether any of it is urgent.
func (s *State) waiting(channel string, now time.Time) (l Letter, first time.Time, urgent bool) {
	first = now
	kinds := Kinds()
	for _, t := range s.Troubles.Each() {
		told, wasTold := t.Told[channel]
		switch {
		case t.Until == nil && !wasTold:
			l.Raised = append(l.Raised, t)
			first = earlier(first, t.At)
			urgent = urgent || kinds[t.Kind].Urgent && t.Severity == wire.SeverityAlarm
		case t.Until == nil && len(t.Seen) == 0 && t.Severity == wire.SeverityAlarm && now.Sub(told) >= remind:
			l.Again = append(l.Again, t)
			first = earlier(first, told.Add(remind))
		case t.Until != nil && !t.Ended[channel] && (wasTold || now.Sub(*t.Until) < stale):
			l.Cleared = append(l.Cleared, t)
			first = earlier(first, *t.Until)
		}
		if t.Until == nil {
			l.Open++
		}
	}
	return l, first, urgent
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
