package day

import (
	"slices"
	"time"
)

// arrivalTimes are when people come to one window: two peaks, at about 09:45
// and 15:20, over a thin stream from opening to closing.
func arrivalTimes(r *stream, mean int) []time.Duration {
	n := int(r.normalFloat(float64(mean), float64(mean)/6) + 0.5)
	times := make([]time.Duration, 0, max(n, 0))
	for range n {
		var at time.Duration
		switch {
		case r.chance(0.44):
			at = r.normal(clock(9, 45), 40*time.Minute)
		case r.chance(0.62):
			at = r.normal(clock(15, 20), 35*time.Minute)
		default:
			at = r.between(clock(8, 25), clock(17, 15))
		}
		times = append(times, clamp(at, clock(8, 20), clock(17, 20)))
	}
	slices.Sort(times)
	return times
}

// Arrivals are when citizens come for one window on a date, in order.
func Arrivals(cfg Config, seed uint64, window string, date Date) []time.Duration {
	mean := cfg.Citizens
	if mean == 0 {
		mean = usualCitizens
	}
	return arrivalTimes(newStream(seed, "citizens", window, date.String()), mean)
}

// serve plays one window from the staff member's coming to their leaving. It
// takes from waiting the people that were served or went away, and returns the
// acts and when the last citizen was done.
func serve(r *stream, window string, st stay, waiting *[]time.Duration) (acts []Act, last time.Duration) {
	free := st.comes + r.between(40*time.Second, 3*time.Minute)
	for len(*waiting) > 0 {
		start := max(free, (*waiting)[0]).Truncate(time.Second)
		if start > st.leaves-3*time.Minute {
			break
		}
		arrived := (*waiting)[0]
		*waiting = (*waiting)[1:]
		if start-arrived > 100*time.Minute {
			continue // nobody waits that long: gone without a word
		}
		acts = append(acts, Act{At: start, Window: window, Kind: Call})
		if r.chance(0.03) { // nobody came: called once more, then the next one
			again := start + 45*time.Second
			acts = append(acts, Act{At: again, Window: window, Kind: Call})
			free, last = again+45*time.Second, again
			continue
		}
		done := start + r.serviceTime()
		acts = append(acts, Act{At: done, Window: window, Kind: Done})
		if r.chance(0.66) {
			done += r.between(3*time.Second, 15*time.Second)
			acts = append(acts, Act{At: done, Window: window, Kind: Rate, Level: r.level()})
		}
		last = done
		free = done + r.between(10*time.Second, 50*time.Second)
	}
	return acts, last
}

// level is the mix of presses seen at such counters: mostly 5, rarely 1.
func (r *stream) level() int {
	switch p := r.Float64(); {
	case p < 0.62:
		return 5
	case p < 0.86:
		return 4
	case p < 0.991:
		return 3
	case p < 0.997:
		return 2
	}
	return 1
}

// serviceTime is lognormal about four minutes, within 40 s and 20 min.
func (r *stream) serviceTime() time.Duration {
	return clamp(r.logNormal(4*time.Minute, 0.55), 40*time.Second, 20*time.Minute)
}
