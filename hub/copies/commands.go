package copies

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/personal"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// Command is a command about copies.
type Command interface {
	DecideCopies(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error)
}

// The commands of copies.
type (
	// SetMail says where a department's copies go; an empty address is nowhere.
	SetMail struct {
		Department string `json:"department"`
		Address    string `json:"email"`
	}
	// Queue orders copies of a published revision for departments that are in it. Those
	// that wait or were sent already are not ordered again, unless Again is set.
	Queue struct {
		Period      string   `json:"period"`
		Revision    int      `json:"revision"`
		Departments []string `json:"departments"`
		Formats     []string `json:"formats,omitempty"`
		Again       bool     `json:"again,omitempty"`
		// Skip leaves out departments without an address instead of refusing.
		Skip bool `json:"-"`
	}
	// Retry lets a copy be tried now.
	Retry struct {
		Copy string `json:"copy"`
	}
	// Took says that a server took a copy.
	Took struct {
		wire.CopySent
	}
	// Missed says that an attempt failed. Permanent is what no later attempt mends.
	Missed struct {
		Copy      string
		Attempt   int
		Server    string
		Why       string
		Permanent bool
	}
	// Downloaded says that a department fetched its part.
	Downloaded struct {
		wire.CopyDownloaded
	}
)

// Formats are those that a copy can have.
func Formats() []string { return []string{"xlsx", "docx", "pdf"} }

// backOff are the pauses after the first, the second … attempt; the last one is repeated.
func backOff(attempt int) time.Duration {
	pauses := [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour}
	return pauses[min(max(attempt, 1), len(pauses))-1]
}

// Patience is for how long a copy is tried, as mail servers do (RFC 5321, 4.5.4.1: four to five days).
const Patience = 4 * 24 * time.Hour

// mailShape is an address as departments have them: no quoted local parts, no address literals.
func mailShape() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)
}

// DecideCopies decides; see Command.
func (c SetMail) DecideCopies(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	if !h.People.Departments.Has(c.Department) {
		return nil, unknownDepartment(c.Department)
	}
	c.Address = strings.TrimSpace(c.Address)
	old, set := s.Mail.Get(c.Department)
	if c.Address == "" {
		if !set {
			return nil, nil
		}
		return []hall.Draft{{Kind: wire.KindDepartmentMailSet, Data: wire.DepartmentMailSet{Department: c.Department}}}, nil
	}
	if set && m.Unseal != nil && old.Address != nil { // forms are filled with what is masked
		c.Address = personal.Kept("department", "address", c.Address, m.Unseal(old.Address)["address"])
	}
	var bad hall.Checks
	if strings.Contains(c.Address, "**") || len(c.Address) > 254 || !mailShape().MatchString(c.Address) {
		bad.Add("email", "address", "应为邮箱地址，如 bangongshi@example.gov.cn", "must be a mail address like office@example.gov.cn")
		return nil, bad.Err()
	}
	if set && m.Unseal != nil && m.Unseal(old.Address)["address"] == c.Address {
		return nil, nil
	}
	return []hall.Draft{{Kind: wire.KindDepartmentMailSet, Data: wire.DepartmentMailSet{Department: c.Department, Set: true}, Person: Key(c.Department), Personal: map[string]string{"address": c.Address}}}, nil
}

func unknownDepartment(id string) error {
	return hall.Unknown("department_unknown", "没有编号为“"+id[:min(len(id), 64)]+"”的派驻单位", "there is no department "+id[:min(len(id), 64)])
}

// DecideCopies decides; see Command.
func (c Queue) DecideCopies(s *State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	if len(c.Formats) == 0 {
		c.Formats = []string{"xlsx", "pdf"}
	}
	var bad hall.Checks
	for _, f := range c.Formats {
		bad.Choice("formats", f, Formats()...)
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	c.Formats = slices.Compact(slices.Sorted(slices.Values(c.Formats)))
	var drafts []hall.Draft
	for i, id := range slices.Compact(slices.Sorted(slices.Values(c.Departments))) {
		mail, ok := s.Mail.Get(id)
		address := ""
		if ok && m.Unseal != nil {
			address = m.Unseal(mail.Address)["address"]
		}
		switch {
		case !h.People.Departments.Has(id) && c.Skip:
			continue
		case !h.People.Departments.Has(id):
			return nil, unknownDepartment(id)
		case address == "" && c.Skip:
			continue
		case address == "":
			return nil, hall.RefuseBy("63号 第八条", "mail_missing", "单位“"+id+"”没有登记邮箱，请先登记，或由单位自行下载", "department "+id+" has no mail address; enter it first, or let the department download its copy")
		}
		if last, ok := s.Newest(c.Period, c.Revision, id); ok && !c.Again && last.State != GivenUp {
			continue
		}
		of := m.ID + "-" + strconv.Itoa(i+1)
		drafts = append(drafts, hall.Draft{Kind: wire.KindCopyQueued, Person: "copy-" + of, Personal: map[string]string{"address": address},
			Data: wire.CopyQueued{Copy: of, Period: c.Period, Revision: c.Revision, Department: id, Formats: c.Formats}})
	}
	return drafts, nil
}

func (s *State) known(id string) (Copy, error) {
	c, ok := s.Copies.Get(id)
	if !ok {
		return c, hall.Unknown("copy_unknown", "没有这份抄送", "there is no such copy")
	}
	return c, nil
}

// DecideCopies decides; see Command.
func (c Retry) DecideCopies(s *State, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	x, err := s.known(c.Copy)
	if err != nil {
		return nil, err
	}
	if x.State == Sent {
		return nil, hall.Refuse("copy_sent", "这份抄送已经送达邮件服务器", "a mail server has taken this copy")
	}
	return []hall.Draft{{Kind: wire.KindCopyRetried, Data: wire.CopyRetried(c)}}, nil
}

// DecideCopies decides; see Command. It refuses nothing that is known: the mail has gone.
func (c Took) DecideCopies(s *State, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	x, err := s.known(c.Copy)
	if err != nil || x.State == Sent {
		return nil, err
	}
	return []hall.Draft{{Kind: wire.KindCopySent, Data: c.CopySent}}, nil
}

// DecideCopies decides when the next attempt is, or that there is none.
func (c Missed) DecideCopies(s *State, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	x, err := s.known(c.Copy)
	if err != nil || x.State != Waiting {
		return nil, err
	}
	next := m.Now.Add(backOff(c.Attempt))
	if c.Permanent || next.Sub(x.Since) > Patience {
		return []hall.Draft{{Kind: wire.KindCopyGivenUp, Data: wire.CopyGivenUp{Copy: c.Copy, Attempt: c.Attempt, Server: c.Server, Why: c.Why}}}, nil
	}
	return []hall.Draft{{Kind: wire.KindCopyFailed, Data: wire.CopyFailed{Copy: c.Copy, Attempt: c.Attempt, Server: c.Server, Why: c.Why, Next: next.UTC()}}}, nil
}

// DecideCopies decides; see Command.
func (c Downloaded) DecideCopies(_ *State, h roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	if !h.People.Departments.Has(c.Department) {
		return nil, unknownDepartment(c.Department)
	}
	return []hall.Draft{{Kind: wire.KindCopyDownloaded, Data: c.CopyDownloaded}}, nil
}
