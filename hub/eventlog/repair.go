package eventlog

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sort"

	bolt "go.etcd.io/bbolt"

	"hallkeeper/wire"
)

// InspectFile reads a segment wholly and tells what is wrong with it. A damaged
// bbolt file can make the reading process fault beyond recovery, so programs
// call it in a process of its own.
func InspectFile(path string) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %v", errBlock, v)
		}
	}()
	if err := sound(path); err != nil {
		return err
	}
	db, err := openBolt(path, true)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	c, err := newCodec()
	if err != nil {
		return err
	}
	return db.View(func(tx *bolt.Tx) error {
		var first error
		for e := range tx.Check() { // must be drained
			if first == nil {
				first = e
			}
		}
		if first != nil {
			return fmt.Errorf("%w: %w", errBlock, first)
		}
		begin, err := readState(tx, "begin")
		if err != nil {
			return err
		}
		st, err := readState(tx, "state")
		if err != nil {
			return err
		}
		next := begin.Head + 1
		if err := tx.Bucket([]byte(bktBlocks)).ForEach(func(k, v []byte) error {
			p, n, _, err := c.check(v)
			if err != nil {
				return fmt.Errorf("position %d: %w", getU64(k), err)
			}
			if p != next || wire.Position(getU64(k)) != p {
				return fmt.Errorf("%w: expected position %d, found %d", errBlock, next, p)
			}
			next += wire.Position(n)
			return nil
		}); err != nil {
			return err
		}
		if next != st.Head+1 {
			return fmt.Errorf("%w: the state says position %d, the blocks end at %d", errBlock, st.Head, next-1)
		}
		return nil
	})
}

// repair makes segment s again from every block that can still be found in its
// bytes. Blocks describe and check themselves, so this needs no page of bbolt
// to be whole. Records are kept up to the first one that is missing; the
// damaged file is set aside.
func (l *Log) repair(s *segment, cause error) (Repair, error) {
	raw, err := os.ReadFile(s.path)
	if err != nil {
		return Repair{}, err
	}
	begin, marks, err := l.beginOf(s)
	if err != nil {
		return Repair{}, err
	}
	blocks := l.findBlocks(raw)
	aside := s.path + ".damaged-" + l.opt.Now().In(l.opt.Zone).Format("20060102-150405")
	rebuilt, lastKept, lost, err := l.rebuild(s, begin, marks, blocks)
	if err != nil {
		return Repair{}, err
	}
	if err := os.Rename(s.path, aside); err != nil {
		return Repair{}, err
	}
	if err := os.Rename(rebuilt, s.path); err != nil {
		return Repair{}, err
	}
	if err := syncDir(l.opt.Dir); err != nil {
		return Repair{}, err
	}
	did := fmt.Sprintf("kept the %d records up to position %d", lastKept-begin.Head, lastKept)
	if lost > 0 {
		did += fmt.Sprintf("; %d readable records after the gap at position %d are in the file set aside", lost, lastKept+1)
	}
	return Repair{Segment: filepath.Base(s.path), Found: cause.Error(), Did: did, LastKept: lastKept, SetAside: filepath.Base(aside)}, nil
}

// beginOf gives the state a segment began with: from the segment itself where it
// still reads, else from the end of the one before it, else from nothing.
func (l *Log) beginOf(s *segment) (segmentState, map[markKey]uint64, error) {
	var prev *segment
	for _, o := range l.segments {
		if o.number < s.number {
			prev = o
		}
	}
	st, marks := segmentState{Format: formatVersion, Month: s.month}, map[markKey]uint64{}
	l.writer = writer{Kinds: map[string]string{}}
	if prev == nil {
		if s.number != 1 {
			return st, nil, errors.New("the segment before it is not here, so its beginning is not known: restore it from a backup")
		}
		return st, marks, nil
	}
	err := prev.view(func(tx *bolt.Tx) error {
		var err error
		if st, err = readState(tx, "state"); err != nil {
			return err
		}
		if l.writer, err = readWriter(tx); err != nil {
			return err
		}
		return tx.Bucket([]byte(bktMarks)).ForEach(func(k, v []byte) error {
			marks[markKey(k)] = getU64(v)
			return nil
		})
	})
	st.Month = s.month
	return st, marks, err
}

