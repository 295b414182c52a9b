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
}

// importing works on a copy, so that each row sees those before it.
type importing struct {
	h      Hall
	m      hall.Moment
	drafts []hall.Draft
	bad    hall.Checks
}

// DecidePeople decides; see PeopleCommand. A refusal names every faulty cell.
// Departments and posts that are not there are added; windows must be there.
func (c Import) DecidePeople(h Hall, m hall.Moment) ([]hall.Draft, error) {
	people := &People{}
	if err := h.People.Tables().CopyTo(people.Tables()); err != nil {
		return nil, err
	}
	x := &importing{h: Hall{Windows: h.Windows, People: people, Policy: h.Policy}, m: m}
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

func (x *importing) twice(r *ImportRow, column, value string, seen map[string]string) {
	if value == "" {
		return
	}
	if other, ok := seen[value]; ok {
		x.bad.Add(r.Cell(column), "twice", "与 "+other+" 重复", "is the same as "+other)
		return
	}
	seen[value] = r.Cell(column)
}

// try decides a command and folds what it makes; what it refuses is said of the row's cells.
func (x *importing) try(r *ImportRow, column string, columns map[string]string, c PeopleCommand) {
	drafts, err := c.DecidePeople(x.h, x.m)
	var refusal *hall.Error
	switch {
	case errors.As(err, &refusal) && len(refusal.Fields) > 0:
		for _, f := range refusal.Fields {
			name, ok := columns[f.Name]
			if !ok {
				name = column
			}
			x.bad.Add(r.Cell(name), f.Code, f.ZH, f.EN)
		}
		return
	case errors.As(err, &refusal):
		x.bad.Add(r.Cell(column), refusal.Name, refusal.ZH, refusal.EN)
		return
	case err != nil:
		x.bad.Add(r.Cell(column), "internal", err.Error(), err.Error())
		return
	}
	for _, d := range drafts {
		data, err := json.Marshal(d.Data)
		if err != nil {
			x.bad.Add(r.Cell(column), "internal", err.Error(), err.Error())
			return
		}
		x.h.People.Fold(&wire.Record{StoredAt: x.m.Now, Event: wire.Event{Kind: d.Kind, At: x.m.Now, Data: data}})
	}
	x.drafts = append(x.drafts, drafts...)
}

func (x *importing) person(r *ImportRow) {
	if r.Department == "" {
		x.bad.Add(r.Cell("department"), "required", "必须填写", "is required")
		return
	}
	department := x.department(r)
	s := SetStaff{StaffSet: wire.StaffSet{Staff: r.Staff, Department: department, Employment: employment(r.Employment), WorkSince: r.WorkSince,
		Qualifications: parts(r.Qualifications)}, Name: r.Name, Born: r.Born, Phone: r.Phone}
	x.try(r, "id", map[string]string{"id": "id", "name": "name", "department": "department", "employment": "employment", "work_since": "work_since",
		"born": "born", "phone": "phone", "qualifications": "qualifications"}, s)
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

func employment(text string) string {
	switch text {
	case "", "在岗在职", "在职":
		return "in_post"
	case "合同":
		return "contract"
	case "退休":
		return "retired"
	}
	return text
}

func parts(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("、,，;； ", r) })
}

// place puts a person at the post and gives the card.
func (x *importing) place(r *ImportRow) {
	if !x.h.People.Staff.Has(r.Staff) {
		return // refused above
	}
	from := r.From
	if from == "" {
		from = string(x.m.Day)
	}
	if r.Card != "" {
		x.try(r, "card", map[string]string{"from": "from"}, IssueCard{CardIssued: wire.CardIssued{Card: r.Card, Staff: r.Staff, From: from, Shown: r.Shown}})
	}
	if r.Window == "" {
		if r.Post != "" || r.Deputies != "" {
			x.bad.Add(r.Cell("window"), "required", "填了岗位或代岗人员，就要填窗口", "a post or deputies need a window")
		}
		return
	}
	window := x.window(r.Window)
	if window == "" {
		x.bad.Add(r.Cell("window"), "unknown", "没有窗口“"+shorten(r.Window)+"”，请先在“窗口管理”添加", "there is no window "+shorten(r.Window)+"; add it first")
		return
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
	deputies := parts(r.Deputies)
	if p, ok := x.h.People.Post(post, x.m.Day); ok && r.Deputies == "" {
		deputies = slices.Clone(p.Deputies)
	}
	x.try(r, "window", map[string]string{"name": "post", "deputies": "deputies", "window": "window"}, SetPost{Post: post, Window: window, Name: name, Deputies: deputies})
	x.try(r, "from", map[string]string{"from": "from"}, PostStaff{Staff: r.Staff, Post: post, From: from})
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
