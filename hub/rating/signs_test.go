package rating

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"hallkeeper/wire"
)

// habit is how the ratings at one person's window come about.
type habit struct {
	name string
	// cheats: somebody else than the citizens presses.
	cheats bool
	// minutes is the median of a visit, presses how many citizens press, top how many of them 5.
	minutes, presses, top float64
	// play is how often a day somebody plays with the buttons while nobody is served.
	play float64
	// guards presses 5 for so many visits before the citizen can, starts right
	// after the beginning of so many; fills presses 5 for so many of those that were not rated.
	guards, starts, fills float64
	// handsOut is how often a day a group comes for papers, one after the other;
	// batches how often visits are made up and rated in a row, idles how often
	// somebody presses while nobody is served.
	handsOut, batches, idles float64
}

// habits are what people at windows are like; each is drawn with some chance.
func habits(r *rand.Rand) habit {
	between := func(a, b float64) float64 { return a + r.Float64()*(b-a) }
	h := habit{name: "ordinary", minutes: between(4, 11), presses: between(0.3, 0.85), top: between(0.6, 0.93), play: between(0, 0.4)}
	switch r.IntN(20) {
	case 0, 1:
		h.name, h.presses, h.top = "excellent", between(0.8, 0.93), between(0.93, 0.98)
	case 2, 3:
		h.name, h.minutes = "quick", between(1, 2)
	case 4:
		h.name, h.presses, h.top = "seldom rated", between(0.02, 0.2), between(0.3, 0.9)
	case 5:
		h.name, h.play = "beside the playground", between(0.8, 2)
	case 6:
		h.name, h.cheats, h.guards = "guards", true, between(0.93, 1)
	case 7:
		h.name, h.cheats, h.starts = "starts", true, between(0.2, 0.9)
	case 8:
		h.name, h.cheats, h.batches = "batches", true, between(0.3, 1.5)
	case 9:
		h.name, h.cheats, h.idles = "idles", true, between(4, 14)
	case 11:
		h.name, h.handsOut = "hands papers out", between(0.5, 2)
	case 10:
		h.name, h.cheats, h.fills = "fills", true, between(0.5, 1)
	}
	return h
}

// month is what people did in a month at their windows.
type month struct {
	log
	r      *rand.Rand
	visits int
	people map[string]habit // by window; the person is called like it
}

func newMonth(t tester, seed uint64, people int) *month {
	m := &month{r: rand.New(rand.NewPCG(seed, 6)), people: map[string]habit{}}
	m.log.t = t
	first := time.Date(2026, 11, 2, 8, 0, 0, 0, zone)
	for p := range people {
		window := fmt.Sprintf("w%03d", p)
		m.people[window] = habits(m.r)
		m.hub(first, "", wire.KindDeviceAssigned, wire.DeviceAssigned{Agent: "d" + window, Window: window})
		for d := range 28 {
			if d%7 < 5 {
				m.day(first.AddDate(0, 0, d), window, m.people[window])
			}
		}
	}
	m.inOrder()
	return m
}

func (m *month) chance(p float64) bool { return m.r.Float64() < p }

// seconds gives a time that is mostly around a median.
func (m *month) seconds(median, spread float64) time.Duration {
	return time.Duration(median * math.Exp(m.r.NormFloat64()*spread) * float64(time.Second))
}

// day is one day at a window: visit after visit from eight to twelve and from half past two to six.
func (m *month) day(begin time.Time, window string, h habit) {
	halves := [2][2]time.Time{{begin.Add(30 * time.Minute), begin.Add(4 * time.Hour)}, {begin.Add(390 * time.Minute), begin.Add(10 * time.Hour)}}
	for _, half := range halves {
		at := half[0]
		for at.Before(half[1]) {
			gap := m.seconds(50, 0.8)
			for range m.times(h.idles / 60) { // a day has about sixty gaps
				m.press(at.Add(gap/2), window, 5)
			}
			if m.chance(h.play / 60) {
				for i := range 1 + m.r.IntN(6) {
					m.press(at.Add(gap/2+time.Duration(i)*1500*time.Millisecond), window, 1+m.r.IntN(5))
				}
			}
			if at = at.Add(gap); m.chance(h.batches / 60) {
				for range 5 + m.r.IntN(8) {
					at = m.made(at, window)
				}
				continue
			}
			if m.chance(h.handsOut / 60) {
				group := h
				group.minutes = 0.6
				for range 4 + m.r.IntN(6) {
					at = m.visit(at.Add(m.seconds(6, 0.3)), window, group)
				}
				continue
			}
			at = m.visit(at, window, h)
		}
	}
}

