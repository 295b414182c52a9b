// Package register is all that commands are decided on: master data, policy,
// what people entered about days, the line, and who may act. It owns nothing but their
// being together: each part decides and folds its own events.
package register

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/approval"
	"hallkeeper/hub/attendance"
	"hallkeeper/hub/conduct"
	"hallkeeper/hub/copies"
	"hallkeeper/hub/cycle"
	"hallkeeper/hub/duty"
	"hallkeeper/hub/enrolment"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/matter"
	"hallkeeper/hub/personal"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/queue"
	"hallkeeper/hub/rating"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/screens"
	"hallkeeper/hub/statistics"
	"hallkeeper/hub/trouble"
	"hallkeeper/wire"
)

// State is the register. Make it with New.
type State struct {
	People roster.People
	Policy *policy.State
	Book   attendance.Book
	Line   queue.State
	// Matters are what visits opened, and which visits belong together.
	Matters matter.State
	// Desk is the reasons and publications of ratings.
	Desk rating.Desk
	// Conduct is the cases of bad reviews and complaints, and ratings that are taken out.
	Conduct conduct.State
	// Cycle is how far months, quarters and years are, and appeals against findings.
	Cycle cycle.State
	// Copies are what departments are sent of published results.
	Copies copies.State
	// Duties are exchange meetings, reports, tasks, items, withdrawals and what else windows and departments owe.
	Duties duty.State
	// Approvals are what waits for a second person.
	Approvals approval.State
	Access    access.State
	// Personal is which keys there are, who has looked, and what was forgotten.
	Personal personal.State
	// Enrolment is which devices may connect.
	Enrolment enrolment.State
	// Screens are those that enrolled by a code shown on themselves.
	Screens screens.State
	// Troubles are what is wrong with the hall's machines.
	Troubles trouble.State
}

// New is the register of an empty log.
func New() (*State, error) {
	p, err := policy.New()
	if err != nil {
		return nil, err
	}
	return &State{Policy: p}, nil
}

// Tables are what a view keeps.
func (s *State) Tables() hall.Tables {
	all := hall.Tables{}
	for _, part := range []hall.Tables{s.People.Tables(), s.Policy.Tables(), s.Book.Tables(), s.Line.Tables(), s.Matters.Tables(), s.Desk.Tables(), s.Conduct.Tables(), s.Duties.Tables(), s.Cycle.Tables(), s.Copies.Tables(), s.Approvals.Tables(), s.Access.Tables(), s.Personal.Tables(), s.Enrolment.Tables(), s.Screens.Tables(), s.Troubles.Tables()} {
		for name, t := range part {
			if all[name] != nil {
				panic("register: two tables are called " + name)
			}
			all[name] = t
		}
	}
	return all
}

// Clone copies a register whole.
func (s *State) Clone() (*State, error) {
	p, err := s.Policy.Empty()
	if err != nil {
		return nil, err
	}
	c := &State{Policy: p}
	if err := s.Tables().CopyTo(c.Tables()); err != nil {
		return nil, fmt.Errorf("copy the register: %w", err)
	}
	return c, c.Policy.Loaded()
}

// end is after every day.
const end = hall.Date("9999-12-31")

// Fold applies a record and gives the days whose sheets it may change, both
// included; empty where none.
func (s *State) Fold(r *wire.Record) (from, until hall.Date) {
	s.Personal.Fold(r)
	if s.Troubles.Fold(r) {
		return "", ""
	}
	if s.Duties.Fold(r) {
		return "", ""
	}
	if from, until = s.Book.Fold(r); from != "" {
		return from, until
	}
	if s.Policy.Fold(r) || s.People.Fold(r) {
		return touched(r)
	}
	matters := s.Matters.Fold(r) // the end of a visit is of the line too
	if !s.Line.Fold(r) && !matters && !s.Desk.Fold(r) && !s.Conduct.Fold(r) && !s.Cycle.Fold(r) && !s.Copies.Fold(r) && !s.Approvals.Fold(r) && !s.Screens.Fold(r) {
		if !s.Access.Fold(r) {
			s.Enrolment.Fold(r)
		}
	}
	return "", ""
}

// Hall is what parts see of each other.
func (s *State) Hall(windows *roster.State) roster.Hall {
	return roster.Hall{Windows: windows, People: &s.People, Policy: s.Policy}
}

