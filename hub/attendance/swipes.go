package attendance

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// tolerance is how far a device's clock may differ from the hub's, and from
// itself, before a time is doubtful.
const tolerance = 2 * time.Minute

// Doubt says why the time of a swipe is uncertain; empty where it is not.
type Doubt string

// The doubts.
const (
	DoubtUnset  Doubt = "unset"  // the clock had not been set, and was not put right later
	DoubtFuture Doubt = "future" // it was stored before it happened, by the device's clock
	DoubtJump   Doubt = "jump"   // the device's clock was set meanwhile: it does not fit the one of the same boot that the hub has compared
)

// swipe is one swipe of a card. It is small: a hall keeps years of them.
type swipe struct {
	at    int64 // Unix milliseconds, put right where its boot was
	base  int64 // at minus uptime where it came late with a boot; 0 where nothing is to be compared
	event eventID
	card  *string
	agent *source
	doubt uint8 // 1: future
	// position is the record that it came with.
	position wire.Position
}

// eventID is an event's id: the bytes of a UUID, or a digest of what is none.
type eventID [16]byte

// source is what swipes of one boot of one device share.
type source struct {
	agent, boot string
}

// unset is a swipe whose boot had no time yet.
type unset struct {
	At    int64  `json:"at"` // Unix milliseconds of a clock that was not set
	Event string `json:"event"`
	Card  string `json:"card"`
	Agent string `json:"agent"`
	Boot  string `json:"boot"`
	// Lower and Upper bound when it was: after what the device had sent before, before it was stored.
	Lower int64 `json:"lower"`
	Upper int64 `json:"upper"`
	// Position is the record that it came with.
	Position wire.Position `json:"position"`
}

// moved is a swipe on the day on which somebody says that it was.
type moved struct {
	Event string `json:"event"`
	Card  string `json:"card"`
	Agent string `json:"agent"`
	At    string `json:"at"` // hh:mm
}

// atHand is how many days' swipes are laid out; those of days before are on a shelf.
const atHand = 40

// Swipes are all swipes by the civil day on which they were made. The zero
// value is not usable: see newSwipes.
type Swipes struct {
	zone    *time.Location
	days    map[hall.Date][]swipe // those at hand
	dirty   map[hall.Date]bool
	old     hall.Shelf // by day
	cards   map[string]*string
	sources map[source]*source
	// today and begins are of the last answer of dayOf.
	today  hall.Date
	begins int64

	Unset   hall.Table[[]unset] // by boot
	Offsets hall.Table[int64]   // by boot, in milliseconds
	Bases   hall.Table[int64]   // by boot: Unix milliseconds at which it began, as the hub's clock confirms
	Newest  hall.Table[int64]   // by agent: its newest certain time, in Unix milliseconds
	Odd     hall.Table[string]  // by eventID in hex: ids that are no UUID
	// Moved are swipes that somebody has put on a day, by that day.
	Moved hall.Table[[]moved]
	// late are the days of late swipes whose boot the hub's clock has not confirmed, by boot.
	late hall.Table[[]hall.Date]
	// shelved is the last day on which old ones were put away.
	shelved hall.Table[hall.Date]
}

func newSwipes(zone *time.Location) *Swipes {
	return &Swipes{zone: zone, days: map[hall.Date][]swipe{}, dirty: map[hall.Date]bool{}, cards: map[string]*string{}, sources: map[source]*source{}}
}

// fold learns from what a device sent, and calls touched with each day
// whose swipes have changed.
func (s *Swipes) fold(r *wire.Record, touched func(hall.Date)) {
	switch r.Kind {
	case wire.KindClockCorrected:
		s.correct(r, touched)
	case wire.KindCardSwiped, wire.KindAgentStarted:
	default:
		return // presses say nothing that these do not
	}
	s.putAway(r)
	set := r.Clock != wire.ClockUnsynced
	near := r.StoredAt.Sub(r.At).Abs() <= tolerance
	if set && near && r.Boot != "" && r.UptimeMS > 0 && !s.Bases.Has(r.Boot) {
		s.Bases.Set(r.Boot, r.At.UnixMilli()-r.UptimeMS)
		s.compared(r.Boot, touched)
	}
	if r.Kind == wire.KindCardSwiped {
		s.swiped(r, touched)
	}
	// An hour's steps will do: it bounds when swipes without a time may have been.
	if set && !r.At.After(r.StoredAt.Add(tolerance)) {
		if newest, _ := s.Newest.Get(r.Agent); r.At.UnixMilli() > newest+time.Hour.Milliseconds() {
			s.Newest.Set(r.Agent, r.At.UnixMilli())
		}
	}
}

