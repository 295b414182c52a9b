package attendance

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// Days are the sheets: swipes by day, the revisions of closed days, and which of
// those no longer say what the log says. Make it with NewDays.
type Days struct {
	Ground
	// Revisions are what was made of each closed day, in order; Sheets the sheets
	// themselves, compressed, by day/number.
	Revisions hall.Table[[]wire.SheetRevision]
	Sheets    hall.Shelf
	// Stale are closed days about which something has become known since, and how often.
	Stale hall.Table[int]

	book *index // nil where it must be made again
	// today and the days around it are of the last swipe.
	today, yesterday, tomorrow hall.Date
	packing                    chan packed // nil where no sheet is being compressed
}

// NewDays is what an empty log gives, on the ground of states that somebody else folds.
func NewDays(people *roster.People, pol *policy.State, book *Book, zone *time.Location) *Days {
	return &Days{Ground: Ground{People: people, Policy: pol, Book: book, Swipes: newSwipes(zone), Zone: zone}}
}

// Sheet makes the sheet of a day as it is known now; over is the present on a day
// that is not over, else the zero time.
func (d *Days) Sheet(day hall.Date, over time.Time) wire.Sheet {
	return d.sheet(day, over, d.index())
}

func (d *Days) index() *index {
	if d.book == nil {
		d.book = d.Ground.Book.index()
	}
	return d.book
}

// Index prepares what readers need, so that several may read at a time afterwards.
func (d *Days) Index() {
	d.settle()
	d.index()
}

// Apply folds a record after the ground has. from and until bound the days whose
// ground it has changed, both included; empty where none.
func (d *Days) Apply(r *wire.Record, from, until hall.Date) {
	if r.Agent != "" {
		d.Swipes.fold(r, d.swiped)
		return
	}
	if from != "" {
		d.book = nil
		d.stale(from, until)
	}
	switch r.Kind {
	case wire.KindSwipeJudged:
		var x wire.SwipeJudged
		if read(r, &x) {
			d.Swipes.judge(&x, func(day hall.Date) { d.stale(day, day) })
		}
	case wire.KindDayChecked:
		var x wire.DayChecked
		if read(r, &x) && !d.Revisions.Has(x.Day) {
			d.revise(hall.Date(x.Day), r)
		}
	case wire.KindDayRevised:
		var x wire.DayRevised
		if read(r, &x) && d.Revisions.Has(x.Day) {
			d.revise(hall.Date(x.Day), r)
		}
	}
}

// swiped marks the days to which a swipe of a day may belong.
func (d *Days) swiped(day hall.Date) {
	if day != d.today {
		d.today, d.yesterday, d.tomorrow = day, day.AddDays(-1), day.AddDays(1)
	}
	for _, x := range [3]hall.Date{d.yesterday, day, d.tomorrow} {
		if d.Revisions.Has(string(x)) {
			d.Stale.Change(string(x), count)
		}
	}
}

// stale marks closed days of which there is news. A swipe may belong to the night before.
func (d *Days) stale(from, until hall.Date) {
	from = from.AddDays(-1)
	if until.Sub(from) < 5 {
		for day := from; day <= until; day = day.AddDays(1) {
			if d.Revisions.Has(string(day)) {
				d.Stale.Change(string(day), count)
			}
		}
		return
	}
	for day := range d.Revisions.Each() {
		if from <= hall.Date(day) && hall.Date(day) <= until {
			d.Stale.Change(day, count)
		}
	}
}

func count(n *int) { *n++ }

// revise makes the next revision of a day, where it differs from the last.
func (d *Days) revise(day hall.Date, r *wire.Record) {
	d.Stale.Delete(string(day))
	sheet := d.Sheet(day, time.Time{})
	text, digest := Encode(&sheet)
	before, _ := d.Revisions.Get(string(day))
	rev := wire.SheetRevision{Number: len(before) + 1, At: r.StoredAt, Event: r.Position, Digest: digest}
	if n := len(before); n > 0 {
		if before[n-1].Digest == digest {
			return
		}
		if old, err := d.Revision(day, n); err == nil {
			rev.Changes = Compare(&old, &sheet)
		}
	}
	d.Revisions.Set(string(day), append(before[:len(before):len(before)], rev))
	d.settle()
	d.packing = make(chan packed, 1)
	go func(into chan<- packed) { into <- packed{sheetKey(day, rev.Number), hall.Freeze(text)} }(d.packing)
}

