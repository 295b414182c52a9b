package hall

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A shelf answers alike whether its rows are in memory or in the file.
func TestAShelfBesideTheFile(t *testing.T) {
	file := map[string][]byte{}
	put := func(key string, row []byte) { file[key] = row }
	remove := func(key string) { delete(file, key) }
	var plain, shelved Shelf
	fetched := 0
	Tables{"x": &shelved}.Shelve(func(key string) []byte {
		fetched++
		row, ok := file[key]
		if !ok {
			t.Errorf("%s is asked for, which is not in the file", key)
		}
		return row
	})
	same := func(what string) {
		t.Helper()
		all := func(s *Shelf) string {
			var b strings.Builder
			for _, id := range s.IDs() {
				row, ok := s.Get(id)
				fmt.Fprintf(&b, "%s=%s %v %v,", id, row, ok, s.Has(id))
			}
			_, ok := s.Get("none")
			fmt.Fprintf(&b, "%d %v", s.Len(), ok)
			return b.String()
		}
		if a, b := all(&plain), all(&shelved); a != b {
			t.Errorf("%s: in memory %s, beside the file %s", what, a, b)
		}
	}
	both := func(do func(*Shelf)) {
		do(&plain)
		do(&shelved)
	}
	both(func(s *Shelf) { s.Set("a", []byte("1")); s.Set("b", []byte("2")); s.Set("c", []byte("3")) })
	same("before it is saved")
	if fetched > 0 {
		t.Error("the file was asked for what it cannot have yet")
	}
	plain.Save("x/", func(string, []byte) {}, func(string) {})
	shelved.Save("x/", put, remove)
	same("saved")
	if fetched == 0 {
		t.Error("what is in the file is still in memory")
	}
	both(func(s *Shelf) { s.Set("b", []byte("22")); s.Delete("c"); s.Delete("none") })
	same("changed")
	shelved.Save("x/", put, remove)
	same("saved again")
	if len(file) != 2 || string(file["x/b"]) != "22" {
		t.Errorf("the file has %v", file)
	}
	if wrote := func() (n int) { shelved.Save("x/", func(string, []byte) { n++ }, remove); return n }(); wrote != 0 {
		t.Errorf("nothing has changed and %d rows are written", wrote)
	}
	shelved = Shelf{}
	shelved.Shelve(func(id string) []byte { return file["x/"+id] })
	for key := range file {
		shelved.Load(strings.TrimPrefix(key, "x/"), nil)
	}
	same("after another start")
	var rows []string
	shelved.EachRow("x/", func(key string, row []byte) { rows = append(rows, key+"="+string(row)) })
	if slices.Sort(rows); fmt.Sprint(rows) != "[x/a=1 x/b=22]" {
		t.Errorf("each gives %v", rows)
	}
}
