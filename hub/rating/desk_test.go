package rating

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// at the desk decides, folds, and gives the data of the events.
func (s *Desk) at(t *testing.T, now time.Time, c Command) ([]any, error) {
	t.Helper()
	h := roster.Hall{Windows: &roster.State{Windows: map[string]roster.Window{"w1": {}}}}
	drafts, err := c.DecideRating(s, h, hall.Moment{Now: now, Day: hall.DateOf(now, zone), Zone: zone, ID: "x"})
	var made []any
	l := log{t: t}
	for _, d := range drafts {
		l.hub(now, "", d.Kind, d.Data)
		s.Fold(&l.records[len(l.records)-1])
		made = append(made, d.Data)
	}
	return made, err
}

func TestTheDesk(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, zone)
	long := strings.Repeat("长", maxText+1)
	for _, c := range []struct {
		what string
		do   Command
		// want are the fields that are refused.
		want string
	}{
		{"a touch", Give{RatingGiven: wire.RatingGiven{Window: "w1", Level: 5, Source: wire.RatingTablet}}, ""},
		{"a level above the highest", Give{RatingGiven: wire.RatingGiven{Window: "w1", Level: 6}}, "level"},
		{"no level, at no window", Give{RatingGiven: wire.RatingGiven{}}, "window level"},
		{"reasons, words and a number", Explain{Visit: "v", Reasons: []string{"slow"}, Text: "<i>等了很久</i>", Phone: "13800000042"}, ""},
		{"a landline", Explain{Visit: "v", Phone: "0477-7200042"}, ""},
		{"a reason of another list", Explain{Visit: "v", Reasons: []string{"weather"}}, "reasons"},
		{"a long text and no phone number", Explain{Visit: "v", Text: long, Phone: "110"}, "text phone"},
		{"nothing at all", Explain{Visit: "v"}, "reasons"},
		{"a list of reasons", SetReasons{Reasons: []wire.RatingReason{{ID: "x", ZH: "其他", EN: "other"}}}, ""},
		{"an empty list", SetReasons{}, "reasons"},
		{"a reason twice, once without words", SetReasons{Reasons: []wire.RatingReason{{ID: "x", ZH: "其他", EN: "other"}, {ID: "x", EN: "other"}}}, "reasons reasons"},
		{"a day", Publish{Period: "2026-11-23"}, ""},
		{"a month", Publish{Period: "2026-11"}, ""},
		{"a month to come", Publish{Period: "2026-12"}, "period"},
		{"no period", Publish{Period: "soon"}, "period"},
	} {
		t.Run(c.what, func(t *testing.T) {
			var s Desk
			_, err := s.at(t, now, c.do)
			var e *hall.Error
			var fields []string
			if errors.As(err, &e) {
				for _, f := range e.Fields {
					fields = append(fields, f.Name)
					if f.ZH == "" || f.EN == "" {
						t.Errorf("%s has no words in both languages", f.Name)
					}
				}
			}
			if got := strings.Join(fields, " "); got != c.want || err != nil && e == nil {
				t.Errorf("refused are %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

// A touch from the time to come is one of now: the hub's clock is the hall's.
func TestATouchIsNotOfTheTimeToCome(t *testing.T) {
	var s Desk
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, zone)
	made, _ := s.at(t, now, Give{RatingGiven: wire.RatingGiven{Window: "w1", Level: 5}, Touched: new(now.Add(time.Hour))})
	if d := made[0].(wire.RatingGiven); !d.At.Equal(now) || d.Day != "2026-11-23" {
		t.Errorf("it is of %v on %s", d.At, d.Day)
	}
}

func TestReasonsAndPublicationsAreKept(t *testing.T) {
	var s, loaded Desk
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, zone)
	if len(s.ReasonList()) == 0 {
		t.Error("a hall begins without reasons")
	}
	if _, err := s.at(t, now, SetReasons{Reasons: []wire.RatingReason{{ID: "x", ZH: "其他", EN: "other"}}}); err != nil {
		t.Fatal(err)
	}
	n := wire.RatingFigures{Visits: 2, Rateable: 2, Pressed: 1, Unrated: 1, Levels: [5]int{0, 0, 0, 0, 1}}
	publish := func(n wire.RatingFigures, final bool) []any {
		made, err := s.at(t, now, Publish{Period: "2026-11-23", Figures: n, Final: final})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	first, same := publish(n, false), publish(n, false)
	n.Pressed, n.Unrated, n.Levels[0] = 2, 0, 1
	second, over := publish(n, false), publish(n, true)
	if len(first) != 1 || len(same) != 0 || len(second) != 1 || len(over) != 1 {
		t.Fatalf("published are %v, %v, %v and %v", first, same, second, over)
	}
	if d := second[0].(wire.RatingPublished); d.Revision != 2 || len(d.Changes) != 3 {
		t.Errorf("the second revision is %+v", d)
	}
	s.Tables().Each(func(key string, value []byte) {
		if err := loaded.Tables().Load(key, value); err != nil {
			t.Fatal(err)
		}
	})
	last, ok := loaded.NewestDay()
	if list := loaded.ReasonList(); len(list) != 1 || list[0].ID != "x" || !ok || last.Revision != 3 || !last.Final || last.By != "test" {
		t.Errorf("they are kept as %+v and %+v", list, last)
	}
}

// What two people took back is shown nowhere, stays in the list with its reason, and comes back as the next revision, also as it was.
func TestFiguresAreTakenBack(t *testing.T) {
	var s, loaded Desk
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, zone)
	n := wire.RatingFigures{Visits: 2, Rateable: 2, Pressed: 1, Unrated: 1, Levels: [5]int{0, 0, 0, 0, 1}}
	off := func(day string, revision int, reason string) error {
		_, err := s.at(t, now, Unpublish{RatingUnpublished: wire.RatingUnpublished{Period: day, Revision: revision}, Reason: reason})
		return err
	}
	publish := func(day string) {
		t.Helper()
		if made, err := s.at(t, now, Publish{Period: day, Figures: n}); err != nil || len(made) != 1 {
			t.Fatalf("%v: %v", err, made)
		}
	}
	publish("2026-11-22")
	publish("2026-11-23")
	for name, row := range map[string]struct {
		day      string
		revision int
		reason   string
		code     string
	}{
		"a day that was not published": {"2026-11-21", 1, "补传", "not_on_show"},
		"another revision":             {"2026-11-23", 2, "补传", "outcome_changed"},
		"without a reason":             {"2026-11-23", 1, " ", "fields_invalid"},
		"with too long a reason":       {"2026-11-23", 1, strings.Repeat("字", hall.MostWhy+1), "fields_invalid"},
	} {
		var e *hall.Error
		if err := off(row.day, row.revision, row.reason); !errors.As(err, &e) || e.Name != row.code {
			t.Errorf("%s is answered %v", name, err)
		}
	}
	if err := off("2026-11-23", 1, "补传"); err != nil {
		t.Fatal(err)
	}
	if x, ok := s.NewestDay(); ok {
		t.Errorf("on show is %+v", x)
	}
	s.Tables().Each(func(key string, value []byte) {
		if err := loaded.Tables().Load(key, value); err != nil {
			t.Fatal(err)
		}
	})
	if x, ok := loaded.Newest("2026-11-23"); !ok || x.Withdrawn == nil || x.Withdrawn.By != "test" || x.Figures.Pressed != 1 {
		t.Errorf("it is kept as %+v", x)
	}
	publish("2026-11-23")
	if x, ok := s.NewestDay(); !ok || x.Revision != 2 || x.Withdrawn != nil {
		t.Errorf("published again, on show is %+v", x)
	}
	if all, _ := s.Releases.Get("2026-11-23"); len(all) != 2 || all[0].Withdrawn == nil {
		t.Errorf("the list has %+v", all)
	}
}
