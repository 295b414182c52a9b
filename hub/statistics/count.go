package statistics

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// By is what rows are made of.
type By string

// The breakdowns. Hour and weekday are those at which a stay began.
const (
	ByService By = "service"
	ByWindow  By = "window"
	ByStaff   By = "staff"
	ByHour    By = "hour"
	ByWeekday By = "weekday"
	ByDay     By = "day"
	ByClass   By = "class"
	ByOutcome By = "outcome"
	// ByWeekHour is weekday and hour together, like 1-09.
	ByWeekHour By = "weekday_hour"
)

// Breakdowns are all of them, in the order of a workbook's sheets.
func Breakdowns() []By {
	return []By{ByDay, ByService, ByWindow, ByStaff, ByHour, ByWeekday, ByClass, ByOutcome, ByWeekHour}
}

// Key is the row that a fact belongs to; empty is none, e.g. the window of one that was never called.
func (f *Fact) Key(by By, zone *time.Location) string {
	began := time.Unix(f.Began, 0).In(zone)
	weekday := (int(began.Weekday())+6)%7 + 1
	switch by {
	case ByService:
		return f.Service
	case ByWindow:
		return f.Window
	case ByStaff:
		return f.Staff
	case ByHour:
		return fmt.Sprintf("%02d", began.Hour())
	case ByWeekday:
		return strconv.Itoa(weekday)
	case ByDay:
		return string(f.Day)
	case ByClass:
		return f.Class
	case ByOutcome:
		return f.Outcome
	case ByWeekHour:
		return fmt.Sprintf("%d-%02d", weekday, began.Hour())
	}
	return ""
}

// Times sums up durations in seconds. Median and P90 are durations that there were (nearest rank).
type Times struct {
	Count  int     `json:"count"`
	Mean   float64 `json:"mean"`
	Median int64   `json:"median"`
	P90    int64   `json:"p90"`
	Max    int64   `json:"max"`
	// Normed is how many had a norm, Within how many kept it.
	Normed int `json:"normed"`
	Within int `json:"within"`
}

// Figures count stays. Entered = Finished+Missed+Closed+Transferred+Open, and
// Entered = Issued+Transferred+WentOn, for every ticket that is counted whole.
type Figures struct {
	// Issued are tickets, Entered their stays: one that is sent on enters another line.
	Issued      int `json:"issued"`
	Entered     int `json:"entered"`
	Finished    int `json:"finished"`
	Missed      int `json:"missed"`
	Closed      int `json:"closed"`
	Transferred int `json:"transferred"`
	Open        int `json:"open"`
	// Paper are those of Entered that were entered afterwards from paper numbers.
	Paper int `json:"paper"`
	// WentOn are the finished ones that another service followed.
	WentOn   int   `json:"went_on"`
	Recalls  int   `json:"recalls"`
	Absences int   `json:"absences"`
	Holds    int   `json:"holds"`
	Wait     Times `json:"wait"`
	Service  Times `json:"service_time"`
}

// Row is the figures of a key.
type Row struct {
	Key string `json:"key"`
	Figures
}

// Count gives the rows of a breakdown, in the order of their keys.
func Count(facts []Fact, by By, zone *time.Location) []Row {
	groups := map[string][]Fact{}
	for i := range facts {
		key := facts[i].Key(by, zone)
		groups[key] = append(groups[key], facts[i])
	}
	rows := make([]Row, 0, len(groups))
	for key, group := range groups {
		rows = append(rows, Row{key, Sum(group)})
	}
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.Key, b.Key) })
	return rows
}

// Sum counts all of them together.
func Sum(facts []Fact) (n Figures) {
	var waits, services []int64
	for i := range facts {
		f := &facts[i]
		n.add(f)
		if t, ok := f.Waited(); ok {
			waits = append(waits, t)
			n.Wait.judge(t, f.WaitMax)
		}
		if t, ok := f.Served(); ok {
			services = append(services, t)
			n.Service.judge(t, f.ServiceMax)
		}
	}
	n.Wait.measure(waits)
	n.Service.measure(services)
	return n
}

func (n *Figures) add(f *Fact) {
	n.Entered++
	if f.Stay == 0 {
		n.Issued++
	}
	if f.Next {
		n.WentOn++
	}
	if f.Paper {
		n.Paper++
	}
	switch f.End {
	case Finished:
		n.Finished++
	case Missed:
		n.Missed++
	case Closed:
		n.Closed++
	case Transferred:
		n.Transferred++
	case Open:
		n.Open++
	}
	n.Recalls += f.Recalls
	n.Absences += f.Absences
	n.Holds += f.Holds
}

func (t *Times) judge(seconds int64, norm int) {
	if norm == 0 {
		return
	}
	t.Normed++
	if seconds <= int64(norm)*60 {
		t.Within++
	}
}

func (t *Times) measure(all []int64) {
	if t.Count = len(all); t.Count == 0 {
		return
	}
	slices.Sort(all)
	sum := int64(0)
	for _, x := range all {
		sum += x
	}
	t.Mean = float64(sum) / float64(len(all))
	t.Median, t.P90, t.Max = rank(all, 50), rank(all, 90), all[len(all)-1]
}

// rank is the nearest-rank percentile: the least that p percent are not above.
func rank(sorted []int64, p int) int64 { return sorted[(len(sorted)*p+99)/100-1] }

// Step is the width of a bar of Spread, in minutes.
const Step = 5

// Spread counts waits by steps of five minutes; the last bar is an hour and more.
func Spread(facts []Fact) []int {
	bars := make([]int, 60/Step+1)
	for i := range facts {
		if t, ok := facts[i].Waited(); ok {
			bars[min(int(t)/60/Step, len(bars)-1)]++
		}
	}
	return bars
}

func inOrder(a, b Fact) int {
	return cmp.Or(cmp.Compare(a.Began, b.Began), cmp.Compare(a.First, b.First), cmp.Compare(a.Ticket, b.Ticket), cmp.Compare(a.Stay, b.Stay))
}
