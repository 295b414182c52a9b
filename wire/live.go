package wire

import (
	"encoding/json"
	"time"
)

// LiveMessageType says what a message on /ws/live is.
type LiveMessageType string

// Messages on /ws/live.
const (
	LiveSnapshot LiveMessageType = "snapshot" // Data is a whole Live
	LivePatch    LiveMessageType = "patch"    // Data is a JSON merge patch (RFC 7396) of Live
	LiveAlive    LiveMessageType = "alive"    // nothing changed; the hub is there
)

// LiveMessage is one message on /ws/live. Seq of a patch is the seq before it
// plus one; after a gap a client drops what it has and waits for a snapshot.
type LiveMessage struct {
	Type LiveMessageType `json:"type"`
	Seq  uint64          `json:"seq"`
	// At is the hub's clock, so that pages can show ages by it.
	At   time.Time       `json:"at"`
	Data json.RawMessage `json:"data,omitempty"`
}

// Live is the hall as it is now. Maps are keyed by id so that a merge patch
// touches only what changed. It holds nothing personal.
type Live struct {
	Hall    LiveHall              `json:"hall"`
	Hub     LiveHub               `json:"hub"`
	Windows map[string]LiveWindow `json:"windows"`
	Devices map[string]LiveDevice `json:"devices"`
	Alarms  map[string]Alarm      `json:"alarms"`
	// Services are what people take tickets for, with their line as it is.
	Services map[string]LiveService `json:"services"`
	// Calls are the last announcements of the day, at most a dozen, the key in
	// the order in which they were made.
	Calls map[string]LiveCall `json:"calls"`
	// Notices are what is said to the whole hall now.
	Notices map[string]LiveNotice `json:"notices"`
	// Satisfaction is what was published last of a day; nil where nothing was.
	Satisfaction *LiveSatisfaction `json:"satisfaction"`
	// DeadLetters counts those that nobody has dismissed.
	DeadLetters int `json:"dead_letters"`
}

// LiveService is one service (业务) and its line.
type LiveService struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Department string   `json:"department"`
	Prefix     string   `json:"prefix"`
	Windows    []string `json:"windows"`
	// Open counts its windows that take part in the line now.
	Open    int `json:"open"`
	Waiting int `json:"waiting"`
	// Since is when the one who waits longest took the ticket.
	Since *time.Time `json:"since,omitempty"`
	// Wait is the expected wait of an ordinary ticket taken now, in seconds; nil where it is not known.
	Wait *int `json:"wait,omitempty"`
	// WaitError is the mean error of the waits that were said lately, in seconds; nil where too few have come true.
	WaitError *int `json:"wait_error,omitempty"`
	// WaitMax and ServiceMax are its norms in minutes; 0 is none.
	WaitMax    int `json:"wait_max,omitempty"`
	ServiceMax int `json:"service_max,omitempty"`
}

// LiveCall is one announcement (叫号). Whoever shows it says number and window.
type LiveCall struct {
	ID string `json:"id"`
	// Number is the ticket's, e.g. A012.
	Number  string `json:"number"`
	Window  string `json:"window"`
	Service string `json:"service"`
	// Again is true for a recall.
	Again bool      `json:"again,omitempty"`
	At    time.Time `json:"at"`
}

// LiveNotice is an announcement to the whole hall (大厅通知): a text, or a phrase
// that screens hold in each language and can speak.
type LiveNotice struct {
	ID     string `json:"id"`
	Phrase string `json:"phrase,omitempty"`
	ZH     string `json:"zh,omitempty"`
	EN     string `json:"en,omitempty"`
	// Speak asks screens to say the phrase, or to sound the chime for a text.
	Speak bool       `json:"speak,omitempty"`
	At    time.Time  `json:"at"`
	Until *time.Time `json:"until,omitempty"`
}

// LiveTicket is the ticket that a window calls or serves.
type LiveTicket struct {
	Number  string `json:"number"`
	Service string `json:"service"`
	// Stage is called or serving.
	Stage string `json:"stage"`
	// Since is the last announcement of a called ticket, or the start of the visit.
	Since time.Time `json:"since"`
}

// LiveHall names the hall.
type LiveHall struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// NameEN is its name in English; empty where it has none.
	NameEN   string `json:"name_en,omitempty"`
	TimeZone string `json:"time_zone"`
	// Day is the hall's civil date, yyyy-mm-dd.
	Day string `json:"day"`
	// DayKind is what sort of day that is by the hall's calendar: work, make_up (a
	// weekend day worked instead of another), weekend, holiday, or closed (all day, by
	// the hall itself). DayName is the holiday, or why the hall is closed.
	DayKind string `json:"day_kind"`
	DayName string `json:"day_name"`
}

// LiveHub is the state of the hub itself.
type LiveHub struct {
	Version string `json:"version"`
	// Position is the last record that is folded into this view.
	Position Position `json:"position"`
	// Writable is false while the hub cannot store.
	Writable  bool      `json:"writable"`
	StartedAt time.Time `json:"started_at"`
	Demo      bool      `json:"demo"`
}

