package hall

import (
	"iter"
	"maps"
	"slices"
)

// Shelf is a table of bytes by id for what a hall keeps for years and seldom
// reads, such as the facts of past days. Where a view's file stands behind it
// (see Tables.Shelve), a row is in memory only until it is saved, and is read from
// the file when somebody asks; else all rows stay in memory. The zero value is empty.
//
// Readers may read at a time while nothing is set, deleted or saved.
type Shelf struct {
	known map[string]struct{}
	held  map[string][]byte
	dirty map[string]bool
	fetch func(id string) []byte
}

// Has tells whether there is a row, without reading it.
func (s *Shelf) Has(id string) bool {
	_, ok := s.known[id]
	return ok
}

// Len counts the rows.
func (s *Shelf) Len() int { return len(s.known) }

// IDs are those of all rows, in order.
func (s *Shelf) IDs() []string { return slices.Sorted(maps.Keys(s.known)) }

// Each gives the ids of all rows in no order.
func (s *Shelf) Each() iter.Seq[string] { return maps.Keys(s.known) }

// Get reads a row, which is not to be changed; ok is false where there is none.
func (s *Shelf) Get(id string) (row []byte, ok bool) {
	if !s.Has(id) {
		return nil, false
	}
	if row, ok = s.held[id]; ok {
		return row, true
	}
	return s.fetch(id), true
}

// Set puts a row in place of the one before.
func (s *Shelf) Set(id string, row []byte) {
	s.hold(id, row)
	s.touch(id)
}

func (s *Shelf) hold(id string, row []byte) {
	if s.known == nil {
		s.known, s.held = map[string]struct{}{}, map[string][]byte{}
	}
	s.known[id] = struct{}{}
	s.held[id] = row
}

// Delete removes a row, if there is one.
func (s *Shelf) Delete(id string) {
	if s.Has(id) {
		delete(s.known, id)
		delete(s.held, id)
		s.touch(id)
	}
}

func (s *Shelf) touch(id string) {
	if s.dirty == nil {
		s.dirty = map[string]bool{}
	}
	s.dirty[id] = true
}

// Shelve lets rows that are saved leave memory; fetch reads one back.
func (s *Shelf) Shelve(fetch func(id string) []byte) { s.fetch = fetch }

// Save writes what changed since the last Save.
func (s *Shelf) Save(prefix string, put func(string, []byte), remove func(string)) {
	for _, id := range slices.Sorted(maps.Keys(s.dirty)) {
		row, ok := s.held[id]
		if !ok {
			remove(prefix + id)
			continue
		}
		put(prefix+id, row)
		if s.fetch != nil {
			delete(s.held, id)
		}
	}
	clear(s.dirty)
}

// Load takes a row that was saved; a nil row is there and stays in the file.
func (s *Shelf) Load(id string, row []byte) {
	s.hold(id, slices.Clone(row))
	if row == nil {
		delete(s.held, id)
	}
}

// EachRow gives all rows as Save would write them.
func (s *Shelf) EachRow(prefix string, use func(key string, row []byte)) {
	for id := range s.known {
		row, _ := s.Get(id)
		use(prefix+id, row)
	}
}

func (s *Shelf) save(prefix string, put func(string, []byte), remove func(string)) {
	s.Save(prefix, put, remove)
}

func (s *Shelf) load(id string, row []byte) error {
	s.Load(id, row)
	return nil
}

func (s *Shelf) each(use func(string, []byte)) { s.EachRow("", use) }

// Shelve lets the shelves among the tables leave their rows in the view's file,
// of which fetch reads a key, and gives the tables. It is called while they are empty.
func (ts Tables) Shelve(fetch func(key string) []byte) Tables {
	for name, t := range ts {
		if s, ok := t.(*Shelf); ok {
			s.Shelve(func(id string) []byte { return fetch(name + "/" + id) })
		}
	}
	return ts
}

// Shelved tells whether a table is a shelf.
func (ts Tables) Shelved(name string) bool {
	_, ok := ts[name].(*Shelf)
	return ok
}
