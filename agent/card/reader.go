package card

import (
	"context"
	"fmt"
	"time"
)

// Source gives the pulses (Edge) or keys (Key) of one reader in the order of arrival.
type Source[T any] interface {
	// Read waits for at most timeout (above 0) and fills buf with what is there;
	// 0 means that nothing came. An error means that the source has to be opened
	// again.
	Read(buf []T, timeout time.Duration) (int, error)
	// Now is the present time on the clock of what it gives.
	Now() time.Duration
}

// Reader gives frames.
type Reader interface {
	// Read waits for at most timeout (above 0) for frames; none means that
	// nothing came. An error means that the reader has to be opened again.
	Read(timeout time.Duration) ([]Frame, error)
}

// FromPulses reads the Wiegand frames of a source of pulses.
func FromPulses(src Source[Edge]) Reader {
	return &framer[Edge]{src: src, decoder: &Wiegand{}}
}

// FromKeys reads the numbers that a source of keys types.
func FromKeys(src Source[Key], t Typing) Reader {
	return &framer[Key]{src: src, decoder: NewKeyboard(t)}
}

const batch = 64

type framer[T any] struct {
	src     Source[T]
	decoder decoder[T]
	buf     [batch]T
}

// Read implements Reader.
func (r *framer[T]) Read(timeout time.Duration) (frames []Frame, err error) {
	if due, open := r.decoder.Due(); open {
		timeout = min(timeout, max(due-r.src.Now(), time.Millisecond))
	}
	n, err := r.src.Read(r.buf[:], timeout)
	if err != nil {
		return nil, err
	}
	for _, e := range r.buf[:n] {
		if f, complete := r.decoder.Push(e); complete {
			frames = append(frames, f)
		}
	}
	if n == 0 {
		if f, complete := r.decoder.Idle(r.src.Now()); complete {
			frames = append(frames, f)
		}
	}
	return frames, nil
}

// Swipe is a card held to the reader.
type Swipe struct {
	At     time.Duration
	Card   string
	Format string
}

// Tail is the number's last two digits, by which a person tells cards apart.
func (s Swipe) Tail() string { return s.Card[max(0, len(s.Card)-2):] }

// String keeps the number out of logs.
func (s Swipe) String() string { return s.Format + " ****" }

const (
	// sameCard is how long after its last reading the same card is the same swipe.
	sameCard = 2 * time.Second
	// slice is the longest single wait, so that the end of ctx is seen.
	slice = 500 * time.Millisecond
)

// Watch tells what is held to a reader until ctx ends (nil) or the reader is
// lost: swipe is called for each new swipe and says whether it was taken (else
// the same card may be tried again at once); bad for each frame that is none;
// alive after each wait, which is a fraction of a second.
func Watch(ctx context.Context, r Reader, swipe func(Swipe) (taken bool), bad func(Frame), alive func()) error {
	var seen Same
	for ctx.Err() == nil {
		frames, err := r.Read(slice)
		if err != nil {
			return fmt.Errorf("watch a card reader: %w", err)
		}
		for _, f := range frames {
			switch {
			case f.Problem != "":
				bad(f)
			case seen.Again(f.Card, f.At):
			case !swipe(Swipe{At: f.At, Card: f.Card, Format: f.Format}):
				seen.Forget()
			}
		}
		alive()
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
