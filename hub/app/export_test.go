package app

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/rating"
	"hallkeeper/hub/report"
	"hallkeeper/wire"
)

// DueReleases are the figures that the schedule would publish then.
func (a *App) DueReleases(now time.Time) []rating.Publish { return a.dueReleases(now) }

// Periods are published results that a test makes up.
type Periods struct {
	Revision int
	Of       []string
	Made     report.Input
}

// Published is always the same.
func (p Periods) Published(assess.Period) (revision int, departments []string, err error) {
	return p.Revision, p.Of, nil
}

// Input is always the same.
func (p Periods) Input(_ assess.Period, _ int, department string) (report.Input, error) {
	return p.Made.Of(department), nil
}

// WithPeriods gives an app that does not run yet published results.
func WithPeriods(a *App, p Periods) *App {
	a.periods = p
	return a
}

// LookAtCertificates does what the hub does every few seconds.
func (a *App) LookAtCertificates() { a.certificates.Look(a.cfg.Now()) }

// HoldViews keeps the views busy from the next batch on, which closes held, until release is called.
func HoldViews(a *App) (held <-chan struct{}, release func()) {
	began, ended := make(chan struct{}), make(chan struct{})
	a.views.runner.Read(func() { // while this reads, nothing is folded
		once, before := sync.Once{}, a.views.runner.OnBatch
		a.views.runner.OnBatch = func(batch []wire.Record) {
			before(batch)
			once.Do(func() { close(began) })
			<-ended
		}
	})
	return began, sync.OnceFunc(func() { close(ended) })
}

// Registry is what /metrics shows.
func (a *App) Registry() *prometheus.Registry { return a.metrics }

// LookAtMachine does what the hub does every few seconds, CheckLog what it does once a day.
func (a *App) LookAtMachine() { a.lookAtMachine() }

// CheckLog reads the sealed months again.
func (a *App) CheckLog(ctx context.Context) { a.checkLog(ctx) }
