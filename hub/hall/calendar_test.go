package hall

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestKindOfDay(t *testing.T) {
	cal := publishedCalendar(t)
	for _, c := range []Closure{
		{"2026-11-23", "", "停电"},
		{"2026-11-24", "am", "系统升级"},
		{"2026-10-10", "", "搬迁"},
		{"2026-09-20", "pm", "消防演练"},
		{"2026-10-01", "", "停电"},
		{"2026-11-28", "am", "停电"},
		{"2026-11-25", "", "停电"},
	} {
		cal.Close(c)
	}
	cal.Close(Closure{"2026-11-25", "pm", "只停半天"})
	cal.Close(Closure{"2026-11-26", "", "取消了"})
	cal.Reopen("2026-11-26")
	cal.Reopen("2026-11-27")

	for _, c := range []struct {
		what string
		date Date
		kind DayKind
		name string
		half string
		open bool
	}{
		{"a Monday is worked", "2026-03-02", DayWork, "", "", true},
		{"a Saturday is not", "2026-03-07", DayWeekend, "", "", false},
		{"a Sunday is not", "2026-03-08", DayWeekend, "", "", false},
		{"National Day is a holiday", "2026-10-05", DayHoliday, "国庆节", "", false},
		{"a holiday on a Saturday is a holiday", "2026-10-03", DayHoliday, "国庆节", "", false},
		{"a Saturday made up is worked", "2026-02-28", DayMakeUp, "", "", true},
		{"a Monday on which the hall is closed", "2026-11-23", DayClosed, "停电", "", false},
		{"a day made up on which the hall is closed", "2026-10-10", DayClosed, "搬迁", "", false},
		{"a day closed in the morning is worked", "2026-11-24", DayWork, "系统升级", "am", true},
		{"a day made up and closed in the afternoon is worked", "2026-09-20", DayMakeUp, "消防演练", "pm", true},
		{"a holiday stays one when the hall is closed besides", "2026-10-01", DayHoliday, "国庆节", "", false},
		{"a Saturday stays one when the hall is closed besides", "2026-11-28", DayWeekend, "", "", false},
		{"the last closure of a date counts", "2026-11-25", DayWork, "只停半天", "pm", true},
		{"a closure taken back is gone", "2026-11-26", DayWork, "", "", true},
		{"taking back what was never closed changes nothing", "2026-11-27", DayWork, "", "", true},
		{"what is no date is no day", "2026-02-30", "", "", "", false},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got := cal.Kind(c.date); got != c.kind {
				t.Errorf("%s is %q, want %q", c.date, got, c.kind)
			}
			if got := cal.Name(c.date); got != c.name {
				t.Errorf("%s is named %q, want %q", c.date, got, c.name)
			}
			if got := cal.ClosedHalf(c.date); got != c.half {
				t.Errorf("%s is closed in the half %q, want %q", c.date, got, c.half)
			}
			if got := cal.IsWorkday(c.date); got != c.open {
				t.Errorf("%s is open: %v", c.date, got)
			}
		})
	}
}

