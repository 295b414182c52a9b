package rating

import (
	"maps"
	"slices"
	"sync"

	"hallkeeper/hub/hall"
)

// atHand is how many days' sheets are in memory; those of days before are on a shelf.
const atHand = 40

// oldDays are the sheets of days long past, packed by day. Who reads a day mostly
// reads it again and those beside it at once: the last few are kept open.
type oldDays struct {
	shelf hall.Shelf

	mu   sync.Mutex
	last []openDay // the newest read first
}

type openDay struct {
	day hall.Date
	all map[string]*sheet
}

// keptOpen is one day, those beside it, and one more.
const keptOpen = 4

func (o *oldDays) has(day hall.Date) bool { return o.shelf.Has(string(day)) }

// on gives the sheets of a day by window, not to be changed; nil where there are none.
func (o *oldDays) on(day hall.Date) map[string]*sheet {
	if !o.has(day) {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, x := range o.last {
		if x.day == day {
			return x.all
		}
	}
	row, _ := o.shelf.Get(string(day))
	all := unpackDay(row)
	o.last = append([]openDay{{day, all}}, o.last[:min(len(o.last), keptOpen-1)]...)
	return all
}

func (o *oldDays) put(day hall.Date, all map[string]*sheet) {
	o.forget(day)
	o.shelf.Set(string(day), packDay(all))
}

func (o *oldDays) remove(day hall.Date) {
	o.forget(day)
	o.shelf.Delete(string(day))
}

func (o *oldDays) forget(day hall.Date) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = slices.DeleteFunc(o.last, func(x openDay) bool { return x.day == day })
}

// packDay writes the packed sheets of a day, in the order of their windows.
func packDay(all map[string]*sheet) []byte {
	var w hall.Packer
	w.Uint(len(all))
	for _, window := range slices.Sorted(maps.Keys(all)) {
		x := all[window]
		w.Bytes([]byte(window))
		w.Int(x.reach)
		w.Uint(x.many)
		w.Bytes(x.packed)
	}
	return w.B
}

// unpackDay reads what packDay wrote.
func unpackDay(row []byte) map[string]*sheet {
	r := hall.Unpacker{B: row}
	all := map[string]*sheet{}
	for range r.Count() {
		window := string(r.Bytes())
		x := &sheet{reach: r.Int(), many: r.Uint()}
		x.packed = r.Bytes()
		all[window] = x
	}
	return all
}
