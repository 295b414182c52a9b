package api

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/assess"
	"hallkeeper/hub/conduct"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/personal"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

//go:embed owndata.html
var dossierPage string

// Dossier is all that is held about a person, a case or a visit: the records of the log that name
// it, with what is sealed in them under its own keys, what follows from them, and who has looked.
type Dossier struct {
	Hall    string    `json:"hall"`
	Made    time.Time `json:"made"`
	Kind    string    `json:"kind"`
	ID      string    `json:"id"`
	Through uint64    `json:"through"`
	// Kept is for how long, by the kind of key.
	Kept    []personal.Retention `json:"kept"`
	Records []DossierRecord      `json:"records"`
	// Days are a staff member's lines of closed days, Results those of published months, quarters and years.
	Days    []MyDay         `json:"days,omitempty"`
	Results []DossierResult `json:"results,omitempty"`
	Looks   []LookRow       `json:"looks"`
}

// DossierRecord is one record of the log.
type DossierRecord struct {
	Position wire.Position   `json:"position"`
	At       time.Time       `json:"at"`
	Kind     wire.Kind       `json:"kind"`
	By       string          `json:"by,omitempty"`
	Data     json.RawMessage `json:"data"`
	// Said is what was sealed; Removed says that its key was destroyed.
	Said    map[string]string `json:"said,omitempty"`
	Removed bool              `json:"removed,omitempty"`
}

// DossierResult is one published result.
type DossierResult struct {
	Period   assess.Period  `json:"period"`
	Revision int            `json:"revision"`
	Result   *assess.Result `json:"result"`
}

// subject is what a dossier is about.
type subject struct {
	kind, id string
	// keys are those whose words are theirs.
	keys []string
	// names are, by a field of an event's data, the values that mean it.
	names map[string][]string
	// accounts are those with which they act.
	accounts []string
	// told are the fields that a citizen said, of keys with other people's words beside them.
	told map[string][]string
}

// words that events call a staff member by.
func staffFields() []string {
	return []string{"staff", "successor", "cover", "handler", "signed_by", "holder", "deputies", "by_staff"}
}

func (s *subject) named(field string, value any) bool {
	switch x := value.(type) {
	case string:
		return slices.Contains(s.names[field], x)
	case []any:
		for _, v := range x {
			if text, ok := v.(string); ok && slices.Contains(s.names[field], text) || s.within(v) {
				return true
			}
		}
	case map[string]any:
		return s.within(x)
	}
	return false
}

func (s *subject) within(v any) bool {
	m, ok := v.(map[string]any)
	if !ok {
		return false
	}
	for field, value := range m {
		if s.named(field, value) {
			return true
		}
	}
	return s.kind == "staff" && m["subject"] == s.id && (m["to"] == string(assess.ToPerson) || m["scope"] == "staff")
}

// about tells whether a record is of it.
func (s *subject) about(r *wire.Record) bool {
	for i := range r.Personal {
		if slices.Contains(s.keys, r.Personal[i].Person) {
			return true
		}
	}
	if r.Actor != nil && slices.Contains(s.accounts, r.Actor.ID) {
		return true
	}
	for _, values := range s.names {
		if slices.ContainsFunc(values, func(v string) bool { return bytes.Contains(r.Data, []byte(`"`+v+`"`)) }) {
			var data any
			return json.Unmarshal(r.Data, &data) == nil && s.within(data)
		}
	}
	return false
}

// learn follows a ticket to its visits, and a visit to the case that its rating opened: of that the citizen's own words
// are theirs, not what was written about it.
func (s *subject) learn(r *wire.Record) {
	var d struct{ Visit, Case string }
	if s.kind != "ticket" || json.Unmarshal(r.Data, &d) != nil {
		return
	}
	if key := "rating-" + d.Visit; d.Visit != "" && !slices.Contains(s.keys, key) {
		s.keys, s.names["visit"] = append(s.keys, key), append(s.names["visit"], d.Visit)
	}
	if d.Case != "" && s.told[conduct.Key(d.Case)] == nil {
		s.names["case"] = append(s.names["case"], d.Case)
		s.told[conduct.Key(d.Case)] = []string{"words", "phone"}
	}
}

