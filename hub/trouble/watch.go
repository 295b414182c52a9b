package trouble

import (
	"maps"
	"slices"
	"time"

	"hallkeeper/wire"
)

// Patience is how long an alarm of a kind must stand before it is a trouble, and be gone before that is over.
type Patience struct {
	Raise, Clear time.Duration
	// Urgent troubles are told in quiet hours too.
	Urgent bool
}

// Kinds are the alarms that are troubles of the machines; what the other alarms ask for is the work of the hall itself and
// stands on the console only.
func Kinds() map[wire.AlarmKind]Patience {
	const s, m, h = time.Second, time.Minute, time.Hour
	return map[wire.AlarmKind]Patience{
		wire.AlarmCutOff:      {2 * m, 5 * m, false}, // a restart of the window's computer takes less
		wire.AlarmOutboxOld:   {10 * m, 10 * m, false},
		wire.AlarmOutboxFull:  {0, 10 * m, true},
		wire.AlarmOutboxFault: {m, 10 * m, true},
		wire.AlarmOutboxGap:   {0, m, true},
		wire.AlarmTwice:       {0, m, false},
		wire.AlarmMisused:     {0, h, true},
		wire.AlarmExpiring:    {10 * m, 10 * m, false},
		wire.AlarmClock:       {15 * m, 15 * m, false},
		wire.AlarmInput:       {2 * m, 10 * m, false},
		wire.AlarmPrinter:     {5 * m, 5 * m, false},
		wire.AlarmDeadLetters: {5 * m, 5 * m, false},
		wire.AlarmNotWritable: {10 * s, 5 * m, true},
		wire.AlarmLogRepaired: {0, m, true},
		wire.AlarmLogDamaged:  {0, m, true},
		wire.AlarmBrokerLost:  {m, 5 * m, true},
		wire.AlarmHTTPSSoon:   {10 * m, 10 * m, false},
		wire.AlarmHTTPSNear:   {10 * m, 10 * m, false},
		wire.AlarmDisk:        {10 * m, h, false},
		wire.AlarmHubClock:    {m, 10 * m, false},
		wire.AlarmRival:       {0, 5 * m, true},
		wire.AlarmBackup:      {10 * m, m, false},
	}
}

// longest bounds how long one that comes and goes must be gone before it is over.
const longest = 4 * time.Hour

// calm is how long an alarm that became a trouble so often lately must be gone: twice as long each time.
func calm(p Patience, times int) time.Duration {
	return min(max(p.Clear, time.Minute)<<min(max(times-1, 0), 8), longest)
}

// Watch waits for alarms to stand and to be gone. The zero value has seen none. It is of one run of the hub: what was raised is in
// the State, so that a restart raises nothing twice.
type Watch struct {
	on  map[string]time.Time // alarms that stand and are no trouble yet, since when
	off map[string]time.Time // troubles whose alarm is gone, since when
}

// Look takes in the alarms that stand now, and gives what has become of them; changed is false where nothing has.
func (w *Watch) Look(now time.Time, alarms map[string]wire.Alarm, s *State) (n Note, changed bool) {
	if w.on == nil {
		w.on, w.off = map[string]time.Time{}, map[string]time.Time{}
	}
	kinds := Kinds()
	for _, id := range slices.Sorted(maps.Keys(alarms)) {
		a := alarms[id]
		p, ours := kinds[a.Kind]
		if !ours {
			continue
		}
		delete(w.off, id)
		t, open := s.Open(id)
		worse := open && a.Severity == wire.SeverityAlarm && t.Severity == wire.SeverityNotice
		if open && !worse {
			delete(w.on, id)
			continue
		}
		since, seen := w.on[id]
		if !seen || since.After(now) { // the clock was put back
			since, w.on[id] = now, now
		}
		if now.Sub(since) < p.Raise {
			continue
		}
		delete(w.on, id)
		if worse { // from a notice to an alarm: it is told anew
			n.Cleared = append(n.Cleared, Cleared{id, now})
		}
		n.Raised = append(n.Raised, a)
	}
	for id := range w.on {
		if _, there := alarms[id]; !there {
			delete(w.on, id)
		}
	}
	for id, trouble := range s.open.All() {
		if _, there := alarms[id]; there {
			continue
		}
		since, seen := w.off[id]
		if !seen || since.After(now) {
			since, w.off[id] = now, now
		}
		t, _ := s.Troubles.Get(trouble)
		if now.Sub(since) >= calm(kinds[t.Kind], t.Times) {
			n.Cleared = append(n.Cleared, Cleared{id, since})
			delete(w.off, id)
		}
	}
	return n, len(n.Raised)+len(n.Cleared) > 0
}
