//go:build linux

// Command guest is the first and only program of the power-cut campaign's
// machine besides the hub: it loads the kernel's modules, mounts the disk, sets
// up the network, starts the hub on loopback and forwards to it, because a hub
// serves devices on loopback only. Somebody who connects to the third port wants
// the hub stopped and its log verified from the disk. What it has to say goes to
// the console, each line after "powercut: ".
//
// It never repairs anything: what a power cut has left on the disk is for the
// file system's journal and the hub to deal with. Where the file system refuses
// to be mounted it says so, and the campaign does what fsck does at boot.
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"

	"golang.org/x/sys/unix"

	"hallkeeper/faults/operator"

	"hallkeeper/faults/vm/boot"
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
	cmd.Env = []string{"HOME=/", "PATH=/", operator.Env}
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
		if err := boot.Mount(m.what, m.where, m.what); err != nil {
			return err
		}
	}
	if err := boot.LoadModules(); err != nil {
		return err
	}
	if err := boot.Await(device); err != nil {
		return err
	}
	if err := boot.Mount(device, data, "ext4"); err != nil {
		return err
	}
	if err := boot.Address("lo", [4]byte{127, 0, 0, 1}, 8); err != nil {
		return err
	}
	return boot.Address("eth0", [4]byte{10, 0, 2, 15}, 24)
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
