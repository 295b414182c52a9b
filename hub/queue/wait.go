package queue

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// Pace is what was seen lately of a service, the newest last.
type Pace struct {
	// Busy is for how many seconds windows were busy with one ticket, from its call
	// until they were free.
	Busy []int `json:"busy,omitempty"`
	// Turns are the seconds that passed from then to the next call, where somebody waited.
	Turns []int `json:"turns,omitempty"`
	// Said are waits that citizens were told, with what came of them.
	Said []Said `json:"said,omitempty"`
}

// Said is an expected wait and the true one, in seconds.
type Said struct {
	Wait int `json:"wait"`
	Was  int `json:"was"`
}

const (
	keptPaces = 40
	keptSaid  = 60
	// longestTurn is a pause that counts as one between two visits, not as a break.
	longestTurn = 180
	// guess is how long a visit takes where nothing was seen of its service yet.
	guess = 300.0
	// guesses is how many visits that guess weighs.
	guesses = 3
	// idleLimit is for how long an open window may call nobody, while people
	// wait, before it is not reckoned with.
	idleLimit = 20 * time.Minute
	// leastSaid is how many waits must have come true before their error is said.
	leastSaid = 10
)

// Waits are expected waits in seconds. A ticket or service that is not there waits
// for nobody: no window that could call it is at work.
type Waits struct {
	// Tickets are those that wait, Services an ordinary ticket that is taken now.
	Tickets, Services map[string]int
}

// Error is the mean absolute error, in seconds, of the waits that were said lately
// for a service; ok is false where too few have come true.
func (s *State) Error(service string) (seconds int, ok bool) {
	p, _ := s.Paces.Get(service)
	if len(p.Said) < leastSaid {
		return 0, false
	}
	sum := 0
	for _, x := range p.Said {
		sum += max(x.Wait-x.Was, x.Was-x.Wait)
	}
	return sum / len(p.Said), true
}

// Waits plays the line forward: the windows that are at work take whose turn it is,
// each visit lasting as long as those of its service did lately, and who is being
// served stays for as long as people who had stayed that long did. away tells of
// windows whose staff is not there; nil is none.
func (s *State) Waits(h roster.Hall, m hall.Moment, away func(window string) bool) Waits {
	p := s.play(value(h, "line_ratio", m), m, away)
	w := Waits{map[string]int{}, map[string]int{}}
	for len(p.posts) > 0 {
		if g, wait := p.step(); g != nil && g.id == "" {
			w.Services[g.service] = int(wait)
		} else if g != nil {
			w.Tickets[g.id] = int(wait)
		}
	}
	return w
}

// lane holds those who wait for a service, for any of its windows or for one.
type lane struct {
	// ordinary and priority by place.
	ordinary, priority []*guest
}

func (l *lane) sort() {
	for _, list := range [][]*guest{l.ordinary, l.priority} {
		slices.SortFunc(list, func(a, b *guest) int { return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.id, b.id)) })
	}
}

type laneKey struct{ service, window string }

// guest is a ticket in the play; one without an id stands for who comes now.
type guest struct {
	id, service string
	place       int64
	skipped     int
	// from is in how many seconds the time of an appointment comes.
	from float64
}

// post is a window in the play.
type post struct {
	window   string
	services []string
	// free is in how many seconds it is.
	free float64
}

type play struct {
	ratio int
	lanes map[laneKey]*lane
	posts []*post
	busy  map[string]float64
}

func (s *State) play(ratio int, m hall.Moment, away func(string) bool) *play {
	p := &play{ratio: ratio, lanes: map[laneKey]*lane{}, busy: map[string]float64{}}
	services := map[string][]string{}
	last := int64(math.MaxInt64)
	for _, id := range slices.Sorted(maps.Keys(maps.Collect(s.Services.Each()))) {
		d, _ := s.Services.Get(id)
		p.busy[id] = s.busyFor(id) + s.turnFor(id)
		for _, w := range d.Windows {
			services[w] = append(services[w], id)
		}
		p.lane(id, "").ordinary = []*guest{{service: id, place: last}}
	}
	for id, t := range s.Tickets.Each() {
		if t.Stage == Waiting {
			s.seat(p, id, &t, m)
		}
	}
	for _, l := range p.lanes {
		l.sort()
	}
	for _, w := range slices.Sorted(maps.Keys(services)) {
		if free, ok := s.freeIn(w, services[w], m, away); ok {
			p.posts = append(p.posts, &post{window: w, services: services[w], free: free})
		}
	}
	return p
}