// packed is a sheet that was compressed while later records were folded.
type packed struct {
	key   string
	sheet []byte
}

// settle takes the sheet that is being compressed, if there is one. Readers that
// hold the fold still find none: Index has settled.
func (d *Days) settle() {
	if d.packing != nil {
		p := <-d.packing
		d.packing = nil
		d.Sheets.Set(p.key, p.sheet)
	}
}

// News tells whether a closed day's sheet would now be another one.
func (d *Days) News(day hall.Date) bool {
	all, _ := d.Revisions.Get(string(day))
	if len(all) == 0 {
		return false
	}
	sheet := d.Sheet(day, time.Time{})
	_, digest := Encode(&sheet)
	return digest != all[len(all)-1].Digest
}

// Latest is the newest revision of a closed day; ok is false on an open one.
func (d *Days) Latest(day hall.Date) (rev wire.SheetRevision, ok bool) {
	all, _ := d.Revisions.Get(string(day))
	if len(all) == 0 {
		return rev, false
	}
	return all[len(all)-1], true
}

// Checked is the record that closed a day first; 0 on an open one.
func (d *Days) Checked(day hall.Date) wire.Position {
	all, _ := d.Revisions.Get(string(day))
	if len(all) == 0 {
		return 0
	}
	return all[0].Event
}

// Revision reads a numbered revision back.
func (d *Days) Revision(day hall.Date, number int) (sheet wire.Sheet, err error) {
	d.settle()
	sheetOf, ok := d.Sheets.Get(sheetKey(day, number))
	if !ok {
		return sheet, hall.Unknown("revision_unknown", fmt.Sprintf("%s 没有第 %d 版", day, number), fmt.Sprintf("%s has no revision %d", day, number))
	}
	if err := hall.Thaw(sheetOf, &sheet); err != nil {
		return sheet, fmt.Errorf("read revision %d of %s: %w", number, day, err)
	}
	return sheet, nil
}

// Encode gives a sheet's JSON and the hex SHA-256 of it.
func Encode(s *wire.Sheet) (text []byte, digest string) { return hall.Encode(s) }

func sheetKey(day hall.Date, number int) string { return string(day) + "/" + strconv.Itoa(number) }

func (d *Days) tables() hall.Tables {
	d.settle()
	t := d.Swipes.tables()
	t["revision"], t["sheet"], t["stale"] = &d.Revisions, &d.Sheets, &d.Stale
	return t
}

// Save writes what changed since the last Save.
func (d *Days) Save(put func(string, []byte), remove func(string)) {
	d.Swipes.save(put, remove)
	d.tables().Save(put, remove)
}

// Shelve lets what is of long ago leave memory; fetch reads a key back. It gives the tables of such keys.
func (d *Days) Shelve(fetch func(key string) []byte) hall.Tables {
	return d.tables().Shelve(fetch)
}

// Each gives everything as Save would write it.
func (d *Days) Each(use func(string, []byte)) {
	for day := range d.Swipes.days {
		use(swipesKey+string(day), d.Swipes.encode(day))
	}
	d.tables().Each(use)
}

// Load reads one key back.
func (d *Days) Load(key string, value []byte) error {
	if day, ok := strings.CutPrefix(key, swipesKey); ok {
		return d.Swipes.load(hall.Date(day), value)
	}
	return d.tables().Load(key, value)
}

// Finding looks for a finding of a day as it is known now; over is as for Sheet.
// staff is whom it is about, empty for a window's.
func (d *Days) Finding(day hall.Date, over time.Time, id string) (f wire.Finding, staff string, ok bool) {
	look := func(all []wire.Finding, who string) {
		for i := range all {
			if all[i].ID == id {
				f, staff, ok = all[i], who, true
			}
		}
	}
	sheet := d.Sheet(day, over)
	for i := range sheet.Staff {
		look(sheet.Staff[i].Findings, sheet.Staff[i].Staff)
	}
	for i := range sheet.Windows {
		look(sheet.Windows[i].Findings, "")
	}
	return f, staff, ok
}

