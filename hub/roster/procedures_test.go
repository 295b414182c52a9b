package roster_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/policy"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// office decides commands on a small hall, and folds what they make.
type office struct {
	t        *testing.T
	h        roster.Hall
	m        hall.Moment
	position wire.Position
	sealed   map[string]map[string]string
}

func newOffice(t *testing.T, day string) *office {
	t.Helper()
	p, err := policy.New()
	if err != nil {
		t.Fatal(err)
	}
	zone := time.FixedZone("", 8*3600)
	o := &office{t: t, h: roster.Hall{Windows: &roster.State{}, People: &roster.People{}, Policy: p}, sealed: map[string]map[string]string{}}
	o.m = hall.Moment{Zone: zone, Unseal: func(s *wire.Sealed) map[string]string { return o.sealed[string(s.Box)] }}
	o.on("2024-01-08")
	o.window()
	for _, c := range []roster.PeopleCommand{
		roster.SetDepartment{Department: "civil", Name: "民政局"},
		roster.SetStaff{StaffSet: wire.StaffSet{Staff: "s01", Department: "civil", Employment: "in_post", WorkSince: "2015-07-01"}, Name: "演示员甲", Born: "1985-03-04"},
		roster.SetStaff{StaffSet: wire.StaffSet{Staff: "s02", Department: "civil", Employment: "contract", WorkSince: "2025-07-01"}, Name: "演示员乙", Born: "1970-03-04"},
		roster.SetPost{Post: "p01", Window: "w01", Name: "婚姻登记", Deputies: []string{"s02"}},
		roster.PostStaff{Staff: "s01", Post: "p01", From: "2024-01-08"},
	} {
		o.must(c)
	}
	o.on(day)
	return o
}

func (o *office) window() {
	data, _ := json.Marshal(wire.WindowSet{Window: "w01", Number: "01", Name: "婚姻登记", Department: "civil"})
	o.h.Windows.Fold(&wire.Record{Event: wire.Event{Kind: wire.KindWindowSet, Data: data}})
}

func (o *office) on(day string) {
	o.m.Day = hall.Date(day)
	o.m.Now = o.m.Day.Time(o.m.Zone).Add(9 * time.Hour)
}

func (o *office) do(c roster.PeopleCommand) error {
	o.m.ID = "id-" + string(rune('a'+int(o.position)))
	drafts, err := c.DecidePeople(o.h, o.m)
	for _, d := range drafts {
		o.position++
		data, jerr := json.Marshal(d.Data)
		if jerr != nil {
			o.t.Fatal(jerr)
		}
		r := wire.Record{Position: o.position, StoredAt: o.m.Now, Event: wire.Event{ID: fmt.Sprintf("e%d", o.position), Kind: d.Kind, At: o.m.Now, Data: data}}
		if d.Personal != nil {
			box := string(rune(o.position))
			o.sealed[box] = d.Personal
			r.Personal = []wire.Sealed{{Person: d.Person, Box: []byte(box)}}
		}
		o.h.People.Fold(&r)
		o.h.Windows.Fold(&r)
	}
	return err
}

func (o *office) must(c roster.PeopleCommand) {
	o.t.Helper()
	if err := o.do(c); err != nil {
		o.t.Fatalf("%T: %v", c, err)
	}
}

// refused gives the words of a refusal.
func (o *office) refused(c roster.PeopleCommand, name, article string) string {
	o.t.Helper()
	err := o.do(c)
	var refusal *hall.Error
	if !errors.As(err, &refusal) || refusal.Name != name || refusal.Article != article {
		o.t.Fatalf("%+v: got %v (%+v), want refusal %s by %q", c, err, refusal, name, article)
	}
	return refusal.ZH
}

func exam(a string) wire.AssignmentExamined {
	return wire.AssignmentExamined{Assignment: a, Identity: "pass", Knowledge: "pass", Computer: "pass", Health: "pass",
		Qualities: map[string]string{"1": "pass", "2": "pass", "3": "pass", "4": "pass", "5": "pass"}}
}

