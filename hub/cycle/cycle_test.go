package cycle

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/roster"
	"hallkeeper/policies"
	"hallkeeper/wire"
)

var zone = time.FixedZone("", 8*3600)

// desk is a hall's cycle with a clock, whose log can be folded again.
type desk struct {
	State
	archive Archive
	policy  *policy.State
	now     time.Time
	actor   string
	records []wire.Record
	checked map[hall.Date]bool
	appeals []string
	// points are what everybody has, and change what a correction does.
	points float64
}

func newDesk(t interface{ Fatal(...any) }, day hall.Date) *desk {
	p, err := policy.New()
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{policy: p, now: day.Time(zone).Add(9 * time.Hour), actor: "sup", checked: map[hall.Date]bool{}, points: 97}
	d.must(t, wire.KindPolicyAdopted, policy.AdoptPolicy{Text: string(policies.Default()), From: "2020-08-01", Document: "63号"})
	d.must(t, wire.KindPolicyExtended, policy.ExtendPolicy{PolicyExtended: wire.PolicyExtended{Policy: "wuzhengbanfa-2020-63", Version: "1.0.0", From: "2022-08-01", Document: "演示"}})
	return d
}

func (d *desk) must(t interface{ Fatal(...any) }, _ wire.Kind, c policy.Command) {
	drafts, err := c.DecidePolicy(d.policy, d.moment())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range drafts {
		data, err := json.Marshal(x.Data)
		if err != nil {
			t.Fatal(err)
		}
		d.policy.Fold(&wire.Record{Event: wire.Event{Kind: x.Kind, Data: data, At: d.now}, StoredAt: d.now})
	}
}

func (d *desk) moment() hall.Moment {
	return hall.Moment{Now: d.now, Day: hall.DateOf(d.now, zone), Zone: zone, ID: fmt.Sprintf("id-%d", len(d.records)), Actor: wire.Actor{Kind: wire.ActorPerson, ID: d.actor}}
}

func (d *desk) world() World {
	return World{Hall: roster.Hall{Policy: d.policy}, Began: "2026-10-09", Checked: func(day hall.Date) bool { return d.checked[day] },
		CaseAppeals: func(hall.Date, hall.Date) []string { return d.appeals }, StaffOf: func(account string) string {
			if account == "clerk" {
				return "s1"
			}
			return ""
		}}
}

func (d *desk) counted(p assess.Period) Counted {
	return Counted{&assess.Outcome{Period: p, People: []assess.Result{{To: assess.ToPerson, ID: "s1", Points: d.points,
		Findings: []assess.Scored{{Fact: "f1", Rule: "late", To: assess.ToPerson, Subject: "s1", Points: -1}}}}}, wire.Position(len(d.records))}
}

func (d *desk) do(t interface{ Fatal(...any) }, c Command) error {
	drafts, err := c.DecideCycle(&d.State, d.world(), d.moment())
	if err != nil {
		return err
	}
	for _, x := range drafts {
		data, err := json.Marshal(x.Data)
		if err != nil {
			t.Fatal(err)
		}
		r := wire.Record{Position: wire.Position(len(d.records) + 1), StoredAt: d.now, Event: wire.Event{ID: fmt.Sprint("e", len(d.records)), Kind: x.Kind, Data: data, At: d.now, Actor: &wire.Actor{ID: d.actor}}}
		d.records = append(d.records, r)
		d.Fold(&r)
		d.archive.Fold(&r)
	}
	return nil
}

func (d *desk) checkAll(until hall.Date) {
	for day := hall.Date("2026-10-09"); day <= until; day = day.AddDays(1) {
		d.checked[day] = true
	}
}

func content(s *State, a *Archive) map[string]string {
	all := map[string]string{}
	s.Tables().Each(func(key string, value []byte) { all[key] = string(value) })
	a.Tables().Each(func(key string, value []byte) { all["archive/"+key] = string(value) })
	return all
}

func code(err error) string {
	if e, ok := err.(*hall.Error); ok { //nolint:errorlint // decisions give it as it is
		return e.Name
	}
	return fmt.Sprint(err)
}

