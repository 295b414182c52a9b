package outbox

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"github.com/google/uuid"
	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"hallkeeper/wire"
)

// Errors that callers tell apart.
var (
	// ErrFull means that the outbox has reached its bound: the event was not kept.
	ErrFull = errors.New("the outbox is full")
	// ErrClosed means that the outbox was closed: the event was not kept.
	ErrClosed = errors.New("the outbox is closed")
	// ErrLocked means that another program has the outbox open.
	ErrLocked = errors.New("another agent is using this outbox")
)

// DefaultLimit is how many events an outbox holds: a busy window's month.
const DefaultLimit = 100_000

const (
	bktMeta   = "meta"
	bktEvents = "events" // seq → event as JSON, without first

	maxBatch = 256
)

// Options opens an outbox.
type Options struct {
	// Path is the file; its folder must be there.
	Path   string
	Logger *slog.Logger
	// Limit is how many events it holds at most; DefaultLimit where it is 0.
	Limit int
	// Full makes the event that reports how many were refused, once there is room again. May be nil.
	Full func(refused int) wire.Event
}

// Outbox is an open outbox. Its methods may be called from any goroutine.
type Outbox struct {
	opt   Options
	db    *bolt.DB
	queue chan request
	quit  chan struct{}
	done  chan struct{}
	once  sync.Once

	mu      sync.Mutex
	id      string
	next    uint64 // the seq of the next event
	first   uint64 // the oldest that is held; next where nothing is
	oldest  time.Time
	refused int
	grown   chan struct{} // closed when an event is added or the outbox is renewed
	trim    uint64        // delete up to and with it
	fresh   bool          // a damaged file was set aside
}

// request is one event to keep.
type request struct {
	event wire.Event
	done  func(wire.Event, error)
}

// Open opens or makes an outbox. A damaged file is set aside under another name
// and a new outbox takes its place, which the hub shows.
func Open(opt Options) (*Outbox, error) {
	if opt.Limit <= 0 {
		opt.Limit = DefaultLimit
	}
	o := &Outbox{opt: opt, queue: make(chan request, maxBatch), quit: make(chan struct{}), done: make(chan struct{}), grown: make(chan struct{})}
	err := o.load()
	if err != nil && !errors.Is(err, ErrLocked) && exists(opt.Path) && !errors.Is(err, os.ErrPermission) {
		aside := fmt.Sprintf("%s.damaged-%d", opt.Path, time.Now().Unix())
		opt.Logger.Error("the outbox is damaged; it is set aside and a new one begun: give the file to an engineer", "error", err, "set_aside", aside)
		if rerr := os.Rename(opt.Path, aside); rerr != nil {
			return nil, fmt.Errorf("set the damaged outbox aside: %w", rerr)
		}
		o.fresh = true
		err = o.load()
	}
	if err != nil {
		return nil, fmt.Errorf("open the outbox %s: %w", opt.Path, err)
	}
	go o.run()
	return o, nil
}

func exists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// load opens the file and reads all of it once: bbolt's pages carry no checksum,
// and a damaged one can make its reader fault.
func (o *Outbox) load() (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the file is damaged: %v", v)
		}
		if err != nil && o.db != nil {
			err = errors.Join(err, o.db.Close())
			o.db = nil
		}
	}()
	o.db, err = bolt.Open(o.opt.Path, 0o600, &bolt.Options{Timeout: time.Second, FreelistType: bolt.FreelistMapType})
	if errors.Is(err, berrors.ErrTimeout) {
		return ErrLocked
	}
	if err != nil {
		return err
	}
	if err := o.db.Update(o.prepare); err != nil {
		return err
	}
	return syncDir(filepath.Dir(o.opt.Path))
}

