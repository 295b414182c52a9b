package rating

import (
	"cmp"
	"encoding/binary"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// Sheet is a judged sheet: the visits that began at a window on a day, with all
// their presses, and the presses there that are for no visit.
type Sheet struct {
	Place
	Visits  []JudgedVisit      `json:"visits"`  // by their beginnings
	Presses []JudgedPress      `json:"presses"` // by time
	Figures wire.RatingFigures `json:"figures"`
}

// Sheet judges a sheet as it is known now.
func (s *State) Sheet(day hall.Date, window string, now time.Time) Sheet {
	sheet := s.judge(Place{day, window})
	sheet.at(now.UnixMilli())
	return sheet
}

// at sets the results of a moment and counts them.
func (x *Sheet) at(now int64) {
	for i := range x.Visits {
		x.Visits[i].Result = x.Visits[i].ResultAt(now)
	}
	x.Figures = Count(x.Visits, x.Presses)
}

// Count counts judged visits and presses. What it gives reconciles: see wire.RatingFigures.
func Count(visits []JudgedVisit, presses []JudgedPress) (n wire.RatingFigures) {
	for i := range visits {
		visits[i].count(&n)
	}
	for i := range presses {
		if presses[i].State == Invalid {
			n.Invalid++
		}
	}
	return n
}

func (v *JudgedVisit) count(n *wire.RatingFigures) {
	n.Visits++
	switch v.Result {
	case Open:
		n.Open++
		return
	case Passed:
		n.Passed++
		return
	case Excluded:
		n.Excluded++
		return
	case Unrated:
		n.Unrated++
	case Rated:
		n.Pressed++
		if v.Level >= 1 && v.Level <= len(n.Levels) {
			n.Levels[v.Level-1]++
		}
		if v.Corrected {
			n.Corrected++
		}
	}
	n.Rateable++
}

// Add sums up figures.
func Add(a, b wire.RatingFigures) wire.RatingFigures {
	a.Visits += b.Visits
	a.Open += b.Open
	a.Passed += b.Passed
	a.Excluded += b.Excluded
	a.Rateable += b.Rateable
	a.Pressed += b.Pressed
	a.Unrated += b.Unrated
	for i := range a.Levels {
		a.Levels[i] += b.Levels[i]
	}
	a.Corrected += b.Corrected
	a.Invalid += b.Invalid
	return a
}

// judge judges a sheet with all that can have to do with it.
func (s *State) judge(p Place) Sheet {
	sheet := Sheet{Place: p}
	visits, presses := s.around(p)
	ours := map[string]bool{}
	for i := range visits {
		if visits[i].Place == p {
			ours[visits[i].ID] = true
			sheet.Visits = append(sheet.Visits, visits[i])
		}
	}
	for i := range presses {
		if x := &presses[i]; x.Of == "" && x.Place == p || ours[x.Of] {
			sheet.Presses = append(sheet.Presses, *x)
		}
	}
	slices.SortFunc(sheet.Visits, func(a, b JudgedVisit) int {
		return cmp.Or(cmp.Compare(a.Spans[0].From, b.Spans[0].From), strings.Compare(a.ID, b.ID))
	})
	return sheet
}

// around judges the visits and presses of a place and of whatever these have to do with.
func (s *State) around(p Place) ([]JudgedVisit, []JudgedPress) {
	own := s.sheets.read(p)
	if own == nil {
		return nil, nil
	}
	return s.gather(p, own)
}

// gather judges what is laid out of a place with whatever that has to do with.
func (s *State) gather(p Place, own *content) ([]JudgedVisit, []JudgedPress) {
	g := gathered{state: s, places: map[Place]bool{}, seen: map[string]bool{}}
	g.visits = make([]Visit, 0, len(own.visits)+1)
	for i := range own.visits {
		g.visits = append(g.visits, own.visits[i])
		g.seen[own.visits[i].ID] = true
	}
	g.add(p, own)
	for i := range own.visits {
		for _, x := range own.visits[i].Spans {
			g.look(Place{s.civil(x.From), x.Window})
		}
	}
	return Judge(g.visits, g.presses, g.jams, s.rules())
}

// rules gives those of a day; most visits are of one.
func (s *State) rules() func(hall.Date) Rules {
	var last hall.Date
	var rules Rules
	return func(day hall.Date) Rules {
		if day != last {
			last, rules = day, RulesOn(s.policy, day)
		}
		return rules
	}
}

// gathered is what a sheet is judged with.
type gathered struct {
	state   *State
	visits  []Visit
	presses []Press
	jams    []Jam
	places  map[Place]bool // whose presses are in it
	seen    map[string]bool
}

// look adds a place where a visit of the sheet was, or could still be rated.
func (g *gathered) look(p Place) {
	if g.places[p] {
		return
	}
	if c := g.state.sheets.read(p); c != nil {
		g.add(p, c)
	}
}

// add adds the presses of a place and whose pieces they may fall into.
func (g *gathered) add(p Place, c *content) {
	g.places[p] = true
	s := g.state
	for k := overhang; k > 0; k-- {
		if before := (Place{p.Day.AddDays(-k), p.Window}); s.overhangs(before, p.Day) {
			g.pieces(s.sheets.read(before))
		}
	}
	g.pieces(c)
	for i := range c.presses {
		x := c.presses[i]
		if base, known := s.clocks.bases.Get(x.boot); x.base != 0 && known && abs(x.base-base) > tolerance {
			x.Doubt = ClockOff
		}
		g.presses = append(g.presses, x)
	}
	g.jams = append(g.jams, c.jams...)
	for k := 1; k <= overhang; k++ {
		if next := (Place{p.Day.AddDays(k), p.Window}); s.overhangs(p, next.Day) {
			g.look(next)
		}
	}
}

// pieces adds the visits of others that were at a place, as far as they were there.
func (g *gathered) pieces(c *content) {
	for i := range c.visits {
		if v := c.visits[i]; !g.seen[v.ID] {
			g.seen[v.ID] = true
			g.visits = append(g.visits, v)
		}
	}
	for i := range c.guests {
		x := &c.guests[i]
		if !g.seen[x.Visit] {
			g.visits = append(g.visits, Visit{Place: x.Home, ID: x.Visit, Spans: []Span{x.Span}})
		}
	}
}

func abs(v int64) int64 { return max(v, -v) }

func (s *State) civil(ms int64) hall.Date { return hall.DateOf(time.UnixMilli(ms), s.zone) }

// Cell is the figures of one day, window, person, department and service. A
// visit counts where By says, a press that is for no visit for its window alone.
type Cell struct {
	Day        hall.Date
	Window     string
	Staff      string
	Department string
	Service    string
	wire.RatingFigures
}

// dayCells are the cells of a day once nothing in it is open.
type dayCells struct {
	cells []Cell
	// until is when the last visit of the day can no longer be rated by its window.
	until int64
}

// recount drops what was counted of a day.
func (s *State) recount(day hall.Date) {
	delete(s.cells, day)
	delete(s.bad, day)
	s.counted.Delete(string(day))
	if s.sheets.old.has(day) {
		s.miscounted[day] = true
	}
}

// settle counts the days before the newest that are not counted.
func (s *State) settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := func(day hall.Date) {
		if day < s.newestDay() && s.sheets.has(day) && !s.counted.Has(string(day)) {
			if c := s.cellsOf(day); len(c.cells) > 0 {
				s.counted.Set(string(day), packCells(c))
			}
		}
	}
	for day := range s.sheets.days {
		count(day)
	}
	for day := range s.miscounted {
		count(day)
	}
	clear(s.miscounted)
}

