package app_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"hallkeeper/hub/api"
	"hallkeeper/hub/app"
	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/hub/copies"
	"hallkeeper/hub/courier/couriertest"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/report"
	"hallkeeper/hub/report/reporttest"
	"hallkeeper/wire"
)

func startCopying(t *testing.T, cfg app.Config) *hub {
	t.Helper()
	a, err := app.New(cfg, slog.New(slog.NewTextHandler(testWriter{t}, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return startApp(t, app.WithPeriods(a, app.Periods{Revision: 1, Of: []string{"d01", "d02"}, Made: reporttest.Month(12)}))
}

// A copy goes out with the department's files, waits over a restart where the server is
// away, and its address stands nowhere in clear.
func TestACopyGoesOutAfterARestart(t *testing.T) {
	server := couriertest.Serve(t, "127.0.0.1:0", false, false)
	server.Answers(func(n int, verb string) string {
		if n == 1 && verb == "RCPT" {
			return "451 4.7.1 <office@d01.example.cn>: later"
		}
		return ""
	})
	cfg := config(t.TempDir())
	cfg.Mail.Host, cfg.Mail.Port, cfg.Mail.TLS, cfg.Mail.From = server.Host, server.Port, "none", "hall@example.cn"
	h := startCopying(t, cfg)
	for _, d := range []string{"d01", "d02"} {
		h.change("PUT", "departments/"+d, map[string]any{"name": "演示单位" + d})
	}
	h.change("PUT", "departments/d01/mail", map[string]any{"email": "office@d01.example.cn"})
	h.change("POST", "months/2026-11/copies", map[string]any{})
	state := func() (c api.CopyRow) {
		var list api.CopyList
		if status := h.get("/api/v1/copies?period=2026-11", &list); status != http.StatusOK || len(list.Copies) != 1 {
			t.Fatalf("%d %+v", status, list)
		}
		return list.Copies[0]
	}
	brokertest.Eventually(t, "the first attempt has failed", func() bool { return state().Attempts == 1 })
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h = startCopying(t, cfg)
	if c := state(); c.State != copies.Waiting || c.Next == nil || c.To != "o*****@d01.example.cn" {
		t.Fatalf("after a restart the copy is %+v", c)
	}
	h.change("POST", "copies/"+state().ID+"/retry", map[string]any{})
	brokertest.Eventually(t, "the copy is sent", func() bool { return state().State == copies.Sent })
	c := state()
	if len(c.Files) != 2 || c.Files[0].Format != "pdf" || c.Files[1].Format != "xlsx" || len(c.Files[0].SHA256) != 64 || c.Attempts != 2 {
		t.Errorf("the record says %+v", c)
	}
	mails, _ := server.Got()
	if len(mails) != 1 || !strings.Contains(mails[0], "application/pdf") {
		t.Errorf("%d mails", len(mails))
	}
	for _, r := range h.events() {
		if strings.Contains(string(wire.AppendRecord(nil, &r)), "d01.example.cn") {
			t.Errorf("the log holds the address: %s", r.Data)
		}
	}
}

func TestNoPDFWithoutFonts(t *testing.T) {
	cfg := config(t.TempDir())
	h := start(t, cfg)
	var b bytes.Buffer
	in := reporttest.Month(3)
	if err := h.Document(&b, in, report.PDF, report.ZH); err != nil || !bytes.HasPrefix(b.Bytes(), []byte("%PDF")) {
		t.Fatalf("with the system's fonts: %v", err)
	}
	in.Names.Person["s001"] = "演示\U0010FFFD"
	var refused *hall.Error
	if err := h.Document(&b, in, report.PDF, report.ZH); !errors.As(err, &refused) || refused.Name != "glyph_missing" || !strings.Contains(refused.ZH, "U+10FFFD") {
		t.Errorf("a character that no font has: %v", err)
	}
}

func TestMailSettings(t *testing.T) {
	for want, change := range map[string]func(*app.MailConfig){
		"":              func(*app.MailConfig) {},
		"clear":         func(m *app.MailConfig) { m.TLS = "none" },
		"starttls, tls": func(m *app.MailConfig) { m.TLS = "ssl" },
		"port":          func(m *app.MailConfig) { m.Port = 0 },
		"address":       func(m *app.MailConfig) { m.From = "hall" },
		"password_file": func(m *app.MailConfig) { m.User = "hall" },
	} {
		m := app.Defaults().Mail
		m.Host, m.From = "mail.example.cn", "hall@example.cn"
		change(&m)
		err := m.Check()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	cfg := config(t.TempDir())
	cfg.Mail.Host, cfg.Mail.From, cfg.Mail.User, cfg.Mail.PasswordFile = "mail.example.cn", "hall@example.cn", "hall", filepath.Join(t.TempDir(), "none")
	a, err := app.New(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "password") {
		t.Errorf("without its password file the hub says %v", err)
	}
}
