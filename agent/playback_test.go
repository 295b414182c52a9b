package agent

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallkeeper/agent/board"
	"hallkeeper/agent/board/simlink"
	"hallkeeper/agent/uplink/uplinktest"
	"hallkeeper/wire"
)

// What happened at one window is recorded, told, and lived again by a whole agent.
func TestARecordingIsLivedAgain(t *testing.T) {
	dir := t.TempDir()
	cfg := Defaults()
	cfg.Agent, cfg.Hall, cfg.MQTT, cfg.Version = uplinktest.Agent, uplinktest.Hall, "tcp://127.0.0.1:1", "test"
	cfg.Data, cfg.Board, cfg.SimSocket, cfg.Clock.AssumeSynced = dir, "sim:../firmware-config/boards/usb-window.yaml", filepath.Join(dir, "s"), true
	path := filepath.Join(dir, "rec")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	acts := make(chan error, 1)
	go func() { acts <- act(t, cfg.SimSocket) }()
	var told []string
	for h, err := range Record(t.Context(), cfg, file) {
		if err != nil {
			t.Fatal(err)
		}
		told = append(told, h.EN)
		if strings.Contains(h.EN, "went away") {
			break
		}
	}
	if err := errors.Join(<-acts, file.Close()); err != nil {
		t.Fatal(err)
	}
	want := "button rating4: pressed; reader front: a keyboard card that ends with C1; front went away"
	if got := strings.Join(told, "; "); !strings.HasPrefix(got, want) {
		t.Fatalf("told %q, want %q", got, want)
	}

	head, happened, err := Replay(t.Context(), path)
	if err != nil || head.Agent != cfg.Agent || head.Version != "test" || head.Board.Name != "usb-window" {
		t.Fatalf("replayed %+v, %v", head, err)
	}
	var again []string
	for _, h := range happened {
		again = append(again, h.EN)
		if h.At <= 0 || h.At > time.Since(head.At) {
			t.Errorf("%q is dated %v", h.EN, h.At)
		}
	}
	if n := len(happened); n < 3 || happened[2].At-happened[1].At < 500*time.Millisecond || happened[2].At-happened[1].At > 30*time.Second {
		t.Errorf("it went away at another time: %+v", happened)
	}
	if got := strings.Join(again, "; "); !strings.HasPrefix(got, want) {
		t.Errorf("replayed %q, want %q", got, want)
	}

	hub := uplinktest.New(t, "127.0.0.1:0")
	cfg.MQTT, cfg.Board = "tcp://"+hub.Addr, board.Playback+path
	began := time.Now()
	if err := Run(t.Context(), cfg, slog.New(slog.DiscardHandler)); !errors.Is(err, board.ErrPlayed) {
		t.Fatalf("the agent ends with %v", err)
	}
	var got []string
	hub.Locked(func() {
		for _, e := range hub.Stored {
			if e.Kind != wire.KindAgentStarted {
				got = append(got, string(e.Kind)+string(e.Data))
				if e.At.Before(began.Add(-time.Second)) || e.At.After(time.Now()) {
					t.Errorf("%s is dated %v", e.Kind, e.At)
				}
			}
		}
	})
	if s := strings.Join(got, " "); s != `rating.pressed{"level":4} card.swiped{"reader":"front","card":"04A2B9C1","format":"keyboard"} reader.fault{"reader":"front","reason":"lost"}` {
		t.Errorf("the hub has %s", s)
	}
}

// act presses a button, holds a card to the reader and unplugs it.
func act(t *testing.T, socket string) error {
	var c *simlink.Client
	var err error
	for end := time.Now().Add(patience); c == nil && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		c, err = simlink.Dial(t.Context(), socket)
	}
	if c == nil {
		return err
	}
	defer c.Close()
	train := []simlink.Level{{Line: "rating4"}, {AfterUS: 100_000, Line: "rating4", High: true}, {AfterUS: 100_000, Line: "rating4", High: true}}
	for _, line := range []string{"11", "11", "8", "8", "8", "8", "4", "3", "5", "10", "28"} { // 0077773249 Enter
		train = append(train, simlink.Level{AfterUS: 3000, Line: "key." + line}, simlink.Level{AfterUS: 1000, Line: "key." + line, High: true})
	}
	train = append(train, simlink.Level{AfterUS: 700_000, Line: "plug"})
	if err := c.Play(t.Context(), train); !errors.Is(err, simlink.ErrGone) { // the recording may end with the last step
		return err
	}
	return nil
}
