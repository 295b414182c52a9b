//go:build !race

package access

import (
	"crypto/rand"
	"strings"
	"testing"
)

// What a hub is shipped with has the whole cost, which a hash says itself.
func TestAPasswordsHashHasItsWholeCost(t *testing.T) {
	hash, err := Hash("a long password", rand.Reader)
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("a hash is %q, %v", hash, err)
	}
	if ok, err := Verify(hash, "a long password"); !ok || err != nil {
		t.Errorf("the right password: %v, %v", ok, err)
	}
	if ok, err := Verify(hash, "a long passwort"); ok || err != nil {
		t.Errorf("a wrong password: %v, %v", ok, err)
	}
}
