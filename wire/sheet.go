package wire

import (
	"encoding/json"
	"time"
)

// Sheet is the check sheet (日检查表) of one day: a line a person and a line a
// window, made from the log alone. It holds ids, no names.
type Sheet struct {
	Day string `json:"day"`
	// DayKind is work, make_up, weekend, holiday or closed; DayName its name, e.g. 春节.
	DayKind string `json:"day_kind"`
	DayName string `json:"day_name,omitempty"`
	// Provisional is true where the year's holidays are not published: the sheet cannot be published either.
	Provisional bool         `json:"provisional,omitempty"`
	Staff       []StaffLine  `json:"staff"`
	Windows     []WindowLine `json:"windows"`
	// Suspects are people at windows where they may not act, as far as is known.
	Suspects []Suspect `json:"suspects,omitempty"`
}

// SuspectReason says why a swipe raises a suspicion.
type SuspectReason string

// The reasons.
const (
	SuspectUnknown  SuspectReason = "unknown_card" // no card of this hall
	SuspectEnded    SuspectReason = "ended_card"   // it was lost, returned or replaced
	SuspectDeparted SuspectReason = "departed"     // its holder no longer works here
	SuspectUnposted SuspectReason = "unposted"     // its holder has no post and is no deputy here
	SuspectNoDeputy SuspectReason = "no_deputy"    // its holder is posted elsewhere and no deputy here
)

// The states of a suspicion.
const (
	SuspectOpen      = "suspected"
	SuspectConfirmed = "confirmed"
	SuspectCleared   = "cleared"
)

// Suspect is a suspected unapproved swap (63号 第十三条(二)) of one person or card at one window on one day.
type Suspect struct {
	ID     string        `json:"id"`
	At     string        `json:"at"`
	Window string        `json:"window"`
	Why    SuspectReason `json:"why"`
	Staff  string        `json:"staff,omitempty"`
	// Department is the one that answers for the window.
	Department string   `json:"department,omitempty"`
	State      string   `json:"state"`
	Events     []string `json:"events"`
}

// StaffLine is one person's day. Times are hh:mm in the hall's zone; those of the next day are above 24:00.
type StaffLine struct {
	Staff      string `json:"staff"`
	Department string `json:"department,omitempty"`
	Post       string `json:"post,omitempty"`
	Window     string `json:"window,omitempty"`
	Shift      string `json:"shift,omitempty"`
	// Off says why nothing is expected: rest, closed, leave, seconded or unposted. Empty on a working day.
	Off string `json:"off,omitempty"`
	// Excused are the half days of leave and the like.
	Excused []Excuse `json:"excused,omitempty"`
	Slots   []Slot   `json:"slots,omitempty"`
	Swipes  []Mark   `json:"swipes,omitempty"`
	// PresentMinutes is the time at a window within the shift; PlannedMinutes the shift's without what is excused.
	PresentMinutes int `json:"present_minutes"`
	PlannedMinutes int `json:"planned_minutes"`
	// CoverMinutes is the part of PresentMinutes at windows other than the own one.
	CoverMinutes int    `json:"cover_minutes,omitempty"`
	Away         []Span `json:"away,omitempty"`
	// Pending is true where a decision is awaited before anything counts against the person.
	Pending  bool      `json:"pending,omitempty"`
	Findings []Finding `json:"findings,omitempty"`
}

// Excuse is why a person need not be there: a leave kind, seconded or closed.
type Excuse struct {
	Half string `json:"half"` // am, pm or day
	Why  string `json:"why"`
	Ref  string `json:"ref,omitempty"`
}

// SlotState says what became of one expected swipe.
type SlotState string

// The states of a slot.
const (
	SlotOK       SlotState = "ok"
	SlotLate     SlotState = "late"
	SlotEarly    SlotState = "early"
	SlotMissing  SlotState = "missing"
	SlotAbsent   SlotState = "absent"
	SlotPending  SlotState = "pending"  // an uncertain swipe or an undecided request may fill it
	SlotUpcoming SlotState = "upcoming" // not due yet
)

