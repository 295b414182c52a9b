package statistics

import (
	"cmp"
	"fmt"
	"iter"
	"math"
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
	switch by {
	case ByService:
		return f.Service
	case ByWindow:
		return f.Window
	case ByStaff:
		return f.Staff
	case ByDay:
		return string(f.Day)
	case ByClass:
		return f.Class
	case ByOutcome:
		return f.Outcome
	}
	began := time.Unix(f.Began, 0).In(zone)
	weekday := (int(began.Weekday())+6)%7 + 1
	switch by {
	case ByHour:
		return fmt.Sprintf("%02d", began.Hour())
	case ByWeekday:
		return strconv.Itoa(weekday)
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

// Counted are the stays of some days, counted.
type Counted struct {
	Total Figures
	// Rows are in the order of their keys.
	Rows []Row
	// Waits counts waits by steps of five minutes; the last is an hour and more.
	Waits []int
}

// Step is the width of one of Counted.Waits, in minutes.
const Step = 5

// tally counts stays that come one after the other.
type tally struct {
	Figures
	waits, services []int32
}

// Count counts stays, all together and by a breakdown.
func Count(stays iter.Seq[*Fact], by By, zone *time.Location) Counted {
	c := Counted{Rows: []Row{}, Waits: make([]int, 60/Step+1)}
	var total tally
	rows := map[string]*tally{}
	for f := range stays {
		total.count(f)
		key := f.Key(by, zone)
		if rows[key] == nil {
			rows[key] = &tally{}
		}
		rows[key].count(f)
		if t, ok := f.Waited(); ok {
			c.Waits[min(int(t)/60/Step, len(c.Waits)-1)]++
		}
	}
	for key, row := range rows {
		c.Rows = append(c.Rows, Row{key, row.figures()})
	}
	slices.SortFunc(c.Rows, func(a, b Row) int { return cmp.Compare(a.Key, b.Key) })
	c.Total = total.figures()
	return c
}

func (n *tally) count(f *Fact) {
	n.add(f)
	if t, ok := f.Waited(); ok {
		n.waits = append(n.waits, seconds(t))
		n.Wait.judge(t, f.WaitMax)
	}
	if t, ok := f.Served(); ok {
		n.services = append(n.services, seconds(t))
		n.Service.judge(t, f.ServiceMax)
	}
}

// seconds are a duration in the half of the memory; a wait of 68 years is as long as a longer one.
func seconds(t int64) int32 { return int32(min(t, math.MaxInt32)) }

func (n *tally) figures() Figures {
	n.Wait.measure(n.waits)
	n.Service.measure(n.services)
	return n.Figures
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

func (t *Times) measure(all []int32) {
	if t.Count = len(all); t.Count == 0 {
		return
	}
	slices.Sort(all)
	sum := int64(0)
	for _, x := range all {
		sum += int64(x)
	}
	t.Mean = float64(sum) / float64(len(all))
	t.Median, t.P90, t.Max = rank(all, 50), rank(all, 90), int64(all[len(all)-1])
}

// rank is the nearest-rank percentile: the least that p percent are not above.
func rank(sorted []int32, p int) int64 { return int64(sorted[(len(sorted)*p+99)/100-1]) }
