package api

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/signin"
	"hallkeeper/wire"
)

type (
	// SignInWays are the ways in beside the password.
	SignInWays struct {
		// PasskeysHere is false at an address where no passkey can be: one that is no name, or none of the hub's.
		PasskeysHere bool `json:"passkeys_here"`
		// PasskeysAt are the hub's names, at which there can be passkeys.
		PasskeysAt []string `json:"passkeys_at,omitempty"`
		// SingleSignOn is left out where none is set.
		SingleSignOn *SingleSignOn `json:"single_sign_on,omitempty"`
	}
	// SingleSignOn is as its button says. Down: it could not be reached just now.
	SingleSignOn struct {
		Name   string `json:"name"`
		NameEN string `json:"name_en"`
		Down   bool   `json:"down,omitempty"`
	}
	// WayList is how one may sign in to an account.
	WayList struct {
		Passkeys []PasskeyRow `json:"passkeys"`
		Links    []LinkRow    `json:"links"`
		// Proved: one has just shown who one is by a passkey, so that no password is needed to add a way.
		Proved bool `json:"proved,omitempty"`
		SignInWays
	}
	// PasskeyRow is one passkey.
	PasskeyRow struct {
		ID    string    `json:"id"`
		Name  string    `json:"name"`
		RP    string    `json:"rp"`
		Added time.Time `json:"added"`
		// Used is when it last signed somebody in.
		Used *time.Time `json:"used,omitempty"`
		// Cloned: there are two of it, and it works no more.
		Cloned bool `json:"cloned,omitempty"`
	}
	// LinkRow is a link to a single sign-on.
	LinkRow struct {
		Issuer string    `json:"issuer"`
		Linked time.Time `json:"linked"`
	}
	proveBody struct {
		Password string `json:"password,omitempty"`
	}
	addPasskeyBody struct {
		Ceremony string `json:"ceremony"`
		Name     string `json:"name"`
		// Credential is the browser's RegistrationResponseJSON.
		Credential json.RawMessage `json:"credential"`
	}
	passkeySignInBody struct {
		Ceremony string `json:"ceremony"`
		// Credential is the browser's AuthenticationResponseJSON.
		Credential json.RawMessage `json:"credential"`
	}
	// GoTo is where the browser goes next.
	GoTo struct {
		URL string `json:"url"`
	}
	subjectBody struct {
		// Subject is whom the issuer means, as it says it.
		Subject string `json:"subject"`
	}
)

