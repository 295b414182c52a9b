package api

import (
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
)

// MyHandover is a handover that a staff member signs, as the leaver or the successor (63号 第十二条(四)).
type MyHandover struct {
	// Staff leaves and Successor takes over; As is which of them the reader is.
	Staff     string `json:"staff"`
	Successor string `json:"successor"`
	As        string `json:"as"`
	// Name is the other one's.
	Name string `json:"name"`
	// On is the day of the approved change, if there is one.
	On string `json:"on,omitempty"`
	// Signed: the reader has signed; Complete: both have.
	Signed   bool `json:"signed,omitempty"`
	Complete bool `json:"complete,omitempty"`
}

// handovers are what somebody signs or has signed: of approved changes, and what was
// signed without one. Those whose leaver has gone are over.
func (a *API) handovers(v *register.View, me string) []MyHandover {
	p, today := &v.State.People, a.today()
	list := []MyHandover{}
	add := func(staff, successor, on string) {
		x := MyHandover{Staff: staff, Successor: successor, As: roster.AsLeaver, Name: a.nameOf(v, successor), On: on}
		if successor == me {
			x.As, x.Name = roster.AsSuccessor, a.nameOf(v, staff)
		}
		if h, _ := p.Handovers.Get(staff); h.Successor == successor {
			x.Complete = h.Complete()
			x.Signed = x.As == roster.AsLeaver && h.ByLeaver != nil || x.As == roster.AsSuccessor && h.BySuccessor != nil
		}
		list = append(list, x)
	}
	mine := func(staff, successor string) bool {
		s, ok := p.Staff.Get(staff)
		return ok && s.Here(today) && successor != "" && (staff == me || successor == me)
	}
	of := map[string]string{} // whose successor has been listed
	for _, c := range p.Changes.All() {
		s, _ := p.Staff.Get(c.Staff)
		if c.State == "approved" && hall.Date(c.AskedOn) >= s.Back() && mine(c.Staff, c.Successor) && of[c.Staff] != c.Successor {
			of[c.Staff] = c.Successor
			add(c.Staff, c.Successor, c.WantedOn)
		}
	}
	for _, h := range p.Handovers.All() {
		if mine(h.Staff, h.Successor) && of[h.Staff] != h.Successor {
			add(h.Staff, h.Successor, "")
		}
	}
	return list
}
