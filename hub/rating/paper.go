package rating

import (
	"slices"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// entered is a visit on paper that was entered afterwards (补录): presses that its
// window kept meanwhile are judged anew. Its times are to the minute, so that it
// lasts until its last minute is over.
func (s *State) entered(r *wire.Record, d wire.VisitEntered) {
	home := Place{hall.Date(d.Day), d.Window}
	if d.End != paperFinished || d.Called == nil || d.Window == "" || s.sheets.change(home).visit(d.Visit) != nil {
		return
	}
	s.note(d.Visit)
	department, _ := s.services.Get(d.Service)
	x := s.sheets.change(home)
	x.visits = append(x.visits, Visit{Place: home, ID: d.Visit, Service: d.Service, Department: department, Outcome: d.Outcome, Position: r.Position,
		Spans: []Span{{Window: d.Window, Staff: d.Staff, From: d.Called.UnixMilli(), Until: d.Ended.UnixMilli() + minute - 1}}})
	s.touch(home, x)
}

// paperFinished is the end of a paper number that was served.
const paperFinished = "finished"

// withdrawn takes one back that was entered wrongly; its presses are for no visit then.
func (s *State) withdrawn(d wire.VisitWithdrawn) {
	for _, window := range s.Windows(hall.Date(d.Day)) {
		place := Place{hall.Date(d.Day), window}
		if c := s.sheets.read(place); c == nil || c.visit(d.Visit) == nil {
			continue
		}
		x := s.sheets.change(place)
		x.visits = slices.DeleteFunc(x.visits, func(v Visit) bool { return v.ID == d.Visit })
		s.touch(place, x)
	}
}
