package personal_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/personal"
	"hallkeeper/wire"
)

// desk plays a hall's personal data day by day.
type desk struct {
	t    *testing.T
	s    personal.State
	w    personal.World
	now  time.Time
	zone *time.Location
	n    int
}

func newDesk(t *testing.T) *desk {
	zone := time.FixedZone("", 8*3600)
	return &desk{t: t, now: time.Date(2026, 11, 23, 9, 0, 0, 0, zone), zone: zone}
}

func (d *desk) day() hall.Date { return hall.DateOf(d.now, d.zone) }

func (d *desk) fold(kind wire.Kind, data any, person string) {
	text, err := json.Marshal(data)
	if err != nil {
		d.t.Fatal(err)
	}
	r := wire.Record{StoredAt: d.now, Event: wire.Event{Kind: kind, Data: text, Actor: &wire.Actor{ID: "sup"}}}
	if person != "" {
		r.Personal = []wire.Sealed{{Person: person, Box: []byte("box")}}
	}
	d.s.Fold(&r)
}

func (d *desk) do(c personal.Command) (made []hall.Draft, name, article string) {
	d.n++
	made, err := c.DecidePersonal(&d.s, d.w, hall.Moment{Now: d.now, Day: d.day(), Zone: d.zone, ID: "id"})
	var said *hall.Error
	if errors.As(err, &said) {
		return nil, said.Name, said.Article
	}
	for _, x := range made {
		d.fold(x.Kind, x.Data, x.Person)
	}
	return made, "", ""
}

// Each kind is there for as long as the shipped table says, to the day, and not for longer; what goes on is kept.
func TestEachKindLapsesOnItsDay(t *testing.T) {
	for _, r := range personal.Kinds() {
		d := newDesk(t)
		d.fold(wire.KindCaseAnswered, struct{}{}, r.Kind+"-x1")
		goes := true
		d.w.Ends = func(kind, id string, _ hall.Date) (hall.Date, *personal.Held) {
			if kind != r.Kind || id != "x1" {
				t.Errorf("the end of %s %s is asked", kind, id)
			}
			if goes {
				return "", &personal.Held{ZH: "未完", EN: "it goes on"}
			}
			return "", nil
		}
		d.now = d.now.AddDate(50, 0, 0)
		if made, _, _ := d.do(personal.Lapse{Most: 10}); len(made) != 0 {
			t.Errorf("%s lapses while it goes on", r.Kind)
		}
		goes = false
		d.now = time.Date(2026, 11, 23, 9, 0, 0, 0, d.zone).AddDate(0, 0, r.Days-1)
		if made, _, _ := d.do(personal.Lapse{Most: 10}); len(made) != 0 {
			t.Errorf("%s lapses a day early", r.Kind)
		}
		d.now = d.now.AddDate(0, 0, 1)
		made, _, _ := d.do(personal.Lapse{Most: 10})
		if len(made) != 1 || made[0].Data.(wire.PersonalForgotten) != (wire.PersonalForgotten{Whose: r.Kind + "-x1", Why: personal.ByRetention, Article: r.Reference}) || made[0].Personal != nil {
			t.Fatalf("%s lapses as %+v", r.Kind, made)
		}
		if made, _, _ := d.do(personal.Lapse{Most: 10}); len(made) != 0 || !d.s.Gone.Has(r.Kind+"-x1") {
			t.Errorf("%s lapses twice", r.Kind)
		}
		if r.Reference == "" || (r.Keep > 0) != (r.KeepReference != "") || r.Keep > r.Days || r.ZH == "" || r.EN == "" || r.FromZH == "" || r.FromEN == "" {
			t.Errorf("%s: its row is %+v", r.Kind, r)
		}
	}
}

// Who looks does not make it be kept for longer; who writes does.
func TestLookingDoesNotKeep(t *testing.T) {
	d := newDesk(t)
	d.fold(wire.KindCaseAnswered, struct{}{}, "case-c1")
	d.now = d.now.AddDate(0, 0, 100)
	if made, name, _ := d.do(personal.View{PersonalViewed: wire.PersonalViewed{Whose: "case-c1", Kind: "case", Fields: []string{"phone"}}, Reason: "回访"}); name != "" || made[0].Person != "case-c1" {
		t.Fatal(name)
	}
	if k, _ := d.s.Keys.Get("case-c1"); k.Last != "2026-11-23" {
		t.Errorf("the last day is %s", k.Last)
	}
	looks, _ := d.s.Looks.Get("case-c1")
	if len(looks) != 1 || looks[0].By != "sup" || looks[0].Reason == nil {
		t.Errorf("the looks are %+v", looks)
	}
	d.fold(wire.KindCaseClosed, wire.CaseClosed{Case: "c1"}, "")
	if k, _ := d.s.Keys.Get("case-c1"); k.Last != "2027-03-03" {
		t.Errorf("after its end the last day is %s", k.Last)
	}
}

