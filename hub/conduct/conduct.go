// Package conduct is what a bad review or a complaint leads to (差评与投诉整改,
// 国办发〔2019〕51号, 63号 第十条(四)): a case (差评件) with a department that answers for
// it and clocks of working days, the staff member's appeal, and the exclusion of
// a rating that was a mistake or malice. It refuses to know ratings beyond the
// visit that a case is about, and who may see what.
//
// It is pure: commands may refuse, Fold cannot fail.
package conduct

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// State is all cases. The zero value is that of an empty log.
type State struct {
	Cases hall.Table[Case]
	// Exclusions are by id.
	Exclusions hall.Table[Exclusion]

	// byVisit and byNumber name a case, ofExtension and ofAppeal the case of one.
	byVisit     hall.Table[string]
	byNumber    hall.Table[string]
	ofExtension hall.Table[string]
	ofAppeal    hall.Table[string]
	// visits are the last exclusion of a visit.
	visits hall.Table[string]
	// running are the cases that are not closed: clocks are looked at each second.
	running hall.Table[bool]
	numbers hall.Table[int]
	swept   hall.Table[hall.Date]
}

// Tables are what a view keeps.
func (s *State) Tables() hall.Tables {
	return hall.Tables{"case": &s.Cases, "exclusion": &s.Exclusions, "case-visit": &s.byVisit, "case-named": &s.byNumber, "case-extension": &s.ofExtension,
		"case-appeal": &s.ofAppeal, "exclusion-visit": &s.visits, "case-running": &s.running, "case-number": &s.numbers, "case-swept": &s.swept}
}

// Find gives a case by its id or its number.
func (s *State) Find(name string) (Case, bool) {
	if id, ok := s.byNumber.Get(name); ok {
		name = id
	}
	return s.Cases.Get(name)
}

// OfVisit gives the case that a visit's rating has opened.
func (s *State) OfVisit(visit string) (Case, bool) {
	id, _ := s.byVisit.Get(visit)
	return s.Cases.Get(id)
}

// OfExtension gives the case of a request for more days.
func (s *State) OfExtension(id string) (Case, bool) {
	name, _ := s.ofExtension.Get(id)
	return s.Cases.Get(name)
}

// OfAppeal gives the case of an appeal.
func (s *State) OfAppeal(id string) (Case, bool) {
	name, _ := s.ofAppeal.Get(id)
	return s.Cases.Get(name)
}

// ExclusionOf gives the last exclusion that was proposed of a visit.
func (s *State) ExclusionOf(visit string) (Exclusion, bool) {
	id, _ := s.visits.Get(visit)
	return s.Exclusions.Get(id)
}

// Excluded tells whether two people have taken the rating of a visit out.
func (s *State) Excluded(visit string) bool {
	x, ok := s.ExclusionOf(visit)
	return ok && x.State == Granted
}

// next is the number after the last of a year.
func (s *State) next(day hall.Date) string {
	last, _ := s.numbers.Get(strconv.Itoa(day.Year()))
	return fmt.Sprintf("P%04d-%06d", day.Year(), last+1)
}

// Fold applies a record and tells whether it was of a case or an exclusion.
func (s *State) Fold(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindCaseOpened:
		return with(r, func(d wire.CaseOpened) { s.opened(r, d) })
	case wire.KindCaseExplained:
		return with(r, func(d wire.CaseExplained) { s.explained(r, d) })
	case wire.KindCaseAssigned:
		return with(r, func(d wire.CaseAssigned) {
			s.change(r, d.Case, d.Day, d.Department, func(c *Case, _ hall.Date) { c.Department, c.Handler = d.Department, d.Staff })
		})
	case wire.KindCaseGraded:
		return with(r, func(d wire.CaseGraded) {
			s.change(r, d.Case, d.Day, strconv.FormatBool(d.Hard), func(c *Case, _ hall.Date) { c.Hard, c.round().Hard = d.Hard, d.Hard })
		})
	case wire.KindCaseAnswered:
		return with(r, func(d wire.CaseAnswered) {
			s.change(r, d.Case, d.Day, "", func(c *Case, day hall.Date) { c.State, c.AnsweredOn = Answered, day })
		})
	case wire.KindCaseRectified:
		return with(r, func(d wire.CaseRectified) {
			s.change(r, d.Case, d.Day, "", func(c *Case, day hall.Date) { c.State, c.round().Done = Rectified, day })
		})
	case wire.KindCaseRevisited:
		return with(r, func(d wire.CaseRevisited) {
			s.change(r, d.Case, d.Day, d.Result, func(c *Case, day hall.Date) { c.revisited(d.Result, day) })
		})
	case wire.KindCaseClosed:
		return with(r, func(d wire.CaseClosed) {
			s.change(r, d.Case, d.Day, d.Result, func(c *Case, day hall.Date) {
				c.State, c.Result, c.End = Closed, d.Result, day
				s.running.Delete(d.Case)
			})
		})
	}
	return s.foldRequest(r)
}

