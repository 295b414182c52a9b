package wire

import "encoding/json"

// Kinds of the assessment's cycle (63号 第八条, 第十五条): a month, quarter or year
// is computed, reviewed, open to appeals, published, and revised where something
// becomes known later. Only the hub makes them.
const (
	KindPeriodComputed    Kind = "period.computed"
	KindPeriodReviewed    Kind = "period.reviewed"
	KindPeriodOpened      Kind = "period.opened"
	KindPeriodPublished   Kind = "period.published"
	KindPeriodRevised     Kind = "period.revised"
	KindPeriodUnpublished Kind = "period.unpublished"
	KindScoreAppealed     Kind = "score.appealed"
	KindScoreDecided      Kind = "score.decided"
)

// PeriodComputed says that a period was counted (核算), and what came out.
type PeriodComputed struct {
	// Period is a month (2026-11), a quarter (2026-Q4) or a year (2026).
	Period string `json:"period"`
	// Through is the last record that was taken into account.
	Through Position `json:"through"`
	// Digest is the hex SHA-256 of the outcome's JSON.
	Digest string `json:"digest"`
}

// PeriodReviewed says that a person has looked through what was computed (复核).
type PeriodReviewed struct {
	Period string `json:"period"`
	Digest string `json:"digest"`
}

// PeriodOpened lets people appeal against findings of a month until a day, included.
type PeriodOpened struct {
	Period string `json:"period"`
	Until  string `json:"until"`
}

// PeriodPublished publishes a period (公布). The outcome is in it whole, so that no
// later program can give another one; see assess.Outcome for its shape.
type PeriodPublished struct {
	Period   string `json:"period"`
	Revision int    `json:"revision"`
	// Through is the last record that was taken into account.
	Through Position        `json:"through"`
	Digest  string          `json:"digest"`
	Outcome json.RawMessage `json:"outcome"`
}

// PeriodRevised puts a further numbered outcome in the place of a published one
// (更正). The reason is free text and travels sealed.
type PeriodRevised struct {
	Period   string          `json:"period"`
	Revision int             `json:"revision"`
	Through  Position        `json:"through"`
	Digest   string          `json:"digest"`
	Outcome  json.RawMessage `json:"outcome"`
}

// PeriodUnpublished takes a published revision off the board (撤下公示): the record, its
// documents and its number stay, and the next publication is a further revision. Sealed: reason.
type PeriodUnpublished struct {
	Period   string `json:"period"`
	Revision int    `json:"revision"`
}

// ScoreAppealed is an appeal against a finding of a month (申诉). What is said travels sealed.
type ScoreAppealed struct {
	Appeal string `json:"appeal"`
	Period string `json:"period"`
	// Finding is the fact's id, Rule the rule that made points of it.
	Finding string `json:"finding"`
	Rule    string `json:"rule"`
	// To is person, window or department, and Subject which.
	To      string `json:"to"`
	Subject string `json:"subject"`
	// Staff is who appeals, empty where a supervisor does for a department.
	Staff string `json:"staff,omitempty"`
	Day   string `json:"day"`
}

// ScoreDecided decides an appeal; a granted one takes the finding out of the score.
type ScoreDecided struct {
	Appeal  string `json:"appeal"`
	Period  string `json:"period"`
	Granted bool   `json:"granted"`
	Day     string `json:"day"`
}

func periodKinds() []KindInfo {
	return []KindInfo{
		{KindPeriodComputed, 1, true, PeriodComputed{}}, {KindPeriodReviewed, 1, true, PeriodReviewed{}}, {KindPeriodOpened, 1, true, PeriodOpened{}},
		{KindPeriodPublished, 1, true, PeriodPublished{}}, {KindPeriodRevised, 1, true, PeriodRevised{}},
		{KindPeriodUnpublished, 1, true, PeriodUnpublished{}},
		{KindScoreAppealed, 1, true, ScoreAppealed{}}, {KindScoreDecided, 1, true, ScoreDecided{}},
	}
}
