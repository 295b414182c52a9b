package queue

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// Booked is one appointment (预约).
type Booked struct {
	wire.AppointmentBooked
	// State is booked, arrived, cancelled or missed.
	State string `json:"state"`
	// Ticket is the one that it was checked in for.
	Ticket string `json:"ticket,omitempty"`
	// Person is sealed: the name that was given.
	Person *wire.Sealed `json:"person,omitempty"`
}

// The states of an appointment.
const (
	BookingBooked    = "booked"
	BookingArrived   = "arrived"
	BookingCancelled = "cancelled"
	BookingMissed    = "missed"
)

// The commands of appointments.
type (
	// Book books a slot.
	Book struct {
		Service string `json:"service"`
		Day     string `json:"day"`
		// From is the beginning of the slot, hh:mm.
		From string `json:"from"`
		Name string `json:"name,omitempty"`
		// Citizen is the keyed hash of an ID or phone number.
		Citizen string `json:"citizen,omitempty"`
	}
	// CancelBooking ends an appointment that nobody came for.
	CancelBooking struct {
		Code string `json:"code"`
	}
	// CheckIn takes the ticket of an appointment whose citizen has come (签到).
	CheckIn struct {
		Code  string `json:"code"`
		Kiosk string `json:"kiosk,omitempty"`
		// Service, where it is said, must be that of the appointment.
		Service string `json:"service,omitempty"`
		// Absent is as in Take.
		Absent []string `json:"-"`
	}
)

// FreeSlot is a slot on a day, with how many can still book it.
type FreeSlot struct {
	From     string `json:"from"`
	Until    string `json:"until"`
	Capacity int    `json:"capacity"`
	Free     int    `json:"free"`
}

// Slots gives the slots of a service on a day, by time; none where the hall does not work.
func (s *State) Slots(h roster.Hall, service string, day hall.Date) []FreeSlot {
	d, ok := s.Services.Get(service)
	slots := []FreeSlot{}
	if !ok || !h.Policy.Calendar().IsWorkday(day) {
		return slots
	}
	weekday := int(day.Weekday()+6)%7 + 1 // Monday is 1
	for _, x := range d.Slots {
		if len(x.Weekdays) == 0 || slices.Contains(x.Weekdays, weekday) {
			slots = append(slots, FreeSlot{x.From, x.Until, x.Capacity, x.Capacity})
		}
	}
	slices.SortFunc(slots, func(a, b FreeSlot) int { return cmp.Compare(a.From, b.From) })
	for _, b := range s.Bookings.Each() {
		if b.Service != service || b.Day != string(day) || b.State == BookingCancelled {
			continue
		}
		if i := slices.IndexFunc(slots, func(x FreeSlot) bool { return x.From == b.From }); i >= 0 {
			slots[i].Free = max(0, slots[i].Free-1)
		}
	}
	return slots
}

// DecideLine decides; see Command.
func (c Book) DecideLine(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Known("service", c.Service, s.Services.Has(c.Service))
	bad.Date("day", c.Day, true)
	bad.Words("name", &c.Name, 0, 40)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	day := hall.Date(c.Day)
	if last := m.Day.AddDays(value(h, "booking_days", m)); day < m.Day || day > last {
		return nil, hall.Invalid(hall.Field{Name: "day", Code: "range", ZH: fmt.Sprintf("只能预约 %s 至 %s", m.Day, last), EN: fmt.Sprintf("must be from %s to %s", m.Day, last)})
	}
	slots := s.Slots(h, c.Service, day)
	i := slices.IndexFunc(slots, func(x FreeSlot) bool { return x.From == c.From })
	switch {
	case i < 0:
		return nil, hall.Invalid(hall.Field{Name: "from", Code: "unknown", ZH: "这一天没有这个预约时段", EN: "there is no such slot on that day"})
	case day == m.Day && m.Now.In(m.Zone).Format("15:04") >= c.From:
		return nil, hall.Refuse("slot_begun", "这个时段已经开始，请直接取号", "that slot has begun; please take a ticket")
	case slots[i].Free == 0:
		return nil, hall.Refuse("slot_full", "这个时段已约满，请选择其他时段", "that slot is full; please choose another")
	}
	if err := s.mayBook(h, &c, m); err != nil {
		return nil, err
	}
	d := wire.AppointmentBooked{Appointment: m.ID, Code: s.code(m.ID), Service: c.Service, Day: c.Day, From: c.From, Until: slots[i].Until, Citizen: c.Citizen}
	draft := hall.Draft{Kind: wire.KindAppointmentBooked, Data: d}
	if c.Name != "" {
		draft.Person, draft.Personal = "appointment-"+m.ID, map[string]string{"name": c.Name}
	}
	return []hall.Draft{draft}, nil
}

