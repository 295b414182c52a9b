// Package view runs folds over the log and keeps what they made in views.db. It
// owns that file, its position in the log and the rule that views in memory
// never lag behind what is durable. It knows no fold by name, and it refuses to
// hold anything that the log could not give again: views.db can be deleted at any time.
package view

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"iter"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"hallkeeper/wire"
)

// Fold is one view. Folds are applied to each record in their order, so a later
// one may stand on an earlier one. Apply cannot fail and must depend on the
// records alone.
type Fold interface {
	// Name is the fold's bucket. Version changes with what Apply makes.
	Name() string
	Version() int
	Apply(r *wire.Record)
	// Save writes what changed since the last Save; Load reads all of it back.
	Save(put func(key string, value []byte), remove func(key string))
	Load(key string, value []byte) error
}

// Shelving is a fold with keys whose values are too many for memory: they stay in
// the file, and the fold asks for one when somebody needs it.
type Shelving interface {
	Fold
	// Shelved tells which keys these are. Load is called with a nil value for each of them.
	Shelved(key string) bool
	// Shelve says how a value that was saved is read, by any number of readers at a
	// time. It is called once, before Load.
	Shelve(fetch func(key string) []byte)
}

// Source is the log.
type Source interface {
	Follow(ctx context.Context, after wire.Position) iter.Seq2[[]wire.Record, error]
	Head() wire.Position
}

// ErrBusy means that another program is writing the file.
var ErrBusy = errors.New("another program is writing the views")

const (
	// saveEvery bounds what a start after a power cut folds again; saveAfter, in
	// records, what waits in memory to be saved while a long log is folded.
	saveEvery  = 10 * time.Second
	saveAfter  = 100_000
	noFile     = ^wire.Position(0)
	metaBucket = "_meta"
	marker     = "_sum" // in _meta: the checksum of all other content but the shelves, of which it has the indexes
)

// Runner keeps folds in step with the log.
type Runner struct {
	path   string
	folds  []Fold
	logger *slog.Logger
	// OnBatch is called under the runner's lock after all folds applied a batch. May be nil.
	OnBatch func([]wire.Record)

	mu       sync.RWMutex
	position wire.Position
	moved    chan struct{} // closed when position grows

	saving  sync.Mutex
	saved   wire.Position     // of the last file written
	changes map[string]change // that no file has yet, by fold and key
	folded  int               // records since the last save was asked for
	full    chan struct{}     // asks for a save

	shelves shelves
}

// change is one key of one fold; value nil removes it.
type change struct {
	fold, key string
	value     []byte
	shelved   bool
}

// New reads what views.db holds; fresh builds folds in their empty state. A file
// that is damaged, ahead of head or of other versions is set aside or emptied
// and the views are made again from the log.
func New(path string, head wire.Position, logger *slog.Logger, fresh func() []Fold) (*Runner, []Fold, error) {
	r := newRunner(path, logger, fresh)
	err := r.load(head)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		if errors.Is(err, ErrBusy) {
			return nil, nil, err
		}
		logger.Warn("the views are made again from the log", "reason", err)
		if rerr := os.Remove(path); rerr != nil && !errors.Is(rerr, os.ErrNotExist) {
			return nil, nil, fmt.Errorf("remove views.db: %w", rerr)
		}
		r = newRunner(path, logger, fresh)
	}
	r.saved = r.position
	if err := r.open(); errors.Is(err, ErrBusy) {
		return nil, nil, err
	} else if err != nil { // they go on in memory, and each save tries again
		logger.Warn("the views cannot be saved", "error", err)
	}
	return r, r.folds, nil
}

func newRunner(path string, logger *slog.Logger, fresh func() []Fold) *Runner {
	r := &Runner{path: path, logger: logger, folds: fresh(), moved: newSignal(), changes: map[string]change{}, full: make(chan struct{}, 1)}
	r.shelves.path, r.shelves.pending = path, map[string][]byte{}
	r.shelves.spoiled, r.shelves.leave = context.WithCancel(context.Background())
	for _, f := range r.folds {
		if s, ok := f.(Shelving); ok {
			name := f.Name()
			s.Shelve(func(key string) []byte { return r.shelves.fetch(name, key) })
		}
	}
	return r
}

