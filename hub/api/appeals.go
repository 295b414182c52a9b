package api

import (
	"net/http"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/assess"
	"hallkeeper/hub/conduct"
	"hallkeeper/hub/cycle"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
)

// What is said of appeals.
type (
	appealBody struct {
		// Case names the case of a bad review or complaint; its appeal has a reason.
		Case   string `json:"case,omitempty"`
		Reason string `json:"reason,omitempty"`
		// Period, Finding and Rule name a finding of a month; its appeal has a text.
		Period  string `json:"period,omitempty"`
		Finding string `json:"finding,omitempty"`
		Rule    string `json:"rule,omitempty"`
		// Subject is the person, window or department it counts for; one's own where it is empty.
		Subject string `json:"subject,omitempty"`
		Text    string `json:"text,omitempty"`
	}
	// AppealRow is an appeal against a finding of a month.
	AppealRow struct {
		ID        string     `json:"id"`
		Period    string     `json:"period"`
		Finding   string     `json:"finding"`
		Rule      string     `json:"rule"`
		To        string     `json:"to"`
		Subject   string     `json:"subject"`
		Name      string     `json:"name,omitempty"`
		State     string     `json:"state"`
		At        time.Time  `json:"at"`
		By        string     `json:"by"`
		DecidedAt *time.Time `json:"decided_at,omitempty"`
		DecidedBy string     `json:"decided_by,omitempty"`
		Text      string     `json:"text,omitempty"`
		Reason    string     `json:"reason,omitempty"`
		// Until is the last day for appeals of the month.
		Until hall.Date `json:"until,omitempty"`
	}
	// AppealList is appeals, the newest first.
	AppealList struct {
		Appeals []AppealRow `json:"appeals"`
	}
)

func (a *API) appealRoutes() []route {
	its := in("id", "编号", "the id")
	list := read(access.SignedIn, v1+"appeals", "对月度发现的申诉，新的在前；工作人员只看本人的", "appeals against findings of months, newest first; staff see their own", AppealList{}, a.getAppeals,
		query("state", "waiting、granted 或 refused（默认全部）", "waiting, granted or refused (all by default)"), query("period", "月份", "a month"))
	list.refusals = []string{"fields_invalid"}
	return []route{list,
		a.change(access.Self, "POST", "appeals", "申诉（差评投诉件，或月度发现）；督导可代本人提出", "appeal against a case or a month's finding; a supervisor may do so in somebody's name", appealBody{}, a.makeAppeal,
			[]string{"case_unknown", "case_closed", "finding_unknown", "appeals_closed", "appeal_twice", "appeal_late", "not_yours"}),
		a.change(access.Decide, "POST", "appeals/{id}/decide", "复核申诉", "decide on an appeal", grantBody{}, a.decideAppeal,
			[]string{"appeal_unknown", "already_decided", "own_request", "own_case"}, its),
	}
}

func (a *API) appealRow(x *cycle.Appeal, words bool) AppealRow {
	row := AppealRow{ID: x.Appeal, Period: x.Period, Finding: x.Finding, Rule: x.Rule, To: x.To, Subject: x.Subject, State: x.State, At: x.At, By: x.By, DecidedAt: x.Decided, DecidedBy: x.DecidedBy}
	if words {
		row.Text, row.Reason = a.sealed(x.Text, "text"), a.sealed(x.Reason, "reason")
	}
	return row
}

func (a *API) getAppeals(w http.ResponseWriter, r *http.Request) error {
	var c checks
	state := c.choice(r, "state", "", cycle.Waiting, cycle.Granted, cycle.Refused)
	if err := c.err(); err != nil {
		return err
	}
	period := r.URL.Query().Get("period")
	list := AppealList{Appeals: []AppealRow{}}
	i := who(r)
	a.Register.Read(func(v *register.View, windows *roster.State) {
		s := a.scopeOf(i, v, windows)
		for _, x := range v.State.Cycle.Appeals.All() {
			if state != "" && x.State != state || period != "" && x.Period != period || !a.sees(v, &s, x.To, x.Subject) {
				continue
			}
			row := a.appealRow(&x, true)
			row.Name = a.subjectName(v, windows, assess.To(x.To), x.Subject)
			p, _ := v.State.Cycle.Periods.Get(x.Period)
			row.Until = p.Until
			list.Appeals = append([]AppealRow{row}, list.Appeals...)
		}
	})
	return sendJSON(w, r, list)
}

