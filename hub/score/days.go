package score

import (
	"strconv"
	"sync"
	"time"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
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

// Memory keeps what was read of closed days, so that months are quick. It can be
// used by several at once; the zero value is ready.
type Memory struct {
	mu   sync.Mutex
	days map[hall.Date]kept
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
	sheet, err := g.View.Days.Revision(day, rev.Number)
	if isStale || err != nil {
		sheet = g.View.Days.Sheet(day, time.Time{})
	}
	d := readSheet(&sheet, day)
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
