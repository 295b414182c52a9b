package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"hallkeeper/simulator/day"
)

// past says which days were told as history, and from which seed. It is fixed
// on the first start: told again, the same days of the same seed are
// duplicates to the hub, while a past that moved on with the date would double
// the people of the days in which the demo ran.
type past struct {
	Seed uint64 `json:"seed"`
	// From is the first day, Until the day after the last; yyyy-mm-dd.
	From  string `json:"from"`
	Until string `json:"until"`
}

// settlePast reads the past that path remembers, or decides on one that ends
// before today and remembers it.
func settlePast(path string, seed uint64, days int, today day.Date) (past, error) {
	raw, err := os.ReadFile(path)
	if err == nil {
		var p past
		if err := json.Unmarshal(raw, &p); err != nil {
			return past{}, fmt.Errorf("the simulator's state in %s is damaged, delete it together with the hub's data: %w", path, err)
		}
		if _, _, err := p.dates(); err != nil {
			return past{}, fmt.Errorf("the simulator's state in %s is damaged: %w", path, err)
		}
		return p, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return past{}, fmt.Errorf("read the simulator's state: %w", err)
	}
	p := past{Seed: seed, From: today.Add(-days).String(), Until: today.String()}
	if err := p.write(path); err != nil {
		return past{}, fmt.Errorf("remember which past is told: %w", err)
	}
	return p, nil
}

func (p past) dates() (from, until day.Date, err error) {
	from, errFrom := day.ParseDate(p.From)
	until, errUntil := day.ParseDate(p.Until)
	return from, until, errors.Join(errFrom, errUntil)
}

func (p past) write(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".simulator-*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(raw, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
