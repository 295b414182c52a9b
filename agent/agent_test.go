package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hallkeeper/agent/board/simlink"
	"hallkeeper/agent/outbox"
	"hallkeeper/agent/signal"
	"hallkeeper/agent/uplink/uplinktest"
	"hallkeeper/simulator/hand"
	"hallkeeper/wire"
)

const patience = 30 * time.Second

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	awaitLong(t, patience, what, done)
}

func awaitLong(t *testing.T, most time.Duration, what string, done func() bool) {
	t.Helper()
	for limit := time.Now().Add(most); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%s: not within %v", what, most)
		}
	}
}

// notes is a log that a test can read.
type notes struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.Write(p)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.String()
}

// window is a whole agent in this process, with a person at its pins.
type window struct {
	hub   *uplinktest.Hub
	cfg   Config
	log   *notes
	lamps chan hand.Seen
	hand  *hand.Hand
	stop  context.CancelFunc
	ended chan error
}

func newWindow(t *testing.T, h *uplinktest.Hub) *window {
	t.Helper()
	dir := t.TempDir()
	cfg := Defaults()
	cfg.Agent, cfg.Hall, cfg.MQTT, cfg.Version = uplinktest.Agent, uplinktest.Hall, "tcp://"+h.Addr, "test"
	cfg.Data, cfg.Board, cfg.SimSocket, cfg.Clock.AssumeSynced = dir, "sim", filepath.Join(dir, "s"), true
	w := &window{hub: h, cfg: cfg, log: new(notes)}
	w.start(t)
	return w
}

// start runs the agent, again where it has ended.
func (w *window) start(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended, over := make(chan error, 1), make(chan struct{})
	w.stop, w.ended = cancel, ended
	logger := slog.New(slog.NewTextHandler(w.log, nil))
	go func() {
		ended <- Run(ctx, w.cfg, logger)
		close(over)
	}()
	lamps := make(chan hand.Seen, 1024)
	w.lamps = lamps
	w.hand = hand.New(w.cfg.SimSocket, 1, func(s hand.Seen) { lamps <- s })
	t.Cleanup(func() {
		w.hand.Close()
		cancel()
		select {
		case <-over:
		case <-time.After(patience):
			t.Error("the agent does not end")
		}
	})
}

func (w *window) end(t *testing.T) {
	t.Helper()
	w.stop()
	select {
	case err := <-w.ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("the agent does not end")
	}
	w.hand.Close()
}

func (w *window) press(t *testing.T, line string) {
	t.Helper()
	if err := w.hand.Press(t.Context(), line); err != nil {
		t.Fatal(err)
	}
}

// lit waits for a lamp to light and gives which.
func (w *window) lit(t *testing.T) string {
	t.Helper()
	for {
		select {
		case s := <-w.lamps:
			if s.High && strings.HasPrefix(s.Line, "lamp_") {
				return s.Line
			}
		case <-time.After(patience):
			t.Fatalf("no lamp lights; the log says\n%s", w.log)
		}
	}
}

// events gives what the hub has stored of the kinds that people and faults make.
func (w *window) events() (list []wire.Event) {
	w.hub.Locked(func() {
		for _, e := range w.hub.Stored {
			if e.Kind != wire.KindAgentStarted {
				list = append(list, e)
			}
		}
	})
	return list
}

func TestAPressAndASwipeReachTheHub(t *testing.T) {
	w := newWindow(t, uplinktest.New(t, "127.0.0.1:0"))
	before := time.Now()
	w.press(t, "rating4")
	if got := w.lit(t); got != "lamp_green" {
		t.Errorf("after a press %s lights", got)
	}
	if err := w.hand.Swipe(t.Context(), 34, 0x04A2B9C1); err != nil {
		t.Fatal(err)
	}
	if got := w.lit(t); got != "lamp_green" {
		t.Errorf("after a swipe %s lights", got)
	}
	w.press(t, "call")
	await(t, "three events", func() bool { return len(w.events()) == 3 })
	want := []struct{ kind, data string }{
		{"rating.pressed", `{"level":4}`}, {"card.swiped", `{"reader":"front","card":"04A2B9C1","format":"wiegand34"}`},
		{"call.pressed", `{"button":"call"}`},
	}
	for i, e := range w.events() {
		if string(e.Kind) != want[i].kind || string(e.Data) != want[i].data {
			t.Errorf("event %d is %s %s", i, e.Kind, e.Data)
		}
		if e.Seq != uint64(i+2) || e.Clock != wire.ClockSynced || e.Boot == "" || len(e.ID) != 36 || e.Agent != uplinktest.Agent {
			t.Errorf("event %d is %+v", i, e)
		}
		if e.At.Before(before.Add(-time.Millisecond)) || e.At.After(time.Now()) {
			t.Errorf("event %d is of %v, it is %v", i, e.At, time.Now())
		}
	}
	var started wire.AgentStarted
	w.hub.Locked(func() {
		if e := w.hub.Stored[0]; e.Kind != wire.KindAgentStarted || json.Unmarshal(e.Data, &started) != nil || started != (wire.AgentStarted{Version: "test", Board: "standard"}) {
			t.Errorf("the first event is %s %s", e.Kind, e.Data)
		}
	})
	await(t, "an empty outbox in the status", func() bool {
		s := w.hub.Last()
		return s.State == wire.DeviceOnline && s.Outbox.Pending == 0 && s.Inputs["rating4"].OK && s.Inputs["front"].OK
	})
	w.end(t)
	await(t, "offline", func() bool { return w.hub.Last().State == wire.DeviceOffline })
	if strings.Contains(w.log.String(), "04A2B9C1") {
		t.Error("the log tells a card's number")
	}
}

