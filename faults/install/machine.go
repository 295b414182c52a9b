package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// patience bounds every wait; nothing is judged by how long it takes.
const patience = 3 * time.Minute

// powerOff is SIGRTMIN+4 as the C library counts, which systemd powers off for.
const powerOff = syscall.Signal(34 + 4)

// trial is one Debian in a folder, and the systemd that runs in it.
type trial struct {
	options
	ctx       context.Context //nolint:containedctx // the trial ends with it
	dir, root string

	nspawn *exec.Cmd
	gone   chan struct{}
	init   int // the process id of its systemd, here
	web    http.Client

	window   *window
	settings string // the hub's
}

func newTrial(ctx context.Context, o options, base string) (*trial, error) {
	dir, err := os.MkdirTemp(filepath.Dir(base), "trial-")
	if err != nil {
		return nil, err
	}
	t := &trial{options: o, ctx: ctx, dir: dir, root: filepath.Join(dir, "root")}
	t.web = http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DialContext: t.dial, DisableKeepAlives: true}}
	if _, err := t.host("cp", "-a", "--reflink=auto", base, t.root); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	// Names are resolved as here, while there is a network.
	if _, err := t.host("cp", "-L", "/etc/resolv.conf", filepath.Join(t.root, "etc", "resolv.conf")); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return t, os.MkdirAll(filepath.Join(t.root, "packages"), 0o755)
}

// host runs a program of this machine.
func (t *trial) host(name string, args ...string) (string, error) {
	cmd := exec.CommandContext(t.ctx, name, args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return said.String(), fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, tail(said.Bytes()))
	}
	return said.String(), nil
}

// inside runs a program in the Debian: beside its systemd where that runs.
func (t *trial) inside(name string, args ...string) (string, error) {
	if t.nspawn == nil {
		return t.host("chroot", append([]string{t.root, name}, args...)...)
	}
	return t.host("nsenter", append([]string{"--target", strconv.Itoa(t.init), "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd=/", "--", name}, args...)...)
}

// write makes a file in the Debian.
func (t *trial) write(path string, mode os.FileMode, text string) error {
	to := filepath.Join(t.root, path)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return errors.Join(os.WriteFile(to, []byte(text), mode), os.Chmod(to, mode))
}

// boot starts the Debian's systemd: with no network but its own loopback.
func (t *trial) boot() error {
	// nspawn wants a /run of its own, which not every machine that is one itself has.
	name := fmt.Sprintf("hallkeeper%d", os.Getpid())
	t.nspawn = exec.Command("unshare", "--mount", "sh", "-c", `mount -t tmpfs run /run && exec "$@"`, "sh", //nolint:noctx // ended by end, which lets it power off
		"systemd-nspawn", "--quiet", "--keep-unit", "--register=no", "--private-network", "--console=pipe", "--machine="+name, "--directory="+t.root, "/usr/lib/systemd/systemd")
	t.nspawn.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	var said bytes.Buffer
	t.nspawn.Stdout, t.nspawn.Stderr = &said, &said
	if err := t.nspawn.Start(); err != nil {
		return fmt.Errorf("%w: %w", errUnavailable, err)
	}
	t.gone = make(chan struct{})
	go func() {
		_ = t.nspawn.Wait()
		close(t.gone)
	}()
	err := t.await("systemd has started", func() (bool, error) {
		select {
		case <-t.gone:
			return false, fmt.Errorf("%w: systemd-nspawn has ended: %s", errUnavailable, tail(said.Bytes()))
		default:
		}
		t.init = child(t.nspawn.Process.Pid)
		if t.init == 0 {
			return false, nil
		}
		state, _ := t.inside("systemctl", "is-system-running") // fails where it is not "running"
		return strings.HasPrefix(state, "running") || strings.HasPrefix(state, "degraded"), nil
	})
	if err != nil {
		return err
	}
	if failed, err := t.inside("systemctl", "list-units", "--failed", "--plain", "--no-legend"); err != nil || strings.Contains(failed, "hallkeeper") {
		return fmt.Errorf("units have failed: %s %w", failed, err)
	}
	return nil
}

// child is the one child of a process; 0 where it has none yet.
func child(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return 0
	}
	for _, word := range strings.Fields(string(text)) {
		n, _ := strconv.Atoi(word)
		return n
	}
	return 0
}

// dial connects in the Debian's network, in which there is nothing but itself.
func (t *trial) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	here, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return nil, err
	}
	defer here.Close()
	there, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", t.init))
	if err != nil {
		return nil, err
	}
	defer there.Close()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		return nil, err
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, addr)
	if back := unix.Setns(int(here.Fd()), unix.CLONE_NEWNET); back != nil {
		panic(back) // no other connection may begin in that network
	}
	return conn, err
}

// await waits until ok, or fails with what was waited for.
func (t *trial) await(what string, ok func() (bool, error)) error {
	var last error
	for end := time.Now().Add(patience); ; {
		done, err := ok()
		if errors.Is(err, errUnavailable) {
			return err
		}
		if done && err == nil {
			return nil
		}
		if last = err; time.Now().After(end) {
			return fmt.Errorf("waited %v for: %s (%w)", patience, what, errors.Join(last, errors.New("it did not come")))
		}
		select {
		case <-t.ctx.Done():
			return t.ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// unit is a property of a service.
func (t *trial) unit(name, property string) (string, error) {
	said, err := t.inside("systemctl", "show", "--property="+property, "--value", "hallkeeper-"+name+".service")
	return strings.TrimSpace(said), err
}

// is waits for a state of a service.
func (t *trial) is(name, property, want string) error {
	got := ""
	err := t.await(fmt.Sprintf("%s of hallkeeper-%s is %s", property, name, want), func() (ok bool, err error) {
		got, err = t.unit(name, property)
		return got == want, err
	})
	if err != nil {
		return fmt.Errorf("%w; it is %q", err, got)
	}
	return nil
}

// explain prints what the Debian's own log says of our programs.
func (t *trial) explain() {
	if t.nspawn == nil {
		return
	}
	said, err := t.inside("journalctl", "--no-pager", "--lines=80")
	fmt.Fprintln(os.Stderr, said, err)
}

// end powers the Debian off and takes it away.
func (t *trial) end() {
	if t.window != nil {
		t.window.hand.Close()
	}
	if t.nspawn != nil {
		if t.init != 0 {
			_ = syscall.Kill(t.init, powerOff)
		}
		select {
		case <-t.gone:
		case <-time.After(30 * time.Second):
			_ = syscall.Kill(-t.nspawn.Process.Pid, syscall.SIGKILL)
			<-t.gone
		}
	}
	if err := os.RemoveAll(t.dir); err != nil {
		fmt.Fprintln(os.Stderr, "install:", err)
	}
}
