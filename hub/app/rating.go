package app

import (
	"context"
	"encoding/json"
	"time"

	"hallkeeper/hub/conduct"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/rating"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

const (
	// answerWithin is how old a press may be that a lamp still answers: who pressed has gone otherwise.
	answerWithin = 10 * time.Second
	// answersAhead bounds the answers that wait to be sent.
	answersAhead = 256
	// reviewEvery is how often is looked for bad reviews without a case where nothing says that there are some.
	reviewEvery = 2 * time.Second
	// reviewDays is how long ago a visit may be whose bad review still makes a case.
	reviewDays = 40
	// releaseEvery is how often is looked whether figures are to be published.
	releaseEvery = 5 * time.Second
)

// The patterns of the window's lamps that answer a press.
const (
	patternCounted = "counted"
	patternNotOpen = "not_open"
)

// lamp is a pattern for a device.
type lamp struct{ agent, pattern string }

// rated hands over the answers to the presses of a batch, and wakes the opener of
// cases; whoever calls holds the views still.
func (a *App) rated(batch []wire.Record) {
	wake := false
	presses := a.views.register.Ratings.Presses()
	for i := range batch {
		r := &batch[i]
		wake = wake || r.Kind == wire.KindRatingGiven || r.Kind == wire.KindRatingPressed || r.Kind == wire.KindRatingExplained
		if r.Kind != wire.KindRatingPressed || time.Since(r.At) > answerWithin {
			continue
		}
		p, ok := presses.Of(r)
		pattern := ""
		switch {
		case !ok:
		case p.State == rating.Counted:
			pattern = patternCounted
		case p.Why == rating.NoVisit || p.Why == rating.TooLate:
			pattern = patternNotOpen
		}
		if pattern == "" {
			continue
		}
		select {
		case a.answers <- lamp{r.Agent, pattern}:
		default: // it is kept all the same, and the lamp has said so
			a.logger.Warn("too many presses at once; one lamp does not say whether its press counts", "agent", r.Agent)
		}
	}
	if wake {
		select {
		case a.reviews <- struct{}{}:
		default: // it is awake
		}
	}
}

// answerPresses shows at the windows whether presses count.
func (a *App) answerPresses(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case l := <-a.answers:
			a.signal(l.agent, l.pattern)
		}
	}
}

