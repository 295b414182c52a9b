package api

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/matter"
	"hallkeeper/hub/personal"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// The bodies and answers about personal data.
type (
	retentionBody struct {
		Days      int    `json:"days"`
		From      string `json:"from"`
		Reference string `json:"reference"`
	}
	// Revealed is what somebody sees whole, after the log says so.
	Revealed struct {
		Fields []RevealedField `json:"fields"`
		Events []Made          `json:"events"`
	}
	// RevealedField is one field. Position is of the record that it stands in, 0 where it is not of one.
	RevealedField struct {
		Field    string        `json:"field"`
		Value    string        `json:"value"`
		Position wire.Position `json:"position,omitempty"`
	}
	// LookRow is one time that somebody saw or got what is personal.
	LookRow struct {
		At     time.Time `json:"at"`
		By     string    `json:"by"`
		Name   string    `json:"name,omitempty"`
		Export bool      `json:"export,omitempty"`
		Own    bool      `json:"own,omitempty"`
		Fields []string  `json:"fields,omitempty"`
		Reason string    `json:"reason,omitempty"`
	}
	// RetentionRow is for how long one kind is kept. Keys are how many there are now, Next is when the next one lapses.
	RetentionRow struct {
		personal.Retention
		Keys int    `json:"keys"`
		Next string `json:"next,omitempty"`
	}
	// GoneRow is one key that was destroyed.
	GoneRow struct {
		Key string `json:"key"`
		personal.Gone
	}
	// RetentionList is what is kept for how long, what lapses next and what was forgotten last.
	RetentionList struct {
		Kinds   []RetentionRow     `json:"kinds"`
		Lapsing []personal.Lapsing `json:"lapsing"`
		Gone    []GoneRow          `json:"gone"`
	}
)

// shownLast bounds how many keys the list names.
const shownLast = 50

func (a *API) personalRoutes() []route {
	kind, id := in("kind", "类别：case、appointment、staff、department 或 matter", "case, appointment, staff, department or matter"), in("id", "编号", "the id")
	retained := in("kind", "类别", "the kind")
	reveal := own(access.ReadAll, "POST", "personal/{kind}/{id}/reveal", "说明理由后完整查看个人信息；先记入日志", "see personal data whole for a reason; the log has it first",
		whyBody{}, Revealed{}, a.reveal, "personal_unknown", "forgotten", "case_unknown", "appointment_unknown", "staff_unknown", "department_unknown", "matter_unknown", "not_yours")
	reveal.params = []param{kind, id}
	export := own(access.Decide, "POST", "personal/{kind}/{id}/export", "应当事人请求导出其全部信息（ZIP：JSON 与可读网页）", "all that is held about a person who has asked, as a ZIP of JSON and a readable page",
		whyBody{}, nil, a.exportOf, "personal_unknown", "forgotten", "case_unknown", "appointment_unknown", "staff_unknown", "export_busy")
	export.params = []param{in("kind", "类别：case、appointment 或 staff", "case, appointment or staff"), id}
	ticket := own(access.Anybody, "POST", "tickets/{id}/export", "群众凭票面码导出这次来访的全部信息", "all that is held about a visit, for who has the ticket's code", emptyBody{}, nil, a.exportTicket, "ticket_unknown", "export_busy")
	ticket.params = []param{in("id", "票号标识与票面码，以点连接", "the ticket's id and its code, joined by a dot")}
	return []route{
		reveal, export, ticket,
		own(access.Self, "POST", "me/export", "导出本人的全部信息（ZIP：JSON 与可读网页）", "all that is held about oneself, as a ZIP of JSON and a readable page", emptyBody{}, nil, a.exportMe, "no_staff", "export_busy"),
		read(access.ReadAll, v1+"personal/retention", "各类个人信息的保存期限、即将到期的和已删除的", "for how long personal data is kept, what lapses next, what was removed", RetentionList{}, a.getRetention),
		a.change(access.Govern, "PUT", "personal/retention/{kind}", "设定一类个人信息的保存天数", "say for how long a kind is kept", retentionBody{}, setRetention, []string{"retention_unknown", "retention_law"}, retained),
		a.change(access.Govern, "POST", "personal/forget", "应请求删除一人或一件的个人信息（不可恢复）", "remove the personal data of one person or case on request, for good", personal.Forget{},
			makes(wire.KindPersonalForgotten, enter[personal.Forget](nil)), []string{"personal_unknown", "forgotten", "retention_held", "retention_law"}),
	}
}

func setRetention(r *http.Request, body []byte) (order, error) {
	var b retentionBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	return order{cmd: personal.SetRetention{Kind: r.PathValue("kind"), Days: b.Days, From: b.From, Reference: b.Reference}, status: http.StatusOK, kind: wire.KindRetentionSet}, nil
}

// heldField is one field that can be seen whole.
type heldField struct {
	name     string
	sealed   *wire.Sealed
	position wire.Position
}

