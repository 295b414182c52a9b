package duty

import "hallkeeper/hub/hall"

// Overdue counts the reports that have not come in time and still have not, and the
// tasks that somebody still has to report and whose day is past.
func (s *State) Overdue(c *hall.Calendar, today hall.Date) (n int) {
	for _, r := range s.Reports.Each() {
		if r.Withdrawn != nil {
			continue
		}
		for _, due := range r.Dues(today) {
			if _, filed := r.FiledFor(due); filed {
				continue
			}
			if _, _, late := c.Late(due, "", today); late {
				n++
			}
		}
	}
	for _, t := range s.Tasks.Each() {
		if t.State != Assigned && t.State != Returned {
			continue
		}
		if _, _, late := t.Late(c, today); late {
			n++
		}
	}
	return n
}
