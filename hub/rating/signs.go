package rating

import (
	"cmp"
	"slices"
	"strings"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/wire"
)

// SignKind is a sort of sign that ratings were not a citizen's own.
type SignKind string

// The signs. They are signs, not verdicts: people look at them.
const (
	SignBurst  SignKind = "burst"  // many visits of a window rated within a short time
	SignStreak SignKind = "streak" // only 5s, one after the other, and hardly a visit unrated
	SignEarly  SignKind = "early"  // often rated right after the visit's beginning
	SignIdle   SignKind = "idle"   // often pressed while nobody was served
)

// SignKinds are all of them.
func SignKinds() []SignKind { return []SignKind{SignBurst, SignStreak, SignEarly, SignIdle} }

// Sign is one of them with what it stands on.
type Sign struct {
	Kind   SignKind `json:"kind"`
	Window string   `json:"window"`
	// Staff is whose visits they were; empty while nobody was served.
	Staff string `json:"staff,omitempty"`
	// From and Until are its first and last press, in Unix milliseconds.
	From  int64 `json:"from"`
	Until int64 `json:"until"`
	// Count is how many presses make the sign, Of how many ratings or visits there were meanwhile.
	Count int `json:"count"`
	Of    int `json:"of"`
	// Ratings are the first of these presses.
	Ratings []string `json:"ratings"`
}

// mostRatings bounds the presses that a sign names.
const mostRatings = 100

// SignRules are the numbers of signs; times are in milliseconds.
type SignRules struct {
	Burst         int
	BurstWithin   int64
	Streak        int
	StreakUnrated int
	Early         int
	EarlyWithin   int64
	EarlyOf       int
	Idle          int
	IdleApart     int64
	IdleAfter     int64
}

// SignRulesOn are those of a day.
func SignRulesOn(p *policy.State, day hall.Date) SignRules {
	n := func(name string) int {
		v, _ := p.On(name, day)
		return int(v.Value)
	}
	ms := func(name string) int64 { return int64(n(name)) * second }
	return SignRules{Burst: n("sign_burst"), BurstWithin: ms("sign_burst_within"), Streak: n("sign_streak"), StreakUnrated: n("sign_streak_unrated"),
		Early: n("sign_early"), EarlyWithin: ms("sign_early_within"), EarlyOf: n("sign_early_of"), Idle: n("sign_idle"), IdleApart: ms("sign_idle_apart"), IdleAfter: ms("sign_idle_after")}
}

// Signs looks for signs in the days from until, both included, by the rules of the last one.
func (s *State) Signs(from, until hall.Date) []Sign {
	var visits []JudgedVisit
	var presses []JudgedPress
	for _, day := range s.daysIn(from, until) {
		for _, window := range s.Windows(day) {
			sheet := s.judge(Place{day, window})
			visits, presses = append(visits, sheet.Visits...), append(presses, sheet.Presses...)
		}
	}
	return Signs(visits, presses, SignRulesOn(s.policy, until))
}

// Signs looks for signs in judged visits and presses, in whatever order these are. The newest come first.
func Signs(visits []JudgedVisit, presses []JudgedPress, rules SignRules) (signs []Sign) {
	visits = slices.Clone(visits)
	slices.SortFunc(visits, func(a, b JudgedVisit) int {
		return cmp.Or(cmp.Compare(a.Spans[0].From, b.Spans[0].From), strings.Compare(a.ID, b.ID))
	})
	type post struct{ window, staff string }
	rated, ofStaff := map[post][]*JudgedVisit{}, map[string][]*JudgedVisit{}
	for i := range visits {
		v := &visits[i]
		if v.Excluded || v.Source == wire.RatingPhone {
			continue // they are the citizen's own, or count nowhere
		}
		if v.Level > 0 {
			p := post{v.By.Window, v.By.Staff}
			rated[p] = append(rated[p], v)
		}
		if v.By.Staff != "" {
			ofStaff[v.By.Staff] = append(ofStaff[v.By.Staff], v)
		}
	}
	for _, all := range rated {
		signs = append(signs, rules.bursts(all)...)
	}
	for _, all := range ofStaff {
		signs = append(append(signs, rules.streaks(all)...), rules.early(all)...)
	}
	signs = append(signs, rules.idle(visits, presses)...)
	slices.SortFunc(signs, func(a, b Sign) int {
		return cmp.Or(cmp.Compare(b.Until, a.Until), strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Window, b.Window), strings.Compare(a.Staff, b.Staff), cmp.Compare(b.From, a.From))
	})
	return signs
}

