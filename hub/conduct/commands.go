package conduct

import (
	"regexp"
	"strconv"
	"strings"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/queue"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// World is what cases may know of the rest of the hall.
type World struct {
	roster.Hall
	Line *queue.State
	// StaffOf is the staff member that an account is of, empty where it is none's.
	StaffOf func(account string) string
	// ActsFor tells whether one account acts for another today; nil is that none does.
	ActsFor func(deputy, account string) bool
}

// Command is a command about cases and exclusions.
type Command interface {
	DecideConduct(s *State, w World, m hall.Moment) ([]hall.Draft, error)
}

// MaxText is how many characters a text may have.
const MaxText = 2000

// The commands of cases. Case is an id or a number.
type (
	// OpenFromRating opens the case of a bad rating. It refuses nothing, and makes
	// nothing where the visit has a case, its rating was taken out, or it is no bad one.
	OpenFromRating struct {
		Visit      string          `json:"visit"`
		Level      int             `json:"level"`
		Source     wire.CaseSource `json:"source"`
		Window     string          `json:"window,omitempty"`
		Staff      string          `json:"staff,omitempty"`
		Department string          `json:"department,omitempty"`
		Service    string          `json:"service,omitempty"`
		Reasons    []string        `json:"reasons,omitempty"`
		// Happened is the day of the visit.
		Happened hall.Date `json:"happened,omitempty"`
		// Text and Phone are what the citizen left; they are sealed under the case's key.
		Text  string `json:"text,omitempty"`
		Phone string `json:"phone,omitempty"`
	}
	// ExplainFromRating adds what a citizen said after the case of a visit was
	// opened. It refuses nothing, and makes nothing where it says nothing new.
	ExplainFromRating struct {
		Visit   string   `json:"visit"`
		Reasons []string `json:"reasons,omitempty"`
		Text    string   `json:"text,omitempty"`
		Phone   string   `json:"phone,omitempty"`
	}
	// Enter opens a case of a complaint by hand.
	Enter struct {
		Source     wire.CaseSource `json:"source"`
		Department string          `json:"department,omitempty"`
		Window     string          `json:"window,omitempty"`
		Staff      string          `json:"staff,omitempty"`
		Service    string          `json:"service,omitempty"`
		Happened   string          `json:"happened,omitempty"`
		Hard       bool            `json:"hard,omitempty"`
		Text       string          `json:"text"`
		Phone      string          `json:"phone,omitempty"`
	}
	// Assign names who answers for a case.
	Assign struct {
		Case       string `json:"case"`
		Department string `json:"department"`
		Staff      string `json:"staff,omitempty"`
	}
	// Grade makes a case ordinary or hard.
	Grade struct {
		Case string `json:"case"`
		Hard bool   `json:"hard"`
	}
	// Answer is the department's answer.
	Answer struct {
		Case string `json:"case"`
		Text string `json:"text"`
	}
	// Rectify says what was done about it.
	Rectify struct {
		Case string `json:"case"`
		Text string `json:"text"`
	}
	// Revisit is a call to the citizen.
	Revisit struct {
		Case   string `json:"case"`
		Result string `json:"result"`
		Text   string `json:"text,omitempty"`
	}
	// Close ends a case as rectified or unfounded.
	Close struct {
		Case   string `json:"case"`
		Result string `json:"result"`
		Reason string `json:"reason,omitempty"`
	}
)

// Entered are the sources of cases that are entered by hand.
func Entered() []string {
	return []string{string(wire.CaseHotline), string(wire.CaseMailbox), string(wire.CaseDiscipline), string(wire.CaseMedia)}
}

// Sources are all sources.
func Sources() []string {
	return append([]string{string(wire.CaseButton), string(wire.CaseTablet), string(wire.CasePhone)}, Entered()...)
}

// Key is whose key seals what is personal in a case.
func Key(id string) string { return "case-" + id }

// one makes a draft with a text sealed under the case's key.
func one(kind wire.Kind, data any, id, field, text string) hall.Draft {
	d := hall.Draft{Kind: kind, Data: data}
	if text != "" {
		d.Person, d.Personal = Key(id), map[string]string{field: text}
	}
	return d
}

// told seals what a citizen said and their number.
func told(d hall.Draft, id, text, phone string) hall.Draft {
	d.Personal = map[string]string{}
	for field, v := range map[string]string{"words": text, "phone": phone} {
		if v != "" {
			d.Person, d.Personal[field] = Key(id), v
		}
	}
	if len(d.Personal) == 0 {
		d.Personal = nil
	}
	return d
}

// must gives an open case.
func (s *State) must(name string) (Case, error) {
	c, err := s.known(name)
	if err == nil && !c.IsOpen() {
		err = closed(&c)
	}
	return c, err
}

func (s *State) known(name string) (Case, error) {
	c, ok := s.Find(strings.TrimSpace(name))
	if !ok {
		return c, hall.Unknown("case_unknown", "没有这件差评或投诉件", "there is no such case")
	}
	return c, nil
}

func closed(c *Case) error {
	zh := map[string]string{ResultRectified: "已整改", ResultUnfounded: "不属实", ResultExcluded: "评价已剔除"}[c.Result]
	return hall.Refuse("case_closed", c.Number+" 已于 "+string(c.End)+" 办结（"+zh+"）", c.Number+" was closed on "+string(c.End)+" ("+c.Result+")")
}

// notTheirOwn refuses people who act on a case about themselves.
func notTheirOwn(c *Case, m hall.Moment) error {
	if m.Staff != "" && m.Staff == c.Staff {
		return hall.Refuse("own_case", "不能办理针对自己的差评或投诉，请由其他人办理", "nobody deals with a case about themselves; somebody else must")
	}
	return nil
}

// open gives an open case for somebody whom it is not about.
func (s *State) open(name string, m hall.Moment) (Case, error) {
	c, err := s.must(name)
	if err == nil {
		err = notTheirOwn(&c, m)
	}
	return c, err
}

// DecideConduct decides; see Command.
func (c OpenFromRating) DecideConduct(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	if _, there := s.OfVisit(c.Visit); there || c.Visit == "" || c.Level < 1 || c.Level > 2 || s.Excluded(c.Visit) {
		return nil, nil
	}
	c.Phone = Phone(c.Phone)
	d := wire.CaseOpened{Case: m.ID, Number: s.next(m.Day), Source: c.Source, Visit: c.Visit, Level: c.Level, Reasons: c.Reasons, Department: c.Department,
		Window: c.Window, Staff: c.Staff, Service: c.Service, Words: c.Text != "", Contact: c.Phone != "", Day: string(m.Day)}
	if c.Happened != m.Day {
		d.Happened = string(c.Happened)
	}
	return []hall.Draft{told(hall.Draft{Kind: wire.KindCaseOpened, Data: d}, m.ID, c.Text, c.Phone)}, nil
}

// DecideConduct decides; see Command.
func (c ExplainFromRating) DecideConduct(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	x, ok := s.OfVisit(c.Visit)
	c.Phone = Phone(c.Phone)
	news := len(c.Reasons) > 0 && len(x.Reasons) == 0 || c.Text != "" && !x.Words || c.Phone != "" && !x.Contact
	if !ok || !news {
		return nil, nil
	}
	d := wire.CaseExplained{Case: x.Case, Day: string(m.Day), Reasons: c.Reasons, Words: c.Text != "", Contact: c.Phone != ""}
	return []hall.Draft{told(hall.Draft{Kind: wire.KindCaseExplained, Data: d}, x.Case, c.Text, c.Phone)}, nil
}

// DecideConduct decides; see Command.
func (c Enter) DecideConduct(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Choice("source", string(c.Source), Entered()...)
	bad.Words("text", &c.Text, 1, MaxText)
	c.Phone = Phone(c.Phone)
	if c.Phone != "" && !phoneForm().MatchString(c.Phone) {
		bad.Add("phone", "format", "应为 11 位手机号，或带区号的固定电话", "must be a mobile number of 11 digits, or a landline with its area code")
	}
	bad.Date("happened", c.Happened, false)
	if c.Happened > string(m.Day) && hall.Date(c.Happened).Valid() {
		bad.Add("happened", "future", "不能晚于今天", "must not be after today")
	}
	service, known := w.Line.Services.Get(c.Service)
	if c.Department == "" {
		c.Department = service.Department
	}
	if c.Service != "" {
		bad.Known("service", c.Service, known)
	}
	if c.Department != "" {
		bad.Known("department", c.Department, w.People.Departments.Has(c.Department))
	}
	if _, known := w.Windows.Windows[c.Window]; c.Window != "" {
		bad.Known("window", c.Window, known)
	}
	if c.Staff != "" {
		bad.Known("staff", c.Staff, w.People.Staff.Has(c.Staff))
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if m.Staff != "" && m.Staff == c.Staff {
		return nil, notTheirOwn(&Case{CaseOpened: wire.CaseOpened{Staff: c.Staff}}, m)
	}
	d := wire.CaseOpened{Case: m.ID, Number: s.next(m.Day), Source: c.Source, Department: c.Department, Window: c.Window, Staff: c.Staff, Service: c.Service,
		Words: true, Contact: c.Phone != "", Day: string(m.Day), Hard: c.Hard}
	if c.Happened != string(m.Day) {
		d.Happened = c.Happened
	}
	return []hall.Draft{told(hall.Draft{Kind: wire.KindCaseOpened, Data: d}, m.ID, c.Text, c.Phone)}, nil
}

// Phone takes what people write between digits out of a number.
func Phone(number string) string {
	return strings.TrimPrefix(strings.NewReplacer(" ", "", "-", "", "－", "").Replace(strings.TrimSpace(number)), "+86")
}

func phoneForm() *regexp.Regexp { return regexp.MustCompile(`^(1[0-9]{10}|0[0-9]{9,11})$`) }

// DecideConduct decides; see Command.
func (c Assign) DecideConduct(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	x, err := s.open(c.Case, m)
	if err != nil {
		return nil, err
	}
	var bad hall.Checks
	bad.Known("department", c.Department, c.Department != "" && w.People.Departments.Has(c.Department))
	if c.Staff != "" {
		p, known := w.People.Staff.Get(c.Staff)
		bad.Known("staff", c.Staff, known && p.Here(m.Day))
		if known && p.Department != c.Department {
			bad.Add("staff", "department", "不是这个单位的人员", "is not of that department")
		}
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if c.Staff != "" && c.Staff == x.Staff {
		return nil, hall.Refuse("own_case", "不能交由被评价人本人办理，请交由同单位其他人", "it cannot be given to the person whom it is about; name another of the department")
	}
	if c.Department == x.Department && c.Staff == x.Handler {
		return nil, nil
	}
	return []hall.Draft{{Kind: wire.KindCaseAssigned, Data: wire.CaseAssigned{Case: x.Case, Day: string(m.Day), Department: c.Department, Staff: c.Staff}}}, nil
}

// DecideConduct decides; see Command.
func (c Grade) DecideConduct(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	x, err := s.open(c.Case, m)
	if err != nil {
		return nil, err
	}
	if x.State == Rectified {
		return nil, hall.Refuse("case_rectified", x.Number+" 已经整改，期限不再变动", x.Number+" is rectified; its limit changes no more")
	}
	if x.Hard == c.Hard {
		return nil, nil
	}
	now := *x.round()
	then := now
	then.Hard = c.Hard
	due, _ := now.Due(w.Policy)
	other, _ := then.Due(w.Policy)
	if m.Day > min(due, other) {
		return nil, hall.Refuse("case_overdue", "期限 "+string(min(due, other))+" 已过，不能再改为普通或疑难", "its limit was "+string(min(due, other))+"; what kind of case it is cannot be changed any more")
	}
	return []hall.Draft{{Kind: wire.KindCaseGraded, Data: wire.CaseGraded{Case: x.Case, Day: string(m.Day), Hard: c.Hard}}}, nil
}

// DecideConduct decides; see Command.
func (c Answer) DecideConduct(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	x, err := s.open(c.Case, m)
	if err != nil {
		return nil, err
	}
	if x.State != Open {
		return nil, hall.Refuse("case_answered", x.Number+" 已于 "+string(x.AnsweredOn)+" 答复", x.Number+" was answered on "+string(x.AnsweredOn))
	}
	var bad hall.Checks
	bad.Words("text", &c.Text, 1, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return []hall.Draft{one(wire.KindCaseAnswered, wire.CaseAnswered{Case: x.Case, Day: string(m.Day)}, x.Case, "text", c.Text)}, nil
}

// DecideConduct decides; see Command.
func (c Rectify) DecideConduct(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	x, err := s.open(c.Case, m)
	if err != nil {
		return nil, err
	}
	switch x.State {
	case Open:
		return nil, hall.Refuse("case_not_answered", x.Number+" 还没有答复，请先答复", x.Number+" is not answered yet; answer it first")
	case Rectified:
		return nil, hall.Refuse("case_rectified", x.Number+" 已于 "+string(x.round().Done)+" 整改", x.Number+" was rectified on "+string(x.round().Done))
	}
	var bad hall.Checks
	bad.Words("text", &c.Text, 1, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return []hall.Draft{one(wire.KindCaseRectified, wire.CaseRectified{Case: x.Case, Day: string(m.Day)}, x.Case, "text", c.Text)}, nil
}

// DecideConduct decides; see Command.
func (c Revisit) DecideConduct(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	x, err := s.open(c.Case, m)
	if err != nil {
		return nil, err
	}
	switch {
	case x.State != Rectified:
		return nil, hall.Refuse("case_not_rectified", x.Number+" 还没有整改，整改后再回访", x.Number+" is not rectified; call the citizen after that")
	case !x.Contact:
		return nil, hall.Refuse("no_contact", "群众没有留电话，无须回访", "the citizen left no phone number; no call is needed")
	case x.Revisit == Satisfied:
		return nil, hall.Refuse("case_revisited", "群众已表示满意，可以办结", "the citizen is satisfied already; the case can be closed")
	}
	least := 0
	if c.Result == Unsatisfied {
		least = 1 // why: it is rectified again by it
	}
	var bad hall.Checks
	bad.Choice("result", c.Result, Satisfied, Unsatisfied, Unreached)
	bad.Words("text", &c.Text, least, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return []hall.Draft{one(wire.KindCaseRevisited, wire.CaseRevisited{Case: x.Case, Day: string(m.Day), Result: c.Result}, x.Case, "text", c.Text)}, nil
}

// DecideConduct decides; see Command.
func (c Close) DecideConduct(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	x, err := s.open(c.Case, m)
	if err != nil {
		return nil, err
	}
	least := 0
	if c.Result == ResultUnfounded {
		least = 1
	}
	var bad hall.Checks
	bad.Choice("result", c.Result, ResultRectified, ResultUnfounded)
	bad.Words("reason", &c.Reason, least, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if err := s.unfinished(&x, w, c.Result, m.Day); err != nil {
		return nil, err
	}
	return []hall.Draft{one(wire.KindCaseClosed, wire.CaseClosed{Case: x.Case, Day: string(m.Day), Result: c.Result}, x.Case, "reason", c.Reason)}, nil
}

// unfinished refuses to close a case with a step that is not done.
func (s *State) unfinished(c *Case, w World, result string, day hall.Date) error {
	if c.Appeal != nil && c.Appeal.State == Waiting {
		return hall.Refuse("appeal_open", "申诉还没有复核", "the appeal is not decided yet")
	}
	if x, ok := s.ExclusionOf(c.Visit); ok && c.Visit != "" && x.State == Waiting {
		return hall.Refuse("exclusion_open", "剔除评价的申请还没有审批", "the exclusion of its rating is not decided yet")
	}
	if result == ResultUnfounded {
		return nil
	}
	tries := number(w.Policy, "revisit_tries", day)
	switch {
	case c.State == Open:
		return hall.Refuse("case_not_answered", c.Number+" 还没有答复，请先答复", c.Number+" is not answered yet; answer it first")
	case c.State != Rectified:
		return hall.Refuse("case_not_rectified", c.Number+" 还没有整改", c.Number+" is not rectified yet")
	case c.Contact && c.Revisit != Satisfied && c.Calls < tries:
		return hall.Refuse("case_not_revisited", "群众留了电话，请先回访；联系不上的至少试 "+strconv.Itoa(tries)+" 次", "the citizen left a phone number: call first; try at least "+strconv.Itoa(tries)+" times")
	}
	return nil
}
