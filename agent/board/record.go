package board

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"hallkeeper/agent/button"
	"hallkeeper/agent/card"
)

// ErrRecording ends a recording that cannot be written, or has become too long.
var ErrRecording = errors.New("the recording cannot go on")

// Recorder is a board that writes down what its inputs do, before anybody
// decodes it.
type Recorder struct {
	Board
	start time.Duration

	mu      sync.Mutex
	out     io.Writer
	written int
	err     error
}

// Record makes a recorder of a board; the head is written at once. Its Version,
// Agent and At are taken from head. The caller ends it with Finish.
func Record(b Board, out io.Writer, head RecordingHead) (*Recorder, error) {
	head.Recording, head.Board = recordingVersion, b.File()
	r := &Recorder{Board: b, out: out, start: b.Now()}
	r.line(head)
	err := r.Err()
	return r, err
}

// Err is nil while all could be written.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Finish writes the end.
func (r *Recorder) Finish() error {
	r.put(mark{At: r.Now(), End: true})
	return r.Err()
}

// put writes a mark whose time is the board's.
func (r *Recorder) put(m mark) {
	m.At = max(0, m.At-r.start)
	r.line(m)
}

func (r *Recorder) line(what any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return
	}
	b, err := json.Marshal(what)
	if err == nil && r.written+len(b) > maxRecording {
		err = fmt.Errorf("it has %d MiB, which is enough", maxRecording>>20)
	}
	if err == nil {
		_, err = r.out.Write(append(b, '\n'))
		r.written += len(b) + 1
	}
	if err != nil {
		r.err = fmt.Errorf("%w: %w", ErrRecording, err)
	}
}

// Button implements Board.
func (r *Recorder) Button(name string) (button.Line, button.Sample, error) {
	line, first, err := r.Board.Button(name)
	if err != nil {
		r.put(mark{At: r.Now(), In: name, Lost: err.Error()})
		return nil, first, err
	}
	r.put(mark{At: first.At, In: name, Open: true, Down: &first.Down})
	return &tappedLine{r, name, line, first.Down}, first, nil
}

// tappedLine writes down a button's changes.
type tappedLine struct {
	to   *Recorder
	name string
	line button.Line
	down bool
}

// Next implements button.Line.
func (t *tappedLine) Next(timeout time.Duration) (button.Sample, error) {
	s, err := t.line.Next(timeout)
	switch {
	case err != nil:
		t.to.put(mark{At: t.to.Now(), In: t.name, Lost: err.Error()})
	case s.Down != t.down:
		t.down = s.Down
		t.to.put(mark{At: s.At, In: t.name, Down: &s.Down})
	}
	return s, errors.Join(err, t.to.Err())
}

// Pulses implements Board.
func (r *Recorder) Pulses(name string) (card.Source[card.Edge], error) {
	src, err := r.Board.Pulses(name)
	return tap(r, name, src, err, func(e card.Edge) mark { return mark{At: e.At, D1: &e.One, Seq: e.Seq} })
}

// Keys implements Board.
func (r *Recorder) Keys(name string) (card.Source[card.Key], error) {
	src, err := r.Board.Keys(name)
	return tap(r, name, src, err, func(k card.Key) mark {
		return mark{At: k.At, Key: &[3]int32{int32(k.Type), int32(k.Code), k.Value}}
	})
}

func tap[T any](r *Recorder, name string, src card.Source[T], err error, as func(T) mark) (card.Source[T], error) {
	if err != nil {
		r.put(mark{At: r.Now(), In: name, Lost: err.Error()})
		return nil, err
	}
	r.put(mark{At: r.Now(), In: name, Open: true})
	return &tappedSource[T]{src, r, name, as}, nil
}

// tappedSource writes down what a reader sends.
type tappedSource[T any] struct {
	card.Source[T]
	to   *Recorder
	name string
	as   func(T) mark
}

// Read implements card.Source.
func (t *tappedSource[T]) Read(buf []T, timeout time.Duration) (int, error) {
	n, err := t.Source.Read(buf, timeout)
	for _, e := range buf[:n] {
		m := t.as(e)
		m.In = t.name
		t.to.put(m)
	}
	if err != nil {
		t.to.put(mark{At: t.to.Now(), In: t.name, Lost: err.Error()})
	}
	return n, errors.Join(err, t.to.Err())
}
