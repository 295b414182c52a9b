package hand

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"path/filepath"
	"testing"
	"time"

	"hallkeeper/agent/board/simlink"
)

// board is the agent's end of the link, played by the test.
type board struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Scanner
}

func listen(t *testing.T, socket string) net.Listener {
	t.Helper()
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func accept(t *testing.T, l net.Listener) *board {
	t.Helper()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(conn)
	in.Buffer(nil, 1<<20)
	return &board{t, conn, in}
}

func (b *board) next() simlink.Play {
	b.t.Helper()
	var p simlink.Play
	if !b.in.Scan() || json.Unmarshal(b.in.Bytes(), &p) != nil {
		b.t.Fatalf("no play came: %v", b.in.Err())
	}
	return p
}

func (b *board) say(out simlink.Output) {
	b.t.Helper()
	if err := json.NewEncoder(b.conn).Encode(out); err != nil {
		b.t.Fatal(err)
	}
}

func TestPressIsDoneWhenItIsPlayed(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	seen := make(chan Seen, 8)
	h := New(socket, 1, func(s Seen) { seen <- s })
	defer h.Close()
	l := listen(t, socket)
	done := make(chan error, 1)
	go func() { done <- h.Press(t.Context(), "rating4") }()
	b := accept(t, l)
	p := b.next()
	if len(p.Train) < 2 || p.Train[0].Line != "rating4" || p.Train[0].High {
		t.Errorf("a press starts with %+v", p.Train)
	}
	b.say(simlink.Output{Line: "lamp_green", High: true})
	b.say(simlink.Output{Played: p.ID + 7}) // somebody else's
	b.say(simlink.Output{Played: p.ID})
	if err := <-done; err != nil {
		t.Error(err)
	}
	if s := <-seen; s.Line != "lamp_green" || !s.High || s.At.IsZero() {
		t.Errorf("saw %+v", s)
	}
}

func TestHandWaitsForTheAgentAndComesBack(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	h := New(socket, 1, nil)
	defer h.Close()
	done := make(chan error, 1)
	go func() { done <- h.Swipe(t.Context(), 34, 0x04A2B9C1) }()
	l := listen(t, socket) // the agent starts only now
	b := accept(t, l)
	if p := b.next(); len(p.Train) != 68 {
		t.Errorf("a card of 34 bits came as %d steps", len(p.Train))
	}
	_ = b.conn.Close() // killed in the middle
	if err := <-done; !errors.Is(err, ErrGone) {
		t.Errorf("an agent killed during a swipe gave %v", err)
	}
	go func() { done <- h.Press(t.Context(), "call") }()
	b = accept(t, l)
	b.say(simlink.Output{Played: b.next().ID})
	if err := <-done; err != nil {
		t.Errorf("after it came back: %v", err)
	}
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	h := New(filepath.Join(t.TempDir(), "nobody"), 1, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := h.Press(ctx, "call"); err == nil || errors.Is(err, ErrGone) {
		t.Errorf("nobody was there to see it, got %v", err)
	}
}
