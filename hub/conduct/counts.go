package conduct

import (
	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
)

// Counts are what indicators are made of (差评按期整改率, 实名差评回访率). They count
// cases by the last day on which they were to be rectified first.
type Counts struct {
	// Due are cases whose last day is over, InTime those of them that are rectified
	// and were late in no round.
	Due    int `json:"due"`
	InTime int `json:"in_time"`
	// Contact are those of Due where a citizen left a phone number, and Revisited
	// those of Contact where they were called: reached, or tried often enough.
	Contact   int `json:"contact"`
	Revisited int `json:"revisited"`
}

// By is what counts are broken down by.
type By string

// The breakdowns; ByHall has one row with an empty key.
const (
	ByHall       By = "hall"
	ByDepartment By = "department"
	ByWindow     By = "window"
	ByStaff      By = "staff"
	ByService    By = "service"
)

// key is the row that a case is counted in.
func (by By) key(c *Case) string {
	switch by {
	case ByDepartment:
		return c.Department
	case ByWindow:
		return c.Window
	case ByStaff:
		return c.Staff
	case ByService:
		return c.Service
	}
	return ""
}

// Filter bounds what is counted; an empty field is no bound.
type Filter struct {
	Department, Window, Staff, Service string
	// Complaints counts also cases that come from no rating.
	Complaints bool
	// Seen tells whether who asks may see a case; nil is all.
	Seen func(*Case) bool
}

// Fits tells whether a case is within a filter.
func (f *Filter) Fits(c *Case) bool {
	fits := func(want, got string) bool { return want == "" || want == got }
	return (f.Complaints || c.Rating()) && (f.Seen == nil || f.Seen(c)) && fits(f.Department, c.Department) && fits(f.Window, c.Window) && fits(f.Staff, c.Staff) && fits(f.Service, c.Service)
}

// Counts counts the cases of a filter whose last day is from from until until,
// both included, as they stand at the beginning of a day.
func (s *State) Counts(p *policy.State, today, from, until hall.Date, f Filter) Counts {
	return s.CountsBy(p, today, from, until, ByHall, f)[""]
}

// CountsBy counts by department, window, staff member or service. The department
// is the one that answers for a case now.
func (s *State) CountsBy(p *policy.State, today, from, until hall.Date, by By, f Filter) map[string]Counts {
	rows := map[string]Counts{}
	for _, c := range s.Cases.Each() {
		if hall.Date(c.Day) > until || !f.Fits(&c) {
			continue
		}
		due, _ := c.Rounds[0].Due(p)
		if due < from || due > until || due >= today || c.spared(due) {
			continue
		}
		n := rows[by.key(&c)]
		n.add(p, &c, today)
		rows[by.key(&c)] = n
	}
	return rows
}

// spared tells whether there was nothing to rectify: the rating was taken out,
// or the case found to be unfounded by its last day.
func (c *Case) spared(due hall.Date) bool {
	return c.Excluded || c.Result == ResultExcluded || c.Result == ResultUnfounded && c.End <= due
}

func (n *Counts) add(p *policy.State, c *Case, today hall.Date) {
	n.Due++
	if c.round().Done != "" && !c.On(p, today).RectifyLate {
		n.InTime++
	}
	if c.Contact {
		n.Contact++
		if c.Reached || c.Calls >= number(p, "revisit_tries", hall.Date(c.Day)) {
			n.Revisited++
		}
	}
}
