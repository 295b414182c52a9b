package simulator

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hallkeeper/simulator/day"
	"hallkeeper/simulator/hand"
)

// fakeHand writes down what is done, and can be away.
type fakeHand struct {
	done  []string
	times []time.Time
	back  time.Time // away until then
	gone  int       // the next acts are broken off
}

func (f *fakeHand) Ready(ctx context.Context) error { return waitUntil(ctx, f.back) }
func (f *fakeHand) Close()                          {}

func (f *fakeHand) Press(_ context.Context, line string) error { return f.note(line) }

func (f *fakeHand) Swipe(_ context.Context, bits int, number uint32) error {
	return f.note("swipe " + day.Card{Bits: bits, Number: number}.String())
}

func (f *fakeHand) note(what string) error {
	if f.gone > 0 {
		f.gone--
		return fmt.Errorf("%w: unplugged", hand.ErrGone)
	}
	f.done, f.times = append(f.done, what), append(f.times, time.Now())
	return nil
}

// fakeSign counts swipes as the hub's live view does.
type fakeSign struct {
	hand *fakeHand
	// lie is what it says before the first swipe; it turns at midnight.
	lie      bool
	midnight time.Time
}

func (f fakeSign) staffed(context.Context, string) (staffed, known bool) {
	staffed = f.lie != (!f.midnight.IsZero() && time.Now().After(f.midnight))
	for _, what := range f.hand.done {
		if strings.HasPrefix(what, "swipe") {
			staffed = !staffed
		}
	}
	return staffed, true
}

func (fakeSign) counter(context.Context, string, time.Time) (counter, bool) { return counter{}, false }

func testPlayer(speed float64) (*player, *fakeHand) {
	h := &fakeHand{}
	return &player{
		window: "w01", agent: "w01", days: day.Config{Windows: []string{"w01"}}, seed: 7,
		first:  day.Date{Year: 2026, Month: time.November, Day: 23},
		rhythm: rhythm{start: time.Now(), from: day.Opens, speed: speed},
		hand:   h, sign: noSign{}, log: slog.New(slog.DiscardHandler),
	}, h
}

// planned is the same day as a list of what a hand does.
func (p *player) planned(n int) (done []string, times []time.Time) {
	for _, act := range day.Plan(p.days, p.seed, p.first.Add(n)) {
		switch act.Kind {
		case day.ComeIn, day.GoOut:
			done = append(done, "swipe "+act.Card.String())
		case day.Done:
			continue // nothing shows in a hall without a line
		case day.Call:
			done = append(done, "call")
		case day.Rate:
			done = append(done, fmt.Sprintf("rating%d", act.Level))
		}
		times = append(times, p.rhythm.when(n, act.At))
	}
	return done, times
}

func runFor(t *testing.T, p *player, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := p.run(ctx); ctx.Err() == nil {
		t.Fatalf("the player stopped by itself: %v", err)
	}
}

func TestPlayerKeepsTheSchedule(t *testing.T) {
	for _, speed := range []float64{1, 60, 600} {
		t.Run(fmt.Sprint("speed ", speed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, h := testPlayer(speed)
				oneDay := p.rhythm.real(day.Closes - day.Opens)
				runFor(t, p, 2*oneDay)
				var want []string
				var due []time.Time
				for n := range 2 {
					done, times := p.planned(n)
					want, due = append(want, done...), append(due, times...)
				}
				if !slices.Equal(h.done, want) {
					t.Fatalf("did %d acts, planned %d", len(h.done), len(want))
				}
				for i := range due {
					if h.times[i].Sub(due[i]).Abs() > cardRest {
						t.Fatalf("%s was done at %v, due at %v", want[i], h.times[i], due[i])
					}
				}
			})
		})
	}
}

func TestPlayerAfterTheAgentWasAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := testPlayer(60)
		h.back = p.rhythm.when(0, 11*time.Hour)
		runFor(t, p, p.rhythm.real(day.Closes-day.Opens))
		want, times := p.planned(0)
		// The swipe of half past eight is made late, the presses of the morning are not.
		kept := slices.Clone(want[1:])
		for i, at := range times[1:] {
			if h.back.Sub(at) > 5*time.Second {
				kept[i] = ""
			}
		}
		kept = slices.DeleteFunc(kept, func(s string) bool { return s == "" })
		if h.done[0] != want[0] || !slices.Equal(h.done[1:], kept) {
			t.Errorf("did %v, want %s and %v", h.done, want[0], kept)
		}
	})
}

func TestPlayerGoesOnAfterABrokenAct(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := testPlayer(60)
		h.gone = 3
		runFor(t, p, p.rhythm.real(day.Closes-day.Opens))
		if want, _ := p.planned(0); !slices.Equal(h.done, want[3:]) {
			t.Errorf("did %d acts, want all %d but three", len(h.done), len(want))
		}
	})
}

func TestStaffFollowTheSign(t *testing.T) {
	for _, row := range []struct {
		says string
		lie  bool
		// swipes on the first day
		swipes int
	}{
		{"nobody counts as there: four swipes", false, 4},
		{"yesterday's staff still count as there: the first swipe is saved", true, 3},
	} {
		t.Run(row.says, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, h := testPlayer(60)
				p.sign = fakeSign{hand: h, lie: row.lie}
				runFor(t, p, p.rhythm.real(day.Closes-day.Opens))
				swipes := 0
				for _, what := range h.done {
					if strings.HasPrefix(what, "swipe") {
						swipes++
					}
				}
				if swipes != row.swipes {
					t.Errorf("%d swipes, want %d", swipes, row.swipes)
				}
				if there, _ := p.sign.staffed(t.Context(), "w01"); there {
					t.Error("after closing time somebody still counts as there")
				}
			})
		})
	}
}

func TestStaffSwipeAgainWhenTheSignForgetsThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, h := testPlayer(60)
		p.sign = fakeSign{hand: h, midnight: p.rhythm.when(0, 9*time.Hour+10*time.Minute)}
		runFor(t, p, p.rhythm.real(3*time.Hour))
		if there, _ := p.sign.staffed(t.Context(), "w01"); !there {
			t.Errorf("the staff member serves citizens and is not counted: %v", h.done)
		}
	})
}