// WindowState is what a window's tile says first.
type WindowState string

// The states of a window.
const (
	WindowOpen      WindowState = "open"      // staffed, and its device is connected
	WindowUnstaffed WindowState = "unstaffed" // its device is connected, nobody has clocked in
	WindowCutOff    WindowState = "cut_off"   // its device is not heard: what is shown is the last known
	WindowNoDevice  WindowState = "no_device" // no device is assigned
)

// Cover says who serves a window (63号 第十二条(五)).
type Cover string

// The covers of a window.
const (
	CoverStaffed Cover = "staffed" // one of its own people is there
	CoverCovered Cover = "covered" // a deputy acts (代岗)
	CoverAway    Cover = "away"    // nobody is there, within the grace time
	CoverEmpty   Cover = "empty"   // nobody is there, beyond it
	CoverClosed  Cover = "closed"  // it need not be served now
	CoverUnknown Cover = "unknown" // no post or shift says when it is to be served
)

// LiveWindow is one window (窗口) of the hall.
type LiveWindow struct {
	ID         string      `json:"id"`
	Number     string      `json:"number"`
	Name       string      `json:"name"`
	Department string      `json:"department,omitempty"`
	State      WindowState `json:"state"`
	// Direction is where it lies from the lobby's screen: left, right, ahead, behind, up or down; empty is not said.
	Direction string `json:"direction,omitempty"`
	// Counter is whether it takes part in the line: open, paused or closed.
	Counter string `json:"counter"`
	// Ticket is called or served here now.
	Ticket *LiveTicket `json:"ticket,omitempty"`
	// Rating is of the visit that can be rated here, or was just now.
	Rating *LiveRating `json:"rating,omitempty"`
	// Staffed is the last known; it says nothing new while State is cut_off.
	Staffed bool `json:"staffed"`
	// Cover is who serves it; CoverSince when the last one left, for away and empty.
	Cover      Cover      `json:"cover"`
	CoverSince *time.Time `json:"cover_since,omitempty"`
	Agent      string     `json:"agent,omitempty"`
	// LastEventAt and LastEventKind are of the newest event of the window's device.
	LastEventAt   *time.Time `json:"last_event_at,omitempty"`
	LastEventKind Kind       `json:"last_event_kind,omitempty"`
	// CutOffSince is when the device was last heard, while State is cut_off.
	CutOffSince *time.Time `json:"cut_off_since,omitempty"`
	Today       LiveDay    `json:"today"`
}

// LiveDay counts one window's civil day.
type LiveDay struct {
	Swipes  int `json:"swipes"`
	Calls   int `json:"calls"`
	Ratings int `json:"ratings"`
}

// Assignment is what the hall has decided about a device.
type Assignment string

// The assignments of a device.
const (
	DeviceUnassigned Assignment = "unassigned"
	DeviceAtWindow   Assignment = "assigned"
	DeviceNotOurs    Assignment = "dismissed"
)

// LiveDevice is one device as the hub hears it.
type LiveDevice struct {
	ID         string      `json:"id"`
	Assignment Assignment  `json:"assignment"`
	Window     string      `json:"window,omitempty"`
	State      DeviceState `json:"state"`
	// Heard is false where the hub has had no status since it started: State is then the last known.
	Heard   bool       `json:"heard"`
	SeenAt  *time.Time `json:"seen_at,omitempty"`
	Version string     `json:"version,omitempty"`
	Boot    string     `json:"boot,omitempty"`
	Clock   Clock      `json:"clock,omitempty"`
	// ClockSkewMS is the device's clock minus the hub's at its last status, in milliseconds.
	ClockSkewMS int64         `json:"clock_skew_ms"`
	Outbox      *OutboxStatus `json:"outbox,omitempty"`
	StoredSeq   uint64        `json:"stored_seq"`
	// Outboxes counts the outboxes this device has had; more than one means a replaced SD card.
	Outboxes int                    `json:"outboxes"`
	Inputs   map[string]InputStatus `json:"inputs,omitempty"`
	// Printer is how its printer is, as in PrinterState; empty where it has none.
	Printer string `json:"printer,omitempty"`
	// Certificate is how its certificate stands; nil where it never had one.
	Certificate *LiveCertificate `json:"certificate,omitempty"`
}

// LiveCertificate is how a device's certificate stands.
type LiveCertificate struct {
	// State is live, expiring (it was not renewed and ends soon), expired or revoked.
	State string    `json:"state"`
	Until time.Time `json:"until"`
}

// Severity ranks an alarm.
type Severity string

// The severities of an alarm.
const (
	SeverityNotice Severity = "notice"
	SeverityAlarm  Severity = "alarm" // a person must act
)

// AlarmKind names an alarm; pages hold its words in each language.
type AlarmKind string

