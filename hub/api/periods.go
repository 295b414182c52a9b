package api

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/assess"
	"hallkeeper/hub/cycle"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/hub/score"
	"hallkeeper/wire"
)

// The answers about months, quarters and years.
type (
	// PeriodAnswer is a period as the reader may see it.
	PeriodAnswer struct {
		Period string    `json:"period"`
		Kind   string    `json:"kind"`
		From   hall.Date `json:"from"`
		Until  hall.Date `json:"until"`
		// State is running, over, computed, reviewed, appeals or published.
		State cycle.Stage `json:"state"`
		// Next are the steps that a supervisor can take now.
		Next  []string     `json:"next"`
		Steps []cycle.Step `json:"steps"`
		// AppealsUntil is the last day for appeals.
		AppealsUntil hall.Date   `json:"appeals_until,omitempty"`
		Appeals      []AppealRow `json:"appeals"`
		// Revision is the one that is shown; 0 before publication.
		Revision  int           `json:"revision"`
		Revisions []RevisionRow `json:"revisions"`
		// Pending is what would be another one if it were computed now.
		Pending []assess.Change `json:"pending,omitempty"`
		// WhatIf is the policy under which the outcome is what would have been; Pending then is how it differs from what is published.
		WhatIf string `json:"what_if,omitempty"`
		// Provisional: the outcome was computed for this answer.
		Provisional bool `json:"provisional,omitempty"`
		// Digest is that of the outcome, where the reader sees all of it.
		Digest   string           `json:"digest,omitempty"`
		Blocked  []BlockRow       `json:"blocked,omitempty"`
		Policies []assess.Applied `json:"policies"`
		Outcome  assess.Outcome   `json:"outcome"`
		// Names are what ids are called, by person, window and department.
		Names map[assess.To]map[string]string `json:"names"`
		// PolicyNames are what the policies are called.
		PolicyNames map[string]assess.Words   `json:"policy_names"`
		Rules       map[string]RuleWords      `json:"rules"`
		Grades      map[string]assess.Words   `json:"grades"`
		Awards      map[string]assess.Words   `json:"awards"`
		Indicators  map[string]IndicatorWords `json:"indicators"`
		Articles    map[string]assess.Words   `json:"articles"`
		Checkpoint  *Checkpoint               `json:"checkpoint,omitempty"`
		Verify      string                    `json:"verify,omitempty"`

		// through is the last record that was known; part is what the reader sees of it.
		through wire.Position
		part    part
	}
	// RevisionRow is one published state and how it differs from the one before.
	RevisionRow struct {
		Number  int             `json:"number"`
		At      time.Time       `json:"at"`
		By      string          `json:"by"`
		Reason  string          `json:"reason,omitempty"`
		Event   wire.Position   `json:"event"`
		Through wire.Position   `json:"through"`
		Digest  string          `json:"digest"`
		Changes []assess.Change `json:"changes,omitempty"`
		// Withdrawn says that it was taken off the board.
		Withdrawn *Withdrawal `json:"withdrawn,omitempty"`
	}
	// Withdrawal is when and why a revision was taken off the board, and by which two people.
	Withdrawal struct {
		At         time.Time     `json:"at"`
		Why        string        `json:"why"`
		By         string        `json:"by,omitempty"`
		ProposedBy string        `json:"proposed_by,omitempty"`
		Event      wire.Position `json:"event"`
	}
	// BlockRow is a reason for which the next step is refused.
	BlockRow struct {
		Code    string `json:"code"`
		ZH      string `json:"zh"`
		EN      string `json:"en"`
		Article string `json:"article,omitempty"`
	}
	// RuleWords is what a rule is called and whom it is about.
	RuleWords struct {
		assess.Words
		To    assess.To `json:"to"`
		Cites []string  `json:"cites"`
	}
	// IndicatorWords is what an indicator is called, with its formula.
	IndicatorWords struct {
		assess.Words
		Formula string   `json:"formula"`
		Cites   []string `json:"cites"`
	}
	// PeriodRow is a period in a list.
	PeriodRow struct {
		Period   string      `json:"period"`
		State    cycle.Stage `json:"state"`
		Revision int         `json:"revision"`
		// People is how many were assessed and Mean what they have on average; of published ones only.
		People  int        `json:"people,omitempty"`
		Mean    *float64   `json:"mean,omitempty"`
		Blocked []BlockRow `json:"blocked,omitempty"`
	}
	// PeriodList is periods, the newest first.
	PeriodList struct {
		Periods []PeriodRow `json:"periods"`
	}
)

