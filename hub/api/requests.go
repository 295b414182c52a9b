package api

import (
	"fmt"
	"net/http"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/attendance"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// The rows of requests. Reasons are unsealed for who decides and whose they are.
type (
	// SignedRow is who did something, when and why.
	SignedRow struct {
		By     string    `json:"by"`
		At     time.Time `json:"at"`
		Event  string    `json:"event"`
		Reason string    `json:"reason,omitempty"`
	}
	// LeaveRow is one request for leave.
	LeaveRow struct {
		wire.LeaveAsked
		Name    string             `json:"name,omitempty"`
		State   attendance.Request `json:"state"`
		Asked   SignedRow          `json:"asked"`
		Decided *SignedRow         `json:"decided,omitempty"`
	}
	// PunchRow is one make-up punch or manual entry.
	PunchRow struct {
		wire.PunchAsked
		Name     string             `json:"name,omitempty"`
		Manual   bool               `json:"manual,omitempty"`
		SignedBy string             `json:"signed_by,omitempty"`
		State    attendance.Request `json:"state"`
		Asked    SignedRow          `json:"asked"`
		Decided  *SignedRow         `json:"decided,omitempty"`
	}
	// SecondmentRow is one secondment.
	SecondmentRow struct {
		wire.SecondmentSet
		Name   string    `json:"name,omitempty"`
		Signed SignedRow `json:"signed"`
	}
	// RequestList is leave, make-up punches and secondments.
	RequestList struct {
		Leaves      []LeaveRow      `json:"leaves"`
		Punches     []PunchRow      `json:"punches"`
		Secondments []SecondmentRow `json:"secondments"`
	}
	// DelegationRow is one delegation.
	DelegationRow struct {
		wire.DelegationSet
		Ended  bool      `json:"ended,omitempty"`
		Signed SignedRow `json:"signed"`
	}
	cancelBody struct {
		// Until and UntilHalf are the last half day that was taken, of leave that has begun.
		Until     string `json:"until,omitempty"`
		UntilHalf string `json:"until_half,omitempty"`
	}
	// DutyList is delegations and the rota of inspections.
	DutyList struct {
		Delegations []DelegationRow     `json:"delegations"`
		Rota        map[string][]string `json:"rota"`
	}
)

func (a *API) requestRoutes() []route {
	id := in("id", "编号", "the id")
	return []route{
		read(access.ReadHall, v1+"requests", "请假、补卡与抽调", "leave, make-up punches and secondments", RequestList{}, a.getRequests,
			query("state", "asked、approved、refused 或 cancelled（默认全部）", "asked, approved, refused or cancelled (all by default)"),
			query("from", "自此日起", "from this day on"), query("until", "至此日", "until this day")),
		a.change(access.Self, "POST", "leaves", "请假、公出", "ask for leave or official business", attendance.AskLeave{}, a.forSelf(askLeave), []string{"leave_overlaps", "not_yours"}),
		a.change(access.Decide, "POST", "leaves/{id}/decide", "审批请假", "decide on leave", attendance.DecideLeave{},
			enter(func(r *http.Request, c *attendance.DecideLeave) { c.Leave = r.PathValue("id") }), []string{"leave_unknown", "already_decided", "own_request"}, id),
		a.change(access.Self, "POST", "leaves/{id}/cancel", "撤销请假；已开始的由督导销假，until 为休到的最后一天", "take leave back; a supervisor ends leave that has begun, until is its last day", cancelBody{}, a.cancelLeave, []string{"leave_unknown", "already_decided", "leave_begun", "not_yours"}, id),
		a.change(access.Decide, "POST", "secondments", "登记抽调、借调", "enter a secondment", attendance.SetSecondment{},
			enter[attendance.SetSecondment](nil), []string{"document_missing", "cover_missing", "covers_another", "secondment_overlaps"}),
		a.change(access.Decide, "POST", "secondments/{id}/end", "提前结束抽调", "end a secondment", attendance.EndSecondment{},
			enter(func(r *http.Request, c *attendance.EndSecondment) { c.Secondment = r.PathValue("id") }), []string{"secondment_unknown"}, id),
		a.change(access.Self, "POST", "punches", "申请补卡", "ask for a make-up punch", attendance.AskPunch{}, a.forSelf(askPunch), []string{"punch_twice", "not_yours"}),
		a.change(access.Decide, "POST", "punches/{id}/decide", "审批补卡", "decide on a make-up punch", attendance.DecidePunch{},
			enter(func(r *http.Request, c *attendance.DecidePunch) { c.Punch = r.PathValue("id") }), []string{"punch_unknown", "already_decided", "own_request"}, id),
		a.change(access.Self, "POST", "punches/{id}/cancel", "撤回补卡申请", "take a request for a make-up punch back", nil, a.cancelPunch, []string{"punch_unknown", "already_decided", "not_yours"}, id),
		a.change(access.Decide, "POST", "punches/manual", "手工登记（读卡器故障）", "enter what was signed by hand", attendance.EnterPunch{}, enter[attendance.EnterPunch](nil), nil),
		read(access.ReadAll, v1+"duties", "委托与巡查值班", "delegations and the rota of inspections", DutyList{}, a.getDuties),
		a.change(access.Decide, "POST", "delegations", "委托他人代行督导职责", "let another account act while one is away", attendance.SetDelegation{}, a.setDelegation, []string{"not_yours", "account_unknown"}),
		a.change(access.Decide, "POST", "delegations/{id}/end", "结束委托", "end a delegation", nil,
			enter(func(r *http.Request, c *attendance.EndDelegation) { c.Delegation = r.PathValue("id") }), []string{"delegation_unknown"}, id),
		a.change(access.Decide, "PUT", "rota/{date}", "排定巡查值班", "say who inspects on a day", attendance.SetRota{}, a.setRota, nil, in("date", "日期", "the day")),
	}
}

// forSelf lets people without the right to decide ask only for themselves.
func (a *API) forSelf(build func(*http.Request, []byte) (order, *string, error)) func(*http.Request, []byte) (order, error) {
	return func(r *http.Request, body []byte) (order, error) {
		o, staff, err := build(r, body)
		if err != nil {
			return o, err
		}
		i := who(r)
		if *staff == "" {
			*staff = i.Staff
		}
		if *staff != i.Staff && !i.May(access.Decide) {
			return o, problem("not_yours")
		}
		switch c := o.cmd.(type) {
		case *attendance.AskLeave:
			o.cmd = *c
		case *attendance.AskPunch:
			o.cmd = *c
		}
		return o, nil
	}
}

func askLeave(_ *http.Request, body []byte) (order, *string, error) {
	c := &attendance.AskLeave{}
	err := decode(body, c)
	return order{cmd: c, status: http.StatusOK}, &c.Staff, err
}

func askPunch(_ *http.Request, body []byte) (order, *string, error) {
	c := &attendance.AskPunch{}
	err := decode(body, c)
	return order{cmd: c, status: http.StatusOK}, &c.Staff, err
}

func (a *API) cancelLeave(r *http.Request, body []byte) (order, error) {
	var b cancelBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	c := attendance.CancelLeave{Leave: r.PathValue("id"), Until: b.Until, UntilHalf: b.UntilHalf}
	staff := ""
	a.Register.Read(func(v *register.View, _ *roster.State) {
		l, _ := v.State.Book.Leaves.Get(c.Leave)
		staff = l.Staff
	})
	return order{cmd: c, status: http.StatusOK}, ownOrDecides(who(r), staff)
}

func (a *API) cancelPunch(r *http.Request, body []byte) (order, error) {
	id, err := named(r, "id", body)
	if err != nil {
		return order{}, err
	}
	staff := ""
	a.Register.Read(func(v *register.View, _ *roster.State) {
		p, _ := v.State.Book.Punches.Get(id)
		staff = p.Staff
	})
	return order{cmd: attendance.CancelPunch{Punch: id}, status: http.StatusOK}, ownOrDecides(who(r), staff)
}

// ownOrDecides lets people without the right to decide touch only what is theirs;
// what nobody knows is refused later, by its own name.
func ownOrDecides(i access.Identity, staff string) error {
	if staff != "" && staff != i.Staff && !i.May(access.Decide) {
		return problem("not_yours")
	}
	return nil
}

// setRota takes only accounts that may inspect.
func (a *API) setRota(r *http.Request, body []byte) (order, error) {
	c := attendance.SetRota{Day: r.PathValue("date")}
	if err := decode(body, &c); err != nil {
		return order{}, err
	}
	var bad checks
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for n, id := range c.Accounts {
			x, ok := v.State.Access.Accounts.Get(id)
			name := fmt.Sprintf("accounts[%d]", n)
			switch {
			case !ok || x.Disabled:
				bad.add(name, "unknown", "没有账号“%.64s”", "there is no account %.64s", id)
			case !access.May(x.Role, access.Inspect):
				bad.add(name, "role", "“%.64s”没有巡查的权限", "%.64s may not inspect", id)
			}
		}
	})
	return order{cmd: c, status: http.StatusOK}, bad.err()
}