// mayBook refuses a second appointment of a citizen for the same service and day,
// and one of somebody who has missed too many.
func (s *State) mayBook(h roster.Hall, c *Book, m hall.Moment) error {
	if c.Citizen == "" {
		return nil
	}
	for _, b := range s.Bookings.Each() {
		if b.Citizen == c.Citizen && b.Service == c.Service && b.Day == c.Day && b.State == BookingBooked {
			return hall.Refuse("booked_twice", "您当天已预约这项业务，预约码为 "+b.Code, "you have an appointment for it on that day: code "+b.Code)
		}
	}
	most := value(h, "booking_strikes", m)
	since := m.Day.AddDays(-value(h, "booking_strike_days", m))
	missed := 0
	days, _ := s.strikes.Get(c.Citizen)
	for _, day := range days {
		if day >= since {
			missed++
		}
	}
	if most > 0 && missed >= most {
		return hall.Refuse("booking_barred", fmt.Sprintf("您近期已爽约 %d 次，暂不能预约，请到现场取号", missed), fmt.Sprintf("%d appointments were missed lately; please take a ticket in the hall", missed))
	}
	return nil
}

// code makes six digits that no open appointment has.
func (s *State) code(id string) string {
	used := map[string]bool{}
	for _, b := range s.Bookings.Each() {
		used[b.Code] = true
	}
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(id))
	for n := sum.Sum32(); ; n++ {
		if code := fmt.Sprintf("%06d", n%1_000_000); !used[code] {
			return code
		}
	}
}

// booked gives the appointment of a code.
func (s *State) booked(code string) (Booked, error) {
	for _, b := range s.Bookings.Each() {
		if b.Code == code {
			return b, nil
		}
	}
	return Booked{}, unknown("appointment", "预约码", code)
}

// DecideLine decides; see Command.
func (c CancelBooking) DecideLine(s *State, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	b, err := s.booked(c.Code)
	if err != nil {
		return nil, err
	}
	switch b.State {
	case BookingCancelled:
		return nil, nil
	case BookingBooked:
		return one(wire.KindAppointmentCancelled, wire.AppointmentCancelled{Appointment: b.Appointment}), nil
	}
	return nil, b.past()
}

// past refuses what can no longer be done to an appointment.
func (b *Booked) past() error {
	if b.State == BookingArrived {
		return hall.Refuse("appointment_arrived", "这个预约已经签到", "this appointment was checked in already")
	}
	if b.State == BookingCancelled {
		return hall.Refuse("appointment_cancelled", "这个预约已取消，请直接取号", "this appointment was cancelled; please take a ticket")
	}
	return hall.Refuse("appointment_late", "预约时间已过，请直接取号", "the time of this appointment is over; please take a ticket")
}

