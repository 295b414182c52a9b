package main

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWrongUse(t *testing.T) {
	t.Parallel()
	text := filepath.Join(t.TempDir(), "hub")
	if err := os.WriteFile(text, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		args []string
	}{
		{"a flag that there is not", []string{"-kill"}},
		{"a word", []string{"hub"}},
		{"a negative number of cuts", []string{"-cuts", "-1"}},
		{"a proof without cuts", []string{"-prove-cuts", "0"}},
		{"a hub that is not there", []string{"-hub", filepath.Join(t.TempDir(), "hub")}},
		{"a hub that is a script", []string{"-hub", text}},
		{"a hub that never syncs and is a script", []string{"-hub-nosync", text}},
	} {
		if err := run(t.Context(), row.args, io.Discard, io.Discard); exitStatus(err) != 2 {
			t.Errorf("%s: exit status %d, %v", row.name, exitStatus(err), err)
		}
	}
	if err := run(t.Context(), []string{"-help"}, io.Discard, io.Discard); err != nil {
		t.Errorf("help: %v", err)
	}
	if got := exitStatus(errFound); got != 1 {
		t.Errorf("a found fault has exit status %d", got)
	}
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		r    result
		want string
	}{
		{"all is well", result{verified: true, ended: true}, "ok"},
		{"an event was lost", result{verified: true, verdict: verdict{lost: 1}}, "FAILED"},
		{"a record has changed", result{verified: true, verdict: verdict{changed: 1}}, "FAILED"},
		{"verify failed", result{ended: true}, "FAILED"},
		{"an event was refused", result{verified: true, refused: 1}, "FAILED"},
		{"there is a dead letter", result{verified: true, deadLetters: 1}, "FAILED"},
		{"the hub did not come up", result{verified: true, down: errors.New("x")}, "FAILED"},
		{"a hub that loses lost", result{meantToLose: true, verdict: verdict{lost: 9}}, "loss found, as it must be"},
		{"a hub that loses lost nothing", result{meantToLose: true, verified: true}, "no loss found"},
		{"a hub that loses did not come up", result{meantToLose: true, down: errors.New("x")}, "did not come up"},
	} {
		if got := row.r.outcome(); got != row.want {
			t.Errorf("%s: %q", row.name, got)
		}
		var b bytes.Buffer
		printTable(&b, []result{row.r})
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		if len(lines) != 2 || !strings.HasSuffix(strings.TrimSpace(lines[1]), row.want) {
			t.Errorf("%s: the table is\n%s", row.name, b.String())
		}
	}
}

func TestPlans(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		chance := rand.New(rand.NewPCG(seed, 1))
		inBoot, byClock, atRequest := 0, 0, 0
		for i := range uint64(40) {
			p := drawPlan(chance, seed+i)
			switch {
			case p.inBoot && p.requests > 0 && p.after == 0:
				inBoot++
			case !p.inBoot && p.requests == 0 && p.after >= 500*time.Millisecond:
				byClock++
			case !p.inBoot && p.requests > 0 && p.after >= 500*time.Millisecond:
				atRequest++
			default:
				t.Errorf("%+v", p)
			}
			if p.String() == "" {
				t.Error("a plan has no words")
			}
		}
		if inBoot != 10 || byClock != 10 || atRequest != 20 {
			t.Errorf("seed %d: %d in boot, %d by the clock, %d at a request", seed, inBoot, byClock, atRequest)
		}
	}
}
