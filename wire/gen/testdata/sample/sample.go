// Package sample has one of each form that the generator maps.
package sample

import (
	"encoding/json"
	"time"
)

// MaxSize is no string and stays in Go.
const MaxSize = 64 << 10

// Kind is open.
type Kind string

// Kinds.
const (
	KindDoorOpened Kind = "door.opened" // somebody came in
	KindDoorOiled  Kind = "door.oiled"
)

// DoorOpened is the data of one kind.
type DoorOpened struct {
	By string `json:"by"`
}

// Colour is closed.
type Colour string

// Colours.
const (
	ColourRed  Colour = "red"
	ColourBlue Colour = "blue"
)

// Size is a named number.
type Size uint64

// Base is embedded. It holds an ending */ mark and
// has two lines.
type Base struct {
	// ID is required.
	ID string `json:"id"`
}

// Whole has every sort of field.
type Whole struct {
	Base
	Size     Size              `json:"size"`
	Share    float64           `json:"share,omitempty"` // between 0 and 1
	At       time.Time         `json:"at"`
	Until    *time.Time        `json:"until,omitempty"`
	Maybe    *Base             `json:"maybe"`
	Raw      json.RawMessage   `json:"raw,omitempty"`
	Free     any               `json:"free"`
	Bytes    []byte            `json:"bytes"`
	List     []Base            `json:"list"`
	Holes    []*Base           `json:"holes"`
	ByColour map[Colour]Base   `json:"by_colour"`
	Names    map[string]string `json:"names,omitempty"`
	Dashed   bool              `json:"dashed-name"`
	Hidden   string            `json:"-"`
	private  int
}

// Topics has no JSON form.
type Topics struct{ Hall string }

// Doer has none either.
type Doer interface{ Do() }

var _ = Whole{private: 0}
