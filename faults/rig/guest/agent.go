//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"hallkeeper/faults/rig/link"
)

// The agent runs as its unit has it: as a user of its own, in the groups that
// the udev rules give the devices to.
const (
	agentUser  = 990
	gpioGroup  = 997
	inputGroup = 996
	nobody     = 65534

	hundred = 10 // a hundredth of a second in milliseconds: the unit of /proc's times
)

// allow does what the udev rules do: there is no udev here.
func allow(path string, group int) error {
	return errors.Join(os.Chown(path, 0, group), os.Chmod(path, 0o660))
}

// agent is the agent's program.
type agent struct {
	mu     sync.Mutex
	cmd    *exec.Cmd
	starts int
	ending bool
	ended  chan struct{} // of the run that is under way
}

// keep starts the agent again whenever it ends, as its systemd unit does.
func (a *agent) keep() {
	for {
		cmd := exec.Command("/agent", "run", "--config", settings)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		cmd.Env = []string{"HOME=/", "PATH=/"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: agentUser, Gid: agentUser, Groups: []uint32{gpioGroup, inputGroup}}}
		a.mu.Lock()
		if a.ending {
			a.mu.Unlock()
			return
		}
		if err := cmd.Start(); err != nil {
			a.mu.Unlock()
			say("failed: start the agent: %v", err)
			return
		}
		a.starts++
		a.cmd, a.ended = cmd, make(chan struct{})
		ended := a.ended
		a.mu.Unlock()
		err := cmd.Wait()
		close(ended)
		say("the agent ended: %v, %v", cmd.ProcessState, err)
		time.Sleep(500 * time.Millisecond)
	}
}

func (a *agent) kill(signal unix.Signal) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cmd == nil {
		return errors.New("no agent was started yet")
	}
	if err := a.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// stop ends the agent and waits for its end.
func (a *agent) stop() error {
	a.mu.Lock()
	a.ending = true
	ended := a.ended
	a.mu.Unlock()
	if err := a.kill(unix.SIGTERM); err != nil {
		return err
	}
	select {
	case <-ended:
		return nil
	case <-time.After(30 * time.Second):
		return errors.New("the agent does not end when it is told to")
	}
}

// doctor asks it as a user who may use nothing.
func doctor() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/agent", "doctor", "--config", settings)
	cmd.Env = []string{"HOME=/", "PATH=/"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	if errors.As(err, &ended) { // it has found something ill, as it should
		err = nil
	}
	return string(out), err
}

// usage reads /proc/PID: status has the memory, stat's fields 14 and 15 the time.
func (a *agent) usage() (u link.Answer, err error) {
	a.mu.Lock()
	dir := fmt.Sprintf("/proc/%d", a.cmd.Process.Pid)
	u.Starts = a.starts
	a.mu.Unlock()
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return u, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			if _, err := fmt.Sscan(rest, &u.RSSKiB); err != nil {
				return u, err
			}
		}
	}
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return u, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // the name before may hold spaces
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return u, fmt.Errorf("%s/stat has %d fields", dir, len(fields))
	}
	for _, f := range fields[11:13] {
		ticks, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return u, err
		}
		u.CPUMS += ticks * hundred
	}
	return u, nil
}
