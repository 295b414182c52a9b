package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"mime/quotedprintable"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"hallkeeper/hub/api"
	"hallkeeper/hub/app"
	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/hub/courier/couriertest"
	"hallkeeper/hub/trouble"
	"hallkeeper/wire"
)

// taker is a program that takes what the webhook sends, and refuses the first of each kind.
type taker struct {
	*httptest.Server
	mu    sync.Mutex
	calls int
	ids   []string
	got   []trouble.Payload
}

func newTaker(t *testing.T) *taker {
	verifier, err := standardwebhooks.NewWebhookRaw([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	x := &taker{}
	x.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x.mu.Lock()
		defer x.mu.Unlock()
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = verifier.Verify(body, r.Header)
		}
		var p trouble.Payload
		if err = errors.Join(err, json.Unmarshal(body, &p)); err != nil {
			t.Error(err)
		}
		x.calls++
		x.ids = append(x.ids, r.Header.Get(standardwebhooks.HeaderWebhookID))
		x.got = append(x.got, p)
	}))
	t.Cleanup(x.Close)
	return x
}

func (x *taker) messages() []trouble.Payload {
	x.mu.Lock()
	defer x.mu.Unlock()
	return append([]trouble.Payload(nil), x.got...)
}

// asked asks for something, reads the answer into into, and gives its status.
func (h *hub) asked(path string, body, into any) int {
	h.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.addr.HTTP+"/api/v1/"+path, bytes.NewReader(text))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept-Language", "en")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		h.t.Fatal(err)
	}
	return res.StatusCode
}

// told are the hub's records of messages.
func (h *hub) told() (all []wire.TroubleTold) {
	h.t.Helper()
	for _, e := range h.events() {
		var d wire.TroubleTold
		if e.Kind == wire.KindTroubleTold {
			if err := json.Unmarshal(e.Data, &d); err != nil {
				h.t.Fatal(err)
			}
			all = append(all, d)
		}
	}
	return all
}

