package duty

import (
	"slices"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// stay is a time in which a window was on the hall's list.
type stay struct {
	From hall.Date `json:"from"`
	// Until is the day on which it was taken off; empty while it is there.
	Until hall.Date `json:"until,omitempty"`
	// Event is the one that put it on the list.
	Event string `json:"event"`
	// Departments are what its entry named, from day to day.
	Departments hall.Dated[string] `json:"departments"`
}

// covers tells whether the window was on the list on a day.
func (x *stay) covers(day hall.Date) bool {
	return x.From <= day && (x.Until == "" || day < x.Until)
}

// watch learns of windows and departments from events that are others'.
func (s *State) watch(r *wire.Record) {
	use := func(windows ...string) {
		for _, w := range windows {
			if w != "" && !s.used.Has(w) {
				s.used.Set(w, r.Kind)
			}
		}
	}
	switch r.Kind {
	case wire.KindWindowSet:
		with(r, func(d wire.WindowSet) { s.windowSet(r, d) })
	case wire.KindWindowRemoved:
		with(r, func(d wire.WindowRemoved) { s.windowRemoved(r, d.Window) })
	case wire.KindDepartmentSet:
		with(r, func(d wire.DepartmentSet) {
			s.names.Set(d.Name, d.Department)
			s.names.Set(d.Department, d.Department)
		})
	case wire.KindPostSet:
		with(r, func(d wire.PostSet) { use(d.Window) })
	case wire.KindRepresentativeSet:
		with(r, func(d wire.RepresentativeSet) { use(d.Window) })
	case wire.KindServiceSet:
		with(r, func(d wire.ServiceSet) { use(d.Windows...) })
	case wire.KindTicketCalled:
		with(r, func(d wire.TicketCalled) { use(d.Window) })
	case wire.KindVisitEntered:
		with(r, func(d wire.VisitEntered) { use(d.Window) })
	case wire.KindFindingMade:
		with(r, func(d wire.FindingMade) { use(d.Window) })
	case wire.KindCaseOpened:
		with(r, func(d wire.CaseOpened) { use(d.Window) })
	case wire.KindExchangeHeld:
		with(r, func(d wire.ExchangeHeld) { use(d.Window) })
	case wire.KindReportDue:
		with(r, func(d wire.ReportDue) { use(d.Window) })
	case wire.KindTaskAssigned:
		with(r, func(d wire.TaskAssigned) { use(d.Window) })
	case wire.KindWithdrawalAsked:
		with(r, func(d wire.WithdrawalAsked) { use(d.Window) })
	}
}

func (s *State) windowSet(r *wire.Record, d wire.WindowSet) {
	if d.Window == "" {
		return
	}
	day := civil(r)
	s.stays.Change(d.Window, func(all *[]stay) {
		list := slices.Clone(*all)
		if n := len(list); n == 0 || list[n-1].Until != "" {
			list = append(list, stay{From: day, Event: r.ID})
		}
		x := &list[len(list)-1]
		if len(x.Departments) == 0 || x.Departments.Last() != d.Department {
			x.Departments = x.Departments.Set(day, d.Department)
		}
		*all = list
	})
}

func (s *State) windowRemoved(r *wire.Record, window string) {
	day := civil(r)
	if all, _ := s.stays.Get(window); len(all) > 0 && all[len(all)-1].Until == "" {
		list := slices.Clone(all)
		list[len(list)-1].Until = day
		s.stays.Set(window, list)
	}
	s.used.Delete(window)
	for id, w := range s.Withdrawals.All() {
		if w.Window == window && w.State == Approved && !w.Done {
			w.Done = true
			s.Withdrawals.Set(id, w)
		}
	}
}

// stayOn finds the stay of a window on a day; ok is false where it was not on the list.
func (s *State) stayOn(window string, day hall.Date) (x stay, ok bool) {
	all, _ := s.stays.Get(window)
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].covers(day) {
			return all[i], true
		}
	}
	return x, false
}

// DepartmentOf is the department of a window on a day: the one that its entry
// named, else that of who held its first post.
func (s *State) DepartmentOf(window string, day hall.Date, h roster.Hall) string {
	if all, _ := s.stays.Get(window); len(all) > 0 {
		x, ok := s.stayOn(window, day)
		if !ok {
			x = all[0]
		}
		if id, ok := s.names.Get(x.Departments.Around(day)); ok {
			return id
		}
	}
	best, dep := "", ""
	for _, p := range h.People.Staff.All() {
		post := p.PostOf(day)
		if x, ok := h.People.Post(post, day); ok && x.Window == window && (best == "" || post < best) {
			best, dep = post, p.Departments.Around(day)
		}
	}
	return dep
}

// windowFor is the window that answers for a department on a day (第十条: windows
// stand for their unit): the first with a chief representative, else the first.
func (s *State) windowFor(department string, day hall.Date, h roster.Hall) string {
	found := ""
	for id := range s.stays.All() {
		if _, listed := s.stayOn(id, day); !listed || s.DepartmentOf(id, day, h) != department {
			continue
		}
		if h.People.RepresentativeOf(id, day) != "" {
			return id
		}
		if found == "" {
			found = id
		}
	}
	return found
}

// windowOf is the window of a person's post on a day, empty where they have none.
func windowOf(staff string, day hall.Date, h roster.Hall) string {
	p, _ := h.People.Staff.Get(staff)
	x, _ := h.People.Post(p.PostOf(day), day)
	return x.Window
}

// manned are the windows at which somebody held a post on a working day of a time.
func manned(from, until hall.Date, h roster.Hall) map[string][]hall.Date {
	all := map[string][]hall.Date{}
	for day := from; day <= until; day = day.AddDays(1) {
		if !h.Policy.Calendar().IsWorkday(day) {
			continue
		}
		for _, p := range h.People.Staff.Each() {
			if x, ok := h.People.Post(p.PostOf(day), day); ok && !slices.Contains(all[x.Window], day) {
				all[x.Window] = append(all[x.Window], day)
			}
		}
	}
	return all
}

// approved finds the withdrawal by which a window may leave on a day.
func (s *State) approved(window string, day hall.Date) bool {
	for _, w := range s.Withdrawals.Each() {
		if w.Window == window && w.State == Approved && !w.Done && w.From <= day {
			return true
		}
	}
	return false
}

// Removable tells why a window may be taken off the list on a day: by approval, or
// because nothing but its entry was ever made. It is nil where it may be.
func (s *State) Removable(w roster.Window, day hall.Date) error {
	if s.approved(w.ID, day) || w.Department == "" && !s.used.Has(w.ID) {
		return nil
	}
	for _, x := range s.Withdrawals.All() {
		if x.Window == w.ID && x.State == Approved && !x.Done {
			return hall.RefuseBy(article9, "withdrawal_missing", "窗口 "+w.Number+" 的撤出自 "+string(x.From)+" 起生效，此前仍须在岗",
				"window "+w.Number+" may leave from "+string(x.From)+" on and is answerable until then")
		}
	}
	return hall.RefuseBy(article9, "withdrawal_missing",
		"窗口 "+w.Number+" 的撤出须由派驻单位正式行文、局报旗人民政府审核同意；请先在“窗口撤出”中办理。误建的窗口，清空其单位后即可移除（须从未设岗、开办业务或受理）",
		"window "+w.Number+" can leave only by the department's formal document, the bureau's and the banner government's approval; enter the withdrawal first. A window made by mistake can be removed once it names no department, if it never had a post, a service or a visitor")
}
