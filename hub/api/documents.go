package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hallkeeper/hub/access"
	"hallkeeper/hub/assess"
	"hallkeeper/hub/copies"
	"hallkeeper/hub/cycle"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/register"
	"hallkeeper/hub/report"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// Documents is what copies are made of.
type Documents interface {
	// Published gives the newest published revision of a period and the departments that have anybody
	// in it; revision 0 where nothing is published.
	Published(period assess.Period) (revision int, departments []string, err error)
	// Mails tells whether a mail server is set, so that copies can be sent.
	Mails() bool
	// Document writes a document, or refuses it where a font or a character is missing.
	Document(w io.Writer, in report.Input, format report.Format, lang report.Lang) error
}

// The rows of copies.
type (
	// CopyList is what departments were sent or have fetched of a period.
	CopyList struct {
		Period string `json:"period,omitempty"`
		// Revision is the newest published one, 0 for none.
		Revision int `json:"revision,omitempty"`
		// Mails is false where the hub has no mail server: departments download then.
		Mails  bool      `json:"mails"`
		Copies []CopyRow `json:"copies"`
		// Departments are those of the period, or all; who has no address gets no mail.
		Departments []CopyPlace   `json:"departments"`
		Downloads   []DownloadRow `json:"downloads"`
	}
	// CopyRow is one mail with all that became of it.
	CopyRow struct {
		ID         string          `json:"id"`
		Period     string          `json:"period"`
		Revision   int             `json:"revision"`
		Department string          `json:"department"`
		Name       string          `json:"name,omitempty"`
		Formats    []string        `json:"formats"`
		State      copies.Progress `json:"state"`
		// To is shown to who orders copies.
		To       string    `json:"to,omitempty"`
		QueuedAt time.Time `json:"queued_at"`
		By       string    `json:"by"`
		Attempts int       `json:"attempts"`
		// Next is when it is tried again, while it waits.
		Next      *time.Time      `json:"next,omitempty"`
		Tries     []copies.Try    `json:"tries"`
		MessageID string          `json:"message_id,omitempty"`
		Files     []wire.CopyFile `json:"files,omitempty"`
	}
	// CopyPlace is a department and where its copies go.
	CopyPlace struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		// Mail tells whether there is an address; Email is shown to who may set it.
		Mail  bool   `json:"mail"`
		Email string `json:"email,omitempty"`
	}
	// DownloadRow is a part that a department fetched.
	DownloadRow struct {
		Period     string    `json:"period"`
		Revision   int       `json:"revision"`
		Department string    `json:"department"`
		Format     string    `json:"format"`
		SHA256     string    `json:"sha256"`
		At         time.Time `json:"at"`
		By         string    `json:"by"`
		Times      int       `json:"times"`
	}
	mailBody struct {
		// Email is empty where no mail is sent any more.
		Email string `json:"email"`
	}
	copyBody struct {
		// Departments are all that have an address where it is empty.
		Departments []string `json:"departments,omitempty"`
		// Formats are xlsx and pdf where it is empty.
		Formats []string `json:"formats,omitempty"`
		// Again sends once more what was sent already.
		Again bool `json:"again,omitempty"`
	}
)

func (a *API) documentRoutes() []route {
	id, period := in("id", "编号", "the id"), in("period", "考核期", "the period")
	routes := []route{
		read(access.ReadHall, v1+"copies", "抄送派驻单位的送达记录", "what departments were sent of results", CopyList{}, a.getCopies,
			query("period", "考核期，如 2026-11、2026-Q4、2026（默认全部）", "a period like 2026-11, 2026-Q4 or 2026 (all by default)")),
		a.change(access.Decide, "POST", "copies/{id}/retry", "立即重新发送抄送", "try a copy again at once", nil,
			enter(func(r *http.Request, c *copies.Retry) { c.Copy = r.PathValue("id") }), []string{"copy_unknown", "copy_sent"}, id),
		a.change(access.Arrange, "PUT", "departments/{id}/mail", "设定派驻单位接收抄送的邮箱", "say where a department's copies go", mailBody{},
			enter(func(r *http.Request, c *copies.SetMail) { c.Department = r.PathValue("id") }), []string{"department_unknown"}, id),
	}
	for _, x := range []struct{ path, zh, en string }{
		{"months", "抄送月统计", "send a month's statistics to departments"}, {"quarters", "抄送季通报", "send a quarter's bulletin to departments"}, {"years", "抄送年考核结果", "send a year's assessment to departments"},
	} {
		routes = append(routes, a.change(access.Decide, "POST", x.path+"/{period}/copies", x.zh, x.en, copyBody{}, makes(wire.KindCopyQueued, a.queueCopies),
			[]string{"period_unpublished", "mail_off", "mail_missing", "department_unknown"}, period))
	}
	return routes
}

