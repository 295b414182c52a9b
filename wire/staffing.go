package wire

// Kinds of the hall's master data (台账). Only the hub makes them, for a person
// who is named in Actor. Names, dates of birth and free text about a person
// travel sealed in Personal, under the key of that person ("staff-" and the id).
const (
	KindDepartmentSet      Kind = "department.set"
	KindDepartmentRemoved  Kind = "department.removed"
	KindPostSet            Kind = "post.set"
	KindPostRemoved        Kind = "post.removed"
	KindStaffSet           Kind = "staff.set"
	KindStaffPosted        Kind = "staff.posted"
	KindStaffDeparted      Kind = "staff.departed"
	KindCardIssued         Kind = "card.issued"
	KindCardLost           Kind = "card.lost"
	KindShiftSet           Kind = "shift.set"
	KindShiftRemoved       Kind = "shift.removed"
	KindShiftAssigned      Kind = "shift.assigned"
	KindRepresentativeSet  Kind = "representative.set"
	KindCalendarPublished  Kind = "calendar.published"
	KindCalendarClosed     Kind = "calendar.closed"
	KindCalendarReopened   Kind = "calendar.reopened"
	KindParameterSet       Kind = "parameter.set"
	KindAssignmentOpened   Kind = "assignment.recommended"
	KindAssignmentExamined Kind = "assignment.examined"
	KindAssignmentAccepted Kind = "assignment.accepted"
	KindAssignmentReturned Kind = "assignment.returned"
	KindChangeAsked        Kind = "change.asked"
	KindChangeDecided      Kind = "change.decided"
	KindHandoverSigned     Kind = "handover.signed"
	KindReplacementAsked   Kind = "replacement.demanded"
	KindReplacementMet     Kind = "replacement.met"
	KindCriticismMade      Kind = "criticism.made"
	KindStaffReturned      Kind = "staff.returned"
)

// DepartmentSet adds a dispatching department (派驻单位) or changes its name.
type DepartmentSet struct {
	Department string `json:"department"`
	Name       string `json:"name"`
}

// DepartmentRemoved takes a department off the list.
type DepartmentRemoved struct {
	Department string `json:"department"`
}

// PostSet adds a post (岗位) of a window or changes it. Deputies (AB岗) are the
// staff who may act for its holder (63号 第十二条(五)).
type PostSet struct {
	Post     string   `json:"post"`
	Window   string   `json:"window"`
	Name     string   `json:"name"`
	Deputies []string `json:"deputies,omitempty"`
}

// PostRemoved takes a post off the list.
type PostRemoved struct {
	Post string `json:"post"`
}

// StaffSet adds a seconded staff member (进驻工作人员) or changes what is known
// of them. Sealed: name, born (yyyy-mm-dd), phone.
type StaffSet struct {
	Staff      string `json:"staff"`
	Department string `json:"department"`
	// Employment is "in_post" (在岗在职) or what else it is: "contract" or "retired".
	Employment string `json:"employment"`
	// WorkSince is the first day of work anywhere, for the years of 63号 第十一条(三).
	WorkSince      string   `json:"work_since,omitempty"`
	Qualifications []string `json:"qualifications,omitempty"`
}

// StaffPosted puts a staff member at a post from a day on; an empty post takes
// them off without departure. Assignment names the procedure that led to it, if any.
type StaffPosted struct {
	Staff      string `json:"staff"`
	Post       string `json:"post,omitempty"`
	From       string `json:"from"`
	Assignment string `json:"assignment,omitempty"`
}

// StaffDeparted says that a staff member no longer works in the hall from a day on.
type StaffDeparted struct {
	Staff string `json:"staff"`
	From  string `json:"from"`
	// Document is the number of the formal document, where there is one.
	Document string `json:"document,omitempty"`
}

// CardIssued gives a card to a staff member. Card is the hub's keyed hash.
type CardIssued struct {
	Card  string `json:"card"`
	Staff string `json:"staff"`
	// From is the first day on which the card's swipes are theirs.
	From string `json:"from"`
	// Shown is what people may see of the number, e.g. "••••B9C1".
	Shown string `json:"shown"`
	// StandIn is true for a card that is lent while another is lost (临时卡).
	StandIn bool `json:"stand_in,omitempty"`
}

