package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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

// writeInitramfs writes all that the machine runs: the guest, the hub and the
// modules, in the order in which they are to be loaded.
func writeInitramfs(to io.Writer, guest, hub string, modules []string) error {
	a := archive{w: bufio.NewWriterSize(to, 1<<20)}
	err := errors.Join(a.entry("dev", modeFolder, 0, 0, nil), a.entry("dev/console", modeConsole, 5, 1, nil),
		a.entry("modules", modeFolder, 0, 0, nil))
	files := []struct{ name, path string }{{"init", guest}, {"hub", hub}}
	for _, m := range modules {
		files = append(files, struct{ name, path string }{"modules/" + filepath.Base(m), m})
	}
	for _, f := range files {
		content, rerr := os.ReadFile(f.path)
		if err = errors.Join(err, rerr); err != nil {
			return fmt.Errorf("build the machine's first file system: %w", err)
		}
		err = a.entry(f.name, modeFile, 0, 0, content)
	}
	if err = errors.Join(err, a.entry("TRAILER!!!", 0, 0, 0, nil), a.w.Flush()); err != nil {
		return fmt.Errorf("build the machine's first file system: %w", err)
	}
	return nil
}
