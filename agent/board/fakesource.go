package board

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"hallkeeper/agent/card"
)

// fakeSource gives what a simulated reader sends as the kernel does: through a
// buffer that loses the oldest when nobody reads.
type fakeSource[T any] struct {
	now  func() time.Duration
	wake chan struct{} // has room for one

	mu    sync.Mutex
	queue []T
	gone  bool
}

func newFakeSource[T any](now func() time.Duration) fakeSource[T] {
	return fakeSource[T]{now: now, wake: make(chan struct{}, 1)}
}

// put adds to what is read; mu is held.
func (s *fakeSource[T]) put(list ...T) {
	s.queue = append(s.queue, list...)
	if over := len(s.queue) - eventBuffer; over > 0 {
		s.queue = slices.Delete(s.queue, 0, over)
	}
	s.poke()
}

func (s *fakeSource[T]) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Now implements card.Source.
func (s *fakeSource[T]) Now() time.Duration { return s.now() }

// Read implements card.Source.
func (s *fakeSource[T]) Read(buf []T, timeout time.Duration) (int, error) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	for {
		if n, err := s.take(buf); n > 0 || err != nil {
			return n, err
		}
		select {
		case <-s.wake:
		case <-timer.C:
			return s.take(buf)
		}
	}
}

func (s *fakeSource[T]) take(buf []T) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return 0, fmt.Errorf("%w: it was unplugged", ErrLost)
	}
	n := copy(buf, s.queue)
	s.queue = slices.Delete(s.queue, 0, n)
	return n, nil
}

// fakePulses gives the falling edges of a Wiegand reader's two lines, with
// times and sequence numbers.
type fakePulses struct {
	fakeSource[card.Edge]
	high [2]bool // of d0 and d1
	seq  uint32
}

func newFakePulses(now func() time.Duration) *fakePulses {
	return &fakePulses{fakeSource: newFakeSource[card.Edge](now), high: [2]bool{true, true}}
}

// fall sets a line and tells whether that pulled it low.
func (p *fakePulses) fall(one, high bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := 0
	if one {
		i = 1
	}
	fell := p.high[i] && !high
	p.high[i] = high
	return fell
}

func (p *fakePulses) push(edges []card.Edge) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range edges {
		p.seq++
		edges[i].Seq = p.seq
	}
	p.put(edges...)
}

// forget is what opening the lines again does.
func (p *fakePulses) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = nil
}

// fakeKeys gives the keys of a reader that types.
type fakeKeys struct {
	fakeSource[card.Key]
	unplugged bool
}

func newFakeKeys(now func() time.Duration) *fakeKeys {
	return &fakeKeys{fakeSource: newFakeSource[card.Key](now)}
}

// open tells whether the reader is there, and forgets what was typed before.
func (k *fakeKeys) open() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.queue, k.gone = nil, k.unplugged
	return !k.unplugged
}

// move lets a key go down (low) or up, or with code 0 unplugs the reader (low) or plugs it in.
func (k *fakeKeys) move(code uint16, high bool, at time.Duration) {
	const evKey = 1
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case code == 0:
		k.unplugged = !high
		k.gone = k.gone || k.unplugged // until it is opened again
		k.poke()
	case k.unplugged:
	case high:
		k.put(card.Key{At: at, Type: evKey, Code: code}, card.Key{At: at})
	default:
		k.put(card.Key{At: at, Type: evKey, Code: code, Value: 1}, card.Key{At: at})
	}
}
