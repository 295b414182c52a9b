//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"hallkeeper/faults/rig/link"
	"hallkeeper/faults/vm/boot"
)

// prepare brings up what an agent finds on any computer.
func prepare() (set link.Settings, err error) {
	for _, m := range []struct{ what, where string }{{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"tmpfs", "/tmp"}} {
		if err := boot.Mount(m.what, m.where, m.what); err != nil {
			return set, err
		}
	}
	if err := boot.LoadModules(); err != nil {
		return set, err
	}
	if err := boot.Mount("configfs", "/sys/kernel/config", "configfs"); err != nil {
		return set, err
	}
	if err := mountDisk(); err != nil {
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
	if err := boot.Await("/sys/class/net/eth0"); err != nil {
		return set, err
	}
	return set, boot.Address("eth0", [4]byte{10, 0, 2, 15}, 24)
}

// mountDisk mounts the disk that survives a power cut, for the agent's user.
func mountDisk() error {
	if err := boot.Await("/dev/vda"); err != nil {
		return err
	}
	if err := boot.Mount("/dev/vda", data, "ext4"); err != nil {
		return err
	}
	return os.Chown(data, agentUser, agentUser)
}

// setClock does what a time service does once it knows the time.
func setClock(now time.Time) error {
	tv := unix.NsecToTimeval(now.UnixNano())
	if err := unix.Settimeofday(&tv); err != nil {
		return fmt.Errorf("set the clock: %w", err)
	}
	// Errors of 0, and no STA_UNSYNC (timex.h: ADJ_MAXERROR, ADJ_ESTERROR, ADJ_STATUS; STA_PLL).
	t := unix.Timex{Modes: 0x0004 | 0x0008 | 0x0010, Status: 1}
	if _, err := unix.Adjtimex(&t); err != nil {
		return fmt.Errorf("say that the clock is right: %w", err)
	}
	return nil
}

// ioctlBytes makes a request with a structure.
func ioctlBytes(fd int, request uint, arg []byte) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(unsafe.Pointer(&arg[0]))); errno != 0 {
		return errno
	}
	return nil
}
