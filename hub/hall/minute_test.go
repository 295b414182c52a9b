package hall

import (
	"testing"
	"time"
)

func TestMinutesReadAndPrint(t *testing.T) {
	for text, want := range map[string]Minute{"00:00": 0, "08:30": 510, "23:59": 1439, "24:00": 1440, "32:05": 1925, "47:59": 2879} {
		m, ok := ParseMinute(text)
		if !ok || m != want || m.String() != text {
			t.Errorf("%s reads as %d (%v) and prints as %s, want %d", text, m, ok, m, want)
		}
	}
	for _, text := range []string{"", "8:30", "08:60", "48:00", "08-30", "０8:30", "08:3x", "008:30"} {
		if m, ok := ParseMinute(text); ok {
			t.Errorf("%q reads as %d", text, m)
		}
	}
}

func TestAMomentIsSeenFromADay(t *testing.T) {
	zone := time.FixedZone("UTC+8", 8*3600)
	at := time.Date(2026, 3, 1, 1, 2, 59, 0, zone)
	for day, want := range map[Date]string{"2026-03-01": "01:02", "2026-02-28": "25:02", "2026-03-02": "-22:58"} {
		if got := MinuteOf(at, day, zone).String(); got != want {
			t.Errorf("seen from %s it is %s, want %s", day, got, want)
		}
	}
}

func TestSpansShareMinutes(t *testing.T) {
	day := Span{From: 510, Until: 720}
	for name, c := range map[string]struct {
		with Span
		want int
	}{"inside": {Span{600, 660}, 60}, "over the end": {Span{700, 900}, 20}, "before": {Span{0, 510}, 0}, "after": {Span{720, 800}, 0}, "whole": {Span{0, 2880}, 210}} {
		if got := day.And(c.with); got.Minutes() != c.want {
			t.Errorf("%s: they share %d minutes, want %d", name, got.Minutes(), c.want)
		}
	}
}
