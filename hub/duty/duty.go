// Package duty is what windows and departments owe the hall beside the daily check
// (63号 第七条, 第九条, 第十条, 第十四条, 第十六条): exchange meetings, reports and
// tasks with due days, the list of items, the withdrawal of a window by three
// documents, commendations and exposures, a department's own scoring, and the
// written evaluation of who leaves. It owns what of that becomes a fact of the
// assessment; it refuses to know what a fact is worth.
//
// It is pure: commands may refuse, Fold cannot fail.
package duty

import (
	"encoding/json"
	"slices"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// Step is one event of something's story.
type Step struct {
	Kind     wire.Kind     `json:"kind"`
	Event    string        `json:"event"`
	Position wire.Position `json:"position"`
	Day      hall.Date     `json:"day"`
	By       string        `json:"by,omitempty"`
	Document string        `json:"document,omitempty"`
	Sealed   *wire.Sealed  `json:"sealed,omitempty"`
}

func step(r *wire.Record, day, document string) Step {
	return Step{Kind: r.Kind, Event: r.ID, Position: r.Position, Day: hall.Date(day), By: r.ActorID(), Document: document, Sealed: r.FirstSealed()}
}

// Entry is something that happened on a day and that a person entered.
type Entry struct {
	ID   string    `json:"id"`
	Kind wire.Kind `json:"kind"`
	Date hall.Date `json:"date"`
	// Whom it is about, as far as it says.
	Staff      string `json:"staff,omitempty"`
	Window     string `json:"window,omitempty"`
	Department string `json:"department,omitempty"`
	// Say is its source, what is missing, or the period that was scored.
	Say      string `json:"say,omitempty"`
	Item     string `json:"item,omitempty"`
	Service  string `json:"service,omitempty"`
	Document string `json:"document,omitempty"`
	// Attempt is the entry that it confirms.
	Attempt   string `json:"attempt,omitempty"`
	Made      Step   `json:"made"`
	Withdrawn *Step  `json:"withdrawn,omitempty"`
}

// Filed is one report that came.
type Filed struct {
	Due  hall.Date `json:"due"`
	Date hall.Date `json:"date"`
	Step Step      `json:"step"`
}

// Report is a reporting duty.
type Report struct {
	wire.ReportDue
	// Ends is the day after which nothing is due any more; empty is no end.
	Ends      hall.Date `json:"ends,omitempty"`
	Filed     []Filed   `json:"filed,omitempty"`
	Made      Step      `json:"made"`
	Ended     *Step     `json:"ended,omitempty"`
	Withdrawn *Step     `json:"withdrawn,omitempty"`
}

// The states of tasks, withdrawals and evaluations.
const (
	Assigned  = "assigned"
	Reported  = "reported"
	Accepted  = "accepted"
	Returned  = "returned"
	Cancelled = "cancelled"

	Asked    = "asked"
	Examined = "examined"
	Approved = "approved"
	Refused  = "refused"

	Draft  = "draft"
	Signed = "signed"
)

// Task is one task that the bureau has assigned.
type Task struct {
	wire.TaskAssigned
	State     string `json:"state"`
	Steps     []Step `json:"steps"`
	Withdrawn *Step  `json:"withdrawn,omitempty"`
}

// Item is an item of a department's list; it is off the list where Ended is set.
type Item struct {
	wire.ItemListed
	Listed Step  `json:"listed"`
	Ended  *Step `json:"ended,omitempty"`
}

// Withdrawal is how a window may leave the hall.
type Withdrawal struct {
	wire.WithdrawalAsked
	State string `json:"state"`
	// From is the first day on which an approved one may be carried out, Done tells that it was.
	From  hall.Date `json:"from,omitempty"`
	Done  bool      `json:"done,omitempty"`
	Steps []Step    `json:"steps"`
}

// Open tells whether it waits for a step.
func (w *Withdrawal) Open() bool { return w.State == Asked || w.State == Examined }

// Evaluation is the written evaluation of somebody who leaves.
type Evaluation struct {
	wire.EvaluationDrafted
	State string `json:"state"`
	// Text is the event with the newest text.
	Text  Step   `json:"text"`
	Steps []Step `json:"steps"`
}

// Filing is one file that was exported.
type Filing struct {
	wire.FilingExported
	Made Step `json:"made"`
}

// State is all duties. The zero value is that of an empty log.
type State struct {
	Entries     hall.Table[Entry]
	Reports     hall.Table[Report]
	Tasks       hall.Table[Task]
	Items       hall.Table[Item]
	Withdrawals hall.Table[Withdrawal]
	Evaluations hall.Table[Evaluation]
	Filings     hall.Table[Filing]

	// stays are the times that a window was on the hall's list, used is the kind of event by
	// which a window became more than an entry of the list.
	stays hall.Table[[]stay]
	used  hall.Table[wire.Kind]
	// names are the ids of departments by every name that they ever had.
	names hall.Table[string]
}

// Tables are what a view keeps.
func (s *State) Tables() hall.Tables {
	return hall.Tables{"duty-entry": &s.Entries, "duty-report": &s.Reports, "duty-task": &s.Tasks, "duty-item": &s.Items, "duty-withdrawal": &s.Withdrawals,
		"duty-evaluation": &s.Evaluations, "duty-filing": &s.Filings, "duty-stay": &s.stays, "duty-used": &s.used, "duty-name": &s.names}
}

// Fold applies a record and tells whether it was of a duty. Windows, departments
// and what is done at windows are looked at, and are others'.
func (s *State) Fold(r *wire.Record) bool {
	s.watch(r)
	switch r.Kind {
	case wire.KindExchangeHeld:
		return with(r, func(d wire.ExchangeHeld) {
			s.enter(r, d.Exchange, Entry{Date: hall.Date(d.Date), Staff: d.Staff, Window: d.Window})
		})
	case wire.KindItemElsewhere:
		return with(r, func(d wire.ItemElsewhere) {
			s.enter(r, d.Elsewhere, Entry{Date: hall.Date(d.Date), Department: d.Department, Item: d.Item})
		})
	case wire.KindGuideMissing:
		return with(r, func(d wire.GuideMissing) {
			s.enter(r, d.Guide, Entry{Date: hall.Date(d.Date), Window: d.Window, Service: d.Service, Say: d.What})
		})
	case wire.KindWithdrawalFound:
		return with(r, func(d wire.WithdrawalFound) {
			s.enter(r, d.Found, Entry{Date: hall.Date(d.Date), Window: d.Window, Department: d.Department})
		})
	case wire.KindScoringRefused:
		return with(r, func(d wire.ScoringRefused) {
			s.enter(r, d.Attempt, Entry{Date: hall.Date(d.Day), Department: d.Department, Staff: d.Staff, Say: d.Period})
		})
	case wire.KindScoringConfirmed:
		return with(r, func(d wire.ScoringConfirmed) {
			s.enter(r, d.Scoring, Entry{Date: hall.Date(d.Date), Department: d.Department, Document: d.Document, Attempt: d.Attempt})
		})
	case wire.KindCommendationGiven:
		return with(r, func(d wire.CommendationGiven) {
			s.enter(r, d.Commendation, Entry{Date: hall.Date(d.Date), Staff: d.Staff, Window: d.Window, Document: d.Document})
		})
	case wire.KindExposureEntered:
		return with(r, func(d wire.ExposureEntered) {
			s.enter(r, d.Exposure, Entry{Date: hall.Date(d.Date), Staff: d.Staff, Window: d.Window, Say: d.Source, Document: d.Document})
		})
	case wire.KindDutyWithdrawn:
		return with(r, func(d wire.DutyWithdrawn) { s.withdrawn(r, d) })
	case wire.KindFilingExported:
		return with(r, func(d wire.FilingExported) { s.Filings.Set(d.Filing, Filing{d, step(r, d.Day, "")}) })
	}
	return s.foldReport(r) || s.foldTask(r) || s.foldItem(r) || s.foldWithdrawal(r) || s.foldEvaluation(r)
}

func (s *State) enter(r *wire.Record, id string, e Entry) {
	if s.Entries.Has(id) {
		return
	}
	e.ID, e.Kind, e.Made = id, r.Kind, step(r, string(civil(r)), e.Document)
	s.Entries.Set(id, e)
}

// withdrawn takes back an entry, a report or a task; once.
func (s *State) withdrawn(r *wire.Record, d wire.DutyWithdrawn) {
	x := step(r, d.Day, "")
	if s.Entries.Has(d.Duty) {
		s.Entries.Change(d.Duty, func(e *Entry) { e.Withdrawn = first(e.Withdrawn, &x) })
	}
	if s.Reports.Has(d.Duty) {
		s.Reports.Change(d.Duty, func(e *Report) { e.Withdrawn = first(e.Withdrawn, &x) })
	}
	if s.Tasks.Has(d.Duty) {
		s.Tasks.Change(d.Duty, func(e *Task) { e.Withdrawn = first(e.Withdrawn, &x) })
	}
}

func first(a, b *Step) *Step {
	if a != nil {
		return a
	}
	return b
}

func (s *State) foldReport(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindReportDue:
		return with(r, func(d wire.ReportDue) {
			if !s.Reports.Has(d.Report) {
				s.Reports.Set(d.Report, Report{ReportDue: d, Made: step(r, string(civil(r)), "")})
			}
		})
	case wire.KindReportFiled:
		return with(r, func(d wire.ReportFiled) {
			if s.Reports.Has(d.Report) {
				s.Reports.Change(d.Report, func(x *Report) {
					if _, filed := x.FiledFor(hall.Date(d.Due)); !filed {
						x.Filed = append(slices.Clone(x.Filed), Filed{hall.Date(d.Due), hall.Date(d.Date), step(r, d.Date, "")})
					}
				})
			}
		})
	case wire.KindReportCancelled:
		return with(r, func(d wire.ReportCancelled) {
			if s.Reports.Has(d.Report) {
				ended := step(r, d.Date, "")
				s.Reports.Change(d.Report, func(x *Report) { x.Ends, x.Ended = hall.Date(d.Date), &ended })
			}
		})
	}
	return false
}

