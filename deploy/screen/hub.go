package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// hub is whether the hub answers, asked again and again. Whether its page can be
// trusted and opened is the browser's to say.
type hub struct {
	url    string
	client *http.Client
	every  time.Duration

	mu sync.Mutex
	// known is false before the first answer. missed is since when it was not there: from the start, where it never was.
	known, there bool
	missed       time.Time
	next         time.Time
	why          error
}

const (
	// askEvery is how often the hub is asked, asksWithin for how long it may think.
	askEvery   = 5 * time.Second
	asksWithin = 5 * time.Second
)

func newHub(origin string, every time.Duration) *hub {
	return &hub{url: origin + "/healthz", every: every, missed: time.Now(), client: &http.Client{
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
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

func (h *hub) ask(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask the hub: %w", err)
	}
	answer, err := h.client.Do(r)
	if err != nil {
		return fmt.Errorf("ask the hub: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: %s", errUnwell, answer.Status)
	}
	return nil
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