func (m *month) times(mean float64) int {
	n := 0
	for p := math.Exp(-mean); m.r.Float64() > p; n++ {
		p += math.Exp(-mean) * math.Pow(mean, float64(n+1)) / math.Gamma(float64(n+2))
	}
	return n
}

func (m *month) begin(at time.Time, window string) string {
	m.visits++
	id := fmt.Sprintf("v%d", m.visits)
	m.hub(at, "", wire.KindVisitStarted, wire.VisitStarted{Visit: id, Ticket: "t" + id, Window: window, Staff: "s" + window})
	return id
}

func (m *month) end(at time.Time, id, window string) {
	m.hub(at, "", wire.KindVisitFinished, wire.VisitFinished{Visit: id, Ticket: "t" + id, Window: window, Outcome: "done"})
}

func (m *month) press(at time.Time, window string, level int) {
	m.device(at, wire.Event{At: at, Agent: "d" + window, Kind: wire.KindRatingPressed}, wire.RatingPressed{Level: level})
}

// made is a visit of nobody.
func (m *month) made(at time.Time, window string) time.Time {
	id := m.begin(at, window)
	m.press(at.Add(m.seconds(6, 0.3)), window, 5)
	at = at.Add(m.seconds(14, 0.3))
	m.end(at, id, window)
	return at.Add(m.seconds(5, 0.3))
}

// visit is one that there was.
func (m *month) visit(at time.Time, window string, h habit) time.Time {
	id := m.begin(at, window)
	long := max(m.seconds(h.minutes*60, 0.6), 15*time.Second)
	over := at.Add(long)
	citizen := m.chance(h.presses)
	level := 5
	if !m.chance(h.top) {
		level = []int{4, 4, 4, 3, 3, 2, 1}[m.r.IntN(7)]
	}
	switch {
	case m.chance(h.starts):
		m.press(at.Add(m.seconds(4, 0.4)), window, 5)
	case m.chance(h.guards):
		m.press(over.Add(-m.seconds(20, 0.5)), window, 5)
	case citizen && m.chance(0.01): // a child on the arm
		m.press(at.Add(time.Duration(m.r.Float64()*float64(long))), window, 1+m.r.IntN(5))
	case citizen:
		when := over.Add(m.seconds(15, 0.6) - min(25*time.Second, long/2))
		m.press(when, window, level)
		if m.chance(0.03) {
			m.press(when.Add(m.seconds(2, 0.3)), window, level)
		}
	case m.chance(h.fills):
		m.press(over.Add(m.seconds(8, 0.4)), window, 5)
	}
	m.end(over, id, window)
	return over
}

// tally says how good signs are.
type tally struct {
	cheats, found, honest, blamed, signs, right int
	// by habit: how many there were, and how many of them had a sign.
	were, had map[string]int
	kinds     map[SignKind][2]int // signs, and those about who cheats
}

func measure(t tester, seeds []uint64) tally {
	y := tally{were: map[string]int{}, had: map[string]int{}, kinds: map[SignKind][2]int{}}
	for _, seed := range seeds {
		m := newMonth(t, seed, 60)
		v := m.folded(0)
		signed := map[string]bool{}
		for _, x := range v.Signs("2026-11-01", "2026-11-30") {
			h := m.people[x.Window]
			y.signs++
			k := y.kinds[x.Kind]
			k[0]++
			if h.cheats {
				y.right++
				k[1]++
			}
			y.kinds[x.Kind] = k
			signed[x.Window] = true
		}
		for window, h := range m.people {
			y.were[h.name]++
			if signed[window] {
				y.had[h.name]++
			}
			if h.cheats {
				y.cheats++
				if signed[window] {
					y.found++
				}
			} else if y.honest++; signed[window] {
				y.blamed++
			}
		}
	}
	return y
}

func (y *tally) precision() float64 { return float64(y.right) / float64(max(y.signs, 1)) }
func (y *tally) ofWindows() float64 { return float64(y.found) / float64(max(y.found+y.blamed, 1)) }
func (y *tally) recall() float64    { return float64(y.found) / float64(max(y.cheats, 1)) }

