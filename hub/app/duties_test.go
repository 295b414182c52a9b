package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"hallkeeper/hub/api"
	"hallkeeper/hub/duty"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// 63号 第九条, 第十四条, through the hub's own log: a window leaves by approval only,
// and a refusal that is recorded gives the same event for the same key.
func TestAWindowLeavesTheHallByApproval(t *testing.T) {
	h := start(t, config(t.TempDir()))
	actor := wire.Actor{Kind: wire.ActorPerson, ID: "operator", Session: "s1"}
	do := func(key string, cmd any) ([]wire.Record, error) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		made, _, err := h.Do(ctx, actor, key, cmd)
		return made, err
	}
	must := func(cmd any) wire.Record {
		t.Helper()
		made, err := do("", cmd)
		if err != nil || len(made) != 1 {
			t.Fatalf("%#v: %v %v", cmd, made, err)
		}
		return made[0]
	}
	must(roster.SetDepartment{Department: "civil", Name: "民政局"})
	must(api.SetWindow{ID: "1", Number: "01", Name: "婚姻登记", Department: "民政局"})
	leave := func(allowed bool) {
		t.Helper()
		_, err := do("", duty.RemoveWindow{Window: "1"})
		var e *hall.Error
		if allowed != (err == nil) || !allowed && (!errors.As(err, &e) || e.Name != "withdrawal_missing") {
			t.Fatalf("it leaves: %v", err)
		}
	}
	leave(false)
	var d wire.WithdrawalAsked
	if err := json.Unmarshal(must(duty.AskWithdrawal{Window: "1", Document: "民发8"}).Data, &d); err != nil || d.Department != "civil" {
		t.Fatalf("%v %+v", err, d)
	}
	leave(false)
	must(duty.ExamineWithdrawal{Withdrawal: d.Withdrawal, Document: "政服1"})
	leave(false)
	must(duty.DecideWithdrawal{Withdrawal: d.Withdrawal, Approved: true, Document: "政函1"})
	leave(true)
	attempt := duty.ScoreOwn{Department: "civil", Period: "2026-11", Points: "95"}
	first, err := do("k", attempt)
	again, err2 := do("k", attempt)
	if err != nil || err2 != nil || len(first) != 1 || len(again) != 1 || first[0].ID != again[0].ID || first[0].Kind != wire.KindScoringRefused || len(first[0].Personal) != 1 {
		t.Errorf("an attempt is %+v, then %+v", first, again)
	}
}
