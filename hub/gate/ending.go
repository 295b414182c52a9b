package gate

import "time"

// Days before its end at which people are told of a given certificate, which
// takes somebody outside the hall to replace.
const (
	EndsSoon = 30
	EndsNear = 14
)

// Within is the bound in days, EndsNear or EndsSoon, within which something ends
// or after which it has ended; zero where there is time.
func Within(ends, now time.Time) int {
	for _, days := range []int{EndsNear, EndsSoon} {
		if !now.Before(ends.AddDate(0, 0, -days)) {
			return days
		}
	}
	return 0
}

// Ending is the last moment of a given certificate and the bound within which
// that is; see Within. Both are zero where none was given: the hall's own is made anew by itself.
func (c *Certificates) Ending(now time.Time) (ends time.Time, within int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cert == nil {
		return ends, 0
	}
	ends = c.cert.Leaf.NotAfter
	return ends, Within(ends, now)
}

// warn tells once at each bound that the certificate ends; the caller holds mu.
func (c *Certificates) warn(now time.Time) {
	ends := c.cert.Leaf.NotAfter
	within := Within(ends, now)
	if within == c.warned {
		return
	}
	c.warned = within
	if within > 0 {
		c.log.Warn("the given certificate ends: have a new one made and put it in its place, which needs no restart",
			"ends", ends.Format(time.DateOnly), "within_days", within, "file", c.given.File)
	}
}