func (a *API) setDelegation(r *http.Request, body []byte) (order, error) {
	var c attendance.SetDelegation
	if err := decode(body, &c); err != nil {
		return order{}, err
	}
	i := who(r)
	if c.Account == "" {
		c.Account = i.Account
	}
	if c.Account != i.Account && !i.May(access.Govern) {
		return order{}, problem("not_yours")
	}
	var bad checks
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for _, f := range [2][2]string{{"account", c.Account}, {"deputy", c.Deputy}} {
			if x, ok := v.State.Access.Accounts.Get(f[1]); !ok || x.Disabled {
				bad.add(f[0], "unknown", "没有账号“%.64s”", "there is no account %.64s", f[1])
			}
		}
	})
	if err := bad.err(); err != nil {
		return order{}, err
	}
	return order{cmd: c, status: http.StatusOK}, nil
}

// signedRow unseals a reason for who may read it.
func (a *API) signedRow(s *attendance.Signed, reasons bool) SignedRow {
	row := SignedRow{By: s.By, At: s.At, Event: s.Event}
	if reasons {
		for k := range s.Sealed {
			if said := a.said(&s.Sealed[k], "text", "note", "reason"); said != "" {
				row.Reason = said
			}
		}
	}
	return row
}

func (a *API) nameOf(v *register.View, staff string) string {
	s, _ := v.State.People.Staff.Get(staff)
	return a.sealed(s.Sealed, "name")
}

