package upgrade_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"hallkeeper/faults/operator"
	"hallkeeper/simulator/hand"
	"hallkeeper/wire"
)

// Programs that are one version apart, in folders that make test-upgrade fills.
const (
	ownPrograms   = "HALLKEEPER_PROGRAMS"
	otherPrograms = "HALLKEEPER_PREVIOUS"
)

// running is a program until the test ends it.
type running struct {
	cmd  *exec.Cmd
	said bytes.Buffer
}

func launch(t *testing.T, env []string, program string, args ...string) *running {
	t.Helper()
	r := &running{cmd: exec.Command(program, args...)} //nolint:gosec // the programs that make test-upgrade has built
	r.cmd.Stderr, r.cmd.Env = &r.said, env
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.end(t) })
	return r
}

func (r *running) end(t *testing.T) {
	t.Helper()
	if r.cmd.ProcessState != nil {
		return
	}
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	if err := r.cmd.Wait(); err != nil {
		t.Errorf("%s ended with %v:\n%s", r.cmd.Path, err, r.said.String())
	}
}

// served is a hub that serves.
type served struct {
	*running
	HTTP string `json:"http"`
	MQTT string `json:"mqtt"`
}

func serveWith(t *testing.T, programs, data, mqtt string) *served {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready.json")
	h := &served{running: launch(t, append(os.Environ(), operator.Env), filepath.Join(programs, "hub"), "serve", "--data", data, "--http", "127.0.0.1:0", "--mqtt", mqtt, "--ready-file", ready)}
	awaits(t, "the hub serves", func() bool {
		text, err := os.ReadFile(ready)
		return err == nil && json.Unmarshal(text, h) == nil
	})
	return h
}

func awaits(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}

// did tells what the hub has stored of w01, in order, and the numbers of gaps.
func (h *served) did(t *testing.T) (acts []string, gaps int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.HTTP+"/api/v1/events?after=0&limit=1000", nil)
	if err != nil {
		t.Fatal(err)
	}
	operator.Sign(req)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var page struct {
		Events []wire.Record `json:"events"`
	}
	if err := json.NewDecoder(res.Body).Decode(&page); err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res.Status, err)
	}
	for _, r := range page.Events {
		switch r.Kind {
		case wire.KindRatingPressed:
			var d wire.RatingPressed
			if err := json.Unmarshal(r.Data, &d); err != nil {
				t.Fatal(err)
			}
			acts = append(acts, fmt.Sprint(d.Level))
		case wire.KindCardSwiped:
			acts = append(acts, "card")
		case wire.KindOutboxGap:
			gaps++
		}
	}
	return acts, gaps
}

// same tells whether presses are the same in order, and swipes as many: a card's frame ends a little after the press that follows it.
func same(got, want []string) bool {
	isCard := func(a string) bool { return a == "card" }
	return len(got) == len(want) && slices.Equal(slices.DeleteFunc(slices.Clone(got), isCard), slices.DeleteFunc(slices.Clone(want), isCard))
}

// An agent and a hub that are one version apart work together, whichever is the newer: presses and swipes come in once and in
// order, those that were made while the hub was away come later, and what a hub that lost its data cannot have is a gap.
func TestAgentsAndHubsOneVersionApart(t *testing.T) {
	own, other := os.Getenv(ownPrograms), os.Getenv(otherPrograms)
	if own == "" || other == "" {
		t.Skip("make test-upgrade builds the programs of the version before and runs this")
	}
	for _, row := range []struct{ name, hub, agent string }{
		{"the agent is the older", own, other}, {"the hub is the older", other, own}, {"the data was the older's, and both are new", "", own},
	} {
		t.Run(row.name, func(t *testing.T) {
			first, later := row.hub, row.hub
			if row.hub == "" {
				first, later = other, own
			}
			data, dir := filepath.Join(t.TempDir(), "data"), t.TempDir()
			h := serveWith(t, first, data, "127.0.0.1:0")
			address := strings.TrimPrefix(h.MQTT, "tcp://")
			config, socket := filepath.Join(dir, "agent.yaml"), filepath.Join(dir, "pins")
			text := fmt.Sprintf("agent: w01\nhall: hall\nmqtt: %s\ndata: %q\nboard: sim\nsim_socket: %q\nclock:\n  assume_synced: true\n", h.MQTT, dir, socket)
			if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			launch(t, nil, filepath.Join(row.agent, "agent"), "run", "--config", config)
			person := hand.New(socket, 1, nil)
			t.Cleanup(person.Close)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if err := person.Ready(ctx); err != nil {
				t.Fatal(err)
			}
			var want []string
			cards := uint32(0x01000000)
			act := func(all ...string) {
				t.Helper()
				for _, a := range all { // another button each time: the one before may still be held
					var err error
					if a == "card" {
						cards++
						err = person.Swipe(ctx, 34, cards)
					} else {
						err = person.Press(ctx, "rating"+a)
					}
					if err != nil {
						t.Fatal(err)
					}
				}
				want = append(want, all...)
			}
			arrived := func(what string) {
				t.Helper()
				var got []string
				awaits(t, what, func() bool { got, _ = h.did(t); return len(got) >= len(want) })
				if !same(got, want) {
					t.Errorf("%s: stored %v, done %v", what, got, want)
				}
			}
			act("5", "card", "3")
			arrived("what was done is stored")
			h.end(t)
			act("1", "card", "2")
			h = serveWith(t, later, data, address)
			arrived("what was done meanwhile is stored")
			act("4")
			arrived("the next press is stored, and what was before it is deleted")
			h.end(t)

			want = nil
			act("3", "card", "5")
			h = serveWith(t, later, filepath.Join(t.TempDir(), "data"), address)
			awaits(t, "the gap is named and what came after it stored", func() bool {
				got, gaps := h.did(t)
				return gaps == 1 && len(got) >= len(want) && same(got[len(got)-len(want):], want)
			})
		})
	}
}
