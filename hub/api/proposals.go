package api

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/approval"
	"hallkeeper/hub/assess"
	"hallkeeper/hub/attendance"
	"hallkeeper/hub/cycle"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/rating"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// What is asked and answered about what takes two people.
type (
	unpublishBody struct {
		// Revision is the one that is on the board.
		Revision int `json:"revision"`
		// Reason is shown on the board and to whoever verifies a document.
		Reason string `json:"reason"`
	}
	declineBody struct {
		Why string `json:"why"`
	}
	// Proposed answers the first person: nothing has changed yet.
	Proposed struct {
		Events []Made `json:"events"`
		// Proposal is its id, Until the last day on which it can be confirmed; empty where nothing would change.
		Proposal string `json:"proposal,omitempty"`
		Until    string `json:"until,omitempty"`
		// Others is how many other people could confirm it; Note says what to do where there is none.
		Others int           `json:"others"`
		Note   *assess.Words `json:"note,omitempty"`
	}
	// ConfirmedAnswer answers the second person: it is done.
	ConfirmedAnswer struct {
		Events []Made `json:"events"`
		// Policy is what an adopted one has changed.
		Policy *PolicyChanged `json:"policy,omitempty"`
	}
	// ProposalRow is one proposal.
	ProposalRow struct {
		Proposal string      `json:"proposal"`
		Action   wire.Action `json:"action"`
		// What it would change, in words, and Subject the policy or period that it is about.
		What    assess.Words `json:"what"`
		Subject string       `json:"subject,omitempty"`
		// State is open, confirmed, declined, withdrawn or lapsed.
		State     string        `json:"state"`
		At        time.Time     `json:"at"`
		By        string        `json:"by"`
		Reason    string        `json:"reason,omitempty"`
		Until     string        `json:"until"`
		Decided   *time.Time    `json:"decided,omitempty"`
		DecidedBy string        `json:"decided_by,omitempty"`
		Why       string        `json:"why,omitempty"`
		Event     wire.Position `json:"event"`
		// Mine: the reader has made it, and can take it back.
		Mine bool `json:"mine,omitempty"`
	}
	// ProposalList is proposals, newest first.
	ProposalList struct {
		Proposals []ProposalRow `json:"proposals"`
		// Days is for how many days a proposal waits that is made today, by the parameter proposal_days.
		Days int `json:"days"`
	}
	// ProposalWhole is one with its command.
	ProposalWhole struct {
		ProposalRow
		// Command is what would be carried out; a policy's text is in it while it is open.
		Command json.RawMessage `json:"command,omitempty"`
	}
)

// byPeople makes a route that programs cannot use: it takes a person who is signed in.
func byPeople(rt route) route {
	rt.person = true
	rt.refusals = append(rt.refusals, "person_needed")
	return rt
}

// proposing makes a route whose change waits for a second person.
func proposing(rt route) route {
	rt.status, rt.answer = http.StatusAccepted, Proposed{}
	rt.refusals = append(rt.refusals, "proposal_open")
	return byPeople(rt)
}

