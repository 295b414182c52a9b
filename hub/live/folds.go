package live

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"hallkeeper/hub/attendance"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/queue"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// Day counts one device's work at one window on one civil day of the hall, by
// the time of the event, not of its delivery.
type Day struct {
	Swipes  int    `json:"swipes"`
	Calls   int    `json:"calls"`
	Ratings [5]int `json:"ratings"` // by level 1 to 5
	Events  int    `json:"events"`
}

// Seen is a device's newest event.
type Seen struct {
	At       time.Time     `json:"at"`
	Kind     wire.Kind     `json:"kind"`
	Position wire.Position `json:"position"`
	// Outbox is the one that it came from.
	Outbox string `json:"outbox,omitempty"`
}

// Incident is something that an alarm tells of until it is over.
type Incident struct {
	Kind     wire.AlarmKind `json:"kind"`
	Severity wire.Severity  `json:"severity"`
	Subject  string         `json:"subject"`
	Since    time.Time      `json:"since"`
	Detail   string         `json:"detail,omitempty"`
	// Values are what pages put into their words of the alarm; see wire.Alarm.
	Values map[string]string `json:"values,omitempty"`
}

// Facts is everything the live view folds from the log: one view.Fold.
type Facts struct {
	zone *time.Location

	Roster   roster.State
	Presence attendance.Presence
	Days     map[string]*Day // date/window, of the last keptDays up to Newest
	Newest   hall.Date
	Seen     map[string]Seen // device
	// Offsets puts a boot's unsynchronised times right, in milliseconds.
	Offsets   map[string]int64
	Incidents map[string]Incident
	Dismissed map[uint64]bool // dead letters
	// Printers are the last states of devices' printers.
	Printers map[string]string
	// Checkpoints are the signed tree heads, oldest first.
	Checkpoints []Checkpoint

	oldest hall.Date // follows from Newest
	dirty  map[string]bool
	// changed collects what a batch touched, for the live view.
	changed touched
}

// Checkpoint is one signed tree head.
type Checkpoint struct {
	At time.Time `json:"at"`
	wire.LogCheckpoint
}

type touched struct {
	windows, devices, incidents map[string]bool
	letters                     bool
	// people: somebody has swiped, or what is expected of people has changed.
	people bool
	// line: the line has changed. ratings: somebody has rated, or figures were published.
	line, ratings bool
}

// NewFacts is the state of an empty log.
func NewFacts(zone *time.Location) *Facts {
	f := &Facts{zone: zone, Days: map[string]*Day{}, Seen: map[string]Seen{}, Offsets: map[string]int64{},
		Incidents: map[string]Incident{}, Dismissed: map[uint64]bool{}, Printers: map[string]string{}, dirty: map[string]bool{}}
	f.Roster.Windows, f.Roster.Devices = map[string]roster.Window{}, map[string]roster.Device{}
	f.changed.reset()
	return f
}

func (t *touched) reset() {
	t.windows, t.devices, t.incidents, t.letters, t.people, t.line, t.ratings = map[string]bool{}, map[string]bool{}, map[string]bool{}, false, false, false, false
}

func (f *Facts) window(id string) {
	if id != "" {
		f.changed.windows[id] = true
	}
}

// Name and Version make Facts a view.Fold.
func (f *Facts) Name() string { return "facts" }

// Version changes with what Apply makes of a record.
func (f *Facts) Version() int { return 6 }

// Apply folds one record.
func (f *Facts) Apply(r *wire.Record) {
	before, known := f.Roster.Devices[r.Agent]
	outboxes := len(before.Outboxes)
	_, had := before.Outboxes[r.Outbox]
	switch r.Kind {
	case wire.KindWindowSet, wire.KindWindowRemoved, wire.KindDeviceAssigned, wire.KindDeviceDismissed:
		f.touchAll() // rare, and it can move a device between windows
		f.Roster.Fold(r)
		f.touchAll()
	default:
		w, d := f.Roster.Fold(r)
		f.window(w)
		if d != "" {
			f.dirty["device/"+d] = true
			f.changed.devices[d] = true
		}
	}
	if queue.Of(r.Kind) {
		f.changed.line = true
		return
	}
	f.changed.ratings = f.changed.ratings || rates(r.Kind)
	f.changed.people = f.changed.people || r.Agent == "" || r.Kind == wire.KindCardSwiped || r.Kind == wire.KindClockCorrected
	switch {
	case r.Agent != "":
		if known && outboxes > 0 && len(f.Roster.Devices[r.Agent].Outboxes) > outboxes {
			f.raise(wire.AlarmOutboxNew, wire.SeverityNotice, r.Agent, r.StoredAt, "", nil)
		}
		if last := f.Seen[r.Agent].Outbox; f.fromDevice(r) && had && last != "" && r.Outbox != last {
			// A new SD card does not give way to the old one: these are two devices.
			f.raise(wire.AlarmTwice, wire.SeverityAlarm, r.Agent, r.StoredAt, "", nil)
		}
	default:
		f.fromHub(r)
	}
}

