package personal

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"hallkeeper/hub/hall"
)

//go:embed retention.json
var retentionFile []byte

// Retention is for how long one kind of personal data is kept. A kind is what a key's
// name begins with: "case" of "case-019ab3c1".
type Retention struct {
	Kind string `json:"kind"`
	// Days are counted from the end of what the data is for.
	Days int `json:"days"`
	// Keep is for how many of these days a law demands it: a request does not shorten them.
	Keep          int    `json:"keep"`
	KeepReference string `json:"keep_reference,omitempty"`
	Reference     string `json:"reference"`
	// From is the day from which Days holds; empty where the hall has set nothing and it is the program's own.
	From hall.Date `json:"from,omitempty"`
	ZH   string    `json:"zh"`
	EN   string    `json:"en"`
	// FromZH and FromEN say from when the days are counted.
	FromZH string `json:"from_zh"`
	FromEN string `json:"from_en"`
}

// Kinds are all kinds with what the program ships for them.
func Kinds() (all []Retention) {
	if err := json.Unmarshal(retentionFile, &all); err != nil {
		panic(fmt.Sprintf("personal: the times for keeping do not read: %v", err)) // a test reads them
	}
	return all
}

// KindOf is the kind of a key.
func KindOf(key string) string {
	kind, _, _ := strings.Cut(key, "-")
	return kind
}

// id is what a key's name has after its kind.
func id(key string) string {
	_, rest, _ := strings.Cut(key, "-")
	return rest
}

// On gives what holds for a kind on a day: the last that the hall has set, else the program's. A kind that
// is not known is never forgotten by itself.
func (s *State) On(kind string, day hall.Date) (r Retention, ok bool) {
	for _, r = range Kinds() {
		if r.Kind == kind {
			ok = true
			break
		}
	}
	if !ok {
		return Retention{}, false
	}
	changes, _ := s.Retentions.Get(kind)
	for _, c := range changes {
		if c.From <= string(day) {
			r.Days, r.Reference, r.From = c.Days, c.Reference, hall.Date(c.From)
		}
	}
	return r, true
}
