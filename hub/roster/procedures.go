package roster

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// How a handover is signed.
const (
	AsLeaver    = "leaver"
	AsSuccessor = "successor"
)

// The commands of the procedures of 63号 第十一条 to 第十三条.
type (
	// Recommend is a department's recommendation of a person for a post.
	Recommend wire.AssignmentRecommended
	// Depart says that a person leaves the hall.
	Depart struct {
		wire.StaffDeparted
		// Change is the approved application that it carries out, if any.
		Change string `json:"change,omitempty"`
	}
	// SignHandover is one of two signatures.
	SignHandover wire.HandoverSigned
	// MeetReplacement names the person who replaces another.
	MeetReplacement wire.ReplacementMet
)

// Examine records the bureau's examination of a recommended person.
type Examine struct {
	wire.AssignmentExamined
	Note string `json:"note,omitempty"`
}

// DecideAssignment accepts or returns an examined person. An acceptance in spite
// of unmet conditions needs a reason and the name of who answers for it.
type DecideAssignment struct {
	Assignment string `json:"assignment"`
	Accept     bool   `json:"accept"`
	From       string `json:"from,omitempty"`
	Reason     string `json:"reason,omitempty"`
	ApprovedBy string `json:"approved_by,omitempty"`
}

// AskChange is a department's application to change a person.
type AskChange struct {
	Change    string `json:"change"`
	Staff     string `json:"staff"`
	Successor string `json:"successor,omitempty"`
	Document  string `json:"document"`
	WantedOn  string `json:"wanted_on"`
	// Reason is the special reason; within the first year there is no change without it.
	Reason string `json:"reason,omitempty"`
}

// DecideChange approves an application or refuses it.
type DecideChange struct {
	wire.ChangeDecided
	Reason string `json:"reason,omitempty"`
}

// DemandReplacement asks a department to replace a person.
type DemandReplacement struct {
	Replacement string `json:"replacement"`
	Staff       string `json:"staff"`
	Reason      string `json:"reason"`
}

// Criticise records a criticism of a person.
type Criticise struct {
	wire.CriticismMade
	Reason string `json:"reason"`
}

// ReturnStaff sends a person back after repeated criticism.
type ReturnStaff struct {
	Staff string `json:"staff"`
	On    string `json:"on"`
}

// DecidePeople decides; see PeopleCommand.
func (c Recommend) DecidePeople(h Hall, m hall.Moment) ([]hall.Draft, error) {
	c.Assignment = id(c.Assignment, m)
	var bad hall.Checks
	bad.Known("staff", c.Staff, h.People.Staff.Has(c.Staff))
	_, ok := h.People.Post(c.Post, m.Day)
	bad.Known("post", c.Post, ok)
	bad.Words("document", &c.Document, 0, 60)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	for other, a := range h.People.Assignments.All() {
		if a.Staff == c.Staff && (a.State == Recommended || a.State == Examined) {
			return nil, hall.Refuse("assignment_open", "“"+c.Staff+"”已有未办结的推荐（"+other+"）", c.Staff+" has an open recommendation ("+other+")")
		}
	}
	return draft(wire.KindAssignmentOpened, wire.AssignmentRecommended(c))
}

// DecidePeople decides; see PeopleCommand.
func (c Examine) DecidePeople(h Hall, _ hall.Moment) ([]hall.Draft, error) {
	a, ok := h.People.Assignments.Get(c.Assignment)
	if !ok {
		return nil, unknown("assignment", "选派", c.Assignment)
	}
	if a.State != Recommended && a.State != Examined {
		return nil, hall.RefuseBy("63号 第十二条(一)", "assignment_state", "这次选派已办结，不能再审查；请重新推荐", "this assignment is finished; recommend again")
	}
	var bad hall.Checks
	for name, v := range map[string]string{"identity": c.Identity, "knowledge": c.Knowledge, "computer": c.Computer, "health": c.Health} {
		bad.Choice(name, v, "pass", "fail")
	}
	for _, q := range []string{"1", "2", "3", "4", "5"} {
		bad.Choice("qualities."+q, c.Qualities[q], "pass", "fail")
	}
	bad.Words("note", &c.Note, 0, 500)
	slices.SortFunc(bad, func(a, b hall.Field) int { return strings.Compare(a.Name, b.Name) })
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return withWords(wire.KindAssignmentExamined, c.AssignmentExamined, a.Staff, "note", c.Note), nil
}

