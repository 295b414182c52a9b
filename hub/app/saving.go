package app

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"hallkeeper/hub/backup"
	"hallkeeper/hub/upkeep"
)

// savingFile holds when each place for backups had its last one. A place that cannot be reached does not tell; without the file
// the hub waits anew before it says that a place is behind.
func savingFile(data string) string { return filepath.Join(data, "backups.json") }

// saving is what is known of the places in which the hub keeps backups.
type saving struct {
	mu     sync.Mutex
	places []*spot
	// busy is held by whoever writes into a place: two at once would be in each other's way.
	busy map[string]*sync.Mutex
}

// spot is one of them; saving.mu guards it.
type spot struct {
	to string
	upkeep.Place
	// next is when the next one is due, failed when the last attempt failed and why; zero and nil where it did not.
	next, failed time.Time
	why          error
	// size is what the backups in a folder take, 0 where that is not known; here tells that it is on the data's own disk.
	size int64
	here bool
}

// kept is what of a place outlives the hub.
type kept struct {
	Last  time.Time `json:"last"`
	Since time.Time `json:"since"`
}

// openSaving reads what was known of the places that are set.
func (a *App) openSaving() {
	before := map[string]kept{}
	b, err := os.ReadFile(savingFile(a.cfg.Data))
	if err == nil {
		err = json.Unmarshal(b, &before)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		a.logger.Warn("when the last backups were made cannot be read; it is waited for anew before a place is called behind", "error", err)
	}
	a.saving.busy = map[string]*sync.Mutex{}
	for _, to := range a.cfg.Backup.To {
		k := before[to]
		if k.Since.IsZero() || k.Since.After(a.cfg.Now()) {
			k = kept{Since: a.cfg.Now()}
		}
		a.saving.places = append(a.saving.places, &spot{to: to, Place: upkeep.Place{Last: k.Last, Since: k.Since}})
	}
}

// saved is what is known of the places now.
func (a *App) saved() []spot {
	a.saving.mu.Lock()
	defer a.saving.mu.Unlock()
	all := make([]spot, 0, len(a.saving.places))
	for _, p := range a.saving.places {
		all = append(all, *p)
	}
	return all
}

// ofPlace changes what is known of a place; one that is not in the settings is nobody's matter.
func (a *App) ofPlace(to string, change func(*spot)) {
	a.saving.mu.Lock()
	defer a.saving.mu.Unlock()
	i := slices.IndexFunc(a.saving.places, func(p *spot) bool { return p.to == to })
	if i < 0 {
		return
	}
	p := a.saving.places[i]
	last := p.Last
	change(p)
	if !p.Last.Equal(last) {
		a.keepSaving()
	}
}

// keepSaving writes what outlives the hub; the caller holds mu.
func (a *App) keepSaving() {
	all := map[string]kept{}
	for _, p := range a.saving.places {
		all[p.to] = kept{p.Last.UTC(), p.Since.UTC()}
	}
	b, err := json.Marshal(all)
	if err == nil {
		tmp := savingFile(a.cfg.Data) + ".new"
		if err = os.WriteFile(tmp, b, 0o600); err == nil {
			err = os.Rename(tmp, savingFile(a.cfg.Data))
		}
	}
	if err != nil {
		a.logger.Debug("when the backups were made could not be kept", "error", err)
	}
}

// alone holds a place for one who writes into it.
func (a *App) alone(to string) (done func()) {
	a.saving.mu.Lock()
	mu := a.saving.busy[to]
	if mu == nil {
		mu = &sync.Mutex{}
		a.saving.busy[to] = mu
	}
	a.saving.mu.Unlock()
	mu.Lock()
	return mu.Unlock
}

// placeSize is what the backups in a folder take; what else lies there is not looked at, and servers are not asked. A disk
// that hangs holds up only who asks.
func placeSize(dir string) (n int64) {
	if backup.OnServer(dir) {
		return 0
	}
	names, err := backup.Folder(dir).Names()
	if err != nil {
		return 0
	}
	for _, name := range names {
		if st, err := os.Lstat(filepath.Join(dir, name)); err == nil && st.Mode().IsRegular() && backup.Ours(name) {
			n += st.Size()
		}
	}
	return n
}
