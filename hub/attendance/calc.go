package attendance

import (
	"slices"
	"sync"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// Ground is everything that a sheet stands on. Its parts are borrowed and not changed.
type Ground struct {
	People *roster.People
	Policy *policy.State
	Book   *Book
	Swipes *Swipes
	Zone   *time.Location
}

// index is the book by person and day, made once for many days.
type index struct {
	leaves   map[string][]Leave
	seconded map[string][]Secondment
	punches  map[hall.Date][]Punch
	inspect  map[hall.Date][]Inspection
	noted    map[hall.Date]bool // a finding was withdrawn or answered
}

func (b *Book) index() *index {
	x := &index{map[string][]Leave{}, map[string][]Secondment{}, map[hall.Date][]Punch{}, map[hall.Date][]Inspection{}, map[hall.Date]bool{}}
	for _, l := range b.Leaves.All() {
		x.leaves[l.Staff] = append(x.leaves[l.Staff], l)
	}
	for _, s := range b.Secondments.All() {
		x.seconded[s.Staff] = append(x.seconded[s.Staff], s)
	}
	for _, p := range b.Punches.All() {
		x.punches[hall.Date(p.Day)] = append(x.punches[hall.Date(p.Day)], p)
	}
	for _, i := range b.Inspections.All() {
		x.inspect[hall.Date(i.Day)] = append(x.inspect[hall.Date(i.Day)], i)
	}
	for _, notes := range [2]*hall.Table[Note]{&b.Withdrawals, &b.Replies} {
		for _, n := range notes.Each() {
			x.noted[hall.Date(n.Day)] = true
		}
	}
	return x
}

// calc makes the sheet of one day.
type calc struct {
	Ground
	day hall.Date
	// before and next are the days around it; begins the midnight before day, in Unix milliseconds.
	before, next hall.Date
	begins       int64
	book         *index
	split        hall.Minute
	// over is the minute up to which time has passed, for a day that is not over.
	over hall.Minute
	// granted: what is asked for and not decided counts as approved.
	granted bool

	parameters map[string]policy.Parameter
	// posts are the posts that there are on the day; deputies the windows for which each person may act.
	posts    map[string]roster.Post
	deputies map[string]map[string]bool
	staff    []*person
	suspects []*suspect
	byStaff  map[string]*person
}

// person is one staff member's day on the way to a line.
type person struct {
	*roster.Staff
	plan      plan
	marks     []*mark
	frame     []hall.Span
	visits    []visit
	covers    []presence // at windows whose deputy they are, beyond their own shift
	uncertain bool
	// begins and ends bound the person's day; ends is 0 before that was asked.
	begins, ends hall.Minute
}

// whole is a minute after every minute of a day and the night after it.
const whole = 2 * hall.DayMinutes

// DaySheet makes the sheet of a day. over bounds what has happened: a moment in
// the day, or the zero time for a day that is over.
func (g Ground) DaySheet(day hall.Date, over time.Time) wire.Sheet {
	return g.sheet(day, over, g.Book.index())
}

func (g Ground) sheet(day hall.Date, over time.Time, book *index) wire.Sheet {
	c := g.calc(day, over, book)
	c.gather()
	sheet := c.lines()
	if c.undecided() {
		other := g.calc(day, over, book)
		other.granted = true
		other.gather()
		granted := other.lines()
		hold(&sheet, &granted)
	}
	return sheet
}

func (g Ground) calc(day hall.Date, over time.Time, book *index) *calc {
	c := &calc{Ground: g, day: day, book: book, over: whole, parameters: map[string]policy.Parameter{}, posts: map[string]roster.Post{},
		deputies: map[string]map[string]bool{}, byStaff: map[string]*person{}}
	c.before, c.next, c.begins = day.AddDays(-1), day.AddDays(1), day.Time(g.Zone).UnixMilli()
	if !over.IsZero() {
		c.over = min(whole, hall.MinuteOf(over, day, g.Zone))
	}
	for _, name := range g.Policy.Names() {
		c.parameters[name], _ = g.Policy.On(name, day)
	}
	c.split = c.minutes("half_day_split")
	for id := range g.People.Posts.Each() {
		post, ok := g.People.Post(id, day)
		if !ok || g.People.PostSince(id) > day && !g.held(id, day) {
			continue // a window that was set up later was not empty before
		}
		c.posts[id] = post
		for _, d := range post.Deputies {
			if c.deputies[d] == nil {
				c.deputies[d] = map[string]bool{}
			}
			c.deputies[d][post.Window] = true
		}
	}
	return c
}

// held tells whether somebody had a post on a day.
func (g Ground) held(post string, day hall.Date) bool {
	for _, s := range g.People.Staff.Each() {
		if s.PostOf(day) == post {
			return true
		}
	}
	return false
}

// parameter is a number of the policy on the day.
func (c *calc) parameter(name string) policy.Parameter { return c.parameters[name] }

// each does something with every person, in two halves at once where there are
// many: no person's reading touches another's.
func (c *calc) each(do func(i int, p *person)) {
	half := len(c.staff) / 2
	if len(c.staff) < 100 {
		half = 0
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		for i, p := range c.staff[:half] {
			do(i, p)
		}
	})
	for i, p := range c.staff[half:] {
		do(half+i, p)
	}
	wait.Wait()
}

