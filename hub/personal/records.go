package personal

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"hallkeeper/hub/hall"
)

//go:embed records.json
var recordsFile []byte

// Records is for how long one class of records is kept. The records themselves stay for as long as the hall's log: nothing is cut
// out of a chain whose every link proves the one before. What in them is personal is sealed under keys of their own and ends with
// these (docs/adr/0045).
type Records struct {
	Class string `json:"class"`
	// From is the day from which this holds.
	From hall.Date `json:"from"`
	// Kinds are what the kinds of its events begin with.
	Kinds []string `json:"kinds"`
	// Keys are the kinds of keys under which what is personal in them is sealed; see Kinds.
	Keys []string `json:"keys"`
	// Least is for how many days a law demands that they are kept; 0 where none does. Reference is what they are kept for.
	Least          int    `json:"least"`
	LeastReference string `json:"least_reference"`
	Reference      string `json:"reference"`
	ZH             string `json:"zh"`
	EN             string `json:"en"`
}

// AllRecords are all classes of what the log has.
func AllRecords() (all []Records) {
	if err := json.Unmarshal(recordsFile, &all); err != nil {
		panic(fmt.Sprintf("personal: the classes of records do not read: %v", err)) // a test reads them
	}
	return all
}
