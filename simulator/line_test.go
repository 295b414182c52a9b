package simulator

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hallkeeper/simulator/day"
	"hallkeeper/wire"
)

// counterSign is one window with a line: it follows the button as the hub does.
type counterSign struct {
	noSign
	stage   string
	waiting int
	did     []string
}

func (c *counterSign) counter(context.Context, string, time.Time) (counter, bool) {
	return counter{line: true, stage: c.stage, waiting: c.waiting}, true
}

func (c *counterSign) do(_ context.Context, _, key string) error {
	c.did, c.stage = append(c.did, key), ""
	return nil
}

// buttonHand is a hand whose call button moves the window on.
type buttonHand struct {
	fakeHand
	at *counterSign
}

func (h *buttonHand) Press(_ context.Context, line string) error {
	h.at.did = append(h.at.did, line)
	if line != "call" {
		return nil
	}
	switch h.at.stage {
	case "":
		h.at.stage, h.at.waiting = "called", h.at.waiting-1
	case "called":
		h.at.stage = "serving"
	}
	return nil
}

func TestStaffServeTheLine(t *testing.T) {
	for _, row := range []struct {
		says    string
		stage   string
		waiting int
		acts    []day.Act
		want    []string
	}{
		{"a visit", "", 1, []day.Act{{Kind: day.Call}, {Kind: day.Done}, {Kind: day.Rate, Level: 5}}, []string{"call", "call", "finish", "rating5"}},
		{"nobody waits", "", 0, []day.Act{{Kind: day.Call}, {Kind: day.Done}}, nil},
		{"a visit that nobody ended", "serving", 1, []day.Act{{Kind: day.Call}}, []string{"finish", "call", "call"}},
		{"somebody was called before", "called", 1, []day.Act{{Kind: day.Call}}, []string{"call"}},
		{"who still waits has nothing to say", "called", 1, []day.Act{{Kind: day.Rate, Level: 1}}, nil},
		{"nobody leaves the person in front of them", "serving", 0, []day.Act{{Kind: day.GoOut}}, []string{"finish"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, _ := testPlayer(6)
			at := &counterSign{stage: row.stage, waiting: row.waiting}
			p.hand, p.sign, p.desk, p.chance = &buttonHand{at: at}, at, at, rand.New(rand.NewPCG(1, 1))
			for _, act := range row.acts {
				if err := p.act(t.Context(), act, time.Now()); err != nil {
					t.Fatal(err)
				}
			}
			if !slices.Equal(at.did, row.want) {
				t.Errorf("%s: did %v, want %v", row.says, at.did, row.want)
			}
		})
	}
}

func TestCitizensTakeTickets(t *testing.T) {
	var mu sync.Mutex
	var taken []map[string]string
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_ = json.NewEncoder(w).Encode(wire.Live{Services: map[string]wire.LiveService{"a": {Windows: []string{"w01"}}, "b": {Windows: []string{"w02"}}}})
			return
		}
		mu.Lock()
		defer mu.Unlock()
		body := map[string]string{"token": r.Header.Get("Authorization")}
		_ = json.NewDecoder(r.Body).Decode(&body)
		taken = append(taken, body)
	}))
	defer hub.Close()
	for _, row := range []struct {
		window string
		want   int
	}{{"w01", 50}, {"w03", 0}} {
		taken = nil
		c := &crowd{window: row.window, desk: hubDesk{url: hub.URL, kiosk: "k"}, chance: rand.New(rand.NewPCG(1, 1))}
		for range 50 {
			if err := c.come(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if len(taken) != row.want {
			t.Fatalf("%s: %d tickets, want %d", row.window, len(taken), row.want)
		}
		for _, ticket := range taken {
			if ticket["service"] != "a" || ticket["token"] != "Bearer k" || ticket["class"] == "" {
				t.Fatalf("took %v", ticket)
			}
		}
	}
	hub.Close()
	if err := (&crowd{window: "w01", desk: hubDesk{url: hub.URL}}).come(t.Context()); err != nil {
		t.Errorf("a hub that is away ends the play: %v", err)
	}
}
