package wire

import "time"

// Kinds of the line and of what is done at the window (63号 第三条, 第九条, 第十条).
// Only the hub makes them. Free text travels sealed in Personal.
const (
	KindServiceSet        Kind = "service.set"
	KindServiceRemoved    Kind = "service.removed"
	KindTicketIssued      Kind = "ticket.issued"
	KindTicketCalled      Kind = "ticket.called"
	KindTicketRecalled    Kind = "ticket.recalled"
	KindTicketMissed      Kind = "ticket.missed"
	KindTicketHeld        Kind = "ticket.held"
	KindTicketResumed     Kind = "ticket.resumed"
	KindTicketTransferred Kind = "ticket.transferred"
	KindTicketClosed      Kind = "ticket.closed"
	KindVisitStarted      Kind = "visit.started"
	KindVisitFinished     Kind = "visit.finished"
	KindCounterSet        Kind = "counter.set"
	KindNoticePosted      Kind = "notice.posted"
	KindNoticeRemoved     Kind = "notice.removed"
	KindLineKept          Kind = "line.kept"

	KindAppointmentBooked    Kind = "appointment.booked"
	KindAppointmentCancelled Kind = "appointment.cancelled"
	KindAppointmentMissed    Kind = "appointment.missed"
)

// ServiceSet adds a service that people take tickets for (业务), or changes it.
type ServiceSet struct {
	Service    string `json:"service"`
	Name       string `json:"name"`
	Department string `json:"department"`
	// Prefix is one to three capital letters before its ticket numbers.
	Prefix string `json:"prefix"`
	// Windows serve it; without any nobody can take a ticket for it.
	Windows []string `json:"windows,omitempty"`
	// Words are what people call it in everyday life, for the search.
	Words []string `json:"words,omitempty"`
	// Documents, Sample, Limit and Fee are its guide (办事指南): what to bring,
	// where forms and samples are, how long it takes and what it costs.
	Documents []string `json:"documents,omitempty"`
	Sample    string   `json:"sample,omitempty"`
	Limit     string   `json:"limit,omitempty"`
	Fee       string   `json:"fee,omitempty"`
	// PromisedDays and LegalDays are the limits of the matters that it opens, in
	// working days; 0 is none.
	PromisedDays int `json:"promised_days,omitempty"`
	LegalDays    int `json:"legal_days,omitempty"`
	// WaitMax and ServiceMax are its norms in minutes; 0 is none.
	WaitMax    int `json:"wait_max,omitempty"`
	ServiceMax int `json:"service_max,omitempty"`
	// Common puts it on the kiosk's first screen.
	Common bool `json:"common,omitempty"`
	// Slots are the times that can be booked; none is no appointments.
	Slots []BookingSlot `json:"slots,omitempty"`
}

// BookingSlot is a time that can be booked (预约时段).
type BookingSlot struct {
	// Weekdays are 1 (Monday) to 7; none is every working day.
	Weekdays []int `json:"weekdays,omitempty"`
	// From and Until are hh:mm.
	From  string `json:"from"`
	Until string `json:"until"`
	// Capacity is how many can book it on one day.
	Capacity int `json:"capacity"`
}

// ServiceRemoved takes a service off the list; its past stays.
type ServiceRemoved struct {
	Service string `json:"service"`
}

// TicketIssued is a ticket (取号).
type TicketIssued struct {
	Ticket string `json:"ticket"`
	// Number is what is printed and called, e.g. A012.
	Number  string `json:"number"`
	Service string `json:"service"`
	// Class is ordinary, elderly, disabled, military, green or appointment.
	Class string `json:"class"`
	Day   string `json:"day"`
	// Place orders the line: the lower is earlier.
	Place int64 `json:"place"`
	// Then are the services that follow in turn.
	Then []string `json:"then,omitempty"`
	// Appointment is the one that was checked in for it, and Slot its beginning, hh:mm.
	Appointment string `json:"appointment,omitempty"`
	Slot        string `json:"slot,omitempty"`
	// Citizen is the keyed hash of an ID or phone number, where limits ask for one.
	Citizen string `json:"citizen,omitempty"`
	// Kiosk is the device that prints it, if any.
	Kiosk string `json:"kiosk,omitempty"`
	// Wait is how many seconds its holder was told to expect; nil where nothing was said.
	Wait *int `json:"wait,omitempty"`
	// Paper is the number on paper of one that was entered afterwards, and At
	// when it was drawn there.
	Paper string     `json:"paper,omitempty"`
	At    *time.Time `json:"at,omitempty"`
}

// TicketCalled is a call (叫号), with the rule that made it this ticket's turn.
type TicketCalled struct {
	Ticket string `json:"ticket"`
	Number string `json:"number"`
	Window string `json:"window"`
	// Staff is who called, where it is known.
	Staff string `json:"staff,omitempty"`
	// Rule is first (nobody of the line came earlier), priority (by its class),
	// appointment (its Slot has come), ordinary_after_priority (After priority
	// tickets went before it), or direct (the person stood at the window without a
	// ticket; nothing is announced).
	Rule  string `json:"rule"`
	After int    `json:"after,omitempty"`
	Slot  string `json:"slot,omitempty"`
}

// TicketRecalled announces a call again (重呼).
type TicketRecalled struct {
	Ticket string `json:"ticket"`
	Window string `json:"window"`
}