// 63号 第十一条: an ineligible person is refused with the article of each condition.
func TestAnIneligiblePersonIsRefusedWithTheArticle(t *testing.T) {
	o := newOffice(t, "2026-11-23")
	o.must(roster.Recommend{Assignment: "a1", Staff: "s02", Post: "p01", Document: "民发〔2026〕1号"})
	o.refused(roster.Recommend{Assignment: "a2", Staff: "s02", Post: "p01"}, "assignment_open", "")
	o.refused(roster.DecideAssignment{Assignment: "a1", Accept: true, From: "2026-12-01"}, "assignment_state", "63号 第十二条(一)")
	x := exam("a1")
	x.Computer, x.Health, x.Qualities["4"] = "fail", "fail", "fail"
	o.must(roster.Examine{AssignmentExamined: x})
	const all = "63号 第十一条(一)4, 63号 第十一条(二), 63号 第十一条(三), 63号 第十二条(一)"
	words := o.refused(roster.DecideAssignment{Assignment: "a1", Accept: true, From: "2026-12-01"}, "not_eligible", all)
	for _, want := range []string{"组织办理能力", "在岗在职", "工作经历", "身体健康", "年龄", "计算机"} {
		if !strings.Contains(words, want) {
			t.Errorf("the refusal does not name %s: %s", want, words)
		}
	}
	o.refused(roster.DecideAssignment{Assignment: "a1", Accept: true, From: "2026-12-01", Reason: "人手不足"}, "not_eligible", all)
	o.must(roster.DecideAssignment{Assignment: "a1", Accept: true, From: "2026-12-01", Reason: "人手不足", ApprovedBy: "局长"})
	a, _ := o.h.People.Assignments.Get("a1")
	s, _ := o.h.People.Staff.Get("s02")
	if a.State != roster.Accepted || len(a.Exception) != 6 || len(a.Steps) != 3 || s.PostOf("2026-12-01") != "p01" || s.PostOf("2026-11-30") != "" {
		t.Errorf("the assignment is %+v, the person %+v", a, s)
	}
}

func TestAnUnfitPersonIsReturned(t *testing.T) {
	o := newOffice(t, "2026-11-23")
	o.must(roster.Recommend{Assignment: "a1", Staff: "s02", Post: "p01"})
	o.must(roster.Examine{AssignmentExamined: exam("a1")})
	o.must(roster.DecideAssignment{Assignment: "a1"})
	if a, _ := o.h.People.Assignments.Get("a1"); a.State != roster.Returned || strings.Join(a.Unmet, " ") != "employment years age" {
		t.Errorf("the assignment is %+v", a)
	}
	o.must(roster.Recommend{Assignment: "a2", Staff: "s02", Post: "p01"}) // 重新推荐
}

// 63号 第十二条(二): 15 working days ahead pass, 14 do not; within the first year a special reason is needed.
func TestAChangeIsAppliedForFifteenWorkingDaysAhead(t *testing.T) {
	const article = "63号 第十二条(二)"
	// From 2026-09-14 on: 15, 16, 17, 18, 20 (worked), 21 to 24, 28 to 30 September are 12; 8, 9, 10 (worked) October are 15.
	o := newOffice(t, "2026-09-14")
	ask := roster.AskChange{Staff: "s01", Successor: "s02", Document: "民发〔2026〕2号", WantedOn: "2026-10-09"}
	o.refused(roster.AskChange{Staff: "s01", WantedOn: "2026-12-01"}, "document_missing", article)
	words := o.refused(ask, "notice_too_short", article)
	if !strings.Contains(words, "2026-10-10") || !strings.Contains(words, "14 个") {
		t.Errorf("the refusal does not count: %s", words)
	}
	ask.WantedOn = "2026-10-10"
	o.must(ask)

	o = newOffice(t, "2024-09-02") // posted since 2024-01-08
	ask = roster.AskChange{Staff: "s01", Document: "民发〔2024〕2号", WantedOn: "2024-12-02"}
	o.refused(ask, "not_stable_yet", article)
	ask.Reason = "家庭原因"
	o.must(ask)
	ask.Reason, ask.WantedOn = "", "2025-01-08" // a full year
	o.must(ask)
}