// Condition is one condition of 63号 第十一条 or 第十二条(一) that a person does not meet.
type Condition struct {
	ID, Article, ZH, EN string
}

// conditions are what is examined, in the order of the regulation.
func conditions() []Condition {
	return []Condition{
		{"quality_1", "63号 第十一条(一)1", "执行路线方针政策和规章制度", "keeps to policy, law and rules"},
		{"quality_2", "63号 第十一条(一)2", "审批主体资格和政策理论水平", "is qualified to approve and knows the policy"},
		{"quality_3", "63号 第十一条(一)3", "专业知识和业务技能", "has the professional knowledge and skill"},
		{"quality_4", "63号 第十一条(一)4", "组织办理能力和团队协作精神", "can organise, handle and work in a team"},
		{"quality_5", "63号 第十一条(一)5", "服从统一监督与管理", "accepts supervision and management"},
		{"employment", "63号 第十一条(二)", "在岗在职工作人员", "is an in-post employee"},
		{"years", "63号 第十一条(三)", "工作经历年限", "years of work"},
		{"health", "63号 第十一条(三)", "身体健康", "is healthy"},
		{"age", "63号 第十一条(三)", "年龄", "age"},
		{"identity", "63号 第十二条(一)", "工作人员身份", "identity"},
		{"knowledge", "63号 第十二条(一)", "审批业务知识掌握程度", "knowledge of approvals"},
		{"computer", "63号 第十二条(一)", "计算机操作水平", "computer skill"},
	}
}

// Unmet names the conditions that a person does not meet on a day, what is not known among them.
func (h Hall) Unmet(a *Assignment, m hall.Moment) []Condition {
	s, _ := h.People.Staff.Get(a.Staff)
	failed := map[string]bool{}
	if a.Exam != nil {
		for q, v := range a.Exam.Qualities {
			failed["quality_"+q] = v != "pass"
		}
		failed["identity"], failed["knowledge"] = a.Exam.Identity != "pass", a.Exam.Knowledge != "pass"
		failed["computer"], failed["health"] = a.Exam.Computer != "pass", a.Exam.Health != "pass"
	}
	failed["employment"] = s.Employment != "in_post"
	years, _ := h.Policy.On("eligible_years", m.Day)
	failed["years"] = s.WorkSince == "" || full(hall.Date(s.WorkSince), m.Day) < int(years.Value)
	age, _ := h.Policy.On("eligible_age", m.Day)
	born := ""
	if s.Sealed != nil && m.Unseal != nil {
		born = m.Unseal(s.Sealed)["born"]
	}
	failed["age"] = born == "" || full(hall.Date(born), m.Day) >= int(age.Value)
	var unmet []Condition
	for _, c := range conditions() {
		if failed[c.ID] {
			unmet = append(unmet, c)
		}
	}
	return unmet
}

// full counts the full years from a day to another.
func full(from, to hall.Date) int {
	if !from.Valid() || !to.Valid() {
		return 0
	}
	n := to.Year() - from.Year()
	if to[5:] < from[5:] {
		n--
	}
	return n
}