// touchAll marks all master data as changed.
func (f *Facts) touchAll() {
	for id := range f.Roster.Windows {
		f.window(id)
		f.dirty["window/"+id] = true
	}
	for id := range f.Roster.Devices {
		f.changed.devices[id] = true
		f.dirty["device/"+id] = true
	}
}

// fromDevice folds what a device has sent, and tells whether nothing newer is
// known of it: what an old SD card still had to send is not.
func (f *Facts) fromDevice(r *wire.Record) (newest bool) {
	f.follow(r.StoredAt)
	at := f.at(r)
	window := f.Roster.WindowOf(r.Agent)
	if old := f.Seen[r.Agent]; !at.Before(old.At) || old.At.After(r.StoredAt) {
		f.Seen[r.Agent] = Seen{at, r.Kind, r.Position, r.Outbox}
		newest = true
		f.dirty["seen/"+r.Agent] = true
	}
	f.count(r, at, window)
	var card wire.CardSwiped
	switch r.Kind {
	case wire.KindCardSwiped:
		if window != "" && json.Unmarshal(r.Data, &card) == nil {
			for _, w := range f.Presence.Swipe(card.Card, window, at, f.zone) {
				f.window(w)
			}
			f.dirty["presence"] = true
		}
	case wire.KindClockCorrected:
		var d wire.ClockCorrected
		if json.Unmarshal(r.Data, &d) == nil && d.Boot != "" {
			f.Offsets[d.Boot] = d.OffsetMS
			f.dirty["offset/"+d.Boot] = true
		}
	case wire.KindOutboxFull:
		var d wire.OutboxFull
		if json.Unmarshal(r.Data, &d) == nil {
			f.raise(wire.AlarmOutboxFull, wire.SeverityAlarm, r.Agent, at, "", map[string]string{"refused": strconv.Itoa(d.Refused)})
		}
	case wire.KindInputStuck:
		var d wire.InputStuck
		if json.Unmarshal(r.Data, &d) == nil {
			f.raise(wire.AlarmInput, wire.SeverityAlarm, r.Agent+"/"+d.Input, at, "stuck", map[string]string{"held_ms": strconv.FormatInt(d.HeldMS, 10)})
		}
	case wire.KindPrinterState:
		var d wire.PrinterState
		if newest && json.Unmarshal(r.Data, &d) == nil {
			f.printer(r.Agent, d.State, at)
		}
	case wire.KindReaderFault:
		var d wire.ReaderFault
		if json.Unmarshal(r.Data, &d) == nil {
			f.raise(wire.AlarmInput, wire.SeverityAlarm, r.Agent+"/"+d.Reader, at, d.Reason, map[string]string{"count": strconv.Itoa(d.Count)})
		}
	case wire.KindAgentStarted: // a fresh start ends what the last run complained of
		for id, i := range f.Incidents {
			if i.Kind != wire.AlarmOutboxGap && i.Kind != wire.AlarmOutboxNew && i.Kind != wire.AlarmTwice && strings.HasPrefix(i.Subject+"/", r.Agent+"/") {
				f.clear(id)
			}
		}
	}
	return newest
}

func (f *Facts) fromHub(r *wire.Record) {
	switch r.Kind {
	case wire.KindHubStarted: // what it had to repair, if anything, follows
		for id, i := range f.Incidents {
			if i.Kind == wire.AlarmLogRepaired {
				f.clear(id)
			}
		}
	case wire.KindOutboxGap:
		var d wire.OutboxGap
		if json.Unmarshal(r.Data, &d) == nil {
			f.raise(wire.AlarmOutboxGap, wire.SeverityAlarm, d.Agent, r.StoredAt, "", map[string]string{
				"outbox": d.Outbox, "from": strconv.FormatUint(d.From, 10), "to": strconv.FormatUint(d.To, 10)})
		}
	case wire.KindLogRepaired:
		var d wire.LogRepaired
		if json.Unmarshal(r.Data, &d) == nil {
			f.raise(wire.AlarmLogRepaired, wire.SeverityAlarm, d.Segment, r.StoredAt, d.Found+"; "+d.Did, nil)
		}
	case wire.KindDeadLetterDismissed:
		var d wire.DeadLetterDismissed
		if json.Unmarshal(r.Data, &d) == nil {
			f.Dismissed[d.Number] = true
			f.changed.letters = true
			f.dirty["dismissed/"+strconv.FormatUint(d.Number, 10)] = true
		}
	case wire.KindLogCheckpoint:
		c := Checkpoint{At: r.StoredAt}
		if json.Unmarshal(r.Data, &c.LogCheckpoint) == nil {
			f.Checkpoints = append(f.Checkpoints, c)
			f.dirty["checkpoint/"+checkpointKey(c)] = true
		}
	case wire.KindDeviceDismissed, wire.KindDeviceAssigned: // somebody has looked at the device
		var d wire.DeviceDismissed
		if json.Unmarshal(r.Data, &d) == nil {
			f.clear(string(wire.AlarmOutboxNew) + "/" + d.Agent)
			f.clear(string(wire.AlarmOutboxGap) + "/" + d.Agent)
			f.clear(string(wire.AlarmTwice) + "/" + d.Agent)
		}
	}
}

