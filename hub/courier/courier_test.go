package courier_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"hallkeeper/hub/broker/brokertest"
	"hallkeeper/hub/copies"
	"hallkeeper/hub/courier"
	"hallkeeper/hub/courier/couriertest"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// desk is a hall's copies with a log in memory: what the courier tells is decided and folded.
type desk struct {
	mu    sync.Mutex
	t     *testing.T
	log   []wire.Record
	state copies.State
	hall  roster.Hall
	now   time.Time
	made  int
	fail  int // how often storing fails
}

func newDesk(t *testing.T) *desk {
	p, err := policy.New()
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, hall: roster.Hall{Windows: &roster.State{}, People: &roster.People{}, Policy: p}, now: time.Date(2026, 12, 15, 2, 0, 0, 0, time.UTC)}
	d.hall.People.Departments.Set("civil", roster.Department{})
	d.do(copies.SetMail{Department: "civil", Address: "office@civil.example.cn"})
	d.do(copies.Queue{Period: "2026-11", Revision: 1, Departments: []string{"civil"}})
	return d
}

func (d *desk) do(c copies.Command) {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.decide(c); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) decide(c copies.Command) error {
	d.made++
	m := hall.Moment{Now: d.now, Zone: time.UTC, ID: "q" + string(rune('a'+d.made)), Unseal: func(*wire.Sealed) map[string]string { return map[string]string{"address": "office@civil.example.cn"} }}
	drafts, err := c.DecideCopies(&d.state, d.hall, m)
	for _, x := range drafts {
		data, err := json.Marshal(x.Data)
		if err != nil {
			return err
		}
		r := wire.Record{Event: wire.Event{At: d.now, Kind: x.Kind, Data: data}}
		d.log = append(d.log, r)
		d.state.Fold(&r)
	}
	return err
}

// restart is what a hub knows that reads its log again.
func (d *desk) restart() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state = copies.State{}
	for i := range d.log {
		d.state.Fold(&d.log[i])
	}
}

func (d *desk) pass(x time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(x)
}

func (d *desk) Due(context.Context, time.Time) (due []courier.Mail) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.state.Due(d.now) {
		due = append(due, courier.Mail{ID: c.Copy, Attempt: c.Attempts + 1, To: "office@civil.example.cn", Subject: "2026年11月考核统计", Body: "请查收附件。", At: c.QueuedAt,
			Files: []courier.File{{Name: "assessment.pdf", Type: "application/pdf", Data: []byte("%PDF\x00\r\n.\r\n")}}})
	}
	return due
}

func (d *desk) Tell(_ context.Context, m courier.Mail, r courier.Result) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail > 0 {
		d.fail--
		return errors.New("the log cannot be written")
	}
	if r.OK {
		return d.decide(copies.Took{CopySent: wire.CopySent{Copy: m.ID, Attempt: m.Attempt, Server: r.Server, Answer: r.Answer, MessageID: r.MessageID}})
	}
	return d.decide(copies.Missed{Copy: m.ID, Attempt: m.Attempt, Server: r.Server, Why: r.Answer, Permanent: r.Permanent})
}

func (d *desk) copy() copies.Copy {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, _ := d.state.Newest("2026-11", 1, "civil")
	return c
}

func (d *desk) eventually(what string, want func(copies.Copy) bool) {
	d.t.Helper()
	brokertest.Eventually(d.t, what, func() bool { return want(d.copy()) })
}

func config(s *couriertest.Server, how courier.TLS) courier.Config {
	return courier.Config{Host: s.Host, Port: s.Port, TLS: how, From: "hall@example.cn", Name: "演示政务服务大厅", TLSConfig: &tls.Config{RootCAs: s.Roots, MinVersion: tls.VersionTLS12}}
}

// run starts a courier that looks often; the function ends it.
func run(t *testing.T, d *desk, cfg courier.Config) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	c := courier.New(cfg, d, slog.New(slog.DiscardHandler), time.Millisecond)
	go func() {
		defer close(done)
		_ = c.Run(ctx)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	t.Cleanup(stop)
	return stop
}

func sent(c copies.Copy) bool { return c.State == copies.Sent }

