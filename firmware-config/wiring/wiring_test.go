package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hallkeeper/agent/board"
)

var update = flag.Bool("update", false, "write the boards into the handbook")

func TestTheHeaderHasEveryLineOnce(t *testing.T) {
	used := map[int]string{}
	for n := range 28 {
		line := fmt.Sprint("GPIO", n)
		pin, err := pinOf(line)
		if err != nil || pin < 1 || pin > pins || supply(pin) != "" || used[pin] != "" {
			t.Errorf("%s is at %d (%v), where %s%s is", line, pin, err, supply(pin), used[pin])
		}
		used[pin] = line
	}
	supplies := 0
	for pin := 1; pin <= pins; pin++ {
		if supply(pin) != "" {
			supplies++
		}
	}
	if len(used)+supplies != pins {
		t.Errorf("%d lines and %d supplies are not %d pins", len(used), supplies, pins)
	}
	for _, line := range []string{"GPIO28", "GPIO-1", "PIN5", "GPIO", ""} {
		if pin, err := pinOf(line); err == nil {
			t.Errorf("%q is at %d", line, pin)
		}
	}
}

// What is committed is what the board files make.
func TestTheFilesAreThoseOfTheBoards(t *testing.T) {
	files, err := filepath.Glob("../boards/*.yaml")
	if err != nil || len(files) < 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, path := range files {
		made, err := makeFiles(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range made {
			have, err := os.ReadFile(m.path)
			if err != nil || !bytes.Equal(have, m.content) {
				t.Errorf("%s is not what %s makes: go run ./firmware-config/wiring (%v)", m.path, path, err)
			}
		}
		f, err := board.LoadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		svg, boot, drawn := string(made[0].content), string(made[1].content), string(made[2].content)
		if err := xml.Unmarshal(made[2].content, new(struct{})); err != nil {
			t.Errorf("the circuits of %s: %v", path, err)
		}
		reader := xml.NewDecoder(strings.NewReader(svg))
		for {
			if _, err := reader.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
		}
		lines := []string{}
		for _, b := range f.Buttons {
			lines = append(lines, b.Pin)
		}
		for _, o := range f.Outputs {
			lines = append(lines, o.Pin)
		}
		for _, r := range f.Readers {
			if r.Kind == board.WiegandLines {
				lines = append(lines, r.D0, r.D1)
			} else if !strings.Contains(svg, r.USB) {
				t.Errorf("%s: the picture has no reader %s", path, r.USB)
			}
		}
		for _, line := range lines {
			if strings.Count(svg, ">"+line+"<") != 1 {
				t.Errorf("%s: the picture has %s not once", path, line)
			}
			if !strings.Contains(drawn, line) {
				t.Errorf("%s: the circuits name %s nowhere", path, line)
			}
			number := strings.TrimPrefix(line, "GPIO")
			if !strings.Contains(strings.NewReplacer("=", ",").Replace(boot), ","+number+",") {
				t.Errorf("%s: the boot lines do not set %s", path, line)
			}
		}
	}
}

// What the handbook tells of the boards is what the agent runs with.
func TestTheHandbookHasTheBoards(t *testing.T) {
	const page = "../../docs/handbook/zh/wiring.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), "<!-- boards -->\n")
	_, after, closed := strings.Cut(rest, "<!-- /boards -->")
	if !found || !closed {
		t.Fatalf("%s has no place for the boards", page)
	}
	var want strings.Builder
	for _, name := range []string{"standard", "usb-window", "tablet-window"} {
		f, err := board.LoadFile("../boards/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		one, err := table(f)
		if err != nil {
			t.Fatal(err)
		}
		want.WriteString("\n" + one)
	}
	whole := before + "<!-- boards -->\n" + want.String() + "\n<!-- /boards -->" + after
	if *update {
		if err := os.WriteFile(page, []byte(whole), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if whole != string(text) {
		t.Errorf("%s does not have the boards as they are: go test ./firmware-config/wiring -update", page)
	}
}

func TestABoardThatNoHeaderHasIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.yaml")
	text := "name: b\nbuttons:\n  call: {pin: GPIO40, active: low, bias: up, debounce: 10ms, stuck: 10s}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, complaints bytes.Buffer
	if err := run([]string{path}, &out, &complaints); err == nil || !strings.Contains(err.Error(), "GPIO40 is not on a Raspberry Pi's 40-pin header") {
		t.Errorf("got %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*.svg")); err != nil || len(left) > 0 {
		t.Errorf("it left %v: %v", left, err)
	}
}

func TestALampThatIsOnWhenLowStartsHigh(t *testing.T) {
	boot := string(bootLines("x", board.File{Outputs: map[string]board.Output{board.LampRed: {Pin: "GPIO21", Active: "low"}, board.LampGreen: {Pin: "GPIO20", Active: "high"}}}))
	if !strings.Contains(boot, "gpio=21=op,dh\n") || !strings.Contains(boot, "gpio=20=op,dl\n") {
		t.Errorf("the boot lines are\n%s", boot)
	}
}
