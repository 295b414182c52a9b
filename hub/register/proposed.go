package register

import (
	"encoding/json"
	"fmt"
	"slices"

	"hallkeeper/hub/approval"
	"hallkeeper/hub/attendance"
	"hallkeeper/hub/cycle"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/rating"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// approvalWorld is what proposals may know of the rest of the hall.
func (s *State) approvalWorld(windows *roster.State, m hall.Moment) approval.World {
	days, _ := s.Policy.On("proposal_days", m.Day)
	return approval.World{StaffOf: s.staffOf, ActsFor: s.actsFor(m.Day), Disabled: s.disabled, Days: int(days.Value), Decide: func(action wire.Action, what json.RawMessage, reason string) ([]hall.Draft, error) {
		cmd, err := Proposed(action, what, reason)
		if err != nil {
			return nil, err
		}
		return s.Decide(windows, cmd, m)
	}}
}

// Proposed reads the command of a proposal.
func Proposed(action wire.Action, what json.RawMessage, reason string) (cmd any, err error) {
	switch action {
	case wire.ActionAdoptPolicy:
		var c policy.AdoptPolicy
		err = json.Unmarshal(what, &c)
		cmd = c
	case wire.ActionExtendPolicy:
		var c policy.ExtendPolicy
		err = json.Unmarshal(what, &c)
		cmd = c
	case wire.ActionSetParameter:
		var c policy.SetParameter
		err = json.Unmarshal(what, &c)
		c.Agreed = true
		cmd = c
	case wire.ActionUnpublishPeriod:
		var c cycle.Unpublish
		err = json.Unmarshal(what, &c)
		c.Reason = reason
		cmd = c
	case wire.ActionUnpublishDay:
		var c attendance.UnpublishDay
		err = json.Unmarshal(what, &c)
		c.Reason = reason
		cmd = c
	case wire.ActionUnpublishRating:
		var c rating.Unpublish
		err = json.Unmarshal(what, &c)
		c.Reason = reason
		cmd = c
	default:
		return nil, fmt.Errorf("nothing that can be proposed is called %q", action)
	}
	if err != nil {
		return nil, fmt.Errorf("read the proposed %s: %w", action, err)
	}
	return cmd, nil
}

// disabled tells whether an account can no longer sign in.
func (s *State) disabled(account string) bool {
	a, _ := s.Access.Accounts.Get(account)
	return a.Disabled
}

// actsFor tells whether one account acts for another on a day.
func (s *State) actsFor(day hall.Date) func(deputy, account string) bool {
	return func(deputy, account string) bool { return slices.Contains(s.Book.Delegated(deputy, day), account) }
}
