package eventlog

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	bolt "go.etcd.io/bbolt"

	"hallkeeper/wire"
)

// Options opens a log.
type Options struct {
	// Dir is the log's folder; it is made if it is not there.
	Dir    string
	Logger *slog.Logger
	// Zone is the hall's time zone: segments are its civil months. Nil means UTC.
	Zone *time.Location
	// Now is the hub's clock; nil means time.Now. Bulk generation sets it.
	Now func() time.Time
	// Inspect tells whether a file that was not closed cleanly can be read
	// without harm; nil inspects in this process. See InspectFile.
	Inspect func(path string) error
	// Decided is called in the committer with records that will be committed
	// next, so that later decisions see earlier ones. Failed is called when they
	// were not committed after all: the state must be loaded again. Both may be nil.
	Decided func([]wire.Record)
	Failed  func()
	// Committed is called in the committer after each commit; it must not block. May be nil.
	Committed func(Commit)
	// Program is the version of the program that writes; the log says it to those that come after.
	Program string
	// Known tells which kinds of events, up to which version, this program knows; nil is those of wire. A log with
	// others that its writer knew is refused.
	Known func(kind wire.Kind, version int) bool
	// Synchronised tells whether the clock is known to be right. Where it is not and shows a time before the newest
	// record, nothing is stored until it is set. Nil is a clock that is right.
	Synchronised func() bool
	// NewID makes the id of an event the hub appends; nil makes UUIDv7.
	NewID func() string
}

// Commit is the measure of one commit.
type Commit struct {
	Records, DeadLetters int
	// Took is the time of the transaction with its fsync.
	Took time.Duration
	Err  error
}

// Repair says what Open found damaged and what it did.
type Repair = wire.LogRepaired

// Log is an open log. All methods may be called from any goroutine.
type Log struct {
	opt   Options
	codec *codec
	seed  maphash.Seed
	lock  *os.File

	queue   chan job
	closing chan struct{}
	done    chan struct{}
	once    sync.Once
	sealers sync.WaitGroup
	began   atomic.Pointer[time.Time] // of the commit that goes on

	// Owned by the committer.
	cur    *segment
	state  segmentState
	front  frontier
	marks  map[markKey]uint64
	recent map[markKey]*recentHashes
	writer writer
	// writerNew is true where the writer knows a kind that the disk has not yet.
	writerNew bool
	newestAt  time.Time // when the newest record was stored

	superseded atomic.Pointer[error]

	mu             sync.RWMutex // guards what follows
	segments       []*segment
	head           wire.Position
	committedFront frontier
	deadOpen       uint64
	tail           []wire.Record // newest committed records, for followers
	grown          chan struct{} // closed when head grows
	failure        error
	failedAt       time.Time // by opt.Now
	failedFrom     time.Time // by the clock that nobody sets
	repairs        []Repair
	clean          bool
	sealing        int
}

const tailRecords = 8192

