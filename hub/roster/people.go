package roster

import (
	"slices"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// People is the hall's master data besides windows and devices: departments,
// posts, staff, cards, shifts and the procedures of 63号 第十一条 to 第十三条.
// It holds ids; names are sealed. The zero value is an empty hall.
type People struct {
	Departments     hall.Table[Department]
	Posts           hall.Table[hall.Dated[Post]]
	Staff           hall.Table[Staff]
	Cards           hall.Table[[]Issue] // by keyed hash, in order of issue
	Shifts          hall.Table[hall.Dated[Shift]]
	ShiftOf         hall.Table[hall.Dated[string]] // by scope/subject: the shift
	Representatives hall.Table[hall.Dated[string]] // by window
	// DeviceAt is where each device was, in order of time.
	DeviceAt     hall.Table[[]Placement]
	Assignments  hall.Table[Assignment]
	Changes      hall.Table[Change]
	Handovers    hall.Table[Handover]
	Replacements hall.Table[Replacement]
	Criticisms   hall.Table[Criticism]
}

// Department is a dispatching department (派驻单位).
type Department struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Post is a post (岗位) of a window with the deputies who may act for its holder.
type Post struct {
	ID       string   `json:"id"`
	Window   string   `json:"window"`
	Name     string   `json:"name"`
	Deputies []string `json:"deputies,omitempty"`
	Removed  bool     `json:"removed,omitempty"`
}

// Staff is a seconded staff member without what is sealed.
type Staff struct {
	ID             string   `json:"id"`
	Department     string   `json:"department"`
	Employment     string   `json:"employment"`
	WorkSince      string   `json:"work_since,omitempty"`
	Qualifications []string `json:"qualifications,omitempty"`
	// Sealed holds name, born and phone.
	Sealed *wire.Sealed `json:"sealed,omitempty"`
	// Departments are the dispatching departments from day to day; Department is the newest.
	Departments hall.Dated[string] `json:"departments,omitempty"`
	// Postings are the posts; an empty one takes the person off.
	Postings hall.Dated[string] `json:"postings,omitempty"`
	// Gone is true from the day on which they no longer work here, and false from the day on which they are back.
	Gone  hall.Dated[bool] `json:"gone,omitempty"`
	Since time.Time        `json:"since"`
}

// Issue is one time for which a card was a person's.
type Issue struct {
	Staff   string     `json:"staff"`
	From    hall.Date  `json:"from"`
	Shown   string     `json:"shown"`
	StandIn bool       `json:"stand_in,omitempty"`
	Ended   *time.Time `json:"ended,omitempty"`
	Reason  string     `json:"reason,omitempty"`
	At      time.Time  `json:"at"`
}

// Placement is where a device was from a moment on.
type Placement struct {
	Window string    `json:"window"`
	From   time.Time `json:"from"`
}

// Tables are what a view keeps.
func (p *People) Tables() hall.Tables {
	return hall.Tables{"department": &p.Departments, "post": &p.Posts, "staff": &p.Staff, "card": &p.Cards, "shift": &p.Shifts,
		"shift-of": &p.ShiftOf, "representative": &p.Representatives, "device-at": &p.DeviceAt, "assignment": &p.Assignments,
		"change": &p.Changes, "handover": &p.Handovers, "replacement": &p.Replacements, "criticism": &p.Criticisms}
}

// Fold applies a record and tells whether anything has changed.
func (p *People) Fold(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindDepartmentSet:
		var d wire.DepartmentSet
		if read(r, &d) {
			p.Departments.Set(d.Department, Department{d.Department, d.Name})
		}
	case wire.KindDepartmentRemoved:
		var d wire.DepartmentRemoved
		if read(r, &d) {
			p.Departments.Delete(d.Department)
		}
	case wire.KindPostSet:
		var d wire.PostSet
		if read(r, &d) {
			x := Post{ID: d.Post, Window: d.Window, Name: d.Name, Deputies: d.Deputies}
			p.Posts.Change(d.Post, func(all *hall.Dated[Post]) { *all = all.Set(civil(r), x) })
		}
	case wire.KindPostRemoved:
		var d wire.PostRemoved
		if read(r, &d) {
			p.Posts.Change(d.Post, func(all *hall.Dated[Post]) {
				x := all.Last()
				x.Removed = true
				*all = all.Set(civil(r), x)
			})
		}
	case wire.KindShiftSet:
		var d wire.ShiftSet
		if read(r, &d) {
			if s, err := NewShift(d); err == nil {
				p.Shifts.Change(d.Shift, func(all *hall.Dated[Shift]) { *all = all.Set(civil(r), s) })
			}
		}
	case wire.KindShiftRemoved:
		var d wire.ShiftRemoved
		if read(r, &d) {
			p.Shifts.Change(d.Shift, func(all *hall.Dated[Shift]) {
				s := all.Last()
				s.Removed = true
				*all = all.Set(civil(r), s)
			})
		}
	case wire.KindShiftAssigned:
		var d wire.ShiftAssigned
		if read(r, &d) {
			p.ShiftOf.Change(d.Scope+"/"+d.Subject, func(all *hall.Dated[string]) { *all = all.Set(hall.Date(d.From), d.Shift) })
		}
	case wire.KindRepresentativeSet:
		var d wire.RepresentativeSet
		if read(r, &d) {
			p.Representatives.Change(d.Window, func(all *hall.Dated[string]) { *all = all.Set(hall.Date(d.From), d.Staff) })
		}
	default:
		return p.foldStaff(r) || p.foldProcedure(r)
	}
	return true
}

