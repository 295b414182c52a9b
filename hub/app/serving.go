package app

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"hallkeeper/hub/api"
	"hallkeeper/hub/eventlog"
	"hallkeeper/hub/gate"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/signin"
	"hallkeeper/hub/trouble"
	webkiosk "hallkeeper/web-kiosk"
	"hallkeeper/wire"
)

func (a *App) handler() http.Handler { return api.New(a.deps()) }

func (a *App) deps() api.Deps {
	return api.Deps{Logger: a.logger.With("part", "api"), Live: a.push, LiveSocket: a.push, Log: a.log, Checkpoints: a,
		DeadLetters: a, Commands: a, Register: a, Photos: photos{PhotoDir(a.cfg.Data)}, Sockets: &a.sockets, Documents: a, Upkeep: a, Secret: a.secret, SetupCode: a.setupCode, Sessions: api.SessionRules{Idle: a.cfg.SessionIdle, Max: a.cfg.SessionMax, Bound: a.cfg.SessionBinding == "address"}, SingleSignOn: a.singleSignOn, Now: a.cfg.Now, Zone: a.zone, Ready: a.unready, Metrics: a.metrics, Registry: a.metrics, Pages: webkiosk.FS(),
		PasskeyNames: a.passkeyNames(), PublicURL: a.cfg.PublicURL, VerifyAt: a.cfg.verifyAt(), Hall: a.cfg.Hall.ID, HallName: a.cfg.Hall.Name, Bureau: a.cfg.Bureau, Version: a.cfg.Version,
		LiveKnown: a.push.Known(), Authority: a.authority, DeviceBroker: a.deviceBroker}
}

// passkeyNames are the names under which browsers reach the hub: those of the settings, or this machine's own, and
// where phones reach it.
func (a *App) passkeyNames() []string {
	names := slices.Clone(a.cfg.Names)
	if len(names) == 0 {
		names = gate.OwnNames()
	}
	if u, err := url.Parse(a.cfg.PublicURL); err == nil && u.Host != "" {
		names = append(names, u.Hostname())
	}
	return signin.Names(names)
}

// Read runs fn while nothing changes; see api.Register.
func (a *App) Read(fn func(*register.View, *roster.State)) {
	a.views.runner.Read(func() { fn(a.views.register, &a.views.facts.Roster) })
}

// Unseal reads what is sealed; see api.Register.
func (a *App) Unseal(s *wire.Sealed) map[string]string { return unseal(a.vault, s) }

// SealPlace seals a network address under this month's key; see api.Register.
func (a *App) SealPlace(address string) (string, error) {
	return a.vault.SealPlace(address, a.cfg.Now().In(a.zone).Format("2006-01"))
}

// OpenPlace gives a sealed address back; see api.Register.
func (a *App) OpenPlace(place string) (string, error) { return a.vault.OpenPlace(place) }

// CardToken is the keyed hash of a card's number; see api.Register.
func (a *App) CardToken(number string) string { return a.vault.CardToken(number) }

// CitizenToken is the keyed hash of a citizen's ID or phone number; see api.Register.
func (a *App) CitizenToken(number string) string { return a.vault.CitizenToken(number) }

// SubjectToken is the keyed hash of whom an issuer means; see api.Register.
func (a *App) SubjectToken(issuer, subject string) string {
	return a.vault.SubjectToken(issuer, subject)
}

// TicketCode is what only the holder of a ticket has; see api.Register.
func (a *App) TicketCode(ticket string) string { return a.vault.TicketCode(ticket) }

// Checkpoints lists the signed tree heads; see api.Checkpoints.
func (a *App) Checkpoints() (all []api.Checkpoint, verifierKey string, err error) {
	for _, c := range a.views.checkpoints() {
		all = append(all, api.Checkpoint{At: c.At, Size: c.Size, Root: c.Root, Note: c.Note})
	}
	return all, a.vault.VerifierKey(), nil
}

// DeadLetters lists what could not be stored; see api.DeadLetters.
func (a *App) DeadLetters(before uint64, limit int) (page []wire.DeadLetter, total, open int, err error) {
	page, total, err = a.log.DeadLetters(before, limit)
	dismissed := a.views.dismissed(page)
	return page, total, max(0, total-dismissed), err
}

// unready says why the hub cannot take events now.
func (a *App) unready() (why []api.Unready) {
	if s := a.log.Stats(); !s.Writable {
		why = append(why, api.Unready{Code: string(wire.AlarmNotWritable), Detail: s.Failure})
	}
	if h := a.broker.Health(); !h.Connected {
		why = append(why, api.Unready{Code: string(wire.AlarmBrokerLost), Detail: h.Detail})
	}
	return why
}

// look shows what the parts say of themselves.
func (a *App) look(now time.Time) {
	s, h := a.log.Stats(), a.broker.Health()
	a.views.live.SetWritable(s.Writable, cause(&s))
	a.views.live.SetBroker(h.Connected, h.Detail)
	a.views.live.SetDeadLetters(s.DeadLetters)
	a.views.live.Tick(now)
}

// cause is why nothing can be stored: a word that pages know, or what the disk says.
func cause(s *eventlog.Stats) string {
	switch {
	case errors.Is(s.Cause, eventlog.ErrClockBehind):
		return trouble.ClockBehind
	case errors.Is(s.Cause, eventlog.ErrSuperseded):
		return trouble.Superseded
	}
	return s.Failure
}

func (a *App) lastCheckpoint() time.Time {
	all := a.views.checkpoints()
	if len(all) == 0 {
		return time.Time{}
	}
	return all[len(all)-1].At
}
