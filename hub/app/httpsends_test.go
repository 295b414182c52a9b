package app_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"hallkeeper/hub/app"
	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/wire"
)

// lines is a log that is read while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

func TestAGivenCertificateThatEndsIsToldTwice(t *testing.T) {
	county, dir, now := newCountyCA(t), t.TempDir(), &clock{}
	cfg := overTLS(t.TempDir())
	cfg.Now = now.Now
	until := time.Now().Add(31*24*time.Hour + time.Hour)
	cfg.Certificate, cfg.CertificateKey = county.write(dir, "hall.example.cn", 7, time.Now().Add(-time.Hour), until)
	said := &lines{}
	h := startWith(t, cfg, slog.New(slog.NewTextHandler(said, nil)))
	const day = 24 * time.Hour
	for _, row := range []struct {
		after      time.Duration
		soon, near bool
		told       int
	}{{0, false, false, 0}, {2 * day, true, false, 1}, {10 * day, true, false, 1}, {6 * day, false, true, 2}, {14 * day, false, true, 2}} {
		now.forward(row.after)
		h.LookAtCertificates()
		brokertest.Eventually(t, "the screens show how long the certificate lasts", func() bool {
			alarms := h.live().Alarms
			soon, isSoon := alarms[string(wire.AlarmHTTPSSoon)]
			near, isNear := alarms[string(wire.AlarmHTTPSNear)]
			return isSoon == row.soon && isNear == row.near && (!isSoon || soon.Severity == wire.SeverityNotice) && (!isNear || near.Severity == wire.SeverityAlarm)
		})
		if got := said.count("the given certificate ends"); got != row.told {
			t.Errorf("the log tells of it %d times, want %d", got, row.told)
		}
	}
	county.write(dir, "hall.example.cn", 8, now.Now().Add(-time.Hour), now.Now().AddDate(1, 0, 0))
	h.LookAtCertificates()
	brokertest.Eventually(t, "a new certificate ends the alarm", func() bool {
		alarms := h.live().Alarms
		_, soon := alarms[string(wire.AlarmHTTPSSoon)]
		_, near := alarms[string(wire.AlarmHTTPSNear)]
		return !soon && !near
	})
}

func TestTheDoctorLooksAtHTTPS(t *testing.T) {
	county, now := newCountyCA(t), time.Now()
	h := start(t, overTLS(t.TempDir()))
	for want, change := range map[string]func(*app.Config){
		"note https is not set":                            func(c *app.Config) { c.HTTPS = "" },
		"note the hall's own authority is not there yet":   func(c *app.Config) { c.Data = t.TempDir() },
		"well the fingerprint (SHA-256) of the hall's own": func(*app.Config) {},
		"names: hall.example.cn":                           func(c *app.Config) { c.Names = []string{"hall.example.cn"} },
		"ill the pages' certificate cannot be used":        func(c *app.Config) { c.Certificate, c.CertificateKey = "nowhere", "nowhere" },
		"well the pages' certificate is good until": func(c *app.Config) {
			c.Certificate, c.CertificateKey = county.write(t.TempDir(), "a.cn", 1, now, now.AddDate(0, 3, 0))
		},
		"note the pages' certificate ends on": func(c *app.Config) {
			c.Certificate, c.CertificateKey = county.write(t.TempDir(), "a.cn", 1, now, now.AddDate(0, 0, 20))
		},
		"in less than 14 days: put a new one in its place": func(c *app.Config) {
			c.Certificate, c.CertificateKey = county.write(t.TempDir(), "a.cn", 1, now, now.AddDate(0, 0, 10))
		},
	} {
		cfg := overTLS(h.data)
		change(&cfg)
		var b strings.Builder
		for f := range app.Examine(t.Context(), cfg) {
			b.WriteString(map[app.Health]string{app.Well: "well ", app.Note: "note ", app.Ill: "ill "}[f.Health] + f.EN + "\n")
		}
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not said in\n%s", want, b.String())
		}
	}
}
