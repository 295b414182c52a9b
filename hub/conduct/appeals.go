package conduct

import (
	"strconv"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// The commands of extensions, appeals and exclusions.
type (
	// AskExtension asks for more working days to rectify.
	AskExtension struct {
		Case   string `json:"case"`
		Days   int    `json:"days"`
		Reason string `json:"reason"`
	}
	// DecideExtension grants them or not.
	DecideExtension struct {
		Extension string `json:"extension"`
		Approved  bool   `json:"approved"`
		Reason    string `json:"reason,omitempty"`
	}
	// MakeAppeal is the appeal of the staff member whom a case is about. Staff is who
	// makes it: a supervisor makes it in their name.
	MakeAppeal struct {
		Case   string `json:"case"`
		Staff  string `json:"staff"`
		Reason string `json:"reason"`
	}
	// DecideAppeal decides it.
	DecideAppeal struct {
		Appeal  string `json:"appeal"`
		Granted bool   `json:"granted"`
		Reason  string `json:"reason"`
	}
	// ProposeExclusion asks to take a rating out. Window, Day and Staff are those of
	// the visit that is rated.
	ProposeExclusion struct {
		Visit  string `json:"visit"`
		Window string `json:"window"`
		Day    string `json:"day"`
		Staff  string `json:"-"`
		Why    string `json:"why"`
		Case   string `json:"case,omitempty"`
		Reason string `json:"reason"`
	}
	// DecideExclusion is the second person's decision. Staff is who is rated.
	DecideExclusion struct {
		Exclusion string `json:"exclusion"`
		Staff     string `json:"-"`
		Approved  bool   `json:"approved"`
		Reason    string `json:"reason"`
	}
)

// DecideConduct decides; see Command.
func (c AskExtension) DecideConduct(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	x, err := s.open(c.Case, m)
	if err != nil {
		return nil, err
	}
	if x.State == Rectified {
		return nil, hall.Refuse("case_rectified", x.Number+" 已经整改，不需要延期", x.Number+" is rectified; it needs no more days")
	}
	most, granted := number(w.Policy, "extension_most", m.Day), 0
	for _, e := range x.Extensions {
		switch {
		case e.State == Waiting:
			return nil, hall.Refuse("extension_open", "已有一份延期申请等待审批", "a request for more days waits for a decision")
		case e.State == Granted && e.Round == len(x.Rounds)-1:
			granted += e.Days
		}
	}
	var bad hall.Checks
	if c.Days < 1 || c.Days > most {
		bad.Add("days", "range", "应为 1 到 "+strconv.Itoa(most)+" 个工作日", "must be 1 to "+strconv.Itoa(most)+" working days")
	}
	bad.Words("reason", &c.Reason, 1, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if granted+c.Days > most {
		return nil, hall.Refuse("extension_most", "已延期 "+strconv.Itoa(granted)+" 个工作日，合计不能超过 "+strconv.Itoa(most)+" 个", strconv.Itoa(granted)+" working days were granted; there may be "+strconv.Itoa(most)+" in all")
	}
	if due, _ := x.round().Due(w.Policy); m.Day > due {
		return nil, hall.Refuse("case_overdue", "整改期限 "+string(due)+" 已过，延期须在期限内申请", "it was to be rectified by "+string(due)+"; more days are asked for before that")
	}
	d := wire.ExtensionAsked{Extension: m.ID, Case: x.Case, Day: string(m.Day), Days: c.Days}
	return []hall.Draft{one(wire.KindExtensionAsked, d, x.Case, "reason", c.Reason)}, nil
}

// DecideConduct decides; see Command.
func (c DecideExtension) DecideConduct(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	x, ok := s.OfExtension(c.Extension)
	if !ok {
		return nil, hall.Unknown("extension_unknown", "没有这份延期申请", "there is no such request for more days")
	}
	if _, err := s.open(x.Case, m); err != nil {
		return nil, err
	}
	for _, e := range x.Extensions {
		if e.ID != c.Extension {
			continue
		}
		if e.State != Waiting || e.Round != len(x.Rounds)-1 || x.State == Rectified {
			return nil, hall.Refuse("already_decided", "这份延期申请已经办结", "this request for more days is finished")
		}
		if same(w, m, e.By) {
			return nil, hall.Refuse("own_request", "不能审批自己的申请，请由其他督导办理", "nobody decides on their own request; another supervisor must")
		}
	}
	var bad hall.Checks
	least := 1
	if c.Approved {
		least = 0
	}
	bad.Words("reason", &c.Reason, least, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	d := wire.ExtensionDecided{Extension: c.Extension, Case: x.Case, Day: string(m.Day), Approved: c.Approved}
	return []hall.Draft{one(wire.KindExtensionDecided, d, x.Case, "reason", c.Reason)}, nil
}

// same tells whether an account is of the person who asks: the same account, or another one of theirs.
func same(w World, m hall.Moment, account string) bool {
	return account == m.Actor.ID || m.Staff != "" && w.StaffOf(account) == m.Staff
}

// DecideConduct decides; see Command.
func (c MakeAppeal) DecideConduct(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	x, err := s.known(c.Case)
	if err != nil {
		return nil, err
	}
	if x.Staff == "" || c.Staff != x.Staff {
		return nil, &hall.Error{Code: hall.CodeForbidden, Name: "not_yours", ZH: "只有被评价的工作人员本人可以申诉", EN: "only the staff member whom the case is about can appeal"}
	}
	until, _ := x.AppealUntil(w.Policy)
	switch {
	case x.Appeal != nil:
		return nil, hall.Refuse("appeal_twice", x.Number+" 已于 "+string(x.Appeal.Day)+" 申诉", "an appeal against "+x.Number+" was made on "+string(x.Appeal.Day))
	case x.Excluded || x.Result == ResultUnfounded || x.Result == ResultExcluded:
		return nil, closed(&x)
	case m.Day > until:
		return nil, hall.Refuse("appeal_late", "申诉期限已于 "+string(until)+" 届满", "an appeal could be made until "+string(until))
	}
	var bad hall.Checks
	bad.Words("reason", &c.Reason, 1, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	d := wire.AppealMade{Appeal: m.ID, Case: x.Case, Staff: x.Staff, Day: string(m.Day)}
	return []hall.Draft{{Kind: wire.KindAppealMade, Data: d, Person: "staff-" + x.Staff, Personal: map[string]string{"reason": c.Reason}}}, nil
}

// DecideConduct decides; see Command.
func (c DecideAppeal) DecideConduct(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	x, ok := s.OfAppeal(c.Appeal)
	if !ok || x.Appeal == nil {
		return nil, hall.Unknown("appeal_unknown", "没有这份申诉", "there is no such appeal")
	}
	if err := notTheirOwn(&x, m); err != nil {
		return nil, err
	}
	switch {
	case x.Appeal.State != Waiting:
		return nil, hall.Refuse("already_decided", "这份申诉已经复核", "this appeal is decided already")
	case same(w, m, x.Appeal.By):
		return nil, hall.Refuse("own_request", "申诉由您代为提出，请由其他督导复核", "you made this appeal; another supervisor must decide it")
	}
	var bad hall.Checks
	bad.Words("reason", &c.Reason, 1, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	d := wire.AppealDecided{Appeal: c.Appeal, Case: x.Case, Day: string(m.Day), Granted: c.Granted}
	return []hall.Draft{{Kind: wire.KindAppealDecided, Data: d, Person: "staff-" + x.Staff, Personal: map[string]string{"reason": c.Reason}}}, nil
}

// DecideConduct decides; see Command.
func (c ProposeExclusion) DecideConduct(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	if c.Case != "" {
		x, err := s.known(c.Case)
		if err != nil {
			return nil, err
		}
		if x.Visit != c.Visit {
			return nil, hall.Invalid(hall.Field{Name: "case", Code: "visit", ZH: x.Number + " 不是这次办理的评价", EN: x.Number + " is not about this visit"})
		}
		c.Case = x.Case
	} else if x, ok := s.OfVisit(c.Visit); ok {
		c.Case = x.Case
	}
	var bad hall.Checks
	bad.Choice("why", c.Why, Mistaken, Malicious)
	bad.Words("reason", &c.Reason, 1, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if err := notTheirRating(c.Staff, m); err != nil {
		return nil, err
	}
	if x, ok := s.ExclusionOf(c.Visit); ok && x.State != Refused {
		if x.State == Waiting {
			return nil, hall.Refuse("exclusion_open", "这条评价已申请剔除，等待第二人审批", "the exclusion of this rating waits for a second person")
		}
		return nil, hall.Refuse("rating_excluded", "这条评价已经剔除", "this rating is excluded already")
	}
	d := wire.ExclusionProposed{Exclusion: m.ID, Visit: c.Visit, Window: c.Window, Day: c.Day, Why: c.Why, Case: c.Case}
	return []hall.Draft{excluding(wire.KindExclusionProposed, d, c.Case, c.Window, m.Day, c.Reason)}, nil
}

// excluding seals a reason under the key of the case, of the window where there is none.
func excluding(kind wire.Kind, data any, id, window string, day hall.Date, reason string) hall.Draft {
	d := one(kind, data, id, "reason", reason)
	if id == "" {
		d.Person = hall.WindowKey(window, day)
	}
	return d
}

func notTheirRating(staff string, m hall.Moment) error {
	if m.Staff != "" && m.Staff == staff {
		return hall.Refuse("own_case", "不能剔除对自己的评价，请由其他人办理", "nobody excludes a rating of themselves; somebody else must")
	}
	return nil
}

// DecideConduct decides; see Command.
func (c DecideExclusion) DecideConduct(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	x, ok := s.Exclusions.Get(c.Exclusion)
	if !ok {
		return nil, hall.Unknown("exclusion_unknown", "没有这份剔除申请", "there is no such proposal")
	}
	about, has := s.about(x.Visit, x.Case)
	if err := notTheirRating(c.Staff, m); err != nil {
		return nil, err
	}
	if has {
		if err := notTheirOwn(&about, m); err != nil {
			return nil, err
		}
	}
	switch {
	case x.State != Waiting:
		return nil, hall.Refuse("already_decided", "这份剔除申请已经办结", "this proposal is finished")
	case same(w, m, x.By):
		return nil, hall.Refuse("same_person", "提出和审批剔除的须是两个人，请由其他督导审批", "two different people exclude a rating; another supervisor must decide")
	case w.ActsFor != nil && w.ActsFor(m.Actor.ID, x.By):
		return nil, hall.Refuse("acts_for_first", "您正代行提出人的职责，不能代其审批自己提出的剔除，请由另一个人审批", "you act for the one who proposed it and cannot decide in their place; somebody else must")
	}
	var bad hall.Checks
	bad.Words("reason", &c.Reason, 1, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	d := wire.ExclusionDecided{Exclusion: x.Exclusion, Visit: x.Visit, Window: x.Window, Day: x.Day, Approved: c.Approved}
	if has {
		d.Case = about.Case
	}
	drafts := []hall.Draft{excluding(wire.KindExclusionDecided, d, d.Case, x.Window, m.Day, c.Reason)}
	if has && c.Approved && about.IsOpen() {
		drafts = append(drafts, hall.Draft{Kind: wire.KindCaseClosed, Data: wire.CaseClosed{Case: about.Case, Day: string(m.Day), Result: ResultExcluded}})
	}
	return drafts, nil
}
