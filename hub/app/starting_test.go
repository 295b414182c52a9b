package app

import (
	"context"
	"iter"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/view"
	"hallkeeper/wire"
)

// slowly gives a record at each step.
type slowly struct {
	step chan struct{}
	many wire.Position
}

func (s *slowly) Head() wire.Position { return s.many }

func (s *slowly) Follow(ctx context.Context, after wire.Position) iter.Seq2[[]wire.Record, error] {
	return func(yield func([]wire.Record, error) bool) {
		for p := after + 1; p <= s.many; p++ {
			select {
			case <-s.step:
			case <-ctx.Done():
				return
			}
			if !yield([]wire.Record{{Position: p}}, nil) {
				return
			}
		}
		<-ctx.Done()
	}
}

// A start that comes nearer to its end asks systemd for more time; one that stands still does not.
func TestAStartThatMakesTheViewsAgainAsksForTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	t.Setenv("NOTIFY_SOCKET", path)
	quiet := slog.New(slog.DiscardHandler)
	log, err := eventlog.Open(eventlog.Options{Dir: t.TempDir(), Zone: time.UTC, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	source := &slowly{step: make(chan struct{}), many: 3}
	runner, _, err := view.New(filepath.Join(t.TempDir(), "views.db"), source.many, quiet, func() []view.Fold { return nil })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	caughtUp, ran, waited := make(chan struct{}), make(chan error, 1), make(chan bool, 1)
	a := &App{logger: quiet, log: log, views: &views{runner: runner}}
	from := runner.Position()
	go func() { ran <- runner.Run(ctx, source, caughtUp) }()
	go func() { waited <- a.waitForViews(ctx, caughtUp, from, time.Millisecond) }()
	said := func() string {
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
		buf := make([]byte, 4096)
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		return string(buf[:n])
	}
	for _, position := range []string{"1", "2"} {
		source.step <- struct{}{}
		if got := said(); !strings.HasPrefix(got, "EXTEND_TIMEOUT_USEC=120000000\n") || !strings.Contains(got, "from the log: "+position+" / ") {
			t.Errorf("after record %s it says %q", position, got)
		}
	}
	source.step <- struct{}{}
	if !<-waited {
		t.Error("the views are made, and the start does not go on")
	}
	cancel()
	if err := <-ran; err != nil {
		t.Error(err)
	}
	if a.waitForViews(ctx, make(chan struct{}), from, time.Millisecond) {
		t.Error("a start that was ended goes on")
	}
}
