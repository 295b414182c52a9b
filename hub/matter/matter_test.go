package matter

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/queue"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

type tester interface {
	Helper()
	Fatalf(string, ...any)
}

// desk is a hall with one window and a log: what is decided is folded at once.
type desk struct {
	State
	line queue.State
	hall roster.Hall
	now  time.Time
	log  []wire.Record
	made int
}

var zone = time.FixedZone("CST", 8*3600)

const phone = "c1:somebody"

func newDesk(t tester, day string) *desk {
	t.Helper()
	p, err := newPolicy()
	if err != nil {
		t.Fatalf("%v", err)
	}
	d := &desk{hall: roster.Hall{Windows: &roster.State{}, People: &roster.People{}, Policy: p}}
	d.on(t, day)
	d.enter(t, wire.KindWindowSet, wire.WindowSet{Window: "w1", Number: "1", Name: "1"}, nil)
	d.enter(t, wire.KindDepartmentSet, wire.DepartmentSet{Department: "civil", Name: "民政局"}, nil)
	d.enter(t, wire.KindServiceSet, wire.ServiceSet{Service: "a", Name: "婚姻登记", Department: "civil", Prefix: "A", Windows: []string{"w1"},
		Documents: []string{"身份证", "户口簿"}, PromisedDays: 5, LegalDays: 10}, nil)
	return d
}

func (d *desk) on(t tester, day string) {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", day+" 10:00", zone)
	if err != nil {
		t.Fatalf("%v", err)
	}
	d.now = at
}

func (d *desk) today() hall.Date { return hall.DateOf(d.now, zone) }

func (d *desk) enter(t tester, kind wire.Kind, data any, personal []wire.Sealed) {
	t.Helper()
	body, err := json.Marshal(data)
	if err != nil {
		t.Fatalf("%v", err)
	}
	r := wire.Record{Position: wire.Position(len(d.log) + 1), StoredAt: d.now, Event: wire.Event{ID: fmt.Sprintf("e%d", len(d.log)+1), At: d.now, Kind: kind, Data: body, Personal: personal}}
	d.log = append(d.log, r)
	matters := d.Fold(&r)
	if !d.line.Fold(&r) && !matters {
		d.hall.Windows.Fold(&r)
		d.hall.People.Fold(&r)
	}
}

func (d *desk) do(t tester, cmd any) error {
	t.Helper()
	d.made++
	m := hall.Moment{Now: d.now, Day: d.today(), Zone: zone, ID: fmt.Sprintf("t%05d", d.made)}
	var drafts []hall.Draft
	var err error
	switch c := cmd.(type) {
	case Command:
		drafts, err = c.DecideMatter(&d.State, &d.line, d.hall, m)
	case queue.Command:
		drafts, err = c.DecideLine(&d.line, d.hall, m)
	}
	for _, x := range drafts {
		var personal []wire.Sealed
		if x.Person != "" {
			personal = []wire.Sealed{{Person: x.Person}}
		}
		d.enter(t, x.Kind, x.Data, personal)
	}
	return err
}

func (d *desk) must(t tester, cmd any) {
	t.Helper()
	if err := d.do(t, cmd); err != nil {
		t.Fatalf("%#v: %v", cmd, err)
	}
}

// visit is one visit from ticket to end.
func (d *desk) visit(t tester, end Finish) {
	t.Helper()
	d.must(t, queue.Take{Service: "a"})
	d.must(t, queue.CallNext{Window: "w1"})
	d.must(t, queue.Start{Window: "w1"})
	end.Window = "w1"
	d.must(t, end)
}

func (d *desk) standing(t tester, number string) Standing {
	t.Helper()
	m, ok := d.Find(number)
	if !ok {
		t.Fatalf("no matter %s", number)
	}
	return m.On(d.hall.Policy.Calendar(), d.today(), 2)
}

func refusal(err error) string {
	var e *hall.Error
	if errors.As(err, &e) {
		return e.Name
	}
	return fmt.Sprint(err)
}

