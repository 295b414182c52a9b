package roster

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/personal"
	"hallkeeper/hub/policy"
	"hallkeeper/wire"
)

// Hall is everything on which a command about people is decided.
type Hall struct {
	Windows *State
	People  *People
	Policy  *policy.State
}

// PeopleCommand is a command about people and their places.
type PeopleCommand interface {
	DecidePeople(h Hall, m hall.Moment) ([]hall.Draft, error)
}

// PersonKey is the name of the key that seals what is personal of a staff member.
func PersonKey(staff string) string { return "staff-" + staff }

// The commands of master data. Each carries the data of its event.
type (
	// SetDepartment adds a department or changes its name.
	SetDepartment wire.DepartmentSet
	// RemoveDepartment takes a department off that has no staff and no window.
	RemoveDepartment wire.DepartmentRemoved
	// SetPost adds a post or changes it.
	SetPost wire.PostSet
	// RemovePost takes a post off that nobody holds.
	RemovePost wire.PostRemoved
	// SetShift adds a shift or changes it.
	SetShift wire.ShiftSet
	// RemoveShift takes a shift off; days on which it was worked keep it.
	RemoveShift wire.ShiftRemoved
	// AssignShift says who works a shift from a day on.
	AssignShift wire.ShiftAssigned
	// SetRepresentative makes a person the chief representative of a window.
	SetRepresentative wire.RepresentativeSet
	// LoseCard ends a card now.
	LoseCard wire.CardLost
)

// SetStaff adds a staff member or changes what is known of them.
type SetStaff struct {
	wire.StaffSet
	Name  string `json:"name"`
	Born  string `json:"born,omitempty"`
	Phone string `json:"phone,omitempty"`
}

// IssueCard gives a card to a person.
type IssueCard struct {
	wire.CardIssued
	// Replaces is the card that it stands for from now on, if any.
	Replaces string `json:"replaces,omitempty"`
}