// The same around long holidays, counted from the notices by a script apart from this
// program: asked is the day of the application, late is 14 working days later, first 15.
func TestTheNoticeOfAChangeAroundLongHolidays(t *testing.T) {
	for _, c := range []struct{ asked, late, first string }{
		{"2020-01-19", "2020-02-14", "2020-02-17"}, // 春节
		{"2021-02-05", "2021-03-02", "2021-03-03"},
		{"2022-01-28", "2022-02-22", "2022-02-23"},
		{"2023-01-18", "2023-02-10", "2023-02-13"},
		{"2024-02-04", "2024-02-28", "2024-02-29"},
		{"2025-01-24", "2025-02-19", "2025-02-20"},
		{"2026-02-13", "2026-03-11", "2026-03-12"},
		{"2021-09-24", "2021-10-19", "2021-10-20"}, // 国庆节
		{"2023-09-22", "2023-10-18", "2023-10-19"},
		{"2025-09-26", "2025-10-22", "2025-10-23"},
		{"2026-09-25", "2026-10-21", "2026-10-22"},
	} {
		o := newOffice(t, c.asked)
		ask := roster.AskChange{Staff: "s02", Document: "民发1号", WantedOn: c.late}
		words := o.refused(ask, "notice_too_short", "63号 第十二条(二)")
		if !strings.Contains(words, c.first) || !strings.Contains(words, "14 个") {
			t.Errorf("asked on %s: %s", c.asked, words)
		}
		ask.WantedOn = c.first
		o.must(ask)
	}
}

func TestAClockThroughAYearWithoutACalendarIsProvisional(t *testing.T) {
	o := newOffice(t, "2026-12-21")
	o.must(roster.DemandReplacement{Replacement: "r1", Staff: "s01", Reason: "不能胜任"})
	o.must(roster.AskChange{Change: "c1", Staff: "s01", Document: "民发〔2026〕3号", WantedOn: "2027-02-01"})
	r, _ := o.h.People.Replacements.Get("r1")
	c, _ := o.h.People.Changes.Get("c1")
	if r.Provisional || r.Due != "2026-12-24" || !c.Provisional {
		t.Errorf("the demand is %+v, the change %+v", r.ReplacementDemanded, c.ChangeAsked)
	}
}

// 63号 第十二条(四): nobody departs before both have signed the handover.
func TestNobodyDepartsWithoutTheHandover(t *testing.T) {
	o := newOffice(t, "2026-09-01")
	go1 := roster.Depart{StaffDeparted: wire.StaffDeparted{Staff: "s01", From: "2026-09-28"}}
	o.refused(go1, "handover_missing", "63号 第十二条(四)")
	o.must(roster.SignHandover{Staff: "s01", Successor: "s02", As: roster.AsLeaver})
	o.refused(go1, "handover_missing", "63号 第十二条(四)")
	o.must(roster.SignHandover{Staff: "s01", Successor: "s02", As: roster.AsSuccessor})
	o.refused(go1, "change_missing", "63号 第十二条(二)")
	o.must(roster.AskChange{Change: "c1", Staff: "s01", Document: "民发〔2026〕2号", WantedOn: "2026-09-28"})
	o.refused(go1, "change_missing", "63号 第十二条(二)")
	o.must(roster.DecideChange{ChangeDecided: wire.ChangeDecided{Change: "c1", Approved: true}})
	o.must(go1)
	if s, _ := o.h.People.Staff.Get("s01"); s.Here("2026-09-28") || !s.Here("2026-09-27") {
		t.Errorf("the person is %+v", s)
	}
}

