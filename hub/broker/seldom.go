package broker

import (
	"sync"
	"time"
)

// seldom lets one message a period through, so that a client that does the same
// wrong thing a thousand times a second does not fill the log.
type seldom struct {
	every time.Duration

	mu      sync.Mutex
	last    time.Time
	skipped int
}

// allow tells whether to log now, and how many were skipped since the last.
func (s *seldom) allow(now time.Time) (skipped int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.last.IsZero() && now.Sub(s.last) < s.every {
		s.skipped++
		return 0, false
	}
	skipped, s.skipped, s.last = s.skipped, 0, now
	return skipped, true
}