func (a *API) wayRoutes() []route {
	account, passkey := in("id", "账号", "the account"), in("passkey", "通行密钥编号", "the passkey's id")
	removed := func(of func(*http.Request) string) func(*http.Request, []byte) (order, error) {
		return func(r *http.Request, _ []byte) (order, error) {
			return order{cmd: access.RemovePasskey{Account: of(r), Passkey: r.PathValue("passkey")}, status: http.StatusOK, kind: wire.KindPasskeyRemoved}, nil
		}
	}
	unlinked := func(of func(*http.Request) string) func(*http.Request, []byte) (order, error) {
		return func(r *http.Request, _ []byte) (order, error) {
			return order{cmd: access.UnlinkAccount{Account: of(r)}, status: http.StatusOK, kind: wire.KindAccountUnlinked}, nil
		}
	}
	own, other := func(r *http.Request) string { return who(r).Account }, func(r *http.Request) string { return r.PathValue("id") }
	acts := func(may access.Permission, path, zh, en string, body, answer any, handle func(http.ResponseWriter, *http.Request) error, refusals ...string) route {
		return route{method: "POST", path: v1 + path, may: may, changes: true, summary: text{zh, en}, body: body, answer: answer, status: http.StatusOK,
			refusals: append(refusals, "fields_invalid", "not_writable"), handle: handle}
	}
	return []route{
		read(access.Anybody, v1+"sign-in", "可用的登录方式", "the ways to sign in", SignInWays{}, a.getSignInWays),
		acts(access.Anybody, "session/passkey/begin", "开始用通行密钥登录", "begin to sign in with a passkey", nil, signin.Begun{}, a.beginPasskey, "passkeys_need_a_name", "passkeys_other_name", "too_many_tries"),
		acts(access.Anybody, "session/passkey", "用通行密钥登录", "sign in with a passkey", passkeySignInBody{}, SessionInfo{}, a.passkeySignIn, "passkeys_need_a_name", "passkeys_other_name", "passkey_over", "passkey_refused", "passkey_cloned", "too_many_tries"),
		acts(access.Anybody, "session/single-sign-on", "开始单点登录", "begin to sign in by the single sign-on", nil, GoTo{}, a.beginSingleSignOn, "no_single_sign_on", "single_sign_on_down", "too_many_tries"),
		read(access.SignedIn, v1+"ways", "自己的登录方式", "one's own ways to sign in", WayList{}, a.getWays),
		acts(access.SignedIn, "passkeys/begin", "开始添加通行密钥", "begin to add a passkey", proveBody{}, signin.Begun{}, a.beginAddingPasskey, "passkeys_need_a_name", "passkeys_other_name", "too_many_tries"),
		acts(access.SignedIn, "passkeys", "添加通行密钥", "add a passkey", addPasskeyBody{}, WayList{}, a.addPasskey, "passkeys_need_a_name", "passkeys_other_name", "passkey_over", "passkey_refused", "passkey_known", "passkeys_enough"),
		a.change(access.SignedIn, "PUT", "passkeys/{passkey}", "给自己的通行密钥改名", "rename one's own passkey", access.RenamePasskey{},
			enter(func(r *http.Request, c *access.RenamePasskey) {
				c.Account, c.Passkey = who(r).Account, r.PathValue("passkey")
			}), []string{"passkey_unknown"}, passkey),
		a.change(access.SignedIn, "DELETE", "passkeys/{passkey}", "删除自己的通行密钥", "remove one's own passkey", nil, removed(own), []string{"passkey_unknown"}, passkey),
		acts(access.SignedIn, "link", "开始绑定统一身份", "begin to link one's account to the single sign-on", proveBody{}, GoTo{}, a.beginLink, "no_single_sign_on", "single_sign_on_down", "too_many_tries"),
		a.change(access.SignedIn, "DELETE", "link", "解除自己的统一身份绑定", "unlink one's own account", nil, unlinked(own), []string{"link_unknown"}),
		read(access.Audit, v1+"accounts/{id}/ways", "某账号的登录方式", "an account's ways to sign in", WayList{}, a.getWays, account),
		a.change(access.Govern, "DELETE", "accounts/{id}/passkeys/{passkey}", "删除某账号的通行密钥", "remove a passkey of an account", nil, removed(other), []string{"passkey_unknown"}, account, passkey),
		a.change(access.Govern, "PUT", "accounts/{id}/link", "为账号绑定统一身份", "link an account to the single sign-on", subjectBody{}, a.linkFor, []string{"no_single_sign_on", "account_unknown", "subject_linked", "account_linked"}, account),
		a.change(access.Govern, "DELETE", "accounts/{id}/link", "解除某账号的统一身份绑定", "unlink an account", nil, unlinked(other), []string{"link_unknown"}, account),
	}
}

func (a *API) signInWays(r *http.Request) SignInWays {
	_, err := signin.SiteOf(r.Host, a.PasskeyNames)
	w := SignInWays{PasskeysHere: err == nil, PasskeysAt: a.PasskeyNames}
	if a.SingleSignOn != nil {
		w.SingleSignOn = &SingleSignOn{Name: a.SingleSignOn.Name, NameEN: a.SingleSignOn.NameEN, Down: a.SingleSignOn.Down() != nil}
	}
	return w
}

func (a *API) getSignInWays(w http.ResponseWriter, r *http.Request) error {
	return sendJSON(w, r, a.signInWays(r))
}

