package app_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hallkeeper/hub/api"
	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/wire"
)

const (
	dayWindows  = 30
	dayServices = 8
	// dayLate are those of them who come when the windows have gone home.
	dayLate = 15
	// dayLasts is for how long real time people come: nine hours, squeezed.
	dayLasts = dayTickets / 150 * time.Second
)

// caller is somebody with a token of their own.
type caller struct {
	h      *hub
	token  string
	client *http.Client
}

// post sends a change and gives the status and, of a refusal, its code.
func (c caller) post(path string, body any, into any) (int, string) {
	if body == nil {
		body = struct{}{}
	}
	text, err := json.Marshal(body)
	if err != nil {
		c.h.t.Error(err)
		return 0, ""
	}
	for {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, c.h.addr.HTTP+"/api/v1/"+path, bytes.NewReader(text))
		if err != nil {
			c.h.t.Error(err)
			return 0, ""
		}
		req.Header.Set("Authorization", "Bearer "+c.token)
		req.Header.Set("Content-Type", "application/json")
		res, err := c.client.Do(req)
		if err != nil {
			c.h.t.Error(err)
			return 0, ""
		}
		b, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			c.h.t.Error(err)
			return 0, ""
		}
		var p struct {
			Code string `json:"code"`
		}
		if res.StatusCode == http.StatusTooManyRequests { // they press faster than people
			time.Sleep(20 * time.Millisecond)
			continue
		}
		if res.StatusCode >= 300 {
			_ = json.Unmarshal(b, &p)
		} else if into != nil {
			if err := json.Unmarshal(b, into); err != nil {
				c.h.t.Errorf("%s: %v", path, err)
			}
		}
		return res.StatusCode, p.Code
	}
}

func (h *hub) caller(role string) caller {
	h.t.Helper()
	var made struct {
		Token string `json:"token"`
	}
	operator := caller{h, secret, http.DefaultClient}
	if code, why := operator.post("tokens", map[string]any{"role": role, "name": "演示"}, &made); code >= 300 || made.Token == "" {
		h.t.Fatalf("a token is answered %d %s", code, why)
	}
	return caller{h, made.Token, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}, Timeout: patience}}
}

func serviceOf(n int) string { return fmt.Sprintf("s%d", n%dayServices) }

// arrivals are when people come, as parts of the day: around half past nine, around
// three, and now and then.
func arrivals(chance *rand.Rand) []float64 {
	all := make([]float64, dayTickets)
	for i := range all {
		switch x := chance.Float64(); {
		case x < 0.45:
			all[i] = 0.12 + 0.05*chance.NormFloat64()
		case x < 0.75:
			all[i] = 0.70 + 0.06*chance.NormFloat64()
		default:
			all[i] = chance.Float64()
		}
		all[i] = min(max(all[i], 0), 1)
	}
	slices.Sort(all)
	return all
}

// simday is a day of the hall as its people live it.
type simday struct {
	*hub
	t      *testing.T
	issued atomic.Int64
	come   atomic.Bool // everybody has come
	home   atomic.Bool // the windows go home
}

// A whole day through the hub's real interface: 3,000 tickets (600 under the race
// detector), 30 windows, peaks, people who do not come, leave, are sent on or go
// and fill in a form. At its end
// every ticket has exactly one end, and log, statistics and answers agree.
func TestADayOfTickets(t *testing.T) {
	d := &simday{t: t, hub: startWith(t, config(t.TempDir()), slog.New(slog.DiscardHandler))}
	d.change("PUT", "departments/civil", map[string]any{"name": "民政局"})
	for i := range dayWindows {
		d.change("PUT", fmt.Sprintf("windows/w%02d", i), map[string]any{"number": fmt.Sprint(i + 1), "name": "窗口"})
	}
	for i := range dayServices {
		var windows []string
		for w := range dayWindows { // every window serves one or two
			if w%dayServices == i || w%5 == 0 && (w+1)%dayServices == i {
				windows = append(windows, fmt.Sprintf("w%02d", w))
			}
		}
		d.change("PUT", "services/"+serviceOf(i), map[string]any{"name": "业务" + fmt.Sprint(i), "department": "civil", "prefix": string(rune('A' + i)), "windows": windows})
	}
	chance := rand.New(rand.NewPCG(5, 1))
	var citizens, windows sync.WaitGroup
	queue, began := make(chan int), time.Now()
	for i := range 10 {
		desk := d.caller("supervisor")
		own := rand.New(rand.NewPCG(7, uint64(i)))
		citizens.Go(func() {
			for n := range queue {
				d.takes(desk, n, own)
			}
		})
	}
	for i := range dayWindows {
		staff, own := d.caller("supervisor"), rand.New(rand.NewPCG(9, uint64(i)))
		windows.Go(func() { d.works(staff, fmt.Sprintf("w%02d", i), own) })
	}
	all := arrivals(chance)
	for n, at := range all[:dayTickets-dayLate] {
		time.Sleep(time.Until(began.Add(time.Duration(at * float64(dayLasts)))))
		queue <- n
	}
	close(queue)
	citizens.Wait()
	d.come.Store(true)
	windows.Wait()
	desk, own := d.caller("supervisor"), rand.New(rand.NewPCG(11, 0))
	for n := range dayLate {
		d.takes(desk, n, own)
	}
	t.Logf("the day lasted %s", time.Since(began).Round(time.Second))
	today := time.Now().In(time.FixedZone("CST", 8*3600)).Format("2006-01-02")
	for _, name := range []string{"line_end", "tickets_until"} {
		d.change("POST", "policy/parameters/"+name, map[string]any{"value": 0, "from": today, "reference": "演示"})
	}
	brokertest.Eventually(t, "the line is closed by rule", func() bool {
		var v api.LineView
		d.get("/api/v1/line", &v)
		return len(v.Waiting)+len(v.Held) == 0
	})
	d.reconciles()
}

