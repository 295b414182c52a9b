package eventlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
)

// bbolt keeps two meta pages, and each commit writes one of them: a damaged one
// makes it fall back to the other, by which the newest commit is gone unseen. And it
// maps a file that is cut short, and faults where it reads beyond its end.

// The layout of a meta page: bbolt, internal/common/meta.go.
const (
	metaAt    = 16 // after the page's header
	metaSize  = 64
	metaMagic = 0xED0CDAED
)

var errCut = errors.New("the file is cut short")

// metas reads both meta pages of a file: how many are right, and how long the newest says that the file is.
func metas(path string) (right int, length, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, 0, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return 0, 0, 0, err
	}
	newest := uint64(0)
	page := int64(os.Getpagesize())
	for i := range int64(2) {
		var b [metaSize]byte
		if _, err := f.ReadAt(b[:], i*page+metaAt); errors.Is(err, io.EOF) {
			continue
		} else if err != nil {
			return 0, 0, 0, err
		}
		if !rightMeta(b[:]) {
			continue
		}
		right++
		pageSize, pages, tx := int64(binary.LittleEndian.Uint32(b[8:])), int64(binary.LittleEndian.Uint64(b[40:])), binary.LittleEndian.Uint64(b[48:])
		if tx >= newest {
			newest, length = tx, pageSize*pages
		}
	}
	return right, length, info.Size(), nil
}

// rightMeta tells whether the bytes of a meta page are as they were written.
func rightMeta(b []byte) bool {
	sum := fnv.New64a()
	_, _ = sum.Write(b[:56])
	return binary.LittleEndian.Uint32(b) == metaMagic && binary.LittleEndian.Uint64(b[56:]) == sum.Sum64()
}

// whole refuses a file that is shorter than it says itself; one that is empty is to be made.
func whole(path string) error {
	right, length, size, err := metas(path)
	if errors.Is(err, os.ErrNotExist) || size == 0 || err == nil && right == 0 {
		return nil // bbolt says what is wrong
	}
	if err != nil {
		return err
	}
	if size < length {
		return fmt.Errorf("%w: %s has %d bytes of %d; keep a copy of the folder and restore this file from a backup", errCut, filepath.Base(path), size, length)
	}
	return nil
}
