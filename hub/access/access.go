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
	// Misused is the last misuse of a session of theirs, until they sign in again and are told.
	Misused *Misuse `json:"misused,omitempty"`
}

// Misuse is a session's use from another address than it was opened from.
type Misuse struct {
	At      time.Time `json:"at"`
	Address string    `json:"address"`
}

// Session is one sign-in.
type Session struct {
	Account string    `json:"account"`
	Expires time.Time `json:"expires"`
	Opened  time.Time `json:"opened"`
	Address string    `json:"address,omitempty"`
	Method  string    `json:"method,omitempty"`
	// Agent is the browser in a few words, sealed under the account's key.
	Agent *wire.Sealed `json:"agent,omitempty"`
	// Warning is what its holder is told: that an earlier session was misused.
	Warning *Misuse `json:"warning,omitempty"`
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
	// Addresses are where it works from; everywhere where there are none.
	Addresses []string `json:"addresses,omitempty"`
	// UsedOn is the last day on which it was used, UsedFrom where it came from first on that day.
	UsedOn   hall.Date `json:"used_on,omitempty"`
	UsedFrom string    `json:"used_from,omitempty"`
	// RefusedOn is the last day on which it was used from where it does not work, RefusedFrom from where.
	RefusedOn   hall.Date `json:"refused_on,omitempty"`
	RefusedFrom []string  `json:"refused_from,omitempty"`
}

// State is all accounts, sessions, tokens, passkeys and links. The zero value has none.
type State struct {
	Accounts hall.Table[Account]
	Sessions hall.Table[Session] // by digest
	Tokens   hall.Table[Token]   // by digest
	Passkeys hall.Table[Passkey] // by the digest of the credential's id
	Links    hall.Table[Link]    // by the keyed hash of the subject
}

// Tables are what a view keeps.
func (s *State) Tables() hall.Tables {
	return hall.Tables{"account": &s.Accounts, "session": &s.Sessions, "token": &s.Tokens, "passkey": &s.Passkeys, "link": &s.Links}
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
			s.forgetWays(d.Account)
		}
	case wire.KindSessionOpened, wire.KindSessionClosed, wire.KindSessionMisused:
		s.foldSession(r)
	case wire.KindTokenUsed, wire.KindTokenRefused:
		s.foldUse(r)
	case wire.KindPasskeyAdded, wire.KindPasskeyUsed, wire.KindPasskeyCloned, wire.KindPasskeyRemoved, wire.KindPasskeyRenamed, wire.KindAccountLinked, wire.KindAccountUnlinked:
		s.foldWays(r)
	case wire.KindTokenCreated:
		var d wire.TokenCreated
		if read(r, &d) {
			t := Token{ID: d.Token, Role: d.Role, Name: d.Name, Expires: hall.Date(d.Expires), Created: r.StoredAt, Addresses: d.Addresses}
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
