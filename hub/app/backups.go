package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"filippo.io/age"
	"github.com/prometheus/client_golang/prometheus"

	"hallkeeper/bilingual"
	"hallkeeper/format"
	"hallkeeper/hub/api"
	"hallkeeper/hub/backup"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/personal"
	"hallkeeper/settings"
	"hallkeeper/wire"
)

// BackupConfig is where the hub backs itself up to by itself; nowhere where To is empty.
type BackupConfig struct {
	// To are folders, each best on a disk of its own, and servers as sftp://user@host/path.
	To []string `yaml:"to"`
	// Recipients are public keys of age; the secret keys belong on no machine of the hall.
	Recipients []string `yaml:"recipients"`
	// Every is the recovery point: a hall that is lost loses at most what came in since.
	Every time.Duration `yaml:"every"`
	// KeepDays is for how long; a backup holds the keys of what is forgotten after it.
	KeepDays int `yaml:"keep_days"`
	// SFTPKey is a file with a private key without a passphrase, SFTPKnownHosts one with the servers' keys as ssh-keyscan writes it.
	SFTPKey        string `yaml:"sftp_key"`
	SFTPKnownHosts string `yaml:"sftp_known_hosts"`
}

// Check tells all that is wrong at once.
func (c *BackupConfig) Check() error {
	if len(c.To) == 0 {
		return nil
	}
	var wrong []error
	say := func(key, zh, en string, args ...any) { wrong = append(wrong, settings.At(key, zh, en, args...)) }
	for _, to := range c.To {
		if backup.OnServer(to) {
			if _, err := backup.CheckSFTP(to); err != nil {
				say("to", "%w", "%w", err)
			}
			if c.SFTPKey == "" || c.SFTPKnownHosts == "" {
				say("sftp_key", "应填 sftp_key 和 sftp_known_hosts，即主机登录用的私钥和服务器的公钥", "expected sftp_key and sftp_known_hosts, the hub's private key and the servers' keys")
			}
		} else if !filepath.IsAbs(to) {
			say("to", "应填文件夹，如 /mnt/backup，或 sftp://用户@主机/路径，写的是 %q", "expected a folder like /mnt/backup or sftp://user@host/path, got %q", to)
		}
	}
	if _, err := backup.Recipients(c.Recipients); err != nil {
		say("recipients", "%w", "%w", err)
	}
	if c.Every < time.Minute || c.Every > 24*time.Hour {
		say("every", "应填 1m 至 24h 的一段时间，如 1h，写的是 %s", "expected a time from 1m to 24h, like 1h, got %s", c.Every)
	}
	if c.KeepDays < 3 || c.KeepDays > 3650 {
		say("keep_days", "应填 3 至 3650 天，如 30，写的是 %d", "expected 3 to 3650 days, like 30, got %d", c.KeepDays)
	}
	return errors.Join(wrong...)
}

func (c *BackupConfig) access() backup.Access {
	return backup.Access{KeyFile: c.SFTPKey, KnownHosts: c.SFTPKnownHosts}
}

// retryBackup is when one that failed is tried again.
const retryBackup = 5 * time.Minute

type backupMetrics struct {
	last     *prometheus.GaugeVec
	failures *prometheus.CounterVec
}

func newBackupMetrics(reg prometheus.Registerer) *backupMetrics {
	m := &backupMetrics{
		last: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Subsystem: "backup", Name: "last_timestamp_seconds",
			Help: "When the last whole backup in a place was made, in seconds since 1970; 0 where there is none."}, []string{"place"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Subsystem: "backup", Name: "failures_total",
			Help: "Backups that failed; each is tried again after five minutes, or at the next time that is set where that is sooner."}, []string{"place"}),
	}
	reg.MustRegister(m.last, m.failures)
	return m
}

