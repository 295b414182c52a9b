// Package statistics keeps what became of every ticket, for years, and counts it
// (统计): one small fact for each stay in a line, from which every figure is
// computed when it is asked for. So a percentile is one of the waits themselves,
// and every figure can be traced to its tickets and to the records of the log.
// It refuses to know satisfaction and who may see what.
//
// It is pure: Fold cannot fail.
package statistics

import (
	"encoding/json"
	"strconv"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// End is how a stay ended; empty is not yet.
type End string

// The ends of a stay. Transferred and a finished one with Next lead to another.
const (
	Open        End = ""
	Finished    End = "finished"
	Missed      End = "missed"
	Closed      End = "closed"
	Transferred End = "transferred"
)

// Fact is one stay of a ticket in the line of one service. A ticket that is sent
// on, or that has services to follow, has several. Times are in Unix seconds.
type Fact struct {
	Ticket  string `json:"t"`
	Number  string `json:"n"`
	Service string `json:"s"`
	Class   string `json:"c"`
	// Day is that of the ticket; Stay counts from 0.
	Day  hall.Date `json:"d"`
	Stay int       `json:"i,omitempty"`
	// Window and Staff are those of the last call.
	Window  string `json:"w,omitempty"`
	Staff   string `json:"p,omitempty"`
	End     End    `json:"e,omitempty"`
	Outcome string `json:"o,omitempty"`
	Mode    string `json:"m,omitempty"`
	// Next is true where a service followed.
	Next bool `json:"x,omitempty"`
	// Began is when it came into this line, Called its first call, Started and
	// Ended the visit's beginning and the end of the stay; 0 is never.
	Began   int64 `json:"b"`
	Called  int64 `json:"l,omitempty"`
	Started int64 `json:"a,omitempty"`
	Ended   int64 `json:"z,omitempty"`
	// Away is how many seconds of the visit the person was away, since AwayFrom.
	Away     int64 `json:"y,omitempty"`
	AwayFrom int64 `json:"f,omitempty"`
	// Paper is true of a paper number that was entered afterwards.
	Paper    bool `json:"k,omitempty"`
	Recalls  int  `json:"r,omitempty"`
	Absences int  `json:"g,omitempty"`
	Holds    int  `json:"h,omitempty"`
	// WaitMax and ServiceMax are the norms of the service at the call and at the start, in minutes; 0 is none.
	WaitMax    int `json:"u,omitempty"`
	ServiceMax int `json:"v,omitempty"`
	// First and Last are the positions of the records that began and ended it, Call that of the first call.
	First wire.Position `json:"1"`
	Call  wire.Position `json:"2,omitempty"`
	Last  wire.Position `json:"3,omitempty"`
}

// Waited is from the beginning to the first call; ok is false where nobody called.
func (f *Fact) Waited() (seconds int64, ok bool) { return max(f.Called-f.Began, 0), f.Called > 0 }

// Served is the time of a visit that is over, without that in which the person was away.
func (f *Fact) Served() (seconds int64, ok bool) {
	return max(f.Ended-f.Started-f.Away, 0), f.Started > 0 && f.Ended > 0
}

// direct is the rule of a call that was none, for whoever stood at the window without a ticket: nobody waited.
const direct = "direct"

// norms are those of a service in minutes.
type norms struct {
	Wait    int `json:"w,omitempty"`
	Service int `json:"s,omitempty"`
}

// State is the facts. The zero value is that of an empty log.
type State struct {
	norms hall.Table[norms]
	// open are the stays of tickets that are not over, by ticket.
	open hall.Table[Fact]
	// fresh are the stays of the newest day that ended, in order of their ends
	// within a ticket, and paper numbers that were entered since it began; those of days before are packed.
	fresh  hall.Table[Fact]
	packed packed
	newest hall.Table[hall.Date]
}

// Tables are what a view keeps.
func (s *State) Tables() hall.Tables {
	return hall.Tables{"norm": &s.norms, "open": &s.open, "fresh": &s.fresh, "counted": &s.packed.counted, "named": &s.packed.named, "newest": &s.newest}
}

// Fold applies a record and tells whether it was of the line.
func (s *State) Fold(r *wire.Record) bool {
	at := r.StoredAt.Unix()
	switch r.Kind {
	case wire.KindServiceSet:
		return with(r, func(d wire.ServiceSet) { s.norms.Set(d.Service, norms{d.WaitMax, d.ServiceMax}) })
	case wire.KindTicketIssued:
		return with(r, func(d wire.TicketIssued) { s.issued(r, d) })
	case wire.KindTicketCalled:
		return with(r, func(d wire.TicketCalled) { s.called(r, d) })
	case wire.KindTicketRecalled:
		return with(r, func(d wire.TicketRecalled) { s.change(d.Ticket, func(f *Fact) { f.Recalls++ }) })
	case wire.KindTicketHeld:
		return with(r, func(d wire.TicketHeld) {
			s.change(d.Ticket, func(f *Fact) { f.Holds, f.AwayFrom = f.Holds+1, at })
		})
	case wire.KindTicketResumed:
		return with(r, func(d wire.TicketResumed) {
			s.change(d.Ticket, func(f *Fact) { f.back(at); f.Window, f.Staff = d.Window, d.Staff })
		})
	case wire.KindVisitStarted:
		return with(r, func(d wire.VisitStarted) {
			s.change(d.Ticket, func(f *Fact) { f.Started, f.Away, f.ServiceMax = at, 0, s.norm(f.Service).Service })
		})
	case wire.KindVisitEntered:
		return with(r, func(d wire.VisitEntered) { s.entered(r, d) })
	case wire.KindVisitWithdrawn:
		return with(r, func(d wire.VisitWithdrawn) { s.withdrawn(d) })
	}
	return s.foldEnd(r)
}

// foldEnd applies the records that end a stay.
func (s *State) foldEnd(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindTicketMissed:
		return with(r, func(d wire.TicketMissed) {
			s.change(d.Ticket, func(f *Fact) { f.Absences++ })
			if !d.Back {
				s.end(r, d.Ticket, Missed, "", nil)
			}
		})
	case wire.KindTicketTransferred:
		return with(r, func(d wire.TicketTransferred) { s.end(r, d.Ticket, Transferred, d.Service, nil) })
	case wire.KindTicketClosed:
		return with(r, func(d wire.TicketClosed) {
			s.end(r, d.Ticket, Closed, "", func(f *Fact) { f.Outcome = d.Why })
		})
	case wire.KindVisitFinished:
		return with(r, func(d wire.VisitFinished) {
			told := func(f *Fact) { f.Mode, f.Outcome = d.Mode, d.Outcome }
			if d.Outcome == string(Transferred) { // the transfer itself follows
				s.change(d.Ticket, told)
				return
			}
			s.end(r, d.Ticket, Finished, d.Next, told)
		})
	}
	return false
}

