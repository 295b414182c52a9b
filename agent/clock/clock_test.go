package clock

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"hallkeeper/wire"
)

// pi is a computer without a clock battery.
type pi struct {
	boot   string
	wall   time.Time // at uptime 0, as its clock has it
	up     time.Duration
	synced bool
}

func (p *pi) open(t *testing.T, dir string, assume bool) *Clock {
	t.Helper()
	return New(Config{Dir: dir, AssumeSynced: assume, Now: func() time.Time { return p.wall.Add(p.up) }, Uptime: func() time.Duration { return p.up },
		Synced: func() (bool, error) { return p.synced, nil }, Boot: p.boot, Logger: slog.New(slog.DiscardHandler)})
}

func (p *pi) stamp(c *Clock, ago time.Duration) wire.Event {
	var e wire.Event
	c.Stamp(&e, p.up-ago)
	return e
}

// set is what time synchronisation does.
func (p *pi) set(truth time.Time) { p.wall, p.synced = truth.Add(-p.up), true }

func day(hour, minute int) time.Time { return time.Date(2026, 11, 23, hour, minute, 0, 0, time.UTC) }

func TestASynchronisedClockIsTaken(t *testing.T) {
	p := &pi{boot: "b1", wall: day(8, 0), up: time.Hour, synced: true}
	c := p.open(t, t.TempDir(), false)
	e := p.stamp(c, 1500*time.Millisecond)
	if want := day(9, 0).Add(-1500 * time.Millisecond); !e.At.Equal(want) || e.Clock != wire.ClockSynced || e.Boot != "b1" || e.UptimeMS != 3_598_500 {
		t.Errorf("dated %+v", e)
	}
	if d, owed := c.Correction(); owed {
		t.Errorf("a correction of %+v is owed", d)
	}
}

func TestOneOffsetPutsAllOfABootRight(t *testing.T) {
	dir := t.TempDir()
	p := &pi{boot: "b1", wall: time.Unix(0, 0), up: time.Minute} // 1970
	c := p.open(t, dir, false)
	first := p.stamp(c, 0)
	p.up = 2 * time.Minute
	p.wall = p.wall.Add(time.Hour) // somebody fiddles with the clock
	c = p.open(t, dir, false)      // and the agent starts again
	second := p.stamp(c, 0)
	if first.Clock != wire.ClockUnsynced || second.Clock != wire.ClockUnsynced {
		t.Errorf("dated %+v and %+v", first, second)
	}
	if _, owed := c.Correction(); owed {
		t.Error("the truth is known before the clock is set")
	}
	p.up = 10 * time.Minute
	p.set(day(8, 10))
	d, owed := c.Correction()
	if !owed || d.Boot != "b1" {
		t.Fatalf("no correction: %+v", d)
	}
	offset := time.Duration(d.OffsetMS) * time.Millisecond
	if got := first.At.Add(offset); !got.Equal(day(8, 1)) {
		t.Errorf("the first event is put right to %v", got)
	}
	if got := second.At.Add(offset); !got.Equal(day(8, 2)) {
		t.Errorf("the second event is put right to %v", got)
	}
	// It is owed until it is kept, over a restart too.
	c = p.open(t, dir, false)
	if again, owed := c.Correction(); !owed || again != d {
		t.Errorf("after a restart %+v is owed: %v", again, owed)
	}
	if err := c.Corrected(); err != nil {
		t.Fatal(err)
	}
	if _, owed := p.open(t, dir, false).Correction(); owed {
		t.Error("it is told twice")
	}
}

func TestAnotherBootHasNothingToCorrect(t *testing.T) {
	dir := t.TempDir()
	p := &pi{boot: "b1", wall: time.Unix(0, 0), up: time.Minute}
	p.open(t, dir, false)
	p = &pi{boot: "b2", wall: day(8, 0), up: time.Minute, synced: true}
	if d, owed := p.open(t, dir, false).Correction(); owed {
		t.Errorf("another boot is told to correct %+v", d)
	}
}

