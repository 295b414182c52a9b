// Package live composes the hall as it is now, as wire.Live: from facts folded
// from the log and from what is volatile (which devices are heard, whether the
// hub can store). It owns the document, its alarms, and the patches that screens
// get; it refuses to decide anything and holds nothing personal.
package live

import (
	"encoding/json"
	"maps"
	"sync"
	"time"

	"hallkeeper/hub/attendance"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/queue"
	"hallkeeper/wire"
)

const (
	// grace is how long after the hub's start a device that was not heard yet raises no alarm.
	grace = 10 * time.Second
	// oldOutbox is the age from which undelivered events are an alarm.
	oldOutbox = time.Minute
	// clockSkew is the difference of clocks from which an event's time is doubtful.
	clockSkew = 5 * time.Second
)

// Sink takes each patch (a JSON merge patch, RFC 7396) in order and keeps nothing of it.
type Sink interface {
	Publish(patch []byte)
}

// Config sets up a Live.
type Config struct {
	Hall    wire.LiveHall
	Version string
	Demo    bool
	Zone    *time.Location
	Started time.Time
	// People says who is where at a moment; the caller holds the facts still. Nil where nobody knows.
	People func(now time.Time) attendance.Now
	// Calendar says what sort of day a date is, and its name; the caller holds the facts still. Nil where there is none.
	Calendar func(d hall.Date) (kind hall.DayKind, name string)
	// Line says how the line stands; the caller holds the facts still. Nil where there is none.
	Line func(now time.Time) queue.Now
	// Late counts the open matters that are past a limit; the caller holds the facts still. Nil where there are none.
	Late func(now time.Time) int
	// Cases counts the open cases of bad reviews and complaints whose last day is near, and those whose last day is past. Nil where there are none.
	Cases func(now time.Time) (soon, late int)
	// Assessment says what of the assessment needs somebody; it is asked each second and may be a minute old. Nil where nothing is assessed.
	Assessment func() Assessment
	// Ratings says which visits can be rated, by window, and what was published last; the caller holds the facts still. Nil where nobody rates.
	Ratings func(now time.Time) (map[string]wire.LiveRating, *wire.LiveSatisfaction)
	// Certificate says how a device's certificate stands, nil where it never had one; the caller holds the facts still. Nil where no device is enrolled.
	Certificate func(device string, now time.Time) *wire.LiveCertificate
	// HTTPS says when the certificate that the hall was given for its pages ends, and the days (30, then 14) within
	// which that is, zero while there is time. Nil where there is no HTTPS.
	HTTPS func(now time.Time) (ends time.Time, within int)
	// Machine says how the hub's machine is; it is asked each second and may be some seconds old. Nil where nobody looks at it.
	Machine func() Machine
}

// Live is the document. Its methods may be called from any goroutine.
type Live struct {
	cfg Config
	// read holds the facts still; it is taken before mu.
	read  func(func())
	facts *Facts

	mu      sync.Mutex
	sink    Sink
	doc     wire.Live
	changed changes
	cached  []byte
	status  map[string]heard
	letters int // all dead letters there are
	now     time.Time
	lost    bool // the broker

	strangers map[string]stranger // by device@hall
	misuses   map[string]misuse   // by device
	people    attendance.Now
	queue     queue.Now
	ratings   map[string]wire.LiveRating
}

// heard is what a device last said of itself.
type heard struct {
	status wire.Status
	at     time.Time
	skew   time.Duration
}

// New composes the document of facts. read runs a function while the facts
// don't change; letters is how many dead letters there are in all.
func New(cfg Config, facts *Facts, read func(func()), letters int) *Live {
	l := &Live{cfg: cfg, facts: facts, read: read, status: map[string]heard{}, now: cfg.Started, letters: letters, strangers: map[string]stranger{}, misuses: map[string]misuse{}}
	l.doc = wire.Live{Hall: cfg.Hall, Windows: map[string]wire.LiveWindow{}, Devices: map[string]wire.LiveDevice{}, Alarms: map[string]wire.Alarm{},
		Services: map[string]wire.LiveService{}, Calls: map[string]wire.LiveCall{}, Notices: map[string]wire.LiveNotice{},
		Hub: wire.LiveHub{Version: cfg.Version, Demo: cfg.Demo, StartedAt: cfg.Started, Writable: true}}
	l.update(func() {
		l.today()
		l.cover()
		l.line()
		l.rate()
		l.late()
		l.cases()
		l.assessment()
		l.everything()
	})
	return l
}

// SetSink says where patches go; before it they go nowhere.
func (l *Live) SetSink(s Sink) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sink = s
}

// Snapshot calls use once with the whole document as JSON; no patch comes
// between. use keeps nothing of it.
func (l *Live) Snapshot(use func(data []byte)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cached == nil {
		l.cached, _ = json.Marshal(l.doc) // plain data: it cannot fail
	}
	use(l.cached)
}

// Online tells whether a device is heard.
func (l *Live) Online(agent string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.status[agent].status.State == wire.DeviceOnline
}

// Outboxes gives what devices last said of their outboxes, by device.
func (l *Live) Outboxes() map[string]wire.OutboxStatus {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string]wire.OutboxStatus{}
	for id, h := range l.status {
		if h.status.Outbox != nil {
			out[id] = *h.status.Outbox
		}
	}
	return out
}

