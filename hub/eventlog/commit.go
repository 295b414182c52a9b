package eventlog

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"time"

	bolt "go.etcd.io/bbolt"

	"hallkeeper/wire"
)

// maxDrain bounds the items of one transaction, so that an answer never waits
// for an endless batch.
const maxDrain = 4096

// retryEvery is how often a log that cannot store tries again.
const retryEvery = time.Second

// run is the committer: it takes what arrived during the last fsync, decides it
// in order, commits it together, and answers.
func (l *Log) run() {
	defer close(l.done)
	retry := time.NewTicker(retryEvery)
	defer retry.Stop()
	for {
		var batch []job
		select {
		case j := <-l.queue:
			batch = l.drain(append(batch, j))
		case <-retry.C:
			switch {
			case l.failure != nil:
				l.recover()
			case l.superseded.Load() != nil: // also while nobody stores anything
				l.fail(l.held(l.opt.Now()))
			}
			continue
		case <-l.closing:
			for batch = l.drain(nil); len(batch) > 0; batch = l.drain(nil) {
				l.commit(batch)
			}
			return
		}
		l.commit(batch)
	}
}

func (l *Log) drain(batch []job) []job {
	items := 0
	for _, j := range batch {
		items += j.size()
	}
	for items < maxDrain {
		select {
		case j := <-l.queue:
			batch = append(batch, j)
			items += j.size()
		default:
			return batch
		}
	}
	return batch
}

func (j job) size() int {
	if j.submission != nil {
		return len(j.submission.Items)
	}
	return 1
}

// draft is a batch while it is decided: nothing of it shows outside before the commit.
type draft struct {
	tx      *bolt.Tx
	now     time.Time
	records []wire.Record
	pending map[markKey]map[uint64]int // outbox → seq → index into records, of this batch
	ids     map[string]int             // id key → index into records, of this batch
	touched map[markKey]struct{}
	hashes  []storedHash
	dead    int
	buf     []byte
}

func (l *Log) commit(batch []job) {
	if l.failure != nil {
		l.answer(batch, nil, l.unavailable())
		return
	}
	began := time.Now() // measured by the monotonic clock, whatever opt.Now says
	l.began.Store(&began)
	defer l.began.Store(nil)
	results := make([][]Result, len(batch))
	records, dead, err := l.write(batch, results)
	if l.opt.Committed != nil {
		l.opt.Committed(Commit{Records: len(records), DeadLetters: dead, Took: time.Since(began), Err: err})
	}
	if err != nil {
		l.fail(err)
		l.answer(batch, nil, l.unavailable())
		return
	}
	l.publish(records)
	l.answer(batch, results, nil)
}

func (l *Log) unavailable() error { return fmt.Errorf("%w: %w", ErrUnavailable, l.failure) }

func (l *Log) answer(batch []job, results [][]Result, err error) {
	for i, j := range batch {
		switch {
		case j.submission != nil && err != nil:
			j.submission.Done(nil, err)
		case j.submission != nil:
			j.submission.Done(results[i], nil)
		default:
			if err != nil { // also a refusal: it may stand on what was not committed
				j.append.err, j.append.records, j.append.again = err, nil, false
			}
			close(j.append.answer)
		}
	}
}

