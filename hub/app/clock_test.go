package app_test

import (
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"hallkeeper/hub/app"
	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/hub/eventlog"
	"hallkeeper/wire"
)

// A hub whose machine has no battery for its clock starts before the clock is set. It serves its screens and says what is
// wrong, answers no device, so that each keeps what people did, and refuses what people enter; once the clock is set it goes
// on by itself, and nothing in the log is earlier than what was there.
func TestAHubThatStartsBeforeItsClockIsSet(t *testing.T) {
	var clock atomic.Pointer[time.Time]
	set := func(at time.Time) { clock.Store(&at) }
	began := time.Now()
	set(began)
	cfg := config(t.TempDir())
	cfg.Now, cfg.Synchronised = func() time.Time { return *clock.Load() }, func() bool { return false }
	cfg.HTTPS, cfg.Names = "127.0.0.1:0", []string{"hall.example.cn"} // with a certificate of the county, which began after 1970
	cfg.Certificate, cfg.CertificateKey = newCountyCA(t).write(t.TempDir(), "hall.example.cn", 1, began.Add(-time.Hour), began.AddDate(1, 0, 0))
	h := startWith(t, cfg, slog.New(slog.DiscardHandler))
	d := connect(h, "w01")
	d.Send(d.Presses(1, 3))
	d.AwaitMark(3)
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}

	set(time.Unix(30, 0))
	h = startWith(t, cfg, slog.New(slog.DiscardHandler))
	var l wire.Live
	brokertest.Eventually(t, "the screens say that the clock is to be set", func() bool {
		l = wire.Live{}
		return h.get("/api/v1/live", &l) == http.StatusOK && l.Alarms[string(wire.AlarmNotWritable)].Detail == "clock_behind" && h.get("/readyz", nil) == http.StatusServiceUnavailable
	})
	status, code, _ := h.stranger("PUT", "/api/v1/windows/1", `{"number":"1","name":"n"}`)
	if status/100 == 2 {
		t.Errorf("a change is answered %d %s", status, code)
	}
	d = connect(h, "w01")
	d.Publish(1, d.Presses(4, 6))
	brokertest.Eventually(t, "the device is hung up on", d.Lost)

	set(began.Add(time.Hour))
	brokertest.Eventually(t, "the hub stores again", func() bool {
		l = wire.Live{}
		h.get("/api/v1/live", &l)
		_, stands := l.Alarms[string(wire.AlarmNotWritable)]
		return h.get("/readyz", nil) == http.StatusOK && !stands
	})
	d = connect(h, "w01")
	d.Send(d.Presses(4, 6))
	d.AwaitMark(6)
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	log, done, err := eventlog.Read(app.LogDir(cfg.Data))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = done() }()
	records, err := log.ReadBatch(0, 1000)
	if err != nil || len(records) < 6 {
		t.Fatal(len(records), err)
	}
	for i, r := range records {
		if r.StoredAt.Year() < 2000 || i > 0 && r.StoredAt.Before(records[i-1].StoredAt) {
			t.Errorf("record %d %s was stored at %s", r.Position, r.Kind, r.StoredAt)
		}
	}
}

// The very first start of a hall before the clock is set makes an authority that is good when it is, and stores nothing of 1970.
func TestAFirstStartBeforeTheClockIsSet(t *testing.T) {
	var clock atomic.Pointer[time.Time]
	set := func(at time.Time) { clock.Store(&at) }
	set(time.Unix(30, 0))
	cfg := config(t.TempDir())
	cfg.HTTPS = "127.0.0.1:0"
	cfg.Now, cfg.Synchronised = func() time.Time { return *clock.Load() }, func() bool { return false }
	h := startWith(t, cfg, slog.New(slog.DiscardHandler))
	brokertest.Eventually(t, "it stores nothing", func() bool { return h.get("/readyz", nil) == http.StatusServiceUnavailable })
	set(time.Now())
	brokertest.Eventually(t, "it stores", func() bool { return h.get("/readyz", nil) == http.StatusOK })
	text, err := os.ReadFile(filepath.Join(app.KeyDir(cfg.Data), "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	authority, err := x509.ParseCertificate(block.Bytes)
	if err != nil || authority.NotAfter.Before(time.Now().AddDate(5, 0, 0)) {
		t.Errorf("the authority is good until %v, %v", authority.NotAfter, err)
	}
	if events := h.events(); len(events) == 0 || events[0].StoredAt.Year() < 2026 {
		t.Errorf("the first of %d events is of %v", len(events), events)
	}
}
