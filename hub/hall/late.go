package hall

// MonthEnd is the last day of the month that d is in; empty where d is not valid.
func (d Date) MonthEnd() Date {
	if !d.Valid() {
		return ""
	}
	return (d[:7] + "-28").AddDays(4).monthBegin().AddDays(-1)
}

func (d Date) monthBegin() Date { return d[:7] + "-01" }

// Late tells whether what is due on a day is late on today, the day on which that
// begins and by how many working days. A due day without work stands for the next
// working day. done is the day on which it was done, empty while it is not.
//
// The lateness belongs to its first day, and grows until it is done, but not beyond
// the end of that day's month: so what a month says of it is the same ever after.
func (c *Calendar) Late(due, done, today Date) (day Date, days int, late bool) {
	last, _ := c.Add(due, 0)
	day, _ = c.Add(last, 1)
	if !due.Valid() || day > today || done != "" && done < day {
		return "", 0, false
	}
	until := min(day.MonthEnd(), today)
	if done != "" {
		until = min(until, done)
	}
	days, _ = c.Between(last, until)
	return day, days, true
}
