package view

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// yearly is a fold that puts each hundred records on a shelf, and looks at the last hundred while it folds.
type yearly struct {
	shelf hall.Shelf
	going []byte
	n     int
	dirty bool
}

func (f *yearly) Name() string            { return "yearly" }
func (f *yearly) Version() int            { return 1 }
func (f *yearly) Shelved(key string) bool { return strings.HasPrefix(key, "old/") }
func (f *yearly) Shelve(g func(string) []byte) {
	f.shelf.Shelve(func(id string) []byte { return g("old/" + id) })
}
func (f *yearly) Apply(r *wire.Record) {
	f.n, f.dirty = f.n+1, true
	f.going = append(f.going, r.Agent...)
	if f.n%100 == 0 {
		before, _ := f.shelf.Get(strconv.Itoa(f.n/100 - 1))
		f.shelf.Set(strconv.Itoa(f.n/100), append(slices.Clone(before[max(len(before)-8, 0):]), f.going...))
		f.going = nil
	}
}
func (f *yearly) Save(put func(string, []byte), remove func(string)) {
	if f.dirty {
		put("going", slices.Clone(f.going))
		put("n", []byte(strconv.Itoa(f.n)))
		f.dirty = false
	}
	f.shelf.Save("old/", put, remove)
}
func (f *yearly) Load(k string, v []byte) (err error) {
	if id, ok := strings.CutPrefix(k, "old/"); ok {
		f.shelf.Load(id, v)
		return nil
	}
	if k == "going" {
		f.going = slices.Clone(v)
		return nil
	}
	f.n, err = strconv.Atoi(string(v))
	return err
}

func (f *yearly) all() map[string]string {
	all := map[string]string{}
	f.shelf.EachRow("", func(id string, row []byte) { all[id] = string(row) })
	return all
}

func openYearly(t *testing.T, path string, src *growing, logger *slog.Logger) (*Runner, *yearly) {
	t.Helper()
	r, folds, err := New(path, src.Head(), logger, func() []Fold { return []Fold{&yearly{}} })
	if err != nil {
		t.Fatal(err)
	}
	return r, folds[0].(*yearly)
}

// run folds until the head, then does what is asked, and stops.
func run(t *testing.T, r *Runner, src *growing, do func()) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx, src, make(chan struct{})) }()
	if err := r.Await(t.Context(), src.Head()); err != nil {
		t.Fatal(err)
	}
	do()
	cancel()
	return <-ended
}

func TestAShelfIsReadFromTheFileAsItWas(t *testing.T) {
	dir := t.TempDir()
	path, again := filepath.Join(dir, "views.db"), filepath.Join(dir, "again.db")
	src := newGrowing(1050)
	plain := &yearly{}
	for i := range src.records {
		plain.Apply(&src.records[i])
	}
	r, f := openYearly(t, path, src, quiet())
	if err := run(t, r, src, func() {
		if got := f.all(); fmt.Sprint(got) != fmt.Sprint(plain.all()) {
			t.Errorf("before it is saved there are %v, want %v", got, plain.all())
		}
		if err := r.save(); err != nil {
			t.Error(err)
		}
		r.Read(func() {
			if got := f.all(); fmt.Sprint(got) != fmt.Sprint(plain.all()) {
				t.Errorf("once it is saved there are %v, want %v", got, plain.all())
			}
		})
	}); err != nil {
		t.Fatal(err)
	}
	src.add(500)
	for i := range src.records[1050:] {
		plain.Apply(&src.records[1050+i])
	}
	r, f = openYearly(t, path, src, quiet())
	if err := run(t, r, src, func() {
		if got := f.all(); fmt.Sprint(got) != fmt.Sprint(plain.all()) {
			t.Errorf("after another start there are %v, want %v", got, plain.all())
		}
	}); err != nil {
		t.Fatal(err)
	}
	if got := f.all(); len(got) != 15 { // the pages may ask until the very end
		t.Errorf("once the run is over there are %d", len(got))
	}
	if _, err := Replay(t.Context(), src, again, quiet(), func() []Fold { return []Fold{&yearly{}} }); err != nil {
		t.Fatal(err)
	}
	a, _, aerr := Digest(path)
	b, _, berr := Digest(again)
	if aerr != nil || berr != nil || !bytes.Equal(a, b) {
		t.Errorf("in two runs it is %x (%v), at once %x (%v)", a, aerr, b, berr)
	}
}

// A shelf is not read at the start, so that damage in it shows when somebody asks:
// then the hub stops by itself and makes the views again, it never answers wrongly.
func TestADamagedShelfIsMadeAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views.db")
	src := newGrowing(1000)
	r, f := openYearly(t, path, src, quiet())
	if err := run(t, r, src, func() {}); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprint(f.all())
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("yearly.shelf")).Put([]byte("old/3"), []byte("other"))
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Digest(path); err == nil {
		t.Error("a check of the whole file does not find the damage")
	}
	r, f = openYearly(t, path, src, quiet())
	err = run(t, r, src, func() {
		if row, _ := f.shelf.Get("4"); len(row) == 0 {
			t.Error("what is whole cannot be read")
		}
		defer func() {
			if recover() == nil {
				t.Error("what is damaged was read")
			}
			if _, err := os.Stat(path); err == nil { // even if this reader ends the program
				t.Error("the next start would find the damaged file")
			}
		}()
		r.Read(func() { f.shelf.Get("3") })
	})
	if err == nil || !strings.Contains(err.Error(), "start the hub again") {
		t.Errorf("the run ended with %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the damaged file is still there")
	}
	r, f = openYearly(t, path, src, quiet())
	if err := run(t, r, src, func() {
		if got := fmt.Sprint(f.all()); got != want {
			t.Errorf("made again there are %v, want %v", got, want)
		}
	}); err != nil {
		t.Fatal(err)
	}
}
