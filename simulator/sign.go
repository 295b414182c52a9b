package simulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
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

// hubSign shares one look among all windows.
type hubSign struct {
	url string

	mu     sync.Mutex
	looked time.Time
	live   wire.Live
}

func (s *hubSign) staffed(ctx context.Context, window string) (staffed, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.looked) > signFresh {
		live, err := fetchLive(ctx, s.url)
		if err != nil {
			return false, false
		}
		s.live, s.looked = live, time.Now()
	}
	w, found := s.live.Windows[window]
	if !found || w.State != wire.WindowOpen && w.State != wire.WindowUnstaffed {
		return false, false
	}
	return w.Staffed, true
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