// held gives what is sealed about something that somebody may see; the caller has checked the permission.
func (a *API) held(r *http.Request) (all []heldField, err error) {
	i, id := who(r), r.PathValue("id")
	add := func(s *wire.Sealed, p wire.Position, names ...string) {
		for _, n := range names {
			if s != nil {
				all = append(all, heldField{n, s, p})
			}
		}
	}
	if r.PathValue("kind") == "matter" {
		err = a.seenMatter(r, func(v *register.View, m *matter.Matter) {
			for _, s := range m.Steps {
				add(s.Reason, s.Position, "reason")
			}
			if t, ok := v.State.Matters.Threads.Get(m.Thread); ok {
				for _, x := range t.Visits {
					add(x.Reason, x.Position, "reason")
				}
			}
		})
		return all, err
	}
	a.Register.Read(func(v *register.View, windows *roster.State) {
		switch r.PathValue("kind") {
		case "case":
			c, ok := v.State.Conduct.Find(id)
			if !ok {
				err = hall.Unknown("case_unknown", "没有这件差评或投诉件", "there is no such case")
				return
			}
			if !a.caseScope(i, v, windows)(&c) || sightOf(&i, &c) == seesOwn {
				err = problem("not_yours")
				return
			}
			for k := range c.Steps {
				add(c.Steps[k].Sealed, c.Steps[k].Position, "phone", "words", "text", "reason")
			}
		case "appointment":
			for _, b := range v.State.Line.Bookings.All() {
				if b.Appointment == id || b.Code == id {
					add(b.Person, 0, "name")
					return
				}
			}
			err = hall.Unknown("appointment_unknown", "没有这个预约", "there is no such appointment")
		case "staff":
			x, ok := v.State.People.Staff.Get(id)
			if !ok {
				err = hall.Unknown("staff_unknown", "没有这位工作人员", "there is no such staff member")
			}
			add(x.Sealed, 0, "born", "phone")
		case "department":
			x, ok := v.State.Copies.Mail.Get(id)
			if !ok {
				err = hall.Unknown("department_unknown", "没有这个派驻单位的邮箱", "there is no mail address of such a department")
			}
			add(x.Address, 0, "address")
		default:
			err = hall.Unknown("personal_unknown", "没有这一类个人信息", "there is no such kind of personal data")
		}
	})
	return all, err
}

// reveal shows fields whole: the log says who looks and why before anything is answered.
func (a *API) reveal(w http.ResponseWriter, r *http.Request) error {
	var b whyBody
	if err := a.body(w, r, &b); err != nil {
		return err
	}
	i, kind := who(r), r.PathValue("kind")
	all, err := a.held(r)
	if err != nil {
		return err
	}
	names := map[string][]string{}
	var whose []string
	all = slices.DeleteFunc(all, func(h heldField) bool {
		return a.removed(h.sealed) || a.clear(h.sealed, h.name) == "" || !reveals(&i, personal.KindOf(h.sealed.Person), h.name)
	})
	for _, h := range all {
		if key := h.sealed.Person; !slices.Contains(names[key], h.name) {
			if names[key] == nil {
				whose = append(whose, key)
			}
			names[key] = append(names[key], h.name)
		}
	}
	if len(whose) == 0 {
		return hall.Unknown("personal_unknown", "这里没有可以完整查看的个人信息，或已按规定删除", "there is nothing personal here to be seen whole, or it was removed as prescribed")
	}
	answer := Revealed{Fields: []RevealedField{}}
	for _, key := range whose {
		made, _, err := a.Commands.Do(r.Context(), i.Actor(), "", personal.View{PersonalViewed: wire.PersonalViewed{Whose: key, Kind: kind, Fields: names[key]}, Reason: b.Reason})
		if err != nil {
			return err
		}
		for _, m := range made {
			answer.Events = append(answer.Events, Made{Position: m.Position, StoredAt: m.StoredAt, ID: m.ID, Kind: m.Kind, Data: m.Data})
		}
	}
	for _, h := range all {
		answer.Fields = append(answer.Fields, RevealedField{h.name, a.clear(h.sealed, h.name), h.position})
	}
	return sendJSON(w, r, answer)
}

// looks are who has seen or got what is under a key, newest first; the caller holds the register still.
func (a *API) looks(v *register.View, key string) []LookRow {
	rows := []LookRow{}
	all, _ := v.State.Personal.Looks.Get(key)
	for k := len(all) - 1; k >= 0; k-- {
		x := &all[k]
		row := LookRow{At: x.At, By: x.By, Export: x.Export, Own: x.Own, Fields: x.Fields, Reason: a.sealed(x.Reason, "reason")}
		if account, ok := v.State.Access.Accounts.Get(x.By); ok {
			row.Name = a.sealed(account.Name, "name")
		}
		rows = append(rows, row)
	}
	return rows
}

func (a *API) getRetention(w http.ResponseWriter, r *http.Request) error {
	list := RetentionList{Kinds: []RetentionRow{}, Lapsing: []personal.Lapsing{}, Gone: []GoneRow{}}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		s, today := &v.State.Personal, a.today()
		keys, next := map[string]int{}, map[string]string{}
		for key := range s.Keys.Each() {
			keys[personal.KindOf(key)]++
		}
		for _, x := range s.Lapsings(v.State.PersonalWorld(), today) {
			if next[x.Kind] == "" {
				next[x.Kind] = string(x.On)
			}
			if len(list.Lapsing) < shownLast {
				list.Lapsing = append(list.Lapsing, x)
			}
		}
		for _, k := range personal.Kinds() {
			row, _ := s.On(k.Kind, today)
			list.Kinds = append(list.Kinds, RetentionRow{row, keys[k.Kind], next[k.Kind]})
		}
		for key, g := range s.Gone.Each() {
			list.Gone = append(list.Gone, GoneRow{key, g})
		}
	})
	slices.SortFunc(list.Gone, func(x, y GoneRow) int { return cmp.Or(cmp.Compare(y.Day, x.Day), cmp.Compare(x.Key, y.Key)) })
	list.Gone = list.Gone[:min(len(list.Gone), shownLast)]
	return sendJSON(w, r, list)
}
