package api

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// SessionRules are how long sessions live and where they work.
type SessionRules struct {
	// Idle ends a session that was not used for so long, Max any session; 0 is never, and access.SessionLasts.
	Idle, Max time.Duration
	// Bound sessions work from the address that they were opened from only.
	Bound bool
}

// uses is when sessions and tokens were last used. The log has no room for every request: it is kept in memory, and
// after a restart counts from the start.
type uses struct {
	began time.Time

	mu   sync.Mutex
	last map[string]use // by digest or id
}

type use struct {
	at      time.Time
	address string
}

const usesMost = 20_000

func (u *uses) note(id, address string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.last == nil || len(u.last) > usesMost { // more than any hall has: begin again, which ends nobody's session early
		u.last, u.began = map[string]use{}, at
	}
	u.last[id] = use{at, address}
}

// of is the last use that is known; opened, or the hub's start where that was later, where there was none.
func (u *uses) of(id string, opened time.Time) time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	if x, ok := u.last[id]; ok {
		return x.at
	}
	if u.began.After(opened) {
		return u.began
	}
	return opened
}

func (u *uses) known(id string) (use, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	x, ok := u.last[id]
	return x, ok
}

// unattended is the header by which a page says that it asks by itself, with nobody at it.
const unattended = "Unattended"

// alive tells whether a session may be used for a request, and ends one that may not.
func (a *API) alive(r *http.Request, i *access.Identity) bool {
	now, from := a.Now(), address(r)
	if a.Sessions.Bound && i.From != "" && !sameNetwork(a.place(i.From), from) {
		a.Logger.WarnContext(r.Context(), "a session was used from another address and is ended", "account", i.Account, "session", i.Session, "opened_from", a.place(i.From), "address", from)
		a.noteFrom(r, func(place string) access.Command {
			return access.MisuseSession{Session: i.Digest, Address: place}
		})
		return false
	}
	if a.idle(i.Role, i.Digest, i.Opened, now) {
		a.note(r, access.CloseSession{Session: i.Digest, Why: wire.ClosedIdle})
		return false
	}
	if r.Header.Get(unattended) == "" {
		a.uses.note(i.Digest, from, now)
	}
	return true
}

// idle tells whether a session has not been used for too long; nobody sits at a screen.
func (a *API) idle(role wire.Role, digest string, opened, now time.Time) bool {
	return a.Sessions.Idle > 0 && role != wire.RoleScreen && now.Sub(a.uses.of(digest, opened)) >= a.Sessions.Idle
}

// note stores what the hub itself has seen of who may act. A hub that cannot store does without: it refuses all the same.
func (a *API) note(r *http.Request, cmd access.Command) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer cancel()
	if _, _, err := a.Commands.Do(ctx, wire.Actor{Kind: wire.ActorSchedule, ID: "sign-in"}, "", cmd); err != nil {
		a.Logger.ErrorContext(ctx, "what was seen of a session or a token could not be stored", "request", requestID(r), "error", err)
	}
}

// noteFrom is note of what says where a request comes from.
func (a *API) noteFrom(r *http.Request, cmd func(place string) access.Command) {
	place, err := a.standing(r)
	if err != nil {
		a.Logger.ErrorContext(r.Context(), "what was seen of a session or a token could not be stored", "request", requestID(r), "error", err)
		return
	}
	a.note(r, cmd(place))
}

// byToken says who a program is.
func (a *API) byToken(r *http.Request, secret string) (access.Identity, error) {
	var i access.Identity
	var t access.Token
	found, day, from := false, a.today(), address(r)
	a.Register.Read(func(v *register.View, _ *roster.State) { i, t, found = v.State.Access.ByToken(secret, day) })
	if !found {
		return access.Nobody(), problem("token_invalid")
	}
	if len(t.Addresses) > 0 && !within(from, t.Addresses) {
		a.Logger.WarnContext(r.Context(), "a token was used from where it does not work", "token", t.ID, "address", from)
		a.noteFrom(r, func(place string) access.Command { return access.RefuseToken{Token: t.ID, Address: place} })
		return access.Nobody(), problem("token_elsewhere")
	}
	last, _ := a.uses.known("token/" + t.ID)
	a.uses.note("token/"+t.ID, from, a.Now())
	if t.UsedOn != day && !sameDay(last.at, a.Now(), a.Zone) { // of many at once, one tells
		a.noteFrom(r, func(place string) access.Command { return access.UseToken{Token: t.ID, Address: place} })
	}
	return i, nil
}

func sameDay(x, y time.Time, zone *time.Location) bool {
	return x.In(zone).Format(time.DateOnly) == y.In(zone).Format(time.DateOnly)
}

// address is where a request comes from. This machine's two names are one.
func address(r *http.Request) string {
	x, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
			return host
		}
		return r.RemoteAddr
	}
	ip := x.Addr().Unmap().WithZone("")
	if ip == netip.IPv6Loopback() {
		return "127.0.0.1"
	}
	return ip.String()
}

// sameNetwork tells whether two addresses are one computer's: the same of IPv4, the same network of IPv6, where
// computers change their own part by themselves.
func sameNetwork(x, y string) bool {
	if x == y {
		return true
	}
	a, err1 := netip.ParseAddr(x)
	b, err2 := netip.ParseAddr(y)
	if err1 != nil || err2 != nil || !a.Is6() || !b.Is6() {
		return false
	}
	p, err := a.Prefix(64)
	return err == nil && p.Contains(b)
}

// within tells whether an address lies in one of the ranges.
func within(from string, ranges []string) bool {
	ip, err := netip.ParseAddr(from)
	if err != nil {
		return false
	}
	for _, x := range ranges {
		if p, err := netip.ParsePrefix(x); err == nil && p.Contains(ip) {
			return true
		}
	}
	return false
}

var errRange = errors.New("no address and no range of addresses")

// addressRanges reads addresses and ranges like 10.0.3.7 and 10.0.3.0/24, as ranges.
func addressRanges(texts []string) ([]string, error) {
	var all []string
	for _, text := range texts {
		text = strings.TrimSpace(text)
		p, err := netip.ParsePrefix(text)
		if err != nil {
			ip, err := netip.ParseAddr(text)
			if err != nil || ip.Zone() != "" {
				return nil, errRange
			}
			p = netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen())
		}
		all = append(all, p.Masked().String())
	}
	return all, nil
}

// sessionCookie is the name of the cookie that holds a session. Over TLS it begins with what makes browsers refuse it
// from anybody but this host over TLS.
func sessionCookie(r *http.Request) string {
	if r.TLS != nil {
		return "__Host-hallkeeper_session"
	}
	return "hallkeeper_session"
}
