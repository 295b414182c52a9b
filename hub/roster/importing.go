package roster

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// ImportRow is one person of a roster that is imported. Cells names the row's
// cells by column, for what is wrong.
type ImportRow struct {
	Staff, Name, Department, Window, Post, Deputies string
	Card, Shown                                     string // Card is the keyed hash
	Employment, WorkSince, Born, Phone              string
	Qualifications, From                            string
	Cell                                            func(column string) string
}

// Import brings a whole roster in: all of it, or nothing.
type Import struct {
	Rows []ImportRow
	// Faults are what was wrong with cells before anybody looked at what they say;
	// of Spoiled cells nothing more is said.
	Faults  []hall.Field
	Spoiled func(cell string) bool
}

// importing works on a copy, so that each row sees those before it.
type importing struct {
	h       Hall
	m       hall.Moment
	drafts  []hall.Draft
	bad     hall.Checks
	said    map[string]bool // cells with a fault
	spoiled func(cell string) bool
}

// DecidePeople decides; see PeopleCommand. A refusal names every faulty cell, each
// with its first fault. Departments and posts that are not there are added; windows
// must be there.
func (c Import) DecidePeople(h Hall, m hall.Moment) ([]hall.Draft, error) {
	people := &People{}
	if err := h.People.Tables().CopyTo(people.Tables()); err != nil {
		return nil, err
	}
	x := &importing{h: Hall{Windows: h.Windows, People: people, Policy: h.Policy}, m: m, bad: slices.Clone(c.Faults), said: map[string]bool{}, spoiled: c.Spoiled}
	seen, cards := map[string]string{}, map[string]string{}
	for i := range c.Rows {
		r := &c.Rows[i]
		x.twice(r, "id", r.Staff, seen)
		x.twice(r, "card", r.Card, cards)
		x.person(r)
	}
	for i := range c.Rows {
		x.place(&c.Rows[i])
	}
	if err := x.bad.Err(); err != nil {
		return nil, err
	}
	return x.drafts, nil
}

// fault notes the first thing that is wrong with a cell.
func (x *importing) fault(r *ImportRow, column, code, zh, en string) {
	cell := r.Cell(column)
	if x.said[cell] || x.spoiled != nil && x.spoiled(cell) {
		return
	}
	x.said[cell] = true
	x.bad.Add(cell, code, zh, en)
}

func (x *importing) twice(r *ImportRow, column, value string, seen map[string]string) {
	if value == "" {
		return
	}
	if other, ok := seen[value]; ok {
		x.fault(r, column, "twice", "与 "+other+" 重复", "is the same as "+other)
		return
	}
	seen[value] = r.Cell(column)
}

// try decides a command and folds what it makes; what it refuses is said of the row's cells.
func (x *importing) try(r *ImportRow, column string, columns map[string]string, c PeopleCommand) bool {
	drafts, err := c.DecidePeople(x.h, x.m)
	var refusal *hall.Error
	switch {
	case errors.As(err, &refusal) && len(refusal.Fields) > 0:
		for _, f := range refusal.Fields {
			name, ok := columns[f.Name]
			if !ok {
				name = column
			}
			x.fault(r, name, f.Code, f.ZH, f.EN)
		}
		return false
	case errors.As(err, &refusal):
		x.fault(r, column, refusal.Name, refusal.ZH, refusal.EN)
		return false
	case err != nil:
		x.fault(r, column, "internal", err.Error(), err.Error())
		return false
	}
	for _, d := range drafts {
		if err := x.fold(d.Kind, d.Data); err != nil {
			x.fault(r, column, "internal", err.Error(), err.Error())
			return false
		}
	}
	x.drafts = append(x.drafts, drafts...)
	return true
}

func (x *importing) fold(kind wire.Kind, body any) error {
	data, err := json.Marshal(body)
	if err == nil {
		x.h.People.Fold(&wire.Record{StoredAt: x.m.Now, Event: wire.Event{Kind: kind, At: x.m.Now, Data: data}})
	}
	return err
}

// employment gives the event's word for one of the column's, in either language.
func employment(text string) (word string, ok bool) {
	switch strings.ToLower(text) {
	case "", "在岗在职", "在职", "in post", "in_post":
		return "in_post", true
	case "合同", "contract":
		return "contract", true
	case "退休", "retired":
		return "retired", true
	}
	return "in_post", false
}