// What somebody must give to look or to have something forgotten, and what refuses them.
func TestWhatIsRefused(t *testing.T) {
	viewed := wire.PersonalViewed{Whose: "staff-s1", Kind: "staff", Fields: []string{"phone"}}
	gone := "2024-11-30"
	for name, x := range map[string]struct {
		ended string
		held  bool
		cmd   personal.Command
		want  string
		cites string
	}{
		"a look without a reason":                        {gone, false, personal.View{PersonalViewed: viewed, Reason: " "}, "fields_invalid", ""},
		"a look at nobody":                               {gone, false, personal.View{PersonalViewed: wire.PersonalViewed{Whose: "staff-s9"}, Reason: "核对"}, "personal_unknown", ""},
		"another's export without a reason":              {gone, false, personal.Export{PersonalExported: wire.PersonalExported{Whose: "staff-s1"}}, "fields_invalid", ""},
		"one's own export needs none":                    {gone, false, personal.Export{PersonalExported: wire.PersonalExported{Whose: "staff-s1", Own: true}}, "", ""},
		"forgetting without a letter":                    {gone, false, personal.Forget{Whose: "staff-s1", Reason: "本人申请"}, "fields_invalid", ""},
		"forgetting who works here":                      {gone, true, personal.Forget{Whose: "staff-s1", Reason: "本人申请", Reference: "申请表"}, "retention_held", "个人信息保护法"},
		"forgetting before the law's two years are over": {gone, false, personal.Forget{Whose: "staff-s1", Reason: "本人申请", Reference: "申请表"}, "retention_law", "劳动合同法"},
		"forgetting after them":                          {"2024-11-22", false, personal.Forget{Whose: "staff-s1", Reason: "本人申请", Reference: "申请表"}, "", ""},
		"fewer days than the law's":                      {gone, false, personal.SetRetention{Kind: "staff", Days: 700, From: "2026-12-01", Reference: "纪要"}, "retention_law", "劳动合同法"},
		"days of no kind":                                {gone, false, personal.SetRetention{Kind: "moon", Days: 700, From: "2026-12-01", Reference: "纪要"}, "retention_unknown", ""},
		"days from the past on":                          {gone, false, personal.SetRetention{Kind: "case", Days: 700, From: "2026-11-22", Reference: "纪要"}, "fields_invalid", ""},
	} {
		d := newDesk(t)
		d.now = d.now.AddDate(-10, 0, 0)
		d.fold(wire.KindStaffSet, struct{}{}, "staff-s1")
		d.now = d.now.AddDate(10, 0, 0)
		d.w.Ends = func(string, string, hall.Date) (hall.Date, *personal.Held) {
			if x.held {
				return "", &personal.Held{ZH: "在岗", EN: "in post"}
			}
			return hall.Date(x.ended), nil
		}
		if _, got, article := d.do(x.cmd); got != x.want || !strings.Contains(article, x.cites) {
			t.Errorf("%s: %q by %q, expected %q by %q", name, got, article, x.want, x.cites)
		}
	}
}

// What the hall sets holds from its day on, not before, and the last that began holds.
func TestTimesAreDated(t *testing.T) {
	d := newDesk(t)
	for _, c := range []personal.SetRetention{{Kind: "case", Days: 200, From: "2027-01-01", Reference: "纪要一"}, {Kind: "case", Days: 100, From: "2026-12-01", Reference: "纪要二"}} {
		if _, name, _ := d.do(c); name != "" {
			t.Fatal(name)
		}
	}
	for day, want := range map[hall.Date]int{"2026-11-30": 1095, "2026-12-01": 100, "2026-12-31": 100, "2027-01-01": 200} {
		if r, _ := d.s.On("case", day); r.Days != want {
			t.Errorf("on %s it is %d days, expected %d", day, r.Days, want)
		}
	}
}

