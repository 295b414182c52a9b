package live

import (
	"slices"
	"testing"
	"time"

	"hallkeeper/hub/upkeep"
	"hallkeeper/wire"
)

func TestAlarmsOfTheMachine(t *testing.T) {
	s := newScene().furnished()
	var now Machine
	s.live.cfg.Machine = func() Machine { return now }
	kinds := []wire.AlarmKind{wire.AlarmDisk, wire.AlarmHubClock, wire.AlarmBackup, wire.AlarmLogDamaged, wire.AlarmRival}
	look := func(what string, want ...string) {
		t.Helper()
		s.later(time.Second)
		got := []string{}
		all := s.hall().Alarms
		for _, id := range sortedKeys(all) {
			if a := all[id]; slices.Contains(kinds, a.Kind) {
				got = append(got, id+" "+string(a.Severity)+" "+a.Detail+" "+a.Values["free"]+a.Values["seconds"]+a.Values["count"]+a.Values["address"]+" "+a.Values["days"]+" "+a.Values["growth"]+a.Values["place"])
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: the alarms are %q, not %q", what, got, want)
		}
	}
	look("all is well")
	days, per := 12.7, float64(300<<20)
	now = Machine{Disk: upkeep.Forecast{Sample: upkeep.Sample{Size: 100 << 30, Free: 3 << 30}, Days: &days, PerDay: &per}, DiskLevel: upkeep.Soon}
	look("the disk fills", "disk_filling notice  3.0 12 300")
	now = Machine{Disk: upkeep.Forecast{Sample: upkeep.Sample{Size: 100 << 30, Free: 1 << 29}}, DiskLevel: upkeep.Now}
	look("it is nearly full, and nobody knows how fast it fills", "disk_filling alarm  0.5  ")
	now = Machine{Clock: upkeep.Stepped, ClockSince: s.now, Step: -time.Hour, Backup: upkeep.OldBackup, LastBackup: s.now.Add(-9 * 24 * time.Hour), Faults: []string{"a", "b"}}
	look("clock, backup and log", "backup_old alarm old  9 ", "hub_clock alarm stepped -3600  ", "log_damaged alarm a 2  ")
	now = Machine{Backup: upkeep.NoBackup}
	look("there never was a backup", "backup_old alarm never   ")
	now = Machine{Backup: upkeep.OldBackup, LastBackup: s.now.Add(-5 * time.Hour), BackupPlace: 2, BackupPlaces: 2}
	look("the second place is behind", "backup_old alarm old  0 2")
	now.BackupPlace, now.BackupPlaces = 1, 1
	look("the only place is behind", "backup_old alarm old  0 ")
	now = Machine{Rival: Rival{Kind: "older", Address: "192.168.1.20", Since: s.now}}
	look("another hub is there", "hub_rival alarm older 192.168.1.20  ")
	now = Machine{}
	look("all is well again")
}
