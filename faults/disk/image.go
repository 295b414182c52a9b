package disk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"hallkeeper/faults/vm"
)

// Make makes an image of size bytes with an empty ext4 in a new file.
func Make(ctx context.Context, path string, size int64) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("make the disk: %w", err)
	}
	if err := errors.Join(file.Truncate(size), file.Close()); err != nil {
		return fmt.Errorf("make the disk: %w", err)
	}
	// All tables are written now: nothing shall write to the disk but the program under test.
	_, err = vm.Output(ctx, filepath.Dir(path), "mkfs.ext4", "-q", "-F", "-b", "4096", "-E",
		"lazy_itable_init=0,lazy_journal_init=0,nodiscard", "-e", "panic", path, strconv.FormatInt(size/4096, 10))
	return err
}

// Check sees that the file system is whole: otherwise the disk has done what no
// disk does, or the kernel has a fault, and what was found on it proves nothing.
func Check(ctx context.Context, path string) error {
	if _, err := vm.Output(ctx, filepath.Dir(path), "e2fsck", "-fn", path); err != nil {
		return fmt.Errorf("the machine's file system is damaged, and with it the rig: %w", err)
	}
	return nil
}

// Fsck mends the file system of a disk without power as systemd-fsck does at
// boot: what is safe to mend (-p), and only where that is not enough everything
// (-y, which fsck.repair=yes asks for). said is what e2fsck did.
func Fsck(ctx context.Context, path string) (said string, all bool, err error) {
	for _, how := range []string{"-p", "-y"} {
		var out []byte
		out, err = vm.Output(ctx, filepath.Dir(path), "e2fsck", how, path)
		said += "e2fsck " + how + ":\n" + string(out)
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.Exited() && exit.ExitCode()&^(mended|mendedRoot) == 0 {
			err = nil
		}
		if err == nil {
			return said, how == "-y", nil
		}
	}
	return said, true, fmt.Errorf("the file system cannot be mended: %w", err)
}

// Exit statuses of e2fsck that mean that all is well now.
const (
	mended     = 1
	mendedRoot = 2 // and that a mounted root would need a reboot
)

// Drive gives QEMU's options for a disk that is served on a Unix socket.
func Drive(socket string) []string {
	return []string{"-blockdev", "driver=nbd,node-name=disk,server.type=unix,server.path=" + socket + ",cache.direct=on,cache.no-flush=off",
		"-device", "virtio-blk-pci,drive=disk,write-cache=on"}
}