// CloseAt is the minute of a day, or of the night after it, from which the day may be
// checked: at closing, but not before the last shift is over and its people have gone.
func (d *Days) CloseAt(day hall.Date, closing hall.Minute) hall.Minute {
	c := d.calc(day, time.Time{}, d.index())
	at := closing
	for _, s := range d.People.Staff.Each() {
		if !s.Here(day) {
			continue
		}
		if end := lastOf(c.spansOf(&s, day)); end > 0 {
			at = max(at, end+late)
		}
		if end := c.boundary(&s, day); end > hall.DayMinutes {
			at = max(at, end)
		}
	}
	return at
}

// Suspected tells whether a day has a suspicion; over is as for Sheet.
func (d *Days) Suspected(day hall.Date, over time.Time, id string) bool {
	sheet := d.Sheet(day, over)
	return slices.ContainsFunc(sheet.Suspects, func(x wire.Suspect) bool { return x.ID == id })
}

// Begins is when somebody with a post was first entered: of the time before it
// nobody can say that a window was empty. ok is false while there is nobody.
func (d *Days) Begins() (begins time.Time, ok bool) {
	for _, s := range d.People.Staff.Each() {
		if len(s.Postings) == 0 {
			continue
		}
		at := s.Since
		if from := s.Postings[0].From.Time(d.Zone); from.After(at) {
			at = from
		}
		if !ok || at.Before(begins) {
			begins, ok = at, true
		}
	}
	return begins, ok
}

// FirstDay is the first day that is checked by itself: the one on which the roster
// was there before work began. Whoever enters that people came years ago, or enters
// them at noon, makes nobody absent by it.
func (d *Days) FirstDay() (first hall.Date, known bool) {
	begins, known := d.Begins()
	if !known {
		return "", false
	}
	first = hall.DateOf(begins, d.Zone)
	c := d.calc(first, time.Time{}, d.index())
	since := hall.MinuteOf(begins, first, d.Zone) - c.minutes("away_grace")
	for _, s := range d.People.Staff.Each() {
		if p := c.planFor(&s, first); s.Here(first) && len(p.expected) > 0 && p.expected[0].From < since {
			return first.AddDays(1), true
		}
	}
	return first, true
}

// Over is the minute at which the last shift of a day is over, with the time in
// which its people may still swipe: midnight, unless somebody works into the night.
func (d *Days) Over(day hall.Date) hall.Minute {
	c := d.calc(day, time.Time{}, d.index())
	over := hall.DayMinutes
	for _, s := range d.People.Staff.Each() {
		if s.Here(day) {
			over = max(over, c.boundary(&s, day))
		}
	}
	return over
}

// Doubtful looks for a swipe that somebody would decide on: whose card it was made
// with, as of its time. The refusals are swipe_unknown, and swipe_certain where its
// time is not in doubt: what is certain is not decided away.
func (d *Days) Doubtful(event string) (staff string, err error) {
	m, days, doubtful := d.Swipes.find(event)
	switch {
	case m.Event == "" || len(days) == 0:
		return "", hall.Unknown("swipe_unknown", "没有这次刷卡", "there is no such swipe")
	case !doubtful && !d.Ground.Book.Judgements.Has(event):
		return "", hall.Refuse("swipe_certain", "这次刷卡的时间没有疑问，不需要也不能认定", "the time of this swipe is not in doubt: there is nothing to decide")
	}
	last := days[len(days)-1]
	staff, _ = d.People.Holder(m.Card, last.Time(d.Zone).Add(12*time.Hour), last)
	return staff, nil
}

// Position is the record that a swipe came with; near is the day that it counts for.
func (d *Days) Position(event string, near hall.Date) (wire.Position, bool) {
	return d.Swipes.position(event, near)
}

// Seen is a swipe, with what was known of card and device at that time: whose it was, and
// at which window; each empty where it was nobody's or at none.
type Seen struct {
	At            time.Time
	Staff, Window string
}

// Newest is the last swipe of all, and the last of somebody's card at a window; nil where there is none.
func (d *Days) Newest() (last, known *Seen) {
	for _, day := range slices.Backward(slices.Sorted(maps.Keys(d.Swipes.days))) {
		list := d.Swipes.on(day)
		for i := len(list) - 1; i >= 0; i-- {
			sw := &list[i]
			x := Seen{At: time.UnixMilli(sw.at).In(d.Zone)}
			x.Staff, _ = d.People.Holder(*sw.card, x.At, day)
			x.Window = d.People.WindowOf(sw.agent.agent, x.At)
			if last == nil {
				last = &x
			}
			if x.Staff != "" && x.Window != "" {
				return last, &x
			}
		}
	}
	return last, nil
}
