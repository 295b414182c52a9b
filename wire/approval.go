package wire

import "encoding/json"

// Kinds of what takes two people (两人办理): one proposes, another confirms. The events
// of what was confirmed follow proposal.confirmed in the same commit, by the one who
// confirmed, with the other named in Actor.ProposedBy. Only the hub makes them.
const (
	KindProposalMade      Kind = "proposal.made"
	KindProposalConfirmed Kind = "proposal.confirmed"
	KindProposalDeclined  Kind = "proposal.declined"
	KindProposalWithdrawn Kind = "proposal.withdrawn"
	KindProposalLapsed    Kind = "proposal.lapsed"
)

// Action is something that takes two people.
type Action string

// The actions. Excluding a rating takes two people as well, and has kinds of its own: exclusion.proposed and exclusion.decided.
const (
	ActionAdoptPolicy     Action = "policy.adopt"
	ActionExtendPolicy    Action = "policy.extend"
	ActionSetParameter    Action = "parameter.set"
	ActionUnpublishPeriod Action = "period.unpublish"
	ActionUnpublishDay    Action = "day.unpublish"
	ActionUnpublishRating Action = "rating.unpublish"
)

// ProposalMade asks for a second person. Sealed: reason.
type ProposalMade struct {
	Proposal string `json:"proposal"`
	Action   Action `json:"action"`
	// What is the command, whole, so that what is confirmed is what was proposed.
	What json.RawMessage `json:"what"`
	// Until is the last day on which it can be confirmed.
	Until string `json:"until"`
}

// ProposalConfirmed carries it out.
type ProposalConfirmed struct {
	Proposal string `json:"proposal"`
}

// ProposalDeclined refuses it. Sealed: why.
type ProposalDeclined struct {
	Proposal string `json:"proposal"`
}

// ProposalWithdrawn takes it back, by whoever has made it.
type ProposalWithdrawn struct {
	Proposal string `json:"proposal"`
}

// ProposalLapsed ends it because nobody has confirmed it in time.
type ProposalLapsed struct {
	Proposal string `json:"proposal"`
}

// Kinds of the audit: what changes nothing and is to be known all the same.
const (
	KindSignInFailed  Kind = "signin.failed"
	KindAccessRefused Kind = "access.refused"
	KindExported      Kind = "exported"
	KindLogRead       Kind = "log.read"
)

// SignInFailed says that somebody could not sign in, or was made to wait: at most one
// a minute for an account and an address, with the number of tries since the last.
type SignInFailed struct {
	// Account is the one that was tried, where there is one of that name; else Digest is of what was typed, or of
	// whom a single sign-on means.
	Account string `json:"account,omitempty"`
	Digest  string `json:"digest,omitempty"`
	// Why is the code of the answer.
	Why   string `json:"why"`
	Count int    `json:"count"`
	// Method is how somebody tried to sign in: password, passkey, oidc or setup.
	Method string `json:"method,omitempty"`
}

// AccessRefused says that somebody who is signed in asked for what is not theirs: at most one a minute for a route.
type AccessRefused struct {
	Route string `json:"route"`
	Why   string `json:"why"`
	Count int    `json:"count"`
}

// Exported says that somebody has taken data out as a file.
type Exported struct {
	// What is the route, Query what was asked of it.
	What   string `json:"what"`
	Query  string `json:"query,omitempty"`
	Format string `json:"format"`
	Rows   int    `json:"rows,omitempty"`
	// SHA256 is of the file.
	SHA256 string `json:"sha256"`
}

// LogRead says that somebody has read the log: once for a session and day.
type LogRead struct {
	Day string `json:"day"`
}

func approvalKinds() []KindInfo {
	return []KindInfo{
		{KindProposalMade, 1, true, ProposalMade{}}, {KindProposalConfirmed, 1, true, ProposalConfirmed{}}, {KindProposalDeclined, 1, true, ProposalDeclined{}},
		{KindProposalWithdrawn, 1, true, ProposalWithdrawn{}}, {KindProposalLapsed, 1, true, ProposalLapsed{}},
		{KindSignInFailed, 1, true, SignInFailed{}}, {KindAccessRefused, 1, true, AccessRefused{}}, {KindExported, 1, true, Exported{}}, {KindLogRead, 1, true, LogRead{}},
	}
}
