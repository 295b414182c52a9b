package queue

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// Command is a command about the line.
type Command interface {
	DecideLine(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error)
}

// The commands of services and of the line.
type (
	// SetService adds a service or changes it.
	SetService wire.ServiceSet
	// RemoveService takes a service off that nobody waits for.
	RemoveService wire.ServiceRemoved
	// Take takes a ticket.
	Take struct {
		Service string   `json:"service"`
		Class   string   `json:"class,omitempty"`
		Then    []string `json:"then,omitempty"`
		// Citizen is the keyed hash of an ID or phone number, where limits ask for one.
		Citizen string `json:"citizen,omitempty"`
		// Kiosk is the device that prints it; empty is none.
		Kiosk string `json:"kiosk,omitempty"`
		// Absent are windows whose staff is not there now: nobody waits for them.
		Absent []string `json:"-"`
	}
	// Drop ends a ticket that was not served: cancelled or never_received.
	Drop wire.TicketClosed
)

const maxThen = 5

// DecideLine decides; see Command.
func (c SetService) DecideLine(s *State, h roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.ID("id", c.Service)
	bad.Words("name", &c.Name, 1, 40)
	bad.Known("department", c.Department, h.People.Departments.Has(c.Department))
	if !prefixForm().MatchString(c.Prefix) {
		bad.Add("prefix", "characters", "应为一至三个大写字母", "must be one to three capital letters")
	}
	for id, other := range s.Services.All() {
		if id != c.Service && other.Prefix == c.Prefix {
			bad.Add("prefix", "taken", "“"+other.Name+"”已使用这个字头", "service "+id+" has that prefix")
		}
	}
	for i, w := range c.Windows {
		_, known := h.Windows.Windows[w]
		bad.Known("windows", w, known)
		if slices.Index(c.Windows, w) < i {
			bad.Add("windows", "twice", "“"+w+"”重复", w+" is named twice")
		}
	}
	texts(&bad, "words", c.Words, 20)
	texts(&bad, "documents", c.Documents, 30)
	bad.Words("sample", &c.Sample, 0, 200)
	bad.Words("limit", &c.Limit, 0, 100)
	bad.Words("fee", &c.Fee, 0, 100)
	checkSlots(&bad, c.Slots)
	for name, n := range map[string]int{"wait_max": c.WaitMax, "service_max": c.ServiceMax} {
		if n < 0 || n > 24*60 {
			bad.Add(name, "range", "应为 0 到 1440 分钟", "must be 0 to 1440 minutes")
		}
	}
	for name, n := range map[string]int{"promised_days": c.PromisedDays, "legal_days": c.LegalDays} {
		if n < 0 || n > 1000 {
			bad.Add(name, "range", "应为 0 到 1000 个工作日", "must be 0 to 1000 working days")
		}
	}
	if c.LegalDays > 0 && c.PromisedDays > c.LegalDays {
		bad.Add("promised_days", "range", "承诺时限不能超过法定时限", "must not be longer than the legal limit")
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if len(c.Windows) == 0 {
		if err := s.unused(c.Service); err != nil {
			return nil, err
		}
	}
	return one(wire.KindServiceSet, wire.ServiceSet(c)), nil
}

// maxSlots is how many times a service can have.
const maxSlots = 60

// checkSlots checks the times that can be booked: in order of the clock, none over another.
func checkSlots(bad *hall.Checks, slots []wire.BookingSlot) {
	if len(slots) > maxSlots {
		bad.Add("slots", "too_many", fmt.Sprintf("最多 %d 个时段", maxSlots), fmt.Sprintf("may be %d at most", maxSlots))
		return
	}
	for i, x := range slots {
		row := strconv.Itoa(i + 1)
		from, ok1 := hall.ParseMinute(x.From)
		until, ok2 := hall.ParseMinute(x.Until)
		switch {
		case !ok1 || !ok2 || from >= until:
			bad.Add("slots", "time", "第 "+row+" 个时段的起止时间不对，应如 09:00 至 10:00", "slot "+row+": its times must be like 09:00 to 10:00")
			return
		case x.Capacity < 1 || x.Capacity > 999:
			bad.Add("slots", "capacity", "第 "+row+" 个时段的人数应为 1 到 999", "slot "+row+": its capacity must be 1 to 999")
			return
		case slices.ContainsFunc(x.Weekdays, func(d int) bool { return d < 1 || d > 7 }):
			bad.Add("slots", "weekdays", "第 "+row+" 个时段的星期应为 1 到 7", "slot "+row+": weekdays must be 1 (Monday) to 7")
			return
		}
		for j, y := range slots[:i] {
			if x.From < y.Until && y.From < x.Until && sharesDay(x.Weekdays, y.Weekdays) {
				bad.Add("slots", "overlap", fmt.Sprintf("第 %d 个与第 %d 个时段重叠", j+1, i+1), fmt.Sprintf("slots %d and %d overlap", j+1, i+1))
				return
			}
		}
	}
}

// sharesDay tells whether two slots are on a day in common; no weekdays are all.
func sharesDay(a, b []int) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(d int) bool { return slices.Contains(b, d) })
}

