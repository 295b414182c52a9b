package app

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"hallkeeper/hub/access"
	"hallkeeper/hub/gate"
	"hallkeeper/hub/vault"
	"hallkeeper/wire"
)

// FirstStart is what `hub init` leaves in the data folder: the one-time link is known before
// the hub runs, and stays the same however often it starts until somebody has used it.
type FirstStart struct {
	Code string `json:"code"`
	// Account is what the page of the link suggests.
	Account string `json:"account,omitempty"`
}

func firstStartFile(data string) string { return filepath.Join(data, "setup.json") }

// IsHall tells whether a data folder is some hall's already.
func IsHall(data string) bool {
	for _, part := range []string{LogDir(data), KeyDir(data), ViewsFile(data)} {
		if _, err := os.Lstat(part); !errors.Is(err, fs.ErrNotExist) {
			return true // also where it cannot be looked at
		}
	}
	return false
}

// HallOf is the id of the hall whose records are in a data folder, as its signatures name it.
func HallOf(data string) (id string, err error) {
	key, err := vault.Verifier(KeyDir(data))
	if err != nil {
		return "", err
	}
	id, ok := strings.CutPrefix(key.Name(), originPrefix)
	if !ok || wire.CheckName(id) != nil {
		return "", fmt.Errorf("its signatures are of %.80q, which is no hall", key.Name())
	}
	return id, nil
}

// IsPrepared tells whether a hall was begun in a data folder, be it by hub init alone.
func IsPrepared(data string) bool {
	_, err := os.Lstat(firstStartFile(data))
	return IsHall(data) || !errors.Is(err, fs.ErrNotExist)
}

// Prepare makes a hall's data folder and gives the one-time link of its first start, by the addresses of the settings.
func Prepare(cfg *Config, account string) (link string, err error) {
	f := FirstStart{Account: account}
	if f.Code, err = access.NewSecret(rand.Reader); err != nil {
		return "", err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return "", fmt.Errorf("the data folder cannot be made: choose another with --data: %w", err)
	}
	text, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	tmp := firstStartFile(cfg.Data) + ".new"
	if err := os.WriteFile(tmp, append(text, '\n'), 0o600); err != nil {
		return "", fmt.Errorf("write what the first start needs: %w", err)
	}
	if err := os.Rename(tmp, firstStartFile(cfg.Data)); err != nil {
		return "", fmt.Errorf("write what the first start needs: %w", err)
	}
	door := "http://" + cfg.HTTP
	if cfg.HTTPS != "" {
		names := cfg.Names
		if len(names) == 0 {
			names = gate.OwnNames()
		}
		door = doorOf(cfg.HTTPS, names, "https://"+cfg.HTTPS)
	}
	return f.link(door), nil
}

func (f FirstStart) link(door string) string {
	link := door + "/setup?code=" + f.Code
	if f.Account != "" {
		link += "&account=" + url.QueryEscape(f.Account)
	}
	return link
}

// firstStart reads what `hub init` left; ok is false where there is nothing.
func firstStart(data string) (f FirstStart, ok bool, err error) {
	text, err := os.ReadFile(firstStartFile(data))
	if errors.Is(err, fs.ErrNotExist) {
		return f, false, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	if err == nil && len(f.Code) < 32 {
		err = errors.New("its code is too short")
	}
	if err != nil {
		return f, false, fmt.Errorf("read what hub init left for the first start (it must be the service's own; without the file the hub makes another link): %w", err)
	}
	return f, true, nil
}

// forgetFirstStart removes it once there is an administrator: the link works no longer.
func (a *App) forgetFirstStart() {
	if a.setupCode() != "" {
		return
	}
	if err := os.Remove(firstStartFile(a.cfg.Data)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		a.logger.Warn("what hub init left for the first start cannot be removed", "error", err)
	}
}
