package hall

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

type window struct {
	Number string
	Floor  int
}

// store is a view's bucket: what it holds, and what the last Save did to it.
type store struct {
	held map[string]string
	did  []string
}

func (s *store) save(ts Tables) []string {
	s.did = nil
	ts.Save(
		func(key string, value []byte) { s.held[key], s.did = string(value), append(s.did, "put "+key) },
		func(key string) { delete(s.held, key); s.did = append(s.did, "remove "+key) },
	)
	return s.did
}

func (s *store) load(t testing.TB, ts Tables) {
	t.Helper()
	for key, value := range s.held {
		if err := ts.Load(key, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
}

func rows[V any](t *Table[V]) string {
	var all []string
	for id, v := range t.All() {
		all = append(all, fmt.Sprintf("%s=%v", id, v))
	}
	return strings.Join(all, " ")
}

func TestTableRows(t *testing.T) {
	for _, c := range []struct {
		what string
		do   func(*Table[window])
		want string
	}{
		{"the zero table is empty", func(*Table[window]) {}, ""},
		{"rows come in the order of their ids", func(w *Table[window]) { w.Set("b", window{"2", 1}); w.Set("a", window{"1", 1}) }, "a={1 1} b={2 1}"},
		{"a row set again replaces the one before", func(w *Table[window]) { w.Set("a", window{"1", 1}); w.Set("a", window{"9", 0}) }, "a={9 0}"},
		{"a change keeps the rest of a row", func(w *Table[window]) { w.Set("a", window{"1", 1}); w.Change("a", func(v *window) { v.Floor = 2 }) }, "a={1 2}"},
		{"a change of no row starts from nothing", func(w *Table[window]) { w.Change("a", func(v *window) { v.Floor = 2 }) }, "a={ 2}"},
		{"a row deleted is gone", func(w *Table[window]) { w.Set("a", window{"1", 1}); w.Delete("a") }, ""},
		{"deleting no row changes nothing", func(w *Table[window]) { w.Delete("a") }, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			var table Table[window]
			c.do(&table)
			if got := rows(&table); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			_, ok := table.Get("a")
			if n := len(strings.Fields(c.want)) / 2; table.Len() != n || table.Has("a") != strings.Contains(c.want, "a=") || ok != table.Has("a") {
				t.Errorf("%q: len %d, has a: %v, gets a: %v", c.want, table.Len(), table.Has("a"), ok)
			}
			if each := maps.Collect(table.Each()); len(each) != table.Len() {
				t.Errorf("in no order there are %d rows", len(each))
			}
		})
	}
}

func TestAllEndsWhenItsReaderDoes(t *testing.T) {
	var table Table[int]
	table.Set("a", 1)
	table.Set("b", 2)
	for id := range table.All() {
		if id != "a" {
			t.Fatalf("went on to %s", id)
		}
		break
	}
}

func TestSaveWritesWhatChangedSinceTheLastOne(t *testing.T) {
	var windows Table[window]
	var floors Table[int]
	ts := Tables{"window": &windows, "floor": &floors}
	to := &store{held: map[string]string{}}
	for _, c := range []struct {
		what string
		do   func()
		want string
	}{
		{"nothing of empty tables", func() {}, ""},
		{"all that is new, table by table in order", func() {
			windows.Set("b", window{"2", 1})
			windows.Set("a", window{"1", 1})
			floors.Set("1", 10)
		}, "put floor/1, put window/a, put window/b"},
		{"nothing twice", func() {}, ""},
		{"only the row that was changed", func() { windows.Change("a", func(w *window) { w.Floor = 2 }) }, "put window/a"},
		{"a row deleted is removed", func() { windows.Delete("b") }, "remove window/b"},
		{"nothing where no row was deleted", func() { windows.Delete("b") }, ""},
		{"a row set and deleted is removed all the same", func() { floors.Set("2", 20); floors.Delete("2") }, "remove floor/2"},
		{"a row deleted and set is put", func() { windows.Delete("a"); windows.Set("a", window{"7", 7}) }, "put window/a"},
		{"an id with a slash is an id", func() { floors.Set("east/1", 5) }, "put floor/east/1"},
	} {
		c.do()
		if got := strings.Join(to.save(ts), ", "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}

	var windows2 Table[window]
	var floors2 Table[int]
	again := Tables{"window": &windows2, "floor": &floors2}
	to.load(t, again)
	if rows(&windows2) != "a={7 7}" || rows(&floors2) != "1=10 east/1=5" {
		t.Errorf("read back as %q and %q", rows(&windows2), rows(&floors2))
	}
	if did := to.save(again); did != nil {
		t.Errorf("what was just read back is written again: %q", did)
	}
}

func TestTablesRefuseWhatTheyCannotRead(t *testing.T) {
	for _, c := range []struct{ what, key, value, want string }{
		{"a table that there is none of", "door/a", `{}`, `no table "door"`},
		{"a key without a table", "", `{}`, `no table ""`},
		{"a row that is no JSON", "window/a", `{`, "unexpected end"},
		{"a row of another shape", "window/a", `[1]`, "cannot unmarshal array"},
	} {
		t.Run(c.what, func(t *testing.T) {
			var windows Table[window]
			err := Tables{"window": &windows}.Load(c.key, []byte(c.value))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if windows.Len() != 0 {
				t.Error("half a row was read")
			}
		})
	}
	var from Table[string]
	var into Table[int]
	from.Set("a", "not a number")
	if err := (Tables{"x": &from}).CopyTo(Tables{"x": &into}); err == nil || !strings.HasPrefix(err.Error(), "copy table x: ") {
		t.Errorf("copied a text into a number: %v", err)
	}
}

func TestACopyIsItsOwn(t *testing.T) {
	var from, into Table[[]string]
	from.Set("a", []string{"x"})
	if err := (Tables{"t": &from}).CopyTo(Tables{"t": &into}); err != nil {
		t.Fatal(err)
	}
	from.Change("a", func(v *[]string) { (*v)[0] = "y" })
	if got := rows(&into); got != "a=[x]" {
		t.Errorf("the copy changed with the original: %q", got)
	}
	to := &store{held: map[string]string{}}
	if did := to.save(Tables{"t": &into}); did != nil {
		t.Errorf("a copy has nothing to save yet, but wrote %q", did)
	}
}

// A store that saves come to at any time holds what the table does.
func TestAnyChangesReadBackAsTheyAre(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var table, back, copied Table[int]
		model := map[string]int{}
		to := &store{held: map[string]string{}}
		id := rapid.SampledFrom([]string{"a", "b", "c", "d/e"})
		rt.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				k, v := id.Draw(t, "id"), rapid.Int().Draw(t, "value")
				table.Set(k, v)
				model[k] = v
			},
			"change": func(t *rapid.T) {
				k := id.Draw(t, "id")
				table.Change(k, func(v *int) { *v++ })
				model[k]++
			},
			"delete": func(t *rapid.T) {
				k := id.Draw(t, "id")
				table.Delete(k)
				delete(model, k)
			},
			"save": func(*rapid.T) { to.save(Tables{"t": &table}) },
			"": func(t *rapid.T) {
				if !maps.Equal(maps.Collect(table.All()), model) {
					t.Fatalf("holds %q, want %v", rows(&table), model)
				}
			},
		})
		to.save(Tables{"t": &table})
		to.load(t, Tables{"t": &back})
		if err := (Tables{"t": &table}).CopyTo(Tables{"t": &copied}); err != nil {
			rt.Fatal(err)
		}
		for _, other := range []*Table[int]{&back, &copied} {
			if !slices.Equal(slices.Sorted(maps.Keys(model)), slices.Sorted(maps.Keys(maps.Collect(other.All())))) || rows(other) != rows(&table) {
				rt.Fatalf("reads back as %q, want %q", rows(other), rows(&table))
			}
		}
	})
}
