package hall

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// publishedCalendar knows the years that the program brings along, and no closures.
func publishedCalendar(t *testing.T) *Calendar {
	t.Helper()
	years, err := PublishedYears()
	if err != nil {
		t.Fatal(err)
	}
	c := &Calendar{}
	for _, y := range years {
		c.SetYear(y)
	}
	return c
}

// The counts were taken from the notices by a script apart from this program.
func TestEveryPublishedYearHasItsDaysOff(t *testing.T) {
	for i, c := range []struct {
		year            int
		off, madeUp     int
		working         int // statutory working days of the whole year
		sources         string
		firstOff, named string
	}{
		{2018, 25, 7, 250, "国办发明电〔2017〕12号 国办发明电〔2018〕15号", "2018-01-01", "2018-12-31 元旦"},
		{2019, 28, 6, 250, "国办发明电〔2018〕15号 国办发明电〔2019〕3号", "2019-01-01", "2019-05-03 劳动节"},
		{2020, 30, 6, 249, "国办发明电〔2019〕16号 国办发明电〔2020〕1号", "2020-01-01", "2020-01-31 春节"},
		{2021, 31, 7, 250, "国办发明电〔2020〕27号", "2021-01-01", "2021-09-20 中秋"},
		{2022, 32, 7, 249, "国办发明电〔2021〕11号 国办发明电〔2022〕16号", "2022-01-01", "2022-12-31 元旦"},
		{2023, 26, 7, 249, "国办发明电〔2022〕16号", "2023-01-01", "2023-04-05 清明"},
		{2024, 28, 8, 251, "国办发明电〔2023〕7号", "2024-01-01", "2024-06-10 端午"},
		{2025, 28, 5, 248, "国办发明电〔2024〕12号", "2025-01-01", "2025-10-06 中秋"},
		{2026, 33, 6, 248, "国办发明电〔2025〕7号", "2026-01-01", "2026-09-25 中秋"},
	} {
		t.Run(fmt.Sprint(c.year), func(t *testing.T) {
			years, err := PublishedYears()
			if err != nil || len(years) != 9 {
				t.Fatalf("got %d years (%v), want 2018 to 2026 without a gap", len(years), err)
			}
			y := years[i]
			if y.Year != c.year || len(y.Holidays) != c.off || len(y.Workdays) != c.madeUp {
				t.Errorf("%d has %d days off and %d made up, want %d has %d and %d", y.Year, len(y.Holidays), len(y.Workdays), c.year, c.off, c.madeUp)
			}
			for _, source := range strings.Fields(c.sources) {
				if !strings.Contains(y.Source, source) {
					t.Errorf("the source %q does not name %s", y.Source, source)
				}
			}
			if !strings.HasPrefix(y.URL, "https://www.gov.cn/zhengce/content/") {
				t.Errorf("the notice is not where notices are published: %q", y.URL)
			}
			cal := publishedCalendar(t)
			date, name, _ := strings.Cut(c.named, " ")
			if got := cal.Name(Date(date)); got != name {
				t.Errorf("%s is named %q, want %q", date, got, name)
			}
			if got := cal.Kind(Date(c.firstOff)); got != DayHoliday {
				t.Errorf("%s is %q", c.firstOff, got)
			}
			if got, provisional := cal.Between(Date(fmt.Sprintf("%d-12-31", c.year-1)), Date(fmt.Sprintf("%d-12-31", c.year))); got != c.working || provisional {
				t.Errorf("%d has %d working days (provisional %v), want %d", c.year, got, provisional, c.working)
			}
			for _, d := range y.Workdays {
				if cal.Kind(d) != DayMakeUp || d.Weekday() != 0 && d.Weekday() != 6 {
					t.Errorf("%s, a %s, is made up as %q", d, d.Weekday(), cal.Kind(d))
				}
			}
		})
	}
	if got, want := publishedCalendar(t).Years(), []int{2018, 2019, 2020, 2021, 2022, 2023, 2024, 2025, 2026}; !slices.Equal(got, want) {
		t.Errorf("the calendar knows %v", got)
	}
}

