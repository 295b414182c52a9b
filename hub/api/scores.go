package api

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/assess"
	"hallkeeper/hub/cycle"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// The answers about one score.
type (
	// ScoreAnswer is what somebody has after a period, each point with what it stands on.
	ScoreAnswer struct {
		Period      string      `json:"period"`
		Subject     SubjectRow  `json:"subject"`
		State       cycle.Stage `json:"state"`
		Revision    int         `json:"revision"`
		Provisional bool        `json:"provisional,omitempty"`
		// AppealsUntil is the last day for appeals, while they are taken.
		AppealsUntil hall.Date                       `json:"appeals_until,omitempty"`
		Policies     []assess.Applied                `json:"policies"`
		Result       assess.Result                   `json:"result"`
		Names        map[assess.To]map[string]string `json:"names"`
		Grades       map[string]assess.Words         `json:"grades"`
		Indicators   map[string]IndicatorWords       `json:"indicators"`
		Explained    []ExplainedRow                  `json:"explained"`
	}
	// SubjectRow names who is assessed.
	SubjectRow struct {
		To   assess.To `json:"to"`
		ID   string    `json:"id"`
		Name string    `json:"name"`
	}
	// ExplainedRow is a finding down to the records that it was made from.
	ExplainedRow struct {
		Finding    assess.Scored `json:"finding"`
		Rule       NamedWords    `json:"rule"`
		Articles   []NamedWords  `json:"articles"`
		Policy     string        `json:"policy"`
		Events     []EventRow    `json:"events"`
		Parameters []string      `json:"parameters"`
		Appeal     *AppealRow    `json:"appeal,omitempty"`
		Void       bool          `json:"void,omitempty"`
	}
	// NamedWords is an id with its words.
	NamedWords struct {
		ID string `json:"id"`
		assess.Words
	}
	// EventRow is a record of the log. Position is 0 where only the id is known.
	EventRow struct {
		ID       string        `json:"id"`
		Position wire.Position `json:"position"`
		Kind     wire.Kind     `json:"kind,omitempty"`
		At       *time.Time    `json:"at,omitempty"`
		Agent    string        `json:"agent,omitempty"`
		Actor    string        `json:"actor,omitempty"`
	}
)

func (a *API) scoreRoutes() []route {
	subject := in("subject", "person:、window: 或 department: 加编号；编号不会混淆时可只写编号", "person:, window: or department: and the id; the id alone where only one has it")
	one := read(access.SignedIn, v1+"scores/{subject}/{period}", "一个得分，每一分的依据直到刷卡记录", "one score, each point down to the swipe", ScoreAnswer{}, a.getScore,
		subject, in("period", "周期，如 2026-11、2026-Q4、2026", "the period, like 2026-11, 2026-Q4, 2026"), count("revision", "第几版（默认最新）", "the revision (the newest by default)"))
	one.refusals = []string{"period_unknown", "score_unknown", "revision_unknown", "fields_invalid"}
	return []route{one}
}

func (a *API) getScore(w http.ResponseWriter, r *http.Request) error {
	p, ok := assess.ParsePeriod(r.PathValue("period"))
	if !ok {
		return hall.Unknown("period_unknown", "没有这个周期；应为 2026-11、2026-Q4 或 2026", "there is no such period; it must be like 2026-11, 2026-Q4 or 2026")
	}
	var c checks
	revision := int(c.number(r, "revision", 0, 1, 1_000_000))
	if err := c.err(); err != nil {
		return err
	}
	var answer ScoreAnswer
	var err error
	i := who(r)
	a.Register.Read(func(v *register.View, windows *roster.State) {
		var whole PeriodAnswer
		if whole, err = a.scoredPeriod(v, windows, p, revision); err != nil {
			return
		}
		s := a.scopeOf(i, v, windows)
		if !s.all {
			bound(&whole, &s)
		}
		x := subjectOf(&whole.Outcome, r.PathValue("subject"))
		if x == nil {
			err = hall.Unknown("score_unknown", string(p)+" 没有这个得分", "there is no such score in "+string(p))
			return
		}
		one := whole
		one.Outcome = assess.Outcome{}
		switch x.To {
		case assess.ToPerson:
			one.Outcome.People = []assess.Result{*x}
		case assess.ToWindow:
			one.Outcome.Windows = []assess.Result{*x}
		case assess.ToDepartment:
			one.Outcome.Departments = []assess.Result{*x}
		}
		a.name(v, windows, &one)
		answer = ScoreAnswer{Period: whole.Period, Subject: SubjectRow{x.To, x.ID, a.subjectName(v, windows, x.To, x.ID)}, State: whole.State, Revision: whole.Revision,
			Provisional: whole.Provisional, Policies: whole.Outcome.Policies, Result: *x, Names: one.Names, Grades: whole.Grades, Indicators: whole.Indicators, Explained: []ExplainedRow{}}
		if whole.State == cycle.Appeals && a.today() <= whole.AppealsUntil {
			answer.AppealsUntil = whole.AppealsUntil
		}
		for _, f := range x.Findings {
			answer.Explained = append(answer.Explained, a.explain(v, &whole, f, func(ap *cycle.Appeal) bool {
				return s.all || x.To == assess.ToPerson && s.own(x.ID) || ap.By == i.Account && i.Account != ""
			}))
		}
	})
	if err != nil {
		return err
	}
	for k := range answer.Explained {
		if err := a.locate(answer.Explained[k].Events); err != nil {
			return err
		}
	}
	return sendJSON(w, r, answer)
}

