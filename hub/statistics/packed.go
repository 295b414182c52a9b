package statistics

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// packed are the stays of past days, two rows a day: counted has what figures are
// made of, named what only tells whose stay it was. A year is counted from the
// first alone, which is a third of both.
type packed struct{ counted, named hall.Shelf }

// row are the two rows of a day; named is nil where nobody needs it.
type row struct {
	day            hall.Date
	counted, named []byte
}

func (p *packed) day(day hall.Date) row {
	r := row{day: day}
	r.counted, _ = p.counted.Get(string(day))
	r.named, _ = p.named.Get(string(day))
	return r
}

func (p *packed) add(day hall.Date, more ...Fact) { p.set(day, append(p.day(day).facts(), more...)) }

func (p *packed) set(day hall.Date, facts []Fact) {
	p.counted.Set(string(day), packCounted(facts))
	p.named.Set(string(day), packNamed(facts))
}

// facts are those of a day, whole, in the order in which they were packed.
func (r row) facts() []Fact {
	if r.counted == nil {
		return nil
	}
	var facts []Fact
	r.each(func(f *Fact) bool {
		facts = append(facts, *f)
		return true
	})
	names := open(r.day, r.named)
	for i := range facts {
		f := &facts[i]
		f.Ticket, f.Number, f.Mode = string(names.Bytes()), string(names.Bytes()), names.Name()
		f.Call, f.Last = wire.Position(names.Uint()), wire.Position(names.Uint())
	}
	names.must()
	return facts
}

// The bits of a counted stay.
const (
	isNext = 1 << iota
	isPaper
)

// ends are those of a stay, by their numbers in a row.
func ends() []End { return []End{Open, Finished, Missed, Closed, Transferred} }

func packCounted(facts []Fact) []byte {
	var w hall.Packer
	numbers := map[End]int{}
	for n, end := range ends() {
		numbers[end] = n
	}
	began, first := int64(0), int64(0)
	for i := range facts {
		f := &facts[i]
		flags := byte(0)
		if f.Next {
			flags |= isNext
		}
		if f.Paper {
			flags |= isPaper
		}
		w.B = append(w.B, flags, byte(numbers[f.End]))
		for _, name := range []string{f.Service, f.Class, f.Window, f.Staff, f.Outcome} {
			w.Name(name)
		}
		w.Int(f.Began - began)
		w.Int(int64(f.First) - first)
		began, first = f.Began, int64(f.First)
		for _, at := range []int64{f.Called, f.Started, f.Ended, f.AwayFrom} {
			w.Int(since(at, f.Began))
		}
		w.Int(f.Away)
		for _, n := range []int{f.Stay, f.Recalls, f.Absences, f.Holds, f.WaitMax, f.ServiceMax} {
			w.Uint(n)
		}
	}
	var head hall.Packer
	head.Uint(len(facts))
	return squeeze(w.Whole(head.B))
}

// since is a time after a beginning, or zero for never; one that is the beginning or before it is one less.
func since(at, began int64) int64 {
	switch {
	case at == 0:
		return 0
	case at > began:
		return at - began
	}
	return at - began - 1
}

// at is the time of since.
func at(since, began int64) int64 {
	switch {
	case since == 0:
		return 0
	case since > 0:
		return began + since
	}
	return began + since + 1
}

// each gives the stays without what named has. The fact is one and the same, filled anew.
func (r row) each(use func(*Fact) bool) bool {
	var (
		rows  = open(r.day, r.counted)
		ends  = ends()
		f     = Fact{Day: r.day}
		began = int64(0)
		first = int64(0)
	)
	for range rows.many {
		flags, end := rows.Byte(), rows.Byte()
		f.Next, f.Paper, f.End = flags&isNext != 0, flags&isPaper != 0, ends[min(int(end), len(ends)-1)]
		f.Service, f.Class, f.Window, f.Staff, f.Outcome = rows.Name(), rows.Name(), rows.Name(), rows.Name(), rows.Name()
		began += rows.Int()
		first += rows.Int()
		f.Began, f.First = began, wire.Position(first)
		f.Called, f.Started, f.Ended, f.AwayFrom = at(rows.Int(), began), at(rows.Int(), began), at(rows.Int(), began), at(rows.Int(), began)
		f.Away = rows.Int()
		f.Stay, f.Recalls, f.Absences, f.Holds, f.WaitMax, f.ServiceMax = rows.Uint(), rows.Uint(), rows.Uint(), rows.Uint(), rows.Uint(), rows.Uint()
		if !use(&f) {
			return false
		}
	}
	rows.must()
	return true
}

func packNamed(facts []Fact) []byte {
	var w hall.Packer
	for i := range facts {
		f := &facts[i]
		w.Bytes([]byte(f.Ticket))
		w.Bytes([]byte(f.Number))
		w.Name(f.Mode)
		w.Uint(int(f.Call))
		w.Uint(int(f.Last))
	}
	var head hall.Packer
	head.Uint(len(facts))
	return squeeze(w.Whole(head.B))
}

// opened is a row that is read.
type opened struct {
	hall.Unpacker
	day  hall.Date
	many int
}

func open(day hall.Date, row []byte) *opened {
	plain, err := io.ReadAll(flate.NewReader(bytes.NewReader(row)))
	o := &opened{hall.Unpacker{B: plain, Failed: err != nil}, day, 0}
	o.many = o.Count()
	o.Names()
	o.must()
	return o
}

// must stops at a row that does not read: the view has checked that it is as it was
// written, so that the program which wrote it was wrong, and figures would be too.
func (o *opened) must() {
	if o.Failed {
		panic(fmt.Sprintf("statistics: the packed stays of %s do not read; hub replay makes the views again from the log", o.day))
	}
}

func squeeze(plain []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	if err != nil { // only of a level that there is not
		panic(err)
	}
	_, _ = w.Write(plain) // into memory
	_ = w.Close()
	return b.Bytes()
}
