package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"hallkeeper/hub/access"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// The rows of master data.
type (
	// DepartmentList is the dispatching departments.
	DepartmentList struct {
		Departments []roster.Department `json:"departments"`
	}
	// PostRow is a post as it is today, with its holders.
	PostRow struct {
		ID       string   `json:"id"`
		Window   string   `json:"window"`
		Name     string   `json:"name"`
		Deputies []string `json:"deputies"`
		Holders  []string `json:"holders"`
		// Names are of the people above: who sees a post may know who serves it.
		Names map[string]string `json:"names"`
	}
	// PostList is the posts.
	PostList struct {
		Posts []PostRow `json:"posts"`
	}
	// StaffRow is one staff member. Born and Phone are shown only to who manages the roster.
	StaffRow struct {
		ID             string    `json:"id"`
		Name           string    `json:"name"`
		Department     string    `json:"department"`
		Employment     string    `json:"employment"`
		WorkSince      string    `json:"work_since,omitempty"`
		Born           string    `json:"born,omitempty"`
		Phone          string    `json:"phone,omitempty"`
		Qualifications []string  `json:"qualifications,omitempty"`
		Post           string    `json:"post,omitempty"`
		Window         string    `json:"window,omitempty"`
		PostedSince    hall.Date `json:"posted_since,omitempty"`
		Departed       hall.Date `json:"departed,omitempty"`
		Cards          []CardRow `json:"cards,omitempty"`
	}
	// StaffList is the staff.
	StaffList struct {
		Staff []StaffRow `json:"staff"`
	}
	// CardRow is a card in use; its number is never shown whole. ID is for addresses.
	CardRow struct {
		ID      string    `json:"id"`
		Shown   string    `json:"shown"`
		Staff   string    `json:"staff"`
		From    hall.Date `json:"from"`
		StandIn bool      `json:"stand_in,omitempty"`
		Ended   bool      `json:"ended,omitempty"`
		Reason  string    `json:"reason,omitempty"`
	}
	// CardList is the cards, those that ended too.
	CardList struct {
		Cards []CardRow `json:"cards"`
	}
	// ShiftList is the shifts and who works them.
	ShiftList struct {
		Shifts []ShiftRow `json:"shifts"`
		Uses   []ShiftUse `json:"uses"`
	}
	// ShiftRow is one shift; its plans are as they are sent.
	ShiftRow struct {
		ID     string           `json:"id"`
		Name   string           `json:"name"`
		Swipes int              `json:"swipes"`
		Plans  []wire.ShiftPlan `json:"plans"`
	}
	// ShiftUse says which shift is worked from a day on.
	ShiftUse struct {
		Scope   string    `json:"scope"`
		Subject string    `json:"subject,omitempty"`
		Shift   string    `json:"shift"`
		From    hall.Date `json:"from"`
	}
	// RepresentativeList is today's chief representatives by window.
	RepresentativeList struct {
		Representatives map[string]string `json:"representatives"`
	}
	cardBody struct {
		Number   string `json:"number"`
		Staff    string `json:"staff"`
		From     string `json:"from"`
		StandIn  bool   `json:"stand_in,omitempty"`
		Replaces string `json:"replaces,omitempty"`
	}
)

