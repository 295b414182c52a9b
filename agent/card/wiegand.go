package card

import (
	"fmt"
	"slices"
	"time"
)

const (
	// frameGap is the silence that ends a frame. Readers leave 0.2 to 20 ms between
	// pulses, so one that is lost leaves up to 40 ms: a shorter frameGap would part
	// the frame there, and 26 of 34 pulses may be another card's number.
	frameGap = 45 * time.Millisecond
	// maxPulses bounds what noise can pile up; the longest frames known have 64 bits.
	maxPulses = 128
	// cardBits is what a frame has at least for a person to have held a card to
	// the reader; fewer bits are noise on the wires, which nobody is told off for.
	cardBits = 20
)

// Edge is the start of one pulse: the line was pulled low.
type Edge struct {
	// At is the kernel's time of the edge, on the source's clock.
	At time.Duration
	// Seq rises by one with every edge of the source, so that a gap shows a loss.
	Seq uint32
	// One is true for a pulse on D1.
	One bool
}

// Wiegand gathers pulses into frames.
type Wiegand struct {
	edges []Edge
	last  time.Duration // the latest pulse
	next  uint32        // the sequence number that the next frame starts with
	known bool          // whether next is known yet
	lost  bool          // the frame has more pulses than any frame
}

// Push takes a pulse. Where it comes after a silence, the frame before it is
// complete and returned.
func (d *Wiegand) Push(e Edge) (frame Frame, complete bool) {
	if len(d.edges) > 0 && e.At-d.last >= frameGap {
		frame, complete = d.finish(), true
	}
	if len(d.edges) == maxPulses {
		d.lost = true
		d.edges = d.edges[:maxPulses-1] // what follows only moves the end
	}
	d.edges = append(d.edges, e)
	d.last = max(d.last, e.At)
	if len(d.edges) == 1 {
		d.last = e.At
	}
	return frame, complete
}

// Idle is called when the source has nothing more to give at the time now.
func (d *Wiegand) Idle(now time.Duration) (frame Frame, complete bool) {
	if len(d.edges) == 0 || now-d.last < frameGap {
		return Frame{}, false
	}
	return d.finish(), true
}

// Due is when Idle may complete a frame; ok is false where none has begun.
func (d *Wiegand) Due() (at time.Duration, ok bool) { return d.last + frameGap, len(d.edges) > 0 }

func (d *Wiegand) finish() Frame {
	// Sequence numbers are given in the order of arrival, which on several
	// cores is not always that of time; so the frame's numbers as a whole must
	// have no gap, and time decides the order of the bits.
	low, high := d.edges[0].Seq, d.edges[0].Seq
	for _, e := range d.edges[1:] {
		if int32(e.Seq-low) < 0 {
			low = e.Seq
		}
		if int32(e.Seq-high) > 0 {
			high = e.Seq
		}
	}
	whole := !d.lost && high-low == uint32(len(d.edges)-1) && (!d.known || low == d.next)
	d.next, d.known = high+1, true
	slices.SortStableFunc(d.edges, func(a, b Edge) int {
		switch {
		case a.At < b.At:
			return -1
		case a.At > b.At:
			return 1
		}
		return int(int32(a.Seq - b.Seq))
	})
	f := Frame{At: d.edges[0].At, Length: len(d.edges), Meant: len(d.edges) >= cardBits}
	bits := make([]bool, len(d.edges))
	for i, e := range d.edges {
		bits[i] = e.One
	}
	tooLong := d.lost
	d.edges, d.lost = d.edges[:0], false
	switch {
	case tooLong:
		f.Problem = BadLength
	case !whole:
		f.Problem = LostPulses
	default:
		f.Card, f.Format, f.Problem = decode(bits)
	}
	return f
}

// decode reads a frame of 26 or 34 bits: even parity over its first half, odd
// parity over its second, the data with the highest bit first between them.
func decode(bits []bool) (card, format string, problem Problem) {
	if len(bits) != 26 && len(bits) != 34 {
		return "", "", BadLength
	}
	ones := func(part []bool) (n int) {
		for _, one := range part {
			if one {
				n++
			}
		}
		return n
	}
	half := len(bits) / 2
	if ones(bits[:half])%2 != 0 || ones(bits[half:])%2 != 1 {
		return "", "", BadParity
	}
	var number uint32
	for _, one := range bits[1 : len(bits)-1] {
		number <<= 1
		if one {
			number |= 1
		}
	}
	return fmt.Sprintf("%0*X", (len(bits)-2)/4, number), fmt.Sprintf("wiegand%d", len(bits)), ""
}
