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

// furnishPast gives a simulated past what no device tells, once it is told: the
// visits that its presses belong to, as paper numbers, and its checked days.
func furnishPast(hub *app.App, windows int, seed uint64, zone *time.Location) func(ctx context.Context, from, until day.Date) error {
	return func(ctx context.Context, from, until day.Date) error {
		for d := from; d.Before(until); d = d.Add(1) {
			if d.Working() {
				if err := hub.Tell(ctx, demoActor(), "demo/visits/"+d.String(), pastVisits(d, windows, seed, zone)); err != nil {
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

// pastVisits are the visits of a past day at all windows, by the simulated people's plans.
func pastVisits(date day.Date, windows int, seed uint64, zone *time.Location) (drafts []hall.Draft) {
	services, departments := demoServices(), len(departments())
	for i := range windows {
		window := fmt.Sprintf("w%02d", i+1)
		own := slices.DeleteFunc(slices.Clone(services), func(s demoService) bool { return s.department != i%departments })
		if len(own) == 0 {
			continue
		}
		var called time.Duration
		n := 0
		for _, act := range day.Plan(day.Config{Windows: []string{window}, Zone: zone}, seed, date) {
			switch act.Kind {
			case day.Call:
				called = act.At
			case day.Done:
				n++
				begins, ends := date.At(called, zone), date.At(act.At, zone)
				visit := fmt.Sprintf("past-%s-%s-%03d", date, window, n)
				drafts = append(drafts, hall.Draft{Kind: wire.KindVisitEntered, Data: wire.VisitEntered{Visit: visit, Table: "past-" + date.String(),
					Paper: fmt.Sprintf("%02d%03d", i+1, n), Service: own[n%len(own)].Service, Class: queue.Ordinary, Day: date.String(), Window: window, Staff: fmt.Sprintf("s%02d", i+1),
					Taken: begins.Add(-time.Duration(n%13) * time.Minute), Called: &begins, Ended: ends, End: queue.PaperFinished, Outcome: queue.OutcomeDone}})
			}
		}
	}
	return drafts
}
