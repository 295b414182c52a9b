// Package view runs folds over the log and keeps what they made in views.db. It
// owns that file, its position in the log and the rule that views in memory
// never lag behind what is durable. It knows no fold by name, and it refuses to
// hold anything that the log could not give again: views.db can be deleted at any time.
package view

import (
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
	"runtime/debug"
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

// Source is the log.
type Source interface {
	Follow(ctx context.Context, after wire.Position) iter.Seq2[[]wire.Record, error]
	Head() wire.Position
}

// ErrBusy means that another program is writing the file.
var ErrBusy = errors.New("another program is writing the views")

const (
	saveEvery  = 2 * time.Second
	noFile     = ^wire.Position(0)
	metaBucket = "_meta"
	marker     = "_sum" // in _meta: the checksum of all other content
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
}

// change is one key of one fold; value nil removes it.
type change struct {
	fold, key string
	value     []byte
}

// New reads what views.db holds; fresh builds folds in their empty state. A file
// that is damaged, ahead of head or of other versions is set aside or emptied
// and the views are made again from the log.
func New(path string, head wire.Position, logger *slog.Logger, fresh func() []Fold) (*Runner, []Fold, error) {
	r := newRunner(path, logger, fresh)
	err := r.load(head)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		logger.Warn("the views are made again from the log", "reason", err)
		if rerr := os.Remove(path); rerr != nil && !errors.Is(rerr, os.ErrNotExist) {
			return nil, nil, fmt.Errorf("remove views.db: %w", rerr)
		}
		r.folds, r.position = fresh(), 0
	}
	r.saved = r.position
	return r, r.folds, nil
}

func newRunner(path string, logger *slog.Logger, fresh func() []Fold) *Runner {
	return &Runner{path: path, logger: logger, folds: fresh(), moved: newSignal(), changes: map[string]change{}}
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
// the log had when Run began.
func (r *Runner) Run(ctx context.Context, src Source, caughtUp chan<- struct{}) error {
	goal, reached := src.Head(), false
	reach := func() {
		if !reached && r.position >= goal {
			reached = true
			close(caughtUp)
		}
	}
	reach()
	saves := make(chan error, 1)
	stop := make(chan struct{})
	go func() { saves <- r.saveNowAndThen(stop) }()
	var failed error
	for batch, err := range src.Follow(ctx, r.position) {
		if err != nil {
			failed = fmt.Errorf("read the log for the views (run hub verify; keep a copy of the folder and restore the segment that it names from a backup): %w", err)
			break
		}
		r.apply(batch)
		reach()
	}
	close(stop)
	return errors.Join(failed, <-saves, r.save())
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
			if err := r.save(); err != nil {
				r.logger.Warn("the views could not be saved; they are made again from the log if need be", "error", err)
			}
		}
	}
}

// save writes changes, position and a checksum of all in one transaction. The
// file is not fsynced: it can be made again, and the checksum shows a torn one.
// The hall stands still only while the changes are collected, not while they are written.
func (r *Runner) save() error {
	r.saving.Lock()
	defer r.saving.Unlock()
	position := r.collect()
	if position == r.saved && len(r.changes) == 0 {
		return nil
	}
	db, err := bolt.Open(r.path, 0o600, &bolt.Options{Timeout: time.Second, NoSync: true, FreelistType: bolt.FreelistMapType})
	if err != nil {
		return fmt.Errorf("open views.db: %w", err)
	}
	err = errors.Join(db.Update(func(tx *bolt.Tx) error { return r.write(tx, position) }), db.Close())
	if err == nil {
		r.saved = position
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
		f.Save(func(k string, v []byte) { r.changes[name+"\x00"+k] = change{name, k, v} },
			func(k string) { r.changes[name+"\x00"+k] = change{fold: name, key: k} })
	}
	return r.position
}

func (r *Runner) write(tx *bolt.Tx, position wire.Position) error {
	buckets := map[string]*bolt.Bucket{}
	for _, f := range r.folds {
		b, err := tx.CreateBucketIfNotExists([]byte(f.Name()))
		if err != nil {
			return err
		}
		buckets[f.Name()] = b
	}
	meta, err := tx.CreateBucketIfNotExists([]byte(metaBucket))
	if err != nil {
		return err
	}
	var sum checksum
	copy(sum[:], meta.Get([]byte(marker)))
	for _, id := range slices.Sorted(maps.Keys(r.changes)) {
		c := r.changes[id]
		if err := sum.put(buckets[c.fold], c.fold, c.key, c.value); err != nil {
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
			b := tx.Bucket([]byte(f.Name()))
			if b == nil {
				return fmt.Errorf("views.db lacks %s", f.Name())
			}
			if err := b.ForEach(func(k, v []byte) error { return f.Load(string(k), v) }); err != nil {
				return fmt.Errorf("%s: %w", f.Name(), err)
			}
		}
		r.position = wire.Position(binary.BigEndian.Uint64(position))
		return nil
	})
}

// readFile reads a bbolt file that may be damaged: pages carry no checksum, and
// a bad one can make the reader fault.
func readFile(path string, fn func(*bolt.Tx) error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("views.db is damaged: %v", v)
		}
	}()
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if errors.Is(err, berrors.ErrTimeout) {
		return ErrBusy
	}
	if err != nil {
		return fmt.Errorf("open views.db: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.View(fn)
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
		sum, err = digest(tx)
		return err
	})
	return sum, position, err
}

// Replay makes path anew from the whole log and returns the last position.
func Replay(ctx context.Context, src Source, path string, logger *slog.Logger, fresh func() []Fold) (wire.Position, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, fmt.Errorf("remove the old views: %w", err)
	}
	r := newRunner(path, logger, fresh)
	goal := src.Head()
	if goal > 0 {
		for batch, err := range src.Follow(ctx, 0) {
			if err != nil {
				return r.position, fmt.Errorf("read the log for the views (run hub verify; keep a copy of the folder and restore the segment that it names from a backup): %w", err)
			}
			if r.apply(batch); r.position >= goal {
				break
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return r.position, err
	}
	r.saved = noFile
	return r.position, r.save()
}