// Decide gives the events of a command of any part, or an *hall.Error.
func (s *State) Decide(windows *roster.State, cmd any, m hall.Moment) ([]hall.Draft, error) {
	h := s.Hall(windows)
	switch c := cmd.(type) {
	case roster.PeopleCommand:
		return c.DecidePeople(h, m)
	case policy.Command:
		if adopt, ok := c.(policy.AdoptPolicy); ok {
			adopt.Published = s.Cycle.PublishedIn
			return adopt.DecidePolicy(s.Policy, m)
		}
		if set, ok := c.(policy.SetParameter); ok && s.Cycle.PublishedIn(hall.Date(set.From), cmp.Or(hall.Date(set.Until), end)) {
			return nil, hall.RefuseBy("63号 第八条", "policy_published", set.From+" 以后已有公示的考核结果，不能改变其所依据的数值；请从未公示的月份起设定",
				"results of days from "+set.From+" on are published and the numbers that they stand on cannot change; begin with a month that is not published")
		}
		return c.DecidePolicy(s.Policy, m)
	case attendance.Command:
		if off, ok := c.(attendance.UnpublishDay); ok && s.Cycle.PublishedIn(hall.Date(off.Day), hall.Date(off.Day)) {
			return nil, hall.Refuse("part_of_published", off.Day+" 所在月份的考核结果已经公示，请先撤下该月", "the month of "+off.Day+" is published and stands on it; take the month off the board first")
		}
		return c.DecideBook(&s.Book, h, m)
	case queue.Command:
		return c.DecideLine(&s.Line, h, m)
	case matter.Command:
		return c.DecideMatter(&s.Matters, &s.Line, h, m)
	case rating.Command:
		return c.DecideRating(&s.Desk, h, m)
	case conduct.Command:
		return c.DecideConduct(&s.Conduct, conduct.World{Hall: h, Line: &s.Line, StaffOf: s.staffOf, ActsFor: s.actsFor(m.Day)}, m)
	case cycle.Command:
		return c.DecideCycle(&s.Cycle, s.CycleWorld(windows), m)
	case copies.Command:
		return c.DecideCopies(&s.Copies, h, m)
	case duty.Command:
		return c.DecideDuty(&s.Duties, duty.World{Hall: h, Line: &s.Line}, m)
	case approval.Command:
		return c.DecideApproval(&s.Approvals, s.approvalWorld(windows, m), m)
	case access.Command:
		return c.DecideAccess(&s.Access, h, m)
	case personal.Command:
		return c.DecidePersonal(&s.Personal, s.PersonalWorld(), m)
	case enrolment.Command:
		return c.DecideEnrolment(&s.Enrolment, m)
	case screens.Command:
		return c.DecideScreens(&s.Screens, screens.World{Hall: h, Certificates: &s.Enrolment}, m)
	case trouble.Command:
		return c.DecideTrouble(&s.Troubles, trouble.World{Number: func(window string) string { return windows.Windows[window].Number }}, m)
	}
	return nil, fmt.Errorf("no command is a %T", cmd)
}

// CycleWorld is what periods may know of the rest of the hall.
func (s *State) CycleWorld(windows *roster.State) cycle.World {
	return cycle.World{Hall: s.Hall(windows), Began: s.Book.Began(), StaffOf: s.staffOf,
		Checked: func(day hall.Date) bool { return s.Book.Closed.Has(string(day)) }, CaseAppeals: s.Conduct.Appealed}
}

// staffOf is the staff member that an account is of.
func (s *State) staffOf(account string) string {
	a, _ := s.Access.Accounts.Get(account)
	return a.Staff
}

// Command tells whether Decide knows a command.
func Command(cmd any) bool {
	switch cmd.(type) {
	case roster.PeopleCommand, policy.Command, attendance.Command, queue.Command, matter.Command, rating.Command, conduct.Command, duty.Command, cycle.Command, copies.Command, approval.Command, access.Command, personal.Command, enrolment.Command, screens.Command, trouble.Command:
		return true
	}
	return false
}

// View is the register and the sheets that stand on it, as one fold of the log.
type View struct {
	State *State
	Days  *attendance.Days
	// Queue is what became of every ticket.
	Queue *statistics.State
	// Ratings are what was served and what citizens said of it.
	Ratings *rating.State
	// Archive is what was published of months, quarters and years.
	Archive cycle.Archive
	// Through is the last record that was applied.
	Through wire.Position

	shelved map[string]bool // by the first two parts of a key
}

