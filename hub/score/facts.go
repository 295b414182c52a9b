package score

import (
	"strconv"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/conduct"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/wire"
)

// facts are all of those days, both included: of check sheets, cases, matters,
// duties and replacements.
func (g *Ground) facts(from, until hall.Date, days map[hall.Date]*dayOf) (all []assess.Fact) {
	for _, d := range days {
		all = append(all, d.facts...)
	}
	all = append(all, g.cases(from, until)...)
	for i := range all {
		f := &all[i]
		if f.Department == "" && f.Window != "" {
			f.Department = g.Windows.Windows[f.Window].Department
		}
	}
	return all
}

// cases are the facts of bad reviews and complaints: one that was upheld counts on
// the day on which it was closed, one that was late on the first day after its last.
func (g *Ground) cases(from, until hall.Date) (all []assess.Fact) {
	p := g.View.State.Policy
	for _, c := range g.View.State.Conduct.Cases.Each() {
		if c.Excluded || hall.Date(c.Day) > until {
			continue
		}
		if f, ok := upheld(&c); ok && f.Day >= from && f.Day <= until {
			all = append(all, f)
		}
		if f, ok := g.overdue(p, &c, until); ok && f.Day >= from && f.Day <= until {
			all = append(all, f)
		}
	}
	return all
}

func upheld(c *conduct.Case) (f assess.Fact, ok bool) {
	if c.IsOpen() || c.Result != conduct.ResultRectified {
		return f, false
	}
	f = assess.Fact{ID: "case." + c.Number, Kind: "complaint", Day: c.End, Person: c.Staff, Window: c.Window, Department: c.Department,
		Values: map[string]any{"source": string(c.Source)}, Events: steps(c, wire.KindCaseOpened, wire.KindCaseClosed)}
	if c.Rating() {
		f.Kind, f.Values["level"] = "bad_review", float64(c.Level)
	}
	return f, true
}

// overdue is a case that was answered or rectified late, as of a day: the first
// clock that ran out makes the fact, and it is as long as the longest.
func (g *Ground) overdue(p *policy.State, c *conduct.Case, until hall.Date) (f assess.Fact, ok bool) {
	first, days := c.Overdue(p, until)
	if first == "" {
		return f, false
	}
	person := c.Handler
	if person == "" && c.Window != "" {
		person = g.View.State.People.RepresentativeOf(c.Window, first)
	}
	if person == "" {
		person = c.Staff
	}
	return assess.Fact{ID: "case-late." + c.Number, Kind: "case_late", Day: first, Person: person, Window: c.Window, Department: c.Department,
		Values: map[string]any{"overdue": float64(days)}, Events: steps(c, wire.KindCaseOpened, wire.KindCaseAnswered, wire.KindCaseRectified)}, true
}

// steps are the records of a case's story that a fact stands on, by their positions.
func steps(c *conduct.Case, kinds ...wire.Kind) (all []string) {
	for i := range c.Steps {
		for _, k := range kinds {
			if c.Steps[i].Kind == k {
				all = append(all, At(c.Steps[i].Position))
			}
		}
	}
	return all
}

// At names a record by its position, where an event's id is not at hand: "#41230".
func At(p wire.Position) string { return "#" + strconv.FormatUint(uint64(p), 10) }