func (s *State) foldRequest(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindExtensionAsked:
		return with(r, func(d wire.ExtensionAsked) {
			s.change(r, d.Case, d.Day, strconv.Itoa(d.Days), func(c *Case, day hall.Date) {
				c.Extensions = append(c.Extensions, Extension{ID: d.Extension, Day: day, Days: d.Days, State: Waiting, By: r.ActorID(), Round: len(c.Rounds) - 1})
				s.ofExtension.Set(d.Extension, d.Case)
			})
		})
	case wire.KindExtensionDecided:
		return with(r, func(d wire.ExtensionDecided) {
			s.change(r, d.Case, d.Day, verdict(d.Approved), func(c *Case, _ hall.Date) { c.extended(d) })
		})
	case wire.KindAppealMade:
		return with(r, func(d wire.AppealMade) {
			s.change(r, d.Case, d.Day, d.Staff, func(c *Case, day hall.Date) {
				c.Appeal = &Appeal{ID: d.Appeal, Day: day, Staff: d.Staff, State: Waiting, By: r.ActorID()}
				s.ofAppeal.Set(d.Appeal, d.Case)
			})
		})
	case wire.KindAppealDecided:
		return with(r, func(d wire.AppealDecided) {
			s.change(r, d.Case, d.Day, verdict(d.Granted), func(c *Case, _ hall.Date) {
				if c.Appeal != nil && c.Appeal.ID == d.Appeal {
					decided := *c.Appeal
					decided.State = verdict(d.Granted)
					c.Appeal = &decided
				}
			})
		})
	case wire.KindExclusionProposed:
		return with(r, func(d wire.ExclusionProposed) { s.proposed(r, d) })
	case wire.KindExclusionDecided:
		return with(r, func(d wire.ExclusionDecided) { s.excluded(r, d) })
	}
	return false
}

func verdict(granted bool) string {
	if granted {
		return Granted
	}
	return Refused
}

// change changes a case that there is. A day before its last is taken for the last: its clock does not run back.
func (s *State) change(r *wire.Record, id, day, say string, change func(*Case, hall.Date)) {
	if !s.Cases.Has(id) {
		return
	}
	s.Cases.Change(id, func(c *Case) {
		c.Steps, c.Rounds, c.Extensions = slices.Clone(c.Steps), slices.Clone(c.Rounds), slices.Clone(c.Extensions)
		c.Last = max(c.Last, hall.Date(day))
		change(c, c.Last)
		c.Steps = append(c.Steps, Step{Kind: r.Kind, Position: r.Position, Day: hall.Date(day), Say: say, By: r.ActorID(), Sealed: r.FirstSealed()})
	})
}

func (s *State) opened(r *wire.Record, d wire.CaseOpened) {
	day := hall.Date(d.Day)
	year, number, _ := strings.Cut(strings.TrimPrefix(d.Number, "P"), "-")
	if n, err := strconv.Atoi(number); err == nil {
		s.numbers.Change(year, func(last *int) { *last = max(*last, n) })
	}
	s.sweep(day)
	c := Case{CaseOpened: d, State: Open, Last: day, Rounds: []Round{{From: day, Hard: d.Hard}},
		Steps: []Step{{Kind: r.Kind, Position: r.Position, Day: day, Say: string(d.Source), By: r.ActorID(), Sealed: r.FirstSealed()}}}
	c.Excluded = d.Visit != "" && s.Excluded(d.Visit)
	s.Cases.Set(d.Case, c)
	s.byNumber.Set(d.Number, d.Case)
	s.running.Set(d.Case, true)
	if d.Visit != "" {
		s.byVisit.Set(d.Visit, d.Case)
	}
}

