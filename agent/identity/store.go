package identity

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The folders beside the outbox. An identity is changed by renaming whole folders:
// it is written as identity.tmp, is whole once it is called identity.new, and the
// one before it stays as identity.old until the hub has taken the new one. A power
// cut between two renames leaves the new one to be found.
const (
	folder    = "identity"
	folderTmp = "identity.tmp"
	folderNew = "identity.new"
	folderOld = "identity.old"
)

// Dir is where the identity is kept below the agent's data folder.
func Dir(data string) string { return filepath.Join(data, folder) }

// find gives the folder of the identity in force.
func find(data string) (string, error) {
	for _, name := range []string{folder, folderNew} {
		dir := filepath.Join(data, name)
		switch st, err := os.Stat(dir); {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return "", fmt.Errorf("look at the identity: %w", err)
		case !st.IsDir():
			return "", fmt.Errorf("%s is no folder: move it away and run agent enroll", dir)
		case st.Mode().Perm()&0o077 != 0:
			return "", fmt.Errorf("others on this computer can look into %s: run chmod 700 on it", dir)
		}
		return dir, nil
	}
	return "", ErrNone
}

// draft is an identity that is being made: its key is on disk before the hub is
// asked, so that no code is used up in vain on a full or read-only disk.
type draft struct {
	data string
	key  *ecdsa.PrivateKey
}

func begin(data string, key *ecdsa.PrivateKey) (*draft, error) {
	d := &draft{data: data, key: key}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	if err := errors.Join(d.settle(), os.RemoveAll(d.path(folderTmp)), os.Mkdir(d.path(folderTmp), 0o700)); err != nil {
		return nil, fmt.Errorf("make room for the new identity: %w", err)
	}
	if err := d.write(keyFile, encode("PRIVATE KEY", der)); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *draft) path(name string) string { return filepath.Join(d.data, name) }

// settle ends a change that a power cut has stopped half-way.
func (d *draft) settle() error {
	_, err := os.Stat(d.path(folder))
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.Rename(d.path(folderNew), d.path(folder)); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	return errors.Join(err, os.RemoveAll(d.path(folderNew)))
}

// finish puts the identity in force.
func (d *draft) finish(id *Identity) error {
	home, err := json.MarshalIndent(id.Home, "", "  ")
	if err != nil {
		return err
	}
	for name, text := range map[string][]byte{
		certFile: encode("CERTIFICATE", id.Leaf().Raw), caFile: encode("CERTIFICATE", id.Authority.Raw), homeFile: append(home, '\n'),
	} {
		if err := d.write(name, text); err != nil {
			return err
		}
	}
	if err := errors.Join(giveAway(d.data, d.path(folderTmp)), syncDir(d.path(folderTmp))); err != nil {
		return fmt.Errorf("keep the new identity: %w", err)
	}
	if err := d.swap(); err != nil {
		return fmt.Errorf("put the new identity in force: %w", err)
	}
	return nil
}

func (d *draft) swap() error {
	if err := errors.Join(os.Rename(d.path(folderTmp), d.path(folderNew)), syncDir(d.data)); err != nil {
		return err
	}
	if _, err := os.Stat(d.path(folder)); err == nil {
		if err := errors.Join(os.RemoveAll(d.path(folderOld)), os.Rename(d.path(folder), d.path(folderOld))); err != nil {
			return err
		}
	}
	return errors.Join(os.Rename(d.path(folderNew), d.path(folder)), syncDir(d.data))
}

// discard takes back what was begun.
func (d *draft) discard() { _ = os.RemoveAll(d.path(folderTmp)) }

func (d *draft) write(name string, text []byte) error {
	f, err := os.OpenFile(filepath.Join(d.path(folderTmp), name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("keep the new identity: %w", err)
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("keep the new identity: %w", err)
	}
	return nil
}

// forgetOld removes the identity before the present one.
func forgetOld(data string) error { return os.RemoveAll(filepath.Join(data, folderOld)) }

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
