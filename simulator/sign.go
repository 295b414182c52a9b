package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"hallkeeper/wire"
)

// How old a look at the hub may be, and how long one may take.
const (
	signFresh   = 300 * time.Millisecond
	signTimeout = 2 * time.Second
)

// newSign reads the hub's live view; without an address nothing is ever known.
func newSign(hubURL string) sign {
	if hubURL == "" {
		return noSign{}
	}
	return &hubSign{url: strings.TrimSuffix(hubURL, "/") + "/api/v1/live"}
}

type noSign struct{}

func (noSign) staffed(context.Context, string) (staffed, known bool) { return false, false }

func (noSign) counter(context.Context, string, time.Time) (counter, bool) { return counter{}, false }

// counter is a window as the line sees it.
type counter struct {
	// line is whether tickets are called here at all.
	line bool
	// stage of the ticket here: called, serving or empty.
	stage string
	// waiting for it.
	waiting int
}

// hubSign shares one look among all windows.
type hubSign struct {
	url string

	mu     sync.Mutex
	looked time.Time
	live   wire.Live
}

func (s *hubSign) staffed(ctx context.Context, window string) (staffed, known bool) {
	live, known := s.look(ctx, time.Time{})
	w, found := live.Windows[window]
	if !known || !found || w.State != wire.WindowOpen && w.State != wire.WindowUnstaffed {
		return false, false
	}
	return w.Staffed, true
}

// counter is what a window's screen says no earlier than after.
func (s *hubSign) counter(ctx context.Context, window string, after time.Time) (c counter, known bool) {
	live, known := s.look(ctx, after)
	w, found := live.Windows[window]
	if !known || !found {
		return c, false
	}
	if w.Ticket != nil {
		c.stage = w.Ticket.Stage
	}
	for _, service := range live.Services {
		if slices.Contains(service.Windows, window) {
			c.line, c.waiting = true, c.waiting+service.Waiting
		}
	}
	return c, true
}

func (s *hubSign) look(ctx context.Context, after time.Time) (live wire.Live, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.looked) > signFresh || s.looked.Before(after) {
		asked := time.Now()
		live, err := fetchLive(ctx, s.url)
		if err != nil {
			return live, false
		}
		s.live, s.looked = live, asked
	}
	return s.live, true
}

func fetchLive(ctx context.Context, url string) (live wire.Live, err error) {
	ctx, cancel := context.WithTimeout(ctx, signTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return live, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return live, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return live, fmt.Errorf("look at the hub: %s", answer.Status)
	}
	err = json.NewDecoder(answer.Body).Decode(&live)
	return live, err
}
