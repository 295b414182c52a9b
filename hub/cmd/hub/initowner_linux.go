package main

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// handOver gives what root has made in a folder to the folder's owner: the service, which
// does not run as root, must read it.
func handOver(folder string) error {
	info, err := os.Stat(folder)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if os.Geteuid() != 0 || !ok || owner.Uid == 0 {
		return nil
	}
	// Within the folder only, whatever links its owner has put there.
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	return errors.Join(fs.WalkDir(root.FS(), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return root.Lchown(path, int(owner.Uid), int(owner.Gid))
	}), root.Close())
}