// published is the newest revision of a period, 0 where there is none.
func (a *API) published(p assess.Period) (revision int, departments []string, err error) {
	if a.Documents == nil {
		return 0, nil, nil
	}
	return a.Documents.Published(p)
}

func (a *API) mails() bool { return a.Documents != nil && a.Documents.Mails() }

func (a *API) queueCopies(r *http.Request, body []byte) (order, error) {
	var b copyBody
	if err := decode(body, &b); err != nil {
		return order{}, err
	}
	p, ok := assess.ParsePeriod(r.PathValue("period"))
	if !ok {
		var bad checks
		bad.add("period", "period", "应为考核期，如 2026-11、2026-Q4 或 2026", "must be a period like 2026-11, 2026-Q4 or 2026")
		return order{}, bad.err()
	}
	revision, departments, err := a.published(p)
	switch {
	case err != nil:
		return order{}, err
	case revision == 0:
		return order{}, hall.Refuse("period_unpublished", "“"+string(p)+"”还没有公布，公布后才能抄送", string(p)+" is not published; copies are of what is published")
	case !a.mails():
		return order{}, hall.Refuse("mail_off", "主机没有设置邮件服务器（mail.host），请由单位自行下载", "the hub has no mail server (mail.host); let departments download their copies")
	}
	c := copies.Queue{Period: string(p), Revision: revision, Departments: b.Departments, Formats: b.Formats, Again: b.Again}
	if len(b.Departments) == 0 {
		c.Departments, c.Skip = departments, true
	}
	for _, id := range b.Departments {
		if !slices.Contains(departments, id) {
			return order{}, hall.Unknown("department_unknown", "“"+string(p)+"”里没有单位“"+id[:min(len(id), 64)]+"”", "there is no department "+id[:min(len(id), 64)]+" in "+string(p))
		}
	}
	return order{cmd: c, status: http.StatusOK}, nil
}

func (a *API) getCopies(w http.ResponseWriter, r *http.Request) error {
	list := CopyList{Mails: a.mails(), Copies: []CopyRow{}, Departments: []CopyPlace{}, Downloads: []DownloadRow{}}
	var of []string
	if text := r.URL.Query().Get("period"); text != "" {
		p, ok := assess.ParsePeriod(text)
		if !ok {
			var bad checks
			bad.add("period", "period", "应为考核期，如 2026-11、2026-Q4 或 2026", "must be a period like 2026-11, 2026-Q4 or 2026")
			return bad.err()
		}
		var err error
		if list.Revision, of, err = a.published(p); err != nil {
			return err
		}
		list.Period = string(p)
	}
	i := who(r)
	a.Register.Read(func(v *register.View, windows *roster.State) {
		s := a.scopeOf(i, v, windows)
		sees := func(department string) bool { return s.all || department == s.department }
		named := map[string]string{}
		for id, d := range v.State.People.Departments.All() {
			named[id] = d.Name
			if !sees(id) || list.Revision > 0 && !slices.Contains(of, id) {
				continue
			}
			m, ok := v.State.Copies.Mail.Get(id)
			place := CopyPlace{ID: id, Name: d.Name, Mail: ok}
			if ok && i.May(access.Arrange) {
				place.Email = a.sealed(m.Address, "address")
			}
			list.Departments = append(list.Departments, place)
		}
		for id, c := range v.State.Copies.Copies.All() {
			if !sees(c.Department) || list.Period != "" && c.Period != list.Period {
				continue
			}
			row := CopyRow{ID: id, Period: c.Period, Revision: c.Revision, Department: c.Department, Name: named[c.Department], Formats: c.Formats, State: c.State,
				QueuedAt: c.QueuedAt, By: c.By, Attempts: c.Attempts, Tries: slices.Clone(c.Tries), MessageID: c.MessageID, Files: c.Files}
			if row.Tries == nil {
				row.Tries = []copies.Try{}
			}
			if c.State == copies.Waiting {
				row.Next = &c.Next
			}
			if i.May(access.Decide) {
				row.To = a.sealed(c.To, "address")
			}
			list.Copies = append(list.Copies, row)
		}
		for _, d := range v.State.Copies.Downloads.All() {
			if sees(d.Department) && (list.Period == "" || d.Period == list.Period) {
				list.Downloads = append(list.Downloads, DownloadRow{d.Period, d.Revision, d.Department, d.Format, d.SHA256, d.At, d.By, d.Times})
			}
		}
	})
	slices.SortStableFunc(list.Copies, func(a, b CopyRow) int { return b.QueuedAt.Compare(a.QueuedAt) })
	return sendJSON(w, r, list)
}

