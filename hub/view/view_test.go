package view

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hallkeeper/wire"
)

// tally is a fold that counts records by agent.
type tally struct {
	version int
	counts  map[string]int
	dirty   map[string]bool
}

func newTally(version int) *tally {
	return &tally{version: version, counts: map[string]int{}, dirty: map[string]bool{}}
}

func (f *tally) Name() string { return "tally" }
func (f *tally) Version() int { return f.version }
func (f *tally) Apply(r *wire.Record) {
	f.counts[r.Agent]++
	f.dirty[r.Agent] = true
}
func (f *tally) Save(put func(string, []byte), _ func(string)) {
	for k := range f.dirty {
		put(k, []byte(strconv.Itoa(f.counts[k])))
	}
	clear(f.dirty)
}
func (f *tally) Load(k string, v []byte) error {
	n, err := strconv.Atoi(string(v))
	f.counts[k] = n
	return err
}

// growing is a log in memory.
type growing struct {
	mu      sync.Mutex
	records []wire.Record
	grown   chan struct{}
	reads   []wire.Position // where followers began
}

func newGrowing(n int) *growing {
	g := &growing{grown: make(chan struct{})}
	g.add(n)
	return g
}

func (g *growing) add(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for range n {
		g.records = append(g.records, wire.Record{Position: wire.Position(len(g.records) + 1), Event: wire.Event{Agent: "a" + strconv.Itoa(len(g.records)%7)}})
	}
	close(g.grown)
	g.grown = make(chan struct{})
}

func (g *growing) Head() wire.Position {
	g.mu.Lock()
	defer g.mu.Unlock()
	return wire.Position(len(g.records))
}

func (g *growing) Follow(ctx context.Context, after wire.Position) iter.Seq2[[]wire.Record, error] {
	g.mu.Lock()
	g.reads = append(g.reads, after)
	g.mu.Unlock()
	return func(yield func([]wire.Record, error) bool) {
		for ctx.Err() == nil {
			g.mu.Lock()
			batch, grown := g.records[after:], g.grown
			g.mu.Unlock()
			if len(batch) > 0 {
				after += wire.Position(len(batch))
				if !yield(batch, nil) {
					return
				}
				continue
			}
			select {
			case <-grown:
			case <-ctx.Done():
			}
		}
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// runTo runs a runner over src until it has folded all, and stops it cleanly.
func runTo(t *testing.T, path string, src *growing, version int, logger *slog.Logger) (*Runner, *tally) {
	t.Helper()
	r, folds, err := New(path, src.Head(), logger, func() []Fold { return []Fold{newTally(version)} })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	caughtUp := make(chan struct{})
	go func() { ended <- r.Run(ctx, src, caughtUp) }()
	<-caughtUp
	if err := r.Await(t.Context(), src.Head()); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	return r, folds[0].(*tally)
}

func TestAViewGoesOnFromWhereItStopped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views.db")
	src := newGrowing(100)
	runTo(t, path, src, 1, quiet())
	src.add(50)
	r, f := runTo(t, path, src, 1, quiet())
	if src.reads[1] != 100 {
		t.Errorf("the second run read from %d on", src.reads[1])
	}
	if r.Position() != 150 || f.counts["a0"] != 22 {
		t.Errorf("position %d, counts %v", r.Position(), f.counts)
	}
}

func TestAFileThatCannotBeTrustedIsMadeAgain(t *testing.T) {
	for name, harm := range map[string]struct {
		do      func(t *testing.T, path string)
		version int
		records int
	}{
		"one flipped byte in a value": {version: 1, records: 100, do: func(t *testing.T, path string) {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			i := bytes.LastIndex(b, []byte("a014a115")) // 100 records: 15 of a0, 15 of a1
			if i < 0 {
				i = bytes.LastIndex(b, []byte("a015"))
			}
			if i < 0 {
				t.Fatal("the value is not where this test looks for it")
			}
			b[i+3] ^= 1
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		"a file cut short": {version: 1, records: 100, do: func(t *testing.T, path string) {
			if err := os.Truncate(path, 5000); err != nil {
				t.Fatal(err)
			}
		}},
		"pages of nonsense": {version: 1, records: 100, do: func(t *testing.T, path string) {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for i := 2 * os.Getpagesize(); i < len(b); i++ {
				b[i] = byte(i * 7)
			}
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		"another version of a fold":              {version: 2, records: 100, do: func(*testing.T, string) {}},
		"views that are ahead of a restored log": {version: 1, records: 40, do: func(*testing.T, string) {}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "views.db")
			runTo(t, path, newGrowing(100), 1, quiet())
			harm.do(t, path)
			var said strings.Builder
			src := newGrowing(harm.records)
			_, f := runTo(t, path, src, harm.version, slog.New(slog.NewTextHandler(&said, nil)))
			if src.reads[0] != 0 || f.counts["a0"] != (harm.records+6)/7 {
				t.Errorf("read from %d on, counts %v", src.reads[0], f.counts)
			}
			if !strings.Contains(said.String(), "made again from the log") {
				t.Errorf("the log says %q", said.String())
			}
			again := filepath.Join(t.TempDir(), "again.db")
			if _, err := Replay(t.Context(), src, again, quiet(), func() []Fold { return []Fold{newTally(harm.version)} }); err != nil {
				t.Fatal(err)
			}
			a, _, err := Digest(path)
			b, _, berr := Digest(again)
			if err != nil || berr != nil || !bytes.Equal(a, b) {
				t.Errorf("what was mended and what was replayed differ: %x %x %v %v", a, b, err, berr)
			}
		})
	}
}

func TestViewsThatCannotBeSavedAreKeptInMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "views.db")
	src := newGrowing(100)
	r, folds, err := New(path, src.Head(), quiet(), func() []Fold { return []Fold{newTally(1)} })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx, src, make(chan struct{})) }()
	if err := r.Await(t.Context(), 100); err != nil {
		t.Fatal(err)
	}
	r.Read(func() {
		if n := folds[0].(*tally).counts["a0"]; n != 15 {
			t.Errorf("counted %d", n)
		}
	})
	cancel()
	if err := <-ended; err == nil {
		t.Error("a run whose views could not be saved at its end did not say so")
	}
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.save(), r.shelves.close()); err != nil { // what could not be written is not forgotten
		t.Fatal(err)
	}
	if _, f := runTo(t, path, src, 1, quiet()); f.counts["a0"] != 15 {
		t.Errorf("after it could be saved: %v", f.counts)
	}
}

func TestAwaitEndsWithItsContext(t *testing.T) {
	r, _, err := New(filepath.Join(t.TempDir(), "v.db"), 0, quiet(), func() []Fold { return nil })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := r.Await(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
