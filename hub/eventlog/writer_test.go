package eventlog

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"hallkeeper/format"
	"hallkeeper/wire"
)

// prints gives the name, SHA-256 and time of every file of a folder.
func prints(t *testing.T, dir string) map[string]string {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range all {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(b)
		out[e.Name()] = string(sum[:]) + info.ModTime().String()
	}
	return out
}

// makes appends an event that the hub itself makes.
func makes(t *testing.T, l *Log, kind wire.Kind) {
	t.Helper()
	if _, _, err := l.Append(context.Background(), "", func(Moment) ([]wire.Event, error) {
		return []wire.Event{{Kind: kind, Data: json.RawMessage(`{}`), Actor: &wire.Actor{Kind: wire.ActorSchedule, ID: "test"}}}, nil
	}); err != nil {
		t.Fatal(err)
	}
}

// A log in which a newer program has stored what this one does not know is refused by everything that opens it, with the
// version to install, and not a byte of the folder changes; whether it was closed or its hub was killed.
func TestALogOfANewerProgramIsRefusedUntouched(t *testing.T) {
	newerProgram := func(o *Options) {
		o.Program = "9.1.0"
		o.Known = func(wire.Kind, int) bool { return true }
	}
	tests := []struct {
		name  string
		write func(t *testing.T, dir string)
		says  string
	}{
		{"a kind of event", func(t *testing.T, dir string) {
			l := open(t, dir, newerProgram)
			submit(t, l, "w01", press(1, 5))
			makes(t, l, "citizen.recognised")
			_ = l.Close()
		}, "citizen.recognised"},
		{"a later version of a kind", func(t *testing.T, dir string) {
			l := open(t, dir, newerProgram)
			e := press(1, 5)
			e.Version = 7
			submit(t, l, "w01", e)
			_ = l.Close()
		}, "rating.pressed@7"},
		{"a kind of a month that is past", func(t *testing.T, dir string) {
			c := &clock{time.Date(2026, 10, 31, 12, 0, 0, 0, time.UTC)}
			l := open(t, dir, newerProgram, func(o *Options) { o.Now = c.now })
			makes(t, l, "citizen.recognised")
			c.t = c.t.Add(72 * time.Hour)
			submit(t, l, "w01", press(1, 5))
			_ = l.Close()
		}, "citizen.recognised"},
		{"another format", func(t *testing.T, dir string) {
			l := open(t, dir, newerProgram)
			submit(t, l, "w01", press(1, 5))
			path := l.cur.path
			_ = l.Close()
			db, err := bolt.Open(path, 0o600, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Update(func(tx *bolt.Tx) error {
				st, err := readState(tx, "state")
				if err != nil {
					return err
				}
				st.Format = formatVersion + 1
				return putState(tx, "state", st)
			}); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}, "format 2"},
	}
	for _, test := range tests {
		for _, closed := range []bool{true, false} {
			t.Run(test.name+map[bool]string{true: ", closed", false: ", killed"}[closed], func(t *testing.T) {
				dir := t.TempDir()
				test.write(t, dir)
				if !closed {
					if err := os.Remove(filepath.Join(dir, cleanMark)); err != nil {
						t.Fatal(err)
					}
				}
				before := prints(t, dir)
				for name, use := range map[string]func() error{
					"open":   func() error { _, err := Open(Options{Dir: dir, Program: "1.0.0"}); return err },
					"read":   func() error { _, _, err := Read(dir); return err },
					"verify": func() error { _, err := Verify(dir, nil); return err },
					"look":   func() error { return Newer(dir) },
				} {
					var newer *format.Newer
					if err := use(); !errors.As(err, &newer) || newer.Program != "9.1.0" || !strings.Contains(newer.What, test.says) {
						t.Errorf("%s: %v", name, err)
					}
				}
				after := prints(t, dir)
				for name, sum := range before {
					if after[name] != sum {
						t.Errorf("%s was changed", name)
					}
				}
				if len(after) != len(before) {
					t.Errorf("there were %d files and are %d", len(before), len(after))
				}
			})
		}
	}
}

// What a device sends and no program knew is stored as it is: an older program opens that log.
func TestAStrangeKindOfADeviceHindersNobody(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, func(o *Options) { o.Program = "1.0.0" })
	e := press(1, 5)
	e.Kind = "door.opened"
	submit(t, l, "w01", e)
	_ = l.Close()
	open(t, dir, func(o *Options) { o.Program = "0.9.0" })
}

// A log that was made before logs said who writes is opened and says it from then on; one that is repaired says it too.
func TestALogSaysWhoWroteIt(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, func(o *Options) { o.Program = "1.0.0" })
	submit(t, l, "w01", press(1, 5))
	path := l.cur.path
	_ = l.Close()
	writerOf := func() (w writer) {
		t.Helper()
		db, err := openBolt(path, true)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		if err := db.View(func(tx *bolt.Tx) (err error) { w, err = readWriter(tx); return err }); err != nil {
			t.Fatal(err)
		}
		return w
	}
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *bolt.Tx) error { return tx.Bucket([]byte(bktMeta)).Delete([]byte(writerKey)) }); err != nil {
		t.Fatal(err)
	}
	_ = db.Close()
	if w := writerOf(); w.Program != "" || len(w.Kinds) != 0 {
		t.Fatalf("%+v", w)
	}
	l = open(t, dir, func(o *Options) { o.Program = "1.1.0" })
	submit(t, l, "w01", press(2, 5))
	_ = l.Close()
	if w := writerOf(); w.Program != "1.1.0" || w.Kinds["rating.pressed"] != "1.1.0" {
		t.Errorf("%+v", w)
	}

	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 * os.Getpagesize() { // both meta pages are gone: the segment is made again from its blocks
		raw[i] = 0xff
	}
	if err := errors.Join(os.WriteFile(path, raw, 0o600), os.Remove(filepath.Join(dir, cleanMark))); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir, func(o *Options) { o.Program = "1.2.0" })
	if len(l.Repairs()) != 1 || l.Head() != 2 {
		t.Fatalf("repaired %v, up to %d", l.Repairs(), l.Head())
	}
	_ = l.Close()
	if w := writerOf(); w.Program != "1.2.0" || w.Kinds["rating.pressed"] == "" {
		t.Errorf("after the repair: %+v", w)
	}
}