// scoredPeriod is what one score needs of a period: the outcome that is published, or
// the one that it gives now; never both.
func (a *API) scoredPeriod(v *register.View, windows *roster.State, p assess.Period, revision int) (answer PeriodAnswer, err error) {
	x, _ := v.State.Cycle.Periods.Get(string(p))
	answer = PeriodAnswer{Period: string(p), State: v.State.Cycle.Stage(p, a.today()), AppealsUntil: x.Until}
	if revision > len(x.Revisions) {
		return answer, hall.Unknown("revision_unknown", string(p)+" 没有第 "+strconv.Itoa(revision)+" 版", string(p)+" has no revision "+strconv.Itoa(revision))
	}
	if revision == 0 {
		revision = len(x.Revisions)
	}
	if answer.Revision = revision; revision == 0 {
		answer.Outcome, answer.Provisional = *a.memory.Now(v, windows, p), true
	} else {
		o, err := a.memory.Published(v, p, revision)
		if err != nil {
			return answer, err
		}
		answer.Outcome = *o
	}
	a.words(v, &answer)
	return answer, nil
}

// subjectOf finds a result by what a path says; nil where there is none or several.
func subjectOf(o *assess.Outcome, subject string) (found *assess.Result) {
	kind, id, told := strings.Cut(subject, ":")
	if told {
		return o.Find(assess.To(kind), id)
	}
	for _, to := range []assess.To{assess.ToPerson, assess.ToWindow, assess.ToDepartment} {
		if x := o.Find(to, subject); x != nil {
			if found != nil {
				return nil
			}
			found = x
		}
	}
	return found
}

// explain says what a finding stands on. Positions of swipes are those of the
// view; those of the hub's own records are looked up afterwards.
// words tells whether the reader may read the words of an appeal.
func (a *API) explain(v *register.View, whole *PeriodAnswer, f assess.Scored, words func(*cycle.Appeal) bool) ExplainedRow {
	row := ExplainedRow{Finding: f, Rule: NamedWords{f.Rule, whole.Rules[f.Rule].Words}, Policy: f.Policy, Parameters: f.Parameters, Void: f.Void != "", Articles: []NamedWords{}, Events: []EventRow{}}
	for _, id := range f.Articles {
		row.Articles = append(row.Articles, NamedWords{id, whole.Articles[id]})
	}
	for _, id := range f.Events {
		e := EventRow{ID: id}
		if n, ok := strings.CutPrefix(id, "#"); ok {
			p, err := strconv.ParseUint(n, 10, 64)
			if err == nil {
				e.Position = wire.Position(p)
			}
		} else if p, ok := v.Days.Position(id, f.Day); ok {
			e.Position = p
		}
		row.Events = append(row.Events, e)
	}
	if ap, ok := v.State.Cycle.AppealOf(&f); ok {
		x := a.appealRow(&ap, words(&ap))
		row.Appeal = &x
	}
	return row
}

// locate reads the records of events.
func (a *API) locate(events []EventRow) error {
	for i := range events {
		e := &events[i]
		var rec *wire.Record
		if e.Position > 0 {
			records, err := a.Log.ReadBatch(e.Position-1, 1)
			if err != nil {
				return err
			}
			if len(records) > 0 {
				rec = &records[0]
			}
		} else {
			found, err := a.Log.Find(e.ID)
			if err != nil {
				return err
			}
			rec = found
		}
		if rec == nil {
			continue
		}
		at := rec.At
		e.ID, e.Position, e.Kind, e.At, e.Agent, e.Actor = rec.ID, rec.Position, rec.Kind, &at, rec.Agent, rec.ActorID()
	}
	return nil
}
