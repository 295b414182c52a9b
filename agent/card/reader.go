package card

import (
	"context"
	"fmt"
	"time"
)

// Source gives the pulses of one reader in the order of arrival.
type Source interface {
	// Read waits for at most timeout (above 0) for edges and fills buf with what
	// is there; 0 means that nothing came. An error means that the source has to
	// be opened again.
	Read(buf []Edge, timeout time.Duration) (int, error)
	// Now is the present time on the clock of Edge.At.
	Now() time.Duration
}

// Swipe is a card held to the reader.
type Swipe struct {
	At     time.Duration
	Card   string
	Format string
}

// String keeps the number out of logs.
func (s Swipe) String() string { return s.Format + " ****" }

const (
	// sameCard is how long after its last reading the same card is the same swipe.
	sameCard = 2 * time.Second
	// slice is the longest single wait, so that the end of ctx is seen.
	slice = 200 * time.Millisecond
	batch = 64
)

// Watch tells what is held to a reader until ctx ends (nil) or the source is
// lost: swipe is called for each new swipe and says whether it was taken (else
// the same card may be tried again at once); bad for each frame that is none.
func Watch(ctx context.Context, src Source, swipe func(Swipe) (taken bool), bad func(Frame)) error {
	var (
		decoder Decoder
		seen    Same
		buf     [batch]Edge
	)
	take := func(f Frame) {
		switch {
		case f.Problem != "":
			bad(f)
		case seen.Again(f.Card, f.At):
		case !swipe(Swipe{At: f.At, Card: f.Card, Format: f.Format}):
			seen.Forget()
		}
	}
	for ctx.Err() == nil {
		wait := slice
		if due, open := decoder.Due(); open {
			wait = min(slice, max(due-src.Now(), time.Millisecond))
		}
		n, err := src.Read(buf[:], wait)
		if err != nil {
			return fmt.Errorf("watch a card reader: %w", err)
		}
		for _, e := range buf[:n] {
			if f, complete := decoder.Push(e); complete {
				take(f)
			}
		}
		if n == 0 {
			if f, complete := decoder.Idle(src.Now()); complete {
				take(f)
			}
		}
	}
	return nil
}

// Same recognises a card that is still, or again, at the reader.
type Same struct {
	card string
	at   time.Duration
}

// Again tells whether the card was read within the last 2 s, and remembers it.
func (s *Same) Again(card string, at time.Duration) bool {
	again := s.card == card && at-s.at < sameCard
	s.card, s.at = card, at
	return again
}

// Forget lets the next reading count, whatever card it is.
func (s *Same) Forget() { s.card = "" }
