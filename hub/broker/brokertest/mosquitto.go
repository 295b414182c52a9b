package brokertest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Mosquitto is a real broker that a test started.
type Mosquitto struct {
	// Addr is its host:port.
	Addr string

	conf string
	logs string
	cmd  *exec.Cmd
}

// StartMosquitto starts Mosquitto on a free port of loopback and stops it with
// the test. Its limits are raised so that it drops nothing. extra are further
// lines of its configuration. A machine without Mosquitto fails the test: a
// suite that was skipped proves nothing.
func StartMosquitto(t testing.TB, extra ...string) *Mosquitto {
	t.Helper()
	dir := t.TempDir()
	m := &Mosquitto{Addr: freeAddr(t), conf: filepath.Join(dir, "mosquitto.conf"), logs: filepath.Join(dir, "mosquitto.log")}
	host, port, err := net.SplitHostPort(m.Addr)
	if err != nil {
		t.Fatal(err)
	}
	lines := append([]string{
		"listener " + port + " " + host,
		"allow_anonymous true",
		"persistence false",
		"max_inflight_messages 0",
		"max_queued_messages 0",
		"max_queued_bytes 0",
		"set_tcp_nodelay true",
		"log_dest stderr",
		"log_type error",
		"log_type warning",
	}, extra...)
	if err := os.WriteFile(m.conf, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m.Start(t)
	t.Cleanup(func() { m.Kill() })
	return m
}

// URL is the address for the hub's --mqtt-url.
func (m *Mosquitto) URL() string { return "mqtt://" + m.Addr }

// PID is the process to measure or to kill.
func (m *Mosquitto) PID() int { return m.cmd.Process.Pid }

// Start starts it again after Kill, on the same port.
func (m *Mosquitto) Start(t testing.TB) {
	t.Helper()
	binary, err := exec.LookPath("mosquitto")
	if err != nil {
		binary = "/usr/sbin/mosquitto" // not in everybody's PATH
	}
	if _, err := os.Stat(binary); err != nil {
		t.Fatalf("this test needs a real Mosquitto: apt-get install -y mosquitto (%v)", err)
	}
	logs, err := os.OpenFile(m.logs, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = logs.Close() }()
	m.cmd = exec.Command(binary, "-c", m.conf)
	m.cmd.Stdout, m.cmd.Stderr = logs, logs
	if err := m.cmd.Start(); err != nil {
		t.Fatalf("start mosquitto: %v", err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		c, err := net.DialTimeout("tcp", m.Addr, time.Second)
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(deadline) {
			said, _ := os.ReadFile(m.logs)
			t.Fatalf("mosquitto does not answer on %s: %v\n%s", m.Addr, err, said)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Kill ends it as a power cut would, and waits until it is gone.
func (m *Mosquitto) Kill() {
	if m.cmd == nil {
		return
	}
	_ = m.cmd.Process.Kill()
	_ = m.cmd.Wait() // it was killed
	m.cmd = nil
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return fmt.Sprint(l.Addr())
}
