package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/api"
	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/wire"
)

// orders are the tickets that a device was told to print.
func orders(d *brokertest.Device) (list []wire.PrintTicket) {
	for _, c := range d.Commands() {
		var t wire.PrintTicket
		if c.Kind == wire.CommandPrint && json.Unmarshal(c.Data, &t) == nil {
			list = append(list, t)
		}
	}
	return list
}

func (h *hub) ticket(id string) (row api.TicketRow) {
	h.t.Helper()
	if got := h.get("/api/v1/tickets/"+id, &row); got != http.StatusOK {
		h.t.Fatalf("the ticket is answered %d", got)
	}
	return row
}

func printed(d *brokertest.Device, seq int, job string) string {
	return fmt.Sprintf(`{"id":"%s-p%d","agent":%q,"outbox":%q,"seq":%d,"first":1,"boot":"b1","at":%q,"clock":"synced","uptime_ms":1,"kind":"print.done","data":{"job":%q}}`,
		d.Agent, seq, d.Agent, d.Outbox, seq, time.Now().Format(time.RFC3339Nano), job)
}

// A ticket goes to its kiosk's printer, also when the device was away when it was
// taken and the hub was started anew meanwhile; the answer makes it printed.
func TestATicketReachesItsPrinter(t *testing.T) {
	cfg := config(t.TempDir())
	cfg.PublicURL = "https://hall.example.cn"
	h := start(t, cfg)
	d := lined(t, h)
	taken := func() string {
		t.Helper()
		if got := h.ask("tickets", `{"service":"marriage","kiosk":"w01"}`); got != http.StatusCreated {
			t.Fatalf("a ticket is answered %d", got)
		}
		list := h.events()
		var issued wire.TicketIssued
		for i := range list {
			if list[i].Kind == wire.KindTicketIssued {
				_ = json.Unmarshal(list[i].Data, &issued)
			}
		}
		return issued.Ticket
	}
	first := taken()
	brokertest.Eventually(t, "the device is told to print", func() bool { return len(orders(d)) == 1 })
	if o := orders(d)[0]; o.Job != first || o.Number != "A001" || o.Service != "婚姻登记" || !strings.HasPrefix(o.URL, "https://hall.example.cn/t/"+first+".") || len(o.Windows) != 2 {
		t.Errorf("the ticket on paper is %+v", o)
	}
	d.Send(printed(d, 2, first))
	brokertest.Eventually(t, "the ticket is printed", func() bool { return h.ticket(first).Print == "done" })

	d.Say(wire.DeviceOffline)
	second := taken()
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h = start(t, cfg)
	d = connect(h, "w01")
	d.Say(wire.DeviceOnline)
	brokertest.Eventually(t, "what was ordered before is printed now", func() bool {
		list := orders(d)
		return len(list) == 1 && list[0].Job == second
	})
	if row := h.ticket(second); row.Print != "waiting" {
		t.Errorf("its print is %q before the printer has answered", row.Print)
	}
}
