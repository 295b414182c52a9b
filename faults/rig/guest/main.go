//go:build linux

// Command guest is the first program of the rig's machine: it loads the kernel's
// modules, makes a GPIO chip of gpio-sim with a Raspberry Pi's names, takes the
// network up, keeps the agent running as systemd would, and does what the host
// orders: it moves lines, watches the lamp, takes the chip away, kills the agent.
//
// It judges nothing: what has to be in the hub's log is the host's business.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"hallkeeper/faults/rig/link"
)

const (
	gateway  = "10.0.2.2"
	settings = "/agent.yaml"
	hundred  = 10 // a hundredth of a second in milliseconds: the unit of /proc's times
)

func main() {
	say("started")
	if err := run(); err != nil {
		say("failed: %v", err)
	}
	say("done")
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

func say(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stdout, "rig: "+format+"\n", args...)
}

func run() error {
	set, err := prepare()
	if err != nil {
		return err
	}
	chip, err := makeChip()
	if err != nil {
		return fmt.Errorf("make the GPIO chip: %w", err)
	}
	text := fmt.Sprintf("agent: w01\nhall: rig\nmqtt: tcp://%s:%d\ndata: /data\nboard: /board.yaml\nlog: text\nclock:\n  assume_synced: true\n", gateway, set.Hub)
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		return err
	}
	a := &agent{}
	go a.keep()
	listener, err := net.Listen("tcp4", fmt.Sprintf(":%d", set.Control))
	if err != nil {
		return err
	}
	say("ready")
	conn, err := listener.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var o link.Order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return fmt.Errorf("read an order: %w", err)
		}
		answer, err := obey(chip, a, &o)
		if err != nil {
			answer.Error = err.Error()
		}
		if err := json.NewEncoder(conn).Encode(answer); err != nil {
			return err
		}
		if o.Do == link.Stop { // the answer must be out before the power is off
			_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
			_, _ = conn.Read(make([]byte, 1))
			return nil
		}
	}
	return fmt.Errorf("the host has gone: %w", errors.Join(lines.Err(), errors.New("no more orders")))
}

func obey(c *chip, a *agent, o *link.Order) (answer link.Answer, err error) {
	switch o.Do {
	case link.Play:
		late, err := c.play(o.Train)
		answer.LateUS = late.Microseconds()
		return answer, err
	case link.Chip:
		if o.On {
			return answer, c.live()
		}
		return answer, c.gone()
	case link.Kill:
		return answer, a.kill(unix.SIGKILL)
	case link.Green:
		answer.Seen = c.await("GPIO20", o.On, time.Duration(o.WaitMS)*time.Millisecond)
		return answer, nil
	case link.Usage:
		return a.usage()
	case link.Stop:
		return answer, a.stop()
	}
	return answer, fmt.Errorf("there is no order %q", o.Do)
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

// prepare brings up what an agent finds on any computer.
func prepare() (set link.Settings, err error) {
	for _, m := range []struct{ what, where string }{{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"tmpfs", "/tmp"}} {
		if err := mount(m.what, m.where); err != nil {
			return set, err
		}
	}
	modules, err := filepath.Glob("/modules/*.ko")
	if err != nil {
		return set, err
	}
	slices.Sort(modules) // they are numbered
	for _, path := range modules {
		if err := load(path); err != nil {
			return set, err
		}
	}
	if err := mount("configfs", "/sys/kernel/config"); err != nil {
		return set, err
	}
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return set, err
	}
	_, text, _ := strings.Cut(strings.TrimSpace(string(line)), "rig=")
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		return set, fmt.Errorf("the kernel's command line %q: %w", line, err)
	}
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat("/sys/class/net/eth0"); err == nil {
			break
		}
		if time.Since(start) > time.Minute {
			return set, errors.New("there is no eth0")
		}
	}
	return set, address("eth0", [4]byte{10, 0, 2, 15}, 24)
}

func mount(kind, where string) error {
	if err := os.MkdirAll(where, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(kind, where, kind, 0, ""); err != nil && !errors.Is(err, unix.EBUSY) {
		return fmt.Errorf("mount %s: %w", where, err)
	}
	return nil
}

func load(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := unix.FinitModule(int(file.Fd()), "", 0); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("load %s: %w", path, err)
	}
	return nil
}

// address gives an interface its IPv4 address and takes it up.
func address(name string, ip [4]byte, bits int) error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	for _, set := range []struct {
		request uint
		value   []byte
	}{{unix.SIOCSIFADDR, ip[:]}, {unix.SIOCSIFNETMASK, net.CIDRMask(bits, 32)}} {
		ifr, err := unix.NewIfreq(name)
		if err == nil {
			err = ifr.SetInet4Addr(set.value)
		}
		if err == nil {
			err = unix.IoctlIfreq(socket, set.request, ifr)
		}
		if err != nil {
			return fmt.Errorf("set the address of %s: %w", name, err)
		}
	}
	ifr, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	ifr.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, ifr); err != nil {
		return fmt.Errorf("take %s up: %w", name, err)
	}
	return nil
}