// sendDocument writes a period as a document: bound as the answer is. That a department
// has fetched what is published is recorded.
func (a *API) sendDocument(w http.ResponseWriter, r *http.Request, answer *PeriodAnswer, format string) error {
	var in report.Input
	var err error
	i := who(r)
	a.Register.Read(func(v *register.View, _ *roster.State) { in, err = a.input(v, answer) })
	if err != nil {
		return err
	}
	department := answer.part.department
	in = answer.part.of(in)
	return a.sendReport(w, r, in, format, func(in *report.Input, lang report.Lang, body []byte) error {
		if department == "" || in.Revision == 0 {
			return nil
		}
		sum := sha256.Sum256(body)
		got := wire.CopyDownloaded{Period: answer.Period, Revision: in.Revision, Department: department, Format: format, SHA256: hex.EncodeToString(sum[:]), Made: MadeOf(in, lang)}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
		defer cancel()
		_, _, err := a.Commands.Do(ctx, i.Actor(), "", copies.Downloaded{CopyDownloaded: got})
		return err
	})
}

// sendReport writes a document in the reader's language, with the number that they gave it;
// made is told of the file before it is sent.
func (a *API) sendReport(w http.ResponseWriter, r *http.Request, in report.Input, format string, made func(*report.Input, report.Lang, []byte) error) error {
	number := r.URL.Query().Get("number")
	if utf8.RuneCountInString(number) > 40 || strings.ContainsFunc(number, unicode.IsControl) {
		return wrong(field{"number", "too_long", text{"最多 40 个字", "may have 40 characters at most"}})
	}
	if a.Documents == nil {
		return problem("internal")
	}
	if number != "" && in.Revision == 0 && in.Evaluation == nil {
		return wrong(field{"number", "unpublished", text{"未公布的结果只有拟稿，没有文号", "what is not published is a draft and has no number"}})
	}
	in.Number = strings.TrimSpace(number)
	lang, f := report.ZH, report.Format(format)
	if languageOf(r) == english {
		lang = report.EN
	}
	var b bytes.Buffer
	if err := a.Documents.Document(&b, in, f, lang); err != nil {
		return err
	}
	if made != nil {
		if err := made(&in, lang, b.Bytes()); err != nil {
			return err
		}
	}
	ascii, name := report.FileName(in, f, lang)
	w.Header().Set("Content-Disposition", `attachment; filename="`+ascii+`"; filename*=UTF-8''`+pathEscape(name))
	send(w, r, http.StatusOK, f.ContentType(), b.Bytes())
	return nil
}

// DocumentInput is all that the document of a published revision prints, or that of a part of it.
func DocumentInput(d *Deps, p assess.Period, revision int, of string) (in report.Input, err error) {
	part, err := parsePart(of)
	if err != nil {
		return in, err
	}
	a := &API{Deps: *d}
	answer := PeriodAnswer{Period: string(p), part: part}
	a.Register.Read(func(v *register.View, windows *roster.State) {
		answer.through = v.Through
		x, _ := v.State.Cycle.Periods.Get(string(p))
		if err = a.revisions(v, p, &x, revision, &answer); err != nil {
			return
		}
		if answer.Revision == 0 {
			err = hall.Refuse("period_unpublished", "“"+string(p)+"”还没有公布", string(p)+" is not published")
			return
		}
		for _, ap := range v.State.Cycle.AppealsOf(p) {
			answer.Appeals = append(answer.Appeals, a.appealRow(&ap, true))
		}
		a.words(v, &answer)
		if s := part.scope(); !s.all {
			bound(&answer, &s)
		}
		a.name(v, windows, &answer)
	})
	if err != nil {
		return in, err
	}
	if err := a.sign(&answer); err != nil { // it reads the views itself
		return in, err
	}
	a.Register.Read(func(v *register.View, _ *roster.State) { in, err = a.input(v, &answer) })
	return part.of(in), err
}

