package rating

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// TestFixtures plays every case of testdata; its README tells how to read them.
func TestFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no fixtures: %v", err)
	}
	rules := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases(t, filepath.Base(file), string(text)) {
			t.Run(c.title, func(t *testing.T) {
				c.t = t
				c.play()
				for why := range c.whys {
					rules[why] = true
				}
			})
		}
	}
	for _, want := range Reasons() {
		if !rules[string(want)] {
			t.Errorf("no fixture expects a press to be %s", want)
		}
	}
	for _, want := range []Result{Open, Rated, Unrated, Passed, Excluded} {
		if !rules[string(want)] {
			t.Errorf("no fixture expects a visit to be %s", want)
		}
	}
}

// script is one case.
type script struct {
	log
	t     *testing.T
	title string
	lines []line
	day   hall.Date
	now   time.Time
	// visits are windows and tickets by visit.
	visits map[string]string
	days   map[string]hall.Date
	whys   map[string]bool
}

type line struct {
	at   string // file and number
	text string
}

func cases(t *testing.T, file, text string) (all []*script) {
	for i, l := range strings.Split(text, "\n") {
		l, _, _ = strings.Cut(l, "#")
		if l = strings.TrimSpace(l); l == "" {
			continue
		}
		if title, ok := strings.CutPrefix(l, "case "); ok {
			all = append(all, &script{title: title, visits: map[string]string{}, days: map[string]hall.Date{}, whys: map[string]bool{}})
			continue
		}
		if len(all) == 0 {
			t.Fatalf("%s:%d: a case is expected first", file, i+1)
		}
		c := all[len(all)-1]
		c.lines = append(c.lines, line{fmt.Sprintf("%s:%d", file, i+1), l})
	}
	return all
}

// words are the words of a statement, and its key=value pairs.
type words struct {
	plain []string
	keys  map[string]string
}

func split(text string) words {
	w := words{keys: map[string]string{}}
	for _, f := range strings.Fields(text) {
		if k, v, ok := strings.Cut(f, "="); ok {
			w.keys[k] = v
		} else {
			w.plain = append(w.plain, f)
		}
	}
	return w
}

func (w *words) next() string {
	if len(w.plain) == 0 {
		return ""
	}
	x := w.plain[0]
	w.plain = w.plain[1:]
	return x
}

func (c *script) play() {
	c.log.t = c.t
	var expected []line
	for _, l := range c.lines {
		if rest, ok := strings.CutPrefix(l.text, "expect "); ok {
			expected = append(expected, line{l.at, rest})
			continue
		}
		c.statement(l)
	}
	c.inOrder()
	c.same()
	if c.now.IsZero() {
		c.now = time.Date(2100, 1, 1, 0, 0, 0, 0, zone)
	}
	v := c.folded(0)
	for _, l := range expected {
		c.expect(v, l)
	}
	checkTotals(c.t, v, c.now)
}

// clock reads 09:00, 09:00:05, 24:10 or 2026-11-24T09:00:05.
func (c *script) clock(l line, text string) time.Time {
	day := c.day
	if d, rest, ok := strings.Cut(text, "T"); ok {
		day, text = hall.Date(d), rest
	}
	at := day.Time(zone)
	for i, part := range strings.Split(text, ":") {
		n, err := strconv.ParseFloat(part, 64)
		if err != nil || i > 2 || at.IsZero() {
			c.t.Fatalf("%s: %q is no time", l.at, text)
		}
		at = at.Add(time.Duration(n * float64([]time.Duration{time.Hour, time.Minute, time.Second}[i])))
	}
	return at
}

func (c *script) statement(l line) {
	w := split(l.text)
	first := w.next()
	begin := c.day.Time(zone)
	switch first {
	case "day":
		c.day = hall.Date(w.next())
		if !c.day.Valid() {
			c.t.Fatalf("%s: no day", l.at)
		}
	case "now":
		c.now = c.clock(l, w.next())
	case "service":
		c.hub(begin, "", wire.KindServiceSet, wire.ServiceSet{Service: w.next(), Department: w.next()})
	case "device":
		c.hub(begin, "", wire.KindDeviceAssigned, wire.DeviceAssigned{Agent: w.next(), Window: w.next()})
	case "parameter":
		name := w.next()
		n, err := strconv.ParseFloat(w.next(), 64)
		if err != nil {
			c.t.Fatalf("%s: %v", l.at, err)
		}
		c.hub(begin, "", wire.KindParameterSet, wire.ParameterSet{Name: name, Value: n, From: string(c.day), Reference: "test"})
	default:
		c.timed(l, c.clock(l, first), w)
	}
}

