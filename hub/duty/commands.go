package duty

import (
	"strings"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/queue"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// World is what duties may know of the rest of the hall.
type World struct {
	roster.Hall
	Line *queue.State
}

// Command is a command about duties.
type Command interface {
	DecideDuty(s *State, w World, m hall.Moment) ([]hall.Draft, error)
}

// MaxText is how many characters a text may have.
const (
	MaxText     = 2000
	maxTitle    = 100
	maxDocument = 60
)

// The articles that refuse.
const (
	article9  = "63号 第九条"
	article14 = "63号 第十四条"
	article16 = "63号 第十六条"
)

// The commands about what happened. Dates are the day of it; empty is today.
type (
	// HoldExchange enters an exchange meeting.
	HoldExchange struct {
		Window string `json:"window"`
		// Staff is the chief representative who was there; empty is the window's.
		Staff string `json:"staff,omitempty"`
		Date  string `json:"date,omitempty"`
		// Text is the topics.
		Text string `json:"text"`
	}
	// FindElsewhere enters a listed item that was handled outside the hall.
	FindElsewhere struct {
		Item string `json:"item"`
		Date string `json:"date,omitempty"`
		// Place and Evidence say where it was and what shows it.
		Place    string `json:"place"`
		Evidence string `json:"evidence"`
	}
	// FindGuide enters what a window does not have at hand.
	FindGuide struct {
		Window  string `json:"window"`
		Service string `json:"service,omitempty"`
		// What is guide, sample or blank.
		What string `json:"what"`
		Date string `json:"date,omitempty"`
		Text string `json:"text,omitempty"`
	}
	// FindWithdrawn enters a window that was found withdrawn without approval.
	FindWithdrawn struct {
		Window string `json:"window"`
		Date   string `json:"date,omitempty"`
		Text   string `json:"text"`
	}
	// ScoreOwn is a department's attempt to score its own staff. It is always refused,
	// and makes the event that says so.
	ScoreOwn struct {
		Department string `json:"department"`
		Staff      string `json:"staff,omitempty"`
		// Period is a month, a quarter or a year.
		Period string `json:"period"`
		Points string `json:"points"`
	}
	// ConfirmScoring confirms an attempt, or what was found on paper.
	ConfirmScoring struct {
		Attempt    string `json:"attempt,omitempty"`
		Department string `json:"department,omitempty"`
		Document   string `json:"document,omitempty"`
		Date       string `json:"date,omitempty"`
		Text       string `json:"text"`
	}
	// Commend enters a commendation of a person or a window.
	Commend struct {
		Staff    string `json:"staff,omitempty"`
		Window   string `json:"window,omitempty"`
		Document string `json:"document"`
		Date     string `json:"date,omitempty"`
		Text     string `json:"text,omitempty"`
	}
	// Expose enters an exposure that is no case.
	Expose struct {
		// Source is media or secret_visit.
		Source   string `json:"source"`
		Staff    string `json:"staff,omitempty"`
		Window   string `json:"window,omitempty"`
		Document string `json:"document"`
		Date     string `json:"date,omitempty"`
		Text     string `json:"text,omitempty"`
	}
	// Withdraw takes back what was entered by mistake.
	Withdraw struct {
		Duty   string `json:"duty"`
		Reason string `json:"reason"`
	}
	// Export notes a file that was made for the organisation department and the personnel bureau.
	Export struct {
		What string `json:"what"`
		// Period, Revision and Reading are of the published results in it, where there are any.
		Period   string `json:"period,omitempty"`
		Revision int    `json:"revision,omitempty"`
		Reading  string `json:"reading,omitempty"`
		Format   string `json:"format"`
		Rows     int    `json:"rows"`
		SHA256   string `json:"sha256"`
	}
	// RemoveWindow takes a window off the list; its device becomes unassigned.
	RemoveWindow struct {
		Window string `json:"window"`
	}
)

// Key is whose key seals the texts of something that is about nobody.
func Key(id string) string { return "duty-" + id }

// about is whose key seals the texts of something that may be about a person.
func about(staff, id string) string {
	if staff != "" {
		return roster.PersonKey(staff)
	}
	return Key(id)
}

// one makes a draft with texts sealed under a key; empty texts are left out.
func one(kind wire.Kind, data any, key string, texts ...string) []hall.Draft {
	d := hall.Draft{Kind: kind, Data: data}
	for i := 0; i+1 < len(texts); i += 2 {
		if texts[i+1] != "" {
			if d.Personal == nil {
				d.Person, d.Personal = key, map[string]string{}
			}
			d.Personal[texts[i]] = texts[i+1]
		}
	}
	return []hall.Draft{d}
}

// past checks the day of something that happened; empty becomes today.
func past(bad *hall.Checks, day *string, m hall.Moment) {
	if *day == "" {
		*day = string(m.Day)
	}
	bad.Date("date", *day, true)
	if hall.Date(*day).Valid() && hall.Date(*day) > m.Day {
		bad.Add("date", "future", "不能晚于今天", "must not be after today")
	}
}

func (w World) window(bad *hall.Checks, id string) {
	_, known := w.Windows.Windows[id]
	bad.Known("window", id, known)
}

// here checks a person who works in the hall on a day.
func (w World) here(bad *hall.Checks, name, id, day string) {
	p, known := w.People.Staff.Get(id)
	bad.Known(name, id, known)
	if known && hall.Date(day).Valid() && !p.Here(hall.Date(day)) {
		bad.Add(name, "departed", "当日已离开大厅", "had left the hall on that day")
	}
}

// DecideDuty decides; see Command.
func (c HoldExchange) DecideDuty(_ *State, w World, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	w.window(&bad, c.Window)
	past(&bad, &c.Date, m)
	bad.Words("text", &c.Text, 1, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	chief := w.People.RepresentativeOf(c.Window, hall.Date(c.Date))
	switch {
	case chief == "":
		bad.Add("window", "no_representative", "这个窗口当日没有首席代表，请先在“人员与岗位”中指定", "the window had no chief representative on that day; name one first")
	case c.Staff == "":
		c.Staff = chief
	case c.Staff != chief:
		bad.Add("staff", "not_representative", "不是这个窗口当日的首席代表（"+chief+"）", "was not the window's chief representative on that day, which was "+chief)
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return one(wire.KindExchangeHeld, wire.ExchangeHeld{Exchange: m.ID, Window: c.Window, Staff: c.Staff, Date: c.Date}, Key(m.ID), "text", c.Text), nil
}

// DecideDuty decides; see Command.
func (c FindElsewhere) DecideDuty(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	x, ok := s.Items.Get(c.Item)
	if !ok {
		return nil, hall.Unknown("item_unknown", "清单中没有这个进驻事项", "there is no such item on the list")
	}
	var bad hall.Checks
	past(&bad, &c.Date, m)
	bad.Words("place", &c.Place, 1, maxTitle)
	bad.Words("evidence", &c.Evidence, 1, MaxText)
	if x.Ended != nil && hall.Date(c.Date) >= x.Ended.Day {
		bad.Add("date", "unlisted", "该事项已于 "+string(x.Ended.Day)+" 移出清单", "the item was off the list from "+string(x.Ended.Day)+" on")
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return one(wire.KindItemElsewhere, wire.ItemElsewhere{Elsewhere: m.ID, Item: x.Item, Department: x.Department, Date: c.Date}, Key(m.ID), "place", c.Place, "text", c.Evidence), nil
}

// DecideDuty decides; see Command.
func (c FindGuide) DecideDuty(_ *State, w World, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	w.window(&bad, c.Window)
	if c.Service != "" {
		bad.Known("service", c.Service, w.Line.Services.Has(c.Service))
	}
	bad.Choice("what", c.What, "guide", "sample", "blank")
	past(&bad, &c.Date, m)
	bad.Words("text", &c.Text, 0, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return one(wire.KindGuideMissing, wire.GuideMissing{Guide: m.ID, Window: c.Window, Service: c.Service, What: c.What, Date: c.Date}, Key(m.ID), "text", c.Text), nil
}

// DecideDuty decides; see Command. A withdrawal that was approved by then is none without approval.
func (c FindWithdrawn) DecideDuty(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	w.window(&bad, c.Window)
	past(&bad, &c.Date, m)
	bad.Words("text", &c.Text, 1, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if s.approved(c.Window, hall.Date(c.Date)) {
		return nil, hall.RefuseBy(article9, "withdrawal_approved", "窗口的撤出当日已获旗人民政府同意", "the window's withdrawal was approved by that day")
	}
	department := s.DepartmentOf(c.Window, hall.Date(c.Date), w.Hall)
	if department == "" {
		bad.Add("window", "no_department", "这个窗口没有派驻单位，请先登记其单位", "the window has no department; enter it first")
		return nil, bad.Err()
	}
	return one(wire.KindWithdrawalFound, wire.WithdrawalFound{Found: m.ID, Window: c.Window, Department: department, Date: c.Date}, Key(m.ID), "text", c.Text), nil
}

// DecideDuty decides; see Command. What it makes is the record of the refusal.
func (c ScoreOwn) DecideDuty(_ *State, w World, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Known("department", c.Department, w.People.Departments.Has(c.Department))
	if c.Staff != "" {
		bad.Known("staff", c.Staff, w.People.Staff.Has(c.Staff))
	}
	if !isPeriod(c.Period) {
		bad.Add("period", "period", "应为月、季或年，如 2026-11、2026-Q4、2026", "must be a month, a quarter or a year like 2026-11, 2026-Q4 or 2026")
	}
	bad.Words("points", &c.Points, 1, maxTitle)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return one(wire.KindScoringRefused, wire.ScoringRefused{Attempt: m.ID, Department: c.Department, Staff: c.Staff, Period: c.Period, Day: string(m.Day)}, about(c.Staff, m.ID), "points", c.Points), nil
}

// OwnScoring is what answers every attempt of a department to score its own staff.
func OwnScoring(event string) *hall.Error {
	return hall.RefuseBy(article14, "own_scoring",
		"派驻部门不再对进驻人员考核，考核由旗政务服务局负责；本次提交未被采用，已记录为事件 "+event+"，由督导核查",
		"departments score their staff in the hall no more, the bureau alone does; nothing was scored, and the attempt is recorded as event "+event+" for a supervisor to look at")
}

// isPeriod tells whether a text names a month, a quarter or a year.
func isPeriod(p string) bool {
	year, rest, parted := strings.Cut(p, "-")
	if !hall.Date(year + "-01-01").Valid() {
		return false
	}
	return !parted || len(rest) == 2 && rest[0] == 'Q' && rest[1] >= '1' && rest[1] <= '4' || hall.Date(p+"-01").Valid()
}

// DecideDuty decides; see Command.
func (c ConfirmScoring) DecideDuty(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	if c.Attempt != "" {
		x, ok := s.Entries.Get(c.Attempt)
		if !ok || x.Kind != wire.KindScoringRefused {
			return nil, hall.Unknown("attempt_unknown", "没有这次自行考核的记录", "there is no such attempt")
		}
		for _, e := range s.Entries.Each() {
			if e.Attempt == c.Attempt && e.Withdrawn == nil {
				return nil, hall.RefuseBy(article14, "attempt_confirmed", "这次自行考核已经认定", "this attempt is confirmed already")
			}
		}
		c.Department, c.Date = x.Department, string(x.Date)
	}
	least := 1
	if c.Attempt != "" {
		least = 0
	}
	bad.Known("department", c.Department, w.People.Departments.Has(c.Department))
	bad.Words("document", &c.Document, 0, maxDocument)
	past(&bad, &c.Date, m)
	bad.Words("text", &c.Text, least, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	d := wire.ScoringConfirmed{Scoring: m.ID, Attempt: c.Attempt, Department: c.Department, Document: c.Document, Date: c.Date}
	return one(wire.KindScoringConfirmed, d, Key(m.ID), "text", c.Text), nil
}

// whom checks that one of a person and a window is named, and is no other than oneself.
func (w World) whom(bad *hall.Checks, staff, window, date string) {
	if staff == "" && window == "" {
		bad.Add("staff", "required", "请填写人员或窗口", "name a person or a window")
	}
	if staff != "" {
		w.here(bad, "staff", staff, date)
	}
	if window != "" {
		w.window(bad, window)
	}
}

func themselves(staff string, m hall.Moment) error {
	if staff != "" && staff == m.Staff {
		return hall.Refuse("own_entry", "不能登记、撤回或签署与本人有关的内容，请由其他督导办理", "nobody enters, withdraws or signs what is about themselves; let another supervisor do it")
	}
	return nil
}

// DecideDuty decides; see Command.
func (c Commend) DecideDuty(_ *State, w World, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	past(&bad, &c.Date, m)
	w.whom(&bad, c.Staff, c.Window, c.Date)
	bad.Words("document", &c.Document, 1, maxDocument)
	bad.Words("text", &c.Text, 0, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if err := themselves(c.Staff, m); err != nil {
		return nil, err
	}
	d := wire.CommendationGiven{Commendation: m.ID, Staff: c.Staff, Window: c.Window, Document: c.Document, Date: c.Date}
	return one(wire.KindCommendationGiven, d, about(c.Staff, m.ID), "text", c.Text), nil
}

// DecideDuty decides; see Command.
func (c Expose) DecideDuty(_ *State, w World, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Choice("source", c.Source, "media", "secret_visit")
	past(&bad, &c.Date, m)
	w.whom(&bad, c.Staff, c.Window, c.Date)
	bad.Words("document", &c.Document, 1, maxDocument)
	bad.Words("text", &c.Text, 0, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if err := themselves(c.Staff, m); err != nil {
		return nil, err
	}
	d := wire.ExposureEntered{Exposure: m.ID, Source: c.Source, Staff: c.Staff, Window: c.Window, Document: c.Document, Date: c.Date}
	return one(wire.KindExposureEntered, d, about(c.Staff, m.ID), "text", c.Text), nil
}

// DecideDuty decides; see Command.
func (c Withdraw) DecideDuty(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	e, entry := s.Entries.Get(c.Duty)
	r, report := s.Reports.Get(c.Duty)
	t, task := s.Tasks.Get(c.Duty)
	switch {
	case !entry && !report && !task || entry && e.Kind == wire.KindScoringRefused: // a refusal happened, whoever wishes it had not
		return nil, hall.Unknown("duty_unknown", "没有这条登记", "there is no such entry")
	case e.Withdrawn != nil || r.Withdrawn != nil || t.Withdrawn != nil:
		return nil, hall.Refuse("duty_withdrawn", "这条登记已经撤回", "this entry is withdrawn already")
	}
	var bad hall.Checks
	bad.Words("reason", &c.Reason, 1, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	staff := e.Staff
	if task {
		staff = t.Staff
	}
	if err := themselves(staff, m); err != nil {
		return nil, err
	}
	return one(wire.KindDutyWithdrawn, wire.DutyWithdrawn{Duty: c.Duty, Day: string(m.Day)}, about(staff, c.Duty), "reason", c.Reason), nil
}

// DecideDuty decides; see Command.
func (c Export) DecideDuty(_ *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	d := wire.FilingExported{Filing: m.ID, What: c.What, Period: c.Period, Revision: c.Revision, Reading: c.Reading, Format: c.Format, Rows: c.Rows, SHA256: c.SHA256, Day: string(m.Day)}
	return []hall.Draft{{Kind: wire.KindFilingExported, Data: d}}, nil
}

// DecideDuty decides; see Command (63号 第九条).
func (c RemoveWindow) DecideDuty(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	x, ok := w.Windows.Windows[c.Window]
	if !ok {
		return nil, hall.Unknown("window_unknown", "没有编号为“"+c.Window+"”的窗口", "there is no window "+c.Window)
	}
	if err := s.Removable(x, m.Day); err != nil {
		return nil, err
	}
	return []hall.Draft{{Kind: wire.KindWindowRemoved, Data: wire.WindowRemoved(c)}}, nil
}