func (p *play) lane(service, window string) *lane {
	key := laneKey{service, window}
	if p.lanes[key] == nil {
		p.lanes[key] = &lane{}
	}
	return p.lanes[key]
}

// seat puts a waiting ticket into its lane.
func (s *State) seat(p *play, id string, t *Ticket, m hall.Moment) {
	if !s.Services.Has(t.Service) {
		return
	}
	g := &guest{id: id, service: t.Service, place: t.Place, skipped: t.Skipped}
	window := t.Window
	if window != "" && !s.Serves(window, t.Service) {
		window = ""
	}
	l := p.lane(t.Service, window)
	if t.Class == Ordinary {
		l.ordinary = append(l.ordinary, g)
		return
	}
	if early(t, m) {
		from, _ := hall.ParseMinute(t.Slot)
		g.from = float64(from-hall.MinuteOf(m.Now, hall.Date(t.Day), m.Zone)) * 60
	}
	l.priority = append(l.priority, g)
}

// freeIn is in how many seconds a window can call; ok is false where it is not at work.
func (s *State) freeIn(window string, services []string, m hall.Moment, away func(string) bool) (float64, bool) {
	c, _ := s.Counters.Get(window)
	if !c.Open() {
		return 0, false
	}
	if t, ok := s.Tickets.Get(c.Ticket); ok {
		return s.left(t.Service, m.Now.Sub(t.CalledAt).Seconds()) + s.turnFor(t.Service), true
	}
	if away != nil && away(window) {
		return 0, false
	}
	// A window that lets people wait and calls nobody is not at work, whatever it says.
	if m.Now.Sub(c.FreeSince) > idleLimit && slices.ContainsFunc(services, func(id string) bool { return s.longest(id, m.Now) > idleLimit }) {
		return 0, false
	}
	return 0, true
}

// longest is for how long somebody has waited for a service.
func (s *State) longest(service string, now time.Time) (longest time.Duration) {
	for _, t := range s.Tickets.Each() {
		if t.Stage == Waiting && t.Service == service {
			longest = max(longest, now.Sub(t.IssuedAt))
		}
	}
	return longest
}

// step lets the window that is free first call somebody, or leave where nobody waits
// for it. It gives whom it called, and after how many seconds.
func (p *play) step() (g *guest, wait float64) {
	first := 0
	for i, x := range p.posts {
		if x.free < p.posts[first].free {
			first = i
		}
	}
	at := p.posts[first]
	wait = at.free
	if g = p.next(at); g == nil {
		p.posts = slices.Delete(p.posts, first, first+1)
	} else if g.id != "" {
		at.free += p.busy[g.service]
	}
	return g, wait
}

// next takes whose turn it is at a window out of its lane; see State.Turn.
func (p *play) next(at *post) *guest {
	var ordinary, priority, early *[]*guest
	for _, id := range at.services {
		for _, window := range [2]string{"", at.window} {
			l := p.lanes[laneKey{id, window}]
			if l == nil {
				continue
			}
			ordinary = earlier(ordinary, &l.ordinary)
			if len(l.priority) > 0 && l.priority[0].from > at.free {
				early = earlier(early, &l.priority)
			} else {
				priority = earlier(priority, &l.priority)
			}
		}
	}
	switch {
	case ordinary == nil && priority == nil:
		return take(early)
	case priority == nil:
		return take(ordinary)
	case ordinary == nil || (*priority)[0].place < (*ordinary)[0].place:
		return take(priority)
	case (*ordinary)[0].skipped >= p.ratio:
		return take(ordinary)
	}
	(*ordinary)[0].skipped++
	return take(priority)
}

