package eventlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	bolt "go.etcd.io/bbolt"

	"hallkeeper/format"
	"hallkeeper/wire"
)

// writerKey is in bktMeta beside the states. Logs of before it have none: they hold no kind that a later program lacks.
const writerKey = "writer"

// writer says which programs have written a log, and which of their words an older one may lack. It goes from each
// segment into the next, so that the newest speaks for all.
type writer struct {
	// Program is the version of the last that wrote.
	Program string `json:"program"`
	// Kinds are those that the log holds and its writers knew, with the version of who stored the first. A kind
	// that a device sends and no writer knew is not among them: it is stored as it is, and counted by nobody.
	Kinds map[string]string `json:"kinds"`
}

// vocabulary tells whether this program knows what a kind of event of some version means.
func vocabulary() func(kind wire.Kind, version int) bool {
	known := map[wire.Kind]int{}
	for _, k := range wire.Kinds() {
		known[k.Kind] = k.Version
	}
	return func(kind wire.Kind, version int) bool {
		v, ok := known[kind]
		return ok && version <= v
	}
}

func wordOf(kind wire.Kind, version int) string {
	if version <= 1 {
		return string(kind)
	}
	return fmt.Sprintf("%s@%d", kind, version)
}

// note remembers that a word is in the log; it is written with the commit that has it.
func (l *Log) note(e *wire.Event) {
	word := wordOf(e.Kind, e.Version)
	if _, there := l.writer.Kinds[word]; there || !l.opt.Known(e.Kind, e.Version) {
		return
	}
	l.writer.Kinds[word], l.writerNew = l.opt.Program, true
}

func (l *Log) putWriter(tx *bolt.Tx) error {
	if l.writer.Program == l.opt.Program && !l.writerNew {
		return nil
	}
	w := l.writer
	w.Program = l.opt.Program
	if err := putWriter(tx, w); err != nil {
		return fmt.Errorf("write who writes: %w", err)
	}
	l.writer, l.writerNew = w, false
	return nil
}

func putWriter(tx *bolt.Tx, w writer) error {
	b, err := json.Marshal(w)
	if err != nil {
		return err
	}
	return tx.Bucket([]byte(bktMeta)).Put([]byte(writerKey), b)
}

// readWriter reads who has written; of a log of before it, nobody.
func readWriter(tx *bolt.Tx) (writer, error) {
	w := writer{}
	if b := tx.Bucket([]byte(bktMeta)); b != nil {
		if text := b.Get([]byte(writerKey)); text != nil {
			if err := json.Unmarshal(text, &w); err != nil {
				return w, fmt.Errorf("%w: who wrote it does not read: %w", errBlock, err)
			}
		}
	}
	if w.Kinds == nil {
		w.Kinds = map[string]string{}
	}
	return w, nil
}

// newer refuses what a newer program has written: another format, or kinds of events that this one would miscount.
func (w *writer) newer(known func(wire.Kind, int) bool) error {
	var lacking []string
	program := ""
	for word, by := range w.Kinds {
		kind, v, _ := strings.Cut(word, "@")
		version, err := strconv.Atoi(v)
		if err != nil {
			version = 1
		}
		if !known(wire.Kind(kind), version) {
			lacking = append(lacking, word)
			program = by
		}
	}
	if len(lacking) == 0 {
		return nil
	}
	slices.Sort(lacking)
	if len(lacking) > 1 {
		program = w.Program // of several the last surely knew all
	}
	return &format.Newer{Program: program, What: fmt.Sprintf("the log has events that this program does not know: %v", lacking[:min(5, len(lacking))])}
}

// Newer refuses the log of a newer program, and reads nothing else of it. A log that is not there, or that a
// program has open, is refused elsewhere.
func Newer(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, lockName)); err != nil {
		return nil //nolint:nilerr // there is no log
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil //nolint:nilerr // a program has it open, which is said when this one opens it
	}
	segments, err := listSegments(dir)
	if err == nil {
		err = (&Log{opt: Options{Dir: dir, Known: vocabulary()}, segments: segments}).refuseNewer()
	}
	return errors.Join(err, lock.Close())
}

// refuseNewer looks at the newest segment that can be read, before anything is written. A damaged one says nothing:
// the one before it does, and if there is none, the repair finds no blocks of another format.
func (l *Log) refuseNewer() error {
	for _, s := range slices.Backward(l.segments) {
		err := l.refuseNewerSegment(s.file())
		var newer *format.Newer
		switch {
		case err == nil, errors.As(err, &newer), errors.Is(err, ErrLocked):
			return err
		}
	}
	return nil
}

func (l *Log) refuseNewerSegment(path string) (err error) {
	return l.look(path, func(tx *bolt.Tx) error {
		if _, err := readState(tx, "state"); err != nil {
			return err
		}
		w, err := readWriter(tx)
		if err != nil {
			return err
		}
		return w.newer(l.opt.Known)
	})
}

// Begun tells whether a log holds anything, and changes nothing. One that does not read, or that a program has
// open, has begun.
func Begun(dir string) (bool, error) {
	if _, err := os.Stat(filepath.Join(dir, lockName)); errors.Is(err, fs.ErrNotExist) {
		return false, nil // there is no log
	}
	lock, err := lockDir(dir)
	if errors.Is(err, ErrLocked) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	segments, err := listSegments(dir)
	if err := errors.Join(err, lock.Close()); err != nil || len(segments) == 0 {
		return false, err
	}
	empty := false // also where it does not read
	l := &Log{opt: Options{Dir: dir}}
	_ = l.look(segments[len(segments)-1].file(), func(tx *bolt.Tx) error {
		st, err := readState(tx, "state")
		empty = err == nil && st.Head == 0 && st.Dead == 0
		return err
	})
	return !empty, nil
}

// look reads a segment that may be damaged.
func (l *Log) look(path string, read func(*bolt.Tx) error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %v", errBlock, v)
		}
	}()
	if _, err := os.Stat(filepath.Join(l.opt.Dir, cleanMark)); err != nil { // it may be damaged
		if err := sound(path); err != nil {
			return err
		}
	}
	db, err := openBolt(path, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.View(read)
}
