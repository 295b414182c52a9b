package cycle

import (
	"encoding/json"
	"slices"
	"time"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// Stage is how far a period is.
type Stage string

// The stages. Nobody has computed a running period, or one that is over.
const (
	Running   Stage = "running"
	Over      Stage = "over"
	Computed  Stage = "computed"
	Reviewed  Stage = "reviewed"
	Appeals   Stage = "appeals"
	Published Stage = "published"
)

// Step is one thing that was done with a period.
type Step struct {
	Step Stage `json:"step"`
	// Day is the civil day, Event the record.
	At     time.Time     `json:"at"`
	Day    hall.Date     `json:"day"`
	By     string        `json:"by"`
	Event  wire.Position `json:"event"`
	Digest string        `json:"digest,omitempty"`
}

// Revision is one published outcome; the first is the publication.
type Revision struct {
	Number int           `json:"number"`
	At     time.Time     `json:"at"`
	Day    hall.Date     `json:"day"`
	By     string        `json:"by"`
	Event  wire.Position `json:"event"`
	// Through is the last record that was taken into account.
	Through wire.Position `json:"through"`
	Digest  string        `json:"digest"`
	// Reason is sealed; nil in the first.
	Reason *wire.Sealed `json:"reason,omitempty"`
	// Withdrawn says that it was taken off the board.
	Withdrawn *hall.Withdrawal `json:"withdrawn,omitempty"`
}

// Period is one month, quarter or year.
type Period struct {
	Steps []Step `json:"steps"`
	// Until is the last day for appeals; empty while it is not open to them.
	Until     hall.Date  `json:"until,omitempty"`
	Revisions []Revision `json:"revisions,omitempty"`
}

// Stage is how far it is on a day that is after its last one.
func (p *Period) Stage() Stage {
	if len(p.Steps) == 0 {
		return Over
	}
	return p.Steps[len(p.Steps)-1].Step
}

// Digest is that of the outcome that was computed or published last.
func (p *Period) Digest() string {
	for i := len(p.Steps) - 1; i >= 0; i-- {
		if d := p.Steps[i].Digest; d != "" {
			return d
		}
	}
	return ""
}

// Last is the newest revision, also one that was taken off the board; ok is false where there is none.
func (p *Period) Last() (r Revision, ok bool) {
	if n := len(p.Revisions); n > 0 {
		return p.Revisions[n-1], true
	}
	return r, false
}

// Published is the newest revision; ok is false where there is none, or it was taken off the board.
func (p *Period) Published() (r Revision, ok bool) {
	r, ok = p.Last()
	return r, ok && r.Withdrawn == nil
}

// The states of an appeal.
const (
	Waiting = "waiting"
	Granted = "granted"
	Refused = "refused"
)

// Appeal is an appeal against a finding of a month (申诉).
type Appeal struct {
	wire.ScoreAppealed
	State     string        `json:"state"`
	At        time.Time     `json:"at"`
	By        string        `json:"by"`
	Event     wire.Position `json:"event"`
	EventID   string        `json:"event_id"`
	Text      *wire.Sealed  `json:"text,omitempty"`
	Decided   *time.Time    `json:"decided_at,omitempty"`
	DecidedBy string        `json:"decided_by,omitempty"`
	// Verdict is the event of the decision; Reason what was said with it.
	Verdict string       `json:"verdict,omitempty"`
	Reason  *wire.Sealed `json:"reason,omitempty"`
}

// State is all periods and appeals. The zero value is that of an empty log.
type State struct {
	Periods hall.Table[Period]
	Appeals hall.Table[Appeal]
	// findings are the last appeals by what they are about.
	findings hall.Table[string]
}

// Tables are what a view keeps.
func (s *State) Tables() hall.Tables {
	return hall.Tables{"period": &s.Periods, "score-appeal": &s.Appeals, "score-appeal-of": &s.findings}
}

// Stage is how far a period is on a day.
func (s *State) Stage(p assess.Period, today hall.Date) Stage {
	x, _ := s.Periods.Get(string(p))
	if _, until := p.Days(); len(x.Steps) == 0 && today <= until {
		return Running
	}
	return x.Stage()
}

// PublishedIn tells whether a month with any of those days, both included, is published.
func (s *State) PublishedIn(from, until hall.Date) bool {
	for name, x := range s.Periods.Each() {
		p := assess.Period(name)
		if _, out := x.Published(); !out || p.Kind() != assess.PerMonth {
			continue
		}
		if first, last := p.Days(); first <= until && from <= last {
			return true
		}
	}
	return false
}

// Voided tells whether a finding was taken out by an appeal, and by which.
func (s *State) Voided(f *assess.Scored) (a Appeal, ok bool) {
	id, ok := s.findings.Get(about(f.Fact, f.Rule, f.To, f.Subject))
	if !ok {
		return a, false
	}
	a, _ = s.Appeals.Get(id)
	return a, a.State == Granted
}

// AppealOf gives the last appeal against a finding.
func (s *State) AppealOf(f *assess.Scored) (a Appeal, ok bool) {
	id, ok := s.findings.Get(about(f.Fact, f.Rule, f.To, f.Subject))
	if ok {
		a, ok = s.Appeals.Get(id)
	}
	return a, ok
}

// AppealsOf are those of a period, by their ids, which are in the order of time.
func (s *State) AppealsOf(p assess.Period) (all []Appeal) {
	for _, a := range s.Appeals.All() {
		if a.Period == string(p) {
			all = append(all, a)
		}
	}
	return all
}

func about(fact, rule string, to assess.To, subject string) string {
	return fact + "\x00" + rule + "\x00" + string(to) + "\x00" + subject
}

// Fold applies a record and tells whether it was of a period.
func (s *State) Fold(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindPeriodComputed:
		return with(r, func(d wire.PeriodComputed) { s.step(r, d.Period, Computed, d.Digest) })
	case wire.KindPeriodReviewed:
		return with(r, func(d wire.PeriodReviewed) { s.step(r, d.Period, Reviewed, d.Digest) })
	case wire.KindPeriodOpened:
		return with(r, func(d wire.PeriodOpened) {
			s.step(r, d.Period, Appeals, "")
			s.Periods.Change(d.Period, func(p *Period) { p.Until = hall.Date(d.Until) })
		})
	case wire.KindPeriodPublished, wire.KindPeriodRevised:
		return with(r, func(d wire.PeriodPublished) { s.published(r, d) })
	case wire.KindPeriodUnpublished:
		return with(r, func(d wire.PeriodUnpublished) { s.unpublish(r, d) })
	case wire.KindScoreAppealed:
		return with(r, func(d wire.ScoreAppealed) {
			s.Appeals.Set(d.Appeal, Appeal{ScoreAppealed: d, State: Waiting, At: r.StoredAt, By: r.ActorID(), Event: r.Position, EventID: r.ID, Text: r.FirstSealed()})
			s.findings.Set(about(d.Finding, d.Rule, assess.To(d.To), d.Subject), d.Appeal)
		})
	case wire.KindScoreDecided:
		return with(r, func(d wire.ScoreDecided) { s.decided(r, d) })
	}
	return false
}

