package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// keep runs one agent until ctx ends, and starts it again when it dies, as
// systemd does at a real window.
func (a *agents) keep(ctx context.Context, id string, logger *slog.Logger) error {
	for ctx.Err() == nil {
		err := a.once(ctx, id)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // it was told to end
		}
		logger.Warn("a window's agent ended and is started again", "agent", id, "error", err,
			"log_file", filepath.Join(a.dir, id+".log"))
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	return nil
}

func (a *agents) once(ctx context.Context, id string) error {
	// The kernel ends the agent when the thread that started it does; without
	// that, a killed demo would leave twelve agents behind.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	log, err := os.OpenFile(filepath.Join(a.dir, id+".log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write the agent's log: %w", err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.CommandContext(ctx, a.program, "run", "--config", filepath.Join(a.dir, id+".yaml")) //nolint:gosec // the demo's own agent, which the operator named
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = ownSettings(os.Environ())
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	return cmd.Run()
}

// ownSettings leaves the hub's settings out of an agent's environment: HALL_DATA
// of the hub is not a window's, and an agent refuses settings that it does not know.
func ownSettings(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(v string) bool { return strings.HasPrefix(v, "HALL_") })
}
