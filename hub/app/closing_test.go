package app_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/wire"
)

func (h *hub) change(method, path string, body any) {
	h.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.addr.HTTP+"/api/v1/"+path, bytes.NewReader(text))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode/100 != 2 {
		h.t.Fatalf("%s %s: %s", method, path, res.Status)
	}
}

// A day is closed by itself at its time, once, however often the hub starts; who
// is said to have come years ago was not absent for years.
func TestADayIsClosedByItselfOnce(t *testing.T) {
	cfg := config(t.TempDir())
	cfg.DayClose = "00:00"
	h := start(t, cfg)
	h.change("PUT", "departments/d", map[string]any{"name": "单位"})
	h.change("PUT", "windows/w1", map[string]any{"number": "1", "name": "窗口"})
	h.change("PUT", "posts/p1", map[string]any{"window": "w1", "name": "岗"})
	h.change("PUT", "staff/s1", map[string]any{"name": "演示员", "department": "d", "employment": "in_post"})
	h.change("POST", "staff/s1/post", map[string]any{"post": "p1", "from": "2020-01-01"})
	checked := func() (n int) {
		for _, r := range h.events() {
			if r.Kind == wire.KindDayChecked {
				n++
			}
		}
		return n
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation(cfg.Hall.TimeZone)
	if err != nil {
		t.Fatal(err)
	}
	before := time.Now().In(zone)
	h = start(t, cfg)
	brokertest.Eventually(t, "the day is closed at the start, since its time has come", func() bool { return checked() >= 1 })
	if n := checked(); n != 1 && before.Day() == time.Now().In(zone).Day() {
		t.Errorf("%d days were closed", n)
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h = start(t, cfg)
	brokertest.Eventually(t, "the hub serves", func() bool { return h.get("/readyz", nil) == http.StatusOK })
	if n := checked(); n != 1 && before.Day() == time.Now().In(zone).Day() {
		t.Errorf("after another start %d days are closed", n)
	}
}