func (a *API) rosterRoutes() []route {
	id := in("id", "编号", "the id")
	return []route{
		read(access.ReadHall, v1+"departments", "派驻单位", "the dispatching departments", DepartmentList{}, a.getDepartments),
		a.change(access.Arrange, "PUT", "departments/{id}", "添加或修改派驻单位", "add a department or change it", roster.SetDepartment{},
			enter(func(r *http.Request, c *roster.SetDepartment) { c.Department = r.PathValue("id") }), nil, id),
		a.change(access.Arrange, "DELETE", "departments/{id}", "移除派驻单位", "take a department off", nil,
			enter(func(r *http.Request, c *roster.RemoveDepartment) { c.Department = r.PathValue("id") }), []string{"department_unknown", "department_in_use"}, id),
		read(access.ReadHall, v1+"posts", "岗位及代岗人员（AB岗）", "the posts and their deputies", PostList{}, a.getPosts),
		a.change(access.Arrange, "PUT", "posts/{id}", "添加或修改岗位", "add a post or change it", roster.SetPost{},
			enter(func(r *http.Request, c *roster.SetPost) { c.Post = r.PathValue("id") }), nil, id),
		a.change(access.Arrange, "DELETE", "posts/{id}", "移除岗位", "take a post off", nil,
			enter(func(r *http.Request, c *roster.RemovePost) { c.Post = r.PathValue("id") }), []string{"post_unknown", "post_in_use"}, id),
		read(access.ReadHall, v1+"staff", "进驻工作人员", "the staff", StaffList{}, a.getStaff),
		a.change(access.Arrange, "PUT", "staff/{id}", "添加或修改工作人员", "add a staff member or change what is known of them", roster.SetStaff{},
			enter(func(r *http.Request, c *roster.SetStaff) { c.Staff = r.PathValue("id") }), nil, id),
		a.change(access.Arrange, "POST", "staff/{id}/post", "直接安排岗位（首次录入）", "put a person at a post when the roster is first entered", roster.PostStaff{},
			enter(func(r *http.Request, c *roster.PostStaff) { c.Staff = r.PathValue("id") }), []string{"staff_departed"}, id),
		a.change(access.Arrange, "POST", "staff/{id}/depart", "办理离开", "let a person depart", roster.Depart{},
			enter(func(r *http.Request, c *roster.Depart) { c.Staff = r.PathValue("id") }), []string{"staff_unknown", "staff_departed", "handover_missing", "change_missing"}, id),
		read(access.ReadHall, v1+"cards", "工作卡（卡号不完整显示）", "the cards, their numbers masked", CardList{}, a.getCards),
		a.change(access.Arrange, "POST", "cards", "发卡、换卡", "issue a card, or replace one", cardBody{}, a.issueCard, []string{"card_taken", "card_unknown", "staff_departed"}),
		a.change(access.Arrange, "POST", "cards/{id}/end", "挂失或收回卡", "end a card: lost, returned or replaced", roster.LoseCard{},
			enter(func(r *http.Request, c *roster.LoseCard) { c.Card = r.PathValue("id") }), []string{"card_unknown"}, id),
		read(access.ReadHall, v1+"shifts", "班次", "the shifts", ShiftList{}, a.getShifts),
		a.change(access.Arrange, "PUT", "shifts/{id}", "添加或修改班次", "add a shift or change it", roster.SetShift{},
			enter(func(r *http.Request, c *roster.SetShift) { c.Shift = r.PathValue("id") }), nil, id),
		a.change(access.Arrange, "DELETE", "shifts/{id}", "移除班次", "take a shift off", nil,
			enter(func(r *http.Request, c *roster.RemoveShift) { c.Shift = r.PathValue("id") }), []string{"shift_unknown", "shift_in_use"}, id),
		a.change(access.Arrange, "POST", "shifts/{id}/assign", "从某日起适用班次", "say who works a shift from a day on", roster.AssignShift{},
			enter(func(r *http.Request, c *roster.AssignShift) { c.Shift = r.PathValue("id") }), nil, id),
		read(access.ReadHall, v1+"representatives", "各窗口首席代表", "the windows' chief representatives", RepresentativeList{}, a.getRepresentatives),
		a.change(access.Arrange, "PUT", "windows/{id}/representative", "设定首席代表", "make a person the chief representative of a window", roster.SetRepresentative{},
			enter(func(r *http.Request, c *roster.SetRepresentative) { c.Window = r.PathValue("id") }), nil, id),
	}
}

// scope is the part of the hall that somebody may see.
type scope struct {
	all        bool
	department string
	staff      string
	windows    map[string]bool
}

// scopeOf says what somebody may see; the caller holds the register still.
func (a *API) scopeOf(i access.Identity, v *register.View, windows *roster.State) scope {
	s := scope{all: i.May(access.ReadAll), department: i.Department, staff: i.Staff, windows: map[string]bool{}}
	if s.all {
		return s
	}
	name := ""
	if d, ok := v.State.People.Departments.Get(i.Department); ok {
		name = d.Name
	}
	for id, w := range windows.Windows {
		if i.Role == wire.RoleLiaison && i.Department != "" && (w.Department == i.Department || w.Department == name) {
			s.windows[id] = true
		}
		if i.Role == wire.RoleRepresentative && v.State.People.RepresentativeOf(id, a.today()) == i.Staff && i.Staff != "" {
			s.windows[id] = true
		}
	}
	return s
}

// person tells whether a staff member is within the scope.
func (s *scope) person(staff, department, window string) bool {
	return s.all || s.staff == staff && staff != "" || s.department != "" && department == s.department || s.windows[window]
}

func (a *API) getDepartments(w http.ResponseWriter, r *http.Request) error {
	list := DepartmentList{Departments: []roster.Department{}}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for _, d := range v.State.People.Departments.All() {
			list.Departments = append(list.Departments, d)
		}
	})
	return sendJSON(w, r, list)
}

// own tells whether somebody is the one who asks.
func (s scope) own(staff string) bool { return staff == s.staff && staff != "" }

func (a *API) getPosts(w http.ResponseWriter, r *http.Request) error {
	list := PostList{Posts: []PostRow{}}
	day := a.today()
	a.Register.Read(func(v *register.View, windows *roster.State) {
		s := a.scopeOf(who(r), v, windows)
		holders := map[string][]string{}
		for id, x := range v.State.People.Staff.All() {
			if p := x.PostOf(day); p != "" {
				holders[p] = append(holders[p], id)
			}
		}
		for id := range v.State.People.Posts.All() {
			p, ok := v.State.People.Post(id, day)
			if !ok || !s.all && !s.windows[p.Window] && !slices.ContainsFunc(holders[id], s.own) {
				continue
			}
			row := PostRow{ID: id, Window: p.Window, Name: p.Name, Deputies: p.Deputies, Holders: holders[id]}
			row.Names = map[string]string{}
			for _, staff := range slices.Concat(row.Deputies, row.Holders) {
				row.Names[staff] = a.nameOf(v, staff)
			}
			if row.Deputies == nil {
				row.Deputies = []string{}
			}
			if row.Holders == nil {
				row.Holders = []string{}
			}
			list.Posts = append(list.Posts, row)
		}
	})
	return sendJSON(w, r, list)
}

