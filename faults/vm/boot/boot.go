//go:build linux

// Package boot is what the first program of a campaign's machine does before its
// own work: it mounts, loads the modules that the initramfs has, waits for
// devices and takes interfaces up. It runs inside the machine.
package boot

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a device may take to appear: an emulated machine is slow.
const patience = time.Minute

// Mount mounts what at where, which is made where it is missing. What is mounted already stays.
func Mount(what, where, kind string) error {
	if err := os.MkdirAll(where, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(what, where, kind, 0, ""); err != nil && !errors.Is(err, unix.EBUSY) {
		return fmt.Errorf("mount %s on %s: %w", what, where, err)
	}
	return nil
}

// LoadModules loads /modules/*.ko in the order of their names.
func LoadModules() error {
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

// Await waits for a file or device to appear.
func Await(path string) error {
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		if time.Since(start) > patience {
			return fmt.Errorf("there is no %s", path)
		}
	}
}

// Address gives an interface its IPv4 address and takes it up.
func Address(name string, ip [4]byte, bits int) error {
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