func (a *API) proposalRoutes() []route {
	id := in("id", "提议编号", "the proposal's id")
	confirm := byPeople(a.change(access.Decide, "POST", "proposals/{id}/confirm", "确认提议（须由另一人），随即生效", "confirm it, as another person; it is carried out", emptyBody{}, a.confirmProposal,
		[]string{"proposal_unknown", "already_decided", "proposal_lapsed", "same_person", "acts_for_first", "proposer_disabled", "forgotten"}, id))
	confirm.answer = ConfirmedAnswer{}
	all := []route{
		read(access.ReadAll, v1+"proposals", "须两人办理的提议，新的在前", "what takes two people: proposals, newest first", ProposalList{}, a.getProposals,
			query("state", "open（等待确认）、confirmed、declined、withdrawn 或 lapsed（默认全部）", "open, confirmed, declined, withdrawn or lapsed (all by default)")),
		read(access.ReadAll, v1+"proposals/{id}", "一份提议及其内容", "one proposal with what it would do", ProposalWhole{}, a.getProposal, id),
		confirm,
		byPeople(a.change(access.Decide, "POST", "proposals/{id}/decline", "不予确认，说明理由", "decline it, with a reason", declineBody{},
			enter(func(r *http.Request, c *approval.Decline) { c.Proposal = r.PathValue("id") }), []string{"proposal_unknown", "already_decided", "proposal_lapsed", "same_person", "acts_for_first"}, id)),
		byPeople(a.change(access.Decide, "POST", "proposals/{id}/withdraw", "撤回自己的提议", "take one's own proposal back", emptyBody{}, withdrawProposal,
			[]string{"proposal_unknown", "already_decided", "proposal_lapsed", "not_proposer"}, id)),
	}
	for path, word := range map[string][2]string{"months": {"月", "month"}, "quarters": {"季度", "quarter"}, "years": {"年度", "year"}} {
		all = append(all, proposing(a.change(access.Decide, "POST", path+"/{period}/unpublish", "提议撤下已公示的"+word[0]+"结果（记录、文件和版号保留）", "propose to take the published results of a "+word[1]+" off the board; record, documents and number stay",
			unpublishBody{}, a.proposeUnpublish, []string{"period_unknown", "period_unpublished", "outcome_changed", "part_of_published"}, in("period", "周期", "the period"))))
	}
	for _, rt := range []struct {
		path, kind, zh, en string
		action             wire.Action
	}{
		{"days/{date}/unpublish", "date", "提议撤下已公示的日检查表（各版保留，可再次答复）", "propose to take a day's published sheet back; its revisions stay, and replies are taken again", wire.ActionUnpublishDay},
		{"ratings/publications/{period}/unpublish", "period", "提议撤下已公布的一日或一月满意度（记录和版号保留）", "propose to take the published satisfaction of a day or a month back; record and number stay", wire.ActionUnpublishRating},
	} {
		all = append(all, proposing(a.change(access.Decide, "POST", rt.path, rt.zh, rt.en, unpublishBody{}, a.proposeBack(rt.action, rt.kind), []string{"not_on_show", "outcome_changed", "part_of_published"}, in(rt.kind, "日期或月份，如 2026-11-23、2026-11", "a day or a month, like 2026-11-23, 2026-11"))))
	}
	slices.SortStableFunc(all[5:], func(x, y route) int { return cmp.Compare(x.path, y.path) })
	return all
}

func withdrawProposal(r *http.Request, body []byte) (order, error) {
	var none emptyBody
	if err := decode(body, &none); err != nil {
		return order{}, err
	}
	return order{cmd: approval.Withdraw{Proposal: r.PathValue("id")}, status: http.StatusOK}, nil
}

// propose makes an order of a command that takes two people. One that would change nothing is answered with 200.
func (a *API) propose(r *http.Request, action wire.Action, cmd any, reason string) (order, error) {
	what, err := json.Marshal(cmd)
	if err != nil {
		return order{}, err
	}
	i := who(r)
	return order{cmd: approval.Propose{Action: action, What: what, Reason: reason}, status: http.StatusAccepted, kind: wire.KindProposalMade, answer: func(c Changed) (any, error) {
		answer := Proposed{Events: c.Events, Others: a.others(&i)}
		for n := range c.Events {
			var d wire.ProposalMade
			if err := jsonInto(c.Events[n].Data, &d); err != nil {
				return nil, err
			}
			answer.Proposal, answer.Until = d.Proposal, d.Until
			c.Events[n].Data = nil // a policy's text is the request's own
		}
		if answer.Proposal != "" && answer.Others == 0 {
			answer.Note = &assess.Words{ZH: "已经提出，但现在没有另一个人可以确认：请在“账号”里为另一位督导或管理员建立账号，由其本人登录确认",
				EN: "it is proposed, but there is nobody else who could confirm it: make an account for another supervisor or administrator, who then signs in and confirms it"}
		}
		return answer, nil
	}}, nil
}

