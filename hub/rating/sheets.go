package rating

import (
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"strings"

	"hallkeeper/hub/hall"
)

// content is a sheet laid out: what happened at a window on a day, unjudged.
type content struct {
	visits  []Visit
	guests  []guest // pieces of visits that began elsewhere
	presses []Press
	jams    []Jam
}

// guest is a piece of a visit away from the place where that began.
type guest struct {
	Span
	Visit string
	Home  Place
}

// sheet is a content, packed or laid out.
type sheet struct {
	dirty  bool // it is among the sheets to be saved
	packed []byte
	*content
	// reach bounds when the last piece there ends, 0 where nobody was served, and
	// many is how many presses there are; only where packed.
	reach int64
	many  int
}

// sheets are all of them. Those of the newest day are laid out, those of long ago on a shelf.
type sheets struct {
	days  map[hall.Date]map[string]*sheet // at hand
	old   oldDays
	open  map[Place]*sheet // those laid out
	dirty []Place
	ids   ids
}

func newSheets() sheets {
	return sheets{days: map[hall.Date]map[string]*sheet{}, open: map[Place]*sheet{}, ids: ids{}}
}

// on gives the sheets of a day by window, not to be changed.
func (t *sheets) on(day hall.Date) map[string]*sheet {
	if all, ok := t.days[day]; ok {
		return all
	}
	return t.old.on(day)
}

func (t *sheets) has(day hall.Date) bool { return t.days[day] != nil || t.old.has(day) }

// all are the days of which there are sheets, in no order.
func (t *sheets) all() iter.Seq[hall.Date] {
	return func(yield func(hall.Date) bool) {
		for day := range t.days {
			if !yield(day) {
				return
			}
		}
		for day := range t.old.shelf.Each() {
			if !yield(hall.Date(day)) {
				return
			}
		}
	}
}

// putAway lays the days before one on the shelf; those whose sheets are all packed.
func (t *sheets) putAway(before hall.Date) (days []hall.Date) {
	for day, all := range t.days {
		if day >= before {
			continue
		}
		for window, x := range all {
			t.note(Place{day, window}, x) // its own key is to be removed
		}
		t.old.put(day, all)
		delete(t.days, day)
		days = append(days, day)
	}
	return days
}

// takeDown lays the sheets of a day where they can be changed.
func (t *sheets) takeDown(day hall.Date) {
	if !t.old.has(day) {
		return
	}
	all := map[string]*sheet{}
	for window, x := range t.old.on(day) {
		all[window] = &sheet{packed: x.packed, reach: x.reach, many: x.many}
	}
	t.days[day] = all
	t.old.remove(day)
	for window, x := range all {
		t.note(Place{day, window}, x)
	}
}

// note puts a sheet among those to be saved.
func (t *sheets) note(p Place, x *sheet) {
	if !x.dirty {
		x.dirty = true
		t.dirty = append(t.dirty, p)
	}
}

// change lays a sheet out so that it can be changed.
func (t *sheets) change(p Place) *sheet {
	x := t.open[p]
	if x != nil {
		return x
	}
	t.takeDown(p.Day)
	if x = t.days[p.Day][p.Window]; x == nil {
		x = &sheet{content: &content{}}
		if t.days[p.Day] == nil {
			t.days[p.Day] = map[string]*sheet{}
		}
		t.days[p.Day][p.Window] = x
	} else {
		x.content = t.ids.unpack(p, x.packed)
		x.packed = nil
	}
	t.open[p] = x
	return x
}

// read gives a sheet's content, not to be changed; nil where there is none.
func (t *sheets) read(p Place) *content {
	x := t.on(p.Day)[p.Window]
	if x == nil {
		return nil
	}
	if x.content != nil {
		return x.content
	}
	return t.ids.unpack(p, x.packed)
}

// reach is until when what was at a place may have gone on.
func (t *sheets) reach(p Place) int64 {
	x := t.on(p.Day)[p.Window]
	switch {
	case x == nil:
		return 0
	case x.content == nil:
		return x.reach
	}
	return x.content.reach(p)
}

