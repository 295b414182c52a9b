package access

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/argon2"
)

const (
	threads = 1
	keySize = 32
	salt    = 16
)

// Hash makes a password's hash in the PHC string form; random gives the salt.
func Hash(password string, random io.Reader) (string, error) {
	s := make([]byte, salt)
	if _, err := io.ReadFull(random, s); err != nil {
		return "", fmt.Errorf("make a salt: %w", err)
	}
	key := argon2.IDKey([]byte(password), s, passes, memory, threads, keySize)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, threads, enc.EncodeToString(s), enc.EncodeToString(key)), nil
}

var errHash = errors.New("the password's hash does not read")

// Verify tells whether a password is the one of a hash. It takes as long for
// a hash that is empty, so that nobody learns which accounts there are.
func Verify(hash, password string) (bool, error) {
	if hash == "" {
		argon2.IDKey([]byte(password), make([]byte, salt), passes, memory, threads, keySize)
		return false, nil
	}
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, errHash
	}
	var version, m, t, p int
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &m, &t, &p); err != nil || m < 8 || m > 1<<20 || t < 1 || t > 100 || p < 1 || p > 64 {
		return false, errHash
	}
	s, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	key, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(key) < 16 || len(key) > 64 {
		return false, errHash
	}
	got := argon2.IDKey([]byte(password), s, uint32(t), uint32(m), uint8(p), uint32(len(key)))
	return subtle.ConstantTimeCompare(got, key) == 1, nil
}

// Digest is what the log keeps of a secret that a browser or a program holds.
func Digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// NewSecret makes a secret of 32 random bytes.
func NewSecret(random io.Reader) (string, error) {
	b := make([]byte, 32)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("make a secret: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}
