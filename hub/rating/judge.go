package rating

import (
	"cmp"
	"slices"
	"strings"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// Judge says what became of visits and what presses are. It needs all visits and
// presses that can have to do with each other; their order does not matter.
// Visits are by the rules of their days.
func Judge(visits []Visit, presses []Press, jams []Jam, rules func(hall.Date) Rules) ([]JudgedVisit, []JudgedPress) {
	j := judge{jams: jams, byID: make(map[string]int, len(visits)), visits: make([]JudgedVisit, len(visits)), presses: make([]JudgedPress, len(presses)), rules: make([]Rules, len(visits)),
		firsts: make([]int64, len(visits)), counted: make([]*JudgedPress, len(visits))}
	for i := range visits {
		v := &visits[i]
		j.visits[i].Visit = *v
		j.byID[v.ID] = i
		j.rules[i] = rules(v.Day)
		j.begin(i)
	}
	slices.SortFunc(j.pieces, func(a, b piece) int {
		if a.Window == b.Window && a.From != b.From {
			return cmp.Compare(a.From, b.From)
		}
		return cmp.Or(strings.Compare(a.Window, b.Window), strings.Compare(a.id, b.id))
	})
	for k, i := range ordered(presses) {
		j.presses[k].Press = presses[i]
	}
	for i := range j.presses {
		j.press(&j.presses[i])
	}
	return j.visits, j.presses
}

// ordered gives presses by time, and those of one moment always alike.
func ordered(all []Press) []int {
	order := make([]int, len(all))
	sorted := true
	for i := range order {
		order[i] = i
		sorted = sorted && (i == 0 || all[i-1].At < all[i].At)
	}
	if sorted {
		return order
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := &all[i], &all[j]
		if a.At != b.At {
			return cmp.Compare(a.At, b.At)
		}
		return strings.Compare(a.ID, b.ID)
	})
	return order
}

// piece is a span with its visit.
type piece struct {
	Span
	id    string
	visit int
}

type judge struct {
	jams    []Jam
	visits  []JudgedVisit
	rules   []Rules // by visit
	byID    map[string]int
	pieces  []piece // by window and time
	presses []JudgedPress
	// firsts is when a visit's first press was, counted the one that counts; by visit.
	firsts  []int64
	counted []*JudgedPress
}

// begin works out until when a visit can be rated, and lays out its pieces.
func (j *judge) begin(i int) {
	v, rules := &j.visits[i], &j.rules[i]
	for _, s := range v.Spans {
		v.By = s
		if v.Going = s.Until == 0; v.Going || s.Until > s.From+rules.Longest {
			s.Until = s.From + rules.Longest
		}
		v.OpenUntil, v.OpenPhone = s.Until+rules.Open, s.Until+rules.OpenPhone
		j.pieces = append(j.pieces, piece{s, v.ID, i})
	}
}

// press judges one press; those before it in time have been judged.
func (j *judge) press(p *JudgedPress) {
	p.State = Invalid
	switch {
	case p.Doubt != "":
		p.Why = p.Doubt
		return
	case j.stuck(&p.Press):
		p.Why = Stuck
		return
	}
	visit, why := j.find(&p.Press)
	if visit >= 0 {
		p.Of = j.visits[visit].ID
	}
	if p.Why = why; why == "" {
		j.rate(visit, p)
	}
}

func (j *judge) stuck(p *Press) bool {
	return p.Agent != "" && slices.ContainsFunc(j.jams, func(s Jam) bool {
		return s.Agent == p.Agent && s.Level == p.Level && s.From <= p.At && p.At <= s.Until
	})
}

// find gives the visit that a press is for, or why there is none: -1 where not even one that it missed.
func (j *judge) find(p *Press) (visit int, why Why) {
	if p.Visit != "" {
		return j.named(p)
	}
	// The last piece that had begun there.
	n, _ := slices.BinarySearchFunc(j.pieces, p, func(x piece, p *Press) int {
		if c := strings.Compare(x.Window, p.Window); c != 0 {
			return c
		}
		if x.From <= p.At {
			return -1
		}
		return 1
	})
	if n == 0 || j.pieces[n-1].Window != p.Window {
		return -1, NoVisit
	}
	x := &j.pieces[n-1]
	switch v := &j.visits[x.visit]; {
	case p.At <= x.Until+j.rules[x.visit].Open:
		return x.visit, ""
	case v.Day == p.Day:
		return -1, TooLate
	}
	return -1, NoVisit
}

// named is find for a press that names its visit. What was touched two minutes
// before the visit began, by a screen's clock, was touched in it.
func (j *judge) named(p *Press) (visit int, why Why) {
	i, ok := j.byID[p.Visit]
	if !ok || len(j.visits[i].Spans) == 0 {
		return -1, NoVisit
	}
	v := &j.visits[i]
	until := v.OpenUntil
	if p.Source == wire.RatingPhone {
		until = v.OpenPhone
	}
	switch {
	case p.Loose:
		return i, ""
	case p.At < v.Spans[0].From-tolerance:
		return -1, NoVisit
	case p.At > until:
		return i, TooLate
	}
	return i, ""
}

// rate gives a visit its rating, a correction, or refuses the press as doubled.
func (j *judge) rate(visit int, p *JudgedPress) {
	v := &j.visits[visit]
	switch before := j.counted[visit]; {
	case before == nil:
		j.firsts[visit] = p.At
	case p.Level == v.Level || p.At-j.firsts[visit] > j.rules[visit].Correct:
		p.Why = Doubled
		return
	default:
		before.State, v.Corrected = Superseded, true
	}
	p.State, j.counted[visit] = Counted, p
	v.Level, v.Rating, v.Source, v.RatedAt = p.Level, p.ID, p.Source, p.At
	v.By = v.Spans[0]
	for _, s := range v.Spans {
		if s.From <= p.At && (p.Visit != "" || s.Window == p.Window) {
			v.By = s
		}
	}
}