func (y *tally) table() string {
	var b strings.Builder
	b.WriteString("| Habit | Cheats | Windows | With a sign |\n|---|---|---|---|\n")
	names := make([]string, 0, len(y.were))
	for name := range y.were {
		names = append(names, name)
	}
	slices.Sort(names)
	cheats := []string{"guards", "starts", "batches", "idles", "fills"}
	for _, name := range names {
		word := "no"
		if slices.Contains(cheats, name) {
			word = "yes"
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d |\n", name, word, y.were[name], y.had[name])
	}
	b.WriteString("\n| Sign | Signs | About who cheats | Precision |\n|---|---|---|---|\n")
	for _, kind := range SignKinds() {
		k := y.kinds[kind]
		fmt.Fprintf(&b, "| %s | %d | %d | %.3f |\n", kind, k[0], k[1], float64(k[1])/float64(max(k[0], 1)))
	}
	fmt.Fprintf(&b, "| all | %d | %d | %.3f |\n\nOf the windows with a sign somebody cheats at 准确率: %d of %d, %.3f.\nOf the windows where somebody cheats there is a sign 召回率: %d of %d, %.3f.\n",
		y.signs, y.right, y.precision(), y.found, y.found+y.blamed, y.ofWindows(), y.found, y.cheats, y.recall())
	return b.String()
}

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the tables of docs anew")
	flag.Parse()
	os.Exit(m.Run())
}

func update() bool { return flag.Lookup("update").Value.String() == "true" }

// heldOut are seeds that were looked at only after the numbers of the policy had been chosen, by seeds 1 to 3.
func heldOut() []uint64 { return []uint64{101, 102, 103} }

