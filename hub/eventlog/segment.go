package eventlog

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"hallkeeper/format"
	"hallkeeper/wire"
)

// Buckets of a segment.
const (
	bktBlocks  = "blocks"  // first position (u64) → block
	bktTree    = "tree"    // level (u8), n (u64) → hash of a complete subtree of at least 1<<treeFloor leaves
	bktMarks   = "marks"   // agent NUL outbox → seq (u64)
	bktIndex   = "index"   // agent NUL outbox NUL seq (u64), every indexEvery-th → position (u64)
	bktIDs     = "ids"     // agent NUL id → position (u64), for events without an outbox
	bktRefused = "refused" // agent NUL outbox NUL seq (u64) → number of the dead letter (u64)
	bktDead    = "dead"    // number (u64) → wire.DeadLetter as JSON
	bktMeta    = "meta"    // "state" → segmentState as JSON; "begin" → the state the segment began with; "writer" → writer as JSON
)

const (
	extOpen   = ".open"
	extSealed = ".sealed"
	// indexEvery is how many seqs share an entry of the index: a late duplicate
	// costs a short scan, and the index costs next to no disk.
	indexEvery = 256
)

// segmentState is written with every commit.
type segmentState struct {
	Format   int           `json:"format"`
	Month    string        `json:"month"`
	Head     wire.Position `json:"head"`
	Dead     uint64        `json:"dead"` // number of the last dead letter
	Frontier []byte        `json:"frontier"`
}

const formatVersion = 1

// segment is one file of the log. Its handle is opened when it is first needed.
type segment struct {
	number int
	month  string
	// first is the first position it may hold; 0 until somebody had to know.
	first atomic.Uint64

	mu     sync.RWMutex // of what sealing changes under its readers
	sealed bool
	path   string
	db     *bolt.DB
	gone   bool
}

var segmentName = regexp.MustCompile(`^(\d{5,})_(\d{4}-\d{2})\.(open|sealed)$`)

func segmentPath(dir string, number int, month, ext string) string {
	return filepath.Join(dir, fmt.Sprintf("%05d_%s%s", number, month, ext))
}

// listSegments finds the segments of dir in order. Where a segment is there
// both open and sealed, sealing was interrupted after its rename: the sealed one counts.
func listSegments(dir string) ([]*segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the log folder: %w", err)
	}
	found := map[int]*segment{}
	for _, e := range entries {
		m := segmentName.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		n, _ := strconv.Atoi(m[1])
		s := &segment{number: n, month: m[2], sealed: m[3] == "sealed", path: filepath.Join(dir, e.Name())}
		if old := found[n]; old == nil || s.sealed {
			found[n] = s
		}
	}
	out := make([]*segment, 0, len(found))
	for _, s := range found {
		out = append(out, s)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].number < out[j].number })
	return out, nil
}

func openBolt(path string, readOnly bool) (*bolt.DB, error) {
	if err := whole(path); err != nil {
		return nil, err
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{
		ReadOnly: readOnly, Timeout: 2 * time.Second, FreelistType: bolt.FreelistMapType,
		// A remap waits for readers; reserving address space makes it rare.
		InitialMmapSize: initialMmap(readOnly), NoSync: noSync,
	})
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, fmt.Errorf("%w: %s is locked", ErrLocked, filepath.Base(path))
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", filepath.Base(path), err)
	}
	db.AllocSize = 1 << 20 // a month is small: grow by a mebibyte, not by 16
	return db, nil
}

func initialMmap(readOnly bool) int {
	if readOnly || strconv.IntSize == 32 {
		return 0
	}
	return 256 << 20
}

// view runs fn in a read transaction. Transactions must stay short: a growing
// file waits for them.
func (s *segment) view(fn func(*bolt.Tx) error) error {
	s.mu.RLock()
	for s.db == nil && !s.gone { // more than once where it is sealed meanwhile
		s.mu.RUnlock()
		if err := s.open(); err != nil {
			return err
		}
		s.mu.RLock()
	}
	defer s.mu.RUnlock()
	if s.gone {
		return ErrClosed
	}
	return s.db.View(fn)
}

// open opens its file for reading where nobody has.
func (s *segment) open() (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db == nil && !s.gone {
		s.db, err = openBolt(s.path, true)
	}
	return err
}

// file is where it is now.
func (s *segment) file() string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.path
}

// begins is the first position that the segment may hold. A log of many years
// has many sealed segments, and its start opens none of them.
func (s *segment) begins() (wire.Position, error) {
	if p := s.first.Load(); p != 0 {
		return wire.Position(p), nil
	}
	err := s.view(func(tx *bolt.Tx) error {
		st, err := readState(tx, "begin")
		s.first.Store(uint64(st.Head) + 1)
		return err
	})
	if err != nil {
		s.first.Store(0)
		return 0, fmt.Errorf("segment %s: %w", filepath.Base(s.file()), err)
	}
	return wire.Position(s.first.Load()), nil
}

func (s *segment) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	if s.db == nil {
		return nil
	}
	err := s.db.Close()
	s.db = nil
	return err
}

// readState reads the state of the last commit ("state") or the one the
// segment began with ("begin").
func readState(tx *bolt.Tx, key string) (segmentState, error) {
	var st segmentState
	b := tx.Bucket([]byte(bktMeta))
	if b == nil {
		return st, fmt.Errorf("%w: no state", errBlock)
	}
	if err := json.Unmarshal(b.Get([]byte(key)), &st); err != nil {
		return st, fmt.Errorf("%w: state does not read: %w", errBlock, err)
	}
	if st.Format != formatVersion {
		w, _ := readWriter(tx) // of a form that may be another
		return st, &format.Newer{Program: w.Program, What: fmt.Sprintf("the log has format %d, this program reads %d", st.Format, formatVersion)}
	}
	return st, nil
}

func putState(tx *bolt.Tx, key string, st segmentState) error {
	b, err := json.Marshal(st)
	if err != nil {
		return err
	}
	return tx.Bucket([]byte(bktMeta)).Put([]byte(key), b)
}

// createSegment makes an empty open segment of writer w that continues from st and marks.
// It appears under its name only when it is whole.
func createSegment(dir string, number int, st segmentState, marks map[markKey]uint64, w writer) (*segment, error) {
	path := segmentPath(dir, number, st.Month, extOpen)
	tmp := path + ".new"
	_ = os.Remove(tmp)
	db, err := openBolt(tmp, false)
	if err != nil {
		return nil, err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range []string{bktBlocks, bktTree, bktMarks, bktIndex, bktIDs, bktRefused, bktDead, bktMeta} {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		for k, seq := range marks {
			if err := tx.Bucket([]byte(bktMarks)).Put([]byte(k), u64(seq)); err != nil {
				return err
			}
		}
		if err := putState(tx, "begin", st); err != nil {
			return err
		}
		if err := putWriter(tx, w); err != nil {
			return err
		}
		return putState(tx, "state", st)
	})
	if cerr := db.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		_ = os.Remove(tmp)
		return nil, fmt.Errorf("begin segment %s: %w", filepath.Base(path), err)
	}
	s := &segment{number: number, month: st.Month, path: path}
	s.first.Store(uint64(st.Head) + 1)
	if s.db, err = openBolt(path, false); err != nil {
		return nil, err
	}
	return s, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}

func u64(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }

func getU64(b []byte) uint64 {
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

// markKey is agent NUL outbox: names hold no NUL.
type markKey string

func keyOf(agent, outbox string) markKey { return markKey(agent + "\x00" + outbox) }

func seqKey(k markKey, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte(k), 0), seq)
}
