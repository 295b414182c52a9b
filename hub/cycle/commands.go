package cycle

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// World is what periods may know of the rest of the hall.
type World struct {
	roster.Hall
	// Began is the first day that was checked, empty where none was.
	Began hall.Date
	// Checked tells whether a day is closed.
	Checked func(day hall.Date) bool
	// CaseAppeals are the numbers of cases that happened on those days and whose appeals nobody has decided.
	CaseAppeals func(from, until hall.Date) []string
	// StaffOf is the staff member that an account is of, empty where it is none's.
	StaffOf func(account string) string
}

// Command is a command about periods and appeals.
type Command interface {
	DecideCycle(s *State, w World, m hall.Moment) ([]hall.Draft, error)
}

// MaxText is how many characters a text may have.
const MaxText = 2000

// Counted is an outcome as it stands after all records up to and with Through.
// A request does not bring it: the hub computes it.
type Counted struct {
	Outcome *assess.Outcome `json:"-"`
	Through wire.Position   `json:"-"`
}

// The commands of a period.
type (
	// Compute counts a period.
	Compute struct {
		Period assess.Period `json:"period"`
		Counted
	}
	// Review says that somebody has looked through what was computed.
	Review struct {
		Period assess.Period `json:"period"`
		Counted
	}
	// Open opens a month to appeals.
	Open struct {
		Period assess.Period `json:"period"`
	}
	// Publish publishes a period. Digest is of the outcome that the publisher has
	// seen; empty is not to compare.
	Publish struct {
		Period assess.Period `json:"period"`
		Digest string        `json:"digest,omitempty"`
		Counted
	}
	// Revise puts a further revision in the place of the published one.
	Revise struct {
		Period assess.Period `json:"period"`
		Reason string        `json:"reason"`
		Counted
	}
	// Unpublish takes the published revision off the board.
	Unpublish struct {
		Period   assess.Period `json:"period"`
		Revision int           `json:"revision"`
		Reason   string        `json:"-"`
	}
)

// Block is why a period cannot go on.
type Block = hall.Error

// Next is the step that comes after a period's stage; empty where there is none
// before something becomes known.
func Next(p assess.Period, at Stage, appealDays int) (step string) {
	switch at {
	case Over:
		return "compute"
	case Computed:
		return "review"
	case Reviewed:
		if p.Kind() == assess.PerMonth && appealDays > 0 {
			return "open-appeals"
		}
		return "publish"
	case Appeals:
		return "publish"
	case Published:
		return "revise"
	}
	return ""
}

// AppealDays is how many working days a month takes appeals for.
func (w World) AppealDays(day hall.Date) int {
	if v, ok := w.Policy.On("month_appeal_days", day); ok {
		return int(v.Value)
	}
	return 5
}

// Blocks are the reasons for which a period cannot be computed or published now, all of them.
func (s *State) Blocks(p assess.Period, w World, today hall.Date) (all []*Block) {
	from, until := p.Days()
	if today <= until {
		return append(all, hall.Refuse("period_running", fmt.Sprintf("%s 尚未结束，%s 之后才能核算", p, until), fmt.Sprintf("%s is not over; it can be computed after %s", p, until)))
	}
	if w.Began != "" && until < w.Began {
		return append(all, hall.Refuse("period_before", fmt.Sprintf("本大厅自 %s 起有日检查，%s 没有可考核的内容", w.Began, p), fmt.Sprintf("the hall has checked days from %s on; there is nothing to assess in %s", w.Began, p)))
	}
	if err := w.Policy.Assessable(max(from, w.Began), until); err != nil {
		var b *hall.Error
		if errors.As(err, &b) {
			all = append(all, b)
		}
	}
	if p.Kind() == assess.PerMonth {
		if open := w.unchecked(from, until); len(open) > 0 {
			all = append(all, withArticle(hall.Refuse("days_open", "还有日检查没有完成："+list(open, "、"), "days are not checked yet: "+list(open, ", ")), "63号 第十五条"))
		}
	} else if open := s.unpublished(p, w); len(open) > 0 {
		all = append(all, withArticle(hall.Refuse("parts_unpublished", fmt.Sprintf("%s 还不能核算：%s 尚未公布", p, list(open, "、")), fmt.Sprintf("%s cannot be computed: %s not published yet", p, list(open, ", "))), "63号 第十五条"))
	}
	x, _ := s.Periods.Get(string(p))
	if x.Stage() != Appeals {
		return all
	}
	if today <= x.Until {
		all = append(all, hall.Refuse("appeals_run", fmt.Sprintf("申诉期到 %s，之后才能公布", x.Until), fmt.Sprintf("appeals are taken until %s; it can be published after that", x.Until)))
	}
	waiting := []string{}
	for _, a := range s.AppealsOf(p) {
		if a.State == Waiting {
			waiting = append(waiting, a.Subject+" "+a.Rule)
		}
	}
	if waiting = append(waiting, w.CaseAppeals(from, until)...); len(waiting) > 0 {
		all = append(all, hall.Refuse("appeals_open", "还有申诉没有复核："+list(waiting, "、"), "appeals are not decided yet: "+list(waiting, ", ")))
	}
	return all
}