func (a *API) getWays(w http.ResponseWriter, r *http.Request) error {
	i := who(r)
	list := WayList{Passkeys: []PasskeyRow{}, Links: []LinkRow{}, Proved: a.proved(&i), SignInWays: a.signInWays(r)}
	account := cmp.Or(r.PathValue("id"), i.Account)
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for id, x := range v.State.Access.Passkeys.All() {
			if x.Account == account {
				list.Passkeys = append(list.Passkeys, PasskeyRow{access.ShortDigest(id), cmp.Or(a.sealed(x.Renamed, "name"), a.sealed(x.Secret, "name")), x.RP, x.Added, x.Used, x.Cloned})
			}
		}
		for _, x := range v.State.Access.Links.All() {
			if x.Account == account {
				list.Links = append(list.Links, LinkRow{x.Issuer, x.Linked})
			}
		}
	})
	slices.SortFunc(list.Passkeys, func(x, y PasskeyRow) int { return cmp.Or(x.Added.Compare(y.Added), strings.Compare(x.ID, y.ID)) })
	return sendJSON(w, r, list)
}

// provedFor is how long a sign-in with a passkey stands for the password.
const provedFor = 5 * time.Minute

func (a *API) proved(i *access.Identity) bool {
	return i.Method == wire.MethodPasskey && a.Now().Sub(i.Opened) < provedFor
}

// showAgain lets through who shows again who they are: a way in outlives the session that adds it.
func (a *API) showAgain(w http.ResponseWriter, r *http.Request) (access.Identity, error) {
	i := who(r)
	var b proveBody
	if err := a.body(w, r, &b); err != nil {
		return i, err
	}
	if i.Digest == "" {
		return i, problem("not_permitted") // a program signs in by its token
	}
	if i.Temporary {
		return i, problem("password_temporary")
	}
	if a.proved(&i) {
		return i, nil
	}
	keys := []string{"account/" + i.Account, "address/" + address(r)}
	if err := a.guess(w, keys...); err != nil {
		return i, err
	}
	good, err := a.verify(w, r, a.hashOf(i.Account), b.Password)
	if err != nil {
		return i, err
	}
	if !good {
		a.noteSignIn(r, &i, i.Account, wire.MethodPassword, "password_wrong")
		return i, wrong(field{"password", "wrong", text{"密码不正确", "is not the password"}})
	}
	a.limits.Back(keys...)
	return i, nil
}

func (a *API) site(r *http.Request) (signin.Site, error) {
	s, err := signin.SiteOf(r.Host, a.PasskeyNames)
	switch {
	case errors.Is(err, signin.ErrNoName):
		return s, problem("passkeys_need_a_name")
	case err != nil:
		return s, problem("passkeys_other_name")
	}
	return s, nil
}

func (a *API) beginAddingPasskey(w http.ResponseWriter, r *http.Request) error {
	site, err := a.site(r)
	if err != nil {
		return err
	}
	i, err := a.showAgain(w, r)
	if err != nil {
		return err
	}
	name, known := "", []string(nil)
	a.Register.Read(func(v *register.View, _ *roster.State) {
		x, _ := v.State.Access.Accounts.Get(i.Account)
		name = a.sealed(x.Name, "name")
		for _, k := range v.State.Access.Passkeys.All() {
			if k.Account == i.Account && k.RP == site.RP && !k.Cloned {
				known = append(known, a.sealed(k.Secret, "credential"))
			}
		}
	})
	begun, err := a.passkeys.BeginAdding(site, i.Account, cmp.Or(name, i.Account), i.Digest, known, a.Now())
	if err != nil {
		return err
	}
	return sendJSON(w, r, begun)
}

