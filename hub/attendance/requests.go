package attendance

import (
	"slices"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// Command is a command about days.
type Command interface {
	DecideBook(b *Book, h roster.Hall, m hall.Moment) ([]hall.Draft, error)
}

// LeaveKinds are the kinds of leave (请假) and official business (公出).
func LeaveKinds() []string {
	return []string{"annual", "sick", "personal", "maternity", "marriage", "funeral", "training", "official"}
}

// AskLeave asks for leave.
type AskLeave struct {
	wire.LeaveAsked
	Reason string `json:"reason,omitempty"`
}

// DecideLeave approves leave or refuses it, with the reason.
type DecideLeave struct {
	wire.LeaveDecided
	Reason string `json:"reason,omitempty"`
}

// CancelLeave takes leave back.
type CancelLeave wire.LeaveCancelled

// CancelPunch takes a request for a make-up punch back before it is decided.
type CancelPunch wire.PunchCancelled

// SetSecondment sends a person elsewhere for a time.
type SetSecondment wire.SecondmentSet

// EndSecondment ends a secondment before its time.
type EndSecondment wire.SecondmentEnded

// AskPunch asks to count a swipe that is missing.
type AskPunch struct {
	wire.PunchAsked
	Reason string `json:"reason"`
}

// DecidePunch approves a make-up punch or refuses it, with the reason.
type DecidePunch struct {
	wire.PunchDecided
	Reason string `json:"reason,omitempty"`
}

// EnterPunch enters what was signed by hand while a reader failed.
type EnterPunch struct {
	wire.PunchEntered
	Reason string `json:"reason"`
}

// DecideBook decides; see Command.
func (c AskLeave) DecideBook(b *Book, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	if c.Leave == "" {
		c.Leave = m.ID
	}
	var bad hall.Checks
	here(&bad, h, c.Staff, m.Day)
	bad.Choice("leave_kind", c.LeaveKind, LeaveKinds()...)
	bad.Date("from", c.From, true)
	bad.Date("until", c.Until, true)
	bad.Span("until", c.From, c.Until)
	bad.Choice("from_half", c.FromHalf, "am", "pm")
	bad.Choice("until_half", c.UntilHalf, "am", "pm")
	if c.From == c.Until && c.FromHalf == "pm" && c.UntilHalf == "am" {
		bad.Add("until_half", "before", "不能早于开始的半天", "must not be before the first half day")
	}
	if hall.Date(c.Until).Sub(hall.Date(c.From)) > 366 {
		bad.Add("until", "range", "一次最多一年", "may be a year at most")
	}
	bad.Words("reason", &c.Reason, 0, 500)
	fresh(&bad, "leave", b.Leaves.Has(c.Leave))
	if err := bad.Err(); err != nil {
		return nil, err
	}
	for id, l := range b.Leaves.All() {
		if l.Staff == c.Staff && (l.State == Asked || l.State == Approved) && id != c.Leave &&
			l.From+l.FromHalf <= c.Until+c.UntilHalf && c.From+c.FromHalf <= l.Until+l.UntilHalf {
			return nil, hall.Refuse("leave_overlaps", "与已有的请假（"+l.From+" 至 "+l.Until+"）重叠", "overlaps leave from "+l.From+" to "+l.Until)
		}
	}
	return sealed(wire.KindLeaveAsked, c.LeaveAsked, c.Staff, c.Reason), nil
}

// DecideBook decides; see Command.
func (c DecideLeave) DecideBook(b *Book, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	l, ok := b.Leaves.Get(c.Leave)
	if !ok {
		return nil, unknown("leave", "请假", c.Leave)
	}
	if err := deciding(l.State, l.Staff, c.Approved, &c.Reason, m); err != nil {
		return nil, err
	}
	return sealed(wire.KindLeaveDecided, c.LeaveDecided, l.Staff, c.Reason), nil
}

// deciding checks a decision on a request: once, not on one's own, and a refusal says why.
func deciding(state Request, staff string, approved bool, reason *string, m hall.Moment) error {
	if state != Asked {
		return hall.Refuse("already_decided", "这份申请已经办结", "this request is finished already")
	}
	if m.Staff != "" && m.Staff == staff {
		return hall.Refuse("own_request", "不能审批自己的申请，请由其他督导办理", "nobody decides on their own request; another supervisor must")
	}
	var bad hall.Checks
	least := 1
	if approved {
		least = 0
	}
	bad.Words("reason", reason, least, 500)
	return bad.Err()
}

// DecideBook decides; see Command. Leave that has begun is part of what happened:
// its holder cannot take it back, and a supervisor says how far it was taken.
func (c CancelLeave) DecideBook(b *Book, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	l, ok := b.Leaves.Get(c.Leave)
	switch {
	case !ok:
		return nil, unknown("leave", "请假", c.Leave)
	case l.State == Cancelled:
		return nil, nil
	case l.State == Refused:
		return nil, hall.Refuse("already_decided", "这份申请已被拒绝", "this request was refused already")
	case m.Staff == l.Staff && l.State == Approved && hall.Date(l.From) <= m.Day:
		return nil, hall.Refuse("leave_begun", "假期已经开始，请由督导销假", "the leave has begun; a supervisor must end it")
	}
	if c.Until != "" || c.UntilHalf != "" {
		var bad hall.Checks
		bad.Date("until", c.Until, true)
		bad.Choice("until_half", c.UntilHalf, "am", "pm")
		if last := c.Until + c.UntilHalf; last < l.From+l.FromHalf || last > l.Until+l.UntilHalf {
			bad.Add("until", "range", "应在 "+l.From+" 至 "+l.Until+" 之间", "must be from "+l.From+" to "+l.Until)
		}
		if l.State != Approved {
			bad.Add("until", "state", "只有已批准的请假可以销假", "only approved leave can be ended early")
		}
		if err := bad.Err(); err != nil {
			return nil, err
		}
		if c.Until == l.Until && c.UntilHalf == l.UntilHalf {
			return nil, nil
		}
	}
	return []hall.Draft{{Kind: wire.KindLeaveCancelled, Data: wire.LeaveCancelled(c)}}, nil
}

// DecideBook decides; see Command. A secondment needs a document and somebody
// who keeps the window served (63号 第十二条(三)).
func (c SetSecondment) DecideBook(b *Book, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	if c.Secondment == "" {
		c.Secondment = m.ID
	}
	var bad hall.Checks
	s := here(&bad, h, c.Staff, m.Day)
	bad.Date("from", c.From, true)
	bad.Date("until", c.Until, true)
	bad.Span("until", c.From, c.Until)
	bad.Words("to", &c.To, 1, 40)
	bad.Words("document", &c.Document, 0, 60)
	fresh(&bad, "secondment", b.Secondments.Has(c.Secondment))
	if err := bad.Err(); err != nil {
		return nil, err
	}
	const article = "63号 第十二条(三)"
	if c.Document == "" {
		return nil, hall.RefuseBy(article, "document_missing", "抽调、借调须有正式文件，请填写文号", "a secondment needs a formal document; give its number")
	}
	if post, ok := h.People.Post(s.PostOf(hall.Date(c.From)), hall.Date(c.From)); ok {
		d, known := h.People.Staff.Get(c.Cover)
		if !known || !slices.Contains(post.Deputies, c.Cover) || !d.Here(hall.Date(c.From)) || c.Cover == c.Staff {
			return nil, hall.RefuseBy(article, "cover_missing",
				"抽调、借调不得影响正常服务：请指定该岗位的一名代岗人员（AB岗）",
				"a secondment may not disturb the service: name a deputy of the post as cover")
		}
		for _, l := range b.Leaves.Each() {
			if l.Staff == c.Cover && l.State == Approved && l.From <= c.From && c.From <= l.Until {
				return nil, hall.RefuseBy(article, "cover_missing", "代岗人员“"+c.Cover+"”抽调开始时请假（"+l.From+" 至 "+l.Until+"）",
					"the deputy "+c.Cover+" is on leave when it begins ("+l.From+" to "+l.Until+")")
			}
		}
	}
	for _, x := range b.Secondments.Each() {
		if x.Until < c.From || c.Until < x.From {
			continue
		}
		switch c.Staff {
		case x.Staff:
			return nil, hall.Refuse("secondment_overlaps", "与已有的抽调重叠（"+x.From+" 至 "+x.Until+"）", "overlaps a secondment from "+x.From+" to "+x.Until)
		case x.Cover:
			return nil, hall.RefuseBy(article, "covers_another", "“"+c.Staff+"”届时为被抽调的“"+x.Staff+"”代岗（"+x.From+" 至 "+x.Until+"），请先为其另行安排",
				c.Staff+" covers for "+x.Staff+", who is seconded from "+x.From+" to "+x.Until+"; arrange another cover first")
		}
		if x.Staff == c.Cover {
			return nil, hall.RefuseBy(article, "cover_missing", "代岗人员“"+c.Cover+"”届时也被抽调", "the deputy "+c.Cover+" is seconded at that time too")
		}
	}
	return []hall.Draft{{Kind: wire.KindSecondmentSet, Data: wire.SecondmentSet(c)}}, nil
}

// DecideBook decides; see Command.
func (c EndSecondment) DecideBook(b *Book, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	x, ok := b.Secondments.Get(c.Secondment)
	if !ok {
		return nil, unknown("secondment", "抽调", c.Secondment)
	}
	var bad hall.Checks
	bad.Date("on", c.On, true)
	if c.On > x.Until || c.On < x.From {
		bad.Add("on", "range", "应在 "+x.From+" 至 "+x.Until+" 之间", "must be from "+x.From+" to "+x.Until)
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if c.On == x.Until {
		return nil, nil
	}
	return []hall.Draft{{Kind: wire.KindSecondmentEnded, Data: wire.SecondmentEnded(c)}}, nil
}

// DecideBook decides; see Command.
func (c AskPunch) DecideBook(b *Book, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	if c.Punch == "" {
		c.Punch = m.ID
	}
	bad := c.check(h, m)
	bad.Words("reason", &c.Reason, 1, 500)
	fresh(&bad, "punch", b.Punches.Has(c.Punch))
	if err := bad.Err(); err != nil {
		return nil, err
	}
	for _, x := range b.Punches.Each() {
		if x.Staff == c.Staff && x.Day == c.Day && x.At == c.At && (x.State == Asked || x.State == Approved) && x.Punch != c.Punch {
			return nil, hall.Refuse("punch_twice", "已有同一时间的补卡", "there is one for the same time already")
		}
	}
	return sealed(wire.KindPunchAsked, c.PunchAsked, c.Staff, c.Reason), nil
}

func (c *AskPunch) check(h roster.Hall, m hall.Moment) (bad hall.Checks) {
	here(&bad, h, c.Staff, hall.Date(c.Day))
	bad.Date("day", c.Day, true)
	at, ok := hall.ParseMinute(c.At)
	switch {
	case !ok:
		bad.Add("at", "time", "应为时刻，如 08:30", "must be a time like 08:30")
	case hall.Date(c.Day).Valid() && hall.Date(c.Day).Time(m.Zone).Add(minutes(at)).After(m.Now):
		bad.Add("at", "future", "不能晚于现在", "must not be in the future")
	}
	if _, known := h.Windows.Windows[c.Window]; c.Window != "" {
		bad.Known("window", c.Window, known)
	}
	return bad
}

// DecideBook decides; see Command.
func (c DecidePunch) DecideBook(b *Book, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	p, ok := b.Punches.Get(c.Punch)
	if !ok {
		return nil, unknown("punch", "补卡申请", c.Punch)
	}
	if err := deciding(p.State, p.Staff, c.Approved, &c.Reason, m); err != nil {
		return nil, err
	}
	return sealed(wire.KindPunchDecided, c.PunchDecided, p.Staff, c.Reason), nil
}

// DecideBook decides; see Command.
func (c CancelPunch) DecideBook(b *Book, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	p, ok := b.Punches.Get(c.Punch)
	switch {
	case !ok:
		return nil, unknown("punch", "补卡申请", c.Punch)
	case p.State == Cancelled:
		return nil, nil
	case p.State != Asked:
		return nil, hall.Refuse("already_decided", "这份申请已经办结", "this request is finished already")
	}
	return []hall.Draft{{Kind: wire.KindPunchCancelled, Data: wire.PunchCancelled(c)}}, nil
}

// DecideBook decides; see Command.
func (c EnterPunch) DecideBook(b *Book, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	if c.Punch == "" {
		c.Punch = m.ID
	}
	asked := AskPunch{PunchAsked: wire.PunchAsked{Punch: c.Punch, Staff: c.Staff, Day: c.Day, At: c.At, Window: c.Window}}
	bad := asked.check(h, m)
	bad.Words("reason", &c.Reason, 1, 500)
	bad.Known("signed_by", c.SignedBy, h.People.Staff.Has(c.SignedBy))
	fresh(&bad, "punch", b.Punches.Has(c.Punch))
	if c.SignedBy == c.Staff {
		bad.Add("signed_by", "same", "须由本人以外的人签字证明", "must be somebody else's signature")
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	for _, x := range b.Punches.Each() {
		if x.Staff == c.Staff && x.Day == c.Day && x.At == c.At && x.State == Approved {
			return nil, nil
		}
	}
	return sealed(wire.KindPunchEntered, c.PunchEntered, c.Staff, c.Reason), nil
}

// here checks that a person works in the hall on a day.
// fresh refuses an id that something else has already: it would overwrite it.
func fresh(bad *hall.Checks, name string, taken bool) {
	if taken {
		bad.Add(name, "taken", "这个编号已经用过", "this id is taken")
	}
}

func here(bad *hall.Checks, h roster.Hall, staff string, day hall.Date) roster.Staff {
	s, ok := h.People.Staff.Get(staff)
	bad.Known("staff", staff, ok)
	if ok && !s.Here(day) {
		bad.Add("staff", "departed", "“"+staff+"”已离开大厅", staff+" has departed")
	}
	return s
}

// sealed makes a draft whose reason only the holder of a staff member's key can read.
func sealed(kind wire.Kind, data any, staff, reason string) []hall.Draft {
	d := hall.Draft{Kind: kind, Data: data}
	if reason != "" {
		d.Person, d.Personal = roster.PersonKey(staff), map[string]string{"reason": reason}
	}
	return []hall.Draft{d}
}

func unknown(name, zh, id string) *hall.Error {
	id = id[:min(len(id), 64)]
	return hall.Unknown(name+"_unknown", "没有"+zh+"“"+id+"”", "there is no "+name+" "+id)
}
