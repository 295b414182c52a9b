package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/vault"
	"hallkeeper/wire"
)

// known is the state on which commands are decided.
type known struct {
	windows  roster.State
	register *register.State
}

func (k *known) fold(r *wire.Record) {
	k.windows.Fold(r)
	if r.Agent == "" { // a device decides nothing
		k.register.Fold(r)
	} else {
		k.register.Line.Device(r)
	}
}

// decider holds what is known with all earlier decisions in it, also those that
// are not on disk yet. The log's committer owns it: every method runs there.
type decider struct {
	state known
	vault *vault.Vault
	// stale: state must be loaded before the next decision. drafted is what the
	// present batch has decided meanwhile.
	stale   bool
	drafted []wire.Record
	// load gives the state after all records up to and with a position, which is on disk.
	load func(context.Context, wire.Position) (known, error)
}

// loadWithin bounds the wait for the views, which are microseconds behind the log.
const loadWithin = 5 * time.Second

func newDecider() *decider { return &decider{stale: true} }

// decided folds what will be committed next.
func (d *decider) decided(records []wire.Record) {
	if d.stale {
		d.drafted = append(d.drafted, records...)
		return
	}
	for i := range records {
		d.state.fold(&records[i])
	}
}

// failed drops a state in which there is what was not committed.
func (d *decider) failed() { d.stale, d.drafted = true, nil }

func (d *decider) committed() { d.drafted = nil }

// decide gives the events of a command, sealed.
func (d *decider) decide(m eventlog.Moment, actor wire.Actor, cmd any) ([]wire.Event, error) {
	if d.stale {
		ctx, cancel := context.WithTimeout(context.Background(), loadWithin)
		defer cancel()
		s, err := d.load(ctx, wire.Position(m.Size)-wire.Position(len(d.drafted)))
		if err != nil {
			return nil, fmt.Errorf("load the state for a decision: %w", err)
		}
		for i := range d.drafted {
			s.fold(&d.drafted[i])
		}
		d.state, d.stale, d.drafted = s, false, nil
	}
	if c, ok := cmd.(roster.Command); ok {
		events, err := roster.Decide(&d.state.windows, c)
		if gone, ok := c.(roster.DismissDevice); ok && err == nil {
			return d.sealed(events, actor, d.state.register.Enrolment.Dismissed(gone.Agent, m.Now))
		}
		return events, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	at := hall.Moment{Now: m.Now, Day: hall.DateOf(m.Now, m.Now.Location()), Zone: m.Now.Location(), ID: id.String(), Actor: actor, Unseal: d.unseal}
	if a, ok := d.state.register.Access.Accounts.Get(actor.ID); ok {
		at.Staff = a.Staff
	}
	drafts, err := d.state.register.Decide(&d.state.windows, cmd, at)
	if err != nil {
		return nil, err
	}
	return d.sealed(nil, actor, drafts)
}

// sealed appends drafts to events.
func (d *decider) sealed(events []wire.Event, actor wire.Actor, drafts []hall.Draft) ([]wire.Event, error) {
	events = slices.Grow(events, len(drafts))
	for _, x := range drafts {
		if len(x.Personal) > 0 && d.state.register.Personal.Gone.Has(x.Person) { // its key is about to be destroyed
			return nil, forgotten()
		}
		e, err := d.seal(x)
		if err != nil {
			return nil, err
		}
		if x.ProposedBy != "" {
			by := actor
			by.ProposedBy = x.ProposedBy
			e.Actor = &by
		}
		events = append(events, e)
	}
	return events, nil
}

func (d *decider) seal(x hall.Draft) (wire.Event, error) {
	data, err := json.Marshal(x.Data)
	e := wire.Event{Kind: x.Kind, Data: data}
	if err != nil || len(x.Personal) == 0 {
		return e, err
	}
	sealed, err := d.vault.Seal(x.Person, x.Personal)
	if errors.Is(err, vault.ErrForgotten) { // nothing more can be said of them
		return e, forgotten()
	}
	if err != nil {
		return e, fmt.Errorf("seal what is personal: %w", err)
	}
	e.Personal = []wire.Sealed{sealed}
	return e, nil
}

func forgotten() error {
	return hall.Refuse("forgotten", "相关个人信息的密钥已按规定销毁，不能再写入文字", "the key of what is personal here was destroyed as prescribed; no more text can be added")
}

func (d *decider) unseal(s *wire.Sealed) map[string]string { return unseal(d.vault, s) }

// unseal reads what is sealed; nil where the key was destroyed.
func unseal(v *vault.Vault, s *wire.Sealed) map[string]string {
	if s == nil {
		return nil
	}
	fields, err := v.Unseal(*s)
	if err != nil {
		return nil
	}
	return fields
}
