package attendance

import (
	"slices"
	"strings"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// JudgeSwipe decides on a swipe whose time is uncertain.
type JudgeSwipe struct {
	wire.SwipeJudged
	Reason string `json:"reason"`
	// Holder is whose card it is, for the key of the reason.
	Holder string `json:"-"`
}

// JudgeSwap confirms a suspected unapproved swap or clears it.
type JudgeSwap struct {
	wire.SwapJudged
	Reason string `json:"reason"`
}

// MakeFinding enters what an inspection found.
type MakeFinding struct {
	wire.FindingMade
	Note string `json:"note"`
}

// WithdrawFinding takes a finding back, for a reason.
type WithdrawFinding struct {
	wire.FindingWithdrawn
	Reason string `json:"reason"`
}

// ReplyToFinding is the staff member's answer.
type ReplyToFinding struct {
	wire.FindingReplied
	Text string `json:"text"`
}

// CheckDay closes a day. Late shifts of the day must be over: Over is until when they last.
type CheckDay struct {
	wire.DayChecked
}

// ReviseDay makes the next revision of a closed day.
type ReviseDay struct{ wire.DayRevised }

// PublishDay publishes the newest revision of a day; the caller knows which that is.
type PublishDay struct {
	wire.DayPublished
	// Stale: something has become known since.
	Stale bool
}

// UnpublishDay takes a published day back; it takes two people.
type UnpublishDay struct {
	wire.DayUnpublished
	Reason string `json:"-"`
}

// SetDelegation lets another account act for a supervisor.
type SetDelegation struct {
	wire.DelegationSet
	Reason string `json:"reason,omitempty"`
}

// EndDelegation ends one now.
type EndDelegation wire.DelegationEnded

// SetRota says who inspects on a day.
type SetRota wire.RotaSet

// DecideBook decides; see Command. That the swipe is there and uncertain, the caller has seen.
func (c JudgeSwipe) DecideBook(b *Book, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Words("reason", &c.Reason, 1, 500)
	if c.Counts {
		bad.Date("day", c.Day, true)
		if _, ok := hall.ParseMinute(c.At); !ok || c.At >= "24:00" {
			bad.Add("at", "time", "应为当日时刻，如 08:30", "must be a time of the day like 08:30")
		}
		if hall.Date(c.Day) > m.Day {
			bad.Add("day", "future", "不能晚于今天", "must not be after today")
		}
	} else {
		c.Day, c.At = "", ""
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if old, ok := b.Judgements.Get(c.Event); ok && old.SwipeJudged == c.SwipeJudged {
		return nil, nil
	}
	return sealed(wire.KindSwipeJudged, c.SwipeJudged, c.Holder, c.Reason), nil
}

// DecideBook decides; see Command. That the suspicion is there, the caller has seen.
func (c JudgeSwap) DecideBook(b *Book, h roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Words("reason", &c.Reason, 1, 500)
	if c.Department != "" {
		bad.Known("department", c.Department, h.People.Departments.Has(c.Department))
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if old, ok := b.Swaps.Get(c.Swap); ok && old.SwapJudged == c.SwapJudged {
		return nil, nil
	}
	day, _, _ := strings.Cut(c.Swap, ".")
	return []hall.Draft{{Kind: wire.KindSwapJudged, Data: c.SwapJudged, Person: "swaps-" + day, Personal: map[string]string{"reason": c.Reason}}}, nil
}

// DecideBook decides; see Command.
func (c MakeFinding) DecideBook(b *Book, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	if c.Finding == "" {
		c.Finding = m.ID
	}
	var bad hall.Checks
	bad.Date("day", c.Day, true)
	if hall.Date(c.Day) > m.Day {
		bad.Add("day", "future", "不能晚于今天", "must not be after today")
	}
	fresh(&bad, "finding", b.Inspections.Has(c.Finding))
	r, ok := h.Policy.RuleOn(c.Rule, hall.Date(c.Day))
	switch {
	case c.Rule == "":
		bad.Add("rule", "required", "请选择发现的问题", "choose what was found")
	case !ok || !r.Inspection:
		bad.Add("rule", "unknown", "没有这条巡查规则", "there is no such rule of inspections")
	}
	if c.Window != "" {
		_, known := h.Windows.Windows[c.Window]
		bad.Known("window", c.Window, known)
	}
	switch {
	case r.To == "staff":
		here(&bad, h, c.Staff, hall.Date(c.Day))
	case c.Staff != "":
		bad.Add("staff", "empty", "这条规则只针对窗口", "this rule is about windows only")
	case c.Window == "":
		bad.Add("window", "required", "必须选择窗口", "choose a window")
	}
	bad.Words("note", &c.Note, 1, 500)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	person := roster.PersonKey(c.Staff)
	if c.Staff == "" {
		person = "finding-" + c.Finding
	}
	return []hall.Draft{{Kind: wire.KindFindingMade, Data: c.FindingMade, Person: person, Personal: map[string]string{"note": c.Note}}}, nil
}

// DecideBook decides; see Command. That the finding is there, the caller has seen.
func (c WithdrawFinding) DecideBook(b *Book, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Words("reason", &c.Reason, 1, 500)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if m.Staff != "" && m.Staff == c.Staff {
		return nil, hall.Refuse("own_finding", "不能撤回针对自己的检查发现", "nobody withdraws a finding about themselves")
	}
	if b.Withdrawals.Has(c.Finding) {
		return nil, nil
	}
	person := roster.PersonKey(c.Staff)
	if c.Staff == "" {
		person = "finding-" + c.Finding
	}
	return []hall.Draft{{Kind: wire.KindFindingDropped, Data: c.FindingWithdrawn, Person: person, Personal: map[string]string{"reason": c.Reason}}}, nil
}

// DecideBook decides; see Command. After publication there are appeals instead.
func (c ReplyToFinding) DecideBook(b *Book, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Words("text", &c.Text, 1, 500)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if day, _ := b.Closed.Get(c.Day); day.Published > 0 {
		return nil, hall.Refuse("already_published", c.Day+" 的检查表已经公示，不能再答复", "the sheet of "+c.Day+" is published; it is too late for a reply")
	}
	return []hall.Draft{{Kind: wire.KindFindingReplied, Data: c.FindingReplied, Person: roster.PersonKey(c.Staff), Personal: map[string]string{"text": c.Text}}}, nil
}

// DecideBook decides; see Command.
func (c CheckDay) DecideBook(b *Book, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Date("day", c.Day, true)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if b.Closed.Has(c.Day) {
		return nil, nil
	}
	if hall.Date(c.Day) > m.Day {
		return nil, hall.Refuse("day_not_over", c.Day+" 还没有过去", c.Day+" is not over")
	}
	return []hall.Draft{{Kind: wire.KindDayChecked, Data: c.DayChecked}}, nil
}

// DecideBook decides; see Command.
func (c ReviseDay) DecideBook(b *Book, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	if !b.Closed.Has(c.Day) {
		return nil, notChecked(c.Day)
	}
	return []hall.Draft{{Kind: wire.KindDayRevised, Data: c.DayRevised}}, nil
}

// DecideBook decides; see Command. In a year without a published calendar nothing is published.
func (c PublishDay) DecideBook(b *Book, h roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	day, ok := b.Closed.Get(c.Day)
	switch {
	case !ok:
		return nil, notChecked(c.Day)
	case h.Policy.Calendar().Provisional(hall.Date(c.Day)):
		return nil, hall.RefuseBy("63号 第八条", "calendar_provisional",
			c.Day[:4]+" 年的节假日安排尚未录入，这一天的结果只是暂定；请先在“日历”页录入，再公示",
			"the holidays of "+c.Day[:4]+" are not entered, so the day is provisional; enter them on the calendar page before publishing")
	case c.Stale:
		return nil, hall.Refuse("day_stale", c.Day+" 有新的情况，正在重新计算，请稍后再公示", "there is news of "+c.Day+"; publish after it was revised")
	case day.Published == c.Revision:
		return nil, nil
	}
	return []hall.Draft{{Kind: wire.KindDayPublished, Data: c.DayPublished}}, nil
}

// DecideBook decides; see Command. Of a published month the caller knows.
func (c UnpublishDay) DecideBook(b *Book, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Date("day", c.Day, true)
	bad.Words("reason", &c.Reason, 1, hall.MostWhy)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	day, _ := b.Closed.Get(c.Day)
	switch {
	case day.Published == 0:
		return nil, hall.Refuse("not_on_show", c.Day+" 没有公示的检查表", "no sheet of "+c.Day+" is published")
	case day.Published != c.Revision:
		return nil, hall.NotThatRevision(c.Day, day.Published)
	}
	return []hall.Draft{{Kind: wire.KindDayUnpublished, Data: c.DayUnpublished, Person: hall.ShowKey(c.Day), Personal: map[string]string{"reason": c.Reason}}}, nil
}

func notChecked(day string) error {
	return hall.Refuse("day_open", day+" 还没有完成日检查", day+" is not checked yet")
}

// DecideBook decides; see Command.
func (c SetDelegation) DecideBook(b *Book, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	if c.Delegation == "" {
		c.Delegation = m.ID
	}
	var bad hall.Checks
	bad.Date("from", c.From, true)
	bad.Date("until", c.Until, true)
	bad.Span("until", c.From, c.Until)
	bad.Words("reason", &c.Reason, 0, 500)
	fresh(&bad, "delegation", b.Delegations.Has(c.Delegation))
	if c.Account == c.Deputy {
		bad.Add("deputy", "same", "不能委托给自己", "must be another account")
	}
	if c.Until < string(m.Day) {
		bad.Add("until", "past", "不能早于今天", "must not be before today")
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	d := hall.Draft{Kind: wire.KindDelegationSet, Data: c.DelegationSet}
	if c.Reason != "" {
		d.Person, d.Personal = "account-"+c.Account, map[string]string{"reason": c.Reason}
	}
	return []hall.Draft{d}, nil
}

// DecideBook decides; see Command.
func (c EndDelegation) DecideBook(b *Book, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	d, ok := b.Delegations.Get(c.Delegation)
	if !ok {
		return nil, unknown("delegation", "委托", c.Delegation)
	}
	if d.Ended {
		return nil, nil
	}
	return []hall.Draft{{Kind: wire.KindDelegationEnded, Data: wire.DelegationEnded(c)}}, nil
}

// DecideBook decides; see Command.
func (c SetRota) DecideBook(b *Book, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Date("day", c.Day, true)
	if len(c.Accounts) > 20 {
		bad.Add("accounts", "too_many", "最多 20 人", "may be 20 at most")
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if old, _ := b.Rota.Get(c.Day); slices.Equal(old, c.Accounts) {
		return nil, nil
	}
	return []hall.Draft{{Kind: wire.KindRotaSet, Data: wire.RotaSet(c)}}, nil
}

func minutes(m hall.Minute) time.Duration { return time.Duration(m) * time.Minute }