// DecidePeople decides; see PeopleCommand.
func (c SetDepartment) DecidePeople(h Hall, _ hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.ID("id", c.Department)
	bad.Words("name", &c.Name, 1, 40)
	for id, d := range h.People.Departments.All() {
		if id != c.Department && d.Name == c.Name {
			bad.Add("name", "taken", "已有同名单位（"+id+"）", "department "+id+" has that name")
		}
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	old, known := h.People.Departments.Get(c.Department)
	if known && old.Name == c.Name {
		return nil, nil
	}
	drafts := []hall.Draft{{Kind: wire.KindDepartmentSet, Data: wire.DepartmentSet(c)}}
	for _, id := range slices.Sorted(maps.Keys(h.Windows.Windows)) {
		if w := h.Windows.Windows[id]; known && w.Department == old.Name { // its windows bear its name
			drafts = append(drafts, hall.Draft{Kind: wire.KindWindowSet, Data: wire.WindowSet{Window: id, Number: w.Number, Name: w.Name, Department: c.Name, Direction: w.Direction}})
		}
	}
	return drafts, nil
}

// DecidePeople decides; see PeopleCommand.
func (c RemoveDepartment) DecidePeople(h Hall, m hall.Moment) ([]hall.Draft, error) {
	d, ok := h.People.Departments.Get(c.Department)
	if !ok {
		return nil, unknown("department", "单位", c.Department)
	}
	for id, s := range h.People.Staff.All() {
		if s.Department == c.Department && s.Here(m.Day) {
			who := m.NameOf(id, s.Sealed)
			return nil, hall.Refuse("department_in_use", "单位“"+c.Department+"”仍有在大厅的工作人员（"+who+"），请先办理离开", "department "+c.Department+" still has staff ("+who+"); let them depart first")
		}
	}
	for id, w := range h.Windows.Windows {
		if w.Department == c.Department || w.Department == d.Name {
			return nil, hall.RefuseBy("63号 第九条", "department_in_use", "单位“"+c.Department+"”仍有窗口（"+id+"）", "department "+c.Department+" still has window "+id)
		}
	}
	return draft(wire.KindDepartmentRemoved, wire.DepartmentRemoved(c))
}

// DecidePeople decides; see PeopleCommand.
func (c SetPost) DecidePeople(h Hall, _ hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.ID("id", c.Post)
	bad.Words("name", &c.Name, 1, 40)
	_, ok := h.Windows.Windows[c.Window]
	bad.Known("window", c.Window, ok)
	for i, d := range c.Deputies {
		bad.Known("deputies", d, h.People.Staff.Has(d))
		if slices.Index(c.Deputies, d) < i {
			bad.Add("deputies", "twice", "“"+d+"”重复", d+" is named twice")
		}
	}
	if len(c.Deputies) > 20 {
		bad.Add("deputies", "too_many", "最多 20 人", "may be 20 at most")
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	versions, _ := h.People.Posts.Get(c.Post)
	if old := versions.Last(); old.ID != "" && !old.Removed && old.Window == c.Window && old.Name == c.Name && slices.Equal(old.Deputies, c.Deputies) {
		return nil, nil
	}
	return draft(wire.KindPostSet, wire.PostSet(c))
}

// DecidePeople decides; see PeopleCommand.
func (c RemovePost) DecidePeople(h Hall, m hall.Moment) ([]hall.Draft, error) {
	if _, ok := h.People.Post(c.Post, m.Day); !ok {
		return nil, unknown("post", "岗位", c.Post)
	}
	for id, s := range h.People.Staff.All() {
		if s.PostOf(m.Day) == c.Post {
			who := m.NameOf(id, s.Sealed)
			return nil, hall.Refuse("post_in_use", "岗位“"+c.Post+"”由 "+who+" 担任，请先安排其离岗", "post "+c.Post+" is held by "+who+"; take them off it first")
		}
	}
	return draft(wire.KindPostRemoved, wire.PostRemoved(c))
}

// workAge is the age in years from which people may work (劳动法 第十五条).
const workAge = 16

// DecidePeople decides; see PeopleCommand.
func (c SetStaff) DecidePeople(h Hall, m hall.Moment) ([]hall.Draft, error) {
	if old, ok := h.People.Staff.Get(c.Staff); ok && old.Sealed != nil && m.Unseal != nil { // forms and tables are filled with what is masked
		known := m.Unseal(old.Sealed)
		c.Born, c.Phone = personal.Kept("staff", "born", c.Born, known["born"]), personal.Kept("staff", "phone", c.Phone, known["phone"])
	}
	var bad hall.Checks
	bad.ID("id", c.Staff)
	if len(c.Staff) > 40 {
		bad.Add("id", "too_long", "最多 40 个字符", "may have 40 characters at most")
	}
	bad.Words("name", &c.Name, 1, 20)
	bad.Words("phone", &c.Phone, 0, 20)
	bad.Choice("employment", c.Employment, "in_post", "contract", "retired")
	bad.Date("born", c.Born, false)
	bad.Date("work_since", c.WorkSince, false)
	if c.Born != "" && hall.Date(c.Born).Valid() && (hall.Date(c.Born) >= m.Day || c.Born < "1900-01-01") {
		bad.Add("born", "range", "出生日期应在 1900 年以后、今天以前", "must be after 1900 and before today")
	}
	if since, born := hall.Date(c.WorkSince), hall.Date(c.Born); since.Valid() && born.Valid() && since < months(born, 12*workAge) {
		bad.Add("work_since", "before", fmt.Sprintf("参加工作时应年满 %d 周岁，请核对出生日期", workAge), fmt.Sprintf("is before the age of %d; check the date of birth", workAge))
	}
	if strings.Trim(c.Phone, "0123456789+-() ") != "" {
		bad.Add("phone", "characters", "应为电话号码：数字、空格、+、- 和括号", "must be a telephone number: digits, blanks, +, - and brackets")
	}
	bad.Known("department", c.Department, h.People.Departments.Has(c.Department))
	if len(c.Qualifications) > 10 {
		bad.Add("qualifications", "too_many", "最多 10 项", "may be 10 at most")
	}
	for i := range c.Qualifications {
		bad.Words("qualifications", &c.Qualifications[i], 1, 40)
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	personal := map[string]string{"name": c.Name}
	for k, v := range map[string]string{"born": c.Born, "phone": c.Phone} {
		if v != "" {
			personal[k] = v
		}
	}
	if old, ok := h.People.Staff.Get(c.Staff); ok && old.Here(m.Day) && old.Department == c.Department && old.Employment == c.Employment &&
		old.WorkSince == c.WorkSince && slices.Equal(old.Qualifications, c.Qualifications) && same(personal, old.Sealed, m) {
		return nil, nil
	}
	return []hall.Draft{{Kind: wire.KindStaffSet, Data: c.StaffSet, Person: PersonKey(c.Staff), Personal: personal}}, nil
}

func same(fields map[string]string, sealed *wire.Sealed, m hall.Moment) bool {
	if sealed == nil || m.Unseal == nil {
		return false
	}
	old := m.Unseal(sealed)
	if len(old) != len(fields) {
		return false
	}
	for k, v := range fields {
		if old[k] != v {
			return false
		}
	}
	return true
}

// DecidePeople decides; see PeopleCommand. Card is the keyed hash.
func (c IssueCard) DecidePeople(h Hall, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Date("from", c.From, true)
	s, ok := h.People.Staff.Get(c.Staff)
	bad.Known("staff", c.Staff, ok)
	if c.Card == "" {
		bad.Add("number", "required", "必须填写卡号", "the card's number is required")
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if !s.Here(hall.Date(c.From)) {
		return nil, hall.Refuse("staff_departed", "“"+c.Staff+"”已离开大厅", c.Staff+" has departed")
	}
	if last, ok := h.People.last(c.Card); ok && last.Ended == nil {
		if last.Staff == c.Staff {
			return nil, nil
		}
		holder, _ := h.People.Staff.Get(last.Staff)
		who := m.NameOf(last.Staff, holder.Sealed)
		return nil, hall.Refuse("card_taken", "这张卡已发给“"+who+"”，一张卡不能两人使用；请先挂失或收回", "this card is "+who+"'s; two people cannot use one card: take it back first")
	}
	var drafts []hall.Draft
	if c.Replaces != "" {
		if last, ok := h.People.last(c.Replaces); !ok || last.Staff != c.Staff || last.Ended != nil {
			return nil, hall.Unknown("card_unknown", "要更换的卡不是“"+c.Staff+"”正在使用的卡", "the card to replace is not in "+c.Staff+"'s use")
		}
		drafts = append(drafts, hall.Draft{Kind: wire.KindCardLost, Data: wire.CardLost{Card: c.Replaces, Reason: "replaced"}})
	}
	return append(drafts, hall.Draft{Kind: wire.KindCardIssued, Data: c.CardIssued}), nil
}

func (p *People) last(card string) (Issue, bool) {
	issues, ok := p.Cards.Get(card)
	if !ok || len(issues) == 0 {
		return Issue{}, false
	}
	return issues[len(issues)-1], true
}

// DecidePeople decides; see PeopleCommand.
func (c LoseCard) DecidePeople(h Hall, _ hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Choice("reason", c.Reason, "lost", "returned", "replaced")
	if err := bad.Err(); err != nil {
		return nil, err
	}
	last, ok := h.People.last(c.Card)
	if !ok {
		return nil, unknown("card", "卡", c.Card)
	}
	if last.Ended != nil {
		return nil, nil
	}
	return draft(wire.KindCardLost, wire.CardLost(c))
}

// DecidePeople decides; see PeopleCommand.
func (c SetShift) DecidePeople(_ Hall, _ hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.ID("id", c.Shift)
	bad.Words("name", &c.Name, 1, 40)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if _, err := NewShift(wire.ShiftSet(c)); err != nil {
		return nil, err
	}
	return draft(wire.KindShiftSet, wire.ShiftSet(c))
}

// DecidePeople decides; see PeopleCommand.
func (c RemoveShift) DecidePeople(h Hall, m hall.Moment) ([]hall.Draft, error) {
	if _, ok := h.People.Shift(c.Shift); !ok {
		return nil, unknown("shift", "班次", c.Shift)
	}
	for _, uses := range h.People.ShiftOf.Each() {
		if now, ok := uses.On(m.Day); ok && now == c.Shift || slices.ContainsFunc(uses, func(u hall.From[string]) bool { return u.From > m.Day && u.Value == c.Shift }) {
			return nil, hall.Refuse("shift_in_use", "班次“"+c.Shift+"”仍在适用，请先为其适用对象设定别的班次", "shift "+c.Shift+" is worked; say first which shift is worked instead")
		}
	}
	return draft(wire.KindShiftRemoved, wire.ShiftRemoved(c))
}

// DecidePeople decides; see PeopleCommand.
func (c AssignShift) DecidePeople(h Hall, _ hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Date("from", c.From, true)
	_, ok := h.People.Shift(c.Shift)
	bad.Known("shift", c.Shift, ok)
	bad.Choice("scope", c.Scope, "hall", "window", "staff")
	switch c.Scope {
	case "hall":
		if c.Subject != "" {
			bad.Add("subject", "empty", "全厅班次不填对象", "must be empty for the whole hall")
		}
	case "window":
		_, ok := h.Windows.Windows[c.Subject]
		bad.Known("subject", c.Subject, ok)
	case "staff":
		bad.Known("subject", c.Subject, h.People.Staff.Has(c.Subject))
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return draft(wire.KindShiftAssigned, wire.ShiftAssigned(c))
}

// DecidePeople decides; see PeopleCommand.
func (c SetRepresentative) DecidePeople(h Hall, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Date("from", c.From, true)
	_, ok := h.Windows.Windows[c.Window]
	bad.Known("window", c.Window, ok)
	if c.Staff != "" {
		s, ok := h.People.Staff.Get(c.Staff)
		bad.Known("staff", c.Staff, ok && s.Here(m.Day))
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return draft(wire.KindRepresentativeSet, wire.RepresentativeSet(c))
}

func draft(kind wire.Kind, data any) ([]hall.Draft, error) {
	return []hall.Draft{{Kind: kind, Data: data}}, nil
}

func unknown(name, zh, id string) *hall.Error {
	return hall.Unknown(name+"_unknown", "没有"+zh+"“"+shorten(id)+"”", "there is no "+name+" "+shorten(id))
}

func shorten(s string) string { return strings.ToValidUTF8(s[:min(len(s), 64)], "") }

// Masked is what people may see of a card's number: its last four characters.
func Masked(number string) string {
	r := []rune(number)
	if len(r) <= 4 {
		return "••••"
	}
	return "••••" + string(r[len(r)-4:])
}

// PostStaff puts a person at a post without the procedure of 63号 第十二条, as
// when a hall's roster is first entered.
type PostStaff wire.StaffPosted

// DecidePeople decides; see PeopleCommand.
func (c PostStaff) DecidePeople(h Hall, _ hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Date("from", c.From, true)
	s, ok := h.People.Staff.Get(c.Staff)
	bad.Known("staff", c.Staff, ok)
	if c.Post != "" {
		_, known := h.People.Post(c.Post, hall.Date(c.From))
		bad.Known("post", c.Post, known)
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if !s.Here(hall.Date(c.From)) {
		return nil, hall.Refuse("staff_departed", "“"+c.Staff+"”已离开大厅", c.Staff+" has departed")
	}
	if now, ok := s.Postings.On(hall.Date(c.From)); ok && now == c.Post {
		return nil, nil
	}
	return draft(wire.KindStaffPosted, wire.StaffPosted(c))
}