func (l *Log) write(batch []job, results [][]Result) (records []wire.Record, dead int, err error) {
	now := l.opt.Now().In(l.opt.Zone).Truncate(time.Millisecond)
	if err := l.held(now); err != nil {
		return nil, 0, err
	}
	now = l.moment(now)
	if m := l.month(now); m != l.cur.month && uint64(l.state.Head) >= l.cur.first.Load() {
		if err := l.roll(m); err != nil {
			return nil, 0, err
		}
	}
	defer func() {
		if p := recover(); p != nil { // a damaged page inside bbolt
			records, err = nil, fmt.Errorf("the open segment is damaged: %v", p)
		}
	}()
	tx, err := l.cur.db.Begin(true)
	if err != nil {
		return nil, 0, fmt.Errorf("begin a commit: %w", err)
	}
	d := &draft{tx: tx, now: now, pending: map[markKey]map[uint64]int{}, ids: map[string]int{}, touched: map[markKey]struct{}{}}
	defer func() {
		if d.tx != nil {
			_ = d.tx.Rollback()
		}
	}()
	for i, j := range batch {
		if j.submission != nil {
			results[i], err = l.decideSubmission(d, j.submission)
		} else {
			err = l.decideAppend(d, j.append)
		}
		if err != nil {
			return nil, 0, err
		}
	}
	if len(d.records) == 0 && d.dead == 0 && len(d.touched) == 0 {
		return nil, 0, nil // only duplicates: what they repeat is on disk already
	}
	if err := l.put(d); err != nil {
		return nil, 0, err
	}
	if answerBeforeCommit {
		l.answerEarly(batch, results)
	}
	d.tx = nil
	if err := tx.Commit(); err != nil {
		return nil, 0, fmt.Errorf("commit: %w", err)
	}
	return d.records, d.dead, nil
}

// put writes the draft's records, marks, tree and state into its transaction.
func (l *Log) put(d *draft) error {
	blocks := d.tx.Bucket([]byte(bktBlocks))
	blocks.FillPercent = 0.95 // keys only grow
	for rest := d.records; len(rest) > 0; {
		n := min(len(rest), openBlock)
		if err := blocks.Put(u64(uint64(rest[0].Position)), l.codec.encode(rest[:n], false)); err != nil {
			return fmt.Errorf("write a block: %w", err)
		}
		rest = rest[n:]
	}
	tree := d.tx.Bucket([]byte(bktTree))
	for _, h := range d.hashes {
		if err := tree.Put(treeKey(h.level, h.n), h.hash[:]); err != nil {
			return fmt.Errorf("write the tree: %w", err)
		}
	}
	marks := d.tx.Bucket([]byte(bktMarks))
	for k := range d.touched {
		if err := marks.Put([]byte(k), u64(l.marks[k])); err != nil {
			return fmt.Errorf("write a mark: %w", err)
		}
	}
	if err := l.putWriter(d.tx); err != nil {
		return err
	}
	l.state.Frontier = l.front.marshal()
	return putState(d.tx, "state", l.state)
}

// publish makes committed records visible to readers.
func (l *Log) publish(records []wire.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deadOpen = l.state.Dead
	l.committedFront = l.front.clone()
	if len(records) == 0 {
		return
	}
	l.head = records[len(records)-1].Position
	l.newestAt = records[len(records)-1].StoredAt
	if len(l.tail)+len(records) > 2*tailRecords {
		keep := max(0, min(len(l.tail), tailRecords-len(records)))
		l.tail = append([]wire.Record(nil), l.tail[len(l.tail)-keep:]...)
	}
	l.tail = append(l.tail, records...)
	close(l.grown)
	l.grown = make(chan struct{})
}

// add numbers an event and puts it into the draft.
func (l *Log) add(d *draft, e wire.Event) wire.Position {
	e.First = 0
	l.state.Head++
	r := wire.Record{Position: l.state.Head, StoredAt: d.now, Event: e}
	var h [32]byte
	h, d.buf = leafHash(&r, d.buf)
	d.hashes = l.front.add(h, d.hashes)
	d.records = append(d.records, r)
	l.note(&r.Event)
	if l.opt.Decided != nil {
		l.opt.Decided(d.records[len(d.records)-1:])
	}
	return r.Position
}

