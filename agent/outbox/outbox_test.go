package outbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"hallkeeper/wire"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func mustOpen(t *testing.T, dir string, limit int) *Outbox {
	t.Helper()
	o, err := Open(dir, limit, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	return o
}

func press(level int) wire.Event {
	return wire.Event{ID: fmt.Sprintf("e%d", level), Agent: "w01", At: time.UnixMilli(1_700_000_000_000 + int64(level)).UTC(),
		Kind: wire.KindRatingPressed, Data: fmt.Appendf(nil, `{"level":%d}`, 1+level%5)}
}

// keep adds events and waits until all are on the disk.
func keep(t *testing.T, o *Outbox, events ...wire.Event) {
	t.Helper()
	kept := make(chan error, len(events))
	for _, e := range events {
		if err := o.Add(e, func(err error) { kept <- err }); err != nil {
			t.Fatal(err)
		}
	}
	for range events {
		if err := <-kept; err != nil {
			t.Fatal(err)
		}
	}
}

func presses(from, to int) (list []wire.Event) {
	for i := from; i <= to; i++ {
		list = append(list, press(i))
	}
	return list
}

// until waits for a condition; the outbox pokes Changed when anything moves.
func until(t *testing.T, o *Outbox, what string, done func() bool) {
	t.Helper()
	limit := time.After(20 * time.Second)
	for !done() {
		select {
		case <-o.Changed():
		case <-time.After(20 * time.Millisecond):
		case <-limit:
			t.Fatalf("%s: not within 20 s", what)
		}
	}
}

func read(t *testing.T, o *Outbox, from uint64) (start uint64, events []wire.Event) {
	t.Helper()
	start, raw, err := o.Read(from, 1000, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range raw {
		p := wire.ParseEvents("w01", r)
		if len(p) != 1 || p[0].Reason != "" {
			t.Fatalf("the hub would refuse %s: %+v", r, p)
		}
		events = append(events, p[0].Event)
	}
	return start, events
}

func TestEventsAreNumberedFromOneAndCarryFirst(t *testing.T) {
	o := mustOpen(t, t.TempDir(), 100)
	keep(t, o, presses(1, 5)...)
	start, events := read(t, o, 0)
	if start != 1 || len(events) != 5 {
		t.Fatalf("read %d events from %d", len(events), start)
	}
	for i, e := range events {
		if e.Seq != uint64(i+1) || e.First != 1 || e.Outbox != o.ID() || e.ID != press(i+1).ID || !e.At.Equal(press(i+1).At) {
			t.Errorf("event %d is %+v", i, e)
		}
	}
	o.DeleteTo(3)
	s, err := o.State()
	if err != nil || s.Pending != 2 || o.Pending() != 2 || o.Next() != 4 || s.Last != 5 || !s.Oldest.Equal(press(4).At) {
		t.Errorf("state is %+v, %v", s, err)
	}
	keep(t, o, press(6)) // the deletion shares its fsync
	if first, last := o.Span(); first != 4 || last != 6 {
		t.Errorf("after the next event it holds %d to %d", first, last)
	}
	if start, events := read(t, o, 1); start != 4 || len(events) != 3 || events[0].First != 4 {
		t.Errorf("after a deletion read %d events from %d", len(events), start)
	}
}

func TestADeletionWaitsForAnEventButManyDoNot(t *testing.T) {
	dir := t.TempDir()
	o := mustOpen(t, dir, 1000)
	keep(t, o, presses(1, 200)...)
	keep(t, o, presses(201, deleteMost+10)...)
	o.DeleteTo(deleteMost - 1)
	if first, _ := o.Span(); first != 1 {
		t.Errorf("few are deleted at once, up to %d", first)
	}
	o.DeleteTo(deleteMost)
	until(t, o, "deletion", func() bool { first, _ := o.Span(); return first == deleteMost+1 })
	o.DeleteTo(deleteMost + 10)
	if err := o.Close(); err != nil { // and a good end deletes all
		t.Fatal(err)
	}
	if s, err := Inspect(dir); err != nil || s.Pending != 0 {
		t.Errorf("after a good end %+v, %v", s, err)
	}
}

func TestNumbersGoOnAfterARestart(t *testing.T) {
	for _, c := range []struct {
		name    string
		deleted uint64
		first   uint64
	}{{"with all pending", 0, 1}, {"with some stored", 2, 3}, {"with all stored", 3, 4}} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			o := mustOpen(t, dir, 100)
			id := o.ID()
			keep(t, o, presses(1, 3)...)
			o.DeleteTo(c.deleted)
			if err := o.Close(); err != nil {
				t.Fatal(err)
			}
			o = mustOpen(t, dir, 100)
			if first, last := o.Span(); o.ID() != id || first != c.first || last != 3 {
				t.Fatalf("reopened as %s with %d to %d", o.ID(), first, last)
			}
			keep(t, o, press(4))
			if _, events := read(t, o, 4); len(events) != 1 || events[0].Seq != 4 {
				t.Errorf("the next event is %+v", events)
			}
		})
	}
}

