package attendance

import (
	"time"

	"hallkeeper/hub/hall"
)

// Presence is where cards are today, by one plain rule: the swipes of a card within
// a civil day are in, out, in, out. It is all that is known of a window without a post
// or a shift; of the others the daily check says who is there. The zero value is an
// empty hall.
type Presence struct {
	// Day is the civil day of the newest swipe; people of an earlier day are gone.
	Day hall.Date `json:"day"`
	// At gives the window at which each card is in.
	At map[string]string `json:"at"`
}

// Swipe folds one swipe of a card at a window, at a moment in the hall's zone,
// and returns the windows whose staffing may have changed. A swipe of an
// earlier day than the newest, delivered late, changes nothing.
func (p *Presence) Swipe(card, window string, at time.Time, zone *time.Location) []string {
	var changed []string
	day := hall.DateOf(at, zone)
	switch {
	case day < p.Day:
		return nil
	case day > p.Day:
		changed = p.NewDay(day)
	}
	if p.At == nil {
		p.At = map[string]string{}
	}
	before, in := p.At[card]
	if in && before == window {
		delete(p.At, card)
		return append(changed, window)
	}
	p.At[card] = window // coming in, or moving from another window
	if in {
		changed = append(changed, before)
	}
	return append(changed, window)
}

// NewDay empties the hall and returns the windows that were staffed.
func (p *Presence) NewDay(day hall.Date) []string {
	if day <= p.Day {
		return nil
	}
	var changed []string
	for _, w := range p.At {
		changed = append(changed, w)
	}
	p.Day, p.At = day, map[string]string{}
	return changed
}

// Staffed tells whether anybody is in at a window on a day.
func (p *Presence) Staffed(window string, day hall.Date) bool {
	if day != p.Day {
		return false
	}
	for _, w := range p.At {
		if w == window {
			return true
		}
	}
	return false
}