func (p *People) foldStaff(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindStaffSet:
		var d wire.StaffSet
		if read(r, &d) {
			p.Staff.Change(d.Staff, func(s *Staff) {
				s.ID, s.Department, s.Employment, s.WorkSince, s.Qualifications = d.Staff, d.Department, d.Employment, d.WorkSince, d.Qualifications
				if len(s.Departments) == 0 || s.Departments.Last() != d.Department {
					s.Departments = s.Departments.Set(civil(r), d.Department)
				}
				if len(r.Personal) > 0 {
					s.Sealed = &r.Personal[0]
				}
				if s.Since.IsZero() {
					s.Since = r.StoredAt
				}
				if today := civil(r); !s.Here(today) { // whoever is entered again is here again
					s.Gone = s.Gone.Set(today, false)
				}
			})
		}
	case wire.KindStaffPosted:
		var d wire.StaffPosted
		if read(r, &d) {
			p.post(d.Staff, d.Post, hall.Date(d.From))
		}
	case wire.KindStaffDeparted:
		var d wire.StaffDeparted
		if read(r, &d) {
			p.depart(d.Staff, hall.Date(d.From))
		}
	case wire.KindCardIssued:
		var d wire.CardIssued
		if read(r, &d) {
			p.Cards.Change(d.Card, func(all *[]Issue) {
				*all = append(slices.Clone(*all), Issue{Staff: d.Staff, From: hall.Date(d.From), Shown: d.Shown, StandIn: d.StandIn, At: r.StoredAt})
			})
		}
	case wire.KindCardLost:
		var d wire.CardLost
		if read(r, &d) {
			p.endCard(d.Card, r.StoredAt, d.Reason)
		}
	case wire.KindDeviceAssigned:
		var d wire.DeviceAssigned
		if read(r, &d) {
			for agent, places := range p.DeviceAt.All() {
				if last := places[len(places)-1]; agent != d.Agent && last.Window == d.Window {
					p.place(agent, "", r.StoredAt)
				}
			}
			p.place(d.Agent, d.Window, r.StoredAt)
		}
	case wire.KindDeviceDismissed:
		var d wire.DeviceDismissed
		if read(r, &d) {
			p.place(d.Agent, "", r.StoredAt)
		}
	case wire.KindWindowRemoved:
		var d wire.WindowRemoved
		if read(r, &d) {
			for agent, places := range p.DeviceAt.All() {
				if places[len(places)-1].Window == d.Window {
					p.place(agent, "", r.StoredAt)
				}
			}
		}
	default:
		return false
	}
	return true
}

func (p *People) post(staff, post string, from hall.Date) {
	p.Staff.Change(staff, func(s *Staff) {
		s.ID = staff
		s.Postings = s.Postings.Set(from, post)
	})
}

func (p *People) depart(staff string, from hall.Date) {
	p.Staff.Change(staff, func(s *Staff) {
		s.Gone = s.Gone.Set(from, true)
		s.Postings = s.Postings.Set(from, "")
	})
}

func (p *People) endCard(card string, at time.Time, reason string) {
	p.Cards.Change(card, func(all *[]Issue) {
		*all = slices.Clone(*all)
		if n := len(*all); n > 0 && (*all)[n-1].Ended == nil {
			(*all)[n-1].Ended, (*all)[n-1].Reason = &at, reason
		}
	})
}

