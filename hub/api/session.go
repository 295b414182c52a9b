package api

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/signin"
	"hallkeeper/wire"
)

// The bodies and answers of signing in.
type (
	signInBody struct {
		Account  string `json:"account"`
		Password string `json:"password"`
	}
	passwordBody struct {
		Old string `json:"old"`
		New string `json:"new"`
	}
	setupBody struct {
		Code     string `json:"code"`
		Account  string `json:"account"`
		Name     string `json:"name"`
		Password string `json:"password"`
	}
	accountBody struct {
		Name       string `json:"name"`
		Role       string `json:"role"`
		Staff      string `json:"staff,omitempty"`
		Department string `json:"department,omitempty"`
		// Password is the first one, or a new one; its holder must change it.
		Password string `json:"password,omitempty"`
	}
	tokenBody struct {
		Name    string `json:"name"`
		Role    string `json:"role"`
		Expires string `json:"expires,omitempty"`
		// Addresses are where it works from, like 10.0.3.0/24; everywhere where there are none.
		Addresses []string `json:"addresses,omitempty"`
	}
	// SessionInfo says who is signed in.
	SessionInfo struct {
		Account    string     `json:"account,omitempty"`
		Name       string     `json:"name,omitempty"`
		Role       wire.Role  `json:"role"`
		Staff      string     `json:"staff,omitempty"`
		Department string     `json:"department,omitempty"`
		Expires    *time.Time `json:"expires,omitempty"`
		// Permissions are what the account may do today, delegations included.
		Permissions []access.Permission `json:"permissions"`
		// Use is what an enrolled screen is for, Window of which window; Account is its id then.
		Use    wire.ScreenUse `json:"use,omitempty"`
		Window string         `json:"window,omitempty"`
		// Temporary: the password must be changed first.
		Temporary bool `json:"temporary,omitempty"`
		// Setup is true while the hall has no administrator.
		Setup bool `json:"setup,omitempty"`
		// Warning tells that an earlier session of the account was used from another address, and was ended.
		Warning *access.Misuse `json:"warning,omitempty"`
	}
	// AccountRow is one account.
	AccountRow struct {
		ID         string    `json:"id"`
		Name       string    `json:"name"`
		Role       wire.Role `json:"role"`
		Staff      string    `json:"staff,omitempty"`
		Department string    `json:"department,omitempty"`
		Disabled   bool      `json:"disabled,omitempty"`
		Temporary  bool      `json:"temporary,omitempty"`
	}
	// AccountList is all accounts.
	AccountList struct {
		Accounts []AccountRow `json:"accounts"`
	}
	// TokenRow is one token, without what it consists of.
	TokenRow struct {
		access.Token
		// Used is when it was last used, as far as the hub has seen since its start.
		Used *time.Time `json:"used,omitempty"`
	}
	// TokenList is all tokens.
	TokenList struct {
		Tokens []TokenRow `json:"tokens"`
	}
	// NewToken is a token when it is made: it is shown this once.
	NewToken struct {
		ID    string `json:"id"`
		Token string `json:"token"`
	}
)

func (a *API) getSession(w http.ResponseWriter, r *http.Request) error {
	return sendJSON(w, r, a.sessionInfo(who(r)))
}

func (a *API) sessionInfo(i access.Identity) SessionInfo {
	s := SessionInfo{Account: i.Account, Role: i.Role, Staff: i.Staff, Department: i.Department, Use: i.Use, Window: i.Window, Temporary: i.Temporary, Warning: a.warned(i.Warning), Permissions: []access.Permission{}}
	if !i.Expires.IsZero() {
		s.Expires = &i.Expires
	}
	for _, p := range access.Permissions() {
		if i.May(p) {
			s.Permissions = append(s.Permissions, p)
		}
	}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		s.Setup = v.State.Access.Administrators() == 0
		if x, ok := v.State.Access.Accounts.Get(i.Account); ok {
			s.Name = a.sealed(x.Name, "name")
		}
		if x, ok := v.State.Screens.Screens.Get(i.Account); ok && i.Use != "" {
			s.Name = x.Name
		}
	})
	return s
}

// signIn checks a password and opens a session. Whoever guesses is slowed down,
// by account and by address, and learns nothing of which accounts there are.
func (a *API) signIn(w http.ResponseWriter, r *http.Request) error {
	var b signInBody
	if err := a.body(w, r, &b); err != nil {
		return err
	}
	tried(r, b.Account)
	keys := []string{"account/" + b.Account, "address/" + address(r)}
	if err := a.guess(w, keys...); err != nil {
		return err
	}
	good, err := a.verify(w, r, a.hashOf(b.Account), b.Password)
	if err != nil {
		return err
	}
	if !good {
		a.Logger.WarnContext(r.Context(), "a sign-in failed", "account", fmt.Sprintf("%.40q", b.Account), "address", address(r))
		return problem("sign_in_failed")
	}
	a.limits.Back(keys...)
	return a.open(w, r, b.Account, wire.MethodPassword)
}