// dossierRecord is what the dossier has of a record.
func (a *API) dossierRecord(s *subject, r *wire.Record) DossierRecord {
	row := DossierRecord{Position: r.Position, At: r.At, Kind: r.Kind, Data: a.withPlaces(r.Data)}
	if r.Actor != nil {
		row.By = r.Actor.ID
	}
	if row.At.IsZero() {
		row.At = r.StoredAt
	}
	for i := range r.Personal {
		x := &r.Personal[i]
		fields := a.Register.Unseal(x)
		own := slices.Contains(s.keys, x.Person)
		if fields == nil && (own || s.told[x.Person] != nil) {
			row.Removed = true
		}
		for name, value := range fields {
			if (own || slices.Contains(s.told[x.Person], name)) && name != "hash" {
				if row.Said == nil {
					row.Said = map[string]string{}
				}
				row.Said[name] = value
			}
		}
	}
	return row
}

// dossier reads the whole log.
func (a *API) dossier(r *http.Request, s *subject) (*Dossier, error) {
	d := &Dossier{Hall: a.HallName, Made: a.Now().In(a.Zone), Kind: s.kind, ID: s.id, Kept: []personal.Retention{}, Records: []DossierRecord{}, Looks: []LookRow{}}
	head := a.Log.Head()
	for at := wire.Position(0); at < head; {
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		batch, err := a.Log.ReadBatch(at, 1000)
		if err != nil {
			return nil, err
		}
		if len(batch) == 0 {
			break
		}
		for i := range batch {
			if s.about(&batch[i]) {
				s.learn(&batch[i])
				d.Records = append(d.Records, a.dossierRecord(s, &batch[i]))
			}
		}
		at = batch[len(batch)-1].Position
		d.Through = uint64(at)
	}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		kinds := map[string]bool{}
		for _, key := range s.keys {
			if kind := personal.KindOf(key); !kinds[kind] {
				kinds[kind] = true
				if k, ok := v.State.Personal.On(kind, a.today()); ok {
					d.Kept = append(d.Kept, k)
				}
			}
			d.Looks = append(d.Looks, a.looks(v, key)...)
		}
	})
	if s.kind != "staff" {
		return d, nil
	}
	return d, a.follows(d, s.id)
}

// daysHeld bounds how many days' lines an export has; older ones follow from the records in it.
const daysHeld = 1100

// follows adds what follows from the records: closed days and published results.
func (a *API) follows(d *Dossier, staff string) error {
	var failed error
	for day, n := a.today(), 0; n < daysHeld && failed == nil; day, n = day.AddDays(-1), n+1 {
		a.Register.Read(func(v *register.View, _ *roster.State) {
			if !v.State.Book.Closed.Has(string(day)) {
				return
			}
			sheet, _, err := a.sheet(v, day, 0)
			failed = err
			for _, l := range sheet.Staff {
				if l.Staff == staff {
					d.Days = append(d.Days, MyDay{string(day), sheet.DayKind, sheet.DayName, state(v, day), l})
				}
			}
		})
	}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for id, p := range v.State.Cycle.Periods.All() {
			rev, ok := p.Published()
			if !ok {
				continue
			}
			o, err := a.memory.Published(v, assess.Period(id), rev.Number)
			if err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			if x := o.Find(assess.ToPerson, staff); x != nil {
				d.Results = append(d.Results, DossierResult{assess.Period(id), rev.Number, x})
			}
		}
	})
	return failed
}

