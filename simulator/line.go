package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"hallkeeper/simulator/day"
)

// What happens between a call and a visit.
const (
	// walk is how long a citizen needs to the window, by their own schedule.
	walk = 20 * time.Second
	// leastWalk is the least of it in real time: the call button takes what comes
	// within 2 s for a slip of the finger.
	leastWalk = 2200 * time.Millisecond
	// callSeen is how long staff look for the number after pressing the button.
	callSeen = 3 * time.Second
	// stayAway is how often nobody comes.
	stayAway = 0.03
)

// desk is the keyboard of a window's panel.
type desk interface {
	// do presses a key, e.g. "finish"; what the hub refuses is no error.
	do(ctx context.Context, window, key string) error
}

// callNext serves the next person: where the hall has a line the call button goes
// round, elsewhere it only calls.
func (p *player) callNext(ctx context.Context) error {
	c, known := p.sign.counter(ctx, p.window, time.Time{})
	if !known || !c.line {
		return p.hand.Press(ctx, "call")
	}
	if c.stage == "serving" {
		if err := p.finish(ctx); err != nil {
			return err
		}
		c.stage = ""
	}
	if c.stage == "" {
		if c.waiting == 0 {
			return nil
		}
		if err := p.hand.Press(ctx, "call"); err != nil {
			return err
		}
		if called, err := p.called(ctx); err != nil || !called {
			return err
		}
	}
	if err := waitUntil(ctx, time.Now().Add(max(p.rhythm.real(walk), leastWalk))); err != nil {
		return err
	}
	if p.chance.Float64() < stayAway {
		return p.desk.do(ctx, p.window, "no-show")
	}
	p.served = true
	return p.hand.Press(ctx, "call")
}

// called waits until the window's screen shows a called number.
func (p *player) called(ctx context.Context) (bool, error) {
	for pressed := time.Now(); time.Since(pressed) < callSeen; {
		c, known := p.sign.counter(ctx, p.window, time.Now())
		if known && c.stage == "called" {
			return true, nil
		}
		if err := waitUntil(ctx, time.Now().Add(signFresh)); err != nil {
			return false, err
		}
	}
	return false, nil
}

// finish ends the visit at the window, if there is one.
func (p *player) finish(ctx context.Context) error {
	if c, known := p.sign.counter(ctx, p.window, time.Time{}); !known || c.stage != "serving" {
		return nil
	}
	return p.desk.do(ctx, p.window, "finish")
}

// rate presses a satisfaction button; where the hall has a line, only whoever was served there has something to say.
func (p *player) rate(ctx context.Context, level int) error {
	if c, known := p.sign.counter(ctx, p.window, time.Time{}); known && c.line && (c.stage == "called" || !p.served) {
		return nil
	}
	p.served = false
	return p.hand.Press(ctx, fmt.Sprintf("rating%d", level))
}

// hubDesk does over HTTP what people do at screens: staff at their panels,
// citizens at the kiosk.
type hubDesk struct {
	url, token string
	// kiosk is the key of the kiosk's page.
	kiosk string
}

// do presses a panel's key.
func (d hubDesk) do(ctx context.Context, window, key string) error {
	if d.token == "" {
		return nil
	}
	return d.post(ctx, d.token, "windows/"+window+"/"+key, struct{}{})
}

// take takes a ticket.
func (d hubDesk) take(ctx context.Context, service, class string) error {
	return d.post(ctx, d.kiosk, "tickets", map[string]string{"service": service, "class": class})
}

// post asks the hub for something. A refusal, or a hub that is away, is no error:
// people shrug and go on.
func (d hubDesk) post(ctx context.Context, token, path string, body any) error {
	within, cancel := context.WithTimeout(ctx, signTimeout)
	defer cancel()
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(within, http.MethodPost, d.url+"/api/v1/"+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return context.Cause(ctx)
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.Body.Close()
}

// crowd is the citizens who come for one window's services and take tickets.
type crowd struct {
	window, agent string
	days          day.Config
	seed          uint64
	first         day.Date
	rhythm        rhythm
	desk          hubDesk
	chance        *rand.Rand
}

// run lets them come, day after day, until ctx ends.
func (c *crowd) run(ctx context.Context) error {
	for n := 0; ; n++ {
		for _, at := range day.Arrivals(c.days, c.seed, c.agent, c.first.Add(n)) {
			due := c.rhythm.when(n, at)
			if err := waitUntil(ctx, due); err != nil {
				return err
			}
			if c.rhythm.late(day.Call, due, time.Now()) {
				continue
			}
			if err := c.come(ctx); err != nil {
				return err
			}
		}
		if err := waitUntil(ctx, c.rhythm.when(n, day.Closes-time.Minute)); err != nil {
			return err
		}
	}
}

// come is one citizen who takes a ticket for one of the window's services.
func (c *crowd) come(ctx context.Context) error {
	live, err := fetchLive(ctx, c.desk.url+"/api/v1/live")
	if err != nil {
		return context.Cause(ctx)
	}
	var services []string
	for id, s := range live.Services {
		if slices.Contains(s.Windows, c.window) {
			services = append(services, id)
		}
	}
	if len(services) == 0 {
		return nil
	}
	slices.Sort(services)
	return c.desk.take(ctx, services[c.chance.IntN(len(services))], c.class())
}

// class is what a citizen touches: most are ordinary.
func (c *crowd) class() string {
	switch p := c.chance.Float64(); {
	case p < 0.86:
		return "ordinary"
	case p < 0.95:
		return "elderly"
	case p < 0.97:
		return "disabled"
	case p < 0.99:
		return "military"
	}
	return "green"
}

// newDesk is the keyboards and the kiosk of the hub at an address.
func newDesk(c Config) hubDesk {
	return hubDesk{url: strings.TrimSuffix(c.HubURL, "/"), token: c.PanelToken, kiosk: c.KioskToken}
}
