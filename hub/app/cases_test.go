package app_test

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"hallkeeper/hub/api"
	"hallkeeper/hub/app"
	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/hub/conduct"
	"hallkeeper/hub/personal"
	"hallkeeper/hub/vault"
	"hallkeeper/wire"
)

// A complaint is an alarm on the console while it waits. Its words and the number
// are sealed on disk; destroying the key of the case takes them from everybody,
// and the case goes on without them.
func TestACaseIsAnAlarmAndCanBeForgotten(t *testing.T) {
	cfg := config(t.TempDir())
	h := start(t, cfg)
	h.change("PUT", "departments/civil", map[string]any{"name": "民政局"})
	h.change("POST", "cases", map[string]any{"source": "hotline", "department": "civil", "text": "窗口没人，<b>等了一小时</b>", "phone": "13800000042"})
	brokertest.Eventually(t, "the console says that a case is due soon", func() bool {
		a, ok := h.live().Alarms["cases_soon"]
		return ok && a.Severity == wire.SeverityNotice && a.Values["count"] == "1"
	})
	var story api.CaseStory
	if got := h.get("/api/v1/cases/"+h.caseOpened().Number, &story); got != http.StatusOK || story.Steps[0].Text != "窗口没人，<b>等了一小时</b>" || story.Steps[0].Phone != "138****0042" {
		t.Fatalf("the case is answered %d %+v", got, story)
	}
	for _, r := range h.events() {
		if text := string(wire.AppendRecord(nil, &r)); strings.Contains(text, "一小时") || strings.Contains(text, "13800000042") {
			t.Errorf("the log holds what is personal: %s", text)
		}
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	keys, err := vault.Open(app.KeyDir(cfg.Data), "hallkeeper/t", "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.Forget(conduct.Key(story.Case)); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(app.KeyDir(cfg.Data), "people", conduct.Key(story.Case)+".key")); len(left) != 0 {
		t.Errorf("the key is still there: %v", left)
	}
	h = start(t, cfg)
	story = api.CaseStory{}
	brokertest.Eventually(t, "the case is there", func() bool { return h.get("/api/v1/cases/"+h.caseOpened().Number, &story) == http.StatusOK })
	if x := story.Steps[0]; x.Text != personal.Removed || !x.Removed || x.Phone != "" || x.Position == 0 || !story.Words || !story.Contact || story.State != conduct.Open {
		t.Errorf("a forgotten case is %+v", story)
	}
	if got := h.ask("cases/"+story.Number+"/answer", `{"text":"已答复"}`); got != http.StatusConflict {
		t.Errorf("words under a key that was destroyed are answered %d", got)
	}
	h.ask("cases/"+story.Number+"/grade", `{"hard":true}`)
	if h.get("/api/v1/cases/"+story.Number, &story); !story.Hard {
		t.Errorf("a forgotten case does not go on: %+v", story.CaseRow)
	}
}

// caseOpened is the first case of the log.
func (h *hub) caseOpened() (c wire.CaseOpened) {
	h.t.Helper()
	all := h.kinds(wire.KindCaseOpened)
	if len(all) == 0 {
		return c
	}
	if err := json.Unmarshal(all[0].Data, &c); err != nil {
		h.t.Fatal(err)
	}
	return c
}
