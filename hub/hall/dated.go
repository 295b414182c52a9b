package hall

import "slices"

// Dated is a value as it changed from day to day, in order of days.
type Dated[V any] []From[V]

// From is a value that holds from a day on.
type From[V any] struct {
	From  Date `json:"from"`
	Value V    `json:"value"`
}

// Set gives the list with a value from a day on, in place of one that began on the same day.
func (d Dated[V]) Set(from Date, v V) Dated[V] {
	all := slices.DeleteFunc(slices.Clone(d), func(x From[V]) bool { return x.From == from })
	i := 0
	for i < len(all) && all[i].From < from {
		i++
	}
	return slices.Insert(all, i, From[V]{from, v})
}

// On gives the value of a day; ok is false before the first.
func (d Dated[V]) On(day Date) (v V, ok bool) {
	for i := len(d) - 1; i >= 0; i-- {
		if d[i].From <= day {
			return d[i].Value, true
		}
	}
	return v, false
}

// Around gives the value of a day, and the first value for days before it: what
// was entered late was like this before, as far as anybody knows.
func (d Dated[V]) Around(day Date) (v V) {
	if v, ok := d.On(day); ok || len(d) == 0 {
		return v
	}
	return d[0].Value
}

// Last is the newest value.
func (d Dated[V]) Last() (v V) {
	if len(d) > 0 {
		return d[len(d)-1].Value
	}
	return v
}
