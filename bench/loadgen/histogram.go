package loadgen

import (
	"math/bits"
	"time"
)

// histogram counts times in buckets whose width is a 32nd of their value.
type histogram struct {
	counts [64 * fine]uint64
	n      uint64
	max    time.Duration
}

const (
	fineBits = 5
	fine     = 1 << fineBits
)

func (h *histogram) add(d time.Duration) {
	d = max(d, 0)
	h.counts[bucket(uint64(d))]++
	h.n++
	h.max = max(h.max, d)
}

// bucket is exact below 32 ns; above, five bits after the leading one tell.
func bucket(v uint64) int {
	if v < fine {
		return int(v)
	}
	shift := bits.Len64(v) - 1 - fineBits
	return (shift+1)*fine + int(v>>shift) - fine
}

// upper is the largest value of a bucket.
func upper(i int) uint64 {
	if i < fine {
		return uint64(i)
	}
	shift := i/fine - 1
	return uint64(i%fine+fine+1)<<shift - 1
}

func (h *histogram) merge(o *histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.n += o.n
	h.max = max(h.max, o.max)
}

// quantile is the time that the share q of all times does not exceed, 3 % too high at most.
func (h *histogram) quantile(q float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	rank := uint64(q * float64(h.n-1))
	for i, n := range h.counts {
		if rank < n {
			return min(time.Duration(upper(i)), h.max)
		}
		rank -= n
	}
	return h.max
}
