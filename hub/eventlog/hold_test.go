package eventlog

import (
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"hallkeeper/wire"
)

// setting is a clock that is set while the log goes on.
type setting struct {
	at     atomic.Pointer[time.Time]
	synced atomic.Bool
}

func (c *setting) set(t time.Time) { c.at.Store(&t) }

func (c *setting) with(o *Options) {
	o.Now = func() time.Time { return *c.at.Load() }
	o.Synchronised = c.synced.Load
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}

// A machine without a battery for its clock starts in 1970. What comes in then would stand before everything that was
// before: the log stores nothing until the clock is set, says so, begins no segment of 1970, and goes on by itself.
func TestNothingIsStoredBeforeTheClockIsSet(t *testing.T) {
	dir := t.TempDir()
	var c setting
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	c.set(now)
	l := open(t, dir, c.with)
	submit(t, l, "w01", press(1, 5))
	_ = l.Close()

	c.set(time.Unix(60, 0))
	l = open(t, dir, c.with)
	if _, err := trySubmit(l, "w01", press(2, 4)); !errors.Is(err, ErrUnavailable) || !errors.Is(err, ErrClockBehind) {
		t.Fatalf("stored in 1970: %v", err)
	}
	if s := l.Stats(); s.Writable || !errors.Is(s.Cause, ErrClockBehind) || s.Head != 1 {
		t.Errorf("%+v", s)
	}
	c.set(now.Add(time.Hour))
	until(t, "it stores again", func() bool { return l.Stats().Writable })
	submit(t, l, "w01", press(2, 4))
	_ = l.Close()
	all, err := filepath.Glob(filepath.Join(dir, "*_*"))
	if err != nil || len(all) != 1 {
		t.Errorf("segments %v, %v", all, err)
	}
	if _, err := Verify(dir, nil); err != nil {
		t.Error(err)
	}
	readBack(t, dir, func(records []wire.Record) {
		for i, r := range records {
			if i > 0 && r.StoredAt.Before(records[i-1].StoredAt) {
				t.Errorf("record %d is of %s, after one of %s", r.Position, r.StoredAt, records[i-1].StoredAt)
			}
		}
		if n := len(records); n != 3 || records[1].Kind != wire.KindLogRecovered {
			t.Errorf("%d records", n)
		}
	})
}

func readBack(t *testing.T, dir string, look func([]wire.Record)) {
	t.Helper()
	l, done, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = done() }()
	records, err := l.ReadBatch(0, 100)
	if err != nil {
		t.Fatal(err)
	}
	look(records)
}

// A clock that is a little behind is that of any machine: the records keep their order. One that a time server has set back
// far is right, and what was stored before by a wrong one stays as it is.
func TestAClockThatIsSetBack(t *testing.T) {
	dir := t.TempDir()
	var c setting
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	c.set(now)
	l := open(t, dir, c.with)
	submit(t, l, "w01", press(1, 5))
	c.set(now.Add(-time.Minute))
	submit(t, l, "w01", press(2, 5))
	c.set(now.Add(-8 * time.Hour))
	if _, err := trySubmit(l, "w01", press(3, 5)); !errors.Is(err, ErrClockBehind) {
		t.Fatalf("stored eight hours back: %v", err)
	}
	c.synced.Store(true)
	until(t, "it stores by the clock that is known to be right", func() bool { return l.Stats().Writable })
	submit(t, l, "w01", press(3, 5))
	_ = l.Close()
	readBack(t, dir, func(records []wire.Record) {
		if !records[1].StoredAt.Equal(now) || !records[3].StoredAt.Equal(now.Add(-8*time.Hour)) {
			t.Errorf("stored at %s and %s", records[1].StoredAt, records[3].StoredAt)
		}
	})
}

// A log whose hall another hub has taken over stores nothing more, also where nobody tries, and stays readable.
func TestASupersededLogStoresNothing(t *testing.T) {
	l := open(t, t.TempDir())
	submit(t, l, "w01", press(1, 5))
	l.Supersede("a hub at 192.168.1.20")
	until(t, "it says so by itself", func() bool { return errors.Is(l.Stats().Cause, ErrSuperseded) })
	if _, err := trySubmit(l, "w01", press(2, 5)); !errors.Is(err, ErrUnavailable) || !errors.Is(err, ErrSuperseded) {
		t.Errorf("%v", err)
	}
	if records, err := l.ReadBatch(0, 10); err != nil || len(records) != 1 {
		t.Errorf("%d records, %v", len(records), err)
	}
}