// NewView is the view of an empty log.
func NewView(zone *time.Location) (*View, error) {
	s, err := New()
	if err != nil {
		return nil, err
	}
	return &View{State: s, Days: attendance.NewDays(&s.People, s.Policy, &s.Book, zone), Queue: &statistics.State{}, Ratings: rating.New(s.Policy, zone)}, nil
}

// Name is that of the view.
const Name = "register"

// Name and Version make View a view.Fold.
func (v *View) Name() string { return Name }

// Version changes with what Apply makes of a record.
func (v *View) Version() int { return 16 }

// Apply folds one record.
func (v *View) Apply(r *wire.Record) {
	var from, until hall.Date
	if r.Agent == "" { // a device decides nothing
		from, until = v.State.Fold(r)
		v.Queue.Fold(r)
		v.Ratings.Fold(r)
		v.Archive.Fold(r)
	} else {
		v.State.Line.Device(r)
		v.Ratings.Device(r)
	}
	v.Days.Apply(r, from, until)
	v.Through = r.Position
}

// days is before the keys of Days, figures before those of Queue, ratings before those of Ratings, archive before those of Archive.
const (
	archive = "archive/"
	through = "through"
	days    = "days/"
	figures = "statistics/"
	ratings = "rating/"
)

// Shelve lets what is of past days leave memory; see view.Shelving.
func (v *View) Shelve(fetch func(key string) []byte) {
	v.shelved = map[string]bool{}
	under := func(prefix string, shelve func(func(string) []byte) hall.Tables) {
		tables := shelve(func(key string) []byte { return fetch(prefix + key) })
		for name := range tables {
			if tables.Shelved(name) {
				v.shelved[prefix+name] = true
			}
		}
	}
	under(days, v.Days.Shelve)
	under(figures, v.Queue.Tables().Shelve)
	under(ratings, v.Ratings.Shelve)
	under(archive, v.Archive.Tables().Shelve)
}

// Shelved tells whether the value of a key stays in the file.
func (v *View) Shelved(key string) bool {
	part, rest, _ := strings.Cut(key, "/")
	table, _, _ := strings.Cut(rest, "/")
	return v.shelved[part+"/"+table]
}

// Save writes what changed since the last Save.
func (v *View) Save(put func(string, []byte), remove func(string)) {
	v.State.Tables().Save(put, remove)
	v.Days.Save(func(key string, value []byte) { put(days+key, value) }, func(key string) { remove(days + key) })
	v.Queue.Tables().Save(func(key string, value []byte) { put(figures+key, value) }, func(key string) { remove(figures + key) })
	v.Ratings.Save(func(key string, value []byte) { put(ratings+key, value) }, func(key string) { remove(ratings + key) })
	put(through, binary.BigEndian.AppendUint64(nil, uint64(v.Through)))
	v.Archive.Tables().Save(func(key string, value []byte) { put(archive+key, value) }, func(key string) { remove(archive + key) })
}

// Each gives everything as Save would write it.
func (v *View) Each(use func(key string, value []byte)) {
	v.State.Tables().Each(use)
	v.Days.Each(func(key string, value []byte) { use(days+key, value) })
	v.Queue.Tables().Each(func(key string, value []byte) { use(figures+key, value) })
	v.Ratings.Each(func(key string, value []byte) { use(ratings+key, value) })
	use(through, binary.BigEndian.AppendUint64(nil, uint64(v.Through)))
	v.Archive.Tables().Each(func(key string, value []byte) { use(archive+key, value) })
}

// Load reads one key back.
func (v *View) Load(key string, value []byte) error {
	if rest, ok := strings.CutPrefix(key, days); ok {
		return v.Days.Load(rest, value)
	}
	if rest, ok := strings.CutPrefix(key, figures); ok {
		return v.Queue.Tables().Load(rest, value)
	}
	if rest, ok := strings.CutPrefix(key, ratings); ok {
		return v.Ratings.Load(rest, value)
	}
	if key == through && len(value) == 8 {
		v.Through = wire.Position(binary.BigEndian.Uint64(value))
		return nil
	}
	if rest, ok := strings.CutPrefix(key, archive); ok {
		return v.Archive.Tables().Load(rest, value)
	}
	if err := v.State.Tables().Load(key, value); err != nil {
		return err
	}
	if _, one := v.State.Policy.Tables()[strings.SplitN(key, "/", 2)[0]]; one {
		return v.State.Policy.Loaded()
	}
	return nil
}