// timed is a statement that begins with a time.
func (c *script) timed(l line, at time.Time, w words) {
	verb := w.next()
	id := w.next()
	ticket := func() string { return "t" + id }
	switch verb {
	case "visit": // ID WINDOW STAFF
		window, staff := w.next(), w.next()
		if service := w.keys["service"]; service != "" {
			c.hub(at, "", wire.KindTicketIssued, wire.TicketIssued{Ticket: ticket(), Number: id, Service: service, Day: string(hall.DateOf(at, zone))})
		}
		c.visits[id], c.days[id] = window, hall.DateOf(at, zone)
		c.hub(at, "", wire.KindVisitStarted, wire.VisitStarted{Visit: id, Ticket: ticket(), Window: window, Staff: staff})
	case "end": // ID OUTCOME
		outcome := w.next()
		c.hub(at, "", wire.KindVisitFinished, wire.VisitFinished{Visit: id, Ticket: ticket(), Window: c.visits[id], Outcome: outcome, Service: w.keys["service"]})
	case "hold":
		c.hub(at, "", wire.KindTicketHeld, wire.TicketHeld{Ticket: ticket(), Window: c.visits[id]})
	case "resume": // ID WINDOW STAFF
		c.hub(at, "", wire.KindTicketResumed, wire.TicketResumed{Ticket: ticket(), Window: w.next(), Staff: w.next()})
	case "paper": // ID WINDOW STAFF called=T until=T: entered at this moment, of the day of its call
		clock := func(key string) time.Time { return c.clock(l, w.keys[key]) }
		called := clock("called")
		window, staff := w.next(), w.next()
		c.visits[id], c.days[id] = window, hall.DateOf(called, zone)
		c.hub(at, "", wire.KindVisitEntered, wire.VisitEntered{Visit: id, Paper: id, Day: string(c.days[id]), Window: window, Staff: staff, Service: w.keys["service"],
			Taken: called, Called: &called, Ended: clock("until"), End: "finished", Outcome: "done"})
	case "takeback": // ID
		c.hub(at, "", wire.KindVisitWithdrawn, wire.VisitWithdrawn{Visit: id, Day: string(c.days[id])})
	case "exclude", "propose": // ID
		c.hub(at, "", wire.KindExclusionProposed, wire.ExclusionProposed{Exclusion: "x" + id, Visit: id, Window: c.visits[id], Day: string(c.days[id]), Why: "mistaken"})
		if verb == "exclude" {
			c.hub(at, "", wire.KindExclusionDecided, wire.ExclusionDecided{Exclusion: "x" + id, Visit: id, Window: c.visits[id], Day: string(c.days[id]), Approved: true})
		}
	case "assign": // DEVICE WINDOW
		c.hub(at, "", wire.KindDeviceAssigned, wire.DeviceAssigned{Agent: id, Window: w.next()})
	default:
		c.came(l, at, verb, id, w)
	}
}

// came are the statements about what comes from devices and screens.
func (c *script) came(l line, at time.Time, verb, id string, w words) {
	stored := at
	if d := w.keys["deliver"]; d != "" {
		stored = c.clock(l, d)
	}
	e := wire.Event{ID: id, At: at, Boot: w.keys["boot"]}
	if w.keys["clock"] == "unsynced" {
		e.Clock = wire.ClockUnsynced
	}
	if d := w.keys["dated"]; d != "" {
		e.At = c.clock(l, d)
	}
	if up := w.keys["up"]; up != "" {
		n, _ := strconv.ParseInt(up, 10, 64)
		e.UptimeMS = n * 1000
	}
	level := func() int {
		n, err := strconv.Atoi(w.next())
		if err != nil {
			c.t.Fatalf("%s: no level", l.at)
		}
		return n
	}
	switch verb {
	case "press": // ID DEVICE LEVEL
		e.Agent, e.Kind = w.next(), wire.KindRatingPressed
		c.device(stored, e, wire.RatingPressed{Level: level()})
	case "stuck": // DEVICE LEVEL SECONDS
		e.ID, e.Agent, e.Kind = "", id, wire.KindInputStuck
		input := "rating" + w.next()
		held := level()
		c.device(stored, e, wire.InputStuck{Input: input, HeldMS: int64(held) * 1000})
	case "started": // DEVICE
		e.ID, e.Agent, e.Kind = "", id, wire.KindAgentStarted
		c.device(stored, e, wire.AgentStarted{Version: "1"})
	case "corrected": // DEVICE SECONDS
		e.ID, e.Agent, e.Kind = "", id, wire.KindClockCorrected
		n, err := strconv.ParseInt(w.next(), 10, 64)
		if err != nil {
			c.t.Fatalf("%s: %v", l.at, err)
		}
		c.device(stored, e, wire.ClockCorrected{Boot: e.Boot, OffsetMS: n * 1000})
	case "tablet", "phone": // ID WINDOW LEVEL, or ID VISIT LEVEL
		d := wire.RatingGiven{Window: w.next(), Source: wire.RatingTablet, At: e.At, Doubt: w.keys["doubt"] != "", Visit: w.keys["visit"]}
		if verb == "phone" {
			d.Source, d.Visit = wire.RatingPhone, d.Window
		}
		if d.Level = level(); d.Visit != "" {
			d.Window, d.Day = c.visits[d.Visit], string(c.days[d.Visit])
		} else {
			d.Day = string(hall.DateOf(at, zone))
		}
		c.hub(stored, id, wire.KindRatingGiven, d)
	default:
		c.t.Fatalf("%s: nothing is called %q", l.at, verb)
	}
}