func (s *State) foldTask(r *wire.Record) bool {
	change := func(id, day, state string) {
		if s.Tasks.Has(id) {
			s.Tasks.Change(id, func(x *Task) { x.State, x.Steps = state, append(slices.Clone(x.Steps), step(r, day, "")) })
		}
	}
	switch r.Kind {
	case wire.KindTaskAssigned:
		return with(r, func(d wire.TaskAssigned) {
			if !s.Tasks.Has(d.Task) {
				s.Tasks.Set(d.Task, Task{TaskAssigned: d, State: Assigned, Steps: []Step{step(r, d.Day, "")}})
			}
		})
	case wire.KindTaskReported:
		return with(r, func(d wire.TaskReported) { change(d.Task, d.Day, Reported) })
	case wire.KindTaskAccepted:
		return with(r, func(d wire.TaskAccepted) { change(d.Task, d.Day, Accepted) })
	case wire.KindTaskReturned:
		return with(r, func(d wire.TaskReturned) { change(d.Task, d.Day, Returned) })
	case wire.KindTaskCancelled:
		return with(r, func(d wire.TaskCancelled) { change(d.Task, d.Day, Cancelled) })
	}
	return false
}

func (s *State) foldItem(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindItemListed:
		return with(r, func(d wire.ItemListed) {
			s.Items.Set(d.Item, Item{ItemListed: d, Listed: step(r, string(civil(r)), d.Document)})
		})
	case wire.KindItemUnlisted:
		return with(r, func(d wire.ItemUnlisted) {
			if s.Items.Has(d.Item) {
				ended := step(r, string(civil(r)), d.Document)
				s.Items.Change(d.Item, func(x *Item) { x.Ended = &ended })
			}
		})
	}
	return false
}

