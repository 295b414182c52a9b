// Package matter is what a visit leaves behind when it does not end on the spot:
// the matter (办件) with its number, its clock in working days and what is owed
// on promise, and which visits belong together (两头跑). It refuses to know the
// line beyond the visit that ends, and citizens beyond a keyed hash.
//
// It is pure: commands may refuse, Fold cannot fail.
package matter

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/queue"
	"hallkeeper/wire"
)

// The states of a matter.
const (
	Accepted     = "accepted"
	Supplemented = "supplemented"
	Suspended    = "suspended"
	Concluded    = "concluded"
	Void         = "void"
)

// Step is one event of a matter's story.
type Step struct {
	Kind     wire.Kind     `json:"kind"`
	Position wire.Position `json:"position"`
	Event    string        `json:"event"`
	Day      hall.Date     `json:"day"`
	// Say is why, result, or what was corrected; Documents came with it.
	Say       string       `json:"say,omitempty"`
	Documents []string     `json:"documents,omitempty"`
	By        string       `json:"by,omitempty"`
	Reason    *wire.Sealed `json:"reason,omitempty"`
}

// Matter is one matter, from acceptance to its end.
type Matter struct {
	wire.MatterOpened
	State string `json:"state"`
	// Why is the cause of a suspension.
	Why    string `json:"why,omitempty"`
	Result string `json:"result,omitempty"`
	// Before is the state that a conclusion ended, with its Why.
	Before string `json:"before,omitempty"`
	// Last is the day of its last event, and End of its conclusion.
	Last hall.Date `json:"last"`
	End  hall.Date `json:"end,omitempty"`
	// Spans are the times in which its clock ran; the last has no Until while it runs.
	Spans []Span `json:"spans"`
	// Owed is what is still missing of the gaps.
	Owed   []string `json:"owed,omitempty"`
	Thread string   `json:"thread,omitempty"`
	Steps  []Step   `json:"steps"`
}

// Open tells whether a matter is neither concluded nor void.
func (m *Matter) Open() bool { return m.State != Concluded && m.State != Void }

// Visit is one visit of a thread.
type Visit struct {
	Visit    string        `json:"visit"`
	Position wire.Position `json:"position"`
	Event    string        `json:"event"`
	Day      hall.Date     `json:"day"`
	Window   string        `json:"window"`
	Outcome  string        `json:"outcome"`
	Missing  []string      `json:"missing,omitempty"`
	Reason   *wire.Sealed  `json:"reason,omitempty"`
}

// Thread is visits for one thing: of one matter, or of one citizen for one
// service until it is done.
type Thread struct {
	Thread  string  `json:"thread"`
	Service string  `json:"service"`
	Citizen string  `json:"citizen,omitempty"`
	Matter  string  `json:"matter,omitempty"`
	Visits  []Visit `json:"visits"`
}

// Notices counts the times that the citizen was told what is missing; a second
// time breaks the duty to say everything at once (63号 第十条(四) 一次性告知).
func (t *Thread) Notices() (n int) {
	for _, v := range t.Visits {
		if v.Outcome == queue.OutcomeNotice {
			n++
		}
	}
	return n
}

// State is all matters. The zero value is that of an empty log.
type State struct {
	Matters hall.Table[Matter]
	Threads hall.Table[Thread]

	// away are the visits that ended without an accepted item and without a notice.
	away hall.Table[Visit]
	// running is the thread of a citizen and a service that goes on.
	running hall.Table[string]
	// numbers are the last number of a year, days the last day that was swept.
	numbers hall.Table[int]
	swept   hall.Table[hall.Date]
}

// Tables are what a view keeps.
func (s *State) Tables() hall.Tables {
	return hall.Tables{"matter": &s.Matters, "visit-thread": &s.Threads, "visit-running": &s.running, "visit-away": &s.away, "matter-number": &s.numbers, "matter-swept": &s.swept}
}

// Find gives a matter by its id or its number.
func (s *State) Find(name string) (Matter, bool) {
	if m, ok := s.Matters.Get(name); ok {
		return m, true
	}
	for _, m := range s.Matters.Each() {
		if m.Number == name {
			return m, true
		}
	}
	return Matter{}, false
}

// next is the number after the last of a year.
func (s *State) next(day hall.Date) string {
	last, _ := s.numbers.Get(strconv.Itoa(day.Year()))
	return fmt.Sprintf("%04d-%06d", day.Year(), last+1)
}