func (s *Swipes) swiped(r *wire.Record, touched func(hall.Date)) {
	token := cardOf(r.Data)
	if token == "" {
		return
	}
	at := r.At.UnixMilli()
	if r.Clock == wire.ClockUnsynced {
		offset, known := s.Offsets.Get(r.Boot)
		if !known {
			lower, _ := s.Newest.Get(r.Agent)
			u := unset{at, r.ID, token, r.Agent, r.Boot, lower, r.StoredAt.UnixMilli(), r.Position}
			if lower == 0 {
				u.Lower = u.Upper - int64(24*time.Hour/time.Millisecond)
			}
			s.Unset.Change(r.Boot, func(all *[]unset) { *all = append(slices.Clone(*all), u) })
			s.eachDay(u.Lower, u.Upper, touched)
			return
		}
		at += offset
	}
	sw := swipe{at: at, event: s.event(r.ID), card: s.card(token), agent: s.source(r.Agent, r.Boot), position: r.Position}
	switch late := r.StoredAt.UnixMilli() - at; {
	case late < -tolerance.Milliseconds():
		sw.doubt = 1
	case late > tolerance.Milliseconds() && r.Boot != "" && r.UptimeMS > 0 && r.Clock != wire.ClockUnsynced:
		sw.base = at - r.UptimeMS
		if day := s.dayOf(at); !s.Bases.Has(r.Boot) {
			if days, _ := s.late.Get(r.Boot); !slices.Contains(days, day) {
				s.late.Set(r.Boot, append(slices.Clone(days), day))
			}
		}
	}
	s.put(sw, touched)
}

// putAway lays the swipes of days long past on the shelf, once a day.
func (s *Swipes) putAway(r *wire.Record) {
	today := s.dayOf(r.StoredAt.UnixMilli())
	if last, _ := s.shelved.Get("day"); today <= last {
		return
	}
	s.shelved.Set("day", today)
	before := today.AddDays(-atHand)
	for day := range s.days {
		if day < before {
			s.old.Set(string(day), s.encode(day))
			delete(s.days, day)
			s.dirty[day] = true
		}
	}
}

// takeDown lays the swipes of a day out again, so that they can be changed.
func (s *Swipes) takeDown(day hall.Date) {
	if row, ok := s.old.Get(string(day)); ok {
		list, err := decodeDay(row, s.card, s.source)
		if err != nil { // the view has checked it
			panic(err)
		}
		s.days[day] = list
		s.old.Delete(string(day))
	}
}

// of gives the swipes of a day, not to be changed, as they came.
func (s *Swipes) of(day hall.Date) []swipe {
	if list, ok := s.days[day]; ok {
		return list
	}
	row, ok := s.old.Get(string(day))
	if !ok {
		return nil
	}
	cards, sources := map[string]*string{}, map[source]*source{}
	list, err := decodeDay(row, func(token string) *string { return once(cards, token) }, func(agent, boot string) *source { return once(sources, source{agent, boot}) })
	if err != nil { // the view has checked it
		panic(err)
	}
	return list
}

// once gives one pointer for equal values.
func once[T comparable](seen map[T]*T, v T) *T {
	if p, ok := seen[v]; ok {
		return p
	}
	seen[v] = &v
	return &v
}

// newestFirst are the days of which there are swipes.
func (s *Swipes) newestFirst() []hall.Date {
	days := slices.Collect(maps.Keys(s.days))
	for day := range s.old.Each() {
		days = append(days, hall.Date(day))
	}
	slices.Sort(days)
	slices.Reverse(days)
	return days
}

