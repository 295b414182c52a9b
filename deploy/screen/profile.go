package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// silence are the browser's own settings without which it lays something on the page: it
// offers to translate, to keep passwords, to fill in forms. There are no flags for them.
func silence() map[string]any {
	off := func(key string) map[string]any { return map[string]any{key: false} }
	return map[string]any{
		"translate":                  off("enabled"),
		"credentials_enable_service": false,
		"profile":                    off("password_manager_enabled"),
		"autofill":                   map[string]any{"profile_enabled": false, "credit_card_enabled": false},
	}
}

// prepareProfile makes the browser's profile ready for the next start: with those
// settings, and without the mark of a browser that was killed, which with another
// host name would be taken for another computer's for ever.
func prepareProfile(cfg *config) error {
	dir := filepath.Join(cfg.Data, "profile")
	for _, name := range []string{"SingletonLock", "SingletonCookie", "SingletonSocket"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("take away what the last browser left: %w", err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "Default"), 0o700); err != nil {
		return fmt.Errorf("make the browser's profile: %w", err)
	}
	file := filepath.Join(dir, "Default", "Preferences")
	old, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the browser's settings: %w", err)
	}
	all := map[string]any{}
	text := json.NewDecoder(bytes.NewReader(old))
	text.UseNumber()
	if len(old) > 0 && text.Decode(&all) != nil {
		all = map[string]any{} // a power cut left half of it; the browser would begin anew as well
	}
	if !merge(all, silence()) {
		return nil
	}
	next, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("write the browser's settings: %w", err)
	}
	if err := errors.Join(os.WriteFile(file+".new", next, 0o600), os.Rename(file+".new", file)); err != nil {
		return fmt.Errorf("write the browser's settings: %w", err)
	}
	return nil
}

// merge puts more into all and tells whether that has changed anything.
func merge(all, more map[string]any) (changed bool) {
	for key, value := range more {
		inner, nested := value.(map[string]any)
		if !nested {
			changed = changed || all[key] != value
			all[key] = value
			continue
		}
		there, ok := all[key].(map[string]any)
		if !ok {
			there = map[string]any{}
			all[key] = there
		}
		changed = merge(there, inner) || changed
	}
	return changed
}
