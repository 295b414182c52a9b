package app_test

import (
	"testing"

	"hallkeeper/hub/api"
	"hallkeeper/policies"
	"hallkeeper/wire"
)

// An adopted policy is in the log with its whole text: a hub that starts again goes by it, and decides by it.
func TestAnAdoptedPolicyOutlivesTheProgram(t *testing.T) {
	cfg := config(t.TempDir())
	h := start(t, cfg)
	h.change("POST", "policies", map[string]any{"text": string(policies.Default()), "from": "2020-08-01", "document": "演示〔2020〕1号（虚构）"})
	h.change("POST", "policies/wuzhengbanfa-2020-63@1.0.0/extend", map[string]any{"from": "2022-08-01", "document": "演示〔2026〕1号（虚构）"})
	h.change("POST", "policy/parameters/late_grace", map[string]any{"value": 3, "from": "2026-01-01", "reference": "纪要"})
	check := func(h *hub) {
		t.Helper()
		var list api.PolicyList
		h.get("/api/v1/policies", &list)
		if len(list.Policies) != 1 || list.Policies[0].Standing != "extended" || !list.Policies[0].Now || list.Blocked != nil {
			t.Fatalf("got %+v", list)
		}
		var parts api.PolicyParts
		h.get("/api/v1/policies/wuzhengbanfa-2020-63@1.0.0", &parts)
		if parts.Text != string(policies.Default()) || len(parts.Rules) != 31 {
			t.Fatalf("the text has %d bytes, and there are %d rules", len(parts.Text), len(parts.Rules))
		}
		for _, p := range parts.Parameters {
			if p.Name == "late_grace" && (p.Now != 3 || len(p.Changes) != 1) {
				t.Fatalf("got %+v", p)
			}
		}
	}
	check(h)
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h = start(t, cfg)
	check(h)
	if made := h.kinds(wire.KindPolicyAdopted); len(made) != 1 {
		t.Errorf("there are %d adoptions", len(made))
	}
	// A decision after the start knows what was adopted before it.
	if status, _ := h.caller("administrator").post("policies", map[string]any{"text": string(policies.Default()), "from": "2026-01-01", "document": "x"}, nil); status != 409 {
		t.Errorf("the same from another day is answered %d", status)
	}
}
