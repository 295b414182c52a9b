package upkeep

import (
	"math"
	"testing"
	"time"
)

const gib = int64(1) << 30

func day(n float64) time.Time {
	return time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(n * float64(24*time.Hour)))
}

func at(n float64, free int64) Sample { return Sample{At: day(n), Size: 100 * gib, Free: free} }

func TestWhenTheDiskIsFull(t *testing.T) {
	steady := func(days int, perDay int64) (d Disk) {
		for i := range 4*days + 1 {
			d.Add(at(float64(i)/4, 60*gib-int64(i)*perDay/4))
		}
		return d
	}
	rows := []struct {
		what   string
		disk   Disk
		now    Sample
		perDay float64 // GiB, NaN where not known
		days   float64 // NaN where not known or never
	}{
		{"nothing was seen", Disk{}, at(0, 60*gib), math.NaN(), math.NaN()},
		{"less than a day was seen", func() (d Disk) { d.Add(at(0, 60*gib)); d.Add(at(0.5, 50*gib)); return d }(), at(0.75, 40*gib), math.NaN(), math.NaN()},
		{"a gibibyte a day", steady(10, gib), at(10, 50*gib), 1, 50},
		{"one big file that stays is no growth of every day", func() Disk {
			d := steady(20, gib/10)
			for i := 60; i < len(d.Samples); i++ {
				d.Samples[i].Free -= 20 * gib
			}
			return d
		}(), at(20, 38*gib), 0.1, 380},
		{"a disk that is cleared does not fill", steady(10, -gib), at(10, 70*gib), -1, math.NaN()},
		{"a disk that stands still does not fill", steady(10, 0), at(10, 60*gib), 0, math.NaN()},
		{"another disk begins anew", func() Disk {
			d := steady(10, gib)
			d.Add(Sample{At: day(11), Size: 200 * gib, Free: 150 * gib})
			return d
		}(), Sample{At: day(11.1), Size: 200 * gib, Free: 150 * gib}, math.NaN(), math.NaN()},
	}
	for _, row := range rows {
		f := row.disk.Forecast(row.now)
		near := func(what string, got *float64, unit, want float64) {
			switch {
			case math.IsNaN(want) != (got == nil):
				t.Errorf("%s: %s is %v, want %v", row.what, what, got, want)
			case got != nil && math.Abs(*got/unit-want) > 0.02*math.Max(1, want):
				t.Errorf("%s: %s is %v, want %v", row.what, what, *got/unit, want)
			}
		}
		near("growth a day", f.PerDay, float64(gib), row.perDay)
		near("days left", f.Days, 1, row.days)
	}
}

func TestSamplesAreFourADayForAMonth(t *testing.T) {
	var d Disk
	kept := 0
	for i := range 24 * 90 { // an hour each
		if d.Add(at(float64(i)/24, 60*gib)) {
			kept++
		}
	}
	if kept != 4*90 || len(d.Samples) != 4*30+1 {
		t.Errorf("%d were kept, %d are remembered", kept, len(d.Samples))
	}
	if !d.Add(at(10, 50*gib)) || len(d.Samples) != 1 {
		t.Errorf("after the clock was put back there are %d samples", len(d.Samples))
	}
}

func TestADiskAtTheBoundDoesNotFlap(t *testing.T) {
	left := func(days float64, free int64) *Forecast {
		f := Forecast{Sample: at(0, free)}
		if days > 0 {
			f.Days = &days
		}
		return &f
	}
	rows := []struct {
		what   string
		f      *Forecast
		before Level
		want   Level
	}{
		{"plenty, growth unknown", left(0, 60*gib), Fine, Fine},
		{"a month left", left(29, 60*gib), Fine, Soon},
		{"a bit more than a month, after a month", left(31, 60*gib), Soon, Soon},
		{"a bit more than a month", left(31, 60*gib), Fine, Fine},
		{"six weeks, after a month", left(42, 60*gib), Soon, Fine},
		{"a week left", left(6.9, 60*gib), Soon, Now},
		{"eight days, after a week", left(8, 60*gib), Now, Now},
		{"nine days, after a week", left(9, 60*gib), Now, Soon},
		{"a tenth is free", left(0, 9*gib), Fine, Soon},
		{"one gibibyte is free", left(0, gib), Fine, Now},
		{"nothing was seen", &Forecast{}, Fine, Fine},
	}
	for _, row := range rows {
		if got := row.f.Level(row.before); got != row.want {
			t.Errorf("%s: level %d, want %d", row.what, got, row.want)
		}
	}
	small := Forecast{Sample: Sample{Size: 8 * gib, Free: 3 * gib}}
	if small.Level(Fine) != Fine {
		t.Error("a small disk that is not full is low")
	}
}

