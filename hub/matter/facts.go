package matter

import (
	"cmp"
	"slices"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// Facts are what the assessment is told of matters (办件逾期, 容缺承诺逾期, 群众两头跑;
// 63号 第三条, 第九条, 第十条(二)): those whose day is in a time, both days included,
// as it is known on today. departmentOf gives the department of a window on a day.
//
// A lateness belongs to the first day after the limit, and its working days are
// counted until the end of that day's month: what a month says of it is the same
// ever after.
func (s *State) Facts(from, until, today hall.Date, c *hall.Calendar, departmentOf func(window string, day hall.Date) string) []assess.Fact {
	var all []assess.Fact
	for _, m := range s.Matters.Each() {
		if f, late := m.late(c, today); late {
			all = append(all, f)
		}
		if f, late := m.promiseLate(c, today); late {
			all = append(all, f)
		}
	}
	for _, v := range s.away.Each() {
		if v.Day <= today {
			all = append(all, assess.Fact{ID: "sent_away." + v.Visit, Kind: "sent_away", Day: v.Day, Window: v.Window, Events: []string{v.Event}})
		}
	}
	all = slices.DeleteFunc(all, func(f assess.Fact) bool { return f.Day < from || f.Day > until })
	for i := range all {
		if f := &all[i]; f.Department == "" && departmentOf != nil {
			f.Department = departmentOf(f.Window, f.Day)
		}
	}
	slices.SortFunc(all, func(a, b assess.Fact) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// limit is the working days within which a matter is to end: what was promised, else what the law says.
func (m *Matter) limit() int {
	if m.Promised > 0 {
		return m.Promised
	}
	return m.Legal
}

func (m *Matter) late(c *hall.Calendar, today hall.Date) (f assess.Fact, late bool) {
	limit := m.limit()
	if m.State == Void || limit <= 0 {
		return f, false
	}
	day, _ := m.Due(c, limit+1) // the first working day beyond it on which the clock ran
	if day == "" || day > today {
		return f, false
	}
	used, _ := m.Used(c, min(day.MonthEnd(), today))
	return m.fact("matter_late", day, used-limit), used > limit
}

func (m *Matter) promiseLate(c *hall.Calendar, today hall.Date) (f assess.Fact, late bool) {
	if m.State == Void || len(m.Gaps) == 0 || m.GapsDue == "" {
		return f, false
	}
	day, days, late := c.Late(hall.Date(m.GapsDue), m.made(), today)
	return m.fact("promise_late", day, days), late
}

// made is the day on which the last of what was promised came, or on which the
// matter ended; empty while something is owed.
func (m *Matter) made() hall.Date {
	owed := slices.Clone(m.Gaps)
	for _, x := range m.Steps {
		if x.Kind == wire.KindMatterSupplemented {
			owed = slices.DeleteFunc(owed, func(d string) bool { return slices.Contains(x.Documents, d) })
			if len(owed) == 0 {
				return x.Day
			}
		}
	}
	return m.End
}

// fact makes one with the events of the matter until the end of its day's month.
func (m *Matter) fact(kind string, day hall.Date, overdue int) assess.Fact {
	f := assess.Fact{ID: kind + "." + m.Matter, Kind: kind, Day: day, Window: m.Window, Department: m.Department, Values: map[string]any{"overdue": float64(overdue)}}
	for _, x := range m.Steps {
		if x.Day <= day.MonthEnd() {
			f.Events = append(f.Events, x.Event)
		}
	}
	return f
}