func newSignal() chan struct{} { return make(chan struct{}) }

// Position is the last record folded in memory.
func (r *Runner) Position() wire.Position {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.position
}

// Read runs fn while no fold changes.
func (r *Runner) Read(fn func()) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	fn()
}

// Await returns once all records up to and with p are folded.
func (r *Runner) Await(ctx context.Context, p wire.Position) error {
	for {
		r.mu.RLock()
		reached, moved := r.position >= p, r.moved
		r.mu.RUnlock()
		if reached {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("wait for the views: %w", context.Cause(ctx))
		}
	}
}

// Run folds until ctx ends and closes caughtUp once it has reached the head that
// the log had when Run began. It closes the file at its end, and removes one in which
// something turned out to be damaged, so that the next start makes the views again.
func (r *Runner) Run(ctx context.Context, src Source, caughtUp chan<- struct{}) error {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	stop := context.AfterFunc(r.shelves.spoiled, leave)
	defer stop()
	saves := make(chan error, 1)
	ended := make(chan struct{})
	go func() { saves <- r.saveNowAndThen(ended) }()
	failed := r.follow(ctx, src, caughtUp)
	close(ended)
	failed = errors.Join(failed, <-saves)
	if err := r.shelves.discard(); err != nil {
		return err
	}
	return errors.Join(failed, r.save(), r.shelves.close())
}

func (r *Runner) follow(ctx context.Context, src Source, caughtUp chan<- struct{}) (err error) {
	defer r.shelves.caught(&err)
	goal, reached := src.Head(), false
	reach := func() {
		if !reached && r.position >= goal {
			reached = true
			close(caughtUp)
		}
	}
	reach()
	for batch, err := range src.Follow(ctx, r.position) {
		if err != nil {
			return unreadable(err)
		}
		r.apply(batch)
		reach()
	}
	return nil
}

func unreadable(err error) error {
	return fmt.Errorf("read the log for the views (run hub verify; keep a copy of the folder and restore the segment that it names from a backup): %w", err)
}

func (r *Runner) apply(batch []wire.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range batch {
		for _, f := range r.folds {
			f.Apply(&batch[i])
		}
	}
	r.position = batch[len(batch)-1].Position
	if r.folded += len(batch); r.folded >= saveAfter {
		r.folded = 0
		select {
		case r.full <- struct{}{}:
		default:
		}
	}
	close(r.moved)
	r.moved = newSignal()
	if r.OnBatch != nil {
		r.OnBatch(batch)
	}
}

func (r *Runner) saveNowAndThen(stop <-chan struct{}) error {
	t := time.NewTicker(saveEvery)
	defer t.Stop()
	for {
		select {
		case <-stop:
			return nil
		case <-t.C:
		case <-r.full:
		}
		if err := r.save(); err != nil {
			r.logger.Warn("the views could not be saved; they are made again from the log if need be", "error", err)
		}
	}
}

// save writes changes, position and a checksum of all in one transaction, and
// fsyncs it: the file survives a power cut whole. The hall stands still only while
// the changes are collected, not while they are written.
func (r *Runner) save() error {
	r.saving.Lock()
	defer r.saving.Unlock()
	position := r.collect()
	if position == r.saved && len(r.changes) == 0 {
		return nil
	}
	if err := r.open(); err != nil {
		return err
	}
	err := r.shelves.db.Update(func(tx *bolt.Tx) error { return r.write(tx, position) })
	if err == nil {
		r.saved = position
		r.shelves.saved(r.changes)
		clear(r.changes)
	}
	return err
}

