package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// hub is whether the hub answers, asked again and again. Whether its page can be
// trusted and opened is the browser's to say.
type hub struct {
	origin string
	client *http.Client
	every  time.Duration

	mu sync.Mutex
	// known is false before the first answer. missed is since when it was not there: from the start, where it never was.
	known, there bool
	missed       time.Time
	next         time.Time
	why          error

	// calendar is asked as well, where the screen's hours follow it; today is the screen's date.
	calendar bool
	today    func() string
	// day is the date that the hub spoke of last, works whether the hall works on it.
	day    string
	works  bool
	spoken time.Time
}

const (
	// askEvery is how often the hub is asked, asksWithin for how long it may think.
	askEvery   = 5 * time.Second
	asksWithin = 5 * time.Second
	// calendarEvery is how soon the screen follows when the hall is closed on a day that has begun.
	calendarEvery = 10 * time.Minute
	// mostOfLive bounds what is read of the live view, in bytes.
	mostOfLive = 8 << 20
)

func newHub(origin string, every time.Duration) *hub {
	return &hub{origin: origin, every: every, missed: time.Now(), client: &http.Client{
		Timeout: asksWithin,
		Transport: &http.Transport{DisableKeepAlives: true, // a hub that was started anew has other connections
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}}, //nolint:gosec // it is asked only whether somebody answers, and told nothing
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

var errUnwell = errors.New("the hub does not answer as a hub")

// watch asks until ctx ends.
func (h *hub) watch(ctx context.Context) {
	t := time.NewTicker(h.every)
	defer t.Stop()
	for {
		err := h.ask(ctx)
		now := time.Now()
		h.mu.Lock()
		if h.there && err != nil {
			h.missed = now
		}
		h.known, h.there, h.why, h.next = true, err == nil, err, now.Add(h.every)
		h.mu.Unlock()
		if err == nil && h.calendar {
			h.askCalendar(ctx, now)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

func (h *hub) ask(ctx context.Context) error {
	body, err := h.get(ctx, "/healthz")
	if err != nil {
		return err
	}
	return body.Close()
}

// get asks for a page; the caller closes what it gives.
func (h *hub) get(ctx context.Context, path string) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.origin+path, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("ask the hub: %w", err)
	}
	answer, err := h.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask the hub: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("%w: %s", errUnwell, answer.Status), answer.Body.Close())
	}
	return answer.Body, nil
}

// askCalendar asks which day it is in the hall, when a new one has begun and now and
// then within it. What cannot be had is asked for again with the next question.
func (h *hub) askCalendar(ctx context.Context, now time.Time) {
	h.mu.Lock()
	fresh := h.day == h.today() && now.Sub(h.spoken) < calendarEvery
	h.mu.Unlock()
	if fresh {
		return
	}
	body, err := h.get(ctx, "/api/v1/live")
	if err != nil {
		return
	}
	defer body.Close()
	var live struct {
		Hall struct {
			Day  string `json:"day"`
			Kind string `json:"day_kind"`
		} `json:"hall"`
	}
	if json.NewDecoder(io.LimitReader(body, mostOfLive)).Decode(&live) != nil || live.Hall.Kind == "" { // a hub before it said so
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.day, h.works, h.spoken = live.Hall.Day, live.Hall.Kind == "work" || live.Hall.Kind == "make_up", now
}

// worksOn tells whether the hall works on the date of now: as the hub said of that
// date, else by the week.
func (h *hub) worksOn(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.day == now.Format(time.DateOnly) {
		return h.works
	}
	return now.Weekday() != time.Saturday && now.Weekday() != time.Sunday
}

// standing is how it stands now. Missed means nothing where it is there.
type standing struct {
	known, there bool
	missed, next time.Time
	why          error
}

func (h *hub) standing() standing {
	h.mu.Lock()
	defer h.mu.Unlock()
	return standing{h.known, h.there, h.missed, h.next, h.why}
}
