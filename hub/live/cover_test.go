package live

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/register"
	"hallkeeper/wire"
)

// office is a hall of two windows whose people swipe, and its live view.
type office struct {
	t        *testing.T
	view     *register.View
	facts    *Facts
	live     *Live
	position wire.Position
	zone     *time.Location
}

func newOffice(t *testing.T, at time.Time) *office {
	t.Helper()
	zone := at.Location()
	v, err := register.NewView(zone)
	if err != nil {
		t.Fatal(err)
	}
	o := &office{t: t, view: v, facts: NewFacts(zone), zone: zone}
	o.live = New(Config{Hall: wire.LiveHall{ID: "t"}, Zone: zone, Started: at, People: v.Days.At}, o.facts, func(f func()) { f() }, 0)
	morning := at.AddDate(0, 0, -1)
	o.hub(morning, wire.KindWindowSet, wire.WindowSet{Window: "w1", Number: "1", Name: "窗口"})
	o.hub(morning, wire.KindWindowSet, wire.WindowSet{Window: "w2", Number: "2", Name: "窗口"})
	o.hub(morning, wire.KindDeviceAssigned, wire.DeviceAssigned{Agent: "a1", Window: "w1"})
	o.hub(morning, wire.KindDeviceAssigned, wire.DeviceAssigned{Agent: "a2", Window: "w2"})
	o.hub(morning, wire.KindPostSet, wire.PostSet{Post: "p1", Window: "w1", Name: "岗", Deputies: []string{"s2"}})
	o.hub(morning, wire.KindPostSet, wire.PostSet{Post: "p2", Window: "w2", Name: "岗"})
	o.hub(morning, wire.KindShiftSet, wire.ShiftSet{Shift: "day", Name: "班", Swipes: 4, Plans: []wire.ShiftPlan{{Periods: []wire.Period{{In: "08:30", Out: "12:00"}, {In: "14:30", Out: "18:00"}}}}})
	o.hub(morning, wire.KindShiftAssigned, wire.ShiftAssigned{Shift: "day", Scope: "hall", From: "2026-01-01"})
	for i := 1; i <= 3; i++ {
		id := fmt.Sprintf("s%d", i)
		o.hub(morning, wire.KindStaffSet, wire.StaffSet{Staff: id, Department: "d", Employment: "in_post"})
		o.hub(morning, wire.KindCardIssued, wire.CardIssued{Card: "h1:" + id, Staff: id, From: "2026-01-01"})
	}
	o.hub(morning, wire.KindStaffPosted, wire.StaffPosted{Staff: "s1", Post: "p1", From: "2026-01-01"})
	o.hub(morning, wire.KindStaffPosted, wire.StaffPosted{Staff: "s2", Post: "p2", From: "2026-01-01"})
	return o
}

func (o *office) add(r wire.Record) {
	o.position++
	r.Position = o.position
	r.ID = fmt.Sprintf("e%d", o.position)
	o.view.Apply(&r)
	o.facts.Apply(&r)
	o.view.Days.Index()
	o.live.Apply(o.position)
}

func (o *office) hub(at time.Time, kind wire.Kind, data any) {
	b, err := json.Marshal(data)
	if err != nil {
		o.t.Fatal(err)
	}
	o.add(wire.Record{StoredAt: at, Event: wire.Event{At: at, Kind: kind, Data: b, Actor: &wire.Actor{Kind: wire.ActorPerson, ID: "x"}}})
}

func (o *office) swipe(at time.Time, agent, card string) {
	b, err := json.Marshal(wire.CardSwiped{Reader: "front", Card: "h1:" + card})
	if err != nil {
		o.t.Fatal(err)
	}
	o.live.Tick(at)
	o.add(wire.Record{StoredAt: at, Event: wire.Event{Agent: agent, At: at, Kind: wire.KindCardSwiped, Data: b}})
}

func (o *office) expect(what string, at time.Time, window string, cover wire.Cover, alarms ...string) {
	o.t.Helper()
	o.live.Tick(at)
	doc := &o.live.doc
	if got := doc.Windows[window].Cover; got != cover {
		o.t.Errorf("%s: at %s window %s is %s, want %s", what, at.Format("15:04:05"), window, got, cover)
	}
	for _, id := range alarms {
		want := id[0] != '!'
		if !want {
			id = id[1:]
		}
		if _, on := doc.Alarms[id]; on != want {
			o.t.Errorf("%s: at %s the alarm %s is %v", what, at.Format("15:04:05"), id, on)
		}
	}
}