// Slot is one swipe that the shift expects.
type Slot struct {
	// Way is in or out.
	Way      string    `json:"way"`
	Expected string    `json:"expected"`
	Actual   string    `json:"actual,omitempty"`
	State    SlotState `json:"state"`
	// Minutes late or early.
	Minutes int `json:"minutes,omitempty"`
	// How is swipe, makeup (补卡), manual (手工登记), judged (an uncertain swipe that somebody decided on) or
	// cover (no swipe: who covers a window beyond the own shift is there as it begins or ends).
	How string `json:"how,omitempty"`
}

// Mark is one swipe or entry of a person as it was counted.
type Mark struct {
	At     string `json:"at"`
	Window string `json:"window,omitempty"`
	// Use is in, out, move, repeat, outside (of the shift), uncertain, refused or leave.
	Use string `json:"use"`
	How string `json:"how"`
	// Doubt is why its time is uncertain: unset, future or jump.
	Doubt string `json:"doubt,omitempty"`
	// Event is the id of the event.
	Event string `json:"event"`
}

// Span is a stretch of time.
type Span struct {
	From    string `json:"from"`
	Until   string `json:"until"`
	Minutes int    `json:"minutes"`
}

// Finding is one line against a person or a window, with what it stands on.
type Finding struct {
	ID      string  `json:"id"`
	Rule    string  `json:"rule"`
	Article string  `json:"article"`
	Points  float64 `json:"points"`
	Minutes int     `json:"minutes,omitempty"`
	At      string  `json:"at,omitempty"`
	// Parameters are the policy's values that it was made with, e.g. "late_minor_until=10min@2020-08-01".
	Parameters []string `json:"parameters,omitempty"`
	// Events are the ids of the events that it was made from.
	Events []string `json:"events,omitempty"`
	// Withdrawn findings stay on the sheet and count nothing.
	Withdrawn bool `json:"withdrawn,omitempty"`
	Replied   bool `json:"replied,omitempty"`
	// Photo is the picture of an inspection's finding.
	Photo string `json:"photo,omitempty"`
	// Department is the one that an unapproved swap counts against.
	Department string `json:"department,omitempty"`
}

// WindowLine is one window's day.
type WindowLine struct {
	Window         string    `json:"window"`
	OpenMinutes    int       `json:"open_minutes"`
	StaffedMinutes int       `json:"staffed_minutes"`
	CoveredMinutes int       `json:"covered_minutes"`
	EmptyMinutes   int       `json:"empty_minutes"`
	Gaps           []Span    `json:"gaps,omitempty"`
	Pending        bool      `json:"pending,omitempty"`
	Findings       []Finding `json:"findings,omitempty"`
}

// SheetState is how far a day's sheet is.
type SheetState string

// The states of a day.
const (
	SheetOpen      SheetState = "open"
	SheetChecked   SheetState = "checked"
	SheetPublished SheetState = "published"
)

// SheetRevision is one numbered state of a closed day.
type SheetRevision struct {
	Number int       `json:"number"`
	At     time.Time `json:"at"`
	// Event is the record that made it.
	Event  Position `json:"event"`
	Digest string   `json:"digest"`
	// Changes are the differences from the revision before.
	Changes []SheetChange `json:"changes,omitempty"`
}

// SheetChange is one difference between two revisions.
type SheetChange struct {
	// Subject is staff/ID, window/ID, suspect/ID or day; Field the field of its line that changed.
	Subject string `json:"subject"`
	Field   string `json:"field"`
	// Before and After are the field's values on the two sheets; nothing where a sheet has no such line or value.
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
}

// DaySheet is what the API says of a day.
type DaySheet struct {
	Sheet     Sheet           `json:"sheet"`
	State     SheetState      `json:"state"`
	Revision  int             `json:"revision"`
	Published int             `json:"published,omitempty"`
	Revisions []SheetRevision `json:"revisions,omitempty"`
	// Names are of the people on the sheet, as far as the reader may see them.
	Names map[string]string `json:"names,omitempty"`
}