// Both long holidays of every year. The days were worked out from the notices by
// a script apart from this program.
func TestWorkingDaysAroundTheLongHolidays(t *testing.T) {
	for _, c := range []struct {
		name          string
		off, until    Date // the first and the last day off in a row
		madeUp        string
		last, first   Date // the working days on either side
		five, fifteen Date // so many working days after the last one
		back          Date // 15 working days before the first one
		around        int  // working days from 14 days before last (not in it) to 14 days after first
	}{
		{"2018 春节", "2018-02-15", "2018-02-21", "2018-02-11 2018-02-24", "2018-02-14", "2018-02-22", "2018-02-27", "2018-03-13", "2018-01-26", 23},
		{"2019 春节", "2019-02-04", "2019-02-10", "2019-02-02 2019-02-03", "2019-02-03", "2019-02-11", "2019-02-15", "2019-03-01", "2019-01-16", 23},
		{"2020 春节", "2020-01-24", "2020-02-02", "2020-01-19", "2020-01-23", "2020-02-03", "2020-02-07", "2020-02-21", "2020-01-06", 22},
		{"2021 春节", "2021-02-11", "2021-02-17", "2021-02-07 2021-02-20", "2021-02-10", "2021-02-18", "2021-02-23", "2021-03-09", "2021-01-22", 23},
		{"2022 春节", "2022-01-31", "2022-02-06", "2022-01-29 2022-01-30", "2022-01-30", "2022-02-07", "2022-02-11", "2022-02-25", "2022-01-12", 23},
		{"2023 春节", "2023-01-21", "2023-01-27", "2023-01-28 2023-01-29", "2023-01-20", "2023-01-28", "2023-02-01", "2023-02-15", "2022-12-30", 22},
		{"2024 春节", "2024-02-10", "2024-02-17", "2024-02-04 2024-02-18", "2024-02-09", "2024-02-18", "2024-02-22", "2024-03-07", "2024-01-23", 22},
		{"2025 春节", "2025-01-28", "2025-02-04", "2025-01-26 2025-02-08", "2025-01-27", "2025-02-05", "2025-02-10", "2025-02-24", "2025-01-08", 23},
		{"2026 春节", "2026-02-15", "2026-02-23", "2026-02-14 2026-02-28", "2026-02-14", "2026-02-24", "2026-02-28", "2026-03-13", "2026-01-27", 23},
		{"2018 国庆节", "2018-10-01", "2018-10-07", "2018-09-29 2018-09-30", "2018-09-30", "2018-10-08", "2018-10-12", "2018-10-26", "2018-09-11", 22},
		{"2019 国庆节", "2019-10-01", "2019-10-07", "2019-09-29 2019-10-12", "2019-09-30", "2019-10-08", "2019-10-12", "2019-10-25", "2019-09-10", 23},
		{"2020 国庆节", "2020-10-01", "2020-10-08", "2020-09-27 2020-10-10", "2020-09-30", "2020-10-09", "2020-10-14", "2020-10-28", "2020-09-11", 23},
		{"2021 国庆节", "2021-10-01", "2021-10-07", "2021-09-26 2021-10-09", "2021-09-30", "2021-10-08", "2021-10-13", "2021-10-27", "2021-09-10", 22},
		{"2022 国庆节", "2022-10-01", "2022-10-07", "2022-10-08 2022-10-09", "2022-09-30", "2022-10-08", "2022-10-12", "2022-10-26", "2022-09-09", 22},
		{"2023 国庆节", "2023-09-29", "2023-10-06", "2023-10-07 2023-10-08", "2023-09-28", "2023-10-07", "2023-10-11", "2023-10-25", "2023-09-08", 22},
		{"2024 国庆节", "2024-10-01", "2024-10-07", "2024-09-29 2024-10-12", "2024-09-30", "2024-10-08", "2024-10-12", "2024-10-25", "2024-09-10", 22},
		{"2025 国庆节", "2025-10-01", "2025-10-08", "2025-09-28 2025-10-11", "2025-09-30", "2025-10-09", "2025-10-14", "2025-10-28", "2025-09-11", 23},
		{"2026 国庆节", "2026-10-01", "2026-10-07", "2026-09-20 2026-10-10", "2026-09-30", "2026-10-08", "2026-10-13", "2026-10-27", "2026-09-10", 22},
	} {
		t.Run(c.name, func(t *testing.T) {
			cal := publishedCalendar(t)
			for d := c.off; d <= c.until; d = d.AddDays(1) {
				if got := cal.Kind(d); got != DayHoliday {
					t.Errorf("%s is %q, want a holiday", d, got)
				}
			}
			for _, d := range strings.Fields(c.madeUp) {
				if got := cal.Kind(Date(d)); got != DayMakeUp {
					t.Errorf("%s is %q, want made up", d, got)
				}
			}
			for _, s := range []struct {
				what string
				from Date
				n    int
				want Date
			}{
				{"the working day before the holiday", c.off, -1, c.last},
				{"the working day after the holiday", c.until, 1, c.first},
				{"a clock that starts on the eve goes on after the holiday", c.last, 1, c.first},
				{"a clock that starts in the holiday starts when work does", c.off, 0, c.first},
				{"five days from the eve", c.last, 5, c.five},
				{"fifteen days from the eve", c.last, 15, c.fifteen},
				{"fifteen days before work starts again", c.first, -15, c.back},
			} {
				if got, provisional := cal.Add(s.from, s.n); got != s.want || provisional {
					t.Errorf("%s: %s and %d is %s (provisional %v), want %s", s.what, s.from, s.n, got, provisional, s.want)
				}
			}
			from, to := c.last.AddDays(-14), c.first.AddDays(14)
			if got, provisional := cal.Between(from, to); got != c.around || provisional {
				t.Errorf("%s to %s has %d working days (provisional %v), want %d", from, to, got, provisional, c.around)
			}
		})
	}
}

func TestPublishedFilesThatDoNotReadAreRefused(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"a file that is no JSON", `{"year":`, "decode workdays/cn-2030.json"},
		{"a file whose date is of another year", `{"year":2030,"source":"x","holidays":{"2031-01-01":"元旦"}}`, "holidays[2031-01-01]: 2031-01-01 is not in 2030"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readYears(fstest.MapFS{"workdays/cn-2030.json": {Data: []byte(c.file)}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
