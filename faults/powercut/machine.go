package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"hallkeeper/faults/disk"
	"hallkeeper/faults/vm"
)

// parts are what a machine is made of; all but the disk are read only.
type parts struct {
	kernel    string
	initramfs string
	// socket is where the disk is served.
	socket string
}

// machine is one virtual machine from power on to power off.
type machine struct {
	http, mqtt, control string // addresses on this computer's loopback
	process             *exec.Cmd
	console             *vm.Console
	ended               chan struct{} // closed when QEMU is gone
	err                 error         // how QEMU ended
}

// powerOn starts a machine. Everything in it is emulated, so that it runs
// wherever QEMU does; it sees no network but three ports of ours.
func powerOn(p parts, consoleFile string) (*machine, error) {
	m := &machine{ended: make(chan struct{})}
	forward := ""
	for port, address := range map[int]*string{18080: &m.http, 11883: &m.mqtt, 18081: &m.control} {
		free, err := vm.FreeAddress()
		if err != nil {
			return nil, err
		}
		*address = free
		forward += fmt.Sprintf(",hostfwd=tcp:%s-:%d", free, port)
	}
	file, err := os.Create(consoleFile)
	if err != nil {
		return nil, err
	}
	m.console = vm.NewConsole(file)
	m.process = exec.Command("qemu-system-x86_64", append(disk.Drive(p.socket),
		"-no-user-config", "-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio",
		"-machine", "q35", "-accel", "tcg", "-cpu", "max", "-smp", "1", "-m", "768",
		"-kernel", p.kernel, "-initrd", p.initramfs,
		"-append", "console=ttyS0 quiet panic=-1 oops=panic mitigations=off random.trust_cpu=on",
		"-netdev", "user,id=net,restrict=on,ipv6=off"+forward,
		"-device", "virtio-net-pci,netdev=net,romfile=")...)
	m.process.Stdout, m.process.Stderr = m.console, m.console
	m.process.SysProcAttr = vm.DiesWithUs()
	if err := m.process.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start QEMU: %w", err), file.Close())
	}
	go func() {
		m.err = errors.Join(m.process.Wait(), file.Close())
		close(m.ended)
	}()
	return m, nil
}

// kill ends the machine at once. It may be called again.
func (m *machine) kill() {
	_ = m.process.Process.Kill()
	<-m.ended
}

// notMounted is what the guest says where the file system refuses to be mounted.
const notMounted = "powercut: failed: mount /dev/vda on /data: "

// alive is an error as soon as the machine, or the hub in it, has ended by itself.
func (m *machine) alive() error {
	for _, sign := range []string{"powercut: failed: ", "powercut: hub serve: ", "Kernel panic", "EXT4-fs error"} {
		if line, found := m.console.Find(sign); found {
			return m.complaint(line)
		}
	}
	select {
	case <-m.ended:
		return m.complaint(fmt.Sprintf("QEMU ended by itself: %v", m.err))
	default:
		return nil
	}
}

// complaint is an error with the end of the console.
func (m *machine) complaint(what string) error {
	return &downError{what: strings.TrimPrefix(what, "powercut: "), console: m.console.Tail(12), notMounted: strings.Contains(what, notMounted)}
}

// stop ends hub and machine in good order. verified is true where `hub verify`,
// run in the machine after the hub had stopped, found the log whole.
func (m *machine) stop(ctx context.Context, limit time.Duration) (verified bool, err error) {
	conn, err := (&net.Dialer{Timeout: limit}).DialContext(ctx, "tcp", m.control)
	if err != nil {
		return false, fmt.Errorf("ask the machine to stop: %w", err)
	}
	defer conn.Close()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-m.ended:
	case <-timer.C:
		return false, m.complaint(fmt.Sprintf("the machine did not stop within %v of being asked", limit))
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	for _, sign := range []string{"powercut: hub serve: exit status 0", "powercut: done"} {
		if _, found := m.console.Find(sign); !found {
			return false, m.complaint("the machine stopped without saying: " + sign)
		}
	}
	_, verified = m.console.Find("powercut: hub verify: exit status 0")
	return verified, nil
}

// downError means that the machine or the hub in it does not run, or does not serve.
type downError struct {
	what    string
	console string
	// notMounted: the kernel refused the file system, so that nothing has begun.
	notMounted bool
}

func (e *downError) Error() string {
	return fmt.Sprintf("%s; the console ends with\n%s", e.what, e.console)
}
