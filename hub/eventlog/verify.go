package eventlog

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"hallkeeper/bilingual"
	"hallkeeper/wire"
)

// Verification is what Verify found.
type Verification struct {
	Records     wire.Position
	Segments    int
	Checkpoints int
	Root        tlog.Hash
	// Faults are in plain words, in order; empty means that all is well.
	Faults []string
}

// Verify reads a whole log that no program has open and checks everything that
// can be checked: checksums, numbering, the order within each outbox, the
// tree, and every signed checkpoint (where verifier is not nil). The error is for
// a log that cannot be read at all.
func Verify(dir string, verifier note.Verifier) (Verification, error) {
	return VerifyEach(dir, verifier, func(*wire.Record) {})
}

// VerifyEach is Verify that shows each record to use as it goes by. A record is to be
// trusted only as far as no fault is found.
func VerifyEach(dir string, verifier note.Verifier, use func(*wire.Record)) (Verification, error) {
	v := &verify{verifier: verifier, use: use, seqs: map[markKey]uint64{}}
	if _, err := os.Stat(dir); err != nil {
		return v.out, bilingual.Errorf("%[1]s 里没有日志：请核对 --data", "there is no log in %[1]s: %[2]w", dir, err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return v.out, err
	}
	defer func() { _ = lock.Close() }()
	if v.codec, err = newCodec(); err != nil {
		return v.out, err
	}
	segments, err := listSegments(dir)
	if err != nil {
		return v.out, err
	}
	if err := (&Log{opt: Options{Dir: dir, Known: vocabulary()}, segments: segments}).refuseNewer(); err != nil {
		return v.out, err
	}
	if len(segments) > 0 && segments[0].number != 1 {
		v.fault("the log begins with segment %d: earlier ones were archived, their checkpoints are not checked", segments[0].number)
	}
	for i, s := range segments {
		v.out.Segments++
		if i > 0 && s.number != segments[i-1].number+1 {
			v.fault("segment %d is missing", segments[i-1].number+1)
		}
		v.segment(s)
		_ = s.close()
	}
	v.out.Records, v.out.Root = wire.Position(v.front.size), v.front.root()
	return v.out, nil
}

type verify struct {
	codec    *codec
	verifier note.Verifier
	use      func(*wire.Record)
	front    frontier
	seqs     map[markKey]uint64
	out      Verification
	buf      []byte
}

func (v *verify) fault(format string, args ...any) {
	if len(v.out.Faults) < 100 {
		v.out.Faults = append(v.out.Faults, fmt.Sprintf(format, args...))
	}
}

func (v *verify) segment(s *segment) {
	name := filepath.Base(s.path)
	defer func() {
		if p := recover(); p != nil {
			v.fault("%s is damaged: %v", name, p)
		}
	}()
	if right, _, _, err := metas(s.path); err == nil && right < 2 {
		v.fault("%s: one of its two meta pages is damaged, so that its newest commit may be missing", name)
	}
	if s.sealed {
		if fault, altered := sealedFault(s.path); fault != "" {
			v.fault("%s", fault)
			if altered {
				return
			}
		}
	}
	if err := sound(s.path); err != nil {
		v.fault("%v", err)
		return
	}
	if err := s.view(func(tx *bolt.Tx) error { return v.content(tx, name) }); err != nil {
		v.fault("%s: %v", name, err)
	}
}

func (v *verify) content(tx *bolt.Tx, name string) error {
	begin, err := readState(tx, "begin")
	if err != nil {
		return err
	}
	front, err := unmarshalFrontier(begin.Frontier)
	if err != nil {
		return err
	}
	if v.front.size == 0 {
		v.front = front
	} else if front.root() != v.front.root() {
		v.fault("%s does not continue from the segment before it", name)
		v.front = front
	}
	var hashes []storedHash
	if err := tx.Bucket([]byte(bktBlocks)).ForEach(func(k, b []byte) error {
		records, err := v.codec.decode(b)
		if err != nil {
			return fmt.Errorf("position %d: %w", getU64(k), err)
		}
		for i := range records {
			v.record(&records[i])
			var h tlog.Hash
			h, v.buf = leafHash(&records[i], v.buf)
			hashes = v.front.add(h, hashes)
		}
		return nil
	}); err != nil {
		return err
	}
	st, err := readState(tx, "state")
	if err != nil {
		return err
	}
	if end, err := unmarshalFrontier(st.Frontier); err != nil || end.root() != v.front.root() || uint64(st.Head) != v.front.size {
		v.fault("%s: its records do not give its tree: records were altered, or added past it", name)
	}
	tree := tx.Bucket([]byte(bktTree))
	for _, h := range hashes {
		if string(tree.Get(treeKey(h.level, h.n))) != string(h.hash[:]) {
			v.fault("%s: the tree's hash of level %d, number %d does not match its records", name, h.level, h.n)
		}
	}
	return tx.Bucket([]byte(bktMarks)).ForEach(func(k, b []byte) error {
		if got, last := getU64(b), v.seqs[markKey(k)]; got < last {
			agent, outbox := markKey(k).split()
			v.fault("%s: the mark of %s, outbox %s is %d, but its events go to %d", name, agent, outbox, got, last)
		}
		return nil
	})
}

func (v *verify) record(r *wire.Record) {
	if want := wire.Position(v.front.size) + 1; r.Position != want {
		v.fault("expected position %d, found %d", want, r.Position)
	}
	if r.Outbox != "" {
		k := keyOf(r.Agent, r.Outbox)
		if r.Seq <= v.seqs[k] {
			v.fault("position %d: seq %d of %s, outbox %s comes after seq %d", r.Position, r.Seq, r.Agent, r.Outbox, v.seqs[k])
		}
		v.seqs[k] = r.Seq
	}
	if r.Kind == wire.KindLogCheckpoint {
		v.checkpoint(r)
	}
	v.use(r)
}

func (v *verify) checkpoint(r *wire.Record) {
	var c wire.LogCheckpoint
	if err := json.Unmarshal(r.Data, &c); err != nil {
		v.fault("position %d: the checkpoint does not read: %v", r.Position, err)
		return
	}
	v.out.Checkpoints++
	size, root, err := ReadCheckpoint(c.Note, v.verifier)
	switch {
	case err != nil:
		v.fault("position %d: the checkpoint's signature: %v", r.Position, err)
	case size != v.front.size || root != v.front.root():
		v.fault("position %d: the signed checkpoint of %d records does not match the records", r.Position, size)
	}
}

// Checkpoint text: a name, the tree's size, its root in base64, each on a line
// of its own (golang.org/x/mod/sumdb/note's text; c2sp.org/tlog-checkpoint).

// CheckpointText is what the hub signs.
func CheckpointText(origin string, size uint64, root tlog.Hash) string {
	return fmt.Sprintf("%s\n%d\n%s\n", origin, size, root)
}

// ReadCheckpoint gives what a signed checkpoint says. A nil verifier skips the signature.
func ReadCheckpoint(msg string, verifier note.Verifier) (size uint64, root tlog.Hash, err error) {
	text := msg
	if verifier != nil {
		n, err := note.Open([]byte(msg), note.VerifierList(verifier))
		if err != nil {
			return 0, root, fmt.Errorf("not signed by this hub's key: %w", err)
		}
		text = n.Text
	}
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) < 3 {
		return 0, root, fmt.Errorf("a checkpoint has three lines, this one has %d", len(lines))
	}
	if _, err := fmt.Sscanf(lines[1], "%d", &size); err != nil {
		return 0, root, fmt.Errorf("the size of a checkpoint must be a number, got %q", lines[1])
	}
	root, err = tlog.ParseHash(lines[2])
	return size, root, err
}