// earlier gives the list whose first came earlier; one without anybody is none.
func earlier(a, b *[]*guest) *[]*guest {
	if len(*b) == 0 || a != nil && (*a)[0].place <= (*b)[0].place {
		return a
	}
	return b
}

func take(list *[]*guest) *guest {
	if list == nil {
		return nil
	}
	g := (*list)[0]
	*list = (*list)[1:]
	return g
}

// busyFor is for how long a window is busy with one ticket of a service, in seconds.
func (s *State) busyFor(service string) float64 {
	p, _ := s.Paces.Get(service)
	sum, n := s.guess(service)*guesses, float64(guesses)
	for _, x := range p.Busy {
		sum, n = sum+float64(x), n+1
	}
	return sum / n
}

// guess is how long a visit takes where nothing is known: half of what is allowed.
func (s *State) guess(service string) float64 {
	if d, _ := s.Services.Get(service); d.ServiceMax > 0 {
		return float64(d.ServiceMax) * 30
	}
	return guess
}

func (s *State) turnFor(service string) float64 {
	p, _ := s.Paces.Get(service)
	sum := 0
	for _, x := range p.Turns {
		sum += x
	}
	return float64(sum) / float64(max(len(p.Turns), 1))
}

// left is for how long a window is still busy with a ticket that was called so
// many seconds ago: the mean of what was left of the visits that lasted longer.
func (s *State) left(service string, since float64) float64 {
	p, _ := s.Paces.Get(service)
	sum, n := max(s.busyFor(service)-since, s.busyFor(service)/3), 1.0
	for _, x := range p.Busy {
		if float64(x) > since {
			sum, n = sum+float64(x)-since, n+1
		}
	}
	return sum / n
}

// freed keeps how long a window was busy with a ticket.
func (s *State) freed(window, ticket string, now time.Time) {
	t, ok := s.Tickets.Get(ticket)
	if ok && !t.CalledAt.IsZero() && s.Services.Has(t.Service) {
		s.Paces.Change(t.Service, func(p *Pace) { p.Busy = recent(p.Busy, seconds0(now.Sub(t.CalledAt)), keptPaces) })
	}
	s.wasBusy(window, ticket, now)
	s.Counters.Change(window, func(c *Counter) { c.Ticket, c.Staff, c.Since, c.FreeSince = "", "", time.Time{}, now })
}

// heard keeps what came of a wait that was said, and how long the window paused.
func (s *State) heard(window string, t *Ticket, now time.Time) {
	if !s.Services.Has(t.Service) {
		return
	}
	s.Paces.Change(t.Service, func(p *Pace) {
		if c, _ := s.Counters.Get(window); !c.FreeSince.IsZero() {
			since := c.FreeSince
			if t.IssuedAt.After(since) {
				since = t.IssuedAt
			}
			if pause := seconds0(now.Sub(since)); pause <= longestTurn {
				p.Turns = recent(p.Turns, pause, keptPaces)
			}
		}
		if t.Wait != nil && t.CalledAt.IsZero() {
			p.Said = recent(p.Said, Said{*t.Wait, seconds0(now.Sub(t.IssuedAt))}, keptSaid)
		}
	})
}

// seconds0 is a time in whole seconds; a clock that went back makes none.
func seconds0(d time.Duration) int { return max(int(d/time.Second), 0) }

func recent[T any](list []T, x T, most int) []T {
	list = append(slices.Clone(list), x)
	return list[max(len(list)-most, 0):]
}

// expected is the wait that a new ticket is told; nil where nobody knows.
func (s *State) expected(h roster.Hall, m hall.Moment, d wire.TicketIssued, absent []string) *int {
	clone := Ticket{TicketIssued: d, Stage: Waiting, IssuedAt: m.Now}
	p := s.play(value(h, "line_ratio", m), m, func(window string) bool { return slices.Contains(absent, window) })
	s.seat(p, d.Ticket, &clone, m)
	p.lane(d.Service, "").sort()
	for len(p.posts) > 0 {
		if g, at := p.step(); g != nil && g.id == d.Ticket {
			wait := int(at)
			return &wait
		}
	}
	return nil
}