// What stands in the way of a period is told at once, each with what to do.
func TestWhatStandsInTheWay(t *testing.T) {
	d := newDesk(t, "2026-11-02")
	want := func(c Command, name string) {
		t.Helper()
		if err := d.do(t, c); code(err) != name {
			t.Errorf("%T is answered %v, not %s", c, err, name)
		}
	}
	want(Compute{Period: "2026-13", Counted: d.counted("2026-13")}, "period_unknown")
	want(Compute{Period: "2026-11", Counted: d.counted("2026-11")}, "period_running")
	want(Compute{Period: "2026-10", Counted: d.counted("2026-10")}, "days_open")
	d.checkAll("2026-12-31")
	want(Publish{Period: "2026-10", Counted: d.counted("2026-10")}, "period_not_there")
	want(Revise{Period: "2026-10", Reason: "r", Counted: d.counted("2026-10")}, "period_unpublished")
	want(Open{Period: "2026-Q3"}, "appeals_of_months")
	for _, c := range []Command{Compute{Period: "2026-10", Counted: d.counted("2026-10")}, Review{Period: "2026-10", Counted: d.counted("2026-10")}, Open{Period: "2026-10"}} {
		if err := d.do(t, c); err != nil {
			t.Fatal(err)
		}
	}
	if x, _ := d.Periods.Get("2026-10"); x.Until != "2026-11-09" { // five working days after 2 November
		t.Errorf("appeals are taken until %s", x.Until)
	}
	want(Publish{Period: "2026-10", Counted: d.counted("2026-10")}, "appeals_run")
	d.now = hall.Date("2026-11-10").Time(zone)
	d.appeals = []string{"P2026-000007"}
	want(Publish{Period: "2026-10", Counted: d.counted("2026-10")}, "appeals_open")
	d.appeals = nil
	want(Publish{Period: "2026-10", Digest: "another", Counted: d.counted("2026-10")}, "outcome_changed")
	if err := d.do(t, Publish{Period: "2026-10", Counted: d.counted("2026-10")}); err != nil {
		t.Fatal(err)
	}
	d.now = hall.Date("2027-01-04").Time(zone)
	want(Compute{Period: "2026", Counted: d.counted("2026")}, "parts_unpublished")
	blocks := d.Blocks("2026", d.world(), "2027-01-04")
	if len(blocks) != 1 || blocks[0].EN != "2026 cannot be computed: 2026-11, 2026-12, 2026-Q4 not published yet" || blocks[0].Article != "63号 第十五条" {
		t.Errorf("a year with a month unpublished is told %v", blocks)
	}
	if d.PublishedIn("2026-10-31", "2026-11-05") == false || d.PublishedIn("2026-11-01", "2026-12-05") {
		t.Error("it is not known which days are published")
	}
}

// TestWhatIsPublishedStays drives random commands. Steps follow one another, a
// published revision never changes, numbers have no gap, an appeal is decided once
// and by another, and the log gives the same again.
func TestWhatIsPublishedStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(t, "2026-11-02")
		d.checkAll("2026-12-31")
		periods := []assess.Period{"2026-10", "2026-11", "2026-12", "2026-Q4", "2026"}
		period := func(t *rapid.T) assess.Period { return rapid.SampledFrom(periods).Draw(t, "period") }
		kept := map[string]string{}
		finding := func() *assess.Scored { return &d.counted("2026-10").Outcome.People[0].Findings[0] }
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				for _, p := range periods {
					x, _ := d.Periods.Get(string(p))
					for i, rev := range x.Revisions {
						if rev.Number != i+1 {
							t.Fatalf("revision %d of %s is numbered %d", i+1, p, rev.Number)
						}
						o, err := d.archive.Outcome(p, rev.Number)
						if err != nil {
							t.Fatal(err)
						}
						_, digest := Encode(&o)
						if before, seen := kept[key(p, rev.Number)]; digest != rev.Digest || seen && before != digest {
							t.Fatalf("revision %d of %s has become another one", rev.Number, p)
						}
						kept[key(p, rev.Number)] = digest
					}
					if len(x.Revisions) > 0 && x.Stage() != Published {
						t.Fatalf("%s is published and is %s", p, x.Stage())
					}
				}
				var again State
				var archive Archive
				for i := range d.records {
					again.Fold(&d.records[i])
					archive.Fold(&d.records[i])
				}
				if fmt.Sprint(content(&again, &archive)) != fmt.Sprint(content(&d.State, &d.archive)) {
					t.Fatal("the log gives another state")
				}
			},
			"compute": func(t *rapid.T) { p := period(t); _ = d.do(t, Compute{p, d.counted(p)}) },
			"review":  func(t *rapid.T) { p := period(t); _ = d.do(t, Review{p, d.counted(p)}) },
			"open":    func(t *rapid.T) { _ = d.do(t, Open{period(t)}) },
			"publish": func(t *rapid.T) { p := period(t); _ = d.do(t, Publish{p, "", d.counted(p)}) },
			"revise":  func(t *rapid.T) { p := period(t); _ = d.do(t, Revise{p, "更正", d.counted(p)}) },
			"correct": func(t *rapid.T) { d.points = float64(rapid.IntRange(80, 100).Draw(t, "points")) },
			"wait": func(t *rapid.T) {
				d.now = d.now.AddDate(0, 0, rapid.IntRange(1, 30).Draw(t, "days"))
			},
			"appeal": func(t *rapid.T) {
				d.actor = "clerk"
				_ = d.do(t, MakeAppeal{period(t), "f1", "late", "不是迟到", "s1", finding()})
				d.actor = "sup"
			},
			"decide": func(t *rapid.T) {
				d.actor = rapid.SampledFrom([]string{"sup", "clerk"}).Draw(t, "who")
				for id, a := range d.Appeals.All() {
					err := d.do(t, DecideAppeal{id, rapid.Bool().Draw(t, "granted"), "核实"})
					if err == nil && (d.actor == "clerk" || a.State != Waiting) {
						t.Fatalf("%s decided an appeal that is %s", d.actor, a.State)
					}
				}
				d.actor = "sup"
			},
		})
	})
}
