package roster

import (
	"fmt"
	"slices"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// Shift is a shift (班次) with its times read.
type Shift struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Swipes int    `json:"swipes"`
	Plans  []Plan `json:"plans"`
	// Removed shifts are kept for the days on which they were worked.
	Removed bool `json:"removed,omitempty"`
}

// Plan is what a shift is on the days that it fits.
type Plan struct {
	From     string      `json:"from,omitempty"`
	Until    string      `json:"until,omitempty"`
	Weekdays []int       `json:"weekdays,omitempty"`
	Days     string      `json:"days,omitempty"`
	Periods  []hall.Span `json:"periods"`
}

// NewShift reads a shift, or refuses it with every wrong field named.
func NewShift(d wire.ShiftSet) (Shift, error) {
	s := Shift{ID: d.Shift, Name: d.Name, Swipes: d.Swipes}
	var bad []hall.Field
	add := func(name, code, zh, en string) { bad = append(bad, hall.Field{Name: name, Code: code, ZH: zh, EN: en}) }
	if d.Swipes != 2 && d.Swipes != 4 {
		add("swipes", "choice", "应为 4（每段上下班都刷卡）或 2（只刷首次上班和最后下班）", "must be 4 (in and out of every period) or 2 (first in, last out)")
	}
	if len(d.Plans) == 0 || len(d.Plans) > 20 {
		add("plans", "required", "应有 1 至 20 项安排", "needs 1 to 20 plans")
	}
	for i, w := range d.Plans {
		at := fmt.Sprintf("plans[%d].", i)
		p := Plan{From: w.From, Until: w.Until, Weekdays: w.Weekdays, Days: w.Days}
		if (w.From == "") != (w.Until == "") || w.From != "" && (!monthDay(w.From) || !monthDay(w.Until)) {
			add(at+"from", "date", "季节的起止应同为空，或同为月-日，如 05-01", "from and until must both be empty or both be mm-dd like 05-01")
		}
		if slices.ContainsFunc(w.Weekdays, func(d int) bool { return d < 1 || d > 7 }) {
			add(at+"weekdays", "range", "应为 1（星期一）至 7（星期日）", "must be 1 (Monday) to 7 (Sunday)")
		}
		if !slices.Contains([]string{"", "work", "rest", "all"}, w.Days) {
			add(at+"days", "choice", "应为 work（工作日）、rest（休息日）或 all（每天）", "must be work, rest or all")
		}
		var why string
		if p.Periods, why = readPeriods(w.Periods); why != "" {
			add(at+"periods", "times", "时段应写成 08:30-12:00 的形式，依次排列、互不重叠，总跨度不超过 24 小时", why)
		}
		s.Plans = append(s.Plans, p)
	}
	if bad != nil {
		return s, hall.Invalid(bad...)
	}
	return s, nil
}

// readPeriods reads times of a day; what ends at or before its beginning ends on the next day.
func readPeriods(in []wire.Period) (out []hall.Span, why string) {
	if len(in) == 0 || len(in) > 100 {
		return nil, "needs 1 to 100 periods"
	}
	last := hall.Minute(-1)
	for _, p := range in {
		from, ok1 := hall.ParseMinute(p.In)
		until, ok2 := hall.ParseMinute(p.Out)
		if !ok1 || !ok2 {
			return nil, fmt.Sprintf("expected times like 08:30, got %.16q and %.16q", p.In, p.Out)
		}
		for from < last { // after midnight
			from += hall.DayMinutes
		}
		for until <= from {
			until += hall.DayMinutes
		}
		if from < last || until-hall.Minute(0) > 2*hall.DayMinutes || len(out) > 0 && until-out[0].From > hall.DayMinutes {
			return nil, "periods must follow each other within 24 hours"
		}
		out, last = append(out, hall.Span{From: from, Until: until}), until
	}
	return out, ""
}

// Set gives a shift in the words of its command.
func (s *Shift) Set() wire.ShiftSet {
	d := wire.ShiftSet{Shift: s.ID, Name: s.Name, Swipes: s.Swipes}
	for _, p := range s.Plans {
		plan := wire.ShiftPlan{From: p.From, Until: p.Until, Weekdays: p.Weekdays, Days: p.Days}
		for _, x := range p.Periods {
			plan.Periods = append(plan.Periods, wire.Period{In: onTheClock(x.From), Out: onTheClock(x.Until)})
		}
		d.Plans = append(d.Plans, plan)
	}
	return d
}

// onTheClock is a minute as the clock shows it, on whichever day; midnight at an end is 24:00.
func onTheClock(m hall.Minute) string {
	if m == hall.DayMinutes {
		return m.String()
	}
	return (m % hall.DayMinutes).String()
}

func monthDay(s string) bool {
	return len(s) == 5 && hall.Date("2024-"+s).Valid()
}

// Names tells whether a shift has times of its own for a weekday that is worked.
func (s *Shift) Names(weekday int) bool {
	return slices.ContainsFunc(s.Plans, func(p Plan) bool { return slices.Contains(p.Weekdays, weekday) && (p.Days == "" || p.Days == "work") })
}

// On gives the periods of a shift on a day: weekday 1 to 7, and whether the hall
// works on it. Nothing where the shift has no plan for such a day.
func (s *Shift) On(day hall.Date, weekday int, works bool) []hall.Span {
	md := string(day)[5:]
	for i := range s.Plans {
		p := &s.Plans[i]
		if p.From != "" {
			inside := p.From <= md && md <= p.Until
			if p.From > p.Until { // passes the new year
				inside = md >= p.From || md <= p.Until
			}
			if !inside {
				continue
			}
		}
		if len(p.Weekdays) > 0 && !slices.Contains(p.Weekdays, weekday) {
			continue
		}
		if works && p.Days == "rest" || !works && (p.Days == "" || p.Days == "work") {
			continue
		}
		return p.Periods
	}
	return nil
}