func (a *API) addPasskey(w http.ResponseWriter, r *http.Request) error {
	var b addPasskeyBody
	if err := a.body(w, r, &b); err != nil {
		return err
	}
	site, err := a.site(r)
	if err != nil {
		return err
	}
	i := who(r)
	key, err := a.passkeys.Add(site, i.Account, i.Digest, b.Ceremony, b.Credential, a.Now())
	if err != nil {
		return a.passkeyProblem(r, err)
	}
	if _, _, err := a.Commands.Do(r.Context(), i.Actor(), "", access.AddPasskey{PasskeyAdded: wire.PasskeyAdded{Passkey: key.ID, Account: i.Account, RP: site.RP, Count: key.Count},
		Name: b.Name, Credential: key.Credential}); err != nil {
		return err
	}
	return a.getWays(w, r)
}

func (a *API) passkeyProblem(r *http.Request, err error) error {
	switch {
	case errors.Is(err, signin.ErrOver):
		return problem("passkey_over")
	case errors.Is(err, signin.ErrRefused):
		a.Logger.WarnContext(r.Context(), "a passkey was refused", "address", address(r), "error", err)
		return problem("passkey_refused")
	}
	return err
}

func (a *API) beginPasskey(w http.ResponseWriter, r *http.Request) error {
	site, err := a.site(r)
	if err != nil {
		return err
	}
	if err := a.ceremony(w, r); err != nil {
		return err
	}
	begun, err := a.passkeys.BeginSignIn(site, a.Now())
	if err != nil {
		return err
	}
	return sendJSON(w, r, begun)
}

// ceremony bounds how many ceremonies one address begins; each is remembered for minutes.
func (a *API) ceremony(w http.ResponseWriter, r *http.Request) error {
	return a.take(w, &a.ceremonies, "address/"+address(r))
}

func (a *API) passkeySignIn(w http.ResponseWriter, r *http.Request) error {
	var b passkeySignInBody
	if err := a.body(w, r, &b); err != nil {
		return err
	}
	site, err := a.site(r)
	if err != nil {
		return err
	}
	cloned := false
	account, key, err := a.passkeys.SignIn(site, b.Ceremony, b.Credential, a.Now(), func(id, rp string) (account, credential string, ok bool) {
		a.Register.Read(func(v *register.View, _ *roster.State) {
			x, found := v.State.Access.Passkeys.Get(id)
			of, _ := v.State.Access.Accounts.Get(x.Account)
			tried(r, x.Account)
			if found && x.RP == rp && !of.Disabled {
				account, credential, ok, cloned = x.Account, a.sealed(x.Secret, "credential"), true, x.Cloned
			}
		})
		return account, credential, ok
	})
	if err != nil {
		return a.passkeyProblem(r, err)
	}
	if !cloned {
		made, _, err := a.Commands.Do(r.Context(), wire.Actor{Kind: wire.ActorPerson, ID: account}, "", access.UsePasskey{Passkey: key.ID, Count: key.Count})
		if err != nil {
			return err
		}
		cloned = len(made) > 0 && made[0].Kind == wire.KindPasskeyCloned
	}
	if cloned {
		a.Logger.WarnContext(r.Context(), "a passkey's count went back: it was copied, and works no more", "account", account, "passkey", access.ShortDigest(key.ID), "address", address(r))
		return problem("passkey_cloned")
	}
	return a.open(w, r, account, wire.MethodPasskey)
}

// linkFor links an account for its holder: an administrator knows what the issuer calls them.
func (a *API) linkFor(r *http.Request, body []byte) (order, error) {
	var b subjectBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	if a.SingleSignOn == nil {
		return order{}, problem("no_single_sign_on")
	}
	var bad hall.Checks
	bad.Words("subject", &b.Subject, 1, 255)
	if err := bad.Err(); err != nil {
		return order{}, err
	}
	return order{cmd: access.LinkAccount{Account: r.PathValue("id"), Issuer: a.SingleSignOn.Issuer, Subject: a.Register.SubjectToken(a.SingleSignOn.Issuer, b.Subject)},
		status: http.StatusOK, kind: wire.KindAccountLinked}, nil
}
