package upkeep

import "time"

const (
	// firstBackup is for how long a hall may go without any backup.
	firstBackup = 7 * 24 * time.Hour
	// oldByHand is the age from which a backup is old where somebody makes them by hand once a week.
	oldByHand = 8 * 24 * time.Hour
	// late is by how much a backup of the hub's own may be behind its time: the second that is missed is told.
	late = time.Hour
	// longest is for how long one that has begun is waited for: the first of a hall with years goes over a slow line.
	longest = 6 * time.Hour
)

// Backup is what is known of backups.
type Backup struct {
	// Last is when the newest was made by hand or by schedule, zero where there is none.
	Last time.Time
	// Places are where the hub makes them by itself, none where it does not; Every how often.
	Places []Place
	Every  time.Duration
	// Began is when the hall's log began.
	Began time.Time
}

// Place is one place in which the hub keeps backups.
type Place struct {
	// Last is when the newest whole one there was made, zero where none is known; Since is when the place was first named.
	Last, Since time.Time
	// Making is when the one that is being made was begun, zero where none is, or where the one before it has failed.
	Making time.Time
}

// What may be wrong with backups.
const (
	NoBackup  = "never"
	OldBackup = "old"
)

// Old is the age from which a backup of the hub's own is old.
func Old(every time.Duration) time.Duration { return 2*every + late }

// Wrong is what is wrong with the backups, empty where nothing is, and since when. Where the hub makes them by itself
// each place counts, since the place that is lost may be the other one; place is the number of the worst, from 1 on.
func (b *Backup) Wrong(now time.Time) (what string, place int, since time.Time) {
	if len(b.Places) == 0 {
		what, since = b.byHand(now)
		return what, 0, since
	}
	for i, p := range b.Places {
		w, due := OldBackup, p.Last.Add(Old(b.Every))
		if p.Last.IsZero() {
			w, due = NoBackup, p.Since.Add(Old(b.Every))
		}
		if now.Before(due) || !p.Making.IsZero() && now.Sub(p.Making).Abs() < longest || what != "" && !due.Before(since) {
			continue
		}
		what, place, since = w, i+1, due
	}
	return what, place, since
}

// byHand is what is wrong where somebody makes them.
func (b *Backup) byHand(now time.Time) (what string, since time.Time) {
	if b.Last.IsZero() {
		due := b.Began.Add(firstBackup)
		if b.Began.IsZero() || now.Before(due) {
			return "", time.Time{}
		}
		return NoBackup, due
	}
	if due := b.Last.Add(oldByHand); !now.Before(due) {
		return OldBackup, due
	}
	return "", time.Time{}
}

// Oldest is when the backup was made that a hall would go back to in the worst case: the newest of the place that is
// furthest behind. It is zero where a place has none.
func (b *Backup) Oldest() time.Time {
	if len(b.Places) == 0 {
		return b.Last
	}
	oldest := b.Places[0].Last
	for _, p := range b.Places[1:] {
		if p.Last.Before(oldest) {
			oldest = p.Last
		}
	}
	return oldest
}
