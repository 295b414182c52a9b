package signal

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const ms = time.Millisecond

// watch plays until quiet, asking each time late by lag, and gives the changes of the lamps.
func watch(t *testing.T, p *Player, show map[time.Duration][]string, until, lag time.Duration) (changes []string, greens int) {
	t.Helper()
	var now Lamps
	at := time.Duration(0)
	shown := map[time.Duration]bool{}
	for at <= until {
		next := until + 1
		for when, patterns := range show {
			if when <= at && !shown[when] {
				shown[when] = true
				for _, pattern := range patterns {
					p.Show(pattern)
				}
			} else if !shown[when] {
				next = min(next, when)
			}
		}
		lamps, due, again := p.Advance(at)
		if lamps != now {
			changes = append(changes, fmt.Sprintf("%d%s", at.Milliseconds(), letters(lamps)))
			if lamps.Green && !now.Green {
				greens++
			}
			now = lamps
		}
		if again {
			next = min(next, max(due, at)+lag)
		}
		if next == at {
			next++
		}
		at = next
	}
	return changes, greens
}

func letters(l Lamps) string {
	s := ""
	for _, x := range []struct {
		on   bool
		name string
	}{{l.Green, "g"}, {l.Red, "r"}, {l.Buzzer, "b"}} {
		if x.on {
			s += x.name
		}
	}
	if s == "" {
		return "-"
	}
	return s
}

func TestWhatIsShown(t *testing.T) {
	for _, c := range []struct {
		says string
		show map[time.Duration][]string
		want string
	}{
		{"a kept press is green with a beep", map[time.Duration][]string{100 * ms: {Kept}}, "100gb 160g 350-"},
		{"a second one goes dark for 20 ms first", map[time.Duration][]string{100 * ms: {Kept}, 200 * ms: {Kept}}, "100gb 160g 200- 220gb 280g 470-"},
		{"two at once are each seen", map[time.Duration][]string{100 * ms: {Kept, Kept}}, "100gb 140- 160gb 220g 410-"},
		{"the hub's answer follows", map[time.Duration][]string{100 * ms: {Kept}, 120 * ms: {Refused}}, "100gb 140- 160rb 560r 960-"},
		{"a press interrupts a long pattern", map[time.Duration][]string{100 * ms: {Identify}, 300 * ms: {Kept}}, "100grb 200gr 300- 320gb 380g 570-"},
		{"a blink waits out the dark of the pattern before", map[time.Duration][]string{100 * ms: {HubAway}, 255 * ms: {Kept}}, "100r 250- 270gb 330g 520-"},
	} {
		t.Run(c.says, func(t *testing.T) {
			changes, _ := watch(t, New(0), c.show, 2*time.Second, 0)
			if got := strings.Join(changes, " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestEachKeptPressRaisesGreenOnce(t *testing.T) {
	for _, lag := range []time.Duration{0, 3 * ms, 70 * ms} {
		show := map[time.Duration][]string{}
		want := 0
		for i := range 40 {
			show[time.Duration(i*i)*7*ms] = []string{Kept, HubAway}
			want++
		}
		if _, greens := watch(t, New(0), show, 20*time.Second, lag); greens != want {
			t.Errorf("lag %v: green rose %d times, want %d", lag, greens, want)
		}
	}
}

func TestASignalStartsWithin100Milliseconds(t *testing.T) {
	for _, row := range Table() {
		for from := time.Duration(0); from < time.Second; from += 7 * ms {
			p := New(0)
			p.Show(row.Pattern)
			greenBefore := false
			for at := 20 * ms; at < 20*ms+from; at += ms {
				lamps, _, _ := p.Advance(at)
				greenBefore = lamps.Green
			}
			asked := 20*ms + from
			p.Show(Kept)
			begun := false
			for at := asked; at <= asked+100*ms; at += ms {
				lamps, _, _ := p.Advance(at)
				begun = begun || lamps.Green && !greenBefore
				greenBefore = lamps.Green
			}
			if !begun {
				t.Fatalf("%v into %s a kept press was not shown within 100 ms", from, row.Pattern)
			}
		}
	}
}

func TestTheTableIsCalm(t *testing.T) {
	for _, row := range Table() {
		var total, cycle time.Duration
		rises, lit, loudAndDark := 0, false, false
		for _, s := range row.Steps {
			cycle += s.For
			if !s.dark() && !lit {
				rises++
			}
			lit = !s.dark()
			loudAndDark = loudAndDark || s.Buzzer && s.dark()
		}
		total = cycle * time.Duration(row.Times)
		if row.Pattern == Seen {
			loudAndDark = lit // it is a tick alone
		}
		if row.Times > 1 && cycle/time.Duration(rises) < time.Second/3 {
			t.Errorf("%s flashes every %v", row.Pattern, cycle)
		}
		if row.Zh == "" || row.En == "" || total == 0 || total > 10*time.Second || loudAndDark || row.Times < 1 {
			t.Errorf("%+v is no good row", row)
		}
	}
	if New(0).Show("no such pattern") {
		t.Error("a pattern that does not exist was taken")
	}
}

func TestWhatWaitsIsBounded(t *testing.T) {
	p := New(0)
	for range 10 * most {
		p.Show(Refused)
		p.Show(Kept)
	}
	if len(p.waiting) > most {
		t.Errorf("%d signals wait", len(p.waiting))
	}
}
