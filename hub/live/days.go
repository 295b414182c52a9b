package live

import (
	"encoding/json"
	"strings"
	"time"

	"hallkeeper/hub/attendance"
	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// at is when an event happened, put right where its boot has synchronised since.
// Whatever a device's clock says, nothing happens after it was stored: one
// device that lives in the next year must not begin that year for the hall.
func (f *Facts) at(r *wire.Record) time.Time {
	at := r.At
	if r.Clock == wire.ClockUnsynced {
		at = at.Add(time.Duration(f.Offsets[r.Boot]) * time.Millisecond)
	}
	if at.After(r.StoredAt) {
		return r.StoredAt
	}
	return at
}

// follow goes back with the hub's own clock where that was days ahead and was
// put right: what was of the days that were never there is forgotten.
func (f *Facts) follow(storedAt time.Time) {
	last := hall.DateOf(storedAt.Add(24*time.Hour), f.zone) // a step around midnight is nothing
	if f.Newest > last {
		f.Newest, f.oldest = "", ""
		f.remembers(hall.DateOf(storedAt, f.zone))
		for key := range f.Days {
			if date, _, _ := strings.Cut(key, "/"); hall.Date(date) > f.Newest {
				delete(f.Days, key)
				f.dirty["day/"+key] = true
			}
		}
		f.touchWindows()
	}
	if f.Presence.Day > last {
		f.Presence = attendance.Presence{}
		f.dirty["presence"] = true
		f.touchWindows()
	}
}

func (f *Facts) touchWindows() {
	for id := range f.Roster.Windows {
		f.window(id)
	}
}

func (f *Facts) count(r *wire.Record, at time.Time, window string) {
	day := hall.DateOf(at, f.zone)
	if window == "" || !f.remembers(day) {
		return
	}
	key := string(day) + "/" + window
	d := f.Days[key]
	if d == nil {
		d = &Day{}
		f.Days[key] = d
	}
	d.Events++
	switch r.Kind {
	case wire.KindCardSwiped:
		d.Swipes++
	case wire.KindCallPressed:
		d.Calls++
	case wire.KindRatingPressed:
		var p wire.RatingPressed
		if json.Unmarshal(r.Data, &p) == nil && p.Level >= 1 && p.Level <= 5 {
			d.Ratings[p.Level-1]++
		}
	}
	f.dirty["day/"+key] = true
}

// keptDays is for how many civil days counts are kept: screens show today's, and
// a device that was away for a while may still add to the days before.
const keptDays = 7

// remembers tells whether a day is among those that are counted, and forgets
// the oldest when a new one begins.
func (f *Facts) remembers(day hall.Date) bool {
	if day > f.Newest {
		f.Newest = day
		f.dirty["newest"] = true
		if t, err := time.Parse(time.DateOnly, string(day)); err == nil {
			f.oldest = hall.DateOf(t.AddDate(0, 0, 1-keptDays), time.UTC)
		}
		for key := range f.Days {
			if date, _, _ := strings.Cut(key, "/"); hall.Date(date) < f.oldest {
				delete(f.Days, key)
				f.dirty["day/"+key] = true
			}
		}
	}
	return day >= f.oldest
}