// TicketMissed says that nobody came (过号).
type TicketMissed struct {
	Ticket string `json:"ticket"`
	Window string `json:"window"`
	// Back is true where it goes back into the line, at Place.
	Back  bool  `json:"back"`
	Place int64 `json:"place,omitempty"`
}

// TicketHeld lets the person go and come back to the window (暂离), e.g. to fill in a form.
type TicketHeld struct {
	Ticket string `json:"ticket"`
	Window string `json:"window"`
}

// TicketResumed goes on with a ticket that was held.
type TicketResumed struct {
	Ticket string `json:"ticket"`
	Window string `json:"window"`
	Staff  string `json:"staff,omitempty"`
}

// TicketTransferred sends a person on with the place that they had (转移).
type TicketTransferred struct {
	Ticket  string `json:"ticket"`
	From    string `json:"from"`
	Service string `json:"service"`
	// To is the only window that may call it; empty is any that serves the service.
	To string `json:"to,omitempty"`
}

// TicketClosed ends a ticket that was not served: cancelled, never_received or day_end.
type TicketClosed struct {
	Ticket string `json:"ticket"`
	Why    string `json:"why"`
}

// VisitStarted is the beginning of service (办理).
type VisitStarted struct {
	Visit  string `json:"visit"`
	Ticket string `json:"ticket"`
	Window string `json:"window"`
	Staff  string `json:"staff,omitempty"`
}

// VisitFinished is its end.
type VisitFinished struct {
	Visit  string `json:"visit"`
	Ticket string `json:"ticket"`
	Window string `json:"window"`
	// Mode is help (帮办), agent (代办), lead (领办), joint (联审联办), parallel (并联审批) or consult (咨询); empty is none of them.
	Mode string `json:"mode,omitempty"`
	// Outcome is accepted (受理), done (当场办结), notice (一次性告知), sent_away
	// (不予受理), promised (容缺受理) or transferred (转移).
	Outcome string `json:"outcome"`
	// Next is the service that the ticket waits for now.
	Next string `json:"next,omitempty"`
	// Service is what it was for, Matter what it opened or went on with, Citizen
	// the keyed hash of who came, each where it is known.
	Service string `json:"service,omitempty"`
	Matter  string `json:"matter,omitempty"`
	Citizen string `json:"citizen,omitempty"`
	// Missing are the documents of the guide that were not there, Day the day of it.
	Missing []string `json:"missing,omitempty"`
	Day     string   `json:"day,omitempty"`
}

// CounterSet opens a window for the line, pauses it or closes it.
type CounterSet struct {
	Window string `json:"window"`
	// State is open, paused or closed.
	State string `json:"state"`
}

// NoticePosted says something to the whole hall (大厅通知).
type NoticePosted struct {
	Notice string     `json:"notice"`
	Phrase string     `json:"phrase,omitempty"`
	ZH     string     `json:"zh,omitempty"`
	EN     string     `json:"en,omitempty"`
	Speak  bool       `json:"speak,omitempty"`
	Until  *time.Time `json:"until,omitempty"`
}

// NoticeRemoved ends it.
type NoticeRemoved struct {
	Notice string `json:"notice"`
}

// LineKept keeps the line overnight in an emergency: the tickets that are left
// on Day do not close at its end. The reason is sealed.
type LineKept struct {
	Day string `json:"day"`
}

// AppointmentBooked is an appointment (预约). The citizen's name or note is sealed.
type AppointmentBooked struct {
	Appointment string `json:"appointment"`
	// Code is what the citizen shows or types at the kiosk.
	Code    string `json:"code"`
	Service string `json:"service"`
	Day     string `json:"day"`
	From    string `json:"from"`
	Until   string `json:"until"`
	// Citizen is the keyed hash of an ID or phone number, if one was given.
	Citizen string `json:"citizen,omitempty"`
}

// AppointmentCancelled ends one that nobody came for yet.
type AppointmentCancelled struct {
	Appointment string `json:"appointment"`
}

// AppointmentMissed says that its time went by (爽约).
type AppointmentMissed struct {
	Appointment string `json:"appointment"`
}

func queueKinds() []KindInfo {
	return []KindInfo{
		{KindServiceSet, 1, true, ServiceSet{}}, {KindServiceRemoved, 1, true, ServiceRemoved{}},
		{KindTicketIssued, 1, true, TicketIssued{}}, {KindTicketCalled, 1, true, TicketCalled{}}, {KindTicketRecalled, 1, true, TicketRecalled{}},
		{KindTicketMissed, 1, true, TicketMissed{}}, {KindTicketHeld, 1, true, TicketHeld{}}, {KindTicketResumed, 1, true, TicketResumed{}},
		{KindTicketTransferred, 1, true, TicketTransferred{}}, {KindTicketClosed, 1, true, TicketClosed{}},
		{KindVisitStarted, 1, true, VisitStarted{}}, {KindVisitFinished, 1, true, VisitFinished{}}, {KindCounterSet, 1, true, CounterSet{}},
		{KindNoticePosted, 1, true, NoticePosted{}}, {KindNoticeRemoved, 1, true, NoticeRemoved{}}, {KindLineKept, 1, true, LineKept{}},
		{KindPrintOrdered, 1, true, PrintOrdered{}}, {KindTicketReceived, 1, true, TicketReceived{}},
		{KindAppointmentBooked, 1, true, AppointmentBooked{}}, {KindAppointmentCancelled, 1, true, AppointmentCancelled{}}, {KindAppointmentMissed, 1, true, AppointmentMissed{}},
	}
}
