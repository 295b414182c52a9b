package eventlog

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	bolt "go.etcd.io/bbolt"

	"hallkeeper/wire"
)

// ReadBatch gives up to limit committed records after a position, oldest first;
// fewer only at the head. The records must not be changed.
func (l *Log) ReadBatch(after wire.Position, limit int) ([]wire.Record, error) {
	l.mu.RLock()
	head := l.head
	if after >= head || limit <= 0 {
		l.mu.RUnlock()
		return nil, nil
	}
	limit = int(min(uint64(limit), uint64(head-after)))
	if n := len(l.tail); n > 0 && l.tail[0].Position <= after+1 {
		from := int(after + 1 - l.tail[0].Position)
		out := l.tail[from : from+limit : from+limit]
		l.mu.RUnlock()
		return out, nil
	}
	l.mu.RUnlock()
	return l.readDisk(after, limit)
}

// readDisk reads records from the segments, in short transactions.
func (l *Log) readDisk(after wire.Position, limit int) ([]wire.Record, error) {
	out := make([]wire.Record, 0, min(limit, 4096))
	for len(out) < limit {
		next := after + 1 + wire.Position(len(out))
		seg, err := l.segmentOf(next)
		if err != nil {
			return nil, err
		}
		got, err := l.readSegment(seg, next)
		if err != nil {
			return nil, err
		}
		if len(got) == 0 {
			return nil, fmt.Errorf("position %d is missing from segment %05d_%s: run hub verify", next, seg.number, seg.month)
		}
		out = append(out, got[:min(len(got), limit-len(out))]...)
	}
	return out, nil
}

// readSegment reads the rest of the block that holds p, from p on.
func (l *Log) readSegment(seg *segment, p wire.Position) (out []wire.Record, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("segment %05d_%s is damaged: %v", seg.number, seg.month, v)
		}
	}()
	err = seg.view(func(tx *bolt.Tx) error {
		c := tx.Bucket([]byte(bktBlocks)).Cursor()
		k, v := c.Seek(u64(uint64(p)))
		if k == nil || wire.Position(getU64(k)) > p {
			if k, v = c.Prev(); k == nil {
				return nil
			}
		}
		first := wire.Position(getU64(k))
		records, err := l.codec.decode(v)
		if err != nil {
			return fmt.Errorf("segment %05d_%s, position %d: %w", seg.number, seg.month, first, err)
		}
		if skip := int(p - first); skip < len(records) {
			out = records[skip:]
		}
		return nil
	})
	return out, err
}

// Follow gives all records after a position, in batches, and then each batch as
// it becomes durable, until ctx ends or the log closes (neither is an error).
// An error ends it.
func (l *Log) Follow(ctx context.Context, after wire.Position) iter.Seq2[[]wire.Record, error] {
	const chunk = 2048
	return func(yield func([]wire.Record, error) bool) {
		for ctx.Err() == nil {
			l.mu.RLock()
			grown := l.grown
			l.mu.RUnlock()
			batch, err := l.ReadBatch(after, chunk)
			if err != nil {
				yield(nil, err)
				return
			}
			if len(batch) > 0 {
				after = batch[len(batch)-1].Position
				if !yield(batch, nil) {
					return
				}
				continue
			}
			select {
			case <-grown:
			case <-ctx.Done():
			case <-l.done:
				return
			}
		}
	}
}

// DeadLetters gives up to limit dead letters with numbers below before (0 means
// all), newest first, and how many there are in all.
func (l *Log) DeadLetters(before uint64, limit int) ([]wire.DeadLetter, int, error) {
	l.mu.RLock()
	segments := append([]*segment(nil), l.segments...)
	total := int(l.deadOpen)
	l.mu.RUnlock()
	var out []wire.DeadLetter
	for i := len(segments) - 1; i >= 0 && len(out) < limit; i-- {
		err := segments[i].view(func(tx *bolt.Tx) error {
			c := tx.Bucket([]byte(bktDead)).Cursor()
			k, v := c.Last()
			if before != 0 {
				if k, v = c.Seek(u64(before)); k == nil {
					k, v = c.Last()
				}
				for k != nil && getU64(k) >= before {
					k, v = c.Prev()
				}
			}
			for ; k != nil && len(out) < limit; k, v = c.Prev() {
				var d wire.DeadLetter
				if err := json.Unmarshal(v, &d); err != nil {
					return fmt.Errorf("dead letter %d: %w", getU64(k), err)
				}
				out = append(out, d)
			}
			return nil
		})
		if err != nil {
			return nil, 0, err
		}
	}
	return out, total, nil
}

