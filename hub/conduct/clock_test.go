package conduct

import (
	"testing"

	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// The dates are of 2026's calendar: Spring Festival is from 15 to 23 February, and the Saturdays 14 and 28 February are worked.
func TestTheLastDaysOfACase(t *testing.T) {
	p, err := newPolicy()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		says                    string
		day                     string
		rounds                  []Round
		answer, rectify, appeal hall.Date
		provisional             bool
	}{
		{"a Monday's case is answered on Tuesday and rectified by the next Monday", "2026-11-23", []Round{{From: "2026-11-23"}}, "2026-11-24", "2026-11-30", "2026-11-26", false},
		{"a Friday's case is answered on Monday", "2026-11-27", []Round{{From: "2026-11-27"}}, "2026-11-30", "2026-12-04", "2026-12-02", false},
		{"a case on a Saturday off counts from Monday", "2026-11-28", []Round{{From: "2026-11-28"}}, "2026-11-30", "2026-12-04", "2026-12-02", false},
		{"the Saturday worked before Spring Festival is the first day", "2026-02-13", []Round{{From: "2026-02-13"}}, "2026-02-14", "2026-02-27", "2026-02-25", false},
		{"a case on that Saturday is answered after the festival", "2026-02-14", []Round{{From: "2026-02-14"}}, "2026-02-24", "2026-02-28", "2026-02-26", false},
		{"a case in the festival counts from its end", "2026-02-18", []Round{{From: "2026-02-18"}}, "2026-02-24", "2026-02-28", "2026-02-26", false},
		{"a hard case has fifteen days, both worked Saturdays among them", "2026-02-12", []Round{{From: "2026-02-12", Hard: true}}, "2026-02-13", "2026-03-11", "2026-02-24", false},
		{"an extension adds its days", "2026-02-12", []Round{{From: "2026-02-12", Extra: 3}}, "2026-02-13", "2026-03-02", "2026-02-24", false},
		{"who is not satisfied starts the clock anew", "2026-02-12", []Round{{From: "2026-02-12", Done: "2026-02-13"}, {From: "2026-02-24"}}, "2026-02-13", "2026-03-02", "2026-02-24", false},
		{"a year whose holidays are not published is guessed", "2035-01-04", []Round{{From: "2035-01-04"}}, "2035-01-05", "2035-01-11", "2035-01-09", true},
	} {
		c := Case{CaseOpened: wire.CaseOpened{Day: x.day}, State: Open, Rounds: x.rounds}
		s := c.On(p, hall.Date(x.day))
		if s.AnswerDue != string(x.answer) || s.RectifyDue != string(x.rectify) || s.AppealUntil != string(x.appeal) || s.Provisional != x.provisional {
			t.Errorf("%s: answered by %s, rectified by %s, appeal until %s, provisional %v", x.says, s.AnswerDue, s.RectifyDue, s.AppealUntil, s.Provisional)
		}
	}
}

// A calendar that comes out later moves the last days, and then they are certain.
func TestAPublishedCalendarMovesTheLastDay(t *testing.T) {
	d := newDesk(t, "2034-12-28")
	c := d.rated(t, "v1", "")
	guess := c.On(d.hall.Policy, d.today())
	days := map[string]string{"2035-01-01": "元旦", "2035-01-02": "元旦", "2035-01-03": "元旦"}
	for _, year := range []int{2034, 2035} {
		x := wire.CalendarPublished{Year: year, Source: "演示", Holidays: days}
		if year == 2034 {
			x.Holidays = map[string]string{"2034-01-01": "元旦"}
		}
		d.enter(t, hall.Draft{Kind: wire.KindCalendarPublished, Data: x})
	}
	known := c.On(d.hall.Policy, d.today())
	if !guess.Provisional || guess.RectifyDue != "2035-01-04" || known.Provisional || known.RectifyDue != "2035-01-09" {
		t.Errorf("it was to be rectified by %s (provisional %v), and now by %s (%v)", guess.RectifyDue, guess.Provisional, known.RectifyDue, known.Provisional)
	}
}

