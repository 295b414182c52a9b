package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pairs are measurements of two ways to do the same, plain and secured, close
// after each other: what else the machine does meets both of a pair. Of their
// ratios the median counts, so that a pair that something fell between does not.
type pairs struct{ plain, secured []reading }

// reading is one measurement.
type reading struct {
	rate     float64 // a second
	p50, p99 time.Duration
	cpu      float64 // of the hub for each of what was done, in microseconds
}

// inPairs measures n pairs, each for span; the order alternates.
func inPairs(n int, measure func(secured bool) (reading, error)) (p pairs, err error) {
	for i := range n {
		for _, secured := range []bool{i%2 != 0, i%2 == 0} {
			r, err := measure(secured)
			if err != nil {
				return p, err
			}
			if secured {
				p.secured = append(p.secured, r)
			} else {
				p.plain = append(p.plain, r)
			}
		}
	}
	return p, nil
}

// ratio is the median of secured to plain, with the quarter of them below and that above.
func (p *pairs) ratio(of func(reading) float64) (middle, low, high float64) {
	all := make([]float64, len(p.plain))
	for i := range all {
		all[i] = of(p.secured[i]) / of(p.plain[i])
	}
	slices.Sort(all)
	return all[len(all)/2], all[len(all)/4], all[len(all)-1-len(all)/4]
}

func medianOf(all []reading, of func(reading) float64) float64 {
	values := make([]float64, len(all))
	for i := range all {
		values[i] = of(all[i])
	}
	return median(values)
}

func byRate(r reading) float64 { return r.rate }
func byP50(r reading) float64  { return float64(r.p50) }
func byP99(r reading) float64  { return float64(r.p99) }
func byCPU(r reading) float64  { return r.cpu }

// addPairs adds what came of pairs: both ways, and their ratios.
func (b *bench) addPairs(part, what, unit string, p *pairs) {
	for _, way := range []struct {
		name string
		all  []reading
	}{{"plain", p.plain}, {"secured", p.secured}} {
		b.add(part, what+", "+way.name, fmt.Sprintf("%.0f %s", medianOf(way.all, byRate), unit),
			fmt.Sprintf("p50 %s, p99 %s, the hub's processor %.0f µs each; medians of %d", ms(time.Duration(medianOf(way.all, byP50))), ms(time.Duration(medianOf(way.all, byP99))), medianOf(way.all, byCPU), len(way.all)))
	}
	rate, low, high := p.ratio(byRate)
	p50, _, _ := p.ratio(byP50)
	p99, _, _ := p.ratio(byP99)
	cpu, _, _ := p.ratio(byCPU)
	b.add(part, what+", secured to plain", fmt.Sprintf("%.2f", rate), fmt.Sprintf("median of %d pairs, half of them %.2f to %.2f; p50 %.2f, p99 %.2f, the hub's processor %.2f", len(p.plain), low, high, p50, p99, cpu))
}

// processor is what a program has used of it so far, by the kernel's count in hundredths of a second.
func processor(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name before may hold blanks
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("the kernel's account of process %d does not read: %q", pid, text)
	}
	var ticks int64
	for _, f := range fields[11:13] { // utime and stime
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

// meter takes what a hub uses of the processor from begin on.
type meter struct {
	hub   *hub
	began time.Duration
}

func (m *meter) begin() (err error) {
	m.began, err = processor(m.hub.cmd.Process.Pid)
	return err
}

// read adds to a reading what the hub used for each of what was done.
func (m *meter) read(r *reading, done int) error {
	now, err := processor(m.hub.cmd.Process.Pid)
	r.cpu = float64((now - m.began).Microseconds()) / float64(max(done, 1))
	return err
}
