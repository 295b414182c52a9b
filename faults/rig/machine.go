package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	"hallkeeper/faults/disk"
	"hallkeeper/faults/rig/link"
	"hallkeeper/faults/vm"
)

// guestPort is where the guest takes orders, inside the machine.
const guestPort = 18081

// parts are what a window computer is made of.
type parts struct {
	kernel    kernel
	initramfs string
	hubPort   int    // on this computer's loopback
	disk      string // socket that serves the disk
}

// machine is the window computer while it is switched on.
type machine struct {
	process *exec.Cmd
	console *vm.Console
	ended   chan struct{} // closed when QEMU is gone
	err     error
	monitor string // socket of QEMU's own console
	conn    net.Conn
	answers *bufio.Reader
}

// powerOn starts the window computer and waits until it takes orders. Its clock
// is wrong until it is told the time, as a Pi's is.
func powerOn(ctx context.Context, p parts, consoleFile string) (*machine, error) {
	control, err := vm.FreeAddress()
	if err != nil {
		return nil, err
	}
	file, err := os.Create(consoleFile)
	if err != nil {
		return nil, err
	}
	m := &machine{ended: make(chan struct{}), console: vm.NewConsole(file), monitor: consoleFile + ".monitor"}
	set := link.Settings{Hub: p.hubPort, Control: guestPort}
	m.process = exec.Command("qemu-system-aarch64", append(disk.Drive(p.disk),
		"-no-user-config", "-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio",
		// One processor: with two, one boot in eight panicked.
		"-machine", "virt", "-accel", "tcg", "-cpu", "cortex-a72", "-smp", "1", "-m", "512",
		"-rtc", "base=2020-01-01T00:00:00",
		"-kernel", p.kernel.image, "-initrd", p.initramfs,
		"-append", "console=ttyAMA0 quiet panic=-1 oops=panic mitigations=off nokaslr rig="+set.String(),
		"-netdev", fmt.Sprintf("user,id=net,ipv6=off,hostfwd=tcp:%s-:%d", control, guestPort),
		"-device", "virtio-net-pci,netdev=net,id=card,romfile=",
		"-monitor", "unix:"+m.monitor+",server=on,wait=off")...)
	m.process.Stdout, m.process.Stderr = m.console, m.console
	m.process.SysProcAttr = vm.DiesWithUs()
	if err := m.process.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start QEMU: %w", err), file.Close())
	}
	go func() {
		m.err = errors.Join(m.process.Wait(), file.Close())
		close(m.ended)
	}()
	if err := m.await(ctx, "rig: ready", 5*time.Minute); err != nil {
		m.kill()
		return nil, err
	}
	if m.conn, err = (&net.Dialer{}).DialContext(ctx, "tcp4", control); err != nil {
		m.kill()
		return nil, err
	}
	m.answers = bufio.NewReader(m.conn)
	return m, nil
}

// await waits for a line on the console.
func (m *machine) await(ctx context.Context, sign string, limit time.Duration) error {
	end := time.NewTimer(limit)
	defer end.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, found := m.console.Find(sign); found {
			return nil
		}
		for _, bad := range []string{"rig: failed", "Kernel panic"} {
			if line, found := m.console.Find(bad); found {
				return fmt.Errorf("%s; the console ends with\n%s", line, m.console.Tail(15))
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-m.ended:
			return fmt.Errorf("QEMU ended by itself: %w; the console ends with\n%s", m.err, m.console.Tail(15))
		case <-end.C:
			return fmt.Errorf("the machine did not say %q within %v; the console ends with\n%s", sign, limit, m.console.Tail(15))
		case <-tick.C:
		}
	}
}

// order has something done and waits for its end.
func (m *machine) order(o link.Order) (link.Answer, error) {
	var a link.Answer
	if err := m.send(o); err != nil {
		return a, err
	}
	line, err := m.answers.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &a)
	}
	if err == nil && a.Error != "" {
		err = errors.New(a.Error)
	}
	if err != nil {
		return a, fmt.Errorf("order %s: %w; the console ends with\n%s", o.Do, err, m.console.Tail(15))
	}
	return a, nil
}

// send gives an order whose answer is not waited for: the power goes before it comes.
func (m *machine) send(o link.Order) error {
	if err := m.conn.SetDeadline(time.Now().Add(5 * time.Minute)); err != nil {
		return err
	}
	if err := json.NewEncoder(m.conn).Encode(o); err != nil {
		return fmt.Errorf("order %s: %w", o.Do, err)
	}
	return nil
}

// cable pulls the machine's network cable, or plugs it in. Orders do not pass while it is out.
func (m *machine) cable(in bool) error {
	conn, err := net.Dial("unix", m.monitor)
	if err != nil {
		return fmt.Errorf("speak to QEMU: %w", err)
	}
	defer conn.Close()
	state := "off"
	if in {
		state = "on"
	}
	if _, err := fmt.Fprintf(conn, "set_link card %s\n", state); err != nil {
		return fmt.Errorf("speak to QEMU: %w", err)
	}
	// It prompts before and after the command.
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	text := bufio.NewReader(conn)
	for range 2 {
		if _, err := text.ReadString(')'); err != nil {
			return fmt.Errorf("QEMU took the command set_link %s: %w", state, err)
		}
	}
	return nil
}

// kill takes the power away.
func (m *machine) kill() {
	_ = m.process.Process.Kill()
	<-m.ended
	if m.conn != nil {
		_ = m.conn.Close()
	}
}
