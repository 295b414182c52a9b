package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"hallkeeper/faults/operator"
	"hallkeeper/faults/vm"
	"hallkeeper/wire"
)

// device is the name that the computer is enrolled under.
const device = "w01"

// guestSees is this computer's loopback, as seen from within QEMU's own network.
const guestSees = "10.0.2.2"

// hub is the hub that the computer is enrolled with.
type hub struct {
	cmd   *exec.Cmd
	HTTP  string `json:"http"`
	HTTPS string `json:"https"`
	TLS   string `json:"mqtt_tls"`
}

func startHub(ctx context.Context, program, work string) (*hub, error) {
	ready := filepath.Join(work, "ready.json")
	said, err := os.Create(filepath.Join(work, "hub.log"))
	if err != nil {
		return nil, err
	}
	defer said.Close()
	h := &hub{cmd: exec.Command(program, "serve", "--data", filepath.Join(work, "hub"), "--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--mqtt-tls", "127.0.0.1:0", "--ready-file", ready)}
	h.cmd.Env = append(os.Environ(), operator.Env)
	h.cmd.Stdout, h.cmd.Stderr = said, said
	h.cmd.SysProcAttr = vm.DiesWithUs()
	if err := h.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the hub: %w", err)
	}
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if text, err := os.ReadFile(ready); err == nil && json.Unmarshal(text, h) == nil {
			return h, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-limit.C:
			_ = h.cmd.Process.Kill()
			return nil, fmt.Errorf("the hub does not serve; see %s", said.Name())
		case <-tick.C:
		}
	}
}

func (h *hub) stop() {
	_ = h.cmd.Process.Kill()
	_ = h.cmd.Wait()
}

// inside is one of the hub's addresses as the computer sees it.
func inside(url string) string {
	_, address, _ := strings.Cut(url, "://")
	_, port, _ := strings.Cut(address, ":")
	return guestSees + ":" + port
}

func (h *hub) ask(ctx context.Context, method, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, h.HTTP+"/api/v1/"+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	operator.Sign(req)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		return errors.Join(fmt.Errorf("%s %s: %s %s", method, path, res.Status, answer), err)
	}
	return json.Unmarshal(answer, into)
}

func (h *hub) code(ctx context.Context) (string, error) {
	var made struct {
		Code string `json:"code"`
	}
	return made.Code, h.ask(ctx, http.MethodPost, "enrolments", map[string]string{"device": device}, &made)
}

// started is what the log has of one start of the computer's agent.
type started struct {
	version, outbox string
	seq             uint64
}

// starts are those that the log has, in order.
func (h *hub) starts(ctx context.Context) (list []started, err error) {
	for after := uint64(0); ; {
		var page struct {
			Events []wire.Record `json:"events"`
			Next   uint64        `json:"next"`
		}
		if err := h.ask(ctx, http.MethodGet, fmt.Sprintf("events?after=%d&limit=500", after), nil, &page); err != nil {
			return nil, err
		}
		for _, r := range page.Events {
			if r.Agent != device || r.Kind != wire.KindAgentStarted {
				continue
			}
			var s wire.AgentStarted
			if err := json.Unmarshal(r.Data, &s); err != nil {
				return nil, err
			}
			list = append(list, started{s.Version, r.Outbox, r.Seq})
		}
		if len(page.Events) == 0 || page.Next == after {
			return list, nil
		}
		after = page.Next
	}
}

// serveTime answers who asks for the time, as RFC 5905 has it, from a port of its own.
func serveTime() (conn net.PacketConn, err error) {
	if conn, err = net.ListenPacket("udp4", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	go func() {
		ask := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(ask)
			if err != nil {
				return // it was closed
			}
			if n < 48 {
				continue
			}
			var answer [48]byte
			answer[0], answer[1], answer[2], answer[3] = 4<<3|4, 2, ask[2], 0xEC // version 4, server; stratum 2
			copy(answer[12:16], "TEST")
			copy(answer[24:32], ask[40:48])
			const era = 2208988800 // seconds from 1900 to 1970
			now := time.Now()
			stamp := uint64(now.Unix()+era)<<32 | uint64(now.Nanosecond())<<32/1e9
			for _, at := range []int{16, 32, 40} {
				binary.BigEndian.PutUint64(answer[at:], stamp)
			}
			_, _ = conn.WriteTo(answer[:], from) // who asked asks again
		}
	}()
	return conn, nil
}
