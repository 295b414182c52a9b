package screens

import (
	"sync"
	"time"
)

const (
	// SessionLasts is after how long a screen proves itself again; it does so by itself before.
	SessionLasts = 12 * time.Hour
	// sessionsAtOnce are those of one screen: its tabs, and what a restart of its browser left.
	sessionsAtOnce = 8
)

// Sessions are the open sessions of screens, by the digest of what the browser
// keeps. They are in memory only: after a restart of the hub each screen proves
// itself again without anybody's help. The zero value has none.
type Sessions struct {
	mu   sync.Mutex
	open map[string]session
}

type session struct {
	screen, serial string
	until          time.Time
}

// Open opens a session of a screen with its present certificate and gives its end.
func (s *Sessions) Open(now time.Time, digest, screen, serial string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[string]session{}
	}
	count, oldest := 0, ""
	for id, x := range s.open {
		switch {
		case !now.Before(x.until):
			delete(s.open, id)
		case x.screen == screen:
			count++
			if oldest == "" || x.until.Before(s.open[oldest].until) {
				oldest = id
			}
		}
	}
	if count >= sessionsAtOnce {
		delete(s.open, oldest)
	}
	until := now.Add(SessionLasts)
	s.open[digest] = session{screen, serial, until}
	return until
}

// Whose tells whose session it is, and with which certificate it was opened; ok is false where it is nobody's.
func (s *Sessions) Whose(now time.Time, digest string) (screen, serial string, until time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.open[digest]
	return x.screen, x.serial, x.until, ok && now.Before(x.until)
}
