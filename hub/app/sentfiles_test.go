package app_test

import (
	"bytes"
	"net/http"
	"testing"

	"hallkeeper/hub/api"
	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/hub/copies"
	"hallkeeper/hub/courier/couriertest"
	"hallkeeper/wire"
)

// What was sent to a department is made again from the log, byte for byte; a record that says otherwise is found.
func TestSentFilesAreMadeAgain(t *testing.T) {
	played := playedMonth(t)
	server := couriertest.Serve(t, "127.0.0.1:0", false, false)
	cfg := config(played.Data)
	cfg.Hall.ID = played.Hall.ID
	cfg.Bureau = "演示政务服务管理局"
	cfg.Mail.Host, cfg.Mail.Port, cfg.Mail.TLS, cfg.Mail.From = server.Host, server.Port, "none", "hall@example.cn"
	h := start(t, cfg)
	h.change("PUT", "departments/civil/mail", map[string]any{"email": "office@civil.example.cn"})
	h.change("POST", "months/2021-01/copies", map[string]any{"formats": []string{"xlsx", "docx", "pdf"}})
	var list api.CopyList
	brokertest.Eventually(t, "the copy is sent", func() bool {
		return h.get("/api/v1/copies?period=2021-01", &list) == http.StatusOK && len(list.Copies) == 1 && list.Copies[0].State == copies.Sent
	})
	h.change("PUT", "departments/civil", map[string]any{"name": "后来的名字"}) // the copies have the name of then
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	p := verified(t, cfg)
	if p.Wrong() != 0 || p.Files.Equal != 3 || p.Files.Unmade+p.Files.Other+p.Files.Untold != 0 {
		t.Errorf("%d wrong, files %+v", p.Wrong(), p.Files)
	}
	altered := rewritten(t, cfg, false, func(r *wire.Record) {
		if r.Kind == wire.KindCopySent {
			r.Data = bytes.Replace(r.Data, []byte(`"sha256":"`), []byte(`"sha256":"00`), 1)
		}
	})
	if p := verified(t, altered); len(p.Files.Wrong) != 1 || p.Files.Equal != 2 || p.Wrong() != 1 {
		t.Errorf("%d wrong, files %+v", p.Wrong(), p.Files)
	}
	old := cfg
	old.Version = "another"
	if p := verified(t, rewritten(t, old, false, func(r *wire.Record) {
		if r.Kind == wire.KindCopySent {
			r.Data = bytes.Replace(r.Data, []byte(`"sha256":"`), []byte(`"sha256":"00`), 1)
		}
	})); p.Files.Other != 1 || p.Wrong() != 0 {
		t.Errorf("another version's file is %+v", p.Files)
	}
}

// The live view says soon after the start which months nobody has computed.
func TestTheHallIsWatched(t *testing.T) {
	played := playedMonth(t)
	cfg := config(played.Data)
	cfg.Hall.ID = played.Hall.ID
	h := start(t, cfg)
	brokertest.Eventually(t, "months that nobody computed are shown", func() bool {
		var l wire.Live
		return h.get("/api/v1/live", &l) == http.StatusOK && l.Alarms[string(wire.AlarmUncomputed)].Values["count"] != ""
	})
}