// takes lets one citizen take a ticket, in a class, for one service or two; some leave at once.
func (d *simday) takes(desk caller, n int, chance *rand.Rand) {
	body := map[string]any{"service": serviceOf(chance.IntN(dayServices))}
	switch x := chance.Float64(); {
	case x < 0.10:
		body["class"] = "elderly"
	case x < 0.13:
		body["class"] = "disabled"
	case x < 0.16:
		body["then"] = []string{serviceOf(n)}
	}
	var taken api.Taken
	if code, why := desk.post("tickets", body, &taken); code != http.StatusCreated {
		d.t.Errorf("a ticket is answered %d %s", code, why)
		return
	}
	d.issued.Add(1)
	if chance.Float64() < 0.02 {
		if code, why := desk.post("tickets/"+taken.Ticket+"/leave", nil, nil); code != http.StatusOK && code != http.StatusConflict {
			d.t.Errorf("leaving is answered %d %s", code, why)
		}
	}
}

// works lets one window call and serve until the day is over.
func (d *simday) works(staff caller, window string, chance *rand.Rand) {
	press := func(key string, body any, into any) string {
		code, why := staff.post("windows/"+window+"/"+key, body, into)
		toItself := key == "transfer" && code == http.StatusUnprocessableEntity // nobody is sent to where they are
		if code != http.StatusOK && code != http.StatusConflict && !toItself {
			d.t.Errorf("%s at %s is answered %d %s", key, window, code, why)
		}
		return why
	}
	var held []string
	for !d.home.Load() {
		var called api.Changed
		if why := press("call-next", nil, &called); why != "" {
			if why != "line_empty" {
				d.t.Errorf("call-next at %s is refused: %s", window, why)
			}
			if len(held) > 0 { // they come back
				if press("resume", map[string]any{"ticket": held[0]}, nil) == "" {
					press("finish", map[string]any{"outcome": "done"}, nil)
				}
				held = held[1:]
				continue
			}
			d.idle()
			continue
		}
		var c wire.TicketCalled
		if err := json.Unmarshal(called.Events[0].Data, &c); err != nil {
			d.t.Error(err)
		}
		switch x := chance.Float64(); {
		case x < 0.05:
			if why := press("recall", nil, nil); why != "recall_pause" && why != "window_free" { // free where the person has just left
				d.t.Errorf("a recall at once is answered %q", why)
			}
			press("no-show", nil, nil)
			continue
		case x < 0.08:
			press("transfer", map[string]any{"service": serviceOf(chance.IntN(dayServices))}, nil)
		}
		if press("start", nil, nil) != "" {
			continue // it was sent on
		}
		time.Sleep(time.Duration(chance.IntN(60)) * time.Millisecond) // so long a visit lasts
		switch x := chance.Float64(); {
		case x < 0.03:
			press("transfer", map[string]any{"service": serviceOf(chance.IntN(dayServices))}, nil)
		case x < 0.06:
			if press("hold", nil, nil) == "" {
				held = append(held, c.Ticket)
			}
			continue
		case x < 0.2:
			press("finish", map[string]any{"outcome": "notice", "reason": "缺户口簿"}, nil)
		case x < 0.3:
			press("finish", map[string]any{"outcome": "accepted", "mode": "help"}, nil)
		}
		press("finish", map[string]any{"outcome": "done"}, nil)
	}
}

