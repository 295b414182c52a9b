package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"hallkeeper/hub/api"
	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/hub/rating"
	"hallkeeper/wire"
)

func ratingPress(d *brokertest.Device, seq, level int, at time.Time) string {
	return fmt.Sprintf(`{"id":"019ab3c1-7a10-7c3e-9b1f-%012d","agent":%q,"outbox":%q,"seq":%d,"first":1,"boot":"b1","at":%q,"clock":"synced","uptime_ms":1,"kind":"rating.pressed","data":{"level":%d}}`,
		seq, d.Agent, d.Outbox, seq, at.Format(time.RFC3339Nano), level)
}

// patterns are those that a device's lamps were asked to show.
func patterns(d *brokertest.Device) (list []string) {
	for _, c := range d.Commands() {
		var s wire.Signal
		if c.Kind == wire.CommandSignal && json.Unmarshal(c.Data, &s) == nil {
			list = append(list, s.Pattern)
		}
	}
	return list
}

func (h *hub) live() (v wire.Live) {
	h.t.Helper()
	if got := h.get("/api/v1/live", &v); got != http.StatusOK {
		h.t.Fatalf("the live view is answered %d", got)
	}
	return v
}

func (h *hub) kinds(kind wire.Kind) (list []wire.Record) {
	h.t.Helper()
	for _, r := range h.events() {
		if r.Kind == kind {
			list = append(list, r)
		}
	}
	return list
}

// A press is answered at the window: counted, or that nobody is served. The live
// view says that the visit was rated and not how. A bad review makes one case, once
// it can no longer be corrected, whatever comes twice.
func TestAPressAtAWindow(t *testing.T) {
	cfg := config(t.TempDir())
	h := start(t, cfg)
	d := lined(t, h)
	d.Send(ratingPress(d, 2, 5, time.Now()))
	brokertest.Eventually(t, "a press while nobody is served is answered so", func() bool { return slices.Contains(patterns(d), "not_open") })
	if got := h.ask("windows/w1/serve", ""); got != http.StatusOK {
		t.Fatalf("serving somebody without a ticket is answered %d", got)
	}
	brokertest.Eventually(t, "the window can be rated", func() bool { r := h.live().Windows["w1"].Rating; return r != nil && r.State == "open" })
	press := ratingPress(d, 3, 1, time.Now())
	d.Send(press)
	brokertest.Eventually(t, "the lamp says that it counts", func() bool { return slices.Contains(patterns(d), "counted") })
	brokertest.Eventually(t, "the window was rated", func() bool {
		r := h.live().Windows["w1"].Rating
		return r != nil && r.State == "rated" && r.RatedAt != nil
	})
	d.Send(press) // again, as a device does that has no answer
	brokertest.Eventually(t, "the bad review has a case", func() bool { return len(h.kinds(wire.KindCaseOpened)) > 0 })
	var c wire.CaseOpened
	cases := h.kinds(wire.KindCaseOpened)
	if err := json.Unmarshal(cases[0].Data, &c); err != nil || c.Level != 1 || c.Source != wire.CaseButton || c.Window != "w1" || c.Department != "civil" || cases[0].Actor.Kind != wire.ActorSchedule {
		t.Errorf("the case is %s (%v)", cases[0].Data, err)
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h = start(t, cfg)
	brokertest.Eventually(t, "the hub is back", func() bool { return len(h.kinds(wire.KindHubStarted)) == 2 })
	var page api.RatingPage
	brokertest.Eventually(t, "the visit is on record as rated", func() bool {
		return h.get("/api/v1/ratings?result=bad", &page) == http.StatusOK && page.Total == 1
	})
	if n := len(h.kinds(wire.KindCaseOpened)); n != 1 {
		t.Errorf("one bad review has %d cases", n)
	}
}

// The hall's figures of a day are published by themselves once enough have rated.
func TestTheDaysFiguresArePublished(t *testing.T) {
	h := start(t, config(t.TempDir()))
	d := lined(t, h)
	h.change("POST", "policy/parameters/rating_publish_least", map[string]any{"value": 1, "from": "2020-08-01", "reference": "测试"})
	h.ask("windows/w1/serve", "")
	d.Send(ratingPress(d, 2, 5, time.Now()))
	brokertest.Eventually(t, "the lamp says that it counts", func() bool { return slices.Contains(patterns(d), "counted") })
	brokertest.Eventually(t, "the figures are published", func() bool {
		s := h.live().Satisfaction
		return s != nil && s.Figures.Pressed == 1 && s.Figures.Levels[4] == 1 && !s.Final
	})
	for _, r := range h.live().Satisfaction.Rates {
		if r.ID == "good_rate" && (r.Value == nil || *r.Value != 1 || r.Below != 1) {
			t.Errorf("the rate of good ratings is %+v", r)
		}
	}
}

// What two people took back leaves the screens, and the schedule does not put it there again.
func TestTheScheduleLeavesAloneWhatTwoTookBack(t *testing.T) {
	h := start(t, config(t.TempDir()))
	d := lined(t, h)
	h.change("POST", "policy/parameters/rating_publish_least", map[string]any{"value": 1, "from": "2020-08-01", "reference": "测试"})
	h.ask("windows/w1/serve", "")
	d.Send(ratingPress(d, 2, 5, time.Now()))
	brokertest.Eventually(t, "the figures are published", func() bool { return h.live().Satisfaction != nil })
	shown := h.live().Satisfaction
	due := func() bool { // tomorrow
		return slices.ContainsFunc(h.DueReleases(time.Now().AddDate(0, 0, 1)), func(p rating.Publish) bool { return p.Period == shown.Day })
	}
	if !due() {
		t.Fatal("the day's last figures would not be published by themselves")
	}
	h.byTwo(wire.ActionUnpublishRating, rating.Unpublish{RatingUnpublished: wire.RatingUnpublished{Period: shown.Day, Revision: len(h.kinds(wire.KindRatingPublished))}})
	brokertest.Eventually(t, "the screens show none", func() bool { return h.live().Satisfaction == nil })
	if due() {
		t.Error("the schedule would publish it again")
	}
	h.change("POST", "ratings/publications", map[string]any{"period": shown.Day})
	brokertest.Eventually(t, "a person has published again", func() bool { return h.live().Satisfaction != nil })
}
