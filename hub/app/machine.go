package app

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"hallkeeper/hub/live"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/upkeep"
)

const (
	// machineEvery is how often the machine is looked at, folderEvery how often its data folder is measured.
	machineEvery = 10 * time.Second
	folderEvery  = time.Hour
	// logCheckAfter is when the log's sealed months are read again after a start, logCheckEvery how often then.
	logCheckAfter = 10 * time.Minute
	logCheckEvery = 24 * time.Hour
)

// diskFile holds samples of the disk. It is no truth of the hall: without it the forecast begins anew.
func diskFile(data string) string { return filepath.Join(data, "disk.json") }

// machine is what was last seen of the hub's machine.
type machine struct {
	began time.Time // by the clock that nobody sets

	mu     sync.Mutex
	disk   upkeep.Disk
	now    upkeep.Forecast
	level  upkeep.Level
	clock  upkeep.Clock
	backup upkeep.Backup
	// measured is when the data folder was, size what it took and views the views of it.
	measured    time.Time
	size, views int64
	// faults are of the log's sealed months, checked when they were looked for; zero before that.
	faults   []string
	checked  time.Time
	logBegan time.Time // zero while the log is empty
}

// machineSeen is a copy of what is known, for those who show it.
type machineSeen struct {
	disk    upkeep.Forecast
	level   upkeep.Level
	clock   upkeep.Clock
	backup  upkeep.Backup
	faults  []string
	checked time.Time
	samples []upkeep.Sample
}

func (m *machine) seen() machineSeen {
	m.mu.Lock()
	defer m.mu.Unlock()
	return machineSeen{m.now, m.level, m.clock, m.backup, m.faults, m.checked, m.disk.Samples}
}

// machineNow is the machine as the live view shows it.
func (a *App) machineNow() live.Machine {
	s := a.machine.seen()
	out := live.Machine{Disk: s.disk, DiskLevel: s.level, LastBackup: s.backup.Last, Step: s.clock.Last, Faults: s.faults}
	out.Clock, out.ClockSince = s.clock.Wrong()
	out.Rival = a.rivalNow()
	out.Backup, out.BackupPlace, out.BackupSince = s.backup.Wrong(a.cfg.Now())
	if out.BackupPlaces = len(s.backup.Places); out.BackupPlace > 0 {
		out.LastBackup = s.backup.Places[out.BackupPlace-1].Last
	}
	return out
}

// openMachine reads the samples of before.
func (a *App) openMachine() {
	a.machine.began = time.Now()
	b, err := os.ReadFile(diskFile(a.cfg.Data))
	if err == nil {
		err = json.Unmarshal(b, &a.machine.disk)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		a.logger.Warn("the samples of the disk cannot be read; its forecast begins anew", "error", err)
		a.machine.disk = upkeep.Disk{}
	}
}

// watchMachine looks at the machine until ctx ends.
func (a *App) watchMachine(ctx context.Context) error {
	check := time.Now().Add(logCheckAfter)
	t := time.NewTicker(machineEvery)
	defer t.Stop()
	for {
		a.lookAtMachine()
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		if time.Now().After(check) {
			check = time.Now().Add(logCheckEvery)
			a.checkLog(ctx)
		}
	}
}

// checkLog reads the log's sealed months again.
func (a *App) checkLog(ctx context.Context) {
	faults, err := a.log.CheckSealed(ctx)
	if err != nil {
		return // the hub ends
	}
	for _, f := range faults {
		a.logger.Error("the log is damaged: restore the file from a backup", "fault", f)
	}
	a.machine.mu.Lock()
	defer a.machine.mu.Unlock()
	a.machine.faults, a.machine.checked = faults, a.cfg.Now()
}

func (a *App) lookAtMachine() {
	m := &a.machine
	backup := a.backups()
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	var x unix.Timex
	state, err := unix.Adjtimex(&x)
	offset := time.Duration(x.Offset) * time.Microsecond
	if x.Status&unix.STA_NANO != 0 {
		offset = time.Duration(x.Offset)
	}
	m.clock.Look(now, now.Sub(m.began), err == nil && state != unix.TIME_ERROR, offset)
	m.backup = backup
	if now.Sub(m.measured).Abs() >= folderEvery {
		m.measured, m.size = now, folderSize(a.cfg.Data)
		m.views = folderSize(ViewsFile(a.cfg.Data))
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(a.cfg.Data, &fs); err != nil {
		return // what was known stays; the log says by itself that it cannot store
	}
	block := int64(fs.Bsize)
	s := upkeep.Sample{At: now.Round(0).UTC(), Size: int64(fs.Blocks) * block, Free: int64(fs.Bavail) * block, Data: m.size, Log: a.log.Stats().Bytes, Views: m.views}
	for _, p := range a.saved() {
		if p.here {
			s.Backups += p.size
		}
	}
	if m.disk.Add(s) {
		a.keepSamples()
	}
	m.now = m.disk.Forecast(s)
	m.level = m.now.Level(m.level)
}

// synchronised tells whether the kernel knows that its clock is right.
func synchronised() bool {
	var x unix.Timex
	state, err := unix.Adjtimex(&x)
	return err == nil && state != unix.TIME_ERROR
}

// keepSamples writes the samples; the caller holds mu. A full disk loses them, which the forecast then needs least.
func (a *App) keepSamples() {
	b, err := json.Marshal(a.machine.disk)
	if err == nil {
		tmp := diskFile(a.cfg.Data) + ".new"
		if err = os.WriteFile(tmp, b, 0o600); err == nil {
			err = os.Rename(tmp, diskFile(a.cfg.Data))
		}
	}
	if err != nil {
		a.logger.Debug("the samples of the disk could not be kept", "error", err)
	}
}

// folderSize is what the files of a folder take, or one file, as far as they can be told.
func folderSize(dir string) (n int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // what cannot be read is left out
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			n += info.Size()
		}
		return nil
	})
	return n
}

// backups is what is known of backups: of the hub's own what became of them, of those by hand what the log says. The machine's mu is not held meanwhile: who shows the machine holds the views.
func (a *App) backups() upkeep.Backup {
	b := upkeep.Backup{Began: a.firstRecord(), Every: a.cfg.Backup.Every}
	for _, p := range a.saved() {
		b.Places = append(b.Places, p.Place)
	}
	a.Read(func(v *register.View, _ *roster.State) { b.Last = v.State.Troubles.Backup() })
	return b
}

// firstRecord is when the log began; zero while it is empty. Only lookAtMachine asks.
func (a *App) firstRecord() time.Time {
	m := &a.machine
	if !m.logBegan.IsZero() {
		return m.logBegan
	}
	if first, err := a.log.ReadBatch(0, 1); err == nil && len(first) > 0 {
		m.logBegan = first[0].StoredAt
	}
	return m.logBegan
}
