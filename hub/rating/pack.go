package rating

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// ids are odd ids by their digests; see State.note.
type ids map[shortID]string

// shortID is an id: the bytes of a UUID, or a digest of what is none.
type shortID [16]byte

// note remembers an id that is no UUID.
func (s *State) note(id string) {
	if x, odd := short(id); odd {
		if key := hex.EncodeToString(x[:]); !s.odd.Has(key) {
			s.odd.Set(key, id)
			s.sheets.ids[x] = id
		}
	}
}

// short gives the bytes of a UUID as text writes it, or a digest of another id.
func short(id string) (x shortID, odd bool) {
	if len(id) == 36 && id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-' {
		all := byte(0)
		for n, i := range [16]int{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34} {
			high, low := nibble(id[i]), nibble(id[i+1])
			all |= high | low
			x[n] = high<<4 | low
		}
		if all < 16 {
			return x, false
		}
	}
	digest := sha256.Sum256([]byte(id))
	copy(x[:], digest[:])
	return x, true
}

// nibble gives the value of a digit, 16 or more for what is none.
func nibble(c byte) byte { return nibbles[c] - 'A' }

// nibbles are the values of bytes as hexadecimal digits, as letters from A on; z is none.
const nibbles = "" +
	"zzzzzzzzzzzzzzzz" + "zzzzzzzzzzzzzzzz" + "zzzzzzzzzzzzzzzz" + "ABCDEFGHIJzzzzzz" +
	"zzzzzzzzzzzzzzzz" + "zzzzzzzzzzzzzzzz" + "zKLMNOPzzzzzzzzz" + "zzzzzzzzzzzzzzzz" +
	"zzzzzzzzzzzzzzzz" + "zzzzzzzzzzzzzzzz" + "zzzzzzzzzzzzzzzz" + "zzzzzzzzzzzzzzzz" +
	"zzzzzzzzzzzzzzzz" + "zzzzzzzzzzzzzzzz" + "zzzzzzzzzzzzzzzz" + "zzzzzzzzzzzzzzzz"

