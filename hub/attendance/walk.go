package attendance

import (
	"cmp"
	"slices"

	"hallkeeper/hub/hall"
)

// The uses of a mark; see wire.Mark.
const (
	useIn        = "in"
	useOut       = "out"
	useMove      = "move"
	useRepeat    = "repeat"
	useOutside   = "outside"
	useUncertain = "uncertain"
	useRefused   = "refused"
	useLeave     = "leave"
)

// How a mark came about; see wire.Slot.
const (
	howSwipe  = "swipe"
	howMakeup = "makeup"
	howManual = "manual"
	howJudged = "judged"
	howCover  = "cover" // no swipe: who covers a window beyond the own shift is there as it begins or ends
)

// mark is one swipe or entry of a person, placed on their day.
type mark struct {
	at     hall.Minute
	second int64 // Unix seconds, for what a minute is too coarse for
	window string
	how    string // one of the hows
	use    string
	doubt  Doubt
	event  string // its id
	// to is the period that it belongs to, from 1; 0 where its time says so.
	to int
}

// byHand tells whether a mark was entered in somebody's favour.
func (m *mark) byHand() bool { return m.how == howMakeup || m.how == howManual }

// stay is a time for which a person was at a window.
type stay struct {
	hall.Span
	window string
	// since and left are Unix seconds of the marks at its ends; 0 where there is none.
	since, left int64
}

// visit is what became of one period of a person's shift.
type visit struct {
	span    hall.Span
	in, out *mark
	stays   []stay
	// lost is true where a swipe is missing between the first and the last: when
	// the person came back is not known.
	lost bool
	away []hall.Span
	// marks are all that belong to the period.
	marks []*mark
}

// limits are what walk needs of the policy and the shift.
type limits struct {
	// offPost and halfDay are parameters, in minutes.
	offPost, halfDay int
	// from is the minute from which a swipe counts as coming.
	from hall.Minute
	// ends: only the first and the last swipe count (a shift of two swipes a day).
	ends bool
}

// walk reads marks, in order of time, as the periods of a shift. over is the
// minute up to which time has passed: until a period is over, whoever swiped last
// to come in is in. Each mark's use is set.
func walk(periods []hall.Span, marks []*mark, over hall.Minute, lim limits) []visit {
	visits := make([]visit, len(periods))
	for i, group := range share(periods, marks, lim) {
		visits[i] = read1(periods[i], group, over, lim)
	}
	return visits
}

// share says which marks belong to which period. Within a period that is clear;
// between two of them, whoever is in goes out of the former and comes in to the
// latter. After the last one whoever works on is still going; long before the first
// one nobody is coming yet.
func share(periods []hall.Span, marks []*mark, lim limits) [][]*mark {
	groups := make([][]*mark, len(periods))
	if len(periods) == 0 {
		for _, m := range marks {
			m.use = useOutside
		}
		return groups
	}
	last := len(periods) - 1
	placed := false
	for _, m := range marks {
		if m.to > 0 {
			groups[m.to-1] = append(groups[m.to-1], m)
			placed = true
		}
	}
	var gap []*mark
	at := 0 // the period after which gap's marks are
	for _, m := range marks {
		if m.to > 0 {
			continue
		}
		for at < last && m.at >= periods[at+1].From {
			share1(groups, periods, at, gap, lim)
			gap, at = nil, at+1
		}
		switch {
		case m.at < lim.from:
			m.use = useOutside
		case at < last && m.at > periods[at].Until:
			gap = append(gap, m)
		default:
			groups[at] = append(groups[at], m)
		}
	}
	if at < last {
		share1(groups, periods, at, gap, lim)
	}
	if placed {
		for _, group := range groups {
			slices.SortStableFunc(group, byTime)
		}
	}
	return groups
}

func byTime(a, b *mark) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.second, b.second)) }

