package screens

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"sync"
	"time"
)

const (
	challengeLasts = time.Minute
	maxChallenges  = 4096
	maxOfAddress   = 64
)

// Challenges are what screens sign: each once, within a minute. The zero value has none.
type Challenges struct {
	mu   sync.Mutex
	open map[string]challenge
}

type challenge struct {
	address string
	until   time.Time
}

// New makes a challenge for whoever asks from an address.
func (c *Challenges) New(now time.Time, address string, random io.Reader) (string, error) {
	b := make([]byte, 32)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("make a challenge: %w", err)
	}
	text, from := base64.RawURLEncoding.EncodeToString(b), 0
	address = network(address)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = map[string]challenge{}
	}
	for id, x := range c.open {
		switch {
		case !now.Before(x.until):
			delete(c.open, id)
		case x.address == address:
			from++
		}
	}
	if from >= maxOfAddress || len(c.open) >= maxChallenges {
		return "", ErrBusy
	}
	c.open[text] = challenge{address, now.Add(challengeLasts)}
	return text, nil
}

// Use uses a challenge up; false where it is none, or no longer one.
func (c *Challenges) Use(now time.Time, text string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	x, ok := c.open[text]
	delete(c.open, text)
	return ok && now.Before(x.until)
}

// What a signature is for. A signature for one is none for another.
const (
	ForKey     = "key"     // whoever asks has the private key
	ForSession = "session" // a screen opens a session
	ForRenewal = "renew"   // a screen names its next key
)

// Message is what a screen signs: ECDSA over the SHA-256 of it. More is the digest of the next key of a renewal.
func Message(purpose, hall, challenge string, more ...string) []byte {
	return []byte(strings.Join(append([]string{"hallkeeper-screen", purpose, hall, challenge}, more...), "\n"))
}

// ErrKey means that a key is not one that screens have.
var ErrKey = errors.New("expected a key ECDSA P-256, as DER of SubjectPublicKeyInfo in base64")

// ReadKey reads a public key in base64 and gives its DER and the hex SHA-256 of that.
func ReadKey(text string) (key *ecdsa.PublicKey, der []byte, digest string, err error) {
	der, err = base64.StdEncoding.DecodeString(text)
	if err != nil || len(der) > 512 {
		return nil, nil, "", ErrKey
	}
	if key, err = ParseKey(der); err != nil {
		return nil, nil, "", err
	}
	sum := sha256.Sum256(der)
	return key, der, hex.EncodeToString(sum[:]), nil
}

// ParseKey reads a public key.
func ParseKey(der []byte) (*ecdsa.PublicKey, error) {
	parsed, err := x509.ParsePKIXPublicKey(der)
	key, ok := parsed.(*ecdsa.PublicKey)
	if err != nil || !ok || key.Curve != elliptic.P256() {
		return nil, ErrKey
	}
	return key, nil
}

// Signed tells whether a key has signed a message. A signature is r and s, 32
// bytes each, in base64, as browsers make it (IEEE P1363).
func Signed(key *ecdsa.PublicKey, message []byte, signature string) bool {
	b, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || len(b) != 64 {
		return false
	}
	sum := sha256.Sum256(message)
	return ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(b[:32]), new(big.Int).SetBytes(b[32:]))
}
