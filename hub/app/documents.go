package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"hallkeeper/hub/api"
	"hallkeeper/hub/assess"
	"hallkeeper/hub/copies"
	"hallkeeper/hub/courier"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/report"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// periods is what documents are made of: the published outcomes of months, quarters and years.
type periods interface {
	// Published gives the newest revision of a period and the departments in it; revision 0 for none.
	Published(p assess.Period) (revision int, departments []string, err error)
	// Input is all that the copy of a revision for a department prints, but for fonts.
	Input(p assess.Period, revision int, department string) (report.Input, error)
}

// published is what the log says was published.
type published struct{ *App }

// Published gives the newest revision; see periods.
func (p published) Published(period assess.Period) (revision int, departments []string, err error) {
	p.Read(func(v *register.View, _ *roster.State) {
		x, _ := v.State.Cycle.Periods.Get(string(period))
		rev, ok := x.Published()
		if !ok {
			return
		}
		var o assess.Outcome
		if o, err = v.Archive.Outcome(period, rev.Number); err == nil {
			revision, departments = rev.Number, report.Departments(&o)
		}
	})
	return revision, departments, err
}

// Input gives what a revision's document prints; see periods.
func (p published) Input(period assess.Period, revision int, department string) (report.Input, error) {
	deps := p.deps()
	return api.DocumentInput(&deps, period, revision, api.CopyPart(department))
}

// Published is what copies are made of; see api.Documents.
func (a *App) Published(p assess.Period) (revision int, departments []string, err error) {
	return a.source().Published(p)
}

func (a *App) source() periods {
	if a.periods != nil {
		return a.periods
	}
	return published{a}
}

// Mails tells whether a mail server is set; see api.Documents.
func (a *App) Mails() bool { return a.cfg.Mail.Host != "" }

// Document writes a document. A character that no font has is refused by name, and so is a PDF without fonts.
func (a *App) Document(w io.Writer, in report.Input, format report.Format, lang report.Lang) error {
	if format == report.PDF {
		fonts, err := a.fonts.load()
		if err != nil {
			return err
		}
		in.Fonts = fonts
	}
	err := report.Build(w, in, format, lang)
	var missing *report.MissingGlyphs
	if errors.As(err, &missing) {
		var names []string
		for _, r := range missing.Runes {
			names = append(names, fmt.Sprintf("%c（U+%04X）", r, r))
		}
		return fmt.Errorf("%w: %w", &hall.Error{Code: hall.CodeRefused, Name: "glyph_missing",
			ZH: "字体里没有这些字，PDF 无法打印：" + strings.Join(names, "、") + "；请在设置 fonts 的目录中放入含有这些字的字体，或改用 DOCX",
			EN: "the fonts for PDF have no glyph for " + strings.Join(names, ", ") + "; put a font that has them into the folder of the setting fonts, or use DOCX"}, err)
	}
	return err
}

// copied wakes the courier where a batch orders copies; whoever calls holds the views still.
func (a *App) copied(batch []wire.Record) {
	if a.courier == nil {
		return
	}
	for i := range batch {
		if k := batch[i].Kind; k == wire.KindCopyQueued || k == wire.KindCopyRetried {
			a.courier.Wake()
			return
		}
	}
}

// openCourier makes the courier where a mail server is set.
func (a *App) openCourier() error {
	m := a.cfg.Mail
	if m.Host == "" {
		return nil
	}
	c := courier.Config{Host: m.Host, Port: m.Port, TLS: courier.TLS(m.TLS), User: m.User, From: m.From, Name: m.Name}
	if c.Name == "" {
		c.Name = a.cfg.Hall.Name
	}
	if m.PasswordFile != "" {
		text, err := os.ReadFile(m.PasswordFile)
		if err != nil {
			return fmt.Errorf("read the mail server's password (mail.password_file): %w", err)
		}
		c.Password = strings.TrimSpace(string(text))
	}
	a.courier = courier.New(c, outbox{a}, a.logger.With("part", "courier"), 0)
	return nil
}

