package app_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"hallkeeper/hub/api"
	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/wire"
)

// lined is a hub with a service at two windows, the first of which has a device.
func lined(t *testing.T, h *hub) *brokertest.Device {
	t.Helper()
	for _, w := range []string{"w1", "w2"} {
		h.change("PUT", "windows/"+w, map[string]any{"number": w, "name": "婚姻登记"})
	}
	h.change("PUT", "departments/civil", map[string]any{"name": "民政局"})
	h.change("PUT", "services/marriage", map[string]any{"name": "婚姻登记", "department": "civil", "prefix": "A", "windows": []string{"w1", "w2"}})
	d := connect(h, "w01")
	d.Say(wire.DeviceOnline)
	d.Send(d.Press(1))
	h.change("POST", "devices/w01/assign", map[string]any{"window": "w1"})
	return d
}

func callPress(d *brokertest.Device, seq int, at time.Time) string {
	return fmt.Sprintf(`{"id":"%s-c%d","agent":%q,"outbox":%q,"seq":%d,"first":1,"boot":"b1","at":%q,"clock":"synced","uptime_ms":1,"kind":"call.pressed","data":{}}`,
		d.Agent, seq, d.Agent, d.Outbox, seq, at.Format(time.RFC3339Nano))
}

func (h *hub) counter(window string) api.CounterLine {
	h.t.Helper()
	var v api.CounterLine
	if got := h.get("/api/v1/windows/"+window+"/line", &v); got != http.StatusOK {
		h.t.Fatalf("the line of %s is answered %d", window, got)
	}
	return v
}

// The call button goes round: it calls, starts, and finishes with the next call;
// a press that comes late calls nobody, and one that nobody can be called for is
// shown at the device.
func TestTheCallButton(t *testing.T) {
	h := start(t, config(t.TempDir()))
	d := lined(t, h)
	for range 2 {
		if got := h.ask("tickets", `{"service":"marriage"}`); got != http.StatusCreated {
			t.Fatalf("a ticket is answered %d", got)
		}
	}
	seq := 1
	press := func(at time.Time) {
		seq++
		d.Send(callPress(d, seq, at))
	}
	shows := func(number, stage string) {
		t.Helper()
		brokertest.Eventually(t, "the window shows "+number+" "+stage, func() bool {
			x := h.counter("w1").Ticket
			return x != nil && x.Number == number && string(x.Stage) == stage
		})
	}
	refused := func() (n int) {
		for _, c := range d.Commands() {
			if c.Kind == wire.CommandSignal {
				n++
			}
		}
		return n
	}
	press(time.Now().Add(-time.Minute)) // out of an outbox
	press(time.Now())
	shows("A001", "called")
	press(time.Now()) // a slip of the finger
	brokertest.Eventually(t, "the device is told that the press was ignored", func() bool { return refused() == 1 })
	shows("A001", "called")
	settle := func() {
		t.Helper()
		brokertest.Eventually(t, "the button works again", func() bool { return time.Since(last(h.counter("w1"))) > 2*time.Second })
	}
	settle()
	press(time.Now())
	shows("A001", "serving")
	settle()
	press(time.Now())
	shows("A002", "called")
	settle()
	press(time.Now())
	shows("A002", "serving")
	settle()
	press(time.Now())
	brokertest.Eventually(t, "the window is free", func() bool { return h.counter("w1").Ticket == nil })
	brokertest.Eventually(t, "the device is told that nobody waits", func() bool { return refused() == 2 })
}

func last(c api.CounterLine) time.Time {
	if c.Ticket == nil {
		return time.Time{}
	}
	if c.Ticket.StartedAt != nil {
		return *c.Ticket.StartedAt
	}
	return *c.Ticket.AnnouncedAt
}

// The hub is stopped while a ticket is called and another is served: both are
// where they were, and the screens are told the same calls.
func TestARestartInMidCall(t *testing.T) {
	cfg := config(t.TempDir())
	h := start(t, cfg)
	lined(t, h)
	for range 3 {
		h.ask("tickets", `{"service":"marriage"}`)
	}
	for _, step := range []string{"w1/call-next", "w2/call-next", "w2/start"} {
		if got := h.ask("windows/"+step, ""); got != http.StatusOK {
			t.Fatalf("%s is answered %d", step, got)
		}
	}
	var before, after wire.Live
	h.get("/api/v1/live", &before)
	first, second := h.counter("w1"), h.counter("w2")
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h = start(t, cfg)
	h.get("/api/v1/live", &after)
	if fmt.Sprint(before.Calls) != fmt.Sprint(after.Calls) || len(after.Calls) != 2 {
		t.Errorf("announced are %v, before the restart %v", after.Calls, before.Calls)
	}
	for w, c := range map[string]api.CounterLine{"w1": first, "w2": second} {
		if now := h.counter(w); now.Ticket == nil || now.Ticket.Number != c.Ticket.Number || now.Ticket.Stage != c.Ticket.Stage || !last(now).Equal(last(c)) {
			t.Errorf("window %s shows %+v, before the restart %+v", w, now.Ticket, c.Ticket)
		}
	}
}

// A ticket of the morning is closed at the end of the line's day by the hub
// itself, and none is given then.
func TestTheLineEndsByItself(t *testing.T) {
	h := start(t, config(t.TempDir()))
	lined(t, h)
	h.ask("tickets", `{"service":"marriage"}`)
	today := time.Now().Format("2006-01-02")
	for _, name := range []string{"line_end", "tickets_until"} {
		h.change("POST", "policy/parameters/"+name, map[string]any{"value": 0, "from": today, "reference": "演示"})
	}
	brokertest.Eventually(t, "the ticket is closed", func() bool {
		var v api.LineView
		h.get("/api/v1/line", &v)
		return len(v.Waiting) == 0
	})
	if got := h.ask("tickets", `{"service":"marriage"}`); got != http.StatusConflict {
		t.Errorf("a ticket after the hall closed is answered %d", got)
	}
	if got := h.ask("windows/w1/call-next", ""); got != http.StatusConflict {
		t.Errorf("a call after the hall closed is answered %d", got)
	}
}
