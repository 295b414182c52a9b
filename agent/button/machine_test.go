package button

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// levels reads "0 10d 12u 13d 200u": at 10 ms down, at 12 ms up, …; a time alone passes it.
func play(t *testing.T, m *Machine, script string) []string {
	t.Helper()
	var got []string
	for _, word := range strings.Fields(script) {
		var ms float64
		action := ""
		if n, _ := fmt.Sscanf(word, "%f%s", &ms, &action); n == 0 {
			t.Fatalf("cannot read %q", word)
		}
		at := time.Duration(ms * float64(time.Millisecond))
		var events []Event
		if action == "" {
			events = m.Advance(at)
		} else {
			events = m.Feed(Sample{At: at, Down: action == "d"})
		}
		for _, e := range events {
			name := map[Kind]string{Press: "press", LongPress: "long", Stuck: "stuck", Freed: "freed"}[e.Kind]
			got = append(got, fmt.Sprintf("%s@%d", name, e.At.Milliseconds()))
		}
	}
	return got
}

func TestWhatAButtonDoes(t *testing.T) {
	plain := Timing{Debounce: 10 * time.Millisecond, Stuck: 5 * time.Second}
	long := Timing{Debounce: 10 * time.Millisecond, Long: time.Second, Stuck: 5 * time.Second}
	for _, c := range []struct {
		says   string
		timing Timing
		held   bool // at power-on
		script string
		want   string
	}{
		{"a press counts when the contact has settled", plain, false, "100d 109", ""},
		{"a press counts once", plain, false, "100d 110 300u 400", "press@100"},
		{"bounce on the way down and up is one press", plain, false, "100d 100.3u 101d 103u 104d 200u 201d 202u 203d 204u 500", "press@104"},
		{"a touch shorter than the debounce time is none", plain, false, "100d 105u 500", ""},
		{"two presses are two", plain, false, "100d 180u 300d 380u 500", "press@100 press@300"},
		{"a release shorter than the debounce time does not end a press", plain, false, "100d 180u 185d 300u 500", "press@100"},
		{"a press that is seen late, after a stall, still counts", plain, false, "100d 190u", "press@100"},
		{"an edge told late does not make two presses of one", plain, false, "100d 120 101u 101.1d 300u 400", "press@100"},
		{"a button held at power-on is not a press", plain, true, "0 100 300u 400", ""},
		{"a button held at power-on counts from its next press", plain, true, "300u 400d 500", "press@400"},
		{"a button held for ever is stuck, once", plain, false, "100d 20000 30000", "press@100 stuck@100"},
		{"a stuck button is ignored until it is let go", plain, false, "100d 6000 7000u 7100d 7200", "press@100 stuck@100 freed@7000 press@7100"},
		{"a button held at power-on can be stuck", plain, true, "6000 7000u 7100", "stuck@0 freed@7000"},
		{"with long presses a short one counts when it is let go", long, false, "100d 300 400u 409 410", "press@100"},
		{"a long press counts as soon as it is long", long, false, "100d 1099 1100 1500u 1600", "long@100"},
		{"a long press can turn out stuck", long, false, "100d 9000 9100u 9200", "long@100 stuck@100 freed@9100"},
		{"a long press seen late is long", long, false, "100d 1500u 1600", "long@100"},
	} {
		t.Run(c.says, func(t *testing.T) {
			got := strings.Join(play(t, New(c.timing, Sample{Down: c.held}), c.script), " ")
			if got != c.want {
				t.Errorf("%s: got %q, want %q", c.script, got, c.want)
			}
		})
	}
}

func TestTimingsOutsideTheirRangesAreRefused(t *testing.T) {
	good := Timing{Debounce: 10 * time.Millisecond, Long: time.Second, Stuck: 5 * time.Second}
	if key, _ := good.Wrong(); key != "" {
		t.Errorf("%+v: %s", good, key)
	}
	for says, change := range map[string]func(*Timing){
		"no debounce":             func(x *Timing) { x.Debounce = 0 },
		"debounce of 2 s":         func(x *Timing) { x.Debounce = 2 * time.Second },
		"a negative long press":   func(x *Timing) { x.Long = -1 },
		"long under the debounce": func(x *Timing) { x.Long = x.Debounce },
		"stuck before long":       func(x *Timing) { x.Stuck = x.Long },
		"stuck after an hour":     func(x *Timing) { x.Stuck = time.Hour },
	} {
		bad := good
		change(&bad)
		if key, expected := bad.Wrong(); key == "" || expected == nil {
			t.Errorf("%s is let through", says)
		}
	}
}

// script is a line that plays samples and then fails.
type script struct {
	samples []Sample
	waits   []time.Duration
}

var errLost = errors.New("the line is lost")

func (s *script) Next(timeout time.Duration) (Sample, error) {
	s.waits = append(s.waits, timeout)
	if len(s.samples) == 0 {
		return Sample{}, errLost
	}
	next := s.samples[0]
	s.samples = s.samples[1:]
	return next, nil
}

func TestWatchWaitsNoLongerThanTheButtonNeeds(t *testing.T) {
	ms := time.Millisecond
	line := &script{samples: []Sample{{At: 50 * ms, Down: true}, {At: 55 * ms, Down: true}, {At: 61 * ms, Down: true}}}
	var got []Event
	err := Watch(t.Context(), line, Timing{Debounce: 10 * ms, Stuck: 5 * time.Second}, Sample{}, func(e Event) { got = append(got, e) }, func() {})
	if !errors.Is(err, errLost) {
		t.Errorf("a lost line: %v", err)
	}
	if want := []time.Duration{slice, 10 * ms, 5 * ms, slice}; !reflect.DeepEqual(line.waits, want) {
		t.Errorf("waits %v, want %v", line.waits, want)
	}
	if want := []Event{{Kind: Press, At: 50 * ms}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Watch(ctx, line, Timing{}, Sample{}, nil, nil); err != nil {
		t.Errorf("a watch that was told to end: %v", err)
	}
}

// FuzzMachine holds what is true of any train: presses and holds alternate
// sensibly and nothing happens twice.
func FuzzMachine(f *testing.F) {
	f.Add([]byte{1, 10, 200, 3, 3, 3, 100}, true)
	f.Fuzz(func(t *testing.T, gaps []byte, long bool) {
		timing := Timing{Debounce: 10 * time.Millisecond, Stuck: 400 * time.Millisecond}
		if long {
			timing.Long = 100 * time.Millisecond
		}
		m := New(timing, Sample{})
		var at time.Duration
		down, stuck, downs, presses := false, false, 0, 0
		for _, gap := range gaps {
			at += time.Duration(gap) * time.Millisecond
			down = !down
			if down {
				downs++
			}
			for _, e := range m.Feed(Sample{At: at, Down: down}) {
				if e.At > at || e.Held < 0 {
					t.Fatalf("%+v at %v lies in the future", e, at)
				}
				switch e.Kind {
				case Press, LongPress:
					if presses++; stuck {
						t.Fatal("a stuck button was pressed")
					}
				case Stuck:
					if stuck {
						t.Fatal("stuck twice")
					}
					stuck = true
				case Freed:
					if !stuck {
						t.Fatal("freed without being stuck")
					}
					stuck = false
				}
			}
			if due, ok := m.Due(); ok && due < at {
				t.Fatalf("something is due at %v, before %v", due, at)
			}
		}
		if presses > downs {
			t.Fatalf("%d presses of a line that went down %d times", presses, downs)
		}
	})
}
