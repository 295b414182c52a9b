package wire

// Kinds of the daily check (日检查, 63号 第八条, 第十五条). Only the hub makes
// them. Reasons and notes travel sealed in Personal.
const (
	KindLeaveAsked      Kind = "leave.asked"
	KindLeaveDecided    Kind = "leave.decided"
	KindLeaveCancelled  Kind = "leave.cancelled"
	KindSecondmentSet   Kind = "secondment.set"
	KindSecondmentEnded Kind = "secondment.ended"
	KindPunchAsked      Kind = "punch.asked"
	KindPunchDecided    Kind = "punch.decided"
	KindPunchCancelled  Kind = "punch.cancelled"
	KindPunchEntered    Kind = "punch.entered"
	KindSwipeJudged     Kind = "swipe.judged"
	KindSwapJudged      Kind = "swap.judged"
	KindFindingMade     Kind = "finding.made"
	KindFindingDropped  Kind = "finding.withdrawn"
	KindFindingReplied  Kind = "finding.replied"
	KindDayChecked      Kind = "day.checked"
	KindDayRevised      Kind = "day.revised"
	KindDayPublished    Kind = "day.published"
	KindDayUnpublished  Kind = "day.unpublished"
	KindDelegationSet   Kind = "delegation.set"
	KindDelegationEnded Kind = "delegation.ended"
	KindRotaSet         Kind = "rota.set"
)

// LeaveAsked is a request for leave (请假) or the notice of official business (公出).
type LeaveAsked struct {
	Leave string `json:"leave"`
	Staff string `json:"staff"`
	// LeaveKind is annual, sick, personal, maternity, marriage, funeral, training or official.
	LeaveKind string `json:"leave_kind"`
	From      string `json:"from"`
	// FromHalf and UntilHalf are am or pm: the first and the last half day.
	FromHalf  string `json:"from_half"`
	Until     string `json:"until"`
	UntilHalf string `json:"until_half"`
}

// LeaveDecided is a supervisor's decision on leave.
type LeaveDecided struct {
	Leave    string `json:"leave"`
	Approved bool   `json:"approved"`
}

// LeaveCancelled takes leave back (撤销), or what is left of it (销假).
type LeaveCancelled struct {
	Leave string `json:"leave"`
	// Until and UntilHalf are the last half day that was taken; empty where none was.
	Until     string `json:"until,omitempty"`
	UntilHalf string `json:"until_half,omitempty"`
}

// SecondmentSet sends a person elsewhere for a time (抽调, 借调; 63号 第十二条(三)).
type SecondmentSet struct {
	Secondment string `json:"secondment"`
	Staff      string `json:"staff"`
	Document   string `json:"document"`
	To         string `json:"to"`
	From       string `json:"from"`
	Until      string `json:"until"`
	// Cover is the deputy who keeps the window served meanwhile.
	Cover string `json:"cover,omitempty"`
}

// SecondmentEnded ends a secondment: On is its last day.
type SecondmentEnded struct {
	Secondment string `json:"secondment"`
	On         string `json:"on"`
}

// PunchAsked is a staff member's request to count a swipe that is missing (补卡).
type PunchAsked struct {
	Punch string `json:"punch"`
	Staff string `json:"staff"`
	// At is hh:mm on Day in the hall's zone; above 24:00 it is of the next day.
	Day    string `json:"day"`
	At     string `json:"at"`
	Window string `json:"window,omitempty"`
}

// PunchCancelled takes a request back that nobody has decided.
type PunchCancelled struct {
	Punch string `json:"punch"`
}

// PunchDecided is a supervisor's decision on a request.
type PunchDecided struct {
	Punch    string `json:"punch"`
	Approved bool   `json:"approved"`
}

// PunchEntered is a signed manual entry where a reader failed (手工登记).
type PunchEntered struct {
	Punch  string `json:"punch"`
	Staff  string `json:"staff"`
	Day    string `json:"day"`
	At     string `json:"at"`
	Window string `json:"window,omitempty"`
	// SignedBy is the staff id of the person who signed the paper.
	SignedBy string `json:"signed_by"`
}

// SwipeJudged decides whether a swipe whose time is uncertain counts, and when it was.
type SwipeJudged struct {
	// Event is the id of the swipe.
	Event  string `json:"event"`
	Counts bool   `json:"counts"`
	// Day and At (hh:mm) are given where it counts.
	Day string `json:"day,omitempty"`
	At  string `json:"at,omitempty"`
}

