package conduct

import (
	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// The states of a case. It goes from open to answered, rectified and closed; an
// unsatisfied citizen takes it back from rectified to answered.
const (
	Open      = "open"
	Answered  = "answered"
	Rectified = "rectified"
	Closed    = "closed"
)

// The results that a case is closed with.
const (
	ResultRectified = "rectified"
	ResultUnfounded = "unfounded"
	ResultExcluded  = "excluded"
)

// What a call to the citizen comes to.
const (
	Satisfied   = "satisfied"
	Unsatisfied = "unsatisfied"
	Unreached   = "unreached"
)

// Why a rating is excluded.
const (
	Mistaken  = "mistaken"
	Malicious = "malicious"
)

// Waiting is a request that nobody has decided; Granted and Refused are the decisions.
const (
	Waiting = "waiting"
	Granted = "granted"
	Refused = "refused"
)

// Step is one event of a case's story.
type Step struct {
	Kind     wire.Kind     `json:"kind"`
	Position wire.Position `json:"position"`
	Day      hall.Date     `json:"day"`
	// Say is the result, the department, or the days that were asked for.
	Say string `json:"say,omitempty"`
	By  string `json:"by,omitempty"`
	// Sealed holds what was said.
	Sealed *wire.Sealed `json:"sealed,omitempty"`
}

// Round is one time in which a case is to be rectified: the working days after
// From. A case has a further one for each citizen who is not satisfied.
type Round struct {
	From hall.Date `json:"from"`
	Hard bool      `json:"hard,omitempty"`
	// Extra are the working days that extensions have added.
	Extra int `json:"extra,omitempty"`
	// Done is the day on which it was rectified.
	Done hall.Date `json:"done,omitempty"`
}

// Extension is a request for more working days (延期).
type Extension struct {
	ID    string    `json:"id"`
	Day   hall.Date `json:"day"`
	Days  int       `json:"days"`
	State string    `json:"state"`
	By    string    `json:"by,omitempty"`
	// Round is the one that it is for, counted from 0.
	Round int `json:"round,omitempty"`
}

// Appeal is the staff member's (申诉).
type Appeal struct {
	ID    string    `json:"id"`
	Day   hall.Date `json:"day"`
	Staff string    `json:"staff"`
	State string    `json:"state"`
	By    string    `json:"by,omitempty"`
}

// Case is one case, from its opening to its end. Department, Words, Contact,
// Reasons and Hard are as they are now.
type Case struct {
	wire.CaseOpened
	State  string `json:"state"`
	Result string `json:"result,omitempty"`
	// Handler is the staff member who answers for it, if one was named.
	Handler string `json:"handler,omitempty"`
	// Last is the day of its last event, End of its closing, AnsweredOn of the answer.
	Last       hall.Date `json:"last"`
	End        hall.Date `json:"end,omitempty"`
	AnsweredOn hall.Date `json:"answered_on,omitempty"`
	Rounds     []Round   `json:"rounds"`
	// Calls are the tries to reach the citizen in this round; Revisit is what the last call came to.
	Calls   int    `json:"calls,omitempty"`
	Revisit string `json:"revisit,omitempty"`
	// Reached tells that the citizen was spoken to in some round.
	Reached    bool        `json:"reached,omitempty"`
	Extensions []Extension `json:"extensions,omitempty"`
	Appeal     *Appeal     `json:"appeal,omitempty"`
	// Excluded tells that its rating was taken out, be it after its end.
	Excluded bool   `json:"excluded,omitempty"`
	Steps    []Step `json:"steps,omitempty"`
}

// IsOpen tells whether a case is not closed.
func (c *Case) IsOpen() bool { return c.State != Closed }

// Rating tells whether it comes from a rating, not from a complaint that was entered.
func (c *Case) Rating() bool {
	return c.Source == wire.CaseButton || c.Source == wire.CaseTablet || c.Source == wire.CasePhone
}

// round is the present one; every case has one.
func (c *Case) round() *Round { return &c.Rounds[len(c.Rounds)-1] }

// RectifiedOn is the day on which it was rectified in the present round, empty while it is not.
func (c *Case) RectifiedOn() hall.Date { return c.round().Done }

// Told tells whether a step holds what the citizen said and their phone number.
func (s *Step) Told() bool { return s.Kind == wire.KindCaseOpened || s.Kind == wire.KindCaseExplained }

// Exclusion is the proposal to take a rating out, and what a second person said.
type Exclusion struct {
	wire.ExclusionProposed
	State string `json:"state"`
	// On is the day of the proposal and Decided that of the decision; By and Second are who made them.
	On      hall.Date     `json:"on"`
	Decided hall.Date     `json:"decided,omitempty"`
	By      string        `json:"by"`
	Second  string        `json:"second,omitempty"`
	Reason  *wire.Sealed  `json:"reason,omitempty"`
	Verdict *wire.Sealed  `json:"verdict,omitempty"`
	First   wire.Position `json:"first"`
}