func (c *calc) minutes(name string) hall.Minute { return hall.Minute(c.parameter(name).Value) }

func (c *calc) windowOfPost(post string, day hall.Date) string {
	if day == c.day {
		return c.posts[post].Window
	}
	p, _ := c.People.Post(post, day)
	return p.Window
}

// gather finds everybody's marks and reads them.
func (c *calc) gather() {
	for _, s := range c.People.Staff.All() {
		if !s.Here(c.day) {
			continue
		}
		p := &person{Staff: &s, plan: c.planFor(&s, c.day)}
		c.staff = append(c.staff, p)
		c.byStaff[s.ID] = p
	}
	c.swiped()
	c.entered()
	lim := limits{offPost: int(c.minutes("off_post_from")), halfDay: int(c.minutes("half_day_from"))}
	c.each(func(_ int, p *person) {
		slices.SortStableFunc(p.marks, byTime)
		c.read(p, lim)
	})
}

// read drops what is repeated or off and reads the rest by the plan.
func (c *calc) read(p *person, lim limits) {
	repeat := int64(c.parameter("repeat_swipe").Value)
	last := map[string]int64{}
	var counted []*mark
	for _, m := range p.marks {
		if m.use != "" {
			continue // uncertain or refused
		}
		if before, ok := last[m.window]; ok && m.how == howSwipe && m.second-before <= repeat {
			m.use = useRepeat
			continue
		}
		if n := len(counted); n > 0 && counted[n-1].second == m.second && counted[n-1].window != m.window && m.how == howSwipe {
			// Nobody is at two windows in one second: the own one counts.
			m.use = useRepeat
			if m.window == p.plan.window {
				m.use, counted[n-1].use = "", useRepeat
				counted = counted[:n-1]
			} else {
				continue
			}
		}
		if m.how == howSwipe {
			last[m.window] = m.second
		}
		if p.plan.off == offLeave || p.plan.off == offSeconded {
			m.use = useLeave
			continue
		}
		counted = append(counted, m)
	}
	p.frame = p.plan.frame()
	if p.plan.off != "" && len(counted) > 0 { // who has no shift can still act for somebody
		p.frame = nil
		if (p.plan.off == offUnposted || p.plan.off == offNoShift) && counted[0].window != "" {
			p.frame = c.windowPlan(counted[0].window, c.day)
		}
	}
	if len(p.frame) > 0 {
		lim.from, lim.ends = p.frame[0].From, p.plan.swipes == 2
		if len(p.plan.whole) > 0 { // who comes on a half day off has come
			lim.from = min(lim.from, p.plan.whole[0].From)
		}
		lim.from -= c.minutes("swipe_reach")
	}
	p.visits = walk(p.frame, c.covering(p, counted, lim), c.over, lim)
	for _, m := range counted { // what was outside of half a day's work may be in the leave
		for _, e := range p.plan.excused {
			if x := halfSpan(e.Half, c.split); (m.use == useOutside || m.use == useRepeat) && x.From <= m.at && m.at < x.Until {
				m.use = useLeave
			}
		}
	}
}

// swiped places swipes on the day: its own, those of the evening before that begin
// it, those of the next morning that end its night, and those that somebody has put there.
func (c *calc) swiped() {
	evening := c.Swipes.on(c.before)
	for i := len(evening); i > 0 && evening[i-1].at >= c.begins-int64(c.minutes("swipe_reach"))*60_000; i-- {
		c.swipe(&evening[i-1])
	}
	for _, d := range [2]hall.Date{c.day, c.next} {
		for _, sw := range c.Swipes.on(d) {
			c.swipe(&sw)
		}
	}
	put, _ := c.Swipes.Moved.Get(string(c.day))
	for i := range put {
		c.moved(&put[i])
	}
	for _, u := range c.Swipes.unsetOn(c.day) {
		c.unset(&u)
	}
}

