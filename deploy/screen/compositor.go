package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"hallkeeper/bilingual"
)

// compositor is one run of sway: it has the screen, and shows the one window that there is.
type compositor struct {
	process *process
	dir     string
	// display is its Wayland display, which the browser draws to.
	display string
	env     []string
}

// swayConfig is all that it may do: there is no key, no bar and no border. Turned is in degrees, clockwise.
func swayConfig(turned int) string {
	return strings.Join([]string{
		"xwayland disable",
		"default_border none",
		"default_floating_border none",
		"focus_on_window_activation none",
		`for_window [app_id=".*"] fullscreen enable`,
		"seat * hide_cursor 1000",
		"output * bg #081626 solid_color",
		fmt.Sprintf("output * transform %d", turned),
		`exec echo "$WAYLAND_DISPLAY" >"$SCREEN_READY"`,
	}, "\n") + "\n"
}

const (
	// comesUpWithin is how long the compositor may take to have the screen.
	comesUpWithin = 30 * time.Second
	// answersWithin is how long it may take to answer.
	answersWithin = 10 * time.Second
)

var errNoRuntime = bilingual.New("没有设置 XDG_RUNTIME_DIR：请作为服务启动屏幕，服务有自己的会话", "XDG_RUNTIME_DIR is not set: start the screen as its service, which has a session of its own")

// startCompositor starts sway and waits until it has the screen.
func startCompositor(ctx context.Context, cfg *config) (*compositor, error) {
	runtime := os.Getenv("XDG_RUNTIME_DIR")
	if runtime == "" {
		return nil, errNoRuntime
	}
	dir, err := os.MkdirTemp(runtime, "hallkeeper-screen-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the session: %w", err)
	}
	c := &compositor{dir: dir}
	if err := c.start(ctx, cfg); err != nil {
		c.stop()
		return nil, bilingual.Errorf("启动不了屏幕会话（软件包 sway）：%w", "start the session (package sway): %w", err)
	}
	return c, nil
}

func (c *compositor) start(ctx context.Context, cfg *config) error {
	file, ready := filepath.Join(c.dir, "sway.conf"), filepath.Join(c.dir, "ready")
	if err := errors.Join(os.WriteFile(file, []byte(swayConfig(cfg.Turn)), 0o600), syscall.Mkfifo(ready, 0o600)); err != nil {
		return err
	}
	said, err := os.OpenFile(ready, os.O_RDWR, 0) // for writing too, so that opening it waits for nobody
	if err != nil {
		return err
	}
	defer said.Close()
	if err := said.SetReadDeadline(time.Now().Add(comesUpWithin)); err != nil {
		return err
	}
	c.env = append(environment(cfg), "SWAYSOCK="+filepath.Join(c.dir, "sway.sock"))
	cmd := exec.Command("sway", "--config", file) //nolint:gosec // the file is ours
	cmd.Env = append(slices.Clone(c.env), "SCREEN_READY="+ready)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if c.process, err = start(cmd); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = said.SetReadDeadline(time.Now()) })
	defer stop()
	go func() {
		<-c.process.ended
		_ = said.SetReadDeadline(time.Now()) // it will say nothing more
	}()
	line, err := bufio.NewReader(said).ReadString('\n')
	if c.display = strings.TrimSpace(line); err != nil || c.display == "" {
		return bilingual.Errorf("没有找到屏幕，请看上面的输出：%w", "it has no screen, see what it says above: %w", err)
	}
	return nil
}

// stop ends it with all that is in it.
func (c *compositor) stop() {
	if c.process != nil {
		c.process.stop()
	}
	_ = os.RemoveAll(c.dir)
}

// ask runs swaymsg.
func (c *compositor) ask(ctx context.Context, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	cmd := exec.CommandContext(ctx, "swaymsg", append([]string{"--raw"}, args...)...) //nolint:gosec // the arguments are ours
	cmd.Env = c.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("swaymsg %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return out, nil
}

// output is a screen that is plugged in.
type output struct {
	Name   string `json:"name"`
	Active bool   `json:"active"`
	// DPMS is what older versions call power.
	DPMS  *bool `json:"dpms"`
	Power *bool `json:"power"`
}

func (o output) lit() bool {
	return o.Active && (o.Power == nil || *o.Power) && (o.DPMS == nil || *o.DPMS)
}

func (c *compositor) outputs(ctx context.Context) (all []output, err error) {
	text, err := c.ask(ctx, "--type", "get_outputs")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("read what screens there are: %w", err)
	}
	return all, nil
}

// environment is the session's: without a cursor, with a home that it can write.
func environment(cfg *config) []string {
	env := append(os.Environ(), "HOME="+cfg.Data, "XDG_SESSION_TYPE=wayland")
	if cfg.Cursors != "" {
		env = append(env, "XCURSOR_PATH="+cfg.Cursors)
	}
	return env
}