// sees tells whether somebody or something that is assessed is within the reader's scope today.
func (a *API) sees(v *register.View, s *scope, to, id string) bool {
	switch assess.To(to) {
	case assess.ToPerson:
		x, _ := v.State.People.Staff.Get(id)
		post, _ := v.State.People.Post(x.PostOf(a.today()), a.today())
		return s.person(id, x.Department, post.Window)
	case assess.ToWindow:
		return s.all || s.windows[id]
	}
	return s.all || s.department != "" && s.department == id
}

func (a *API) makeAppeal(r *http.Request, body []byte) (order, error) {
	var b appealBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	if b.Finding != "" || b.Period != "" {
		return a.appealFinding(r, b)
	}
	if b.Case == "" {
		return order{}, wrong(field{"case", "required", text{"请写明差评投诉件的编号，或月份和发现的编号", "name a case, or a month and a finding"}})
	}
	x, err := a.findCase(b.Case)
	if err != nil {
		return order{}, err
	}
	i := who(r)
	c := conduct.MakeAppeal{Case: x.Case, Staff: i.Staff, Reason: b.Reason}
	if i.May(access.Decide) {
		c.Staff = x.Staff
	}
	return order{cmd: c, status: http.StatusOK}, nil
}

// appealFinding looks for the finding as it counts now. Who appeals against what
// is not theirs is told so.
func (a *API) appealFinding(r *http.Request, b appealBody) (order, error) {
	p, ok := assess.ParsePeriod(b.Period)
	if !ok || p.Kind() != assess.PerMonth {
		return order{}, hall.Unknown("finding_unknown", "申诉应写明月份（如 2026-11）和发现的编号", "an appeal names a month like 2026-11 and a finding")
	}
	i := who(r)
	c := cycle.MakeAppeal{Period: p, Finding: b.Finding, Rule: b.Rule, Text: b.Text, Staff: i.Staff}
	allowed := true
	counted := a.counted(p)
	a.Register.Read(func(v *register.View, windows *roster.State) {
		s := a.scopeOf(i, v, windows)
		for _, to := range []assess.To{assess.ToPerson, assess.ToWindow, assess.ToDepartment} {
			for k := range counted.Outcome.Of(to) {
				x := &counted.Outcome.Of(to)[k]
				for n := range x.Findings {
					f := &x.Findings[n]
					if f.Fact != b.Finding || b.Rule != "" && f.Rule != b.Rule || b.Subject != "" && b.Subject != string(to)+":"+x.ID && b.Subject != x.ID {
						continue
					}
					mine := to == assess.ToPerson && s.own(x.ID) || to != assess.ToPerson && a.sees(v, &s, string(to), x.ID)
					if c.About == nil || mine {
						c.About, allowed = f, mine || i.May(access.Decide)
					}
				}
			}
		}
	})
	if !allowed {
		return order{}, problem("not_yours")
	}
	if c.About != nil && c.About.To == assess.ToPerson && i.May(access.Decide) {
		c.Staff = c.About.Subject
	}
	return order{cmd: c, status: http.StatusOK}, nil
}

// decideAppeal decides an appeal of either kind.
func (a *API) decideAppeal(r *http.Request, body []byte) (order, error) {
	var b grantBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	id, ours := r.PathValue("id"), false
	a.Register.Read(func(v *register.View, _ *roster.State) { ours = v.State.Cycle.Appeals.Has(id) })
	if ours {
		return order{cmd: cycle.DecideAppeal{Appeal: id, Granted: b.Granted, Reason: b.Reason}, status: http.StatusOK}, nil
	}
	return order{cmd: conduct.DecideAppeal{Appeal: id, Granted: b.Granted, Reason: b.Reason}, status: http.StatusOK}, nil
}
