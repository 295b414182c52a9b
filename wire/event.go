package wire

import (
	"encoding/json"
	"time"
)

// Limits of the envelope, as CONTRACT (docs/contract.md) states them.
const (
	// MaxPayload is the largest payload of one publish to an events topic, in bytes.
	MaxPayload = 64 << 10
	// MaxBatch is the largest number of events in one publish.
	MaxBatch = 1024
	// MaxName is the longest id, agent, outbox, boot or kind, in bytes.
	MaxName = 64
)

// Clock says how far an event's At can be trusted.
type Clock string

// The states of a device's clock.
const (
	ClockSynced   Clock = "synced"   // the kernel clock was synchronised when the event was made
	ClockUnsynced Clock = "unsynced" // it was not: At is a guess until a clock.corrected of the same boot
)

// Position numbers the records of a hall's log from 1, without gaps.
type Position uint64

// Event is one thing that a person, a device or the hub did: the unit of the
// log and of the MQTT events topic.
type Event struct {
	// ID is a UUIDv7 made by the sender; other strings of 1 to MaxName printable
	// ASCII bytes are kept as they are.
	ID string `json:"id"`
	// Agent is the device's name, as in its topics. Empty on events the hub makes.
	Agent string `json:"agent,omitempty"`
	// Outbox is the UUID made with the device's outbox. Empty where a device has none.
	Outbox string `json:"outbox,omitempty"`
	// Seq rises by one within Outbox, from 1.
	Seq uint64 `json:"seq,omitempty"`
	// First is the oldest Seq the device still holds. It belongs to the delivery,
	// not to the event: the log does not keep it.
	First uint64 `json:"first,omitempty"`
	// Boot is the kernel's boot id, for putting unsynchronised times right.
	Boot string `json:"boot,omitempty"`
	// At is when it happened, by the sender's clock, with its zone offset.
	At time.Time `json:"at"`
	// Clock says how far At can be trusted. Empty means synced.
	Clock Clock `json:"clock,omitempty"`
	// UptimeMS is the time since boot in milliseconds.
	UptimeMS int64 `json:"uptime_ms,omitempty"`
	// Kind names what happened and with it the form of Data.
	Kind Kind `json:"kind"`
	// Version is the version of Data's form; 0 and 1 both mean the first.
	Version int `json:"v,omitempty"`
	// Data is a compact JSON object, kept byte for byte; nil where the kind has none.
	Data json.RawMessage `json:"data,omitempty"`
	// Actor says who acted, on every event that the hub makes. A device may not set it.
	Actor *Actor `json:"actor,omitempty"`
	// Personal holds the fields that are sealed under one person's key. A device may not set it.
	Personal []Sealed `json:"personal,omitempty"`
}

// ActorKind says what sort of actor made the hub append an event.
type ActorKind string

// The sorts of actor.
const (
	ActorPerson   ActorKind = "person"
	ActorDevice   ActorKind = "device"
	ActorSchedule ActorKind = "schedule"
)

// Actor is who made the hub append an event.
type Actor struct {
	Kind ActorKind `json:"kind"`
	// ID is a staff or account id, an agent id, or the name of a schedule.
	ID string `json:"id"`
	// Session is the session a person acted in. Empty for devices and schedules.
	Session string `json:"session,omitempty"`
	// From is the network address that a person or a program acted from, sealed in the log as PlaceOf writes it. Records
	// from before it was noted have none, those from before it was sealed have it in clear.
	From string `json:"from,omitempty"`
	// ProposedBy is the account that proposed what the actor has confirmed, where it takes two people.
	ProposedBy string `json:"proposed_by,omitempty"`
}

// Sealed is a part of an event that only the holder of one person's key can
// read. Destroying the key forgets the content and leaves the log's tree valid.
type Sealed struct {
	// Person is the pseudonymous id that the key belongs to.
	Person string `json:"person"`
	// Box is the nonce and ciphertext (AES-256-GCM) of a JSON object of the fields; base64 in JSON.
	Box []byte `json:"box"`
}

// Record is an event in the log.
type Record struct {
	Position Position `json:"position"`
	// StoredAt is the hub's clock when the record was decided, just before its commit.
	StoredAt time.Time `json:"stored_at"`
	Event
}

// ActorID is who made the record, "" where nobody is named.
func (r *Record) ActorID() string {
	if r.Actor == nil {
		return ""
	}
	return r.Actor.ID
}

// FirstSealed is the first sealed part of the record, nil where it has none.
func (r *Record) FirstSealed() *Sealed {
	if len(r.Personal) == 0 {
		return nil
	}
	return &r.Personal[0]
}
