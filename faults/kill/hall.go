package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Names of the two ways that devices reach the hub.
const (
	embedded  = "embedded"
	mosquitto = "mosquitto"
)

// hall is the programs of one campaign and the cables between them.
type hall struct {
	work, data string
	hub        *program
	broker     *program // nil with the embedded one
	agents     []*program
	windows    []string
	// cables[i] leads from agent i to the broker, hubCable from the hub to an external one.
	cables   []*proxy
	hubCable *proxy

	mu       sync.Mutex
	address  string // of the hub's pages, empty while it is not up
	readyAt  time.Time
	watching sync.WaitGroup
}

// ready is what the hub writes when it serves.
type ready struct {
	HTTP string `json:"http"`
	MQTT string `json:"mqtt"`
	PID  int    `json:"pid"`
}

// build makes the folders, settings and cables; nothing is started yet.
func build(o options, kind, work string) (*hall, error) {
	h := &hall{work: work, data: filepath.Join(work, "data")}
	for i := range o.windows {
		cable, err := newProxy()
		if err != nil {
			return nil, err
		}
		h.cables = append(h.cables, cable)
		id := fmt.Sprintf("w%02d", i+1)
		h.windows = append(h.windows, id)
		config := filepath.Join(work, id+".yaml")
		text := fmt.Sprintf("agent: %s\nhall: kill\nmqtt: %q\ndata: %q\nboard: sim\nsim_socket: %q\nlog_level: info\nclock:\n  assume_synced: true\n",
			id, "tcp://"+cable.addr(), filepath.Join(work, id), h.socket(i))
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			return nil, err
		}
		h.agents = append(h.agents, h.program(id, o.agent, "run", "--config", config))
	}
	config := filepath.Join(work, "hub.yaml")
	text := "hall:\n  id: kill\n  name: 故障演练大厅\n  time_zone: Asia/Shanghai\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	args := []string{"serve", "--data", h.data, "--config", config, "--http", "127.0.0.1:0", "--ready-file", h.readyFile()}
	if kind == mosquitto {
		port, err := h.buildMosquitto(o)
		if err != nil {
			return nil, err
		}
		args = append(args, "--mqtt-url", "tcp://"+h.hubCable.addr())
		for _, cable := range append(h.cables, h.hubCable) {
			cable.aim(port)
		}
	} else {
		args = append(args, "--mqtt", "127.0.0.1:0")
	}
	h.hub = h.program("hub", append([]string{o.hub}, args...)...)
	return h, nil
}

func (h *hall) program(name string, command ...string) *program {
	return &program{name: name, command: command, logFile: filepath.Join(h.work, name+".log")}
}

func (h *hall) socket(i int) string  { return filepath.Join(h.work, h.windows[i]+".sock") }
func (h *hall) readyFile() string    { return filepath.Join(h.work, "hub.ready") }
func (h *hall) client() hubClient    { return hubClient{h.hubAddress} }
func (h *hall) programs() []*program { return append(h.others(), h.agents...) }
func (h *hall) allCables() []*proxy  { return append([]*proxy{}, append(h.cables, h.spare()...)...) }

func (h *hall) others() []*program {
	if h.broker == nil {
		return []*program{h.hub}
	}
	return []*program{h.broker, h.hub}
}

func (h *hall) spare() []*proxy {
	if h.hubCable == nil {
		return nil
	}
	return []*proxy{h.hubCable}
}

// buildMosquitto is a Mosquitto with its defaults on a port of its own.
func (h *hall) buildMosquitto(o options) (address string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	address = listener.Addr().String()
	if err := listener.Close(); err != nil {
		return "", err
	}
	host, port, _ := strings.Cut(address, ":")
	config := filepath.Join(h.work, "mosquitto.conf")
	text := fmt.Sprintf("listener %s %s\nallow_anonymous true\n", port, host)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return "", err
	}
	if h.hubCable, err = newProxy(); err != nil {
		return "", err
	}
	h.broker = h.program("mosquitto", o.mosquitto, "-c", config)
	return address, nil
}

// startHub starts the hub and leads the cables to it once it serves.
func (h *hall) startHub(ctx context.Context) error {
	if err := os.Remove(h.readyFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := h.hub.start(); err != nil {
		return err
	}
	pid := h.hub.pid()
	h.watching.Go(func() {
		for h.hub.pid() == pid {
			if r, ok := h.readReady(); ok && r.PID == pid {
				h.serves(r)
				return
			}
			if !pause(ctx, 5*time.Millisecond) {
				return
			}
		}
	})
	return nil
}

func (h *hall) readReady() (r ready, ok bool) {
	text, err := os.ReadFile(h.readyFile())
	return r, err == nil && json.Unmarshal(text, &r) == nil
}

func (h *hall) serves(r ready) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.address, h.readyAt = r.HTTP, time.Now()
	if h.broker == nil {
		for _, cable := range h.cables {
			cable.aim(strings.TrimPrefix(r.MQTT, "tcp://"))
		}
	}
}

// killHub kills the hub. ok is false where it did not run.
func (h *hall) killHub() (ok bool) {
	h.mu.Lock()
	h.address = ""
	h.mu.Unlock()
	return h.hub.kill()
}

func (h *hall) hubAddress() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.address
}

// hubServes tells whether the hub is up and serving.
func (h *hall) hubServes() bool { return h.hubAddress() != "" && h.hub.up() }

// start brings everything up for the first time.
func (h *hall) start(ctx context.Context) error {
	if h.broker != nil {
		if err := h.broker.start(); err != nil {
			return err
		}
	}
	if err := h.startHub(ctx); err != nil {
		return err
	}
	for _, agent := range h.agents {
		if err := agent.start(); err != nil {
			return err
		}
	}
	if err := await(ctx, "wait for the hub to serve", 60*time.Second, func() (bool, error) {
		return h.hubServes(), h.crashed()
	}); err != nil {
		return err
	}
	for i, id := range h.windows {
		if err := await(ctx, "define window "+id, 30*time.Second, func() (bool, error) {
			live, err := h.client().live(ctx)
			_, seen := live.Devices[id]
			return err == nil && seen, h.crashed()
		}); err != nil {
			return err
		}
		if err := h.client().furnish(ctx, i+1, id); err != nil {
			return err
		}
	}
	return nil
}

// restore heals all cables and starts what is down.
func (h *hall) restore(ctx context.Context) error {
	for _, cable := range h.allCables() {
		cable.heal(false)
	}
	var wrong []error
	for _, p := range h.programs() {
		if p.up() {
			continue
		}
		if p == h.hub {
			wrong = append(wrong, h.startHub(ctx))
		} else {
			wrong = append(wrong, p.start())
		}
	}
	return errors.Join(wrong...)
}

// crashed gives what ended by itself.
func (h *hall) crashed() error {
	var wrong []error
	for _, p := range h.programs() {
		wrong = append(wrong, p.crashed())
	}
	return errors.Join(wrong...)
}

// stop ends the programs in good order: agents first, then the hub.
func (h *hall) stop() error {
	var wrong []error
	for _, p := range append(append([]*program{}, h.agents...), h.hub) {
		wrong = append(wrong, p.stop())
	}
	return errors.Join(wrong...)
}

// destroy ends everything at once, whatever state it is in.
func (h *hall) destroy() {
	for _, p := range h.programs() {
		p.kill()
	}
	for _, cable := range h.allCables() {
		cable.close()
	}
	h.watching.Wait()
}
