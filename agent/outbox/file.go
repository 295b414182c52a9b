package outbox

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"hallkeeper/bilingual"
	"hallkeeper/wire"
)

// The file: bucket "events" maps seq (8 bytes, big-endian) to the event's JSON,
// bucket "meta" has "id" (the outbox's UUID), "last" (8 bytes, big-endian) and
// "version" (8 bytes, big-endian; 1 where it is missing).
// bbolt's pages carry no checksum, so each value ends with the CRC-32C, 4 bytes
// big-endian, of its key and itself.
const (
	eventsBucket = "events"
	metaBucket   = "meta"
	idKey        = "id"
	lastKey      = "last"
	versionKey   = "version"
	// version is raised when an older program could misread the file.
	version = 1

	lockPatience = 2 * time.Second
)

// contents is what a file says.
type contents struct {
	db          *bbolt.DB
	id          string
	first, last uint64
}

func open(dir string) (contents, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return contents{}, bilingual.Errorf("建不了待发箱的文件夹：%w", "make the outbox's folder: %w", err)
	}
	path := filepath.Join(dir, fileName)
	_, statErr := os.Stat(path)
	var c contents
	err := guard(func() error {
		var err error
		// Not NoFreelistSync, which would save a page of each write: then bbolt reads a
		// damaged file in a goroutine of its own, whose panic nobody can catch.
		if c.db, err = bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockPatience}); err != nil {
			return err
		}
		c.db.AllocSize = 1 << 20 // the file grows by this; an SD card is small
		c.db.NoSync = noSync
		db := c.db
		empty := false
		if err := db.View(func(tx *bbolt.Tx) error {
			k, _ := tx.Cursor().First()
			empty = k == nil
			return nil
		}); err != nil {
			return err
		}
		if empty { // any other file is not written to before it is known to be good
			if err := db.Update(begin); err != nil {
				return err
			}
		}
		return db.View(func(tx *bbolt.Tx) (err error) {
			c, err = verify(tx)
			c.db = db
			return err
		})
	})
	if err == nil && errors.Is(statErr, fs.ErrNotExist) {
		err = syncDir(dir)
	}
	if err != nil {
		if c.db != nil && !errors.Is(err, ErrDamaged) { // a panic may have left bbolt's locks held
			_ = c.db.Close()
		}
		return contents{}, bilingual.Errorf("打不开待发箱：%w", "open the outbox: %w", err)
	}
	return c, nil
}

// Inspect says what the outbox in the folder dir holds, changing nothing.
func Inspect(dir string) (State, error) {
	path := filepath.Join(dir, fileName)
	if _, err := os.Stat(path); err != nil {
		return State{}, fmt.Errorf("look at the outbox: %w", err)
	}
	var s State
	err := guard(func() error {
		db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 200 * time.Millisecond, ReadOnly: true})
		if err != nil {
			return err
		}
		defer db.Close()
		return db.View(func(tx *bbolt.Tx) error {
			c, err := verify(tx)
			if err != nil {
				return err
			}
			s = State{ID: c.id, First: c.first, Last: c.last, Pending: int(c.last + 1 - c.first)}
			if s.Pending > 0 {
				s.Oldest, err = whenAt(tx, c.first)
			}
			return err
		})
	})
	if err != nil {
		return State{}, fmt.Errorf("look at the outbox: %w", err)
	}
	return s, nil
}

