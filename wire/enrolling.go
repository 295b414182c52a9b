package wire

import (
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"strings"
)

// HubName is the name under which devices verify the hub's certificate, whatever
// address they reach it at.
const HubName = "hub.hallkeeper.internal"

// Sizes of what an enrolment code is made of, in bytes.
const (
	PinSize        = 16
	EnrolSecretLen = 10
)

// Pin is how an enrolment code names the hall's authority: the beginning of the
// SHA-256 of its public key (DER of SubjectPublicKeyInfo).
func Pin(publicKey []byte) (p [PinSize]byte) {
	sum := sha256.Sum256(publicKey)
	copy(p[:], sum[:])
	return p
}

// EnrolCode lets one device ask for its certificate, once, within ten minutes.
type EnrolCode struct {
	Secret [EnrolSecretLen]byte
	Pin    [PinSize]byte
}

// ErrEnrolCode means that a code was not copied whole.
var ErrEnrolCode = errors.New("the code is not whole: copy all nine groups of it from the console")

// String gives the code as people copy it: nine groups of five letters and digits,
// the last byte of which shows a slip of the pen.
func (c EnrolCode) String() string {
	b := append(append(c.Secret[:], c.Pin[:]...), 0, 0)
	sum := sha256.Sum256(b[:len(b)-2])
	b[len(b)-2], b[len(b)-1] = sum[0], sum[1]
	text := enrolAlphabet().EncodeToString(b)
	var out strings.Builder
	for i, r := range text {
		if i > 0 && i%5 == 0 {
			out.WriteByte('-')
		}
		out.WriteRune(r)
	}
	return out.String()
}

// SecretText is the secret part alone, as it is sent to the hub.
func (c EnrolCode) SecretText() string { return enrolAlphabet().EncodeToString(c.Secret[:]) }

// ParseEnrolCode reads a code; case, spaces and dashes do not matter.
func ParseEnrolCode(text string) (c EnrolCode, err error) {
	clean := strings.NewReplacer("-", "", " ", "", "\t", "", "\n", "", "\r", "").Replace(strings.ToUpper(text))
	b, err := enrolAlphabet().DecodeString(clean)
	if err != nil || len(b) != EnrolSecretLen+PinSize+2 {
		return c, ErrEnrolCode
	}
	if sum := sha256.Sum256(b[:len(b)-2]); sum[0] != b[len(b)-2] || sum[1] != b[len(b)-1] {
		return c, ErrEnrolCode
	}
	copy(c.Secret[:], b)
	copy(c.Pin[:], b[EnrolSecretLen:])
	return c, nil
}

func enrolAlphabet() *base32.Encoding { return base32.StdEncoding.WithPadding(base32.NoPadding) }

// EnrolRequest asks for a device's certificate: POST enrol. Secret is the code's; Request a PEM PKCS #10.
type EnrolRequest struct {
	Secret  string `json:"secret"`
	Request string `json:"request"`
}

// Enrolled is the answer: the certificate and the authority's, both PEM, who the device is and where it goes.
type Enrolled struct {
	Hall        string `json:"hall"`
	Agent       string `json:"agent"`
	Certificate string `json:"certificate"`
	Authority   string `json:"authority"`
	// MQTT is the broker's address for it, e.g. tls://192.168.1.10:8883; empty where the hub serves none.
	MQTT string `json:"mqtt,omitempty"`
}

// RenewRequest asks for the next certificate of the device whose certificate the connection has: POST certificates/renew.
type RenewRequest struct {
	Request string `json:"request"`
}