// What was signed and approved for an earlier stay in the hall says nothing of a later one.
func TestWhoCameBackNeedsANewHandover(t *testing.T) {
	o := newOffice(t, "2026-03-02")
	sign := func() {
		o.must(roster.SignHandover{Staff: "s01", Successor: "s02", As: roster.AsLeaver})
		o.must(roster.SignHandover{Staff: "s01", Successor: "s02", As: roster.AsSuccessor})
	}
	change := func(id, on string) {
		o.must(roster.AskChange{Change: id, Staff: "s01", Document: "民发〔2026〕2号", WantedOn: on, Reason: "家庭原因"})
		o.must(roster.DecideChange{ChangeDecided: wire.ChangeDecided{Change: id, Approved: true}})
	}
	sign()
	change("c1", "2026-04-01")
	o.must(roster.DemandReplacement{Replacement: "r1", Staff: "s01", Reason: "不能胜任"})
	o.must(roster.Depart{StaffDeparted: wire.StaffDeparted{Staff: "s01", From: "2026-04-01"}})

	o.on("2026-06-01")
	o.must(roster.SetStaff{StaffSet: wire.StaffSet{Staff: "s01", Department: "civil", Employment: "in_post", WorkSince: "2015-07-01"}, Name: "演示员甲", Born: "1985-03-04"})
	o.must(roster.PostStaff{Staff: "s01", Post: "p01", From: "2026-06-01"})
	again := roster.Depart{StaffDeparted: wire.StaffDeparted{Staff: "s01", From: "2026-07-01"}}
	o.refused(again, "handover_missing", "63号 第十二条(四)")
	sign()
	o.refused(again, "change_missing", "63号 第十二条(二)")
	change("c2", "2026-07-01")
	o.must(again)
}

// Nobody is accepted for a post that was taken off meanwhile.
func TestAPostThatIsGoneTakesNobody(t *testing.T) {
	o := newOffice(t, "2026-11-23")
	o.must(roster.SetPost{Post: "p02", Window: "w01", Name: "副岗"})
	o.must(roster.SetStaff{StaffSet: wire.StaffSet{Staff: "s03", Department: "civil", Employment: "in_post", WorkSince: "2015-07-01"}, Name: "演示员丙", Born: "1990-03-04"})
	o.must(roster.Recommend{Assignment: "a1", Staff: "s03", Post: "p02"})
	o.must(roster.Examine{AssignmentExamined: exam("a1")})
	o.must(roster.RemovePost{Post: "p02"})
	o.refused(roster.DecideAssignment{Assignment: "a1", Accept: true, From: "2026-12-01"}, "post_removed", "")
	o.must(roster.DecideAssignment{Assignment: "a1", Reason: "岗位已撤销"})
}

// Windows bear the name of their department: it is not taken off while there is one, and they follow when it is changed.
func TestADepartmentAndItsWindows(t *testing.T) {
	o := newOffice(t, "2026-11-23")
	o.must(roster.SetDepartment{Department: "tax", Name: "税务局"})
	data, _ := json.Marshal(wire.WindowSet{Window: "w02", Number: "02", Name: "税务", Department: "税务局", Direction: "left"})
	o.h.Windows.Fold(&wire.Record{Event: wire.Event{Kind: wire.KindWindowSet, Data: data}})
	o.refused(roster.RemoveDepartment{Department: "tax"}, "department_in_use", "63号 第九条")
	o.must(roster.SetDepartment{Department: "tax", Name: "税务总局"})
	if w := o.h.Windows.Windows["w02"]; w != (roster.Window{ID: "w02", Number: "02", Name: "税务", Department: "税务总局", Direction: "left"}) {
		t.Errorf("the window is %+v", w)
	}
	o.refused(roster.RemoveDepartment{Department: "tax"}, "department_in_use", "63号 第九条")
}

// Nobody succeeds themselves, nobody who has left succeeds anybody, and nobody is to replace who has left.
func TestProceduresAreAboutPeopleWhoAreHere(t *testing.T) {
	o := newOffice(t, "2026-09-01")
	ask := roster.AskChange{Staff: "s01", Successor: "s01", Document: "民发1号", WantedOn: "2026-12-01"}
	o.refused(ask, "fields_invalid", "")
	o.must(roster.Depart{StaffDeparted: wire.StaffDeparted{Staff: "s02", From: "2026-09-01"}})
	ask.Successor = "s02"
	o.refused(ask, "fields_invalid", "")
	o.refused(roster.DemandReplacement{Staff: "s02", Reason: "不能胜任"}, "fields_invalid", "")
	ask.Successor = ""
	o.must(ask)
}

// A roster that is imported again changes nothing of what is planned for later.
func TestAPostIsNotEnteredTwice(t *testing.T) {
	o := newOffice(t, "2026-11-23")
	o.must(roster.SetPost{Post: "p02", Window: "w01", Name: "副岗"})
	o.must(roster.PostStaff{Staff: "s01", Post: "p02", From: "2026-12-01"})
	before := o.position
	o.must(roster.PostStaff{Staff: "s01", Post: "p01", From: "2024-01-08"})
	if s, _ := o.h.People.Staff.Get("s01"); o.position != before || s.PostOf("2026-12-01") != "p02" {
		t.Errorf("%d events were made, the person is %+v", o.position-before, s)
	}
}