// backUp keeps one place up to date until the hub ends.
func (a *App) backUp(ctx context.Context, m *backupMetrics, to string) error {
	m.last.WithLabelValues(to).Set(0)
	m.failures.WithLabelValues(to).Add(0)
	here := sameDisk(to, a.cfg.Data)
	if here {
		a.logger.Warn("backups go to the disk that the data is on: both are lost with it; name another disk in backup.to", "place", to)
	}
	due := time.Duration(0)
	if last, err := a.cfg.lastBackup(ctx, to); err == nil && !last.IsZero() {
		m.last.WithLabelValues(to).Set(float64(last.Unix()))
		due = min(a.cfg.Backup.Every, a.cfg.Backup.Every-a.cfg.Now().Sub(last))
		a.ofPlace(to, func(p *spot) { p.Last = last })
	}
	for {
		size := placeSize(to)
		a.ofPlace(to, func(p *spot) { p.size, p.here, p.next = size, here, a.cfg.Now().Add(max(due, 0)) })
		if due > 0 && !wait(ctx, due) {
			return nil
		}
		a.ofPlace(to, func(p *spot) {
			if p.next = (time.Time{}); p.why == nil {
				p.Making = a.cfg.Now()
			}
		})
		made, err := a.backupInto(ctx, to)
		a.ofPlace(to, func(p *spot) { p.Making = time.Time{} })
		switch {
		case err == nil:
			m.last.WithLabelValues(to).Set(float64(made.Unix()))
			a.ofPlace(to, func(p *spot) { p.Last, p.failed, p.why = made, time.Time{}, nil })
			due = a.cfg.Backup.Every
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the hub stops
		default:
			m.failures.WithLabelValues(to).Inc()
			a.ofPlace(to, func(p *spot) { p.failed, p.why = a.cfg.Now(), err })
			due = min(retryBackup, a.cfg.Backup.Every)
			a.logger.Error("a backup failed; it is tried again, and those before it are kept", "place", to, "again_in", due.String(), "error", err)
		}
	}
}

// backupInto makes one of the hub's own backups, and removes those that are too old.
func (a *App) backupInto(ctx context.Context, to string) (made time.Time, err error) {
	c := &a.cfg.Backup
	defer a.alone(to)()
	place, err := backup.At(ctx, to, c.access())
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	name, m, made, err := a.backupAt(ctx, place, wire.Actor{Kind: wire.ActorSchedule, ID: "backup"}, c.Recipients)
	if err != nil {
		return made, err
	}
	gone, err := backup.Prune(place, a.cfg.Hall.ID, made, time.Duration(c.KeepDays)*24*time.Hour)
	if err != nil {
		a.logger.Warn("backups that are too old could not be removed", "place", to, "error", err)
	}
	a.logger.Info("a backup was made", "place", to, "name", name, "position", m.Head, "files", len(m.Members), "removed", len(gone))
	return made, nil
}

// backupAt makes one backup in a place, of which the log has the recipients before.
func (a *App) backupAt(ctx context.Context, place backup.Place, actor wire.Actor, recipients []string) (name string, m backup.Manifest, made time.Time, err error) {
	if _, err := place.Names(); err != nil { // before the log says that there is a backup
		return "", m, made, err
	}
	if err := backable(a.cfg.Data); err != nil {
		return "", m, made, err
	}
	if _, _, err := a.decide(ctx, actor, "", personal.TakeBackup{Recipients: recipients}); err != nil {
		return "", m, made, err
	}
	s := source(ctx, &a.cfg, a.log)
	name, m, err = backup.Into(place, s, recipients)
	return name, m, s.Header.Made, err
}