// verify checks a password against its hash when there is a place for it.
func (a *API) verify(w http.ResponseWriter, r *http.Request, hash, password string) (good bool, err error) {
	busy := a.hashing.Do(r.Context(), a.trusted(r), func() { good, err = access.Verify(hash, password) })
	if errors.Is(busy, signin.ErrBusy) {
		w.Header().Set("Retry-After", "2")
		return false, problem("too_many_tries")
	}
	return good, err
}

// newHash hashes a password when there is a place for it.
func (a *API) newHash(r *http.Request, password string) (hash string, err error) {
	busy := a.hashing.Do(r.Context(), a.trusted(r), func() { hash, err = access.Hash(password, rand.Reader) })
	if errors.Is(busy, signin.ErrBusy) {
		return "", problem("too_many_tries")
	}
	return hash, err
}

// trusted tells whether somebody has signed in from an address before.
func (a *API) trusted(r *http.Request) (yes bool) {
	from := address(r)
	if _, yes = a.uses.known("address/" + from); yes {
		return true
	}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for _, x := range v.State.Access.Sessions.Each() {
			if a.place(x.Address) == from {
				yes = true
				return
			}
		}
	})
	return yes
}

func (a *API) guess(w http.ResponseWriter, keys ...string) error {
	return a.take(w, &a.limits, keys...)
}

func (a *API) take(w http.ResponseWriter, from *access.Limits, keys ...string) error {
	if after, ok := from.Take(a.Now(), keys...); !ok {
		w.Header().Set("Retry-After", retryAfter(after))
		return problem("too_many_tries")
	}
	return nil
}

func retryAfter(d time.Duration) string { return strconv.Itoa(int(d.Seconds()) + 1) }

func (a *API) hashOf(account string) (hash string) {
	a.Register.Read(func(v *register.View, _ *roster.State) {
		if x, ok := v.State.Access.Accounts.Get(account); ok && !x.Disabled {
			hash = a.clear(x.Hash, "hash")
		}
	})
	return hash
}

// open opens a session, gives the browser its cookie and answers who is signed in.
func (a *API) open(w http.ResponseWriter, r *http.Request, account, method string) error {
	i, err := a.opened(w, r, account, method)
	if err != nil {
		return err
	}
	return sendJSON(w, r, a.sessionInfo(i))
}

// warned is what somebody is told of a misuse.
func (a *API) warned(x *access.Misuse) *access.Misuse {
	if x == nil {
		return nil
	}
	return &access.Misuse{At: x.At, Address: a.place(x.Address)}
}

func (a *API) opened(w http.ResponseWriter, r *http.Request, account, method string) (i access.Identity, err error) {
	secret, err := access.NewSecret(rand.Reader)
	if err != nil {
		return i, err
	}
	place, err := a.standing(r)
	if err != nil {
		return i, err
	}
	digest := access.Digest(secret)
	if _, _, err := a.Commands.Do(r.Context(), wire.Actor{Kind: wire.ActorPerson, ID: account, Session: access.ShortDigest(digest)}, "",
		access.OpenSession{Digest: digest, Account: account, Address: place, Agent: agentWords(r.UserAgent()), Method: method, Lasts: a.Sessions.Max}); err != nil {
		return i, err
	}
	http.SetCookie(w, a.cookie(r, secret, int(a.Sessions.Max.Seconds())))
	a.Register.Read(func(v *register.View, _ *roster.State) { i, _ = v.State.Access.BySession(secret, a.Now()) })
	a.uses.note(digest, address(r), a.Now())
	a.uses.note("address/"+address(r), "", a.Now())
	return i, nil
}

func (a *API) cookie(r *http.Request, value string, age int) *http.Cookie {
	return &http.Cookie{Name: sessionCookie(r), Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: age, Secure: r.TLS != nil} //nolint:gosec // Secure wherever there is TLS; without it this machine alone is served
}

func (a *API) signOut(w http.ResponseWriter, r *http.Request) error {
	i := who(r)
	if i.Digest != "" {
		if _, _, err := a.Commands.Do(r.Context(), i.Actor(), "", access.CloseSession{Session: i.Digest}); err != nil {
			return err
		}
	}
	http.SetCookie(w, a.cookie(r, "", -1))
	return sendJSON(w, r, a.sessionInfo(access.Nobody()))
}

// changePassword ends all sessions of the account and opens a new one.
func (a *API) changePassword(w http.ResponseWriter, r *http.Request) error {
	var b passwordBody
	if err := a.body(w, r, &b); err != nil {
		return err
	}
	i := who(r)
	if i.Digest == "" {
		return problem("not_permitted") // a program has no password
	}
	if err := a.guess(w, "account/"+i.Account, "address/"+address(r)); err != nil {
		return err
	}
	if good, err := a.verify(w, r, a.hashOf(i.Account), b.Old); err != nil || !good {
		if err != nil {
			return err
		}
		a.noteSignIn(r, &i, i.Account, wire.MethodPassword, "password_wrong")
		return wrong(field{"old", "wrong", text{"原密码不正确", "is not the present password"}})
	}
	if b.New == b.Old {
		return wrong(field{"new", "same", text{"应与原密码不同", "must differ from the present one"}})
	}
	if err := access.CheckPassword("new", b.New, i.Account); err != nil {
		return err
	}
	hash, err := a.newHash(r, b.New)
	if err != nil {
		return err
	}
	if _, _, err := a.Commands.Do(r.Context(), i.Actor(), "", access.SetPassword{Account: i.Account, Hash: hash}); err != nil {
		return err
	}
	a.limits.Back("account/"+i.Account, "address/"+address(r))
	return a.open(w, r, i.Account, wire.MethodPassword)
}

