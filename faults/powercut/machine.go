package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

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
	m.process = exec.Command("qemu-system-x86_64",
		"-no-user-config", "-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio",
		"-machine", "q35", "-accel", "tcg", "-cpu", "max", "-smp", "1", "-m", "768",
		"-kernel", p.kernel, "-initrd", p.initramfs,
		"-append", "console=ttyS0 quiet panic=-1 oops=panic mitigations=off random.trust_cpu=on",
		"-blockdev", "driver=nbd,node-name=disk,server.type=unix,server.path="+p.socket+",cache.direct=on,cache.no-flush=off",
		"-device", "virtio-blk-pci,drive=disk,write-cache=on",
		"-netdev", "user,id=net,restrict=on,ipv6=off"+forward,
		"-device", "virtio-net-pci,netdev=net,romfile=")
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
	return &downError{what: strings.TrimPrefix(what, "powercut: "), console: m.console.Tail(12)}
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
}

func (e *downError) Error() string {
	return fmt.Sprintf("%s; the console ends with\n%s", e.what, e.console)
}

// makeDisk makes an image with an empty ext4 in a new file.
func makeDisk(ctx context.Context, path string, size int64) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("make the disk: %w", err)
	}
	if err := errors.Join(file.Truncate(size), file.Close()); err != nil {
		return fmt.Errorf("make the disk: %w", err)
	}
	// All tables are written now: nothing shall write to the disk but the hall.
	_, err = vm.Output(ctx, filepath.Dir(path), "mkfs.ext4", "-q", "-F", "-b", "4096", "-E",
		"lazy_itable_init=0,lazy_journal_init=0,nodiscard", "-e", "panic", path, strconv.FormatInt(size/4096, 10))
	return err
}

// checkDisk sees that the file system is whole: otherwise the disk of the rig has
// done what no disk does, or the kernel has a fault, and the log proves nothing.
func checkDisk(ctx context.Context, path string) error {
	if _, err := vm.Output(ctx, filepath.Dir(path), "e2fsck", "-fn", path); err != nil {
		return fmt.Errorf("the machine's file system is damaged, and with it the rig: %w", err)
	}
	return nil
}
