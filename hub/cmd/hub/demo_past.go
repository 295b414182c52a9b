package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"log/slog"
	"slices"
	"time"

	"hallkeeper/hub/app"
	"hallkeeper/hub/attendance"
	"hallkeeper/hub/conduct"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/queue"
	"hallkeeper/simulator/day"
	"hallkeeper/wire"
)

// recent are the last days of a past whose bad reviews still wait to be dealt with.
const recent = 7

// exposedBefore is how many days before its end a past has an exposure.
const exposedBefore = 75

// past is what a simulated past is told from.
type past struct {
	hub     *app.App
	windows int
	seed    uint64
	zone    *time.Location
	works   func(day.Date) bool
	// exposed is the day on which a secret visit names somebody.
	exposed string
	log     *slog.Logger
}

// worksBy tells on which dates the hall's people work, by the calendars that the program brings along.
func worksBy() (func(day.Date) bool, error) {
	years, err := hall.PublishedYears()
	if err != nil {
		return nil, err
	}
	c := &hall.Calendar{}
	for _, y := range years {
		c.SetYear(y)
	}
	return func(d day.Date) bool { return c.IsWorkday(hall.Date(d.String())) }, nil
}

// furnish gives a simulated past what no device tells, once it is told: the visits
// that its presses belong to, as paper numbers, the cases of its bad reviews, what was
// decided about its people, its checked days, and the months, quarters and years that
// were published meanwhile.
func (p *past) furnish(ctx context.Context, from, until day.Date) error {
	began := time.Now()
	exposed := until.Add(-exposedBefore)
	for !p.works(exposed) {
		exposed = exposed.Add(-1)
	}
	p.exposed = exposed.String()
	for d := from; d.Before(until); d = d.Add(1) {
		if p.works(d) {
			if err := p.hub.Tell(ctx, demoActor(), "demo/visits/"+d.String(), p.day(d, d.Before(until.Add(-recent)))); err != nil {
				return ignoreEnd(ctx, fmt.Errorf("tell the visits of the simulated past: %w", err))
			}
		}
		if _, _, err := p.hub.Do(ctx, demoActor(), "demo/check/"+d.String(), attendance.CheckDay{DayChecked: wire.DayChecked{Day: d.String()}}); err != nil {
			return ignoreEnd(ctx, fmt.Errorf("check the simulated past: %w", err))
		}
		if err := p.publish(ctx, hall.Date(d.String())); err != nil {
			return ignoreEnd(ctx, fmt.Errorf("publish the simulated past: %w", err))
		}
	}
	p.log.Info("the simulated past is furnished", "seconds", time.Since(began).Seconds())
	return nil
}

// chance is true once in n times, always the same for the same words.
func (p *past) chance(n uint64, words ...string) bool {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, p.seed, words)
	x := h.Sum64()
	x ^= x >> 31
	x *= 0x9e3779b97f4a7c15
	return (x>>17)%n == 0
}

// day is what people entered of a past day at all windows, by the simulated people's
// plans, and where that is asked for the cases of its bad reviews, which are closed.
func (p *past) day(date day.Date, cases bool) (drafts []hall.Draft) {
	services, departments := demoServices(), len(departments())
	for i := range p.windows {
		window := fmt.Sprintf("w%02d", i+1)
		own := slices.DeleteFunc(slices.Clone(services), func(s demoService) bool { return s.department != i%departments })
		acts := day.Plan(day.Config{Windows: []string{window}, Zone: p.zone}, p.seed, date)
		drafts = append(drafts, p.attended(date, window, fmt.Sprintf("s%02d", i+1), acts)...)
		if len(own) == 0 {
			continue
		}
		var called time.Duration
		var served wire.VisitEntered
		n := 0
		for _, act := range acts {
			switch act.Kind {
			case day.Call:
				called = act.At
			case day.Done:
				n++
				begins, ends := date.At(called, p.zone), date.At(act.At, p.zone)
				visit := fmt.Sprintf("past-%s-%s-%03d", date, window, n)
				served = wire.VisitEntered{Visit: visit, Table: "past-" + date.String(),
					Paper: fmt.Sprintf("%02d%03d", i+1, n), Service: own[n%len(own)].Service, Class: queue.Ordinary, Day: date.String(), Window: window, Staff: fmt.Sprintf("s%02d", i+1),
					Taken: begins.Add(-time.Duration(n%13) * time.Minute), Called: &begins, Ended: ends, End: queue.PaperFinished, Outcome: queue.OutcomeDone}
				drafts = append(drafts, hall.Draft{Kind: wire.KindVisitEntered, Data: served})
			case day.Rate:
				if cases && act.Level <= 2 && served.Visit != "" {
					drafts = append(drafts, p.badReview(date, act.Level, served, fmt.Sprintf("d%02d", i%departments+1))...)
				}
			}
		}
	}
	return drafts
}

