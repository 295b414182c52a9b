// Package courier takes copies of published results to departments by SMTP. It keeps nothing
// itself: what waits and what became of each attempt is in the log, so it goes on after a
// restart. It refuses to know what is in the files and when the next attempt is.
//
// A mail is sent at least once. Where the server's answer is lost it is sent again, with the
// same Message-ID, by which mail programs drop the second one.
package courier

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"hallkeeper/wire"
)

// Config is the mail server.
type Config struct {
	Host string
	Port int
	TLS  TLS
	// User and Password are empty where the server wants none.
	User, Password string
	// From is the sender's address, Name what stands before it.
	From, Name string
	// Roots are trusted beside those of the system, for a bureau's own authority; nil for none.
	TLSConfig *tls.Config
	// Timeout bounds each wait for the server; 30 s where it is 0.
	Timeout time.Duration
}

// TLS is how the connection is protected.
type TLS string

// The ways. None is for a server on this machine only.
const (
	StartTLS TLS = "starttls"
	Implicit TLS = "tls"
	None     TLS = "none"
)

// Mail is one copy to be sent.
type Mail struct {
	// ID is the copy's, Attempt which one this is, from 1 on. Kind begins its Message-ID; copy where it is empty.
	ID, Kind string
	Attempt  int
	To       string
	Subject  string
	Body     string
	Files    []File
	// At is when it was ordered; it is the mail's date, so that each attempt sends the same.
	At time.Time
}

// File is an attachment.
type File struct {
	Name string
	Type string
	Data []byte
	// Made is how it was made; it goes into the record of what was sent.
	Made *wire.DocumentMade
}

// Result is what became of an attempt.
type Result struct {
	OK bool
	// Answer is the server's, or what stood in the way. Addresses are taken out of it.
	Answer string
	// Permanent is a failure that no later attempt mends.
	Permanent bool
	Server    string
	MessageID string
}

// Store is what the courier works on.
type Store interface {
	// Due gives copies to be sent now, complete with their files; it is asked again until there are none. A copy that cannot be
	// made up is told of by the store itself and is not among them.
	Due(ctx context.Context, now time.Time) []Mail
	// Tell stores what became of an attempt.
	Tell(ctx context.Context, m Mail, r Result) error
}

// Courier sends what is due.
type Courier struct {
	cfg    Config
	store  Store
	logger *slog.Logger
	wake   chan struct{}
	every  time.Duration
}

// lookEvery is how often is looked for what is due where nothing wakes the courier.
const lookEvery = 15 * time.Second

// New makes a courier; every is how often it looks by itself, 15 s where it is 0.
func New(cfg Config, store Store, logger *slog.Logger, every time.Duration) *Courier {
	if every <= 0 {
		every = lookEvery
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 30 * time.Second
	}
	return &Courier{cfg: cfg, store: store, logger: logger, wake: make(chan struct{}, 1), every: every}
}

// Wake lets the courier look at once.
func (c *Courier) Wake() {
	select {
	case c.wake <- struct{}{}:
	default: // it is awake
	}
}

// Run sends until ctx ends.
func (c *Courier) Run(ctx context.Context) error {
	look := time.NewTicker(c.every)
	defer look.Stop()
	for {
		for due := c.store.Due(ctx, time.Now()); len(due) > 0; due = c.store.Due(ctx, time.Now()) {
			for _, m := range due {
				if ctx.Err() != nil {
					return nil
				}
				c.deliver(ctx, m)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-c.wake:
		case <-look.C:
		}
	}
}

// tellAgain is the pause before a result is stored again that could not be.
const tellAgain = 2 * time.Second

func (c *Courier) deliver(ctx context.Context, m Mail) {
	r := c.Send(ctx, m)
	if !r.OK && ctx.Err() != nil {
		return // the hub ends: this was no failure of the server's
	}
	if r.OK {
		c.logger.Info("a copy was sent", "copy", m.ID, "attempt", m.Attempt)
	} else {
		c.logger.Warn("a copy could not be sent", "copy", m.ID, "attempt", m.Attempt, "permanent", r.Permanent, "answer", r.Answer)
	}
	for {
		// A hub that ends still stores that a mail has gone.
		storing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		err := c.store.Tell(storing, m, r)
		cancel()
		if err == nil {
			return
		}
		c.logger.Error("what became of a copy could not be stored; it is tried again", "copy", m.ID, "error", err)
		pause := time.NewTimer(tellAgain)
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-pause.C:
		}
	}
}