// idle waits a moment, or ends the day where everybody has come and few are left.
func (d *simday) idle() {
	if d.come.Load() {
		d.home.Store(true)
		return
	}
	time.Sleep(20 * time.Millisecond)
}

// reconciles checks that the log, the statistics and what people were answered agree.
func (d *simday) reconciles() {
	t := d.t
	ends := map[string]string{}
	numbers := map[string]bool{}
	at := map[string]string{} // which ticket a window has
	count := map[wire.Kind]int{}
	free := func(window, ticket string) {
		if at[window] == ticket {
			delete(at, window)
		}
	}
	end := func(ticket, how string) {
		if ends[ticket] != "" {
			t.Errorf("%s ended %s and then %s", ticket, ends[ticket], how)
		}
		ends[ticket] = how
	}
	busy := func(window, ticket string) {
		for w, x := range at {
			if x == ticket {
				t.Errorf("%s is at %s and is called at %s", ticket, w, window)
			}
		}
		if at[window] != "" {
			t.Errorf("%s has %s and calls %s", window, at[window], ticket)
		}
		at[window] = ticket
	}
	for r := range d.all() {
		count[r.Kind]++
		switch r.Kind {
		case wire.KindTicketIssued:
			x := read[wire.TicketIssued](t, &r)
			if numbers[x.Number] {
				t.Errorf("two tickets are called %s", x.Number)
			}
			numbers[x.Number] = true
		case wire.KindTicketCalled:
			x := read[wire.TicketCalled](t, &r)
			busy(x.Window, x.Ticket)
		case wire.KindTicketResumed:
			x := read[wire.TicketResumed](t, &r)
			busy(x.Window, x.Ticket)
		case wire.KindTicketHeld:
			x := read[wire.TicketHeld](t, &r)
			free(x.Window, x.Ticket)
		case wire.KindTicketTransferred:
			x := read[wire.TicketTransferred](t, &r)
			free(x.From, x.Ticket)
		case wire.KindTicketMissed:
			x := read[wire.TicketMissed](t, &r)
			free(x.Window, x.Ticket)
			if !x.Back {
				end(x.Ticket, "missed")
			}
		case wire.KindTicketClosed:
			x := read[wire.TicketClosed](t, &r)
			for w, ticket := range maps.Clone(at) {
				if ticket == x.Ticket {
					delete(at, w)
				}
			}
			end(x.Ticket, cmp.Or(x.Why, "?"))
		case wire.KindVisitFinished:
			x := read[wire.VisitFinished](t, &r)
			if x.Outcome == "transferred" {
				continue
			}
			free(x.Window, x.Ticket)
			if x.Next == "" {
				end(x.Ticket, "finished")
			}
		}
	}
	how := map[string]int{}
	for _, x := range ends {
		how[x]++
	}
	t.Logf("%d tickets: %v; %v", len(numbers), how, count)
	if n := int(d.issued.Load()); n != dayTickets || len(numbers) != n || len(ends) != n || count[wire.KindTicketIssued] != n {
		t.Errorf("%d people took a ticket; %d numbers, %d ends", n, len(numbers), len(ends))
	}
	if sum := how["finished"] + how["missed"] + how["cancelled"] + how["day_end"]; sum != dayTickets || how["day_end"] == 0 || how["missed"] == 0 || how["cancelled"] == 0 || count[wire.KindTicketTransferred] == 0 || count[wire.KindTicketHeld] == 0 {
		t.Errorf("the day had not all of it, or does not add up: %v %v", how, count)
	}
	var figures api.QueueFigures
	d.get("/api/v1/statistics/queue?by=service", &figures)
	n := figures.Total
	if n.Issued != dayTickets || n.Issued != n.Finished-n.WentOn+n.Missed+n.Closed || n.Open != 0 || n.Finished-n.WentOn != how["finished"] || n.Missed != how["missed"] || n.Closed != how["day_end"]+how["cancelled"] {
		t.Errorf("the statistics say %+v, the log %v", n, how)
	}
}

func read[T any](t *testing.T, r *wire.Record) (x T) {
	t.Helper()
	if err := json.Unmarshal(r.Data, &x); err != nil {
		t.Fatalf("%s: %v", r.Kind, err)
	}
	return x
}