// DecideLine decides; see Command.
func (c CheckIn) DecideLine(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	b, err := s.booked(c.Code)
	if err != nil {
		return nil, err
	}
	var bad hall.Checks
	if c.Service != "" && c.Service != b.Service {
		bad.Add("service", "other", "预约的不是这项业务", "the appointment is for another service")
	}
	if printing(&bad, h, c.Kiosk); len(bad) > 0 {
		return nil, bad.Err()
	}
	early := value(h, "booking_early", m)
	opens, _ := hall.ParseMinute(b.From)
	switch at := hall.MinuteOf(m.Now, hall.Date(b.Day), m.Zone); {
	case b.State != BookingBooked || s.late(h, &b, m):
		return nil, b.past()
	case b.Day > string(m.Day):
		return nil, hall.Refuse("appointment_early", "预约在 "+b.Day+" "+b.From, "the appointment is on "+b.Day+" at "+b.From)
	case at < opens-hall.Minute(early):
		return nil, hall.Refuse("appointment_early", fmt.Sprintf("预约在 %s，提前 %d 分钟起可以签到", b.From, early), fmt.Sprintf("the appointment is at %s; check in from %d minutes before", b.From, early))
	}
	d, _ := s.Services.Get(b.Service)
	if len(d.Windows) == 0 {
		return nil, unserved(d)
	}
	number, day, place := s.next(d.Prefix, m.Day)
	t := wire.TicketIssued{Ticket: m.ID, Number: number, Service: b.Service, Class: Appointment, Day: string(day), Place: place,
		Appointment: b.Appointment, Slot: b.From, Citizen: b.Citizen, Kiosk: c.Kiosk}
	t.Wait = s.expected(h, m, t, c.Absent)
	return one(wire.KindTicketIssued, t), nil
}

// late tells whether nobody can check in for an appointment any more.
func (s *State) late(h roster.Hall, b *Booked, m hall.Moment) bool {
	until, _ := hall.ParseMinute(b.Until)
	return hall.MinuteOf(m.Now, hall.Date(b.Day), m.Zone) >= until+hall.Minute(value(h, "booking_late", m))
}

// missedBookings marks the appointments whose time went by.
func (s *State) missedBookings(h roster.Hall, m hall.Moment) []hall.Draft {
	var late []string
	for id, b := range s.Bookings.Each() {
		if b.State == BookingBooked && s.late(h, &b, m) {
			late = append(late, id)
		}
	}
	slices.Sort(late)
	var drafts []hall.Draft
	for _, id := range late {
		drafts = append(drafts, one(wire.KindAppointmentMissed, wire.AppointmentMissed{Appointment: id})...)
	}
	return drafts
}

// keptStrikes is how many missed appointments of a citizen are remembered.
const keptStrikes = 10

// foldBooking applies a record of an appointment.
func (s *State) foldBooking(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindAppointmentBooked:
		return with(r, func(d wire.AppointmentBooked) {
			s.forgetBookings(r)
			b := Booked{AppointmentBooked: d, State: BookingBooked}
			if len(r.Personal) > 0 {
				b.Person = &r.Personal[0]
			}
			s.Bookings.Set(d.Appointment, b)
		})
	case wire.KindAppointmentCancelled:
		return with(r, func(d wire.AppointmentCancelled) {
			s.booking(d.Appointment, func(b *Booked) { b.State = BookingCancelled })
		})
	case wire.KindAppointmentMissed:
		return with(r, func(d wire.AppointmentMissed) {
			s.booking(d.Appointment, func(b *Booked) {
				b.State = BookingMissed
				if b.Citizen != "" {
					s.strikes.Change(b.Citizen, func(days *[]hall.Date) {
						all := append(slices.Clone(*days), hall.Date(b.Day))
						*days = all[max(0, len(all)-keptStrikes):]
					})
				}
			})
		})
	}
	return false
}

func (s *State) booking(id string, change func(*Booked)) {
	if s.Bookings.Has(id) {
		s.Bookings.Change(id, change)
	}
}

// forgetBookings drops appointments that are over since more than a week: they are in the log.
func (s *State) forgetBookings(r *wire.Record) {
	before := hall.DateOf(r.StoredAt.AddDate(0, 0, -7), time.UTC)
	var old []string
	for id, b := range s.Bookings.Each() {
		if b.State != BookingBooked && hall.Date(b.Day) < before {
			old = append(old, id)
		}
	}
	slices.Sort(old)
	for _, id := range old {
		s.Bookings.Delete(id)
	}
}
