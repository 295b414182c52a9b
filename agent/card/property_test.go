package card

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// drawFrame draws a card and the pulses of its frame, at any pace that readers keep.
func drawFrame(t *rapid.T) (want string, edges []Edge) {
	size := rapid.SampledFrom([]int{26, 34}).Draw(t, "size")
	number := rapid.Uint32Range(0, 1<<(size-2)-1).Draw(t, "number")
	seq := rapid.Uint32().Draw(t, "seq")
	at := time.Hour
	for i, c := range wiegand(size, number) {
		if i > 0 {
			at += time.Duration(rapid.IntRange(200, 20_000).Draw(t, "gap")) * time.Microsecond
		}
		edges = append(edges, Edge{At: at, Seq: seq + uint32(i), One: c == '1'})
	}
	return fmt.Sprintf("%0*X wiegand%d", (size-2)/4, number, size), edges
}

func TestACardAtAnyPaceIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want, edges := drawFrame(t)
		for i := 0; i+1 < len(edges); i++ { // two cores deliver out of order what is close together
			if edges[i+1].At-edges[i].At < 2*ms && rapid.IntRange(0, 9).Draw(t, "swap") == 0 {
				edges[i], edges[i+1] = edges[i+1], edges[i]
				i++
			}
		}
		frames := decodeAll(edges)
		if len(frames) != 1 || frames[0].Card+" "+frames[0].Format != want {
			t.Fatalf("%s is read as %+v", want, frames)
		}
	})
}

// number on: what a fault of the wire does to a frame the kernel numbers as if
// nothing had happened.
func renumber(edges []Edge) []Edge {
	for i := range edges {
		edges[i].Seq = uint32(i)
	}
	return edges
}

func TestASingleLostExtraOrWrongPulseIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want, edges := drawFrame(t)
		i := rapid.IntRange(0, len(edges)-1).Draw(t, "where")
		switch rapid.SampledFrom([]string{"lost", "extra", "wrong"}).Draw(t, "fault") {
		case "lost":
			edges = slices.Delete(edges, i, i+1)
		case "extra":
			near := time.Duration(rapid.IntRange(1, 199).Draw(t, "after")) * time.Microsecond
			edges = slices.Insert(edges, i+1, Edge{At: edges[i].At + near, One: rapid.Bool().Draw(t, "one")})
		case "wrong":
			edges[i].One = !edges[i].One
		}
		for _, f := range decodeAll(renumber(edges)) {
			if f.Card != "" {
				t.Fatalf("%s with a fault is read as %s", want, f.Card)
			}
		}
	})
}

// TestWhatParityCannotSee states the limit of the format: two wrong bits in one
// half of a frame, or in two halves none, cancel out. A reader that flips two bits
// at once gives another card, and no program can tell.
func TestWhatParityCannotSee(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, edges := drawFrame(t)
		half := len(edges) / 2
		first := rapid.IntRange(0, half-2).Draw(t, "first")
		second := rapid.IntRange(first+1, half-1).Draw(t, "second")
		base := half * rapid.IntRange(0, 1).Draw(t, "half")
		edges[base+first].One, edges[base+second].One = !edges[base+first].One, !edges[base+second].One
		if f := decodeAll(edges); len(f) != 1 || f[0].Problem != "" {
			t.Fatalf("parity saw two wrong bits in one half: %+v", f)
		}
	})
}

func TestTwoCardsAtOnceAreNone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, a := drawFrame(t)
		_, b := drawFrame(t)
		shift := time.Duration(rapid.IntRange(-10_000, 10_000).Draw(t, "shift")) * time.Microsecond
		for i := range b {
			b[i].At += shift
		}
		both := slices.Concat(a, b)
		slices.SortStableFunc(both, func(x, y Edge) int { return int(x.At - y.At) })
		// While the two overlap; where one is much longer its end may stand alone, as noise.
		cards := 0
		for _, f := range decodeAll(renumber(both)) {
			if f.Card != "" {
				cards++
			}
		}
		if overlap := min(a[len(a)-1].At, b[len(b)-1].At) - max(a[0].At, b[0].At); overlap > 0 && cards > 0 {
			t.Fatalf("two cards at once are read as %d", cards)
		}
	})
}
