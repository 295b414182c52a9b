package app

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
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
	if len(hash) != 64 || strings.Trim(hash, "0123456789abcdef") != "" {
		return nil, fs.ErrNotExist
	}
	return os.ReadFile(filepath.Join(p.dir, hash))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