// input is what a document prints of an answer; the caller holds the register still.
func (a *API) input(v *register.View, answer *PeriodAnswer) (report.Input, error) {
	p := assess.Period(answer.Period)
	in := report.Input{Outcome: &answer.Outcome, Hall: a.HallName, Bureau: a.Bureau, Zone: a.Zone, Revision: answer.Revision,
		Names: report.Names{Person: answer.Names[assess.ToPerson], Window: answer.Names[assess.ToWindow], Department: answer.Names[assess.ToDepartment]},
		Rules: map[string]assess.Words{}, Policies: answer.PolicyNames, Articles: answer.Articles, Grades: answer.Grades, Awards: answer.Awards, Indicators: map[string]report.Indicator{}, Counts: map[string]assess.Words{},
		Made: report.Made{Through: uint64(answer.through), URL: a.VerifyAt, Version: a.Version}}
	if answer.Provisional {
		in.Revision = 0
	}
	for id, x := range answer.Rules {
		in.Rules[id] = x.Words
	}
	for id, x := range answer.Indicators {
		in.Indicators[id] = report.Indicator{Words: x.Words, Formula: x.Formula}
	}
	a.fractions(&in)
	if n := in.Revision; n > 0 && n <= len(answer.Revisions) {
		rev := answer.Revisions[n-1]
		in.Published, in.Reason, in.Changes, in.Digest = rev.At, rev.Reason, rev.Changes, rev.Digest
		if a.VerifyAt != "" {
			in.Verify = strings.TrimRight(a.VerifyAt, "/") + answer.Verify
		}
	}
	if c := answer.Checkpoint; c != nil && in.Revision > 0 {
		in.Checkpoint = &report.Checkpoint{Size: c.Size, Root: c.Root, Note: c.Note, Signer: signerOf(c.Note)}
	}
	for i := range answer.Appeals {
		x := &answer.Appeals[i]
		y := report.Appeal{ID: x.ID, Rule: x.Rule, To: assess.To(x.To), Subject: x.Subject, State: x.State, At: x.At, By: x.By, DecidedBy: x.DecidedBy, Finding: x.Finding, Reason: x.Reason}
		if x.DecidedAt != nil {
			y.DecidedAt = *x.DecidedAt
		}
		in.Appeals = append(in.Appeals, y)
	}
	from, _ := p.Days()
	before := assess.PeriodOf(p.Kind(), from.AddDays(-1))
	x, _ := v.State.Cycle.Periods.Get(string(before))
	known := slices.IndexFunc(x.Revisions, func(rev cycle.Revision) bool { return rev.Event > answer.through && answer.through > 0 })
	if known < 0 {
		known = len(x.Revisions)
	}
	if known > 0 { // what was published since the answer was made is not in it
		o, err := v.Archive.Outcome(before, x.Revisions[known-1].Number)
		if err != nil {
			return in, err
		}
		e := report.Earlier{Period: before, Points: map[string]float64{}}
		for _, to := range []assess.To{assess.ToPerson, assess.ToWindow, assess.ToDepartment} {
			for _, r := range o.Of(to) {
				if answer.Outcome.Find(to, r.ID) != nil { // of others nothing is told
					e.Points[string(to)+":"+r.ID] = r.Points
				}
			}
		}
		in.Earlier = append(in.Earlier, e)
	}
	return in, nil
}

// fractions says of each indicator what it is a fraction of, where the policy's formula is
// the usual one: where it comes to the same.
func (a *API) fractions(in *report.Input) {
	for _, x := range policy.Counts() {
		in.Counts[x.ID] = assess.Words{ZH: x.ZH, EN: x.EN}
	}
	_, until := in.Outcome.Period.Days()
	for _, x := range policy.Indicators(until) {
		value, ok := in.Outcome.Indicators[x.ID]
		of := func(ids []string) (sum float64) {
			for _, id := range ids {
				sum += in.Outcome.Counts[id]
			}
			return sum
		}
		below := of(x.Below)
		if i, known := in.Indicators[x.ID]; ok && known && below > 0 && math.Abs(of(x.Above)/below-value) < 1e-9 {
			i.Above, i.Below = x.Above, x.Below
			in.Indicators[x.ID] = i
		}
	}
}

// signerOf is whose key has signed a note (golang.org/x/mod/sumdb/note).
func signerOf(note string) string {
	for _, line := range strings.Split(note, "\n") {
		if rest, ok := strings.CutPrefix(line, "— "); ok {
			name, _, _ := strings.Cut(rest, " ")
			return name
		}
	}
	return ""
}