// share1 shares the marks between period q and the next one.
func share1(groups [][]*mark, periods []hall.Span, q int, gap []*mark, lim limits) {
	if len(gap) == 0 {
		return
	}
	before := groups[q]
	if !slices.IsSortedFunc(before, byTime) {
		before = slices.SortedStableFunc(slices.Values(before), byTime)
	}
	middle := (periods[q].Until + periods[q+1].From) / 2
	first := gap[0]
	out := first.at <= middle || len(gap) > 1
	if n := len(before); n > 0 && !inside(before) {
		// They had gone: once more soon after is the same going, in the first half of
		// the break, and two after a long time mean that they had come back without a swipe.
		soon := first.at <= middle && int(first.at-before[n-1].at) < lim.offPost
		left := before[n-1].at < periods[q].Until-hall.Minute(lim.offPost)
		out = soon || left && first.at <= middle
	}
	if out {
		groups[q] = append(before, first)
		gap = gap[1:]
	}
	groups[q+1] = append(groups[q+1], gap...)
}

// inside tells whether somebody is in after these marks: the first is in, at the
// same window the next is out, at another one it is a move.
func inside(marks []*mark) bool {
	in, window := false, ""
	for _, m := range marks {
		if in && (m.window == window || m.window == "") {
			in = false
			continue
		}
		in, window = true, m.window
	}
	return in
}

// read1 reads the marks of one period.
func read1(span hall.Span, marks []*mark, over hall.Minute, lim limits) visit {
	v := visit{span: span, marks: marks}
	done := over >= span.Until // an open period's last word is not spoken
	if lim.ends && done {
		marks = firstAndLast(marks)
	} else {
		marks = helpful(span, marks, over, lim)
		marks = collapse(span, cameAndWent(span, marks, lim))
	}
	v.readMarks(marks, done, over, lim)
	return v
}

// readMarks reads marks that all count.
func (v *visit) readMarks(marks []*mark, done bool, over hall.Minute, lim limits) {
	span := v.span
	switch {
	case len(marks) == 0:
		return
	case len(marks) == 1 && done && marks[0].at > span.From && span.Until-marks[0].at < marks[0].at-span.From:
		v.out = marks[0]
		v.out.use = useOut
		v.stays = []stay{{Span: hall.Span{From: span.From, Until: v.out.at}, window: v.out.window, left: v.out.second}}
		return
	}
	v.in = marks[0]
	in, now := true, stay{Span: hall.Span{From: marks[0].at}, window: marks[0].window, since: marks[0].second}
	marks[0].use = useIn
	leave := func(m *mark) {
		now.Until, now.left = m.at, m.second
		v.stays = append(v.stays, now)
	}
	for i, m := range marks[1:] {
		final := i == len(marks)-2
		// Who is in goes out at the same window; at another one they have moved, unless
		// it is their last word after the end, or all that counts of the day.
		last := final && done && (lim.ends || m.at >= span.Until)
		switch {
		case in && (last || m.window == now.window || m.window == "" || now.window == ""):
			leave(m)
			in, m.use = false, useOut
			if final {
				v.out = m
			}
		case in:
			leave(m)
			now = stay{Span: hall.Span{From: m.at}, window: m.window, since: m.second}
			m.use = useMove
		case final && done && m.at >= span.Until-hall.Minute(lim.halfDay):
			v.out = m // came back without a swipe: that matters where they could have been away for long
			v.lost = int(min(m.at, span.Until)-now.Until) >= lim.offPost
			m.use = useOut
		default:
			v.away = append(v.away, hall.Span{From: now.Until, Until: m.at})
			in, now = true, stay{Span: hall.Span{From: m.at}, window: m.window, since: m.second}
			m.use = useIn
		}
	}
	if in { // still here, or gone without a swipe
		now.Until = max(now.From, min(span.Until, over))
		v.stays = append(v.stays, now)
	}
}

// firstAndLast leaves, of a shift with two swipes a day, the first and the last,
// and between them those that change the window.
func firstAndLast(marks []*mark) (kept []*mark) {
	for i, m := range marks {
		if n := len(kept); n > 0 && i < len(marks)-1 && kept[n-1].window == m.window {
			m.use = useRepeat
			continue
		}
		kept = append(kept, m)
	}
	return kept
}

