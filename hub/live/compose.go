package live

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"hallkeeper/wire"
)

func (l *Live) hub(change func(*wire.LiveHub)) {
	before := l.doc.Hub
	if change(&l.doc.Hub); before != l.doc.Hub {
		if l.changed.hub == nil {
			l.changed.hub = &before
		}
	}
}

func (l *Live) device(id string) {
	known, ok := l.facts.Roster.Devices[id]
	h, isHeard := l.status[id]
	if !ok && !isHeard {
		return
	}
	d := wire.LiveDevice{ID: id, Assignment: wire.DeviceUnassigned, State: wire.DeviceOffline, Heard: isHeard}
	if ok {
		d.Assignment, d.Window, d.Version, d.Boot = known.Assignment, known.Window, known.Version, known.Boot
		d.StoredSeq, d.Outboxes = known.Outboxes[known.Outbox], len(known.Outboxes)
	}
	if isHeard {
		s, at := h.status, h.at
		d.State, d.Clock, d.Outbox, d.Inputs = s.State, s.Clock, s.Outbox, s.Inputs
		d.Printer = l.facts.Printers[id]
		if s.Version != "" {
			d.Version = s.Version
		}
		if s.Boot != "" {
			d.Boot = s.Boot
		}
		d.SeenAt, d.ClockSkewMS = &at, h.skew.Milliseconds()
	} else if seen, ok := l.facts.Seen[id]; ok {
		at := seen.At
		d.SeenAt = &at
	}
	if l.cfg.Certificate != nil {
		d.Certificate = l.cfg.Certificate(id, l.now)
	}
	enter(l.doc.Devices, &l.changed.devices, id, d)
	l.deviceAlarms(&d)
	l.certificateAlarm(&d)
}

func (l *Live) deviceAlarms(d *wire.LiveDevice) {
	ours := d.Assignment == wire.DeviceAtWindow
	off := d.State != wire.DeviceOnline
	l.alarm(d.Assignment == wire.DeviceUnassigned, wire.AlarmUnassigned, wire.SeverityNotice, d.ID, l.now, "", nil)
	l.alarm(ours && off && (d.Heard || l.settled()), wire.AlarmCutOff, wire.SeverityAlarm, d.ID, l.lastWord(d), "", nil)
	online := ours && !off
	old := online && d.Outbox != nil && d.Outbox.Oldest != nil && l.now.Sub(*d.Outbox.Oldest) > oldOutbox
	since, values := l.now, map[string]string(nil)
	if old {
		since, values = *d.Outbox.Oldest, map[string]string{"pending": strconv.Itoa(d.Outbox.Pending)}
	}
	l.alarm(old, wire.AlarmOutboxOld, wire.SeverityAlarm, d.ID, since, "", values)
	fault := ""
	if online && d.Outbox != nil {
		fault = d.Outbox.Fault
	}
	l.alarm(fault != "", wire.AlarmOutboxFault, wire.SeverityAlarm, d.ID, l.now, fault, nil)
	skew := time.Duration(d.ClockSkewMS) * time.Millisecond
	l.alarm(online && (d.Clock == wire.ClockUnsynced || skew.Abs() > clockSkew), wire.AlarmClock, wire.SeverityNotice, d.ID, l.now, "", nil)
	for _, name := range l.inputs(d) {
		in, ok := d.Inputs[name]
		l.alarm(ours && ok && !in.OK, wire.AlarmInput, wire.SeverityAlarm, d.ID+"/"+name, l.now, in.Fault, nil)
	}
}

// strangerFor is how long a device that was refused is shown after its last try;
// maxStrangers bounds how many are.
const (
	strangerFor  = time.Minute
	maxStrangers = 20
)

// stranger is a device that names another hall.
type stranger struct {
	device, hall string
	at           time.Time
}

func (l *Live) strangersAlarms() {
	for id, s := range l.strangers {
		on := l.now.Sub(s.at) < strangerFor
		l.alarm(on, wire.AlarmRefused, wire.SeverityNotice, id, s.at, "", map[string]string{"device": s.device, "hall": s.hall})
		if !on {
			delete(l.strangers, id)
		}
	}
}

// misusedFor is how long a device that tried what is not its own is shown after its last try.
const misusedFor = 10 * time.Minute

// misuse is what a device tried.
type misuse struct {
	what, detail string
	at           time.Time
}

func (l *Live) misusesAlarms() {
	for device, m := range l.misuses {
		on := l.now.Sub(m.at) < misusedFor
		l.alarm(on, wire.AlarmMisused, wire.SeverityAlarm, device, m.at, "", map[string]string{"device": device, "what": m.what, "detail": m.detail})
		if !on {
			delete(l.misuses, device)
		}
	}
}

// certificateAlarm asks for a look at a device of the hall whose certificate ends and was not renewed.
func (l *Live) certificateAlarm(d *wire.LiveDevice) {
	c := d.Certificate
	on := c != nil && c.State != "live" && (d.Assignment == wire.DeviceAtWindow || c.State == "expiring")
	var values map[string]string
	detail := ""
	if on {
		detail, values = c.State, map[string]string{"device": d.ID, "until": c.Until.In(l.cfg.Zone).Format(time.DateOnly)}
	}
	l.alarm(on, wire.AlarmExpiring, wire.SeverityNotice, d.ID, l.now, detail, values)
}

// httpsAlarms asks for another certificate where the given one ends, twice: the second time it is urgent.
func (l *Live) httpsAlarms() {
	if l.cfg.HTTPS == nil {
		return
	}
	ends, within := l.cfg.HTTPS(l.now)
	values := map[string]string{"until": ends.In(l.cfg.Zone).Format(time.DateOnly)}
	l.alarm(within == 30, wire.AlarmHTTPSSoon, wire.SeverityNotice, "", l.now, "", values)
	l.alarm(within == 14, wire.AlarmHTTPSNear, wire.SeverityAlarm, "", l.now, "", values)
}

