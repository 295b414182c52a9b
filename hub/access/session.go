package access

import (
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// SessionLasts is after how long everybody signs in again where nothing else is set.
const SessionLasts = 12 * time.Hour

// OpenSession signs somebody in; the caller has checked who they are.
type OpenSession struct {
	Digest  string
	Account string
	// Address is where they are, Agent their browser in a few words, Method how they have shown who they are.
	Address, Agent, Method string
	// Lasts is how long it may last at most; SessionLasts where it is 0.
	Lasts time.Duration
}

// CloseSession ends the session of a digest.
type CloseSession wire.SessionClosed

// EndSessions ends sessions of an account: the one whose digest begins with Session, or all but Keep where it is empty.
type EndSessions struct{ Account, Session, Keep string }

// MisuseSession ends a session that was used from another address.
type MisuseSession wire.SessionMisused

// DecideAccess decides; see Command.
func (c OpenSession) DecideAccess(s *State, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	if a, ok := s.Accounts.Get(c.Account); !ok || a.Disabled {
		return nil, unknownAccount(c.Account)
	}
	if c.Lasts <= 0 {
		c.Lasts = SessionLasts
	}
	d := hall.Draft{Kind: wire.KindSessionOpened, Data: wire.SessionOpened{Session: c.Digest, Account: c.Account, Expires: m.Now.Add(c.Lasts), Address: c.Address, Method: c.Method}}
	if c.Agent != "" {
		d.Person, d.Personal = PersonKey(c.Account), map[string]string{"agent": c.Agent}
	}
	return []hall.Draft{d}, nil
}

// DecideAccess decides; see Command.
func (c CloseSession) DecideAccess(s *State, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	if !s.Sessions.Has(c.Session) {
		return nil, nil
	}
	return []hall.Draft{{Kind: wire.KindSessionClosed, Data: wire.SessionClosed(c)}}, nil
}

// DecideAccess decides; see Command.
func (c EndSessions) DecideAccess(s *State, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	var drafts []hall.Draft
	for digest, x := range s.Sessions.All() {
		if x.Account != c.Account || !m.Now.Before(x.Expires) || digest == c.Keep || c.Session != "" && ShortDigest(digest) != c.Session {
			continue
		}
		drafts = append(drafts, hall.Draft{Kind: wire.KindSessionClosed, Data: wire.SessionClosed{Session: digest, Why: wire.ClosedEnded}})
	}
	if c.Session != "" && len(drafts) == 0 {
		return nil, hall.Unknown("session_unknown", "没有这个登录，或已经结束", "there is no such session, or it is over")
	}
	return drafts, nil
}

// DecideAccess decides; see Command.
func (c MisuseSession) DecideAccess(s *State, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	if !s.Sessions.Has(c.Session) {
		return nil, nil
	}
	return []hall.Draft{{Kind: wire.KindSessionMisused, Data: wire.SessionMisused(c)}}, nil
}

// ShortDigest is what the log's actors and the pages call a session by.
func ShortDigest(digest string) string { return digest[:min(len(digest), 16)] }

func (s *State) foldSession(r *wire.Record) {
	switch r.Kind {
	case wire.KindSessionOpened:
		var d wire.SessionOpened
		if !read(r, &d) {
			return
		}
		for id, x := range s.Sessions.Each() {
			if !r.StoredAt.Before(x.Expires) {
				s.Sessions.Delete(id)
			}
		}
		x := Session{Account: d.Account, Expires: d.Expires, Opened: r.StoredAt, Address: d.Address, Method: d.Method}
		if len(r.Personal) > 0 {
			x.Agent = &r.Personal[0]
		}
		if a, ok := s.Accounts.Get(d.Account); ok && a.Misused != nil {
			x.Warning, a.Misused = a.Misused, nil
			s.Accounts.Set(d.Account, a)
		}
		s.Sessions.Set(d.Session, x)
	case wire.KindSessionClosed:
		var d wire.SessionClosed
		if read(r, &d) {
			s.Sessions.Delete(d.Session)
		}
	case wire.KindSessionMisused:
		var d wire.SessionMisused
		if !read(r, &d) {
			return
		}
		if x, ok := s.Sessions.Get(d.Session); ok {
			s.Accounts.Change(x.Account, func(a *Account) { a.Misused = &Misuse{r.StoredAt, d.Address} })
			s.Sessions.Delete(d.Session)
		}
	}
}

// SessionsOf gives an account's sessions that have not expired, by digest.
func (s *State) SessionsOf(account string, now time.Time) map[string]Session {
	all := map[string]Session{}
	for digest, x := range s.Sessions.Each() {
		if x.Account == account && now.Before(x.Expires) {
			all[digest] = x
		}
	}
	return all
}
