package eventlog

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"hallkeeper/wire"
)

// Wherever the hub is stopped while a past month is compressed and sealed, the next start has the same records and the same tree,
// one file of the month, smaller than it was, and nothing beside it.
func TestAStopInTheMidstOfSealing(t *testing.T) {
	dir := t.TempDir()
	c := &clock{time.Date(2026, 9, 5, 9, 0, 0, 0, time.UTC)}
	at := func(o *Options) { o.Now = c.now }
	l := open(t, dir, at)
	for seq := uint64(1); seq <= 3000; seq += 100 {
		var some []wire.Event
		for n := range uint64(100) {
			some = append(some, press(seq+n, 5))
		}
		submit(t, l, "w01", some...)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	before := mustGlob(t, dir, "*.open")
	old, err := os.ReadFile(before)
	if err != nil {
		t.Fatal(err)
	}
	c.t = c.t.AddDate(0, 1, 0)
	l = open(t, dir, at)
	submit(t, l, "w01", press(3001, 5))
	l.sealers.Wait()
	want, err := l.ReadBatch(0, 10_000)
	if err != nil || len(want) != 3001 {
		t.Fatalf("%d records, %v", len(want), err)
	}
	root, err := tlog.TreeHash(3001, l)
	if err := errors.Join(err, l.Close()); err != nil {
		t.Fatal(err)
	}
	sealed := mustGlob(t, dir, "*.sealed")
	small, err := os.ReadFile(sealed)
	if err != nil {
		t.Fatal(err)
	}
	if len(small)*2 > len(old) {
		t.Errorf("%d bytes are %d once they are sealed", len(old), len(small))
	}
	sum, err := os.ReadFile(sealed + ".sha256")
	if err != nil {
		t.Fatal(err)
	}
	cut := bytes.Clone(small)
	clear(cut[len(cut)/2:]) // as a file system leaves what was not synced
	for what, left := range map[string]map[string][]byte{
		"half is written":                         {before: old, sealed + ".new": small[:len(small)/2]},
		"all is written, without a checksum":      {before: old, sealed + ".new": small},
		"there is a checksum and no name":         {before: old, sealed + ".new": small, sealed + ".sha256": sum},
		"it has its name, and the old one is too": {before: old, sealed: small, sealed + ".sha256": sum},
		"the disk has lost half of it":            {before: old, sealed: cut, sealed + ".sha256": sum},
		"the disk has lost the checksum":          {before: old, sealed: small},
	} {
		for _, name := range []string{before, sealed, sealed + ".new", sealed + ".sha256", filepath.Join(dir, cleanMark)} {
			if err := os.RemoveAll(name); err != nil {
				t.Fatal(err)
			}
		}
		for name, content := range left {
			if err := os.WriteFile(name, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		l := open(t, dir, at)
		l.sealers.Wait()
		got, err := l.ReadBatch(0, 10_000)
		if err != nil || len(got) != len(want) || !slices.EqualFunc(got, want, func(x, y wire.Record) bool {
			return bytes.Equal(wire.AppendRecord(nil, &x), wire.AppendRecord(nil, &y))
		}) {
			t.Errorf("%s: %d records, %v", what, len(got), err)
		}
		if again, err := tlog.TreeHash(3001, l); err != nil || again != root {
			t.Errorf("%s: the root is another, %v", what, err)
		}
		if faults, err := l.CheckSealed(t.Context()); err != nil || len(faults) > 0 {
			t.Errorf("%s: %v %v", what, faults, err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if files, err := filepath.Glob(filepath.Join(dir, "*_2026-09.*")); err != nil || len(files) != 2 || len(mustRead(t, sealed)) == 0 {
			t.Errorf("%s: %v is left, %v", what, files, err)
		}
	}
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A running log reads its sealed months again, and names the one that is no longer what was sealed.
func TestARunningLogChecksItsSealedMonths(t *testing.T) {
	dir := t.TempDir()
	c := &clock{time.Date(2026, 9, 5, 9, 0, 0, 0, time.UTC)}
	l := open(t, dir, func(o *Options) { o.Now = c.now })
	for seq := uint64(1); seq <= 100; seq++ {
		submit(t, l, "w01", press(seq, 5))
	}
	c.t = c.t.AddDate(0, 1, 0)
	submit(t, l, "w01", press(101, 5))
	l.sealers.Wait()
	check := func(what string, want ...string) {
		t.Helper()
		faults, err := l.CheckSealed(t.Context())
		if err != nil || len(faults) != len(want) {
			t.Fatalf("%s: %q, %v", what, faults, err)
		}
		for i := range want {
			if !strings.Contains(faults[i], want[i]) {
				t.Errorf("%s: %q does not say %q", what, faults[i], want[i])
			}
		}
	}
	check("as it was sealed")
	path := mustGlob(t, dir, "*.sealed")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-1] ^= 1
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	check("one bit turned", "2026-09.sealed was altered or damaged")
	if err := os.Remove(path + ".sha256"); err != nil {
		t.Fatal(err)
	}
	check("the checksum is gone", "has no checksum file")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".sha256", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	check("the file is gone", "no such file")
}