func (a *API) getStaff(w http.ResponseWriter, r *http.Request) error {
	list := StaffList{Staff: []StaffRow{}}
	i, day := who(r), a.today()
	a.Register.Read(func(v *register.View, windows *roster.State) {
		s := a.scopeOf(i, v, windows)
		cards := map[string][]CardRow{}
		for id, issues := range v.State.People.Cards.All() {
			last := issues[len(issues)-1]
			cards[last.Staff] = append(cards[last.Staff], cardRow(id, &last))
		}
		for id, x := range v.State.People.Staff.All() {
			post, _ := v.State.People.Post(x.PostOf(day), day)
			if !s.person(id, x.Department, post.Window) {
				continue
			}
			row := StaffRow{ID: id, Department: x.Department, Employment: x.Employment, WorkSince: x.WorkSince, Qualifications: x.Qualifications,
				Post: post.ID, Window: post.Window, PostedSince: x.PostedSince(day), Departed: x.Departed(), Cards: cards[id]}
			row.Name = a.sealed(x.Sealed, "name")
			if reveals(&i, "staff", "phone") {
				row.Born, row.Phone = a.sealed(x.Sealed, "born"), a.sealed(x.Sealed, "phone")
			}
			list.Staff = append(list.Staff, row)
		}
	})
	return sendJSON(w, r, list)
}

func cardRow(id string, x *roster.Issue) CardRow {
	return CardRow{ID: id, Shown: x.Shown, Staff: x.Staff, From: x.From, StandIn: x.StandIn, Ended: x.Ended != nil, Reason: x.Reason}
}

func (a *API) getCards(w http.ResponseWriter, r *http.Request) error {
	list := CardList{Cards: []CardRow{}}
	a.Register.Read(func(v *register.View, windows *roster.State) {
		s := a.scopeOf(who(r), v, windows)
		for id, issues := range v.State.People.Cards.All() {
			for k := range issues {
				x, _ := v.State.People.Staff.Get(issues[k].Staff)
				post, _ := v.State.People.Post(x.PostOf(a.today()), a.today())
				if s.person(x.ID, x.Department, post.Window) {
					list.Cards = append(list.Cards, cardRow(id, &issues[k]))
				}
			}
		}
	})
	return sendJSON(w, r, list)
}

// cardNumber tells whether a text can be a card's number: what readers give is
// 4 to 64 letters, digits and signs.
func cardNumber(s string) bool {
	return len(s) >= 4 && len(s) <= wire.MaxName && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

func cardWords() text {
	return text{fmt.Sprintf("卡号应为 4 到 %d 个字母或数字", wire.MaxName), fmt.Sprintf("must be 4 to %d letters or digits", wire.MaxName)}
}

// issueCard turns the number into its keyed hash at once: it is stored nowhere.
func (a *API) issueCard(_ *http.Request, body []byte) (order, error) {
	var b cardBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	number := strings.TrimSpace(b.Number)
	if !cardNumber(number) {
		return order{}, wrong(field{"number", "characters", cardWords()})
	}
	return order{cmd: roster.IssueCard{CardIssued: wire.CardIssued{Card: a.Register.CardToken(number), Staff: b.Staff, From: b.From,
		Shown: roster.Masked(number), StandIn: b.StandIn}, Replaces: b.Replaces}, status: http.StatusOK}, nil
}

func (a *API) getShifts(w http.ResponseWriter, r *http.Request) error {
	list := ShiftList{Shifts: []ShiftRow{}, Uses: []ShiftUse{}}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for id := range v.State.People.Shifts.All() {
			if s, ok := v.State.People.Shift(id); ok {
				set := s.Set()
				list.Shifts = append(list.Shifts, ShiftRow{s.ID, s.Name, s.Swipes, set.Plans})
			}
		}
		for key, uses := range v.State.People.ShiftOf.All() {
			kind, subject, _ := strings.Cut(key, "/")
			for _, u := range uses {
				list.Uses = append(list.Uses, ShiftUse{kind, subject, u.Value, u.From})
			}
		}
	})
	return sendJSON(w, r, list)
}

func (a *API) getRepresentatives(w http.ResponseWriter, r *http.Request) error {
	list := RepresentativeList{Representatives: map[string]string{}}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for window := range v.State.People.Representatives.All() {
			if s := v.State.People.RepresentativeOf(window, a.today()); s != "" {
				list.Representatives[window] = s
			}
		}
	})
	return sendJSON(w, r, list)
}
