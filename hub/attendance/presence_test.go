package attendance

import (
	"testing"
	"time"

	"hallkeeper/hub/hall"
)

func TestPresence(t *testing.T) {
	zone := time.FixedZone("CST", 8*3600)
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("01-02 15:04", s, zone)
		if err != nil {
			t.Fatal(err)
		}
		return v.AddDate(2026, 0, 0)
	}
	type swipe struct{ card, window, at string }
	for _, c := range []struct {
		sentence string
		swipes   []swipe
		window   string
		day      string
		staffed  bool
	}{
		{"nobody has swiped", nil, "w01", "11-23 12:00", false},
		{"the first swipe is in", []swipe{{"a", "w01", "11-23 08:30"}}, "w01", "11-23 12:00", true},
		{"the second is out", []swipe{{"a", "w01", "11-23 08:30"}, {"a", "w01", "11-23 12:00"}}, "w01", "11-23 12:00", false},
		{"the third is in again", []swipe{{"a", "w01", "11-23 08:30"}, {"a", "w01", "11-23 12:00"}, {"a", "w01", "11-23 14:30"}}, "w01", "11-23 15:00", true},
		{"two people, one leaves", []swipe{{"a", "w01", "11-23 08:30"}, {"b", "w01", "11-23 08:31"}, {"a", "w01", "11-23 12:00"}}, "w01", "11-23 12:00", true},
		{"at another window a person moves", []swipe{{"a", "w01", "11-23 08:30"}, {"a", "w02", "11-23 09:00"}}, "w01", "11-23 12:00", false},
		{"who forgot to swipe out is gone the next day", []swipe{{"a", "w01", "11-23 08:30"}}, "w01", "11-24 08:00", false},
		{"and their next swipe is in", []swipe{{"a", "w01", "11-23 08:30"}, {"a", "w01", "11-24 08:30"}}, "w01", "11-24 09:00", true},
		{"yesterday's late delivery changes nothing", []swipe{{"a", "w01", "11-24 08:30"}, {"a", "w01", "11-23 17:30"}}, "w01", "11-24 09:00", true},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			var p Presence
			for _, s := range c.swipes {
				p.Swipe(s.card, s.window, at(s.at), zone)
			}
			if got := p.Staffed(c.window, hall.DateOf(at(c.day), zone)); got != c.staffed {
				t.Errorf("staffed %v, want %v", got, c.staffed)
			}
		})
	}
}
