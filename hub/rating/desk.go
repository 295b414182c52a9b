package rating

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// Desk is what commands about ratings are decided on: the list of reasons and
// what was published. What a press is worth is not decided here: State judges
// it, and may judge it otherwise when more is known.
type Desk struct {
	// Lists holds the list of reasons in its only row.
	Lists hall.Table[[]wire.RatingReason]
	// Releases are what was published, by period, oldest first.
	Releases hall.Table[[]Release]
}

// Release is figures that were published, when and by whom.
type Release struct {
	wire.RatingPublished
	By       string        `json:"by"`
	At       time.Time     `json:"at"`
	Position wire.Position `json:"position"`
	// Withdrawn says that it was taken back.
	Withdrawn *hall.Withdrawal `json:"withdrawn,omitempty"`
}

// Command is a command about ratings.
type Command interface {
	DecideRating(s *Desk, h roster.Hall, m hall.Moment) ([]hall.Draft, error)
}

// The commands of ratings.
type (
	// Give is a rating from a screen. Its time may be past: a tablet that was cut off sends it later.
	Give struct {
		wire.RatingGiven
		// Touched is when, in place of At; nil is now.
		Touched *time.Time `json:"at,omitempty"`
	}
	// Explain says why a bad rating was given; who asks has looked whether it was one.
	Explain struct {
		Visit   string   `json:"visit"`
		Window  string   `json:"-"`
		Day     string   `json:"-"`
		Reasons []string `json:"reasons"`
		Text    string   `json:"text,omitempty"`
		Phone   string   `json:"phone,omitempty"`
	}
	// SetReasons puts another list in place of the one there is.
	SetReasons wire.RatingReasonsSet
	// Publish publishes figures of a period, where they are not those that were published last.
	Publish struct {
		Period string `json:"period"`
		// Figures and Final are what is known now.
		Figures wire.RatingFigures `json:"-"`
		Final   bool               `json:"-"`
	}
	// Unpublish takes the newest figures of a period back; it takes two people.
	Unpublish struct {
		wire.RatingUnpublished
		Reason string `json:"-"`
	}
)

const (
	onlyList = "list"
	// maxText is the longest text of a citizen, in characters.
	maxText    = 500
	maxReasons = 20
)

// DefaultReasons are the reasons that a hall begins with.
func DefaultReasons() []wire.RatingReason {
	return []wire.RatingReason{
		{ID: "attitude", ZH: "服务态度不好", EN: "The staff were unfriendly"},
		{ID: "slow", ZH: "办理太慢、等候太久", EN: "It took too long"},
		{ID: "unclear", ZH: "说明不清楚，没有一次告知", EN: "It was not explained clearly or in one go"},
		{ID: "documents", ZH: "要求提供不必要的材料", EN: "Needless documents were asked for"},
		{ID: "refused", ZH: "推诿、不予办理", EN: "I was sent away or turned down"},
		{ID: "skill", ZH: "业务不熟练、出现差错", EN: "Mistakes were made"},
		{ID: "fees", ZH: "收费不合理", EN: "The fees were not right"},
		{ID: "other", ZH: "其他", EN: "Something else"},
	}
}

// ReasonList are the reasons that citizens choose from.
func (s *Desk) ReasonList() []wire.RatingReason {
	if list, ok := s.Lists.Get(onlyList); ok {
		return list
	}
	return DefaultReasons()
}

// Tables are what a view keeps.
func (s *Desk) Tables() hall.Tables {
	return hall.Tables{"rating-reasons": &s.Lists, "rating-release": &s.Releases}
}

