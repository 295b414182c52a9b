package view

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// The buckets of a fold's shelved keys: the values, and the SHA-256 of each. The
// checksum of the file is over the second alone, so that a start does not read years.
const (
	shelfOf = ".shelf"
	indexOf = ".index"
)

// bucketsOf are those that a fold has.
func bucketsOf(f Fold) []string {
	if _, ok := f.(Shelving); ok {
		return []string{f.Name(), f.Name() + indexOf, f.Name() + shelfOf}
	}
	return []string{f.Name()}
}

// entry is what the index has of a value; nil of none.
func entry(value []byte) []byte {
	if value == nil {
		return nil
	}
	sum := sha256.Sum256(value)
	return sum[:]
}

// shelves read shelved values: those that wait to be saved, and those in the file.
type shelves struct {
	path string

	mu      sync.Mutex
	db      *bolt.DB          // nil before it is first needed and after it is closed
	pending map[string][]byte // not in the file yet, by fold and key
	damage  error
	spoiled context.Context // ended by leave with the first damage
	leave   context.CancelFunc
}

// damaged is the panic of a fetch that finds damage: a fold cannot go on without
// what it has kept, and the log can give all of it again.
type damaged struct{ error }

// openFor is how long another program may read the file before it is given up.
const openFor = 10 * time.Second

// open opens the file for writing, once.
func (r *Runner) open() error {
	s := &r.shelves
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db != nil {
		return nil
	}
	db, err := bolt.Open(s.path, 0o600, &bolt.Options{Timeout: openFor, FreelistType: bolt.FreelistMapType})
	if errors.Is(err, berrors.ErrTimeout) {
		return fmt.Errorf("open views.db: %w", ErrBusy)
	}
	if err != nil {
		return fmt.Errorf("open views.db: %w", err)
	}
	s.db = db
	return nil
}

func (s *shelves) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db == nil {
		return nil
	}
	err := s.db.Close() // waits for those who read
	s.db = nil
	return err
}

// wait keeps a value at hand until it is in the file.
func (s *shelves) wait(c change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending[c.id()] = c.value
}

// saved drops what has been written and has not changed since.
func (s *shelves) saved(changes map[string]change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, c := range changes {
		if c.shelved {
			delete(s.pending, id)
		}
	}
}

// fetch reads a value that the fold has saved. It panics where that is damaged.
func (s *shelves) fetch(fold, key string) []byte {
	c := change{fold: fold, key: key}
	s.mu.Lock()
	value, waits := s.pending[c.id()]
	db := s.db
	s.mu.Unlock()
	if waits {
		return value
	}
	read := func(tx *bolt.Tx) (err error) {
		value, err = fetched(tx, fold, key)
		return err
	}
	var err error
	if db != nil {
		err = guarded(func() error { return db.View(read) })
	}
	if db == nil || errors.Is(err, berrors.ErrDatabaseNotOpen) { // the hub is stopping
		err = readFile(s.path, read)
	}
	if err != nil {
		s.spoil(err)
		panic(damaged{err})
	}
	return value
}

// fetched reads a value of a file and checks it.
func fetched(tx *bolt.Tx, fold, key string) ([]byte, error) {
	shelf, index := tx.Bucket([]byte(fold+shelfOf)), tx.Bucket([]byte(fold+indexOf))
	if shelf == nil || index == nil {
		return nil, fmt.Errorf("views.db lacks the shelf of %s", fold)
	}
	value := bytes.Clone(shelf.Get([]byte(key)))
	if !bytes.Equal(entry(value), index.Get([]byte(key))) {
		return nil, fmt.Errorf("views.db is damaged: %s of %s does not give its checksum", key, fold)
	}
	return value, nil
}

// spoil ends the run. The file goes at once: a reader that nobody catches ends the
// program, and the next one must not come upon the same damage.
func (s *shelves) spoil(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !errors.Is(err, ErrBusy) {
		_ = os.Remove(s.path) // discard tells where it cannot be removed
	}
	if s.damage == nil {
		s.damage = err
		s.leave()
	}
}

// caught makes an error of damage that a fold came upon.
func (s *shelves) caught(err *error) {
	v := recover()
	if d, ours := v.(damaged); ours {
		*err = d.error
	} else if v != nil {
		panic(v)
	}
}

// discard removes the file where damage was found in it, and says so; nil where none was.
func (s *shelves) discard() error {
	s.mu.Lock()
	damage := s.damage
	s.mu.Unlock()
	if damage == nil {
		return nil
	}
	if err := os.Remove(s.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		damage = errors.Join(damage, err)
	}
	return errors.Join(fmt.Errorf("the views are damaged and are made again from the log at the next start; start the hub again, and have the disk checked: %w", damage), s.close())
}

// checkShelves compares each shelved value with its checksum.
func checkShelves(tx *bolt.Tx) error {
	return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
		fold, ok := strings.CutSuffix(string(name), shelfOf)
		if !ok {
			return nil
		}
		return b.ForEach(func(k, _ []byte) error {
			_, err := fetched(tx, fold, string(k))
			return err
		})
	})
}

// guarded makes an error of the fault that a damaged page causes its reader.
func guarded(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("views.db is damaged: %v", v)
		}
	}()
	return fn()
}