// Proof shows that the record at position p is in the tree of the given size:
// tlog.CheckRecord checks it. Size 0 means all committed records.
func (l *Log) Proof(p wire.Position, size uint64) (proof []tlog.Hash, of uint64, err error) {
	if size == 0 {
		size = uint64(l.Head())
	}
	if p == 0 || uint64(p) > size || size > uint64(l.Head()) {
		return nil, 0, fmt.Errorf("a proof needs 1 ≤ position ≤ size ≤ %d, got position %d, size %d", l.Head(), p, size)
	}
	proof, err = tlog.ProveRecord(int64(size), int64(p-1), l)
	return proof, size, err
}

// Tree gives the size and root over all committed records.
func (l *Log) Tree() (size uint64, root tlog.Hash) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.committedFront.size, l.committedFront.root()
}

// Export writes every record of a log that no program has open as canonical
// JSON lines, whose hashes are the leaves of the tree.
func Export(dir string, after wire.Position, write func(line []byte) error) (wire.Position, error) {
	l, err := openReadOnly(dir)
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.closeReadOnly() }()
	var line []byte
	for p := after; p < l.head; {
		records, err := l.readDisk(p, int(min(2048, uint64(l.head-p))))
		if err != nil {
			return p, err
		}
		for i := range records {
			line = append(wire.AppendRecord(line[:0], &records[i]), '\n')
			if err := write(line); err != nil {
				return p, err
			}
		}
		p = records[len(records)-1].Position
	}
	return l.head, nil
}

// Read opens a log that no program has open, for reading only; the caller must
// call the returned function when done. Its Follow ends at the head.
func Read(dir string) (*Log, func() error, error) {
	l, err := openReadOnly(dir)
	if err != nil {
		return nil, nil, err
	}
	return l, l.closeReadOnly, nil
}

func openReadOnly(dir string) (*Log, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, bilingual.Errorf("%[1]s 里没有日志：请核对 --data", "there is no log in %[1]s: %[2]w", dir, err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	l := &Log{opt: Options{Dir: dir, Zone: time.UTC, Now: time.Now, Known: vocabulary()}, lock: lock, done: make(chan struct{}), grown: make(chan struct{})}
	close(l.done)
	l.codec, err = newCodec()
	if err == nil {
		l.segments, err = listSegments(dir)
	}
	if err == nil {
		err = l.refuseNewer()
	}
	_, unclean := os.Stat(filepath.Join(dir, cleanMark))
	l.clean = unclean == nil || len(l.segments) == 0
	for _, s := range l.segments {
		if err != nil {
			break
		}
		err = s.view(func(tx *bolt.Tx) error {
			begin, err := readState(tx, "begin")
			if err != nil {
				return err
			}
			st, err := readState(tx, "state")
			s.first.Store(uint64(begin.Head) + 1)
			l.head = st.Head
			l.deadOpen = st.Dead
			return err
		})
	}
	if err != nil {
		_ = l.closeReadOnly()
		return nil, err
	}
	return l, nil
}

func (l *Log) closeReadOnly() error {
	for _, s := range l.segments {
		_ = s.close()
	}
	return l.lock.Close()
}