func (c *content) reach(p Place) (reach int64) {
	last := func(s Span) {
		until := s.From + dayMS
		if s.Until != 0 {
			until = min(until, s.Until)
		}
		reach = max(reach, until)
	}
	for i := range c.visits {
		for _, s := range c.visits[i].Spans {
			if s.Window == p.Window {
				last(s)
			}
		}
	}
	for i := range c.guests {
		last(c.guests[i].Span)
	}
	return reach
}

// pack makes the sheets of days before a day small.
func (t *sheets) pack(before hall.Date) {
	for p, x := range t.open {
		if p.Day < before {
			t.close(p, x)
		}
	}
}

func (t *sheets) close(p Place, x *sheet) {
	delete(t.open, p)
	if x.content.empty() {
		if delete(t.days[p.Day], p.Window); len(t.days[p.Day]) == 0 {
			delete(t.days, p.Day)
		}
		return
	}
	x.packed, x.reach, x.many = t.ids.pack(p, x.content), x.content.reach(p), len(x.presses)
	x.content = nil
}

func (c *content) empty() bool { return len(c.visits)+len(c.guests)+len(c.presses)+len(c.jams) == 0 }

// visit gives a visit to be changed; nil where it is not there.
func (c *content) visit(id string) *Visit {
	for i := len(c.visits) - 1; i >= 0; i-- {
		if c.visits[i].ID == id {
			return &c.visits[i]
		}
	}
	return nil
}

// guest notes a piece of a visit that began elsewhere.
func (c *content) guest(v Visit, s Span) {
	for i := range c.guests {
		if g := &c.guests[i]; g.Visit == v.ID && g.From == s.From {
			g.Span = s
			return
		}
	}
	c.guests = append(c.guests, guest{s, v.ID, v.Place})
}

// take takes a press off.
func (c *content) take(id string) (Press, bool) {
	for i := range c.presses {
		if p := c.presses[i]; p.ID == id {
			c.presses = slices.Delete(c.presses, i, i+1)
			return p, true
		}
	}
	return Press{}, false
}

// touch notes that a sheet has changed, and with it what was counted.
func (s *State) touch(p Place, x *sheet) {
	s.sheets.note(p, x)
	s.changed(p)
}

// changed drops what was counted of a place, and of the same window on the days
// beside it as far as what was at the one may have gone on to the other.
func (s *State) changed(p Place) {
	if len(s.cells)+len(s.bad)+s.counted.Len() == 0 {
		return // nothing was counted, as while a log is replayed
	}
	s.recountAt(p)
	for k := 1; k <= overhang; k++ {
		if before := (Place{p.Day.AddDays(-k), p.Window}); s.overhangs(before, p.Day) {
			s.recountAt(before)
		}
		if next := (Place{p.Day.AddDays(k), p.Window}); next.Day <= s.newestDay() && s.overhangs(p, next.Day) {
			s.recountAt(next)
		}
	}
}

// recountAt drops what was counted of those who were at a place.
func (s *State) recountAt(p Place) {
	s.recount(p.Day)
	if s.moved.Len() == 0 {
		return
	}
	if c := s.sheets.read(p); c != nil {
		for i := range c.guests {
			s.recount(c.guests[i].Home.Day)
		}
	}
}

func (s *State) newestDay() hall.Date {
	day, _ := s.newest.Get(theDay)
	return day
}

// overhangs tells whether presses of a later day may be for who was at a place.
func (s *State) overhangs(p Place, day hall.Date) bool {
	reach := s.sheets.reach(p)
	if reach == 0 {
		return false
	}
	open, _ := s.policy.On(paramOpen, p.Day)
	return reach+min(int64(open.Value*float64(minute)), dayMS) >= day.Time(s.zone).UnixMilli()
}

const (
	sheetKey  = "sheet/"
	ticketKey = "ticket/"
	windowKey = "window/"
)