func (c *calc) swipe(sw *swipe) {
	at := time.UnixMilli(sw.at)
	since := sw.at - c.begins // the zone has no summer time
	minute, on := hall.Minute(since/60_000), c.day
	switch {
	case since < 0:
		minute, on = -hall.Minute((59_999-since)/60_000), c.before
	case minute >= hall.DayMinutes:
		on = c.next
	}
	event := c.Swipes.eventText(sw.event)
	j, judged := c.Book.Judgements.Get(event)
	if judged && j.Counts {
		return // it is where it was put
	}
	holder, _ := c.People.Holder(*sw.card, at, on)
	p := c.byStaff[holder]
	from, until := hall.Minute(0), hall.DayMinutes
	if p != nil {
		if p.ends == 0 {
			p.begins, p.ends = c.boundary(p.Staff, c.before)-hall.DayMinutes, c.boundaryOf(p.Staff, c.day, p.plan.whole)
		}
		from, until = p.begins, p.ends
	}
	if minute < from || minute >= until {
		return
	}
	m := &mark{at: minute, second: sw.at / 1000, window: c.People.WindowOf(sw.agent.agent, at), how: howSwipe, event: event}
	switch doubt := c.Swipes.doubt(sw); {
	case judged:
		m.use = useRefused
	case doubt != "":
		m.use, m.doubt = useUncertain, doubt
	}
	c.place(p, holder, *sw.card, m, at)
}

// moved places a swipe that somebody has put on the day.
func (c *calc) moved(x *moved) {
	minute, ok := hall.ParseMinute(x.At)
	if !ok {
		return
	}
	at := c.day.Time(c.Zone).Add(time.Duration(minute) * time.Minute)
	holder, _ := c.People.Holder(x.Card, at, c.day)
	m := &mark{at: minute, second: at.Unix(), window: c.People.WindowOf(x.Agent, at), how: howJudged, event: x.Event}
	c.place(c.byStaff[holder], holder, x.Card, m, at)
}

func (c *calc) place(p *person, holder, card string, m *mark, at time.Time) {
	if p == nil || m.use == "" && !c.mayBe(p, m.window) {
		c.suspect(p, holder, card, m, at)
	}
	if p != nil {
		p.marks = append(p.marks, m)
		p.uncertain = p.uncertain || m.use == useUncertain
	}
}

// unset places a swipe whose time is not known on every day on which it may have been.
func (c *calc) unset(u *unset) {
	j, judged := c.Book.Judgements.Get(u.Event)
	if judged && j.Counts {
		return // it is where it was put
	}
	at := time.UnixMilli(u.Upper)
	holder, _ := c.People.Holder(u.Card, at, hall.DateOf(at, c.Zone))
	p := c.byStaff[holder]
	if p == nil {
		return // an unknown card of an unknown time says nothing
	}
	m := &mark{at: hall.MinuteOf(at, c.day, c.Zone), second: at.Unix(), window: c.People.WindowOf(u.Agent, at), how: howSwipe,
		use: useUncertain, doubt: DoubtUnset, event: u.Event}
	if judged {
		m.use = useRefused
	}
	p.marks = append(p.marks, m)
	p.uncertain = p.uncertain || !judged
}

// entered places make-up punches and manual entries.
func (c *calc) entered() {
	for _, x := range c.book.punches[c.day] {
		p := c.byStaff[x.Staff]
		at, ok := hall.ParseMinute(x.At)
		if p == nil || !ok || x.State != Approved && (x.State != Asked || !c.granted) {
			continue
		}
		m := &mark{at: at, window: x.Window, how: howMakeup, event: x.Asked.Event}
		if x.Decided != nil {
			m.event = x.Decided.Event
		}
		if x.Manual {
			m.how = howManual
		}
		if m.window == "" {
			m.window = p.plan.window
		}
		m.second = c.day.Time(c.Zone).Add(time.Duration(at) * time.Minute).Unix()
		p.marks = append(p.marks, m)
	}
}

// undecided tells whether anything is asked for that would change the day.
func (c *calc) undecided() bool {
	for _, x := range c.book.punches[c.day] {
		if x.State == Asked {
			return true
		}
	}
	for _, p := range c.staff {
		for _, l := range c.book.leaves[p.ID] {
			if l.State == Asked && hall.Date(l.From) <= c.day && c.day <= hall.Date(l.Until) {
				return true
			}
		}
	}
	return false
}