// CardLost ends a card from a moment on: the event's time.
type CardLost struct {
	Card string `json:"card"`
	// Reason is lost, returned or replaced.
	Reason string `json:"reason"`
}

// ShiftSet adds a shift (班次) or changes it.
type ShiftSet struct {
	Shift string `json:"shift"`
	Name  string `json:"name"`
	// Swipes a day: 4 swipes in and out of every period, 2 only at the day's beginning and end.
	Swipes int `json:"swipes"`
	// Plans are tried in order; the first that fits a day's season and weekday is the day's.
	Plans []ShiftPlan `json:"plans"`
}

// ShiftPlan is what a shift is on some days of the year.
type ShiftPlan struct {
	// From and Until bound the season as mm-dd, both included; empty means all year. It may pass the new year.
	From  string `json:"from,omitempty"`
	Until string `json:"until,omitempty"`
	// Weekdays are 1 Monday to 7 Sunday; none means all. A make-up working day (调休) counts as the weekday in MakeUpAs of the hall: a Monday.
	Weekdays []int `json:"weekdays,omitempty"`
	// Days is "work" (the calendar's working days, also where it is empty), "rest" (the others) or "all".
	Days    string   `json:"days,omitempty"`
	Periods []Period `json:"periods"`
}

// Period is a span of a shift as hh:mm; an Out that is not after In is of the next day.
type Period struct {
	In  string `json:"in"`
	Out string `json:"out"`
}

// ShiftAssigned says who works a shift from a day on. Scope is hall, window or staff.
type ShiftAssigned struct {
	Shift   string `json:"shift"`
	Scope   string `json:"scope"`
	Subject string `json:"subject,omitempty"`
	From    string `json:"from"`
}

// RepresentativeSet makes a staff member the chief representative (首席代表) of a window.
type RepresentativeSet struct {
	Window string `json:"window"`
	Staff  string `json:"staff,omitempty"`
	From   string `json:"from"`
}

// CalendarPublished gives the statutory holidays and make-up working days of a year.
type CalendarPublished struct {
	Year     int               `json:"year"`
	Source   string            `json:"source"`
	Holidays map[string]string `json:"holidays"`
	Workdays []string          `json:"workdays"`
}

// CalendarClosed closes the hall on a day or half of it (am, pm).
type CalendarClosed struct {
	Date   string `json:"date"`
	Half   string `json:"half,omitempty"`
	Reason string `json:"reason"`
}

// CalendarReopened takes a closure back.
type CalendarReopened struct {
	Date string `json:"date"`
}

// ParameterSet gives a parameter of the policy a value from a day on.
type ParameterSet struct {
	Name      string  `json:"name"`
	Value     float64 `json:"value"`
	From      string  `json:"from"`
	Until     string  `json:"until,omitempty"`
	Reference string  `json:"reference"`
}

// AssignmentRecommended is a department's recommendation of a person for a post (63号 第十二条(一)).
type AssignmentRecommended struct {
	Assignment string `json:"assignment"`
	Staff      string `json:"staff"`
	Post       string `json:"post"`
	Document   string `json:"document,omitempty"`
}

// AssignmentExamined is the bureau's examination (63号 第十一条, 第十二条(一)). Values are pass or fail.
type AssignmentExamined struct {
	Assignment string `json:"assignment"`
	Identity   string `json:"identity"`
	Knowledge  string `json:"knowledge"`
	Computer   string `json:"computer"`
	Health     string `json:"health"`
	// Qualities are the five of 第十一条(一), by number 1 to 5.
	Qualities map[string]string `json:"qualities"`
}

// AssignmentAccepted puts the person at the post. Exception names the unmet
// conditions that a named reason (sealed) sets aside.
type AssignmentAccepted struct {
	Assignment string   `json:"assignment"`
	Staff      string   `json:"staff"`
	Post       string   `json:"post"`
	From       string   `json:"from"`
	Exception  []string `json:"exception,omitempty"`
}

// AssignmentReturned sends the recommendation back with what was not met.
type AssignmentReturned struct {
	Assignment string   `json:"assignment"`
	Unmet      []string `json:"unmet"`
}