func TestACopyArrivesWhole(t *testing.T) {
	s := couriertest.Serve(t, "127.0.0.1:0", true, false)
	s.Login = true
	d := newDesk(t)
	cfg := config(s, courier.StartTLS)
	cfg.User, cfg.Password = "hall", "secret"
	run(t, d, cfg)
	d.eventually("the copy is sent", sent)
	mails, _ := s.Got()
	m, err := mail.ReadMessage(strings.NewReader(mails[0]))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "2026年11月考核统计" {
		t.Errorf("the subject is %q (%v)", subject, err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	var file []byte
	for {
		p, err := parts.NextPart()
		if err != nil {
			break
		}
		if p.FileName() == "assessment.pdf" {
			if file, err = io.ReadAll(base64.NewDecoder(base64.StdEncoding, p)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !bytes.Equal(file, []byte("%PDF\x00\r\n.\r\n")) {
		t.Errorf("the file arrived as %q", file)
	}
	c := d.copy()
	if c.Attempts != 1 || c.Tries[0].Answer == "" || !strings.Contains(c.Tries[0].Answer, "queued as 4F2") || c.MessageID == "" {
		t.Errorf("the record says %+v", c)
	}
	if s.Logins() != 1 {
		t.Errorf("it signed in %d times", s.Logins())
	}
}

func TestImplicitTLS(t *testing.T) {
	s := couriertest.Serve(t, "127.0.0.1:0", true, true)
	d := newDesk(t)
	run(t, d, config(s, courier.Implicit))
	d.eventually("the copy is sent", sent)
}

// Greylisting: the server wants to be asked again later.
func TestALaterIsTriedAgain(t *testing.T) {
	s := couriertest.Serve(t, "127.0.0.1:0", false, false)
	s.Answers(func(n int, verb string) string {
		if n == 1 && verb == "RCPT" {
			return "451 4.7.1 <office@civil.example.cn>: greylisted, try again"
		}
		return ""
	})
	d := newDesk(t)
	stop := run(t, d, config(s, courier.None))
	d.eventually("an attempt has failed", func(c copies.Copy) bool { return c.Attempts == 1 })
	c := d.copy()
	if c.State != copies.Waiting || !c.Next.Equal(d.now.Add(time.Minute)) {
		t.Errorf("after a 451 the copy is %s, next at %s", c.State, c.Next)
	}
	if strings.Contains(c.Tries[0].Answer, "civil.example") || !strings.Contains(c.Tries[0].Answer, "451") {
		t.Errorf("the record says %q", c.Tries[0].Answer)
	}
	stop() // the hub is started again meanwhile
	d.restart()
	d.pass(time.Minute)
	run(t, d, config(s, courier.None))
	d.eventually("the copy is sent", sent)
	if _, tries := s.Got(); tries != 2 {
		t.Errorf("%d attempts", tries)
	}
}

func TestARefusalForGoodIsGivenUp(t *testing.T) {
	s := couriertest.Serve(t, "127.0.0.1:0", false, false)
	s.Answers(func(_ int, verb string) string {
		if verb == "RCPT" {
			return "550 5.1.1 <office@civil.example.cn>: no such user"
		}
		return ""
	})
	d := newDesk(t)
	run(t, d, config(s, courier.None))
	d.eventually("the copy is given up", func(c copies.Copy) bool { return c.State == copies.GivenUp })
	if c := d.copy(); !strings.Contains(c.Tries[0].Answer, "550") || strings.Contains(c.Tries[0].Answer, "civil.example") {
		t.Errorf("the record says %q", c.Tries[0].Answer)
	}
	s.Answers(nil)
	d.do(copies.Retry{Copy: d.copy().Copy})
	d.eventually("it is sent after a retry", sent)
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr, port := l.Addr().String(), l.Addr().(*net.TCPAddr).Port
	l.Close()
	d := newDesk(t)
	run(t, d, courier.Config{Host: "127.0.0.1", Port: port, TLS: courier.None, From: "hall@example.cn"})
	d.eventually("an attempt has failed", func(c copies.Copy) bool { return c.Attempts == 1 })
	if c := d.copy(); c.State != copies.Waiting {
		t.Errorf("the copy is %s", c.State)
	}
	couriertest.Serve(t, addr, false, false)
	d.pass(2 * time.Minute)
	d.eventually("the copy is sent", sent)
}

// The server has the mail and dies before it says so: the mail is sent again under the same name.
func TestALostAnswerSendsTheSameMailAgain(t *testing.T) {
	s := couriertest.Serve(t, "127.0.0.1:0", false, false)
	s.Answers(func(n int, verb string) string {
		if n == 1 && verb == "." {
			return couriertest.Drop
		}
		return ""
	})
	d := newDesk(t)
	run(t, d, config(s, courier.None))
	d.eventually("an attempt has failed", func(c copies.Copy) bool { return c.Attempts == 1 })
	d.pass(time.Minute)
	d.eventually("the copy is sent", sent)
	mails, _ := s.Got()
	if len(mails) != 2 {
		t.Fatalf("the server has %d mails", len(mails))
	}
	if mails[0] != mails[1] {
		t.Errorf("the mails differ:\n%s\n%s", mails[0], mails[1])
	}
	first, err := mail.ReadMessage(strings.NewReader(mails[0]))
	if err != nil || strings.Trim(first.Header.Get("Message-ID"), "<>") != d.copy().MessageID {
		t.Errorf("the mail is called %q, the record says %q", first.Header.Get("Message-ID"), d.copy().MessageID)
	}
}

// Without TLS nothing is sent where it is required, and no password.
func TestTLSIsRequired(t *testing.T) {
	s := couriertest.Serve(t, "127.0.0.1:0", false, false)
	s.Login = true
	d := newDesk(t)
	cfg := config(s, courier.StartTLS)
	cfg.User, cfg.Password = "hall", "secret"
	run(t, d, cfg)
	d.eventually("an attempt has failed", func(c copies.Copy) bool { return c.Attempts == 1 })
	mails, tries := s.Got()
	if c := d.copy(); len(mails) != 0 || tries != 0 || s.Logins() != 0 || c.State != copies.Waiting || !strings.Contains(c.Tries[0].Answer, "STARTTLS") {
		t.Errorf("%d mails, %d tries, %d passwords; %+v", len(mails), tries, s.Logins(), c)
	}
}

func TestAStrangersCertificateIsRefused(t *testing.T) {
	s := couriertest.Serve(t, "127.0.0.1:0", true, false)
	d := newDesk(t)
	cfg := config(s, courier.StartTLS)
	cfg.TLSConfig = nil
	run(t, d, cfg)
	d.eventually("an attempt has failed", func(c copies.Copy) bool { return c.Attempts == 1 })
	if mails, _ := s.Got(); len(mails) != 0 || d.copy().State != copies.Waiting {
		t.Errorf("%d mails were sent to a stranger", len(mails))
	}
}

// A result that cannot be stored is stored later; the mail is not sent twice for it.
func TestAResultIsStoredInTheEnd(t *testing.T) {
	s := couriertest.Serve(t, "127.0.0.1:0", false, false)
	d := newDesk(t)
	d.fail = 1
	run(t, d, config(s, courier.None))
	d.eventually("the copy is sent", sent)
	if mails, _ := s.Got(); len(mails) != 1 {
		t.Errorf("%d mails", len(mails))
	}
}

// A password that is wrong is the hub's fault, not the department's: copies go on waiting.
func TestAWrongPasswordLosesNoCopy(t *testing.T) {
	s := couriertest.Serve(t, "127.0.0.1:0", true, false)
	s.Login = true
	s.Answers(func(_ int, verb string) string {
		if verb == "AUTH" {
			return "535 5.7.8 wrong"
		}
		return ""
	})
	d := newDesk(t)
	cfg := config(s, courier.StartTLS)
	cfg.User, cfg.Password = "hall", "wrong"
	run(t, d, cfg)
	d.eventually("an attempt has failed", func(c copies.Copy) bool { return c.Attempts == 1 })
	if c := d.copy(); c.State != copies.Waiting || strings.Contains(c.Tries[0].Answer, "wrong-password") {
		t.Errorf("%+v", c)
	}
}
