package simulator

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"hallkeeper/wire"
)

func TestSignReadsTheLiveView(t *testing.T) {
	broken := false
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/live" || broken {
			http.Error(w, "no", http.StatusServiceUnavailable)
			return
		}
		_ = json.NewEncoder(w).Encode(wire.Live{Windows: map[string]wire.LiveWindow{
			"w01": {State: wire.WindowOpen, Staffed: true},
			"w02": {State: wire.WindowUnstaffed},
			"w03": {State: wire.WindowCutOff, Staffed: true},
			"w04": {State: wire.WindowNoDevice},
		}})
	}))
	defer hub.Close()
	for _, row := range []struct {
		says           string
		window         string
		staffed, known bool
	}{
		{"an open window is staffed", "w01", true, true},
		{"an unstaffed one is not", "w02", false, true},
		{"of a window that is cut off nothing is known", "w03", false, false},
		{"nor of one without a device", "w04", false, false},
		{"nor of one that is not there", "w99", false, false},
	} {
		staffed, known := newSign(hub.URL+"/").staffed(t.Context(), row.window)
		if staffed != row.staffed || known != row.known {
			t.Errorf("%s: got staffed %v, known %v", row.says, staffed, known)
		}
	}
	broken = true
	if _, known := newSign(hub.URL).staffed(t.Context(), "w01"); known {
		t.Error("a hub that can't answer was believed")
	}
	if _, known := newSign("").staffed(t.Context(), "w01"); known {
		t.Error("without a hub nothing is known")
	}
}
