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
	state := g.View.State
	h, known := state.Hall(g.Windows), g.known(until)
	for day, d := range days {
		all = append(all, d.facts...)
		all = append(all, state.Book.SwapFacts(day, d.suspects)...)
	}
	all = append(all, g.cases(from, until, known)...)
	all = append(all, state.Duties.Facts(from, until, known, h)...)
	all = append(all, state.Matters.Facts(from, until, known, state.Policy.Calendar(), g.departmentOf)...)
	all = append(all, state.People.Facts(from, until, known, state.Policy.Calendar())...)
	for i := range all {
		f := &all[i]
		if f.Department == "" && f.Window != "" {
			f.Department = g.departmentOf(f.Window, f.Day)
		}
	}
	return all
}

func (g *Ground) departmentOf(window string, day hall.Date) string {
	return g.View.State.Duties.DepartmentOf(window, day, g.View.State.Hall(g.Windows))
}

// known is the day as of which a span is told that ends with until: the day after
// it, however much later it is asked for, and while days are still to be checked, the day after the last that is.
func (g *Ground) known(until hall.Date) hall.Date {
	newest := g.newest()
	if newest == "" { // nothing is known of a hall that has not begun
		return ""
	}
	for day := newest.AddDays(1); day <= until; day = day.AddDays(1) {
		if g.View.State.Policy.Calendar().IsWorkday(day) {
			return newest.AddDays(1)
		}
	}
	return until.AddDays(1)
}

// cases are the facts of bad reviews and complaints: one that was upheld counts on
// the day on which it was closed, one that was late on the first working day after its last.
func (g *Ground) cases(from, until, known hall.Date) (all []assess.Fact) {
	p := g.View.State.Policy
	for _, c := range g.View.State.Conduct.Cases.Each() {
		if c.Excluded || hall.Date(c.Day) > until {
			continue
		}
		if f, ok := upheld(&c); ok && f.Day >= from && f.Day <= until {
			all = append(all, f)
		}
		if f, ok := g.overdue(p, &c, known); ok && f.Day >= from && f.Day <= until {
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

// overdue is a case that was answered or rectified late, as it is known on a day:
// the first clock that ran out makes the fact.
func (g *Ground) overdue(p *policy.State, c *conduct.Case, known hall.Date) (f assess.Fact, ok bool) {
	first, days := c.Overdue(p, known)
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
