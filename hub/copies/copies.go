// Package copies is what departments are sent of published results (63号 第八条: 抄送至派驻部门):
// where their mail goes, which copies wait, were sent, failed or were given up, and what was
// downloaded instead. It refuses to know how mail is sent and what the files hold.
//
// It is pure: commands may refuse, Fold cannot fail.
package copies

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// State is all copies. The zero value is that of an empty log.
type State struct {
	Copies hall.Table[Copy]
	// Mail is where departments get their copies, by department.
	Mail hall.Table[Mail]
	// Downloads are by department, period, revision and format; the last of each.
	Downloads hall.Table[Download]

	// waiting are the copies that are still tried.
	waiting hall.Table[bool]
	// of is the newest copy of a department's revision.
	of hall.Table[string]
}

// Progress is how far a copy is.
type Progress string

// A copy waits until a server has taken it, or until it is given up.
const (
	Waiting Progress = "waiting"
	Sent    Progress = "sent"
	GivenUp Progress = "given_up"
)

// Copy is one mail to one department.
type Copy struct {
	wire.CopyQueued
	State Progress `json:"state"`
	// To is the sealed address.
	To       *wire.Sealed `json:"to,omitempty"`
	QueuedAt time.Time    `json:"queued_at"`
	By       string       `json:"by"`
	// Attempts are how often it was tried, Next when it is tried again.
	Attempts int       `json:"attempts"`
	Next     time.Time `json:"next"`
	// Since is when it was queued or last let be tried again.
	Since time.Time `json:"since"`
	// Tries are the last attempts, oldest first.
	Tries []Try `json:"tries,omitempty"`
	// MessageID and Files are of what was sent.
	MessageID string          `json:"message_id,omitempty"`
	Files     []wire.CopyFile `json:"files,omitempty"`
}

// Try is one attempt.
type Try struct {
	At      time.Time `json:"at"`
	Attempt int       `json:"attempt"`
	Server  string    `json:"server,omitempty"`
	// Answer is what the server said, or why it could not be asked.
	Answer string `json:"answer"`
	OK     bool   `json:"ok"`
}

// Mail is a department's sealed address.
type Mail struct {
	Address *wire.Sealed `json:"address,omitempty"`
	At      time.Time    `json:"at"`
	By      string       `json:"by"`
}

// Download is a department's own fetching of its part.
type Download struct {
	wire.CopyDownloaded
	At time.Time `json:"at"`
	By string    `json:"by"`
	// Times is how often.
	Times int `json:"times"`
}

// Tables are what a view keeps.
func (s *State) Tables() hall.Tables {
	return hall.Tables{"copy": &s.Copies, "department-mail": &s.Mail, "copy-download": &s.Downloads, "copy-waiting": &s.waiting, "copy-of": &s.of}
}

// Key is whose key seals a department's address.
func Key(department string) string { return "department-" + department }

// place names a department's part of a revision.
func place(period string, revision int, department string) string {
	return period + "." + strconv.Itoa(revision) + "." + department
}

// Newest is the last copy of a department's part of a revision.
func (s *State) Newest(period string, revision int, department string) (Copy, bool) {
	id, _ := s.of.Get(place(period, revision, department))
	return s.Copies.Get(id)
}

// Due are the copies to be tried now, those that wait longest first.
func (s *State) Due(now time.Time) (due []Copy) {
	for id := range s.waiting.All() {
		if c, ok := s.Copies.Get(id); ok && c.State == Waiting && !now.Before(c.Next) {
			due = append(due, c)
		}
	}
	slices.SortStableFunc(due, func(a, b Copy) int { return a.Next.Compare(b.Next) })
	return due
}

// Open is how many wait, Lost how many were given up.
func (s *State) Open() (open, lost int) {
	for range s.waiting.Each() {
		open++
	}
	for _, c := range s.Copies.Each() {
		if c.State == GivenUp {
			lost++
		}
	}
	return open, lost
}

// keptTries bounds what the state keeps; the log has all.
const keptTries = 20

// Fold applies a record and tells whether it was of a copy.
func (s *State) Fold(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindDepartmentMailSet:
		return with(r, func(d wire.DepartmentMailSet) {
			if !d.Set {
				s.Mail.Delete(d.Department)
				return
			}
			s.Mail.Set(d.Department, Mail{r.FirstSealed(), r.At, r.ActorID()})
		})
	case wire.KindCopyQueued:
		return with(r, func(d wire.CopyQueued) {
			s.Copies.Set(d.Copy, Copy{CopyQueued: d, State: Waiting, To: r.FirstSealed(), QueuedAt: r.At, By: r.ActorID(), Next: r.At, Since: r.At})
			s.waiting.Set(d.Copy, true)
			s.of.Set(place(d.Period, d.Revision, d.Department), d.Copy)
		})
	case wire.KindCopySent:
		return with(r, func(d wire.CopySent) {
			s.tried(d.Copy, Try{r.At, d.Attempt, d.Server, d.Answer, true}, func(c *Copy) { c.State, c.MessageID, c.Files = Sent, d.MessageID, d.Files })
		})
	case wire.KindCopyFailed:
		return with(r, func(d wire.CopyFailed) {
			s.tried(d.Copy, Try{r.At, d.Attempt, d.Server, d.Why, false}, func(c *Copy) { c.Next = d.Next })
		})
	case wire.KindCopyGivenUp:
		return with(r, func(d wire.CopyGivenUp) {
			s.tried(d.Copy, Try{r.At, d.Attempt, d.Server, d.Why, false}, func(c *Copy) { c.State = GivenUp })
		})
	case wire.KindCopyRetried:
		return with(r, func(d wire.CopyRetried) {
			if c, ok := s.Copies.Get(d.Copy); ok && c.State != Sent {
				s.Copies.Change(d.Copy, func(c *Copy) { c.State, c.Next, c.Since = Waiting, r.At, r.At })
				s.waiting.Set(d.Copy, true)
			}
		})
	case wire.KindCopyDownloaded:
		return with(r, func(d wire.CopyDownloaded) {
			s.Downloads.Change(place(d.Period, d.Revision, d.Department)+"."+d.Format, func(x *Download) {
				*x = Download{d, r.At, r.ActorID(), x.Times + 1}
			})
		})
	}
	return false
}

// tried adds an attempt to a copy that there is and that was not sent before.
func (s *State) tried(id string, t Try, change func(*Copy)) {
	if c, ok := s.Copies.Get(id); !ok || c.State == Sent {
		return
	}
	s.Copies.Change(id, func(c *Copy) {
		c.Attempts = max(c.Attempts, t.Attempt)
		c.Tries = append(slices.Clone(c.Tries), t)
		c.Tries = c.Tries[max(len(c.Tries)-keptTries, 0):]
		change(c)
		if c.State != Waiting {
			s.waiting.Delete(id)
		}
	})
}

func with[T any](r *wire.Record, use func(T)) bool {
	var d T
	if json.Unmarshal(r.Data, &d) == nil {
		use(d)
	}
	return true
}