// expect compares one expectation: PRESS STATE [VISIT], VISIT RESULT [LEVEL], or figures WINDOW [day=DAY].
func (c *script) expect(v *view, l line) {
	w := split(l.text)
	subject := w.next()
	if subject == "figures" {
		c.figures(v, l, w)
		return
	}
	want := strings.Join(w.plain, " ")
	for _, x := range w.plain {
		c.whys[x] = true
	}
	for _, sheet := range v.all(c.now) {
		for i := range sheet.Visits {
			x := &sheet.Visits[i]
			if x.ID != subject {
				continue
			}
			got := string(x.Result)
			if x.Level > 0 {
				got += " " + strconv.Itoa(x.Level)
			}
			have := map[string]string{"staff": x.By.Staff, "window": x.By.Window, "service": x.Service, "department": x.Department, "by": x.Rating, "day": string(x.Day)}
			c.compare(l, got, want, have, w.keys)
			return
		}
		for i := range sheet.Presses {
			x := &sheet.Presses[i]
			if x.ID != subject {
				continue
			}
			got := string(x.State)
			if x.Why != "" {
				got += " " + string(x.Why)
			}
			if x.Of != "" {
				got += " " + x.Of
			}
			c.compare(l, got, want, map[string]string{"day": string(sheet.Day), "window": x.Window}, w.keys)
			return
		}
	}
	c.t.Errorf("%s: %s is on no sheet", l.at, subject)
}

func (c *script) compare(l line, got, want string, have, keys map[string]string) {
	if got != want {
		c.t.Errorf("%s: it is %q, not %q", l.at, got, want)
	}
	for key, value := range keys {
		if have[key] != value {
			c.t.Errorf("%s: %s is %q, not %q", l.at, key, have[key], value)
		}
	}
}

func (c *script) figures(v *view, l line, w words) {
	window := w.next()
	n := v.Total(always, evermore, c.now, func(x *Cell) bool { return window == "hall" || x.Window == window })
	have := map[string]int{"visits": n.Visits, "open": n.Open, "passed": n.Passed, "excluded": n.Excluded, "rateable": n.Rateable,
		"pressed": n.Pressed, "unrated": n.Unrated, "corrected": n.Corrected, "invalid": n.Invalid}
	for i, k := range n.Levels {
		have[fmt.Sprint("level_", i+1)] = k
	}
	for key, value := range w.keys {
		if got, ok := have[key]; !ok || strconv.Itoa(got) != value {
			c.t.Errorf("%s: %s is %d, not %s", l.at, key, got, value)
		}
	}
}

// checkTotals checks that the figures add up, sheet by sheet, as cells and all together.
func checkTotals(t tester, v *view, now time.Time) {
	t.Helper()
	var all wire.RatingFigures
	presses := map[string]int{}
	for _, sheet := range v.all(now) {
		n := sheet.Figures
		levels := 0
		for _, k := range n.Levels {
			levels += k
		}
		if n.Pressed+n.Unrated != n.Rateable || n.Rateable+n.Excluded+n.Passed+n.Open != n.Visits || levels != n.Pressed || n.Visits != len(sheet.Visits) {
			t.Fatalf("%s at %s does not add up: %+v", sheet.Day, sheet.Window, n)
		}
		all = Add(all, n)
		for i := range sheet.Presses {
			p := &sheet.Presses[i]
			if presses[p.ID]++; presses[p.ID] > 1 {
				t.Errorf("%s at %s has %+v again", sheet.Day, sheet.Window, *p)
			}
			if (p.State == Invalid) != (p.Why != "") || !slices.Contains([]PressState{Counted, Superseded, Invalid}, p.State) {
				t.Fatalf("press %s is %s %s", p.ID, p.State, p.Why)
			}
		}
	}
	for id, n := range presses {
		if n != 1 {
			t.Fatalf("press %s is on %d sheets", id, n)
		}
	}
	if total := v.Total(always, evermore, now, nil); total != all {
		t.Fatalf("the cells give %+v, the sheets %+v", total, all)
	}
}
