package eventlog

import (
	"encoding/hex"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"hallkeeper/wire"
)

// Find looks for a record that the hub itself has made by its id: by the index of
// keyed ones, else near the time that is in a UUIDv7. Nil means that there is
// none. What devices send is not looked for: its time is the device's.
func (l *Log) Find(id string) (*wire.Record, error) {
	p, err := l.keyed(id)
	if err != nil {
		return nil, err
	}
	if p != 0 {
		records, err := l.ReadBatch(p-1, 1)
		if err != nil || len(records) == 0 {
			return nil, err
		}
		return &records[0], nil
	}
	at, ok := timeOf(id)
	if !ok {
		return nil, nil
	}
	return l.near(id, at)
}

func (l *Log) keyed(id string) (p wire.Position, err error) {
	l.mu.RLock()
	segments := append([]*segment(nil), l.segments...)
	l.mu.RUnlock()
	for i := len(segments) - 1; i >= 0 && p == 0; i-- {
		err := segments[i].view(func(tx *bolt.Tx) error {
			p = wire.Position(getU64(tx.Bucket([]byte(bktIDs)).Get(idKey("", id))))
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return p, nil
}

// reach is how far the time in an id and that of its record may be apart, and
// around how many records are looked at.
const (
	reach  = 5 * time.Second
	around = 4096
)

// near looks through the records that were stored around a time.
func (l *Log) near(id string, at time.Time) (*wire.Record, error) {
	low, high := wire.Position(0), l.Head()
	for low < high { // the last record before it
		middle := low + (high-low)/2
		records, err := l.ReadBatch(middle, 1)
		if err != nil {
			return nil, err
		}
		if len(records) == 0 || !records[0].StoredAt.Before(at.Add(-reach)) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	for looked := 0; looked < around; {
		records, err := l.ReadBatch(low, 512)
		if err != nil || len(records) == 0 {
			return nil, err
		}
		for i := range records {
			if r := &records[i]; r.ID == id && r.Agent == "" {
				return r, nil
			}
			if records[i].StoredAt.After(at.Add(reach)) {
				return nil, nil
			}
		}
		low, looked = records[len(records)-1].Position, looked+len(records)
	}
	return nil, nil
}

// timeOf is the time in a UUIDv7; ok is false where it is none.
func timeOf(id string) (at time.Time, ok bool) {
	raw, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil || len(raw) != 16 || raw[6]>>4 != 7 {
		return at, false
	}
	ms := int64(0)
	for _, b := range raw[:6] {
		ms = ms<<8 | int64(b)
	}
	return time.UnixMilli(ms), true
}
