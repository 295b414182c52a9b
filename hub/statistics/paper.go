package statistics

import (
	"slices"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// entered keeps a paper number, whole as it is; a day before is packed with the next.
func (s *State) entered(r *wire.Record, d wire.VisitEntered) {
	day := hall.Date(d.Day)
	s.begin(day)
	n := s.norm(d.Service)
	f := Fact{Ticket: d.Visit, Number: d.Paper, Service: d.Service, Class: d.Class, Day: day, Window: d.Window, Staff: d.Staff, Paper: true,
		End: Finished, Outcome: d.Outcome, Mode: d.Mode, Began: d.Taken.Unix(), Ended: d.Ended.Unix(), First: r.Position, Last: r.Position}
	if d.Called != nil {
		f.Called, f.Call, f.WaitMax = d.Called.Unix(), r.Position, n.Wait
	}
	switch d.End {
	case "finished": // a paper says nothing of when the visit began: it is the call
		f.Started, f.ServiceMax = f.Called, n.Service
	case "missed":
		f.End, f.Absences = Missed, 1
	default:
		f.End, f.Outcome = Closed, "cancelled"
	}
	s.fresh.Set(d.Visit+".0", f)
}

// withdrawn forgets a paper number that was entered wrongly.
func (s *State) withdrawn(d wire.VisitWithdrawn) {
	s.fresh.Delete(d.Visit + ".0")
	facts := s.packed.day(hall.Date(d.Day)).facts()
	rest := slices.DeleteFunc(slices.Clone(facts), func(f Fact) bool { return f.Paper && f.Ticket == d.Visit })
	if len(rest) < len(facts) {
		s.packed.set(hall.Date(d.Day), rest)
	}
}
