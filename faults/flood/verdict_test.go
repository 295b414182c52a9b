package main

import (
	"strings"
	"testing"
	"time"
)

// A hub that stood the flood, and each way in which one does not.
func TestWhatTheHubDoesNotStandIsSaid(t *testing.T) {
	for name, row := range map[string]struct {
		spoil func(*result)
		says  string
	}{
		"all is well":                         {func(*result) {}, ""},
		"fewer sockets than places":           {func(r *result) { f := &r.floods[0]; f.tried, f.taken, f.refused = 100, 100, 0 }, ""},
		"strangers take a screen's place":     {func(r *result) { r.floods[0].taken++ }, "strangers have 1800 places, not 1799"},
		"places are kept empty":               {func(r *result) { r.floods[0].taken, r.floods[0].refused = 1700, 8300 }, "strangers have 1700 places"},
		"sockets that nobody answers":         {func(r *result) { r.floods[0].refused -= 5 }, "8196 refused"},
		"sockets that are let go":             {func(r *result) { r.floods[0].lost = 3 }, "3 lost"},
		"memory grows":                        {func(r *result) { r.floods[0].most = 600 }, "the hub had 600 MiB"},
		"the lobby goes stale":                {func(r *result) { r.floods[0].silence = 6 * time.Second }, "heard nothing for 6.0 s"},
		"a slow caller stays":                 {func(r *result) { r.slow.cut-- }, "1 of 500 slow callers"},
		"a body comes through":                {func(r *result) { r.giga.refused-- }, "1 of 16 bodies"},
		"a body is read before it is refused": {func(r *result) { r.giga.taken = 1 << 30 }, "1024 MiB of a body"},
		"a body is kept":                      {func(r *result) { r.giga.most = 1100 }, "bodies: the hub had 1100 MiB"},
		"sockets are not given back":          {func(r *result) { r.after.files = 2000 }, "2000 files are still open"},
		"goroutines are not given back":       {func(r *result) { r.after.goroutines = 5000 }, "5000 goroutines"},
		"places are not given back":           {func(r *result) { r.after.screens = 1802 }, "1802 places"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &result{floods: []flooded{{name: "TLS", tried: 10_000, taken: places - 1, refused: 10_001 - places, before: 60, most: 200, silence: 2 * time.Second}},
				slow: slowResult{tried: 500, cut: 500}, giga: gigaResult{size: 1 << 30, tried: 16, refused: 16, taken: 4 << 20, most: 200},
				before: state{files: 40, goroutines: 120, screens: 1}, after: state{files: 45, goroutines: 125, screens: 1}}
			row.spoil(r)
			got := strings.Join(r.faults(512), "; ")
			if row.says == "" && got != "" || !strings.Contains(got, row.says) {
				t.Errorf("says %q, not %q", got, row.says)
			}
		})
	}
}