func with[T any](r *wire.Record, use func(T)) bool {
	var d T
	if json.Unmarshal(r.Data, &d) == nil {
		use(d)
	}
	return true
}

func (s *State) norm(service string) norms {
	n, _ := s.norms.Get(service)
	return n
}

func (s *State) change(ticket string, change func(*Fact)) {
	if s.open.Has(ticket) {
		s.open.Change(ticket, change)
	}
}

// back ends an absence.
func (f *Fact) back(at int64) {
	if f.AwayFrom > 0 && f.Started > 0 {
		f.Away += max(at-f.AwayFrom, 0)
	}
	f.AwayFrom = 0
}

func (s *State) issued(r *wire.Record, d wire.TicketIssued) {
	day := hall.Date(d.Day)
	s.begin(day)
	began := r.StoredAt
	if d.At != nil && d.At.Before(began) {
		began = *d.At // drawn on paper before it was entered
	}
	s.open.Set(d.Ticket, Fact{Ticket: d.Ticket, Number: d.Number, Service: d.Service, Class: d.Class, Day: day, Began: began.Unix(), First: r.Position})
}

// begin packs what is older once a later day has begun.
func (s *State) begin(day hall.Date) {
	if last, _ := s.newest.Get("day"); day > last {
		s.pack(day)
		s.newest.Set("day", day)
	}
}

func (s *State) called(r *wire.Record, d wire.TicketCalled) {
	s.change(d.Ticket, func(f *Fact) {
		f.Window, f.Staff = d.Window, d.Staff
		if f.Called == 0 && d.Rule != direct {
			f.Called, f.Call, f.WaitMax = r.StoredAt.Unix(), r.Position, s.norm(f.Service).Wait
		}
	})
}

// end ends a ticket's stay; next is the service that it waits for from now on, if any.
func (s *State) end(r *wire.Record, ticket string, how End, next string, told func(*Fact)) {
	f, ok := s.open.Get(ticket)
	if !ok {
		return
	}
	at := r.StoredAt.Unix()
	f.back(at)
	f.End, f.Ended, f.Last, f.Next = how, at, r.Position, next != "" && how == Finished
	if told != nil {
		told(&f)
	}
	s.keep(f)
	if next == "" {
		s.open.Delete(ticket)
		return
	}
	s.open.Set(ticket, Fact{Ticket: ticket, Number: f.Number, Service: next, Class: f.Class, Day: f.Day, Stay: f.Stay + 1, Began: at, First: r.Position})
}

func (s *State) keep(f Fact) {
	if last, _ := s.newest.Get("day"); f.Day < last {
		s.packed.add(f.Day, f)
		return
	}
	s.fresh.Set(f.Ticket+"."+strconv.Itoa(f.Stay), f)
}

// pack compresses the fresh facts once a later day has begun.
func (s *State) pack(day hall.Date) {
	byDay, ids := map[hall.Date][]Fact{}, []string{}
	for id, f := range s.fresh.All() {
		if f.Day < day {
			byDay[f.Day] = append(byDay[f.Day], f)
			ids = append(ids, id)
		}
	}
	for d, facts := range byDay {
		s.packed.add(d, facts...)
	}
	for _, id := range ids {
		s.fresh.Delete(id)
	}
}

// Knows tells whether there ever was a service.
func (s *State) Knows(service string) bool { return s.norms.Has(service) }
