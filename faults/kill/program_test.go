package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func shell(t *testing.T, script string) *program {
	t.Helper()
	p := &program{name: "script", command: []string{"/bin/sh", "-c", script}, logFile: filepath.Join(t.TempDir(), "log")}
	t.Cleanup(func() { p.kill() })
	return p
}

func TestProgramIsKilledAndStartedAgain(t *testing.T) {
	p := shell(t, "sleep 600")
	for range 3 {
		if err := p.start(); err != nil {
			t.Fatal(err)
		}
		if p.start() == nil {
			t.Error("it was started twice")
		}
		if !p.up() || p.pid() == 0 {
			t.Error("it does not run")
		}
		if !p.kill() || p.up() || p.pid() != 0 {
			t.Error("it was not killed")
		}
		if p.kill() {
			t.Error("a dead program was killed again")
		}
	}
	if err := p.crashed(); err != nil {
		t.Errorf("our own kills count as crashes: %v", err)
	}
}

func TestProgramThatEndsByItselfIsACrash(t *testing.T) {
	p := shell(t, "echo no more paper; exit 3")
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	var crash error
	if err := await(t.Context(), "wait for its end", 20*time.Second, func() (bool, error) {
		crash = p.crashed()
		return crash != nil, nil
	}); err != nil {
		t.Fatal(err)
	}
	if text := crash.Error(); !strings.Contains(text, "exit status 3") || !strings.Contains(text, "no more paper") {
		t.Errorf("the crash says %q", text)
	}
	if p.crashed() != nil {
		t.Error("a crash is told twice")
	}
}

func TestProgramEndsWhenAsked(t *testing.T) {
	for _, row := range []struct {
		says, script string
		well         bool
	}{
		{"with exit status 0", "trap 'exit 0' TERM; echo up; while :; do sleep 0.01; done", true},
		{"with another one, which is wrong", "trap 'exit 4' TERM; echo up; while :; do sleep 0.01; done", false},
	} {
		p := shell(t, row.script)
		if err := p.start(); err != nil {
			t.Fatal(err)
		}
		if err := await(t.Context(), "wait for its trap", 20*time.Second, func() (bool, error) {
			text, err := os.ReadFile(p.logFile)
			return len(text) > 0, err
		}); err != nil {
			t.Fatal(err)
		}
		if err := p.stop(); (err == nil) != row.well {
			t.Errorf("%s: %v", row.says, err)
		}
	}
}

func TestCardToken(t *testing.T) {
	data := t.TempDir()
	if _, err := cardToken(data); err == nil {
		t.Error("a key was read where there is none")
	}
	if err := os.Mkdir(filepath.Join(data, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(data, "keys", "card.key")
	for _, row := range []struct {
		says, key string
		want      string
	}{
		// echo -n 04A2B9C1 | openssl dgst -sha256 -mac HMAC -macopt hexkey:00…1f -binary | head -c 16 | basenc --base64url
		{"the hub's hash of a card", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n", "h1:dA8mBOLGOXqgnIzVOPH9Sg"},
		{"a short key is refused", "0001\n", ""},
		{"a key that is no number is refused", "hello", ""},
	} {
		if err := os.WriteFile(key, []byte(row.key), 0o600); err != nil {
			t.Fatal(err)
		}
		token, err := cardToken(data)
		if row.want == "" {
			if err == nil {
				t.Error(row.says, ": it was not")
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := token("04A2B9C1"); got != row.want {
			t.Errorf("%s: got %s, want %s", row.says, got, row.want)
		}
	}
}

func TestTable(t *testing.T) {
	var out strings.Builder
	printTable(&out, []result{
		{name: "embedded", seed: 7, killed: map[string]int{"hub": 2, "agent": 3}, made: 20, kept: 18, verified: true},
		{name: "mosquitto", seed: 7, killed: map[string]int{}, verdict: verdict{doubled: 1}, verified: true},
		{name: "early", seed: 7, killed: map[string]int{}, verdict: verdict{lost: 1}, meantToLose: true},
	})
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 4 {
		t.Fatalf("got\n%s", out.String())
	}
	for i, want := range []string{"result", "ok", "FAILED", "loss found, as it must be"} {
		if !strings.HasSuffix(strings.TrimSpace(lines[i]), want) {
			t.Errorf("row %d is %q, want %q at its end", i, lines[i], want)
		}
	}
}

func TestCommandLineRefuses(t *testing.T) {
	for _, args := range []string{"--broker rabbit", "--windows 0", "--kills -1", "now", "--kil 3"} {
		var out strings.Builder
		if err := run(context.Background(), strings.Fields(args), &out, &out); err == nil || exitStatus(err) != 2 {
			t.Errorf("%s: got %v", args, err)
		}
	}
}
