package api

import (
	"net/http"
	"slices"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/rating"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// What those who rate see and send: the tablet of a window, and the page of a ticket.
type (
	// RatingPrompt is what a rating page shows now.
	RatingPrompt struct {
		Window string `json:"window,omitempty"`
		Number string `json:"number,omitempty"`
		Name   string `json:"name,omitempty"`
		// State is idle (nobody is served), open (it can be rated), rated (a rating counts) or closed (it is too late).
		State       string `json:"state"`
		Visit       string `json:"visit,omitempty"`
		Service     string `json:"service,omitempty"`
		ServiceName string `json:"service_name,omitempty"`
		// Until is when it closes, once the visit has ended.
		Until *time.Time `json:"until,omitempty"`
		// RatedAt is of the rating that counts; until CorrectUntil another one corrects it.
		RatedAt      *time.Time `json:"rated_at,omitempty"`
		CorrectUntil *time.Time `json:"correct_until,omitempty"`
		// Explain: the rating that counts is bad and nobody has said why.
		Explain bool                `json:"explain"`
		Reasons []wire.RatingReason `json:"reasons"`
	}
	// RatingKept answers a rating: it is on disk. The prompt says what it was worth.
	RatingKept struct {
		Events []Made `json:"events"`
		// Visit is what it counts for; empty where it counts for none. A tablet that
		// was cut off did not know it, and names it in the reasons that follow.
		Visit  string       `json:"visit,omitempty"`
		Prompt RatingPrompt `json:"prompt"`
	}
	rateBody struct {
		// Level is 5 (very satisfied) to 1 (very dissatisfied).
		Level int `json:"level"`
		// Visit is what the tablet showed; empty where it knew of none.
		Visit string `json:"visit,omitempty"`
		// At is when it was touched by the hub's clock; empty is now. Doubt: the tablet did not know that clock.
		At    *time.Time `json:"at,omitempty"`
		Doubt bool       `json:"doubt,omitempty"`
	}
	levelBody struct {
		Level int `json:"level"`
	}
	explainBody struct {
		// Visit is what the tablet showed; on the ticket's page it is known.
		Visit   string   `json:"visit,omitempty"`
		Reasons []string `json:"reasons,omitempty"`
		Text    string   `json:"text,omitempty"`
		// Phone is for a call back; who leaves none stays anonymous.
		Phone string `json:"phone,omitempty"`
	}
)

func (a *API) rateRoutes() []route {
	window, ticket := in("id", "窗口编号", "the window's id"), in("id", "号票页面的令牌", "the token of the ticket's page")
	give := a.change(access.Rate, "POST", "windows/{id}/ratings", "在评价器上评价", "rate on the window's tablet", rateBody{}, a.rateAtWindow, []string{"window_unknown"}, window)
	phone := a.change(access.Anybody, "POST", "tickets/{id}/rating", "在号票页面评价", "rate on the ticket's page", levelBody{}, a.rateTicket,
		[]string{"ticket_unknown", "rating_idle", "rating_closed", "rated_already", "rating_by_staff"}, ticket)
	for _, r := range []*route{&give, &phone} {
		r.answer, r.status = RatingKept{}, http.StatusCreated
	}
	return []route{
		read(access.Rate, v1+"windows/{id}/rating", "评价器现在显示什么", "what the window's tablet shows", RatingPrompt{}, a.getWindowPrompt, window),
		give,
		a.change(access.Rate, "POST", "windows/{id}/ratings/reasons", "差评的原因", "why a rating is bad", explainBody{}, a.explainAtWindow, []string{"window_unknown", "rating_not_bad", "rating_explained"}, window),
		read(access.Anybody, v1+"tickets/{id}/rating", "号票页面能否评价", "whether a ticket's visit can be rated", RatingPrompt{}, a.getTicketPrompt, ticket),
		phone,
		a.change(access.Anybody, "POST", "tickets/{id}/rating/reasons", "差评的原因", "why a rating is bad", explainBody{}, a.explainTicket, []string{"ticket_unknown", "rating_not_bad", "rating_explained", "rating_by_staff"}, ticket),
	}
}

func millis(ms int64, zone *time.Location) *time.Time {
	t := time.UnixMilli(ms).In(zone)
	return &t
}

// prompt says what can be done with a visit; the caller holds the register still.
func (a *API) prompt(v *register.View, x rating.Status) RatingPrompt {
	p := RatingPrompt{State: x.State, Explain: x.Explain, Reasons: v.State.Desk.ReasonList()}
	if x.Visit == nil {
		return p
	}
	p.Visit, p.Service = x.Visit.ID, x.Visit.Service
	service, _ := v.State.Line.Services.Get(p.Service)
	p.ServiceName = service.Name
	if x.Until > 0 {
		p.Until = millis(x.Until, a.Zone)
	}
	if x.State == rating.StateRated {
		p.RatedAt = millis(x.Visit.RatedAt, a.Zone)
		if until := x.Visit.RatedAt; x.Visit.Corrected { // once
			p.CorrectUntil = millis(until, a.Zone)
		} else {
			p.CorrectUntil = millis(until+rating.RulesOn(v.State.Policy, x.Visit.Day).Correct, a.Zone)
		}
	}
	return p
}

// windowPrompt is what the tablet of a window shows; the caller holds the register still.
func (a *API) windowPrompt(v *register.View, windows *roster.State, id string) RatingPrompt {
	p := a.prompt(v, v.Ratings.Window(id, a.Now()))
	w := windows.Windows[id]
	p.Window, p.Number, p.Name = id, w.Number, w.Name
	return p
}

func noWindow() error {
	return hall.Unknown("window_unknown", "没有这个窗口", "there is no such window")
}

func noTicket() error {
	return hall.Unknown("ticket_unknown", "没有这张号票", "there is no such ticket")
}

func (a *API) getWindowPrompt(w http.ResponseWriter, r *http.Request) error {
	var p RatingPrompt
	known := false
	a.Register.Read(func(v *register.View, windows *roster.State) {
		if _, known = windows.Windows[r.PathValue("id")]; known {
			p = a.windowPrompt(v, windows, r.PathValue("id"))
		}
	})
	if !known {
		return noWindow()
	}
	return sendJSON(w, r, p)
}

// ticketPrompt is what the page of a ticket shows of its last visit; ok is false where there is no such ticket.
func (a *API) ticketPrompt(v *register.View, id string) (p RatingPrompt, x *rating.JudgedVisit, ok bool) {
	status := v.Ratings.Ticket(id, a.Now())
	return a.prompt(v, status), status.Visit, status.Visit != nil || v.State.Line.Tickets.Has(id)
}

func (a *API) getTicketPrompt(w http.ResponseWriter, r *http.Request) error {
	var p RatingPrompt
	known := false
	id, held := a.ticketOf(r)
	a.Register.Read(func(v *register.View, _ *roster.State) { p, _, known = a.ticketPrompt(v, id) })
	if !known || !held {
		return noTicket()
	}
	if i := who(r); i.May(access.Serve) {
		p.Explain = false // it would tell that the rating is bad
	}
	return sendJSON(w, r, p)
}

// visitAt finds a visit that a tablet names, around the day on which it was touched.
func (a *API) visitAt(v *register.View, id, window string, at time.Time) (x rating.JudgedVisit, ok bool) {
	day := hall.DateOf(at, a.Zone)
	for _, day := range []hall.Date{day, day.AddDays(-1)} {
		visits := v.Ratings.Sheet(day, window, a.Now()).Visits
		if i := slices.IndexFunc(visits, func(x rating.JudgedVisit) bool { return x.ID == id }); id != "" && i >= 0 {
			return visits[i], true
		}
	}
	return x, false
}

// visitOf is the visit that a rating counts for, empty where it counts for none.
func (a *API) visitOf(v *register.View, press, window string, at time.Time) string {
	day := hall.DateOf(at, a.Zone)
	for _, day := range []hall.Date{day, day.AddDays(-1)} {
		presses := v.Ratings.Sheet(day, window, a.Now()).Presses
		if i := slices.IndexFunc(presses, func(p rating.JudgedPress) bool { return p.ID == press }); i >= 0 && presses[i].State == rating.Counted {
			return presses[i].Of
		}
	}
	return ""
}

func (a *API) rateAtWindow(r *http.Request, body []byte) (order, error) {
	var b rateBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	id, at := r.PathValue("id"), a.Now()
	if b.At != nil {
		at = b.At.In(a.Zone)
		b.At = &at
	}
	d := wire.RatingGiven{Visit: b.Visit, Window: id, Level: b.Level, Source: wire.RatingTablet, Doubt: b.Doubt}
	if len(d.Visit) > wire.MaxName {
		return order{}, wrong(field{"visit", "too_long", text{"不是办理的编号", "is no id of a visit"}})
	}
	known := false
	a.Register.Read(func(v *register.View, windows *roster.State) {
		_, known = windows.Windows[id]
		if x, ok := a.visitAt(v, b.Visit, id, at); ok {
			d.Day = string(x.Day)
		}
	})
	if !known {
		return order{}, noWindow()
	}
	return order{cmd: rating.Give{RatingGiven: d, Touched: b.At}, status: http.StatusCreated, kind: wire.KindRatingGiven, answer: func(done Changed) (any, error) {
		kept := RatingKept{Events: done.Events}
		a.Register.Read(func(v *register.View, windows *roster.State) {
			kept.Prompt = a.windowPrompt(v, windows, id)
			if len(done.Events) > 0 {
				kept.Visit = a.visitOf(v, done.Events[0].ID, id, at)
			}
		})
		kept.Events = withoutLevel(kept.Events)
		return kept, nil
	}}, nil
}

// withoutLevel leaves out what a rating said: whoever looks over a citizen's shoulder learns nothing from an answer.
func withoutLevel(events []Made) []Made {
	for i := range events {
		events[i].Data = nil
	}
	return events
}

// holder is the ticket of whoever holds it. Its id alone is not enough: the panels
// of those who serve show it, and nobody who serves rates for a citizen.
func (a *API) holder(r *http.Request) (id string, err error) {
	if i := who(r); i.May(access.Serve) {
		return "", hall.Refuse("rating_by_staff", "工作人员不能代替群众评价", "nobody who serves rates for a citizen")
	}
	id, held := a.ticketOf(r)
	if !held {
		return "", noTicket()
	}
	return id, nil
}

// heldVisit is what whoever holds a ticket is asked about its visit; x is nil before it has begun.
func (a *API) heldVisit(r *http.Request) (id string, p RatingPrompt, x *rating.JudgedVisit, err error) {
	if id, err = a.holder(r); err != nil {
		return id, p, nil, err
	}
	known := false
	a.Register.Read(func(v *register.View, _ *roster.State) { p, x, known = a.ticketPrompt(v, id) })
	if !known {
		return id, p, nil, noTicket()
	}
	return id, p, x, nil
}

func (a *API) rateTicket(r *http.Request, body []byte) (order, error) {
	var b levelBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	id, p, x, err := a.heldVisit(r)
	if err != nil {
		return order{}, err
	}
	switch {
	case p.State == rating.StateIdle:
		return order{}, hall.Refuse("rating_idle", "还没有开始办理，办理后再评价", "the visit has not begun; rate once you have been served")
	case p.State == rating.StateClosed:
		return order{}, hall.Refuse("rating_closed", "评价时间已过", "it is too late to rate this visit")
	case p.State == rating.StateRated && a.Now().After(*p.CorrectUntil):
		return order{}, hall.Refuse("rated_already", "已经评价过了，谢谢", "this visit has been rated already, thank you")
	}
	cmd := rating.Give{RatingGiven: wire.RatingGiven{Visit: x.ID, Window: x.Window, Day: string(x.Day), Level: b.Level, Source: wire.RatingPhone}}
	return order{cmd: cmd, status: http.StatusCreated, kind: wire.KindRatingGiven, answer: func(done Changed) (any, error) {
		kept := RatingKept{Events: withoutLevel(done.Events), Visit: x.ID}
		a.Register.Read(func(v *register.View, _ *roster.State) { kept.Prompt, _, _ = a.ticketPrompt(v, id) })
		return kept, nil
	}}, nil
}

// explaining is an order that says why the rating of a visit is bad.
func (a *API) explaining(b explainBody, x *rating.JudgedVisit, p RatingPrompt) (order, error) {
	switch {
	case p.State != rating.StateRated || !x.Bad():
		return order{}, hall.Refuse("rating_not_bad", "只有对“不满意”的评价才需要说明原因，或已过时限", "only a bad rating is explained, and not too late")
	case !p.Explain:
		return order{}, hall.Refuse("rating_explained", "已经说明过原因，谢谢", "the reasons were given already, thank you")
	}
	cmd := rating.Explain{Visit: x.ID, Window: x.Window, Day: string(x.Day), Reasons: b.Reasons, Text: b.Text, Phone: b.Phone}
	return order{cmd: cmd, status: http.StatusOK, kind: wire.KindRatingExplained}, nil
}

// servedAt finds a visit of a window by its id alone: the reasons of a rating may come as late as the rating.
func (a *API) servedAt(v *register.View, id, window string) (x rating.JudgedVisit, ok bool) {
	if id == "" {
		return x, false
	}
	x, ok = v.Ratings.Find(id, a.Now())
	return x, ok && slices.ContainsFunc(x.Spans, func(s rating.Span) bool { return s.Window == window })
}

func (a *API) explainAtWindow(r *http.Request, body []byte) (order, error) {
	var b explainBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	id := r.PathValue("id")
	var p RatingPrompt
	var x *rating.JudgedVisit
	known := false
	a.Register.Read(func(v *register.View, windows *roster.State) {
		if _, known = windows.Windows[id]; !known {
			return
		}
		if named, ok := a.servedAt(v, b.Visit, id); ok {
			status := v.Ratings.StatusOf(named, a.Now())
			p, x = a.prompt(v, status), status.Visit
		}
	})
	if !known {
		return order{}, noWindow()
	}
	return a.explaining(b, x, p)
}

func (a *API) explainTicket(r *http.Request, body []byte) (order, error) {
	var b explainBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	_, p, x, err := a.heldVisit(r)
	if err != nil {
		return order{}, err
	}
	return a.explaining(b, x, p)
}
