package app

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/queue"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

const (
	// printLook is how often is looked for tickets to print where nothing says that there are some.
	printLook = 2 * time.Second
	// printAgain is after how long a job without an answer is sent once more: the
	// device may have been away. It prints no job twice.
	printAgain = 15 * time.Second
)

// issued wakes the sender of prints where a batch orders some; whoever calls holds the views still.
func (a *App) issued(batch []wire.Record) {
	for i := range batch {
		if k := batch[i].Kind; k == wire.KindTicketIssued || k == wire.KindPrintOrdered {
			select {
			case a.prints <- struct{}{}:
			default: // it is awake
			}
			return
		}
	}
}

// printTickets sends tickets to the kiosks' printers until ctx ends, also those that
// were ordered before this hub started, and takes those out of the line that nobody received.
func (a *App) printTickets(ctx context.Context) error {
	sent := map[string]time.Time{} // by job
	look := time.NewTicker(printLook)
	defer look.Stop()
	for {
		now := a.cfg.Now()
		orders, ghosts := a.printOrders(now)
		for agent, list := range orders {
			for _, t := range list {
				if now.Sub(sent[t.Job]) < printAgain || !a.views.live.Online(agent) {
					continue
				}
				if a.sendPrint(agent, t) {
					sent[t.Job] = now
				}
			}
		}
		for job, at := range sent {
			if now.Sub(at) > time.Hour {
				delete(sent, job)
			}
		}
		if ghosts {
			a.closeUnreceived(ctx)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-a.prints:
		case <-look.C:
		}
	}
}

// printOrders gives the tickets that wait for their printers, by device.
func (a *App) printOrders(now time.Time) (orders map[string][]wire.PrintTicket, ghosts bool) {
	orders = map[string][]wire.PrintTicket{}
	a.Read(func(v *register.View, windows *roster.State) {
		line := &v.State.Line
		m := hall.Moment{Now: now.In(a.zone), Day: hall.DateOf(now, a.zone), Zone: a.zone}
		ghosts = line.Ghosts(v.State.Hall(windows), m)
		for _, t := range line.Tickets.All() {
			if t.Print == queue.PrintWaiting && !t.Stage.Ended() {
				orders[t.Kiosk] = append(orders[t.Kiosk], a.onPaper(line, windows, &t))
			}
		}
	})
	return orders, ghosts
}

// onPaper is what a ticket says on paper.
func (a *App) onPaper(line *queue.State, windows *roster.State, t *queue.Ticket) wire.PrintTicket {
	service, _ := line.Services.Get(t.Service)
	p := wire.PrintTicket{Job: t.Job, Hall: a.cfg.Hall.Name, Number: t.Number, Service: service.Name, Class: t.Class, Ahead: line.Before(*t),
		Wait: t.Wait, Slot: t.Slot, At: t.IssuedAt.In(a.zone).Format("2006-01-02 15:04")}
	for _, w := range service.Windows {
		p.Windows = append(p.Windows, windows.Windows[w].Number)
	}
	if a.cfg.PublicURL != "" {
		p.URL = strings.TrimRight(a.cfg.PublicURL, "/") + "/t/" + t.Ticket + "." + a.vault.TicketCode(t.Ticket)
	}
	return p
}

func (a *App) sendPrint(agent string, t wire.PrintTicket) bool {
	data, err := json.Marshal(t)
	if err == nil {
		err = a.sendWith(agent, wire.CommandPrint, data)
	}
	if err != nil {
		a.logger.Warn("a ticket could not be sent to its printer; it is tried again", "agent", agent, "number", t.Number, "error", err)
	}
	return err == nil
}

func (a *App) closeUnreceived(ctx context.Context) {
	made, _, err := a.decide(ctx, wire.Actor{Kind: wire.ActorSchedule, ID: "unreceived"}, "", queue.CloseUnreceived{})
	switch {
	case err != nil && ctx.Err() == nil:
		a.logger.Error("tickets that nobody received could not be taken out of the line; it is tried again", "error", err)
	case len(made) > 0:
		a.logger.Info("tickets that were not printed and that nobody received have left the line", "tickets", len(made))
	}
}
