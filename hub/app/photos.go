package app

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// photos keeps pictures of inspections by the hash of their content; see api.Photos.
type photos struct {
	dir string
}

// Put keeps a picture, which is on disk when it returns.
func (p photos) Put(picture []byte) (hash string, err error) {
	sum := sha256.Sum256(picture)
	hash = hex.EncodeToString(sum[:])
	path := filepath.Join(p.dir, hash)
	if _, err := os.Stat(path); err == nil {
		return hash, nil
	}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return "", fmt.Errorf("make the folder of pictures: %w", err)
	}
	f, err := os.CreateTemp(p.dir, ".new-")
	if err != nil {
		return "", fmt.Errorf("keep a picture: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already where all went well
	_, err = f.Write(picture)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		err = syncDir(p.dir)
	}
	if err != nil {
		return "", fmt.Errorf("keep a picture: %w", err)
	}
	return hash, nil
}

// Get gives a picture back.
func (p photos) Get(hash string) ([]byte, error) {
	path, err := p.file(hash)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// file is where a picture lies; what is no hash names none.
func (p photos) file(hash string) (string, error) {
	if len(hash) != 64 || strings.Trim(hash, "0123456789abcdef") != "" {
		return "", fs.ErrNotExist
	}
	return filepath.Join(p.dir, hash), nil
}

func (p photos) has(hash string) bool {
	path, err := p.file(hash)
	if err != nil {
		return false
	}
	_, err = os.Lstat(path)
	return err == nil
}

// Remove destroys a picture: written over, unlinked, the folder synced, as far as the file system writes in place. One that is
// not there is gone already.
func (p photos) Remove(hash string) error {
	path, err := p.file(hash)
	if err != nil {
		return nil //nolint:nilerr // no hash: there never was such a file
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("destroy a picture: %w", err)
	}
	st, err := f.Stat()
	if err == nil {
		_, err = io.CopyN(f, zeros{}, st.Size())
	}
	if err = errors.Join(err, f.Sync(), f.Close(), os.Remove(path), syncDir(p.dir)); err != nil {
		return fmt.Errorf("destroy a picture: %w", err)
	}
	return nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