// setup makes the first administrator, for whoever has the link of the first start.
func (a *API) setup(w http.ResponseWriter, r *http.Request) error {
	var b setupBody
	if err := a.body(w, r, &b); err != nil {
		return err
	}
	if err := a.guess(w, "setup/"+address(r)); err != nil {
		return err
	}
	code := a.SetupCode()
	if code == "" || subtle.ConstantTimeCompare([]byte(code), []byte(b.Code)) != 1 {
		return problem("setup_code")
	}
	if err := access.CheckPassword("password", b.Password, b.Account); err != nil {
		return err
	}
	hash, err := a.newHash(r, b.Password)
	if err != nil {
		return err
	}
	_, _, err = a.Commands.Do(r.Context(), wire.Actor{Kind: wire.ActorPerson, ID: b.Account}, "", access.SetUp{SetAccount: access.SetAccount{
		AccountSet: wire.AccountSet{Account: b.Account, Role: wire.RoleAdministrator}, Name: b.Name, Hash: hash}})
	if err != nil {
		return err
	}
	a.limits.Back("setup/" + address(r))
	return a.open(w, r, b.Account, wire.MethodSetup)
}

func (a *API) getAccounts(w http.ResponseWriter, r *http.Request) error {
	list := AccountList{Accounts: []AccountRow{}}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for _, x := range v.State.Access.Accounts.All() {
			list.Accounts = append(list.Accounts, AccountRow{x.ID, a.sealed(x.Name, "name"), x.Role, x.Staff, x.Department, x.Disabled, x.Temporary})
		}
	})
	return sendJSON(w, r, list)
}

func (a *API) setAccount(r *http.Request, body []byte) (order, error) {
	var b accountBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	id := r.PathValue("id")
	c := access.SetAccount{AccountSet: wire.AccountSet{Account: id, Role: wire.Role(b.Role), Staff: b.Staff, Department: b.Department}, Name: b.Name,
		Temporary: wire.Role(b.Role) != wire.RoleScreen} // nobody sits at a screen who could choose another
	if b.Password != "" {
		if err := access.CheckPassword("password", b.Password, id); err != nil {
			return order{}, err
		}
		var err error
		if c.Hash, err = a.newHash(r, b.Password); err != nil {
			return order{}, err
		}
	}
	return order{cmd: c, status: http.StatusOK, kind: wire.KindAccountSet}, nil
}

func (a *API) getTokens(w http.ResponseWriter, r *http.Request) error {
	list := TokenList{Tokens: []TokenRow{}}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for _, t := range v.State.Access.Tokens.All() {
			row := TokenRow{Token: t}
			row.UsedFrom, row.RefusedFrom = a.place(t.UsedFrom), nil
			for _, from := range t.RefusedFrom {
				row.RefusedFrom = append(row.RefusedFrom, a.place(from))
			}
			if x, ok := a.uses.known("token/" + t.ID); ok {
				row.Used = &x.at
			}
			list.Tokens = append(list.Tokens, row)
		}
	})
	return sendJSON(w, r, list)
}

// createToken shows the token once: the log has its digest only.
func (a *API) createToken(w http.ResponseWriter, r *http.Request) error {
	var b tokenBody
	if err := a.body(w, r, &b); err != nil {
		return err
	}
	addresses, err := addressRanges(b.Addresses)
	if err != nil {
		return wrong(field{"addresses", "address", text{"应为地址或网段，如 10.0.3.7 或 10.0.3.0/24", "must be addresses or ranges like 10.0.3.7 or 10.0.3.0/24"}})
	}
	secret, err := access.NewSecret(rand.Reader)
	if err != nil {
		return err
	}
	i := who(r)
	made, _, err := a.Commands.Do(r.Context(), i.Actor(), "", access.CreateToken{TokenCreated: wire.TokenCreated{
		Digest: access.Digest(secret), Role: wire.Role(b.Role), Name: b.Name, Expires: b.Expires, Addresses: addresses}})
	if err != nil {
		return err
	}
	id := ""
	if len(made) > 0 {
		var d wire.TokenCreated
		if err := jsonInto(made[0].Data, &d); err != nil {
			return err
		}
		id = d.Token
	}
	body, err := encode(NewToken{id, secret})
	if err != nil {
		return err
	}
	send(w, r, http.StatusCreated, "application/json", body)
	return nil
}

// body reads a request's JSON object.
func (a *API) body(w http.ResponseWriter, r *http.Request, into any) error {
	raw, err := readBody(w, r)
	if err != nil {
		return err
	}
	return decode(raw, into)
}

// today is the hall's day.
func (a *API) today() hall.Date { return hall.DateOf(a.Now(), a.Zone) }