// Alarms gives the alarms that stand, by id.
func (l *Live) Alarms() map[string]wire.Alarm {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.doc.Alarms)
}

// Devices gives the devices as they are heard, by id.
func (l *Live) Devices() map[string]wire.LiveDevice {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.doc.Devices)
}

// Services gives the services with their lines, by id.
func (l *Live) Services() map[string]wire.LiveService {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.doc.Services)
}

// update changes the document while the facts hold still, and publishes what changed.
func (l *Live) update(change func()) { l.read(func() { l.updateStill(change) }) }

func (l *Live) updateStill(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
	patch := l.changed.patch(&l.doc)
	if patch == nil {
		return
	}
	l.cached = nil
	if l.sink != nil {
		l.sink.Publish(patch)
	}
}

// Apply shows a batch that the facts have folded, up to position. The caller
// holds the facts still.
func (l *Live) Apply(position wire.Position) {
	l.updateStill(func() {
		c := &l.facts.changed
		for id := range c.devices {
			l.device(id)
			l.window(l.facts.Roster.WindowOf(id))
		}
		for id := range c.windows {
			l.window(id)
		}
		if c.people {
			l.cover()
		}
		if c.line {
			l.line()
		}
		if c.line || c.ratings {
			l.rate()
		}
		for id := range c.incidents {
			l.incident(id)
		}
		if c.letters {
			l.deadLetters()
		}
		c.reset()
		l.hub(func(h *wire.LiveHub) { h.Position = position })
	})
}

// DeviceStatus shows what a device says of itself, or what its will says.
func (l *Live) DeviceStatus(agent string, s wire.Status, at time.Time) {
	l.update(func() {
		before, known := l.status[agent]
		h := heard{status: s, at: at}
		// The first status after a silence may be a retained one, as old as it likes.
		if fresh := known && before.status.State == wire.DeviceOnline && before.status.Boot == s.Boot; s.State == wire.DeviceOnline && !s.At.IsZero() {
			if skew := s.At.Sub(at); fresh || skew > 0 {
				h.skew = skew
			}
		}
		l.status[agent] = h
		l.device(agent)
		l.window(l.facts.Roster.WindowOf(agent))
	})
}

// SetWritable shows whether the hub can store; reason says why not.
func (l *Live) SetWritable(ok bool, reason string) {
	l.update(func() {
		l.hub(func(h *wire.LiveHub) { h.Writable = ok })
		l.alarm(!ok, wire.AlarmNotWritable, wire.SeverityAlarm, "", l.now, reason, nil)
	})
}

// SetBroker shows whether devices can reach the hub; reason says why not. What
// was heard of devices before they could not is no longer true of them.
func (l *Live) SetBroker(ok bool, reason string) {
	l.update(func() {
		l.alarm(!ok, wire.AlarmBrokerLost, wire.SeverityAlarm, "", l.now, reason, nil)
		if ok || l.lost {
			l.lost = !ok
			return
		}
		l.lost = true
		for id, h := range l.status {
			h.status.State = wire.DeviceOffline
			l.status[id] = h
			l.device(id)
			l.window(l.facts.Roster.WindowOf(id))
		}
	})
}

// Refused shows a device that asked to connect and names another hall.
func (l *Live) Refused(device, hall string, at time.Time) {
	l.update(func() {
		id := device + "@" + hall // its name may be that of one of ours
		if _, known := l.strangers[id]; known || len(l.strangers) < maxStrangers {
			l.strangers[id] = stranger{device, hall, at}
		}
		l.strangersAlarms()
	})
}

// Misused shows a device that tried what is not its own, or whoever has its certificate.
func (l *Live) Misused(device, what, detail string, at time.Time) {
	l.update(func() {
		if _, known := l.misuses[device]; known || len(l.misuses) < maxStrangers {
			l.misuses[device] = misuse{what, detail, at}
		}
		l.misusesAlarms()
	})
}

// SetDeadLetters tells how many dead letters there are in all.
func (l *Live) SetDeadLetters(n int) {
	l.update(func() {
		l.letters = n
		l.deadLetters()
	})
}

// Tick lets time pass: the day changes, and what was only late becomes an alarm.
func (l *Live) Tick(now time.Time) {
	l.update(func() {
		l.now = now
		l.today()
		l.cover()
		l.line()
		l.rate()
		l.late()
		l.cases()
		l.assessment()
		l.everything()
	})
}

// today says which day it is; the calendar of a day may change on that day.
func (l *Live) today() {
	next := l.doc.Hall
	d := hall.DateOf(l.now, l.cfg.Zone)
	next.Day = string(d)
	if l.cfg.Calendar != nil {
		kind, name := l.cfg.Calendar(d)
		next.DayKind, next.DayName = string(kind), name
	}
	if next != l.doc.Hall {
		l.doc.Hall = next
		l.changed.hall = true
	}
}

func (l *Live) everything() {
	for id := range l.facts.Roster.Devices {
		l.device(id)
	}
	for id := range l.status {
		l.device(id)
	}
	for id := range l.facts.Roster.Windows {
		l.window(id)
	}
	for id := range l.facts.Incidents {
		l.incident(id)
	}
	l.deadLetters()
	l.strangersAlarms()
	l.misusesAlarms()
	l.httpsAlarms()
	l.machine()
}