func TestAPressIsKeptWhileTheHubIsAway(t *testing.T) {
	h := uplinktest.New(t, "127.0.0.1:0")
	h.Close()
	w := newWindow(t, h)
	for _, button := range []string{"rating5", "rating4", "rating3"} {
		w.press(t, button)
		if got := w.lit(t); got != "lamp_green" {
			t.Fatalf("without a hub %s lights", got)
		}
	}
	w.end(t) // nor does a restart lose it
	w.start(t)
	w.press(t, "rating1")
	if got := w.lit(t); got != "lamp_green" {
		t.Fatalf("after a restart %s lights", got)
	}
	w.hub = uplinktest.New(t, h.Addr)
	await(t, "all presses", func() bool { return len(w.events()) == 4 })
	w.hub.InOrder(6)
}

func TestTheHubsCommandsAreObeyed(t *testing.T) {
	w := newWindow(t, uplinktest.New(t, "127.0.0.1:0"))
	if err := w.hand.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, "online", func() bool { return w.hub.Last().State == wire.DeviceOnline })
	command := func(kind wire.CommandKind, data string) {
		w.hub.Publish(wire.LeafCommand, wire.Command{ID: "c1", Kind: kind, Data: json.RawMessage(data)})
	}
	// A link to the board must be known before lamps are watched.
	c, err := simlink.Dial(t.Context(), w.cfg.SimSocket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Play(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	command(wire.CommandSignal, `{"pattern":"unknown_card"}`)
	if got := w.lit(t); got != "lamp_red" {
		t.Errorf("an unknown card lights %s", got)
	}
	command(wire.CommandSignal, `{"pattern":"from the future"}`)
	command("also from the future", `{}`)
	command(wire.CommandPrint, `{}`)
	await(t, "an answer to the print", func() bool { return len(w.events()) == 1 })
	if e := w.events()[0]; e.Kind != wire.KindPrintFailed || string(e.Data) != `{"job":"c1","reason":"no_printer"}` {
		t.Errorf("a print is answered by %s %s", e.Kind, e.Data)
	}
	command(wire.CommandRatingClose, `{}`)
	await(t, "closed ratings", func() bool { // the press after the command comes after it
		w.press(t, "rating3")
		return w.lit(t) == "lamp_red"
	})
	command(wire.CommandRestart, `{}`)
	select {
	case err := <-w.ended:
		if !errors.Is(err, ErrRestart) {
			t.Errorf("told to restart, the agent ends with %v", err)
		}
	case <-time.After(patience):
		t.Fatal("told to restart, the agent goes on")
	}
}

func TestAFullOutboxSaysSo(t *testing.T) {
	h := uplinktest.New(t, "127.0.0.1:0")
	h.Silent = true
	dir := t.TempDir()
	fill(t, dir, 100)
	w := &window{hub: h, log: new(notes), cfg: Defaults()}
	w.cfg.Agent, w.cfg.Hall, w.cfg.MQTT = uplinktest.Agent, uplinktest.Hall, "tcp://"+h.Addr
	w.cfg.Data, w.cfg.Board, w.cfg.SimSocket, w.cfg.Clock.AssumeSynced, w.cfg.OutboxLimit = dir, "sim", filepath.Join(dir, "s"), true, 100
	w.start(t)
	w.press(t, "rating5")
	if got := w.lit(t); got != "lamp_red" {
		t.Errorf("a press that is not kept lights %s", got)
	}
	h.Locked(func() { h.Silent = false }) // what is sent again is answered
	await(t, "the report", func() bool {
		list := w.events()
		return len(list) > 0 && list[len(list)-1].Kind == wire.KindOutboxFull
	})
	list := w.events()
	var full wire.OutboxFull
	if err := json.Unmarshal(list[len(list)-1].Data, &full); err != nil || full.Refused != 1 {
		t.Errorf("the report is %s", list[len(list)-1].Data)
	}
	w.press(t, "rating5")
	await(t, "the next press", func() bool { list := w.events(); return list[len(list)-1].Kind == wire.KindRatingPressed })
}

// fill puts n events into the outbox in dir.
func fill(t *testing.T, dir string, n int) {
	t.Helper()
	box, err := outbox.Open(dir, n, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	kept := make(chan error, n)
	for range n {
		e := wire.Event{ID: "x", Agent: uplinktest.Agent, At: time.Now(), Kind: wire.KindCallPressed}
		if err := box.Add(e, func(err error) { kept <- err }); err != nil {
			t.Fatal(err)
		}
	}
	for range n {
		if err := <-kept; err != nil {
			t.Fatal(err)
		}
	}
	if err := box.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestABadFrameIsToldAndReported(t *testing.T) {
	w := newWindow(t, uplinktest.New(t, "127.0.0.1:0"))
	var noise, half []simlink.Level
	for i := range 60 {
		step := simlink.Level{AfterUS: 500, Line: "d0", High: i%2 == 1}
		if half = append(half, step); i < 6 {
			noise = append(noise, step)
		}
	}
	for _, train := range [][]simlink.Level{noise, half} { // only the second is told to the person
		if err := w.hand.Play(t.Context(), train); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.lit(t); got != "lamp_red" {
		t.Errorf("half a card lights %s", got)
	}
	await(t, "a report", func() bool { return len(w.events()) == 1 })
	if e := w.events()[0]; e.Kind != wire.KindReaderFault || string(e.Data) != `{"reader":"front","reason":"length","count":1}` {
		t.Errorf("it is reported as %s %s", e.Kind, e.Data)
	}
}

func TestAStuckButtonIsReportedAndIgnored(t *testing.T) {
	w := newWindow(t, uplinktest.New(t, "127.0.0.1:0"))
	held := make(chan error, 1)
	go func() {
		held <- w.hand.Play(t.Context(), []simlink.Level{{Line: "rating2"}, {AfterUS: 11_000_000, Line: "rating2", High: true}})
	}()
	await(t, "the fault", func() bool { return w.hub.Last().Inputs["rating2"].Fault == "stuck" })
	await(t, "the report", func() bool {
		list := w.events()
		return len(list) == 2 && list[1].Kind == wire.KindInputStuck && strings.HasPrefix(string(list[1].Data), `{"input":"rating2","held_ms":10`)
	})
	if err := <-held; err != nil {
		t.Error(err)
	}
	await(t, "health", func() bool { return w.hub.Last().Inputs["rating2"].OK })
}

func TestDamageEndsTheAgentAndTheNextRunBeginsAnew(t *testing.T) {
	w := newWindow(t, uplinktest.New(t, "127.0.0.1:0"))
	w.press(t, "rating5")
	await(t, "the press", func() bool { return len(w.events()) == 1 })
	a := w.events()[0].Outbox
	w.end(t)
	corrupt(t, filepath.Join(w.cfg.Data, "outbox.db"))
	w.start(t)
	w.press(t, "rating5")
	await(t, "the press of the new outbox", func() bool { list := w.events(); return list[len(list)-1].Outbox != a })
	if !strings.Contains(w.log.String(), "set aside") {
		t.Errorf("the log says\n%s", w.log)
	}
}

func TestEveryPatternThatTheAgentShowsIsInTheTable(t *testing.T) {
	for _, pattern := range []string{signal.Kept, signal.HubAway, signal.NotOpen, signal.Fault, signal.Refused, signal.Identify} {
		if !known(pattern) {
			t.Errorf("%s is not in the table", pattern)
		}
	}
}

func corrupt(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, bytes.Repeat([]byte("no outbox "), 5000), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestALongPressIsToldFromAShortOne(t *testing.T) {
	t.Parallel()
	w := newWindow(t, uplinktest.New(t, "127.0.0.1:0"))
	w.end(t)
	w.cfg.Board = "sim:../firmware-config/boards/tablet-window.yaml"
	w.start(t)
	for _, held := range []int64{200_000, 1_700_000} {
		if err := w.hand.Play(t.Context(), []simlink.Level{{Line: "call"}, {AfterUS: held, Line: "call", High: true}, {AfterUS: 100_000, Line: "call", High: true}}); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "both presses", func() bool { return len(w.events()) == 2 })
	list := w.events()
	if string(list[0].Data) != `{"button":"call"}` || string(list[1].Data) != `{"button":"call","long":true}` {
		t.Errorf("the hub has %s and %s", list[0].Data, list[1].Data)
	}
}