// 63号 第十二条(五): a window is staffed, covered by a deputy, away within the
// grace time, or empty; the alarm comes with the first tick after the grace time,
// and a deputy's swipe clears it.
func TestAnEmptyWindowAlarmsAndADeputyClearsIt(t *testing.T) {
	zone := time.FixedZone("", 8*3600)
	day := func(clock string) time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04:05", "2026-11-23 "+clock, zone)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	const empty = "window_empty/w1"
	o := newOffice(t, day("08:00:00"))
	o.expect("before the hall opens", day("08:29:59"), "w1", wire.CoverClosed, "!"+empty)
	o.expect("nobody at the opening", day("08:30:00"), "w1", wire.CoverAway, "!"+empty)
	o.swipe(day("08:35:10"), "a1", "s1")
	o.expect("the first swipe", day("08:35:11"), "w1", wire.CoverStaffed)
	if !o.live.doc.Windows["w1"].Staffed {
		t.Error("a staffed window is not staffed")
	}
	o.swipe(day("10:00:20"), "a1", "s1")
	o.expect("gone", day("10:00:21"), "w1", wire.CoverAway, "!"+empty)
	o.expect("a second before the grace time ends", day("10:15:19"), "w1", wire.CoverAway, "!"+empty)
	o.expect("when it ends", day("10:15:20"), "w1", wire.CoverEmpty, empty)
	if a := o.live.doc.Alarms[empty]; a.Window != "w1" || !a.Since.Equal(day("10:15:20")) {
		t.Errorf("the alarm is %+v", a)
	}
	o.swipe(day("10:20:00"), "a1", "s2")
	o.expect("a deputy", day("10:20:01"), "w1", wire.CoverCovered, "!"+empty, "!swap_suspected/2026-11-23.w1.s2")
	o.swipe(day("10:30:00"), "a1", "s1")
	o.expect("both", day("10:30:01"), "w1", wire.CoverStaffed)
	o.swipe(day("11:58:00"), "a1", "s1")
	o.expect("the deputy is left", day("11:58:01"), "w1", wire.CoverCovered)
	o.expect("at lunch", day("12:00:00"), "w1", wire.CoverClosed, "!"+empty)
}

// A window that is open over lunch is covered from the moment at which a deputy with
// another shift swipes, until they swipe again: out, or in at their own window.
func TestADeputyCoversAWindowOverLunch(t *testing.T) {
	zone := time.FixedZone("", 8*3600)
	day := func(clock string) time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04:05", "2026-11-23 "+clock, zone)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	const empty = "window_empty/w1"
	o := newOffice(t, day("08:00:00"))
	yesterday := day("08:00:00").AddDate(0, 0, -1)
	o.hub(yesterday, wire.KindShiftSet, wire.ShiftSet{Shift: "noon", Name: "午间不休", Swipes: 4, Plans: []wire.ShiftPlan{{Periods: []wire.Period{{In: "08:30", Out: "18:00"}}}}})
	o.hub(yesterday, wire.KindShiftAssigned, wire.ShiftAssigned{Shift: "noon", Scope: "window", Subject: "w1", From: "2026-01-01"})
	o.swipe(day("08:25:00"), "a1", "s1")
	o.swipe(day("08:26:00"), "a2", "s2")
	o.swipe(day("11:59:00"), "a2", "s2")
	o.swipe(day("12:00:30"), "a1", "s1")
	o.expect("the holder is at lunch", day("12:00:31"), "w1", wire.CoverAway, "!"+empty)
	o.expect("and nobody comes", day("12:15:30"), "w1", wire.CoverEmpty, empty)
	o.swipe(day("12:20:10"), "a1", "s2")
	o.expect("a deputy on their own lunch", day("12:20:11"), "w1", wire.CoverCovered, "!"+empty)
	o.expect("all the time", day("13:59:59"), "w1", wire.CoverCovered, "!"+empty)
	o.swipe(day("14:00:00"), "a1", "s2")
	o.expect("until they go", day("14:00:01"), "w1", wire.CoverAway)
	o.swipe(day("14:05:00"), "a1", "s2")
	o.expect("back", day("14:05:01"), "w1", wire.CoverCovered)
	o.expect("still there when their own shift has begun", day("14:31:00"), "w1", wire.CoverCovered, "!"+empty)
	o.expect("which nobody serves", day("14:31:00"), "w2", wire.CoverAway)
	o.swipe(day("14:31:30"), "a2", "s2")
	o.expect("gone back", day("14:31:31"), "w1", wire.CoverAway)
	o.expect("gone back", day("14:31:31"), "w2", wire.CoverStaffed)
}

