package hall

import (
	"encoding/binary"
	"slices"
)

// Packer writes rows for a Shelf as varints. Names that come again are written once,
// before the rows. The zero value is empty.
type Packer struct {
	// B are the rows so far.
	B     []byte
	names []string
	index map[string]int
}

// Int writes a number of either sign.
func (w *Packer) Int(v int64) { w.B = binary.AppendVarint(w.B, v) }

// Uint writes a number that is not negative.
func (w *Packer) Uint(v int) { w.B = binary.AppendUvarint(w.B, uint64(max(v, 0))) }

// Name writes which of the names it is.
func (w *Packer) Name(v string) {
	i, ok := w.index[v]
	if !ok {
		if w.index == nil {
			w.index = map[string]int{}
		}
		i = len(w.names)
		w.index[v] = i
		w.names = append(w.names, v)
	}
	w.Uint(i)
}

// Bytes writes how many they are, and them.
func (w *Packer) Bytes(v []byte) {
	w.Uint(len(v))
	w.B = append(w.B, v...)
}

// Whole gives the head, the names and the rows.
func (w *Packer) Whole(head []byte) []byte {
	head = binary.AppendUvarint(head, uint64(len(w.names)))
	for _, n := range w.names {
		head = binary.AppendUvarint(head, uint64(len(n)))
		head = append(head, n...)
	}
	return append(head, w.B...)
}

// Unpacker reads what Packer wrote. What does not read is zero, and Failed then true.
type Unpacker struct {
	// B is what is left.
	B      []byte
	Failed bool
	names  []string
}

// Int reads a number of either sign.
func (r *Unpacker) Int() int64 {
	v, n := binary.Varint(r.B)
	if n <= 0 {
		r.Failed = true
		return 0
	}
	r.B = r.B[n:]
	return v
}

// Uint reads a number that is not negative.
func (r *Unpacker) Uint() int {
	v, n := binary.Uvarint(r.B)
	if n <= 0 || v > 1<<62 {
		r.Failed = true
		return 0
	}
	r.B = r.B[n:]
	return int(v)
}

// Count is a Uint that cannot be more than there are bytes left.
func (r *Unpacker) Count() int {
	n := r.Uint()
	if n > len(r.B) {
		r.Failed = true
		return 0
	}
	return n
}

// Byte reads one.
func (r *Unpacker) Byte() byte {
	if len(r.B) == 0 {
		r.Failed = true
		return 0
	}
	c := r.B[0]
	r.B = r.B[1:]
	return c
}

// Bytes reads those that a count stands before; they are not copied.
func (r *Unpacker) Bytes() []byte {
	n := r.Count()
	b := r.B[:n:n]
	r.B = r.B[n:]
	return b
}

// Name reads one of the names.
func (r *Unpacker) Name() string {
	i := r.Uint()
	if i >= len(r.names) {
		r.Failed = true
		return ""
	}
	return r.names[i]
}

// Names reads those that stand before the rows.
func (r *Unpacker) Names() {
	n := r.Count()
	r.names = slices.Grow(r.names, n)
	for range n {
		r.names = append(r.names, string(r.Bytes()))
	}
}
