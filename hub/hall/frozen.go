package hall

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
)

// Encode gives a value's JSON and the hex SHA-256 of it. The value is plain data.
func Encode(v any) (text []byte, digest string) {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("hall: a %T cannot be written: %v", v, err))
	}
	sum := sha256.Sum256(text)
	return text, hex.EncodeToString(sum[:])
}

// Freeze compresses JSON that a view keeps for good; Thaw reads it back into a value.
func Freeze(text []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil { // memory does not fail
		panic(fmt.Sprintf("hall: what is to be kept cannot be compressed: %v", err))
	}
	return b.Bytes()
}

// Thaw reads what Freeze has kept.
func Thaw(frozen []byte, into any) error {
	text, err := io.ReadAll(flate.NewReader(bytes.NewReader(frozen)))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}
