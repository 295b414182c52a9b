package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"hallkeeper/hub/access"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/signin"
	"hallkeeper/wire"
)

// callback is where the issuer sends the browser back to.
const callback = "/oidc/callback"

// flowCookie ties a flow to the browser that began it. It comes back from the issuer's site, so that Strict would hide it.
func flowCookie(r *http.Request, value string, age int) *http.Cookie {
	name := "hallkeeper_oidc"
	if r.TLS != nil {
		name = "__Host-" + name
	}
	return &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: age, Secure: r.TLS != nil} //nolint:gosec // Lax, since the browser comes from the issuer; Secure wherever there is TLS
}

func (a *API) beginSingleSignOn(w http.ResponseWriter, r *http.Request) error {
	if a.SingleSignOn == nil {
		return problem("no_single_sign_on")
	}
	if err := a.ceremony(w, r); err != nil {
		return err
	}
	return a.sendOff(w, r, signin.Wish{})
}

func (a *API) beginLink(w http.ResponseWriter, r *http.Request) error {
	if a.SingleSignOn == nil {
		return problem("no_single_sign_on")
	}
	i, err := a.showAgain(w, r)
	if err != nil {
		return err
	}
	return a.sendOff(w, r, signin.Wish{Account: i.Account, Session: i.Digest})
}

// sendOff says where the browser goes, and gives it the cookie by which it is known when it comes back.
func (a *API) sendOff(w http.ResponseWriter, r *http.Request, wish signin.Wish) error {
	back := strings.TrimSuffix(a.PublicURL, "/")
	if back == "" {
		back = "http://" + r.Host
		if r.TLS != nil {
			back = "https://" + r.Host
		}
	}
	url, cookie, err := a.SingleSignOn.Begin(r.Context(), back+callback, wish, a.Now())
	if err != nil {
		a.Logger.WarnContext(r.Context(), "the single sign-on cannot be reached", "error", err)
		return problem("single_sign_on_down")
	}
	http.SetCookie(w, flowCookie(r, cookie, 600))
	return sendJSON(w, r, GoTo{url})
}

// comeBack ends a flow: the browser comes from the issuer. It is a person who reads the outcome, so it is a page.
func (a *API) comeBack(w http.ResponseWriter, r *http.Request) {
	if a.SingleSignOn == nil {
		a.fail(w, r, problem("no_single_sign_on"))
		return
	}
	to := "/login?sso=" + a.outcome(w, r)
	if to == "/login?sso=linked" {
		to = "/account?sso=linked"
	}
	http.SetCookie(w, flowCookie(r, "", -1))
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // outcome says one of a few words of its own
}

// outcome is how a flow ended, in a word that the page has sentences for.
func (a *API) outcome(w http.ResponseWriter, r *http.Request) string {
	q := r.URL.Query()
	secret := ""
	if c, err := r.Cookie(flowCookie(r, "", 0).Name); err == nil {
		secret = c.Value
	}
	subject, wish, err := a.SingleSignOn.Finish(r.Context(), secret, q.Get("state"), q.Get("code"), a.Now())
	failed := func(name, why string) string {
		a.noteSignIn(r, &access.Identity{Place: address(r)}, name, wire.MethodOIDC, "single_sign_on_"+why)
		return why
	}
	switch {
	case errors.Is(err, signin.ErrOver):
		return failed("", "over")
	case errors.Is(err, signin.ErrDown):
		a.Logger.WarnContext(r.Context(), "the single sign-on cannot be reached", "error", err)
		return "down"
	case err != nil:
		a.Logger.WarnContext(r.Context(), "a single sign-on was refused", "address", address(r), "issuer_says", fmt.Sprintf("%.100q", q.Get("error")), "error", err)
		return failed(wish.Account, "refused")
	}
	token := a.Register.SubjectToken(a.SingleSignOn.Issuer, subject)
	if wish.Account != "" {
		return a.link(r, wish, token)
	}
	account := ""
	a.Register.Read(func(v *register.View, _ *roster.State) {
		x, _ := v.State.Access.Links.Get(token)
		if of, ok := v.State.Access.Accounts.Get(x.Account); ok && !of.Disabled {
			account = x.Account
		}
	})
	if account == "" {
		a.Logger.WarnContext(r.Context(), "a single sign-on means nobody here", "address", address(r))
		return failed(token, "unlinked")
	}
	if _, err := a.opened(w, r, account, wire.MethodOIDC); err != nil {
		a.Logger.ErrorContext(r.Context(), "a session could not be opened", "request", requestID(r), "error", err)
		return "failed"
	}
	return "in"
}

// link ends a flow that a signed-in person began; their session must still be there.
func (a *API) link(r *http.Request, wish signin.Wish, token string) string {
	alive := false
	a.Register.Read(func(v *register.View, _ *roster.State) {
		x, ok := v.State.Access.Sessions.Get(wish.Session)
		alive = ok && x.Account == wish.Account && a.Now().Before(x.Expires)
	})
	if !alive {
		return "over"
	}
	_, _, err := a.Commands.Do(r.Context(), wire.Actor{Kind: wire.ActorPerson, ID: wish.Account, Session: access.ShortDigest(wish.Session)}, "",
		access.LinkAccount{Account: wish.Account, Issuer: a.SingleSignOn.Issuer, Subject: token})
	var no *hall.Error
	switch {
	case errors.As(err, &no) && (no.Name == "subject_linked" || no.Name == "account_linked"):
		return no.Name
	case err != nil:
		a.Logger.ErrorContext(r.Context(), "an account could not be linked", "request", requestID(r), "error", err)
		return "failed"
	}
	return "linked"
}
