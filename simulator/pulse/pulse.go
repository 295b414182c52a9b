// Package pulse turns what a hand does into the electrical levels that a board
// sees: a press of a button with its bounce, a card as a Wiegand frame. It owns
// their timing. It is pure and refuses to know what the lines mean.
package pulse

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"time"

	"hallkeeper/agent/board/simlink"
)

// Wiegand readers pull D0 low for a 0 and D1 low for a 1.
const (
	LineD0 = "d0"
	LineD1 = "d1"
)

// Limits of a Wiegand frame as readers keep them (HID's specification and the
// halls' readers): pulses 20 to 200 µs wide, 0.2 to 20 ms apart.
const (
	minWidthUS = 20
	maxWidthUS = 200
	minGapUS   = 200
	maxGapUS   = 20_000
)

// Press is one press of an active-low button, as a person does it: contacts
// bounce for up to about 5 ms on the way down and up, the button is held for
// hold. The train starts and ends with the line high.
func Press(r *rand.Rand, line string, hold time.Duration) []simlink.Level {
	train := bounce(r, line, false)
	held := len(train)
	train = append(train, bounce(r, line, true)...)
	train[held].AfterUS = hold.Microseconds()
	return train
}

// Hold is how long a person keeps a button down: 80 to 260 ms.
func Hold(r *rand.Rand) time.Duration {
	return time.Duration(80_000+r.IntN(180_000)) * time.Microsecond
}

// bounce ends at the given level after none to six chatters of 50 µs to 1.2 ms.
func bounce(r *rand.Rand, line string, high bool) []simlink.Level {
	train := []simlink.Level{{Line: line, High: high}}
	for range r.IntN(4) {
		train = append(train,
			simlink.Level{AfterUS: chatter(r), Line: line, High: !high},
			simlink.Level{AfterUS: chatter(r), Line: line, High: high})
	}
	return train
}

func chatter(r *rand.Rand) int64 { return 50 + int64(min(r.ExpFloat64()*250, 1150)) }

// Wiegand is the frame of a card: even parity over the first half of the data
// bits, the data with the highest bit first, odd parity over the second half.
// size is 26 or 34, the frame's length in bits; number must fit its data bits.
// The reader's pace is drawn once for a frame, its jitter for each pulse.
func Wiegand(r *rand.Rand, size int, number uint32) ([]simlink.Level, error) {
	frame, err := wiegandBits(size, number)
	if err != nil {
		return nil, err
	}
	// Most readers pulse every 1 to 2 ms; now and then one goes to the limits.
	width, gap := between(r, 40, 100), between(r, 900, 2000)
	if r.IntN(12) == 0 {
		width, gap = between(r, minWidthUS, maxWidthUS), between(r, minGapUS, maxGapUS/5)
	}
	train := make([]simlink.Level, 0, 2*len(frame))
	for i, one := range frame {
		line := LineD0
		if one {
			line = LineD1
		}
		wait := int64(0)
		if i > 0 {
			wait = min(max(gap+between(r, -gap/20, gap/20), minGapUS), maxGapUS)
		}
		train = append(train,
			simlink.Level{AfterUS: wait, Line: line},
			simlink.Level{AfterUS: width, Line: line, High: true})
	}
	return train, nil
}

func between(r *rand.Rand, low, high int64) int64 {
	if high <= low {
		return low
	}
	return low + r.Int64N(high-low+1)
}

func wiegandBits(size int, number uint32) ([]bool, error) {
	if size != 26 && size != 34 {
		return nil, fmt.Errorf("a wiegand frame has 26 or 34 bits, not %d", size)
	}
	data := size - 2
	if bits.Len32(number) > data {
		return nil, fmt.Errorf("card number %X does not fit the %d data bits of a frame of %d", number, data, size)
	}
	firstHalf := number >> (data / 2)
	secondHalf := number & (1<<(data/2) - 1)
	frame := make([]bool, 0, size)
	frame = append(frame, bits.OnesCount32(firstHalf)%2 == 1)
	for i := data - 1; i >= 0; i-- {
		frame = append(frame, number>>i&1 == 1)
	}
	return append(frame, bits.OnesCount32(secondHalf)%2 == 0), nil
}