func (s *State) step(r *wire.Record, period string, stage Stage, digest string) {
	s.Periods.Change(period, func(p *Period) {
		p.Steps = append(slices.Clone(p.Steps), Step{stage, r.StoredAt, civil(r), r.ActorID(), r.Position, digest})
	})
}

func (s *State) published(r *wire.Record, d wire.PeriodPublished) {
	if r.Kind == wire.KindPeriodPublished {
		s.step(r, d.Period, Published, d.Digest)
	}
	s.Periods.Change(d.Period, func(p *Period) {
		p.Revisions = append(slices.Clone(p.Revisions), Revision{d.Revision, r.StoredAt, civil(r), r.ActorID(), r.Position, d.Through, d.Digest, r.FirstSealed(), nil})
	})
}

func (s *State) unpublish(r *wire.Record, d wire.PeriodUnpublished) {
	s.Periods.Change(d.Period, func(p *Period) {
		p.Revisions = slices.Clone(p.Revisions)
		for i := range p.Revisions {
			if x := &p.Revisions[i]; x.Number == d.Revision && x.Withdrawn == nil {
				x.Withdrawn = hall.WithdrawalOf(r, 0) // it stands at its revision
			}
		}
	})
}

func (s *State) decided(r *wire.Record, d wire.ScoreDecided) {
	if a, ok := s.Appeals.Get(d.Appeal); !ok || a.State != Waiting {
		return
	}
	s.Appeals.Change(d.Appeal, func(a *Appeal) {
		at := r.StoredAt
		a.State, a.Decided, a.DecidedBy, a.Verdict, a.Reason = Refused, &at, r.ActorID(), r.ID, r.FirstSealed()
		if d.Granted {
			a.State = Granted
		}
	})
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
