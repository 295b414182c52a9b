package identity

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// giveAway lets the service read what the administrator made as root: it gives the
// folder to the owner of the data folder.
func giveAway(data, dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	st, err := os.Stat(data)
	if err != nil {
		return err
	}
	owner, ok := st.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	for _, path := range append(files, dir) {
		err = errors.Join(err, os.Lchown(path, int(owner.Uid), int(owner.Gid)))
	}
	return err
}
