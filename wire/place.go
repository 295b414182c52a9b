package wire

import "strings"

// placeMark begins a network address that is sealed under the key of its month:
// a1:2026-11:… with nonce and ciphertext in base64url. The same address of the same
// month is the same text; once the month's key is destroyed nobody can read it.
const placeMark = "a1:"

// placeKey begins the name of a month's key.
const placeKey = "address-"

// PlaceOf writes a sealed address.
func PlaceOf(month, box string) string { return placeMark + month + ":" + box }

// PlaceKey is the key that an address is sealed under, and the box; ok is false for one that is not sealed.
func PlaceKey(place string) (key, box string, ok bool) {
	rest, ok := strings.CutPrefix(place, placeMark)
	if !ok {
		return "", "", false
	}
	month, box, ok := strings.Cut(rest, ":")
	if !ok || month == "" || CheckName(MonthKey(month)) != nil {
		return "", "", false
	}
	return MonthKey(month), box, true
}

// MonthKey is the name of the key under which a month's addresses are sealed, of a month like 2026-11.
func MonthKey(month string) string { return placeKey + month }
