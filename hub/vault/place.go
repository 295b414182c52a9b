package vault

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"hallkeeper/wire"
)

// SealPlace seals a network address under the key of a month like 2026-11, making the key where there is none.
// The same address of the same month gives the same text, so that what is compared can be: the nonce is a keyed
// hash of the address, and two addresses share none. What is empty or sealed already is given back.
func (v *Vault) SealPlace(address, month string) (string, error) {
	if _, _, sealed := wire.PlaceKey(address); sealed || address == "" {
		return address, nil
	}
	person := wire.MonthKey(month)
	aead, err := v.key(person, true)
	if err != nil {
		return "", fmt.Errorf("seal a network address of %s: %w", month, err)
	}
	m := hmac.New(sha256.New, v.place)
	_, _ = m.Write([]byte(person + "\n" + address))
	nonce := m.Sum(nil)[:aead.NonceSize()]
	return wire.PlaceOf(month, base64.RawURLEncoding.EncodeToString(aead.Seal(nonce, nonce, []byte(address), []byte(person)))), nil
}

// OpenPlace gives the address back, or ErrForgotten. One from before addresses were sealed is given as it is.
func (v *Vault) OpenPlace(place string) (string, error) {
	person, box, sealed := wire.PlaceKey(place)
	if !sealed {
		return place, nil
	}
	aead, err := v.key(person, false)
	if err != nil {
		return "", err
	}
	raw, err := base64.RawURLEncoding.DecodeString(box)
	if err != nil || len(raw) < aead.NonceSize() {
		return "", errors.New("the sealed address is cut short")
	}
	plain, err := aead.Open(nil, raw[:aead.NonceSize()], raw[aead.NonceSize():], []byte(person))
	if err != nil {
		return "", fmt.Errorf("the sealed address does not fit its month's key: %w", err)
	}
	return string(plain), nil
}