// kinds are the paths of periods and what is behind them.
func periodPaths() map[string]assess.Per {
	return map[string]assess.Per{"months": assess.PerMonth, "quarters": assess.PerQuarter, "years": assess.PerYear}
}

func (a *API) periodRoutes() (all []route) {
	words := map[string][3]string{"months": {"月", "month", "2026-11"}, "quarters": {"季度", "quarter", "2026-Q4"}, "years": {"年度", "year", "2026"}}
	for _, path := range slices.Sorted(maps.Keys(periodPaths())) {
		w := words[path]
		period := in("period", "周期，如 "+w[2], "the period, like "+w[2])
		steps := func(step, zh, en string, body any, build func(*http.Request, []byte) (order, error), refusals ...string) route {
			return a.change(access.Decide, "POST", path+"/{period}/"+step, zh, en, body, build, append(refusals, periodRefusals()...), period)
		}
		list := read(access.ReadHall, v1+path, w[0]+"考核进度，新的在前", "how far each "+w[1]+" is, newest first", PeriodList{}, a.listPeriods(path), query("year", "年份（默认全部）", "of this year only"))
		one := read(access.ReadHall, v1+path+"/{period}", w[0]+"考核结果，附每一分的依据", "what a "+w[1]+" gives, with what each point stands on", PeriodAnswer{}, a.getPeriod, period,
			count("revision", "第几版（默认最新）", "the revision (the newest by default)"), query("policy", "假如按此政策（编号@版本）核算，不改变任何记录", "what if this policy (id@version) had held; nothing is changed"),
			query("format", "json（默认）、xlsx、docx 或 pdf", "json (the default), xlsx, docx or pdf"), query("lang", "zh-CN 或 en", "zh-CN or en"),
			query("number", "文件的发文字号；没有的是拟稿", "the document's number; without one it is a draft"))
		one.exports = true
		list.refusals, one.refusals = []string{"fields_invalid"}, []string{"fields_invalid", "period_unknown", "revision_unknown", "policy_unknown", "fonts_missing", "glyph_missing"}
		all = append(all, list, one,
			steps("compute", "核算", "compute it", nil, a.step(func(p assess.Period, c cycle.Counted) any { return cycle.Compute{Period: p, Counted: c} })),
			steps("review", "复核", "say that it was looked through", nil, a.step(func(p assess.Period, c cycle.Counted) any { return cycle.Review{Period: p, Counted: c} }), "outcome_changed"),
			steps("publish", "公布", "publish it", publishPeriodBody{}, a.publishPeriod, "outcome_changed"),
			steps("revise", "更正：另发一版", "issue a revision", reviseBody{}, a.revisePeriod, "period_unpublished", "nothing_changed"))
		if path == "months" {
			all = append(all, steps("open-appeals", "开放申诉", "open it to appeals", nil, a.step(func(p assess.Period, _ cycle.Counted) any { return cycle.Open{Period: p} }), "appeals_of_months"))
		}
	}
	return all
}

func periodRefusals() []string {
	return []string{"period_unknown", "period_before", "period_running", "period_published", "period_not_there", "days_open", "parts_unpublished", "policy_lapsed", "policy_missing", "appeals_run", "appeals_open"}
}

// periodOf reads the period of a path, which must be of the path's kind.
func periodOf(r *http.Request) (assess.Period, error) {
	p, ok := assess.ParsePeriod(r.PathValue("period"))
	for path, kind := range periodPaths() {
		if ok && p.Kind() == kind && hasSegment(r.URL.Path, path) {
			return p, nil
		}
	}
	return "", hall.Unknown("period_unknown", "没有这个周期；月写作 2026-11，季度写作 2026-Q4，年写作 2026", "there is no such period; a month is like 2026-11, a quarter like 2026-Q4, a year like 2026")
}

func hasSegment(path, segment string) bool {
	return len(path) > len(v1)+len(segment) && path[len(v1):len(v1)+len(segment)+1] == segment+"/"
}

// world is what periods may know of the hall at the moment.
func (a *API) blocks(v *register.View, windows *roster.State, p assess.Period) (rows []BlockRow) {
	for _, b := range v.State.Cycle.Blocks(p, v.State.CycleWorld(windows), a.today()) {
		rows = append(rows, BlockRow{b.Name, b.ZH, b.EN, b.Article})
	}
	return rows
}