func (m ids) text(x shortID) string {
	if len(m) > 0 {
		if id, ok := m[x]; ok {
			return id
		}
	}
	var b [36]byte
	hex.Encode(b[:8], x[:4])
	hex.Encode(b[9:13], x[4:6])
	hex.Encode(b[14:18], x[6:8])
	hex.Encode(b[19:23], x[8:10])
	hex.Encode(b[24:], x[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// A packed sheet is its reach, how many presses are in it, the names, and rows of
// varints and ids. The presses are in the order of time, whatever that of their delivery.

type packer struct {
	b     []byte
	names []string
	index map[string]int
}

func (w *packer) int(v int64)  { w.b = binary.AppendVarint(w.b, v) }
func (w *packer) uint(v int)   { w.b = binary.AppendUvarint(w.b, uint64(max(v, 0))) }
func (w *packer) id(id string) { x, _ := short(id); w.b = append(w.b, x[:]...) }

func (w *packer) name(v string) {
	i, ok := w.index[v]
	if !ok {
		i = len(w.names)
		w.index[v] = i
		w.names = append(w.names, v)
	}
	w.uint(i)
}

// whole puts the names before the rows.
func (w *packer) whole(head []byte) []byte {
	head = binary.AppendUvarint(head, uint64(len(w.names)))
	for _, n := range w.names {
		head = binary.AppendUvarint(head, uint64(len(n)))
		head = append(head, n...)
	}
	return append(head, w.b...)
}

// The bits of a row.
const (
	hasID    = 1 << iota // a visit has a ticket, a press names a visit
	isSet                // a visit is excluded, a press is loose
	hasBase              // a press has a base
	hasAgent             // a press is of a device
)

func bits(all ...bool) (b byte) {
	for i, set := range all {
		if set {
			b |= 1 << i
		}
	}
	return b
}

func (m ids) pack(p Place, c *content) []byte {
	w := &packer{index: map[string]int{}, b: make([]byte, 0, 64*len(c.visits)+48*len(c.presses))}
	last := int64(0)
	span := func(s Span) {
		w.name(s.Window)
		w.name(s.Staff)
		w.int(s.From - last)
		last = s.From
		if s.Until == 0 {
			w.uint(0)
		} else {
			w.uint(int(s.Until - s.From + 1))
		}
	}
	w.uint(len(c.visits))
	for i := range c.visits {
		v := &c.visits[i]
		w.b = append(w.b, bits(v.Ticket != "", v.Excluded))
		w.id(v.ID)
		if v.Ticket != "" {
			w.id(v.Ticket)
		}
		w.name(v.Service)
		w.name(v.Department)
		w.name(v.Outcome)
		w.uint(int(v.Position))
		w.uint(len(v.Spans))
		for _, s := range v.Spans {
			span(s)
		}
	}
	w.uint(len(c.guests))
	for i := range c.guests {
		g := &c.guests[i]
		w.id(g.Visit)
		w.name(string(g.Home.Day))
		w.name(g.Home.Window)
		span(g.Span)
	}
	w.presses(c.presses)
	w.uint(len(c.jams))
	for _, j := range c.jams {
		w.name(j.Agent)
		w.uint(j.Level)
		w.int(j.From)
		w.int(j.Until - j.From)
	}
	return w.whole(binary.AppendUvarint(binary.AppendVarint(nil, c.reach(p)), uint64(len(c.presses))))
}

func (w *packer) presses(all []Press) {
	w.uint(len(all))
	last := int64(0)
	for _, i := range ordered(all) {
		p := &all[i]
		w.b = append(w.b, bits(p.Visit != "", p.Loose, p.base != 0, p.Agent != ""))
		w.id(p.ID)
		if p.Visit != "" {
			w.id(p.Visit)
		}
		if p.base != 0 {
			w.name(p.boot)
			w.int(p.base - p.At)
		}
		if p.Agent != "" {
			w.name(p.Agent)
		}
		w.name(string(p.Source))
		w.name(string(p.Doubt))
		w.int(int64(p.Level))
		w.int(p.At - last)
		last = p.At
		w.int(p.Stored - p.At)
		w.uint(int(p.Position))
	}
}

var errSheet = errors.New("a sheet of ratings does not read")

type unpacker struct {
	b      []byte
	names  []string
	ids    ids
	failed bool
}

func (r *unpacker) int() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.failed = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *unpacker) uint() int {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > 1<<62 {
		r.failed = true
		return 0
	}
	r.b = r.b[n:]
	return int(v)
}

// count is a uint that cannot be more than there are bytes left.
func (r *unpacker) count() int {
	n := r.uint()
	if n > len(r.b) {
		r.failed = true
		return 0
	}
	return n
}

func (r *unpacker) byte() byte {
	if len(r.b) == 0 {
		r.failed = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *unpacker) id() string {
	var x shortID
	if len(r.b) < len(x) {
		r.failed = true
		return ""
	}
	copy(x[:], r.b)
	r.b = r.b[len(x):]
	return r.ids.text(x)
}

func (r *unpacker) name() string {
	i := r.uint()
	if i >= len(r.names) {
		r.failed = true
		return ""
	}
	return r.names[i]
}

func (r *unpacker) head() {
	for range r.count() {
		n := r.count()
		r.names = append(r.names, string(r.b[:n]))
		r.b = r.b[n:]
	}
}

// head reads what stands before the rows of a packed sheet.
func head(packed []byte) (reach int64, presses int, err error) {
	r := unpacker{b: packed}
	reach, presses = r.int(), r.uint()
	r.head()
	if r.failed {
		return 0, 0, errSheet
	}
	return reach, presses, nil
}

// unpack lays a sheet out. What cannot be read, which Load has refused, is left off.
func (m ids) unpack(p Place, packed []byte) *content {
	r := &unpacker{b: packed, ids: m}
	r.int()
	r.uint()
	r.head()
	c := &content{}
	last := int64(0)
	span := func() Span {
		s := Span{Window: r.name(), Staff: r.name(), From: last + r.int()}
		last = s.From
		if n := r.uint(); n > 0 {
			s.Until = s.From + int64(n) - 1
		}
		return s
	}
	c.visits = make([]Visit, 0, r.count())
	for range cap(c.visits) {
		has := r.byte()
		v := Visit{Place: p, ID: r.id(), Excluded: has&isSet != 0}
		if has&hasID != 0 {
			v.Ticket = r.id()
		}
		v.Service, v.Department, v.Outcome, v.Position = r.name(), r.name(), r.name(), wire.Position(r.uint())
		v.Spans = make([]Span, r.count())
		for i := range v.Spans {
			v.Spans[i] = span()
		}
		c.visits = append(c.visits, v)
	}
	for range r.count() {
		g := guest{Visit: r.id(), Home: Place{hall.Date(r.name()), r.name()}}
		g.Span = span()
		c.guests = append(c.guests, g)
	}
	r.presses(p, c)
	for range r.count() {
		j := Jam{Agent: r.name(), Level: r.uint(), From: r.int()}
		j.Until = j.From + r.int()
		c.jams = append(c.jams, j)
	}
	return c
}

func (r *unpacker) presses(p Place, c *content) {
	c.presses = make([]Press, 0, r.count())
	last := int64(0)
	for range cap(c.presses) {
		has := r.byte()
		x := Press{Place: p, ID: r.id(), Loose: has&isSet != 0}
		if has&hasID != 0 {
			x.Visit = r.id()
		}
		if has&hasBase != 0 {
			x.boot, x.base = r.name(), r.int()
		}
		if has&hasAgent != 0 {
			x.Agent = r.name()
		}
		x.Source, x.Doubt, x.Level = wire.RatingSource(r.name()), Why(r.name()), int(r.int())
		x.At = last + r.int()
		last = x.At
		if has&hasBase != 0 {
			x.base += x.At
		}
		x.Stored, x.Position = x.At+r.int(), wire.Position(r.uint())
		c.presses = append(c.presses, x)
	}
}