func TestTheClocksStepsAreCounted(t *testing.T) {
	var c Clock
	shows, runs := day(0), time.Duration(0)
	look := func(what string, passes, set time.Duration, synchronised bool, steps int, wrong string) {
		t.Helper()
		runs += passes
		shows = shows.Add(passes + set)
		c.Look(shows, runs, synchronised, 0)
		got, since := c.Wrong()
		if got != wrong || c.Steps != steps || since.After(shows) {
			t.Errorf("%s: %q since %s, %d steps; want %q, %d", what, got, since, c.Steps, wrong, steps)
		}
	}
	look("the first look", 0, 0, true, 0, "")
	look("it goes", 10*time.Second, 20*time.Millisecond, true, 0, "")
	look("it is put right a bit", 10*time.Second, 2*time.Second, true, 1, "")
	if c.Last != 2*time.Second {
		t.Errorf("it jumped by %s", c.Last)
	}
	look("it is put back an hour", 10*time.Second, -time.Hour, true, 2, Stepped)
	look("nearly an hour after that", stepShown-time.Second, 0, true, 2, Stepped)
	look("an hour after that", time.Second, 0, false, 2, "")
	look("its server has been away for a while", unsyncedFor-time.Second, 0, false, 2, "")
	look("for longer", time.Second, 0, false, 2, Unsynced)
	look("its server is back", time.Second, 0, true, 2, "")
}

func TestWhenABackupIsOld(t *testing.T) {
	hourly := func(places ...Place) Backup {
		return Backup{Began: day(0), Last: day(20), Every: time.Hour, Places: places}
	}
	daily := func(last float64) Backup {
		return Backup{Began: day(0), Every: 24 * time.Hour, Places: []Place{{Last: day(last), Since: day(0)}}}
	}
	hour := 1.0 / 24
	rows := []struct {
		what  string
		b     Backup
		now   float64
		want  string
		place int
	}{
		{"a hall of today", Backup{Began: day(0)}, 0.5, "", 0},
		{"a week without any", Backup{Began: day(0)}, 7, NoBackup, 0},
		{"a log that has not begun", Backup{}, 100, "", 0},
		{"one by hand a week ago", Backup{Began: day(0), Last: day(20)}, 27, "", 0},
		{"one by hand nine days ago", Backup{Began: day(0), Last: day(20)}, 29, OldBackup, 0},
		{"a schedule that made none yet", hourly(Place{Since: day(19)}), 19 + 2*hour, "", 1},
		{"a schedule that made none for three hours, whatever the log says", hourly(Place{Since: day(20)}), 20 + 3*hour, NoBackup, 1},
		{"the first is on its way", hourly(Place{Since: day(20), Making: day(20)}), 20 + 5*hour, "", 0},
		{"the first hangs", hourly(Place{Since: day(20), Making: day(20)}), 20 + 6*hour, NoBackup, 1},
		{"an hour was missed", hourly(Place{Last: day(20)}), 20 + 2.9*hour, "", 0},
		{"two hours were missed", hourly(Place{Last: day(20)}), 20 + 3*hour, OldBackup, 1},
		{"the second place is behind", hourly(Place{Last: day(20)}, Place{Last: day(19)}), 20, OldBackup, 2},
		{"the worst place is named", hourly(Place{Last: day(19)}, Place{Last: day(10)}, Place{Since: day(15)}), 20, OldBackup, 2},
		{"a night was missed", daily(20), 22, "", 0},
		{"two nights were missed", daily(20), 22.1, OldBackup, 1},
	}
	for _, row := range rows {
		got, place, since := row.b.Wrong(day(row.now))
		if got != row.want || got != "" && place != row.place || (got != "") == since.IsZero() || since.After(day(row.now)) {
			t.Errorf("%s: %q of place %d since %s, want %q of %d", row.what, got, place, since, row.want, row.place)
		}
	}
	b := hourly(Place{Last: day(19)}, Place{Last: day(10)}, Place{Last: day(15)})
	if got := b.Oldest(); !got.Equal(day(10)) {
		t.Errorf("in the worst case the hall goes back to %s", got)
	}
	if b = hourly(Place{Last: day(19)}, Place{}); !b.Oldest().IsZero() {
		t.Error("a place with none is forgotten")
	}
	if b = (Backup{Last: day(3)}); !b.Oldest().Equal(day(3)) {
		t.Error("one by hand does not count")
	}
}
