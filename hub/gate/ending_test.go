package gate

import (
	"testing"
	"time"
)

func TestPeopleAreToldTwiceBeforeTheEnd(t *testing.T) {
	ends := time.Date(2027, 3, 31, 12, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		left time.Duration
		want int
	}{
		{31 * 24 * time.Hour, 0}, {30*24*time.Hour + time.Second, 0}, {30 * 24 * time.Hour, 30}, {15 * 24 * time.Hour, 30},
		{14*24*time.Hour + time.Second, 30}, {14 * 24 * time.Hour, 14}, {time.Hour, 14}, {0, 14}, {-24 * time.Hour, 14},
	} {
		if got := Within(ends, ends.Add(-row.left)); got != row.want {
			t.Errorf("%s before its end: %d days, want %d", row.left, got, row.want)
		}
	}
}
