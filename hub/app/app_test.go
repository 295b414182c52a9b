package app_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hallkeeper/hub/api"
	"hallkeeper/hub/app"
	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/view"
	"hallkeeper/wire"
)

// patience bounds every wait; nothing is judged by how long it takes.
const patience = 30 * time.Second

// hub is an app that runs in a test.
type hub struct {
	*app.App
	t    *testing.T
	addr app.Addresses
	data string
	pool *x509.CertPool // of the hall, where a test has got it
	stop func() error
}

const secret = "a-secret-of-the-operator-of-32-characters"

func config(data string) app.Config {
	cfg := app.Defaults()
	cfg.Data, cfg.HTTP, cfg.MQTT = data, "127.0.0.1:0", "127.0.0.1:0"
	cfg.Hall.ID, cfg.OperatorSecret = "t", secret
	return cfg
}

// start runs a hub on data until the test ends or stop is called.
func start(t *testing.T, cfg app.Config) *hub {
	t.Helper()
	return startWith(t, cfg, slog.New(slog.NewTextHandler(testWriter{t}, nil)))
}

func startWith(t *testing.T, cfg app.Config, logger *slog.Logger) *hub {
	t.Helper()
	a, err := app.New(cfg, logger)
	if err != nil {
		t.Fatal(err)
	}
	h := startApp(t, a)
	h.data = cfg.Data
	return h
}

func startApp(t *testing.T, a *app.App) *hub {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	h := &hub{App: a, t: t}
	stopped := false
	h.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-ended
	}
	t.Cleanup(func() { _ = h.stop() })
	wait, done := context.WithTimeout(context.Background(), patience)
	defer done()
	var err error
	if h.addr, err = a.Ready(wait); err != nil {
		t.Fatal(errors.Join(err, h.stop()))
	}
	return h
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	defer func() { _ = recover() }() // a line after the test's end
	w.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

func (h *hub) mqtt() string { return strings.TrimPrefix(h.addr.MQTT, "tcp://") }

func (h *hub) get(path string, into any) int {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.addr.HTTP+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(b, into); err != nil {
			h.t.Fatalf("%s: %v: %s", path, err, b)
		}
	}
	return res.StatusCode
}

type page struct {
	Events []wire.Record `json:"events"`
}

func (h *hub) events() []wire.Record {
	h.t.Helper()
	var p page
	h.get("/api/v1/events?after=0&limit=1000", &p)
	return p.Events
}

// all gives the whole log.
func (h *hub) all() iter.Seq[wire.Record] {
	return func(yield func(wire.Record) bool) {
		for after := wire.Position(0); ; {
			var p page
			h.get(fmt.Sprintf("/api/v1/events?after=%d&limit=1000", after), &p)
			if len(p.Events) == 0 {
				return
			}
			for _, r := range p.Events {
				if !yield(r) {
					return
				}
				after = r.Position
			}
		}
	}
}

func connect(h *hub, agent string) *brokertest.Device {
	return brokertest.Connect(h.t, h.mqtt(), wire.Topics{Hall: "t"}, agent)
}

