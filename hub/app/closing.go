package app

import (
	"context"
	"time"

	"hallkeeper/hub/attendance"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// closeDays closes each day by itself once its time has come and its last shift
// is over, also days on which the hub was off, and makes the next revision of
// closed days of which there is news.
func (a *App) closeDays(ctx context.Context) error {
	looked := map[hall.Date]int{} // closed days: how much news of them was looked at
	for {
		if err := a.closeDue(ctx, a.cfg.Now(), looked); err != nil && ctx.Err() == nil {
			a.logger.Error("the daily check could not be closed; it is tried again", "error", err)
		}
		if !wait(ctx, closeEvery) {
			return nil
		}
	}
}

// closeEvery is how often is looked for days to close and news of closed ones.
const closeEvery = 5 * time.Second

// daysBack bounds how long ago a day may be that is still closed by itself.
const daysBack = 400

func (a *App) closeDue(ctx context.Context, now time.Time, looked map[hall.Date]int) error {
	actor := wire.Actor{Kind: wire.ActorSchedule, ID: "daily-check"}
	due, news := a.dueDays(now, looked)
	for _, day := range due {
		if _, _, err := a.decide(ctx, actor, "check/"+string(day), attendance.CheckDay{DayChecked: wire.DayChecked{Day: string(day)}}); err != nil {
			return err
		}
		a.logger.Info("the day was checked", "day", string(day))
	}
	for _, day := range news {
		if _, _, err := a.decide(ctx, actor, "", attendance.ReviseDay{DayRevised: wire.DayRevised{Day: string(day)}}); err != nil {
			return err
		}
		delete(looked, day)
		a.logger.Info("a checked day was computed again", "day", string(day))
	}
	return nil
}

// dueDays lists days to close, oldest first, and closed days that would now be others.
func (a *App) dueDays(now time.Time, looked map[hall.Date]int) (due, news []hall.Date) {
	closing, err := time.Parse("15:04", a.cfg.DayClose)
	if err != nil {
		return nil, nil // Check has refused it
	}
	at := hall.Minute(closing.Hour()*60 + closing.Minute())
	a.Read(func(v *register.View, _ *roster.State) {
		today := hall.DateOf(now, a.zone)
		first, known := v.Days.FirstDay()
		first = max(first, today.AddDays(-daysBack))
		for day := first; known && day <= today; day = day.AddDays(1) {
			if v.State.Book.Closed.Has(string(day)) {
				continue
			}
			if hall.MinuteOf(now, day, a.zone) >= v.Days.CloseAt(day, at) {
				due = append(due, day)
			}
		}
		for id, n := range v.Days.Stale.All() {
			day := hall.Date(id)
			if looked[day] == n {
				continue
			}
			looked[day] = n
			if v.Days.News(day) {
				news = append(news, day)
			}
		}
	})
	return due, news
}
