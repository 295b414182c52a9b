package roster

import (
	"slices"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// Step is one step of a procedure: who took it, when, and by which record.
type Step struct {
	State    string        `json:"state"`
	By       string        `json:"by"`
	At       time.Time     `json:"at"`
	Position wire.Position `json:"position"`
	Event    string        `json:"event"`
	// Sealed holds what was said.
	Sealed *wire.Sealed `json:"sealed,omitempty"`
}

func step(r *wire.Record, state string) Step {
	s := Step{State: state, At: r.StoredAt, Position: r.Position, Event: r.ID}
	if r.Actor != nil {
		s.By = r.Actor.ID
	}
	if len(r.Personal) > 0 {
		s.Sealed = &r.Personal[0]
	}
	return s
}

// The states of an assignment.
const (
	Recommended = "recommended"
	Examined    = "examined"
	Accepted    = "accepted"
	Returned    = "returned"
)

// Assignment is how a person comes to a post (63号 第十二条(一)).
type Assignment struct {
	ID        string                   `json:"id"`
	Staff     string                   `json:"staff"`
	Post      string                   `json:"post"`
	Document  string                   `json:"document,omitempty"`
	State     string                   `json:"state"`
	Exam      *wire.AssignmentExamined `json:"exam,omitempty"`
	Unmet     []string                 `json:"unmet,omitempty"`
	Exception []string                 `json:"exception,omitempty"`
	Steps     []Step                   `json:"steps"`
}

// Change is a department's application to change a person (63号 第十二条(二)).
type Change struct {
	wire.ChangeAsked
	State string `json:"state"` // asked, approved or refused
	Steps []Step `json:"steps"`
}

// Handover is what a leaver and a successor have signed (63号 第十二条(四)).
type Handover struct {
	Staff       string `json:"staff"`
	Successor   string `json:"successor"`
	ByLeaver    *Step  `json:"by_leaver,omitempty"`
	BySuccessor *Step  `json:"by_successor,omitempty"`
}

// Complete tells whether both have signed.
func (h Handover) Complete() bool { return h.ByLeaver != nil && h.BySuccessor != nil }

// before tells whether a signature of a complete handover is of before a day: of an earlier stay in the hall.
func (h Handover) before(day hall.Date, zone *time.Location) bool {
	return hall.DateOf(h.ByLeaver.At, zone) < day || hall.DateOf(h.BySuccessor.At, zone) < day
}

// Replacement is a demand to replace a person (63号 第十二条(六)).
type Replacement struct {
	wire.ReplacementDemanded
	Met   *wire.ReplacementMet `json:"met,omitempty"`
	Steps []Step               `json:"steps"`
}

// Overdue tells whether a demand is past its last day unmet.
func (r *Replacement) Overdue(day hall.Date) bool { return r.Met == nil && day > hall.Date(r.Due) }

// Criticism is one criticism of a person (63号 第十三条(一)).
type Criticism struct {
	wire.CriticismMade
	Made Step `json:"made"`
	// Return is the report of the return that it led to, if any.
	Return string `json:"return,omitempty"`
}

func (p *People) foldProcedure(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindAssignmentOpened:
		var d wire.AssignmentRecommended
		if read(r, &d) {
			p.Assignments.Set(d.Assignment, Assignment{ID: d.Assignment, Staff: d.Staff, Post: d.Post, Document: d.Document,
				State: Recommended, Steps: []Step{step(r, Recommended)}})
		}
	case wire.KindAssignmentExamined:
		var d wire.AssignmentExamined
		if read(r, &d) {
			p.assignment(d.Assignment, r, Examined, func(a *Assignment) { a.Exam = &d })
		}
	case wire.KindAssignmentAccepted:
		var d wire.AssignmentAccepted
		if read(r, &d) {
			p.assignment(d.Assignment, r, Accepted, func(a *Assignment) { a.Exception = d.Exception })
			p.post(d.Staff, d.Post, hall.Date(d.From))
		}
	case wire.KindAssignmentReturned:
		var d wire.AssignmentReturned
		if read(r, &d) {
			p.assignment(d.Assignment, r, Returned, func(a *Assignment) { a.Unmet = d.Unmet })
		}
	case wire.KindChangeAsked:
		var d wire.ChangeAsked
		if read(r, &d) {
			p.Changes.Set(d.Change, Change{d, "asked", []Step{step(r, "asked")}})
		}
	case wire.KindChangeDecided:
		var d wire.ChangeDecided
		if read(r, &d) {
			state := "refused"
			if d.Approved {
				state = "approved"
			}
			p.Changes.Change(d.Change, func(c *Change) { c.State, c.Steps = state, append(slices.Clone(c.Steps), step(r, state)) })
		}
	default:
		return p.foldLeaving(r)
	}
	return true
}

func (p *People) foldLeaving(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindHandoverSigned:
		var d wire.HandoverSigned
		if read(r, &d) {
			s := step(r, d.As)
			p.Handovers.Change(d.Staff, func(h *Handover) {
				if h.Successor != d.Successor {
					*h = Handover{Staff: d.Staff, Successor: d.Successor}
				}
				if d.As == AsLeaver {
					h.ByLeaver = &s
				} else {
					h.BySuccessor = &s
				}
			})
		}
	case wire.KindReplacementAsked:
		var d wire.ReplacementDemanded
		if read(r, &d) {
			p.Replacements.Set(d.Replacement, Replacement{d, nil, []Step{step(r, "demanded")}})
		}
	case wire.KindReplacementMet:
		var d wire.ReplacementMet
		if read(r, &d) {
			p.Replacements.Change(d.Replacement, func(x *Replacement) { x.Met, x.Steps = &d, append(slices.Clone(x.Steps), step(r, "met")) })
		}
	case wire.KindCriticismMade:
		var d wire.CriticismMade
		if read(r, &d) {
			p.Criticisms.Set(d.Criticism, Criticism{CriticismMade: d, Made: step(r, "made")})
		}
	case wire.KindStaffReturned:
		var d wire.StaffReturned
		if read(r, &d) {
			for _, id := range d.Criticisms {
				p.Criticisms.Change(id, func(c *Criticism) { c.Return = d.Report })
			}
			p.depart(d.Staff, hall.Date(d.On))
		}
	default:
		return false
	}
	return true
}

func (p *People) assignment(id string, r *wire.Record, state string, more func(*Assignment)) {
	p.Assignments.Change(id, func(a *Assignment) {
		a.State, a.Steps = state, append(slices.Clone(a.Steps), step(r, state))
		more(a)
	})
}
