//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"hallkeeper/faults/rig/link"
)

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

// mountDisk mounts the disk that survives a power cut, for the agent's user.
func mountDisk() error {
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat("/dev/vda"); err == nil {
			break
		}
		if time.Since(start) > time.Minute {
			return errors.New("there is no disk")
		}
	}
	if err := os.MkdirAll(data, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("/dev/vda", data, "ext4", 0, ""); err != nil {
		return fmt.Errorf("mount the disk: %w", err)
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
