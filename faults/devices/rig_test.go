// Package devices shows with the real programs and the real TLS what devices may
// and may not do: enrolment, revocation, renewal, a stolen card, over the hub's
// own broker and over Mosquitto set up from deploy/. It has no code but its tests.
package devices

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hallkeeper/faults/operator"
	"hallkeeper/simulator/hand"
	"hallkeeper/wire"
)

const patience = 60 * time.Second

// bin is where the programs are.
var bin string

func TestMain(m *testing.M) {
	os.Exit(withPrograms(m))
}

func withPrograms(m *testing.M) int {
	dir, err := os.MkdirTemp("", "devices-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	bin = dir
	build := exec.Command("go", "build", "-o", dir, "hallkeeper/hub/cmd/hub", "hallkeeper/agent/cmd/agent")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as the Makefile builds all, whose results are there
	out, err := build.CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "build the programs: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// program is one that runs until the test or stop ends it.
type program struct {
	cmd  *exec.Cmd
	once sync.Once
	done chan struct{}

	mu   sync.Mutex
	said bytes.Buffer
}

func start(t *testing.T, name string, args ...string) *program {
	t.Helper()
	var env []string
	if name == "hub" {
		env = append(os.Environ(), operator.Env)
	}
	return startProgram(t, filepath.Join(bin, name), env, args...)
}

func startProgram(t *testing.T, path string, env []string, args ...string) *program {
	t.Helper()
	name := filepath.Base(path)
	p := &program{cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.cmd.Stderr, p.cmd.Env = p, env
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.stop(t)
		if t.Failed() {
			t.Logf("%s said:\n%s", name, p.log())
		}
	})
	return p
}

// Write takes what the program says.
func (p *program) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(b)
}

func (p *program) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

func (p *program) says(text string) bool { return strings.Contains(p.log(), text) }

func (p *program) stop(t *testing.T) {
	t.Helper()
	p.once.Do(func() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(patience):
			_ = p.cmd.Process.Kill()
			t.Errorf("%s does not end when it is asked to", filepath.Base(p.cmd.Path))
		}
	})
}

// hall is a hub that serves.
type hall struct {
	*program
	t     *testing.T
	data  string
	HTTP  string `json:"http"`
	HTTPS string `json:"https"`
	TLS   string `json:"mqtt_tls"`
}

func startHall(t *testing.T, data string, extra ...string) *hall {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready.json")
	args := append([]string{"serve", "--data", data, "--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--ready-file", ready}, extra...)
	h := &hall{program: start(t, "hub", args...), t: t, data: data}
	await(t, "the hub serves", func() bool {
		text, err := os.ReadFile(ready)
		return err == nil && json.Unmarshal(text, h) == nil
	})
	return h
}

// at is the host:port of one of the hub's URLs.
func at(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	return rest
}

// ask asks the hub as its operator.
func (h *hall) ask(method, path string, body, into any) {
	h.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.HTTP+"/api/v1/"+path, bytes.NewReader(text))
	if err != nil {
		h.t.Fatal(err)
	}
	operator.Sign(req)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		h.t.Fatalf("%s %s: %s %s %v", method, path, res.Status, answer, err)
	}
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			h.t.Fatal(err)
		}
	}
}

// code is what the console shows for a device.
func (h *hall) code(device string) string {
	h.t.Helper()
	var made struct {
		Code string `json:"code"`
	}
	h.ask("POST", "enrolments", map[string]string{"device": device}, &made)
	return made.Code
}

// certificate is what the console says of one.
type certificate struct {
	Serial string `json:"serial"`
	Device string `json:"device"`
	State  string `json:"state"`
	Reason string `json:"reason"`
}

func (h *hall) certificates(device string) (list []certificate) {
	h.t.Helper()
	var all struct {
		Certificates []certificate `json:"certificates"`
	}
	h.ask("GET", "certificates", nil, &all)
	for _, c := range all.Certificates {
		if c.Device == device {
			list = append(list, c)
		}
	}
	return list
}

