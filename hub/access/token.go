package access

import (
	"fmt"
	"slices"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// How long a token works where nothing is said, and at most; how many address ranges it may be bound to, and how many
// refused addresses of a day the log names.
const (
	TokenLasts     = 365 // days
	TokenLastsMost = 731
	tokenAddresses = 20
	refusedMost    = 20
)

// CreateToken gives a program access.
type CreateToken struct {
	wire.TokenCreated
}

// RevokeToken ends a token.
type RevokeToken wire.TokenRevoked

// UseToken notes that a token was used, once a day.
type UseToken struct{ Token, Address string }

// RefuseToken notes that a token was used from where it does not work, once a day and address.
type RefuseToken struct{ Token, Address string }

// DecideAccess decides; see Command.
func (c CreateToken) DecideAccess(_ *State, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	if c.Token == "" {
		c.Token = m.ID
	}
	last := m.Day.AddDays(TokenLastsMost)
	if c.Expires == "" {
		c.Expires = string(m.Day.AddDays(TokenLasts))
	}
	var bad hall.Checks
	bad.Words("name", &c.Name, 1, 40)
	bad.Choice("role", string(c.Role), "administrator", "supervisor", "auditor", "screen")
	bad.Date("expires", c.Expires, true)
	switch day := hall.Date(c.Expires); {
	case !day.Valid():
	case day < m.Day:
		bad.Add("expires", "past", "不能早于今天", "must not be before today")
	case day > last:
		bad.Add("expires", "too_late", "最长两年，到 "+string(last), "two years at most, until "+string(last))
	}
	if len(c.Addresses) > tokenAddresses {
		bad.Add("addresses", "too_many", fmt.Sprintf("最多 %d 个地址", tokenAddresses), fmt.Sprintf("may have %d addresses at most", tokenAddresses))
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return []hall.Draft{{Kind: wire.KindTokenCreated, Data: c.TokenCreated}}, nil
}

// DecideAccess decides; see Command.
func (c RevokeToken) DecideAccess(s *State, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	t, ok := s.token(c.Token)
	if !ok {
		return nil, hall.Unknown("token_unknown", "没有这个令牌", "there is no such token")
	}
	if t.Revoked {
		return nil, nil
	}
	return []hall.Draft{{Kind: wire.KindTokenRevoked, Data: wire.TokenRevoked(c)}}, nil
}

// DecideAccess decides; see Command.
func (c UseToken) DecideAccess(s *State, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	if t, ok := s.token(c.Token); !ok || t.UsedOn == m.Day {
		return nil, nil
	}
	return []hall.Draft{{Kind: wire.KindTokenUsed, Data: wire.TokenUsed{Token: c.Token, Day: string(m.Day), Address: c.Address}}}, nil
}

// DecideAccess decides; see Command.
func (c RefuseToken) DecideAccess(s *State, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	t, ok := s.token(c.Token)
	if !ok || t.RefusedOn == m.Day && (len(t.RefusedFrom) >= refusedMost || slices.Contains(t.RefusedFrom, c.Address)) {
		return nil, nil
	}
	return []hall.Draft{{Kind: wire.KindTokenRefused, Data: wire.TokenRefused{Token: c.Token, Day: string(m.Day), Address: c.Address}}}, nil
}

// token finds a token by its id.
func (s *State) token(id string) (Token, bool) {
	for _, t := range s.Tokens.Each() {
		if t.ID == id {
			return t, true
		}
	}
	return Token{}, false
}

func (s *State) foldUse(r *wire.Record) {
	var d wire.TokenUsed // a refusal says the same
	if !read(r, &d) {
		return
	}
	for digest, t := range s.Tokens.Each() {
		if t.ID != d.Token {
			continue
		}
		day := hall.Date(d.Day)
		switch {
		case r.Kind == wire.KindTokenUsed:
			t.UsedOn, t.UsedFrom = day, d.Address
		case t.RefusedOn == day:
			t.RefusedFrom = append(slices.Clone(t.RefusedFrom), d.Address)
		default:
			t.RefusedOn, t.RefusedFrom = day, []string{d.Address}
		}
		s.Tokens.Set(digest, t)
	}
}

// ByToken finds a token that still works, and what it may do.
func (s *State) ByToken(secret string, day hall.Date) (Identity, Token, bool) {
	digest := Digest(secret)
	t, ok := s.Tokens.Get(digest)
	if !ok || t.Revoked || t.Expires != "" && day > t.Expires {
		return Nobody(), Token{}, false
	}
	return Identity{Account: tokenActor + t.ID, Role: t.Role, Session: ShortDigest(digest)}, t, true
}