// findBlocks finds all whole blocks in the bytes of a file, by position. Where
// an uncommitted leftover shares its position with a later block, the one that was
// stored later counts.
func (l *Log) findBlocks(raw []byte) map[wire.Position][]wire.Record {
	found := map[wire.Position][]wire.Record{}
	for at := 0; ; {
		i := bytes.Index(raw[at:], []byte(blockMagic))
		if i < 0 {
			return found
		}
		at += i
		records, err := l.codec.decode(raw[at:])
		if err == nil && len(records) > 0 {
			p := records[0].Position
			if old := found[p]; old == nil || records[0].StoredAt.After(old[0].StoredAt) {
				found[p] = records
			}
		}
		at += len(blockMagic)
	}
}

func (l *Log) rebuild(s *segment, begin segmentState, marks map[markKey]uint64, blocks map[wire.Position][]wire.Record) (path string, lastKept wire.Position, lost int, err error) {
	front, err := unmarshalFrontier(begin.Frontier)
	if err != nil {
		return "", 0, 0, err
	}
	path = s.path + ".repaired"
	_ = os.Remove(path)
	_ = os.Remove(path + ".open")
	db, err := openBolt(path, false)
	if err != nil {
		return "", 0, 0, err
	}
	st := begin
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range []string{bktBlocks, bktTree, bktMarks, bktIndex, bktIDs, bktRefused, bktDead, bktMeta} {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		if err := putState(tx, "begin", begin); err != nil {
			return err
		}
		d := &draft{}
		indexed := map[markKey]bool{}
		for records := blocks[st.Head+1]; records != nil; records = blocks[st.Head+1] {
			for i := range records {
				r := &records[i]
				var h [32]byte
				h, d.buf = leafHash(r, d.buf)
				d.hashes = front.add(h, d.hashes)
				l.note(&r.Event)
				if err := reindex(tx, r, marks, indexed); err != nil {
					return err
				}
			}
			if err := tx.Bucket([]byte(bktBlocks)).Put(u64(uint64(st.Head+1)), l.codec.encode(records, false)); err != nil {
				return err
			}
			st.Head += wire.Position(len(records))
		}
		for _, h := range d.hashes {
			if err := tx.Bucket([]byte(bktTree)).Put(treeKey(h.level, h.n), h.hash[:]); err != nil {
				return err
			}
		}
		for k, seq := range marks {
			if err := tx.Bucket([]byte(bktMarks)).Put([]byte(k), u64(seq)); err != nil {
				return err
			}
		}
		l.writerNew = true
		if err := l.putWriter(tx); err != nil {
			return err
		}
		st.Frontier = front.marshal()
		return putState(tx, "state", st)
	})
	if cerr := db.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return "", 0, 0, err
	}
	var after []wire.Position
	for p := range blocks {
		if p > st.Head {
			after = append(after, p)
		}
	}
	sort.Slice(after, func(i, j int) bool { return after[i] < after[j] })
	next := st.Head
	for _, p := range after {
		if p > next {
			lost += len(blocks[p])
			next = p + wire.Position(len(blocks[p])) - 1
		}
	}
	return path, st.Head, lost, nil
}

// reindex puts one record into the marks and indexes as its commit had done.
func reindex(tx *bolt.Tx, r *wire.Record, marks map[markKey]uint64, indexed map[markKey]bool) error {
	if r.Outbox == "" {
		return tx.Bucket([]byte(bktIDs)).Put(idKey(r.Agent, r.ID), u64(uint64(r.Position)))
	}
	k := keyOf(r.Agent, r.Outbox)
	marks[k] = max(marks[k], r.Seq)
	if r.Seq%indexEvery == 1 || !indexed[k] {
		indexed[k] = true
		return tx.Bucket([]byte(bktIndex)).Put(seqKey(k, r.Seq), u64(uint64(r.Position)))
	}
	return nil
}
