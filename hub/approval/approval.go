// Package approval is what takes two people (两人办理): one proposes a command, another
// confirms it, and only then is it decided. It owns proposals and who may be the second
// person; it refuses to know what the commands do.
package approval

import (
	"encoding/json"
	"slices"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// The states of a proposal.
const (
	Open      = "open"
	Confirmed = "confirmed"
	Declined  = "declined"
	Withdrawn = "withdrawn"
	Lapsed    = "lapsed"
)

// Proposal is one command that waits for a second person, or what became of it.
type Proposal struct {
	wire.ProposalMade
	State string        `json:"state"`
	At    time.Time     `json:"at"`
	By    string        `json:"by"`
	Event wire.Position `json:"event"`
	// Reason and Why are sealed.
	Reason    *wire.Sealed `json:"reason,omitempty"`
	Decided   *time.Time   `json:"decided,omitempty"`
	DecidedBy string       `json:"decided_by,omitempty"`
	Why       *wire.Sealed `json:"why,omitempty"`
}

// State is all proposals. The zero value has none.
type State struct {
	Proposals hall.Table[Proposal]
}

// Tables are what a view keeps.
func (s *State) Tables() hall.Tables { return hall.Tables{"proposal": &s.Proposals} }

// Fold applies a record and tells whether it was of a proposal. What is over keeps no policy's text.
func (s *State) Fold(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindProposalMade:
		var d wire.ProposalMade
		if json.Unmarshal(r.Data, &d) == nil {
			s.Proposals.Set(d.Proposal, Proposal{ProposalMade: d, State: Open, At: r.StoredAt, By: r.ActorID(), Event: r.Position, Reason: r.FirstSealed()})
		}
	case wire.KindProposalConfirmed:
		s.end(r, Confirmed)
	case wire.KindProposalDeclined:
		s.end(r, Declined)
	case wire.KindProposalWithdrawn:
		s.end(r, Withdrawn)
	case wire.KindProposalLapsed:
		s.end(r, Lapsed)
	default:
		return false
	}
	return true
}

func (s *State) end(r *wire.Record, state string) {
	var d wire.ProposalConfirmed // all of them have its shape
	if json.Unmarshal(r.Data, &d) != nil {
		return
	}
	if p, ok := s.Proposals.Get(d.Proposal); !ok || p.State != Open {
		return
	}
	s.Proposals.Change(d.Proposal, func(p *Proposal) {
		at := r.StoredAt
		p.State, p.Decided, p.DecidedBy, p.Why = state, &at, r.ActorID(), r.FirstSealed()
		var what map[string]json.RawMessage
		if json.Unmarshal(p.What, &what) == nil && what["text"] != nil { // a policy: 45 KB that stand in the log
			delete(what, "text")
			p.What, _ = json.Marshal(what)
		}
	})
}

// Due are the proposals that nobody has confirmed by their last day.
func (s *State) Due(today hall.Date) (ids []string) {
	for id, p := range s.Proposals.Each() {
		if p.State == Open && today > hall.Date(p.Until) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
