package signin

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"
)

// ErrBusy says that so many passwords are being hashed that this one must come again.
var ErrBusy = errors.New("too many passwords are checked at once")

// Hashing bounds how many passwords are hashed at once, which takes a core and 19 MB each. Who comes from where
// somebody has signed in before has a place of their own, so that strangers who guess hold nobody up.
type Hashing struct {
	strangers, known lane
}

type lane struct {
	places  chan struct{}
	waiting atomic.Int32
}

const (
	waitMost  = 8
	waitAtAll = 3 * time.Second
)

// NewHashing leaves at least half of the cores to everything else.
func NewHashing() *Hashing {
	n := max(1, runtime.NumCPU()/4)
	return &Hashing{strangers: lane{places: make(chan struct{}, n)}, known: lane{places: make(chan struct{}, n)}}
}

// Do runs hash when there is a place. ErrBusy where too many wait already, or it would take too long.
func (h *Hashing) Do(ctx context.Context, known bool, hash func()) error {
	l := &h.strangers
	if known {
		l = &h.known
	}
	if l.waiting.Add(1) > waitMost {
		l.waiting.Add(-1)
		return ErrBusy
	}
	ctx, cancel := context.WithTimeout(ctx, waitAtAll)
	defer cancel()
	select {
	case l.places <- struct{}{}:
		l.waiting.Add(-1)
	case <-ctx.Done():
		l.waiting.Add(-1)
		return ErrBusy
	}
	defer func() { <-l.places }()
	hash()
	return nil
}
