package duty

import (
	"cmp"
	"slices"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// Facts are what the assessment is told of duties: those whose day is in a time,
// both days included, as it is known on today. They do not depend on the order in
// which different things were entered, and what they say of a month that is over
// changes only where something about it is entered later.
func (s *State) Facts(from, until, today hall.Date, h roster.Hall) []assess.Fact {
	var all []assess.Fact
	for _, e := range s.Entries.Each() {
		if e.Withdrawn == nil && from <= e.Date && e.Date <= until && e.Date <= today {
			all = append(all, s.entryFacts(&e, h)...)
		}
	}
	for _, r := range s.Reports.Each() {
		all = append(all, s.reportFacts(&r, until, today, h)...)
	}
	for _, t := range s.Tasks.Each() {
		all = append(all, s.taskFacts(&t, today, h)...)
	}
	for end := from.MonthEnd(); end != "" && end <= until && end < today; end = end.AddDays(1).MonthEnd() {
		for _, m := range s.Missing(end, today, h) {
			all = append(all, assess.Fact{ID: "exchange." + m.Window + "." + string(end[:7]), Kind: "exchange_missing", Day: end, Window: m.Window,
				Department: s.DepartmentOf(m.Window, end, h), Events: []string{m.event}})
		}
	}
	all = slices.DeleteFunc(all, func(f assess.Fact) bool { return f.Day < from || f.Day > until })
	slices.SortFunc(all, func(a, b assess.Fact) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

func (s *State) entryFacts(e *Entry, h roster.Hall) []assess.Fact {
	f := assess.Fact{ID: "duty." + e.ID, Day: e.Date, Person: e.Staff, Window: e.Window, Department: e.Department, Events: []string{e.Made.Event}}
	switch e.Kind {
	case wire.KindItemElsewhere:
		f.Kind = "item_elsewhere"
	case wire.KindGuideMissing:
		f.Kind = "guide_missing"
	case wire.KindWithdrawalFound:
		f.Kind = "withdrawn_unapproved"
	case wire.KindScoringConfirmed:
		f.Kind = "own_scoring"
		if x, ok := s.Entries.Get(e.Attempt); ok {
			f.Events = []string{x.Made.Event, e.Made.Event}
		}
	case wire.KindExposureEntered:
		f.Kind, f.Values = "exposure", map[string]any{"source": e.Say}
	case wire.KindCommendationGiven:
		f.Kind = "commended"
		if e.Staff == "" {
			return s.each(f, h)
		}
	default:
		return nil
	}
	s.about(&f, h)
	return []assess.Fact{f}
}

// each makes a fact for everybody who held a post of a window: its score is their mean.
func (s *State) each(f assess.Fact, h roster.Hall) (all []assess.Fact) {
	id := f.ID
	for staff := range h.People.Staff.Each() {
		if windowOf(staff, f.Day, h) == f.Window {
			x := f
			x.ID, x.Person = id+"."+staff, staff
			s.about(&x, h)
			all = append(all, x)
		}
	}
	if len(all) == 0 {
		s.about(&f, h)
		return []assess.Fact{f}
	}
	return all
}

// about fills in whom a fact is about from what it names: a person's window and
// department, a window's department and chief representative, a department's window.
func (s *State) about(f *assess.Fact, h roster.Hall) {
	if f.Person != "" {
		if f.Window == "" {
			f.Window = windowOf(f.Person, f.Day, h)
		}
		if p, ok := h.People.Staff.Get(f.Person); ok && f.Department == "" {
			f.Department = p.Departments.Around(f.Day)
		}
	}
	if f.Window == "" && f.Department != "" {
		f.Window = s.windowFor(f.Department, f.Day, h)
	}
	if f.Window != "" {
		if f.Department == "" {
			f.Department = s.DepartmentOf(f.Window, f.Day, h)
		}
		if f.Person == "" {
			f.Person = h.People.RepresentativeOf(f.Window, f.Day)
		}
	}
}

// FiledFor finds the report that came for a due day.
func (r *Report) FiledFor(due hall.Date) (Filed, bool) {
	for _, x := range r.Filed {
		if x.Due == due {
			return x, true
		}
	}
	return Filed{}, false
}

// Dues are the days on which a report is due until a day, in order.
func (r *Report) Dues(until hall.Date) (all []hall.Date) {
	first := hall.Date(r.Due)
	if !first.Valid() {
		return nil
	}
	for due := first; due <= until && (r.Ends == "" || due <= r.Ends); {
		all = append(all, due)
		if !r.Monthly {
			break
		}
		due = due.MonthEnd().AddDays(1).MonthEnd() // of the next month
		if same := due[:8] + first[8:]; same < due {
			due = same
		}
	}
	return all
}

func (s *State) reportFacts(r *Report, until, today hall.Date, h roster.Hall) (all []assess.Fact) {
	if r.Withdrawn != nil {
		return nil
	}
	for _, due := range r.Dues(min(until, today)) {
		filed, _ := r.FiledFor(due)
		day, days, late := h.Policy.Calendar().Late(due, filed.Date, today)
		if !late {
			continue
		}
		f := assess.Fact{ID: "report." + r.Report + "." + string(due), Kind: "report_late", Day: day, Window: r.Window, Department: r.Department,
			Values: map[string]any{"overdue": float64(days)}, Events: []string{r.Made.Event}}
		if filed.Date != "" && filed.Date <= day.MonthEnd() { // as the number of days: what comes later changes nothing
			f.Events = append(f.Events, filed.Step.Event)
		}
		s.about(&f, h)
		all = append(all, f)
	}
	return all
}

// Late tells whether a task is or was late, from which day on and by how many
// working days. Its clock stands still from the day on which it was reported until
// it is returned; one that is returned after its due day is due on the day of that.
func (t *Task) Late(c *hall.Calendar, today hall.Date) (day hall.Date, days int, late bool) {
	if t.Withdrawn != nil {
		return "", 0, false
	}
	due, running := hall.Date(t.Due), true
	for _, x := range t.Steps[1:] {
		switch x.Kind {
		case wire.KindTaskReported, wire.KindTaskCancelled:
			if running {
				if day, days, late = c.Late(due, x.Day, today); late {
					return day, days, late
				}
			}
			running = false
		case wire.KindTaskReturned:
			due, running = max(due, x.Day), true
		}
	}
	if !running {
		return "", 0, false
	}
	return c.Late(due, "", today)
}

func (s *State) taskFacts(t *Task, today hall.Date, h roster.Hall) []assess.Fact {
	day, days, late := t.Late(h.Policy.Calendar(), today)
	if !late {
		return nil
	}
	f := assess.Fact{ID: "task." + t.Task, Kind: "task_late", Day: day, Person: t.Staff, Window: t.Window, Department: t.Department,
		Values: map[string]any{"overdue": float64(days)}}
	for _, x := range t.Steps {
		if x.Day <= day.MonthEnd() { // as the number of days: what comes later changes nothing
			f.Events = append(f.Events, x.Event)
		}
	}
	s.about(&f, h)
	return []assess.Fact{f}
}

// Missing is a window without its exchange meetings of a month.
type Missing struct {
	Window string `json:"window"`
	Held   int    `json:"held"`
	Least  int    `json:"least"`
	event  string
}

// Missing are the windows that were open in the month of a day and lack exchange
// meetings, in the order of their ids. A window was open where somebody held a post
// of it on a working day on which it was on the list; one that has left the list by
// the month's end is not counted.
func (s *State) Missing(month, today hall.Date, h roster.Hall) (all []Missing) {
	end := month.MonthEnd()
	first, last := end[:8]+"01", min(end, today)
	least := 1
	if p, ok := h.Policy.On("exchange_least", end); ok {
		least = int(p.Value)
	}
	held := map[string]int{}
	for _, e := range s.Entries.Each() {
		if e.Kind == wire.KindExchangeHeld && e.Withdrawn == nil && first <= e.Date && e.Date <= end {
			held[e.Window]++
		}
	}
	for window, days := range manned(first, last, h) {
		x, listed := s.stayOn(window, last)
		open := slices.ContainsFunc(days, func(day hall.Date) bool { _, ok := s.stayOn(window, day); return ok })
		if listed && open && held[window] < least {
			all = append(all, Missing{window, held[window], least, x.Event})
		}
	}
	slices.SortFunc(all, func(a, b Missing) int { return cmp.Compare(a.Window, b.Window) })
	return all
}
