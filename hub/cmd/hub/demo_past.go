package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hallkeeper/hub/app"
	"hallkeeper/hub/attendance"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/queue"
	"hallkeeper/simulator/day"
	"hallkeeper/wire"
)

// recent are the last days of a past whose bad reviews still wait to be dealt with.
const recent = 7

// furnishPast gives a simulated past what no device tells, once it is told: the
// visits that its presses belong to, as paper numbers, the cases of its bad
// reviews, and its checked days.
func furnishPast(hub *app.App, windows int, seed uint64, zone *time.Location) func(ctx context.Context, from, until day.Date) error {
	return func(ctx context.Context, from, until day.Date) error {
		for d := from; d.Before(until); d = d.Add(1) {
			if d.Working() {
				past := pastVisits(d, windows, seed, zone, d.Before(until.Add(-recent)))
				if err := hub.Tell(ctx, demoActor(), "demo/visits/"+d.String(), past); err != nil {
					return ignoreEnd(ctx, fmt.Errorf("tell the visits of the simulated past: %w", err))
				}
			}
			if _, _, err := hub.Do(ctx, demoActor(), "demo/check/"+d.String(), attendance.CheckDay{DayChecked: wire.DayChecked{Day: d.String()}}); err != nil {
				return ignoreEnd(ctx, fmt.Errorf("check the simulated past: %w", err))
			}
		}
		return nil
	}
}

// pastVisits are the visits of a past day at all windows, by the simulated people's
// plans, and where that is asked for the cases of its bad reviews, which are closed.
func pastVisits(date day.Date, windows int, seed uint64, zone *time.Location, cases bool) (drafts []hall.Draft) {
	services, departments := demoServices(), len(departments())
	for i := range windows {
		window := fmt.Sprintf("w%02d", i+1)
		own := slices.DeleteFunc(slices.Clone(services), func(s demoService) bool { return s.department != i%departments })
		if len(own) == 0 {
			continue
		}
		var called time.Duration
		var served wire.VisitEntered
		n := 0
		for _, act := range day.Plan(day.Config{Windows: []string{window}, Zone: zone}, seed, date) {
			switch act.Kind {
			case day.Call:
				called = act.At
			case day.Done:
				n++
				begins, ends := date.At(called, zone), date.At(act.At, zone)
				visit := fmt.Sprintf("past-%s-%s-%03d", date, window, n)
				served = wire.VisitEntered{Visit: visit, Table: "past-" + date.String(),
					Paper: fmt.Sprintf("%02d%03d", i+1, n), Service: own[n%len(own)].Service, Class: queue.Ordinary, Day: date.String(), Window: window, Staff: fmt.Sprintf("s%02d", i+1),
					Taken: begins.Add(-time.Duration(n%13) * time.Minute), Called: &begins, Ended: ends, End: queue.PaperFinished, Outcome: queue.OutcomeDone}
				drafts = append(drafts, hall.Draft{Kind: wire.KindVisitEntered, Data: served})
			case day.Rate:
				if cases && act.Level <= 2 && served.Visit != "" {
					drafts = append(drafts, pastCase(date, act.Level, served, fmt.Sprintf("d%02d", i%departments+1))...)
				}
			}
		}
	}
	return drafts
}

// pastCase is the case of a past bad review, from its opening to its end; one in
// eight was rectified too late.
func pastCase(date day.Date, level int, of wire.VisitEntered, department string) []hall.Draft {
	id := "case-" + of.Visit
	n := 0
	for _, c := range of.Visit {
		n = (n*31 + int(c)) % 1_000_003
	}
	on := func(days int) string {
		d := date
		for days > 0 {
			if d = d.Add(1); d.Working() {
				days--
			}
		}
		return d.String()
	}
	rectified := 2 + n%3
	if n%8 == 0 {
		rectified = 6
	}
	return []hall.Draft{
		{Kind: wire.KindCaseOpened, Data: wire.CaseOpened{Case: id, Number: "H" + date.String()[:4] + "-" + of.Day[5:7] + of.Day[8:] + of.Paper, Source: wire.CaseButton, Visit: of.Visit, Level: level,
			Department: department, Window: of.Window, Staff: of.Staff, Service: of.Service, Day: date.String()}},
		{Kind: wire.KindCaseAnswered, Data: wire.CaseAnswered{Case: id, Day: on(1)}},
		{Kind: wire.KindCaseRectified, Data: wire.CaseRectified{Case: id, Day: on(rectified)}},
		{Kind: wire.KindCaseClosed, Data: wire.CaseClosed{Case: id, Day: on(rectified), Result: "rectified"}},
	}
}
