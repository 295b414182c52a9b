package app

import (
	"hallkeeper/hub/assess"
	"hallkeeper/hub/cycle"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/score"
)

// Outcome computes a period as the log gives it now, and tells up to which record.
func (a *App) Outcome(p assess.Period) (c cycle.Counted) {
	a.Read(func(v *register.View, windows *roster.State) {
		o := score.Of(v, windows, &a.scores).Outcome(p)
		c = cycle.Counted{Outcome: &o, Through: v.Through}
	})
	return c
}