func (p *People) place(agent, window string, at time.Time) {
	p.DeviceAt.Change(agent, func(all *[]Placement) {
		if n := len(*all); n > 0 && (*all)[n-1].Window == window {
			return // it only was looked at
		}
		*all = append(slices.Clone(*all), Placement{window, at})
	})
}

// civil is the day on which a record was made, by the hall's clock.
func civil(r *wire.Record) hall.Date { return hall.DateOf(r.At, r.At.Location()) }

// PostOf is the post of a person on a day, empty where they have none.
func (s *Staff) PostOf(day hall.Date) string {
	if !s.Here(day) {
		return ""
	}
	post, _ := s.Postings.On(day)
	return post
}

// Here tells whether a person works in the hall on a day.
func (s *Staff) Here(day hall.Date) bool {
	gone, _ := s.Gone.On(day)
	return !gone
}

// Back is the day from which a person is here again after having departed; empty where they never had.
func (s *Staff) Back() (day hall.Date) {
	for _, x := range s.Gone {
		if !x.Value {
			day = x.From
		}
	}
	return day
}

// Departed is the day from which a person no longer works here, be it ahead; empty where none is set.
func (s *Staff) Departed() (day hall.Date) {
	for i := len(s.Gone) - 1; i >= 0 && s.Gone[i].Value; i-- {
		day = s.Gone[i].From
	}
	return day
}

// Holder is whose a card is at a moment, empty where it is nobody's. ended is
// true where it was somebody's before.
func (p *People) Holder(card string, at time.Time, day hall.Date) (staff string, ended bool) {
	issues, _ := p.Cards.Get(card)
	for i := len(issues) - 1; i >= 0; i-- {
		x := &issues[i]
		if x.From > day {
			continue
		}
		if x.Ended != nil && !at.Before(*x.Ended) {
			ended = true
			continue
		}
		return x.Staff, false
	}
	return "", ended
}

// WindowOf is where a device was at a moment: before it was first assigned, where it was assigned first.
func (p *People) WindowOf(agent string, at time.Time) string {
	places, _ := p.DeviceAt.Get(agent)
	for i := len(places) - 1; i >= 0; i-- {
		if !at.Before(places[i].From) {
			return places[i].Window
		}
	}
	if len(places) > 0 {
		return places[0].Window
	}
	return ""
}

// RepresentativeOf is the chief representative of a window on a day.
func (p *People) RepresentativeOf(window string, day hall.Date) string {
	all, _ := p.Representatives.Get(window)
	staff, _ := all.On(day)
	return staff
}

// ShiftFor is the shift that a person at a window works on a day: their own,
// else the window's, else the hall's; empty ids are passed over.
func (p *People) ShiftFor(staff, window string, day hall.Date) (Shift, bool) {
	for _, key := range [3]string{"staff/" + staff, "window/" + window, "hall/"} {
		all, _ := p.ShiftOf.Get(key)
		id, ok := all.On(day)
		if !ok {
			continue
		}
		versions, _ := p.Shifts.Get(id)
		if s := versions.Around(day); s.ID != "" && !s.Removed {
			return s, true
		}
	}
	return Shift{}, false
}

// Post is a post as it was on a day; ok is false where it was not there.
func (p *People) Post(id string, day hall.Date) (x Post, ok bool) {
	versions, _ := p.Posts.Get(id)
	x = versions.Around(day)
	return x, x.ID != "" && !x.Removed
}

// PostSince is the day on which a post was entered first; empty where there is none.
func (p *People) PostSince(id string) hall.Date {
	if versions, _ := p.Posts.Get(id); len(versions) > 0 {
		return versions[0].From
	}
	return ""
}

// Shift is a shift as it is now; ok is false where there is none.
func (p *People) Shift(id string) (s Shift, ok bool) {
	versions, _ := p.Shifts.Get(id)
	s = versions.Last()
	return s, s.ID != "" && !s.Removed
}

// CardsOf lists a person's cards that are in use.
func (p *People) CardsOf(staff string) (cards []string) {
	for card, issues := range p.Cards.All() {
		if last := issues[len(issues)-1]; last.Staff == staff && last.Ended == nil {
			cards = append(cards, card)
		}
	}
	return cards
}
