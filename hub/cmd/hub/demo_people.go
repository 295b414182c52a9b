package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/app"
	"hallkeeper/hub/approval"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/roster"
	"hallkeeper/policies"
	"hallkeeper/simulator"
	"hallkeeper/simulator/day"
	"hallkeeper/wire"
)

// demoActor enters what the demo needs.
func demoActor() wire.Actor { return wire.Actor{Kind: wire.ActorSchedule, ID: "demo"} }

// staffDemo enters the simulated people: one at each window, the next window's as
// deputy, with the cards that the simulator holds to the readers, and the shift that
// they worked in the past.
func staffDemo(ctx context.Context, hub *app.App, windows int, seed uint64, from string) error {
	commands := []any{
		roster.SetShift{Shift: "day", Name: "行政班", Swipes: 4, Plans: []wire.ShiftPlan{{Periods: []wire.Period{{In: "08:30", Out: "12:00"}, {In: "14:30", Out: "17:30"}}}}},
		roster.AssignShift{Shift: "day", Scope: "hall", From: from},
	}
	list := departments()
	for i := range min(windows, len(list)) {
		commands = append(commands, roster.SetDepartment{Department: fmt.Sprintf("d%02d", i+1), Name: list[i][1]})
	}
	for i := range windows {
		id := fmt.Sprintf("s%02d", i+1)
		commands = append(commands, roster.SetStaff{StaffSet: wire.StaffSet{Staff: id, Department: fmt.Sprintf("d%02d", i%len(list)+1), Employment: "in_post", WorkSince: "2015-07-01"},
			Name: fmt.Sprintf("演示员%02d", i+1), Born: "1990-05-01"})
	}
	for i := range windows {
		window, id := fmt.Sprintf("w%02d", i+1), fmt.Sprintf("s%02d", i+1)
		post := roster.SetPost{Post: "p" + id, Window: window, Name: "综合岗"}
		if windows > 1 {
			post.Deputies = []string{fmt.Sprintf("s%02d", (i+1)%windows+1)}
		}
		number := day.StaffOf(seed, window).Card.String()
		commands = append(commands, post, roster.PostStaff{Staff: id, Post: post.Post, From: from},
			roster.IssueCard{CardIssued: wire.CardIssued{Card: hub.CardToken(number), Staff: id, From: from, Shown: roster.Masked(number)}})
	}
	// A past is told long after it was: what it says of ratings is not too late for that.
	commands = append(commands, policy.SetParameter{ParameterSet: wire.ParameterSet{Name: "rating_late_days", Value: simulator.MaxHistoryDays, From: from, Reference: "演示：历史一次补传"}, Agreed: true})
	commands = append(commands, demoPolicy()...)
	for i, c := range commands {
		// The key makes each of them happen once in a data folder, however often the demo starts.
		if _, _, err := hub.Do(ctx, demoActor(), fmt.Sprintf("demo/%d/%d/%d", seed, windows, i), c); err != nil {
			return ignoreEnd(ctx, fmt.Errorf("enter the demo's people: %w", err))
		}
	}
	return nil
}

// demoPolicy adopts the policy that comes with the program. Its trial ended in 2022 (63号 第十八条), and no
// document is known by which it goes on: the demo makes one up and says so, so that its months can be assessed.
func demoPolicy() []any {
	return []any{
		policy.AdoptPolicy{Text: string(policies.Default()), From: "2020-08-01", Document: "演示〔2020〕1号（虚构）"},
		policy.ExtendPolicy{PolicyExtended: wire.PolicyExtended{Policy: "wuzhengbanfa-2020-63", Version: "1.0.0", From: "2022-08-01",
			Document: "演示〔2026〕1号（虚构）", Reference: "演示用的虚构文件，不是真实的延续决定", Fictional: true}},
	}
}

