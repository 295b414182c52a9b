// Command make makes a fixture of the form in which programs write data: a hall of some days with two windows, by the
// real programs of a folder, be they of today or of an old commit.
//
//	go run ./upgrade/make --programs bin --to upgrade/testdata/NAME.tar.zst [--tls]
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"hallkeeper/hub/eventlog"
	"hallkeeper/simulator/hand"
	"hallkeeper/upgrade"
	"hallkeeper/wire"
)

// patience bounds every wait.
const patience = 90 * time.Second

// window is whose outbox the fixture keeps.
const window = "w01"

const hubSettings = `hall:
  id: demo
  name: 升级演示大厅
  time_zone: Asia/Shanghai
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "make:", err)
		os.Exit(1)
	}
}

type maker struct {
	programs, dir string
	tls           bool
	history       string
}

func run(ctx context.Context) (err error) {
	var m maker
	var to string
	flag.StringVar(&m.programs, "programs", "bin", "the folder with hub, agent and simulator")
	flag.StringVar(&to, "to", "", "the fixture to write")
	flag.BoolVar(&m.tls, "tls", false, "devices are enrolled and connect by certificate")
	flag.StringVar(&m.history, "history", "4d", "past days to tell first")
	flag.Parse()
	if to == "" || flag.NArg() > 0 {
		return errors.New("usage: make --programs DIR --to FILE [--tls]")
	}
	if m.programs, err = filepath.Abs(m.programs); err != nil {
		return err
	}
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("%s is there; a fixture is never made again", to)
	}
	if m.dir, err = os.MkdirTemp("", "fixture-*"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(m.dir)) }()
	about, err := m.make(ctx)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(about, "", "  ") //nolint:gosec // the password is of the fixture alone
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(m.dir, "out", upgrade.AboutName), append(text, '\n'), 0o600); err != nil {
		return err
	}
	var packed bytes.Buffer
	if err := upgrade.Pack(filepath.Join(m.dir, "out"), &packed); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%s: %d bytes, written by %s, %d presses wait in the outbox\n", to, packed.Len(), about.Program, len(about.Presses))
	return os.WriteFile(to, packed.Bytes(), 0o600)
}

func (m *maker) make(ctx context.Context) (about upgrade.About, err error) {
	about = upgrade.About{Made: time.Now().UTC().Truncate(time.Second), TLS: m.tls}
	said, err := exec.CommandContext(ctx, filepath.Join(m.programs, "hub"), "--version").Output()
	if err != nil {
		return about, fmt.Errorf("ask the hub for its version: %w", err)
	}
	about.Program = strings.TrimSpace(strings.TrimPrefix(string(said), "hub "))
	if err := os.WriteFile(filepath.Join(m.dir, "hub.yaml"), []byte(hubSettings), 0o600); err != nil {
		return about, err
	}
	if err := m.lastMonth(ctx); err != nil {
		return about, err
	}
	printed, err := m.hall(ctx)
	if err != nil {
		return about, err
	}
	if found := regexp.MustCompile(`(?m)^ +(admin) +(\S{12,})`).FindStringSubmatch(printed); found != nil {
		about.Account, about.Password = found[1], found[2]
	}
	about.Presses = []int{5, 4, 5, 3, 1, 5}
	if err := m.press(ctx, about.Presses); err != nil {
		return about, err
	}
	out, data, sim := filepath.Join(m.dir, "out"), filepath.Join(m.dir, "data"), filepath.Join(m.dir, "data", "sim")
	for from, name := range map[string]string{
		filepath.Join(data, "log"): "data/log", filepath.Join(data, "keys"): "data/keys", filepath.Join(data, "photos"): "data/photos", filepath.Join(data, "views.db"): "data/views.db",
		filepath.Join(m.dir, "hub.yaml"): "hub.yaml", filepath.Join(sim, window): "agent", filepath.Join(sim, window+".yaml"): "agent.yaml",
	} {
		if _, err := os.Stat(from); errors.Is(err, os.ErrNotExist) {
			continue // a form that has no such part
		}
		if err := copyAll(from, filepath.Join(out, name)); err != nil {
			return about, err
		}
	}
	return about, nil
}

// lastMonth begins the log a month ago, so that the hub of the fixture seals that month itself. This is the one part
// that today's code writes, in the log's first form.
func (m *maker) lastMonth(ctx context.Context) error {
	then := time.Now().AddDate(0, -1, -3)
	log, err := eventlog.Open(eventlog.Options{Dir: filepath.Join(m.dir, "data", "log"), Zone: time.FixedZone("", 8*3600), Now: func() time.Time { return then }})
	if err != nil {
		return err
	}
	for range 3 {
		if _, _, err := log.Append(ctx, "", func(eventlog.Moment) ([]wire.Event, error) {
			return []wire.Event{{Kind: wire.KindHubStarted, Data: json.RawMessage(`{"version":"","clean":true}`), Actor: &wire.Actor{Kind: wire.ActorSchedule, ID: "start"}}}, nil
		}); err != nil {
			return errors.Join(err, log.Close())
		}
	}
	return log.Close()
}

// hall lets the demo run until its past is told and both windows have worked, and gives what it printed.
func (m *maker) hall(ctx context.Context) (printed string, err error) {
	ready := filepath.Join(m.dir, "ready.json")
	args := []string{"demo", "--config", filepath.Join(m.dir, "hub.yaml"), "--data", filepath.Join(m.dir, "data"), "--windows", "2", "--speed", "60",
		"--history", m.history, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--ready-file", ready}
	if m.tls {
		args = append(args, "--tls", "--https", "127.0.0.1:0", "--mqtt-tls", "127.0.0.1:0")
	}
	var said, logged bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(m.programs, "hub"), args...)
	cmd.Stdout, cmd.Stderr = &said, &logged
	if err := cmd.Start(); err != nil {
		return "", err
	}
	err = await(ctx, "the demo's past and a working day", func() bool {
		log, err := os.ReadFile(filepath.Join(m.dir, "data", "sim", window+".log"))
		_, there := os.Stat(ready)
		return err == nil && there == nil && len(log) > 0
	})
	if err == nil {
		select { // people come and go at sixty times the pace
		case <-time.After(25 * time.Second):
		case <-ctx.Done():
		}
	}
	err = errors.Join(err, cmd.Process.Signal(syscall.SIGINT), cmd.Wait())
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, logged.String())
	}
	return said.String(), nil
}

// press presses at the window while no hub runs: its agent keeps it.
func (m *maker) press(ctx context.Context, levels []int) (err error) {
	sim := filepath.Join(m.dir, "data", "sim")
	log, err := os.Create(filepath.Join(m.dir, "agent.log"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	cmd := exec.CommandContext(ctx, filepath.Join(m.programs, "agent"), "run", "--config", filepath.Join(sim, window+".yaml"))
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()) }()
	h := hand.New(filepath.Join(sim, window+".sock"), 1, nil)
	defer h.Close()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := h.Ready(ctx); err != nil {
		return err
	}
	for _, level := range levels {
		if err := h.Press(ctx, fmt.Sprintf("rating%d", level)); err != nil {
			return err
		}
		time.Sleep(2 * time.Second) // a second press of the same person at once is none
	}
	return nil
}

func await(ctx context.Context, what string, done func() bool) error {
	for end := time.Now().Add(patience); !done(); {
		if time.Now().After(end) || ctx.Err() != nil {
			return fmt.Errorf("no %s after %s", what, patience)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}

func copyAll(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		text, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		return os.WriteFile(to, text, 0o600)
	}
	all, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range all {
		if e.Type()&os.ModeSocket != 0 {
			continue
		}
		if err := copyAll(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
