package app

import (
	"testing"
	"time"
)

func TestCheckpointDue(t *testing.T) {
	zone := time.FixedZone("UTC+8", 8*3600)
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, zone)
	for _, row := range []struct {
		name   string
		signed time.Time
		due    bool
	}{
		{"never signed", time.Time{}, true},
		{"signed at today's time", time.Date(2026, 11, 23, 0, 5, 0, 0, zone), false},
		{"signed a moment ago", now.Add(-time.Second), false},
		{"signed yesterday at the time", time.Date(2026, 11, 22, 0, 5, 0, 0, zone), true},
		{"signed yesterday in the evening", time.Date(2026, 11, 22, 23, 0, 0, 0, zone), true},
		{"signed in a year that never was", now.AddDate(70, 0, 0), true},
	} {
		if got := checkpointDue(row.signed, now, "00:05"); got != row.due {
			t.Errorf("%s: due is %v", row.name, got)
		}
	}
}
