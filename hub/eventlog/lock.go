package eventlog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"hallkeeper/bilingual"
)

const (
	lockName  = "lock"
	cleanMark = "clean" // there while no program has the log open and the last one ended by itself
)

// Hold keeps every other program off a log until release is called, without opening
// it; ErrLocked where one has it open. A folder that does not exist is nobody's.
func Hold(dir string) (release func() error, err error) {
	f, err := lockDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return func() error { return nil }, nil
	}
	if err != nil {
		return nil, err
	}
	return f.Close, nil
}

// lockDir keeps a second program off the log; the kernel frees it when we die.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, bilingual.Errorf("日志文件夹写不了：%w", "the log folder cannot be written: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: stop it first, or choose another --data (%s)", ErrLocked, dir)
		}
		return nil, fmt.Errorf("lock the log folder: %w", err)
	}
	return f, nil
}