// collect takes what the folds changed since the last call, and the position it belongs to.
func (r *Runner) collect() wire.Position {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.folds {
		name := f.Name()
		shelved := func(string) bool { return false }
		if s, ok := f.(Shelving); ok {
			shelved = s.Shelved
		}
		note := func(k string, v []byte) {
			c := change{name, k, v, shelved(k)}
			r.changes[c.id()] = c
			if c.shelved {
				r.shelves.wait(c)
			}
		}
		f.Save(note, func(k string) { note(k, nil) })
	}
	return r.position
}

// id is the change's name among all.
func (c *change) id() string { return c.fold + "\x00" + c.key }

func (r *Runner) write(tx *bolt.Tx, position wire.Position) error {
	buckets := map[string]*bolt.Bucket{}
	for _, f := range r.folds {
		for _, name := range bucketsOf(f) {
			b, err := tx.CreateBucketIfNotExists([]byte(name))
			if err != nil {
				return err
			}
			buckets[name] = b
		}
	}
	meta, err := tx.CreateBucketIfNotExists([]byte(metaBucket))
	if err != nil {
		return err
	}
	var sum checksum
	copy(sum[:], meta.Get([]byte(marker)))
	for _, id := range slices.Sorted(maps.Keys(r.changes)) {
		c := r.changes[id]
		name, value := c.fold, c.value
		if c.shelved {
			name = c.fold + indexOf
			value = entry(c.value)
			if err := put(buckets[c.fold+shelfOf], c.key, c.value); err != nil {
				return err
			}
		}
		if err := sum.put(buckets[name], name, c.key, value); err != nil {
			return err
		}
	}
	if err := sum.put(meta, metaBucket, "position", binary.BigEndian.AppendUint64(nil, uint64(position))); err != nil {
		return err
	}
	if err := sum.put(meta, metaBucket, "versions", []byte(r.versions())); err != nil {
		return err
	}
	return meta.Put([]byte(marker), sum[:])
}

// checksum finds damage in views.db: the SHA-256 of every entry, one XORed onto
// the other. So a save costs what has changed, however large the file has grown.
type checksum [sha256.Size]byte

// put writes an entry, or deletes it where value is nil.
func (c *checksum) put(b *bolt.Bucket, name, key string, value []byte) error {
	c.flip(name, []byte(key), b.Get([]byte(key)))
	c.flip(name, []byte(key), value)
	return put(b, key, value)
}

func put(b *bolt.Bucket, key string, value []byte) error {
	if value == nil {
		return b.Delete([]byte(key))
	}
	return b.Put([]byte(key), value)
}

// flip adds an entry, or takes it off; nil is none.
func (c *checksum) flip(name string, key, value []byte) {
	if value == nil {
		return
	}
	h := sha256.New()
	add(h, []byte(name))
	add(h, key)
	add(h, value)
	for i, x := range h.Sum(nil) {
		c[i] ^= x
	}
}

// checksumOf is that of a whole file.
func checksumOf(tx *bolt.Tx) (c checksum, err error) {
	err = tx.ForEach(func(name []byte, b *bolt.Bucket) error {
		if strings.HasSuffix(string(name), shelfOf) {
			return nil // each value has its own in the index
		}
		return b.ForEach(func(k, v []byte) error {
			if string(name) != metaBucket || string(k) != marker {
				c.flip(string(name), k, v)
			}
			return nil
		})
	})
	return c, err
}

func (r *Runner) versions() string {
	var b strings.Builder
	for _, f := range r.folds {
		fmt.Fprintf(&b, "%s=%d ", f.Name(), f.Version())
	}
	return b.String()
}

