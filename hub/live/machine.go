package live

import (
	"strconv"
	"time"

	"hallkeeper/hub/upkeep"
	"hallkeeper/wire"
)

// Machine is how the hub's machine is.
type Machine struct {
	Disk      upkeep.Forecast
	DiskLevel upkeep.Level
	// Clock is what is wrong with the clock, empty where nothing is; ClockSince since when, Step by how much it jumped last.
	Clock      string
	ClockSince time.Time
	Step       time.Duration
	// Backup is what is wrong with backups, empty where nothing is; BackupSince since when, LastBackup when the last one was made.
	Backup      string
	BackupSince time.Time
	LastBackup  time.Time
	// BackupPlace is the number of the place that it is about, 0 where backups are made by hand; BackupPlaces how many there are.
	// Screens that anybody sees show what is here: it names no folder and no server.
	BackupPlace, BackupPlaces int
	// Rival is another hub of this hall that was heard lately.
	Rival Rival
	// Faults are what was found in the log's sealed months.
	Faults []string
}

// Rival is another hub of this hall. Kind is empty where there is none; newer, same or older says how its data is beside this one's.
type Rival struct {
	Kind    string
	Address string
	Since   time.Time
}

// machine raises the alarms of the hub's machine.
func (l *Live) machine() {
	if l.cfg.Machine == nil {
		return
	}
	m := l.cfg.Machine()
	severity := wire.SeverityNotice
	if m.DiskLevel == upkeep.Now {
		severity = wire.SeverityAlarm
	}
	values := map[string]string{"free": strconv.FormatFloat(float64(m.Disk.Free)/(1<<30), 'f', 1, 64)}
	if m.Disk.Days != nil {
		values["days"] = strconv.Itoa(int(*m.Disk.Days))
	}
	if m.Disk.PerDay != nil {
		values["growth"] = strconv.Itoa(int(*m.Disk.PerDay / (1 << 20)))
	}
	l.alarm(m.DiskLevel > upkeep.Fine, wire.AlarmDisk, severity, "", l.now, "", values)
	l.alarm(m.Clock != "", wire.AlarmHubClock, wire.SeverityAlarm, "", m.ClockSince, m.Clock, map[string]string{"seconds": strconv.Itoa(int(m.Step.Seconds()))})
	l.alarm(m.Rival.Kind != "", wire.AlarmRival, wire.SeverityAlarm, "", m.Rival.Since, m.Rival.Kind, map[string]string{"address": m.Rival.Address})
	values = map[string]string{}
	if !m.LastBackup.IsZero() {
		age := l.now.Sub(m.LastBackup)
		values["days"], values["hours"] = strconv.Itoa(int(age.Hours()/24)), strconv.Itoa(int(age.Hours()))
	}
	if m.BackupPlaces > 1 {
		values["place"] = strconv.Itoa(m.BackupPlace)
	}
	l.alarm(m.Backup != "", wire.AlarmBackup, wire.SeverityAlarm, "", m.BackupSince, m.Backup, values)
	detail := ""
	if len(m.Faults) > 0 {
		detail = m.Faults[0]
	}
	l.alarm(detail != "", wire.AlarmLogDamaged, wire.SeverityAlarm, "", l.now, detail, map[string]string{"count": strconv.Itoa(len(m.Faults))})
}