// 63号 第十二条(六): the clock of three working days skips holidays and counts make-up days.
func TestAReplacementHasThreeWorkingDays(t *testing.T) {
	for on, due := range map[string]string{"2026-09-28": "2026-10-08", "2026-11-23": "2026-11-26", "2026-11-20": "2026-11-25", "2026-09-18": "2026-09-22"} {
		o := newOffice(t, on)
		o.must(roster.DemandReplacement{Replacement: "r1", Staff: "s01", Reason: "不能胜任"})
		r, _ := o.h.People.Replacements.Get("r1")
		if r.Due != due || r.Department != "civil" || r.Overdue(hall.Date(due)) || !r.Overdue(hall.Date(due).AddDays(1)) {
			t.Errorf("demanded on %s it is due on %s, want %s", on, r.Due, due)
		}
		o.refused(roster.DemandReplacement{Staff: "s01", Reason: "再次"}, "replacement_open", "63号 第十二条(六)")
		o.on(string(hall.Date(due).AddDays(1)))
		o.must(roster.MeetReplacement{Replacement: "r1", Successor: "s02"})
		if r, _ := o.h.People.Replacements.Get("r1"); r.Met == nil || !r.Met.Late {
			t.Errorf("met a day late it is %+v", r.Met)
		}
	}
}

// 63号 第十三条(一): repeated criticism, then the return with its report, and the demand of a replacement.
func TestAPersonIsReturnedAfterRepeatedCriticism(t *testing.T) {
	o := newOffice(t, "2026-11-23")
	for i := range 3 {
		o.refused(roster.ReturnStaff{Staff: "s01", On: "2026-11-23"}, "criticisms_too_few", "63号 第十三条(一)")
		o.must(roster.Criticise{CriticismMade: wire.CriticismMade{Criticism: "k" + string(rune('1'+i)), Staff: "s01", On: "2026-11-20"}, Reason: "不服从管理"})
	}
	o.must(roster.ReturnStaff{Staff: "s01", On: "2026-11-23"})
	demands := 0
	for _, r := range o.h.People.Replacements.All() {
		demands++
		if r.Article != "63号 第十三条(一)" || r.Due != "2026-11-26" {
			t.Errorf("the demand is %+v", r)
		}
	}
	k, _ := o.h.People.Criticisms.Get("k2")
	if s, _ := o.h.People.Staff.Get("s01"); s.Here("2026-11-23") || demands != 1 || k.Return == "" {
		t.Errorf("the person is %+v, there are %d demands, a criticism is %+v", s, demands, k)
	}
}

func TestOneCardIsOnePersons(t *testing.T) {
	o := newOffice(t, "2026-11-23")
	o.must(roster.IssueCard{CardIssued: wire.CardIssued{Card: "h1:a", Staff: "s01", From: "2026-11-23"}})
	o.refused(roster.IssueCard{CardIssued: wire.CardIssued{Card: "h1:a", Staff: "s02", From: "2026-11-23"}}, "card_taken", "")
	o.must(roster.IssueCard{CardIssued: wire.CardIssued{Card: "h1:b", Staff: "s01", From: "2026-11-23"}, Replaces: "h1:a"})
	at := o.m.Now.Add(time.Minute)
	if who, ended := o.h.People.Holder("h1:a", at, "2026-11-23"); who != "" || !ended {
		t.Errorf("a replaced card is %q's", who)
	}
	if who, _ := o.h.People.Holder("h1:a", at.Add(-time.Hour), "2026-11-23"); who != "s01" {
		t.Errorf("before it was replaced the card was %q's", who)
	}
	o.must(roster.IssueCard{CardIssued: wire.CardIssued{Card: "h1:a", Staff: "s02", From: "2026-11-24"}})
	if who, _ := o.h.People.Holder("h1:a", at.Add(24*time.Hour), "2026-11-24"); who != "s02" {
		t.Errorf("found and given to another it is %q's", who)
	}
}
