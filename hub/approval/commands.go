package approval

import (
	"bytes"
	"encoding/json"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// MaxText is how many characters a reason may have.
const MaxText = 500

// World is what proposals may know of the rest of the hall.
type World struct {
	// Decide gives the events of a proposed command as things stand, or its refusal.
	Decide func(action wire.Action, what json.RawMessage, reason string) ([]hall.Draft, error)
	// StaffOf is the staff member that an account is of, empty where it is none's.
	StaffOf func(account string) string
	// ActsFor tells whether one account acts for another today.
	ActsFor func(deputy, account string) bool
	// Disabled tells whether an account can no longer sign in.
	Disabled func(account string) bool
	// Days is for how many days a proposal waits that is made today; 0 is until today's end.
	Days int
}

// Command is a command about proposals.
type Command interface {
	DecideApproval(s *State, w World, m hall.Moment) ([]hall.Draft, error)
}

// The commands.
type (
	// Propose asks for a second person.
	Propose struct {
		Action wire.Action     `json:"action"`
		What   json.RawMessage `json:"what"`
		Reason string          `json:"-"`
	}
	// Confirm carries a proposal out.
	Confirm struct {
		Proposal string `json:"proposal"`
	}
	// Decline refuses it.
	Decline struct {
		Proposal string `json:"proposal"`
		Why      string `json:"why"`
	}
	// Withdraw takes one's own back.
	Withdraw struct {
		Proposal string `json:"proposal"`
	}
	// Lapse ends what nobody has confirmed in time.
	Lapse struct {
		Proposal string `json:"proposal"`
	}
)

// Key is whose key seals what people wrote in a proposal.
func Key(proposal string) string { return "proposal-" + proposal }

// Second refuses whoever is not another person than the first: the same account, another
// account of the same staff member, or one that acts for the first while they are away.
func (w World) Second(first string, m hall.Moment) error {
	switch {
	case first == m.Actor.ID, m.Staff != "" && w.StaffOf(first) == m.Staff:
		return hall.Refuse("same_person", "提出和确认须是两个人，请由另一个人确认", "the one who proposes and the one who confirms must be two people; somebody else must confirm")
	case w.ActsFor(m.Actor.ID, first):
		return hall.Refuse("acts_for_first", "您正代行提出人的职责，不能代其确认自己提出的事，请由另一个人确认", "you act for the one who proposed it and cannot confirm it in their place; somebody else must")
	}
	return nil
}

// DecideApproval decides; see Command. What would be refused now is refused at once, and what would change nothing is nothing.
func (c Propose) DecideApproval(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Words("reason", &c.Reason, 0, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	drafts, err := w.Decide(c.Action, c.What, c.Reason)
	if err != nil || len(drafts) == 0 {
		return nil, err
	}
	for _, p := range s.Proposals.Each() {
		if p.State == Open && m.Day <= hall.Date(p.Until) && p.Action == c.Action && bytes.Equal(p.What, c.What) {
			return nil, hall.Refuse("proposal_open", "同样的事已由 "+p.By+" 提出，等待另一个人确认", "the same was proposed by "+p.By+" and waits for another person")
		}
	}
	d := hall.Draft{Kind: wire.KindProposalMade, Data: wire.ProposalMade{Proposal: m.ID, Action: c.Action, What: c.What, Until: string(m.Day.AddDays(w.Days))}}
	return []hall.Draft{sealed(d, m.ID, "reason", c.Reason)}, nil
}

func sealed(d hall.Draft, id, field, text string) hall.Draft {
	if text != "" {
		d.Person, d.Personal = Key(id), map[string]string{field: text}
	}
	return d
}

// open gives a proposal that can still be decided on.
func (s *State) open(id string, m hall.Moment) (Proposal, error) {
	p, ok := s.Proposals.Get(id)
	switch {
	case !ok:
		return p, hall.Unknown("proposal_unknown", "没有这份提议", "there is no such proposal")
	case p.State != Open:
		return p, hall.Refuse("already_decided", "这份提议已经办结", "this proposal is finished")
	case m.Day > hall.Date(p.Until):
		return p, hall.Refuse("proposal_lapsed", "这份提议到 "+p.Until+" 无人确认，已经失效，请重新提出", "nobody has confirmed this by "+p.Until+"; propose it anew")
	}
	return p, nil
}

// DecideApproval decides; see Command. The events of the command come with the confirmation, or its refusal does.
func (c Confirm) DecideApproval(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	p, err := s.open(c.Proposal, m)
	if err != nil {
		return nil, err
	}
	if err := w.Second(p.By, m); err != nil {
		return nil, err
	}
	if w.Disabled(p.By) { // what a stolen account has left behind must not come true after it was shut
		return nil, hall.Refuse("proposer_disabled", "提出人 "+p.By+" 的账号已停用，不能再确认；仍需办理的请重新提出", "the account "+p.By+" that proposed this is disabled; where it is still wanted, propose it anew")
	}
	reason := ""
	if p.Reason != nil {
		fields := m.Unseal(p.Reason)
		if fields == nil {
			return nil, hall.Refuse("forgotten", "提议的理由已按要求销毁，请重新提出", "the reason of this proposal was destroyed on request; propose it anew")
		}
		reason = fields["reason"]
	}
	drafts, err := w.Decide(p.Action, p.What, reason)
	if err != nil {
		return nil, err
	}
	all := []hall.Draft{{Kind: wire.KindProposalConfirmed, Data: wire.ProposalConfirmed{Proposal: c.Proposal}}}
	for _, d := range drafts {
		d.ProposedBy = p.By
		all = append(all, d)
	}
	all[0].ProposedBy = p.By
	return all, nil
}

// DecideApproval decides; see Command.
func (c Decline) DecideApproval(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	p, err := s.open(c.Proposal, m)
	if err != nil {
		return nil, err
	}
	if err := w.Second(p.By, m); err != nil {
		return nil, err
	}
	var bad hall.Checks
	bad.Words("why", &c.Why, 1, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return []hall.Draft{sealed(hall.Draft{Kind: wire.KindProposalDeclined, Data: wire.ProposalDeclined{Proposal: c.Proposal}}, c.Proposal, "why", c.Why)}, nil
}

// DecideApproval decides; see Command.
func (c Withdraw) DecideApproval(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	p, err := s.open(c.Proposal, m)
	if err != nil {
		return nil, err
	}
	if p.By != m.Actor.ID {
		return nil, hall.Refuse("not_proposer", "只有提出人可以撤回；其他人可以不予确认", "only the one who proposed it takes it back; others can decline it")
	}
	return []hall.Draft{{Kind: wire.KindProposalWithdrawn, Data: wire.ProposalWithdrawn(c)}}, nil
}

// DecideApproval decides; see Command.
func (c Lapse) DecideApproval(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	if p, ok := s.Proposals.Get(c.Proposal); !ok || p.State != Open || m.Day <= hall.Date(p.Until) {
		return nil, nil
	}
	return []hall.Draft{{Kind: wire.KindProposalLapsed, Data: wire.ProposalLapsed(c)}}, nil
}
