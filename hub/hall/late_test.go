package hall

import "testing"

func TestAMonthsLastDay(t *testing.T) {
	for day, want := range map[Date]Date{"2026-02-01": "2026-02-28", "2024-02-29": "2024-02-29", "2026-12-31": "2026-12-31", "2026-11-05": "2026-11-30", "x": ""} {
		if got := day.MonthEnd(); got != want {
			t.Errorf("%s ends on %s", day, got)
		}
	}
}

// What is due on a day without work is due on the next working day; a lateness counts until its month ends.
func TestALatenessBelongsToItsFirstDay(t *testing.T) {
	years, err := PublishedYears()
	if err != nil {
		t.Fatal(err)
	}
	c := &Calendar{}
	for _, y := range years {
		c.SetYear(y)
	}
	for name, x := range map[string]struct {
		due, done, today, day Date
		days                  int
	}{
		"not due yet":                           {"2026-11-20", "", "2026-11-20", "", 0},
		"the weekend after it":                  {"2026-11-20", "", "2026-11-22", "", 0},
		"the first working day after it":        {"2026-11-20", "", "2026-11-23", "2026-11-23", 1},
		"it grows":                              {"2026-11-20", "", "2026-11-26", "2026-11-23", 4},
		"until it is done":                      {"2026-11-20", "2026-11-24", "2026-12-31", "2026-11-23", 2},
		"but not beyond the month":              {"2026-11-20", "2027-03-01", "2027-03-02", "2026-11-23", 6},
		"done in time":                          {"2026-11-20", "2026-11-20", "2026-12-31", "", 0},
		"done on the weekend after it":          {"2026-11-20", "2026-11-21", "2026-12-31", "", 0},
		"due on a Sunday and done on Monday":    {"2026-11-22", "2026-11-23", "2026-12-31", "", 0},
		"due on a Sunday and done on Tuesday":   {"2026-11-22", "2026-11-24", "2026-12-31", "2026-11-24", 1},
		"due on a month's last day":             {"2026-11-30", "", "2026-12-31", "2026-12-01", 23},
		"due before the National Day's week":    {"2026-09-30", "2026-10-08", "2026-12-31", "2026-10-08", 1},
		"the make-up day after Spring Festival": {"2026-02-13", "", "2026-02-14", "2026-02-14", 1},
		"no day":                                {"", "", "2026-12-31", "", 0},
	} {
		day, days, late := c.Late(x.due, x.done, x.today)
		if day != x.day || days != x.days || late != (x.day != "") {
			t.Errorf("%s: %s %d %v", name, day, days, late)
		}
	}
}
