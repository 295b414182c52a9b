package card

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

const ms = time.Millisecond

// frame gives the pulses of a string of 0 and 1, 2 ms apart, from seq and start on.
func frame(text string, seq uint32, start time.Duration) []Edge {
	edges := make([]Edge, len(text))
	for i, c := range text {
		edges[i] = Edge{At: start + time.Duration(i)*2*ms, Seq: seq + uint32(i), One: c == '1'}
	}
	return edges
}

// wiegand writes a card's frame as 0 and 1, from the definition.
func wiegand(size int, number uint32) string {
	data := fmt.Sprintf("%0*b", size-2, number)
	half := len(data) / 2
	even, odd := "0", "1"
	if strings.Count(data[:half], "1")%2 == 1 {
		even = "1"
	}
	if strings.Count(data[half:], "1")%2 == 1 {
		odd = "0"
	}
	return even + data + odd
}

func decodeAll(edges []Edge) []Frame {
	var d Wiegand
	var frames []Frame
	for _, e := range edges {
		if f, ok := d.Push(e); ok {
			frames = append(frames, f)
		}
	}
	if f, ok := d.Idle(d.last + frameGap); ok {
		frames = append(frames, f)
	}
	return frames
}

func TestWhatAFrameSays(t *testing.T) {
	// Printed on a card as 123,45678: facility 123, number 45678.
	known := wiegand(26, 123<<16|45678)
	for _, c := range []struct {
		says  string
		edges []Edge
		want  string
	}{
		{"a frame of 26 bits is its 24 data bits in hex", frame(known, 1, 0), "7BB26E wiegand26"},
		{"a frame of 34 bits is its 32 data bits in hex", frame(wiegand(34, 0x04A2B9C1), 1, 0), "04A2B9C1 wiegand34"},
		{"leading zeros stay", frame(wiegand(26, 1), 1, 0), "000001 wiegand26"},
		{"the highest number fits", frame(wiegand(34, 0xFFFFFFFF), 1, 0), "FFFFFFFF wiegand34"},
		{"a flipped bit fails the parity", frame(flip(wiegand(34, 0x04A2B9C1), 5), 1, 0), "parity"},
		{"a flipped last bit fails the parity", frame(flip(wiegand(26, 77), 25), 1, 0), "parity"},
		{"a missing bit with gapless numbers is a wrong length", frame(wiegand(34, 9)[1:], 1, 0), "length"},
		{"a frame of 37 bits is refused", frame(strings.Repeat("10", 18)+"1", 1, 0), "length"},
		{"a single pulse is refused", frame("1", 1, 0), "length"},
		{"noise without end is one refused frame", frame(strings.Repeat("10", 500), 1, 0), "length"},
		{"a lost pulse is seen by its number", drop(frame(wiegand(34, 9), 1, 0), 7), "lost_pulses"},
		{"pulses that arrive out of order are put right by time", swap(frame(wiegand(34, 0x04A2B9C1), 1, 0), 4), "04A2B9C1 wiegand34"},
		{"numbers that are out of order are no loss", swapSeq(frame(wiegand(34, 0x04A2B9C1), 1, 0), 4), "04A2B9C1 wiegand34"},
		{"numbers run over their end", frame(wiegand(34, 0x04A2B9C1), 0xFFFFFFF0, 0), "04A2B9C1 wiegand34"},
		{"45 ms part two cards", append(frame(wiegand(26, 1), 1, 0), frame(wiegand(26, 2), 27, 50*ms+45*ms)...), "000001 wiegand26, 000002 wiegand26"},
		{"a pulse lost at the slowest pace does not part a frame", renumber(drop(slow(frame(wiegand(34, 0x80), 1, 0), 20*ms), 26)), "length"},
		{"20 ms between two pulses do not part a frame", slow(frame(wiegand(26, 1), 1, 0), 20*ms), "000001 wiegand26"},
		{"a loss between two frames spoils the second", append(frame(wiegand(26, 1), 1, 0), frame(wiegand(26, 2), 28, 100*ms)...), "000001 wiegand26, lost_pulses"},
		{"after a loss the next card is read", append(drop(frame(wiegand(26, 1), 1, 0), 3), frame(wiegand(26, 2), 27, 100*ms)...), "lost_pulses, 000002 wiegand26"},
		{"numbers need not begin with 1", frame(wiegand(26, 1), 500, 0), "000001 wiegand26"},
	} {
		t.Run(c.says, func(t *testing.T) {
			var got []string
			for _, f := range decodeAll(c.edges) {
				got = append(got, strings.TrimSpace(f.Card+" "+f.Format+string(f.Problem)))
			}
			if s := strings.Join(got, ", "); s != c.want {
				t.Errorf("got %q, want %q", s, c.want)
			}
		})
	}
}

func flip(s string, i int) string { return s[:i] + string('0'+'1'-s[i]) + s[i+1:] }
func drop(e []Edge, i int) []Edge { return append(e[:i:i], e[i+1:]...) }

func swap(e []Edge, i int) []Edge { e[i], e[i+1] = e[i+1], e[i]; return e }

func swapSeq(e []Edge, i int) []Edge {
	e[i].Seq, e[i+1].Seq = e[i+1].Seq, e[i].Seq
	return e
}

func slow(e []Edge, gap time.Duration) []Edge {
	for i := range e {
		e[i].At = time.Duration(i) * gap
	}
	return e
}

