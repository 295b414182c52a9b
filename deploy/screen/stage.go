package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hallkeeper/bilingual"
)

// scene is what is on the screen.
type scene int

const (
	nothing scene = iota
	dark          // outside opening hours
	own           // the screen's own page, while the hub is away
	page          // the hub's
)

// facts are what the choice of a scene depends on.
type facts struct {
	lit    bool          // within opening hours
	hub    bool          // it answers
	missed time.Duration // since it no longer does
	barred bool          // the browser could not open the page a moment ago
	loaded bool          // the hub's page is on the screen, and says itself that it is cut off
	keeps  bool          // the page takes what people do while the hub is away, and must not go
}

// choose says what is to be on the screen.
func choose(f facts, away time.Duration) scene {
	switch {
	case !f.lit:
		return dark
	case f.loaded && (f.hub || f.keeps || f.missed < away), f.hub && !f.barred:
		return page
	}
	return own
}

// elsewhere begins the refusal of a page that is not the hub's.
const elsewhere = "elsewhere "

// stage is what one browser shows.
type stage struct {
	*keeper
	browser *browser
	screen  *display

	shows scene
	since time.Time
	// refused is why and when the browser could not open the hub's page.
	refused   error
	refusedAt time.Time
	// last is the last word of the page, wordless since when nothing could be read on it.
	last     health
	wordless time.Time
	// beatAt is when the page's own count last rose.
	beatAt time.Time
	// began is when the browser was started, by a clock that may be believed; zero before there is one.
	began time.Time
}

// set tells whether the clock may be believed.
func (k *keeper) set() bool {
	k.wasSet = k.wasSet || k.synced()
	return k.wasSet
}

// local is the wall clock in the screen's time zone.
func (k *keeper) local() time.Time { return k.now().In(k.cfg.zone()) }

// play brings on the screen what is to be there.
func (s *stage) play(ctx context.Context) error {
	hub, now := s.hub.standing(), s.local()
	if s.stale(now) {
		return errNightly
	}
	f := facts{
		lit: !s.set() || lit(s.cfg.Hours, now, s.hub.worksOn(now)), hub: hub.there, missed: time.Since(hub.missed),
		barred: s.refused != nil && time.Since(s.refusedAt) < s.pace.again, loaded: s.shows == page, keeps: s.cfg.Page == "rating",
	}
	next := choose(f, s.cfg.Away)
	if next != s.shows {
		if err := s.change(ctx, next); err != nil {
			return err
		}
	}
	if s.shows == own {
		return s.explain(ctx, hub)
	}
	return nil
}

// stale tells whether the browser has run for its day: up to the hour that was set, or without a clock for a day.
func (s *stage) stale(now time.Time) bool {
	switch up := time.Since(s.browser.started); {
	case !s.set():
		return s.cfg.Restart.set && up > 24*time.Hour
	case s.began.IsZero():
		s.began = now.Add(-up)
	}
	return s.cfg.Restart.due(s.began, now)
}

// change goes from one scene to another.
func (s *stage) change(ctx context.Context, next scene) error {
	if s.shows == dark || s.shows == nothing && next != dark { // a browser that comes up at night leaves it dark
		if err := s.screen.turn(ctx, true); err != nil {
			return bilingual.Errorf("%w：%w", "%w: %w", errSession, err)
		}
	}
	address := map[scene]string{dark: darkAddress, own: ownAddress(), page: s.cfg.address()}[next]
	err := s.browser.open(ctx, address)
	var no refusal
	switch {
	case next == page && (errors.As(err, &no) || errors.Is(err, context.DeadlineExceeded)):
		s.logger.Warn("the hub's page does not open", "error", err)
		s.refused, s.refusedAt = err, time.Now()
		next = own
		err = s.browser.open(ctx, ownAddress())
	case next == page && err == nil:
		s.refused = nil
	}
	if err != nil {
		return err
	}
	s.shows, s.since, s.last, s.wordless, s.beatAt = next, time.Now(), health{}, time.Time{}, time.Now()
	s.logger.Info("the screen shows", "what", next.String())
	if next == dark {
		if err := s.screen.turn(ctx, false); err != nil {
			return bilingual.Errorf("%w：%w", "%w: %w", errSession, err)
		}
	}
	return nil
}

// explain keeps the own page's words as they are now.
func (s *stage) explain(ctx context.Context, hub standing) error {
	here := ownAddresses()
	a := absence{hub: s.cfg.origin(), known: hub.known, missing: time.Since(hub.missed), here: here, next: time.Until(hub.next), page: s.cfg.Page, why: because(hub.why, here)}
	if s.refused != nil && hub.there {
		a.missing, a.next, a.why = time.Since(s.refusedAt), s.pace.again-time.Since(s.refusedAt), because(s.refused, here)
	}
	if s.set() {
		a.at = s.local().Add(-a.missing)
	}
	script, err := a.script()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Patience)
	defer cancel()
	err = s.browser.evaluate(ctx, script, nil)
	var answered *toolsError
	switch {
	case errors.As(err, &answered): // the page is not there yet; the next second it is
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return bilingual.Errorf("%w：主机自带的那一页", "%w: its own", errHangs)
	}
	return err
}

// judge says of a page's answer whether the browser must be started again.
func (s *stage) judge(x beat) error {
	if errors.Is(x.err, context.DeadlineExceeded) {
		return bilingual.Errorf("%w，已有 %v", "%w for %v", errHangs, s.cfg.Patience)
	}
	if x.err != nil || s.shows != page || x.asked.Before(s.since) { // it may be of the page before
		return x.err
	}
	h, now := x.health, time.Now()
	if h.Beat != s.last.Beat || h.Beat < 0 {
		s.beatAt = now
	}
	if h.Words {
		s.wordless = time.Time{}
	} else if s.wordless.IsZero() {
		s.wordless = now
	}
	s.last = h
	switch {
	case h.elsewhere(s.cfg.origin()):
		s.logger.Warn("the browser has left the hub's page", "for", h.URL)
		s.refused, s.refusedAt, s.shows = refusal(elsewhere+h.URL), now, nothing
	case now.Sub(s.beatAt) > s.cfg.Patience:
		return bilingual.Errorf("%w：计时器停了", "%w: its timers stand still", errHangs)
	case !s.wordless.IsZero() && now.Sub(s.wordless) > s.pace.blank:
		return errBlank
	}
	return nil
}

// String names a scene in the log.
func (s scene) String() string {
	return [...]string{"nothing", "dark, outside opening hours", "its own page: the hub is away", "the hub's page"}[s]
}

// status is what systemctl status shows.
func (s *stage) status() string {
	switch s.shows {
	case dark:
		return "开放时间之外，屏幕已关 dark outside opening hours"
	case own:
		return "连不上主机 the hub is away: " + s.cfg.origin()
	case page:
		return fmt.Sprintf("显示 shows %s, %s, build %s, %d MB, %d nodes", s.cfg.address(), s.last.Connection, s.last.Build, s.last.Heap>>20, s.last.Nodes)
	case nothing:
	}
	return "正在启动 starting"
}
