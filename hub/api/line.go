package api

import (
	"crypto/hmac"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/mozillazg/go-pinyin"

	"hallkeeper/hub/access"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/queue"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// The answers about the line.
type (
	// ServiceRow is one service with how many wait for it.
	ServiceRow struct {
		wire.ServiceSet
		Waiting int `json:"waiting"`
		// Wait is the expected wait of an ordinary ticket taken now, in seconds, and WaitError the mean error of those that were said lately; nil where they are not known.
		Wait      *int `json:"wait,omitempty"`
		WaitError *int `json:"wait_error,omitempty"`
		// Initials are the pinyin initials of its name and of each of its words, small, for the search.
		Initials []string `json:"initials"`
	}
	// ServiceList is the services.
	ServiceList struct {
		Services []ServiceRow `json:"services"`
		// Departments are the names of those that the services name.
		Departments map[string]string `json:"departments"`
		// PublicURL is where phones reach this hub, without a slash at its end; empty where they don't.
		PublicURL string `json:"public_url,omitempty"`
	}
	// TicketRow is one ticket as its holder may see it.
	TicketRow struct {
		Ticket  string      `json:"ticket"`
		Number  string      `json:"number"`
		Service string      `json:"service"`
		Class   string      `json:"class"`
		Stage   queue.Stage `json:"stage"`
		// Window has called it or serves it.
		Window string `json:"window,omitempty"`
		// Ahead is how many of its service came before it and wait still; priority tickets may go before it as well.
		Ahead int `json:"ahead"`
		// Wait is the expected wait from now, in seconds, and WaitError the mean error of those that were said lately for its service; nil where they are not known.
		Wait      *int     `json:"wait,omitempty"`
		WaitError *int     `json:"wait_error,omitempty"`
		Then      []string `json:"then,omitempty"`
		// Slot is the beginning of its appointment, hh:mm.
		Slot string `json:"slot,omitempty"`
		// IssuedAt, AnnouncedAt (the last call) and StartedAt (of the visit) are by the hub's clock.
		IssuedAt    time.Time  `json:"issued_at"`
		AnnouncedAt *time.Time `json:"announced_at,omitempty"`
		StartedAt   *time.Time `json:"started_at,omitempty"`
		// Why is the reason of a closed ticket: cancelled, never_received or day_end.
		Why string `json:"why,omitempty"`
		// Print is how it stands with the kiosk's printer: waiting, done or failed; empty where it has none. PrintWhy is why it failed: paper_out, cover_open, offline, no_printer, busy or bad_job.
		Print    string `json:"print,omitempty"`
		PrintWhy string `json:"print_why,omitempty"`
	}
	// Taken is a new ticket with the event that made it.
	Taken struct {
		TicketRow
		Events []Made `json:"events"`
		// Token is the holder's: its page is /t/{token}. Nobody who serves gets it.
		Token string `json:"token,omitempty"`
	}
	// CounterRow is a window as the line sees it.
	CounterRow struct {
		Window string     `json:"window"`
		State  string     `json:"state"`
		Ticket *TicketRow `json:"ticket,omitempty"`
	}
	// LineView is the line as it is: who waits, in the order of their places, and what each window does.
	LineView struct {
		Waiting  []TicketRow  `json:"waiting"`
		Held     []TicketRow  `json:"held"`
		Counters []CounterRow `json:"counters"`
	}
	ticketBody struct {
		queue.Take
		// Appointment is the code of one, whose citizen has come; class, then and citizen are those of the appointment.
		Appointment string `json:"appointment,omitempty"`
	}
	counterBody struct {
		Reason string `json:"reason,omitempty"`
	}
	resumeBody struct {
		Ticket string `json:"ticket"`
	}
	directBody struct {
		// Service may be left out where the window serves only one.
		Service string `json:"service,omitempty"`
	}
	transferBody struct {
		Service string `json:"service,omitempty"`
		To      string `json:"to,omitempty"`
	}
	dropBody struct {
		Why string `json:"why"`
	}
)

func (a *API) lineRoutes() []route {
	id, window, ticket := in("id", "业务编号", "the service's id"), in("id", "窗口编号", "the window's id"), in("id", "号票编号", "the ticket's id")
	take := a.change(access.Take, "POST", "tickets", "取号", "take a ticket", ticketBody{}, a.takeTicket, []string{"appointment_unknown", "appointment_early", "appointment_late", "appointment_arrived", "appointment_cancelled", "service_unserved", "hall_closed", "tickets_held", "tickets_taken", "too_many_tickets"})
	take.answer, take.status = Taken{}, http.StatusCreated
	serve := func(name, zh, en string, body any, build func(*http.Request, []byte) (order, error), refusals ...string) route {
		return a.change(access.Serve, "POST", "windows/{id}/"+name, zh, en, body, build, append(refusals, "window_unknown"), window)
	}
	finish := serve("finish", "办结；告知、不予受理、容缺须写明；受理即立办件", "finish; a notice, a refusal and a promise say what; what is accepted opens a matter", finishBody{},
		a.finishVisit, "window_free", "ticket_not_started", "matter_unknown", "matter_concluded")
	finish.answer = VisitEnd{}
	return []route{
		read(access.Anybody, v1+"services", "业务与办事指南", "the services with their guides", ServiceList{}, a.getServices),
		a.change(access.Arrange, "PUT", "services/{id}", "添加或修改业务", "add a service or change it", queue.SetService{},
			enter(func(r *http.Request, c *queue.SetService) { c.Service = r.PathValue("id") }), []string{"service_in_use"}, id),
		a.change(access.Arrange, "DELETE", "services/{id}", "移除业务", "take a service off the list", nil,
			enter(func(r *http.Request, c *queue.RemoveService) { c.Service = r.PathValue("id") }), []string{"service_unknown", "service_in_use"}, id),
		take,
		read(access.Anybody, v1+"tickets/{id}", "一张号票的进度", "how a ticket stands", TicketRow{}, a.getTicket, ticket),
		a.change(access.Take, "POST", "tickets/{id}/drop", "取消号票（cancelled），或无人领取（never_received）", "end a ticket: cancelled, or never_received", dropBody{},
			enter(func(r *http.Request, c *queue.Drop) { c.Ticket = r.PathValue("id") }), []string{"ticket_unknown", "ticket_serving"}, ticket),
		a.change(access.Anybody, "POST", "tickets/{id}/leave", "持票人取消排队", "the holder of a ticket leaves the line", emptyBody{},
			a.leave, []string{"ticket_unknown", "ticket_serving"}, in("id", "号票页面的令牌；取号机可用编号", "the token of the ticket's page; a kiosk may name the ticket's id")),
		a.change(access.Take, "POST", "tickets/{id}/print", "再次打印号票", "print a ticket again", emptyBody{},
			enter(func(r *http.Request, c *queue.PrintAgain) { c.Ticket = r.PathValue("id") }), []string{"ticket_unknown", "ticket_over", "no_printer"}, ticket),
		a.change(access.Take, "POST", "tickets/{id}/received", "已记下号码，不需要纸票", "the citizen has the number without paper", emptyBody{},
			enter(func(r *http.Request, c *queue.Receive) { c.Ticket = r.PathValue("id") }), []string{"ticket_unknown"}, ticket),
		read(access.Watch, v1+"line", "等候与各窗口的情况", "who waits, and what each window does", LineView{}, a.getLine),
		serve("open", "开放窗口", "open a window", counterBody{}, counter(queue.StateOpen)),
		serve("pause", "暂停窗口，须写原因", "pause a window, with the reason", counterBody{}, counter(queue.StatePaused), "window_busy"),
		serve("close", "关闭窗口，须写原因", "close a window, with the reason", counterBody{}, counter(queue.StateClosed), "window_busy"),
		serve("call-next", "呼叫下一位", "call the next", emptyBody{}, enter(func(r *http.Request, c *queue.CallNext) { c.Window = r.PathValue("id") }),
			"line_empty", "window_busy", "window_not_open", "staff_busy"),
		serve("recall", "重呼", "announce the call again", emptyBody{}, enter(func(r *http.Request, c *queue.Recall) { c.Window = r.PathValue("id") }),
			"recall_pause", "window_free", "ticket_serving"),
		serve("start", "开始办理", "begin to serve", emptyBody{}, enter(func(r *http.Request, c *queue.Start) { c.Window, c.Here = r.PathValue("id"), a.here(r.PathValue("id")) }), "window_free", "ticket_serving"),
		serve("serve", "直接办理：窗口前的人没有号票", "serve somebody who stands at the window without a ticket", directBody{}, a.serveDirect, "window_busy", "window_not_open", "staff_busy", "line_waits"),
		finish,
		serve("no-show", "过号", "nobody came", emptyBody{}, enter(func(r *http.Request, c *queue.NoShow) { c.Window = r.PathValue("id") }), "window_free", "ticket_serving"),
		serve("hold", "暂离", "let the person go and come back", emptyBody{}, enter(func(r *http.Request, c *queue.Hold) { c.Window = r.PathValue("id") }), "window_free"),
		serve("resume", "暂离的人回来", "go on with a ticket that was held", resumeBody{}, enter(func(r *http.Request, c *queue.Resume) { c.Window = r.PathValue("id") }),
			"ticket_unknown", "ticket_not_held", "service_elsewhere", "window_busy", "window_not_open", "staff_busy"),
		serve("transfer", "转移到其他业务或窗口，保留位置", "send on to another service or window, with the place", transferBody{},
			enter(func(r *http.Request, c *queue.Transfer) { c.Window = r.PathValue("id") }), "window_free"),
	}
}

func counter(state string) func(*http.Request, []byte) (order, error) {
	return func(r *http.Request, body []byte) (order, error) {
		var b counterBody
		if err := decode(body, &b); err != nil {
			return order{}, err
		}
		return order{cmd: queue.SetCounter{CounterSet: wire.CounterSet{Window: r.PathValue("id"), State: state}, Reason: b.Reason}, status: http.StatusOK}, nil
	}
}

const (
	// A screen gives so many tickets at once, and one more after touchEvery.
	touchesAtOnce = 20
	touchEvery    = 3 * time.Second
)

// touched refuses a screen that takes tickets faster than people come.
func (a *API) touched(r *http.Request) error {
	i := who(r)
	if i.Role != wire.RoleScreen {
		return nil
	}
	if _, ok := a.touches.Take(a.Now(), "screen/"+i.Account); !ok {
		return problem("too_many_tickets")
	}
	return nil
}

func (a *API) takeTicket(r *http.Request, body []byte) (order, error) {
	if err := a.touched(r); err != nil {
		return order{}, err
	}
	var b ticketBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	c := b.Take
	c.Absent = a.absent()
	if b.Appointment != "" {
		return a.issuing(r, queue.CheckIn{Code: b.Appointment, Service: c.Service, Kiosk: c.Kiosk, Absent: c.Absent}), nil
	}
	if err := a.hashCitizen(&c.Citizen); err != nil {
		return order{}, err
	}
	return a.issuing(r, c), nil
}

// absent are the windows whose staff is not there.
func (a *API) absent() (list []string) {
	a.Register.Read(func(v *register.View, windows *roster.State) {
		now := v.Days.At(a.Now())
		for id := range windows.Windows {
			if now.Away(id) {
				list = append(list, id)
			}
		}
	})
	return list
}

// here are those who have clocked in at a window.
func (a *API) here(window string) (list []string) {
	a.Register.Read(func(v *register.View, _ *roster.State) { list = slices.Clone(v.Days.At(a.Now()).Windows[window].Here) })
	return list
}

func (a *API) serveDirect(r *http.Request, body []byte) (order, error) {
	var b directBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	id := r.PathValue("id")
	return order{cmd: queue.Direct{Window: id, Service: b.Service, Here: a.here(id)}, status: http.StatusOK}, nil
}

// ticketOf reads the token of a ticket's page; held is false for a mere id.
func (a *API) ticketOf(r *http.Request) (id string, held bool) {
	name := r.PathValue("id")
	if i := strings.LastIndexByte(name, '.'); i > 0 && hmac.Equal([]byte(name[i+1:]), []byte(a.Register.TicketCode(name[:i]))) {
		return name[:i], true
	}
	return name, false
}

// leave lets the holder of a ticket leave the line, and a kiosk for them: an id
// alone, which those who serve see, is not enough.
func (a *API) leave(r *http.Request, body []byte) (order, error) {
	var none emptyBody
	if err := decode(body, &none); err != nil {
		return order{}, err
	}
	id, held := a.ticketOf(r)
	if i := who(r); !held && !i.May(access.Take) {
		return order{}, noTicket()
	}
	return order{cmd: queue.Drop{Ticket: id, Why: "cancelled"}, status: http.StatusOK}, nil
}

// issuing is an order that issues a ticket and is answered with it.
func (a *API) issuing(r *http.Request, cmd queue.Command) order {
	i := who(r)
	holds := i.Role == wire.RoleScreen || i.May(access.Decide)
	return order{cmd: cmd, status: http.StatusCreated, kind: wire.KindTicketIssued, answer: func(done Changed) (any, error) {
		var d wire.TicketIssued
		if err := json.Unmarshal(done.Events[0].Data, &d); err != nil {
			return nil, err
		}
		taken := Taken{TicketRow: TicketRow{Ticket: d.Ticket, Number: d.Number, Service: d.Service, Class: d.Class, Stage: queue.Waiting, Then: d.Then}, Events: done.Events}
		if holds {
			taken.Token = d.Ticket + "." + a.Register.TicketCode(d.Ticket)
		}
		a.Register.Read(func(v *register.View, _ *roster.State) {
			if t, ok := v.State.Line.Tickets.Get(d.Ticket); ok {
				taken.TicketRow = said(&v.State.Line, t).row(t)
			}
		})
		return taken, nil
	}}
}

// rows makes the rows of one answer.
type rows struct {
	line  *queue.State
	waits queue.Waits
	ahead map[string]int
}

// rows looks at the line once; the caller holds the register still.
func (a *API) rows(v *register.View, windows *roster.State) rows {
	now := a.Now()
	m := hall.Moment{Now: now, Day: a.today(), Zone: v.Days.Zone}
	return rows{&v.State.Line, v.State.Line.Waits(v.State.Hall(windows), m, v.Days.At(now).Away), v.State.Line.Ahead()}
}

// said is for the row of a ticket that was just taken, whose wait was said with it.
func said(line *queue.State, t queue.Ticket) rows {
	l := rows{line: line, waits: queue.Waits{Tickets: map[string]int{}}, ahead: map[string]int{t.Ticket: line.Before(t)}}
	if t.Wait != nil {
		l.waits.Tickets[t.Ticket] = *t.Wait
	}
	return l
}

func (l rows) row(t queue.Ticket) TicketRow {
	row := TicketRow{Ticket: t.Ticket, Number: t.Number, Service: t.Service, Class: t.Class, Stage: t.Stage, Window: t.Window, Ahead: l.ahead[t.Ticket], Then: t.Then,
		Slot: t.Slot, IssuedAt: t.IssuedAt, AnnouncedAt: moment(t.AnnouncedAt), StartedAt: moment(t.StartedAt), Why: t.Why, Print: t.Print, PrintWhy: t.PrintWhy}
	if wait, ok := l.waits.Tickets[t.Ticket]; ok && t.Stage == queue.Waiting {
		row.Wait = &wait
		row.WaitError = l.wrong(t.Service)
	}
	return row
}

// wrong is the mean error of the waits that were said for a service.
func (l rows) wrong(service string) *int {
	if n, ok := l.line.Error(service); ok {
		return &n
	}
	return nil
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (a *API) getServices(w http.ResponseWriter, r *http.Request) error {
	list := ServiceList{Services: []ServiceRow{}, Departments: map[string]string{}, PublicURL: strings.TrimRight(a.PublicURL, "/")}
	a.Register.Read(func(v *register.View, windows *roster.State) {
		rows := a.rows(v, windows)
		for id, d := range v.State.Line.Services.All() {
			row := ServiceRow{ServiceSet: d, Waiting: len(v.State.Line.Line(id)), Initials: []string{initials(d.Name)}}
			for _, word := range d.Words {
				row.Initials = append(row.Initials, initials(word))
			}
			if wait, ok := rows.waits.Services[id]; ok {
				row.Wait, row.WaitError = &wait, rows.wrong(id)
			}
			list.Services = append(list.Services, row)
			department, _ := v.State.People.Departments.Get(d.Department)
			list.Departments[d.Department] = department.Name
		}
	})
	return sendJSON(w, r, list)
}

// initials are the first letters of the pinyin of a text; letters and digits stay.
func initials(text string) string {
	args := pinyin.NewArgs()
	args.Style = pinyin.FirstLetter
	args.Fallback = func(r rune, _ pinyin.Args) []string {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return []string{strings.ToLower(string(r))}
		}
		return nil
	}
	return strings.Join(pinyin.LazyPinyin(text, args), "")
}

func (a *API) getTicket(w http.ResponseWriter, r *http.Request) error {
	id, _ := a.ticketOf(r)
	var row TicketRow
	var ok bool
	a.Register.Read(func(v *register.View, windows *roster.State) {
		var t queue.Ticket
		if t, ok = v.State.Line.Tickets.Get(id); ok {
			row = a.rows(v, windows).row(t)
		}
	})
	if !ok {
		return hall.Unknown("ticket_unknown", "没有这张号票", "there is no such ticket")
	}
	return sendJSON(w, r, row)
}

func (a *API) getLine(w http.ResponseWriter, r *http.Request) error {
	view := LineView{Waiting: []TicketRow{}, Held: []TicketRow{}, Counters: []CounterRow{}}
	a.Register.Read(func(v *register.View, windows *roster.State) {
		rows := a.rows(v, windows)
		line := rows.line
		for id := range line.Services.All() {
			for _, t := range line.Line(id) {
				view.Waiting = append(view.Waiting, rows.row(t))
			}
		}
		for _, t := range line.Tickets.All() {
			if t.Stage == queue.Held {
				view.Held = append(view.Held, rows.row(t))
			}
		}
		for _, id := range slices.Sorted(maps.Keys(windows.Windows)) {
			c, _ := line.Counters.Get(id)
			row := CounterRow{Window: id, State: queue.StateOpen}
			if !c.Open() {
				row.State = c.State
			}
			if t, ok := line.Tickets.Get(c.Ticket); ok {
				now := rows.row(t)
				row.Ticket = &now
			}
			view.Counters = append(view.Counters, row)
		}
	})
	return sendJSON(w, r, view)
}
