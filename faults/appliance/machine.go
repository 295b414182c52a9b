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
	"time"

	"hallkeeper/faults/vm"
)

const (
	// bootAt is where the card's first partition begins, in bytes.
	bootAt = 4 << 20
	// startsWithin is how long a start may take on a loaded machine.
	startsWithin = 5 * time.Minute
	// deviceTree is that of the Pi that QEMU knows.
	deviceTree = "bcm2710-rpi-3-b.dtb"
)

// extraWords are what QEMU needs beside the image's own words. It has neither the
// Pi's watchdog nor the fast interrupts that the USB driver would use; the console is
// the one that QEMU has, from the first line on.
const extraWords = "initcall_blacklist=bcm2835_wdt_driver_init dwc_otg.fiq_enable=0 dwc_otg.fiq_fsm_enable=0 earlycon=pl011,mmio32,0x3f201000"

// machine is the window computer while it is switched on.
type machine struct {
	process *exec.Cmd
	console *vm.Console
	ended   chan struct{}
	err     error
}

// powerOn plays the firmware: it takes kernel, device tree and words from the card,
// and starts that. web is the address here that leads to the computer's port 443.
func powerOn(ctx context.Context, card, work, web string, boot int) (*machine, error) {
	dir := filepath.Join(work, "firmware")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	for _, name := range []string{"vmlinuz", deviceTree, "cmdline.txt"} {
		if _, err := vm.Output(ctx, dir, "mcopy", "-n", "-i", card+"@@"+strconv.Itoa(bootAt), "::"+name, filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	words, err := os.ReadFile(filepath.Join(dir, "cmdline.txt"))
	if err != nil {
		return nil, err
	}
	line := strings.Replace(strings.Join(strings.Fields(string(words)), " "), "console=serial0,115200", "console=ttyAMA1,115200", 1)
	file, err := os.Create(filepath.Join(work, fmt.Sprintf("console-%d.log", boot)))
	if err != nil {
		return nil, err
	}
	m := &machine{ended: make(chan struct{}), console: vm.NewConsole(file)}
	m.process = exec.Command("qemu-system-aarch64", "-M", "raspi3b", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio", "-monitor", "none",
		"-kernel", filepath.Join(dir, "vmlinuz"), "-dtb", filepath.Join(dir, deviceTree), "-append", line+" "+extraWords,
		"-drive", "file="+card+",if=sd,format=raw",
		// An address that is not "locally administered" makes it eth0, as on a Pi.
		"-netdev", "user,id=net,ipv6=off,hostfwd=tcp:"+web+"-:443", "-device", "usb-net,netdev=net,mac=50:54:00:12:34:57")
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

// await waits for a line on the console.
func (m *machine) await(ctx context.Context, sign string) error {
	return m.until(ctx, fmt.Sprintf("the console says %q", sign), func() (bool, error) {
		_, found := m.console.Find(sign)
		return found, nil
	})
}

// until waits for what is asked, as long as the machine lives.
func (m *machine) until(ctx context.Context, what string, done func() (bool, error)) error {
	end := time.NewTimer(startsWithin)
	defer end.Stop()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		ok, err := done()
		if ok {
			return nil
		}
		if err != nil {
			last = err
		}
		if line, found := m.console.Find("Kernel panic"); found {
			return fmt.Errorf("%s; the console ends with\n%s", line, m.console.Tail(15))
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-m.ended:
			return fmt.Errorf("QEMU ended by itself: %w; the console ends with\n%s", m.err, m.console.Tail(15))
		case <-end.C:
			return errors.Join(fmt.Errorf("%s: not within %v; the console ends with\n%s", what, startsWithin, m.console.Tail(25)), last)
		case <-tick.C:
		}
	}
}

// cut takes the power away.
func (m *machine) cut() {
	_ = m.process.Process.Kill()
	<-m.ended
}
