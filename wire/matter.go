package wire

// Kinds of matters (办件, 63号 第三条, 第九条, 第十条). Only the hub makes them.
// Reasons travel sealed in Personal.
const (
	KindMatterOpened       Kind = "matter.opened"
	KindMatterSupplemented Kind = "matter.supplemented"
	KindMatterSuspended    Kind = "matter.suspended"
	KindMatterResumed      Kind = "matter.resumed"
	KindMatterConcluded    Kind = "matter.concluded"
	KindMatterCorrected    Kind = "matter.corrected"
)

// MatterOpened is a matter that a window has accepted (受理). Its clock starts
// with the working day after Day.
type MatterOpened struct {
	Matter string `json:"matter"`
	// Number is what the citizen is told, e.g. 2026-000123.
	Number     string `json:"number"`
	Service    string `json:"service"`
	Department string `json:"department"`
	Window     string `json:"window"`
	// Visit is the one that it was accepted at.
	Visit string `json:"visit"`
	// Citizen is the keyed hash of an ID or phone number, if one was given.
	Citizen string `json:"citizen,omitempty"`
	Day     string `json:"day"`
	// Promised and Legal are its limits in working days; 0 is none.
	Promised int `json:"promised,omitempty"`
	Legal    int `json:"legal,omitempty"`
	// Gaps are the documents that are owed on promise (容缺受理), GapsDue the day by which.
	Gaps    []string `json:"gaps,omitempty"`
	GapsDue string   `json:"gaps_due,omitempty"`
}

// MatterSupplemented says that documents were handed in later (补正). A
// suspension that waited for them ends with it.
type MatterSupplemented struct {
	Matter    string   `json:"matter"`
	Day       string   `json:"day"`
	Documents []string `json:"documents,omitempty"`
}

// MatterSuspended stops the clock.
type MatterSuspended struct {
	Matter string `json:"matter"`
	Day    string `json:"day"`
	// Why is supplement (补正), hearing (听证), review (专家评审), inspection
	// (检验检测) or other.
	Why string `json:"why"`
}

// MatterResumed lets the clock go on with the working day after Day.
type MatterResumed struct {
	Matter string `json:"matter"`
	Day    string `json:"day"`
}

// MatterConcluded is its end (办结).
type MatterConcluded struct {
	Matter string `json:"matter"`
	Day    string `json:"day"`
	// Result is granted (准予), refused (不予), withdrawn (撤回) or ended (终止).
	Result string `json:"result"`
	// Visit is the one that it was concluded at, if any.
	Visit string `json:"visit,omitempty"`
}

// MatterCorrected puts a wrong entry right; the reason is sealed.
type MatterCorrected struct {
	Matter string `json:"matter"`
	Day    string `json:"day"`
	// What is reopened (it was not concluded), void (there never was such a
	// matter) or limits (Promised and Legal were wrong).
	What     string `json:"what"`
	Promised int    `json:"promised,omitempty"`
	Legal    int    `json:"legal,omitempty"`
}

func matterKinds() []KindInfo {
	return []KindInfo{
		{KindMatterOpened, 1, true, MatterOpened{}}, {KindMatterSupplemented, 1, true, MatterSupplemented{}}, {KindMatterSuspended, 1, true, MatterSuspended{}},
		{KindMatterResumed, 1, true, MatterResumed{}}, {KindMatterConcluded, 1, true, MatterConcluded{}}, {KindMatterCorrected, 1, true, MatterCorrected{}},
	}
}
