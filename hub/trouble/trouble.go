// Package trouble is what is wrong with the hall's machines, as people are told of it: which alarms have
// stood long enough to be somebody's trouble, who has taken notice, who was told by mail or webhook and when
// they are told again. It owns the waiting, so that nothing flaps, and the words. It refuses to find out what
// is wrong, which hub/live does, and to send anything.
//
// It is pure: commands may refuse, Fold cannot fail.
package trouble

import (
	"encoding/json"
	"slices"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// Trouble is one trouble, from when it was raised on.
type Trouble struct {
	wire.TroubleRaised
	At time.Time `json:"at"`
	// Until is when it was over; nil while it goes on.
	Until *time.Time `json:"until,omitempty"`
	// Seen are who took notice, in order.
	Seen []Seen `json:"seen,omitempty"`
	// Told is when each channel was last told of it, Ended which were told that it is over.
	Told  map[string]time.Time `json:"told,omitempty"`
	Ended map[string]bool      `json:"ended,omitempty"`
}

// Seen is who took notice of a trouble, and when.
type Seen struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
	// Note is what they wrote down, sealed under a key of the month; nil where that is nothing.
	Note *wire.Sealed `json:"note,omitempty"`
}

// Channel is how telling by one way goes.
type Channel struct {
	// Attempts are those that failed since the last that did not, Next is when it is tried again.
	Attempts int       `json:"attempts"`
	Next     time.Time `json:"next"`
	// LastOK is when a message last arrived.
	LastOK time.Time `json:"last_ok"`
	// Tries are the last attempts, oldest first.
	Tries []Try `json:"tries,omitempty"`
}

// Try is one attempt.
type Try struct {
	At      time.Time `json:"at"`
	Message string    `json:"message"`
	Attempt int       `json:"attempt"`
	OK      bool      `json:"ok"`
	Test    bool      `json:"test,omitempty"`
	// Troubles counts what it tells of.
	Troubles int    `json:"troubles"`
	Answer   string `json:"answer,omitempty"`
}

// The channels.
const (
	ByMail    = "mail"
	ByWebhook = "webhook"
)

// State is all troubles. The zero value is that of an empty log.
type State struct {
	Troubles hall.Table[Trouble]
	Channels hall.Table[Channel]

	// open are the troubles that go on, by alarm.
	open hall.Table[string]
	// backup is when the last backup was made, under its only key.
	backup hall.Table[time.Time]
}

// Tables are what a view keeps.
func (s *State) Tables() hall.Tables {
	return hall.Tables{"trouble": &s.Troubles, "trouble-channel": &s.Channels, "trouble-open": &s.open, "trouble-backup": &s.backup}
}

const (
	// kept bounds the troubles that are over, keptTries the attempts of a channel, keptSeen who took notice; the log has all.
	kept      = 300
	keptTries = 30
	keptSeen  = 20
)

// Backup is when the last backup was made; zero where there is none.
func (s *State) Backup() time.Time {
	at, _ := s.backup.Get("last")
	return at
}

// Open is the trouble that an alarm is now.
func (s *State) Open(alarm string) (Trouble, bool) {
	id, _ := s.open.Get(alarm)
	return s.Troubles.Get(id)
}

// Fold applies a record and tells whether it was of a trouble.
func (s *State) Fold(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindTroubleRaised:
		var d wire.TroubleRaised
		if json.Unmarshal(r.Data, &d) == nil {
			s.Troubles.Set(d.Trouble, Trouble{TroubleRaised: d, At: r.StoredAt})
			s.open.Set(d.Alarm, d.Trouble)
			s.forget()
		}
	case wire.KindTroubleCleared:
		var d wire.TroubleCleared
		if json.Unmarshal(r.Data, &d) == nil {
			s.clear(d)
		}
	case wire.KindTroubleSeen:
		var d wire.TroubleSeen
		if json.Unmarshal(r.Data, &d) == nil && s.Troubles.Has(d.Trouble) {
			s.Troubles.Change(d.Trouble, func(t *Trouble) {
				seen := Seen{By: r.ActorID(), At: r.StoredAt}
				if len(r.Personal) > 0 {
					note := r.Personal[0]
					seen.Note = &note
				}
				t.Seen = append(slices.Clone(t.Seen), seen)
				t.Seen = t.Seen[max(len(t.Seen)-keptSeen, 0):]
			})
		}
	case wire.KindTroubleTold:
		var d wire.TroubleTold
		if json.Unmarshal(r.Data, &d) == nil {
			s.told(&d, r.StoredAt)
		}
	case wire.KindBackupTaken:
		s.backup.Set("last", r.StoredAt)
		return false // it is of personal data too
	default:
		return false
	}
	return true
}

func (s *State) clear(d wire.TroubleCleared) {
	t, ok := s.Troubles.Get(d.Trouble)
	if !ok || t.Until != nil {
		return
	}
	s.Troubles.Change(d.Trouble, func(t *Trouble) { t.Until = &d.Until })
	if id, _ := s.open.Get(t.Alarm); id == d.Trouble {
		s.open.Delete(t.Alarm)
	}
}

// told notes an attempt: what arrived need not be told again.
func (s *State) told(d *wire.TroubleTold, at time.Time) {
	s.Channels.Change(d.Channel, func(c *Channel) {
		c.Tries = append(slices.Clone(c.Tries), Try{at, d.Message, d.Attempt, d.OK, d.Test, len(d.Raised) + len(d.Cleared) + len(d.Again), d.Answer})
		c.Tries = c.Tries[max(len(c.Tries)-keptTries, 0):]
		switch {
		case d.OK:
			c.Attempts, c.Next = 0, time.Time{}
			if !d.Test {
				c.LastOK = at
			}
		case d.Next != nil:
			c.Attempts, c.Next = d.Attempt, *d.Next
		}
	})
	if !d.OK {
		return
	}
	for _, id := range slices.Concat(d.Raised, d.Again) {
		s.change(id, func(t *Trouble) {
			told := map[string]time.Time{d.Channel: at}
			for c, x := range t.Told {
				if c != d.Channel {
					told[c] = x
				}
			}
			t.Told = told
		})
	}
	for _, id := range d.Cleared {
		s.change(id, func(t *Trouble) {
			ended := map[string]bool{d.Channel: true}
			for c := range t.Ended {
				ended[c] = true
			}
			t.Ended = ended
		})
	}
}

func (s *State) change(id string, change func(*Trouble)) {
	if s.Troubles.Has(id) {
		s.Troubles.Change(id, change)
	}
}

// forget drops the oldest troubles that are over, where there are too many.
func (s *State) forget() {
	if s.Troubles.Len() <= kept+s.open.Len() {
		return
	}
	for id, t := range s.Troubles.All() { // ids are in the order of time
		if t.Until != nil {
			s.Troubles.Delete(id)
			return
		}
	}
}
