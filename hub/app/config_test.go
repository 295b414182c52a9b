package app

import (
	"strings"
	"testing"
)

// A day of attendance has 24 hours: a zone whose clocks are put forward and back is refused with the reason.
func TestAZoneWithSummerTimeIsRefused(t *testing.T) {
	for zone, fine := range map[string]bool{"Asia/Shanghai": true, "Asia/Urumqi": true, "UTC": true, "Europe/Berlin": false, "America/New_York": false, "Mars/Olympus": false, "": false} {
		cfg := Defaults()
		cfg.Hall.TimeZone = zone
		err := cfg.Check()
		if (err == nil) != fine {
			t.Errorf("%q: %v", zone, err)
		}
		if zone == "Europe/Berlin" && !strings.Contains(err.Error(), "summer time") {
			t.Errorf("the refusal does not say why: %v", err)
		}
	}
	cfg := Defaults()
	cfg.DayClose, cfg.OperatorSecret = "25:00", "short"
	if err := cfg.Check(); err == nil || !strings.Contains(err.Error(), "23:50") || !strings.Contains(err.Error(), "32 characters") {
		t.Errorf("wrong settings: %v", err)
	}
}
