package vault

import (
	"errors"
	"testing"

	"hallkeeper/wire"
)

// The same address of a month is the same text, of another month another, and none reads without its month's key.
func TestAddressesAreSealedUnderTheirMonth(t *testing.T) {
	v, err := Open(t.TempDir(), "hallkeeper/t", "test")
	if err != nil {
		t.Fatal(err)
	}
	seal := func(address, month string) string {
		t.Helper()
		place, err := v.SealPlace(address, month)
		if err != nil {
			t.Fatal(err)
		}
		return place
	}
	november, again, other, december := seal("192.0.2.7", "2026-11"), seal("192.0.2.7", "2026-11"), seal("192.0.2.8", "2026-11"), seal("192.0.2.7", "2026-12")
	if november != again || november == other || november == december || seal(november, "2026-12") != november || seal("", "2026-11") != "" {
		t.Errorf("sealed are %s, %s, %s and %s", november, again, other, december)
	}
	if err := v.Forget(wire.MonthKey("2026-11")); err != nil {
		t.Fatal(err)
	}
	for place, want := range map[string]string{december: "192.0.2.7", "192.0.2.9": "192.0.2.9", "": ""} {
		if got, err := v.OpenPlace(place); got != want || err != nil {
			t.Errorf("%s opens to %q, %v", place, got, err)
		}
	}
	if got, err := v.OpenPlace(november); !errors.Is(err, ErrForgotten) {
		t.Errorf("without the key it opens to %q, %v", got, err)
	}
	for _, bad := range []string{wire.PlaceOf("2026-12", "x"), wire.PlaceOf("2026-12", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")} {
		if got, err := v.OpenPlace(bad); err == nil {
			t.Errorf("%s opens to %q", bad, got)
		}
	}
	if _, err := v.SealPlace("192.0.2.7", "2026-11"); !errors.Is(err, ErrForgotten) {
		t.Errorf("a month that is forgotten is sealed again: %v", err)
	}
}
