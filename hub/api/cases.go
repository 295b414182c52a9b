package api

import (
	"net/http"
	"slices"

	"hallkeeper/hub/access"
	"hallkeeper/hub/conduct"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/rating"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
)

// The bodies of requests about cases.
type (
	sayBody struct {
		Text string `json:"text"`
	}
	assignCaseBody struct {
		Department string `json:"department"`
		// Staff is who answers for it, if one person does.
		Staff string `json:"staff,omitempty"`
	}
	gradeBody struct {
		Hard bool `json:"hard"`
	}
	revisitBody struct {
		// Result is satisfied, unsatisfied or unreached.
		Result string `json:"result"`
		Text   string `json:"text,omitempty"`
	}
	closeBody struct {
		// Result is rectified or unfounded; the latter needs a reason.
		Result string `json:"result"`
		Reason string `json:"reason,omitempty"`
	}
	extensionBody struct {
		// Days are working days.
		Days   int    `json:"days"`
		Reason string `json:"reason"`
	}
	approveBody struct {
		Approved bool   `json:"approved"`
		Reason   string `json:"reason,omitempty"`
	}
	grantBody struct {
		Granted bool   `json:"granted"`
		Reason  string `json:"reason"`
	}
	exclusionBody struct {
		// Why is mistaken or malicious.
		Why    string `json:"why"`
		Reason string `json:"reason"`
		// Case is the one that it follows from: an id or a number.
		Case string `json:"case,omitempty"`
	}
)

func (a *API) caseRoutes() []route {
	id := in("id", "件号或编号", "the case's number or id")
	its := in("id", "编号", "the id")
	filters := []param{query("state", "open（未办结，默认）、late、soon、closed 或 all", "open (not closed, the default), late, soon, closed or all"),
		query("department", "单位编号", "a department's id"), query("source", "来源", "a source"), query("window", "窗口编号", "a window's id"),
		query("from", "自此日起受理", "opened from this day on"), query("until", "至此日受理", "opened until this day")}
	export := append(slices.Clone(filters), query("format", "xlsx（默认）或 csv", "xlsx (the default) or csv"), query("lang", "zh-CN 或 en", "zh-CN or en"))
	change := func(may access.Permission, name, zh, en string, body any, touches func(*access.Identity, *conduct.Case) bool, build func(*http.Request, []byte) (order, error), refusals ...string) route {
		return a.change(may, "POST", "cases/{id}/"+name, zh, en, body, a.onCase(touches, build), append(refusals, "case_unknown", "case_closed", "own_case", "not_yours", "forgotten"), id)
	}
	return []route{
		read(access.ReadHall, v1+"cases", "差评与投诉件，超期的在前", "cases of bad reviews and complaints, late ones first", CaseList{}, a.getCases, filters...),
		exports(read(access.ReadHall, v1+"cases/export", "差评与投诉件表", "the cases as a table", nil, a.exportCases, export...)),
		read(access.ReadHall, v1+"cases/{id}", "一件差评或投诉的经过", "one case with all that happened", CaseStory{}, a.getCase, id),
		a.change(access.Decide, "POST", "cases", "登记投诉（热线、信箱、纪检监察、媒体）", "enter a complaint (hotline, mailbox, discipline inspection, media)", conduct.Enter{}, enter[conduct.Enter](nil), []string{"own_case"}),
		change(access.Recommend, "assign", "交办；单位联络员只能指定本单位人员", "say who answers for it; a liaison names a person of the own department", assignCaseBody{}, answers, a.assignCase),
		change(access.Decide, "grade", "定为普通或疑难", "make it ordinary or hard", gradeBody{}, nil, enter(func(r *http.Request, c *conduct.Grade) { c.Case = r.PathValue("id") }), "case_rectified", "case_overdue"),
		change(access.Self, "answer", "答复", "answer it", sayBody{}, answers, enter(func(r *http.Request, c *conduct.Answer) { c.Case = r.PathValue("id") }), "case_answered"),
		change(access.Self, "rectify", "登记整改", "say what was done about it", sayBody{}, answers, enter(func(r *http.Request, c *conduct.Rectify) { c.Case = r.PathValue("id") }), "case_not_answered", "case_rectified"),
		change(access.Decide, "revisit", "登记回访", "enter a call to the citizen", revisitBody{}, nil, enter(func(r *http.Request, c *conduct.Revisit) { c.Case = r.PathValue("id") }), "case_not_rectified", "no_contact", "case_revisited"),
		change(access.Decide, "close", "办结", "close it", closeBody{}, nil, enter(func(r *http.Request, c *conduct.Close) { c.Case = r.PathValue("id") }),
			"appeal_open", "exclusion_open", "case_not_answered", "case_not_rectified", "case_not_revisited"),
		change(access.Self, "extension", "申请延期整改", "ask for more working days to rectify", extensionBody{}, answers, enter(func(r *http.Request, c *conduct.AskExtension) { c.Case = r.PathValue("id") }),
			"case_rectified", "case_overdue", "extension_open", "extension_most"),
		a.change(access.Decide, "POST", "extensions/{id}/decide", "审批延期", "decide on more working days", approveBody{},
			enter(func(r *http.Request, c *conduct.DecideExtension) { c.Extension = r.PathValue("id") }), []string{"extension_unknown", "already_decided", "own_request", "own_case", "case_closed"}, its),
		byPeople(a.change(access.Decide, "POST", "visits/{id}/exclusion", "申请剔除一次办理的评价（误评或恶意）", "propose to take the rating of a visit out (a mistake or malice)", exclusionBody{}, a.proposeExclusion,
			[]string{"rating_unknown", "case_unknown", "own_case", "exclusion_open", "rating_excluded"}, in("id", "办理编号", "the visit's id"))),
		byPeople(a.change(access.Decide, "POST", "exclusions/{id}/decide", "审批剔除（须由另一人）", "decide on it, as another person", approveBody{}, a.decideExclusion,
			[]string{"exclusion_unknown", "already_decided", "same_person", "acts_for_first", "own_case"}, its)),
		read(access.ReadAll, v1+"exclusions", "剔除评价的申请，新的在前", "proposals to take a rating out, newest first", ExclusionList{}, a.getExclusions, query("state", "waiting、granted 或 refused（默认全部）", "waiting, granted or refused (all by default)")),
	}
}

