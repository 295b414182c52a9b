package api

import (
	"cmp"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"hallkeeper/hub/access"
	"hallkeeper/hub/assess"
	"hallkeeper/hub/cycle"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/personal"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// namedWidely is the article by which a quarter's bulletin names departments throughout the banner.
const namedWidely = "63号 第十三条(二)"

// How many periods of a kind the board has, newest first.
const (
	boardMonths   = 12
	boardQuarters = 4
	boardYears    = 2
	// mostKept is more than the board needs: its periods, and the months of its quarters.
	mostKept = 64
)

type (
	// BoardAnswer is what the notice board shows: published results, as far as the policy lets the public see them.
	BoardAnswer struct {
		Hall BoardHall `json:"hall"`
		// At is the hub's time, so that a screen can say how old it is.
		At time.Time `json:"at"`
		// PublicURL is where phones reach this hub, without a slash at its end; empty where they don't.
		PublicURL  string      `json:"public_url,omitempty"`
		Checkpoint *Checkpoint `json:"checkpoint,omitempty"`
		// Periods are newest first: months, quarters and years.
		Periods []BoardPeriod `json:"periods"`
		// Withdrawn are those whose results were taken off the board and have no later revision.
		Withdrawn []BoardWithdrawn `json:"withdrawn,omitempty"`
	}
	// BoardWithdrawn says of a period that its results are off the board, since when and why.
	BoardWithdrawn struct {
		Period   assess.Period `json:"period"`
		Kind     assess.Per    `json:"kind"`
		Revision int           `json:"revision"`
		Verify   string        `json:"verify"`
		Withdrawal
	}
	// BoardHall is the hall that it is of.
	BoardHall struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	// BoardPeriod is one published month, quarter or year.
	BoardPeriod struct {
		Period      assess.Period `json:"period"`
		Kind        assess.Per    `json:"kind"`
		From        hall.Date     `json:"from"`
		Until       hall.Date     `json:"until"`
		Revision    int           `json:"revision"`
		PublishedAt time.Time     `json:"published_at"`
		Verify      string        `json:"verify"`
		Show        BoardShow     `json:"show"`
		// Windows, People and Departments are in the order of their places, else of their names.
		Windows     []BoardRow       `json:"windows"`
		People      []BoardPerson    `json:"people"`
		Departments []BoardRow       `json:"departments"`
		Indicators  []BoardIndicator `json:"indicators"`
		// Grades are from the best to the worst.
		Grades []BoardGrade `json:"grades"`
		Awards []BoardAward `json:"awards,omitempty"`
		// Bulletin is what a quarter makes known of departments besides (63号 第十三条(二)); no person is named in it.
		Bulletin []assess.Words `json:"bulletin,omitempty"`
	}
	// BoardShow is how much the policy shows of each kind. Without Names people are there with masked names.
	BoardShow struct {
		People      assess.Shown `json:"people"`
		Windows     assess.Shown `json:"windows"`
		Departments assess.Shown `json:"departments"`
		Names       bool         `json:"names"`
	}
	// BoardGrade is the name of a grade.
	BoardGrade struct {
		ID string `json:"id"`
		assess.Words
	}
	// BoardScore is what is shown of a result; each part only where the policy says so.
	BoardScore struct {
		Points *float64 `json:"points,omitempty"`
		Grade  string   `json:"grade,omitempty"`
		Rank   int      `json:"rank,omitempty"`
		// Awards are those that it has, by id.
		Awards []string `json:"awards,omitempty"`
	}
	// BoardRow is a window or a department. Number and Department are a window's.
	BoardRow struct {
		ID         string `json:"id"`
		Number     string `json:"number,omitempty"`
		Name       string `json:"name"`
		Department string `json:"department,omitempty"`
		BoardScore
	}
	// BoardPerson is a person; Name is masked where names are not shown. It has no id, by which a masked one could be found.
	BoardPerson struct {
		Name       string `json:"name"`
		Department string `json:"department,omitempty"`
		Number     string `json:"number,omitempty"`
		BoardScore
	}
	// BoardIndicator is one of the hall's rates; Value is a share.
	BoardIndicator struct {
		ID string `json:"id"`
		assess.Words
		Value float64 `json:"value"`
	}
	// BoardAward is an award of the year; who has it is said where they are.
	BoardAward struct {
		Award string `json:"award"`
		assess.Words
		To assess.To `json:"to"`
		// Assessed is how many there were, Places how many can have it.
		Assessed int `json:"assessed"`
		Places   int `json:"places"`
	}
	// VerifyAnswer says what a published revision is, to whoever holds a document of it.
	VerifyAnswer struct {
		Hall        BoardHall     `json:"hall"`
		Period      assess.Period `json:"period"`
		Kind        assess.Per    `json:"kind"`
		From        hall.Date     `json:"from"`
		Until       hall.Date     `json:"until"`
		Revision    int           `json:"revision"`
		PublishedAt time.Time     `json:"published_at"`
		// Newest is the last revision; where it is another, the document at hand is out of date.
		Newest   int       `json:"newest"`
		NewestAt time.Time `json:"newest_at"`
		// Digest is the hex SHA-256 of the outcome, Position that of the event that published it.
		Digest   string           `json:"digest"`
		Position wire.Position    `json:"position"`
		Policies []assess.Applied `json:"policies"`
		// Checkpoint is the first signed tree head that the publication is in; there is none until the next is signed.
		Checkpoint *Checkpoint `json:"checkpoint,omitempty"`
		// Documents are the files that were mailed to departments.
		Documents []PublishedDocument `json:"documents,omitempty"`
		// Withdrawn says that the revision was taken off the board; its record and its documents stay.
		Withdrawn *Withdrawal `json:"withdrawn,omitempty"`
	}
	// PublishedDocument is a file as it was given out.
	PublishedDocument struct {
		Format string `json:"format"`
		Lang   string `json:"lang,omitempty"`
		SHA256 string `json:"sha256"`
	}
)

// published is one revision of a period that the board shows.
type published struct {
	period  assess.Period
	rev     cycle.Revision
	outcome *assess.Outcome
	// months are a quarter's, newest revisions.
	months []*assess.Outcome
}

// outcomes keeps the published outcomes that the board shows, so that a screen's
// question each minute unpacks none. A revision never changes.
type outcomes struct {
	mu   sync.Mutex
	kept map[string]*assess.Outcome
}

// load gives a revision's outcome, read anew where it is not kept.
func (o *outcomes) load(p assess.Period, revision int, read func() (assess.Outcome, error)) (*assess.Outcome, error) {
	key := verifyPath(p, revision)
	o.mu.Lock()
	kept := o.kept[key]
	o.mu.Unlock()
	if kept != nil {
		return kept, nil
	}
	x, err := read()
	if err != nil {
		return nil, err
	}
	slim(&x)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.kept == nil || len(o.kept) >= mostKept {
		o.kept = map[string]*assess.Outcome{}
	}
	o.kept[key] = &x
	return &x, nil
}

// slim drops what no board shows: all but departments' findings that are named widely.
func slim(x *assess.Outcome) {
	for _, list := range [][]assess.Result{x.People, x.Windows, x.Departments} {
		for i := range list {
			r := &list[i]
			r.Parts, r.Indicators, r.Counts = nil, nil, nil
			r.Findings = slices.DeleteFunc(r.Findings, func(f assess.Scored) bool {
				return f.To != assess.ToDepartment || f.Void != "" || f.Fault != nil || !slices.Contains(f.Articles, namedWidely)
			})
		}
	}
}

func (a *API) boardRoutes() []route {
	period, revision := in("period", "月、季或年，如 2026-11、2026-Q4、2026", "a month, quarter or year, like 2026-11, 2026-Q4, 2026"), param{"revision", "path", true, text{"第几版", "the revision"}}
	verify := read(access.Anybody, v1+"verify/{period}/{revision}", "核验一份已公示的结果", "what a published revision is", VerifyAnswer{}, a.getVerify, period, revision)
	verify.refusals = []string{"not_published", "revision_unknown"}
	return []route{
		read(access.Anybody, v1+"board", "公示栏：已公示的考核结果", "the notice board: results that were published", BoardAnswer{}, a.getBoard),
		verify,
	}
}

func (a *API) boardHall() (BoardHall, error) {
	l, err := a.live()
	if err != nil {
		return BoardHall{}, err
	}
	return BoardHall{l.Hall.ID, l.Hall.Name}, nil
}

// signedHere gives a tree head with its time by the hall's clock: pages that know no zone show it.
func (a *API) signedHere(c Checkpoint) *Checkpoint {
	c.At = c.At.In(a.Zone)
	return &c
}

func (a *API) getBoard(w http.ResponseWriter, r *http.Request) error {
	answer := BoardAnswer{At: a.Now().In(a.Zone), PublicURL: strings.TrimRight(a.VerifyAt, "/"), Periods: []BoardPeriod{}}
	var err error
	if answer.Hall, err = a.boardHall(); err != nil {
		return err
	}
	heads, _, err := a.Checkpoints.Checkpoints()
	if err != nil {
		return err
	}
	if len(heads) > 0 {
		answer.Checkpoint = a.signedHere(heads[len(heads)-1])
	}
	all, err := a.onBoard()
	if err != nil {
		return err
	}
	a.Register.Read(func(v *register.View, windows *roster.State) {
		answer.Withdrawn = a.withdrawn(v)
		for i := range all {
			answer.Periods = append(answer.Periods, a.boardPeriod(&all[i], policyOf(v, all[i].outcome), v, windows))
		}
	})
	return sendJSON(w, r, answer)
}

// withdrawn are the periods that were taken off the board, those that were last first.
func (a *API) withdrawn(v *register.View) (all []BoardWithdrawn) {
	for id, x := range v.State.Cycle.Periods.All() {
		if last, ok := x.Last(); ok && last.Withdrawn != nil {
			p := assess.Period(id)
			all = append(all, BoardWithdrawn{p, p.Kind(), last.Number, verifyPath(p, last.Number), *a.withdrawal(last.Withdrawn, false)})
		}
	}
	slices.SortFunc(all, func(x, y BoardWithdrawn) int { return y.At.Compare(x.At) })
	return all[:min(len(all), boardMonths)]
}

// onBoard are the newest revisions that the board shows. The register is held for one outcome at a time.
func (a *API) onBoard() ([]published, error) {
	latest := map[assess.Period]cycle.Revision{}
	a.Register.Read(func(v *register.View, _ *roster.State) {
		for id, x := range v.State.Cycle.Periods.All() {
			if rev, ok := x.Published(); ok {
				latest[assess.Period(id)] = rev
			}
		}
	})
	outcome := func(p assess.Period) (*assess.Outcome, error) {
		return a.outcomes.load(p, latest[p].Number, func() (o assess.Outcome, err error) {
			a.Register.Read(func(v *register.View, _ *roster.State) { o, err = v.Archive.Outcome(p, latest[p].Number) })
			return o, err
		})
	}
	var all []published
	for _, p := range newest(latest) {
		x := published{period: p, rev: latest[p]}
		var err error
		if x.outcome, err = outcome(p); err != nil {
			return nil, err
		}
		for _, m := range p.Parts() {
			if _, ok := latest[m]; !ok || p.Kind() != assess.PerQuarter {
				continue
			}
			o, err := outcome(m)
			if err != nil {
				return nil, err
			}
			x.months = append(x.months, o)
		}
		all = append(all, x)
	}
	return all, nil
}

// newest are the periods that the board has, those that ended last first, and the shorter of two before the longer.
func newest(latest map[assess.Period]cycle.Revision) (kept []assess.Period) {
	left := map[assess.Per]int{assess.PerMonth: boardMonths, assess.PerQuarter: boardQuarters, assess.PerYear: boardYears}
	all := slices.Collect(maps.Keys(latest))
	slices.SortFunc(all, func(x, y assess.Period) int {
		xf, xu := x.Days()
		yf, yu := y.Days()
		return cmp.Or(cmp.Compare(yu, xu), cmp.Compare(yf, xf))
	})
	for _, p := range all {
		if left[p.Kind()] > 0 {
			left[p.Kind()]--
			kept = append(kept, p)
		}
	}
	return kept
}

// policyOf is the policy of an outcome's last day; nil where it is not to be had.
func policyOf(v *register.View, o *assess.Outcome) *assess.Policy {
	if len(o.Policies) == 0 {
		return nil
	}
	p, ok := v.State.Policy.Policy(o.Policies[len(o.Policies)-1].Policy)
	if !ok {
		return nil
	}
	return p
}

func (a *API) boardPeriod(p *published, policy *assess.Policy, v *register.View, windows *roster.State) BoardPeriod {
	from, until := p.period.Days()
	show := shownOf(policy)
	b := BoardPeriod{Period: p.period, Kind: p.period.Kind(), From: from, Until: until, Revision: p.rev.Number, PublishedAt: p.rev.At.In(a.Zone), Show: show,
		Verify: verifyPath(p.period, p.rev.Number), Windows: []BoardRow{}, People: []BoardPerson{}, Departments: []BoardRow{}, Indicators: []BoardIndicator{}, Grades: []BoardGrade{}}
	for _, s := range seen(p.outcome, assess.ToWindow, show.Windows) {
		x := windows.Windows[s.result.ID]
		b.Windows = append(b.Windows, BoardRow{s.result.ID, cmp.Or(x.Number, s.result.ID), x.Name, a.subjectName(v, windows, assess.ToDepartment, s.result.Department), s.score})
	}
	for _, s := range seen(p.outcome, assess.ToDepartment, show.Departments) {
		b.Departments = append(b.Departments, BoardRow{ID: s.result.ID, Name: a.subjectName(v, windows, assess.ToDepartment, s.result.ID), BoardScore: s.score})
	}
	for _, s := range seen(p.outcome, assess.ToPerson, show.People) {
		name := a.nameOf(v, s.result.ID)
		if name == "" || name == personal.Removed {
			continue // forgotten
		}
		if !show.Names {
			name = masked(name)
		}
		b.People = append(b.People, BoardPerson{name, a.subjectName(v, windows, assess.ToDepartment, s.result.Department), windows.Windows[s.result.Window].Number, s.score})
	}
	byRank := func(x, y BoardScore) int { return cmp.Compare(x.Rank, y.Rank) }
	slices.SortStableFunc(b.Windows, func(x, y BoardRow) int {
		return cmp.Or(byRank(x.BoardScore, y.BoardScore), cmp.Compare(x.Number, y.Number))
	})
	slices.SortStableFunc(b.Departments, func(x, y BoardRow) int {
		return cmp.Or(byRank(x.BoardScore, y.BoardScore), cmp.Compare(x.Name, y.Name))
	})
	slices.SortStableFunc(b.People, func(x, y BoardPerson) int {
		return cmp.Or(byRank(x.BoardScore, y.BoardScore), cmp.Compare(x.Name, y.Name))
	})
	if policy != nil {
		b.words(p.outcome, policy)
		b.Bulletin = a.bulletin(p, v, windows, policy)
	}
	return b
}

// bulletin names the departments whose findings are made known throughout the banner, day by day.
func (a *API) bulletin(p *published, v *register.View, windows *roster.State, policy *assess.Policy) (lines []assess.Words) {
	var all []assess.Scored
	for _, month := range p.months {
		for i := range month.Departments {
			all = append(all, month.Departments[i].Findings...)
		}
	}
	slices.SortStableFunc(all, func(x, y assess.Scored) int {
		return cmp.Or(cmp.Compare(x.Day, y.Day), cmp.Compare(x.Subject, y.Subject))
	})
	for _, f := range all {
		rule := policy.Rule(f.Rule)
		if rule == nil || f.Counted > 0 {
			continue
		}
		name, points := a.subjectName(v, windows, assess.ToDepartment, f.Subject), strconv.FormatFloat(math.Round(-100*f.Counted)/100, 'f', -1, 64)
		lines = append(lines, assess.Words{ZH: name + "：" + string(f.Day) + " " + rule.ZH + "，扣 " + points + " 分（" + namedWidely + "）",
			EN: name + ": " + rule.EN + " on " + string(f.Day) + "; " + points + " points off (No. 63, Art. 13(2))"})
	}
	return lines
}

// words adds what has its name from the policy.
func (b *BoardPeriod) words(o *assess.Outcome, policy *assess.Policy) {
	for _, g := range policy.Grades {
		b.Grades = append(b.Grades, BoardGrade{g.ID, g.Words})
	}
	for _, i := range policy.Indicators {
		if value, has := o.Indicators[i.ID]; has {
			b.Indicators = append(b.Indicators, BoardIndicator{i.ID, i.Words, value})
		}
	}
	for i := range o.Awards {
		x := &o.Awards[i]
		if n := slices.IndexFunc(policy.Awards, func(w assess.Award) bool { return w.ID == x.Award }); n >= 0 && b.Show.of(x.To) != assess.ShowNone {
			b.Awards = append(b.Awards, BoardAward{x.Award, policy.Awards[n].Words, x.To, x.Assessed, x.Places})
		}
	}
}

// shownOf is what a policy shows; nothing where there is none, or of what it does not say.
func shownOf(p *assess.Policy) BoardShow {
	if p == nil {
		return BoardShow{assess.ShowNone, assess.ShowNone, assess.ShowNone, false}
	}
	known := func(show assess.Shown) assess.Shown {
		if slices.Contains([]assess.Shown{assess.ShowAwarded, assess.ShowGrade, assess.ShowPoints}, show) {
			return show
		}
		return assess.ShowNone
	}
	return BoardShow{known(p.Publish.People), known(p.Publish.Windows), known(p.Publish.Departments), p.Publish.Names}
}

func (s *BoardShow) of(to assess.To) assess.Shown {
	switch to {
	case assess.ToPerson:
		return s.People
	case assess.ToWindow:
		return s.Windows
	}
	return s.Departments
}

type seenResult struct {
	result *assess.Result
	score  BoardScore
}

// seen are the results of a kind that the public sees, with what it sees of each.
func seen(o *assess.Outcome, to assess.To, show assess.Shown) (all []seenResult) {
	results := o.Of(to)
	awards := map[string][]string{}
	for i := range o.Awards {
		for _, c := range o.Awards[i].Candidates {
			if x := &o.Awards[i]; x.To == to && c.Won {
				awards[c.ID] = append(awards[c.ID], x.Award)
			}
		}
	}
	for i := range results {
		s := seenResult{&results[i], BoardScore{Awards: awards[results[i].ID]}}
		switch show {
		case assess.ShowPoints:
			s.score.Points, s.score.Grade, s.score.Rank = &results[i].Points, results[i].Grade, results[i].Rank
		case assess.ShowGrade:
			s.score.Grade = results[i].Grade
		case assess.ShowAwarded:
			if s.score.Awards == nil {
				continue
			}
		default:
			continue
		}
		all = append(all, s)
	}
	return all
}

// masked is a name of which the public sees the first and the last sign: 张*明, 张*.
func masked(name string) string {
	signs := []rune(name)
	switch len(signs) {
	case 0, 1:
		return "*"
	case 2:
		return string(signs[0]) + "*"
	}
	return string(signs[0]) + "*" + string(signs[len(signs)-1])
}

func verifyPath(p assess.Period, revision int) string {
	return "/verify/" + string(p) + "/" + strconv.Itoa(revision)
}

func (a *API) getVerify(w http.ResponseWriter, r *http.Request) error {
	period, ok := assess.ParsePeriod(r.PathValue("period"))
	if !ok {
		return problem("not_published")
	}
	number, err := strconv.Atoi(r.PathValue("revision"))
	var x cycle.Period
	var o assess.Outcome
	var files []PublishedDocument
	a.Register.Read(func(v *register.View, _ *roster.State) {
		x, _ = v.State.Cycle.Periods.Get(string(period))
		if err == nil && number > 0 && number <= len(x.Revisions) {
			o, err = v.Archive.Outcome(period, number)
			files = mailed(v, period, number)
		}
	})
	switch {
	case len(x.Revisions) == 0:
		return problem("not_published")
	case number < 1 || number > len(x.Revisions):
		return hall.Unknown("revision_unknown", "这一期没有第 "+r.PathValue("revision")+" 版", "the period has no revision "+r.PathValue("revision"))
	case err != nil:
		return err
	}
	rev, last := x.Revisions[number-1], x.Revisions[len(x.Revisions)-1]
	from, until := period.Days()
	answer := VerifyAnswer{Period: period, Kind: period.Kind(), From: from, Until: until, Revision: number, PublishedAt: rev.At.In(a.Zone), Newest: last.Number, NewestAt: last.At.In(a.Zone),
		Digest: rev.Digest, Position: rev.Event, Policies: o.Policies, Documents: files, Withdrawn: a.withdrawal(rev.Withdrawn, false)}
	if answer.Hall, err = a.boardHall(); err != nil {
		return err
	}
	heads, _, err := a.Checkpoints.Checkpoints()
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(heads, func(c Checkpoint) bool { return c.Size >= uint64(rev.Event) }); i >= 0 {
		answer.Checkpoint = a.signedHere(heads[i])
	}
	return sendJSON(w, r, answer)
}

// mailed are the files of a revision that departments were sent, each once; whose they are is not said.
func mailed(v *register.View, p assess.Period, revision int) (files []PublishedDocument) {
	for _, c := range v.State.Copies.Copies.All() {
		if c.Period != string(p) || c.Revision != revision {
			continue
		}
		for _, f := range c.Files {
			files = append(files, PublishedDocument{Format: f.Format, SHA256: f.SHA256})
		}
	}
	slices.SortFunc(files, func(x, y PublishedDocument) int {
		return cmp.Or(cmp.Compare(x.Format, y.Format), cmp.Compare(x.SHA256, y.SHA256))
	})
	return slices.Compact(files)
}