// 63号 第十三条(二): an unknown or unassigned card raises a suspicion at once, and a decision ends the alarm.
func TestAStrangersCardRaisesASuspicion(t *testing.T) {
	zone := time.FixedZone("", 8*3600)
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, zone)
	o := newOffice(t, at)
	o.swipe(at.Add(time.Second), "a1", "stranger")
	o.swipe(at.Add(2*time.Second), "a2", "s3")
	const unknown, unposted = "swap_suspected/2026-11-23.w1.card-stranger", "swap_suspected/2026-11-23.w2.s3"
	o.expect("two cards", at.Add(3*time.Second), "w1", wire.CoverEmpty, unknown, unposted)
	o.hub(at.Add(time.Minute), wire.KindSwapJudged, wire.SwapJudged{Swap: "2026-11-23.w1.card-stranger", Confirmed: true})
	o.expect("one confirmed", at.Add(time.Minute), "w1", wire.CoverEmpty, "!"+unknown, unposted)
}

// 63号 第十二条(六): the alarm comes with the day after the last one, and ends with the replacement.
func TestAnOverdueReplacementAlarms(t *testing.T) {
	at := time.Date(2026, 9, 28, 9, 0, 0, 0, time.FixedZone("", 8*3600))
	const overdue = "replacement_overdue"
	o := newOffice(t, at)
	o.hub(at, wire.KindReplacementAsked, wire.ReplacementDemanded{Replacement: "r1", Staff: "s1", Department: "d", On: "2026-09-28", Due: "2026-10-08", Article: "63号 第十二条(六)"})
	last := time.Date(2026, 10, 8, 23, 59, 59, 0, at.Location())
	o.expect("on the last day", last, "w1", wire.CoverClosed, "!"+overdue)
	o.expect("the day after", last.Add(time.Second), "w1", wire.CoverClosed, overdue)
	if a := o.live.doc.Alarms[overdue]; !a.Since.Equal(last.Add(time.Second)) || a.Values["count"] != "1" {
		t.Errorf("the alarm is %+v", a)
	}
	o.hub(last.Add(time.Hour), wire.KindReplacementMet, wire.ReplacementMet{Replacement: "r1", Successor: "s3", On: "2026-10-09", Late: true})
	o.expect("replaced", last.Add(time.Hour), "w1", wire.CoverClosed, "!"+overdue)
}

func TestAYearWithoutACalendarAlarms(t *testing.T) {
	at := time.Date(2027, 1, 4, 9, 0, 0, 0, time.FixedZone("", 8*3600))
	o := newOffice(t, at)
	o.expect("2027", at, "w1", wire.CoverEmpty, "calendar_provisional/2027")
	o.hub(at, wire.KindCalendarPublished, wire.CalendarPublished{Year: 2027, Source: "x", Holidays: map[string]string{"2027-01-01": "元旦"}})
	o.expect("entered", at.Add(time.Second), "w1", wire.CoverEmpty, "!calendar_provisional/2027")
}

// The screens are told what sort of day it is, also when that changes within the day.
func TestTheHallSaysWhatDayItIs(t *testing.T) {
	var calendar hall.Calendar
	at := time.Date(2026, 9, 30, 23, 59, 59, 0, shanghai)
	facts := NewFacts(shanghai)
	l := New(Config{Hall: wire.LiveHall{ID: "t"}, Zone: shanghai, Started: at,
		Calendar: func(d hall.Date) (hall.DayKind, string) { return calendar.Kind(d), calendar.Name(d) }}, facts, func(f func()) { f() }, 0)
	expect := func(what string, want wire.LiveHall) {
		t.Helper()
		if want.ID = "t"; l.doc.Hall != want {
			t.Errorf("%s: %+v", what, l.doc.Hall)
		}
	}
	calendar.SetYear(hall.Year{Year: 2026, Holidays: map[hall.Date]string{"2026-10-01": "国庆节"}, Workdays: []hall.Date{"2026-10-10"}})
	expect("the last second before", wire.LiveHall{Day: "2026-09-30", DayKind: "work"})
	l.Tick(at.Add(time.Second))
	expect("midnight", wire.LiveHall{Day: "2026-10-01", DayKind: "holiday", DayName: "国庆节"})
	at = time.Date(2026, 10, 10, 9, 0, 0, 0, shanghai)
	l.Tick(at)
	expect("a Saturday that is worked", wire.LiveHall{Day: "2026-10-10", DayKind: "make_up"})
	calendar.Close(hall.Closure{Date: "2026-10-10", Reason: "停电"})
	l.Tick(at.Add(time.Second))
	expect("the power is off", wire.LiveHall{Day: "2026-10-10", DayKind: "closed", DayName: "停电"})
}
