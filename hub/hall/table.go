package hall

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Table is one kind of thing by id, as folded from the log. It notes what has
// changed, so that a view saves only that. The zero value is empty.
type Table[V any] struct {
	rows  map[string]V
	dirty map[string]bool
}

// Get gives a row; ok is false where there is none.
func (t *Table[V]) Get(id string) (v V, ok bool) {
	v, ok = t.rows[id]
	return v, ok
}

// Has tells whether there is a row.
func (t *Table[V]) Has(id string) bool {
	_, ok := t.rows[id]
	return ok
}

// Len counts the rows.
func (t *Table[V]) Len() int { return len(t.rows) }

// Set puts a row in place of the one before.
func (t *Table[V]) Set(id string, v V) {
	if t.rows == nil {
		t.rows = map[string]V{}
	}
	t.rows[id] = v
	t.touch(id)
}

// Change lets change work on a copy of a row, which is the zero value where there is none.
func (t *Table[V]) Change(id string, change func(*V)) {
	v := t.rows[id]
	change(&v)
	t.Set(id, v)
}

// Delete removes a row, if there is one.
func (t *Table[V]) Delete(id string) {
	if t.Has(id) {
		delete(t.rows, id)
		t.touch(id)
	}
}

func (t *Table[V]) touch(id string) {
	if t.dirty == nil {
		t.dirty = map[string]bool{}
	}
	t.dirty[id] = true
}

// All gives the rows in the order of their ids.
func (t *Table[V]) All() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, id := range slices.Sorted(maps.Keys(t.rows)) {
			if !yield(id, t.rows[id]) {
				return
			}
		}
	}
}

// Each gives the rows in no order, without the cost of one.
func (t *Table[V]) Each() iter.Seq2[string, V] { return maps.All(t.rows) }

// Stored is a table as a view keeps it. *Table implements it.
type Stored interface {
	save(prefix string, put func(string, []byte), remove func(string))
	load(id string, value []byte) error
	each(func(id string, value []byte))
}

func (t *Table[V]) save(prefix string, put func(string, []byte), remove func(string)) {
	for _, id := range slices.Sorted(maps.Keys(t.dirty)) {
		if v, ok := t.rows[id]; ok {
			put(prefix+id, marshal(v))
		} else {
			remove(prefix + id)
		}
	}
	clear(t.dirty)
}

func (t *Table[V]) load(id string, value []byte) error {
	var v V
	if err := json.Unmarshal(value, &v); err != nil {
		return err
	}
	if t.rows == nil {
		t.rows = map[string]V{}
	}
	t.rows[id] = v
	return nil
}

func (t *Table[V]) each(use func(string, []byte)) {
	for id, v := range t.rows {
		use(id, marshal(v))
	}
}

func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil { // rows are plain data
		panic(fmt.Sprintf("hall: a row cannot be written: %v", err))
	}
	return b
}

// Tables are the named tables of a state. Names may not hold a slash.
type Tables map[string]Stored

// Save writes what changed since the last Save.
func (ts Tables) Save(put func(key string, value []byte), remove func(key string)) {
	for _, name := range slices.Sorted(maps.Keys(ts)) {
		ts[name].save(name+"/", put, remove)
	}
}

// Each gives all rows as Save would write them.
func (ts Tables) Each(use func(key string, value []byte)) {
	for name, t := range ts {
		t.each(func(id string, value []byte) { use(name+"/"+id, value) })
	}
}

// Load reads one key back.
func (ts Tables) Load(key string, value []byte) error {
	name, id, _ := strings.Cut(key, "/")
	t, ok := ts[name]
	if !ok {
		return fmt.Errorf("there is no table %q", name)
	}
	return t.load(id, value)
}

// CopyTo loads all rows into tables of the same names.
func (ts Tables) CopyTo(into Tables) error {
	for name, t := range ts {
		var err error
		t.each(func(id string, value []byte) {
			if e := into[name].load(id, value); e != nil && err == nil {
				err = e
			}
		})
		if err != nil {
			return fmt.Errorf("copy table %s: %w", name, err)
		}
	}
	return nil
}