// SwapJudged confirms or clears a suspected unapproved swap (63号 第十三条(二)).
type SwapJudged struct {
	Swap       string `json:"swap"`
	Confirmed  bool   `json:"confirmed"`
	Department string `json:"department,omitempty"`
}

// FindingMade is an inspection's finding (检查发现).
type FindingMade struct {
	Finding string `json:"finding"`
	Day     string `json:"day"`
	Rule    string `json:"rule"`
	Window  string `json:"window,omitempty"`
	Staff   string `json:"staff,omitempty"`
	// Photo is the hex SHA-256 of a picture in data/photos.
	Photo string `json:"photo,omitempty"`
}

// FindingWithdrawn takes a finding back, one of an inspection or one that the sheet itself made.
type FindingWithdrawn struct {
	Finding string `json:"finding"`
	Day     string `json:"day"`
	Staff   string `json:"staff,omitempty"`
	// At and Minutes are when it was and for how long, as it was known then: late
	// swipes may move what it says. Empty where it has no time.
	At      string `json:"at,omitempty"`
	Minutes int    `json:"minutes,omitempty"`
}

// FindingReplied is what the staff member says to a finding.
type FindingReplied struct {
	Finding string `json:"finding"`
	Day     string `json:"day"`
	Staff   string `json:"staff"`
	// At and Minutes are as in FindingWithdrawn.
	At      string `json:"at,omitempty"`
	Minutes int    `json:"minutes,omitempty"`
}

// DayChecked closes a day: its first revision is what the log gives at this event.
type DayChecked struct {
	Day string `json:"day"`
}

// DayRevised makes the next revision of a closed day, because what it stands on has changed.
type DayRevised struct {
	Day string `json:"day"`
}

// DayPublished publishes a revision; Digest is the hex SHA-256 of its JSON.
type DayPublished struct {
	Day      string `json:"day"`
	Revision int    `json:"revision"`
	Digest   string `json:"digest"`
}

// DayUnpublished takes a day's published sheet back (撤下公示): the sheet and its revisions stay,
// replies are taken again, and it can be published anew. Sealed: reason.
type DayUnpublished struct {
	Day      string `json:"day"`
	Revision int    `json:"revision"`
}

// DelegationSet lets another account act for a supervisor who is away.
type DelegationSet struct {
	Delegation string `json:"delegation"`
	From       string `json:"from"`
	Until      string `json:"until"`
	Account    string `json:"account"`
	Deputy     string `json:"deputy"`
}

// DelegationEnded ends a delegation at once.
type DelegationEnded struct {
	Delegation string `json:"delegation"`
}

// RotaSet says who inspects the hall on a day (巡查值班); no accounts means nobody.
type RotaSet struct {
	Day      string   `json:"day"`
	Accounts []string `json:"accounts"`
}

func attendanceKinds() []KindInfo {
	return []KindInfo{
		{KindLeaveAsked, 1, true, LeaveAsked{}}, {KindLeaveDecided, 1, true, LeaveDecided{}}, {KindLeaveCancelled, 1, true, LeaveCancelled{}},
		{KindSecondmentSet, 1, true, SecondmentSet{}}, {KindSecondmentEnded, 1, true, SecondmentEnded{}},
		{KindPunchAsked, 1, true, PunchAsked{}}, {KindPunchDecided, 1, true, PunchDecided{}}, {KindPunchEntered, 1, true, PunchEntered{}}, {KindPunchCancelled, 1, true, PunchCancelled{}},
		{KindSwipeJudged, 1, true, SwipeJudged{}}, {KindSwapJudged, 1, true, SwapJudged{}},
		{KindFindingMade, 1, true, FindingMade{}}, {KindFindingDropped, 1, true, FindingWithdrawn{}}, {KindFindingReplied, 1, true, FindingReplied{}},
		{KindDayChecked, 1, true, DayChecked{}}, {KindDayRevised, 1, true, DayRevised{}}, {KindDayPublished, 1, true, DayPublished{}}, {KindDayUnpublished, 1, true, DayUnpublished{}},
		{KindDelegationSet, 1, true, DelegationSet{}}, {KindDelegationEnded, 1, true, DelegationEnded{}}, {KindRotaSet, 1, true, RotaSet{}},
	}
}
