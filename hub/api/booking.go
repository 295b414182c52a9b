package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"hallkeeper/hub/access"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/queue"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// The answers about appointments and notices.
type (
	// SlotList is what can be booked of a service on a day; none on a day that the hall does not work.
	SlotList struct {
		Day   string           `json:"day"`
		Slots []queue.FreeSlot `json:"slots"`
	}
	// AppointmentRow is one appointment.
	AppointmentRow struct {
		Appointment string `json:"appointment"`
		// Code is what the citizen shows at the kiosk.
		Code    string `json:"code"`
		Service string `json:"service"`
		Day     string `json:"day"`
		From    string `json:"from"`
		Until   string `json:"until"`
		// State is booked, arrived, cancelled or missed.
		State  string `json:"state"`
		Ticket string `json:"ticket,omitempty"`
		Name   string `json:"name,omitempty"`
	}
	// AppointmentList is the appointments of a day, by time.
	AppointmentList struct {
		Day          string           `json:"day"`
		Appointments []AppointmentRow `json:"appointments"`
	}
	// NewAppointment is an appointment that was booked, with its event.
	NewAppointment struct {
		AppointmentRow
		Events []Made `json:"events"`
	}
	// NoticeList is what is said to the hall now.
	NoticeList struct {
		Notices []wire.LiveNotice `json:"notices"`
		// Phrases are those that screens can speak.
		Phrases []string `json:"phrases"`
	}
	checkInBody struct {
		Kiosk string `json:"kiosk,omitempty"`
	}
)

func (a *API) bookingRoutes() []route {
	id, code, notice := in("id", "业务编号", "the service's id"), in("code", "预约码", "the appointment's code"), in("id", "通知编号", "the notice's id")
	day := query("day", "日期 yyyy-mm-dd，默认今天", "the day, yyyy-mm-dd, today by default")
	book := a.change(access.Take, "POST", "appointments", "预约", "book a slot", queue.Book{}, a.bookSlot, []string{"slot_begun", "slot_full", "booked_twice", "booking_barred"})
	book.answer, book.status = NewAppointment{}, http.StatusCreated
	arrive := a.change(access.Take, "POST", "appointments/{code}/check-in", "预约签到，取预约号", "take the ticket of an appointment", checkInBody{}, a.checkIn,
		[]string{"appointment_unknown", "appointment_early", "appointment_late", "appointment_cancelled", "appointment_arrived", "service_unserved"}, code)
	arrive.answer, arrive.status = Taken{}, http.StatusCreated
	return []route{
		read(access.Anybody, v1+"services/{id}/slots", "可预约的时段", "what can be booked", SlotList{}, a.getSlots, id, day),
		read(access.Watch, v1+"appointments", "某日的预约", "the appointments of a day", AppointmentList{}, a.getAppointments, day),
		book, arrive,
		a.change(access.Take, "POST", "appointments/{code}/cancel", "取消预约", "cancel an appointment", emptyBody{},
			makes(wire.KindAppointmentCancelled, enter(func(r *http.Request, c *queue.CancelBooking) { c.Code = r.PathValue("code") })), []string{"appointment_unknown", "appointment_arrived", "appointment_late"}, code),
		read(access.Anybody, v1+"notices", "大厅通知", "what is said to the hall", NoticeList{}, a.getNotices),
		a.change(access.Decide, "POST", "notices", "发布大厅通知", "say something to the whole hall", queue.PostNotice{}, enter[queue.PostNotice](nil), []string{"notices_full"}),
		a.change(access.Decide, "DELETE", "notices/{id}", "撤下大厅通知", "end a notice", nil,
			enter(func(r *http.Request, c *queue.RemoveNotice) { c.Notice = r.PathValue("id") }), []string{"notice_unknown"}, notice),
		a.change(access.Decide, "POST", "line/keep", "紧急情况：今天未办的号保留过夜", "keep the line overnight, in an emergency", queue.KeepLine{}, makes(wire.KindLineKept, enter[queue.KeepLine](nil)), nil),
	}
}

// dayOf reads ?day=; today where it is not said.
func (a *API) dayOf(r *http.Request) (hall.Date, error) {
	day := hall.Date(r.URL.Query().Get("day"))
	if day == "" {
		return a.today(), nil
	}
	if !day.Valid() {
		return "", wrong(field{"day", "date", text{"应为 yyyy-mm-dd", "must be yyyy-mm-dd"}})
	}
	return day, nil
}

func (a *API) getSlots(w http.ResponseWriter, r *http.Request) error {
	day, err := a.dayOf(r)
	if err != nil {
		return err
	}
	list, known := SlotList{Day: string(day)}, false
	a.Register.Read(func(v *register.View, windows *roster.State) {
		known = v.State.Line.Services.Has(r.PathValue("id"))
		list.Slots = v.State.Line.Slots(v.State.Hall(windows), r.PathValue("id"), day)
	})
	if !known {
		return hall.Unknown("service_unknown", "没有这项业务", "there is no such service")
	}
	return sendJSON(w, r, list)
}

func (a *API) getAppointments(w http.ResponseWriter, r *http.Request) error {
	day, err := a.dayOf(r)
	if err != nil {
		return err
	}
	list := AppointmentList{Day: string(day), Appointments: []AppointmentRow{}}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for _, b := range v.State.Line.Bookings.All() {
			if b.Day == string(day) {
				list.Appointments = append(list.Appointments, a.appointmentRow(b))
			}
		}
	})
	slices.SortStableFunc(list.Appointments, func(x, y AppointmentRow) int { return strings.Compare(x.From, y.From) })
	return sendJSON(w, r, list)
}

func (a *API) appointmentRow(b queue.Booked) AppointmentRow {
	return AppointmentRow{Appointment: b.Appointment, Code: b.Code, Service: b.Service, Day: b.Day, From: b.From, Until: b.Until,
		State: b.State, Ticket: b.Ticket, Name: a.sealed(b.Person, "name")}
}

func (a *API) bookSlot(_ *http.Request, body []byte) (order, error) {
	var c queue.Book
	if err := decode(body, &c); err != nil {
		return order{}, err
	}
	if err := a.hashCitizen(&c.Citizen); err != nil {
		return order{}, err
	}
	return order{cmd: c, status: http.StatusCreated, answer: func(done Changed) (any, error) {
		var d wire.AppointmentBooked
		if err := json.Unmarshal(done.Events[0].Data, &d); err != nil {
			return nil, err
		}
		return NewAppointment{a.appointmentRow(queue.Booked{AppointmentBooked: d, State: queue.BookingBooked}), done.Events}, nil
	}}, nil
}

func (a *API) checkIn(r *http.Request, body []byte) (order, error) {
	if err := a.touched(r); err != nil {
		return order{}, err
	}
	var b checkInBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	return a.issuing(r, queue.CheckIn{Code: r.PathValue("code"), Kiosk: b.Kiosk, Absent: a.absent()}), nil
}

func (a *API) getNotices(w http.ResponseWriter, r *http.Request) error {
	list := NoticeList{Notices: []wire.LiveNotice{}, Phrases: queue.Phrases()}
	now := a.Now()
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for _, n := range v.State.Line.Notices.All() {
			if n.Until == nil || n.Until.After(now) {
				list.Notices = append(list.Notices, n)
			}
		}
	})
	return sendJSON(w, r, list)
}
