package access

import (
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// Passkey is one more way to sign in to an account.
type Passkey struct {
	Account string    `json:"account"`
	Added   time.Time `json:"added"`
	// RP is the hub's name that it works at.
	RP string `json:"rp"`
	// Count is of its signatures; 0 where it does not count.
	Count uint32 `json:"count,omitempty"`
	// Cloned: the count went back once, so that there are two of it; it works no more.
	Cloned bool `json:"cloned,omitempty"`
	// Used is when somebody last signed in with it.
	Used *time.Time `json:"used,omitempty"`
	// Secret is sealed under the account's key: name, credential. Renamed has the name that it was given since.
	Secret  *wire.Sealed `json:"secret,omitempty"`
	Renamed *wire.Sealed `json:"renamed,omitempty"`
}

// Link lets whom an issuer knows sign in to an account.
type Link struct {
	Account string    `json:"account"`
	Issuer  string    `json:"issuer"`
	Linked  time.Time `json:"linked"`
}

const passkeysMost = 10

// AddPasskey gives an account a passkey; the caller has checked that its holder asks.
type AddPasskey struct {
	wire.PasskeyAdded
	Name       string
	Credential string
}

// UsePasskey keeps the count of a signature. It makes passkey.cloned where the count went back: then nobody is signed in.
type UsePasskey wire.PasskeyUsed

// RenamePasskey gives a passkey of an account another name.
type RenamePasskey struct {
	Account string `json:"-"`
	Passkey string `json:"-"`
	Name    string `json:"name"`
}

// RemovePasskey ends a passkey of an account, which is named by the beginning of its digest.
type RemovePasskey struct{ Account, Passkey string }

// LinkAccount links whom an issuer knows to an account.
type LinkAccount wire.AccountLinked

// UnlinkAccount ends that.
type UnlinkAccount wire.AccountUnlinked

// DecideAccess decides; see Command.
func (c AddPasskey) DecideAccess(s *State, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	if a, ok := s.Accounts.Get(c.Account); !ok || a.Disabled {
		return nil, unknownAccount(c.Account)
	}
	var bad hall.Checks
	bad.Words("name", &c.Name, 1, 40)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if s.Passkeys.Has(c.Passkey) {
		return nil, hall.Refuse("passkey_known", "这个通行密钥已经登记", "this passkey is known already")
	}
	n := 0
	for _, x := range s.Passkeys.Each() {
		if x.Account == c.Account {
			n++
		}
	}
	if n >= passkeysMost {
		return nil, hall.Refuse("passkeys_enough", "一个账号最多 10 个通行密钥，请先删除不用的", "an account has 10 passkeys at most; remove one first")
	}
	return []hall.Draft{{Kind: wire.KindPasskeyAdded, Data: c.PasskeyAdded, Person: PersonKey(c.Account),
		Personal: map[string]string{"name": c.Name, "credential": c.Credential}}}, nil
}

// DecideAccess decides; see Command.
func (c UsePasskey) DecideAccess(s *State, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	x, ok := s.Passkeys.Get(c.Passkey)
	switch {
	case !ok || x.Cloned:
		return nil, unknownPasskey()
	case c.Count <= x.Count && (c.Count > 0 || x.Count > 0): // both are 0 where it does not count: one that is on many devices of its holder
		return []hall.Draft{{Kind: wire.KindPasskeyCloned, Data: wire.PasskeyCloned(c)}}, nil
	}
	return []hall.Draft{{Kind: wire.KindPasskeyUsed, Data: wire.PasskeyUsed(c)}}, nil
}

// DecideAccess decides; see Command.
func (c RemovePasskey) DecideAccess(s *State, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	id, ok := s.passkeyOf(c.Account, c.Passkey)
	if !ok {
		return nil, unknownPasskey()
	}
	return []hall.Draft{{Kind: wire.KindPasskeyRemoved, Data: wire.PasskeyRemoved{Passkey: id}}}, nil
}

// DecideAccess decides; see Command.
func (c RenamePasskey) DecideAccess(s *State, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Words("name", &c.Name, 1, 40)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	id, ok := s.passkeyOf(c.Account, c.Passkey)
	if !ok {
		return nil, unknownPasskey()
	}
	return []hall.Draft{{Kind: wire.KindPasskeyRenamed, Data: wire.PasskeyRenamed{Passkey: id, Account: c.Account},
		Person: PersonKey(c.Account), Personal: map[string]string{"name": c.Name}}}, nil
}

// passkeyOf finds an account's passkey by the beginning of its digest.
func (s *State) passkeyOf(account, short string) (id string, ok bool) {
	for id, x := range s.Passkeys.All() {
		if x.Account == account && ShortDigest(id) == short {
			return id, true
		}
	}
	return "", false
}

func unknownPasskey() error {
	return hall.Unknown("passkey_unknown", "没有这个通行密钥", "there is no such passkey")
}

// DecideAccess decides; see Command. A subject is one account's, and an account one subject's of an issuer.
func (c LinkAccount) DecideAccess(s *State, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	if a, ok := s.Accounts.Get(c.Account); !ok || a.Disabled {
		return nil, unknownAccount(c.Account)
	}
	if x, ok := s.Links.Get(c.Subject); ok {
		if x.Account == c.Account {
			return nil, nil
		}
		return nil, hall.Refuse("subject_linked", "这个统一身份已经绑定到另一个账号", "whom the single sign-on means is linked to another account")
	}
	for _, x := range s.Links.Each() {
		if x.Account == c.Account && x.Issuer == c.Issuer {
			return nil, hall.Refuse("account_linked", "账号已经绑定了统一身份，请先解除", "the account is linked already; unlink it first")
		}
	}
	return []hall.Draft{{Kind: wire.KindAccountLinked, Data: wire.AccountLinked(c)}}, nil
}

// DecideAccess decides; see Command.
func (c UnlinkAccount) DecideAccess(s *State, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	for _, x := range s.Links.All() {
		if x.Account == c.Account && (c.Issuer == "" || x.Issuer == c.Issuer) {
			return []hall.Draft{{Kind: wire.KindAccountUnlinked, Data: wire.AccountUnlinked{Account: c.Account, Issuer: x.Issuer}}}, nil
		}
	}
	return nil, hall.Unknown("link_unknown", "账号没有绑定统一身份", "the account is not linked")
}

func (s *State) foldWays(r *wire.Record) {
	switch r.Kind {
	case wire.KindPasskeyAdded:
		var d wire.PasskeyAdded
		if read(r, &d) && len(r.Personal) > 0 {
			s.Passkeys.Set(d.Passkey, Passkey{Account: d.Account, Added: r.StoredAt, RP: d.RP, Count: d.Count, Secret: &r.Personal[0]})
		}
	case wire.KindPasskeyUsed, wire.KindPasskeyCloned:
		var d wire.PasskeyUsed // a clone says the same
		if !read(r, &d) {
			return
		}
		if x, ok := s.Passkeys.Get(d.Passkey); ok {
			if r.Kind == wire.KindPasskeyUsed {
				x.Count, x.Used = d.Count, &r.StoredAt
			} else {
				x.Cloned = true
			}
			s.Passkeys.Set(d.Passkey, x)
		}
	case wire.KindPasskeyRenamed:
		var d wire.PasskeyRenamed
		if read(r, &d) && len(r.Personal) > 0 && s.Passkeys.Has(d.Passkey) {
			s.Passkeys.Change(d.Passkey, func(x *Passkey) { x.Renamed = &r.Personal[0] })
		}
	case wire.KindPasskeyRemoved:
		var d wire.PasskeyRemoved
		if read(r, &d) {
			s.Passkeys.Delete(d.Passkey)
		}
	case wire.KindAccountLinked:
		var d wire.AccountLinked
		if read(r, &d) {
			s.Links.Set(d.Subject, Link{d.Account, d.Issuer, r.StoredAt})
		}
	case wire.KindAccountUnlinked:
		var d wire.AccountUnlinked
		if read(r, &d) {
			for subject, x := range s.Links.Each() {
				if x.Account == d.Account && x.Issuer == d.Issuer {
					s.Links.Delete(subject)
				}
			}
		}
	}
}

// forgetWays leaves nothing that would open an account that has ended, should its name be given again.
func (s *State) forgetWays(account string) {
	for id, x := range s.Passkeys.Each() {
		if x.Account == account {
			s.Passkeys.Delete(id)
		}
	}
	for subject, x := range s.Links.Each() {
		if x.Account == account {
			s.Links.Delete(subject)
		}
	}
}
