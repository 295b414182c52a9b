package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/wire"
)

// Backup makes copies of everything.
type Backup interface {
	// Backup writes an encrypted copy to w.
	Backup(ctx context.Context, actor wire.Actor, recipients []string, w io.Writer) error
	// BackupInto puts one into a place beside others: a folder as the hub sees it, or a server.
	BackupInto(ctx context.Context, actor wire.Actor, recipients []string, into string) (BackupMade, error)
}

type backupBody struct {
	// Recipients are public keys of age, like age1….
	Recipients []string `json:"recipients"`
	// Into is a place, a folder or sftp://user@host/path, into which the hub itself puts the backup. Where it is empty the answer is the backup.
	Into string `json:"into,omitempty"`
}

// BackupMade is a backup that was put into a place.
type BackupMade struct {
	Name     string        `json:"name"`
	Position wire.Position `json:"position"`
	Made     time.Time     `json:"made"`
}

func (a *API) backupRoutes() []route {
	return []route{own(access.Govern, "POST", "backup", "整个数据文件夹的加密备份，只给主机本机的操作程序（hub backup）", "an encrypted copy of the whole data folder, for the operator's program on the hub's machine (hub backup)", backupBody{}, BackupMade{}, a.makeBackup, "not_yours", "backup_failed")}
}

// makeBackup streams the encrypted copy, or puts it into a place. Only who can read the data folder anyway may ask; one that is cut
// short is noticed by its receiver.
func (a *API) makeBackup(w http.ResponseWriter, r *http.Request) error {
	i := who(r)
	if !i.Operator {
		return problem("not_yours")
	}
	var b backupBody
	if err := a.body(w, r, &b); err != nil {
		return err
	}
	if b.Into != "" {
		made, err := a.Upkeep.BackupInto(r.Context(), i.Actor(), b.Recipients, b.Into)
		if err != nil {
			return err
		}
		return sendJSON(w, r, made)
	}
	out := &streamed{w: w}
	err := a.Upkeep.Backup(r.Context(), i.Actor(), b.Recipients, out)
	if err != nil && out.begun {
		a.Logger.ErrorContext(r.Context(), "a backup was cut short", "error", err)
		panic(http.ErrAbortHandler)
	}
	return err
}

// streamed begins an answer with what is written first.
type streamed struct {
	w     http.ResponseWriter
	begun bool
}

func (s *streamed) Write(p []byte) (int, error) {
	if !s.begun {
		s.begun = true
		s.w.Header().Set("Content-Type", "application/octet-stream")
		s.w.Header().Set("Cache-Control", "no-store")
		s.w.WriteHeader(http.StatusOK)
	}
	return s.w.Write(p)
}
