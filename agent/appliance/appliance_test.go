//go:build linux

package appliance

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"hallkeeper/wire"
)

const patience = 30 * time.Second

// TestMain lets this program be the agent that is kept going: what it does is named by a variable.
func TestMain(m *testing.M) {
	does := os.Getenv("APPLIANCE_TEST_AGENT")
	if does == "" {
		os.Exit(m.Run())
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	fmt.Println("started with", strings.Join(os.Args[1:], " "))
	tell := func(state string) {
		if sent, err := daemon.SdNotify(false, state); !sent || err != nil {
			fmt.Println("nobody listens:", err)
		}
	}
	tell(daemon.SdNotifyReady)
	every := time.NewTicker(10 * time.Millisecond)
	switch does {
	case "ends":
		os.Exit(3)
	case "hangs":
		select {}
	}
	for {
		select {
		case <-stop:
			fmt.Println("ended as asked")
			os.Exit(0)
		case <-every.C:
			tell(daemon.SdNotifyWatchdog)
		}
	}
}

// heard is all that was said, safe to look at while more is said.
type heard struct {
	mu   sync.Mutex
	text strings.Builder
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(p)
}

func (h *heard) count(text string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Count(h.text.String(), text)
}

func (h *heard) await(t *testing.T, text string, n int) {
	t.Helper()
	for limit := time.Now().Add(patience); h.count(text) < n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%q was not said %d times within %v:\n%s", text, n, patience, h.text.String())
		}
	}
}

// begin runs an appliance until the test ends it; write puts a file into its folder of settings.
func begin(t *testing.T, does string, silence time.Duration) (h *heard, write func(name, text string), end func()) {
	t.Helper()
	t.Setenv("APPLIANCE_TEST_AGENT", does)
	dir := t.TempDir()
	c := Config{Settings: dir, Default: filepath.Join(dir, "image.yaml"), Program: os.Args[0], Console: os.DevNull, Pace: 5 * time.Millisecond, Patience: silence}
	h = &heard{}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, c, h) }()
	end = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(end)
	return h, func(name, text string) {
		t.Helper()
		whole := filepath.Join(dir, name+".new")
		if err := os.WriteFile(whole, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(whole, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}, end
}

func TestWhatIsMissingIsSaidInBothLanguagesAndItGoesOn(t *testing.T) {
	h, write, end := begin(t, "works", patience)
	h.await(t, "缺 ", 1)
	h.await(t, "is not enrolled", 1)
	write(enrolFile, "hub: 192.168.1.10\ncode: nonsense\nhurry: true\n")
	h.await(t, "enrol.yaml 有错", 1)
	h.await(t, "hurry", 2)
	if n := h.count("started with"); n > 0 {
		t.Errorf("an agent without settings was started %d times", n)
	}
	write(agentFile, "mqtt: tcp://127.0.0.1:9\nboard: none\n")
	h.await(t, "started with run --config", 1)
	h.await(t, agentFile+" --data ", 1)
	end()
	h.await(t, "ended as asked", 1)
	if n := h.count("is not enrolled"); n > 1 {
		t.Errorf("within a minute it was said %d times that it is not enrolled", n)
	}
}

func TestAnAgentThatEndsIsStartedAgain(t *testing.T) {
	h, write, _ := begin(t, "ends", patience)
	write(agentFile, "mqtt: tcp://127.0.0.1:9\nboard: none\n")
	h.await(t, "started with", 2)
	h.await(t, "代理已结束", 1)
	h.await(t, "exit status 3", 1)
}

func TestAnAgentThatHangsIsEndedAndStartedAgain(t *testing.T) {
	h, write, _ := begin(t, "hangs", 50*time.Millisecond)
	write(agentFile, "mqtt: tcp://127.0.0.1:9\nboard: none\n")
	h.await(t, "started with", 2)
	h.await(t, errHangs.Error(), 1)
}

// A code is tried to its end once; where the hub does not answer it is tried again.
func TestACodeIsTriedOnce(t *testing.T) {
	dir := t.TempDir()
	c := Config{Settings: dir}
	if c.used("a code") {
		t.Error("a code that was never tried counts as used")
	}
	if err := c.use("a code"); err != nil {
		t.Fatal(err)
	}
	if !c.used(" a code\n") || c.used("another") {
		t.Error("it is not known which code was tried")
	}
	text, err := os.ReadFile(filepath.Join(dir, usedFile))
	if err != nil || strings.Contains(string(text), "code") {
		t.Errorf("the code itself was written down: %q %v", text, err)
	}
}

func TestTheHubGivesTheTime(t *testing.T) {
	for _, row := range []struct{ name, enrol, want string }{
		{"nobody is known", "", ""},
		{"the hub of enrol.yaml, without its port", "hub: https://hub.local:8443/\n", "hub.local"},
		{"who the technician named", "hub: 192.168.1.10\ntime: 192.168.1.1:1123\n", "192.168.1.1:1123"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := Config{Settings: t.TempDir()}
			if row.enrol != "" {
				text := row.enrol + "code: " + wire.EnrolCode{}.String() + "\n"
				if err := os.WriteFile(filepath.Join(c.Settings, enrolFile), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got := c.timeServer(); got != row.want {
				t.Errorf("the time comes from %q", got)
			}
		})
	}
}