// inputs are those that a device reports, and those that have an alarm of before.
func (l *Live) inputs(d *wire.LiveDevice) []string {
	names := slices.Collect(maps.Keys(d.Inputs))
	prefix := string(wire.AlarmInput) + "/" + d.ID + "/"
	for id := range l.doc.Alarms {
		if name, ok := strings.CutPrefix(id, prefix); ok {
			if _, there := d.Inputs[name]; !there {
				names = append(names, name)
			}
		}
	}
	return names
}

// settled is true once every device had the time to be heard after the hub's start.
func (l *Live) settled() bool { return l.now.Sub(l.cfg.Started) >= grace }

func (l *Live) lastWord(d *wire.LiveDevice) time.Time {
	if d.SeenAt != nil {
		return *d.SeenAt
	}
	return l.cfg.Started
}

func (l *Live) window(id string) {
	if id == "" {
		return
	}
	w, ok := l.facts.Roster.Windows[id]
	if !ok {
		remove(l.doc.Windows, &l.changed.windows, id)
		return
	}
	day := l.doc.Hall.Day
	v := wire.LiveWindow{ID: id, Number: w.Number, Name: w.Name, Department: w.Department, Direction: w.Direction, State: wire.WindowNoDevice,
		Agent: l.facts.Roster.DeviceAt(id)}
	l.staffing(&v)
	l.counter(&v)
	l.rating(&v)
	if d := l.facts.Days[day+"/"+id]; d != nil {
		v.Today = wire.LiveDay{Swipes: d.Swipes, Calls: d.Calls}
		for _, n := range d.Ratings {
			v.Today.Ratings += n
		}
	}
	if v.Agent != "" {
		if seen, ok := l.facts.Seen[v.Agent]; ok {
			at := seen.At
			v.LastEventAt, v.LastEventKind = &at, seen.Kind
		}
		d := l.doc.Devices[v.Agent]
		switch {
		case d.State != wire.DeviceOnline: // also one that was not heard yet: what is known of it is old
			at := l.lastWord(&d)
			v.State, v.CutOffSince = wire.WindowCutOff, &at
		case v.Staffed:
			v.State = wire.WindowOpen
		default:
			v.State = wire.WindowUnstaffed
		}
	}
	enter(l.doc.Windows, &l.changed.windows, id, v)
}

func (l *Live) incident(id string) {
	i, ok := l.facts.Incidents[id]
	if !ok || l.healed(&i) {
		remove(l.doc.Alarms, &l.changed.alarms, id)
		return
	}
	l.raise(id, wire.Alarm{ID: id, Kind: i.Kind, Severity: i.Severity, Subject: i.Subject, Since: i.Since, Detail: i.Detail, Values: i.Values})
}

// healed tells whether a device has said since an incident that it is over.
func (l *Live) healed(i *Incident) bool {
	agent, input, _ := strings.Cut(i.Subject, "/")
	h, ok := l.status[agent]
	if !ok || h.status.State != wire.DeviceOnline || !h.status.At.After(i.Since) {
		return false
	}
	switch i.Kind {
	case wire.AlarmInput:
		return h.status.Inputs[input].OK
	case wire.AlarmOutboxFull:
		return h.status.Outbox != nil && h.status.Outbox.Pending == 0
	}
	return false
}

func (l *Live) deadLetters() {
	if open := max(0, l.letters-len(l.facts.Dismissed)); open != l.doc.DeadLetters {
		l.doc.DeadLetters = open
		l.changed.letters = true
	}
	l.alarm(l.doc.DeadLetters > 0, wire.AlarmDeadLetters, wire.SeverityAlarm, "", l.now, "", nil)
}

// alarm raises or clears an alarm that follows from the present state; one that
// an incident raised stays until the incident is over.
func (l *Live) alarm(on bool, kind wire.AlarmKind, severity wire.Severity, subject string, since time.Time, detail string, values map[string]string) {
	id := string(kind)
	if subject != "" {
		id += "/" + subject
	}
	if i, incident := l.facts.Incidents[id]; incident && !l.healed(&i) {
		return
	}
	if !on {
		remove(l.doc.Alarms, &l.changed.alarms, id)
		return
	}
	if old, ok := l.doc.Alarms[id]; ok {
		since = old.Since
	}
	l.raise(id, wire.Alarm{ID: id, Kind: kind, Severity: severity, Subject: subject, Since: since, Detail: detail, Values: values})
}

func (l *Live) raise(id string, a wire.Alarm) {
	agent, _, _ := strings.Cut(a.Subject, "/")
	if a.Window = l.facts.Roster.WindowOf(agent); a.Window == "" {
		a.Window = a.Values["window"]
	}
	enter(l.doc.Alarms, &l.changed.alarms, id, a)
}

// enter puts an entry into a part of the document and notes what it was before.
func enter[V any](part map[string]V, before *map[string]*V, id string, v V) {
	old, ok := part[id]
	if ok && reflect.DeepEqual(old, v) {
		return
	}
	note(before, id, old, ok)
	part[id] = v
}

func remove[V any](part map[string]V, before *map[string]*V, id string) {
	if old, ok := part[id]; ok {
		note(before, id, old, true)
		delete(part, id)
	}
}

func note[V any](before *map[string]*V, id string, old V, was bool) {
	if _, noted := (*before)[id]; noted {
		return
	}
	if *before == nil {
		*before = map[string]*V{}
	}
	(*before)[id] = nil
	if was {
		(*before)[id] = &old
	}
}