// ChangeAsked is a department's application to change a person (63号 第十二条(二)).
type ChangeAsked struct {
	Change    string `json:"change"`
	Staff     string `json:"staff"`
	Successor string `json:"successor,omitempty"`
	Document  string `json:"document"`
	AskedOn   string `json:"asked_on"`
	WantedOn  string `json:"wanted_on"`
	// Special is true where a special reason (sealed) is given.
	Special bool `json:"special,omitempty"`
	// Provisional is true where the 15 working days pass through a year without a published calendar.
	Provisional bool `json:"provisional,omitempty"`
}

// ChangeDecided is the bureau's answer.
type ChangeDecided struct {
	Change   string `json:"change"`
	Approved bool   `json:"approved"`
}

// HandoverSigned is one signature under the handover (传帮带, 63号 第十二条(四)): as leaver or successor.
type HandoverSigned struct {
	Staff     string `json:"staff"`
	Successor string `json:"successor"`
	As        string `json:"as"`
}

// ReplacementDemanded asks a department to replace a person within working days (63号 第十二条(六)).
type ReplacementDemanded struct {
	Replacement string `json:"replacement"`
	Staff       string `json:"staff"`
	Department  string `json:"department"`
	On          string `json:"on"`
	Due         string `json:"due"`
	Provisional bool   `json:"provisional,omitempty"`
	// Article is 63号 第十二条(六) or 第十三条(一).
	Article string `json:"article"`
}

// ReplacementMet ends a demand.
type ReplacementMet struct {
	Replacement string `json:"replacement"`
	Successor   string `json:"successor"`
	On          string `json:"on"`
	Late        bool   `json:"late,omitempty"`
}

// CriticismMade records a criticism (批评教育) of a person who refuses management (63号 第十三条(一)).
type CriticismMade struct {
	Criticism string `json:"criticism"`
	Staff     string `json:"staff"`
	On        string `json:"on"`
}

// StaffReturned sends a person back to the department after repeated criticism (退回).
type StaffReturned struct {
	Staff      string   `json:"staff"`
	On         string   `json:"on"`
	Criticisms []string `json:"criticisms"`
	Report     string   `json:"report"`
}

func staffingKinds() []KindInfo {
	return []KindInfo{
		{KindDepartmentSet, 1, true, DepartmentSet{}}, {KindDepartmentRemoved, 1, true, DepartmentRemoved{}},
		{KindPostSet, 1, true, PostSet{}}, {KindPostRemoved, 1, true, PostRemoved{}},
		{KindStaffSet, 1, true, StaffSet{}}, {KindStaffPosted, 1, true, StaffPosted{}}, {KindStaffDeparted, 1, true, StaffDeparted{}},
		{KindCardIssued, 1, true, CardIssued{}}, {KindCardLost, 1, true, CardLost{}},
		{KindShiftSet, 1, true, ShiftSet{}}, {KindShiftRemoved, 1, true, ShiftRemoved{}}, {KindShiftAssigned, 1, true, ShiftAssigned{}},
		{KindRepresentativeSet, 1, true, RepresentativeSet{}},
		{KindCalendarPublished, 1, true, CalendarPublished{}}, {KindCalendarClosed, 1, true, CalendarClosed{}},
		{KindCalendarReopened, 1, true, CalendarReopened{}}, {KindParameterSet, 1, true, ParameterSet{}},
		{KindAssignmentOpened, 1, true, AssignmentRecommended{}}, {KindAssignmentExamined, 1, true, AssignmentExamined{}},
		{KindAssignmentAccepted, 1, true, AssignmentAccepted{}}, {KindAssignmentReturned, 1, true, AssignmentReturned{}},
		{KindChangeAsked, 1, true, ChangeAsked{}}, {KindChangeDecided, 1, true, ChangeDecided{}},
		{KindHandoverSigned, 1, true, HandoverSigned{}}, {KindReplacementAsked, 1, true, ReplacementDemanded{}},
		{KindReplacementMet, 1, true, ReplacementMet{}}, {KindCriticismMade, 1, true, CriticismMade{}}, {KindStaffReturned, 1, true, StaffReturned{}},
	}
}

// ShiftRemoved takes a shift off the list.
type ShiftRemoved struct {
	Shift string `json:"shift"`
}