func (s *State) explained(r *wire.Record, d wire.CaseExplained) {
	s.change(r, d.Case, d.Day, "", func(c *Case, _ hall.Date) {
		if len(d.Reasons) > 0 {
			c.Reasons = d.Reasons
		}
		c.Words, c.Contact = c.Words || d.Words, c.Contact || d.Contact
	})
}

func (c *Case) revisited(result string, day hall.Date) {
	c.Calls, c.Revisit = c.Calls+1, result
	c.Reached = c.Reached || result != Unreached
	if result == Unsatisfied {
		c.State, c.Calls = Answered, 0
		c.Rounds = append(c.Rounds, Round{From: day, Hard: c.Hard})
	}
}

func (c *Case) extended(d wire.ExtensionDecided) {
	for i := range c.Extensions {
		x := &c.Extensions[i]
		if x.ID != d.Extension || x.State != Waiting {
			continue
		}
		x.State = verdict(d.Approved)
		if d.Approved && x.Round < len(c.Rounds) {
			c.Rounds[x.Round].Extra += x.Days
		}
	}
}

func (s *State) proposed(r *wire.Record, d wire.ExclusionProposed) {
	s.Exclusions.Set(d.Exclusion, Exclusion{ExclusionProposed: d, State: Waiting, On: civil(r), By: r.ActorID(), Reason: r.FirstSealed(), First: r.Position})
	s.visits.Set(d.Visit, d.Exclusion)
	s.step(r, d.Visit, d.Case, d.Why)
}

func (s *State) excluded(r *wire.Record, d wire.ExclusionDecided) {
	if x, ok := s.Exclusions.Get(d.Exclusion); ok && x.State == Waiting {
		x.State, x.Second, x.Verdict, x.Decided = verdict(d.Approved), r.ActorID(), r.FirstSealed(), civil(r)
		s.Exclusions.Set(d.Exclusion, x)
	}
	s.step(r, d.Visit, d.Case, verdict(d.Approved))
	if c, ok := s.about(d.Visit, d.Case); ok && d.Approved {
		s.Cases.Change(c.Case, func(c *Case) { c.Excluded = true })
	}
}

// about is the case that an exclusion is about: the one that it names, else that of its visit.
func (s *State) about(visit, name string) (Case, bool) {
	if c, ok := s.Cases.Get(name); ok {
		return c, true
	}
	return s.OfVisit(visit)
}

// step puts what became of an exclusion into the story of its case.
func (s *State) step(r *wire.Record, visit, name, say string) {
	if c, ok := s.about(visit, name); ok {
		s.change(r, c.Case, string(civil(r)), say, func(*Case, hall.Date) {})
	}
}

// keptDays is how long after its end a case's story is at hand: the log has all.
// What indicators count of it stays.
const keptDays = 800

// sweep forgets the stories of cases that ended long ago, once a day.
func (s *State) sweep(day hall.Date) {
	if last, _ := s.swept.Get("last"); last >= day {
		return
	}
	s.swept.Set("last", day)
	before := day.AddDays(-keptDays)
	var old []string
	for id, c := range s.Cases.Each() {
		if !c.IsOpen() && c.Last < before && c.Steps != nil {
			old = append(old, id)
		}
	}
	for _, id := range old {
		s.Cases.Change(id, func(c *Case) { c.Steps = nil })
	}
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

// Appealed are the numbers of the cases that ended or happened on those days, both
// included, and whose appeals nobody has decided.
func (s *State) Appealed(from, until hall.Date) (numbers []string) {
	for _, c := range s.Cases.All() {
		if day := hall.Date(c.Day); c.Appeal != nil && c.Appeal.State == Waiting && from <= day && day <= until {
			numbers = append(numbers, c.Number)
		}
	}
	return numbers
}