// record is a source that plays edges; the clock is that of the last edge plus
// what was waited since.
type record struct {
	edges []Edge
	now   time.Duration
	end   func()
}

func (r *record) Now() time.Duration { return r.now }

func (r *record) Read(buf []Edge, timeout time.Duration) (int, error) {
	if len(r.edges) == 0 {
		if r.end == nil {
			return 0, errors.New("the source is lost")
		}
		r.end()
		r.now += timeout
		return 0, nil
	}
	if r.edges[0].At > r.now+timeout {
		r.now += timeout
		return 0, nil
	}
	n := 0
	for n < len(buf) && n < len(r.edges) && r.edges[n].At <= max(r.now, r.edges[0].At) {
		buf[n] = r.edges[n]
		n++
	}
	r.now = max(r.now, r.edges[n-1].At)
	r.edges = r.edges[n:]
	return n, nil
}

func TestWhatIsASwipe(t *testing.T) {
	a, b := wiegand(34, 0xA), wiegand(34, 0xB)
	at := func(parts ...any) (edges []Edge) {
		for i := 0; i < len(parts); i += 2 {
			edges = append(edges, frame(parts[i].(string), uint32(len(edges)+1), parts[i+1].(time.Duration))...)
		}
		return edges
	}
	second := time.Second
	for _, c := range []struct {
		says   string
		edges  []Edge
		refuse int // so many swipes are not taken
		want   string
	}{
		{"the same card within 2 s is one swipe", at(a, 0*ms, a, 1500*ms), 0, "A"},
		{"a card held to the reader is one swipe, however long", at(a, 0*ms, a, 1500*ms, a, 3*second), 0, "A"},
		{"the same card after 2 s is two", at(a, 0*ms, a, 2100*ms), 0, "A A"},
		{"another card is another swipe at once", at(a, 0*ms, b, 200*ms, a, 400*ms), 0, "A B A"},
		{"a swipe that was not taken may be tried again at once", at(a, 0*ms, a, 500*ms, a, 1000*ms), 1, "A A"},
		{"a bad frame is no swipe and does not hide the next", at(a[1:], 0*ms, a, 200*ms), 0, "length A"},
	} {
		t.Run(c.says, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			quiet := 0
			src := &record{edges: c.edges, end: func() {
				if quiet++; quiet == 3 {
					cancel()
				}
			}}
			var got []string
			err := Watch(ctx, FromPulses(src), func(s Swipe) bool {
				got = append(got, strings.TrimLeft(s.Card, "0"))
				c.refuse--
				return c.refuse < 0
			}, func(f Frame) { got = append(got, string(f.Problem)) }, func() {})
			if err != nil {
				t.Fatal(err)
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("got %q, want %q", s, c.want)
			}
		})
	}
	if err := Watch(t.Context(), FromPulses(&record{}), nil, nil, nil); err == nil {
		t.Error("a lost source ended without an error")
	}
}

func TestManyFaultsMakeFewReports(t *testing.T) {
	tally := Tally{Every: time.Minute}
	var got []int
	for i := range 5 {
		got = append(got, tally.Note(BadParity, time.Duration(i)*time.Second))
	}
	got = append(got, tally.Note(BadLength, 5*time.Second), tally.Note(BadParity, time.Minute))
	tally.Note(BadParity, 61*time.Second)
	if want := []int{1, 0, 0, 0, 0, 1, 5}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if due := tally.Due(90 * time.Second); due != nil {
		t.Errorf("%v is due too soon", due)
	}
	if due := tally.Due(2 * time.Minute); due[BadParity] != 1 || len(due) != 1 {
		t.Errorf("due: %v", due)
	}
}

func TestASwipeDoesNotPrintItsNumber(t *testing.T) {
	if s := fmt.Sprint(Swipe{Card: "04A2B9C1", Format: "wiegand34"}); strings.Contains(s, "A2B9") {
		t.Errorf("%q shows the number", s)
	}
}

func FuzzWiegand(f *testing.F) {
	f.Add(uint32(0x04A2B9C1), true, []byte{}, uint64(1))
	f.Add(uint32(77), false, []byte{200, 3, 255}, uint64(2))
	f.Fuzz(func(t *testing.T, number uint32, long bool, noise []byte, seed uint64) {
		size := 26
		if long {
			size = 34
		}
		number &= 1<<(size-2) - 1
		// Noise first, then silence, then a card, in any arrival order of near pulses.
		var edges []Edge
		at, seq := time.Duration(0), uint32(seed)
		for _, n := range noise {
			at += time.Duration(n) * 200 * time.Microsecond
			seq += uint32(n>>7) + 1
			edges = append(edges, Edge{At: at, Seq: seq, One: n&1 == 1})
		}
		good := frame(wiegand(size, number), seq+1, at+frameGap)
		r := rand.New(rand.NewPCG(seed, 1))
		for i := 0; i+1 < len(good); i += 2 {
			if r.IntN(3) == 0 {
				good[i], good[i+1] = good[i+1], good[i]
			}
		}
		frames := decodeAll(append(edges, good...))
		last := frames[len(frames)-1]
		want := fmt.Sprintf("%0*X", (size-2)/4, number)
		if last.Card != want || last.Problem != "" {
			t.Fatalf("the card after the noise is %+v, want %s", last, want)
		}
		for _, f := range frames {
			if (f.Card == "") == (f.Problem == "") || f.Length > maxPulses {
				t.Fatalf("%+v is neither a card nor a problem", f)
			}
		}
	})
}