// Fold applies a record and tells whether it was of a matter. The end of a visit
// is looked at, and is the line's.
func (s *State) Fold(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindVisitEntered, wire.KindVisitWithdrawn:
		s.foldPaper(r)
		return false
	case wire.KindVisitFinished:
		with(r, func(d wire.VisitFinished) { s.visited(r, d) })
		return false
	case wire.KindMatterOpened:
		return with(r, func(d wire.MatterOpened) { s.opened(r, d) })
	case wire.KindMatterSupplemented:
		return with(r, func(d wire.MatterSupplemented) {
			s.change(r, d.Matter, d.Day, Step{Documents: d.Documents}, func(m *Matter, day hall.Date) { m.supplemented(d, day) })
		})
	case wire.KindMatterSuspended:
		return with(r, func(d wire.MatterSuspended) {
			s.change(r, d.Matter, d.Day, Step{Say: d.Why}, func(m *Matter, day hall.Date) {
				m.State, m.Why = Suspended, d.Why
				m.stop(day)
			})
		})
	case wire.KindMatterResumed:
		return with(r, func(d wire.MatterResumed) {
			s.change(r, d.Matter, d.Day, Step{}, func(m *Matter, day hall.Date) { m.goOn(day) })
		})
	case wire.KindMatterConcluded:
		return with(r, func(d wire.MatterConcluded) { s.concluded(r, d) })
	case wire.KindMatterCorrected:
		return with(r, func(d wire.MatterCorrected) {
			s.change(r, d.Matter, d.Day, Step{Say: d.What}, func(m *Matter, day hall.Date) { m.corrected(d, day) })
		})
	}
	return false
}

// change changes a matter that there is. A day before its last is taken for the last: its clock does not run back.
func (s *State) change(r *wire.Record, id, day string, step Step, change func(*Matter, hall.Date)) {
	if !s.Matters.Has(id) {
		return
	}
	s.Matters.Change(id, func(m *Matter) {
		m.Spans, m.Steps, m.Owed = slices.Clone(m.Spans), slices.Clone(m.Steps), slices.Clone(m.Owed)
		m.Last = max(m.Last, hall.Date(day))
		change(m, m.Last)
		step.Kind, step.Position, step.Event, step.Day = r.Kind, r.Position, r.ID, hall.Date(day)
		step.By, step.Reason = r.ActorID(), r.FirstSealed()
		m.Steps = append(m.Steps, step)
	})
}

func (s *State) opened(r *wire.Record, d wire.MatterOpened) {
	day := hall.Date(d.Day)
	year, number, _ := strings.Cut(d.Number, "-")
	if n, err := strconv.Atoi(number); err == nil {
		s.numbers.Change(year, func(last *int) { *last = max(*last, n) })
	}
	s.sweep(day)
	m := Matter{MatterOpened: d, State: Accepted, Last: day, Spans: []Span{{From: day}}, Owed: d.Gaps,
		Steps: []Step{{Kind: r.Kind, Position: r.Position, Event: r.ID, Day: day, By: r.ActorID(), Documents: d.Gaps}}}
	m.Thread = d.Visit
	if !s.Threads.Has(d.Visit) {
		m.Thread, _ = s.running.Get(d.Citizen + "/" + d.Service)
	}
	s.Matters.Set(d.Matter, m)
}

// keptDays is how long after its end a matter is kept at hand: the log has all.
const keptDays = 400

// sweep forgets what ended long ago, once a day.
func (s *State) sweep(day hall.Date) {
	if last, _ := s.swept.Get("last"); last >= day {
		return
	}
	s.swept.Set("last", day)
	before := day.AddDays(-keptDays)
	var old []string
	for id, m := range s.Matters.Each() {
		if !m.Open() && m.Last < before {
			old = append(old, id)
		}
	}
	for _, id := range old {
		s.Matters.Delete(id)
	}
	for id, v := range s.away.All() {
		if v.Day < before {
			s.away.Delete(id)
		}
	}
	old = old[:0]
	for id, t := range s.Threads.Each() {
		if t.Visits[len(t.Visits)-1].Day < before && !s.Matters.Has(t.Matter) {
			old = append(old, id)
		}
	}
	for _, id := range old {
		s.drop(id)
	}
}

