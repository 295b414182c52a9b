package access

import (
	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// The commands of the audit note what changes nothing. They refuse nothing.
type (
	// NoteSignIn notes tries to sign in that failed. Name is what was typed as the account, or whose the passkey is.
	NoteSignIn struct {
		Name   string
		Why    string
		Method string
		Count  int
	}
	// NoteRefused notes requests for what is not theirs.
	NoteRefused wire.AccessRefused
	// NoteExport notes that data was taken out as a file.
	NoteExport wire.Exported
	// NoteLogRead notes that the log was read.
	NoteLogRead struct{}
)

// DecideAccess decides; see Command. A name that is no account's is not kept: it may be a password in the wrong field. Six digits of its hash tell whether one name is tried again, and not which.
func (c NoteSignIn) DecideAccess(s *State, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	d := wire.SignInFailed{Account: c.Name, Why: c.Why, Count: c.Count, Method: c.Method}
	if !s.Accounts.Has(c.Name) && c.Name != "" {
		d.Account, d.Digest = "", Digest(c.Name)[:6]
	}
	return []hall.Draft{{Kind: wire.KindSignInFailed, Data: d}}, nil
}

// DecideAccess decides; see Command.
func (c NoteRefused) DecideAccess(*State, roster.Hall, hall.Moment) ([]hall.Draft, error) {
	return []hall.Draft{{Kind: wire.KindAccessRefused, Data: wire.AccessRefused(c)}}, nil
}

// DecideAccess decides; see Command.
func (c NoteExport) DecideAccess(*State, roster.Hall, hall.Moment) ([]hall.Draft, error) {
	return []hall.Draft{{Kind: wire.KindExported, Data: wire.Exported(c)}}, nil
}

// DecideAccess decides; see Command.
func (NoteLogRead) DecideAccess(_ *State, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	return []hall.Draft{{Kind: wire.KindLogRead, Data: wire.LogRead{Day: string(m.Day)}}}, nil
}
