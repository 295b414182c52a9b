// Package upkeep is what the hub's machine says of itself over time: how its disk fills and when it
// will be full, how its clock goes, whether the last backup is old. It is pure: it refuses to look at
// a machine and to keep anything; whoever does hands in what was seen and when.
package upkeep

import (
	"math"
	"slices"
	"time"
)

// Sample is how full the disk of the data folder was at a moment, in bytes.
type Sample struct {
	At time.Time `json:"at"`
	// Size is the whole disk's, Free what the hub may still write, Data what the data folder takes.
	Size int64 `json:"size"`
	Free int64 `json:"free"`
	Data int64 `json:"data"`
	// Log and Views are parts of Data, Backups what backups on this machine's disks take; samples from before they were measured have none.
	Log     int64 `json:"log,omitempty"`
	Views   int64 `json:"views,omitempty"`
	Backups int64 `json:"backups,omitempty"`
}

// Disk is how the disk was, oldest sample first. The zero value knows nothing.
type Disk struct {
	Samples []Sample `json:"samples"`
}

const (
	// between is the least time between two samples that are kept: four a day show what grows, and what goes to and fro within a day.
	between = 6 * time.Hour
	// remembered is how far back the forecast looks: a month of work, with its quiet days.
	remembered = 30 * 24 * time.Hour
	// enough is the time that must be seen before a forecast is made: less says what happened today, not what happens every day.
	enough = 24 * time.Hour
)

// Add takes in a sample and tells whether it is one to keep. A disk of another size is another disk, and
// a clock that was put back leaves samples of times to come: both begin anew.
func (d *Disk) Add(s Sample) bool {
	if n := len(d.Samples); n > 0 {
		switch last := d.Samples[n-1]; {
		case last.Size != s.Size || last.At.After(s.At.Add(time.Minute)):
			d.Samples = nil
		case s.At.Sub(last.At) < between:
			return false
		}
	}
	first := slices.IndexFunc(d.Samples, func(x Sample) bool { return s.At.Sub(x.At) <= remembered })
	if first < 0 {
		first = len(d.Samples)
	}
	d.Samples = append(slices.Clone(d.Samples[first:]), s)
	return true
}

// Forecast is how full the disk is and will be.
type Forecast struct {
	Sample
	// PerDay is by how much the used part grows, in bytes a day; nil until a day was seen.
	PerDay *float64
	// Days are left until the disk is full; nil where that is not known, or where it does not fill.
	Days *float64
}

// Forecast looks ahead from a sample of now. The growth is the median of the slopes between all pairs of
// samples (Theil–Sen): a big file that came and went, or one clearing, does not move it.
func (d *Disk) Forecast(now Sample) Forecast {
	f := Forecast{Sample: now}
	seen := d.Samples
	if len(seen) == 0 || now.Size != seen[0].Size || now.At.Sub(seen[0].At) < enough {
		return f
	}
	if now.At.Sub(seen[len(seen)-1].At) >= time.Hour {
		seen = append(slices.Clone(seen), now)
	}
	var slopes []float64
	for i, a := range seen {
		for _, b := range seen[i+1:] {
			slopes = append(slopes, float64(a.Free-b.Free)/(b.At.Sub(a.At).Hours()/24))
		}
	}
	slices.Sort(slopes)
	n := len(slopes)
	if n == 0 {
		return f
	}
	per := (slopes[(n-1)/2] + slopes[n/2]) / 2
	f.PerDay = &per
	if per > 0 {
		days := float64(now.Free) / per
		if days < 100*365 { // beyond that it does not fill
			f.Days = &days
		}
	}
	return f
}

// Level is how pressing something is.
type Level int

// The levels.
const (
	Fine Level = iota
	// Soon is for somebody to plan.
	Soon
	// Now is for somebody to act.
	Now
)

const (
	// lowSpace is the free space in bytes below which somebody must act, whatever the forecast: a month's
	// segment is rewritten when it is sealed and takes its own size once more. On a small disk it is a twentieth.
	lowSpace = 2 << 30
	// nowDays and soonDays are the days left at which somebody must act, and is to plan.
	nowDays, soonDays = 7, 30
	// margin is by how much it must be better again before a level is left: a disk at the bound does not flap.
	margin = 1.25
)

// Level tells how pressing a forecast is, given how pressing it was.
func (f *Forecast) Level(before Level) Level {
	if f.Size <= 0 {
		return Fine
	}
	days := math.Inf(1)
	if f.Days != nil {
		days = *f.Days
	}
	ease := func(l Level) float64 {
		if before >= l {
			return margin
		}
		return 1
	}
	low := math.Min(lowSpace, float64(f.Size)/20)
	free := float64(f.Free)
	switch {
	case free < low*ease(Now), days < nowDays*ease(Now):
		return Now
	case free < float64(f.Size)/10*ease(Soon) && free < 10*lowSpace, days < soonDays*ease(Soon):
		return Soon
	}
	return Fine
}
