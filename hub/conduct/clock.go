package conduct

import (
	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
)

// number is a parameter of the policy that holds on a day.
func number(p *policy.State, name string, day hall.Date) int {
	x, _ := p.On(name, day)
	return int(x.Value)
}

// Due is the last day of a round. provisional tells that it is in a year without a published calendar.
func (x *Round) Due(p *policy.State) (due hall.Date, provisional bool) {
	name := "case_rectify"
	if x.Hard {
		name = "case_rectify_hard"
	}
	return p.Calendar().Add(x.From, number(p, name, x.From)+x.Extra)
}

// late tells whether a round was not over by its last day; end is the day on
// which the case was closed, empty while it is not.
func (x *Round) late(p *policy.State, today, end hall.Date) bool {
	due, _ := x.Due(p)
	return ended(x.Done, end, today) > due
}

// ended is the day on which something was done: itself, else with the end of the case, else not before today.
func ended(done, end, today hall.Date) hall.Date {
	switch {
	case done != "":
		return done
	case end != "":
		return end
	}
	return today
}

// AnswerDue is the last day for the answer.
func (c *Case) AnswerDue(p *policy.State) (due hall.Date, provisional bool) {
	day := hall.Date(c.Day)
	return p.Calendar().Add(day, number(p, "case_answer", day))
}

// AppealUntil is the last day for an appeal.
func (c *Case) AppealUntil(p *policy.State) (due hall.Date, provisional bool) {
	day := hall.Date(c.Day)
	return p.Calendar().Add(day, number(p, "appeal_days", day))
}

// Standing is how a case stands on a day.
type Standing struct {
	// AnswerDue and RectifyDue are last days; RectifyDue is of the present round. Provisional
	// tells that one of them is in a year whose calendar is not published.
	AnswerDue   string `json:"answer_due"`
	RectifyDue  string `json:"rectify_due"`
	AppealUntil string `json:"appeal_until"`
	Provisional bool   `json:"provisional,omitempty"`
	// AnswerLate and RectifyLate stay once they are true, also after the end.
	AnswerLate  bool `json:"answer_late,omitempty"`
	RectifyLate bool `json:"rectify_late,omitempty"`
	// Soon is within a few working days of the next last day.
	Soon bool `json:"soon,omitempty"`
	// Left are the working days until the next last day; null where no clock runs, negative where it is past.
	Left *int `json:"left"`
}

// Late tells whether a case was not answered or not rectified in time.
func (s Standing) Late() bool { return s.AnswerLate || s.RectifyLate }

// On tells how a case stands on a day.
func (c *Case) On(p *policy.State, day hall.Date) Standing {
	answer, guess1 := c.AnswerDue(p)
	rectify, guess2 := c.round().Due(p)
	appeal, guess3 := c.AppealUntil(p)
	s := Standing{AnswerDue: string(answer), RectifyDue: string(rectify), AppealUntil: string(appeal), Provisional: guess1 || guess2 || guess3}
	if c.Excluded || c.Result == ResultExcluded {
		return s // there was nothing to rectify
	}
	s.AnswerLate = ended(c.AnsweredOn, c.End, day) > answer
	for i := range c.Rounds {
		s.RectifyLate = s.RectifyLate || c.Rounds[i].late(p, day, c.End)
	}
	if due, ok := c.waits(p); ok {
		left, _ := p.Calendar().Between(day, due)
		s.Left = &left
		s.Soon = day <= due && left <= number(p, "case_soon", day)
	}
	return s
}

// waits is the last day of what a case waits for now: its answer, then to be
// rectified. ok is false where no clock runs.
func (c *Case) waits(p *policy.State) (due hall.Date, ok bool) {
	switch {
	case c.Excluded:
	case c.State == Open:
		due, _ = c.AnswerDue(p)
		rectify, _ := c.round().Due(p)
		return min(due, rectify), true
	case c.State == Answered:
		due, _ = c.round().Due(p)
		return due, true
	}
	return "", false
}

// Pressing tells whether the last day of what a case waits for is near or past.
// What was late and is rectified presses no more.
func (c *Case) Pressing(p *policy.State, day hall.Date) (soon, late bool) {
	due, ok := c.waits(p)
	if !ok || day > due {
		return false, ok
	}
	return c.On(p, day).Soon, false
}

// Pressing counts the open cases whose last day is near and those whose last day is past.
func (s *State) Pressing(p *policy.State, day hall.Date) (soon, late int) {
	for id := range s.running.Each() {
		c, _ := s.Cases.Get(id)
		switch near, past := c.Pressing(p, day); {
		case past:
			late++
		case near:
			soon++
		}
	}
	return soon, late
}

// Overdue is the first working day after a last day that was not kept, and by how
// many working days it was not, until the end of that day's month at most, as it is
// known on a day. first is empty where all was in time by then.
func (c *Case) Overdue(p *policy.State, today hall.Date) (first hall.Date, days int) {
	if c.Excluded || c.Result == ResultExcluded {
		return "", 0
	}
	look := func(due, done hall.Date) {
		if done == "" {
			done = c.End
		}
		day, n, late := p.Calendar().Late(due, done, today)
		if late && (first == "" || day < first) {
			first, days = day, n
		}
	}
	answer, _ := c.AnswerDue(p)
	look(answer, c.AnsweredOn)
	for i := range c.Rounds {
		due, _ := c.Rounds[i].Due(p)
		look(due, c.Rounds[i].Done)
	}
	return first, days
}