// Open opens or makes the log in opt.Dir. What it had to repair is in Repairs.
func Open(opt Options) (*Log, error) {
	if opt.Zone == nil {
		opt.Zone = time.UTC
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.NewID == nil {
		opt.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if opt.Synchronised == nil {
		opt.Synchronised = func() bool { return true }
	}
	if opt.Known == nil {
		opt.Known = vocabulary()
	}
	if opt.Inspect == nil {
		opt.Inspect = InspectFile
	}
	if err := os.MkdirAll(opt.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the log folder: %w", err)
	}
	lock, err := lockDir(opt.Dir)
	if err != nil {
		return nil, err
	}
	l := &Log{opt: opt, lock: lock, seed: maphash.MakeSeed(), queue: make(chan job, 1024),
		closing: make(chan struct{}), done: make(chan struct{}), grown: make(chan struct{})}
	if l.codec, err = newCodec(); err == nil {
		err = l.load()
	}
	if err != nil {
		for _, s := range l.segments {
			_ = s.close()
		}
		_ = lock.Close()
		return nil, err
	}
	go l.run()
	return l, nil
}

// load opens the segments, repairs the newest if it must, and reads the state
// that the next decision stands on.
func (l *Log) load() error {
	segments, err := listSegments(l.opt.Dir)
	if err != nil {
		return err
	}
	l.segments = segments
	if err := l.refuseNewer(); err != nil {
		return err
	}
	_, err = os.Stat(filepath.Join(l.opt.Dir, cleanMark))
	l.clean = err == nil || len(segments) == 0
	if err := os.Remove(filepath.Join(l.opt.Dir, cleanMark)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("the log folder cannot be written: %w", err)
	}
	if err := l.finishSeals(segments); err != nil {
		return err
	}
	// Every segment but the newest should be sealed; one that is not was left by
	// a stop in the middle and is sealed below.
	for _, s := range segments {
		if s.sealed {
			continue
		}
		if err := l.openForWriting(s); err != nil {
			return err
		}
	}
	if len(segments) == 0 {
		st := segmentState{Format: formatVersion, Month: l.month(l.opt.Now())}
		s, err := createSegment(l.opt.Dir, 1, st, nil, writer{Program: l.opt.Program})
		if err != nil {
			return err
		}
		l.segments = []*segment{s}
	}
	last := l.segments[len(l.segments)-1]
	if _, err := last.begins(); err != nil {
		return err
	}
	l.cur = last
	if err := l.loadState(); err != nil {
		return err
	}
	l.head, l.committedFront, l.deadOpen = l.state.Head, l.front.clone(), l.state.Dead
	l.newestAt = l.lastStored()
	if last.sealed { // the newest was sealed and its successor not begun: begin it
		at := l.opt.Now()
		if l.held(at) != nil {
			at = l.newestAt
		}
		if err := l.roll(l.month(l.moment(at))); err != nil {
			return err
		}
	}
	for _, s := range l.segments[:len(l.segments)-1] {
		if !s.sealed {
			l.sealLater(s)
		}
	}
	return nil
}

// openForWriting opens an open segment, after inspecting it where the last run
// did not end by itself, and repairs it where it is damaged.
func (l *Log) openForWriting(s *segment) error {
	if !l.clean {
		if err := l.opt.Inspect(s.path); err != nil {
			if errors.Is(err, ErrLocked) {
				return err
			}
			rep, rerr := l.repair(s, err)
			if rerr != nil {
				return fmt.Errorf("segment %s is damaged (%w) and could not be repaired: %w", filepath.Base(s.path), err, rerr)
			}
			l.repairs = append(l.repairs, rep)
			l.opt.Logger.Error("log segment was damaged and has been repaired", "segment", rep.Segment,
				"found", rep.Found, "did", rep.Did, "last_kept", rep.LastKept, "set_aside", rep.SetAside)
		}
	}
	db, err := openBolt(s.path, false)
	if err != nil {
		return err
	}
	s.db = db
	return nil
}

// loadState reads what the committer stands on from the newest segment.
func (l *Log) loadState() error {
	l.marks, l.recent = map[markKey]uint64{}, map[markKey]*recentHashes{}
	return l.cur.view(func(tx *bolt.Tx) error {
		st, err := readState(tx, "state")
		if err != nil {
			return err
		}
		front, err := unmarshalFrontier(st.Frontier)
		if err != nil {
			return err
		}
		if front.size != uint64(st.Head) {
			return fmt.Errorf("%w: the tree has %d leaves, the log %d records", errBlock, front.size, st.Head)
		}
		if l.writer, err = readWriter(tx); err != nil {
			return err
		}
		l.state, l.front, l.writerNew = st, front, false
		return tx.Bucket([]byte(bktMarks)).ForEach(func(k, v []byte) error {
			l.marks[markKey(k)] = getU64(v)
			return nil
		})
	})
}

func (l *Log) month(t time.Time) string { return t.In(l.opt.Zone).Format("2006-01") }

// Close ends the log: what was submitted is committed first.
func (l *Log) Close() error {
	l.once.Do(func() { close(l.closing) })
	<-l.done
	l.sealers.Wait()
	l.mu.Lock()
	segments, failed := l.segments, l.failure
	l.segments = nil
	l.mu.Unlock()
	var errs []error
	for _, s := range segments {
		errs = append(errs, s.close())
	}
	if failed == nil && errors.Join(errs...) == nil {
		errs = append(errs, os.WriteFile(filepath.Join(l.opt.Dir, cleanMark), nil, 0o600))
	}
	errs = append(errs, l.lock.Close())
	return errors.Join(errs...)
}

// Head is the position of the last committed record, 0 for an empty log.
func (l *Log) Head() wire.Position {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.head
}

// Repairs says what Open repaired; Clean whether the last run ended by itself.
func (l *Log) Repairs() []Repair { return l.repairs }

// Clean is true where the last run ended by itself, or the log is new.
func (l *Log) Clean() bool { return l.clean }

// Busy is how long the commit that goes on has taken so far; 0 where none does.
func (l *Log) Busy() time.Duration {
	if began := l.began.Load(); began != nil {
		return time.Since(*began)
	}
	return 0
}

// Stats describes the log.
func (l *Log) Stats() Stats {
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := Stats{Head: l.head, Segments: len(l.segments), DeadLetters: int(l.deadOpen), Writable: l.failure == nil}
	if l.failure != nil {
		s.Failure, s.UnwritableSince = l.failure.Error(), l.failedAt
		for _, cause := range []error{ErrClockBehind, ErrSuperseded} {
			if errors.Is(l.failure, cause) {
				s.Cause = cause
			}
		}
	}
	for _, seg := range l.segments {
		if st, err := os.Stat(seg.file()); err == nil {
			s.Bytes += st.Size()
		}
	}
	return s
}

// Marks lists the high-water mark of every outbox, in no order.
func (l *Log) Marks() ([]Mark, error) {
	var out []Mark
	seg := l.newest()
	if seg == nil {
		return nil, ErrClosed
	}
	err := seg.view(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte(bktMarks)).ForEach(func(k, v []byte) error {
			agent, outbox := markKey(k).split()
			out = append(out, Mark{Agent: agent, Outbox: outbox, Seq: getU64(v)})
			return nil
		})
	})
	return out, err
}

