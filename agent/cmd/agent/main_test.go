package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"hallkeeper/agent"
	"hallkeeper/settings"
	"hallkeeper/simulator/hand"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"agent": main})
}

func TestProgram(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", Cmds: map[string]func(*testscript.TestScript, bool, []string){"both": both}})
}

// both ARGS… ZH EN runs the program, which must fail and say what matches ZH in Chinese and EN in English, a line each.
func both(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: both ARGS… ZH EN")
	}
	n := len(args) - 2
	if err := ts.Exec("agent", args[:n]...); err == nil {
		ts.Fatalf("it succeeded")
	}
	zh, rest, _ := strings.Cut(ts.ReadFile("stderr"), "\n")
	en, _, _ := strings.Cut(rest, "\n")
	for line, want := range map[string]string{zh: `^agent: .*` + args[n], en: `^agent: \P{Han}*` + args[n+1]} {
		if !regexp.MustCompile(want).MatchString(line) {
			ts.Fatalf("%q is not in: %s", want, line)
		}
	}
}

const patience = 30 * time.Second

// A whole run of the program, as systemd and a person see it.
func TestRunUntilTerminated(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "w01.yaml")
	text := "agent: w01\nhall: demo\nmqtt: tcp://127.0.0.1:9\ndata: \"" + dir + "/data\"\nboard: sim\nsim_socket: \"" + dir + "/s\"\nlog: json\nclock:\n  assume_synced: true\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := exec.LookPath("agent") // put there by testscript.Main
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a second run goes on from the first
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		var said strings.Builder
		cmd := exec.CommandContext(ctx, self, "run", "--config", config)
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lamps := make(chan hand.Seen, 64)
		h := hand.New(dir+"/s", 1, func(s hand.Seen) { lamps <- s })
		if err := h.Press(ctx, "rating5"); err != nil {
			t.Fatal(err)
		}
		select {
		case s := <-lamps:
			if s.Line != "lamp_green" || !s.High {
				t.Errorf("the first that is seen is %+v", s)
			}
		case <-ctx.Done():
			t.Fatalf("no lamp lights; the log says\n%s", said.String())
		}
		h.Close()
		if rss := residentKB(t, cmd.Process.Pid); rss > 20<<10 {
			t.Errorf("the agent takes %d kB", rss)
		}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("asked to end: %v\n%s", err, said.String())
		}
		if !strings.Contains(said.String(), `"msg":"the agent works"`) {
			t.Errorf("the log says\n%s", said.String())
		}
		cancel()
	}
}

// residentKB is 0 where it cannot be told: the race detector alone takes more
// than an agent may.
func residentKB(t *testing.T, pid int) int {
	t.Helper()
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "-race" && s.Value == "true" {
				return 0
			}
		}
	}
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(text), "\n") {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmRSS:" {
			kb, _ := strconv.Atoi(f[1])
			return kb
		}
	}
	return 0
}

func TestStatusOfAnEnd(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want int
		says string
	}{
		{"well done", nil, 0, ""},
		{"a restart that the hub asked for", agent.ErrRestart, 0, ""},
		{"wrong usage", wrongUse("没有写命令", "which command?"), 2, "agent: 没有写命令；agent --help 列出所有命令\nagent: which command?; agent --help lists what there is\n"},
		{"wrong settings", &settings.Faults{List: []settings.Fault{{File: "a.yaml", Line: 3, Key: "mqtt", Problem: "expected an address"}}}, 2, "agent: 设置有 1 处错误，没有启动。下面逐处列出：文件和行号、设置项、应填什么；改好后再试\n" +
			"agent: mistakes in the settings: 1, nothing was started; each stands below with its file and line, its key and what is expected\na.yaml:3: mqtt: expected an address\n"},
		{"a failure", errors.New("the outbox is damaged"), 1, "agent: 没有完成，原因：the outbox is damaged\nagent: the outbox is damaged\n"},
	} {
		var said strings.Builder
		if got := exit(&said, c.err); got != c.want || said.String() != c.says {
			t.Errorf("%s ends with %d and says %q", c.name, got, said.String())
		}
	}
}

func TestEveryFlagIsASetting(t *testing.T) {
	cfg := agent.Defaults()
	list, err := settings.List(&cfg)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for _, s := range list {
		keys[s.Key] = true
	}
	for _, key := range []string{"agent", "hall", "mqtt", "data", "board", "sim_socket", "log", "log_level", "clock.assume_synced"} {
		if !keys[key] {
			t.Errorf("there is no setting %s", key)
		}
	}
	_, _, err = load("run", []string{"--agent", "w01", "--hall", "h", "--mqtt", "tcp://127.0.0.1:1", "--data", "d", "--board", "b.yaml", "--log", "json", "--log-level", "debug"},
		new(strings.Builder), func(*flag.FlagSet) {})
	if err != nil {
		t.Errorf("all flags together: %v", err)
	}
}
