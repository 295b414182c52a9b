package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"hallkeeper/faults/operator"
)

// hub is the hub under attack.
type hub struct {
	HTTP  string `json:"http"`
	HTTPS string `json:"https"`

	cmd   *exec.Cmd
	ended chan struct{}
	log   string
	pool  *x509.CertPool
	ca    string // the authority's certificate in a file
}

// startHub starts one on a folder of its own.
func startHub(ctx context.Context, program, work string) (h *hub, err error) {
	if program, err = filepath.Abs(program); err != nil {
		return nil, err
	}
	ready := filepath.Join(work, "ready.json")
	h = &hub{log: filepath.Join(work, "hub.log"), ca: filepath.Join(work, "ca.pem"), ended: make(chan struct{})}
	log, err := os.Create(h.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	h.cmd = exec.Command(program, "serve", "--data", filepath.Join(work, "data"), "--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--ready-file", ready)
	h.cmd.Stdout, h.cmd.Stderr, h.cmd.Env = log, log, append(os.Environ(), operator.Env)
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := h.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the hub (make build first): %w", err)
	}
	go func() {
		_ = h.cmd.Wait()
		close(h.ended)
	}()
	err = h.until(ctx, "the hub serves", func() bool {
		text, err := os.ReadFile(ready)
		return err == nil && json.Unmarshal(text, h) == nil
	})
	if err == nil {
		err = h.trust(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, h.stop())
	}
	return h, nil
}

func (h *hub) trust(ctx context.Context) error {
	_, pem, err := h.get(ctx, http.DefaultClient, h.HTTP+"/ca.crt")
	if err != nil {
		return err
	}
	h.pool = x509.NewCertPool()
	if !h.pool.AppendCertsFromPEM(pem) {
		return fmt.Errorf("no certificate at /ca.crt: %s", pem)
	}
	return os.WriteFile(h.ca, pem, 0o600)
}

// tls is how a client of the hub connects.
func (h *hub) tls() *tls.Config { return &tls.Config{RootCAs: h.pool, MinVersion: tls.VersionTLS13} }

// client is one with connections of its own.
func (h *hub) client() *http.Client {
	return &http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: h.tls()}}
}

func (h *hub) get(ctx context.Context, c *http.Client, url string) (status int, body []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	res, err := c.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err = io.ReadAll(res.Body)
	return res.StatusCode, body, err
}

// operate asks the hub as its operator.
func (h *hub) operate(ctx context.Context, method, path string, body, into any) error {
	return h.send(ctx, http.DefaultClient, h.HTTP, true, method, path, body, into)
}

func (h *hub) send(ctx context.Context, c *http.Client, base string, operates bool, method, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, base+"/api/v1/"+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if operates {
		operator.Sign(r)
	}
	res, err := c.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return err
	case res.StatusCode >= http.StatusBadRequest:
		return fmt.Errorf("%s %s: %s %s", method, path, res.Status, answer)
	case into == nil:
		return nil
	}
	return json.Unmarshal(answer, into)
}

// until waits for a condition while the hub lives.
func (h *hub) until(ctx context.Context, what string, cond func() bool) error {
	for end := time.Now().Add(patience); !cond(); time.Sleep(5 * time.Millisecond) {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-h.ended:
			text, _ := os.ReadFile(h.log)
			return fmt.Errorf("%s: the hub ended: %s", what, text)
		default:
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s: not within %v", what, patience)
		}
	}
	return nil
}

// stop ends it; one that does not end when it is asked to has failed.
func (h *hub) stop() error {
	_ = h.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-h.ended:
		return nil
	case <-time.After(patience):
		_ = h.cmd.Process.Kill()
		<-h.ended
		return errors.New("the hub does not end when it is asked to")
	}
}

// memory is the hub's resident memory, in MiB.
func (h *hub) memory() float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.cmd.Process.Pid))
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

// state is what it holds now, by the kernel and by its own account.
func (h *hub) state(ctx context.Context) (s state, err error) {
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", h.cmd.Process.Pid))
	if err != nil {
		return s, err
	}
	_, text, err := h.get(ctx, http.DefaultClient, h.HTTP+"/metrics")
	if err != nil {
		return s, err
	}
	s = state{files: len(files), memory: h.memory()}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		for metric, into := range map[string]*float64{"go_goroutines": &s.goroutines, "hallkeeper_push_screens": &s.screens} {
			if name == metric {
				if *into, err = strconv.ParseFloat(value, 64); err != nil {
					return s, err
				}
			}
		}
	}
	return s, nil
}