// guard turns what bbolt does on a damaged file, panics and faults in the mapped
// memory included, into ErrDamaged.
func guard(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, p)
		}
	}()
	err = do()
	switch {
	case errors.Is(err, bbolterrors.ErrTimeout):
		return ErrInUse
	case errors.Is(err, bbolterrors.ErrInvalid), errors.Is(err, bbolterrors.ErrChecksum), errors.Is(err, bbolterrors.ErrVersionMismatch),
		errors.Is(err, bbolterrors.ErrInvalidMapping):
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// begin makes a new outbox's identity in an empty file.
func begin(tx *bbolt.Tx) error {
	meta, err := tx.CreateBucket([]byte(metaBucket))
	if err != nil {
		return err
	}
	if _, err := tx.CreateBucket([]byte(eventsBucket)); err != nil {
		return err
	}
	id, err := uuid.NewRandom()
	if err != nil {
		return fmt.Errorf("make an identity: %w", err)
	}
	if err := meta.Put([]byte(idKey), seal([]byte(idKey), []byte(id.String()))); err != nil {
		return err
	}
	if err := meta.Put([]byte(versionKey), seal([]byte(versionKey), key(version))); err != nil {
		return err
	}
	return meta.Put([]byte(lastKey), seal([]byte(lastKey), key(0)))
}

// known refuses the file of a newer program, whose other rules nobody knows here.
func known(tx *bbolt.Tx) error {
	meta := tx.Bucket([]byte(metaBucket))
	if meta == nil || meta.Get([]byte(versionKey)) == nil {
		return nil // of a program that did not write it yet; or damaged, as is seen next
	}
	v, err := unseal([]byte(versionKey), meta.Get([]byte(versionKey)))
	switch {
	case err != nil:
		return err
	case len(v) != 8:
		return fmt.Errorf("%w: its version is no number", ErrDamaged)
	case binary.BigEndian.Uint64(v) > version:
		return fmt.Errorf("%w (version %d, this program knows %d): install the newer agent again, or move the file away and keep it",
			ErrNewer, binary.BigEndian.Uint64(v), version)
	}
	return nil
}

// verify reads the whole file.
func verify(tx *bbolt.Tx) (contents, error) {
	if err := known(tx); err != nil {
		return contents{}, err
	}
	c, err := span(tx)
	if err != nil {
		return contents{}, err
	}
	id, err := unseal([]byte(idKey), tx.Bucket([]byte(metaBucket)).Get([]byte(idKey)))
	if err != nil {
		return contents{}, err
	}
	c.id = string(id)
	next := c.first
	err = tx.Bucket([]byte(eventsBucket)).ForEach(func(k, v []byte) error {
		if !bytes.Equal(k, key(next)) {
			return fmt.Errorf("%w: seq %d is missing", ErrDamaged, next)
		}
		next++
		_, err := unseal(k, v)
		return err
	})
	if err == nil && next != c.last+1 {
		err = fmt.Errorf("%w: it ends with seq %d instead of %d", ErrDamaged, next-1, c.last)
	}
	return c, err
}

// span gives first and last.
func span(tx *bbolt.Tx) (contents, error) {
	meta, events := tx.Bucket([]byte(metaBucket)), tx.Bucket([]byte(eventsBucket))
	if meta == nil || events == nil {
		return contents{}, fmt.Errorf("%w: a part of it is missing", ErrDamaged)
	}
	last, err := unseal([]byte(lastKey), meta.Get([]byte(lastKey)))
	if err != nil {
		return contents{}, err
	}
	if len(last) != 8 {
		return contents{}, fmt.Errorf("%w: the last seq is no number", ErrDamaged)
	}
	c := contents{last: binary.BigEndian.Uint64(last)}
	c.first = c.last + 1
	if k, _ := events.Cursor().First(); k != nil {
		if len(k) != 8 {
			return contents{}, fmt.Errorf("%w: a seq is no number", ErrDamaged)
		}
		c.first = binary.BigEndian.Uint64(k)
	}
	if c.first == 0 || c.first > c.last+1 {
		return contents{}, fmt.Errorf("%w: it begins with seq %d and ends with %d", ErrDamaged, c.first, c.last)
	}
	return c, nil
}

// apply deletes what is stored and adds entries, numbered on. With probe it
// writes even where there is nothing to do.
func apply(tx *bbolt.Tx, id string, first, stored uint64, entries []entry, probe bool) (contents, error) {
	c, err := span(tx)
	if err != nil {
		return contents{}, err
	}
	events := tx.Bucket([]byte(eventsBucket))
	for seq := max(first, c.first); seq <= min(stored, c.last); seq++ {
		if err := events.Delete(key(seq)); err != nil {
			return contents{}, err
		}
	}
	last := max(c.last, stored)
	for _, e := range entries {
		last++
		event := e.event
		event.Outbox, event.Seq = id, last
		if err := events.Put(key(last), seal(key(last), wire.AppendContent(nil, &event))); err != nil {
			return contents{}, err
		}
	}
	if last != c.last || probe {
		if err := tx.Bucket([]byte(metaBucket)).Put([]byte(lastKey), seal([]byte(lastKey), key(last))); err != nil {
			return contents{}, err
		}
	}
	return contents{first: max(c.first, stored+1), last: last}, nil
}

func eventsFrom(tx *bbolt.Tx, start, first uint64, maxEvents, maxBytes int) ([][]byte, error) {
	var events [][]byte
	size := 0
	cursor := tx.Bucket([]byte(eventsBucket)).Cursor()
	next := start
	for k, v := cursor.Seek(key(start)); k != nil && len(events) < maxEvents; k, v = cursor.Next() {
		if !bytes.Equal(k, key(next)) {
			if next == start { // deleted since the caller looked
				return nil, nil
			}
			return nil, fmt.Errorf("%w: seq %d is missing", ErrDamaged, next)
		}
		event, err := unseal(k, v)
		if err != nil {
			return nil, err
		}
		event = withFirst(event, first)
		if size += len(event); len(events) > 0 && size > maxBytes {
			break
		}
		events = append(events, event)
		next++
	}
	return events, nil
}

// withFirst copies an event's JSON object with its first added.
func withFirst(event []byte, first uint64) []byte {
	out := make([]byte, 0, len(event)+24)
	out = append(append(out, event[:len(event)-1]...), `,"first":`...)
	return append(strconv.AppendUint(out, first, 10), '}')
}

// whenAt gives when the event seq happened.
func whenAt(tx *bbolt.Tx, seq uint64) (time.Time, error) {
	v := tx.Bucket([]byte(eventsBucket)).Get(key(seq))
	if v == nil {
		return time.Time{}, nil // deleted since the caller looked
	}
	event, err := unseal(key(seq), v)
	if err != nil {
		return time.Time{}, err
	}
	var e struct {
		At time.Time `json:"at"`
	}
	if err := json.Unmarshal(event, &e); err != nil {
		return time.Time{}, fmt.Errorf("%w: seq %d is no event: %w", ErrDamaged, seq, err)
	}
	return e.At, nil
}

func key(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

func sum(key, value []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Update(0, table, key), table, value)
}

func seal(key, value []byte) []byte {
	return binary.BigEndian.AppendUint32(append(make([]byte, 0, len(value)+4), value...), sum(key, value))
}

// unseal gives the value, which shares memory with sealed.
func unseal(key, sealed []byte) ([]byte, error) {
	if n := len(sealed) - 4; n > 0 && sum(key, sealed[:n]) == binary.BigEndian.Uint32(sealed[n:]) {
		return sealed[:n], nil
	}
	return nil, fmt.Errorf("%w: the checksum of entry %x is wrong", ErrDamaged, key)
}

// setAside renames a damaged file so that nothing of it is lost.
func setAside(path string) (string, error) {
	aside := fmt.Sprintf("%s.damaged-%s", path, time.Now().UTC().Format("20060102T150405.000"))
	if err := os.Rename(path, aside); err != nil {
		return "", err
	}
	return aside, syncDir(filepath.Dir(path))
}

// syncDir makes a new or renamed file survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