func (l *Log) newest() *segment {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if len(l.segments) == 0 {
		return nil
	}
	return l.segments[len(l.segments)-1]
}

// segmentOf finds the segment that holds a position.
func (l *Log) segmentOf(p wire.Position) (*segment, error) {
	l.mu.RLock()
	segments := l.segments
	l.mu.RUnlock()
	var failed error
	after := sort.Search(len(segments), func(i int) bool { // the first that begins after p
		first, err := segments[i].begins()
		if err != nil {
			failed = err
		}
		return first > p
	})
	switch {
	case failed != nil:
		return nil, failed
	case after == 0:
		return nil, fmt.Errorf("no segment holds position %d", p)
	}
	return segments[after-1], nil
}

// Submit hands a device's delivery to the committer. It blocks while the
// committer is behind and fails only when the log is closed; the outcome goes to s.Done.
func (l *Log) Submit(s Submission) error {
	select {
	case <-l.closing:
		return ErrClosed
	default:
	}
	select {
	case l.queue <- job{submission: &s}:
		return nil
	case <-l.closing:
		return ErrClosed
	}
}

// Moment is what a decision stands on.
type Moment struct {
	// Now is the hub's clock, in the hall's zone.
	Now time.Time
	// Size and Root are of the tree over all records before this decision.
	Size uint64
	Root func() [32]byte
}

// Decide makes the events to append, seeing all earlier decisions. It runs in
// the committer: no I/O, and quickly.
type Decide func(Moment) ([]wire.Event, error)

// Append decides and stores events that the hub makes, all or none, and
// returns them after the fsync. A key that is not empty makes it idempotent:
// the second time nothing is decided and the records of the first are given with
// again true. The error is Decide's own, ErrUnavailable, ErrClosed or ctx's;
// after ctx's error the events may still be stored.
func (l *Log) Append(ctx context.Context, key string, decide Decide) (records []wire.Record, again bool, err error) {
	a := &appendJob{key: key, decide: decide, answer: make(chan struct{})}
	select {
	case l.queue <- job{append: a}:
	case <-l.closing:
		return nil, false, ErrClosed
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	select {
	case <-a.answer:
		return a.records, a.again, a.err
	case <-ctx.Done():
		return nil, false, ctx.Err()
	case <-l.done:
		select {
		case <-a.answer:
			return a.records, a.again, a.err
		default:
			return nil, false, ErrClosed
		}
	}
}

type job struct {
	submission *Submission
	append     *appendJob
}

type appendJob struct {
	key     string
	decide  Decide
	answer  chan struct{}
	records []wire.Record
	again   bool
	err     error
}

func (k markKey) split() (agent, outbox string) {
	for i := 0; i < len(k); i++ {
		if k[i] == 0 {
			return string(k[:i]), string(k[i+1:])
		}
	}
	return string(k), ""
}