func (r *Runner) load(head wire.Position) (err error) {
	if _, err := os.Stat(r.path); err != nil {
		return err
	}
	return readFile(r.path, func(tx *bolt.Tx) error {
		meta := tx.Bucket([]byte(metaBucket))
		if meta == nil {
			return errors.New("views.db is empty")
		}
		sum, err := checksumOf(tx)
		if err != nil {
			return err
		}
		position := meta.Get([]byte("position"))
		switch {
		case string(meta.Get([]byte(marker))) != string(sum[:]) || len(position) != 8:
			return errors.New("views.db is damaged: its content does not give its checksum")
		case string(meta.Get([]byte("versions"))) != r.versions():
			return errors.New("views.db was made by another version")
		case wire.Position(binary.BigEndian.Uint64(position)) > head:
			return errors.New("views.db is ahead of the log")
		}
		for _, f := range r.folds {
			for _, name := range bucketsOf(f) {
				b := tx.Bucket([]byte(name))
				if b == nil {
					return fmt.Errorf("views.db lacks %s", name)
				}
				load := f.Load
				switch {
				case strings.HasSuffix(name, shelfOf):
					continue
				case strings.HasSuffix(name, indexOf):
					load = func(key string, _ []byte) error { return f.Load(key, nil) }
				}
				if err := b.ForEach(func(k, v []byte) error { return load(string(k), v) }); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
		}
		r.position = wire.Position(binary.BigEndian.Uint64(position))
		return nil
	})
}

// readFile reads a bbolt file that may be damaged: pages carry no checksum, and
// a bad one can make the reader fault.
func readFile(path string, fn func(*bolt.Tx) error) error {
	return guarded(func() (err error) {
		db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
		if errors.Is(err, berrors.ErrTimeout) {
			return ErrBusy
		}
		if err != nil {
			return fmt.Errorf("open views.db: %w", err)
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		return db.View(fn)
	})
}

// digest is SHA-256 over all buckets, keys and values in order.
func digest(tx *bolt.Tx) ([]byte, error) {
	h := sha256.New()
	err := tx.ForEach(func(name []byte, b *bolt.Bucket) error {
		add(h, name)
		return b.ForEach(func(k, v []byte) error {
			if string(name) == metaBucket && string(k) == marker {
				return nil
			}
			add(h, k)
			add(h, v)
			return nil
		})
	})
	return h.Sum(nil), err
}

func add(h hash.Hash, b []byte) {
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
	_, _ = h.Write(b)
}

// Digest is a SHA-256 over the whole content of a views.db, which two replays
// of the same log give alike.
func Digest(path string) (sum []byte, position wire.Position, err error) {
	err = readFile(path, func(tx *bolt.Tx) error {
		if b := tx.Bucket([]byte(metaBucket)); b != nil && len(b.Get([]byte("position"))) == 8 {
			position = wire.Position(binary.BigEndian.Uint64(b.Get([]byte("position"))))
		}
		if err := checkShelves(tx); err != nil {
			return err
		}
		sum, err = digest(tx)
		return err
	})
	return sum, position, err
}

// Rows gives the keys with a prefix that a fold has in a views.db, without the prefix and in order.
func Rows(path, fold, prefix string) (keys []string, err error) {
	err = readFile(path, func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(fold))
		if b == nil {
			return nil
		}
		c := b.Cursor()
		for k, _ := c.Seek([]byte(prefix)); bytes.HasPrefix(k, []byte(prefix)); k, _ = c.Next() {
			keys = append(keys, string(k[len(prefix):]))
		}
		return nil
	})
	return keys, err
}

// Replay makes path anew from the whole log and returns the last position.
func Replay(ctx context.Context, src Source, path string, logger *slog.Logger, fresh func() []Fold) (p wire.Position, err error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, fmt.Errorf("remove the old views: %w", err)
	}
	r := newRunner(path, logger, fresh)
	r.saved = noFile
	err = r.replay(ctx, src)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return r.position, errors.Join(err, r.shelves.close())
	}
	r.saved = noFile
	return r.position, errors.Join(r.save(), r.shelves.close())
}

// replay folds the log. What is finished goes to the disk on the way: memory holds what is going on.
func (r *Runner) replay(ctx context.Context, src Source) (err error) {
	defer r.shelves.caught(&err)
	goal := src.Head()
	if goal == 0 {
		return nil
	}
	for batch, err := range src.Follow(ctx, 0) {
		if err != nil {
			return unreadable(err)
		}
		r.apply(batch)
		select {
		case <-r.full:
			if err := r.save(); err != nil {
				return err
			}
		default:
		}
		if r.position >= goal {
			break
		}
	}
	return nil
}
