package vm

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
)

// archive writes a cpio archive in the "newc" form, which a kernel unpacks as
// its first file system: https://docs.kernel.org/driver-api/early-userspace/buffer-format.html
type archive struct {
	w     *bufio.Writer
	inode int
}

const (
	modeFolder  = 0o040755
	modeFile    = 0o100755
	modeConsole = 0o020600
)

func (a *archive) entry(name string, mode, deviceMajor, deviceMinor int, content []byte) error {
	a.inode++
	head := fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
		a.inode, mode, 0, 0, 1, 0, len(content), 0, 0, deviceMajor, deviceMinor, len(name)+1, 0, name)
	for _, part := range [][]byte{[]byte(head), content} {
		if _, err := a.w.Write(part); err != nil {
			return err
		}
		if _, err := a.w.Write(make([]byte, -len(part)&3)); err != nil {
			return err
		}
	}
	return nil
}

// File is one file of a machine: its name there and its path here.
type File struct{ Name, Path string }

// WriteInitramfs writes all that a machine runs: its first program, "init", its
// others, and modules, numbered in the order in which they are to be loaded.
func WriteInitramfs(to io.Writer, files []File) error {
	a := archive{w: bufio.NewWriterSize(to, 1<<20)}
	err := errors.Join(a.entry("dev", modeFolder, 0, 0, nil), a.entry("dev/console", modeConsole, 5, 1, nil),
		a.entry("modules", modeFolder, 0, 0, nil))
	for _, f := range files {
		content, rerr := os.ReadFile(f.Path)
		if err = errors.Join(err, rerr); err != nil {
			return fmt.Errorf("build the machine's first file system: %w", err)
		}
		err = a.entry(f.Name, modeFile, 0, 0, content)
	}
	if err = errors.Join(err, a.entry("TRAILER!!!", 0, 0, 0, nil), a.w.Flush()); err != nil {
		return fmt.Errorf("build the machine's first file system: %w", err)
	}
	return nil
}
