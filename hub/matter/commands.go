package matter

import (
	"slices"
	"strings"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/queue"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// Command is a command about matters.
type Command interface {
	DecideMatter(s *State, line *queue.State, h roster.Hall, m hall.Moment) ([]hall.Draft, error)
}

// The commands of matters. Matter is an id or a number.
type (
	// Finish ends a visit, and opens the matter that it leaves or goes on with one.
	Finish struct {
		Window  string `json:"window"`
		Mode    string `json:"mode,omitempty"`
		Outcome string `json:"outcome,omitempty"`
		Reason  string `json:"reason,omitempty"`
		// MatterNumber is of the matter that the visit was for.
		MatterNumber string `json:"matter_number,omitempty"`
		// Citizen is the keyed hash of an ID or phone number, never the number.
		Citizen string `json:"citizen,omitempty"`
		// Missing are documents of the service's guide.
		Missing []string `json:"missing,omitempty"`
		// GapsDue is the day by which they must come; the policy's working days where it is empty.
		GapsDue string `json:"gaps_due,omitempty"`
		// Result concludes the matter with this visit: granted, refused, withdrawn or ended.
		Result string `json:"result,omitempty"`
	}
	// Supplement takes documents in.
	Supplement struct {
		Matter    string   `json:"matter"`
		Documents []string `json:"documents"`
	}
	// Suspend stops the clock.
	Suspend struct {
		Matter string `json:"matter"`
		Why    string `json:"why"`
		Reason string `json:"reason"`
	}
	// Resume lets it go on.
	Resume struct {
		Matter string `json:"matter"`
	}
	// Conclude ends a matter.
	Conclude struct {
		Matter string `json:"matter"`
		Result string `json:"result"`
		Reason string `json:"reason,omitempty"`
	}
	// Correct puts a wrong entry right.
	Correct struct {
		Matter   string `json:"matter"`
		What     string `json:"what"`
		Promised int    `json:"promised,omitempty"`
		Legal    int    `json:"legal,omitempty"`
		Reason   string `json:"reason"`
	}
)

// WhySupplement is the suspension that waits for documents.
const WhySupplement = "supplement"

// What a correction puts right.
const (
	FixReopened = "reopened"
	FixVoid     = "void"
	FixLimits   = "limits"
)

// Causes are those that a matter can be suspended for, Results those that it can end with.
func Causes() []string { return []string{WhySupplement, "hearing", "review", "inspection", "other"} }

// Results are the ends of a matter.
func Results() []string { return []string{"granted", "refused", "withdrawn", "ended"} }

// DecideMatter decides; see Command.
func (c Finish) DecideMatter(s *State, line *queue.State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	at, _ := line.Counters.Get(c.Window)
	t, _ := line.Tickets.Get(at.Ticket)
	service, _ := line.Services.Get(t.Service)
	if err := c.check(service, m.Day); err != nil {
		return nil, err
	}
	if c.Reason == "" {
		c.Reason = strings.Join(c.Missing, "、")
	}
	drafts, err := queue.Finish{Window: c.Window, Mode: c.Mode, Outcome: c.Outcome, Reason: c.Reason}.DecideLine(line, h, m)
	if err != nil {
		return nil, err
	}
	d, ok := drafts[0].Data.(wire.VisitFinished)
	if !ok {
		return drafts, nil
	}
	d.Service, d.Citizen, d.Missing, d.Day = t.Service, c.Citizen, c.Missing, string(m.Day)
	if d.Citizen == "" {
		d.Citizen = t.Citizen
	}
	x, err := s.known(c.MatterNumber)
	if err != nil {
		return nil, err
	}
	if x.Matter != "" {
		d.Matter, d.Service = x.Matter, x.Service
		if d.Citizen == "" {
			d.Citizen = x.Citizen
		}
	}
	opens := x.Matter == "" && (d.Outcome == queue.OutcomeAccepted || d.Outcome == queue.OutcomePromised)
	if opens {
		d.Matter = m.ID
	}
	drafts[0].Data = d
	switch {
	case opens:
		o := wire.MatterOpened{Matter: m.ID, Number: s.next(m.Day), Service: service.Service, Department: service.Department, Window: c.Window, Visit: d.Visit,
			Citizen: d.Citizen, Day: string(m.Day), Promised: service.PromisedDays, Legal: service.LegalDays}
		if d.Outcome == queue.OutcomePromised {
			o.Gaps, o.GapsDue = c.Missing, c.due(h, m.Day)
		}
		drafts = append(drafts, hall.Draft{Kind: wire.KindMatterOpened, Data: o})
	case c.Result != "":
		drafts = append(drafts, hall.Draft{Kind: wire.KindMatterConcluded, Data: wire.MatterConcluded{Matter: x.Matter, Day: string(m.Day), Result: c.Result, Visit: d.Visit}})
	}
	return drafts, nil
}

func (c *Finish) check(service wire.ServiceSet, day hall.Date) error {
	var bad hall.Checks
	for _, x := range c.Missing {
		bad.Known("missing", x, slices.Contains(service.Documents, x))
	}
	bad.Date("gaps_due", c.GapsDue, false)
	if c.GapsDue != "" && c.GapsDue < string(day) {
		bad.Add("gaps_due", "past", "不能早于今天", "must not be before today")
	}
	if c.Result != "" {
		bad.Choice("result", c.Result, Results()...)
		if c.MatterNumber == "" {
			bad.Add("matter_number", "required", "请填写办件编号", "name the matter")
		}
	}
	return bad.Err()
}

// due is the day by which gaps must be filled.
func (c *Finish) due(h roster.Hall, day hall.Date) string {
	if c.GapsDue != "" {
		return c.GapsDue
	}
	p, _ := h.Policy.On("gap_days", day)
	due, _ := h.Policy.Calendar().Add(day, int(p.Value))
	return string(due)
}

// known gives the open matter of a number or id; an empty one is none.
func (s *State) known(name string) (Matter, error) {
	if name == "" {
		return Matter{}, nil
	}
	x, ok := s.Find(strings.TrimSpace(name))
	switch {
	case !ok:
		return x, hall.Unknown("matter_unknown", "没有编号为“"+name[:min(len(name), 64)]+"”的办件", "there is no matter "+name[:min(len(name), 64)])
	case !x.Open():
		return x, hall.Refuse("matter_concluded", x.Number+" 已办结或已作废", x.Number+" is concluded or void")
	}
	return x, nil
}

// must is known for commands that need a matter.
func (s *State) must(name string) (Matter, error) {
	if name == "" {
		name = "-"
	}
	return s.known(name)
}

// DecideMatter decides; see Command.
func (c Supplement) DecideMatter(s *State, line *queue.State, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	x, err := s.must(c.Matter)
	if err != nil {
		return nil, err
	}
	service, _ := line.Services.Get(x.Service)
	var bad hall.Checks
	for _, d := range c.Documents {
		bad.Known("documents", d, slices.Contains(x.Owed, d) || slices.Contains(service.Documents, d))
	}
	if len(c.Documents) == 0 {
		bad.Add("documents", "required", "请选择补交的材料", "choose what was handed in")
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return one(wire.KindMatterSupplemented, wire.MatterSupplemented{Matter: x.Matter, Day: string(m.Day), Documents: c.Documents}, "", "", ""), nil
}

// DecideMatter decides; see Command.
func (c Suspend) DecideMatter(s *State, _ *queue.State, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	x, err := s.must(c.Matter)
	if err != nil {
		return nil, err
	}
	if x.State == Suspended {
		return nil, hall.Refuse("matter_suspended", x.Number+" 已经中止", x.Number+" is suspended already")
	}
	var bad hall.Checks
	bad.Choice("why", c.Why, Causes()...)
	bad.Words("reason", &c.Reason, 1, 500)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return one(wire.KindMatterSuspended, wire.MatterSuspended{Matter: x.Matter, Day: string(m.Day), Why: c.Why}, x.Window, m.Day, c.Reason), nil
}

// DecideMatter decides; see Command.
func (c Resume) DecideMatter(s *State, _ *queue.State, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	x, err := s.must(c.Matter)
	if err != nil {
		return nil, err
	}
	if x.State != Suspended {
		return nil, hall.Refuse("matter_not_suspended", x.Number+" 没有中止", x.Number+" is not suspended")
	}
	return one(wire.KindMatterResumed, wire.MatterResumed{Matter: x.Matter, Day: string(m.Day)}, "", "", ""), nil
}

// DecideMatter decides; see Command.
func (c Conclude) DecideMatter(s *State, _ *queue.State, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	x, err := s.must(c.Matter)
	if err != nil {
		return nil, err
	}
	least := 1
	if c.Result == "granted" {
		least = 0
	}
	var bad hall.Checks
	bad.Choice("result", c.Result, Results()...)
	bad.Words("reason", &c.Reason, least, 500)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return one(wire.KindMatterConcluded, wire.MatterConcluded{Matter: x.Matter, Day: string(m.Day), Result: c.Result}, x.Window, m.Day, c.Reason), nil
}

// DecideMatter decides; see Command.
func (c Correct) DecideMatter(s *State, _ *queue.State, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	x, ok := s.Find(c.Matter)
	if !ok {
		_, err := s.must(c.Matter)
		return nil, err
	}
	var bad hall.Checks
	bad.Choice("what", c.What, FixReopened, FixVoid, FixLimits)
	bad.Words("reason", &c.Reason, 1, 500)
	if c.Promised < 0 || c.Legal < 0 || c.Promised > 1000 || c.Legal > 1000 || c.Legal > 0 && c.Promised > c.Legal {
		bad.Add("promised", "range", "应为 0 到 1000 个工作日，承诺不超过法定", "must be 0 to 1000 working days, the promise within the law")
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	switch {
	case c.What == FixReopened && x.State != Concluded:
		return nil, hall.Refuse("matter_open", x.Number+" 没有办结", x.Number+" is not concluded")
	case x.State == Void:
		return nil, hall.Refuse("matter_concluded", x.Number+" 已作废", x.Number+" is void")
	}
	d := wire.MatterCorrected{Matter: x.Matter, Day: string(m.Day), What: c.What}
	if c.What == FixLimits {
		d.Promised, d.Legal = c.Promised, c.Legal
	}
	return one(wire.KindMatterCorrected, d, x.Window, m.Day, c.Reason), nil
}

// one makes a draft, with a reason sealed under the window's key.
func one(kind wire.Kind, data any, window string, day hall.Date, reason string) []hall.Draft {
	d := hall.Draft{Kind: kind, Data: data}
	if reason != "" {
		d.Person, d.Personal = hall.WindowKey(window, day), map[string]string{"reason": reason}
	}
	return []hall.Draft{d}
}