// hand notes in the log that somebody gets a dossier, makes it and sends it.
func (a *API) hand(w http.ResponseWriter, r *http.Request, s *subject, c personal.Export) error {
	if !a.dossiers.TryLock() {
		return problem("export_busy")
	}
	defer a.dossiers.Unlock()
	i := who(r)
	actor := i.Actor()
	if i.Account == "" {
		actor = wire.Actor{Kind: wire.ActorPerson, ID: "holder"}
	}
	if _, _, err := a.Commands.Do(r.Context(), actor, "", c); err != nil {
		return err
	}
	d, err := a.dossier(r, s)
	if err != nil {
		return err
	}
	body, err := dossierZip(d)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="personal-`+d.Made.Format("20060102")+`.zip"`)
	send(w, r, http.StatusOK, "application/zip", body)
	return nil
}

func dossierZip(d *Dossier) ([]byte, error) {
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, err
	}
	page, err := template.New("dossier").Funcs(template.FuncMap{"text": func(raw json.RawMessage) string { return string(raw) },
		"day": func(t time.Time) string { return t.In(d.Made.Location()).Format(time.DateTime) }}).Parse(dossierPage)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.CreateHeader(&zip.FileHeader{Name: "record.json", Method: zip.Deflate, Modified: d.Made})
	if err == nil {
		_, err = f.Write(text)
	}
	if err == nil {
		f, err = z.CreateHeader(&zip.FileHeader{Name: "record.html", Method: zip.Deflate, Modified: d.Made})
	}
	if err == nil {
		err = page.Execute(f, d)
	}
	if err == nil {
		err = z.Close()
	}
	return b.Bytes(), err
}

// staffSubject is a staff member with their cards and accounts; the caller holds the register still.
func staffSubject(v *register.View, staff string) *subject {
	s := &subject{kind: "staff", id: staff, keys: []string{roster.PersonKey(staff)}, names: map[string][]string{"card": v.State.People.CardsOf(staff)}}
	for _, field := range staffFields() {
		s.names[field] = []string{staff}
	}
	for _, x := range v.State.Access.Accounts.All() {
		if x.Staff == staff {
			s.keys, s.accounts = append(s.keys, access.PersonKey(x.ID)), append(s.accounts, x.ID)
			s.names["account"] = append(s.names["account"], x.ID)
		}
	}
	return s
}

func (a *API) exportMe(w http.ResponseWriter, r *http.Request) error {
	i := who(r)
	if i.Staff == "" {
		return hall.Unknown("no_staff", "这个账号没有对应的工作人员", "this account is no staff member's")
	}
	var s *subject
	a.Register.Read(func(v *register.View, _ *roster.State) { s = staffSubject(v, i.Staff) })
	return a.hand(w, r, s, personal.Export{PersonalExported: wire.PersonalExported{Whose: s.keys[0], Kind: "staff", Own: true}})
}

// exportOf gives a supervisor what a person has asked for who can't get it alone: one who left, a citizen with a case.
func (a *API) exportOf(w http.ResponseWriter, r *http.Request) error {
	var b whyBody
	if err := a.body(w, r, &b); err != nil {
		return err
	}
	kind := r.PathValue("kind")
	if kind != "case" && kind != "staff" && kind != "appointment" {
		return hall.Unknown("personal_unknown", "这一类个人信息不能按人导出", "this kind of personal data is not exported by person")
	}
	if kind != "staff" {
		if _, err := a.held(r); err != nil { // it is there, and theirs to see
			return err
		}
	}
	var s *subject
	a.Register.Read(func(v *register.View, _ *roster.State) {
		switch id := r.PathValue("id"); kind {
		case "staff":
			if v.State.People.Staff.Has(id) {
				s = staffSubject(v, id)
			}
		case "case":
			c, _ := v.State.Conduct.Find(id)
			s = &subject{kind: kind, id: c.Case, keys: []string{conduct.Key(c.Case)}, names: map[string][]string{"case": {c.Case}}}
		default:
			for _, x := range v.State.Line.Bookings.All() {
				if x.Appointment == id || x.Code == id {
					s = &subject{kind: kind, id: x.Appointment, keys: []string{"appointment-" + x.Appointment}, names: map[string][]string{"appointment": {x.Appointment}}}
				}
			}
		}
	})
	if s == nil {
		return hall.Unknown("staff_unknown", "没有这位工作人员", "there is no such staff member")
	}
	return a.hand(w, r, s, personal.Export{PersonalExported: wire.PersonalExported{Whose: s.keys[0], Kind: kind}, Reason: b.Reason})
}

// exportTicket gives the holder of a ticket what is held of the visit. The code on the paper proves who holds it.
func (a *API) exportTicket(w http.ResponseWriter, r *http.Request) error {
	id, held := a.ticketOf(r)
	if !held {
		return hall.Unknown("ticket_unknown", "没有这张号票，或票面码不对", "there is no such ticket, or the code is not its own")
	}
	s := &subject{kind: "ticket", id: id, names: map[string][]string{"ticket": {id}}, told: map[string][]string{}}
	return a.hand(w, r, s, personal.Export{PersonalExported: wire.PersonalExported{Whose: "ticket-" + id, Kind: "ticket", Own: true}})
}