// squeeze gives the demo's people, whose day passes in minutes, a shift that lasts
// from now until midnight, day after day while the demo runs; the days after it and
// those on which no demo ran have the ordinary shift. Nobody is late by it, and a
// window left alone for longer than a simulated lunch alarms.
func squeeze(ctx context.Context, hub *app.App, zone *time.Location) error {
	for {
		now := time.Now().In(zone)
		today, begins := hall.DateOf(now, zone), now.Format("15:04")
		commands := []any{
			roster.SetShift{Shift: "demo", Name: "演示班", Swipes: 2, Plans: []wire.ShiftPlan{{Days: "all", Periods: []wire.Period{{In: begins, Out: "24:00"}}}}},
			roster.AssignShift{Shift: "demo", Scope: "hall", From: string(today)},
			roster.AssignShift{Shift: "day", Scope: "hall", From: string(today.AddDays(1))},
		}
		for name, value := range map[string]float64{"late_grace": 1440, "early_grace": 1440, "off_post_from": 1440, "away_grace": 6} {
			commands = append(commands, policy.SetParameter{ParameterSet: wire.ParameterSet{Name: name, Value: value, From: string(today), Until: string(today), Reference: "演示：一天被压缩到几分钟"}, Agreed: true})
		}
		for i, c := range commands {
			if _, _, err := hub.Do(ctx, demoActor(), fmt.Sprintf("demo/%s/%d", today, i), c); err != nil {
				return ignoreEnd(ctx, fmt.Errorf("enter the demo's shift: %w", err))
			}
		}
		midnight := time.NewTimer(time.Until(today.AddDays(1).Time(zone)))
		select {
		case <-ctx.Done():
			midnight.Stop()
			return nil
		case <-midnight.C:
		}
	}
}

// demoAccount is an account with a password for this run of the demo.
type demoAccount struct {
	id, name, password string
	role               wire.Role
	staff              string
}

// openDoors gives the demo's accounts new passwords: they are thrown away with the run.
func openDoors(ctx context.Context, hub *app.App) ([]demoAccount, error) {
	all := []demoAccount{{id: "admin", name: "演示管理员", role: wire.RoleAdministrator}, {id: "dudao", name: "演示督导", role: wire.RoleSupervisor},
		{id: "yan01", name: "演示员01", role: wire.RoleStaff, staff: "s01"}}
	for i := range all {
		a := &all[i]
		var secret [9]byte
		_, _ = rand.Read(secret[:]) // never fails (crypto/rand)
		a.password = base64.RawURLEncoding.EncodeToString(secret[:])
		hash, err := access.Hash(a.password, rand.Reader)
		if err != nil {
			return nil, err
		}
		if _, _, err := hub.Do(ctx, demoActor(), "", access.SetAccount{AccountSet: wire.AccountSet{Account: a.id, Role: a.role, Staff: a.staff}, Name: a.name, Hash: hash}); err != nil {
			return nil, fmt.Errorf("open the demo's accounts: %w", err)
		}
	}
	return all, nil
}

// proposeInDemo leaves one thing for the second person: a policy of the next year, which the demo's administrator proposes.
func proposeInDemo(ctx context.Context, hub *app.App, today hall.Date) error {
	next := strconv.Itoa(today.Time(time.UTC).Year() + 1)
	what, err := json.Marshal(policy.AdoptPolicy{Text: strings.Replace(string(policies.Default()), `version: "1.0.0"`, `version: "1.0.1"`, 1), From: next + "-01-01", Document: "演示〔" + next + "〕1号（虚构）"})
	if err != nil {
		return err
	}
	_, _, err = hub.Do(ctx, wire.Actor{Kind: wire.ActorPerson, ID: "admin"}, "demo/proposal", approval.Propose{Action: wire.ActionAdoptPolicy, What: what, Reason: "演示：请用督导的账号确认或退回"})
	if err != nil {
		return ignoreEnd(ctx, fmt.Errorf("propose something in the demo: %w", err))
	}
	return nil
}

func showDoors(w io.Writer, accounts []demoAccount) error {
	var b strings.Builder
	b.WriteString("  演示账号（每次启动都会更换密码）/ accounts of this run, with new passwords each start\n")
	for _, a := range accounts {
		fmt.Fprintf(&b, "    %-8s %-14s %s\n", a.id, a.password, a.name)
	}
	_, err := io.WriteString(w, b.String()+"\n")
	return err
}
