package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"hallkeeper/faults/operator"
	"hallkeeper/hub/vault"
)

// child is a program that runs while something is measured.
type child struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
	ended  chan struct{}
}

func start(ctx context.Context, program string, args ...string) (*child, error) {
	c := &child{cmd: exec.CommandContext(ctx, program, args...), ended: make(chan struct{})}
	if c.cmd.Env = os.Environ(); filepath.Base(program) == "hub" {
		c.cmd.Env = append(c.cmd.Env, operator.Env)
	}
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
func (c *child) rss() float64 { return rssOf(c.cmd.Process.Pid) }

func rssOf(pid int) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
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

// hub is a hub that serves.
type hub struct {
	*child
	HTTP  string        `json:"http"`
	HTTPS string        `json:"https"`
	MQTT  string        `json:"mqtt"`
	TLS   string        `json:"mqtt_tls"`
	took  time.Duration // from its start until it served
}

func (h *hub) mqtt() string { return hostPort(h.MQTT) }

// hostPort is a URL without its scheme.
func hostPort(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	return rest
}

// keyed gives a folder whose log was written here the keys of the hall that a hub without settings serves: it takes
// no log without them.
func keyed(data string) (string, error) {
	_, err := vault.Open(filepath.Join(data, "keys"), "hallkeeper/hall", "bench")
	return data, err
}

func (b *bench) startHub(ctx context.Context, data string, more ...string) (*hub, error) {
	ready := filepath.Join(b.folder, "ready.json")
	if err := os.Remove(ready); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	began := time.Now()
	args := append([]string{"serve", "--data", data, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--ready-file", ready, "--log-level", "warn"}, more...)
	c, err := start(ctx, filepath.Join(b.bin, "hub"), args...)
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

// furnish defines window number n and assigns its device.
func (h *hub) furnish(ctx context.Context, n int) error {
	name := fmt.Sprintf("w%02d", n)
	if err := h.change(ctx, http.MethodPut, "windows/"+name, fmt.Sprintf(`{"number":"%02d","name":"窗口"}`, n)); err != nil {
		return err
	}
	return h.change(ctx, http.MethodPost, "devices/"+name+"/assign", fmt.Sprintf(`{"window":%q}`, name))
}

// change asks the hub as its operator. The API bounds the rate of changes, so it waits where that is reached.
func (h *hub) change(ctx context.Context, method, path, body string) error {
	return h.ask(ctx, method, path, body, nil)
}

// ask is change with an answer.
func (h *hub) ask(ctx context.Context, method, path, body string, into any) error {
	for {
		req, err := http.NewRequestWithContext(ctx, method, h.HTTP+"/api/v1/"+path, strings.NewReader(body))
		if err != nil {
			return err
		}
		operator.Sign(req)
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		answer, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			return err
		}
		switch res.StatusCode {
		case http.StatusOK, http.StatusCreated:
			if into == nil {
				return nil
			}
			return json.Unmarshal(answer, into)
		case http.StatusTooManyRequests:
			time.Sleep(50 * time.Millisecond)
		default:
			return fmt.Errorf("%s %s: %s", method, path, res.Status)
		}
	}
}