func (c *Courier) server() string { return net.JoinHostPort(c.cfg.Host, strconv.Itoa(c.cfg.Port)) }

// Send makes one attempt.
func (c *Courier) Send(ctx context.Context, m Mail) Result {
	r := Result{Server: c.server()}
	msg, err := c.message(m)
	if err != nil {
		r.Answer, r.Permanent = cleaned(err.Error(), m.To), true
		return r
	}
	r.MessageID = c.messageID(m)
	client, err := c.client()
	if err != nil {
		r.Answer, r.Permanent = cleaned(err.Error(), m.To), false
		return r
	}
	err = client.DialAndSendWithContext(ctx, msg)
	if err != nil && !msg.IsDelivered() { // after the 250 nothing makes it unsent
		r.Answer, r.Permanent = cleaned(c.why(err), m.To), permanent(err)
		return r
	}
	r.OK, r.Answer = true, cleaned(msg.ServerResponse(), m.To)
	return r
}

func (c *Courier) why(err error) string {
	var x *mail.SendError
	if errors.As(err, &x) {
		return strings.TrimPrefix(x.Error(), "client_send: ")
	}
	return err.Error()
}

// permanent tells whether the server has refused this mail for good (RFC 5321, 4.2.1: 5yz).
// What fails before a mail is named — connecting, TLS, signing in — concerns all mails
// and is mended by whoever keeps the settings, so it is tried again.
func permanent(err error) bool {
	var x *mail.SendError
	if !errors.As(err, &x) {
		return false
	}
	switch x.Reason {
	case mail.ErrSMTPMailFrom, mail.ErrSMTPRcptTo, mail.ErrSMTPData, mail.ErrSMTPDataClose:
		return x.ErrorCode() >= 500 && x.ErrorCode() < 600 && !x.IsTemp()
	}
	return false
}

func (c *Courier) client() (*mail.Client, error) {
	options := []mail.Option{mail.WithPort(c.cfg.Port), mail.WithTimeout(c.cfg.Timeout), mail.WithoutNoop()}
	config := c.cfg.TLSConfig
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	} else {
		config = config.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = c.cfg.Host
	}
	options = append(options, mail.WithTLSConfig(config))
	switch c.cfg.TLS {
	case Implicit:
		options = append(options, mail.WithSSL())
	case None:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if c.cfg.User != "" {
		auth := mail.SMTPAuthAutoDiscover
		if c.cfg.TLS == None {
			auth = mail.SMTPAuthPlainNoEnc // a server on this machine
		}
		options = append(options, mail.WithSMTPAuth(auth), mail.WithUsername(c.cfg.User), mail.WithPassword(c.cfg.Password))
	}
	client, err := mail.NewClient(c.cfg.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("the mail settings cannot be used: %w", err)
	}
	return client, nil
}

// messageID is the same for each attempt of a copy.
func (c *Courier) messageID(m Mail) string {
	_, domain, _ := strings.Cut(c.cfg.From, "@")
	return cmp.Or(m.Kind, "copy") + "-" + m.ID + "@" + domain
}

func (c *Courier) message(m Mail) (*mail.Msg, error) {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := msg.FromFormat(c.cfg.Name, c.cfg.From); err != nil {
		return nil, fmt.Errorf("the sender's address: %w", err)
	}
	if err := msg.To(m.To); err != nil {
		return nil, fmt.Errorf("the department's address: %w", err)
	}
	msg.SetMessageIDWithValue(c.messageID(m))
	msg.SetDateWithValue(m.At)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBoundary("hallkeeper-copy-" + m.ID)
	msg.Subject(m.Subject)
	msg.SetBodyString(mail.TypeTextPlain, m.Body)
	for _, f := range m.Files {
		if err := msg.AttachReader(f.Name, bytes.NewReader(f.Data), mail.WithFileContentType(mail.ContentType(f.Type))); err != nil {
			return nil, fmt.Errorf("attach %s: %w", f.Name, err)
		}
	}
	return msg, nil
}

// most is how much of a server's answer is kept.
const most = 500

// cleaned is a server's answer without addresses, on one line.
func cleaned(answer, to string) string {
	answer = strings.ReplaceAll(answer, to, "(address)")
	answer = regexp.MustCompile(`[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9.-]+`).ReplaceAllString(answer, "(address)")
	answer = strings.Join(strings.Fields(answer), " ")
	if r := []rune(answer); len(r) > most {
		answer = string(r[:most]) + "…"
	}
	return answer
}
