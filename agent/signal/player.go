package signal

import (
	"slices"
	"time"
)

const (
	// dark is how long the lamp is off before a new signal, so that each is seen.
	dark = 20 * time.Millisecond
	// least is how long a signal is shown when others wait.
	least = 40 * time.Millisecond
	// most signals that wait; a person makes no more than a few.
	most = 64
)

// Player shows one signal after the other. The zero value is not usable: New.
type Player struct {
	rows    map[string]Row
	waiting []Row

	row     *Row
	started time.Duration
	step    int // counts through all repetitions
	until   time.Duration

	now      Lamps
	darkFrom time.Duration
}

// New makes a player with all lamps off at the time now.
func New(now time.Duration) *Player {
	p := &Player{rows: map[string]Row{}, darkFrom: now}
	for _, row := range Table() {
		p.rows[row.Pattern] = row
	}
	return p
}

// Show adds a signal. Each Kept is shown; any other that waits already is
// shown once. It returns false for a pattern that is not in the table.
func (p *Player) Show(pattern string) bool {
	row, ok := p.rows[pattern]
	if !ok {
		return false
	}
	same := func(r Row) bool { return r.Pattern == pattern }
	other := func(r Row) bool { return r.Pattern != Kept }
	switch {
	case pattern != Kept && slices.ContainsFunc(p.waiting, same):
		return true
	case len(p.waiting) == most:
		i := slices.IndexFunc(p.waiting, other)
		if i < 0 {
			return true
		}
		p.waiting = slices.Delete(p.waiting, i, i+1)
	}
	p.waiting = append(p.waiting, row)
	return true
}

// Advance gives what is to be lit at the time now, and when to ask again; again
// is false while nothing is shown and nothing waits. Times count from when it
// is asked, so that a caller who is late shows each step as long as it needs.
func (p *Player) Advance(now time.Duration) (lamps Lamps, next time.Duration, again bool) {
	if p.row != nil && p.over(now) {
		p.row = nil
		p.set(Lamps{}, now)
	}
	if p.row != nil && now >= p.until {
		p.step++
		p.begin(now)
	}
	if p.row == nil && len(p.waiting) > 0 && now-p.darkFrom >= dark {
		row := p.waiting[0]
		p.waiting = slices.Delete(p.waiting, 0, 1)
		p.row, p.started, p.step = &row, now, 0
		p.begin(now)
	}
	switch {
	case p.row == nil && len(p.waiting) == 0:
		return p.now, 0, false
	case p.row == nil:
		return p.now, p.darkFrom + dark, true
	case len(p.waiting) > 0:
		return p.now, min(p.until, max(p.started+least, now)), true
	}
	return p.now, p.until, true
}

// over tells whether the present signal has ended, or has to give way.
func (p *Player) over(now time.Duration) bool {
	last := p.step == len(p.row.Steps)*p.row.Times-1
	return last && now >= p.until || len(p.waiting) > 0 && now >= p.started+least
}

func (p *Player) begin(now time.Duration) {
	step := p.row.Steps[p.step%len(p.row.Steps)]
	p.set(step.Lamps, now)
	p.until = now + step.For
}

func (p *Player) set(l Lamps, now time.Duration) {
	if l.dark() && !p.now.dark() {
		p.darkFrom = now
	}
	p.now = l
}
