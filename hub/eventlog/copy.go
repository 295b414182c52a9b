package eventlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"hallkeeper/wire"
)

// Copy gives the files of the log to use, one after another, as they are at one position: all that
// was committed before it is called. The log goes on meanwhile. use must read a file before it returns;
// it may leave a sealed one, whose checksum comes before it.
func (l *Log) Copy(ctx context.Context, use func(name string, size int64, content io.Reader) error) (head wire.Position, err error) {
	l.mu.RLock()
	segments := l.segments
	l.mu.RUnlock()
	for _, s := range segments {
		if err := ctx.Err(); err != nil {
			return head, err
		}
		if head, err = l.copyOut(s, use); err != nil {
			return head, fmt.Errorf("copy segment %s: %w", filepath.Base(s.file()), err)
		}
	}
	return head, nil
}

// copyOut gives one segment. One that is open is copied aside within a short transaction, since
// a growing file waits for readers; the copy has no name on the disk.
func (l *Log) copyOut(s *segment, use func(string, int64, io.Reader) error) (head wire.Position, err error) {
	aside, err := os.CreateTemp(l.opt.Dir, ".copy-*")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, aside.Close()) }()
	if err := os.Remove(aside.Name()); err != nil {
		return 0, err
	}
	var path string
	var sealed bool
	err = s.view(func(tx *bolt.Tx) error {
		st, err := readState(tx, "state")
		if err != nil {
			return err
		}
		head, path, sealed = st.Head, s.path, s.sealed // view holds them still
		if sealed {
			return nil
		}
		_, err = tx.WriteTo(aside)
		return err
	})
	if err != nil {
		return head, err
	}
	if sealed { // it changes no more
		return head, copySealed(path, use)
	}
	size, err := aside.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = aside.Seek(0, io.SeekStart)
	}
	if err != nil {
		return head, err
	}
	return head, use(filepath.Base(path), size, aside)
}

func copySealed(path string, use func(string, int64, io.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	sum, err := os.ReadFile(path + ".sha256")
	if err != nil {
		return err
	}
	if err := use(filepath.Base(path)+".sha256", int64(len(sum)), bytes.NewReader(sum)); err != nil {
		return err
	}
	st, err := f.Stat()
	if err == nil {
		err = use(filepath.Base(path), st.Size(), f)
	}
	return err
}

// Checked says of a log that no program has open and in which Verify has found no fault that it may be opened
// like one that was closed.
func Checked(dir string) error { return writeFileSync(filepath.Join(dir, cleanMark), nil) }