// list names some, and how many more there are.
func list[T ~string](all []T, comma string) string {
	words := []string{}
	for i, x := range all {
		if i == 8 {
			words = append(words, fmt.Sprintf("… (%d)", len(all)))
			break
		}
		words = append(words, string(x))
	}
	return strings.Join(words, comma)
}

func withArticle(e *hall.Error, article string) *hall.Error {
	e.Article = article
	return e
}

func (w World) unchecked(from, until hall.Date) (open []hall.Date) {
	if w.Began == "" {
		return []hall.Date{from}
	}
	for d := max(from, w.Began); d <= until; d = d.AddDays(1) {
		if w.Policy.Calendar().IsWorkday(d) && !w.Checked(d) {
			open = append(open, d)
		}
	}
	return open
}

// unpublished are the parts of a period, and of its parts, that are not published;
// what ended before the hall began does not count.
func (s *State) unpublished(p assess.Period, w World) (open []assess.Period) {
	for _, part := range p.Parts() {
		if _, until := part.Days(); until < w.Began || w.Began == "" {
			continue
		}
		open = append(open, s.unpublished(part, w)...)
		x, _ := s.Periods.Get(string(part))
		if _, out := x.Published(); !out {
			open = append(open, part)
		}
	}
	return open
}

// at refuses what does not come next.
func (s *State) at(p assess.Period, m hall.Moment, may ...Stage) (Period, error) {
	x, _ := s.Periods.Get(string(p))
	stage := s.Stage(p, m.Day)
	if stage == Running || slices.Contains(may, stage) {
		return x, nil // a running one is refused with its day
	}
	if stage == Published {
		return x, hall.Refuse("period_published", fmt.Sprintf("%s 已经公布；有更正请另发一版", p), fmt.Sprintf("%s is published; where something was wrong, issue a revision", p))
	}
	zh, en := words(may[0])
	nowZH, nowEN := words(stage)
	return x, hall.Refuse("period_not_there", fmt.Sprintf("%s 现在是“%s”，要先到“%s”", p, nowZH, zh), fmt.Sprintf("%s is %s now; it must be %s first", p, nowEN, en))
}

func words(s Stage) (zh, en string) {
	switch s {
	case Over:
		return "未核算", "not computed"
	case Computed:
		return "已核算", "computed"
	case Reviewed:
		return "已复核", "reviewed"
	case Appeals:
		return "申诉期", "open to appeals"
	case Published:
		return "已公布", "published"
	}
	return "进行中", "running"
}

// free refuses a period of which something stands in the way.
func (s *State) free(p assess.Period, w World, m hall.Moment) error {
	if p.Kind() == "" {
		return hall.Unknown("period_unknown", "没有这个周期；应为 2026-11、2026-Q4 或 2026", "there is no such period; it must be like 2026-11, 2026-Q4 or 2026")
	}
	if blocks := s.Blocks(p, w, m.Day); len(blocks) > 0 {
		return blocks[0]
	}
	return nil
}

// DecideCycle decides; see Command.
func (c Compute) DecideCycle(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	if err := s.free(c.Period, w, m); err != nil {
		return nil, err
	}
	if _, err := s.at(c.Period, m, Over, Computed, Reviewed); err != nil {
		return nil, err
	}
	_, digest := Encode(c.Outcome)
	return one(wire.KindPeriodComputed, wire.PeriodComputed{Period: string(c.Period), Through: c.Through, Digest: digest})
}

// DecideCycle decides; see Command.
func (c Review) DecideCycle(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	if err := s.free(c.Period, w, m); err != nil {
		return nil, err
	}
	x, err := s.at(c.Period, m, Computed)
	if err != nil {
		return nil, err
	}
	_, digest := Encode(c.Outcome)
	if digest != x.Digest() {
		return nil, hall.Refuse("outcome_changed", "核算之后数据有变化，请重新核算再复核", "something has changed since it was computed; compute it again and review that")
	}
	return one(wire.KindPeriodReviewed, wire.PeriodReviewed{Period: string(c.Period), Digest: digest})
}

