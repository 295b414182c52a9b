//go:build linux

package appliance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// starting is how long an agent may take until it says that it works.
	starting = 90 * time.Second
	// stopping is how long it may take to end.
	stopping = 15 * time.Second
)

// errHangs is the end of an agent that was silent for too long.
var errHangs = errors.New("停滞 it hung")

// runAgent runs an agent from its start to its end. It says through the socket that
// systemd would give it (sd_notify(3)) that it works; one that stops to say so is
// ended as systemd would end it.
func (k *keeper) runAgent(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "appliance-")
	if err != nil {
		return fmt.Errorf("make a folder for the watchdog: %w", err)
	}
	defer os.RemoveAll(dir)
	socket := filepath.Join(dir, "notify")
	listener, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("listen to the agent: %w", err)
	}
	defer listener.Close()

	cmd := exec.Command(k.Program, "run", "--config", k.agentSettings(), "--data", k.data()) //nolint:gosec // the image's own program and folders
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+socket, fmt.Sprintf("WATCHDOG_USEC=%d", k.Patience.Microseconds()))
	cmd.Stdout, cmd.Stderr = k.out, k.out
	// It dies with us, so that no two agents ever hold the pins.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = stopping
	ended := make(chan error, 1)
	started := make(chan error, 1)
	go func() {
		// The kernel ties Pdeathsig and capabilities to this thread, which ends with the agent.
		runtime.LockOSThread()
		dropPrivileges()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start the agent: %w", err)
	}
	alive := make(chan struct{}, 1)
	go listen(listener, alive)
	return watch(ctx, cmd.Process, ended, alive, k.Patience)
}

// watch waits for the agent's end, and ends it where it is silent or ctx is over.
func watch(ctx context.Context, agent *os.Process, ended <-chan error, alive <-chan struct{}, patience time.Duration) error {
	limit := time.NewTimer(starting)
	defer limit.Stop()
	done := ctx.Done()
	hangs := false
	for {
		select {
		case err := <-ended:
			if hangs {
				return errHangs
			}
			return err
		case <-alive:
			if done != nil {
				limit.Reset(patience)
			}
		case <-done:
			done = nil
			_ = agent.Signal(syscall.SIGTERM) // it may have ended meanwhile
			limit.Reset(min(stopping, patience))
		case <-limit.C:
			hangs = true
			_ = unix.Kill(-agent.Pid, unix.SIGKILL)
		}
	}
}

// listen tells each sign of life, until the socket is closed.
func listen(from *net.UnixConn, alive chan<- struct{}) {
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		for line := range strings.SplitSeq(string(buf[:n]), "\n") {
			if line == "READY=1" || line == "WATCHDOG=1" {
				select {
				case alive <- struct{}{}:
				default:
				}
			}
		}
	}
}

// dropPrivileges takes from this thread, and from the agent that it starts, all that
// root may do beyond its own files: pins, readers and the data folder are root's here.
func dropPrivileges() {
	if os.Getuid() != 0 {
		return
	}
	for c := range uintptr(64) {
		if unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0) != nil {
			break // the kernel knows no more of them
		}
	}
	_ = unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}
