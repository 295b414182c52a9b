package register

import (
	"slices"

	"hallkeeper/hub/copies"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/personal"
	"hallkeeper/hub/queue"
)

// PersonalWorld is what personal data may know of what it is for.
func (s *State) PersonalWorld() personal.World {
	return personal.World{Ends: s.ends, Pictures: s.pictures}
}

// pictures are those of findings about a staff member, in the order of the findings. One that another finding needs is of two people, and goes with the first.
func (s *State) pictures(kind, id string) (hashes []string) {
	if kind != "staff" {
		return nil
	}
	for _, x := range s.Book.Inspections.All() {
		if x.Staff == id && x.Photo != "" && !slices.Contains(hashes, x.Photo) {
			hashes = append(hashes, x.Photo)
		}
	}
	return hashes
}

// ends tells whether what a key is for goes on, and where it does not, since when, if that is known.
func (s *State) ends(kind, id string, day hall.Date) (ended hall.Date, held *personal.Held) {
	switch kind {
	case "staff":
		x, ok := s.People.Staff.Get(id)
		if ok && x.Here(day) {
			return "", &personal.Held{ZH: "此人仍在大厅工作", EN: "this person works in the hall"}
		}
		return x.Departed(), nil
	case "account":
		if x, ok := s.Access.Accounts.Get(id); ok && !x.Disabled {
			return "", &personal.Held{ZH: "这个账号仍在使用，请先停用", EN: "this account is in use; end it first"}
		}
	case "case":
		if x, ok := s.Conduct.Cases.Get(id); ok && x.IsOpen() {
			return "", &personal.Held{ZH: "这件差评或投诉尚未办结", EN: "this case is open"}
		}
	case "appointment":
		if x, ok := s.Line.Bookings.Get(id); ok {
			if x.State == queue.BookingBooked && x.Day >= string(day) {
				return "", &personal.Held{ZH: "预约的时间还没有到", EN: "the appointment is still to come"}
			}
			return hall.Date(x.Day), nil
		}
	case "department":
		if x, ok := s.Copies.Mail.Get(id); ok && x.Address != nil {
			return "", &personal.Held{ZH: "这个邮箱仍用于抄送，请先清除", EN: "copies are sent to this address; clear it first"}
		}
	case "copy":
		if x, ok := s.Copies.Copies.Get(id); ok && x.State == copies.Waiting {
			return "", &personal.Held{ZH: "这份抄送尚未发出", EN: "this copy still waits"}
		}
	}
	return "", nil
}
