package eventlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// bbolt believes its pages: an element that points out of its page makes the whole
// program fault, and a page that leads back to itself is read for ever. So files
// that may be damaged are walked through here first, where every length is checked
// and no page is read twice.

// The layout of bbolt's pages: internal/common/page.go, bucket.go.
const (
	pageHeader, elementSize                                 = 16, 16
	branchPage, leafPage, freelistPage                      = 0x01, 0x02, 0x10
	bucketElement                                           = 0x01
	bucketHeader                                            = 16
	noFreelist                                              = ^uint64(0)
	metaVersionAt, metaRootAt, metaFreelistAt, metaPagesEnd = 4, 16, 32, 40
	metaVersion                                             = 2
	deepest                                                 = 64 // a tree of a month's records has three levels
)

// sound tells whether everything that is reachable in a file can be read without harm.
func sound(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	meta, size, err := newestMeta(f)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	w := &walk{file: f, size: size, pages: binary.LittleEndian.Uint64(meta[metaPagesEnd:]), seen: map[uint64]bool{}}
	if free := binary.LittleEndian.Uint64(meta[metaFreelistAt:]); free != noFreelist {
		err = w.freelist(free)
	}
	if err == nil {
		err = w.page(binary.LittleEndian.Uint64(meta[metaRootAt:]), 0)
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w", errBlock, filepath.Base(path), err)
	}
	return nil
}

// newestMeta is the meta page that bbolt will go by, and the size of a page.
func newestMeta(f *os.File) (meta []byte, size int64, err error) {
	page := int64(os.Getpagesize())
	for i := range int64(2) {
		b := make([]byte, metaSize)
		if _, err := f.ReadAt(b, i*page+metaAt); err != nil {
			continue
		}
		if rightMeta(b) && binary.LittleEndian.Uint32(b[metaVersionAt:]) == metaVersion && (meta == nil || binary.LittleEndian.Uint64(b[48:]) > binary.LittleEndian.Uint64(meta[48:])) {
			meta = b
		}
	}
	if meta == nil {
		return nil, 0, fmt.Errorf("%w: neither of its meta pages is whole", errBlock)
	}
	if size = int64(binary.LittleEndian.Uint32(meta[8:])); size != page {
		return nil, 0, fmt.Errorf("its pages have %d bytes, this machine's %d: open it on the machine that it is from", size, page)
	}
	return meta, size, nil
}

// walk goes through the pages of a file.
type walk struct {
	file  *os.File
	size  int64
	pages uint64
	seen  map[uint64]bool
}

// read reads a page with what it overflows into.
func (w *walk) read(id uint64) ([]byte, error) {
	if id < 2 || id >= w.pages {
		return nil, fmt.Errorf("page %d is not one of its %d", id, w.pages)
	}
	header := make([]byte, pageHeader)
	if _, err := w.file.ReadAt(header, int64(id)*w.size); err != nil {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	if got := binary.LittleEndian.Uint64(header); got != id {
		return nil, fmt.Errorf("page %d says that it is page %d", id, got)
	}
	over := uint64(binary.LittleEndian.Uint32(header[12:]))
	if over >= w.pages || id+over >= w.pages {
		return nil, fmt.Errorf("page %d goes on beyond the end", id)
	}
	for i := id; i <= id+over; i++ {
		if w.seen[i] {
			return nil, fmt.Errorf("page %d is led to twice", i)
		}
		w.seen[i] = true
	}
	b := make([]byte, w.size*int64(over+1))
	if _, err := w.file.ReadAt(b, int64(id)*w.size); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("page %d: %w", id, err)
	}
	return b, nil
}

func (w *walk) freelist(id uint64) error {
	b, err := w.read(id)
	if err != nil {
		return err
	}
	if flags := binary.LittleEndian.Uint16(b[8:]); flags != freelistPage {
		return fmt.Errorf("page %d is no list of free pages", id)
	}
	ids := b[pageHeader:]
	n := uint64(binary.LittleEndian.Uint16(b[10:]))
	if n == 0xffff {
		n, ids = binary.LittleEndian.Uint64(ids), ids[8:]
	}
	if n > uint64(len(ids))/8 {
		return fmt.Errorf("page %d lists more free pages than it holds", id)
	}
	for i := range n {
		if free := binary.LittleEndian.Uint64(ids[8*i:]); free < 2 || free >= w.pages {
			return fmt.Errorf("page %d lists page %d as free, which is not one of its %d", id, free, w.pages)
		}
	}
	return nil
}

func (w *walk) page(id uint64, depth int) error {
	b, err := w.read(id)
	if err == nil {
		err = w.elements(b, depth)
	}
	if err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	return nil
}

// elements looks at what a page holds, or what stands for a page within an element.
func (w *walk) elements(b []byte, depth int) error {
	if depth > deepest {
		return errors.New("the tree is too deep")
	}
	if len(b) < pageHeader {
		return errors.New("it has no header")
	}
	flags, count := binary.LittleEndian.Uint16(b[8:]), int(binary.LittleEndian.Uint16(b[10:]))
	if flags != branchPage && flags != leafPage || flags == branchPage && count == 0 {
		return fmt.Errorf("it is of the type %#x with %d elements", flags, count)
	}
	if pageHeader+count*elementSize > len(b) {
		return fmt.Errorf("it has no room for its %d elements", count)
	}
	for i := range count {
		at := pageHeader + i*elementSize
		e := b[at : at+elementSize]
		if flags == branchPage {
			if uint64(at)+uint64(binary.LittleEndian.Uint32(e))+uint64(binary.LittleEndian.Uint32(e[4:])) > uint64(len(b)) {
				return fmt.Errorf("element %d lies outside", i)
			}
			if err := w.page(binary.LittleEndian.Uint64(e[8:]), depth+1); err != nil {
				return err
			}
			continue
		}
		kind, from, key, value := binary.LittleEndian.Uint32(e), uint64(at)+uint64(binary.LittleEndian.Uint32(e[4:])), uint64(binary.LittleEndian.Uint32(e[8:])), uint64(binary.LittleEndian.Uint32(e[12:]))
		if from+key+value > uint64(len(b)) {
			return fmt.Errorf("element %d lies outside", i)
		}
		if kind&bucketElement == 0 {
			continue
		}
		if err := w.bucket(b[from+key:from+key+value], depth); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	return nil
}

// bucket follows the value that stands for one: to its own page, or through the page that it holds.
func (w *walk) bucket(value []byte, depth int) error {
	if len(value) < bucketHeader {
		return errors.New("a bucket has no header")
	}
	if root := binary.LittleEndian.Uint64(value); root != 0 {
		return w.page(root, depth+1)
	}
	return w.elements(value[bucketHeader:], depth+1)
}
