package api

import (
	"net/http"

	"hallkeeper/hub/access"
)

type backupBody struct {
	// Recipients are public keys of age, like age1….
	Recipients []string `json:"recipients"`
}

func (a *API) backupRoutes() []route {
	return []route{own(access.Govern, "POST", "backup", "整个数据文件夹的加密备份，只给主机本机的操作程序（hub backup）", "an encrypted copy of the whole data folder, for the operator's program on the hub's machine (hub backup)", backupBody{}, nil, a.getBackup, "not_yours")}
}

// getBackup streams the encrypted copy. Only who can read the data folder anyway gets it; one that is cut
// short is noticed by its receiver.
func (a *API) getBackup(w http.ResponseWriter, r *http.Request) error {
	i := who(r)
	if !i.Operator {
		return problem("not_yours")
	}
	var b backupBody
	if err := a.body(w, r, &b); err != nil {
		return err
	}
	out := &streamed{w: w}
	err := a.Backup(r.Context(), i.Actor(), b.Recipients, out)
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
