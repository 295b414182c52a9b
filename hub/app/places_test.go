package app_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/api"
	"hallkeeper/hub/app"
	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/hub/personal"
	"hallkeeper/hub/view"
	"hallkeeper/wire"
)

// place is an address of the log as the hub reads it.
func place(h *hub, from string) string {
	h.t.Helper()
	address, err := h.OpenPlace(from)
	if err != nil || address == from && from != "" {
		h.t.Fatalf("the address %q is sealed under no key: %v", from, err)
	}
	return address
}

// Where people act from is in the log under its month's key alone. The audit shows it for six months, and then nobody can
// read it: the chain and every view stay as they are.
func TestAddressesLapseAfterSixMonthsAndTheChainStays(t *testing.T) {
	cfg := config(t.TempDir())
	began := time.Now()
	h := start(t, cfg)
	h.change("PUT", "departments/civil", map[string]any{"name": "民政局"})
	h.change("PUT", "accounts/zhang", map[string]any{"role": "supervisor", "name": "演示员", "password": "correct horse battery"})
	if got := h.ask("session", `{"account":"zhang","password":"correct horse battery"}`); got != http.StatusOK && got != http.StatusCreated {
		t.Fatalf("signing in is answered %d", got)
	}
	audit := func() (page api.AuditPage) {
		h.t.Helper()
		if got := h.get("/api/v1/audit?by=all&limit=200", &page); got != http.StatusOK {
			t.Fatalf("the audit is answered %d", got)
		}
		return page
	}
	seen, opened := 0, 0
	for _, e := range audit().Entries {
		if e.Actor != nil && e.Actor.From == "127.0.0.1" {
			seen++
		}
		if e.Kind == wire.KindSessionOpened && strings.Contains(string(e.Data), `"address":"127.0.0.1"`) {
			opened++
		}
	}
	if seen < 3 || opened != 1 {
		t.Errorf("the audit shows %d addresses and %d sessions", seen, opened)
	}
	month := wire.MonthKey(began.In(time.FixedZone("", 8*3600)).Format("2006-01"))
	for r := range h.all() {
		if text, err := json.Marshal(r); err != nil || bytes.Contains(text, []byte("127.0.0.1")) {
			t.Errorf("the log has an address: %s, %v", text, err)
		}
	}
	if !there(keyFile(cfg, month)) {
		t.Errorf("there is no key %s", month)
	}
	if got := h.ask("personal/forget", `{"whose":"`+month+`","reason":"本人申请","reference":"申请表"}`); got != http.StatusConflict {
		t.Errorf("forgetting before six months are over is answered %d", got)
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}

	cfg.Now = func() time.Time { return began.AddDate(0, 0, 184).Add(time.Since(began)) }
	h = start(t, cfg)
	brokertest.Eventually(t, "the month's addresses are forgotten", func() bool { return !there(keyFile(cfg, month)) })
	for _, e := range audit().Entries {
		if e.Actor != nil && e.At.Before(began.AddDate(0, 0, 1)) && e.Actor.From == "127.0.0.1" {
			t.Errorf("position %d is still shown with %s", e.Position, e.Actor.From)
		}
		if e.Kind == wire.KindSessionOpened && !strings.Contains(string(e.Data), personal.Removed) {
			t.Errorf("the session is shown as %s", e.Data)
		}
	}
	h.change("PUT", "departments/health", map[string]any{"name": "卫生健康局"}) // a new month has a new key
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	if all, err := filepath.Glob(keyFile(cfg, wire.MonthKey("*"))); err != nil || len(all) != 1 {
		t.Errorf("the keys of months are %v, %v", all, err)
	}
	if p := verified(t, cfg); p.Wrong() != 0 || len(p.Log.Faults) != 0 {
		t.Errorf("hub verify finds %d wrong and %v", p.Wrong(), p.Log.Faults)
	}
	had, at, err := view.Digest(app.ViewsFile(cfg.Data))
	if err != nil {
		t.Fatal(err)
	}
	if p, has, err := app.Replay(t.Context(), cfg, slog.New(slog.DiscardHandler)); err != nil || p != at || !bytes.Equal(had, has) {
		t.Errorf("the views are of %d, a replay is of %d: the same %v, %v", at, p, bytes.Equal(had, has), err)
	}
}
