package trouble

import (
	"slices"
	"strconv"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// World is what troubles may know of the rest of the hall.
type World struct {
	// Number is a window's number as it stands on its sign; empty where there is no such window.
	Number func(window string) string
}

// Command is a command about troubles.
type Command interface {
	DecideTrouble(s *State, w World, m hall.Moment) ([]hall.Draft, error)
}

// The commands.
type (
	// Note says which alarms have become troubles, and which troubles are over: what Watch has found.
	Note struct {
		Raised  []wire.Alarm
		Cleared []Cleared
	}
	// Cleared is an alarm that is over, and since when.
	Cleared struct {
		Alarm string
		Until time.Time
	}
	// See says that the actor has taken notice, and what they want to write down.
	See struct {
		Trouble string `json:"-"`
		Note    string `json:"note,omitempty"`
	}
	// Tell says what became of an attempt to tell of troubles.
	Tell struct{ wire.TroubleTold }
)

// within is how long back the times of one alarm are counted.
const within = 24 * time.Hour

// times is how often an alarm became a trouble lately.
func (s *State) times(alarm string, now time.Time) (n int) {
	for _, t := range s.Troubles.Each() {
		if t.Alarm == alarm && now.Sub(t.At) < within {
			n++
		}
	}
	return n
}

// DecideTrouble decides; see Command. What is known already is nothing.
func (c Note) DecideTrouble(s *State, w World, m hall.Moment) (drafts []hall.Draft, err error) {
	for _, x := range c.Cleared {
		if t, ok := s.Open(x.Alarm); ok {
			drafts = append(drafts, hall.Draft{Kind: wire.KindTroubleCleared, Data: wire.TroubleCleared{Trouble: t.Trouble, Until: x.Until.UTC()}})
		}
	}
	cleared := func(alarm string) bool {
		return slices.ContainsFunc(c.Cleared, func(x Cleared) bool { return x.Alarm == alarm })
	}
	for i, a := range c.Raised {
		if _, ok := s.Open(a.ID); ok && !cleared(a.ID) {
			continue
		}
		number := ""
		if a.Window != "" {
			number = w.Number(a.Window)
		}
		drafts = append(drafts, hall.Draft{Kind: wire.KindTroubleRaised, Data: wire.TroubleRaised{Trouble: m.ID + "-" + strconv.Itoa(i+1), Alarm: a.ID, Kind: a.Kind, Severity: a.Severity,
			Subject: a.Subject, Window: a.Window, Number: number, Since: a.Since.UTC(), Detail: a.Detail, Values: a.Values, Times: s.times(a.ID, m.Now) + 1}})
	}
	return drafts, nil
}

// DecideTrouble decides; see Command. Whoever has seen it has seen it, and may write down more. A note may name a person: it is
// sealed, under a key of the month.
func (c See) DecideTrouble(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	t, ok := s.Troubles.Get(c.Trouble)
	if !ok {
		return nil, hall.Unknown("trouble_unknown", "没有这条问题", "there is no such trouble")
	}
	var bad hall.Checks
	bad.Words("note", &c.Note, 0, 500)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	d := hall.Draft{Kind: wire.KindTroubleSeen, Data: wire.TroubleSeen{Trouble: c.Trouble}}
	if c.Note != "" {
		d.Person, d.Personal = "trouble-"+string(m.Day[:min(len(m.Day), len("2006-01"))]), map[string]string{"note": c.Note}
	} else if slices.ContainsFunc(t.Seen, func(x Seen) bool { return x.By == m.Actor.ID }) {
		return nil, nil
	}
	return []hall.Draft{d}, nil
}

// backOff are the pauses after the first, the second … failed attempt; the last one is repeated for as long as there is something to tell.
func backOff(attempt int) time.Duration {
	pauses := [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour}
	return pauses[min(max(attempt, 1), len(pauses))-1]
}

// DecideTrouble decides when the next attempt is.
func (c Tell) DecideTrouble(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	ch, _ := s.Channels.Get(c.Channel)
	c.Attempt, c.Next = 1, nil
	if !c.Test {
		c.Attempt = ch.Attempts + 1
	}
	if !c.OK && !c.Test {
		next := m.Now.Add(backOff(c.Attempt)).UTC()
		c.Next = &next
	}
	return []hall.Draft{{Kind: wire.KindTroubleTold, Data: c.TroubleTold}}, nil
}
