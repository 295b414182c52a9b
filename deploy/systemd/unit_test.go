// Package systemd holds the units; it has no code but their tests.
package systemd

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// unit is one that packages install, and how exposed it may be: of 100, systemd's figure is a tenth of it.
type unit struct{ file, program, threshold string }

func units() []unit {
	return []unit{
		{"hallkeeper-agent.service", "/usr/bin/hallkeeper-agent", "24"},
		{"hallkeeper-hub.service", "/usr/bin/hallkeeper-hub", "20"},
		// A browser with its own sandbox, a graphics card and a seat.
		{"../screen/hallkeeper-screen.service", "/usr/bin/hallkeeper-screen", "36"},
	}
}

// analyze runs systemd-analyze, which needs no running systemd for any of this.
func analyze(t *testing.T, args ...string) string {
	t.Helper()
	program, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Fatal("systemd-analyze is missing: apt-get install systemd")
	}
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("systemd-analyze %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func TestUnitsAreRight(t *testing.T) {
	for _, u := range units() {
		text, err := os.ReadFile(u.file)
		if err != nil {
			t.Fatal(err)
		}
		// The program is not installed here: any other stands in for it.
		start := []byte("ExecStart=" + u.program + " ")
		if !bytes.Contains(text, start) {
			t.Fatalf("%s does not start %s", u.file, u.program)
		}
		copied := filepath.Join(t.TempDir(), filepath.Base(u.file))
		if err := os.WriteFile(copied, bytes.Replace(text, start, []byte("ExecStart=/bin/true "), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		if out := analyze(t, "verify", "--man=no", copied); out != "" {
			t.Errorf("systemd complains:\n%s", out)
		}
	}
}

func TestUnitsAreExposedLittle(t *testing.T) {
	for _, u := range units() {
		out := analyze(t, "security", "--offline=true", "--no-pager", "--threshold="+u.threshold, u.file)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		t.Log(lines[len(lines)-1])
	}
}

// directives gives all values of a unit's directive, in order.
func directives(t *testing.T, unit, name string) (values []string) {
	t.Helper()
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+"="); ok {
			values = append(values, value)
		}
	}
	return values
}

func TestHubAndAgentMayCallWhatTheyNeed(t *testing.T) {
	for _, unit := range []string{"hallkeeper-agent.service", "hallkeeper-hub.service"} {
		mayCall(t, unit)
	}
}

func mayCall(t *testing.T, unit string) {
	t.Helper()
	// The groups of system calls, as this systemd knows them.
	groups, name := map[string][]string{}, ""
	for line := range strings.Lines(analyze(t, "syscall-filter", "--no-pager")) {
		switch word := strings.TrimSpace(line); {
		case strings.HasPrefix(line, "@"):
			name = word
		case word != "" && !strings.HasPrefix(word, "#"):
			groups[name] = append(groups[name], word)
		}
	}
	var expand func(word string, do func(string))
	expand = func(word string, do func(string)) {
		if members, ok := groups[word]; ok {
			for _, member := range members {
				expand(member, do)
			}
			return
		}
		do(word)
	}
	allowed := map[string]bool{}
	for _, value := range directives(t, unit, "SystemCallFilter") {
		list, deny := strings.CutPrefix(value, "~")
		for _, word := range strings.Fields(list) {
			expand(word, func(call string) { allowed[call] = !deny })
		}
	}
	for _, call := range []string{"adjtimex", "accept4", "clone", "close", "connect", "epoll_ctl", "epoll_pwait", "fdatasync", "flock", "fsync", "ftruncate",
		"futex", "getrandom", "ioctl", "madvise", "mmap", "mprotect", "nanosleep", "openat", "pread64", "pwrite64", "read", "renameat", "rt_sigaction",
		"sendto", "socket", "write"} {
		if !allowed[call] {
			t.Errorf("%s may not call %s", unit, call)
		}
	}
	for _, call := range []string{"mount", "reboot", "settimeofday", "ptrace", "init_module", "bpf", "chroot"} {
		if allowed[call] {
			t.Errorf("%s may call %s", unit, call)
		}
	}
}

func TestHubAndAgentAreKeptRunning(t *testing.T) {
	for unit, want := range map[string]map[string]string{
		"hallkeeper-agent.service": {"User": "hallkeeper", "SupplementaryGroups": "gpio input", "StateDirectory": "hallkeeper"},
		"hallkeeper-hub.service":   {"User": "hallkeeper-hub", "StateDirectory": "hallkeeper-hub", "AmbientCapabilities": "CAP_NET_BIND_SERVICE"},
	} {
		for name, value := range map[string]string{"Type": "notify", "Restart": "always", "StartLimitIntervalSec": "0", "WatchdogSec": "60s"} {
			want[name] = value
		}
		for name, want := range want {
			if got := directives(t, unit, name); len(got) != 1 || got[0] != want {
				t.Errorf("%s: %s is %q, want %q", unit, name, got, want)
			}
		}
	}
}
