// Package signintest has what tests sign in with: an authenticator that makes real passkeys, and a single sign-on that
// signs real tokens.
package signintest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// Authenticator makes passkeys and signs with them, as a browser and a security key would together.
type Authenticator struct {
	t testing.TB
	// Origin is the page's, RP the name that the browser lets it ask for.
	Origin, RP string
	// Count is of the signatures; it goes up by itself unless Still.
	Count uint32
	Still bool
	// Unverified leaves out that somebody has shown a finger or a PIN.
	Unverified bool

	id, user []byte
	key      *ecdsa.PrivateKey
}

// New has no passkey yet.
func New(t testing.TB, origin, rp string) *Authenticator {
	return &Authenticator{t: t, Origin: origin, RP: rp}
}

// Copy is another authenticator with the same passkey.
func (a *Authenticator) Copy() *Authenticator {
	c := *a
	return &c
}

var enc = base64.RawURLEncoding //nolint:gochecknoglobals // an encoding is no state

type options struct {
	Challenge string `json:"challenge"`
	User      struct {
		ID string `json:"id"`
	} `json:"user"`
}

func (a *Authenticator) read(text json.RawMessage) (o options) {
	a.t.Helper()
	if err := json.Unmarshal(text, &o); err != nil || o.Challenge == "" {
		a.t.Fatalf("the options do not read: %v %s", err, text)
	}
	return o
}

func (a *Authenticator) client(kind, challenge string) []byte {
	b, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.Origin, "crossOrigin": false})
	if err != nil {
		a.t.Fatal(err)
	}
	return b
}

const (
	present  = 0x01
	verified = 0x04
	attested = 0x40
)

func (a *Authenticator) data(flags byte) []byte {
	if !a.Unverified {
		flags |= verified
	}
	if !a.Still {
		a.Count++
	}
	sum := sha256.Sum256([]byte(a.RP))
	return binary.BigEndian.AppendUint32(append(sum[:], flags|present), a.Count)
}

// Make makes a passkey and gives the browser's RegistrationResponseJSON.
func (a *Authenticator) Make(text json.RawMessage) json.RawMessage {
	a.t.Helper()
	o := a.read(text)
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		a.t.Fatal(err)
	}
	if a.user, err = enc.DecodeString(o.User.ID); err != nil {
		a.t.Fatal(err)
	}
	a.id = make([]byte, 16)
	_, _ = rand.Read(a.id)
	point, err := a.key.PublicKey.Bytes()
	if err != nil {
		a.t.Fatal(err)
	}
	public, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	if err != nil {
		a.t.Fatal(err)
	}
	data := append(a.data(attested), make([]byte, 16)...) // no make of authenticator
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.id)))
	data = append(append(data, a.id...), public...)
	object, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})
	if err != nil {
		a.t.Fatal(err)
	}
	return a.answer(map[string]any{"clientDataJSON": enc.EncodeToString(a.client("webauthn.create", o.Challenge)), "attestationObject": enc.EncodeToString(object)})
}

// Sign signs in and gives the browser's AuthenticationResponseJSON.
func (a *Authenticator) Sign(text json.RawMessage) json.RawMessage {
	a.t.Helper()
	client, data := a.client("webauthn.get", a.read(text).Challenge), a.data(0)
	sum := sha256.Sum256(client)
	whole := sha256.Sum256(append(append([]byte{}, data...), sum[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, whole[:])
	if err != nil {
		a.t.Fatal(err)
	}
	return a.answer(map[string]any{"clientDataJSON": enc.EncodeToString(client), "authenticatorData": enc.EncodeToString(data),
		"signature": enc.EncodeToString(signature), "userHandle": enc.EncodeToString(a.user)})
}

func (a *Authenticator) answer(response map[string]any) json.RawMessage {
	id := enc.EncodeToString(a.id)
	b, err := json.Marshal(map[string]any{"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	if err != nil {
		a.t.Fatal(err)
	}
	return b
}
