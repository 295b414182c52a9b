// Package packages holds what makes the Debian packages; it has no code but its tests.
package packages

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hallkeeper/agent"
	"hallkeeper/format"
	"hallkeeper/hub/app"
	"hallkeeper/settings"
)

func programs() map[string]string {
	return map[string]string{"hub": "../../hub/cmd/hub", "agent": "../../agent/cmd/agent", "screen": "../screen"}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheManualNamesEveryCommand(t *testing.T) {
	for name, source := range programs() {
		run := exec.CommandContext(t.Context(), "go", "run", source, "--help")
		run.Env = append(os.Environ(), "CGO_ENABLED=0") // as the Makefile builds all, whose results are there
		out, err := run.Output()
		if err != nil {
			t.Fatalf("%s --help: %v", name, err)
		}
		var commands []string
		for _, m := range regexp.MustCompile(`(?m)^ {2}([a-z-]+) +\S`).FindAllStringSubmatch(string(out), -1) {
			commands = append(commands, m[1])
		}
		if len(commands) < 2 {
			t.Fatalf("%s --help lists %v:\n%s", name, commands, out)
		}
		for _, lang := range []string{".", "zh_CN"} {
			page := read(t, filepath.Join("man", lang, "hallkeeper-"+name+".1"))
			var named []string
			for _, m := range regexp.MustCompile(`(?m)^\.TP\n\.B ([a-z-]+)$`).FindAllStringSubmatch(page, -1) {
				named = append(named, m[1])
			}
			slices.Sort(named)
			slices.Sort(commands)
			if !slices.Equal(named, commands) {
				t.Errorf("%s of %s names %v, the program has %v", lang, name, named, commands)
			}
		}
	}
}

func TestTheManualNamesEveryExitStatus(t *testing.T) {
	for _, name := range []string{"hub", "agent", "screen"} {
		for _, lang := range []string{".", "zh_CN"} {
			page := read(t, filepath.Join("man", lang, "hallkeeper-"+name+".1"))
			for _, m := range []string{"0 ", "1 ", "2 ", strconv.Itoa(format.ExitStatus) + " "} {
				if !regexp.MustCompile(`(?m)^\.SH (EXIT STATUS|退出状态)\n.*\b` + m + `\S`).MatchString(page) {
					t.Errorf("%s of %s does not say what the exit status %sis", lang, name, m)
				}
			}
		}
	}
}

func TestTheProgramsTakeThePackagedSettings(t *testing.T) {
	hub := app.Defaults()
	if err := settings.Load(&hub, "hub/hub.yaml", nil); err != nil {
		t.Error(err)
	}
	if hub.Data != "/var/lib/hallkeeper-hub" || hub.HTTPS != "0.0.0.0:443" || hub.MQTTTLS != "0.0.0.0:8883" {
		t.Errorf("the hub would run with %+v", hub)
	}
	window := agent.Defaults()
	// Who it is comes from the enrolment.
	err := settings.Load(&window, "agent/agent.yaml", []string{"HALL_AGENT=w01", "HALL_HALL=hall", "HALL_MQTT=tcp://127.0.0.1:1883"})
	if err != nil {
		t.Error(err)
	}
	if window.Data != "/var/lib/hallkeeper" || window.Board != "/etc/hallkeeper/board.yaml" {
		t.Errorf("the agent would run with %+v", window)
	}
}

func TestScriptsAreRightAndMayRunAgain(t *testing.T) {
	for name := range programs() {
		for _, script := range []string{"postinst", "prerm", "postrm"} {
			path := filepath.Join(name, script)
			if out, err := exec.CommandContext(t.Context(), "sh", "-n", path).CombinedOutput(); err != nil {
				t.Errorf("%s: %v: %s", path, err, out)
			}
			text := read(t, path)
			if !strings.Contains(text, "\nset -e\n") || !strings.Contains(text, "hallkeeper-"+name+".service") {
				t.Errorf("%s goes on after a fault, or looks after another service", path)
			}
			// What the hall has recorded is deleted by nobody.
			for line := range strings.Lines(text) {
				if strings.Contains(line, "/var/lib") && strings.Contains(line, "rm ") && !strings.Contains(line, "echo ") {
					t.Errorf("%s deletes: %s", path, line)
				}
			}
		}
	}
}

// Unit files stand in packages as they stand here.
func TestPackagesHoldTheirUnits(t *testing.T) {
	for name := range programs() {
		text := read(t, filepath.Join(name, "nfpm.yaml"))
		m := regexp.MustCompile(`src: (\S+\.service), dst: /lib/systemd/system/hallkeeper-` + name + `\.service`).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("hallkeeper-%s has no unit", name)
		}
		unit := read(t, filepath.Join("..", "..", m[1]))
		if !strings.Contains(unit, "ExecStart=/usr/bin/hallkeeper-"+name+" ") || !strings.Contains(unit, "StartLimitIntervalSec=0") {
			t.Errorf("the unit of hallkeeper-%s starts something else, or gives up", name)
		}
		for _, never := range []string{"network-online.target", "time-sync.target", "time-set.target"} {
			if regexp.MustCompile(`(?m)^(After|Requires|Wants|Requisite)=.*` + regexp.QuoteMeta(never)).MatchString(unit) {
				t.Errorf("the unit of hallkeeper-%s waits for %s", name, never)
			}
		}
	}
}