// Fold applies a record and tells whether it was of the desk.
func (s *Desk) Fold(r *wire.Record) bool {
	switch r.Kind {
	case wire.KindRatingGiven, wire.KindRatingExplained:
		return true
	case wire.KindRatingReasonsSet:
		var d wire.RatingReasonsSet
		if json.Unmarshal(r.Data, &d) == nil {
			s.Lists.Set(onlyList, d.Reasons)
		}
		return true
	case wire.KindRatingPublished:
		var d wire.RatingPublished
		if json.Unmarshal(r.Data, &d) == nil {
			x := Release{RatingPublished: d, At: r.StoredAt, Position: r.Position}
			if r.Actor != nil {
				x.By = r.Actor.ID
			}
			s.Releases.Change(d.Period, func(all *[]Release) { *all = append(slices.Clone(*all), x) })
		}
		return true
	case wire.KindRatingUnpublished:
		var d wire.RatingUnpublished
		if json.Unmarshal(r.Data, &d) == nil {
			s.unpublish(r, d)
		}
		return true
	}
	return false
}

func (s *Desk) unpublish(r *wire.Record, d wire.RatingUnpublished) {
	s.Releases.Change(d.Period, func(all *[]Release) {
		*all = slices.Clone(*all)
		for i := range *all {
			if x := &(*all)[i]; x.Revision == d.Revision {
				x.Withdrawn = hall.WithdrawalOf(r, 0)
			}
		}
	})
}

// Newest is the last release of a period, also one that was taken back.
func (s *Desk) Newest(period string) (Release, bool) {
	all, ok := s.Releases.Get(period)
	if !ok || len(all) == 0 {
		return Release{}, false
	}
	return all[len(all)-1], true
}

// NewestDay is the last release of the newest published day; ok is false where that was taken back:
// the figures of an older day in its place would pass for the day's.
func (s *Desk) NewestDay() (Release, bool) {
	newest := ""
	for period := range s.Releases.Each() {
		if hall.Date(period).Valid() && period > newest {
			newest = period
		}
	}
	last, ok := s.Newest(newest)
	return last, ok && last.Withdrawn == nil
}