// The alarms of the hall.
const (
	AlarmCutOff      AlarmKind = "device_cut_off"    // subject: agent
	AlarmUnassigned  AlarmKind = "device_unassigned" // subject: agent
	AlarmOutboxFull  AlarmKind = "outbox_full"       // subject: agent
	AlarmOutboxOld   AlarmKind = "outbox_old"        // subject: agent
	AlarmOutboxGap   AlarmKind = "outbox_gap"        // subject: agent
	AlarmOutboxNew   AlarmKind = "outbox_new"        // subject: agent
	AlarmOutboxFault AlarmKind = "outbox_fault"      // subject: agent; detail: full, disk or newer
	AlarmTwice       AlarmKind = "device_twice"      // subject: agent
	AlarmRefused     AlarmKind = "device_refused"    // subject: the MQTT client
	AlarmMisused     AlarmKind = "device_misused"    // subject: agent; values: device, what, detail: it, or whoever has its certificate, tried what is not its own
	AlarmExpiring    AlarmKind = "certificate_ends"  // subject: agent; values: device, until; detail: expiring, expired or revoked
	AlarmClock       AlarmKind = "clock_unsynced"    // subject: agent
	AlarmInput       AlarmKind = "input_fault"       // subject: agent/input
	AlarmDeadLetters AlarmKind = "dead_letters"      // subject: empty
	AlarmNotWritable AlarmKind = "not_writable"      // subject: empty; detail: clock_behind, superseded, or what the disk says
	AlarmLogRepaired AlarmKind = "log_repaired"      // subject: segment
	AlarmBrokerLost  AlarmKind = "broker_lost"       // subject: empty
	AlarmHTTPSSoon   AlarmKind = "https_ends_soon"   // subject: empty; values: until; the certificate that the hall was given for its pages ends within 30 days
	AlarmHTTPSNear   AlarmKind = "https_ends"        // subject: empty; values: until; within 14 days, or it has ended
	AlarmDisk        AlarmKind = "disk_filling"      // subject: empty; values: free (GiB), days (left; none where not known), growth (MiB a day)
	AlarmHubClock    AlarmKind = "hub_clock"         // subject: empty; detail: unsynced or stepped; values: seconds (by which it jumped)
	AlarmBackup      AlarmKind = "backup_old"        // subject: empty; detail: never or old; values: days and hours (since the last), place (its number, where there are several); a trouble has name too (the folder or server)
	AlarmRival       AlarmKind = "hub_rival"         // subject: empty; detail: newer (this hub has stopped storing), same or older, as its data is; values: address
	AlarmLogDamaged  AlarmKind = "log_damaged"       // subject: empty; values: count; detail: the first fault that was found

	AlarmWindowEmpty AlarmKind = "window_empty"         // subject: window
	AlarmSwap        AlarmKind = "swap_suspected"       // subject: the suspicion; values: window, number, why, at
	AlarmUncertain   AlarmKind = "swipes_uncertain"     // subject: empty; values: count
	AlarmWaiting     AlarmKind = "requests_waiting"     // subject: empty; values: count
	AlarmReplacement AlarmKind = "replacement_overdue"  // subject: empty; values: count
	AlarmCalendar    AlarmKind = "calendar_provisional" // subject: the year

	AlarmWait     AlarmKind = "wait_over"     // subject: service; values: service, number, minutes, norm
	AlarmService  AlarmKind = "service_over"  // subject: window; values: window, number, ticket, minutes, norm
	AlarmUnserved AlarmKind = "line_unserved" // subject: service; values: service, count: people wait and no window is open
	AlarmPrinter  AlarmKind = "printer"       // subject: agent; detail: paper_low, paper_out, cover_open or offline
	AlarmMatters  AlarmKind = "matters_late"  // subject: empty; values: count

	AlarmCasesSoon AlarmKind = "cases_soon" // subject: empty; values: count: bad reviews and complaints whose last day is near
	AlarmCasesLate AlarmKind = "cases_late" // subject: empty; values: count: those whose last day is past

	AlarmCopies     AlarmKind = "copies_lost"       // subject: empty; values: count: copies to departments that were given up
	AlarmDuties     AlarmKind = "duties_late"       // subject: empty; values: count: reports and tasks that are overdue
	AlarmPolicy     AlarmKind = "policy_gone"       // subject: empty; detail: policy_missing or policy_lapsed: today cannot be assessed
	AlarmRevision   AlarmKind = "revision_due"      // subject: empty; values: count, periods: published ones that would come out differently now
	AlarmUncomputed AlarmKind = "period_uncomputed" // subject: empty; values: count, periods: months that are over and not computed
)

// Alarm is something a person should know of or act on.
type Alarm struct {
	ID       string    `json:"id"`
	Kind     AlarmKind `json:"kind"`
	Severity Severity  `json:"severity"`
	Subject  string    `json:"subject,omitempty"`
	Window   string    `json:"window,omitempty"`
	Since    time.Time `json:"since"`
	// Detail is one technical English line for the technician, or a code, e.g. of an input's fault.
	Detail string `json:"detail,omitempty"`
	// Values are what pages put into their own words of the kind: refused; from, to, outbox; pending; held_ms; count.
	Values map[string]string `json:"values,omitempty"`
}