func TestAddWorkingDays(t *testing.T) {
	cal := publishedCalendar(t)
	for _, c := range []struct {
		what        string
		from        Date
		n           int
		want        Date
		provisional bool
	}{
		{"15 working days before 2 March 2026 is 3 February: the 14th and 28th are made up", "2026-03-02", -15, "2026-02-03", false},
		{"15 working days after 2 March 2026 is three weeks later", "2026-03-02", 15, "2026-03-23", false},
		{"15 working days after 29 January 2026 crosses the Spring Festival", "2026-01-29", 15, "2026-02-26", false},
		{"15 working days after 20 January 2020 crosses the lengthened Spring Festival", "2020-01-20", 15, "2020-02-18", false},
		{"Sunday 28 April 2019 is worked for the changed Labour Day", "2019-04-26", 3, "2019-04-30", false},
		{"Saturday 29 December 2018 is worked for the New Year of 2019", "2018-12-28", 1, "2018-12-29", false},
		{"and the 31st, a Monday, is off", "2018-12-28", 2, "2019-01-02", false},
		{"15 working days across two years with data", "2022-12-30", 15, "2023-01-28", false},
		{"a Sunday made up is the next working day after Friday", "2026-09-18", 1, "2026-09-20", false},
		{"and the one before Monday", "2026-09-21", -1, "2026-09-20", false},
		{"the leap day is passed", "2024-02-29", 1, "2024-03-01", false},
		{"no days from a working day is itself", "2026-02-13", 0, "2026-02-13", false},
		{"no days from a day made up is itself", "2026-02-14", 0, "2026-02-14", false},
		{"no days from a holiday is the next working day", "2026-02-15", 0, "2026-02-24", false},

		{"10 working days after 25 December 2026 touches a year without data", "2026-12-25", 10, "2027-01-08", true},
		{"4 of them do not", "2026-12-25", 4, "2026-12-31", false},
		{"New Year's Day of a year without data is guessed to be worked", "2026-12-31", 1, "2027-01-01", true},
		{"counting back into the last year with data touches what lies before", "2027-01-04", -2, "2026-12-31", true},
		{"the day that a clock starts from is not looked at", "2017-12-31", 1, "2018-01-02", false},
		{"counting back out of the first year", "2018-01-02", -1, "2017-12-29", true},
		{"no days from a day in a year without data", "2027-03-01", 0, "2027-03-01", true},

		{"a number beyond all law is held at 10,000", "2026-01-01", math.MaxInt, "2064-05-19", true},
		{"and at -10,000", "2026-01-01", math.MinInt, "1987-04-28", true},
		{"the calendar ends with the year 9999", "9999-12-30", 5, "9999-12-31", true},
		{"and begins with 0", "0000-01-03", -5, "0000-01-01", true},
		{"what is no date has no days after it", "2026-02-29", 3, "", true},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got, provisional := cal.Add(c.from, c.n); got != c.want || provisional != c.provisional {
				t.Errorf("%s and %d is %s (provisional %v), want %s (%v)", c.from, c.n, got, provisional, c.want, c.provisional)
			}
		})
	}
}

func TestWorkingDaysBetween(t *testing.T) {
	cal := publishedCalendar(t)
	for _, c := range []struct {
		what        string
		from, to    Date
		want        int
		provisional bool
	}{
		{"the eve of the Spring Festival to the first day back is one day", "2026-02-14", "2026-02-24", 1, false},
		{"the whole Spring Festival is none", "2026-02-15", "2026-02-23", 0, false},
		{"both days made up count", "2026-02-13", "2026-03-02", 7, false},
		{"from a date to itself is none", "2026-02-28", "2026-02-28", 0, false},
		{"a Saturday made up counts", "2026-02-27", "2026-02-28", 1, false},
		{"National Day week is one day", "2026-09-30", "2026-10-08", 1, false},
		{"two notices meet at New Year", "2018-12-28", "2019-01-02", 2, false},
		{"backwards is negative", "2026-03-02", "2026-02-13", -7, false},
		{"a span that touches a year without data", "2026-12-25", "2027-01-08", 10, true},
		{"and backwards", "2027-01-08", "2026-12-25", -10, true},
		{"the day that it starts from is not looked at", "2017-12-31", "2018-01-02", 1, false},
		{"what is no date is not counted from", "2026-1-1", "2026-03-01", 0, true},
		{"nor to", "2026-01-01", "", 0, true},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got, provisional := cal.Between(c.from, c.to); got != c.want || provisional != c.provisional {
				t.Errorf("%s to %s is %d (provisional %v), want %d (%v)", c.from, c.to, got, provisional, c.want, c.provisional)
			}
		})
	}
}

func TestClosuresMoveNoLegalClock(t *testing.T) {
	open, closed := publishedCalendar(t), publishedCalendar(t)
	for d := Date("2026-03-03"); d < "2026-03-31"; d = d.AddDays(1) {
		closed.Close(Closure{Date: d, Reason: "搬迁"})
		if closed.IsWorkday(d) {
			t.Errorf("the hall is open on %s", d)
		}
	}
	for _, cal := range []*Calendar{open, closed} {
		if got, _ := cal.Add("2026-03-02", 15); got != "2026-03-23" {
			t.Errorf("the term ends on %s", got)
		}
		if got, _ := cal.Add("2026-03-03", 0); got != "2026-03-03" {
			t.Errorf("the term starts on %s", got)
		}
		if got, _ := cal.Between("2026-03-02", "2026-03-23"); got != 15 {
			t.Errorf("the term has %d days", got)
		}
	}
}

