package board

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hallkeeper/agent/board/simlink"
	"hallkeeper/agent/button"
	"hallkeeper/agent/card"
	"hallkeeper/simulator/pulse"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// sim is a simulated board that serves, with its inputs watched.
type sim struct {
	Board
	socket string
	client *simlink.Client
	// happened has what its inputs did, e.g. "rating5 press" or "card 04A2B9C1 wiegand34".
	happened chan string
}

func start(t *testing.T) *sim {
	t.Helper()
	s := &sim{socket: filepath.Join(t.TempDir(), "s"), happened: make(chan string, 1024)}
	b, err := Open(Sim, s.socket, quiet())
	if err != nil {
		t.Fatal(err)
	}
	s.Board = b
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 16)
	running := 1
	for name, wiring := range b.File().Buttons {
		line, first, err := b.Button(name)
		if err != nil {
			t.Fatal(err)
		}
		running++
		go func() {
			done <- button.Watch(ctx, line, wiring.Timing, first, func(e button.Event) {
				s.happened <- name + " " + map[button.Kind]string{button.Press: "press", button.LongPress: "long press", button.Stuck: "stuck", button.Freed: "freed"}[e.Kind]
			}, func() {})
		}()
	}
	for name := range b.File().Readers {
		reader, err := OpenReader(b, name)
		if err != nil {
			t.Fatal(err)
		}
		running++
		go func() {
			done <- card.Watch(ctx, reader, func(c card.Swipe) bool {
				s.happened <- "card " + c.Card + " " + c.Format
				return true
			}, func(f card.Frame) { s.happened <- "bad frame " + string(f.Problem) }, func() {})
		}()
	}
	go func() { done <- b.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		for range running {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	s.client = s.dial(t)
	return s
}

func (s *sim) dial(t *testing.T) *simlink.Client {
	t.Helper()
	limit := time.Now().Add(20 * time.Second)
	for {
		c, err := simlink.Dial(t.Context(), s.socket)
		if err == nil {
			t.Cleanup(func() { _ = c.Close() })
			return c
		}
		if time.Now().After(limit) {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (s *sim) play(t *testing.T, train []simlink.Level) {
	t.Helper()
	if err := s.client.Play(t.Context(), train); err != nil {
		t.Fatal(err)
	}
}

func (s *sim) next(t *testing.T) string {
	t.Helper()
	select {
	case what := <-s.happened:
		return what
	case <-time.After(20 * time.Second):
		t.Fatal("nothing happened within 20 s")
		return ""
	}
}

func chance() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func swipe(t *testing.T, r *rand.Rand, size int, number uint32) []simlink.Level {
	t.Helper()
	train, err := pulse.Wiegand(r, size, number)
	if err != nil {
		t.Fatal(err)
	}
	return train
}

func TestAPressWithItsBounceIsOnePress(t *testing.T) {
	s, r := start(t), chance()
	for i := range 30 {
		line := fmt.Sprintf("rating%d", 1+i%5)
		s.play(t, pulse.Press(r, line, 80*time.Millisecond))
		if got := s.next(t); got != line+" press" {
			t.Fatalf("press %d of %s was felt as %q", i, line, got)
		}
	}
	s.play(t, pulse.Press(r, "call", 80*time.Millisecond))
	if got := s.next(t); got != "call press" {
		t.Errorf("a press after all those was felt as %q", got)
	}
}

func TestACardIsReadAsItIs(t *testing.T) {
	s, r := start(t), chance()
	for i := range 20 {
		number := r.Uint32()
		size, want := 34, fmt.Sprintf("card %08X wiegand34", number)
		if i%2 == 0 {
			size, number = 26, number&0xFFFFFF
			want = fmt.Sprintf("card %06X wiegand26", number)
		}
		s.play(t, swipe(t, r, size, number))
		if got := s.next(t); got != want {
			t.Fatalf("card %X of %d bits was read as %q", number, size, got)
		}
	}
}

func TestTwoHandsAtOnce(t *testing.T) {
	s, r := start(t), chance()
	other := s.dial(t)
	train := swipe(t, r, 34, 0x04A2B9C1)
	played := make(chan error, 1)
	go func() { played <- other.Play(t.Context(), train) }()
	s.play(t, pulse.Press(r, "rating3", 90*time.Millisecond))
	if err := <-played; err != nil {
		t.Fatal(err)
	}
	got := []string{s.next(t), s.next(t)}
	slices.Sort(got)
	if got[0] != "card 04A2B9C1 wiegand34" || got[1] != "rating3 press" {
		t.Errorf("a swipe and a press at once were %q", got)
	}
}

func TestAFrameThatBreaksIsNoCard(t *testing.T) {
	s, r := start(t), chance()
	train := swipe(t, r, 34, 0x04A2B9C1)
	s.play(t, train[:40])
	if got := s.next(t); got != "bad frame length" {
		t.Errorf("twenty bits are %q", got)
	}
	train = swipe(t, r, 34, 0x04A2B9C1)
	s.play(t, train)
	if got := s.next(t); got != "card 04A2B9C1 wiegand34" {
		t.Errorf("the card held on after that is %q", got)
	}
}

func TestWhoPlaysIsToldOfTheLamps(t *testing.T) {
	s := start(t)
	lamp, err := s.Output(LampGreen)
	if err != nil {
		t.Fatal(err)
	}
	other := s.dial(t)
	s.play(t, nil) // both links are known once they have answered
	if err := other.Play(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for _, on := range []bool{true, true, false} { // the second changes nothing
		if err := lamp.Set(on); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]*simlink.Client{"the first": s.client, "the other": other} {
		for _, want := range []bool{true, false} {
			select {
			case o := <-c.Outputs():
				if o.Line != LampGreen || o.High != want {
					t.Errorf("%s was told %+v, not %v", name, o, want)
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("%s was told nothing", name)
			}
		}
	}
	if none, err := s.Output("lamp_blue"); err != nil || none.Set(true) != nil {
		t.Error("a lamp that the board does not have is in the way")
	}
}

func TestATrainThatCannotBeIsRefusedWhole(t *testing.T) {
	s, r := start(t), chance()
	press := pulse.Press(r, "rating5", 80*time.Millisecond)
	for _, c := range []struct {
		name  string
		train []simlink.Level
		says  string
	}{
		{"an unknown line", append(slices.Clone(press), simlink.Level{Line: "rating9"}), `no input line "rating9"`},
		{"a lamp", append(slices.Clone(press), simlink.Level{Line: LampGreen, High: true}), "no input line"},
		{"time that runs back", append(slices.Clone(press), simlink.Level{AfterUS: -1, Line: "call"}), "after_us must be"},
		{"a wait of an hour", append(slices.Clone(press), simlink.Level{AfterUS: 3_600_000_000, Line: "call"}), "after_us must be"},
		{"too many steps", make([]simlink.Level, simlink.MaxSteps+1), "steps"},
	} {
		if err := s.client.Play(t.Context(), c.train); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	s.play(t, pulse.Press(r, "call", 80*time.Millisecond))
	if got := s.next(t); got != "call press" {
		t.Errorf("refused trains were played: %q", got)
	}
}

func TestBytesThatAreNoTrainEndTheirLinkOnly(t *testing.T) {
	s, r := start(t), chance()
	for _, text := range []string{"hello\n", `{"id":"x"}` + "\n", `{"id":1,"train":[` + strings.Repeat(" ", maxMessage)} {
		conn, err := net.Dial("unix", s.socket)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = conn.Write([]byte(text)) }()
		_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%.20q: the link stayed: %v", text, err)
		}
		_ = conn.Close()
	}
	s.play(t, pulse.Press(r, "call", 80*time.Millisecond))
	if got := s.next(t); got != "call press" {
		t.Errorf("a press after that was felt as %q", got)
	}
}

func TestTheSocketOfAKilledAgentIsReplaced(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	_ = left.Close()
	b, err := Open(Sim, socket, quiet())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- b.Serve(ctx) }()
	s := &sim{Board: b, socket: socket}
	s.dial(t)
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket is open to others: %v, %v", info.Mode(), err)
	}
	// A living one is left alone, and so is a file that is no socket.
	second, err := Open(Sim, socket, quiet())
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Serve(t.Context()); err == nil || !strings.Contains(err.Error(), "another agent") {
		t.Errorf("a second agent on the same socket: %v", err)
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket stays: %v", err)
	}
	if err := os.WriteFile(socket, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := second.Serve(t.Context()); err == nil || !strings.Contains(err.Error(), "no socket") {
		t.Errorf("a file in the socket's place: %v", err)
	}
}

func TestAReaderThatIsNotReadLosesTheOldest(t *testing.T) {
	p := newFakePulses(monotonic)
	p.push(make([]card.Edge, eventBuffer+10))
	buf := make([]card.Edge, 1)
	if n, err := p.Read(buf, time.Second); n != 1 || err != nil || buf[0].Seq != 11 {
		t.Errorf("read %d, %v, seq %d", n, err, buf[0].Seq)
	}
	p.forget()
	if n, err := p.Read(buf, time.Millisecond); n != 0 || err != nil {
		t.Errorf("opened again, it gives %d edges, %v", n, err)
	}
}
