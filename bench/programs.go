package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// child is a program that runs while something is measured.
type child struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
	ended  chan struct{}
}

func start(ctx context.Context, program string, args ...string) (*child, error) {
	c := &child{cmd: exec.CommandContext(ctx, program, args...), ended: make(chan struct{})}
	c.cmd.Stderr = &c.stderr
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(program), err)
	}
	go func() {
		_ = c.cmd.Wait()
		close(c.ended)
	}()
	return c, nil
}

func (c *child) stop() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.ended:
	case <-time.After(20 * time.Second):
		_ = c.cmd.Process.Kill()
		<-c.ended
	}
}

// until waits for a condition while the program lives.
func (c *child) until(ctx context.Context, what string, cond func() bool) error {
	for end := time.Now().Add(5 * time.Minute); !cond(); time.Sleep(time.Millisecond) {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.ended:
			return fmt.Errorf("%s: the program ended: %s", what, strings.TrimSpace(c.stderr.String()))
		default:
		}
		if time.Now().After(end) {
			return errors.New("in vain: " + what)
		}
	}
	return nil
}

// rss is the program's resident memory in MiB.
func (c *child) rss() float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024
		}
	}
	return 0
}

// processor is the processor time that the program has used, to 10 ms.
func (c *child) processor() time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), ") ") // the name may hold anything
	fields := strings.Fields(rest)
	const user, system = 14 - 3, 15 - 3 // proc(5) counts from 1, and two are before
	if len(fields) <= system {
		return 0
	}
	ticks := 0
	for _, f := range fields[user : system+1] {
		n, err := strconv.Atoi(f)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100
}

// newFolder is a folder for one measurement.
func (b *bench) newFolder(name string) (string, error) { return os.MkdirTemp(b.folder, name+"-") }

// hub is a hub that serves.
type hub struct {
	*child
	HTTP string        `json:"http"`
	MQTT string        `json:"mqtt"`
	took time.Duration // from its start until it served
}

func (h *hub) mqtt() string { return strings.TrimPrefix(h.MQTT, "tcp://") }

func (b *bench) startHub(ctx context.Context, data string) (*hub, error) {
	ready := filepath.Join(b.folder, "ready.json")
	if err := os.Remove(ready); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	began := time.Now()
	c, err := start(ctx, filepath.Join(b.bin, "hub"), "serve", "--data", data, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--ready-file", ready, "--log-level", "warn")
	if err != nil {
		return nil, fmt.Errorf("%w; run make build first", err)
	}
	h := &hub{child: c}
	if err := c.until(ctx, "the hub serves", func() bool {
		text, err := os.ReadFile(ready)
		return err == nil && json.Unmarshal(text, h) == nil
	}); err != nil {
		c.stop()
		return nil, err
	}
	h.took = time.Since(began)
	return h, nil
}

// startMosquitto runs a plain broker with its limits out of the way and nothing kept on disk.
func (b *bench) startMosquitto(ctx context.Context) (c *child, addr string, err error) {
	program, err := exec.LookPath("mosquitto")
	if err != nil {
		program = "/usr/sbin/mosquitto"
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	addr = l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	if err := l.Close(); err != nil {
		return nil, "", err
	}
	config := filepath.Join(b.folder, "mosquitto.conf")
	text := "listener " + port + " 127.0.0.1\nallow_anonymous true\npersistence false\nmax_inflight_messages 0\nmax_queued_messages 0\nset_tcp_nodelay true\nlog_type error\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, "", err
	}
	if c, err = start(ctx, program, "-c", config); err != nil {
		return nil, "", fmt.Errorf("%w (apt-get install mosquitto)", err)
	}
	err = c.until(ctx, "mosquitto listens", func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return c, addr, err
}