// unused refuses where somebody still needs a service.
func (s *State) unused(service string) error {
	for _, t := range s.Tickets.Each() {
		if !t.Stage.Ended() && (t.Service == service || slices.Contains(t.Then, service)) {
			return hall.Refuse("service_in_use", "还有人在等候这项业务", "people still wait for this service")
		}
	}
	for _, b := range s.Bookings.Each() {
		if b.State == BookingBooked && b.Service == service {
			return hall.Refuse("service_in_use", "这项业务还有未到的预约", "there are appointments for this service")
		}
	}
	return nil
}

func prefixForm() *regexp.Regexp { return regexp.MustCompile(`^[A-Z]{1,3}$`) }

func texts(bad *hall.Checks, name string, list []string, most int) {
	if len(list) > most {
		bad.Add(name, "too_many", fmt.Sprintf("最多 %d 项", most), fmt.Sprintf("may be %d at most", most))
	}
	for i := range list {
		bad.Words(name, &list[i], 1, 60)
	}
}

// DecideLine decides; see Command.
func (c RemoveService) DecideLine(s *State, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	if !s.Services.Has(c.Service) {
		return nil, unknown("service", "业务", c.Service)
	}
	if err := s.unused(c.Service); err != nil {
		return nil, err
	}
	return one(wire.KindServiceRemoved, wire.ServiceRemoved(c)), nil
}

// DecideLine decides; see Command.
func (c Take) DecideLine(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	if c.Class == "" {
		c.Class = Ordinary
	}
	var bad hall.Checks
	bad.Choice("class", c.Class, Classes()...)
	bad.Known("service", c.Service, s.Services.Has(c.Service))
	printing(&bad, h, c.Kiosk)
	for _, then := range c.Then {
		bad.Known("then", then, s.Services.Has(then))
	}
	if len(c.Then) > maxThen {
		bad.Add("then", "too_many", fmt.Sprintf("最多 %d 项", maxThen), fmt.Sprintf("may be %d at most", maxThen))
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	for _, id := range append([]string{c.Service}, c.Then...) {
		if d, _ := s.Services.Get(id); len(d.Windows) == 0 {
			return nil, unserved(d)
		}
	}
	if err := taking(h, m); err != nil {
		return nil, err
	}
	if err := s.limited(h, c.Citizen, m); err != nil {
		return nil, err
	}
	d, _ := s.Services.Get(c.Service)
	number, day, place := s.next(d.Prefix, m.Day)
	t := wire.TicketIssued{Ticket: m.ID, Number: number, Service: c.Service, Class: c.Class, Day: string(day), Place: place, Then: c.Then, Citizen: c.Citizen, Kiosk: c.Kiosk}
	t.Wait = s.expected(h, m, t, c.Absent)
	return one(wire.KindTicketIssued, t), nil
}

// printing refuses a device that the hall does not know.
func printing(bad *hall.Checks, h roster.Hall, kiosk string) {
	d, known := h.Windows.Devices[kiosk]
	bad.Known("kiosk", kiosk, kiosk == "" || known && d.Assignment != wire.DeviceNotOurs)
}

func unserved(d wire.ServiceSet) *hall.Error {
	return hall.Refuse("service_unserved", "“"+d.Name+"”暂无窗口办理，请到咨询台", "no window serves "+d.Name+"; please ask at the information desk")
}

// DecideLine decides; see Command.
func (c Drop) DecideLine(s *State, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	t, ok := s.Tickets.Get(c.Ticket)
	var bad hall.Checks
	bad.Choice("why", c.Why, "cancelled", "never_received")
	switch {
	case !ok:
		return nil, unknown("ticket", "号票", c.Ticket)
	case len(bad) > 0:
		return nil, bad.Err()
	case t.Stage.Ended():
		return nil, nil
	case t.Stage == Serving:
		return nil, hall.Refuse("ticket_serving", t.Number+" 正在办理", t.Number+" is being served")
	}
	return one(wire.KindTicketClosed, wire.TicketClosed(c)), nil
}

func one(kind wire.Kind, data any) []hall.Draft { return []hall.Draft{{Kind: kind, Data: data}} }

func unknown(name, zh, id string) *hall.Error {
	id = id[:min(len(id), 64)]
	return hall.Unknown(name+"_unknown", "没有"+zh+"“"+id+"”", "there is no "+name+" "+id)
}

// value is a parameter of today.
func value(h roster.Hall, name string, m hall.Moment) int {
	p, _ := h.Policy.On(name, m.Day)
	return int(p.Value)
}

// seconds is a parameter of today in seconds.
func seconds(h roster.Hall, name string, m hall.Moment) time.Duration {
	return time.Duration(value(h, name, m)) * time.Second
}