func idKey(agent, id string) []byte { return []byte(agent + "\x00" + id) }

func (l *Log) putID(d *draft, agent, id string, p wire.Position) error {
	k := idKey(agent, id)
	d.ids[string(k)] = len(d.records) - 1
	if err := d.tx.Bucket([]byte(bktIDs)).Put(k, u64(uint64(p))); err != nil {
		return fmt.Errorf("write an id: %w", err)
	}
	return nil
}

// byID finds an event without an outbox, in this batch or on disk. Nil means there is none.
func (l *Log) byID(d *draft, agent, id string) (*wire.Record, error) {
	k := idKey(agent, id)
	if i, ok := d.ids[string(k)]; ok {
		return &d.records[i], nil
	}
	p := wire.Position(getU64(d.tx.Bucket([]byte(bktIDs)).Get(k)))
	for i := len(l.segments) - 2; i >= 0 && p == 0; i-- {
		err := l.segments[i].view(func(tx *bolt.Tx) error {
			p = wire.Position(getU64(tx.Bucket([]byte(bktIDs)).Get(k)))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if p == 0 {
		return nil, nil
	}
	records, err := l.ReadBatch(p-1, 1)
	if err != nil || len(records) == 0 {
		return nil, fmt.Errorf("read the event with id %s: %w", id, err)
	}
	return &records[0], nil
}

// bySeq finds a committed event by its outbox and seq: the index gives a
// position at or before it. Nil means there is none.
func (l *Log) bySeq(k markKey, seq uint64) (*wire.Record, error) {
	for i := len(l.segments) - 1; i >= 0; i-- {
		var from wire.Position
		err := l.segments[i].view(func(tx *bolt.Tx) error {
			c := tx.Bucket([]byte(bktIndex)).Cursor()
			want := seqKey(k, seq)
			key, v := c.Seek(want)
			if key == nil || string(key) != string(want) {
				key, v = c.Prev()
			}
			if len(key) == len(want) && string(key[:len(k)+1]) == string(want[:len(k)+1]) {
				from = wire.Position(getU64(v))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if from != 0 {
			return l.scanFor(k, seq, from)
		}
	}
	return nil, nil
}

func (l *Log) scanFor(k markKey, seq uint64, from wire.Position) (*wire.Record, error) {
	for after := from - 1; ; {
		records, err := l.ReadBatch(after, 512)
		if err != nil || len(records) == 0 {
			return nil, err
		}
		for i := range records {
			r := &records[i]
			if r.Outbox == "" || keyOf(r.Agent, r.Outbox) != k {
				continue
			}
			if r.Seq == seq {
				return r, nil
			}
			if r.Seq > seq {
				return nil, nil
			}
		}
		after = records[len(records)-1].Position
	}
}

// wasRefused tells whether a seq became a dead letter.
func (l *Log) wasRefused(d *draft, k markKey, seq uint64) (bool, error) {
	want := seqKey(k, seq)
	if d.tx.Bucket([]byte(bktRefused)).Get(want) != nil {
		return true, nil
	}
	found := false
	for i := len(l.segments) - 2; i >= 0 && !found; i-- {
		err := l.segments[i].view(func(tx *bolt.Tx) error {
			found = tx.Bucket([]byte(bktRefused)).Get(want) != nil
			return nil
		})
		if err != nil {
			return false, err
		}
	}
	return found, nil
}

// OpenSegmentBegins is the first position of the newest segment.
func (l *Log) OpenSegmentBegins() wire.Position {
	if s := l.newest(); s != nil {
		return wire.Position(s.first.Load())
	}
	return 1
}
