package live

import (
	"strconv"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// cover looks anew who is where, and raises what a supervisor must know of it.
func (l *Live) cover() {
	if l.cfg.People == nil {
		return
	}
	before := l.people
	l.people = l.cfg.People(l.now)
	for id := range l.facts.Roster.Windows {
		l.window(id)
		x := l.people.Windows[id]
		since := x.Since.Add(x.Grace)
		l.alarm(x.Cover == wire.CoverEmpty, wire.AlarmWindowEmpty, wire.SeverityAlarm, id, since, "", map[string]string{"window": id})
	}
	suspected := map[string]bool{}
	for _, s := range l.people.Suspects {
		suspected[s.ID] = true
		l.alarm(true, wire.AlarmSwap, wire.SeverityAlarm, s.ID, l.now, "", map[string]string{"window": s.Window,
			"number": l.facts.Roster.Windows[s.Window].Number, "why": string(s.Why), "at": s.At})
	}
	for _, s := range before.Suspects {
		if !suspected[s.ID] {
			l.alarm(false, wire.AlarmSwap, wire.SeverityAlarm, s.ID, l.now, "", nil)
		}
	}
	n := l.people
	l.alarm(n.Uncertain > 0, wire.AlarmUncertain, wire.SeverityNotice, "", l.now, "", map[string]string{"count": strconv.Itoa(n.Uncertain)})
	l.alarm(n.Waiting > 0, wire.AlarmWaiting, wire.SeverityNotice, "", n.WaitingSince, "", map[string]string{"count": strconv.Itoa(n.Waiting)})
	l.alarm(n.Overdue > 0, wire.AlarmReplacement, wire.SeverityAlarm, "", n.OverdueSince, "", map[string]string{"count": strconv.Itoa(n.Overdue)})
	l.alarm(n.Provisional, wire.AlarmCalendar, wire.SeverityAlarm, l.doc.Hall.Day[:4], l.now, "", nil)
}

// staffing says who serves a window. One without a post or a shift is staffed
// while any card is in: that is all that is known of it.
func (l *Live) staffing(v *wire.LiveWindow) {
	x, planned := l.people.Windows[v.ID]
	if !planned {
		v.Cover, v.Staffed = wire.CoverUnknown, l.facts.Presence.Staffed(v.ID, hall.Date(l.doc.Hall.Day))
		return
	}
	v.Cover = x.Cover
	v.Staffed = x.Cover == wire.CoverStaffed || x.Cover == wire.CoverCovered
	if x.Cover == wire.CoverAway || x.Cover == wire.CoverEmpty {
		v.CoverSince = &x.Since
	}
}
