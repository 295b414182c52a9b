package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
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
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return "", fmt.Errorf("ask for the file system: %w", err)
	}
	kind := map[int64]string{unix.EXT4_SUPER_MAGIC: "ext4", unix.BTRFS_SUPER_MAGIC: "btrfs", unix.XFS_SUPER_MAGIC: "xfs", unix.TMPFS_MAGIC: "tmpfs, which keeps nothing",
		unix.OVERLAYFS_SUPER_MAGIC: "overlay"}[int64(s.Type)]
	if kind == "" {
		kind = fmt.Sprintf("file system %x", s.Type)
	}
	return fmt.Sprintf("%s, %d cores, Linux %s, %s, %s", cpu, runtime.NumCPU(), unix.ByteSliceToString(u.Release[:]), kind, runtime.Version()), nil
}

type diskFigures struct {
	rate     float64
	p50, p99 time.Duration
}

// measureDisk writes and syncs 4 KiB again and again, for two seconds.
func measureDisk(folder string) (d diskFigures, err error) {
	f, err := os.Create(filepath.Join(folder, "fsync"))
	if err != nil {
		return d, err
	}
	defer func() { _ = f.Close() }()
	page := make([]byte, 4096)
	var took []time.Duration
	for began := time.Now(); time.Since(began) < 2*time.Second; {
		at := time.Now()
		if _, err := f.Write(page); err != nil {
			return d, err
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			return d, err
		}
		took = append(took, time.Since(at))
	}
	total := time.Duration(0)
	for _, t := range took {
		total += t
	}
	p50, p99, _ := quantiles(took)
	return diskFigures{float64(len(took)) / total.Seconds(), p50, p99}, nil
}

// quantiles gives the middle, the 99th of a hundred, and the largest.
func quantiles(all []time.Duration) (p50, p99, most time.Duration) {
	if len(all) == 0 {
		return 0, 0, 0
	}
	all = slices.Clone(all)
	slices.Sort(all)
	return all[len(all)/2], all[len(all)*99/100], all[len(all)-1]
}
