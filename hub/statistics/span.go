package statistics

import (
	"cmp"
	"iter"
	"slices"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// Span is the stays of some days as they were when it was taken. It does not change
// with the state, so that a year can be counted while records go on being folded.
type Span struct {
	rows []row
	live []Fact
}

// Span takes the days from until, both included. Only where it is whole can Page be asked.
func (s *State) Span(from, until hall.Date, whole bool) *Span {
	in := func(d hall.Date) bool { return d >= from && d <= until }
	p := &Span{}
	for id := range s.packed.counted.Each() {
		day := hall.Date(id)
		if !in(day) {
			continue
		}
		r := row{day: day}
		if r.counted, _ = s.packed.counted.Get(id); whole {
			r.named, _ = s.packed.named.Get(id)
		}
		p.rows = append(p.rows, r)
	}
	slices.SortFunc(p.rows, func(a, b row) int { return cmp.Compare(a.day, b.day) })
	for _, t := range []*hall.Table[Fact]{&s.fresh, &s.open} {
		for _, f := range t.Each() {
			if in(f.Day) {
				p.live = append(p.live, f)
			}
		}
	}
	slices.SortFunc(p.live, func(a, b Fact) int { return cmp.Compare(a.First, b.First) })
	return p
}

// Each gives the stays, those of past days without Ticket, Number, Mode, Call and
// Last. A fact is valid until the next one.
func (p *Span) Each() iter.Seq[*Fact] {
	return func(yield func(*Fact) bool) {
		for _, r := range p.rows {
			if !r.each(yield) {
				return
			}
		}
		for i := range p.live {
			if !yield(&p.live[i]) {
				return
			}
		}
	}
}

// place is where a stay is in a span: a row, or the live ones, and its number there.
// There may be a million, so that it has no more than what puts them in order.
type place struct {
	began             int64
	first             wire.Position
	stay, row, number int32
}

// Page gives limit stays from offset on of those that are wanted, whole and in the
// order of their beginnings, and how many are wanted in all.
func (p *Span) Page(want func(*Fact) bool, offset, limit int) (page []Fact, total int) {
	var found []place
	number := 0
	note := func(row int) func(*Fact) bool {
		number = 0
		return func(f *Fact) bool {
			if want(f) {
				found = append(found, place{f.Began, f.First, int32(f.Stay), int32(row), int32(number)})
			}
			number++
			return true
		}
	}
	for i, r := range p.rows {
		r.each(note(i))
	}
	live := note(len(p.rows))
	for i := range p.live {
		live(&p.live[i])
	}
	slices.SortFunc(found, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.began, b.began), cmp.Compare(a.first, b.first), cmp.Compare(a.stay, b.stay))
	})
	total = len(found)
	found = found[min(offset, total):]
	days := map[int32][]Fact{int32(len(p.rows)): p.live}
	for _, at := range found[:min(limit, len(found))] {
		if days[at.row] == nil {
			days[at.row] = p.rows[at.row].facts()
		}
		page = append(page, days[at.row][at.number])
	}
	return page, total
}