// cardOf reads the card of a swipe. Most are as our agents write them and the hub
// masks them; encoding/json reads the others.
func cardOf(data []byte) string {
	const key = `"card":"h1:`
	if i := bytes.Index(data, []byte(key)); i > 0 && bytes.Count(data, []byte{'"'}) == 12 && !bytes.ContainsRune(data, '\\') {
		from := i + len(`"card":"`)
		if n := bytes.IndexByte(data[from:], '"'); n > 0 {
			return string(data[from : from+n])
		}
	}
	var d wire.CardSwiped
	if json.Unmarshal(data, &d) != nil {
		return ""
	}
	return d.Card
}

func (s *Swipes) put(sw swipe, touched func(hall.Date)) {
	day := s.dayOf(sw.at)
	s.takeDown(day)
	s.days[day] = append(s.days[day], sw)
	s.dirty[day] = true
	touched(day)
}

// correct puts the times of a boot right.
func (s *Swipes) correct(r *wire.Record, touched func(hall.Date)) {
	var d wire.ClockCorrected
	if json.Unmarshal(r.Data, &d) != nil || d.Boot == "" {
		return
	}
	s.Offsets.Set(d.Boot, d.OffsetMS)
	waiting, _ := s.Unset.Get(d.Boot)
	s.Unset.Delete(d.Boot)
	for _, u := range waiting {
		s.eachDay(u.Lower, u.Upper, touched)
		s.put(swipe{at: u.At + d.OffsetMS, event: s.event(u.Event), card: s.card(u.Card), agent: s.source(u.Agent, u.Boot), position: u.Position}, touched)
	}
}

// compared looks again at the late swipes of a boot whose clock the hub has compared.
func (s *Swipes) compared(boot string, touched func(hall.Date)) {
	days, _ := s.late.Get(boot)
	for _, day := range days {
		touched(day)
	}
	s.late.Delete(boot)
}

// judge puts a swipe on the day on which somebody says that it was.
func (s *Swipes) judge(d *wire.SwipeJudged, touched func(hall.Date)) {
	for day, list := range s.Moved.All() { // an earlier decision gives way
		if rest := slices.DeleteFunc(slices.Clone(list), func(m moved) bool { return m.Event == d.Event }); len(rest) < len(list) {
			s.Moved.Set(day, rest)
			touched(hall.Date(day))
		}
	}
	m, days, _ := s.find(d.Event)
	for _, day := range days {
		touched(day)
	}
	if m.Event != "" && d.Counts {
		m.At = d.At
		s.Moved.Change(d.Day, func(all *[]moved) { *all = append(slices.Clone(*all), m) })
		touched(hall.Date(d.Day))
	}
}

// find looks for a swipe by its event; days are those on which it is or may be,
// and doubtful tells whether its time is uncertain.
func (s *Swipes) find(event string) (m moved, days []hall.Date, doubtful bool) {
	for _, list := range s.Unset.All() {
		for _, u := range list {
			if u.Event == event {
				s.eachDay(u.Lower, u.Upper, func(d hall.Date) { days = append(days, d) })
				return moved{Event: event, Card: u.Card, Agent: u.Agent}, days, true
			}
		}
	}
	id, _ := smallID(event)
	for _, day := range s.newestFirst() {
		list := s.of(day)
		for i := range list {
			if list[i].event == id {
				return moved{Event: event, Card: *list[i].card, Agent: list[i].agent.agent}, []hall.Date{day}, s.doubt(&list[i]) != ""
			}
		}
	}
	return moved{}, nil, false
}