func (a *API) listPeriods(path string) func(http.ResponseWriter, *http.Request) error {
	kind := periodPaths()[path]
	return func(w http.ResponseWriter, r *http.Request) error {
		year := r.URL.Query().Get("year")
		if p, ok := assess.ParsePeriod(year); year != "" && (!ok || p.Kind() != assess.PerYear) {
			return wrong(field{"year", "year", text{"应为年份，如 2026", "must be a year like 2026"}})
		}
		list := PeriodList{Periods: []PeriodRow{}}
		a.Register.Read(func(v *register.View, windows *roster.State) {
			began := v.State.Book.Began()
			if began == "" {
				return
			}
			seen := map[assess.Period]bool{}
			for day := a.today(); day >= began || assess.PeriodOf(kind, day) == assess.PeriodOf(kind, began); day = day.AddDays(-1) {
				p := assess.PeriodOf(kind, day)
				if seen[p] || year != "" && p.Year() != year {
					seen[p] = true
					continue
				}
				seen[p] = true
				list.Periods = append(list.Periods, a.periodRow(v, windows, p))
				if day, _ = p.Days(); day <= began {
					break
				}
			}
		})
		return sendJSON(w, r, list)
	}
}

func (a *API) periodRow(v *register.View, windows *roster.State, p assess.Period) PeriodRow {
	x, _ := v.State.Cycle.Periods.Get(string(p))
	row := PeriodRow{Period: string(p), State: v.State.Cycle.Stage(p, a.today())}
	if row.State != cycle.Running && row.State != cycle.Published {
		row.Blocked = a.blocks(v, windows, p)
	}
	rev, ok := x.Published()
	if !ok {
		return row
	}
	row.Revision = rev.Number
	if o, err := a.memory.Published(v, p, rev.Number); err == nil && len(o.People) > 0 {
		sum := 0.0
		for i := range o.People {
			sum += o.People[i].Points
		}
		mean := sum / float64(len(o.People))
		row.People, row.Mean = len(o.People), &mean
	}
	return row
}

func (a *API) getPeriod(w http.ResponseWriter, r *http.Request) error {
	p, err := periodOf(r)
	if err != nil {
		return err
	}
	var c checks
	revision := int(c.number(r, "revision", 0, 1, 1_000_000))
	format := c.choice(r, "format", "json", "xlsx", "docx", "pdf")
	if format != "" && format != "json" && r.URL.Query().Get("policy") != "" {
		c.add("format", "choice", "试算不是考核结果，不能生成文件；请去掉 policy 或用 json", "what would have been is no result and makes no document; leave out policy, or ask for json")
	}
	if err := c.err(); err != nil {
		return err
	}
	answer, err := a.period(r, p, revision, r.URL.Query().Get("policy"))
	if err != nil {
		return err
	}
	if format != "json" && format != "" {
		return a.sendDocument(w, r, &answer, format)
	}
	return sendJSON(w, r, answer)
}

// period answers for a period: what is published of it, else what it gives now, or would under another policy.
func (a *API) period(r *http.Request, p assess.Period, revision int, policy string) (answer PeriodAnswer, err error) {
	i := who(r)
	a.Register.Read(func(v *register.View, windows *roster.State) {
		answer, err = a.wholePeriod(v, windows, p, revision, policy)
		if err != nil {
			return
		}
		s := a.scopeOf(i, v, windows)
		answer.through, answer.part = v.Through, partOf(&s)
		if !s.all {
			bound(&answer, &s)
		}
		a.name(v, windows, &answer)
	})
	if err != nil {
		return answer, err
	}
	err = a.sign(&answer)
	return answer, err
}