// answers tells whether somebody acts for who answers for a case: its
// department's liaison, the person it was given to, or a supervisor.
func answers(i *access.Identity, c *conduct.Case) bool {
	return i.May(access.Decide) || liaises(i, c) || i.Staff != "" && i.Staff == c.Handler
}

func liaises(i *access.Identity, c *conduct.Case) bool {
	return i.May(access.Recommend) && i.Department != "" && i.Department == c.Department
}

// onCase lets only those act on a case whom it is given to, and puts its id in place of its number.
func (a *API) onCase(touches func(*access.Identity, *conduct.Case) bool, build func(*http.Request, []byte) (order, error)) func(*http.Request, []byte) (order, error) {
	return func(r *http.Request, body []byte) (order, error) {
		c, err := a.findCase(r.PathValue("id"))
		if err != nil {
			return order{}, err
		}
		i := who(r)
		if touches != nil && !touches(&i, &c) {
			return order{}, problem("not_yours")
		}
		r.SetPathValue("id", c.Case)
		return build(r, body)
	}
}

func (a *API) findCase(name string) (c conduct.Case, err error) {
	a.Register.Read(func(v *register.View, _ *roster.State) {
		known := false
		if c, known = v.State.Conduct.Find(name); !known {
			err = hall.Unknown("case_unknown", "没有这件差评或投诉件", "there is no such case")
		}
	})
	return c, err
}

// assignCase lets a liaison name people of the own department, and only supervisors another department.
func (a *API) assignCase(r *http.Request, body []byte) (order, error) {
	c := conduct.Assign{Case: r.PathValue("id")}
	if err := decode(body, &c); err != nil {
		return order{}, err
	}
	if i := who(r); !i.May(access.Decide) && c.Department != i.Department {
		return order{}, problem("not_yours")
	}
	return order{cmd: c, status: http.StatusOK}, nil
}

// ratedVisit finds a visit of which a rating counts, in the hall's view; excluded ones too.
func (a *API) ratedVisit(v *register.View, visit string) (rating.JudgedVisit, bool) {
	x, ok := v.Ratings.Find(visit, a.Now())
	return x, ok && x.Level > 0
}

func (a *API) proposeExclusion(r *http.Request, body []byte) (order, error) {
	var b exclusionBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	c := conduct.ProposeExclusion{Visit: r.PathValue("id"), Why: b.Why, Case: b.Case, Reason: b.Reason}
	known := false
	a.Register.Read(func(v *register.View, _ *roster.State) {
		x, rated := a.ratedVisit(v, c.Visit)
		c.Window, c.Day, c.Staff, known = x.Window, string(x.Day), x.By.Staff, rated
		if x, ok := v.State.Conduct.Find(b.Case); ok {
			c.Case = x.Case
		}
	})
	if !known {
		return order{}, hall.Unknown("rating_unknown", "这次办理没有计入的评价", "no rating of this visit counts")
	}
	return order{cmd: c, status: http.StatusOK}, nil
}

func (a *API) decideExclusion(r *http.Request, body []byte) (order, error) {
	c := conduct.DecideExclusion{Exclusion: r.PathValue("id")}
	if err := decode(body, &c); err != nil {
		return order{}, err
	}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		x, _ := v.State.Conduct.Exclusions.Get(c.Exclusion)
		rated, _ := a.ratedVisit(v, x.Visit)
		c.Staff = rated.By.Staff
	})
	return order{cmd: c, status: http.StatusOK}, nil
}