// others counts the people besides somebody who could confirm what they propose.
func (a *API) others(i *access.Identity) (n int) {
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for id, x := range v.State.Access.Accounts.Each() {
			if id != i.Account && !x.Disabled && access.May(x.Role, access.Decide) && (x.Staff == "" || x.Staff != i.Staff) {
				n++
			}
		}
	})
	return n
}

func (a *API) proposeUnpublish(r *http.Request, body []byte) (order, error) {
	var b unpublishBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	p, err := periodOf(r)
	if err != nil {
		return order{}, err
	}
	return a.propose(r, wire.ActionUnpublishPeriod, cycle.Unpublish{Period: p, Revision: b.Revision}, strings.TrimSpace(b.Reason))
}

// proposeBack proposes to take a day's sheet or figures of satisfaction back.
func (a *API) proposeBack(action wire.Action, param string) func(*http.Request, []byte) (order, error) {
	return func(r *http.Request, body []byte) (order, error) {
		var b unpublishBody
		if err := decode(body, &b); err != nil {
			return order{}, err
		}
		period := r.PathValue(param)
		cmd := any(rating.Unpublish{RatingUnpublished: wire.RatingUnpublished{Period: period, Revision: b.Revision}})
		if action == wire.ActionUnpublishDay {
			cmd = attendance.UnpublishDay{DayUnpublished: wire.DayUnpublished{Day: period, Revision: b.Revision}}
		}
		return a.propose(r, action, cmd, strings.TrimSpace(b.Reason))
	}
}

func (a *API) confirmProposal(r *http.Request, body []byte) (order, error) {
	var none emptyBody
	if err := decode(body, &none); err != nil {
		return order{}, err
	}
	return order{cmd: approval.Confirm{Proposal: r.PathValue("id")}, status: http.StatusOK, kind: wire.KindProposalConfirmed, answer: func(c Changed) (any, error) {
		answer := ConfirmedAnswer{Events: c.Events}
		for n := range c.Events {
			var d wire.PolicyAdopted
			if c.Events[n].Kind != wire.KindPolicyAdopted {
				continue
			}
			if err := jsonInto(c.Events[n].Data, &d); err != nil {
				return nil, err
			}
			c.Events[n].Data = nil // 45 KB that nobody asked for
			changed := a.policyChanged(d.Policy, d.Version)
			answer.Policy = &changed
		}
		return answer, nil
	}}, nil
}

func (a *API) getProposals(w http.ResponseWriter, r *http.Request) error {
	var c checks
	state := c.choice(r, "state", approval.Open, approval.Confirmed, approval.Declined, approval.Withdrawn, approval.Lapsed)
	if err := c.err(); err != nil {
		return err
	}
	i := who(r)
	list := ProposalList{Proposals: []ProposalRow{}}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		days, _ := v.State.Policy.On("proposal_days", a.today())
		list.Days = int(days.Value)
		for _, p := range v.State.Approvals.Proposals.All() {
			if row := a.proposalRow(v, &p, &i); state == "" || state == row.State {
				list.Proposals = append(list.Proposals, row)
			}
		}
	})
	slices.SortFunc(list.Proposals, func(x, y ProposalRow) int { return cmp.Compare(y.Event, x.Event) })
	return sendJSON(w, r, list)
}

func (a *API) getProposal(w http.ResponseWriter, r *http.Request) error {
	i := who(r)
	var answer ProposalWhole
	known := false
	a.Register.Read(func(v *register.View, _ *roster.State) {
		var p approval.Proposal
		if p, known = v.State.Approvals.Proposals.Get(r.PathValue("id")); known {
			answer = ProposalWhole{a.proposalRow(v, &p, &i), p.What}
		}
	})
	if !known {
		return hall.Unknown("proposal_unknown", "没有这份提议", "there is no such proposal")
	}
	return sendJSON(w, r, answer)
}