// 63号 第三条: a limit of working days ends on a working day; holidays, weekends
// worked instead and suspensions are in the table. The dates are of 2026's calendar.
func TestALimitEndsOnTheDayThatTheCalendarSays(t *testing.T) {
	p, err := newPolicy()
	if err != nil {
		t.Fatal(err)
	}
	c := p.Calendar()
	for _, x := range []struct {
		says  string
		spans []Span
		limit int
		due   hall.Date
	}{
		{"five working days of a Monday end the next Monday", []Span{{"2026-11-23", ""}}, 5, "2026-11-30"},
		{"accepted on a Friday, the weekend does not count", []Span{{"2026-11-27", ""}}, 1, "2026-11-30"},
		{"Spring Festival 2026 does not count, and the Saturday worked before it does", []Span{{"2026-02-13", ""}}, 1, "2026-02-14"},
		{"two working days of 13 February end after Spring Festival", []Span{{"2026-02-13", ""}}, 2, "2026-02-24"},
		{"the days of a suspension do not count", []Span{{"2026-11-23", "2026-11-24"}, {"2026-12-01", ""}}, 5, "2026-12-07"},
		{"stopped before its end, nobody knows the day", []Span{{"2026-11-23", "2026-11-24"}}, 5, ""},
		{"stopped after its end, the end stays", []Span{{"2026-11-23", "2026-12-10"}}, 5, "2026-11-30"},
		{"resumed on the day of the suspension, nothing is lost", []Span{{"2026-11-23", "2026-11-24"}, {"2026-11-24", ""}}, 5, "2026-11-30"},
		{"no limit, no end", []Span{{"2026-11-23", ""}}, 0, ""},
	} {
		m := Matter{State: Accepted, Spans: x.spans}
		if due, _ := m.Due(c, x.limit); due != x.due {
			t.Errorf("%s: %s, not %s", x.says, due, x.due)
		}
	}
	m := Matter{State: Accepted, Spans: []Span{{"2035-01-02", ""}}}
	if _, guess := m.Due(c, 5); !guess {
		t.Error("the calendar of 2035 is not published, and the end is not marked provisional")
	}
}

func TestAVisitThatIsAcceptedOpensAMatter(t *testing.T) {
	d := newDesk(t, "2026-11-23")
	d.visit(t, Finish{Outcome: queue.OutcomePromised, Missing: []string{"户口簿"}, Citizen: phone})
	last := d.log[len(d.log)-2:]
	if last[0].Kind != wire.KindVisitFinished || last[1].Kind != wire.KindMatterOpened {
		t.Fatalf("the visit ended with %s and %s", last[0].Kind, last[1].Kind)
	}
	m, _ := d.Find("2026-000001")
	if m.State != Accepted || m.GapsDue != "2026-11-30" || len(m.Owed) != 1 || m.Promised != 5 || m.Legal != 10 {
		t.Fatalf("the matter is %+v", m)
	}
	d.visit(t, Finish{Outcome: queue.OutcomeAccepted})
	if x, ok := d.Find("2026-000002"); !ok || x.GapsDue != "" {
		t.Errorf("the second matter is %+v", x)
	}
	d.on(t, "2026-12-01")
	if s := d.standing(t, m.Number); !s.GapsOverdue || !s.Overdue || s.Unlawful || s.Used != 6 {
		t.Errorf("after six working days it stands %+v", s)
	}
	if n := d.Late(d.hall.Policy.Calendar(), d.today()); n != 2 {
		t.Errorf("%d matters are late, not 2", n)
	}
	d.must(t, Supplement{Matter: m.Number, Documents: []string{"户口簿"}})
	if s := d.standing(t, m.Number); s.GapsOverdue {
		t.Error("what was owed has come, and is still overdue")
	}
	d.must(t, Conclude{Matter: m.Number, Result: "granted"})
	d.on(t, "2026-12-31")
	if s := d.standing(t, m.Number); s.Used != 6 {
		t.Errorf("the clock of a concluded matter runs: %d", s.Used)
	}
	if got := refusal(d.do(t, Conclude{Matter: m.Number, Result: "granted"})); got != "matter_concluded" {
		t.Errorf("concluded twice: %s", got)
	}
}