// cellsOf counts a day as it will be once nothing is open; under the mutex.
func (s *State) cellsOf(day hall.Date) *dayCells {
	c := s.cells[day]
	if c != nil {
		return c
	}
	if row, ok := s.counted.Get(string(day)); ok {
		c = unpackCells(day, row)
	} else {
		c = &dayCells{}
		c.cells, c.until = s.countDay(day, math.MaxInt64)
	}
	if s.sheets.days[day] != nil { // years would be too many
		s.cells[day] = c
	}
	return c
}

// countDay judges the sheets of a day and counts them into cells, in the order of their keys.
func (s *State) countDay(day hall.Date, now int64) (cells []Cell, until int64) {
	type key struct{ window, staff, department, service string }
	index := map[key]int{}
	add := func(k key) *wire.RatingFigures {
		i, ok := index[k]
		if !ok {
			i = len(cells)
			index[k] = i
			cells = append(cells, Cell{Day: day, Window: k.window, Staff: k.staff, Department: k.department, Service: k.service})
		}
		return &cells[i].RatingFigures
	}
	keyOf := func(v *JudgedVisit) key { return key{v.By.Window, v.By.Staff, v.Department, v.Service} }
	for window, x := range s.sheets.on(day) {
		p := Place{day, window}
		if x.content == nil && s.nobody(p) { // no press can be for a visit
			if x.many > 0 {
				add(key{window: window}).Invalid += x.many
			}
			continue
		}
		visits, presses := s.around(p)
		for i := range visits {
			v := &visits[i]
			if v.Place != p {
				continue
			}
			v.Result = v.ResultAt(now)
			v.count(add(keyOf(v)))
			if v.Level == 0 && !v.Excluded && v.Outcome != outcomeTransferred {
				until = max(until, v.OpenUntil)
			}
		}
		for i := range presses {
			x := &presses[i]
			if x.State != Invalid {
				continue
			}
			of := -1
			for k := range visits {
				if visits[k].ID == x.Of && visits[k].Place == p {
					of = k
				}
			}
			switch {
			case of >= 0:
				add(keyOf(&visits[of])).Invalid++
			case x.Of == "" && x.Place == p:
				add(key{window: window}).Invalid++
			}
		}
	}
	slices.SortFunc(cells, func(a, b Cell) int {
		return cmp.Or(strings.Compare(a.Window, b.Window), strings.Compare(a.Staff, b.Staff), strings.Compare(a.Department, b.Department), strings.Compare(a.Service, b.Service))
	})
	return cells, until
}

