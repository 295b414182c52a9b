package backup

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"hallkeeper/bilingual"
)

// Folder is a place on a disk of this machine. It must be there: a folder that is made where a disk is not mounted would fill another.
type Folder string

// Names lists it.
func (f Folder) Names() (names []string, err error) {
	all, err := os.ReadDir(string(f))
	if err != nil {
		return nil, bilingual.Errorf("打不开备份位置，请看备份盘是否已挂载：%w", "look into the place for backups (is its disk mounted?): %w", err)
	}
	for _, x := range all {
		names = append(names, x.Name())
	}
	return names, nil
}

// Open reads one file.
func (f Folder) Open(name string) (io.ReadCloser, error) {
	return os.Open(filepath.Join(string(f), filepath.Base(name)))
}

// Remove removes one file.
func (f Folder) Remove(name string) error {
	return os.Remove(filepath.Join(string(f), filepath.Base(name)))
}

// Close has nothing to do.
func (Folder) Close() error { return nil }

// Create makes a file; see Place.
func (f Folder) Create(name string, write func(io.Writer) error) error {
	path := filepath.Join(string(f), name)
	if _, err := os.Lstat(path); err == nil {
		return bilingual.Errorf("%[1]s 已经存在", "%[1]s is there already: %[2]w", path, fs.ErrExist)
	}
	tmp := filepath.Join(string(f), "."+name+".new") // one that was cut off is written over
	w, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = write(w)
	if err == nil {
		err = w.Sync()
	}
	err = errors.Join(err, w.Close())
	if err == nil {
		err = os.Rename(tmp, path) // not a link: a disk for backups may be one that has none
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	d, err := os.Open(string(f))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