// position is the record that a swipe came with. Days near the one given are looked at first.
func (s *Swipes) position(event string, near hall.Date) (p wire.Position, ok bool) {
	id, _ := smallID(event)
	look := func(day hall.Date) bool {
		for _, sw := range s.of(day) {
			if sw.event == id {
				p, ok = sw.position, true
			}
		}
		return ok
	}
	if look(near) || look(near.AddDays(-1)) || look(near.AddDays(1)) {
		return p, ok
	}
	for _, list := range s.Unset.Each() {
		for _, u := range list {
			if u.Event == event {
				return u.Position, true
			}
		}
	}
	for _, day := range s.newestFirst() {
		if look(day) {
			return p, ok
		}
	}
	return 0, false
}

// event makes an id small and remembers an odd one; eventText gives it back.
func (s *Swipes) event(id string) eventID {
	e, odd := smallID(id)
	if key := hex.EncodeToString(e[:]); odd && !s.Odd.Has(key) {
		s.Odd.Set(key, id)
	}
	return e
}

// smallID gives the bytes of a UUID, or a digest of an odd id.
func smallID(id string) (e eventID, odd bool) {
	if readUUID(id, &e) {
		return e, false
	}
	digest := sha256.Sum256([]byte(id))
	copy(e[:], digest[:])
	return e, true
}

// readUUID reads the one form that uuidText writes.
func readUUID(id string, e *eventID) bool {
	if len(id) != 36 {
		return false
	}
	n := 0
	for i := 0; i < len(id); {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if id[i] != '-' {
				return false
			}
			i++
			continue
		}
		high, ok1 := nibble(id[i])
		low, ok2 := nibble(id[i+1])
		if !ok1 || !ok2 {
			return false
		}
		e[n] = high<<4 | low
		n, i = n+1, i+2
	}
	return true
}

func nibble(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}

func (s *Swipes) eventText(e eventID) string {
	if s.Odd.Len() > 0 {
		if id, ok := s.Odd.Get(hex.EncodeToString(e[:])); ok {
			return id
		}
	}
	return uuidText(e)
}

