package live

import (
	"strconv"
	"strings"

	"hallkeeper/wire"
)

// Assessment is what of the assessment needs somebody.
type Assessment struct {
	// Lost are copies to departments that were given up, Overdue reports and tasks.
	Lost, Overdue int
	// Policy is why today cannot be assessed: policy_missing or policy_lapsed; empty where it can.
	Policy string
	// Differing are published periods that would come out differently now, Uncomputed months that are over and wait.
	Differing, Uncomputed []string
}

// assessment raises the alarms of the assessment.
func (l *Live) assessment() {
	if l.cfg.Assessment == nil {
		return
	}
	x := l.cfg.Assessment()
	say := func(n int, kind wire.AlarmKind, severity wire.Severity, detail string, periods []string) {
		var values map[string]string
		if detail == "" {
			values = map[string]string{"count": strconv.Itoa(n)}
		}
		if len(periods) > 0 {
			values["periods"] = strings.Join(periods, ", ")
		}
		l.alarm(n > 0, kind, severity, "", l.now, detail, values)
	}
	say(x.Lost, wire.AlarmCopies, wire.SeverityAlarm, "", nil)
	say(x.Overdue, wire.AlarmDuties, wire.SeverityNotice, "", nil)
	say(len(x.Policy), wire.AlarmPolicy, wire.SeverityAlarm, x.Policy, nil)
	say(len(x.Differing), wire.AlarmRevision, wire.SeverityNotice, "", x.Differing)
	say(len(x.Uncomputed), wire.AlarmUncomputed, wire.SeverityNotice, "", x.Uncomputed)
}
