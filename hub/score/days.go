package score

import (
	"strconv"
	"sync"
	"time"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// dayOf is what a closed day says of who was where, and its facts.
type dayOf struct {
	work    bool
	people  []place
	windows []string
	facts   []assess.Fact
	// suspects are the suspected swaps.
	suspects []wire.Suspect
}

// place is where a person belonged on a day on which they were expected, or away with leave.
type place struct{ staff, window, department string }

// Memory keeps what was read of closed days and of publications of one hall, so that
// months and scores are quick. It can be used by several at once; the zero value is ready.
type Memory struct {
	mu   sync.Mutex
	days map[hall.Date]kept
	// published are outcomes by period and revision, now those of periods as of a record.
	published map[string]*assess.Outcome
	now       map[assess.Period]counted
}

type counted struct {
	through wire.Position
	outcome *assess.Outcome
}

// keptOutcomes bounds the outcomes that are kept: two years with their quarters and months.
const keptOutcomes = 34

// Published is what a revision of a period has published. It is not to be changed.
func (m *Memory) Published(v *register.View, p assess.Period, revision int) (*assess.Outcome, error) {
	key := string(p) + "/" + strconv.Itoa(revision)
	m.mu.Lock()
	o := m.published[key]
	m.mu.Unlock()
	if o != nil {
		return o, nil
	}
	read, err := v.Archive.Outcome(p, revision)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.published == nil || len(m.published) >= keptOutcomes {
		m.published = map[string]*assess.Outcome{}
	}
	m.published[key] = &read
	return &read, nil
}

// Now is what a period gives as the log stands. It is not to be changed.
func (m *Memory) Now(v *register.View, windows *roster.State, p assess.Period) *assess.Outcome {
	m.mu.Lock()
	c := m.now[p]
	m.mu.Unlock()
	if c.outcome != nil && c.through == v.Through {
		return c.outcome
	}
	o := Of(v, windows, m).Outcome(p)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.now == nil || len(m.now) >= keptOutcomes {
		m.now = map[assess.Period]counted{}
	}
	m.now[p] = counted{v.Through, &o}
	return &o
}

type kept struct {
	key string
	day *dayOf
}

// day reads a closed day, nil where it is not closed: the newest sheet, as the log
// gives it now where there is news.
func (g *Ground) day(day hall.Date) *dayOf {
	rev, closed := g.View.Days.Latest(day)
	if !closed {
		return nil
	}
	stale, isStale := g.View.Days.Stale.Get(string(day))
	key := strconv.Itoa(rev.Number) + "/" + rev.Digest + "/" + strconv.Itoa(stale)
	if d := g.Memory.get(day, key); d != nil {
		return d
	}
	var sheet wire.Sheet
	read := false
	if !isStale { // reading a kept sheet back takes longer than making it
		var err error
		sheet, err = g.View.Days.Revision(day, rev.Number)
		read = err == nil
	}
	if !read {
		sheet = g.View.Days.Sheet(day, time.Time{})
	}
	d := readSheet(&sheet, day)
	d.checked(g.View.Days.Checked(day))
	g.Memory.put(day, key, d)
	return d
}

func (m *Memory) get(day hall.Date, key string) *dayOf {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if k := m.days[day]; k.key == key {
		return k.day
	}
	return nil
}

func (m *Memory) put(day hall.Date, key string, d *dayOf) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.days == nil {
		m.days = map[hall.Date]kept{}
	}
	m.days[day] = kept{key, d}
}

// checked names the record that closed the day where a fact stands on nothing else: nobody swiped.
func (d *dayOf) checked(p wire.Position) {
	for i := range d.facts {
		if len(d.facts[i].Events) == 0 {
			d.facts[i].Events = []string{At(p)}
		}
	}
}

func readSheet(s *wire.Sheet, day hall.Date) *dayOf {
	d := &dayOf{suspects: s.Suspects, work: s.DayKind == string(hall.DayWork) || s.DayKind == string(hall.DayMakeUp)}
	for i := range s.Staff {
		l := &s.Staff[i]
		if d.work && l.Window != "" && belongs(l.Off) {
			d.people = append(d.people, place{l.Staff, l.Window, l.Department})
		}
		for _, f := range l.Findings {
			d.fact(day, &f, assess.Fact{Person: l.Staff, Window: l.Window, Department: l.Department})
		}
	}
	for i := range s.Windows {
		w := &s.Windows[i]
		if d.work {
			d.windows = append(d.windows, w.Window)
		}
		for _, f := range w.Findings {
			if f.Rule != "swap" { // it follows from the suspicion
				d.fact(day, &f, assess.Fact{Window: w.Window, Department: f.Department})
			}
		}
	}
	return d
}

// belongs tells whether somebody is of the hall on a day on which they are off.
func belongs(off string) bool { return off == "" || off == "leave" || off == "seconded" }

// fact makes a fact of a sheet's finding. One that was withdrawn is none.
func (d *dayOf) fact(day hall.Date, f *wire.Finding, of assess.Fact) {
	if f.Withdrawn {
		return
	}
	of.ID, of.Kind, of.Day, of.Events = f.ID, f.Rule, day, f.Events
	of.Values = map[string]any{"minutes": float64(f.Minutes)}
	d.facts = append(d.facts, of)
}