// nobody tells whether nobody was served at a place, nor so shortly before that it could still be rated.
func (s *State) nobody(p Place) bool {
	for k := range overhang + 1 {
		if before := (Place{p.Day.AddDays(-k), p.Window}); s.sheets.reach(before) > 0 && (k == 0 || s.overhangs(before, p.Day)) {
			return false
		}
	}
	return true
}

// Cells gives the cells of the days from until, both included, as they are now.
func (s *State) Cells(from, until hall.Date, now time.Time) iter.Seq[*Cell] {
	at := now.UnixMilli()
	return func(yield func(*Cell) bool) {
		for _, day := range s.daysIn(from, until) {
			for cells := s.cellsAt(day, at); len(cells) > 0; cells = cells[1:] {
				if !yield(&cells[0]) {
					return
				}
			}
		}
	}
}

func (s *State) cellsAt(day hall.Date, now int64) []Cell {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.cellsOf(day); c.until <= now {
		return c.cells
	}
	cells, _ := s.countDay(day, now)
	return cells
}

// Total sums up the cells that are wanted; nil wants all.
func (s *State) Total(from, until hall.Date, now time.Time, want func(*Cell) bool) (n wire.RatingFigures) {
	for c := range s.Cells(from, until, now) {
		if want == nil || want(c) {
			n = Add(n, c.RatingFigures)
		}
	}
	return n
}

func packCells(c *dayCells) []byte {
	w := &hall.Packer{}
	w.Uint(len(c.cells))
	for i := range c.cells {
		x := &c.cells[i]
		for _, name := range []string{x.Window, x.Staff, x.Department, x.Service} {
			w.Name(name)
		}
		for _, n := range append([]int{x.Visits, x.Open, x.Passed, x.Excluded, x.Rateable, x.Pressed, x.Unrated, x.Corrected, x.Invalid}, x.Levels[:]...) {
			w.Uint(n)
		}
	}
	return w.Whole(binary.AppendVarint(nil, c.until))
}

// unpackCells reads what packCells wrote.
func unpackCells(day hall.Date, packed []byte) *dayCells {
	r := hall.Unpacker{B: packed}
	c := &dayCells{until: r.Int()}
	r.Names()
	c.cells = make([]Cell, r.Count())
	for i := range c.cells {
		x := &c.cells[i]
		x.Day, x.Window, x.Staff, x.Department, x.Service = day, r.Name(), r.Name(), r.Name(), r.Name()
		for _, n := range []*int{&x.Visits, &x.Open, &x.Passed, &x.Excluded, &x.Rateable, &x.Pressed, &x.Unrated, &x.Corrected, &x.Invalid} {
			*n = r.Uint()
		}
		for k := range x.Levels {
			x.Levels[k] = r.Uint()
		}
	}
	return c
}