// DecidePeople decides; see PeopleCommand.
func (c DecideAssignment) DecidePeople(h Hall, m hall.Moment) ([]hall.Draft, error) {
	a, ok := h.People.Assignments.Get(c.Assignment)
	if !ok {
		return nil, unknown("assignment", "选派", c.Assignment)
	}
	if a.State != Examined {
		return nil, hall.RefuseBy("63号 第十二条(一)", "assignment_state", "须先审查，且尚未办结，才能决定", "it must be examined and not decided yet")
	}
	unmet := h.Unmet(&a, m)
	var ids, zh, en, articles []string
	for _, u := range unmet {
		ids, zh, en = append(ids, u.ID), append(zh, u.ZH+"（"+u.Article+"）"), append(en, u.EN+" ("+u.Article+")")
		if !slices.Contains(articles, u.Article) {
			articles = append(articles, u.Article)
		}
	}
	var bad hall.Checks
	bad.Words("reason", &c.Reason, 0, 500)
	bad.Words("approved_by", &c.ApprovedBy, 0, 20)
	if c.Accept {
		bad.Date("from", c.From, true)
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if !c.Accept {
		return withWords(wire.KindAssignmentReturned, wire.AssignmentReturned{Assignment: c.Assignment, Unmet: ids}, a.Staff, "reason", c.Reason), nil
	}
	if len(unmet) > 0 && (c.Reason == "" || c.ApprovedBy == "") {
		return nil, hall.RefuseBy(strings.Join(articles, ", "), "not_eligible",
			"不符合选派条件："+strings.Join(zh, "、")+"。如确需例外，请写明理由和批准人，否则退回",
			"not eligible: "+strings.Join(en, "; ")+". An exception needs a reason and who approved it; else return the recommendation")
	}
	s, _ := h.People.Staff.Get(a.Staff)
	if !s.Here(hall.Date(c.From)) {
		return nil, hall.Refuse("staff_departed", "“"+a.Staff+"”已离开大厅", a.Staff+" has departed")
	}
	if _, ok := h.People.Post(a.Post, hall.Date(c.From)); !ok {
		return nil, hall.Refuse("post_removed", "岗位“"+a.Post+"”已移除，请退回后重新推荐", "post "+a.Post+" was taken off; return the recommendation and let it be made again")
	}
	d := hall.Draft{Kind: wire.KindAssignmentAccepted, Data: wire.AssignmentAccepted{Assignment: a.ID, Staff: a.Staff, Post: a.Post, From: c.From, Exception: ids}}
	if len(unmet) > 0 {
		d.Person, d.Personal = PersonKey(a.Staff), map[string]string{"reason": c.Reason, "approved_by": c.ApprovedBy}
	}
	return []hall.Draft{d}, nil
}

// DecidePeople decides; see PeopleCommand.
func (c AskChange) DecidePeople(h Hall, m hall.Moment) ([]hall.Draft, error) {
	c.Change = id(c.Change, m)
	var bad hall.Checks
	s, ok := h.People.Staff.Get(c.Staff)
	bad.Known("staff", c.Staff, ok && s.Here(m.Day))
	if c.Successor != "" {
		n, ok := h.People.Staff.Get(c.Successor)
		bad.Known("successor", c.Successor, ok && n.Here(m.Day))
	}
	if c.Successor == c.Staff && c.Staff != "" {
		bad.Add("successor", "same", "接任者不能是本人", "must be another person")
	}
	bad.Words("document", &c.Document, 0, 60)
	bad.Words("reason", &c.Reason, 0, 500)
	bad.Date("wanted_on", c.WantedOn, true)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	const article = "63号 第十二条(二)"
	if c.Document == "" {
		return nil, hall.RefuseBy(article, "document_missing", "调换须以正式文件提出，请填写文号", "a change needs a formal document; give its number")
	}
	notice, _ := h.Policy.On("change_notice", m.Day)
	earliest, provisional := h.Policy.Calendar().Add(m.Day, int(notice.Value))
	if hall.Date(c.WantedOn) < earliest {
		n, _ := h.Policy.Calendar().Between(m.Day, hall.Date(c.WantedOn))
		return nil, hall.RefuseBy(article, "notice_too_short",
			"应提前 "+number(notice.Value)+" 个工作日申请，现在只有 "+strconv.Itoa(n)+" 个；最早可定在 "+string(earliest),
			"must be applied for "+number(notice.Value)+" working days ahead, this is "+strconv.Itoa(n)+"; "+string(earliest)+" is the first day possible")
	}
	stable, _ := h.Policy.On("stable_months", m.Day)
	if since := s.PostedSince(m.Day); since != "" && c.Reason == "" && hall.Date(c.WantedOn) < months(since, int(stable.Value)) {
		return nil, hall.RefuseBy(article, "not_stable_yet",
			"“"+c.Staff+"”自 "+string(since)+" 到岗未满 "+number(stable.Value)+" 个月，不予调换；确有特殊情况请写明原因",
			c.Staff+" has been at the post since "+string(since)+", less than "+number(stable.Value)+" months; a change needs a special reason")
	}
	return withWords(wire.KindChangeAsked, wire.ChangeAsked{Change: c.Change, Staff: c.Staff, Successor: c.Successor, Document: c.Document,
		AskedOn: string(m.Day), WantedOn: c.WantedOn, Special: c.Reason != "", Provisional: provisional}, c.Staff, "reason", c.Reason), nil
}

// PostedSince is the first day of the post that a person holds on a day; empty where they hold none.
func (s *Staff) PostedSince(day hall.Date) hall.Date {
	for i := len(s.Postings) - 1; i >= 0; i-- {
		if s.Postings[i].From <= day {
			if s.Postings[i].Value == "" {
				return ""
			}
			return s.Postings[i].From
		}
	}
	return ""
}

// months is the same day so many months later, the month's last day where there is none.
func months(d hall.Date, n int) hall.Date {
	t := d.Time(time.UTC)
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return hall.DateOf(first.AddDate(0, 0, min(t.Day(), last)-1), time.UTC)
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// DecidePeople decides; see PeopleCommand.
func (c DecideChange) DecidePeople(h Hall, _ hall.Moment) ([]hall.Draft, error) {
	x, ok := h.People.Changes.Get(c.Change)
	if !ok {
		return nil, unknown("change", "调换申请", c.Change)
	}
	if x.State != "asked" {
		return nil, hall.Refuse("already_decided", "这份申请已经决定", "this application is decided already")
	}
	var bad hall.Checks
	least := 0
	if !c.Approved {
		least = 1
	}
	bad.Words("reason", &c.Reason, least, 500)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return withWords(wire.KindChangeDecided, c.ChangeDecided, x.Staff, "reason", c.Reason), nil
}

// DecidePeople decides; see PeopleCommand.
func (c SignHandover) DecidePeople(h Hall, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	s, ok := h.People.Staff.Get(c.Staff)
	bad.Known("staff", c.Staff, ok && s.Here(m.Day))
	n, ok := h.People.Staff.Get(c.Successor)
	bad.Known("successor", c.Successor, ok && n.Here(m.Day))
	if c.Staff == c.Successor {
		bad.Add("successor", "same", "接任者不能是本人", "must be another person")
	}
	bad.Choice("as", c.As, AsLeaver, AsSuccessor)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return draft(wire.KindHandoverSigned, wire.HandoverSigned(c))
}

// DecidePeople decides; see PeopleCommand. Departure, which frees the post, needs the handover.
func (c Depart) DecidePeople(h Hall, m hall.Moment) ([]hall.Draft, error) {
	s, ok := h.People.Staff.Get(c.Staff)
	if !ok {
		return nil, unknown("staff", "工作人员", c.Staff)
	}
	var bad hall.Checks
	bad.Date("from", c.From, true)
	bad.Words("document", &c.Document, 0, 60)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if !s.Here(m.Day) {
		return nil, hall.Refuse("staff_departed", "“"+c.Staff+"”已离开大厅", c.Staff+" has departed already")
	}
	back := s.Back()
	if x, _ := h.People.Handovers.Get(c.Staff); (!x.Complete() || x.before(back, m.Zone)) && s.PostOf(m.Day) != "" {
		return nil, hall.RefuseBy("63号 第十二条(四)", "handover_missing",
			"须先完成传帮带：离任者和接任者都要在交接单上签字", "the handover must be signed by the leaver and the successor first")
	}
	if s.PostOf(m.Day) != "" {
		approved := false
		for _, x := range h.People.Changes.Each() {
			approved = approved || x.Staff == c.Staff && x.State == "approved" && x.WantedOn <= c.From && hall.Date(x.AskedOn) >= back
		}
		for _, x := range h.People.Replacements.Each() {
			approved = approved || x.Staff == c.Staff && hall.Date(x.On) >= back
		}
		if !approved {
			return nil, hall.RefuseBy("63号 第十二条(二)", "change_missing", "没有已批准的调换申请，或早于批准的日期", "there is no approved change for that day")
		}
	}
	drafts := []hall.Draft{{Kind: wire.KindStaffDeparted, Data: c.StaffDeparted}}
	for _, card := range h.People.CardsOf(c.Staff) {
		if hall.Date(c.From) <= m.Day {
			drafts = append(drafts, hall.Draft{Kind: wire.KindCardLost, Data: wire.CardLost{Card: card, Reason: "returned"}})
		}
	}
	return drafts, nil
}

// DecidePeople decides; see PeopleCommand.
func (c DemandReplacement) DecidePeople(h Hall, m hall.Moment) ([]hall.Draft, error) {
	c.Replacement = id(c.Replacement, m)
	var bad hall.Checks
	s, ok := h.People.Staff.Get(c.Staff)
	bad.Known("staff", c.Staff, ok && s.Here(m.Day))
	bad.Words("reason", &c.Reason, 1, 500)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if h.demanded(c.Staff) {
		return nil, hall.RefuseBy("63号 第十二条(六)", "replacement_open", "已要求调换“"+c.Staff+"”", "a replacement of "+c.Staff+" is demanded already")
	}
	return []hall.Draft{h.demand(c.Replacement, &s, "63号 第十二条(六)", m, c.Reason)}, nil
}

func (h Hall) demanded(staff string) bool {
	for _, x := range h.People.Replacements.Each() {
		if x.Staff == staff && x.Met == nil {
			return true
		}
	}
	return false
}

func (h Hall) demand(id string, s *Staff, article string, m hall.Moment, reason string) hall.Draft {
	limit, _ := h.Policy.On("replacement_limit", m.Day)
	due, provisional := h.Policy.Calendar().Add(m.Day, int(limit.Value))
	return withWords(wire.KindReplacementAsked, wire.ReplacementDemanded{Replacement: id, Staff: s.ID, Department: s.Department,
		On: string(m.Day), Due: string(due), Provisional: provisional, Article: article}, s.ID, "reason", reason)[0]
}

// DecidePeople decides; see PeopleCommand.
func (c MeetReplacement) DecidePeople(h Hall, m hall.Moment) ([]hall.Draft, error) {
	x, ok := h.People.Replacements.Get(c.Replacement)
	if !ok {
		return nil, unknown("replacement", "调换要求", c.Replacement)
	}
	if x.Met != nil {
		return nil, hall.Refuse("already_met", "这项要求已经落实", "this demand is met already")
	}
	var bad hall.Checks
	s, ok := h.People.Staff.Get(c.Successor)
	bad.Known("successor", c.Successor, ok && s.Here(m.Day) && c.Successor != x.Staff)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return draft(wire.KindReplacementMet, wire.ReplacementMet{Replacement: c.Replacement, Successor: c.Successor,
		On: string(m.Day), Late: m.Day > hall.Date(x.Due)})
}

// DecidePeople decides; see PeopleCommand.
func (c Criticise) DecidePeople(h Hall, m hall.Moment) ([]hall.Draft, error) {
	c.Criticism = id(c.Criticism, m)
	var bad hall.Checks
	s, ok := h.People.Staff.Get(c.Staff)
	bad.Known("staff", c.Staff, ok && s.Here(m.Day))
	bad.Date("on", c.On, true)
	if hall.Date(c.On) > m.Day {
		bad.Add("on", "future", "不能晚于今天", "must not be after today")
	}
	bad.Words("reason", &c.Reason, 1, 500)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return withWords(wire.KindCriticismMade, c.CriticismMade, c.Staff, "reason", c.Reason), nil
}

// DecidePeople decides; see PeopleCommand. A return demands the replacement too.
func (c ReturnStaff) DecidePeople(h Hall, m hall.Moment) ([]hall.Draft, error) {
	const article = "63号 第十三条(一)"
	s, ok := h.People.Staff.Get(c.Staff)
	var bad hall.Checks
	bad.Known("staff", c.Staff, ok && s.Here(m.Day))
	bad.Date("on", c.On, true)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	var made []string
	for id, k := range h.People.Criticisms.All() {
		if k.Staff == c.Staff && k.Return == "" {
			made = append(made, id)
		}
	}
	need, _ := h.Policy.On("criticisms", m.Day)
	if len(made) < int(need.Value) {
		return nil, hall.RefuseBy(article, "criticisms_too_few",
			"经多次批评教育仍未改正的才能退回：已有 "+strconv.Itoa(len(made))+" 次记录，至少需要 "+number(need.Value)+" 次",
			"only who was criticised repeatedly can be returned: there are "+strconv.Itoa(len(made))+" criticisms, "+number(need.Value)+" are needed")
	}
	drafts := []hall.Draft{{Kind: wire.KindStaffReturned, Data: wire.StaffReturned{Staff: c.Staff, On: c.On, Criticisms: made, Report: "return-" + m.ID}}}
	if !h.demanded(c.Staff) {
		drafts = append(drafts, h.demand(m.ID, &s, article, m, ""))
	}
	return drafts, nil
}

func id(given string, m hall.Moment) string {
	if given == "" {
		return m.ID
	}
	return given
}

// withWords makes a draft whose text is sealed under a staff member's key; no text, nothing sealed.
func withWords(kind wire.Kind, data any, staff, name, text string) []hall.Draft {
	d := hall.Draft{Kind: kind, Data: data}
	if text != "" {
		d.Person, d.Personal = PersonKey(staff), map[string]string{name: text}
	}
	return []hall.Draft{d}
}