// What a PUBACK was written for is in the log, on the live view and on the
// websocket, and is still there after a stop and a start.
func TestAPressGoesFromDeviceToScreen(t *testing.T) {
	data := t.TempDir()
	h := start(t, config(data))
	ws, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(h.addr.HTTP, "http")+"/ws/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	defer ws.Close()
	d := connect(h, "w01")
	d.Send(d.Press(1))
	all := h.events()
	if !slices.ContainsFunc(all, func(r wire.Record) bool { return r.Agent == "w01" && r.Seq == 1 && r.Position != 0 }) {
		t.Fatal("the log does not have it")
	}
	_ = ws.SetReadDeadline(time.Now().Add(patience))
	seen := false
	for first := true; !seen; first = false {
		var m wire.LiveMessage
		if err := ws.ReadJSON(&m); err != nil {
			t.Fatalf("the websocket shows no press: %v", err)
		}
		if first && m.Type != wire.LiveSnapshot {
			t.Fatalf("the first message is a %s", m.Type)
		}
		var l wire.Live
		if m.Type != wire.LiveAlive {
			if err := json.Unmarshal(m.Data, &l); err != nil {
				t.Fatal(err)
			}
		}
		_, seen = l.Devices["w01"]
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	again := start(t, config(data))
	if got := again.events(); len(got) < len(all) || string(wire.AppendRecord(nil, &got[len(all)-1])) != string(wire.AppendRecord(nil, &all[len(all)-1])) {
		t.Errorf("after a start the log has other records")
	}
	var l wire.Live
	again.get("/api/v1/live", &l)
	if l.Devices["w01"].StoredSeq != 1 || l.Devices["w01"].Assignment != wire.DeviceUnassigned {
		t.Errorf("after a start the device is %+v", l.Devices["w01"])
	}
}

// The API's changes are events with an actor, decided on all earlier ones, and
// shown before they are answered.
func TestCommands(t *testing.T) {
	h := start(t, config(t.TempDir()))
	d := connect(h, "w01")
	d.Send(d.Press(1))
	actor := wire.Actor{Kind: wire.ActorPerson, ID: "operator", Session: "s1"}
	do := func(key string, cmd any) ([]wire.Record, bool, error) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		return h.Do(ctx, actor, key, cmd)
	}
	refused := func(err error, code hall.Code) bool {
		var e *hall.Error
		return errors.As(err, &e) && e.Code == code
	}
	if _, _, err := do("", api.AssignDevice{Agent: "w01", Window: "1"}); !refused(err, hall.CodeUnknown) {
		t.Errorf("a device was assigned to a window that is not there: %v", err)
	}
	if _, _, err := do("", api.SetWindow{ID: "1", Number: "01", Name: "综合受理"}); err != nil {
		t.Fatal(err)
	}
	made, again, err := do("key-1", api.AssignDevice{Agent: "w01", Window: "1"})
	if err != nil || again || len(made) != 1 || made[0].Actor == nil || *made[0].Actor != actor {
		t.Fatalf("assigned: %+v %v %v", made, again, err)
	}
	var l wire.Live
	h.get("/api/v1/live", &l)
	if l.Windows["1"].Agent != "w01" {
		t.Errorf("the answer came before the view showed it: %+v", l.Windows)
	}
	repeated, again, err := do("key-1", api.AssignDevice{Agent: "w01", Window: "1"})
	if err != nil || !again || repeated[0].ID != made[0].ID {
		t.Errorf("the same key again: %+v %v %v", repeated, again, err)
	}
	if _, _, err := do("", api.IdentifyDevice{Agent: "nobody"}); !refused(err, hall.CodeUnknown) {
		t.Errorf("a device that is not there was identified: %v", err)
	}
	if _, _, err := do("", api.IdentifyDevice{Agent: "w01"}); !refused(err, hall.CodeRefused) {
		t.Errorf("a device that said no status was identified: %v", err)
	}
	brokertest.Eventually(t, "the device is told the hall's state with each answer", func() bool { return commanded(d, wire.CommandRatingOpen) == 2 })
	d.Say(wire.DeviceOnline)
	brokertest.Eventually(t, "the device is told the hall's state when it comes online", func() bool { return commanded(d, wire.CommandRatingOpen) == 3 })
	brokertest.Eventually(t, "the device that came online can be identified", func() bool {
		_, _, err := do("", api.IdentifyDevice{Agent: "w01"})
		return err == nil
	})
	brokertest.Eventually(t, "the device is identified", func() bool { return commanded(d, wire.CommandIdentify) == 1 })
	if _, _, err := do("", api.DismissDeadLetter{Number: 1}); !refused(err, hall.CodeUnknown) {
		t.Errorf("a dead letter that is not there was dismissed: %v", err)
	}
}

func commanded(d *brokertest.Device, kind wire.CommandKind) int {
	n := 0
	for _, c := range d.Commands() {
		if c.Kind == kind {
			n++
		}
	}
	return n
}

func TestADeadLetterIsShownAndDismissed(t *testing.T) {
	h := start(t, config(t.TempDir()))
	d := connect(h, "w01")
	d.Send("not json")
	page, total, open, err := h.DeadLetters(0, 10)
	if err != nil || total != 1 || open != 1 || len(page) != 1 || page[0].Reason != wire.ReasonNotJSON {
		t.Fatalf("%+v %d %d %v", page, total, open, err)
	}
	var l wire.Live
	brokertest.Eventually(t, "screens show the dead letter", func() bool {
		h.get("/api/v1/live", &l)
		_, alarm := l.Alarms["dead_letters"]
		return l.DeadLetters == 1 && alarm
	})
	actor := wire.Actor{Kind: wire.ActorPerson, ID: "operator"}
	made, _, err := h.Do(t.Context(), actor, "", api.DismissDeadLetter{Number: 1, Note: "张三 的读卡器"})
	if err != nil || len(made) != 1 || len(made[0].Personal) != 1 || bytes.Contains(made[0].Data, []byte("张三")) {
		t.Fatalf("%+v %v", made, err)
	}
	if again, was, err := h.Do(t.Context(), actor, "", api.DismissDeadLetter{Number: 1}); err != nil || !was || again[0].ID != made[0].ID {
		t.Errorf("dismissed again: %+v %v %v", again, was, err)
	}
	if _, _, open, err = h.DeadLetters(0, 10); err != nil || open != 0 {
		t.Errorf("%d are open, %v", open, err)
	}
}

