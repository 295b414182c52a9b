package board

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hallkeeper/agent/button"
	"hallkeeper/agent/card"
)

// Playback is the setting that names a board which plays a recording, with the
// path of the recording behind it.
const Playback = "playback:"

// ErrPlayed ends a playback: all of it was played.
var ErrPlayed = errors.New("the recording has been played")

// playback is a board whose inputs do what a recording says: in real time for a
// whole agent, or as fast as it is read.
type playback struct {
	recording *recording
	paced     bool
	start     time.Duration // of a paced one, on the monotonic clock
	inputs    map[string]*track
}

// Replay opens a recording to be read as fast as possible: each input has its
// own time, and ends with ErrPlayed. It is for looking at it, not for an agent.
func Replay(path string) (Board, RecordingHead, error) {
	r, err := readRecording(path)
	if err != nil {
		return nil, RecordingHead{}, err
	}
	return newPlayback(r, false), r.head, nil
}

// IsPlayed tells whether a board plays a recording.
func IsPlayed(b Board) bool {
	_, played := b.(*playback)
	return played
}

func newPlayback(r *recording, paced bool) *playback {
	p := &playback{recording: r, paced: paced, start: monotonic(), inputs: map[string]*track{}}
	for name := range r.head.Board.Buttons {
		p.inputs[name] = &track{of: p, marks: slices.Clone(r.marks[name])}
	}
	for name := range r.head.Board.Readers {
		p.inputs[name] = &track{of: p, marks: slices.Clone(r.marks[name])}
	}
	return p
}

// lostError is that an input went away, and when.
type lostError struct {
	at   time.Duration
	what string
}

func (e *lostError) Error() string { return e.what }
func (e *lostError) Unwrap() error { return ErrLost }

// LostAt gives when an input of a recording went away, on the board's clock; ok is
// false for any other error.
func LostAt(err error) (at time.Duration, ok bool) {
	var lost *lostError
	if !errors.As(err, &lost) {
		return 0, false
	}
	return lost.at, true
}

// track is what one input does; it is used by one goroutine at a time.
type track struct {
	of    *playback
	marks []mark // still to come
	now   time.Duration
	down  bool
}

// File implements Board.
func (p *playback) File() File { return p.recording.head.Board }

// Now implements Board.
func (p *playback) Now() time.Duration {
	if !p.paced {
		return p.recording.end
	}
	return monotonic() // of a paced one the recording's times are moved to the present
}

// Output implements Board: a recording has no lamps.
func (p *playback) Output(string) (*Switch, error) { return &Switch{}, nil }

// Close implements Board.
func (p *playback) Close() error { return nil }

// Serve implements Board: it ends with ErrPlayed.
func (p *playback) Serve(ctx context.Context) error {
	// The last number or press is complete some time after its last mark.
	const after = 2 * time.Second
	timer := time.NewTimer(p.start + p.recording.end + after - monotonic())
	defer timer.Stop()
	select {
	case <-timer.C:
		return ErrPlayed
	case <-ctx.Done():
		return nil
	}
}

// Button implements Board.
func (p *playback) Button(name string) (button.Line, button.Sample, error) {
	t, first, err := p.open(name)
	if err != nil {
		return nil, button.Sample{}, err
	}
	t.down = first.Down != nil && *first.Down
	return (*playedLine)(t), button.Sample{At: t.time(), Down: t.down}, nil
}

// Pulses implements Board.
func (p *playback) Pulses(name string) (card.Source[card.Edge], error) {
	t, _, err := p.open(name)
	return &playedSource[card.Edge]{t, (*mark).edge}, err
}

// Keys implements Board.
func (p *playback) Keys(name string) (card.Source[card.Key], error) {
	t, _, err := p.open(name)
	return &playedSource[card.Key]{t, (*mark).key}, err
}

// open goes on to where the input was opened; one that never was stays lost.
func (p *playback) open(name string) (*track, mark, error) {
	t := p.inputs[name]
	if t == nil {
		return nil, mark{}, fmt.Errorf("this board has no input %q", name)
	}
	for {
		m, ok, err := t.next(time.Second)
		switch {
		case err != nil:
			return nil, mark{}, err
		case ok && m.Open:
			return t, m, nil
		case !ok && p.paced:
			return nil, mark{}, ErrLost
		}
	}
}

// time is the input's time on the board's clock.
func (t *track) time() time.Duration {
	if t.of.paced {
		return t.of.start + t.now
	}
	return t.now
}

// next waits at most timeout, in the input's own time, for a mark.
func (t *track) next(timeout time.Duration) (m mark, ok bool, err error) {
	until := t.now + timeout
	switch {
	case len(t.marks) > 0 && t.marks[0].At <= until:
		m, t.marks = t.marks[0], t.marks[1:]
		t.now, ok = max(t.now, m.At), true
	case !t.of.paced && len(t.marks) == 0 && t.now > t.of.recording.end+time.Second:
		return mark{}, false, ErrPlayed
	default:
		t.now = until
	}
	if t.of.paced {
		time.Sleep(t.of.start + t.now - monotonic())
	}
	return m, ok, nil
}

// playedLine is a button's track.
type playedLine track

// Next implements button.Line.
func (l *playedLine) Next(timeout time.Duration) (button.Sample, error) {
	t := (*track)(l)
	m, ok, err := t.next(timeout)
	switch {
	case err != nil:
		return button.Sample{}, err
	case ok && m.Lost != "":
		return button.Sample{}, &lostError{t.time(), m.Lost}
	case ok && m.Down != nil:
		t.down = *m.Down
	}
	return button.Sample{At: t.time(), Down: t.down}, nil
}

// playedSource is a reader's track.
type playedSource[T any] struct {
	*track
	as func(*mark) (T, bool)
}

// Now implements card.Source.
func (s *playedSource[T]) Now() time.Duration { return s.time() }

// Read implements card.Source.
func (s *playedSource[T]) Read(buf []T, timeout time.Duration) (int, error) {
	m, ok, err := s.next(timeout)
	switch {
	case err != nil:
		return 0, err
	case ok && m.Lost != "":
		return 0, &lostError{s.time(), m.Lost}
	case !ok:
		return 0, nil
	}
	if s.of.paced {
		m.At += s.of.start
	}
	buf[0], ok = s.as(&m)
	if !ok {
		return 0, nil
	}
	return 1, nil
}