// A key that is gone takes nothing more, and the reasons of who looked are gone with it.
func TestWhatIsGoneStaysGone(t *testing.T) {
	d := newDesk(t)
	d.fold(wire.KindCaseAnswered, struct{}{}, "case-c1")
	d.do(personal.View{PersonalViewed: wire.PersonalViewed{Whose: "case-c1", Kind: "case"}, Reason: "回访"})
	made, name, _ := d.do(personal.Forget{Whose: "case-c1", Reason: "本人申请", Reference: "申请表"})
	if name != "" || made[0].Person != "forgetting-id" || made[0].Personal["reason"] != "本人申请" {
		t.Fatal(name, made)
	}
	if looks, _ := d.s.Looks.Get("case-c1"); len(looks) != 1 || looks[0].Reason != nil {
		t.Errorf("the looks are %+v", looks)
	}
	for _, c := range []personal.Command{personal.View{PersonalViewed: wire.PersonalViewed{Whose: "case-c1"}, Reason: "再看"}, personal.Forget{Whose: "case-c1", Reason: "再删", Reference: "申请表"}} {
		if _, name, _ := d.do(c); name != "forgotten" {
			t.Errorf("%T: %s", c, name)
		}
	}
	d.fold(wire.KindCaseAnswered, struct{}{}, "case-c1") // as a log may have it that another program wrote
	if d.s.Keys.Has("case-c1") || !d.s.Keys.Has("forgetting-id") {
		t.Error("a key that is gone came back")
	}
}

// A picture of an inspection is forgotten like a key: by its own days from the last finding that has it, and with whom it shows.
func TestPicturesAreForgottenWithWhomTheyShow(t *testing.T) {
	days := 0
	for _, r := range personal.Kinds() {
		if r.Kind == "photo" {
			days = r.Days
		}
	}
	one, two := strings.Repeat("a", 64), strings.Repeat("b", 64)
	d := newDesk(t)
	d.fold(wire.KindFindingMade, wire.FindingMade{Finding: "f1", Staff: "s1", Photo: one}, "staff-s1")
	d.fold(wire.KindFindingMade, wire.FindingMade{Finding: "f2", Window: "w1"}, "finding-f2")
	d.now = d.now.AddDate(0, 0, 10)
	d.fold(wire.KindFindingMade, wire.FindingMade{Finding: "f3", Staff: "s1", Photo: two}, "staff-s1")
	d.fold(wire.KindFindingMade, wire.FindingMade{Finding: "f4", Staff: "s1", Photo: one}, "staff-s1")
	there := func(hash string) bool { return d.s.Keys.Has(personal.Picture + hash) }
	d.w.Pictures = func(kind, id string) []string {
		if kind == "staff" && id == "s1" {
			return []string{one, two, strings.Repeat("c", 64)}
		}
		return nil
	}
	here := &personal.Held{ZH: "在岗", EN: "works here"}
	d.w.Ends = func(kind, _ string, _ hall.Date) (hall.Date, *personal.Held) {
		if kind == "staff" {
			return "", here
		}
		return "", nil
	}
	d.now = d.now.AddDate(0, 0, days-1)
	if made, _, _ := d.do(personal.Lapse{Most: 10}); len(made) != 0 {
		t.Errorf("a picture that is used again lapses a day early: %+v", made)
	}
	d.now = d.now.AddDate(0, 0, 1)
	if made, _, _ := d.do(personal.Lapse{Most: 10}); len(made) != 2 || there(one) || there(two) {
		t.Errorf("they lapse as %+v", made)
	}
	d.fold(wire.KindFindingMade, wire.FindingMade{Finding: "f5", Staff: "s1", Photo: one}, "staff-s1")
	if there(one) {
		t.Error("what is forgotten is kept again")
	}

	d = newDesk(t) // by request, long before
	d.w.Pictures = func(kind, id string) []string { return []string{one} }
	d.fold(wire.KindFindingMade, wire.FindingMade{Finding: "f1", Staff: "s1", Photo: one}, "staff-s1")
	d.now = d.now.AddDate(2, 1, 0) // a law keeps the rest for two years
	made, _, _ := d.do(personal.Forget{Whose: "staff-s1", Reason: "本人申请", Reference: "申请表 1"})
	if len(made) != 2 || made[1].Data.(wire.PersonalForgotten).Whose != personal.Picture+one || made[1].Personal != nil || there(one) {
		t.Errorf("%+v", made)
	}
}
