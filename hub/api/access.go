package api

import (
	"context"
	"crypto/subtle"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

type whoKey struct{}

// who is who makes a request that a guarded route serves.
func who(r *http.Request) access.Identity {
	if i, ok := r.Context().Value(whoKey{}).(access.Identity); ok {
		return i
	}
	return access.Nobody()
}

// guarded lets through to a route only who may use it.
func (a *API) guarded(rt route) http.Handler {
	origins := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var i access.Identity
		var err error
		if origins.Check(r) != nil { // reading is let through; before anything is looked up, let alone noted
			err = problem("cross_origin")
		} else {
			i, err = a.identify(r)
		}
		i.Place = address(r)
		switch {
		case err != nil:
		case rt.changes && !a.mayChange(r, &i):
			err = problem("too_many_requests")
		case !i.May(rt.may) && i.Role == wire.RolePublic:
			err = problem("not_signed_in")
		case !i.May(rt.may):
			err = problem("not_permitted")
		case !i.MayAt(rt.may, r.PathValue("id")):
			err = problem("not_yours")
		case rt.person && !i.Person():
			err = problem("person_needed")
		case i.Temporary && rt.may != access.Anybody && rt.may != access.SignedIn:
			err = problem("password_temporary")
		}
		if err == nil {
			err = rt.checkQuery(r)
		}
		if err == nil {
			r = r.WithContext(context.WithValue(context.WithValue(r.Context(), whoKey{}, i), triedKey{}, new(string)))
			if rt.exports {
				err = a.exported(w, r, rt)
			} else {
				err = rt.handle(w, r)
			}
		}
		if err != nil {
			a.noteFailure(r, rt, &i, err)
			a.fail(w, r, err)
		}
	})
}

// identify says who makes a request: by the bearer token of a program, the
// session of a browser or the certificate of a device. A token or a certificate
// that is given and no good is refused; a session that is over is nobody's.
func (a *API) identify(r *http.Request) (access.Identity, error) {
	i, err := a.identifyPerson(r)
	if err == nil && i.Role == wire.RolePublic {
		i = a.byScreen(r)
	}
	return i, err
}

func (a *API) identifyPerson(r *http.Request) (access.Identity, error) {
	now := a.Now()
	device, err := a.device(r)
	if err != nil {
		return access.Nobody(), err
	}
	if header := r.Header.Get("Authorization"); header != "" {
		secret, ok := strings.CutPrefix(header, "Bearer ")
		if !ok {
			return access.Nobody(), problem("token_invalid")
		}
		if a.Secret != "" && subtle.ConstantTimeCompare([]byte(secret), []byte(a.Secret)) == 1 && fromHere(r) {
			return access.Identity{Account: access.OperatorActor, Role: wire.RoleAdministrator, Operator: true, Session: "local"}, nil
		}
		return a.byToken(r, secret)
	}
	c, err := r.Cookie(sessionCookie(r))
	if err != nil {
		return device, nil //nolint:nilerr // no session
	}
	i := access.Nobody()
	a.Register.Read(func(v *register.View, _ *roster.State) { i, _ = v.State.Access.BySession(c.Value, now) })
	if i.Role == wire.RolePublic || !a.alive(r, &i) {
		return access.Nobody(), nil
	}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for _, account := range v.State.Book.Delegated(i.Account, hall.DateOf(now, a.Zone)) {
			if x, ok := v.State.Access.Accounts.Get(account); ok && !x.Disabled && x.Role == wire.RoleSupervisor {
				i.Acting = append(i.Acting, x.Role)
			}
		}
	})
	return i, nil
}

// fromHere tells whether a request was made by a program on this machine and
// was not passed on by a proxy.
func fromHere(r *http.Request) bool {
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip"} {
		if r.Header.Get(header) != "" {
			return false
		}
	}
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && remote.Addr().Unmap().IsLoopback()
}

// placed is commands that note where a person or a program acts from, whatever has made the actor.
type placed struct{ Commands }

type placeKey struct{}

func (c placed) Do(ctx context.Context, actor wire.Actor, key string, cmd any) ([]wire.Record, bool, error) {
	if from, ok := ctx.Value(placeKey{}).(string); ok && actor.From == "" {
		actor.From = from
	}
	return c.Commands.Do(ctx, actor, key, cmd)
}

// toMetrics lets Prometheus in from this machine or with a token, and whoever may read the whole hall:
// the figures name nobody, but tell how busy a hall is and what of it fails.
func (a *API) toMetrics(metrics http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if i, err := a.identify(r); !fromHere(r) && (err != nil || !i.May(access.ReadAll)) {
			if err == nil {
				err = problem("not_permitted")
				if i.Role == wire.RolePublic {
					err = problem("not_signed_in")
				}
			}
			a.fail(w, r, err)
			return
		}
		metrics.ServeHTTP(w, r)
	})
}

// mayChange bounds how often one caller changes something: an account, a token, or
// whoever has not signed in by address. One that runs wild stops nobody else.
func (a *API) mayChange(r *http.Request, i *access.Identity) bool {
	caller := "account/" + i.Account
	if i.Role == wire.RolePublic {
		caller = "address/" + address(r)
	}
	_, ok := a.changes.Take(time.Now(), caller)
	return ok
}