// revoke ends what the device has, as the console does.
func (h *hall) revoke(device, reason string) {
	h.t.Helper()
	for _, c := range h.certificates(device) {
		if c.State == "live" || c.State == "expiring" {
			h.ask("DELETE", "certificates/"+c.Serial+"?reason="+reason, map[string]string{}, nil)
			return
		}
	}
	h.t.Fatalf("%s has no certificate that works", device)
}

// pressed are the presses that the log has of an agent, in order.
func (h *hall) pressed(agent string) (list []wire.Record) {
	h.t.Helper()
	for _, r := range h.records() {
		if r.Agent == agent && r.Kind == wire.KindRatingPressed {
			list = append(list, r)
		}
	}
	return list
}

// records is the whole log.
func (h *hall) records() (list []wire.Record) {
	h.t.Helper()
	for after := uint64(0); ; {
		var page struct {
			Events []wire.Record `json:"events"`
			Next   uint64        `json:"next"`
		}
		h.ask("GET", fmt.Sprintf("events?after=%d&limit=500", after), nil, &page)
		list = append(list, page.Events...)
		if len(page.Events) == 0 || page.Next == after {
			return list
		}
		after = page.Next
	}
}

// inOrder waits until the log has n presses, and checks that each outbox's numbers rise and none is there twice.
func (h *hall) inOrder(agent string, n int) {
	h.t.Helper()
	await(h.t, fmt.Sprintf("%d presses of %s", n, agent), func() bool { return len(h.pressed(agent)) >= n })
	list := h.pressed(agent)
	if len(list) != n {
		h.t.Errorf("the log has %d presses of %s, not %d", len(list), agent, n)
	}
	last := map[string]uint64{}
	for _, r := range list {
		if r.Seq <= last[r.Outbox] {
			h.t.Errorf("number %d comes after %d", r.Seq, last[r.Outbox])
		}
		last[r.Outbox] = r.Seq
	}
}

// run runs a program to its end.
func run(t *testing.T, name string, args ...string) (said string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, filepath.Join(bin, name), args...).CombinedOutput()
	return string(out), err
}

func (h *hall) enroll(data, device string, more ...string) {
	h.t.Helper()
	args := append([]string{"enroll", "--hub", at(h.HTTPS), "--code", h.code(device), "--data", data}, more...)
	if said, err := run(h.t, "agent", args...); err != nil || !strings.Contains(said, "enrolled as the device "+device) {
		h.t.Fatalf("enroll: %v\n%s", err, said)
	}
}

// window is an agent with somebody at its buttons.
type window struct {
	*program
	hand    *hand.Hand
	config  string
	presses int
}

// startWindow runs an agent on a data folder; more are lines of its settings.
func startWindow(t *testing.T, data string, more ...string) *window {
	t.Helper()
	dir := t.TempDir()
	socket, config := filepath.Join(dir, "s"), filepath.Join(dir, "agent.yaml")
	text := fmt.Sprintf("data: %q\nboard: sim\nsim_socket: %q\nclock:\n  assume_synced: true\n%s\n", data, socket, strings.Join(more, "\n"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w := &window{program: start(t, "agent", "run", "--config", config), hand: hand.New(socket, 1, nil), config: config}
	t.Cleanup(w.hand.Close)
	return w
}

func (w *window) press(t *testing.T, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for range n { // another button each time: the one before may still be held
		w.presses++
		if err := w.hand.Press(ctx, fmt.Sprintf("rating%d", 1+w.presses%5)); err != nil {
			t.Fatal(err)
		}
	}
}

// connections counts what an agent says of a connection's beginning.
func (w *window) connections() int { return strings.Count(w.log(), "connected to the broker") }

func (w *window) refused() bool {
	return w.says("does not take this device's certificate") || w.says("the hub refuses this device")
}
