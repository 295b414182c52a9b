package eventlog

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/klauspost/compress/zstd"

	"hallkeeper/wire"
)

// A block holds consecutive records and describes itself, so that it can be
// found and trusted without the file around it:
//
//	magic "HKb1" | flags u8 | first position u64 | count u32 | length u32 | payload | crc32c u32
//
// Integers are big endian; the checksum covers everything before it. The
// payload is a row a record, with strings, ids and times written once and then
// referred to (docs/adr/0002). Sealed segments compress it with zstd.
const (
	blockMagic      = "HKb1"
	blockHeader     = 4 + 1 + 8 + 4 + 4
	blockCompressed = 1 << 0
	// sealedBlock is how many records share a block in a sealed segment: a
	// larger one compresses little better and makes single reads dearer.
	sealedBlock = 512
	// openBlock bounds a block of one commit.
	openBlock = 512
	// maxPayload bounds what a block may claim to hold, in bytes.
	maxPayload = 256 << 20
)

var errBlock = errors.New("damaged block")

type codec struct {
	crc *crc32.Table
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newCodec() (*codec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false),
		zstd.WithEncoderLevel(zstd.SpeedBetterCompression))
	if err != nil {
		return nil, fmt.Errorf("prepare compression: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPayload))
	if err != nil {
		return nil, fmt.Errorf("prepare decompression: %w", err)
	}
	return &codec{crc: crc32.MakeTable(crc32.Castagnoli), enc: enc, dec: dec}, nil
}

// encode writes records, which must be consecutive, as one block.
func (c *codec) encode(records []wire.Record, compress bool) []byte {
	w := rowWriter{buf: make([]byte, 0, 128*len(records)), words: map[string]uint64{}, seqs: map[string]lane{}}
	for i := range records {
		w.record(&records[i])
	}
	payload, flags := w.buf, byte(0)
	if compress {
		payload, flags = c.enc.EncodeAll(w.buf, nil), blockCompressed
	}
	out := make([]byte, 0, blockHeader+len(payload)+4)
	out = append(out, blockMagic...)
	out = append(out, flags)
	out = binary.BigEndian.AppendUint64(out, uint64(records[0].Position))
	out = binary.BigEndian.AppendUint32(out, uint32(len(records)))
	out = binary.BigEndian.AppendUint32(out, uint32(len(payload)))
	out = append(out, payload...)
	return binary.BigEndian.AppendUint32(out, crc32.Checksum(out, c.crc))
}

// check finds the block at the start of b and returns its bytes without reading its rows.
func (c *codec) check(b []byte) (first wire.Position, count int, block []byte, err error) {
	if len(b) < blockHeader+4 || string(b[:4]) != blockMagic {
		return 0, 0, nil, fmt.Errorf("%w: no block header", errBlock)
	}
	n := int(binary.BigEndian.Uint32(b[17:]))
	if n > maxPayload || len(b) < blockHeader+n+4 {
		return 0, 0, nil, fmt.Errorf("%w: cut short", errBlock)
	}
	block = b[:blockHeader+n+4]
	if crc32.Checksum(block[:blockHeader+n], c.crc) != binary.BigEndian.Uint32(block[blockHeader+n:]) {
		return 0, 0, nil, fmt.Errorf("%w: wrong checksum", errBlock)
	}
	return wire.Position(binary.BigEndian.Uint64(b[5:])), int(binary.BigEndian.Uint32(b[13:])), block, nil
}

// decode reads a block. The records do not share memory with b.
func (c *codec) decode(b []byte) ([]wire.Record, error) {
	first, count, block, err := c.check(b)
	if err != nil {
		return nil, err
	}
	payload := block[blockHeader : len(block)-4]
	if block[4]&blockCompressed != 0 {
		if payload, err = c.dec.DecodeAll(payload, nil); err != nil {
			return nil, fmt.Errorf("%w: %w", errBlock, err)
		}
	} else {
		payload = append([]byte(nil), payload...) // the caller's memory is a transaction's
	}
	if count > len(payload) { // every record takes a byte at least
		return nil, fmt.Errorf("%w: too many records", errBlock)
	}
	r := rowReader{buf: payload, seqs: map[string]lane{}, zone: time.UTC}
	records := make([]wire.Record, count)
	for i := range records {
		records[i].Position = first + wire.Position(i)
		if r.record(&records[i]); r.bad {
			return nil, fmt.Errorf("%w: record %d does not read", errBlock, records[i].Position)
		}
	}
	if len(r.buf) != 0 {
		return nil, fmt.Errorf("%w: %d bytes left over", errBlock, len(r.buf))
	}
	return records, nil
}

// Bits of a record's flags: which fields it has.
const (
	hasOutbox = 1 << iota
	hasBoot
	hasClock
	hasUptime
	hasVersion
	hasData
	hasActor
	hasPersonal
	hasFrom     // the actor's address
	hasProposer // who proposed what the actor has confirmed
	unknownFlags
)

// lane is what the next event of the same outbox probably continues.
type lane struct {
	seq    uint64
	uptime int64
}

type rowWriter struct {
	buf    []byte
	words  map[string]uint64
	seqs   map[string]lane
	time   time.Time
	offset int
}

func (w *rowWriter) record(r *wire.Record) {
	e := &r.Event
	flags := uint64(0)
	set := func(bit uint64, has bool) {
		if has {
			flags |= bit
		}
	}
	set(hasOutbox, e.Outbox != "")
	set(hasBoot, e.Boot != "")
	set(hasClock, e.Clock != "")
	set(hasUptime, e.UptimeMS != 0)
	set(hasVersion, e.Version != 0)
	set(hasData, len(e.Data) != 0)
	set(hasActor, e.Actor != nil)
	set(hasPersonal, len(e.Personal) != 0)
	set(hasFrom, e.Actor != nil && e.Actor.From != "")
	set(hasProposer, e.Actor != nil && e.Actor.ProposedBy != "")
	w.uint(flags)
	w.when(r.StoredAt)
	w.id(e.ID)
	w.word(e.Agent)
	at := w.seqs[e.Agent+"\x00"+e.Outbox]
	if flags&hasOutbox != 0 {
		w.word(e.Outbox)
		w.int(int64(e.Seq - at.seq - 1))
	}
	if flags&hasBoot != 0 {
		w.word(e.Boot)
	}
	w.when(e.At)
	if flags&hasClock != 0 {
		w.word(string(e.Clock))
	}
	if flags&hasUptime != 0 {
		w.int(e.UptimeMS - at.uptime)
	}
	w.seqs[e.Agent+"\x00"+e.Outbox] = lane{e.Seq, e.UptimeMS}
	w.word(string(e.Kind))
	if flags&hasVersion != 0 {
		w.int(int64(e.Version))
	}
	if flags&hasData != 0 {
		w.word(string(e.Data))
	}
	if flags&hasActor != 0 {
		w.word(string(e.Actor.Kind))
		w.word(e.Actor.ID)
		w.word(e.Actor.Session)
	}
	if flags&hasFrom != 0 {
		w.word(e.Actor.From)
	}
	if flags&hasProposer != 0 {
		w.word(e.Actor.ProposedBy)
	}
	if flags&hasPersonal != 0 {
		w.uint(uint64(len(e.Personal)))
		for _, s := range e.Personal {
			w.word(s.Person)
			w.uint(uint64(len(s.Box)))
			w.buf = append(w.buf, s.Box...)
		}
	}
}

func (w *rowWriter) uint(v uint64) { w.buf = binary.AppendUvarint(w.buf, v) }
func (w *rowWriter) int(v int64)   { w.buf = binary.AppendVarint(w.buf, v) }

// when writes a time as its distance from the time before it: in milliseconds
// where that is exact, else in nanoseconds, and the change of zone offset.
func (w *rowWriter) when(t time.Time) {
	_, offset := t.Zone()
	secs, nanos := t.Unix()-w.time.Unix(), int64(t.Nanosecond()-w.time.Nanosecond())
	if w.time.IsZero() {
		secs, nanos = t.Unix(), int64(t.Nanosecond())
	}
	exact := nanos%1e6 == 0
	mode := uint64(0)
	if !exact {
		mode |= 1
	}
	if offset != w.offset {
		mode |= 2
	}
	w.buf = append(w.buf, byte(mode))
	if exact {
		w.int(secs*1000 + nanos/1e6)
	} else {
		w.int(secs)
		w.int(nanos)
	}
	if offset != w.offset {
		w.int(int64(offset))
	}
	w.time, w.offset = t, offset
}

// word writes a string once; later it is its number. A UUID takes 16 bytes.
func (w *rowWriter) word(s string) {
	if n, ok := w.words[s]; ok {
		w.uint(n + 2)
		return
	}
	w.words[s] = uint64(len(w.words))
	w.fresh(s)
}

func (w *rowWriter) fresh(s string) {
	if raw, ok := parseUUID(s); ok {
		w.uint(1)
		w.buf = append(w.buf, raw[:]...)
		return
	}
	w.uint(0)
	w.uint(uint64(len(s)))
	w.buf = append(w.buf, s...)
}

// id writes a string that is not expected again.
func (w *rowWriter) id(s string) { w.fresh(s) }

type rowReader struct {
	buf    []byte
	words  []string
	seqs   map[string]lane
	time   time.Time
	offset int
	zone   *time.Location
	bad    bool
}

func (r *rowReader) record(rec *wire.Record) {
	e := &rec.Event
	flags := r.uint()
	if flags >= unknownFlags || flags&hasActor == 0 && flags&(hasFrom|hasProposer) != 0 { // of a newer program, or nothing that a writer makes
		r.bad = true
		return
	}
	rec.StoredAt = r.when()
	e.ID = r.fresh(r.uint())
	e.Agent = r.word()
	if flags&hasOutbox != 0 {
		e.Outbox = r.word()
	}
	lane0 := r.seqs[e.Agent+"\x00"+e.Outbox]
	if flags&hasOutbox != 0 {
		e.Seq = uint64(r.int()) + lane0.seq + 1
	}
	if flags&hasBoot != 0 {
		e.Boot = r.word()
	}
	e.At = r.when()
	if flags&hasClock != 0 {
		e.Clock = wire.Clock(r.word())
	}
	if flags&hasUptime != 0 {
		e.UptimeMS = r.int() + lane0.uptime
	}
	r.seqs[e.Agent+"\x00"+e.Outbox] = lane{e.Seq, e.UptimeMS}
	e.Kind = wire.Kind(r.word())
	if flags&hasVersion != 0 {
		e.Version = int(r.int())
	}
	if flags&hasData != 0 {
		e.Data = []byte(r.word())
	}
	if flags&hasActor != 0 {
		e.Actor = &wire.Actor{Kind: wire.ActorKind(r.word()), ID: r.word(), Session: r.word()}
	}
	if flags&hasFrom != 0 {
		e.Actor.From = r.word()
	}
	if flags&hasProposer != 0 {
		e.Actor.ProposedBy = r.word()
	}
	if flags&hasPersonal != 0 {
		n := r.uint()
		if n > uint64(len(r.buf)) {
			r.bad = true
			return
		}
		for range n {
			s := wire.Sealed{Person: r.word()}
			s.Box = append([]byte(nil), r.take(r.uint())...)
			e.Personal = append(e.Personal, s)
		}
	}
}

func (r *rowReader) uint() uint64 {
	v, n := binary.Uvarint(r.buf)
	if n <= 0 {
		r.bad, r.buf = true, nil
		return 0
	}
	r.buf = r.buf[n:]
	return v
}

func (r *rowReader) int() int64 {
	v, n := binary.Varint(r.buf)
	if n <= 0 {
		r.bad, r.buf = true, nil
		return 0
	}
	r.buf = r.buf[n:]
	return v
}

func (r *rowReader) take(n uint64) []byte {
	if n > uint64(len(r.buf)) {
		r.bad, r.buf = true, nil
		return nil
	}
	b := r.buf[:n]
	r.buf = r.buf[n:]
	return b
}

func (r *rowReader) when() time.Time {
	mode := r.take(1)
	if r.bad {
		return time.Time{}
	}
	secs, nanos := r.time.Unix(), int64(r.time.Nanosecond())
	if r.time.IsZero() {
		secs, nanos = 0, 0
	}
	if mode[0]&1 == 0 {
		ms := r.int()
		secs, nanos = secs+ms/1000, nanos+ms%1000*1e6
	} else {
		secs += r.int()
		nanos += r.int()
	}
	if mode[0]&2 != 0 {
		r.offset = int(r.int())
		if r.offset < -86400 || r.offset > 86400 {
			r.bad = true
			return time.Time{}
		}
		r.zone = time.FixedZone("", r.offset)
		if r.offset == 0 {
			r.zone = time.UTC
		}
	}
	r.time = time.Unix(secs, nanos).In(r.zone)
	return r.time
}

func (r *rowReader) word() string {
	n := r.uint()
	if n >= 2 {
		if n-2 >= uint64(len(r.words)) {
			r.bad = true
			return ""
		}
		return r.words[n-2]
	}
	s := r.fresh(n)
	r.words = append(r.words, s)
	return s
}

func (r *rowReader) fresh(form uint64) string {
	switch form {
	case 0:
		return string(r.take(r.uint()))
	case 1:
		if raw := r.take(16); len(raw) == 16 {
			return formatUUID([16]byte(raw))
		}
		return ""
	}
	r.bad = true
	return ""
}

// parseUUID reads the canonical lower-case form only, so that formatUUID gives it back.
func parseUUID(s string) (raw [16]byte, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return raw, false
	}
	j := 0
	for i := 0; i < 36; i++ {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			continue
		}
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		default:
			return raw, false
		}
		raw[j/2] = raw[j/2]<<4 | c
		j++
	}
	return raw, true
}

func formatUUID(raw [16]byte) string {
	var b [36]byte
	hex.Encode(b[:8], raw[:4])
	hex.Encode(b[9:13], raw[4:6])
	hex.Encode(b[14:18], raw[6:8])
	hex.Encode(b[19:23], raw[8:10])
	hex.Encode(b[24:], raw[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}
