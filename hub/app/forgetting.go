package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/personal"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// destroy destroys the keys that records say are forgotten. The records are on disk: what fails here is
// tried again at the next start and with the next day's lapse.
func (a *App) destroy(records []wire.Record) error {
	var errs []error
	for i := range records {
		var d wire.PersonalForgotten
		if records[i].Kind != wire.KindPersonalForgotten || json.Unmarshal(records[i].Data, &d) != nil {
			continue
		}
		if err := a.destroyOne(d.Whose); err != nil {
			errs = append(errs, fmt.Errorf("the log says that %s is forgotten, but it could not be destroyed: %w", d.Whose, err))
		}
	}
	return errors.Join(errs...)
}

// destroyOne destroys a key, or the file of a picture.
func (a *App) destroyOne(whose string) error {
	if hash, ok := strings.CutPrefix(whose, personal.Picture); ok {
		return photos{PhotoDir(a.cfg.Data)}.Remove(hash)
	}
	return a.vault.Forget(whose)
}

// there tells whether what was forgotten is on the disk.
func (a *App) there(whose string) bool {
	if hash, ok := strings.CutPrefix(whose, personal.Picture); ok {
		return photos{PhotoDir(a.cfg.Data)}.has(hash)
	}
	return a.vault.Has(whose)
}

// destroyAgain destroys keys and pictures that the log says are forgotten and that are there all the same: the hub was
// stopped in between, or somebody has put keys back from a backup.
func (a *App) destroyAgain() {
	var back []string
	a.Read(func(v *register.View, _ *roster.State) {
		for key := range v.State.Personal.Gone.All() {
			if a.there(key) {
				back = append(back, key)
			}
		}
	})
	for _, key := range back {
		if err := a.destroyOne(key); err != nil {
			a.logger.Error("a key that is forgotten is there and could not be destroyed; it opens nothing and is tried again", "key", key, "error", err)
			continue
		}
		a.logger.Warn("a key that is forgotten was there again and has been destroyed", "key", key)
	}
}

// How often is looked whether a day has begun, and how many keys one commit destroys at most.
const (
	lapseEvery = 10 * time.Minute
	lapseMost  = 200
)

// lapse destroys, once a day and at the start, the keys whose time for keeping is over.
func (a *App) lapse(ctx context.Context) error {
	for done := hall.Date(""); ; {
		if today := hall.DateOf(a.cfg.Now(), a.zone); today != done {
			n, err := a.lapseDue(ctx)
			switch {
			case err == nil:
				done = today
			case ctx.Err() == nil:
				a.logger.Error("what is to be forgotten today could not be; it is tried again", "error", err)
			}
			if n > 0 {
				a.logger.Info("personal data was forgotten, its time is over", "keys", n)
			}
		}
		if !wait(ctx, lapseEvery) {
			return nil
		}
	}
}

func (a *App) lapseDue(ctx context.Context) (n int, err error) {
	a.destroyAgain()
	for {
		due := false
		a.Read(func(v *register.View, _ *roster.State) {
			today := hall.DateOf(a.cfg.Now(), a.zone)
			all := v.State.Personal.Lapsings(v.State.PersonalWorld(), today)
			due = len(all) > 0 && all[0].On <= today
		})
		if !due {
			return n, nil
		}
		made, _, err := a.decide(ctx, wire.Actor{Kind: wire.ActorSchedule, ID: "retention"}, "", personal.Lapse{Most: lapseMost})
		if err != nil {
			return n, err
		}
		n += len(made)
	}
}
