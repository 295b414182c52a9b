package wire

// Kind names what happened, as domain.verb. Unknown kinds are stored as they
// are and shown as unknown.
type Kind string

// Kinds that a device sends.
const (
	KindCardSwiped     Kind = "card.swiped"
	KindRatingPressed  Kind = "rating.pressed"
	KindCallPressed    Kind = "call.pressed"
	KindAgentStarted   Kind = "agent.started"
	KindOutboxFull     Kind = "outbox.full"
	KindPrintDone      Kind = "print.done"
	KindPrintFailed    Kind = "print.failed"
	KindPrinterState   Kind = "printer.state"
	KindInputStuck     Kind = "input.stuck"
	KindReaderFault    Kind = "reader.fault"
	KindClockCorrected Kind = "clock.corrected"
)

// Kinds that only the hub makes. Each carries an Actor.
const (
	KindHubStarted          Kind = "hub.started"
	KindOutboxGap           Kind = "outbox.gap"
	KindWindowSet           Kind = "window.set"
	KindWindowRemoved       Kind = "window.removed"
	KindDeviceAssigned      Kind = "device.assigned"
	KindDeviceDismissed     Kind = "device.dismissed"
	KindDeadLetterDismissed Kind = "deadletter.dismissed"
	KindLogCheckpoint       Kind = "log.checkpoint"
	KindLogRepaired         Kind = "log.repaired"
	KindLogRecovered        Kind = "log.recovered"
)

// CardSwiped is a card held to a window's reader. The device sends the number
// as read; the log keeps the hub's keyed hash of it ("h1:" and 22 base64url
// characters), never the number.
type CardSwiped struct {
	Reader string `json:"reader"`
	Card   string `json:"card"`
	Format string `json:"format"`
}

// RatingPressed is one press of a satisfaction button: 5 非常满意 to 1 非常不满意.
type RatingPressed struct {
	Level int `json:"level"`
}

// CallPressed is a press of the call button (叫号键).
type CallPressed struct {
	Button string `json:"button,omitempty"`
	// Long is true when the button was held past the long-press time.
	Long bool `json:"long,omitempty"`
}

// AgentStarted is the first event of an agent's run.
type AgentStarted struct {
	Version string `json:"version"`
	Board   string `json:"board,omitempty"`
}

// OutboxFull reports presses refused because the outbox reached its bound.
type OutboxFull struct {
	Refused int `json:"refused"`
	Pending int `json:"pending,omitempty"`
}

// PrintDone reports a printed job.
type PrintDone struct {
	Job string `json:"job"`
}

// PrintFailed reports a job that did not print.
type PrintFailed struct {
	Job    string `json:"job"`
	Reason string `json:"reason"`
}

// PrinterState reports the printer: ready, paper_low, paper_out, cover_open or offline.
type PrinterState struct {
	State string `json:"state"`
}

// InputStuck reports a button held longer than a person would; it is ignored until released.
type InputStuck struct {
	Input string `json:"input"`
	// HeldMS is how long it had been held when it was reported, in milliseconds.
	HeldMS int64 `json:"held_ms"`
}

// ReaderFault reports a card reader that cannot be trusted.
type ReaderFault struct {
	Reader string `json:"reader"`
	Reason string `json:"reason"`
	// Count is the number of frames lost since the last report.
	Count int `json:"count,omitempty"`
}

// ClockCorrected gives, for one boot, the offset to add to unsynchronised times.
type ClockCorrected struct {
	Boot string `json:"boot"`
	// OffsetMS is true time minus the clock that the boot's earlier events used, in milliseconds.
	OffsetMS int64 `json:"offset_ms"`
}

// HubStarted is the first event of a hub's run.
type HubStarted struct {
	Version string `json:"version"`
	// Clean is false where the last run did not end by itself.
	Clean bool `json:"clean"`
	// Renewed are the files of keys that took the place of lost ones since the last run, as "card.key" or "people/staff-s01.key".
	Renewed []string `json:"renewed,omitempty"`
}

// OutboxGap names events that a device had deleted as stored and this log does
// not have: the hub was restored from a backup, or lost its data.
type OutboxGap struct {
	Agent  string `json:"agent"`
	Outbox string `json:"outbox"`
	// From and To are the first and last missing seq, both included.
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

// WindowSet adds a window (窗口) or changes its name.
type WindowSet struct {
	Window string `json:"window"`
	// Number is what citizens see on the sign, e.g. "03".
	Number     string `json:"number"`
	Name       string `json:"name"`
	Department string `json:"department,omitempty"`
	// Direction is where it lies from the lobby's screen: left, right, ahead, behind, up or down.
	Direction string `json:"direction,omitempty"`
}

// WindowRemoved takes a window off the hall's list; its past stays.
type WindowRemoved struct {
	Window string `json:"window"`
}

// DeviceAssigned says which window a device serves from now on.
type DeviceAssigned struct {
	Agent  string `json:"agent"`
	Window string `json:"window"`
}

// DeviceDismissed marks a device as not part of this hall; its events are kept.
type DeviceDismissed struct {
	Agent string `json:"agent"`
}

// DeadLetterDismissed says that a supervisor has dealt with a dead letter. The
// note is free text and travels sealed in Personal.
type DeadLetterDismissed struct {
	Number uint64 `json:"number"`
}

// LogCheckpoint is a signed tree head over all records before it
// (golang.org/x/mod/sumdb/note and tlog formats).
type LogCheckpoint struct {
	Size uint64 `json:"size"`
	Root string `json:"root"`
	Note string `json:"note"`
}

// LogRepaired says what opening the log found damaged and what it did.
type LogRepaired struct {
	Segment string `json:"segment"`
	Found   string `json:"found"`
	Did     string `json:"did"`
	// LastKept is the last position that was kept.
	LastKept Position `json:"last_kept"`
	SetAside string   `json:"set_aside,omitempty"`
}

// LogRecovered says that the log takes events again after a time in which it could not.
type LogRecovered struct {
	// Seconds is how long nothing could be stored.
	Seconds int64  `json:"seconds"`
	Reason  string `json:"reason"`
}