func (o *Outbox) prepare(tx *bolt.Tx) error {
	meta, err := tx.CreateBucketIfNotExists([]byte(bktMeta))
	if err != nil {
		return err
	}
	events, err := tx.CreateBucketIfNotExists([]byte(bktEvents))
	if err != nil {
		return err
	}
	if meta.Get([]byte("id")) == nil {
		if events.Stats().KeyN > 0 {
			return errors.New("the file holds events and no id")
		}
		if err := errors.Join(meta.Put([]byte("id"), []byte(uuid.NewString())), meta.Put([]byte("next"), key(1))); err != nil {
			return err
		}
	}
	o.id = string(meta.Get([]byte("id")))
	if b := meta.Get([]byte("next")); len(b) == 8 {
		o.next = binary.BigEndian.Uint64(b)
	}
	if _, err := uuid.Parse(o.id); err != nil || o.next == 0 {
		return errors.New("the file's head does not read")
	}
	o.first = o.next
	for c, want := events.Cursor(), uint64(0); ; want++ {
		var k, v []byte
		if want == 0 {
			if k, v = c.First(); k == nil {
				return nil
			}
		} else if k, v = c.Next(); k == nil {
			break
		}
		if len(k) != 8 {
			return errors.New("an event has no seq")
		}
		seq := binary.BigEndian.Uint64(k)
		var e wire.Event
		if err := json.Unmarshal(v, &e); err != nil || e.Seq != seq || e.Outbox != o.id {
			return fmt.Errorf("event %d does not read", seq)
		}
		if want == 0 {
			o.first, o.oldest, want = seq, e.At, seq
		} else if seq != want {
			return fmt.Errorf("event %d is missing", want)
		}
		if seq >= o.next {
			return fmt.Errorf("event %d is beyond the head", seq)
		}
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func key(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// ID is the outbox's UUID.
func (o *Outbox) ID() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.id
}

// Fresh is true where Open has set a damaged outbox aside.
func (o *Outbox) Fresh() bool { return o.fresh }

// Add keeps an event: done is called once, with the event as it was numbered
// after the fsync, or with the reason why it was not kept. done runs on the
// outbox's goroutine and must not wait.
func (o *Outbox) Add(e wire.Event, done func(wire.Event, error)) {
	select {
	case o.queue <- request{e, done}:
	case <-o.quit:
		done(e, ErrClosed)
	}
}

// Keep adds an event and waits for the fsync.
func (o *Outbox) Keep(e wire.Event) (wire.Event, error) {
	type kept struct {
		event wire.Event
		err   error
	}
	answer := make(chan kept, 1)
	o.Add(e, func(e wire.Event, err error) { answer <- kept{e, err} })
	select {
	case k := <-answer:
		return k.event, k.err
	case <-o.done:
		select {
		case k := <-answer:
			return k.event, k.err
		default:
			return e, ErrClosed
		}
	}
}

// Held says what waits: the oldest seq, the next one to be given, and when the
// oldest happened (zero where nothing waits).
func (o *Outbox) Held() (first, next uint64, oldest time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.first, o.next, o.oldest
}

// Grown is closed at the next change of what there is to send.
func (o *Outbox) Grown() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.grown
}

// Stored deletes all events up to and with seq, together with the next commit
// or soon by itself. seq must be from the hub's answer for this outbox.
func (o *Outbox) Stored(seq uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.trim = max(o.trim, min(seq, o.next-1))
}

// Read gives events from seq on as JSON objects with `first`, at most limit
// events and about size bytes, in seq order; nil where there is none.
func (o *Outbox) Read(seq uint64, limit, size int) (events [][]byte, err error) {
	err = o.db.View(func(tx *bolt.Tx) error {
		c := tx.Bucket([]byte(bktEvents)).Cursor()
		first, _ := c.First()
		if first == nil {
			return nil
		}
		head := fmt.Appendf(nil, `{"first":%d,`, binary.BigEndian.Uint64(first))
		for k, v := c.Seek(key(seq)); k != nil && len(events) < limit; k, v = c.Next() {
			if size -= len(head) + len(v); size < 0 && len(events) > 0 {
				break
			}
			events = append(events, append(append([]byte(nil), head...), v[1:]...))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	return events, nil
}

// Close ends the outbox after what was added has been kept.
func (o *Outbox) Close() error {
	o.once.Do(func() { close(o.quit) })
	<-o.done
	if err := o.db.Close(); err != nil {
		return fmt.Errorf("close the outbox: %w", err)
	}
	return nil
}

// trimEvery is how long deletions may wait for an event to be written with.
const trimEvery = 500 * time.Millisecond

// run is the only writer: what comes in during an fsync shares the next one.
func (o *Outbox) run() {
	defer close(o.done)
	t := time.NewTicker(trimEvery)
	defer t.Stop()
	for {
		var batch []request
		select {
		case r := <-o.queue:
			batch = o.drain(append(batch, r))
		case <-t.C:
			if !o.trimmable() {
				continue
			}
		case <-o.quit:
			if batch = o.drain(nil); len(batch) > 0 || o.trimmable() {
				o.commit(batch)
			}
			return
		}
		o.commit(batch)
	}
}

func (o *Outbox) drain(batch []request) []request {
	for len(batch) < maxBatch {
		select {
		case r := <-o.queue:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

func (o *Outbox) trimmable() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.trim >= o.first || o.refused > 0
}

// commit deletes what is stored and writes what came, in one transaction.
func (o *Outbox) commit(batch []request) {
	o.mu.Lock()
	first, next, trim, refused, id := o.first, o.next, o.trim, o.refused, o.id
	o.mu.Unlock()
	oldest := time.Time{}
	answers := make([]error, len(batch))
	begin := next
	err := o.db.Update(func(tx *bolt.Tx) error {
		events, meta := tx.Bucket([]byte(bktEvents)), tx.Bucket([]byte(bktMeta))
		events.FillPercent = 0.95 // keys only grow
		for ; first <= trim; first++ {
			if err := events.Delete(key(first)); err != nil {
				return err
			}
		}
		put := func(e *wire.Event) error {
			e.Outbox, e.Seq, e.First = id, next, 0
			b, err := json.Marshal(e)
			if err != nil {
				return err
			}
			next++
			return events.Put(key(e.Seq), b)
		}
		if refused > 0 && o.opt.Full != nil && next-first < uint64(o.opt.Limit) {
			e := o.opt.Full(refused)
			if err := put(&e); err != nil {
				return err
			}
			refused = 0
		}
		for i := range batch {
			if next-first >= uint64(o.opt.Limit) {
				answers[i] = ErrFull
				refused++
				continue
			}
			if err := put(&batch[i].event); err != nil {
				return err
			}
		}
		if k, v := events.Cursor().First(); k != nil {
			var e wire.Event
			if json.Unmarshal(v, &e) == nil {
				oldest = e.At
			}
		}
		return meta.Put([]byte("next"), key(next))
	})
	o.mu.Lock()
	if err == nil {
		o.first, o.next, o.oldest, o.refused = first, next, oldest, refused
		if next != begin {
			close(o.grown)
			o.grown = make(chan struct{})
		}
	}
	o.mu.Unlock()
	if err != nil {
		o.opt.Logger.Error("the outbox cannot be written", "error", err, "events", len(batch))
		err = fmt.Errorf("write the outbox: %w", err)
	}
	for i, r := range batch {
		if err != nil {
			answers[i] = err
		}
		r.done(r.event, answers[i])
	}
}

// Renew gives the outbox a new id and numbers what it holds from 1: the hub
// knows more of the old one than this file does, so the file is an old copy.
func (o *Outbox) Renew() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	id, count := uuid.NewString(), uint64(0)
	err := o.db.Update(func(tx *bolt.Tx) error {
		old := tx.Bucket([]byte(bktEvents))
		var held []wire.Event
		if err := old.ForEach(func(_, v []byte) error {
			var e wire.Event
			err := json.Unmarshal(v, &e)
			held = append(held, e)
			return err
		}); err != nil {
			return err
		}
		if err := tx.DeleteBucket([]byte(bktEvents)); err != nil {
			return err
		}
		events, err := tx.CreateBucket([]byte(bktEvents))
		if err != nil {
			return err
		}
		for i := range held {
			count++
			held[i].Outbox, held[i].Seq = id, count
			b, err := json.Marshal(&held[i])
			if err != nil {
				return err
			}
			if err := events.Put(key(count), b); err != nil {
				return err
			}
		}
		meta := tx.Bucket([]byte(bktMeta))
		return errors.Join(meta.Put([]byte("id"), []byte(id)), meta.Put([]byte("next"), key(count+1)))
	})
	if err != nil {
		return fmt.Errorf("renew the outbox: %w", err)
	}
	o.id, o.first, o.next, o.trim = id, 1, count+1, 0
	close(o.grown)
	o.grown = make(chan struct{})
	return nil
}