// openCases opens a case for each bad review once it can no longer be corrected,
// and adds to it what the citizen says afterwards.
func (a *App) openCases(ctx context.Context) error {
	actor := wire.Actor{Kind: wire.ActorSchedule, ID: "rating-cases"}
	look := time.NewTicker(reviewEvery)
	defer look.Stop()
	for {
		for _, c := range a.dueCases(a.cfg.Now()) {
			made, _, err := a.decide(ctx, actor, c.key, c.cmd)
			if err != nil && ctx.Err() == nil {
				a.logger.Error("the case of a bad review could not be opened; it is tried again", "key", c.key, "error", err)
				break
			}
			var opened wire.CaseOpened
			if len(made) > 0 && made[0].Kind == wire.KindCaseOpened && json.Unmarshal(made[0].Data, &opened) == nil {
				a.logger.Info("a bad review has a case", "case", opened.Number, "window", opened.Window)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-a.reviews:
		case <-look.C:
		}
	}
}

// dueCase is a command with its key: each is carried out once.
type dueCase struct {
	key string
	cmd any
}

func (a *App) dueCases(now time.Time) (due []dueCase) {
	a.Read(func(v *register.View, _ *roster.State) {
		today := hall.DateOf(now, a.zone)
		for x := range v.Ratings.Bad(today.AddDays(-reviewDays), today) {
			if now.UnixMilli() <= x.RatedAt+rating.RulesOn(v.State.Policy, x.Day).Correct {
				continue
			}
			said, explained := v.Ratings.Explained.Get(x.ID)
			words := map[string]string{}
			file, open := v.State.Conduct.OfVisit(x.ID)
			news := len(said.Reasons) > 0 && len(file.Reasons) == 0 || said.Words && !file.Words || said.Contact && !file.Contact
			if open && (!explained || !news) {
				continue
			}
			if explained {
				words = a.Unseal(said.Sealed)
			}
			if open {
				due = append(due, dueCase{"case/" + x.ID + "/" + said.At.UTC().Format(time.RFC3339Nano),
					conduct.ExplainFromRating{Visit: x.ID, Reasons: said.Reasons, Text: words["text"], Phone: words["phone"]}})
				continue
			}
			due = append(due, dueCase{"case/" + x.ID, conduct.OpenFromRating{Visit: x.ID, Level: x.Level, Source: wire.CaseSource(x.Source), Window: x.By.Window, Staff: x.By.Staff,
				Department: x.Department, Service: x.Service, Reasons: said.Reasons, Happened: x.Day, Text: words["text"], Phone: words["phone"]}})
		}
	})
	return due
}

// release publishes the hall's figures by themselves: those of the day while it
// lasts, those of a day and of a month once it is over, and again where something
// has changed them since.
func (a *App) release(ctx context.Context) error {
	actor := wire.Actor{Kind: wire.ActorSchedule, ID: "satisfaction"}
	for {
		for _, c := range a.dueReleases(a.cfg.Now()) {
			made, _, err := a.decide(ctx, actor, "", c)
			if err != nil && ctx.Err() == nil {
				a.logger.Error("figures of satisfaction could not be published; it is tried again", "period", c.Period, "error", err)
				break
			}
			if len(made) > 0 {
				a.logger.Info("figures of satisfaction were published", "period", c.Period)
			}
		}
		if !wait(ctx, releaseEvery) {
			return nil
		}
	}
}

func (a *App) dueReleases(now time.Time) (due []rating.Publish) {
	a.Read(func(v *register.View, _ *roster.State) {
		today := hall.DateOf(now, a.zone)
		number := func(name string) float64 {
			p, _ := v.State.Policy.On(name, today)
			return p.Value
		}
		look := func(period string) {
			from, until, ok := rating.Period(period)
			last, before := v.State.Desk.Newest(period)
			n := v.Ratings.Total(from, until, now, nil)
			if !ok || n.Visits == 0 && !before || last.Withdrawn != nil { // what two people took back comes back by a person
				return
			}
			final := until < today && n.Open == 0
			every := time.Duration(number("rating_publish_every") * float64(time.Minute))
			same := before && last.Final == final && len(rating.Changes(last.Figures, n)) == 0
			running := from == until && n.Pressed >= int(number("rating_publish_least")) && now.Sub(last.AsOf) >= every
			if !same && (final || running) {
				due = append(due, rating.Publish{Period: period, Figures: n, Final: final})
			}
		}
		for _, day := range v.Ratings.Days() {
			if day >= today.AddDays(-reviewDays) && day <= today {
				look(string(day))
			}
		}
		for month, n := today, 0; n < 3; n++ {
			month = (month[:8] + "01").AddDays(-1)
			look(string(month[:7]))
		}
	})
	return due
}

// ratingNow is what screens see of ratings; the caller holds the views still.
func (v *views) ratingNow(now time.Time) (map[string]wire.LiveRating, *wire.LiveSatisfaction) {
	all := map[string]wire.LiveRating{}
	zone := v.register.Days.Zone
	for id := range v.facts.Roster.Windows {
		s := v.register.Ratings.Window(id, now)
		if s.Visit == nil || s.State != rating.StateOpen && s.State != rating.StateRated {
			continue
		}
		r := wire.LiveRating{Visit: s.Visit.ID, State: s.State}
		if s.State == rating.StateRated {
			at := time.UnixMilli(s.Visit.RatedAt).In(zone)
			r.RatedAt = &at
		}
		all[id] = r
	}
	last, ok := v.register.State.Desk.NewestDay()
	if !ok {
		return all, nil
	}
	return all, &wire.LiveSatisfaction{Day: last.Period, AsOf: last.AsOf, Final: last.Final, Figures: last.Figures,
		Rates: rating.Rates(last.Figures, rating.CaseFigures{}, rating.Published(hall.Date(last.Period)))}
}