// outbox is the courier's store: copies are in the log.
type outbox struct{ *App }

// dueAtOnce bounds the mails that are made up before the first is sent.
const dueAtOnce = 10

// Due gives the copies to be sent now, with their files; see courier.Store.
func (o outbox) Due(ctx context.Context, _ time.Time) (mails []courier.Mail) {
	now := o.cfg.Now()
	type due struct {
		copies.Copy
		to, name string
	}
	var all []due
	o.Read(func(v *register.View, _ *roster.State) {
		for _, c := range v.State.Copies.Due(now) {
			d, _ := v.State.People.Departments.Get(c.Department)
			all = append(all, due{c, o.Unseal(c.To)["address"], d.Name})
		}
	})
	for _, c := range all[:min(len(all), dueAtOnce)] {
		m := courier.Mail{ID: c.Copy.Copy, Attempt: c.Attempts + 1, To: c.to, At: c.QueuedAt.In(o.zone)}
		var err error
		permanent := false
		if c.to == "" {
			err, permanent = errors.New("the key of the address was destroyed"), true
		} else {
			err = o.fill(&m, &c.Copy, c.name)
		}
		if err == nil {
			mails = append(mails, m)
			continue
		}
		o.logger.Error("the files of a copy could not be made", "copy", m.ID, "error", err)
		if err := o.Tell(ctx, m, courier.Result{Answer: "the files could not be made: " + err.Error(), Permanent: permanent}); err != nil && ctx.Err() == nil {
			o.logger.Error("what became of a copy could not be stored", "copy", m.ID, "error", err)
		}
	}
	return mails
}

// fill writes the words and files of a copy: only what is the department's own.
func (o outbox) fill(m *courier.Mail, c *copies.Copy, department string) error {
	in, err := o.source().Input(assess.Period(c.Period), c.Revision, c.Department)
	if err != nil {
		return err
	}
	for _, format := range c.Formats {
		f := report.Format(format)
		var b bytes.Buffer
		if err := o.Document(&b, in, f, report.ZH); err != nil {
			return err
		}
		_, name := report.FileName(in, f, report.ZH)
		m.Files = append(m.Files, courier.File{Name: name, Type: f.ContentType(), Data: b.Bytes(), Made: api.MadeOf(&in, report.ZH)})
	}
	title := strings.TrimSuffix(m.Files[0].Name, "."+c.Formats[0])
	m.Subject = in.Hall + "：" + title
	m.Body = department + "：\n\n按照63号第八条，现将考核结果中涉及贵单位的部分抄送给你们，见附件（第" + fmt.Sprint(c.Revision) + "版）。\n"
	if in.Verify != "" {
		m.Body += "核验网址：" + in.Verify + "\n"
	}
	m.Body += "\n" + in.Bureau + "\n"
	return nil
}

// Tell stores what became of an attempt; see courier.Store.
func (o outbox) Tell(ctx context.Context, m courier.Mail, r courier.Result) error {
	actor := wire.Actor{Kind: wire.ActorSchedule, ID: "courier"}
	if !r.OK {
		_, _, err := o.decide(ctx, actor, "", copies.Missed{Copy: m.ID, Attempt: m.Attempt, Server: r.Server, Why: r.Answer, Permanent: r.Permanent})
		return err
	}
	sent := wire.CopySent{Copy: m.ID, Attempt: m.Attempt, Server: r.Server, Answer: r.Answer, MessageID: r.MessageID}
	for _, f := range m.Files {
		sum := sha256.Sum256(f.Data)
		sent.Files = append(sent.Files, wire.CopyFile{Name: f.Name, Format: formatOf(f.Type), Size: len(f.Data), SHA256: hex.EncodeToString(sum[:]), Made: f.Made})
	}
	_, _, err := o.decide(ctx, actor, "copy-sent/"+m.ID, copies.Took{CopySent: sent})
	return err
}

func formatOf(media string) string {
	for _, f := range report.Formats() {
		if f.ContentType() == media {
			return string(f)
		}
	}
	return ""
}