func (p Place) key() string { return sheetKey + string(p.Day) + "/" + p.Window }

func (s *State) tables() hall.Tables {
	return hall.Tables{"explained": &s.Explained, "exclusion": &s.Exclusions,
		"service": &s.services, "counted": &s.counted, "old": &s.sheets.old.shelf, "moved": &s.moved, "device": &s.devices, "odd": &s.odd, "newest": &s.newest,
		"offset": &s.clocks.offsets, "base": &s.clocks.bases, "unset": &s.clocks.unset, "late": &s.clocks.late}
}

// Save writes what changed since the last Save.
func (s *State) Save(put func(string, []byte), remove func(string)) {
	for _, p := range s.sheets.dirty {
		x := s.sheets.days[p.Day][p.Window]
		if x != nil {
			x.dirty = false
		}
		if x != nil && x.content != nil && p.Day < s.newestDay() {
			s.sheets.close(p, x)
			x = s.sheets.days[p.Day][p.Window]
		}
		switch {
		case x == nil || x.content != nil && x.content.empty():
			remove(p.key())
		case x.content != nil:
			put(p.key(), s.sheets.ids.pack(p, x.content))
		default:
			put(p.key(), x.packed)
		}
	}
	s.sheets.dirty = s.sheets.dirty[:0]
	s.settle()
	s.tickets.save(ticketKey, put, remove)
	s.windows.save(windowKey, put, remove)
	s.tables().Save(put, remove)
}

// Shelve lets what is of long ago leave memory; fetch reads a key back. It gives the tables of such keys.
func (s *State) Shelve(fetch func(key string) []byte) hall.Tables { return s.tables().Shelve(fetch) }

// Each gives everything as Save would write it.
func (s *State) Each(use func(string, []byte)) {
	s.settle()
	for day, windows := range s.sheets.days {
		for window, x := range windows {
			p := Place{day, window}
			switch {
			case x.content == nil:
				use(p.key(), x.packed)
			case !x.content.empty():
				use(p.key(), s.sheets.ids.pack(p, x.content))
			}
		}
	}
	s.tickets.each(ticketKey, use)
	s.windows.each(windowKey, use)
	s.tables().Each(use)
}

// Load reads one key back.
func (s *State) Load(key string, value []byte) error {
	if rest, ok := strings.CutPrefix(key, sheetKey); ok {
		day, window, _ := strings.Cut(rest, "/")
		return s.sheets.load(Place{hall.Date(day), window}, value)
	}
	if id, ok := strings.CutPrefix(key, ticketKey); ok {
		return s.tickets.load(id, value)
	}
	if id, ok := strings.CutPrefix(key, windowKey); ok {
		return s.windows.load(id, value)
	}
	err := s.tables().Load(key, value)
	if digest, ok := strings.CutPrefix(key, "odd/"); ok && err == nil {
		var x shortID
		if _, err = hex.Decode(x[:], []byte(digest)); err == nil {
			s.sheets.ids[x], _ = s.odd.Get(digest)
		}
	}
	return err
}

func (t *sheets) load(p Place, value []byte) error {
	reach, many, err := head(value)
	if err != nil {
		return fmt.Errorf("%s at %s: %w", p.Day, p.Window, err)
	}
	if t.days[p.Day] == nil {
		t.days[p.Day] = map[string]*sheet{}
	}
	t.days[p.Day][p.Window] = &sheet{packed: slices.Clone(value), reach: reach, many: many}
	return nil
}

// daysIn are the days from until, both included, of which there are sheets.
func (s *State) daysIn(from, until hall.Date) (days []hall.Date) {
	for day := range s.sheets.all() {
		if from <= day && day <= until {
			days = append(days, day)
		}
	}
	slices.Sort(days)
	return days
}

// Days are those of which there are sheets, in order.
func (s *State) Days() []hall.Date { return slices.Sorted(s.sheets.all()) }