func uuidText(e eventID) string {
	var b [36]byte
	hex.Encode(b[:8], e[:4])
	hex.Encode(b[9:13], e[4:6])
	hex.Encode(b[14:18], e[6:8])
	hex.Encode(b[19:23], e[8:10])
	hex.Encode(b[24:], e[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// doubt says whether the time of a swipe is uncertain.
func (s *Swipes) doubt(sw *swipe) Doubt {
	if sw.doubt == 1 {
		return DoubtFuture
	}
	if base, known := s.Bases.Get(sw.agent.boot); sw.base != 0 && known {
		if d := sw.base - base; d > tolerance.Milliseconds() || d < -tolerance.Milliseconds() {
			return DoubtJump
		}
	}
	return ""
}

// on gives, not to be changed, the swipes of a day in the order in which they were made, whatever
// the order in which they came.
func (s *Swipes) on(day hall.Date) []swipe {
	list := s.of(day)
	if !slices.IsSortedFunc(list, inTime) {
		list = slices.Clone(list)
		slices.SortFunc(list, inTime)
	}
	return list
}

// inTime orders swipes by time, and those of one moment always alike.
func inTime(a, b swipe) int {
	if a.at != b.at {
		return cmp.Compare(a.at, b.at)
	}
	return cmp.Or(strings.Compare(a.agent.agent, b.agent.agent), strings.Compare(*a.card, *b.card), bytes.Compare(a.event[:], b.event[:]))
}

// unsetOn gives the swipes without a time that may have been made on a day.
func (s *Swipes) unsetOn(day hall.Date) (all []unset) {
	for _, list := range s.Unset.All() {
		for _, u := range list {
			if s.day(u.Lower) <= day && day <= s.day(u.Upper) {
				all = append(all, u)
			}
		}
	}
	slices.SortFunc(all, func(a, b unset) int { return strings.Compare(a.Event, b.Event) })
	return all
}

func (s *Swipes) card(token string) *string { return once(s.cards, token) }

func (s *Swipes) source(agent, boot string) *source { return once(s.sources, source{agent, boot}) }

func (s *Swipes) day(ms int64) hall.Date { return hall.DateOf(time.UnixMilli(ms), s.zone) }

// dayOf is, for the fold alone, the civil day of a moment. The zone has no summer time, so that days have 24 hours.
func (s *Swipes) dayOf(ms int64) hall.Date {
	const day = int64(24 * time.Hour / time.Millisecond)
	if ms >= s.begins && ms < s.begins+day && s.today != "" {
		return s.today
	}
	s.today = hall.DateOf(time.UnixMilli(ms), s.zone)
	s.begins = s.today.Time(s.zone).UnixMilli()
	return s.today
}

func (s *Swipes) eachDay(lower, upper int64, do func(hall.Date)) {
	last := s.day(upper)
	for i, day := 0, s.day(lower); day <= last && i < 400; i, day = i+1, day.AddDays(1) {
		do(day)
	}
}

// The tables beside the days.
func (s *Swipes) tables() hall.Tables {
	return hall.Tables{"unset": &s.Unset, "offset": &s.Offsets, "base": &s.Bases, "newest": &s.Newest, "odd": &s.Odd, "moved": &s.Moved,
		"old": &s.old, "late": &s.late, "put-away": &s.shelved}
}

const swipesKey = "swipes/"

// save writes the days at hand that changed, each as names and rows of varints.
func (s *Swipes) save(put func(string, []byte), remove func(string)) {
	for day := range s.dirty {
		if _, here := s.days[day]; here {
			put(swipesKey+string(day), s.encode(day))
		} else {
			remove(swipesKey + string(day))
		}
	}
	clear(s.dirty)
}

func (s *Swipes) encode(day hall.Date) []byte {
	var b []byte
	var names []string
	index := map[string]uint64{}
	name := func(v string) uint64 {
		i, ok := index[v]
		if !ok {
			i = uint64(len(names))
			index[v], names = i, append(names, v)
		}
		return i
	}
	var last swipe
	for _, sw := range s.days[day] {
		b = binary.AppendVarint(b, sw.at-last.at)
		b = binary.AppendVarint(b, sw.base)
		b = binary.AppendUvarint(b, name(*sw.card))
		b = binary.AppendUvarint(b, name(sw.agent.agent))
		b = binary.AppendUvarint(b, name(sw.agent.boot))
		b = binary.AppendVarint(b, int64(sw.position)-int64(last.position))
		b = append(append(b, sw.doubt), sw.event[:]...)
		last = sw
	}
	head := binary.AppendUvarint(nil, uint64(len(s.days[day])))
	return append(append(head, strings.Join(names, "\n")...), append([]byte{0}, b...)...)
}

var errDay = errors.New("a day's swipes do not read")

func (s *Swipes) load(day hall.Date, value []byte) error {
	list, err := decodeDay(value, s.card, s.source)
	s.days[day] = list
	return err
}

// decode reads what encode wrote; equal cards and sources are given one pointer each.
func decodeDay(value []byte, card func(string) *string, sourceOf func(agent, boot string) *source) ([]swipe, error) {
	n, used := binary.Uvarint(value)
	head, rows, ok := bytes.Cut(value[max(used, 0):], []byte{0})
	if used <= 0 || !ok {
		return nil, errDay
	}
	names := strings.Split(string(head), "\n")
	failed := false
	signed := func() int64 {
		v, k := binary.Varint(rows)
		if k <= 0 {
			failed = true
			return 0
		}
		rows = rows[k:]
		return v
	}
	word := func() string {
		v, k := binary.Uvarint(rows)
		if k <= 0 || v >= uint64(len(names)) {
			failed = true
			return ""
		}
		rows = rows[k:]
		return names[v]
	}
	var last swipe
	list := make([]swipe, 0, n)
	for range n {
		sw := swipe{at: last.at + signed(), base: signed()}
		sw.card = card(word())
		agent := word()
		sw.agent = sourceOf(agent, word())
		sw.position = wire.Position(int64(last.position) + signed())
		if failed || len(rows) < 1+len(sw.event) {
			return nil, errDay
		}
		sw.doubt = rows[0]
		rows = rows[1+copy(sw.event[:], rows[1:]):]
		list, last = append(list, sw), sw
	}
	return list, nil
}
