package queue

import (
	"testing"

	"hallkeeper/wire"
)

// booking is a line whose service a can be booked at 09:30 and 10:00, for two each.
func booking(t *testing.T) *line {
	l := newLine(t)
	l.must(t, SetService{Service: "a", Name: "婚姻登记", Department: "civil", Prefix: "A", Windows: []string{"w1", "w2"},
		Slots: []wire.BookingSlot{{From: "10:00", Until: "10:30", Capacity: 2}, {From: "09:30", Until: "10:00", Capacity: 2}}})
	return l
}

func (l *line) book(t *testing.T, day, from, citizen string) wire.AppointmentBooked {
	t.Helper()
	return l.must(t, Book{Service: "a", Day: day, From: from, Citizen: citizen})[0].(wire.AppointmentBooked)
}

func TestBooking(t *testing.T) {
	l := booking(t)
	l.book(t, "2026-11-24", "09:30", "x")
	refusal := func(what, want string, c Command) {
		t.Helper()
		if _, err := l.do(t, c); refused(t, err) != want {
			t.Errorf("%s: %v, want %s", what, err, want)
		}
	}
	refusal("twice for one citizen", "booked_twice", Book{Service: "a", Day: "2026-11-24", From: "10:00", Citizen: "x"})
	l.book(t, "2026-11-24", "09:30", "y")
	refusal("a full slot", "slot_full", Book{Service: "a", Day: "2026-11-24", From: "09:30"})
	if s := l.Slots(l.hall, "a", "2026-11-24"); len(s) != 2 || s[0].From != "09:30" || s[0].Free != 0 || s[1].Free != 2 {
		t.Errorf("the slots are %v", s)
	}
	refusal("no such slot", "fields_invalid", Book{Service: "a", Day: "2026-11-24", From: "11:00"})
	refusal("a Sunday", "fields_invalid", Book{Service: "a", Day: "2026-11-29", From: "09:30"})
	refusal("yesterday", "fields_invalid", Book{Service: "a", Day: "2026-11-22", From: "09:30"})
	refusal("too far ahead", "fields_invalid", Book{Service: "a", Day: "2026-12-21", From: "09:30"})
	l.at("2026-11-23 09:30")
	refusal("a slot that has begun", "slot_begun", Book{Service: "a", Day: "2026-11-23", From: "09:30"})
	l.book(t, "2026-11-23", "10:00", "")
	refusal("a service with appointments is taken off", "service_in_use", RemoveService{"a"})
	l.same(t)
}

func TestCheckingIn(t *testing.T) {
	l := booking(t)
	first, second := l.book(t, "2026-11-23", "09:30", ""), l.book(t, "2026-11-23", "10:00", "")
	gone, late := l.book(t, "2026-11-23", "10:00", ""), l.book(t, "2026-11-23", "09:30", "z")
	tomorrow := l.book(t, "2026-11-24", "09:30", "")
	l.must(t, CancelBooking{gone.Code})
	check := func(at, code, want string) {
		t.Helper()
		l.at("2026-11-23 " + at)
		if _, err := l.do(t, CheckIn{Code: code}); refused(t, err) != want {
			t.Errorf("checking %s in at %s: %v, want %s", code, at, err, want)
		}
	}
	check("09:10", "abc", "appointment_unknown")
	check("09:10", tomorrow.Code, "appointment_early")
	check("09:10", second.Code, "appointment_early")
	check("09:10", gone.Code, "appointment_cancelled")
	check("09:10", first.Code, "")
	check("09:10", first.Code, "appointment_arrived")
	check("09:40", second.Code, "")
	check("10:15", late.Code, "appointment_late")
	l.must(t, EndDay{})
	if b, _ := l.Bookings.Get(late.Appointment); b.State != BookingMissed {
		t.Errorf("who did not come is %s", b.State)
	}
	l.same(t)
}

func TestAppointmentsHaveTheirTurn(t *testing.T) {
	l := booking(t)
	first := l.book(t, "2026-11-23", "09:30", "")
	l.take(t, "a", "")
	l.at("2026-11-23 09:10")
	l.must(t, CheckIn{Code: first.Code})
	l.take(t, "a", "")
	l.take(t, "a", "")
	if got := l.call(t, "w1"); got != "A001 first" {
		t.Errorf("before the time of the appointment %s is called", got)
	}
	l.at("2026-11-23 09:30")
	if got := l.call(t, "w2"); got != "A002 first" {
		t.Errorf("at its time %s is called", got)
	}
	l.must(t, Start{Window: "w2"})
	l.must(t, Finish{Window: "w2"})
	second := l.book(t, "2026-11-23", "10:00", "")
	l.at("2026-11-23 09:45")
	l.must(t, CheckIn{Code: second.Code})
	l.serve(t, "w2")
	l.must(t, NoShow{"w1"})
	l.at("2026-11-23 10:00")
	made := l.must(t, CallNext{"w2"})[0].(wire.TicketCalled)
	if made.Rule != RuleAppointment || made.Slot != "10:00" {
		t.Errorf("called %s by %s %s", made.Number, made.Rule, made.Slot)
	}
	l.same(t)
}

func TestAnEarlyAppointmentGoesWhereNobodyWaits(t *testing.T) {
	l := booking(t)
	first := l.book(t, "2026-11-23", "09:30", "")
	l.must(t, CheckIn{Code: first.Code})
	if got := l.call(t, "w1"); got != "A001 appointment_early" {
		t.Errorf("called is %s", got)
	}
}

func TestWhoMissesAppointmentsIsBarred(t *testing.T) {
	l := booking(t)
	for _, day := range []string{"2026-11-23", "2026-11-24", "2026-11-25"} {
		l.at(day + " 08:00")
		l.book(t, day, "09:30", "x")
		l.at(day + " 18:00")
		l.must(t, EndDay{})
	}
	if _, err := l.do(t, Book{Service: "a", Day: "2026-11-26", From: "09:30", Citizen: "x"}); refused(t, err) != "booking_barred" {
		t.Errorf("booked again: %v", err)
	}
	l.at("2027-02-22 08:00")
	l.book(t, "2027-02-23", "09:30", "x")
	l.same(t)
}
