package wire_test

import (
	"testing"

	"hallkeeper/wire"
)

func TestASealedAddressNamesItsKey(t *testing.T) {
	for place, want := range map[string]string{
		wire.PlaceOf("2026-11", "Ym94"): "address-2026-11", "a1:2026-11:": "address-2026-11",
		"": "", "192.0.2.7": "", "fe80::1": "", "a1:": "", "a1:2026-11": "", "a1:../..:x": "", "a1::1": "",
	} {
		key, _, ok := wire.PlaceKey(place)
		if key != want || ok != (want != "") {
			t.Errorf("%q has the key %q %v, expected %q", place, key, ok, want)
		}
	}
	if _, box, _ := wire.PlaceKey(wire.PlaceOf("2026-11", "Ym94")); box != "Ym94" {
		t.Errorf("the box is %q", box)
	}
}
