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

type packer struct{ hall.Packer }

func (w *packer) id(id string) { x, _ := short(id); w.B = append(w.B, x[:]...) }

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
	w := &packer{hall.Packer{B: make([]byte, 0, 64*len(c.visits)+48*len(c.presses))}}
	last := int64(0)
	span := func(s Span) {
		w.Name(s.Window)
		w.Name(s.Staff)
		w.Int(s.From - last)
		last = s.From
		if s.Until == 0 {
			w.Uint(0)
		} else {
			w.Uint(int(s.Until - s.From + 1))
		}
	}
	w.Uint(len(c.visits))
	for i := range c.visits {
		v := &c.visits[i]
		w.B = append(w.B, bits(v.Ticket != "", v.Excluded))
		w.id(v.ID)
		if v.Ticket != "" {
			w.id(v.Ticket)
		}
		w.Name(v.Service)
		w.Name(v.Department)
		w.Name(v.Outcome)
		w.Uint(int(v.Position))
		w.Uint(len(v.Spans))
		for _, s := range v.Spans {
			span(s)
		}
	}
	w.Uint(len(c.guests))
	for i := range c.guests {
		g := &c.guests[i]
		w.id(g.Visit)
		w.Name(string(g.Home.Day))
		w.Name(g.Home.Window)
		span(g.Span)
	}
	w.presses(c.presses)
	w.Uint(len(c.jams))
	for _, j := range c.jams {
		w.Name(j.Agent)
		w.Uint(j.Level)
		w.Int(j.From)
		w.Int(j.Until - j.From)
	}
	return w.Whole(binary.AppendUvarint(binary.AppendVarint(nil, c.reach(p)), uint64(len(c.presses))))
}

func (w *packer) presses(all []Press) {
	w.Uint(len(all))
	last := int64(0)
	for _, i := range ordered(all) {
		p := &all[i]
		w.B = append(w.B, bits(p.Visit != "", p.Loose, p.base != 0, p.Agent != ""))
		w.id(p.ID)
		if p.Visit != "" {
			w.id(p.Visit)
		}
		if p.base != 0 {
			w.Name(p.boot)
			w.Int(p.base - p.At)
		}
		if p.Agent != "" {
			w.Name(p.Agent)
		}
		w.Name(string(p.Source))
		w.Name(string(p.Doubt))
		w.Int(int64(p.Level))
		w.Int(p.At - last)
		last = p.At
		w.Int(p.Stored - p.At)
		w.Uint(int(p.Position))
	}
}

var errSheet = errors.New("a sheet of ratings does not read")

type unpacker struct {
	hall.Unpacker
	ids ids
}

func (r *unpacker) id() string {
	var x shortID
	if len(r.B) < len(x) {
		r.Failed = true
		return ""
	}
	copy(x[:], r.B)
	r.B = r.B[len(x):]
	return r.ids.text(x)
}

// head reads what stands before the rows of a packed sheet.
func head(packed []byte) (reach int64, presses int, err error) {
	r := hall.Unpacker{B: packed}
	reach, presses = r.Int(), r.Uint()
	r.Names()
	if r.Failed {
		return 0, 0, errSheet
	}
	return reach, presses, nil
}

// unpack lays a sheet out. What cannot be read, which Load has refused, is left off.
func (m ids) unpack(p Place, packed []byte) *content {
	r := &unpacker{Unpacker: hall.Unpacker{B: packed}, ids: m}
	r.Int()
	r.Uint()
	r.Names()
	c := &content{}
	last := int64(0)
	span := func() Span {
		s := Span{Window: r.Name(), Staff: r.Name(), From: last + r.Int()}
		last = s.From
		if n := r.Uint(); n > 0 {
			s.Until = s.From + int64(n) - 1
		}
		return s
	}
	c.visits = make([]Visit, 0, r.Count())
	for range cap(c.visits) {
		has := r.Byte()
		v := Visit{Place: p, ID: r.id(), Excluded: has&isSet != 0}
		if has&hasID != 0 {
			v.Ticket = r.id()
		}
		v.Service, v.Department, v.Outcome, v.Position = r.Name(), r.Name(), r.Name(), wire.Position(r.Uint())
		v.Spans = make([]Span, r.Count())
		for i := range v.Spans {
			v.Spans[i] = span()
		}
		c.visits = append(c.visits, v)
	}
	for range r.Count() {
		g := guest{Visit: r.id(), Home: Place{hall.Date(r.Name()), r.Name()}}
		g.Span = span()
		c.guests = append(c.guests, g)
	}
	r.presses(p, c)
	for range r.Count() {
		j := Jam{Agent: r.Name(), Level: r.Uint(), From: r.Int()}
		j.Until = j.From + r.Int()
		c.jams = append(c.jams, j)
	}
	return c
}

func (r *unpacker) presses(p Place, c *content) {
	c.presses = make([]Press, 0, r.Count())
	last := int64(0)
	for range cap(c.presses) {
		has := r.Byte()
		x := Press{Place: p, ID: r.id(), Loose: has&isSet != 0}
		if has&hasID != 0 {
			x.Visit = r.id()
		}
		if has&hasBase != 0 {
			x.boot, x.base = r.Name(), r.Int()
		}
		if has&hasAgent != 0 {
			x.Agent = r.Name()
		}
		x.Source, x.Doubt, x.Level = wire.RatingSource(r.Name()), Why(r.Name()), int(r.Int())
		x.At = last + r.Int()
		last = x.At
		if has&hasBase != 0 {
			x.base += x.At
		}
		x.Stored, x.Position = x.At+r.Int(), wire.Position(r.Uint())
		c.presses = append(c.presses, x)
	}
}