func TestNumbersBeginAnewEachYear(t *testing.T) {
	d := newDesk(t, "2026-12-31")
	d.visit(t, Finish{Outcome: queue.OutcomeAccepted})
	d.on(t, "2027-01-04")
	d.visit(t, Finish{Outcome: queue.OutcomeAccepted})
	if _, ok := d.Find("2027-000001"); !ok {
		t.Error("the first number of 2027 is not 2027-000001")
	}
}

func TestAWrongConclusionIsPutRight(t *testing.T) {
	d := newDesk(t, "2026-11-23")
	d.visit(t, Finish{Outcome: queue.OutcomeAccepted})
	d.must(t, Suspend{Matter: "2026-000001", Why: "hearing", Reason: "听证"})
	d.must(t, Conclude{Matter: "2026-000001", Result: "granted"})
	d.on(t, "2026-11-30")
	d.must(t, Correct{Matter: "2026-000001", What: FixReopened, Reason: "误按"})
	if m, _ := d.Find("2026-000001"); m.State != Suspended || d.standing(t, m.Number).Used != 0 {
		t.Errorf("what was suspended is %s with %d days", m.State, d.standing(t, m.Number).Used)
	}
	d.must(t, Resume{Matter: "2026-000001"})
	d.must(t, Conclude{Matter: "2026-000001", Result: "granted"})
	d.on(t, "2026-12-02")
	d.must(t, Correct{Matter: "2026-000001", What: FixReopened, Reason: "误按"})
	if used := d.standing(t, "2026-000001").Used; used != 2 {
		t.Errorf("the clock of what was never concluded has run %d days, not 2", used)
	}
}

// 63号 第九条, 第十条(四): who comes again for one thing is seen, and so is a second notice.
func TestVisitsForOneThingBelongTogether(t *testing.T) {
	d := newDesk(t, "2026-11-23")
	d.visit(t, Finish{Outcome: queue.OutcomeNotice, Missing: []string{"身份证"}, Citizen: phone})
	d.visit(t, Finish{Outcome: queue.OutcomeNotice, Missing: []string{"户口簿"}, Citizen: phone})
	d.visit(t, Finish{Outcome: queue.OutcomeNotice, Missing: []string{"户口簿"}, Citizen: "c1:another"})
	d.visit(t, Finish{Outcome: queue.OutcomeNotice, Missing: []string{"户口簿"}})
	d.visit(t, Finish{Outcome: queue.OutcomeAccepted, Citizen: phone})
	d.visit(t, Finish{Outcome: queue.OutcomeDone, MatterNumber: "2026-000001", Result: "granted"})
	m, _ := d.Find("2026-000001")
	x, _ := d.Threads.Get(m.Thread)
	if m.State != Concluded || len(x.Visits) != 4 || x.Notices() != 2 {
		t.Errorf("the matter is %s after %d visits with %d notices", m.State, len(x.Visits), x.Notices())
	}
	d.visit(t, Finish{Outcome: queue.OutcomeAccepted, Citizen: phone})
	again, _ := d.Find("2026-000002")
	if x, _ := d.Threads.Get(again.Thread); len(x.Visits) != 1 {
		t.Errorf("another matter of the same citizen counts %d visits", len(x.Visits))
	}
}

func TestWhatAMatterRefuses(t *testing.T) {
	d := newDesk(t, "2026-11-23")
	d.visit(t, Finish{Outcome: queue.OutcomeAccepted})
	n := "2026-000001"
	for says, x := range map[string]struct {
		cmd  Command
		name string
	}{
		"a matter that there is not":        {Conclude{Matter: "2026-999999", Result: "granted"}, "matter_unknown"},
		"a refusal without a reason":        {Conclude{Matter: n, Result: "refused"}, "fields_invalid"},
		"a suspension without a reason":     {Suspend{Matter: n, Why: "hearing"}, "fields_invalid"},
		"going on with what runs":           {Resume{Matter: n}, "matter_not_suspended"},
		"a document that nobody asks for":   {Supplement{Matter: n, Documents: []string{"房产证"}}, "fields_invalid"},
		"opening what is open":              {Correct{Matter: n, What: FixReopened, Reason: "误按"}, "matter_open"},
		"a promise that is longer than law": {Correct{Matter: n, What: FixLimits, Promised: 9, Legal: 5, Reason: "误填"}, "fields_invalid"},
	} {
		if got := refusal(d.do(t, x.cmd)); got != x.name {
			t.Errorf("%s: %s, not %s", says, got, x.name)
		}
	}
}