// TestSignsOnSeedsThatWereHeldOut measures how many signs are about who cheats,
// and of how many of these there is a sign; docs/rating-signs.md keeps what it prints.
func TestSignsOnSeedsThatWereHeldOut(t *testing.T) {
	if testing.Short() {
		t.Skip("months of sixty windows")
	}
	y := measure(t, heldOut())
	t.Logf("\n%s", y.table())
	if y.precision() < 0.9 || y.ofWindows() < 0.9 {
		t.Errorf("precision is %.3f, of windows %.3f; less than 0.9", y.precision(), y.ofWindows())
	}
	if y.recall() < 0.6 {
		t.Errorf("recall is %.3f, less than 0.6", y.recall())
	}
	const doc = "../../docs/rating-signs.md"
	text, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	before, _, found := strings.Cut(string(text), "| Habit |")
	_, after, more := strings.Cut(string(text), "there is a sign 召回率: ")
	_, after, _ = strings.Cut(after, "\n")
	if want := before + y.table() + after; !found || !more || string(text) != want {
		if !update() {
			if runtime.GOARCH != "amd64" {
				return // others round sums of products differently
			}
			t.Fatalf("%s does not hold this table; go test ./hub/rating -update writes it", doc)
		}
		if err := os.WriteFile(doc, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSignsByHand has a sign of each kind, and beside it what is just none.
func TestSignsByHand(t *testing.T) {
	rules := SignRules{Burst: 3, BurstWithin: 60 * second, Streak: 5, StreakUnrated: 1, Early: 2, EarlyWithin: 10 * second, EarlyOf: 3, Idle: 2, IdleApart: 60 * second, IdleAfter: 15 * second}
	at := int64(0)
	// visit is one of so many seconds, rated so long after its beginning; level 0 is not.
	visit := func(id string, long, after int64, level int) JudgedVisit {
		at += 600 * second
		v := JudgedVisit{Visit: Visit{Place: Place{"2026-11-23", "w1"}, ID: id, Spans: []Span{{Window: "w1", Staff: "zhang", From: at, Until: at + long*second}}}, Level: level}
		if v.By = v.Spans[0]; level > 0 {
			v.Rating, v.RatedAt, v.Source = "r"+id, at+after*second, wire.RatingButton
		}
		return v
	}
	near := func(all ...JudgedVisit) []JudgedVisit { // all within a minute
		for i := range all {
			all[i].RatedAt = all[0].RatedAt + int64(i)*30*second
			all[i].By.From = all[i].RatedAt - 50*second
		}
		return all
	}
	press := func(id string, at int64, why Why, of string) JudgedPress {
		return JudgedPress{Press: Press{Place: Place{"2026-11-23", "w1"}, ID: id, At: at, Agent: "d1"}, State: Invalid, Why: why, Of: of}
	}
	idled := visit("a", 100, 50, 4)
	end := idled.Spans[0].Until
	for _, c := range []struct {
		name    string
		visits  []JudgedVisit
		presses []JudgedPress
		want    string
	}{
		{"three within a minute", near(visit("a", 100, 50, 4), visit("b", 100, 50, 5), visit("c", 100, 50, 5)), nil, "burst 3/3 ra rb rc;"},
		{"two within a minute", near(visit("a", 100, 50, 4), visit("b", 100, 50, 5)), nil, ""},
		{"five 5s and one unrated", []JudgedVisit{visit("a", 100, 50, 5), visit("b", 100, 50, 5), visit("c", 100, 0, 0), visit("d", 100, 50, 5), visit("e", 100, 50, 5), visit("f", 100, 50, 5), visit("g", 100, 50, 4)}, nil, "streak 5/6 ra rb rd re rf;"},
		{"a 4 between", []JudgedVisit{visit("a", 100, 50, 5), visit("b", 100, 50, 5), visit("c", 100, 50, 4), visit("d", 100, 50, 5), visit("e", 100, 50, 5), visit("f", 100, 50, 5)}, nil, ""},
		{"two unrated between", []JudgedVisit{visit("a", 100, 50, 5), visit("b", 100, 0, 0), visit("c", 100, 50, 5), visit("d", 100, 0, 0), visit("e", 100, 50, 5), visit("f", 100, 50, 5), visit("g", 100, 50, 5)}, nil, ""},
		{"the first unrated one left off", []JudgedVisit{visit("x", 100, 0, 0), visit("a", 100, 50, 5), visit("b", 100, 50, 5), visit("c", 100, 50, 5), visit("d", 100, 0, 0), visit("e", 100, 50, 5), visit("f", 100, 50, 5)}, nil, "streak 5/6 ra rb rc re rf;"},
		{"two of six right after the beginning", []JudgedVisit{visit("a", 100, 5, 3), visit("b", 100, 9, 4), visit("c", 100, 50, 4), visit("d", 100, 50, 4), visit("e", 100, 50, 4), visit("f", 100, 11, 4)}, nil, "early 2/6 ra rb;"},
		{"two of seven", []JudgedVisit{visit("a", 100, 5, 3), visit("b", 100, 9, 4), visit("c", 100, 50, 4), visit("d", 100, 50, 4), visit("e", 100, 50, 4), visit("f", 100, 11, 4), visit("g", 100, 50, 4)}, nil, ""},
		{"twice when nobody was served", nil, []JudgedPress{press("p", 0, NoVisit, ""), press("q", 60*second, TooLate, "")}, "idle 2/2 p q;"},
		{"a child that presses four times", nil, []JudgedPress{press("p", 0, NoVisit, ""), press("q", second, NoVisit, ""), press("r", 2*second, NoVisit, ""), press("s", 3*second, NoVisit, "")}, ""},
		{"once more after everybody had gone", []JudgedVisit{idled}, []JudgedPress{press("p", end+16*second, Doubled, "a"), press("q", end+90*second, Doubled, "a")}, "idle 2/2 p q;"},
		{"once more while still there", []JudgedVisit{idled}, []JudgedPress{press("p", end+15*second, Doubled, "a"), press("q", end+90*second, Doubled, "a")}, ""},
		{"a stuck button is no sign", nil, []JudgedPress{press("p", 0, Stuck, ""), press("q", 90*second, Stuck, "")}, ""},
	} {
		for range 3 { // in any order
			got := ""
			for _, x := range Signs(c.visits, c.presses, rules) {
				got += fmt.Sprintf("%s %d/%d %s;", x.Kind, x.Count, x.Of, strings.Join(x.Ratings, " "))
			}
			if got != c.want {
				t.Errorf("%s: %q, not %q", c.name, got, c.want)
			}
			slices.Reverse(c.visits)
			slices.Reverse(c.presses)
		}
	}
}

// What a citizen says by phone, and what was taken out, is no sign.
func TestPhonesAreNoSign(t *testing.T) {
	rules := SignRules{Burst: 2, BurstWithin: dayMS, Streak: 2, StreakUnrated: 1, Early: 1, EarlyWithin: dayMS, EarlyOf: 1, Idle: 1, IdleApart: 1}
	three := func(change func(*JudgedVisit)) (all []JudgedVisit) {
		for i := range 3 {
			v := JudgedVisit{Visit: Visit{ID: fmt.Sprint(i), Spans: []Span{{Staff: "zhang", From: 1, Until: 2}}}, Level: 5, RatedAt: 2, Source: wire.RatingTablet}
			v.By = v.Spans[0]
			change(&v)
			all = append(all, v)
		}
		return all
	}
	if n := len(Signs(three(func(*JudgedVisit) {}), nil, rules)); n != 3 {
		t.Errorf("the tablet's are %d signs, not 3", n)
	}
	if n := len(Signs(three(func(v *JudgedVisit) { v.Source = wire.RatingPhone }), nil, rules)); n != 0 {
		t.Errorf("the phone's are %d signs", n)
	}
	if n := len(Signs(three(func(v *JudgedVisit) { v.Excluded = true }), nil, rules)); n != 0 {
		t.Errorf("excluded ones are %d signs", n)
	}
}
