package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"hallkeeper/wire"
)

func TestCommandLine(t *testing.T) {
	for _, row := range []struct {
		says   string
		args   string
		status int
		// says on standard output, or in the error
		out string
	}{
		{"--help explains", "--help", 0, "工作日"},
		{"--version names the program", "--version", 0, "simulator unversioned"},
		{"a command's help lists its flags", "run --help", 0, "-speed"},
		{"no command is wrong use", "", 2, "which command"},
		{"an unknown command is wrong use", "dance", 2, `"dance"`},
		{"an unknown flag is wrong use", "run --sped 3", 2, "sped"},
		{"a stray word is wrong use", "plan today", 2, `"today"`},
		{"a zone that nobody knows is wrong use", "plan --zone Moon/Base", 2, "Moon/Base"},
		{"a speed of nothing is wrong use", "run --speed 0", 2, "speed"},
		{"history needs a broker and a file", "run --history 3d", 2, "broker"},
		{"history is a number of days", "run --history soon", 2, "90d"},
		{"a window needs its socket", "run --window w01", 2, "WINDOW"},
		{"too many windows are wrong use", "plan --windows 100", 2, "--windows"},
		{"a bad day is wrong use", "plan --from tomorrow", 2, "--from"},
		{"a plan names the day, window and act", "plan --from 2026-11-23 --seed 7 --windows 1", 0, "2026-11-23 08:29:12 w01 come-in 09F29B6C"},
	} {
		t.Run(row.says, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status, text := 0, ""
			if err := run(t.Context(), strings.Fields(row.args), &stdout, &stderr); err != nil {
				status, text = exitStatus(err), err.Error()
			}
			text += stdout.String()
			if status != row.status || !strings.Contains(text, row.out) {
				t.Errorf("exit status %d, want %d; said %q", status, row.status, text)
			}
			if row.status == 2 && strings.Contains(strings.TrimSpace(text), "\n") {
				t.Errorf("an error takes one line, got %q", text)
			}
		})
	}
}

func TestEventsAreLines(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), strings.Fields("events --windows 2 --from 2026-11-23"), &stdout, &stderr); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	if len(lines) < 50 {
		t.Errorf("two windows had %d events in a day", len(lines))
	}
	for _, line := range lines {
		var e wire.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Seq == 0 {
			t.Fatalf("%s: %v", line, err)
		}
	}
}

func TestPastAloneWithoutAnythingToDoEnds(t *testing.T) {
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := run(ctx, strings.Fields("run --windows 1"), &stdout, &stderr); err != nil {
		t.Error(err)
	}
}