func (l *Log) decideSubmission(d *draft, s *Submission) ([]Result, error) {
	out := make([]Result, len(s.Items))
	for i := range s.Items {
		item := &s.Items[i]
		item.Event.Agent = s.Agent
		var err error
		if item.Event.Outbox == "" {
			out[i], err = l.decideLoose(d, item)
		} else {
			out[i], err = l.decideInOrder(d, item)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// decideInOrder takes an event of an outbox only when it is the next one.
func (l *Log) decideInOrder(d *draft, item *Item) (Result, error) {
	e := &item.Event
	k := keyOf(e.Agent, e.Outbox)
	mark := l.marks[k]
	if e.First > mark+1 {
		data, err := json.Marshal(wire.OutboxGap{Agent: e.Agent, Outbox: e.Outbox, From: mark + 1, To: e.First - 1})
		if err != nil {
			return Result{}, err
		}
		l.add(d, wire.Event{ID: l.opt.NewID(), At: d.now, Kind: wire.KindOutboxGap, Data: data,
			Actor: &wire.Actor{Kind: wire.ActorDevice, ID: e.Agent}})
		mark = e.First - 1
		l.marks[k] = mark
		d.touched[k] = struct{}{}
	}
	switch {
	case e.Seq > mark+1:
		return Result{Outcome: Ahead, Mark: mark}, nil
	case e.Seq <= mark:
		same, err := l.sameAsStored(d, k, e, item.Dead != nil)
		if err != nil {
			return Result{}, err
		}
		if same {
			return Result{Outcome: Duplicate, Mark: mark}, nil
		}
		dead := item.Dead
		if dead == nil {
			dead = &wire.DeadLetter{Reason: wire.ReasonConflict, Payload: string(wire.AppendContent(nil, e)),
				Detail: fmt.Sprintf("seq %d of this outbox is stored with other content", e.Seq)}
			dead.Size = len(dead.Payload)
		}
		if err := l.bury(d, item, dead); err != nil {
			return Result{}, err
		}
		return Result{Outcome: DeadLettered, Reason: dead.Reason, Mark: mark}, nil
	}
	l.marks[k] = e.Seq
	d.touched[k] = struct{}{}
	if item.Dead != nil {
		if err := l.bury(d, item, item.Dead); err != nil {
			return Result{}, err
		}
		return Result{Outcome: DeadLettered, Reason: item.Dead.Reason, Mark: e.Seq}, nil
	}
	if e.Seq%indexEvery == 1 || l.recent[k] == nil {
		if err := d.tx.Bucket([]byte(bktIndex)).Put(seqKey(k, e.Seq), u64(uint64(l.state.Head+1))); err != nil {
			return Result{}, fmt.Errorf("write the index: %w", err)
		}
	}
	l.remember(d, k, e)
	return Result{Outcome: Stored, Position: l.add(d, *e), Mark: e.Seq}, nil
}

// decideLoose takes an event without an outbox: its id tells duplicates.
func (l *Log) decideLoose(d *draft, item *Item) (Result, error) {
	e := &item.Event
	if item.Dead != nil {
		if err := l.bury(d, item, item.Dead); err != nil {
			return Result{}, err
		}
		return Result{Outcome: DeadLettered, Reason: item.Dead.Reason}, nil
	}
	old, err := l.byID(d, e.Agent, e.ID)
	if err != nil {
		return Result{}, err
	}
	if old != nil {
		if bytes.Equal(wire.AppendContent(nil, &old.Event), wire.AppendContent(nil, e)) {
			return Result{Outcome: Duplicate, Position: old.Position}, nil
		}
		dead := &wire.DeadLetter{Reason: wire.ReasonConflict, Payload: string(wire.AppendContent(nil, e)),
			Detail: "an event with this id is stored with other content"}
		dead.Size = len(dead.Payload)
		if err := l.bury(d, item, dead); err != nil {
			return Result{}, err
		}
		return Result{Outcome: DeadLettered, Reason: dead.Reason}, nil
	}
	p := l.add(d, *e)
	return Result{Outcome: Stored, Position: p}, l.putID(d, e.Agent, e.ID, p)
}

func (l *Log) decideAppend(d *draft, a *appendJob) error {
	id := ""
	if a.key != "" {
		id = keyID(a.key)
		old, err := l.byID(d, "", id)
		if err != nil {
			return err
		}
		if old != nil {
			a.records, a.again = []wire.Record{*old}, true
			return nil
		}
	}
	events, err := a.decide(Moment{Now: d.now, Size: l.front.size, Root: func() [32]byte { return l.front.root() }})
	if err != nil {
		a.err = err
		return nil //nolint:nilerr // refused: the rest of the batch goes on
	}
	for i, e := range events {
		if e.ID = l.opt.NewID(); i == 0 && id != "" {
			e.ID = id
		}
		if e.At.IsZero() {
			e.At = d.now
		}
		p := l.add(d, e)
		if i == 0 && id != "" {
			if err := l.putID(d, "", id, p); err != nil {
				return err
			}
		}
		a.records = append(a.records, d.records[len(d.records)-1])
	}
	return nil
}

// keyID makes an id (UUIDv8, RFC 9562) that an idempotency key always gives again.
func keyID(key string) string {
	sum := sha256.Sum256([]byte(key))
	raw := [16]byte(sum[:16])
	raw[6], raw[8] = raw[6]&0x0f|0x80, raw[8]&0x3f|0x80
	return formatUUID(raw)
}

// bury keeps a dead letter in the same transaction as the marks.
func (l *Log) bury(d *draft, item *Item, dead *wire.DeadLetter) error {
	letter := *dead
	l.state.Dead++
	letter.Number, letter.At = l.state.Dead, d.now
	letter.Agent, letter.Outbox, letter.Seq = item.Event.Agent, item.Event.Outbox, item.Event.Seq
	b, err := json.Marshal(letter)
	if err != nil {
		return fmt.Errorf("write a dead letter: %w", err)
	}
	if err := d.tx.Bucket([]byte(bktDead)).Put(u64(letter.Number), b); err != nil {
		return fmt.Errorf("write a dead letter: %w", err)
	}
	d.dead++
	if letter.Outbox == "" {
		return nil
	}
	k := seqKey(keyOf(letter.Agent, letter.Outbox), letter.Seq)
	if err := d.tx.Bucket([]byte(bktRefused)).Put(k, refusedValue(letter.Number, letterHash(item))); err != nil {
		return fmt.Errorf("write a dead letter's mark: %w", err)
	}
	return nil
}

// letterHash tells a dead letter that is sent again from another one.
func letterHash(item *Item) uint64 {
	h := sha256.New()
	if item.Dead != nil {
		_, _ = h.Write([]byte(item.Dead.Payload))
	} else {
		_, _ = h.Write(wire.AppendContent(nil, &item.Event))
	}
	return getU64(h.Sum(nil)[:8])
}

func refusedValue(number, hash uint64) []byte { return append(u64(number), u64(hash)...) }

// recentHashes keeps the content hashes of an outbox's last events: what a
// device sends again is nearly always among them.
type recentHashes struct {
	ring [512]uint64
	from uint64 // first seq remembered
	next uint64 // seq after the last one remembered
}

func (l *Log) remember(d *draft, k markKey, e *wire.Event) {
	r := l.recent[k]
	if r == nil {
		r = &recentHashes{from: e.Seq, next: e.Seq}
		l.recent[k] = r
	}
	if e.Seq != r.next { // a refused or missing seq lies between
		r.from = e.Seq
	}
	d.buf = wire.AppendContent(d.buf[:0], e)
	r.ring[e.Seq%uint64(len(r.ring))] = maphash.Bytes(l.seed, d.buf)
	r.next = e.Seq + 1
	if r.next-r.from > uint64(len(r.ring)) {
		r.from = r.next - uint64(len(r.ring))
	}
}

// sameAsStored tells whether an event with a seq below the mark repeats what
// became of that seq.
func (l *Log) sameAsStored(d *draft, k markKey, e *wire.Event, dead bool) (bool, error) {
	if r := l.recent[k]; r != nil && !dead && e.Seq >= r.from && e.Seq < r.next {
		d.buf = wire.AppendContent(d.buf[:0], e)
		return r.ring[e.Seq%uint64(len(r.ring))] == maphash.Bytes(l.seed, d.buf), nil
	}
	if refused, err := l.wasRefused(d, k, e.Seq); err != nil || refused {
		return refused, err
	}
	for i := len(d.records) - 1; i >= 0; i-- {
		if r := &d.records[i]; r.Seq == e.Seq && keyOf(r.Agent, r.Outbox) == k {
			return sameContent(&r.Event, e), nil
		}
	}
	old, err := l.bySeq(k, e.Seq)
	if err != nil {
		return false, err
	}
	if old == nil { // inside a gap: nothing is known of it, so nothing contradicts it, and it was given up
		return false, nil
	}
	return sameContent(&old.Event, e), nil
}

func sameContent(a, b *wire.Event) bool {
	return bytes.Equal(wire.AppendContent(nil, a), wire.AppendContent(nil, b))
}

// fail drops what was decided and not committed. The file is opened again, so
// that nothing stands on pages that may not be on the disk.
func (l *Log) fail(cause error) {
	l.mu.Lock()
	l.failure, l.failedAt, l.failedFrom = cause, l.opt.Now(), time.Now()
	l.mu.Unlock()
	l.opt.Logger.Error("the log cannot store; serving read-only and trying again every second", "error", cause)
	if l.opt.Failed != nil {
		l.opt.Failed()
	}
}

// recover tries to store again. The first thing stored is the failure itself;
// until that commit has succeeded nothing is answered, duplicates included,
// because the failed commit's last page may be in memory only.
func (l *Log) recover() {
	since, cause := l.failedAt, l.failure
	if why := l.held(l.opt.Now().In(l.opt.Zone)); why != nil {
		l.mu.Lock()
		l.failure = why
		l.mu.Unlock()
		return
	}
	if err := l.reopen(); err != nil {
		l.opt.Logger.Warn("the log still cannot store", "error", err)
		return
	}
	a := &appendJob{answer: make(chan struct{}), decide: func(m Moment) ([]wire.Event, error) {
		lasted := m.Now.Sub(since)
		if errors.Is(cause, ErrClockBehind) { // the clock has been set since
			lasted = time.Since(l.failedFrom)
		}
		data, err := json.Marshal(wire.LogRecovered{Seconds: int64(lasted.Seconds()), Reason: cause.Error()})
		return []wire.Event{{Kind: wire.KindLogRecovered, Data: data, Actor: &wire.Actor{Kind: wire.ActorSchedule, ID: "log"}}}, err
	}}
	results := make([][]Result, 1)
	records, _, err := l.write([]job{{append: a}}, results)
	if err != nil || a.err != nil {
		l.opt.Logger.Warn("the log still cannot store", "error", errors.Join(err, a.err))
		if l.opt.Failed != nil {
			l.opt.Failed()
		}
		return
	}
	l.mu.Lock()
	l.failure, l.failedAt = nil, time.Time{}
	missed := l.head + 1
	l.mu.Unlock()
	if records[0].Position > missed { // the failed commit did reach the disk
		if old, rerr := l.readDisk(missed-1, int(records[0].Position-missed)); rerr == nil {
			records = append(old, records...)
		}
	}
	l.publish(records)
	l.opt.Logger.Info("the log stores again", "position", l.state.Head)
}

func (l *Log) reopen() error {
	l.cur.mu.Lock()
	defer l.cur.mu.Unlock()
	if l.cur.db != nil {
		if err := l.cur.db.Close(); err != nil {
			return fmt.Errorf("close the segment: %w", err)
		}
		l.cur.db = nil
	}
	db, err := openBolt(l.cur.path, false)
	if err != nil {
		return err
	}
	l.cur.db = db
	l.cur.mu.Unlock()
	err = l.loadState()
	l.cur.mu.Lock()
	return err
}