func content(s *State) map[string]string {
	all := map[string]string{}
	s.Tables().Each(func(key string, value []byte) { all[key] = string(value) })
	return all
}

// TestMattersCountOn drives random commands around Spring Festival: the days of
// a matter never go back, numbers are its own, and the log gives the same again.
func TestMattersCountOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(t, "2026-02-09")
		used, opened := map[string]int{}, 0
		number := func(t *rapid.T) string {
			return fmt.Sprintf("2026-%06d", rapid.IntRange(1, max(1, opened)).Draw(t, "matter"))
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				numbers := map[string]bool{}
				for _, m := range d.Matters.Each() {
					if numbers[m.Number] {
						t.Fatalf("two matters are called %s", m.Number)
					}
					numbers[m.Number] = true
					n, _ := m.Used(d.hall.Policy.Calendar(), d.today())
					if n < used[m.Number] {
						t.Fatalf("%s had used %d days and now %d: %+v", m.Number, used[m.Number], n, m.Spans)
					}
					used[m.Number] = n
				}
				if d.Matters.Len() != opened {
					t.Fatalf("%d matters were opened, %d are there", opened, d.Matters.Len())
				}
			},
			"accept": func(t *rapid.T) {
				opened++
				d.visit(t, Finish{Outcome: queue.OutcomeAccepted, Citizen: rapid.SampledFrom([]string{"", phone}).Draw(t, "citizen")})
			},
			"promise": func(t *rapid.T) {
				opened++
				d.visit(t, Finish{Outcome: queue.OutcomePromised, Missing: []string{"户口簿"}})
			},
			"paper": func(t *rapid.T) {
				from := rapid.IntRange(0, 59).Draw(t, "minute")
				at := func(n int) string { return fmt.Sprintf("08:%02d", n) }
				err := d.do(t, EnterPaper{Day: string(d.today()), Rows: []queue.PaperRow{{Service: "a", Paper: at(from), Window: "w1", Taken: at(from), Called: at(from), Finished: at(from), Outcome: queue.OutcomeAccepted}}})
				if refusal(err) == "<nil>" {
					opened++
				}
			},
			"take back": func(t *rapid.T) {
				for id := range d.line.Papers.All() {
					_ = d.do(t, WithdrawPaper{Visit: id, Reason: "录错"})
				}
			},
			"notice":     func(t *rapid.T) { d.visit(t, Finish{Outcome: queue.OutcomeNotice, Reason: "缺", Citizen: phone}) },
			"supplement": func(t *rapid.T) { _ = d.do(t, Supplement{number(t), []string{"户口簿"}}) },
			"suspend": func(t *rapid.T) {
				_ = d.do(t, Suspend{number(t), rapid.SampledFrom(Causes()).Draw(t, "why"), "演示"})
			},
			"resume":   func(t *rapid.T) { _ = d.do(t, Resume{number(t)}) },
			"conclude": func(t *rapid.T) { _ = d.do(t, Conclude{number(t), "granted", ""}) },
			"reopen":   func(t *rapid.T) { _ = d.do(t, Correct{Matter: number(t), What: FixReopened, Reason: "演示"}) },
			"wait":     func(t *rapid.T) { d.now = d.now.AddDate(0, 0, rapid.IntRange(1, 6).Draw(t, "days")) },
		})
		want := content(&d.State)
		var again, loaded State
		for i := range d.log {
			again.Fold(&d.log[i])
		}
		for key, value := range want {
			if err := loaded.Tables().Load(key, []byte(value)); err != nil {
				t.Fatalf("%v", err)
			}
		}
		if !maps.Equal(content(&again), want) || !maps.Equal(content(&loaded), want) {
			t.Fatalf("folded again or loaded the matters are others")
		}
	})
}

// shippedPolicy is read once for all tests.
var shippedPolicy = sync.OnceValues(policy.New)

func newPolicy() (*policy.State, error) {
	p, err := shippedPolicy()
	if err != nil {
		return nil, err
	}
	return p.Empty()
}
