package register

import (
	"encoding/json"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// touched gives the days that a change of master data or policy may change: from
// the first on which it holds, until it no longer does.
func touched(r *wire.Record) (from, until hall.Date) {
	today := hall.DateOf(r.At, r.At.Location())
	var d struct {
		From  hall.Date `json:"from"`
		Until hall.Date `json:"until"`
		Date  hall.Date `json:"date"`
		On    hall.Date `json:"on"`
		Year  int       `json:"year"`
	}
	if json.Unmarshal(r.Data, &d) != nil {
		return "", ""
	}
	switch r.Kind {
	case wire.KindStaffPosted, wire.KindStaffDeparted, wire.KindCardIssued, wire.KindShiftAssigned, wire.KindAssignmentAccepted, wire.KindPolicyAdopted:
		return d.From, end
	case wire.KindParameterSet:
		if d.Until != "" {
			return d.From, d.Until
		}
		return d.From, end
	case wire.KindStaffReturned:
		return d.On, end
	case wire.KindCalendarClosed, wire.KindCalendarReopened:
		return d.Date, d.Date
	case wire.KindCalendarPublished:
		if d.Year < 1 || d.Year > 9999 {
			return "", ""
		}

		return hall.Date(pad(d.Year) + "-01-01"), hall.Date(pad(d.Year) + "-12-31")
	case wire.KindStaffSet, wire.KindPostSet, wire.KindPostRemoved, wire.KindShiftSet, wire.KindShiftRemoved, wire.KindCardLost,
		wire.KindDeviceAssigned, wire.KindDeviceDismissed, wire.KindWindowRemoved:
		return today, end
	}
	return "", ""
}

func pad(year int) string {
	b := []byte("0000")
	for i := 3; year > 0; i, year = i-1, year/10 {
		b[i] = byte('0' + year%10)
	}
	return string(b)
}
