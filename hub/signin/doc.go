// Package signin runs the ceremonies by which people show who they are, beside passwords: passkeys (WebAuthn) and a
// single sign-on (OpenID Connect); and it bounds how many passwords are hashed at once. It owns what is open between a
// ceremony's beginning and its end, in memory, each once and for minutes. It refuses to know accounts: whom a proof is
// of is told to the caller, who decides.
package signin

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"sync"
	"time"
)

// The ways in which a ceremony ends without a person.
var (
	// ErrOver: nobody has begun it, it was used already, or it took too long.
	ErrOver = errors.New("the ceremony is not open")
	// ErrRefused: what was shown proves nothing.
	ErrRefused = errors.New("the proof does not hold")
	// ErrDown: the single sign-on cannot be reached.
	ErrDown = errors.New("the single sign-on cannot be reached")
)

const openMost = 1000

// once keeps what is open, for a time, each to be taken once. Where there are too many, the oldest goes.
type once[T any] struct {
	lasts time.Duration

	mu   sync.Mutex
	open map[string]opened[T]
}

type opened[T any] struct {
	what  T
	until time.Time
}

func (o *once[T]) put(id string, what T, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.open == nil {
		o.open = map[string]opened[T]{}
	}
	oldest, least := "", time.Time{}
	for k, x := range o.open {
		if !now.Before(x.until) {
			delete(o.open, k)
		} else if oldest == "" || x.until.Before(least) {
			oldest, least = k, x.until
		}
	}
	if len(o.open) >= openMost {
		delete(o.open, oldest)
	}
	o.open[id] = opened[T]{what, now.Add(o.lasts)}
}

func (o *once[T]) take(id string, now time.Time) (what T, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	x, ok := o.open[id]
	delete(o.open, id)
	return x.what, ok && now.Before(x.until)
}

// fresh is a random name that nobody guesses.
func fresh() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