// span reads ?from= and ?until=.
func span(r *http.Request) (from, until hall.Date, err error) {
	var c checks
	from, until = "0000-01-01", "9999-12-31"
	for name, into := range map[string]*hall.Date{"from": &from, "until": &until} {
		if v := r.URL.Query().Get(name); v != "" {
			if *into = hall.Date(v); !into.Valid() {
				c.add(name, "date", "应为日期，如 2026-11-23", "must be a date like 2026-11-23")
			}
		}
	}
	if len(c) == 0 && until < from {
		c.add("until", "before", "不能早于 %s", "must not be before %s", from)
	}
	return from, until, c.err()
}

func (a *API) getRequests(w http.ResponseWriter, r *http.Request) error {
	from, until, err := span(r)
	if err != nil {
		return err
	}
	var c checks
	state := attendance.Request(c.choice(r, "state", string(attendance.Asked), string(attendance.Approved), string(attendance.Refused), string(attendance.Cancelled)))
	if err := c.err(); err != nil {
		return err
	}
	list := RequestList{Leaves: []LeaveRow{}, Punches: []PunchRow{}, Secondments: []SecondmentRow{}}
	i := who(r)
	a.Register.Read(func(v *register.View, windows *roster.State) {
		s := a.scopeOf(i, v, windows)
		sees := func(staff string) bool {
			x, _ := v.State.People.Staff.Get(staff)
			post, _ := v.State.People.Post(x.PostOf(a.today()), a.today())
			return s.person(staff, x.Department, post.Window)
		}
		list = a.requests(v, from, until, state, i.May(access.Decide), sees)
	})
	return sendJSON(w, r, list)
}

// requests gathers rows; the caller holds the register still.
func (a *API) requests(v *register.View, from, until hall.Date, state attendance.Request, reasons bool, sees func(string) bool) RequestList {
	list := RequestList{Leaves: []LeaveRow{}, Punches: []PunchRow{}, Secondments: []SecondmentRow{}}
	decided := func(s *attendance.Signed) *SignedRow {
		if s == nil {
			return nil
		}
		row := a.signedRow(s, true)
		return &row
	}
	for _, l := range v.State.Book.Leaves.All() {
		if (state == "" || l.State == state) && hall.Date(l.From) <= until && from <= hall.Date(l.Until) && sees(l.Staff) {
			list.Leaves = append(list.Leaves, LeaveRow{l.LeaveAsked, a.nameOf(v, l.Staff), l.State, a.signedRow(&l.Asked, reasons), decided(l.Decided)})
		}
	}
	for _, p := range v.State.Book.Punches.All() {
		if (state == "" || p.State == state) && hall.Date(p.Day) <= until && from <= hall.Date(p.Day) && sees(p.Staff) {
			list.Punches = append(list.Punches, PunchRow{p.PunchAsked, a.nameOf(v, p.Staff), p.Manual, p.SignedBy, p.State, a.signedRow(&p.Asked, reasons), decided(p.Decided)})
		}
	}
	for _, x := range v.State.Book.Secondments.All() {
		if state == "" && hall.Date(x.From) <= until && from <= hall.Date(x.Until) && sees(x.Staff) {
			list.Secondments = append(list.Secondments, SecondmentRow{x.SecondmentSet, a.nameOf(v, x.Staff), a.signedRow(&x.Signed, reasons)})
		}
	}
	return list
}

func (a *API) getDuties(w http.ResponseWriter, r *http.Request) error {
	list := DutyList{Delegations: []DelegationRow{}, Rota: map[string][]string{}}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for _, d := range v.State.Book.Delegations.All() {
			list.Delegations = append(list.Delegations, DelegationRow{d.DelegationSet, d.Ended, a.signedRow(&d.Signed, true)})
		}
		for day, accounts := range v.State.Book.Rota.All() {
			list.Rota[day] = accounts
		}
	})
	return sendJSON(w, r, list)
}