// attended is what was asked for and found about somebody on a past day: leave for most
// halves in which they did not come, a make-up punch (补卡) for most swipes that they
// forgot, and now and then what an inspection found.
func (p *past) attended(date day.Date, window, staff string, acts []day.Act) (drafts []hall.Draft) {
	on := date.String()
	const noon = 13 * time.Hour
	for _, half := range []string{"am", "pm"} {
		own := slices.DeleteFunc(slices.Clone(acts), func(a day.Act) bool { return (a.At < noon) != (half == "am") })
		if len(own) == 0 {
			if !p.chance(4, "unexcused", on, staff, half) {
				leave := "past-" + on + "-" + staff + "-" + half
				kind := "personal"
				if p.chance(2, "sick", on, staff, half) {
					kind = "sick"
				}
				drafts = append(drafts, hall.Draft{Kind: wire.KindLeaveAsked, Data: wire.LeaveAsked{Leave: leave, Staff: staff, LeaveKind: kind, From: on, FromHalf: half, Until: on, UntilHalf: half}},
					hall.Draft{Kind: wire.KindLeaveDecided, Data: wire.LeaveDecided{Leave: leave, Approved: true}})
			}
			continue
		}
		clocks := map[string][2]string{"am": {"08:26", "12:02"}, "pm": {"14:27", "17:33"}}[half]
		forgot := [2]bool{own[0].Kind != day.ComeIn, own[len(own)-1].Kind != day.GoOut}
		for k, clock := range clocks {
			if forgot[k] && !p.chance(4, "not asked", on, staff, clock) {
				punch := "past-" + on + "-" + staff + "-" + clock[:2] + clock[3:]
				drafts = append(drafts, hall.Draft{Kind: wire.KindPunchAsked, Data: wire.PunchAsked{Punch: punch, Staff: staff, Day: on, At: clock, Window: window}},
					hall.Draft{Kind: wire.KindPunchDecided, Data: wire.PunchDecided{Punch: punch, Approved: true}})
			}
		}
	}
	if len(acts) > 0 && p.chance(90, "inspected", on, staff) {
		f := wire.FindingMade{Finding: "past-" + on + "-" + staff, Day: on, Rule: "window_order", Window: window}
		if !p.chance(3, "of the window", on, staff) {
			f.Rule, f.Window, f.Staff = "appearance", "", staff
		}
		drafts = append(drafts, hall.Draft{Kind: wire.KindFindingMade, Data: f})
	}
	if len(acts) > 0 && p.chance(60, "commended", on, staff) {
		drafts = append(drafts, hall.Draft{Kind: wire.KindCommendationGiven, Data: wire.CommendationGiven{Commendation: "past-thanks-" + on + "-" + staff, Staff: staff, Document: "群众表扬信（演示）", Date: on}})
	}
	if !p.works(date.Add(-1)) && date.Day >= 8 && date.Day < 15 && !p.chance(20, "no exchange", on[:7], window) {
		drafts = append(drafts, hall.Draft{Kind: wire.KindExchangeHeld, Data: wire.ExchangeHeld{Exchange: "past-exchange-" + on + "-" + window, Window: window, Staff: staff, Date: on}})
	}
	if on == p.exposed && window == "w01" {
		drafts = append(drafts, hall.Draft{Kind: wire.KindExposureEntered, Data: wire.ExposureEntered{Exposure: "past-exposed-" + on, Source: "secret_visit", Staff: staff, Document: "演示通报（虚构）", Date: on}})
	}
	return drafts
}

// badReview is the case of a past bad review, from its opening to its end: most were
// unfounded, one in five was upheld, and one in forty was rectified too late.
func (p *past) badReview(date day.Date, level int, of wire.VisitEntered, department string) []hall.Draft {
	id := "case-" + of.Visit
	on := func(days int) string {
		d := date
		for days > 0 {
			if d = d.Add(1); p.works(d) {
				days--
			}
		}
		return d.String()
	}
	drafts := []hall.Draft{
		{Kind: wire.KindCaseOpened, Data: wire.CaseOpened{Case: id, Number: "H" + date.String()[:4] + "-" + of.Day[5:7] + of.Day[8:] + of.Paper, Source: wire.CaseButton, Visit: of.Visit, Level: level,
			Department: department, Window: of.Window, Staff: of.Staff, Service: of.Service, Day: date.String()}},
		{Kind: wire.KindCaseAnswered, Data: wire.CaseAnswered{Case: id, Day: on(1)}},
	}
	if !p.chance(5, "upheld", of.Visit) {
		return append(drafts, hall.Draft{Kind: wire.KindCaseClosed, Data: wire.CaseClosed{Case: id, Day: on(2), Result: conduct.ResultUnfounded}})
	}
	rectified := 3
	if p.chance(8, "late", of.Visit) {
		rectified = 6
	}
	return append(drafts, hall.Draft{Kind: wire.KindCaseRectified, Data: wire.CaseRectified{Case: id, Day: on(rectified)}},
		hall.Draft{Kind: wire.KindCaseClosed, Data: wire.CaseClosed{Case: id, Day: on(rectified), Result: conduct.ResultRectified}})
}
