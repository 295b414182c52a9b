package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"hallkeeper/bilingual"
)

// keeper keeps a page on the screen: it starts the session and the browser, asks
// the page how it is, and says what is shown.
type keeper struct {
	cfg    config
	pace   pace
	logger *slog.Logger
	hub    *hub
	// now is the wall clock, synced whether it may be believed.
	now    func() time.Time
	synced func() bool
	wasSet bool // it was once: from then on it is right enough
	// tell is what systemd is told.
	tell func(state string)
	// opened is told each browser that has come up; nil is none.
	opened func(*browser)
}

// pace is how often things are looked at, and how long they are waited for.
type pace struct {
	tick  time.Duration // what is shown is thought over, and systemd told
	beat  time.Duration // the page is asked how it is
	blank time.Duration // a page of the hub without a word on it is borne
	again time.Duration // the hub's page is tried again after the browser could not open it
	look  time.Duration // the screen's signal is looked at
	well  time.Duration // a browser that lasted so long did not fail at its start
	first time.Duration // the wait after a first failure, which doubles
	most  int           // failures in a row, after which the whole service is started again
}

func usualPace() pace {
	return pace{tick: time.Second, beat: 5 * time.Second, blank: time.Minute, again: 10 * time.Second, look: time.Minute, well: time.Minute, first: time.Second, most: 6}
}

// longestWait is the longest between two browsers.
const longestWait = 30 * time.Second

var (
	errNightly = errors.New("it is the time of the daily restart")
	errSession = bilingual.New("屏幕会话已结束", "the session has ended")
	errHangs   = bilingual.New("页面没有响应", "the page gives no sign of life")
	errCrashed = bilingual.New("页面崩溃", "the page has crashed")
	errEnded   = bilingual.New("浏览器自行退出", "the browser has ended by itself")
	errBlank   = bilingual.New("页面上没有文字", "nothing can be read on the page")
)

// run goes on until ctx ends, or nothing helps but a new service.
func (k *keeper) run(ctx context.Context) error {
	if err := trust(ctx, &k.cfg); err != nil {
		return err
	}
	session, err := startCompositor(ctx, &k.cfg)
	if err != nil {
		return err
	}
	defer session.stop()
	k.tell(daemon.SdNotifyReady)
	defer k.tell(daemon.SdNotifyStopping)
	k.hub.calendar, k.hub.today = asksCalendar(k.cfg.Hours), func() string { return k.local().Format(time.DateOnly) }
	asking, stop := context.WithCancel(ctx)
	asked := make(chan struct{})
	go func() { defer close(asked); k.hub.watch(asking) }()
	defer func() { stop(); <-asked }()

	screen := &display{sway: session, cec: k.cfg.CEC, logger: k.logger}
	for failures := 0; ; {
		began := time.Now()
		err := k.browse(ctx, session, screen)
		switch {
		case ctx.Err() != nil:
			return nil // it was ended
		case errors.Is(err, errSession):
			return err
		case errors.Is(err, errNightly):
			k.logger.Info("the browser is started anew", "because", err)
			failures = 0
			continue
		}
		if time.Since(began) > k.pace.well {
			failures = 0
		}
		if failures++; failures > k.pace.most {
			return bilingual.Errorf("浏览器反复退出：%w", "no browser lasts: %w", err)
		}
		wait := min(longestWait, k.pace.first<<(failures-1))
		k.logger.Error("the browser is started again", "because", err, "in", wait)
		k.tell(fmt.Sprintf("STATUS=浏览器正在重新启动 the browser is started again: %v", err))
		select {
		case <-ctx.Done():
			return nil
		case <-session.process.ended:
			return bilingual.Errorf("%w：%w", "%w: %w", errSession, session.process.err)
		case <-time.After(wait):
		}
	}
}

// browse starts one browser and goes on until it has ended or must; the error says why.
func (k *keeper) browse(ctx context.Context, session *compositor, screen *display) error {
	k.tell(daemon.SdNotifyWatchdog)
	b, err := startBrowser(ctx, &k.cfg, session.display)
	if err != nil {
		return err
	}
	defer b.stop()
	s := &stage{keeper: k, browser: b, screen: screen}
	if k.opened != nil {
		k.opened(b)
	}
	tick, look := time.NewTicker(k.pace.tick), time.NewTicker(k.pace.look)
	defer tick.Stop()
	defer look.Stop()
	beats := make(chan beat)
	beating, stop := context.WithCancel(ctx)
	defer stop()
	go k.listen(beating, b, beats)
	for {
		if err := s.play(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		k.tell(daemon.SdNotifyWatchdog + "\nSTATUS=" + s.status())
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-session.process.ended:
			return bilingual.Errorf("%w：%w", "%w: %w", errSession, session.process.err)
		case <-b.process.ended:
			return bilingual.Errorf("%w：%w", "%w: %w", errEnded, b.process.err)
		case <-b.tools.done:
			return errEnded
		case <-b.crashed:
			return errCrashed
		case x := <-beats:
			if err := s.judge(x); err != nil {
				return err
			}
		case <-look.C:
			if err := screen.signal(ctx, s.shows != dark); err != nil && ctx.Err() == nil {
				return bilingual.Errorf("%w：%w", "%w: %w", errSession, err)
			}
		case <-tick.C:
		}
	}
}

// beat is one answer of the page, or that there was none.
type beat struct {
	asked  time.Time
	health health
	err    error
}

// listen asks the page how it is, until there is no answer.
func (k *keeper) listen(ctx context.Context, b *browser, beats chan<- beat) {
	t := time.NewTicker(k.pace.beat)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		now := time.Now()
		asking, cancel := context.WithTimeout(ctx, k.cfg.Patience)
		h, err := b.health(asking)
		cancel()
		var answered *toolsError
		if errors.As(err, &answered) { // it is between two pages
			continue
		}
		select {
		case <-ctx.Done():
			return
		case beats <- beat{now, h, err}:
		}
	}
}