// notifying is a config that tells by mail and webhook.
func notifying(t *testing.T, data string, smtp *couriertest.Server, hook string) app.Config {
	t.Helper()
	cfg := config(data)
	key := filepath.Join(t.TempDir(), "webhook")
	if err := os.WriteFile(key, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Mail = app.MailConfig{Host: smtp.Host, Port: smtp.Port, TLS: "none", From: "hall@example.gov.cn"}
	cfg.Notify.Mail, cfg.Notify.Webhook, cfg.Notify.WebhookSecretFile = []string{"jishu@example.gov.cn", "zhiban@example.gov.cn"}, hook, key
	return cfg
}

func refused(seq string) string {
	return `{"id":"019ab3c1-7a10-7c3e-9b1f-0242ac12000` + seq + `","agent":"w01","boot":"b","at":"2026-11-23T08:58:31+08:00","clock":"synced","kind":"outbox.full","data":{"refused":3}}`
}

// A device that had to refuse what people did is told by mail and webhook, day and night, once each; both are signed or
// addressed as set, say it in words and name nobody. A restart tells nothing twice, and somebody takes notice.
func TestTroublesAreToldByMailAndWebhook(t *testing.T) {
	smtp := couriertest.Serve(t, "127.0.0.1:0", false, false)
	hook := newTaker(t)
	cfg := notifying(t, t.TempDir(), smtp, hook.URL)
	h := start(t, cfg)
	d := connect(h, "w01")
	d.Say(wire.DeviceOnline)
	d.Send(refused("1"))
	brokertest.Eventually(t, "both have told", func() bool {
		mails, _ := smtp.Got()
		return len(mails) == 2 && len(hook.messages()) == 1 && len(h.told()) == 2
	})
	p := hook.messages()[0]
	if p.Type != trouble.PayloadType || p.Hall.ID != "t" || p.Test || len(p.Raised) != 1 || p.Raised[0].Kind != wire.AlarmOutboxFull || !strings.Contains(p.Raised[0].ZH, "设备 w01 的存储已满，已拒绝 3 次操作") || p.Open != 1 {
		t.Errorf("%+v", p)
	}
	mails, _ := smtp.Got()
	for i, to := range cfg.Notify.Mail {
		m, err := mail.ReadMessage(strings.NewReader(mails[i]))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		subject, derr := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		if errors.Join(err, derr) != nil || !strings.Contains(m.Header.Get("To"), to) || !strings.HasPrefix(m.Header.Get("Message-ID"), "<trouble-") || !strings.Contains(subject, "新问题 1 项") || !strings.Contains(string(text), "已拒绝 3 次操作") {
			t.Errorf("%v %v\n%v\n%s", err, derr, m.Header, text)
		}
	}
	for _, told := range h.told() {
		if !told.OK || told.Attempt != 1 || len(told.Raised) != 1 || strings.Contains(told.Answer, "example.gov.cn") {
			t.Errorf("%+v", told)
		}
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h = start(t, cfg)
	answers, err := app.TestMessage(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil || len(answers) != 3 || slices.ContainsFunc(answers, func(x api.TestAnswer) bool { return !x.OK || x.To == "" }) {
		t.Fatal(answers, err)
	}
	if mails, _ := smtp.Got(); len(mails) != 4 || len(hook.messages()) != 2 || !hook.messages()[1].Test || len(hook.messages()[1].Raised) != 0 {
		t.Errorf("after a restart and a test there are %d mails, %+v", len(mails), hook.messages())
	}
	if n := len(h.kinds(wire.KindTroubleRaised)); n != 1 {
		t.Errorf("%d troubles were raised", n)
	}
}

// A server that refuses is tried again later and not at once; the attempt is in the log with its answer.
func TestAMessageThatFailsWaits(t *testing.T) {
	smtp := couriertest.Serve(t, "127.0.0.1:0", false, false)
	smtp.Answers(func(_ int, verb string) string {
		if verb == "RCPT" {
			return "451 4.7.1 jishu@example.gov.cn is greylisted"
		}
		return ""
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	defer server.Close()
	h := start(t, notifying(t, t.TempDir(), smtp, server.URL))
	connect(h, "w01").Send(refused("1"))
	brokertest.Eventually(t, "both have failed once", func() bool { return len(h.told()) == 2 })
	for _, told := range h.told() {
		if told.OK || told.Attempt != 1 || told.Next == nil || told.Answer == "" || strings.Contains(told.Answer, "jishu") {
			t.Errorf("%+v", told)
		}
	}
	if text := string(h.scrape()); !strings.Contains(text, `hallkeeper_messages_total{channel="webhook",result="failed"} 1`) {
		t.Error("the failure is not counted")
	}
}

// A test from the console goes to every receiver, whatever became of the one before, is in the log with who asked and what the
// server answered, and puts off nothing.
func TestATestMessageFromTheConsole(t *testing.T) {
	smtp := couriertest.Serve(t, "127.0.0.1:0", false, false)
	var named atomic.Int32
	smtp.Answers(func(_ int, verb string) string {
		if verb == "RCPT" && named.Add(1) == 2 {
			return "550 5.1.1 no such mailbox"
		}
		return ""
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	defer server.Close()
	h := start(t, notifying(t, t.TempDir(), smtp, server.URL))
	var answers api.TestAnswers
	if status := h.asked("health/test-message", map[string]any{}, &answers); status != http.StatusOK || len(answers.Answers) != 3 || !answers.Answers[0].OK || answers.Answers[1].OK || answers.Answers[1].Answer == "" || answers.Answers[2].OK || answers.Answers[2].Answer == "" {
		t.Fatalf("%d %+v", status, answers)
	}
	if x := answers.Answers; !strings.Contains(x[0].To, "@") || !strings.Contains(x[1].To, "@") || x[0].To == x[1].To || "http://"+x[2].To != server.URL {
		t.Errorf("who was told: %+v", x)
	}
	if mails, _ := smtp.Got(); len(mails) != 1 {
		t.Errorf("%d mails arrived", len(mails))
	}
	said := h.kinds(wire.KindTroubleTold)
	if told := h.told(); len(told) != 2 || told[0].OK || !told[0].Test || told[0].Attempt != 1 || told[1].Next != nil || said[0].Actor.ID != "operator" {
		t.Errorf("%+v", told)
	}
	var health api.SystemHealth
	if h.get("/api/v1/health", &health); len(health.Channels) != 2 || health.Channels[0].LastFailed == nil || health.Channels[1].LastFailed == nil || health.Channels[1].Next != nil || len(health.Ways) != 2 {
		t.Errorf("%+v", health.Channels)
	}
}

func TestNobodyIsSetToBeTold(t *testing.T) {
	h := start(t, config(t.TempDir()))
	var refused wire.Problem
	if status := h.asked("health/test-message", map[string]any{}, &refused); status != http.StatusConflict || refused.Code != "nobody_told" {
		t.Errorf("%d %+v", status, refused)
	}
	if _, err := app.TestMessage(t.Context(), config(t.TempDir()), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "notify.mail") {
		t.Error(err)
	}
}
