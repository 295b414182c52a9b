package outbox

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"hallkeeper/bilingual"
	"hallkeeper/wire"
)

// Errors of an outbox.
var (
	// ErrFull refuses an event: the outbox holds as many as it may.
	ErrFull = errors.New("the outbox is full")
	// ErrBusy refuses an event: the disk is slower than people press.
	ErrBusy = errors.New("the disk does not keep up")
	// ErrClosed refuses an event after Close.
	ErrClosed = errors.New("the outbox is closed")
	// ErrDamaged means that the file cannot be relied on any more: Close sets it
	// aside, and the next Open begins a new one.
	ErrDamaged = bilingual.New("待发箱文件已损坏", "the outbox file is damaged")
	// ErrNewer means that a newer program has made the file; nothing of it is touched.
	ErrNewer = errors.New("a newer agent has made this outbox")
	// ErrInUse means that another process has the outbox.
	ErrInUse = bilingual.New("另一个代理正在用这个待发箱", "another agent uses this outbox")
)

const (
	fileName = "outbox.db"
	// maxQueued is how many events wait for one fsync at most.
	maxQueued = 256
	// reserve is room above the limit for the device's own reports.
	reserve = 64
	// deleteDelay is how long a deletion waits for an event to share its fsync
	// with, unless deleteMost events are to be deleted: each fsync of its own wears
	// the SD card. What is deleted late is at worst sent twice after a power cut,
	// and the hub knows it.
	deleteDelay = 5 * time.Minute
	deleteMost  = 256
	// maxSeq ends nonsense: nobody presses so often.
	maxSeq = 1 << 53
)

// State is what an outbox holds.
type State struct {
	ID string
	// First is the oldest seq on the disk; Last+1 where there is none.
	First uint64
	// Last is the latest seq given out, 0 where none was.
	Last uint64
	// Pending is how many events are not known to be stored by the hub.
	Pending int
	// Oldest is when the oldest of them happened; zero where there is none.
	Oldest time.Time
}

type entry struct {
	event wire.Event
	kept  func(error)
}

// Outbox is open. Its methods may be called by several goroutines at once.
type Outbox struct {
	db      *bbolt.DB
	path    string
	id      string
	limit   int
	logger  *slog.Logger
	changed chan struct{} // has room for one
	wake    chan struct{} // has room for one
	failed  chan struct{} // closed with damage
	ended   chan struct{}

	mu      sync.Mutex
	queue   []entry
	first   uint64 // on the disk
	last    uint64 // on the disk
	stored  uint64 // up to which the hub has all
	closing bool
	damage  error
	writing time.Time // since when the committer writes; zero while it does not
	broken  error     // of the latest write, or of a file that could not be opened
	probe   bool      // try to write
}

// Open opens the outbox in the folder dir, which is made where it is missing. A
// damaged file is set aside, with a line in the log, and a new outbox begun.
// limit is how many events it holds before Add refuses. The caller has to Close.
func Open(dir string, limit int, logger *slog.Logger) (*Outbox, error) {
	path := filepath.Join(dir, fileName)
	c, err := open(dir)
	if errors.Is(err, ErrDamaged) {
		aside, moveErr := setAside(path)
		if moveErr != nil {
			return nil, fmt.Errorf("set the damaged outbox aside: %w", moveErr)
		}
		logger.Error("the outbox file was damaged and is set aside; what it held was not sent by this device: keep the file for a technician",
			"set_aside", aside, "error", err)
		c, err = open(dir)
	}
	if err != nil {
		return nil, err
	}
	o := &Outbox{db: c.db, path: path, id: c.id, limit: limit, logger: logger, changed: make(chan struct{}, 1), wake: make(chan struct{}, 1),
		failed: make(chan struct{}), ended: make(chan struct{}), first: c.first, last: c.last, stored: c.first - 1}
	go o.commit()
	return o, nil
}

// Unusable is an outbox without a file, for a device that has none now: it
// refuses all that is added with err, and holds nothing.
func Unusable(err error, logger *slog.Logger) *Outbox {
	o := &Outbox{logger: logger, changed: make(chan struct{}, 1), wake: make(chan struct{}, 1), failed: make(chan struct{}), ended: make(chan struct{}),
		first: 1, broken: err}
	close(o.ended)
	return o
}

// Health is nil while events can be kept. Otherwise it is why not: ErrFull,
// ErrNewer, or what the disk says.
func (o *Outbox) Health() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.broken != nil:
		return o.broken
	case o.full(o.limit):
		return ErrFull
	}
	return nil
}

// Probe tries to write after a write has failed: a disk may have room again.
func (o *Outbox) Probe() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.db != nil && o.broken != nil {
		o.probe = true
		poke(o.wake)
	}
}

func (o *Outbox) full(limit int) bool { return o.pending()+len(o.queue) >= limit }

// pending counts what the hub is not known to have; mu is held.
func (o *Outbox) pending() int {
	if o.stored >= o.last {
		return 0
	}
	return int(o.last + 1 - max(o.first, o.stored+1))
}

