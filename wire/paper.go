package wire

import "time"

// Kinds of what happened on paper while the hub was away, and was entered afterwards
// (补录). Who entered it is the event's actor, when its stored_at. Free text travels
// sealed in Personal.
const (
	KindVisitEntered   Kind = "visit.entered"
	KindVisitWithdrawn Kind = "visit.withdrawn"
)

// VisitEntered is one paper number from when it was drawn to its end.
type VisitEntered struct {
	// Visit is its id, Table what came with it at once.
	Visit string `json:"visit"`
	Table string `json:"table"`
	// Paper is the number on the paper.
	Paper   string `json:"paper"`
	Service string `json:"service"`
	Class   string `json:"class"`
	Day     string `json:"day"`
	Window  string `json:"window,omitempty"`
	Staff   string `json:"staff,omitempty"`
	// Taken, Called and Ended are by the hall's clock, to the minute; Called is nil where nobody called.
	Taken  time.Time  `json:"taken"`
	Called *time.Time `json:"called,omitempty"`
	Ended  time.Time  `json:"ended"`
	// End is finished, missed (nobody came) or left (the person went before the call).
	End string `json:"end"`
	// Outcome and Mode are as in VisitFinished, where it was finished.
	Outcome string `json:"outcome,omitempty"`
	Mode    string `json:"mode,omitempty"`
	// Matter is what it opened.
	Matter string `json:"matter,omitempty"`
}

// VisitWithdrawn takes back one that was entered wrongly. The reason is sealed.
type VisitWithdrawn struct {
	Visit string `json:"visit"`
	// Day is that of the visit.
	Day string `json:"day"`
}

func paperKinds() []KindInfo {
	return []KindInfo{{KindVisitEntered, 1, true, VisitEntered{}}, {KindVisitWithdrawn, 1, true, VisitWithdrawn{}}}
}