// helpful says what counts of the marks of a period of which some were entered by hand
// in somebody's favour. Such an entry may be one more swipe; or the coming of somebody
// who swiped later, and the going of somebody who swiped earlier; and where it would
// turn a coming into a going it is left out. What is best for the person holds.
func helpful(span hall.Span, marks []*mark, over hall.Minute, lim limits) []*mark {
	var swipes []*mark
	for _, m := range marks {
		if !m.byHand() {
			swipes = append(swipes, m)
		}
	}
	n := len(swipes)
	if n == 0 || n == len(marks) {
		return marks
	}
	best, least := marks, missed(span, marks, over, lim)
	for _, other := range [2][]*mark{instead(span, marks, swipes), swipes} {
		if cost := missed(span, other, over, lim); other != nil && cost < least {
			best, least = other, cost
		}
	}
	for _, m := range marks {
		if !slices.Contains(best, m) {
			m.use = useRepeat
		}
	}
	return best
}

// instead puts what was entered before the first swipe or after the last one in its
// place; nil where something was entered between them.
func instead(span hall.Span, marks, swipes []*mark) (kept []*mark) {
	first, last := swipes[0], swipes[len(swipes)-1]
	dropped := map[*mark]bool{}
	for i, m := range marks {
		switch {
		case !m.byHand():
			continue
		case i == 0 && first.at-span.From < span.Until-first.at && (m.window == first.window || m.window == ""):
			dropped[first] = true
		case i == len(marks)-1 && (dropped[last] || last.at-span.From > span.Until-last.at) && (m.window == last.window || m.window == ""):
			dropped[last] = true
		default:
			return nil
		}
	}
	for _, m := range marks {
		if !dropped[m] {
			kept = append(kept, m)
		}
	}
	return kept
}

// missed counts the minutes of a period for which marks leave somebody away, and some more for each swipe that is missing.
func missed(span hall.Span, marks []*mark, over hall.Minute, lim limits) (cost int) {
	copies := make([]*mark, len(marks))
	for i, m := range marks {
		x := *m
		copies[i] = &x
	}
	done := over >= span.Until
	v := visit{span: span}
	v.readMarks(collapse(span, cameAndWent(span, copies, lim)), done, over, lim)
	left := []hall.Span{span}
	for _, s := range v.stays {
		left = without(left, s.Span)
	}
	cost = total(left)
	for _, missing := range [3]bool{v.in == nil, v.out == nil && done, v.lost} {
		if missing {
			cost += lim.halfDay
		}
	}
	return cost
}

// cameAndWent drops visits that ended before the period began: somebody came early,
// went again (to breakfast, say) and came back. Two swipes shortly one after the
// other just before the beginning are one coming instead, and so are two without
// which the rest could not be read as pairs.
func cameAndWent(span hall.Span, marks []*mark, lim limits) []*mark {
	for len(marks) > 2 {
		in, out, rest := marks[0], marks[1], marks[2:]
		pair := in.window == out.window && out.at <= span.From && (int(out.at-in.at) >= lim.offPost || int(span.From-out.at) >= lim.offPost)
		late := len(rest) == 1 && rest[0].at > span.From && rest[0].at-span.From < span.Until-rest[0].at
		if !pair || inside(rest) && !late {
			return marks
		}
		in.use, out.use = useOutside, useOutside
		marks = rest
	}
	return marks
}

// collapse takes swipes again before the period begins for one coming, the first,
// and those after its end for one going, the first, where they are at the same window.
func collapse(span hall.Span, marks []*mark) []*mark {
	var kept []*mark
	for _, m := range marks {
		if n := len(kept); n > 0 && kept[n-1].window == m.window {
			switch last := kept[n-1]; {
			case m.at <= span.From:
				m.use = useRepeat
				continue
			case last.at >= span.Until:
				m.use = useRepeat
				continue
			}
		}
		kept = append(kept, m)
	}
	return kept
}
