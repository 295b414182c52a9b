package rating

import (
	"encoding/json"
	"fmt"
)

// rows are things by id that change several times and then go: unlike a
// hall.Table, what comes and goes between two saves costs a save nothing.
type rows[V any] struct {
	rows  map[string]*row[V]
	dirty []*row[V]
	gone  []string // that were saved
}

type row[V any] struct {
	id           string
	dirty, saved bool
	v            V
}

// get gives a row, not to be changed; nil where there is none.
func (t *rows[V]) get(id string) *V {
	if r := t.rows[id]; r != nil {
		return &r.v
	}
	return nil
}

// change gives a row to be changed; nil where there is none.
func (t *rows[V]) change(id string) *V {
	r := t.rows[id]
	if r == nil {
		return nil
	}
	t.touch(r)
	return &r.v
}

// set puts a row in place of the one before.
func (t *rows[V]) set(id string, v V) {
	r := t.rows[id]
	if r == nil {
		if t.rows == nil {
			t.rows = map[string]*row[V]{}
		}
		r = &row[V]{id: id}
		t.rows[id] = r
	}
	r.v = v
	t.touch(r)
}

func (t *rows[V]) touch(r *row[V]) {
	if !r.dirty {
		r.dirty = true
		t.dirty = append(t.dirty, r)
	}
}

// drop removes the rows of which old is true.
func (t *rows[V]) drop(old func(*V) bool) {
	for id, r := range t.rows {
		if old(&r.v) {
			delete(t.rows, id)
			if r.saved {
				t.gone = append(t.gone, id)
			}
		}
	}
}

func (t *rows[V]) save(prefix string, put func(string, []byte), remove func(string)) {
	for _, id := range t.gone {
		remove(prefix + id)
	}
	for _, r := range t.dirty {
		if t.rows[r.id] == r {
			put(prefix+r.id, r.json())
			r.dirty, r.saved = false, true
		}
	}
	t.dirty, t.gone = nil, nil
}

func (t *rows[V]) each(prefix string, use func(string, []byte)) {
	for id, r := range t.rows {
		use(prefix+id, r.json())
	}
}

func (t *rows[V]) load(id string, value []byte) error {
	r := &row[V]{id: id, saved: true}
	if err := json.Unmarshal(value, &r.v); err != nil {
		return err
	}
	if t.rows == nil {
		t.rows = map[string]*row[V]{}
	}
	t.rows[id] = r
	return nil
}

func (r *row[V]) json() []byte {
	b, err := json.Marshal(&r.v)
	if err != nil { // rows are plain data
		panic(fmt.Sprintf("rating: a row cannot be written: %v", err))
	}
	return b
}
