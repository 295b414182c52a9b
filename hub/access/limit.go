package access

import (
	"sync"
	"time"
)

// Limits bounds how often somebody may do a thing, such as try a password: each
// name and each address has a few tries, which come back with time.
type Limits struct {
	// AtOnce is how many tries there are, 5 where it is 0; one comes back after Every, 30 s where it is 0.
	AtOnce int
	Every  time.Duration

	mu    sync.Mutex
	tries map[string]tries
}

type tries struct {
	left float64
	at   time.Time
}

const (
	triesAtOnce = 5
	tryEvery    = 30 * time.Second // one more try after this long
	maxNames    = 10_000
)

// Take takes one try of each key; ok is false where one of them has none left,
// and after says for how long.
func (l *Limits) Take(now time.Time, keys ...string) (after time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tries == nil {
		l.tries = map[string]tries{}
	}
	if len(l.tries) > maxNames {
		for k, t := range l.tries {
			if now.Sub(t.at) > time.Duration(l.atOnce())*l.every() {
				delete(l.tries, k)
			}
		}
	}
	for _, k := range keys {
		if t := l.level(k, now); t < 1 {
			after = max(after, time.Duration((1-t)*float64(l.every())))
		}
	}
	if after > 0 {
		return after, false
	}
	for _, k := range keys {
		l.tries[k] = tries{l.level(k, now) - 1, now}
	}
	return 0, true
}

// Back gives the tries of a name back after it succeeded.
func (l *Limits) Back(keys ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range keys {
		delete(l.tries, k)
	}
}

func (l *Limits) level(key string, now time.Time) float64 {
	t, ok := l.tries[key]
	if !ok {
		return l.atOnce()
	}
	return min(l.atOnce(), t.left+max(0, now.Sub(t.at).Seconds())/l.every().Seconds())
}

func (l *Limits) atOnce() float64 {
	if l.AtOnce == 0 {
		return triesAtOnce
	}
	return float64(l.AtOnce)
}

func (l *Limits) every() time.Duration {
	if l.Every == 0 {
		return tryEvery
	}
	return l.Every
}