// sign makes one of rated visits.
func sign(kind SignKind, all []*JudgedVisit, of int) Sign {
	last := all[len(all)-1]
	x := Sign{Kind: kind, Window: last.By.Window, Staff: last.By.Staff, From: all[0].RatedAt, Until: last.RatedAt, Count: len(all), Of: of}
	for _, v := range all[:min(len(all), mostRatings)] {
		x.Ratings = append(x.Ratings, v.Rating)
	}
	return x
}

// bursts finds runs of ratings of one post of which each Burst lie within BurstWithin.
func (r *SignRules) bursts(all []*JudgedVisit) (signs []Sign) {
	if r.Burst < 2 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b *JudgedVisit) int { return cmp.Compare(a.RatedAt, b.RatedAt) })
	for i := 0; i+r.Burst <= len(all); {
		end := i
		for end+r.Burst <= len(all) && all[end+r.Burst-1].RatedAt-all[end].RatedAt <= r.BurstWithin {
			end++
		}
		if end == i {
			i++
			continue
		}
		end += r.Burst - 1
		signs = append(signs, sign(SignBurst, all[i:end], end-i))
		i = end
	}
	return signs
}

// streaks finds runs of visits, in the order of time, that were rated 5 but for
// StreakUnrated of them, with Streak ratings at least.
func (r *SignRules) streaks(all []*JudgedVisit) (signs []Sign) {
	if r.Streak < 1 {
		return nil
	}
	var run []*JudgedVisit // rated 5, since first
	var unrated []int
	first := 0
	over := func(i int) (long bool) {
		if long = len(run) >= r.Streak; long {
			signs = append(signs, sign(SignStreak, run, i-first))
		}
		return long
	}
	afresh := func(from int) { first, run, unrated = from, nil, nil }
	for i, v := range all {
		switch {
		case v.Level == 5:
			run = append(run, v)
		case v.Level > 0:
			over(i)
			afresh(i + 1)
		case v.Outcome == outcomeTransferred || v.Going:
		default:
			if unrated = append(unrated, i); len(unrated) <= r.StreakUnrated {
				break
			}
			if over(i) {
				afresh(i + 1)
				break
			}
			left := unrated[0] + 1 // without the first unrated one it may still become long
			run = slices.DeleteFunc(run, func(x *JudgedVisit) bool { return slices.Index(all[first:left], x) >= 0 })
			first, unrated = left, unrated[1:]
		}
	}
	over(len(all))
	return signs
}

// early finds out whether a person's visits were often rated right after their beginning.
func (r *SignRules) early(all []*JudgedVisit) []Sign {
	var soon []*JudgedVisit
	rated := 0
	for _, v := range all {
		if v.Level == 0 {
			continue
		}
		rated++
		if v.RatedAt-v.By.From <= r.EarlyWithin {
			soon = append(soon, v)
		}
	}
	if len(soon) == 0 || len(soon) < r.Early || len(soon)*r.EarlyOf < rated {
		return nil
	}
	return []Sign{sign(SignEarly, soon, rated)}
}

// idle finds windows at which buttons were often pressed on a day while nobody
// was served: without a visit, or once more after its person had gone.
func (r *SignRules) idle(visits []JudgedVisit, presses []JudgedPress) (signs []Sign) {
	ends := make(map[string]int64, len(visits))
	for i := range visits {
		if v := &visits[i]; !v.Going {
			ends[v.ID] = v.Spans[len(v.Spans)-1].Until
		}
	}
	places := map[Place][]*JudgedPress{}
	for i := range presses {
		p := &presses[i]
		end, over := ends[p.Of]
		nobody := p.Why == NoVisit || p.Why == TooLate || p.Why == Doubled && over && p.At > end+r.IdleAfter
		if nobody && p.Visit == "" && p.Window != "" {
			places[p.Place] = append(places[p.Place], p)
		}
	}
	for place, all := range places {
		slices.SortFunc(all, func(a, b *JudgedPress) int {
			return cmp.Or(cmp.Compare(a.At, b.At), strings.Compare(a.ID, b.ID))
		})
		x := Sign{Kind: SignIdle, Window: place.Window, From: all[0].At, Of: len(all)}
		for i, p := range all {
			if i == 0 || p.At-all[i-1].At >= r.IdleApart {
				x.Count++
			}
			if x.Until = p.At; len(x.Ratings) < mostRatings {
				x.Ratings = append(x.Ratings, p.ID)
			}
		}
		if r.Idle > 0 && x.Count >= r.Idle {
			signs = append(signs, x)
		}
	}
	return signs
}