// printer notes how a device's printer is, and raises an alarm where somebody must see to it.
func (f *Facts) printer(agent, state string, at time.Time) {
	f.Printers[agent] = state
	f.dirty["printer/"+agent] = true
	f.changed.devices[agent] = true
	switch state {
	case "ready":
		f.clear(string(wire.AlarmPrinter) + "/" + agent)
	case "paper_low":
		f.raise(wire.AlarmPrinter, wire.SeverityNotice, agent, at, state, nil)
	default:
		f.raise(wire.AlarmPrinter, wire.SeverityAlarm, agent, at, state, nil)
	}
}

func checkpointKey(c Checkpoint) string {
	s := strconv.FormatUint(c.Size, 10)
	return strings.Repeat("0", 20-len(s)) + s
}

func (f *Facts) raise(kind wire.AlarmKind, severity wire.Severity, subject string, since time.Time, detail string, values map[string]string) {
	id := string(kind) + "/" + subject
	f.Incidents[id] = Incident{kind, severity, subject, since, detail, values}
	f.changed.incidents[id] = true
	f.dirty["incident/"+id] = true
}

func (f *Facts) clear(id string) {
	if _, ok := f.Incidents[id]; ok {
		delete(f.Incidents, id)
		f.changed.incidents[id] = true
		f.dirty["incident/"+id] = true
	}
}

// Save writes what changed.
func (f *Facts) Save(put func(string, []byte), remove func(string)) {
	for _, key := range slices.Sorted(maps.Keys(f.dirty)) {
		kind, id, _ := strings.Cut(key, "/")
		v := f.value(kind, id)
		if v == nil {
			remove(key)
			continue
		}
		b, err := json.Marshal(v)
		if err != nil {
			continue // plain data: it cannot fail
		}
		put(key, b)
	}
	clear(f.dirty)
}

func (f *Facts) value(kind, id string) any {
	switch kind {
	case "window":
		return present(f.Roster.Windows, id)
	case "device":
		return present(f.Roster.Devices, id)
	case "presence":
		return f.Presence
	case "newest":
		return f.Newest
	case "day":
		return present(f.Days, id)
	case "seen":
		return present(f.Seen, id)
	case "offset":
		return present(f.Offsets, id)
	case "incident":
		return present(f.Incidents, id)
	case "dismissed":
		return true
	case "printer":
		return present(f.Printers, id)
	case "checkpoint":
		i, ok := slices.BinarySearchFunc(f.Checkpoints, id, func(c Checkpoint, id string) int { return cmp.Compare(checkpointKey(c), id) })
		if ok {
			return f.Checkpoints[i]
		}
	}
	return nil
}

func present[V any](m map[string]V, id string) any {
	if v, ok := m[id]; ok {
		return v
	}
	return nil
}

// Load reads one key back.
func (f *Facts) Load(key string, value []byte) error {
	kind, id, _ := strings.Cut(key, "/")
	switch kind {
	case "window":
		return load(f.Roster.Windows, id, value)
	case "device":
		return load(f.Roster.Devices, id, value)
	case "presence":
		return json.Unmarshal(value, &f.Presence)
	case "newest":
		var day hall.Date
		if err := json.Unmarshal(value, &day); err != nil {
			return err
		}
		f.remembers(day)
		delete(f.dirty, "newest")
		return nil
	case "day":
		return load(f.Days, id, value)
	case "seen":
		return load(f.Seen, id, value)
	case "offset":
		return load(f.Offsets, id, value)
	case "incident":
		return load(f.Incidents, id, value)
	case "printer":
		return load(f.Printers, id, value)
	case "dismissed":
		n, err := strconv.ParseUint(id, 10, 64)
		f.Dismissed[n] = true
		return err
	case "checkpoint":
		var c Checkpoint
		err := json.Unmarshal(value, &c)
		f.Checkpoints = append(f.Checkpoints, c)
		return err
	}
	return nil
}

func load[V any](m map[string]V, id string, value []byte) error {
	var v V
	err := json.Unmarshal(value, &v)
	m[id] = v
	return err
}
