// Package access says who may act: accounts, sessions, tokens and the one table
// of roles that every route of the API checks. It owns passwords' hashes and the
// rates of guessing; it refuses to know what a route does.
//
// Apart from hashing it is pure: commands may refuse, Fold cannot fail.
package access

import (
	"encoding/json"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// Account is somebody who can sign in.
type Account struct {
	ID         string    `json:"id"`
	Role       wire.Role `json:"role"`
	Staff      string    `json:"staff,omitempty"`
	Department string    `json:"department,omitempty"`
	Disabled   bool      `json:"disabled,omitempty"`
	// Temporary: the password must be changed first.
	Temporary bool `json:"temporary,omitempty"`
	// Name and Hash are sealed under the account's key.
	Name *wire.Sealed `json:"name,omitempty"`
	Hash *wire.Sealed `json:"hash,omitempty"`
}

// Session is one sign-in.
type Session struct {
	Account string    `json:"account"`
	Expires time.Time `json:"expires"`
	Opened  time.Time `json:"opened"`
}

// Token lets a program act in a role.
type Token struct {
	ID      string    `json:"id"`
	Role    wire.Role `json:"role"`
	Name    string    `json:"name"`
	Expires hall.Date `json:"expires,omitempty"`
	Revoked bool      `json:"revoked,omitempty"`
	Created time.Time `json:"created"`
	By      string    `json:"by"`
}

// State is all accounts, sessions and tokens. The zero value has none.
type State struct {
	Accounts hall.Table[Account]
	Sessions hall.Table[Session] // by digest
	Tokens   hall.Table[Token]   // by digest
}

// Tables are what a view keeps.
func (s *State) Tables() hall.Tables {
	return hall.Tables{"account": &s.Accounts, "session": &s.Sessions, "token": &s.Tokens}
}

// Fold applies a record and tells whether anything has changed.
func (s *State) Fold(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindAccountSet:
		var d wire.AccountSet
		if read(r, &d) {
			s.Accounts.Change(d.Account, func(a *Account) {
				a.ID, a.Role, a.Staff, a.Department, a.Disabled = d.Account, d.Role, d.Staff, d.Department, false
				if len(r.Personal) > 0 {
					a.Name = &r.Personal[0]
				}
			})
		}
	case wire.KindAccountPassword:
		var d wire.AccountPassword
		if read(r, &d) && len(r.Personal) > 0 {
			s.Accounts.Change(d.Account, func(a *Account) { a.Hash, a.Temporary = &r.Personal[0], d.Temporary })
			s.endSessions(d.Account)
		}
	case wire.KindAccountDisabled:
		var d wire.AccountDisabled
		if read(r, &d) {
			s.Accounts.Change(d.Account, func(a *Account) { a.Disabled = true })
			s.endSessions(d.Account)
		}
	case wire.KindSessionOpened:
		var d wire.SessionOpened
		if read(r, &d) {
			for id, x := range s.Sessions.Each() {
				if !r.StoredAt.Before(x.Expires) {
					s.Sessions.Delete(id)
				}
			}
			s.Sessions.Set(d.Session, Session{d.Account, d.Expires, r.StoredAt})
		}
	case wire.KindSessionClosed:
		var d wire.SessionClosed
		if read(r, &d) {
			s.Sessions.Delete(d.Session)
		}
	case wire.KindTokenCreated:
		var d wire.TokenCreated
		if read(r, &d) {
			t := Token{ID: d.Token, Role: d.Role, Name: d.Name, Expires: hall.Date(d.Expires), Created: r.StoredAt}
			if r.Actor != nil {
				t.By = r.Actor.ID
			}
			s.Tokens.Set(d.Digest, t)
		}
	case wire.KindTokenRevoked:
		var d wire.TokenRevoked
		if read(r, &d) {
			for digest, t := range s.Tokens.Each() {
				if t.ID == d.Token {
					t.Revoked = true
					s.Tokens.Set(digest, t)
				}
			}
		}
	default:
		return false
	}
	return true
}

func (s *State) endSessions(account string) {
	for id, x := range s.Sessions.Each() {
		if x.Account == account {
			s.Sessions.Delete(id)
		}
	}
}

// Administrators counts the accounts that can do everything.
func (s *State) Administrators() (n int) {
	for _, a := range s.Accounts.Each() {
		if a.Role == wire.RoleAdministrator && !a.Disabled && a.Hash != nil {
			n++
		}
	}
	return n
}

func read(r *wire.Record, into any) bool { return json.Unmarshal(r.Data, into) == nil }
