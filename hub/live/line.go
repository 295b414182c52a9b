package live

import (
	"strconv"
	"time"

	"hallkeeper/hub/queue"
	"hallkeeper/wire"
)

// line shows the line anew, and raises what a supervisor must know of it.
func (l *Live) line() {
	if l.cfg.Line == nil {
		return
	}
	now := l.cfg.Line(l.now)
	replace(l.doc.Services, &l.changed.services, now.Services)
	replace(l.doc.Calls, &l.changed.calls, now.Calls)
	replace(l.doc.Notices, &l.changed.notices, now.Notices)
	before := l.queue
	l.queue = now
	for id := range l.facts.Roster.Windows {
		if t, was := before.Tickets[id]; before.Counters[id] != now.Counters[id] || t != now.Tickets[id] || was != has(now.Tickets, id) {
			l.window(id)
		}
		l.slow(id)
	}
	for id := range before.Services {
		if _, ok := now.Services[id]; !ok {
			l.waits(&wire.LiveService{ID: id})
		}
	}
	for _, v := range now.Services {
		l.waits(&v)
	}
}

// waits raises the alarms of a service: somebody waits beyond its norm, or for nobody.
func (l *Live) waits(v *wire.LiveService) {
	var since time.Time
	if v.Since != nil {
		since = *v.Since
	}
	norm := time.Duration(v.WaitMax) * time.Minute
	waited := l.now.Sub(since)
	l.alarm(v.Waiting > 0 && norm > 0 && waited > norm, wire.AlarmWait, wire.SeverityAlarm, v.ID, since.Add(norm), "",
		map[string]string{"service": v.Name, "count": strconv.Itoa(v.Waiting), "minutes": minutes(waited), "norm": strconv.Itoa(v.WaitMax)})
	l.alarm(v.Waiting > 0 && v.Open == 0, wire.AlarmUnserved, wire.SeverityAlarm, v.ID, l.now, "",
		map[string]string{"service": v.Name, "count": strconv.Itoa(v.Waiting)})
}

// slow raises the alarm of a window that serves somebody beyond the service's norm.
func (l *Live) slow(window string) {
	t, ok := l.queue.Tickets[window]
	service := l.queue.Services[t.Service]
	norm := time.Duration(service.ServiceMax) * time.Minute
	served := l.now.Sub(t.Since)
	on := ok && t.Stage == string(queue.Serving) && norm > 0 && served > norm
	l.alarm(on, wire.AlarmService, wire.SeverityNotice, window, t.Since.Add(norm), "", map[string]string{"window": window,
		"number": l.facts.Roster.Windows[window].Number, "ticket": t.Number, "minutes": minutes(served), "norm": strconv.Itoa(service.ServiceMax)})
}

func minutes(d time.Duration) string { return strconv.Itoa(int(d / time.Minute)) }

// counter says what the line knows of a window.
func (l *Live) counter(v *wire.LiveWindow) {
	v.Counter = queue.StateOpen
	if s := l.queue.Counters[v.ID]; s != "" {
		v.Counter = s
	}
	if t, ok := l.queue.Tickets[v.ID]; ok {
		v.Ticket = &t
	}
}

// replace puts all entries of now in place of those of a part.
func replace[V any](part map[string]V, before *map[string]*V, now map[string]V) {
	for id := range part {
		if !has(now, id) {
			remove(part, before, id)
		}
	}
	for id, v := range now {
		enter(part, before, id, v)
	}
}

func has[V any](m map[string]V, id string) bool {
	_, ok := m[id]
	return ok
}

// late raises the alarm of matters past a limit. Limits pass with the day, so it is looked at with the clock.
func (l *Live) late() {
	if l.cfg.Late == nil {
		return
	}
	n := l.cfg.Late(l.now)
	l.alarm(n > 0, wire.AlarmMatters, wire.SeverityAlarm, "", l.now, "", map[string]string{"count": strconv.Itoa(n)})
}

// cases raises the alarms of bad reviews and complaints that must be answered or rectified.
func (l *Live) cases() {
	if l.cfg.Cases == nil {
		return
	}
	soon, late := l.cfg.Cases(l.now)
	l.alarm(soon > 0, wire.AlarmCasesSoon, wire.SeverityNotice, "", l.now, "", map[string]string{"count": strconv.Itoa(soon)})
	l.alarm(late > 0, wire.AlarmCasesLate, wire.SeverityAlarm, "", l.now, "", map[string]string{"count": strconv.Itoa(late)})
}
