package upkeep

import "time"

const (
	// smallStep is what the clock may be put right by at once before it counts as a step: kernels slew less than half a millisecond a second.
	smallStep = 500 * time.Millisecond
	// bigStep is a step from which times in the log are doubtful, the same as for a device's clock.
	bigStep = 5 * time.Second
	// stepShown is how long a big step is shown.
	stepShown = time.Hour
	// unsyncedFor is how long the clock may be without a time server before it is shown: a start takes some minutes.
	unsyncedFor = 15 * time.Minute
)

// Clock is how the machine's clock goes. The zero value has seen nothing.
type Clock struct {
	// Synchronised is what the kernel says, Offset by how much the time server would still move it.
	Synchronised bool
	Offset       time.Duration
	// Steps counts how often it jumped, Last is by how much it jumped last, at LastAt.
	Steps  int
	Last   time.Duration
	LastAt time.Time

	// wall and running are of the last look; what began is noted by running too, which nobody sets.
	wall     time.Time
	running  time.Duration
	unsynced *time.Duration // since when; nil while it is synchronised
	big      *time.Duration // when it jumped far last
}

// Look takes in what the clock shows, for how long the program has been running by a clock that nobody sets, and what the kernel says.
func (c *Clock) Look(wall time.Time, running time.Duration, synchronised bool, offset time.Duration) {
	wall = wall.Round(0)
	if !c.wall.IsZero() {
		if step := wall.Sub(c.wall) - (running - c.running); step.Abs() >= smallStep {
			c.Steps++
			c.Last, c.LastAt = step, wall
			if step.Abs() >= bigStep {
				c.big = &running
			}
		}
	}
	c.wall, c.running, c.Synchronised, c.Offset = wall, running, synchronised, offset
	switch {
	case synchronised:
		c.unsynced = nil
	case c.unsynced == nil:
		c.unsynced = &running
	}
}

// What may be wrong with the clock.
const (
	Unsynced = "unsynced"
	Stepped  = "stepped"
)

// Wrong is what is wrong with the clock, empty where nothing is; since is when it began.
func (c *Clock) Wrong() (what string, since time.Time) {
	ago := func(when time.Duration) time.Time { return c.wall.Add(when - c.running) }
	switch {
	case c.big != nil && c.running-*c.big < stepShown:
		return Stepped, ago(*c.big)
	case c.unsynced != nil && c.running-*c.unsynced >= unsyncedFor:
		return Unsynced, ago(*c.unsynced)
	}
	return "", time.Time{}
}