func (x *importing) person(r *ImportRow) {
	department := ""
	if r.Department == "" {
		x.fault(r, "department", "required", "必须填写", "is required")
	} else {
		department = x.department(r)
	}
	employed, ok := employment(r.Employment)
	if !ok {
		x.fault(r, "employment", "choice", "应为“在岗在职”“合同”“退休”之一", "must be one of in post, contract, retired")
	}
	s := SetStaff{StaffSet: wire.StaffSet{Staff: r.Staff, Department: department, Employment: employed, WorkSince: r.WorkSince,
		Qualifications: parts(r.Qualifications)}, Name: r.Name, Born: r.Born, Phone: r.Phone}
	if !x.try(r, "id", map[string]string{"id": "id", "name": "name", "department": "department", "employment": "employment", "work_since": "work_since",
		"born": "born", "phone": "phone", "qualifications": "qualifications"}, s) && wire.CheckName(r.Staff) == nil && !x.h.People.Staff.Has(r.Staff) {
		_ = x.fold(wire.KindStaffSet, s.StaffSet) // on the copy alone: the row's other cells are looked at all the same
	}
}

// department finds one by id or name, or adds it.
func (x *importing) department(r *ImportRow) string {
	if x.h.People.Departments.Has(r.Department) {
		return r.Department
	}
	for id, d := range x.h.People.Departments.All() {
		if d.Name == r.Department {
			return id
		}
	}
	id := r.Department
	if wire.CheckName(id) != nil {
		for n := 1; ; n++ {
			if id = fmt.Sprintf("d%02d", n); !x.h.People.Departments.Has(id) {
				break
			}
		}
	}
	x.try(r, "department", map[string]string{}, SetDepartment{Department: id, Name: r.Department})
	return id
}

func parts(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("、,，;； ", r) })
}

// ahead is how far in the future somebody may come to a post.
const ahead = 366

// place puts a person at the post and gives the card.
func (x *importing) place(r *ImportRow) {
	from := r.From
	switch {
	case from == "":
		from = string(x.m.Day)
	case hall.Date(from) > x.m.Day.AddDays(ahead):
		x.fault(r, "from", "range", "到岗日期在一年以后，请核对", "is more than a year ahead; check it")
	}
	known := x.h.People.Staff.Has(r.Staff)
	if r.Card != "" && known {
		x.try(r, "card", map[string]string{"from": "from"}, IssueCard{CardIssued: wire.CardIssued{Card: r.Card, Staff: r.Staff, From: from, Shown: r.Shown}})
	}
	if r.Window == "" {
		if r.Post != "" || r.Deputies != "" {
			x.fault(r, "window", "required", "填了岗位或代岗人员，就要填窗口", "a post or deputies need a window")
		}
	}
	deputies := parts(r.Deputies)
	if known && slices.Contains(deputies, r.Staff) {
		x.fault(r, "deputies", "self", "不能由本人代岗", "nobody is their own deputy")
	}
	window := x.window(r.Window)
	if window == "" {
		if r.Window != "" {
			x.fault(r, "window", "unknown", "没有窗口“"+shorten(r.Window)+"”，请先在“窗口管理”添加", "there is no window "+shorten(r.Window)+"; add it first")
		}
		for _, d := range deputies {
			if !x.h.People.Staff.Has(d) {
				x.fault(r, "deputies", "unknown", "没有“"+shorten(d)+"”，请先登记", "there is no "+shorten(d)+"; enter it first")
			}
		}
		return
	}
	if !known {
		return // its id is said to be wrong
	}
	s, _ := x.h.People.Staff.Get(r.Staff)
	post, name := s.PostOf(hall.Date(from)), r.Post
	if p, ok := x.h.People.Post(post, hall.Date(from)); !ok || p.Window != window {
		post = "p-" + r.Staff
	} else if name == "" {
		name = p.Name
	}
	if name == "" {
		name = x.h.Windows.Windows[window].Name
	}
	if p, ok := x.h.People.Post(post, x.m.Day); ok && r.Deputies == "" {
		deputies = slices.Clone(p.Deputies)
	}
	if x.try(r, "window", map[string]string{"name": "post", "deputies": "deputies", "window": "window"}, SetPost{Post: post, Window: window, Name: name, Deputies: deputies}) {
		x.try(r, "from", map[string]string{"from": "from"}, PostStaff{Staff: r.Staff, Post: post, From: from})
	}
}

// window finds one by id or by what its sign says: 3 is 03.
func (x *importing) window(text string) string {
	if _, ok := x.h.Windows.Windows[text]; ok {
		return text
	}
	n, err := strconv.Atoi(text)
	for id, w := range x.h.Windows.Windows {
		if w.Number == text {
			return id
		}
		if k, werr := strconv.Atoi(w.Number); err == nil && werr == nil && k == n {
			return id
		}
	}
	return ""
}