func TestReplayGivesTheSameViews(t *testing.T) {
	cfg := config(t.TempDir())
	h := start(t, cfg)
	d := connect(h, "w01")
	for seq := uint64(1); seq <= 50; seq++ {
		d.Send(d.Press(seq))
	}
	if _, _, err := h.Do(t.Context(), wire.Actor{Kind: wire.ActorPerson, ID: "o"}, "", api.SetWindow{ID: "1", Number: "1", Name: "n"}); err != nil {
		t.Fatal(err)
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	before, _, err := view.Digest(app.ViewsFile(cfg.Data))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(app.ViewsFile(cfg.Data)); err != nil {
		t.Fatal(err)
	}
	p, after, err := app.Replay(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("at %d: %x became %x, %v", p, before, after, err)
	}
}

// A second hub, a taken port and a file where the data should be are refused
// with what to do, and the first hub goes on.
func TestWhatKeepsAHubFromStarting(t *testing.T) {
	cfg := config(t.TempDir())
	h := start(t, cfg)
	fails := func(cfg app.Config) error {
		a, err := app.New(cfg, slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		return a.Run(ctx)
	}
	if err := fails(cfg); !errors.Is(err, eventlog.ErrLocked) {
		t.Errorf("a second hub on the same data: %v", err)
	}
	taken := config(t.TempDir())
	taken.HTTP = strings.TrimPrefix(h.addr.HTTP, "http://")
	if err := fails(taken); err == nil || !strings.Contains(err.Error(), "--http") {
		t.Errorf("a taken web port: %v", err)
	}
	taken = config(t.TempDir())
	taken.MQTT = h.mqtt()
	if err := fails(taken); err == nil || !strings.Contains(err.Error(), "mqtt") {
		t.Errorf("a taken MQTT port: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := fails(config(file)); err == nil || !strings.Contains(err.Error(), "--data") {
		t.Errorf("a file as data folder: %v", err)
	}
	brokertest.Eventually(t, "the first hub serves on", func() bool { return h.get("/readyz", nil) == http.StatusOK })
	if _, err := net.DialTimeout("tcp", h.mqtt(), patience); err != nil {
		t.Error(err)
	}
}

func TestACheckpointIsSignedAtTheStart(t *testing.T) {
	data := t.TempDir()
	h := start(t, config(data))
	brokertest.Eventually(t, "a checkpoint is signed", func() bool {
		all, key, err := h.Checkpoints()
		return err == nil && key != "" && len(all) == 1
	})
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h = start(t, config(data))
	if all, _, err := h.Checkpoints(); err != nil || len(all) != 1 {
		t.Errorf("a second start on the same day: %d checkpoints, %v", len(all), err)
	}
}

// The doctor speaks of a hub that runs, of one that does not, and of what it lacks.
func TestTheDoctor(t *testing.T) {
	said := func(cfg app.Config) (text string, ill int) {
		for f := range app.Examine(t.Context(), cfg) {
			text += f.ZH + "\n" + f.EN + "\n"
			if f.Health == app.Ill {
				ill++
			}
		}
		return text, ill
	}
	cfg := config(filepath.Join(t.TempDir(), "data"))
	if text, _ := said(cfg); !strings.Contains(text, "还不存在") {
		t.Errorf("before the first start: %s", text)
	}
	h := start(t, cfg)
	brokertest.Eventually(t, "the hub is ready", func() bool { return h.get("/readyz", nil) == http.StatusOK })
	running := cfg
	running.HTTP = strings.TrimPrefix(h.addr.HTTP, "http://")
	if text, _ := said(running); !strings.Contains(text, "can store") || !strings.Contains(text, "a hub is running") {
		t.Errorf("while it runs: %s", text)
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	if text, _ := said(cfg); !strings.Contains(text, "records in 1 segments") {
		t.Errorf("after it: %s", text)
	}
	if err := os.RemoveAll(app.KeyDir(cfg.Data)); err != nil {
		t.Fatal(err)
	}
	if text, ill := said(cfg); ill == 0 || !strings.Contains(text, "keys/card.key is missing: no card is known") || !strings.Contains(text, "They come back from a backup: hub restore") {
		t.Errorf("without its keys: %s", text)
	}
}
