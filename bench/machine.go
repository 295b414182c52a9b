package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// machine names the computer that the figures are of.
func machine(folder string) (string, error) {
	cpu := runtime.GOARCH
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if name, value, ok := strings.Cut(line, ":"); ok && (strings.HasPrefix(name, "model name") || strings.HasPrefix(name, "Model")) {
				cpu = strings.TrimSpace(value)
				break
			}
		}
	}
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "", fmt.Errorf("ask for the kernel's name: %w", err)
	}
	kind, err := fileSystem(folder)
	if err != nil {
		return "", err
	}
	release, _, _ := strings.Cut(unix.ByteSliceToString(u.Release[:]), "-")
	return fmt.Sprintf("%s, %d cores, Linux %s, %s, %s", cpu, runtime.NumCPU(), release, kind, runtime.Version()), nil
}

func fileSystem(folder string) (string, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return "", fmt.Errorf("ask for the file system: %w", err)
	}
	switch uint32(s.Type) {
	case unix.EXT4_SUPER_MAGIC:
		return "ext4", nil
	case unix.BTRFS_SUPER_MAGIC:
		return "btrfs", nil
	case unix.XFS_SUPER_MAGIC:
		return "xfs", nil
	case unix.OVERLAYFS_SUPER_MAGIC:
		return "overlay", nil
	case unix.TMPFS_MAGIC:
		return "tmpfs, which keeps nothing", nil
	}
	return fmt.Sprintf("file system %#x", s.Type), nil
}

// disk is how fast the disk makes things durable, over all times it was measured.
type disk struct {
	rate  spread
	delay delays
}

// measure writes and syncs 4 KiB again and again for a while.
func (d *disk) measure(folder string, span time.Duration) error {
	f, err := os.CreateTemp(folder, "fsync-")
	if err != nil {
		return err
	}
	defer func() {
		_ = f.Close()
		_ = os.Remove(filepath.Clean(f.Name()))
	}()
	page := make([]byte, 4096)
	var took []time.Duration
	began := time.Now()
	for time.Since(began) < span {
		at := time.Now()
		if _, err := f.Write(page); err != nil {
			return err
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			return fmt.Errorf("sync: %w", err)
		}
		took = append(took, time.Since(at))
	}
	d.rate = append(d.rate, float64(len(took))/time.Since(began).Seconds())
	d.delay.add(quantiles(took))
	return nil
}
