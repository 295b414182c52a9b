package roster

import (
	"cmp"
	"slices"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
)

// Facts are what the assessment is told of demands to replace somebody that were
// not met in time (63号 第十二条(六)): those whose day is in a time, both days
// included, as it is known on today. The day is the first working day after the
// last; the working days are counted until the end of its month.
func (p *People) Facts(from, until, today hall.Date, c *hall.Calendar) []assess.Fact {
	var all []assess.Fact
	for id, x := range p.Replacements.Each() {
		done := hall.Date("")
		if x.Met != nil {
			done = hall.Date(x.Met.On)
		}
		day, days, late := c.Late(hall.Date(x.Due), done, today)
		if !late || day < from || day > until {
			continue
		}
		f := assess.Fact{ID: "replacement." + id, Kind: "replacement_late", Day: day, Department: x.Department, Values: map[string]any{"overdue": float64(days)}}
		for i := range x.Steps {
			if i == 0 || done <= day.MonthEnd() {
				f.Events = append(f.Events, x.Steps[i].Event)
			}
		}
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b assess.Fact) int { return cmp.Compare(a.ID, b.ID) })
	return all
}
