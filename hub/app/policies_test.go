package app_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"hallkeeper/hub/api"
	"hallkeeper/hub/approval"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/policies"
	"hallkeeper/wire"
)

// An adopted policy is in the log with its whole text: a hub that starts again goes by it, and decides by it.
func TestAnAdoptedPolicyOutlivesTheProgram(t *testing.T) {
	cfg := config(t.TempDir())
	h := start(t, cfg)
	h.byTwo(wire.ActionAdoptPolicy, policy.AdoptPolicy{Text: string(policies.Default()), From: "2020-08-01", Document: "演示〔2020〕1号（虚构）"})
	h.byTwo(wire.ActionExtendPolicy, policy.ExtendPolicy{PolicyExtended: wire.PolicyExtended{Policy: "wuzhengbanfa-2020-63", Version: "1.0.0", From: "2022-08-01", Document: "演示〔2026〕1号（虚构）"}})
	h.byTwo(wire.ActionSetParameter, policy.SetParameter{ParameterSet: wire.ParameterSet{Name: "late_grace", Value: 3, From: "2026-01-01", Reference: "纪要"}})
	check := func(h *hub) {
		t.Helper()
		var list api.PolicyList
		h.get("/api/v1/policies", &list)
		if len(list.Policies) != 1 || list.Policies[0].Standing != "extended" || !list.Policies[0].Now || list.Blocked != nil {
			t.Fatalf("got %+v", list)
		}
		var parts api.PolicyParts
		h.get("/api/v1/policies/wuzhengbanfa-2020-63@1.0.0", &parts)
		if parts.Text != string(policies.Default()) || len(parts.Rules) != 31 {
			t.Fatalf("the text has %d bytes, and there are %d rules", len(parts.Text), len(parts.Rules))
		}
		for _, p := range parts.Parameters {
			if p.Name == "late_grace" && (p.Now != 3 || len(p.Changes) != 1) {
				t.Fatalf("got %+v", p)
			}
		}
	}
	check(h)
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h = start(t, cfg)
	check(h)
	if made := h.kinds(wire.KindPolicyAdopted); len(made) != 1 || made[0].Actor.ID != "dudao" || made[0].Actor.ProposedBy != "admin" || place(h, made[0].Actor.From) != "192.0.2.7" {
		t.Errorf("the adoptions are %+v", made)
	}
	// A decision after the start knows what was adopted before it.
	what, err := json.Marshal(policy.AdoptPolicy{Text: string(policies.Default()), From: "2026-01-01", Document: "x"})
	if err != nil {
		t.Fatal(err)
	}
	var refused *hall.Error
	if _, _, err := h.Do(t.Context(), wire.Actor{Kind: wire.ActorPerson, ID: "admin"}, "", approval.Propose{Action: wire.ActionAdoptPolicy, What: what}); !errors.As(err, &refused) || refused.Name != "policy_adopted" {
		t.Errorf("the same from another day is answered %v", err)
	}
}

// byTwo lets one person propose and another confirm, in one commit with what follows from it.
func (h *hub) byTwo(action wire.Action, cmd any) {
	h.t.Helper()
	what, err := json.Marshal(cmd)
	if err != nil {
		h.t.Fatal(err)
	}
	made, _, err := h.Do(h.t.Context(), wire.Actor{Kind: wire.ActorPerson, ID: "admin", Session: "1"}, "", approval.Propose{Action: action, What: what, Reason: "随局务会议纪要"})
	if err != nil || len(made) != 1 {
		h.t.Fatalf("%v: %+v", err, made)
	}
	var d wire.ProposalMade
	if err := json.Unmarshal(made[0].Data, &d); err != nil {
		h.t.Fatal(err)
	}
	made, _, err = h.Do(h.t.Context(), wire.Actor{Kind: wire.ActorPerson, ID: "dudao", Session: "2", From: "192.0.2.7"}, "", approval.Confirm{Proposal: d.Proposal})
	if err != nil || len(made) != 2 || made[1].Position != made[0].Position+1 {
		h.t.Fatalf("%v: %+v", err, made)
	}
}

// Of many people who confirm one proposal at the same moment one carries it out; the others are told that it is finished.
func TestOneOfManyConfirms(t *testing.T) {
	h := start(t, config(t.TempDir()))
	what, err := json.Marshal(policy.AdoptPolicy{Text: string(policies.Default()), From: "2026-01-01", Document: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.Do(t.Context(), wire.Actor{Kind: wire.ActorPerson, ID: "admin"}, "", approval.Propose{Action: wire.ActionAdoptPolicy, What: what}); err != nil {
		t.Fatal(err)
	}
	var d wire.ProposalMade
	if err := json.Unmarshal(h.kinds(wire.KindProposalMade)[0].Data, &d); err != nil {
		t.Fatal(err)
	}
	const people = 16
	answers := make(chan error, people)
	begin := make(chan struct{})
	for i := range people {
		go func() {
			<-begin
			_, _, err := h.Do(t.Context(), wire.Actor{Kind: wire.ActorPerson, ID: fmt.Sprintf("dudao-%d", i)}, "", approval.Confirm{Proposal: d.Proposal})
			answers <- err
		}()
	}
	close(begin)
	done := 0
	for range people {
		var refused *hall.Error
		switch err := <-answers; {
		case err == nil:
			done++
		case !errors.As(err, &refused) || refused.Name != "already_decided":
			t.Errorf("one of them is answered %v", err)
		}
	}
	adopted, confirmed := h.kinds(wire.KindPolicyAdopted), h.kinds(wire.KindProposalConfirmed)
	if done != 1 || len(adopted) != 1 || len(confirmed) != 1 || adopted[0].Actor.ID != confirmed[0].Actor.ID {
		t.Errorf("%d carried it out; the log has %d adoptions and %d confirmations", done, len(adopted), len(confirmed))
	}
}