func TestMoreThanTheLimitIsRefused(t *testing.T) {
	o := mustOpen(t, t.TempDir(), 10)
	keep(t, o, presses(1, 10)...)
	if err := o.Add(press(11), nil); !errors.Is(err, ErrFull) {
		t.Fatalf("the eleventh press of ten: %v", err)
	}
	if err := o.Report(press(11), nil); err != nil {
		t.Errorf("the device's own report: %v", err)
	}
	o.DeleteTo(5)
	keep(t, o, press(12))
}

func TestManyEventsShareAnFsync(t *testing.T) {
	o := mustOpen(t, t.TempDir(), 10_000)
	const people, each = 20, 10
	var all sync.WaitGroup
	for range people {
		all.Go(func() {
			for i := range each {
				done := make(chan error, 1)
				if err := o.Add(press(i), func(err error) { done <- err }); err != nil {
					t.Error(err)
					return
				}
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if _, events := read(t, o, 1); len(events) != people*each {
		t.Errorf("%d events were kept", len(events))
	}
	var commits int
	if err := o.read(func(tx *bbolt.Tx) error { commits = tx.ID(); return nil }); err != nil {
		t.Fatal(err)
	}
	if commits >= people*each {
		t.Errorf("%d events took %d commits", people*each, commits)
	}
}

func TestReadKeepsToItsBounds(t *testing.T) {
	o := mustOpen(t, t.TempDir(), 1000)
	keep(t, o, presses(1, 100)...)
	_, all, err := o.Read(1, 1000, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	one := len(all[0])
	for _, c := range []struct {
		name              string
		events, bytes, at int
		want              int
	}{
		{"by number", 7, 1 << 20, 1, 7},
		{"by size", 1000, 3*one + 20, 1, 3},
		{"one at least, whatever its size", 1000, 1, 1, 1},
		{"what is left", 1000, 1 << 20, 99, 2},
		{"nothing after the end", 1000, 1 << 20, 101, 0},
	} {
		if _, got, err := o.Read(uint64(c.at), c.events, c.bytes); err != nil || len(got) != c.want {
			t.Errorf("%s: %d events, %v", c.name, len(got), err)
		}
	}
}

func TestAHubThatKnowsMoreMovesTheNumbers(t *testing.T) {
	dir := t.TempDir()
	o := mustOpen(t, dir, 100)
	keep(t, o, presses(1, 3)...)
	o.DeleteTo(40) // this disk is an old copy: the hub has had 40 events
	keep(t, o, press(4))
	if start, events := read(t, o, 1); start != 41 || len(events) != 1 || events[0].Seq != 41 || events[0].First != 41 {
		t.Errorf("the next event is %+v from %d", events, start)
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	if first, last := mustOpen(t, dir, 100).Span(); first != 41 || last != 41 {
		t.Errorf("reopened with %d to %d", first, last)
	}
}

func TestASecondAgentIsRefused(t *testing.T) {
	dir := t.TempDir()
	o := mustOpen(t, dir, 100)
	keep(t, o, press(1))
	if _, err := Open(dir, 100, quiet()); !errors.Is(err, ErrInUse) {
		t.Errorf("a second agent: %v", err)
	}
	if _, err := Inspect(dir); !errors.Is(err, ErrInUse) {
		t.Errorf("the doctor beside a running agent: %v", err)
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err := Inspect(dir); err != nil || s.Pending != 1 || s.ID != o.ID() || !s.Oldest.Equal(press(1).At) {
		t.Errorf("the doctor sees %+v, %v", s, err)
	}
	if err := o.Add(press(2), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("a press after the end: %v", err)
	}
}

func TestADamagedFileIsSetAside(t *testing.T) {
	flip := func(find string) func([]byte) []byte {
		return func(file []byte) []byte {
			for at := 0; ; { // all copies: old pages stay in the file
				i := bytes.Index(file[at:], []byte(find))
				if i < 0 {
					return file
				}
				file[at+i] ^= 1
				at += i + 1
			}
		}
	}
	for _, c := range []struct {
		name   string
		damage func([]byte) []byte
	}{
		{"a flipped bit in an event", flip(`"kind":"rating.pressed"`)},
		{"a flipped bit in the events' name", flip("events")},
		{"both heads overwritten", func(b []byte) []byte { return append(bytes.Repeat([]byte{0xA5}, 8192), b[8192:]...) }},
		{"no outbox at all", func([]byte) []byte { return bytes.Repeat([]byte("not a database\n"), 4000) }},
		{"cut off after its heads", func(b []byte) []byte { return b[:8192] }},
		{"cut off in the middle of a page", func(b []byte) []byte { return b[:8192+100] }},
		{"zeros after its heads", func(b []byte) []byte { return append(b[:8192:8192], make([]byte, len(b)-8192)...) }},
		{"noise after its heads", func(b []byte) []byte {
			for i := 8192; i < len(b); i++ {
				b[i] = byte(i*7919 ^ i>>3)
			}
			return b
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			o := mustOpen(t, dir, 1000)
			old := o.ID()
			keep(t, o, presses(1, 200)...)
			if err := o.Close(); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, fileName)
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			broken := c.damage(file)
			if err := os.WriteFile(path, broken, 0o600); err != nil {
				t.Fatal(err)
			}
			var said bytes.Buffer
			o, err = Open(dir, 1000, slog.New(slog.NewTextHandler(&said, nil)))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = o.Close() })
			if o.ID() == old {
				t.Error("the new outbox has the old one's id")
			}
			if !strings.Contains(said.String(), "level=ERROR") || !strings.Contains(said.String(), "set aside") {
				t.Errorf("the log says %q", said.String())
			}
			aside, err := filepath.Glob(path + ".damaged-*")
			if err != nil || len(aside) != 1 {
				t.Fatalf("set aside: %v, %v", aside, err)
			}
			if kept, err := os.ReadFile(aside[0]); err != nil || !bytes.Equal(kept, broken) {
				t.Errorf("the damaged file was changed: %d bytes of %d, %v", len(kept), len(broken), err)
			}
			keep(t, o, press(1))
			if _, events := read(t, o, 1); len(events) != 1 || events[0].Seq != 1 {
				t.Errorf("the new outbox has %+v", events)
			}
		})
	}
}

func TestDamageFoundLaterEndsTheOutbox(t *testing.T) {
	dir := t.TempDir()
	o := mustOpen(t, dir, 1000)
	keep(t, o, presses(1, 20)...)
	path := filepath.Join(dir, fileName)
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; ; {
		i := bytes.Index(all[at:], []byte(`"kind"`))
		if i < 0 {
			break
		}
		if _, err := file.WriteAt([]byte("'kin_'"), int64(at+i)); err != nil {
			t.Fatal(err)
		}
		at += i + 1
	}
	_ = file.Close()
	if _, _, err := o.Read(1, 10, 1<<20); !errors.Is(err, ErrDamaged) {
		t.Fatalf("reading a damaged event: %v", err)
	}
	select {
	case <-o.Failed():
	default:
		t.Error("nobody was told")
	}
	if err := o.Add(press(21), nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("a press into a damaged outbox: %v", err)
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	if aside, _ := filepath.Glob(path + ".damaged-*"); len(aside) != 1 {
		t.Errorf("set aside: %v", aside)
	}
}

func TestAFolderThatCannotBeWrittenIsNoDamage(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root writes everywhere")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, 10, quiet()); err == nil || errors.Is(err, ErrDamaged) {
		t.Errorf("a folder without rights: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	o, err := Open(dir, 100, quiet())
	if err != nil {
		f.Fatal(err)
	}
	done := make(chan error, 1)
	if err := o.Add(press(1), func(err error) { done <- err }); err != nil {
		f.Fatal(err)
	}
	if err := <-done; err != nil {
		f.Fatal(err)
	}
	if err := o.Close(); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint16(8192), byte(1))
	f.Add(uint16(16), byte(0xFF))
	f.Fuzz(func(t *testing.T, at uint16, mask byte) {
		dir := t.TempDir()
		bad := bytes.Clone(good)
		bad[int(at)%len(bad)] ^= mask
		if err := os.WriteFile(filepath.Join(dir, fileName), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		o, err := Open(dir, 100, quiet())
		if err != nil {
			return
		}
		defer func() { _ = o.Close() }()
		_, raw, err := o.Read(1, 100, 1<<20)
		if err != nil {
			t.Fatalf("a file that opened does not read: %v", err)
		}
		for _, r := range raw {
			if !json.Valid(r) {
				t.Fatalf("it gives %q", r)
			}
		}
	})
}