// DecideRating decides; see Command.
func (c Give) DecideRating(_ *Desk, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	d := c.RatingGiven
	_, known := h.Windows.Windows[d.Window]
	var bad hall.Checks
	bad.Known("window", d.Window, known)
	if d.Level < 1 || d.Level > 5 {
		bad.Add("level", "range", "应为 1（非常不满意）到 5（非常满意）", "must be 1 (very dissatisfied) to 5 (very satisfied)")
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	d.At = m.Now.In(m.Zone)
	if c.Touched != nil && c.Touched.Before(m.Now) {
		d.At = c.Touched.In(m.Zone)
	}
	if !hall.Date(d.Day).Valid() {
		d.Day = string(hall.DateOf(d.At, m.Zone))
	}
	return []hall.Draft{{Kind: wire.KindRatingGiven, Data: d}}, nil
}

// DecideRating decides; see Command.
func (c Explain) DecideRating(s *Desk, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	list := s.ReasonList()
	for _, id := range c.Reasons {
		bad.Known("reasons", id, slices.ContainsFunc(list, func(r wire.RatingReason) bool { return r.ID == id }))
	}
	if len(c.Reasons) > maxReasons {
		bad.Add("reasons", "too_many", fmt.Sprintf("最多 %d 项", maxReasons), fmt.Sprintf("may be %d at most", maxReasons))
	}
	bad.Words("text", &c.Text, 0, maxText)
	if c.Phone != "" && !phoneForm().MatchString(c.Phone) {
		bad.Add("phone", "format", "应为 11 位手机号或带区号的固定电话", "must be a mobile number of 11 digits, or a landline with its area code")
	}
	if len(bad) == 0 && len(c.Reasons) == 0 && c.Text == "" && c.Phone == "" {
		bad.Add("reasons", "required", "请选择原因，或写几个字", "choose a reason, or write a few words")
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	d := hall.Draft{Kind: wire.KindRatingExplained, Data: wire.RatingExplained{Visit: c.Visit, Window: c.Window, Day: c.Day,
		Reasons: c.Reasons, Words: c.Text != "", Contact: c.Phone != ""}}
	said := map[string]string{}
	if c.Text != "" {
		said["text"] = c.Text
	}
	if c.Phone != "" {
		said["phone"] = c.Phone
	}
	if len(said) > 0 {
		d.Person, d.Personal = "rating-"+c.Visit, said
	}
	return []hall.Draft{d}, nil
}

func phoneForm() *regexp.Regexp { return regexp.MustCompile(`^(1[0-9]{10}|0[0-9]{2,3}-?[0-9]{7,8})$`) }

// DecideRating decides; see Command.
func (c SetReasons) DecideRating(*Desk, roster.Hall, hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	if n := len(c.Reasons); n == 0 || n > maxReasons {
		bad.Add("reasons", "range", fmt.Sprintf("应有 1 到 %d 项", maxReasons), fmt.Sprintf("must be 1 to %d", maxReasons))
	}
	for i := range c.Reasons {
		r := &c.Reasons[i]
		bad.ID("reasons", r.ID)
		bad.Words("reasons", &r.ZH, 1, 20)
		bad.Words("reasons", &r.EN, 1, 60)
		if slices.IndexFunc(c.Reasons, func(x wire.RatingReason) bool { return x.ID == r.ID }) < i {
			bad.Add("reasons", "twice", "“"+r.ID+"”重复", r.ID+" is named twice")
		}
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return []hall.Draft{{Kind: wire.KindRatingReasonsSet, Data: wire.RatingReasonsSet(c)}}, nil
}

// Period gives the first and last day of a day or a month; ok is false for another text.
func Period(period string) (from, until hall.Date, ok bool) {
	if d := hall.Date(period); d.Valid() {
		return d, d, true
	}
	first, err := time.Parse("2006-01", period)
	if err != nil {
		return "", "", false
	}
	from = hall.DateOf(first, time.UTC)
	return from, hall.DateOf(first.AddDate(0, 1, -1), time.UTC), true
}

// DecideRating decides; see Command.
func (c Publish) DecideRating(s *Desk, _ roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	from, _, ok := Period(c.Period)
	var bad hall.Checks
	switch {
	case !ok:
		bad.Add("period", "format", "应为日期或月份，如 2026-11-23、2026-11", "must be a day or a month, like 2026-11-23 or 2026-11")
	case from > m.Day:
		bad.Add("period", "future", "还没有开始", "has not begun")
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	last, before := s.Newest(c.Period)
	changes := Changes(last.Figures, c.Figures)
	if before && last.Withdrawn == nil && len(changes) == 0 && last.Final == c.Final { // what was taken back may come back as it was
		return nil, nil
	}
	if !before {
		changes = nil
	}
	return []hall.Draft{{Kind: wire.KindRatingPublished, Data: wire.RatingPublished{Period: c.Period, Revision: last.Revision + 1,
		AsOf: m.Now, Figures: c.Figures, Final: c.Final, Changes: changes}}}, nil
}

// DecideRating decides; see Command. Only the newest figures are on show; those before them are in the list of what they changed.
func (c Unpublish) DecideRating(s *Desk, _ roster.Hall, _ hall.Moment) ([]hall.Draft, error) {
	var bad hall.Checks
	bad.Words("reason", &c.Reason, 1, hall.MostWhy)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	last, ok := s.Newest(c.Period)
	switch {
	case !ok, last.Withdrawn != nil:
		return nil, hall.Refuse("not_on_show", c.Period+" 没有公布的满意度", "no satisfaction of "+c.Period+" is published")
	case last.Revision != c.Revision:
		return nil, hall.NotThatRevision(c.Period, last.Revision)
	}
	return []hall.Draft{{Kind: wire.KindRatingUnpublished, Data: c.RatingUnpublished, Person: hall.ShowKey(c.Period), Personal: map[string]string{"reason": c.Reason}}}, nil
}

// Published are the indicators of a day that follow from ratings alone: those that are published with figures.
func Published(day hall.Date) []policy.Indicator {
	return slices.DeleteFunc(policy.Indicators(day), func(i policy.Indicator) bool {
		return slices.ContainsFunc(i.Below, func(count string) bool { return strings.HasPrefix(count, "cases_") })
	})
}
