package upkeep

import "time"

const (
	// firstBackup is for how long a hall may go without any backup.
	firstBackup = 7 * 24 * time.Hour
	// oldByHand is the age from which a backup is old where somebody makes them by hand once a week; oldBySchedule
	// where the hub makes them by itself every day or more often: the second that is missed is told.
	oldByHand     = 8 * 24 * time.Hour
	oldBySchedule = 49 * time.Hour
)

// Backup is what is known of backups.
type Backup struct {
	// Last is when the newest good one was made, zero where there is none.
	Last time.Time
	// Scheduled: the hub makes them by itself.
	Scheduled bool
	// Began is when the hall's log began.
	Began time.Time
}

// What may be wrong with backups.
const (
	NoBackup  = "never"
	OldBackup = "old"
)

// Wrong is what is wrong with the backups, empty where nothing is, and since when.
func (b *Backup) Wrong(now time.Time) (what string, since time.Time) {
	if b.Last.IsZero() {
		due := b.Began.Add(firstBackup)
		if b.Scheduled {
			due = b.Began.Add(oldBySchedule)
		}
		if b.Began.IsZero() || now.Before(due) {
			return "", time.Time{}
		}
		return NoBackup, due
	}
	due := b.Last.Add(oldByHand)
	if b.Scheduled {
		due = b.Last.Add(oldBySchedule)
	}
	if now.Before(due) {
		return "", time.Time{}
	}
	return OldBackup, due
}