func (s *State) drop(thread string) {
	t, _ := s.Threads.Get(thread)
	s.stopRunning(&t)
	s.Threads.Delete(thread)
}

func (s *State) stopRunning(t *Thread) {
	if now, ok := s.running.Get(t.Citizen + "/" + t.Service); ok && now == t.Thread {
		s.running.Delete(t.Citizen + "/" + t.Service)
	}
}

// visited puts a visit into its thread; one of which neither matter nor citizen is known is in none.
func (s *State) visited(r *wire.Record, d wire.VisitFinished) {
	if d.Outcome == queue.OutcomeSentAway && len(d.Missing) == 0 && d.Day != "" {
		s.away.Set(d.Visit, Visit{Visit: d.Visit, Position: r.Position, Event: r.ID, Day: hall.Date(d.Day), Window: d.Window, Outcome: d.Outcome})
	}
	id := s.threadOf(d)
	if id == "" || d.Day == "" {
		return
	}
	s.Threads.Change(id, func(t *Thread) {
		t.Thread, t.Service = id, d.Service
		if t.Citizen == "" {
			t.Citizen = d.Citizen
		}
		if d.Matter != "" {
			t.Matter = d.Matter
		}
		t.Visits = append(slices.Clone(t.Visits), Visit{Visit: d.Visit, Position: r.Position, Event: r.ID, Day: hall.Date(d.Day), Window: d.Window, Outcome: d.Outcome, Missing: d.Missing, Reason: r.FirstSealed()})
	})
	t, _ := s.Threads.Get(id)
	if t.Citizen != "" {
		s.running.Set(t.Citizen+"/"+t.Service, id)
	}
	if d.Outcome == queue.OutcomeDone {
		s.stopRunning(&t)
		if len(t.Visits) == 1 && t.Matter == "" {
			s.Threads.Delete(id)
		}
	}
}

// threadOf names the thread of a visit: that of its matter, else the one of the
// citizen and the service that goes on, else a new one.
func (s *State) threadOf(d wire.VisitFinished) string {
	if m, ok := s.Matters.Get(d.Matter); ok {
		if m.Thread != "" {
			return m.Thread
		}
	} else if id, ok := s.running.Get(d.Citizen + "/" + d.Service); ok && d.Citizen != "" {
		return id
	}
	if d.Matter == "" && d.Citizen == "" {
		return ""
	}
	return d.Visit
}

func (s *State) concluded(r *wire.Record, d wire.MatterConcluded) {
	s.change(r, d.Matter, d.Day, Step{Say: d.Result}, func(m *Matter, day hall.Date) {
		m.Before, m.State, m.Result, m.End = m.State, Concluded, d.Result, day
		m.stop(day)
	})
	if m, ok := s.Matters.Get(d.Matter); ok {
		if t, ok := s.Threads.Get(m.Thread); ok {
			s.stopRunning(&t)
		}
	}
}

func (m *Matter) supplemented(d wire.MatterSupplemented, day hall.Date) {
	m.Owed = slices.DeleteFunc(m.Owed, func(x string) bool { return slices.Contains(d.Documents, x) })
	if m.State != Suspended || m.Why == WhySupplement {
		m.goOn(day)
		m.State = Supplemented
	}
}

func (m *Matter) corrected(d wire.MatterCorrected, day hall.Date) {
	switch d.What {
	case FixReopened:
		m.State, m.Before, m.Result, m.End = m.Before, "", "", ""
		if n := len(m.Spans); m.State != Suspended && n > 0 {
			m.Spans[n-1].Until = "" // it never was concluded: its clock ran on
		}
	case FixVoid:
		m.State = Void
		m.stop(day)
	case FixLimits:
		m.Promised, m.Legal = d.Promised, d.Legal
	}
}

// with reads the data of a record; what cannot be read changes nothing.
func with[T any](r *wire.Record, use func(T)) bool {
	var d T
	if json.Unmarshal(r.Data, &d) == nil {
		use(d)
	}
	return true
}

// ThreadOf gives the thread that a visit is in.
func (s *State) ThreadOf(d wire.VisitFinished) (Thread, bool) {
	if t, ok := s.Threads.Get(d.Visit); ok {
		return t, true
	}
	if m, ok := s.Matters.Get(d.Matter); ok {
		return s.Threads.Get(m.Thread)
	}
	id, _ := s.running.Get(d.Citizen + "/" + d.Service)
	return s.Threads.Get(id)
}