// DecideCycle decides; see Command.
func (c Open) DecideCycle(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	if c.Period.Kind() != assess.PerMonth {
		return nil, hall.Refuse("appeals_of_months", "申诉在月统计时提出；季度和年度由各月得出", "appeals are made against months; quarters and years follow from these")
	}
	if err := s.free(c.Period, w, m); err != nil {
		return nil, err
	}
	if _, err := s.at(c.Period, m, Reviewed); err != nil {
		return nil, err
	}
	_, last := c.Period.Days()
	until, _ := w.Policy.Calendar().Add(m.Day, w.AppealDays(last))
	return one(wire.KindPeriodOpened, wire.PeriodOpened{Period: string(c.Period), Until: string(until)})
}

// DecideCycle decides; see Command.
func (c Publish) DecideCycle(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	if err := s.free(c.Period, w, m); err != nil {
		return nil, err
	}
	stage := Appeals
	_, last := c.Period.Days()
	if c.Period.Kind() != assess.PerMonth || w.AppealDays(last) == 0 {
		stage = Reviewed
	}
	if _, err := s.at(c.Period, m, stage); err != nil {
		return nil, err
	}
	text, digest := Encode(c.Outcome)
	if c.Digest != "" && c.Digest != digest {
		return nil, hall.Refuse("outcome_changed", "您看到的结果之后又有变化，请刷新后再公布", "something has changed since what you saw; look again before you publish")
	}
	return one(wire.KindPeriodPublished, wire.PeriodPublished{Period: string(c.Period), Revision: 1, Through: c.Through, Digest: digest, Outcome: text})
}

// DecideCycle decides; see Command.
func (c Revise) DecideCycle(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	if err := s.free(c.Period, w, m); err != nil {
		return nil, err
	}
	x, _ := s.Periods.Get(string(c.Period))
	last, ok := x.Last()
	if !ok {
		return nil, hall.Refuse("period_unpublished", fmt.Sprintf("%s 还没有公布，不需要更正", c.Period), fmt.Sprintf("%s is not published yet; there is nothing to revise", c.Period))
	}
	var bad hall.Checks
	bad.Words("reason", &c.Reason, 1, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	text, digest := Encode(c.Outcome)
	if digest == last.Digest && last.Withdrawn == nil { // what was taken off may come back as it was
		return nil, hall.Refuse("nothing_changed", fmt.Sprintf("%s 重新核算的结果与第 %d 版相同", c.Period, last.Number), fmt.Sprintf("computed again, %s is the same as revision %d", c.Period, last.Number))
	}
	d := wire.PeriodRevised{Period: string(c.Period), Revision: last.Number + 1, Through: c.Through, Digest: digest, Outcome: text}
	return []hall.Draft{{Kind: wire.KindPeriodRevised, Data: d, Person: hall.ShowKey(string(c.Period)), Personal: map[string]string{"reason": c.Reason}}}, nil
}

// DecideCycle decides; see Command. What stands on it must come off first: a year before its quarters, a quarter before its months.
func (c Unpublish) DecideCycle(s *State, _ World, _ hall.Moment) ([]hall.Draft, error) {
	if c.Period.Kind() == "" {
		return nil, hall.Unknown("period_unknown", "没有这个周期；应为 2026-11、2026-Q4 或 2026", "there is no such period; it must be like 2026-11, 2026-Q4 or 2026")
	}
	x, _ := s.Periods.Get(string(c.Period))
	rev, ok := x.Published()
	if !ok {
		return nil, hall.Refuse("period_unpublished", fmt.Sprintf("%s 没有公示的结果", c.Period), fmt.Sprintf("no results of %s are on the board", c.Period))
	}
	if c.Revision != rev.Number {
		return nil, hall.NotThatRevision(string(c.Period), rev.Number)
	}
	for name, other := range s.Periods.Each() {
		p := assess.Period(name)
		if _, out := other.Published(); out && slices.Contains(p.Parts(), c.Period) {
			return nil, hall.Refuse("part_of_published", fmt.Sprintf("%s 的结果由 %s 得出，请先撤下 %s", p, c.Period, p), fmt.Sprintf("the published results of %s stand on %s; take %s off the board first", p, c.Period, p))
		}
	}
	var bad hall.Checks
	bad.Words("reason", &c.Reason, 1, hall.MostWhy)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return []hall.Draft{{Kind: wire.KindPeriodUnpublished, Data: wire.PeriodUnpublished{Period: string(c.Period), Revision: rev.Number},
		Person: hall.ShowKey(string(c.Period)), Personal: map[string]string{"reason": c.Reason}}}, nil
}

func one(kind wire.Kind, data any) ([]hall.Draft, error) {
	return []hall.Draft{{Kind: kind, Data: data}}, nil
}