// BackupInto makes a backup in a place while the hub runs, for who asks by hand; see api.Deps. Nothing is removed there.
func (a *App) BackupInto(ctx context.Context, actor wire.Actor, recipients []string, into string) (out api.BackupMade, err error) {
	if backup.OnServer(into) {
		if _, err := backup.CheckSFTP(into); err != nil {
			return out, hall.Invalid(hall.Field{Name: "into", Code: "place", ZH: "应为文件夹或 sftp://user@host/path", EN: err.Error()})
		}
	}
	if _, err := backup.Recipients(recipients); err != nil {
		return out, hall.Invalid(hall.Field{Name: "recipients", Code: "key", ZH: "应为 age 公钥（age1…）", EN: err.Error()})
	}
	defer a.alone(into)()
	place, err := backup.At(ctx, into, a.cfg.Backup.access())
	if err == nil {
		defer func() { err = errors.Join(err, place.Close()) }()
		var m backup.Manifest
		out.Name, m, out.Made, err = a.backupAt(ctx, place, actor, recipients)
		out.Position = m.Head
	}
	var refused *hall.Error
	if err != nil && !errors.As(err, &refused) {
		return out, notMade(err)
	}
	if err == nil {
		if slices.Equal(slices.Sorted(slices.Values(recipients)), slices.Sorted(slices.Values(a.cfg.Backup.Recipients))) { // who the hall's backups are for can open it
			a.ofPlace(into, func(p *spot) { p.Last = out.Made })
		}
		a.logger.Info("a backup was made by hand", "place", into, "name", out.Name, "position", out.Position)
	}
	return out, err
}

// notMade says why a backup that somebody asked for was not made.
func notMade(err error) error {
	zh, en := bilingual.InChinese(err), err.Error()
	var unfit *format.Unfit
	if errors.As(err, &unfit) {
		zh, en = unfit.ZH, unfit.EN
	}
	return fmt.Errorf("%w: %w", &hall.Error{Code: hall.CodeRefused, Name: "backup_failed", ZH: "备份没有完成：" + zh, EN: "the backup was not made: " + en}, err)
}

