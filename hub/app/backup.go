package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"filippo.io/age"
	"golang.org/x/sys/unix"

	"hallkeeper/bilingual"
	"hallkeeper/hub/backup"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/personal"
	"hallkeeper/hub/vault"
	"hallkeeper/wire"
)

func source(ctx context.Context, cfg *Config, log *eventlog.Log) backup.Source {
	return backup.Source{Header: backup.Header{Hall: cfg.Hall.ID, Version: cfg.Version, Made: cfg.Now()},
		Log:     func(use func(string, int64, io.Reader) error) (wire.Position, error) { return log.Copy(ctx, use) },
		Folders: map[string]string{"keys": KeyDir(cfg.Data), "photos": PhotoDir(cfg.Data)}}
}

// Backup writes an encrypted copy of everything to w while the hub runs. The log says so first; it is in the copy.
func (a *App) Backup(ctx context.Context, actor wire.Actor, recipients []string, w io.Writer) error {
	keys, err := backup.Recipients(recipients)
	if err != nil {
		return err
	}
	if err := backable(a.cfg.Data); err != nil {
		return notMade(err)
	}
	if _, _, err := a.decide(ctx, actor, "", personal.TakeBackup{Recipients: recipients}); err != nil {
		return err
	}
	m, err := backup.Write(w, source(ctx, &a.cfg, a.log), keys)
	if err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	a.logger.Info("an encrypted backup was taken", "position", m.Head, "files", len(m.Members))
	return nil
}

// BackupAtRest writes an encrypted copy of a data folder in which no hub runs.
func BackupAtRest(ctx context.Context, cfg Config, recipients []string, w io.Writer) (m backup.Manifest, err error) {
	keys, err := backup.Recipients(recipients)
	if err != nil {
		return m, err
	}
	err = atRest(ctx, cfg, func(s backup.Source) (err error) {
		m, err = backup.Write(w, s, keys)
		return err
	})
	return m, err
}

// atRest opens a data folder in which no hub runs.
func atRest(ctx context.Context, cfg Config, use func(backup.Source) error) (err error) {
	if err := errors.Join(Newer(cfg.Data), backable(cfg.Data)); err != nil {
		return err
	}
	log, closeLog, err := eventlog.Read(LogDir(cfg.Data))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLog()) }()
	return use(source(ctx, &cfg, log))
}

// Restored is what a restored folder holds.
type Restored struct {
	Header   backup.Header
	Manifest backup.Manifest
	Log      eventlog.Verification
	Keys     int
	Photos   int
	// Name is the backup's file.
	Name string
}

// half begins the name of a folder that a backup is being read into.
const half = ".restoring-"

// restoring makes the folder that a backup is read into, beside where it is to be, and holds it until it is removed. What a
// restore that was killed has left there is nobody's: it goes away first, so that a second try has the room.
func restoring(above string) (dir string, remove func() error, err error) {
	left, err := filepath.Glob(filepath.Join(above, half+"*"))
	if err != nil {
		return "", nil, err
	}
	for _, old := range left {
		f, err := os.Open(old)
		if err != nil {
			continue // another user's, who may be at it
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			err = os.RemoveAll(old)
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return "", nil, err
		}
	}
	if dir, err = os.MkdirTemp(above, half+"*"); err != nil {
		return "", nil, err
	}
	f, err := os.Open(dir)
	if err == nil {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	return dir, func() error { return errors.Join(os.RemoveAll(dir), f.Close()) }, nil
}

// Restore reads a backup that has no parts; see RestoreFrom.
func Restore(r io.Reader, identities []age.Identity, data string) (Restored, error) {
	return RestoreFrom(r, nil, identities, data)
}

// RestoreFrom reads a backup, and the parts that lie beside it, into a folder that is empty or not there. It is there whole and
// checked, or not at all.
func RestoreFrom(r io.Reader, part func(string) (io.ReadCloser, error), identities []age.Identity, data string) (out Restored, err error) {
	if all, rerr := os.ReadDir(data); rerr == nil && len(all) > 0 {
		return out, bilingual.Errorf("%s 不是空文件夹：备份只恢复到空文件夹，免得混在一起或丢失；请用 --data 另指一个",
			"%s is not empty: a backup is restored into an empty folder only, so that nothing is mixed or lost; name another with --data", data)
	} else if rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
		return out, rerr
	}
	above := filepath.Dir(filepath.Clean(data))
	if err := os.MkdirAll(above, 0o700); err != nil {
		return out, err
	}
	dir, remove, err := restoring(above)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, remove()) }() // gone already where all went well
	if out.Header, out.Manifest, err = backup.Read(r, part, identities, dir); err != nil {
		return out, err
	}
	if err := Newer(dir); err != nil {
		return out, err
	}
	key, err := vault.Verifier(KeyDir(dir))
	if err != nil {
		return out, err
	}
	if out.Log, err = eventlog.Verify(LogDir(dir), key); err != nil {
		return out, err
	}
	if len(out.Log.Faults) > 0 {
		return out, bilingual.Errorf("备份里的日志有 %d 处错误，第一处：%s。请换一份备份", "the log in the backup has %d faults, the first: %s. Take another backup", len(out.Log.Faults), out.Log.Faults[0])
	}
	if err := eventlog.Checked(LogDir(dir)); err != nil {
		return out, err
	}
	if _, err := raiseEpoch(dir, 0); err != nil { // a later copy than the one that it is of
		return out, err
	}
	people, err := filepath.Glob(filepath.Join(KeyDir(dir), "people", "*.key"))
	if err != nil {
		return out, err
	}
	pictures, err := filepath.Glob(filepath.Join(PhotoDir(dir), "*"))
	if err != nil {
		return out, err
	}
	out.Keys, out.Photos = len(people), len(pictures)
	if err := os.Remove(data); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return out, bilingual.Errorf("空文件夹 %s 换不下来（它是磁盘的挂载点，或上级文件夹不能写）；请用 --data 指定其中还不存在的一个：%w",
			"the empty folder %s cannot be replaced (a disk is mounted there, or the folder above cannot be written); name one in it that is not there yet with --data: %w", data, err)
	}
	if err := os.Rename(dir, data); err != nil {
		return out, err
	}
	return out, syncDir(above)
}