func (a *API) wholePeriod(v *register.View, windows *roster.State, p assess.Period, revision int, policy string) (answer PeriodAnswer, err error) {
	from, until := p.Days()
	state := &v.State.Cycle
	x, _ := state.Periods.Get(string(p))
	answer = PeriodAnswer{Period: string(p), Kind: string(p.Kind()), From: from, Until: until, State: state.Stage(p, a.today()), Next: []string{},
		Steps: x.Steps, AppealsUntil: x.Until, Appeals: []AppealRow{}, Revisions: []RevisionRow{}}
	if answer.Steps == nil {
		answer.Steps = []cycle.Step{}
	}
	for _, ap := range state.AppealsOf(p) {
		answer.Appeals = append(answer.Appeals, a.appealRow(&ap, true))
	}
	ground := score.Of(v, windows, &a.memory)
	if policy != "" {
		other, ok := v.State.Policy.Policy(policy)
		if !ok {
			return answer, hall.Unknown("policy_unknown", "没有政策“"+policy+"”", "there is no policy "+policy)
		}
		ground = ground.Under(other)
	}
	var now assess.Outcome
	if policy != "" {
		now = ground.Outcome(p)
	} else {
		now = *a.memory.Now(v, windows, p)
	}
	answer.Outcome, answer.Provisional = now, true
	if err := a.revisions(v, p, &x, revision, &answer); err != nil {
		return answer, err
	}
	if len(x.Revisions) > 0 && revision == 0 {
		published := answer.Outcome
		if changes := assess.Compare(&published, &now); len(changes) > 0 {
			answer.Pending = changes
		}
	}
	if policy != "" { // nothing of it was published
		answer.Outcome, answer.Provisional, answer.WhatIf, answer.Revision, answer.Verify = now, true, policy, 0, ""
	}
	_, answer.Digest = cycle.Encode(&answer.Outcome)
	answer.Policies = answer.Outcome.Policies
	if answer.State != cycle.Running {
		answer.Blocked = a.blocks(v, windows, p)
		next := cycle.Next(p, answer.State, v.State.CycleWorld(windows).AppealDays(until))
		last, published := x.Last()
		off := published && last.Withdrawn != nil
		if policy == "" && len(answer.Blocked) == 0 && (next != "revise" || len(answer.Pending) > 0 || off) {
			answer.Next = append(answer.Next, next)
		}
		if policy == "" && len(answer.Blocked) == 0 && (answer.State == cycle.Computed || answer.State == cycle.Reviewed) {
			answer.Next = append(answer.Next, "compute")
		}
	}
	a.words(v, &answer)
	return answer, nil
}

// revisions lists what was published, and takes the newest or the one that is asked for as the outcome.
func (a *API) revisions(v *register.View, p assess.Period, x *cycle.Period, revision int, answer *PeriodAnswer) error {
	var before *assess.Outcome
	for _, rev := range x.Revisions {
		one, err := a.memory.Published(v, p, rev.Number)
		if err != nil {
			return err
		}
		o := *one
		row := RevisionRow{Number: rev.Number, At: rev.At, By: rev.By, Reason: a.sealed(rev.Reason, "reason"), Event: rev.Event, Through: rev.Through, Digest: rev.Digest, Withdrawn: a.withdrawal(rev.Withdrawn, true)}
		if before != nil {
			row.Changes = assess.Compare(before, &o)
		}
		before = &o
		answer.Revisions = append(answer.Revisions, row)
		if revision == 0 || revision == rev.Number {
			answer.Outcome, answer.Revision, answer.Provisional = o, rev.Number, false
		}
	}
	if revision > len(x.Revisions) {
		return hall.Unknown("revision_unknown", string(p)+" 没有第 "+strconv.Itoa(revision)+" 版", string(p)+" has no revision "+strconv.Itoa(revision))
	}
	if answer.Revision > 0 {
		answer.Verify = "/verify/" + string(p) + "/" + strconv.Itoa(answer.Revision)
	}
	return nil
}

// withdrawal says that a revision is off the board; the public is not told by whom.
func (a *API) withdrawal(x *hall.Withdrawal, people bool) *Withdrawal {
	if x == nil {
		return nil
	}
	w := &Withdrawal{At: x.At.In(a.Zone), Why: a.sealed(x.Reason, "reason"), Event: x.Event}
	if people {
		w.By, w.ProposedBy = x.By, x.ProposedBy
	}
	return w
}

