//go:build linux

// Command guest is the first and only program of the power-cut campaign's
// machine besides the hub: it loads the kernel's modules, mounts the disk, sets
// up the network, starts the hub on loopback and forwards to it, because a hub
// serves devices on loopback only. Somebody who connects to the third port wants
// the hub stopped and its log verified from the disk. What it has to say goes to
// the console, each line after "powercut: ".
//
// It never repairs anything: what a power cut has left on the disk is for the
// file system's journal and the hub to deal with.
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

const (
	data   = "/data"
	device = "/dev/vda"
)

func main() {
	say("started")
	if err := run(); err != nil {
		say("failed: %v", err)
	}
	unix.Sync()
	if err := unix.Unmount(data, 0); err != nil {
		say("unmount: %v", err)
	}
	say("done")
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

func say(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stdout, "powercut: "+format+"\n", args...)
}

func run() error {
	if err := prepare(); err != nil {
		return err
	}
	say("mounted")
	if err := forward(":18080", "127.0.0.1:8080", ":11883", "127.0.0.1:1883"); err != nil {
		return err
	}
	stopped, err := awaitStop(":18081")
	if err != nil {
		return err
	}
	serve := hub("serve", "--http", "127.0.0.1:8080", "--mqtt", "127.0.0.1:1883", "--log-level", "warn")
	if err := serve.Start(); err != nil {
		return fmt.Errorf("start the hub: %w", err)
	}
	go func() {
		<-stopped
		_ = serve.Process.Signal(unix.SIGTERM)
	}()
	if err := outcome(serve, serve.Wait()); err != nil {
		return err
	}
	select {
	case <-stopped:
	default:
		return errors.New("the hub ended by itself")
	}
	// What is verified comes from the disk, not from memory.
	unix.Sync()
	if err := os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0); err != nil {
		return fmt.Errorf("forget what was read: %w", err)
	}
	verify := hub("verify")
	return outcome(verify, verify.Run())
}

func hub(command string, flags ...string) *exec.Cmd {
	cmd := exec.Command("/hub", append([]string{command, "--data", data + "/hall"}, flags...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = []string{"HOME=/", "PATH=/"}
	return cmd
}

// outcome says how the hub ended; a hub that fails is no failure of the guest.
func outcome(cmd *exec.Cmd, err error) error {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("run the hub: %w", err)
	}
	say("hub %s: %v", cmd.Args[1], cmd.ProcessState)
	return nil
}

// awaitStop gives a channel that is closed at the first connection to address.
func awaitStop(address string) (<-chan struct{}, error) {
	listener, err := net.Listen("tcp4", address)
	if err != nil {
		return nil, fmt.Errorf("await the end: %w", err)
	}
	stopped := make(chan struct{})
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			say("await the end: %v", err)
			return
		}
		_ = conn.Close()
		close(stopped)
	}()
	return stopped, nil
}

// prepare brings up what a hub finds on any machine.
func prepare() error {
	for _, m := range []struct{ what, where string }{{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"tmpfs", "/tmp"}} {
		if err := mount(m.what, m.where, m.what); err != nil {
			return err
		}
	}
	modules, err := filepath.Glob("/modules/*.ko")
	if err != nil {
		return err
	}
	slices.Sort(modules) // they are numbered
	for _, path := range modules {
		if err := load(path); err != nil {
			return err
		}
	}
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(device); err == nil {
			break
		}
		if time.Since(start) > time.Minute {
			return fmt.Errorf("there is no %s", device)
		}
	}
	if err := mount(device, data, "ext4"); err != nil {
		return err
	}
	if err := address("lo", [4]byte{127, 0, 0, 1}, 8); err != nil {
		return err
	}
	return address("eth0", [4]byte{10, 0, 2, 15}, 24)
}

func mount(what, where, kind string) error {
	if err := os.MkdirAll(where, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(what, where, kind, 0, ""); err != nil && !errors.Is(err, unix.EBUSY) {
		return fmt.Errorf("mount %s on %s: %w", what, where, err)
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
	mask := net.CIDRMask(bits, 32)
	for _, set := range []struct {
		request uint
		value   []byte
	}{{unix.SIOCSIFADDR, ip[:]}, {unix.SIOCSIFNETMASK, mask}} {
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

// forward takes pairs of an address to listen on and one to connect to.
func forward(pairs ...string) error {
	for pair := range slices.Chunk(pairs, 2) {
		listener, err := net.Listen("tcp4", pair[0])
		if err != nil {
			return fmt.Errorf("forward to %s: %w", pair[1], err)
		}
		go func() {
			for {
				outer, err := listener.Accept()
				if err != nil {
					say("forward: %v", err)
					return
				}
				go join(outer, pair[1])
			}
		}()
	}
	return nil
}

// join carries bytes both ways until one side ends. The other is then cut off:
// half-closed connections are of no use to MQTT and HTTP.
func join(outer net.Conn, to string) {
	defer outer.Close()
	inner, err := net.Dial("tcp4", to)
	if err != nil {
		return // the hub is not up yet: the caller tries again
	}
	defer inner.Close()
	ended := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{inner, outer}, {outer, inner}} {
		go func() {
			_, _ = io.Copy(way[0], way[1])
			ended <- struct{}{}
		}()
	}
	<-ended
}
