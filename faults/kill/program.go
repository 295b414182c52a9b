package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"hallkeeper/faults/operator"
)

// stopTimeout is how long a program may take to end when it is asked to.
const stopTimeout = 20 * time.Second

// program is one real program that is started, killed and started again.
type program struct {
	name string
	// command is the program and its arguments.
	command []string
	logFile string

	mu      sync.Mutex
	process *exec.Cmd
	ended   chan struct{} // closed when process has ended
	err     error
	meant   bool // we ended it ourselves
	crashes []error
}

// start starts the program; it must not be running.
func (p *program) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.alive() {
		return fmt.Errorf("%s runs already", p.name)
	}
	log, err := os.OpenFile(p.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(p.command[0], p.command[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	if cmd.Env = os.Environ(); p.name == "hub" { // an agent knows no such setting
		cmd.Env = append(cmd.Env, operator.Env)
	}
	cmd.SysProcAttr = diesWithUs()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	ended := make(chan struct{})
	p.process, p.ended, p.meant, p.err = cmd, ended, false, nil
	go func() {
		err := cmd.Wait()
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.err = err; !p.meant {
			p.crashes = append(p.crashes, fmt.Errorf("%s ended by itself: %w\n%s", p.name, orStatus0(err), lastLines(p.logFile, 8)))
		}
		close(ended)
	}()
	return nil
}

func orStatus0(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// alive is true while the program runs. p.mu is held.
func (p *program) alive() bool {
	if p.process == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// up is true while the program runs.
func (p *program) up() bool { return p.pid() != 0 }

// pid is the process that runs, or 0.
func (p *program) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.alive() {
		return 0
	}
	return p.process.Process.Pid
}

// kill ends the program by SIGKILL. ok is false where it did not run.
func (p *program) kill() (ok bool) {
	p.mu.Lock()
	if !p.alive() {
		p.mu.Unlock()
		return false
	}
	p.meant = true
	_ = p.process.Process.Kill()
	ended := p.ended
	p.mu.Unlock()
	<-ended
	return true
}

// stop asks the program to end and expects exit status 0.
func (p *program) stop() error {
	p.mu.Lock()
	if !p.alive() {
		p.mu.Unlock()
		return nil
	}
	p.meant = true
	_ = p.process.Process.Signal(syscall.SIGTERM)
	ended := p.ended
	p.mu.Unlock()
	select {
	case <-ended:
	case <-time.After(stopTimeout):
		p.kill()
		return fmt.Errorf("%s did not end within %v of being asked", p.name, stopTimeout)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return fmt.Errorf("%s did not end well when asked: %w\n%s", p.name, p.err, lastLines(p.logFile, 8))
	}
	return nil
}

// crashed gives what ended without our doing since the last question.
func (p *program) crashed() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := errors.Join(p.crashes...)
	p.crashes = nil
	return err
}

func lastLines(path string, n int) []byte {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-n):], []byte("\n"))
}

// await asks until done says yes, fails, or ctx or the limit ends.
func await(ctx context.Context, what string, limit time.Duration, done func() (bool, error)) error {
	deadline := time.Now().Add(limit)
	for {
		ok, err := done()
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if ok {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: not within %v", what, limit)
		}
		if !pause(ctx, 20*time.Millisecond) {
			return context.Cause(ctx)
		}
	}
}

// pause is false where ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func runOnce(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(args[0]), err, bytes.TrimSpace(out))
	}
	return nil
}