// lastBackup is when the newest backup of this hall in a place was made; zero where there is none.
func (c *Config) lastBackup(ctx context.Context, to string) (at time.Time, err error) {
	place, err := backup.At(ctx, to, c.Backup.access())
	if err != nil {
		return at, err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	names, err := place.Names()
	if err != nil {
		return at, err
	}
	if all := backup.InPlace(names, c.Hall.ID); len(all) > 0 {
		at = all[len(all)-1].Made
	}
	return at, nil
}

// sameDisk tells whether two folders are on one file system.
func sameDisk(x, y string) bool {
	device := func(path string) (uint64, bool) {
		st, err := os.Stat(path)
		if err != nil {
			return 0, false
		}
		sys, ok := st.Sys().(*syscall.Stat_t)
		if !ok {
			return 0, false
		}
		return uint64(sys.Dev), true //nolint:unconvert // its size differs between systems
	}
	dx, okx := device(x)
	dy, oky := device(y)
	return okx && oky && dx == dy
}

// BackupAtRestInto makes a backup in a place of a data folder in which no hub runs.
func BackupAtRestInto(ctx context.Context, cfg Config, to string, recipients []string) (name string, m backup.Manifest, err error) {
	place, err := backup.At(ctx, to, cfg.Backup.access())
	if err != nil {
		return "", m, err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	err = atRest(ctx, cfg, func(s backup.Source) (err error) {
		name, m, err = backup.Into(place, s, recipients)
		return err
	})
	return name, m, err
}

// RestoreAt reads a backup of a place, the newest where no name is given.
func RestoreAt(ctx context.Context, from, name string, with backup.Access, identities []age.Identity, data string) (out Restored, err error) {
	place, err := backup.At(ctx, from, with)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	names, err := place.Names()
	if err != nil {
		return out, err
	}
	if name == "" {
		if name, err = newestOf(names, from); err != nil {
			return out, err
		}
	}
	if backup.PartOnly(name) {
		return out, bilingual.Errorf("%s 只是几份备份共用的一个分段，本身不是备份。%w", "%s is a part that backups share and none by itself. %w", name, choice(names, from))
	}
	f, err := place.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return out, bilingual.Errorf("%[1]s 里没有 %[2]s。%[3]w", "there is no %[2]s in %[1]s (%[4]w). %[3]w", from, name, choice(names, from), fs.ErrNotExist)
	}
	if err != nil {
		return out, fmt.Errorf("open %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	out, err = RestoreFrom(&interrupted{ctx, f}, place.Open, identities, data)
	if ctx.Err() != nil {
		return out, bilingual.Errorf("恢复中断了，没有留下半份，可以重新开始：%w", "the restore was interrupted, nothing half-restored is left and it can begin again: %w", ctx.Err())
	}
	out.Name = name
	return out, err
}

// interrupted reads until ctx ends.
type interrupted struct {
	ctx context.Context //nolint:containedctx // it lives as long as one reading
	r   io.Reader
}

// Read reads, where it still may.
func (i *interrupted) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}

// newestOf is the newest backup of a place that holds those of one hall.
func newestOf(names []string, from string) (string, error) {
	all := backup.InPlace(names, "")
	if len(all) == 0 {
		return "", choice(names, from)
	}
	newest := all[len(all)-1]
	for _, x := range all {
		if x.Hall != newest.Hall {
			return "", bilingual.Errorf("%s 里有几个大厅的备份，请用 --backup 指明一份。%w", "there are backups of several halls in %s: name one with --backup. %w", from, choice(names, from))
		}
	}
	return newest.Name, nil
}

// choice says which backups a place has and how one is chosen, or what lies there instead.
func choice(names []string, from string) error {
	if n := len(backup.InPlace(names, "")); n > 0 {
		return bilingual.Errorf("%[1]s 里有 %[2]d 份备份，最新的：%[3]s；恢复其中一份：hub restore %[1]s --backup 名称 --identity 私钥文件 --data 新文件夹",
			"%[1]s holds %[2]d backups, the newest: %[3]s; restore one of them with: hub restore %[1]s --backup NAME --identity KEYFILE --data NEWFOLDER", from, n, backup.Newest(names))
	}
	switch {
	case len(names) == 0:
		return bilingual.Errorf("%s 是空的，没有备份：请看备份盘是否已挂载、路径是否正确", "there is no backup in %s, it is empty: see whether the backup disk is mounted and the path is right", from)
	case slices.Contains(names, "log") && slices.Contains(names, "keys"):
		return bilingual.Errorf("%s 是主机的数据文件夹，不是备份位置；要用它，直接启动：hub serve --data %[1]s", "there is no backup in %s, it is a hub's data folder; to use it start a hub on it: hub serve --data %[1]s", from)
	case slices.ContainsFunc(names, backup.PartOnly):
		return bilingual.Errorf("%s 里只有备份的分段（segment-….age），缺少备份本身（hall-….age）：请把原备份位置的全部文件复制过来", "there is no backup in %s but only parts of some (segment-….age): copy all files of the place they are from, hall-….age too", from)
	}
	return bilingual.Errorf("%s 里没有备份，只有别的文件（%s）：备份的名称像 hall-大厅-日期.age，请核对路径", "there is no backup in %s, only other files (%s): a backup has a name like hall-HALL-DATE.age, look at the path",
		from, strings.Join(names[:min(len(names), 5)], ", "))
}

// backups looks at the places of the settings.
func (d *doctor) backups() {
	if len(d.cfg.Backup.To) == 0 {
		d.say(Note, "没有设置自动备份（backup.to）：这台机器坏了，数据就没有了", "no backups are set (backup.to): with this machine all is lost")
		return
	}
	for _, to := range d.cfg.Backup.To {
		if sameDisk(to, d.cfg.Data) {
			d.say(Note, "备份 %s 与数据在同一块磁盘上，应换一块", "the backups in %s are on the disk of the data; use another", to)
		}
		last, err := d.cfg.lastBackup(d.ctx, to)
		switch old := time.Since(last).Round(time.Minute); {
		case err != nil:
			d.say(Ill, "备份位置 %s 用不了：%v", "backups cannot be put into %s: %v", to, err)
		case last.IsZero():
			d.say(Ill, "%s 里还没有备份", "there is no backup in %s yet", to)
		case old > 2*d.cfg.Backup.Every:
			d.say(Ill, "%s 里最新的备份已是 %s 前的", "the newest backup in %s is %s old", to, old)
		default:
			d.say(Well, "%s 里最新的备份是 %s 前的", "the newest backup in %s is %s old", to, old)
		}
	}
}
