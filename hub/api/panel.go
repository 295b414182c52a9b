package api

import (
	"net/http"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/queue"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
)

// The answers about one window's line.
type (
	// NextRow is the ticket whose turn it is, and the rule that makes it so.
	NextRow struct {
		TicketRow
		// Rule is first, priority, appointment, appointment_early or ordinary_after_priority (After it were called).
		Rule  string `json:"rule"`
		After int    `json:"after,omitempty"`
	}
	// PersonRow is somebody who stands at a window.
	PersonRow struct {
		Staff string `json:"staff"`
		Name  string `json:"name,omitempty"`
	}
	// CounterLine is the line as one window sees it.
	CounterLine struct {
		Window string `json:"window"`
		Number string `json:"number"`
		Name   string `json:"name"`
		// State is open, paused or closed; Reason why it is not open.
		State  string `json:"state"`
		Reason string `json:"reason,omitempty"`
		// Here are those who have clocked in at it.
		Here []PersonRow `json:"here"`
		// Services are those that it serves.
		Services []string `json:"services"`
		// Ticket is called or served here; Next is whose turn it is then.
		Ticket *TicketRow `json:"ticket,omitempty"`
		Next   *NextRow   `json:"next,omitempty"`
		// Waiting are those whom it may call, the first by place first; Held those whom it let go for a while.
		Waiting []TicketRow `json:"waiting"`
		Held    []TicketRow `json:"held"`
		// RecallPause is the least time between two announcements, in seconds.
		RecallPause int `json:"recall_pause"`
	}
)

func (a *API) panelRoutes() []route {
	return []route{read(access.Watch, v1+"windows/{id}/line", "一个窗口的等候与办理", "the line as one window sees it", CounterLine{}, a.getWindowLine, in("id", "窗口编号", "the window's id"))}
}

func (a *API) getWindowLine(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	view := CounterLine{Window: id, State: queue.StateOpen, Here: []PersonRow{}, Services: []string{}, Waiting: []TicketRow{}, Held: []TicketRow{}}
	known := false
	a.Register.Read(func(v *register.View, windows *roster.State) {
		x, ok := windows.Windows[id]
		if known = ok; !ok {
			return
		}
		view.Number, view.Name = x.Number, x.Name
		now := a.Now()
		for _, staff := range v.Days.At(now).Windows[id].Here {
			view.Here = append(view.Here, PersonRow{staff, a.nameOf(v, staff)})
		}
		a.fillLine(&view, a.rows(v, windows), v, now)
	})
	if !known {
		return hall.Unknown("window_unknown", "没有这个窗口", "there is no such window")
	}
	return sendJSON(w, r, view)
}

// fillLine says what the line knows of a window; the caller holds the register still.
func (a *API) fillLine(view *CounterLine, rows rows, v *register.View, now time.Time) {
	line := rows.line
	day := a.today()
	if c, _ := line.Counters.Get(view.Window); !c.Open() {
		view.State, view.Reason = c.State, a.sealed(c.Reason, "reason")
	} else if t, ok := line.Tickets.Get(c.Ticket); ok {
		row := rows.row(t)
		view.Ticket = &row
	}
	for id := range line.Services.All() {
		if line.Serves(view.Window, id) {
			view.Services = append(view.Services, id)
		}
	}
	for _, t := range line.Eligible(view.Window) {
		view.Waiting = append(view.Waiting, rows.row(t))
	}
	for _, t := range line.Tickets.All() {
		if t.Stage == queue.Held && line.Serves(view.Window, t.Service) {
			view.Held = append(view.Held, rows.row(t))
		}
	}
	number := func(name string) int {
		p, _ := v.State.Policy.On(name, day)
		return int(p.Value)
	}
	view.RecallPause = number("recall_pause")
	m := hall.Moment{Now: now, Day: day, Zone: v.Days.Zone}
	if t, rule, ok := line.Turn(view.Window, number("line_ratio"), m); ok {
		view.Next = &NextRow{TicketRow: rows.row(t), Rule: rule}
		if rule == queue.RuleOrdinaryAfterPriority {
			view.Next.After = t.Skipped
		}
	}
}
