package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"hallkeeper/faults/operator"
	"hallkeeper/faults/vm"
	"hallkeeper/wire"
)

// hub is the hall's program, on this computer.
type hub struct {
	program, data string
	http, mqtt    string
	cmd           *exec.Cmd
	log           *os.File
}

func startHub(ctx context.Context, program, work string) (*hub, error) {
	h := &hub{program: program, data: filepath.Join(work, "hall")}
	var err error
	if h.http, err = vm.FreeAddress(); err != nil {
		return nil, err
	}
	if h.mqtt, err = vm.FreeAddress(); err != nil {
		return nil, err
	}
	settings := filepath.Join(work, "hub.yaml")
	if err := os.WriteFile(settings, []byte("hall: {id: rig, name: rig}\n"), 0o600); err != nil {
		return nil, err
	}
	if h.log, err = os.Create(filepath.Join(work, "hub.log")); err != nil {
		return nil, err
	}
	h.cmd = exec.Command(program, "serve", "--config", settings, "--data", h.data, "--http", h.http, "--mqtt", h.mqtt)
	h.cmd.Env = append(os.Environ(), operator.Env)
	h.cmd.Stdout, h.cmd.Stderr, h.cmd.SysProcAttr = h.log, h.log, vm.DiesWithUs()
	if err := h.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the hub: %w", err)
	}
	for end := time.Now().Add(time.Minute); ; {
		if err := h.get(ctx, "/readyz", nil); err == nil {
			return h, nil
		} else if ctx.Err() != nil || time.Now().After(end) {
			return nil, fmt.Errorf("the hub is not ready, see %s: %w", h.log.Name(), err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// keys is the folder of its keys.
func (h *hub) keys() string { return filepath.Join(h.data, "keys") }

// stop ends the hub in good order and checks its log.
func (h *hub) stop(ctx context.Context) error {
	if err := h.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	if err := h.cmd.Wait(); err != nil {
		return fmt.Errorf("the hub did not end well, see %s: %w", h.log.Name(), err)
	}
	if out, err := exec.CommandContext(ctx, h.program, "verify", "--data", h.data).CombinedOutput(); err != nil {
		return fmt.Errorf("hub verify: %w\n%s", err, out)
	}
	return h.log.Close()
}

func (h *hub) get(ctx context.Context, path string, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.http+path, nil)
	if err != nil {
		return err
	}
	operator.Sign(request)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 500))
		return fmt.Errorf("GET %s: %s: %s", path, response.Status, bytes.TrimSpace(text))
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(answer)
}

// events gives the device's events, in the log's order.
func (h *hub) events(ctx context.Context) ([]wire.Record, error) {
	var all []wire.Record
	for after := wire.Position(0); ; {
		var page struct {
			Events []wire.Record `json:"events"`
			Next   wire.Position `json:"next"`
		}
		if err := h.get(ctx, fmt.Sprintf("/api/v1/events?after=%d&limit=1000", after), &page); err != nil {
			return nil, err
		}
		if len(page.Events) == 0 {
			return all, nil
		}
		for _, r := range page.Events {
			if r.Agent != "" {
				all = append(all, r)
			}
		}
		after = page.Next
	}
}
