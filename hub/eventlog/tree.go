package eventlog

import (
	"encoding/binary"
	"fmt"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"hallkeeper/wire"
)

// treeFloor is the lowest level whose hashes are stored. A leaf is one record;
// hashes below the floor are made again from the records when a proof needs
// them, so the tree costs about one byte a record instead of 64.
const treeFloor = 6

// frontier is the right edge of the tree: the complete subtrees that cover all
// leaves, largest first (RFC 6962 as in golang.org/x/mod/sumdb/tlog).
type frontier struct {
	size  uint64
	nodes []node
}

type node struct {
	level uint8
	hash  tlog.Hash
}

// stored is a hash that became complete at or above the floor.
type storedHash struct {
	level uint8
	n     uint64
	hash  tlog.Hash
}

func (f *frontier) add(leaf tlog.Hash, out []storedHash) []storedHash {
	f.size++
	f.nodes = append(f.nodes, node{0, leaf})
	for k := len(f.nodes); k >= 2 && f.nodes[k-1].level == f.nodes[k-2].level; k = len(f.nodes) {
		up := node{f.nodes[k-1].level + 1, tlog.NodeHash(f.nodes[k-2].hash, f.nodes[k-1].hash)}
		f.nodes = append(f.nodes[:k-2], up)
		if up.level >= treeFloor {
			out = append(out, storedHash{up.level, f.size>>up.level - 1, up.hash})
		}
	}
	return out
}

// root is the tree's hash; of no leaves it is tlog's hash of nothing.
func (f *frontier) root() tlog.Hash {
	if len(f.nodes) == 0 {
		h, _ := tlog.TreeHash(0, nil) // cannot fail for size 0
		return h
	}
	h := f.nodes[len(f.nodes)-1].hash
	for i := len(f.nodes) - 2; i >= 0; i-- {
		h = tlog.NodeHash(f.nodes[i].hash, h)
	}
	return h
}

func (f *frontier) clone() frontier {
	return frontier{f.size, append([]node(nil), f.nodes...)}
}

func (f *frontier) marshal() []byte {
	b := binary.BigEndian.AppendUint64(nil, f.size)
	for _, n := range f.nodes {
		b = append(append(b, n.level), n.hash[:]...)
	}
	return b
}

func unmarshalFrontier(b []byte) (frontier, error) {
	if len(b) == 0 {
		return frontier{}, nil
	}
	if len(b) < 8 || (len(b)-8)%(1+tlog.HashSize) != 0 {
		return frontier{}, fmt.Errorf("%w: the tree's edge does not read", errBlock)
	}
	f := frontier{size: binary.BigEndian.Uint64(b)}
	covered := uint64(0)
	for b = b[8:]; len(b) > 0; b = b[1+tlog.HashSize:] {
		n := node{level: b[0]}
		copy(n.hash[:], b[1:])
		f.nodes = append(f.nodes, n)
		covered += 1 << n.level
	}
	if covered != f.size {
		return frontier{}, fmt.Errorf("%w: the tree's edge does not cover its size", errBlock)
	}
	return f, nil
}

func leafHash(r *wire.Record, buf []byte) (tlog.Hash, []byte) {
	buf = wire.AppendRecord(buf[:0], r)
	return tlog.RecordHash(buf), buf
}

func treeKey(level uint8, n uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{level}, n)
}

// ReadHashes implements tlog.HashReader over all segments.
func (l *Log) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		h, err := l.nodeHash(uint8(level), uint64(n))
		if err != nil {
			return nil, err
		}
		out[i] = h
	}
	return out, nil
}

func (l *Log) nodeHash(level uint8, n uint64) (tlog.Hash, error) {
	last := wire.Position((n + 1) << level) // position of its last leaf, counting from 1
	if level >= treeFloor {
		seg, err := l.segmentOf(last)
		if err != nil {
			return tlog.Hash{}, err
		}
		var h tlog.Hash
		err = seg.view(func(tx *bolt.Tx) error {
			v := tx.Bucket([]byte(bktTree)).Get(treeKey(level, n))
			if len(v) != tlog.HashSize {
				return fmt.Errorf("the tree lacks level %d, number %d", level, n)
			}
			copy(h[:], v)
			return nil
		})
		return h, err
	}
	records, err := l.ReadBatch(wire.Position(n<<level), 1<<level)
	if err != nil {
		return tlog.Hash{}, err
	}
	if len(records) < 1<<level {
		return tlog.Hash{}, fmt.Errorf("position %d is not in the log", last)
	}
	var f frontier
	var buf []byte
	for i := range records[:1<<level] {
		var h tlog.Hash
		h, buf = leafHash(&records[i], buf)
		f.add(h, nil)
	}
	return f.root(), nil
}
