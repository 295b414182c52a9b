package pulse

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"hallkeeper/agent/board/simlink"
)

// decode reads a train as a controller would: it samples falling edges and
// checks the parities bit by bit, by the definition rather than by our encoder.
func decode(t *testing.T, train []simlink.Level) (size int, number uint32) {
	t.Helper()
	high := map[string]bool{LineD0: true, LineD1: true}
	var (
		frame         []int
		now, fellAt   int64
		lastFall      int64 = -1
		width, spread int64
	)
	for _, step := range train {
		now += step.AfterUS
		if high[step.Line] == step.High {
			t.Fatalf("line %s does not change at %d µs", step.Line, now)
		}
		high[step.Line] = step.High
		if step.High {
			if width = now - fellAt; width < 20 || width > 200 {
				t.Fatalf("a pulse is %d µs wide", width)
			}
			continue
		}
		fellAt = now
		if lastFall >= 0 {
			if spread = now - lastFall; spread < 200 || spread > 20_300 {
				t.Fatalf("pulses are %d µs apart", spread)
			}
		}
		lastFall = now
		frame = append(frame, map[string]int{LineD0: 0, LineD1: 1}[step.Line])
	}
	if !high[LineD0] || !high[LineD1] {
		t.Fatal("the lines do not rest high")
	}
	half := len(frame) / 2
	ones := func(bits []int) (n int) {
		for _, b := range bits {
			n += b
		}
		return n
	}
	if ones(frame[:half])%2 != 0 || ones(frame[half:])%2 != 1 {
		t.Fatalf("wrong parity in %v", frame)
	}
	for _, b := range frame[1 : len(frame)-1] {
		number = number<<1 | uint32(b)
	}
	return len(frame), number
}

func TestWiegandFrames(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, number := range []uint32{0, 1, 0x04A2B9C1, 0xFFFFFFFF, 0x80000000, 0x0000FFFF, 0xFFFF0000} {
		for _, size := range []int{26, 34} {
			want := number
			if size == 26 {
				want &= 0xFFFFFF
			}
			for range 50 {
				train, err := Wiegand(r, size, want)
				if err != nil {
					t.Fatal(err)
				}
				if gotSize, got := decode(t, train); gotSize != size || got != want {
					t.Fatalf("card %X of %d bits was read as %X of %d", want, size, got, gotSize)
				}
			}
		}
	}
}

func TestWiegandBits(t *testing.T) {
	for _, row := range []struct {
		says   string
		size   int
		number uint32
		want   string
	}{
		{"all zeros keep even parity 0 and odd parity 1", 26, 0, "0 000000000000 000000000000 1"},
		{"a one in the first half sets the even parity", 26, 0x800000, "1 100000000000 000000000000 1"},
		{"a one in the second half clears the odd parity", 26, 0x000001, "0 000000000000 000000000001 0"},
		{"34 bits are halved at 16", 34, 0x04A2B9C1, "0 0000010010100010 1011100111000001 1"},
	} {
		frame, err := wiegandBits(row.size, row.number)
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for _, one := range frame {
			got.WriteByte("01"[map[bool]int{true: 1}[one]])
		}
		if want := strings.ReplaceAll(row.want, " ", ""); got.String() != want {
			t.Errorf("%s: got %s, want %s", row.says, got.String(), want)
		}
	}
}

func TestWiegandRefuses(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, row := range []struct {
		says   string
		size   int
		number uint32
	}{
		{"a frame of another length", 37, 1},
		{"a number too long for 26 bits", 26, 0x1000000},
	} {
		if _, err := Wiegand(r, row.size, row.number); err == nil {
			t.Errorf("%s was accepted", row.says)
		}
	}
}

func TestPressIsOnePressForADebouncer(t *testing.T) {
	const debounce = 20_000 // µs that a level must stand
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		hold := Hold(r)
		train := Press(r, "rating5", hold)
		if train[0].High || !train[len(train)-1].High {
			t.Fatal("a press starts by falling and ends high")
		}
		presses, settled := 0, true
		for i, step := range train {
			if step.Line != "rating5" {
				t.Fatalf("line %s in a press of rating5", step.Line)
			}
			level := step.High
			stands := int64(1 << 40)
			if i+1 < len(train) {
				stands = train[i+1].AfterUS
			}
			if stands >= debounce && level != settled {
				settled = level
				if !level {
					presses++
				}
			}
		}
		if presses != 1 || !settled {
			t.Fatalf("a press of %v with bounce counts as %d", hold, presses)
		}
		if hold < 80*time.Millisecond || hold > 260*time.Millisecond {
			t.Fatalf("nobody holds a button for %v", hold)
		}
	}
}
