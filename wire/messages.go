package wire

import (
	"encoding/json"
	"time"
)

// Stored is the hub's answer on …/stored: all events of Outbox up to and with
// Seq are on the hub's disk, or are dead letters named in Refused.
type Stored struct {
	Outbox  string    `json:"outbox"`
	Seq     uint64    `json:"seq"`
	Refused []Refusal `json:"refused,omitempty"`
}

// Refusal names an event that went to the dead letters.
type Refusal struct {
	Seq    uint64 `json:"seq"`
	Reason Reason `json:"reason"`
}

// DeviceState is whether a device is connected.
type DeviceState string

// The states of a device's connection.
const (
	DeviceOnline  DeviceState = "online"
	DeviceOffline DeviceState = "offline"
)

// Status is what a device says of itself on …/status, and what its will says when it is cut off.
type Status struct {
	State   DeviceState            `json:"state"`
	Boot    string                 `json:"boot,omitempty"`
	Version string                 `json:"version,omitempty"`
	At      time.Time              `json:"at"`
	Clock   Clock                  `json:"clock,omitempty"`
	Outbox  *OutboxStatus          `json:"outbox,omitempty"`
	Inputs  map[string]InputStatus `json:"inputs,omitempty"`
}

// OutboxStatus is how much a device still holds.
type OutboxStatus struct {
	ID      string `json:"id,omitempty"`
	Pending int    `json:"pending"`
	// Oldest is when the oldest pending event happened; absent where nothing is pending.
	Oldest *time.Time `json:"oldest,omitempty"`
	// Fault says why the device can keep nothing now: FaultFull, FaultDisk (it
	// cannot be written), or FaultNewer (a newer program has made it). Empty where it can.
	Fault string `json:"fault,omitempty"`
}

// Faults of an outbox.
const (
	FaultFull  = "full"
	FaultDisk  = "disk"
	FaultNewer = "newer"
)

// InputStatus is the health of one input.
type InputStatus struct {
	OK    bool   `json:"ok"`
	Fault string `json:"fault,omitempty"`
}

// CommandKind names what the hub asks of a device.
type CommandKind string

// Commands to a device.
const (
	CommandSignal      CommandKind = "signal"
	CommandRatingOpen  CommandKind = "rating.open"
	CommandRatingClose CommandKind = "rating.close"
	CommandText        CommandKind = "text"
	CommandPrint       CommandKind = "print"
	CommandIdentify    CommandKind = "identify"
	CommandRestart     CommandKind = "restart"
)

// Command is what the hub asks of a device on …/command. It is not retained:
// the hub sends its whole commanded state again when a device comes online.
type Command struct {
	ID   string          `json:"id"`
	Kind CommandKind     `json:"kind"`
	Data json.RawMessage `json:"data,omitempty"`
}

// Signal is the data of CommandSignal and CommandIdentify.
type Signal struct {
	// Pattern names a row of the agent's signal table.
	Pattern string `json:"pattern"`
}

// Reason says why something went to the dead letters.
type Reason string

// Reasons for a dead letter.
const (
	ReasonNotJSON    Reason = "not_json"    // the payload is not JSON, or not an event or array of events
	ReasonOverSize   Reason = "over_size"   // larger than MaxPayload, or more than MaxBatch events
	ReasonBadField   Reason = "bad_field"   // a field of the envelope is missing or malformed
	ReasonBadData    Reason = "bad_data"    // the data of a known kind is malformed
	ReasonWrongAgent Reason = "wrong_agent" // the event names another agent than its topic
	ReasonHubOnly    Reason = "hub_only"    // a device sent a kind, an actor or personal data that only the hub may write
	ReasonConflict   Reason = "conflict"    // an old seq or id with different content
	ReasonQoS        Reason = "qos"         // published at QoS 0 or 2
)

// DeadLetter is something that could not be stored as an event, kept with the reason.
type DeadLetter struct {
	Number uint64    `json:"number"`
	At     time.Time `json:"at"`
	Agent  string    `json:"agent"`
	Outbox string    `json:"outbox,omitempty"`
	Seq    uint64    `json:"seq,omitempty"`
	Reason Reason    `json:"reason"`
	// Detail says in one English line what was expected.
	Detail string `json:"detail"`
	// Payload is what was sent, cut to MaxPayload bytes; card numbers are masked.
	// Bytes that are not UTF-8 are replaced.
	Payload string `json:"payload"`
	// Size is the length of what was sent, in bytes.
	Size int `json:"size"`
	// Dismissed is true once a supervisor has dealt with it.
	Dismissed bool `json:"dismissed,omitempty"`
}

// Problem is an error for people and programs (RFC 9457, application/problem+json).
type Problem struct {
	// Type is a URI reference of the documentation of Code.
	Type string `json:"type"`
	// Title is in the request's language.
	Title  string `json:"title"`
	Status int    `json:"status"`
	// Code is stable and in English, e.g. "window_unknown".
	Code   string `json:"code"`
	Detail string `json:"detail,omitempty"`
	// Article is the passage of the regulation that refuses, where one does.
	Article string `json:"article,omitempty"`
	// Fields names each wrong field of a 422.
	Fields []ProblemField `json:"fields,omitempty"`
	// Instance is the request's id, as in the hub's log.
	Instance string `json:"instance,omitempty"`
}

// ProblemField is one wrong field.
type ProblemField struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}
