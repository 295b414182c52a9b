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

const unit = "hallkeeper-agent.service"

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

func TestTheAgentsUnitIsRight(t *testing.T) {
	text, err := os.ReadFile(unit)
	if err != nil {
		t.Fatal(err)
	}
	// The program is not installed here: any other stands in for it.
	start := []byte("ExecStart=/usr/bin/hallkeeper-agent run --config /etc/hallkeeper/agent.yaml")
	if !bytes.Contains(text, start) {
		t.Fatalf("the unit does not start the agent with %s", start)
	}
	copied := filepath.Join(t.TempDir(), unit)
	if err := os.WriteFile(copied, bytes.Replace(text, start, []byte("ExecStart=/bin/true"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := analyze(t, "verify", "--man=no", copied); out != "" {
		t.Errorf("systemd complains:\n%s", out)
	}
}

func TestTheAgentsUnitIsExposedLittle(t *testing.T) {
	const threshold = "24" // of 100; systemd's figure is a tenth of it
	out := analyze(t, "security", "--offline=true", "--no-pager", "--threshold="+threshold, unit)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	t.Log(lines[len(lines)-1])
}

// directives gives all values of a directive, in order.
func directives(t *testing.T, name string) (values []string) {
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

func TestTheAgentMayCallWhatItNeeds(t *testing.T) {
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
	for _, value := range directives(t, "SystemCallFilter") {
		list, deny := strings.CutPrefix(value, "~")
		for _, word := range strings.Fields(list) {
			expand(word, func(call string) { allowed[call] = !deny })
		}
	}
	for _, call := range []string{"adjtimex", "accept4", "clone", "close", "connect", "epoll_ctl", "epoll_pwait", "fdatasync", "flock", "fsync", "ftruncate",
		"futex", "getrandom", "ioctl", "madvise", "mmap", "mprotect", "nanosleep", "openat", "pread64", "pwrite64", "read", "renameat", "rt_sigaction",
		"sendto", "socket", "write"} {
		if !allowed[call] {
			t.Errorf("the agent may not call %s", call)
		}
	}
	for _, call := range []string{"mount", "reboot", "settimeofday", "ptrace", "init_module", "bpf", "chroot"} {
		if allowed[call] {
			t.Errorf("the agent may call %s", call)
		}
	}
}

func TestTheAgentIsKeptRunning(t *testing.T) {
	for name, want := range map[string]string{"Type": "notify", "Restart": "always", "StartLimitIntervalSec": "0", "WatchdogSec": "60s",
		"User": "hallkeeper", "SupplementaryGroups": "gpio input", "StateDirectory": "hallkeeper"} {
		if got := directives(t, name); len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}