func (s *State) foldWithdrawal(r *wire.Record) bool {
	change := func(id string, x Step, state string, from hall.Date) {
		if w, ok := s.Withdrawals.Get(id); ok && w.Open() {
			w.State, w.From, w.Steps = state, from, append(slices.Clone(w.Steps), x)
			s.Withdrawals.Set(id, w)
		}
	}
	switch r.Kind {
	case wire.KindWithdrawalAsked:
		return with(r, func(d wire.WithdrawalAsked) {
			if !s.Withdrawals.Has(d.Withdrawal) {
				s.Withdrawals.Set(d.Withdrawal, Withdrawal{WithdrawalAsked: d, State: Asked, Steps: []Step{step(r, d.Date, d.Document)}})
			}
		})
	case wire.KindWithdrawalExamined:
		return with(r, func(d wire.WithdrawalExamined) { change(d.Withdrawal, step(r, d.Date, d.Document), Examined, "") })
	case wire.KindWithdrawalApproved:
		return with(r, func(d wire.WithdrawalApproved) {
			change(d.Withdrawal, step(r, d.Date, d.Document), Approved, hall.Date(d.From))
		})
	case wire.KindWithdrawalRefused:
		return with(r, func(d wire.WithdrawalRefused) { change(d.Withdrawal, step(r, d.Date, d.Document), Refused, "") })
	}
	return false
}

func (s *State) foldEvaluation(r *wire.Record) bool {
	day := string(civil(r))
	change := func(id string, change func(*Evaluation, Step)) {
		if x, ok := s.Evaluations.Get(id); ok && x.State == Draft {
			now := step(r, day, "")
			x.Steps = append(slices.Clone(x.Steps), now)
			change(&x, now)
			s.Evaluations.Set(id, x)
		}
	}
	switch r.Kind {
	case wire.KindEvaluationDrafted:
		return with(r, func(d wire.EvaluationDrafted) {
			if !s.Evaluations.Has(d.Evaluation) {
				now := step(r, day, "")
				s.Evaluations.Set(d.Evaluation, Evaluation{EvaluationDrafted: d, State: Draft, Text: now, Steps: []Step{now}})
			}
		})
	case wire.KindEvaluationEdited:
		return with(r, func(d wire.EvaluationEdited) {
			change(d.Evaluation, func(x *Evaluation, now Step) { x.Text = now })
		})
	case wire.KindEvaluationSigned:
		return with(r, func(d wire.EvaluationSigned) {
			change(d.Evaluation, func(x *Evaluation, _ Step) { x.State = Signed })
		})
	}
	return false
}

// civil is the day on which a record was made, by the hall's clock.
func civil(r *wire.Record) hall.Date { return hall.DateOf(r.At, r.At.Location()) }

// with reads the data of a record; what cannot be read changes nothing.
func with[T any](r *wire.Record, use func(T)) bool {
	var d T
	if json.Unmarshal(r.Data, &d) == nil {
		use(d)
	}
	return true
}
