package day

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"time"
)

// stream is one source of chance. Each question (who works here, who comes on
// this date) has its own, so that answering one never changes another.
type stream struct{ *rand.Rand }

func newStream(seed uint64, names ...string) *stream {
	h := sha256.New()
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], seed)
	h.Write(number[:])
	for _, name := range names {
		h.Write([]byte(name))
		h.Write([]byte{0})
	}
	return &stream{rand.New(rand.NewChaCha8([32]byte(h.Sum(nil))))}
}

func (r *stream) chance(p float64) bool { return r.Float64() < p }

func (r *stream) normalFloat(mean, deviation float64) float64 {
	return mean + deviation*r.NormFloat64()
}

func (r *stream) normal(mean, deviation time.Duration) time.Duration {
	return seconds(r.normalFloat(mean.Seconds(), deviation.Seconds()))
}

func (r *stream) exp(mean time.Duration) time.Duration {
	return seconds(r.ExpFloat64() * mean.Seconds())
}

func (r *stream) logNormal(median time.Duration, sigma float64) time.Duration {
	return seconds(median.Seconds() * math.Exp(sigma*r.NormFloat64()))
}

func (r *stream) between(low, high time.Duration) time.Duration {
	return seconds(low.Seconds() + r.Float64()*(high-low).Seconds())
}

// seconds rounds to whole ones: a plan is read by people.
func seconds(s float64) time.Duration { return time.Duration(math.Round(s)) * time.Second }

func clamp(d, low, high time.Duration) time.Duration { return min(max(d, low), high) }