func TestAYearWithoutDataIsProvisional(t *testing.T) {
	var none Calendar
	if none.Kind("2026-10-01") != DayWork || none.Kind("2026-02-28") != DayWeekend ||
		!none.Provisional("2026-10-01") || len(none.Years()) != 0 {
		t.Error("the zero calendar knows more than the week")
	}
	none.Close(Closure{Date: "2026-10-01", Reason: "停电"})
	if none.Kind("2026-10-01") != DayClosed {
		t.Error("the zero calendar takes no closure")
	}
	cal := publishedCalendar(t)
	for d, want := range map[Date]bool{"2017-12-31": true, "2018-01-01": false, "2026-12-31": false, "2027-01-01": true, "2026-13-01": true} {
		if cal.Provisional(d) != want {
			t.Errorf("%s is provisional: %v", d, !want)
		}
	}
	cal.SetYear(Year{Year: 2027, Source: "x", Holidays: map[Date]string{"2027-01-01": "元旦"}})
	if got, provisional := cal.Add("2026-12-31", 1); got != "2027-01-04" || provisional {
		t.Errorf("with 2027 published, the first working day is %s (provisional %v)", got, provisional)
	}
}

func TestAYearSetAgainReplacesTheOneBefore(t *testing.T) {
	cal := publishedCalendar(t)
	cal.SetYear(Year{
		Year:     2026,
		Holidays: map[Date]string{"2026-03-02": "x", "2026-03-03": "y", "2025-03-03": "of another year"},
		Workdays: []Date{"2026-03-03", "2026-03-07"},
	})
	for d, want := range map[Date]DayKind{
		"2026-10-01": DayWork, "2026-02-28": DayWeekend, "2026-03-02": DayHoliday, "2026-03-07": DayMakeUp,
		"2026-03-03": DayHoliday, "2025-03-03": DayWork, "2025-10-01": DayHoliday,
	} {
		if got := cal.Kind(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}

func TestCheckNamesWhatIsWrongWithAYear(t *testing.T) {
	type off map[Date]string
	of2026 := func(holidays off, workdays ...Date) Year {
		return Year{Year: 2026, Source: "国办发明电〔2025〕7号", Holidays: holidays, Workdays: workdays}
	}
	good := off{"2026-01-01": "元旦"}
	for _, c := range []struct {
		what string
		year Year
		want []string // name and code of each wrong field
	}{
		{"a year as published", of2026(good, "2026-01-04"), nil},
		{"no source", Year{Year: 2026, Source: " ", Holidays: good}, []string{"source required"}},
		{"no days off", of2026(nil), []string{"holidays required"}},
		{"no year", Year{Source: "x", Holidays: off{"0000-01-01": "元旦"}}, []string{"year range"}},
		{"a day off of another year", of2026(off{"2025-12-31": "元旦"}), []string{"holidays[2025-12-31] other_year"}},
		{"a day off that is no day", of2026(off{"2026-02-29": "春节"}), []string{"holidays[2026-02-29] date"}},
		{"a date that is no date, cut short", of2026(off{"the first of October": "国庆节"}), []string{"holidays[the first of Oct] date"}},
		{"a day off without a name", of2026(off{"2026-10-01": ""}), []string{"holidays[2026-10-01] required"}},
		{"a Monday made up", of2026(good, "2026-01-05"), []string{"workdays[0] not_weekend"}},
		{"a day made up of another year", of2026(good, "2027-01-03"), []string{"workdays[0] other_year"}},
		{"a day made up that is no date", of2026(good, "2026-1-4"), []string{"workdays[0] date"}},
		{"a day made up twice", of2026(good, "2026-01-04", "2026-01-04"), []string{"workdays[1] twice"}},
		{
			"a day both off and made up", of2026(off{"2026-10-03": "国庆节"}, "2026-10-10", "2026-10-03"),
			[]string{"workdays[1] also_holiday"},
		},
		{
			"all of it at once, in order", Year{Year: 2026, Holidays: off{"2026-10-01": "", "2025-10-01": "国庆节"}, Workdays: []Date{"x", "2026-10-01"}},
			[]string{
				"source required", "holidays[2025-10-01] other_year", "holidays[2026-10-01] required",
				"workdays[0] date", "workdays[1] not_weekend", "workdays[1] also_holiday",
			},
		},
	} {
		t.Run(c.what, func(t *testing.T) {
			err := c.year.Check()
			var refusal *Error
			var got []string
			if errors.As(err, &refusal) {
				for _, f := range refusal.Fields {
					got = append(got, f.Name+" "+f.Code)
					if f.ZH == "" || f.EN == "" {
						t.Errorf("%s is not said in both languages", f.Name)
					}
				}
			}
			if !slices.Equal(got, c.want) || (err == nil) != (c.want == nil) || err != nil && refusal.Code != CodeInvalid {
				t.Errorf("got %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

func drawDate(t *rapid.T, label string) Date {
	return Date("2017-06-01").AddDays(rapid.IntRange(0, 3900).Draw(t, label)) // to the beginning of 2028
}

func TestAddAndBetweenUndoEachOther(t *testing.T) {
	cal := publishedCalendar(t)
	rapid.Check(t, func(t *rapid.T) {
		from, n := drawDate(t, "from"), rapid.IntRange(-300, 300).Draw(t, "n")
		if n < 0 {
			from, _ = cal.Add(from, 0)
		}
		day, provisional := cal.Add(from, n)
		if n == 0 {
			if back, _ := cal.Add(day, 0); day < from || back != day {
				t.Fatalf("%s and none is %s", from, day)
			}
			return
		}
		got, alike := cal.Between(from, day)
		// Counting back, Add looks at day itself and Between at from: they may differ on whether both are known.
		if got != n || n > 0 && alike != provisional {
			t.Fatalf("%s and %d is %s (provisional %v), which is %d after it (%v)", from, n, day, provisional, got, alike)
		}
	})
}

func TestBetweenIsAntisymmetricAndAdds(t *testing.T) {
	cal := publishedCalendar(t)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := drawDate(t, "a"), drawDate(t, "b"), drawDate(t, "c")
		ab, p1 := cal.Between(a, b)
		ba, p2 := cal.Between(b, a)
		bc, _ := cal.Between(b, c)
		ac, _ := cal.Between(a, c)
		if ab != -ba || p1 != p2 || ab+bc != ac {
			t.Fatalf("%s to %s is %d, back %d, on to %s %d, in all %d", a, b, ab, ba, c, bc, ac)
		}
	})
}

func TestDatesAgreeWithTheStandardLibrary(t *testing.T) {
	zone := time.FixedZone("CST", 8*3600)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(firstDay, lastDay).Draw(t, "day")
		want := time.Date(1970, 1, 1+n, 0, 0, 0, 0, zone)
		d := Date("1970-01-01").AddDays(n)
		if string(d) != want.Format(time.DateOnly) || !d.Time(zone).Equal(want) || d.Weekday() != want.Weekday() || d.Year() != want.Year() {
			t.Fatalf("day %d is %s, a %s of %d, beginning %s; want %s", n, d, d.Weekday(), d.Year(), d.Time(zone), want)
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		d := Date(rapid.OneOf(rapid.String(), rapid.StringMatching(`(19|20|00)\d\d-[01]\d-[0-3]\d`)).Draw(t, "date"))
		if _, err := ParseDate(string(d)); (err == nil) != d.Valid() {
			t.Fatalf("%q is valid: %v, but ParseDate says %v", d, d.Valid(), err)
		}
	})
}

func TestDatesAtTheirLimits(t *testing.T) {
	for _, c := range []struct {
		what string
		got  any
		want any
	}{
		{"the day after the last is the last", Date("9999-12-31").AddDays(1), Date("9999-12-31")},
		{"the day before the first is the first", Date("0000-01-01").AddDays(-1), Date("0000-01-01")},
		{"no number of days overflows", Date("2026-01-01").AddDays(math.MaxInt), Date("9999-12-31")},
		{"nor backwards", Date("2026-01-01").AddDays(math.MinInt), Date("0000-01-01")},
		{"a day after what is no date is none", Date("2026-02-29").AddDays(1), Date("")},
		{"what is no date has no year", Date("2026-02-29").Year(), 0},
		{"nor a weekday", Date("x").Weekday(), time.Sunday},
		{"nor a beginning", Date("").Time(time.UTC), time.Time{}},
		{"2000 has a leap day", Date("2000-02-28").AddDays(1), Date("2000-02-29")},
		{"1900 has none", Date("1900-02-29").Valid(), false},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", c.what, c.got, c.want)
		}
	}
}

func BenchmarkKind(b *testing.B) {
	years, err := PublishedYears()
	if err != nil {
		b.Fatal(err)
	}
	var cal Calendar
	for _, y := range years {
		cal.SetYear(y)
	}
	for b.Loop() {
		cal.Kind("2026-11-23")
	}
}