// The hall's own closures do not stop the clock: the citizen waits by the State Council's calendar.
func TestAClosureOfTheHallStopsNoClock(t *testing.T) {
	d := newDesk(t, "2026-11-23")
	d.enter(t, hall.Draft{Kind: wire.KindCalendarClosed, Data: wire.CalendarClosed{Date: "2026-11-24", Reason: "停电"}})
	c := d.rated(t, "v1", "")
	if s := c.On(d.hall.Policy, d.today()); s.AnswerDue != "2026-11-24" {
		t.Errorf("it is to be answered by %s", s.AnswerDue)
	}
}

// A number that the hall sets holds for cases that begin from its day on.
func TestALimitIsThatOfTheDayOnWhichTheClockBegan(t *testing.T) {
	d := newDesk(t, "2026-11-23")
	d.enter(t, hall.Draft{Kind: wire.KindParameterSet, Data: wire.ParameterSet{Name: "case_rectify", Value: 2, From: "2026-11-24", Reference: "局务会议纪要"}})
	before := d.rated(t, "v1", "")
	d.on(t, "2026-11-24")
	after := d.rated(t, "v2", "")
	if x, y := before.On(d.hall.Policy, d.today()).RectifyDue, after.On(d.hall.Policy, d.today()).RectifyDue; x != "2026-11-30" || y != "2026-11-26" {
		t.Errorf("the last days are %s and %s", x, y)
	}
}

func TestWhatIsNearAndWhatIsLate(t *testing.T) {
	d := newDesk(t, "2026-11-23")
	c := d.rated(t, "v1", "")
	for _, x := range []struct {
		says, day    string
		do           Command
		soon, late   int
		left         int
		answer, rect bool
	}{
		{"opened, its answer is due tomorrow", "2026-11-23", nil, 1, 0, 1, false, false},
		{"the last day itself is not late", "2026-11-24", nil, 1, 0, 0, false, false},
		{"a day later it is", "2026-11-25", nil, 0, 1, -1, true, false},
		{"answered, it has time again, but the answer stays late", "2026-11-25", Answer{c.Number, "已道歉"}, 0, 0, 3, true, false},
		{"a Friday before the last day", "2026-11-27", nil, 1, 0, 1, true, false},
		{"the weekend before it", "2026-11-28", nil, 1, 0, 1, true, false},
		{"past the last day", "2026-12-01", nil, 0, 1, -1, true, true},
		{"rectified, it alarms no more and stays late", "2026-12-01", Rectify{c.Number, "增设导办"}, 0, 0, 0, true, true},
		{"closed, it stays late", "2026-12-31", Close{c.Number, ResultRectified, ""}, 0, 0, 0, true, true},
	} {
		d.on(t, x.day)
		if x.do != nil {
			d.must(t, x.do)
		}
		c = d.get(t, c.Number)
		s := c.On(d.hall.Policy, d.today())
		soon, late := d.Pressing(d.hall.Policy, d.today())
		left := 0
		if s.Left != nil {
			left = *s.Left
		}
		if soon != x.soon || late != x.late || left != x.left || s.AnswerLate != x.answer || s.RectifyLate != x.rect {
			t.Errorf("%s: %d near, %d late, %d days left, answer late %v, rectified late %v", x.says, soon, late, left, s.AnswerLate, s.RectifyLate)
		}
	}
}

// A weekend after the last day has no working day left and is late, not near.
func TestTheWeekendAfterTheLastDayIsLate(t *testing.T) {
	d := newDesk(t, "2026-11-26")
	c := d.rated(t, "v1", "")
	d.on(t, "2026-11-28")
	s := c.On(d.hall.Policy, d.today())
	if soon, late := d.Pressing(d.hall.Policy, d.today()); s.Soon || !s.AnswerLate || *s.Left != 0 || soon != 0 || late != 1 {
		t.Errorf("it stands %+v; %d near, %d late", s, soon, late)
	}
}

// A hub whose clock was set back takes the day of the last event: no clock of a case runs back.
func TestAClockSetBackTurnsNoCaseBack(t *testing.T) {
	d := newDesk(t, "2026-12-02")
	n := d.rated(t, "v1", "").Number
	d.must(t, Answer{n, "答复"})
	d.on(t, "2026-11-20")
	d.must(t, Rectify{n, "整改"})
	if c := d.get(t, n); c.Last != "2026-12-02" || c.Rounds[0].Done != "2026-12-02" || c.Steps[2].Day != "2026-11-20" {
		t.Errorf("it is %+v", c)
	}
}