func (a *API) proposalRow(v *register.View, p *approval.Proposal, i *access.Identity) ProposalRow {
	row := ProposalRow{Proposal: p.Proposal, Action: p.Action, State: p.State, At: p.At.In(a.Zone), By: p.By, Until: p.Until, Decided: p.Decided, DecidedBy: p.DecidedBy,
		Reason: a.sealed(p.Reason, "reason"), Why: a.sealed(p.Why, "why"), Event: p.Event, Mine: p.By == i.Account}
	row.What, row.Subject = whatOf(v, p)
	if row.State == approval.Open && string(a.today()) > p.Until {
		row.State = approval.Lapsed // the schedule says so in the log within the day
	}
	return row
}

// whatOf says in words what a proposal would change.
func whatOf(v *register.View, p *approval.Proposal) (w assess.Words, subject string) {
	cmd, err := register.Proposed(p.Action, p.What, "")
	if err != nil {
		return assess.Words{ZH: string(p.Action), EN: string(p.Action)}, ""
	}
	switch c := cmd.(type) {
	case policy.AdoptPolicy:
		zh, en := "考核政策", "an assessment policy"
		if p, err := policy.Read(c.Text); err == nil {
			subject = p.Key()
			zh, en = "“"+p.Name.ZH+"” "+subject, p.Name.EN+" "+subject
		}
		return assess.Words{ZH: "自 " + c.From + " 起按" + zh + " 考核（" + c.Document + "）", EN: "assess by " + en + " from " + c.From + " on (" + c.Document + ")"}, subject
	case policy.ExtendPolicy:
		subject = c.Policy + "@" + c.Version
		zh, en := "", "without an end"
		if c.Until != "" {
			zh, en = "至 "+c.Until, "until "+c.Until
		}
		return assess.Words{ZH: "政策 " + subject + " 自 " + c.From + " 起" + zh + "继续施行（" + c.Document + "）", EN: "the policy " + subject + " goes on from " + c.From + " " + en + " (" + c.Document + ")"}, subject
	case policy.SetParameter:
		zh, en := "", ""
		if c.Until != "" {
			zh, en = "至 "+c.Until, " until "+c.Until
		}
		now, _ := v.State.Policy.On(c.Name, hall.Date(c.From))
		was := assess.Words{}
		if p.State == approval.Open { // later it is what the proposal has made it, or somebody else
			was = assess.Words{ZH: "由 " + figure(now.Value) + " ", EN: " from " + figure(now.Value)}
		}
		return assess.Words{ZH: "自 " + c.From + " 起" + zh + "把“" + now.ZH + "”" + was.ZH + "改为 " + figure(c.Value) + "（" + c.Reference + "）",
			EN: "from " + c.From + en + " change “" + now.EN + "”" + was.EN + " to " + figure(c.Value) + " (" + c.Reference + ")"}, c.Name
	case cycle.Unpublish:
		subject = string(c.Period)
		n := figure(float64(c.Revision))
		return assess.Words{ZH: "从公示栏撤下 " + subject + " 第 " + n + " 版结果", EN: "take revision " + n + " of " + subject + " off the board"}, subject
	case attendance.UnpublishDay:
		n := figure(float64(c.Revision))
		return assess.Words{ZH: "撤下 " + c.Day + " 日检查表的公示（第 " + n + " 版）", EN: "take back revision " + n + " of the check sheet of " + c.Day}, c.Day
	case rating.Unpublish:
		n := figure(float64(c.Revision))
		return assess.Words{ZH: "撤下 " + c.Period + " 已公布的满意度（第 " + n + " 版）", EN: "take back revision " + n + " of the published satisfaction of " + c.Period}, c.Period
	}
	return w, ""
}
