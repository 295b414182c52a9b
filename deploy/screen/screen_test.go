package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const patience = 30 * time.Second

// stage puts programs in the place of cage and certutil that write down how they were called.
func stage(t *testing.T, cage string) (calls func() string) {
	t.Helper()
	dir := t.TempDir()
	for name, then := range map[string]string{"cage": cage, "certutil": `case "$*" in *" -N "*) touch "${2#sql:}/cert9.db" ;; *" -D "*) exit 255 ;; esac`} {
		script := "#!/bin/sh\necho \"" + name + " $* HOME=$HOME XCURSOR_PATH=$XCURSOR_PATH\" >>" + dir + "/calls\n" + then + "\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return func() string {
		said, err := os.ReadFile(filepath.Join(dir, "calls"))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return string(said)
	}
}

func write(t *testing.T, text string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "screen.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTheBrowserFillsTheScreenWithThePage(t *testing.T) {
	for _, row := range []struct{ settings, address string }{
		{"hub: https://192.168.1.10\n", "https://192.168.1.10/lobby"},
		{"hub: https://hub.hall:8443/\npage: kiosk\n", "https://hub.hall:8443/kiosk"},
		{"hub: https://hub.hall\npage: board\n", "https://hub.hall/board"},
		{"hub: https://hub.hall\npage: rating\nwindow: w01\n", "https://hub.hall/rate/w01"},
	} {
		var out bytes.Buffer
		if err := run(t.Context(), []string{"command", "--config", write(t, row.settings)}, &out, &out); err != nil {
			t.Errorf("%q: %v", row.settings, err)
		}
		line := strings.TrimSpace(out.String())
		for _, want := range []string{"cage -d -- chromium ", " --kiosk ", " --autoplay-policy=no-user-gesture-required ", " --no-first-run ", " --hide-crash-restore-bubble "} {
			if !strings.Contains(line, want) {
				t.Errorf("%q lacks %q", line, want)
			}
		}
		if !strings.HasSuffix(line, " "+row.address) {
			t.Errorf("%q does not show %s", line, row.address)
		}
	}
}

func TestWrongSettingsAreAllTold(t *testing.T) {
	err := run(t.Context(), []string{"command", "--config", write(t, "hub: hub.hall\npage: rating\nauthority: /nowhere.crt\n")}, &bytes.Buffer{}, &bytes.Buffer{})
	if err == nil {
		t.Fatal("they were taken")
	}
	for _, want := range []string{"hub: expected the hub's address", "window: expected", "authority: the file cannot be read"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
	if got := exit(&bytes.Buffer{}, err); got != 2 {
		t.Errorf("exit status %d", got)
	}
}

func TestABrowserThatEndsIsAFailure(t *testing.T) {
	calls := stage(t, "exit 0")
	data, authority := t.TempDir(), write(t, "PEM")
	text := "hub: https://hub.hall\ndata: " + data + "\nauthority: " + authority + "\n"
	for range 2 { // the second start has a list of certificates already
		err := run(t.Context(), []string{"run", "--config", write(t, text)}, &bytes.Buffer{}, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), "the browser has closed itself") {
			t.Errorf("it says %v", err)
		}
	}
	said := calls()
	if n := strings.Count(said, "-N --empty-password"); n != 1 {
		t.Errorf("the list of certificates was made %d times:\n%s", n, said)
	}
	if n := strings.Count(said, "-A -t C,, -n hallkeeper -i "+authority); n != 2 {
		t.Errorf("the authority was given %d times:\n%s", n, said)
	}
	if !strings.Contains(said, "https://hub.hall/lobby HOME="+data+" XCURSOR_PATH=/usr/share/hallkeeper-screen/cursors") {
		t.Errorf("it started\n%s", said)
	}
}

func TestItEndsWhenItIsTold(t *testing.T) {
	calls := stage(t, "trap 'exit 0' TERM; while :; do sleep 0.05; done")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"run", "--config", write(t, "hub: https://hub.hall\ndata: "+t.TempDir()+"\n")}, &bytes.Buffer{}, &bytes.Buffer{})
	}()
	for calls() == "" && ctx.Err() == nil {
		time.Sleep(5 * time.Millisecond)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if !strings.Contains(calls(), "chromium") {
		t.Errorf("it never started: %s", calls())
	}
}

func TestTheShippedSettingsAreRight(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"command", "--config", "screen.conf"}, &out, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(strings.TrimSpace(out.String()), " https://hub.hall/lobby") {
		t.Errorf("it shows %s", out.String())
	}
}