// bound leaves what is of the reader's department or windows.
func bound(answer *PeriodAnswer, s *scope) {
	own := func(x *assess.Result) bool {
		switch x.To {
		case assess.ToPerson:
			return s.person(x.ID, x.Department, x.Window)
		case assess.ToWindow:
			return s.windows[x.ID] || s.department != "" && x.Department == s.department
		}
		return s.department != "" && x.ID == s.department
	}
	o := &answer.Outcome
	for _, list := range []*[]assess.Result{&o.People, &o.Windows, &o.Departments} {
		*list = slices.DeleteFunc(slices.Clone(*list), func(x assess.Result) bool { return !own(&x) })
	}
	shown := func(to assess.To, id string) bool { return o.Find(to, id) != nil }
	o.Unresolved = nil
	o.Awards = slices.Clone(o.Awards) // what was published is shared by all readers
	for i := range o.Awards {
		aw := &o.Awards[i]
		aw.Candidates = slices.DeleteFunc(slices.Clone(aw.Candidates), func(c assess.Candidate) bool { return !shown(aw.To, c.ID) })
	}
	changes := func(all []assess.Change) []assess.Change {
		return slices.DeleteFunc(slices.Clone(all), func(c assess.Change) bool { return !shown(c.To, c.ID) })
	}
	answer.Pending = changes(answer.Pending)
	for i := range answer.Revisions {
		answer.Revisions[i].Changes = changes(answer.Revisions[i].Changes)
		answer.Revisions[i].Reason = ""
		if off := answer.Revisions[i].Withdrawn; off != nil {
			off.By, off.ProposedBy = "", ""
		}
	}
	answer.Appeals = slices.DeleteFunc(answer.Appeals, func(x AppealRow) bool { return !shown(assess.To(x.To), x.Subject) })
	answer.Digest, answer.Next = "", []string{}
}

// name gives ids their names.
func (a *API) name(v *register.View, windows *roster.State, answer *PeriodAnswer) {
	o := &answer.Outcome
	answer.Names = map[assess.To]map[string]string{assess.ToPerson: {}, assess.ToWindow: {}, assess.ToDepartment: {}}
	put := func(to assess.To, id string) {
		if id != "" && answer.Names[to][id] == "" {
			answer.Names[to][id] = a.subjectName(v, windows, to, id)
		}
	}
	for _, to := range []assess.To{assess.ToPerson, assess.ToWindow, assess.ToDepartment} {
		for i := range o.Of(to) {
			x := &o.Of(to)[i]
			put(to, x.ID)
			put(assess.ToDepartment, x.Department)
			put(assess.ToWindow, x.Window)
			for _, part := range x.Parts {
				switch to {
				case assess.ToWindow:
					if _, period := assess.ParsePeriod(part.ID); !period {
						put(assess.ToPerson, part.ID)
					}
				case assess.ToDepartment:
					if _, period := assess.ParsePeriod(part.ID); !period {
						put(assess.ToWindow, part.ID)
					}
				}
			}
		}
	}
}

// subjectName is what people call somebody or something that is assessed.
func (a *API) subjectName(v *register.View, windows *roster.State, to assess.To, id string) string {
	switch to {
	case assess.ToPerson:
		return a.nameOf(v, id)
	case assess.ToWindow:
		w, ok := windows.Windows[id]
		if !ok {
			return id
		}
		return w.Number + " " + w.Name
	}
	if d, ok := v.State.People.Departments.Get(id); ok {
		return d.Name
	}
	return id
}

// words are those of the policies that hold in the period.
func (a *API) words(v *register.View, answer *PeriodAnswer) {
	answer.PolicyNames = map[string]assess.Words{}
	answer.Rules, answer.Grades, answer.Awards = map[string]RuleWords{}, map[string]assess.Words{}, map[string]assess.Words{}
	answer.Indicators, answer.Articles = map[string]IndicatorWords{}, map[string]assess.Words{}
	for _, applied := range answer.Outcome.Policies {
		p, ok := v.State.Policy.Policy(applied.Policy)
		if !ok {
			continue
		}
		answer.PolicyNames[applied.Policy] = p.Name
		for _, x := range p.Rules {
			answer.Rules[x.ID] = RuleWords{x.Words, x.To, x.Cites}
		}
		for _, x := range p.Grades {
			answer.Grades[x.ID] = x.Words
		}
		for _, x := range p.Awards {
			answer.Awards[x.ID] = x.Words
		}
		for _, x := range p.Indicators {
			answer.Indicators[x.ID] = IndicatorWords{x.Words, x.Formula, x.Cites}
		}
		for _, x := range p.Articles {
			answer.Articles[x.ID] = x.Words
		}
	}
}

// sign adds the first signed tree head that covers the publication.
func (a *API) sign(answer *PeriodAnswer) error {
	if answer.Revision == 0 || len(answer.Revisions) < answer.Revision {
		return nil
	}
	all, _, err := a.Checkpoints.Checkpoints()
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].Size >= uint64(answer.Revisions[answer.Revision-1].Event) && all[i].Size < uint64(answer.through) { // it is the record after those
			answer.Checkpoint = &all[i]
			return nil
		}
	}
	return nil
}