// ID is the UUID that was made with the outbox.
func (o *Outbox) ID() string { return o.id }

// Add takes an event that a person made; its Outbox and Seq are set here. It
// never waits: kept is called once, from another goroutine, after the fsync (nil)
// or when that has failed. An error says that kept will not be called.
func (o *Outbox) Add(e wire.Event, kept func(error)) error { return o.add(e, kept, o.limit) }

// Report is Add for what the device itself has to say; it has a little room left
// when people are refused.
func (o *Outbox) Report(e wire.Event, kept func(error)) error { return o.add(e, kept, o.limit+reserve) }

func (o *Outbox) add(e wire.Event, kept func(error), limit int) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.damage != nil:
		return o.damage
	case o.db == nil:
		return o.broken
	case o.closing:
		return ErrClosed
	case o.full(limit):
		return ErrFull
	case len(o.queue) == maxQueued:
		return ErrBusy
	}
	o.queue = append(o.queue, entry{e, kept})
	poke(o.wake)
	return nil
}

// DeleteTo says that the hub has all events up to and with seq on its disk. They
// are deleted with the next fsync of an event, or some minutes later. A seq above Last comes of a disk image older
// than the hub's memory: numbers that the hub knows are then not given out again.
func (o *Outbox) DeleteTo(seq uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if seq <= o.stored || seq > maxSeq || o.db == nil {
		return
	}
	if seq > o.last {
		o.logger.Error("the hub has more of this outbox than the device: the disk is an old copy; numbering goes on behind the hub's",
			"outbox", o.id, "hub_seq", seq, "own_seq", o.last)
	}
	o.stored = seq
	poke(o.wake)
	poke(o.changed)
}

// State gives what the outbox holds.
func (o *Outbox) State() (State, error) {
	o.mu.Lock()
	s := State{ID: o.id, First: o.first, Last: o.last}
	oldest := max(o.stored+1, o.first)
	o.mu.Unlock()
	if oldest > s.Last || o.db == nil {
		return s, nil
	}
	s.Pending = int(s.Last + 1 - oldest)
	err := o.read(func(tx *bbolt.Tx) error {
		at, err := whenAt(tx, oldest)
		s.Oldest = at
		return err
	})
	return s, err
}

// Read gives events from seq from on, in order and without gaps, as JSON with
// their first: at most maxEvents, and together at most maxBytes long, but one at
// least. start is the seq of the first one given.
func (o *Outbox) Read(from uint64, maxEvents, maxBytes int) (start uint64, events [][]byte, err error) {
	o.mu.Lock()
	first := o.first
	start = max(from, first)
	o.mu.Unlock()
	err = o.read(func(tx *bbolt.Tx) error {
		events, err = eventsFrom(tx, start, first, maxEvents, maxBytes)
		return err
	})
	return start, events, err
}

// Pending is how many events are not known to be stored by the hub.
func (o *Outbox) Pending() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.pending()
}

// Next is the seq from which on the hub may lack events; what is before it may
// still be on the disk, too.
func (o *Outbox) Next() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return max(o.first, o.stored+1)
}

// Span gives the oldest seq on the disk and the latest one given out.
func (o *Outbox) Span() (first, last uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.first, o.last
}

// Busy is for how long the disk has been written to: long means that it hangs.
func (o *Outbox) Busy() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.writing.IsZero() {
		return 0
	}
	return time.Since(o.writing)
}

// Changed is sent to, without waiting, after events were added or deleted.
func (o *Outbox) Changed() <-chan struct{} { return o.changed }

// Failed is closed when the file turns out to be damaged; Err says how.
func (o *Outbox) Failed() <-chan struct{} { return o.failed }

// Err is nil unless the file is damaged.
func (o *Outbox) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.damage
}

// Close writes what waits and closes the file.
func (o *Outbox) Close() error {
	o.mu.Lock()
	again := o.closing
	o.closing = true
	o.mu.Unlock()
	if again || o.db == nil {
		return nil
	}
	poke(o.wake)
	<-o.ended
	if o.Err() == nil {
		return guard(o.db.Close)
	}
	// Not closed: a panic may have left bbolt's locks held, and the process ends.
	aside, err := setAside(o.path)
	if err != nil {
		return fmt.Errorf("set the damaged outbox aside: %w", err)
	}
	o.logger.Error("the outbox file is damaged and is set aside: keep the file for a technician", "set_aside", aside, "error", o.Err())
	return nil
}

// read runs a read-only transaction; damage is remembered.
func (o *Outbox) read(do func(*bbolt.Tx) error) error {
	if o.db == nil {
		return nil
	}
	err := guard(func() error { return o.db.View(do) })
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return ErrClosed
	}
	o.note(err)
	return err
}

func (o *Outbox) note(err error) {
	if !errors.Is(err, ErrDamaged) {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.damage == nil {
		o.damage = err
		close(o.failed)
	}
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