func TestAClockThatWasSetStaysTrusted(t *testing.T) {
	dir := t.TempDir()
	p := &pi{boot: "b1", wall: day(8, 0), up: time.Minute, synced: true}
	p.open(t, dir, false)
	p.synced = false // no time service for hours: the kernel gives up first
	p.up = 12 * time.Hour
	if e := p.stamp(p.open(t, dir, false), 0); e.Clock != wire.ClockSynced || !e.At.Equal(day(20, 0)) {
		t.Errorf("dated %+v", e)
	}
}

func TestAssumeSynced(t *testing.T) {
	p := &pi{boot: "b1", wall: day(8, 0), up: time.Minute}
	if c := p.open(t, t.TempDir(), true); c.State() != wire.ClockSynced {
		t.Error("told to trust the clock, it does not")
	}
}

func TestAMemoryThatCannotBeReadIsMadeAnew(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, fileName), []byte("{half"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &pi{boot: "b1", wall: day(8, 0), up: time.Minute}
	if c := p.open(t, dir, false); c.State() != wire.ClockUnsynced {
		t.Error("it trusts a clock that nobody set")
	}
}

func TestAMemoryThatCannotBeKeptIsNoError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p := &pi{boot: "b1", wall: day(8, 0), up: time.Minute, synced: true}
	c := p.open(t, filepath.Join(file, "folder"), false)
	if e := p.stamp(c, 0); e.Clock != wire.ClockSynced || !e.At.Equal(day(8, 1)) {
		t.Errorf("dated %+v", e)
	}
}

func TestTheKernelAnswers(t *testing.T) {
	if id, err := BootID(); err != nil || len(id) != 36 {
		t.Errorf("the boot id is %q, %v", id, err)
	}
	if _, err := KernelSynced(); err != nil {
		t.Logf("this kernel does not say: %v", err)
	}
}

// Hours without a time service, over several starts of the program, as they pass.
func TestAMorningWithoutTheTime(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		boot := time.Now()
		truth := day(8, 0)                                   // when it was switched on, in truth
		wrong := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC) // what its clock says then
		set, synced := false, false                          // the clock; what the kernel says of it
		open := func() *Clock {
			return New(Config{Dir: dir, Uptime: func() time.Duration { return time.Since(boot) }, Boot: "b1", Logger: slog.New(slog.DiscardHandler),
				Now: func() time.Time {
					if set {
						return truth.Add(time.Since(boot))
					}
					return wrong.Add(time.Since(boot))
				}, Synced: func() (bool, error) { return synced, nil }})
		}
		var events []wire.Event
		for range 6 { // a press every half an hour, each of a new start
			time.Sleep(30 * time.Minute)
			var e wire.Event
			open().Stamp(&e, time.Since(boot)-5*time.Second)
			events = append(events, e)
		}
		c := open()
		if _, owed := c.Correction(); owed {
			t.Fatal("a correction is known before the time is")
		}
		time.Sleep(time.Minute)
		set, synced = true, true
		d, owed := c.Correction()
		if !owed {
			t.Fatal("no correction is owed")
		}
		for i, e := range events {
			want := truth.Add(time.Duration(i+1)*30*time.Minute - 5*time.Second)
			if got := e.At.Add(time.Duration(d.OffsetMS) * time.Millisecond); e.Clock != wire.ClockUnsynced || !got.Equal(want) {
				t.Errorf("press %d is put right to %v, want %v", i, got, want)
			}
		}
		if err := c.Corrected(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(12 * time.Hour) // the service goes away again: the clock stays good for the day
		synced = false
		var e wire.Event
		c.Stamp(&e, time.Since(boot))
		if e.Clock != wire.ClockSynced || !e.At.Equal(truth.Add(time.Since(boot))) {
			t.Errorf("in the evening it is %s %v", e.Clock, e.At)
		}
	})
}
