package hall

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"
)

// published are the yearly notices of the State Council's general office
// (国务院办公厅关于部分节假日安排的通知), one file a calendar year. A notice may name the
// last days of the year before, as those of 2019 and 2023 did; they stand in the
// file of their own year, and its source names both notices.
//
//go:embed workdays/cn-*.json
var published embed.FS

// Year is what was published of one calendar year. Days that it does not name
// follow the week: Monday to Friday are worked.
type Year struct {
	Year int `json:"year"`
	// Source is the notice, e.g. 国办发明电〔2025〕7号.
	Source string `json:"source"`
	URL    string `json:"url,omitempty"`
	// Holidays are the days off and their names, those on weekends too.
	Holidays map[Date]string `json:"holidays"`
	// Workdays are the weekend days that are worked instead (调休上班).
	Workdays []Date `json:"workdays"`
}

// Check refuses what cannot be a year's notice; the error is an *Error that names every wrong entry.
func (y Year) Check() error {
	var bad []Field
	add := func(name, code, zh, en string) { bad = append(bad, Field{Name: name, Code: code, ZH: zh, EN: en}) }
	date := func(name string, d Date) bool {
		switch {
		case !d.Valid():
			add(name, "date", "应为日期，如 2026-11-23", "must be a date like 2026-11-23")
		case d.Year() != y.Year:
			add(name, "other_year", fmt.Sprintf("%s 不在 %d 年", d, y.Year), fmt.Sprintf("%s is not in %d", d, y.Year))
		default:
			return true
		}
		return false
	}

	if y.Year < 1 || y.Year > 9999 {
		add("year", "range", "应为四位数的年份", "must be a year of four digits")
	}
	if strings.TrimSpace(y.Source) == "" {
		add("source", "required", "请写明依据的文件", "name the document that it stands on")
	}
	if len(y.Holidays) == 0 { // else a slip would pass for a year without holidays, and nothing would be provisional
		add("holidays", "required", "请列出放假的日期", "list the days off")
	}
	for _, d := range slices.Sorted(maps.Keys(y.Holidays)) {
		name := fmt.Sprintf("holidays[%.16s]", d)
		if date(name, d) && strings.TrimSpace(y.Holidays[d]) == "" {
			add(name, "required", "请写明节日名称", "name the holiday")
		}
	}
	for i, d := range y.Workdays {
		name := fmt.Sprintf("workdays[%d]", i)
		if !date(name, d) {
			continue
		}
		if w := d.Weekday(); w != time.Saturday && w != time.Sunday {
			add(name, "not_weekend", fmt.Sprintf("%s 不是周末，无须调休上班", d), fmt.Sprintf("%s is no weekend day and is worked anyway", d))
		}
		if _, off := y.Holidays[d]; off {
			add(name, "also_holiday", fmt.Sprintf("%s 已列为放假", d), fmt.Sprintf("%s is listed as a day off too", d))
		}
		if slices.Index(y.Workdays, d) < i {
			add(name, "twice", fmt.Sprintf("%s 重复", d), fmt.Sprintf("%s is listed twice", d))
		}
	}
	if bad != nil {
		return Invalid(bad...)
	}
	return nil
}

// PublishedYears reads the years that the program brings along, in order. It
// decodes the files each time; an error means that the program was built wrongly.
func PublishedYears() ([]Year, error) { return readYears(published) }

func readYears(files fs.FS) ([]Year, error) {
	names, err := fs.Glob(files, "workdays/cn-*.json")
	if err != nil {
		return nil, fmt.Errorf("list published years: %w", err)
	}
	var all []Year
	for _, name := range names {
		file, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read published year: %w", err)
		}
		var y Year
		if err := json.Unmarshal(file, &y); err != nil {
			return nil, fmt.Errorf("decode %s: %w", name, err)
		}
		if err := y.Check(); err != nil {
			return nil, fmt.Errorf("check %s: %w", name, err)
		}
		all = append(all, y)
	}
	slices.SortFunc(all, func(a, b Year) int { return cmp.Compare(a.Year, b.Year) })
	return all, nil
}

// DayKind says what sort of day a date is for the hall.
type DayKind string

// The sorts of day. Statutory are all but DayClosed.
const (
	DayWork    DayKind = "work"
	DayMakeUp  DayKind = "make_up" // a weekend day worked instead of another (调休上班)
	DayWeekend DayKind = "weekend"
	DayHoliday DayKind = "holiday"
	DayClosed  DayKind = "closed" // would be worked, but this hall is closed all day
)

// Closure closes one hall on a day.
type Closure struct {
	Date Date `json:"date"`
	// Half is am or pm, or empty for the whole day.
	Half   string `json:"half,omitempty"`
	Reason string `json:"reason"`
}

// Calendar tells the days on which a hall works. It holds two things apart:
//
//   - statutory working days, the same all over the country, which the law counts
//     when it says "within 15 working days": Add and Between know nothing else;
//   - the hall's own closures (a power cut, a move), which say whether the hall is
//     open: Kind, IsWorkday, Name and ClosedHalf. They move no legal clock.
//
// The zero value knows no years and guesses by the week. Many may read a calendar
// at a time while nobody changes it.
type Calendar struct {
	years    map[int]bool
	days     map[int]statutoryDay // by serial day, since arithmetic walks from day to day
	closures map[Date]Closure
}

type statutoryDay struct {
	kind DayKind
	name string
}

// SetYear puts a year in place of what was known of it. The year should have
// passed Check: dates of other years are passed over, and a date both off and
// worked is off.
func (c *Calendar) SetYear(y Year) {
	if c.years == nil {
		c.years, c.days = map[int]bool{}, map[int]statutoryDay{}
	}
	c.years[y.Year] = true
	for n := range c.days {
		if yearOf(n) == y.Year {
			delete(c.days, n)
		}
	}
	set := func(d Date, s statutoryDay) {
		if n, ok := d.serial(); ok && d.Year() == y.Year {
			c.days[n] = s
		}
	}
	for _, d := range y.Workdays {
		set(d, statutoryDay{kind: DayMakeUp})
	}
	for d, name := range y.Holidays {
		set(d, statutoryDay{kind: DayHoliday, name: name})
	}
}

// Close closes the hall, in place of a closure of the same date before: one half
// after the other does not add up to a day.
func (c *Calendar) Close(closure Closure) {
	if c.closures == nil {
		c.closures = map[Date]Closure{}
	}
	c.closures[closure.Date] = closure
}

// Reopen takes the closure of a date back, if there is one.
func (c *Calendar) Reopen(d Date) { delete(c.closures, d) }

// Years are the years with published data, in order.
func (c *Calendar) Years() []int { return slices.Sorted(maps.Keys(c.years)) }

// Kind says what sort of day it is for this hall. A day off remains one where the
// hall is closed besides; a day closed by half is still worked. It is empty where
// d is not valid.
func (c *Calendar) Kind(d Date) DayKind {
	n, ok := d.serial()
	if !ok {
		return ""
	}
	kind := c.statutory(n).kind
	if kind != DayWork && kind != DayMakeUp {
		return kind
	}
	if closure, closed := c.closures[d]; closed && closure.Half == "" {
		return DayClosed
	}
	return kind
}

// Name is the name of a holiday or else the reason of a closure, of a half day
// too; empty on other days.
func (c *Calendar) Name(d Date) string {
	n, ok := d.serial()
	if !ok {
		return ""
	}
	switch day := c.statutory(n); day.kind {
	case DayWork, DayMakeUp:
		return c.closures[d].Reason
	default:
		return day.name
	}
}

// ClosedHalf is the half, am or pm, in which the hall is closed on a day that it
// works; empty where it is open or closed all day.
func (c *Calendar) ClosedHalf(d Date) string {
	if !c.IsWorkday(d) {
		return ""
	}
	return c.closures[d].Half
}

// IsWorkday tells whether the hall is open, be it for half a day. It heeds the
// hall's closures, so it is not the working day that legal clocks count: for
// those use Add and Between.
func (c *Calendar) IsWorkday(d Date) bool {
	kind := c.Kind(d)
	return kind == DayWork || kind == DayMakeUp
}

// Provisional tells whether nothing was published of the year of d, so that the
// week is all there is to guess from. The notice of the next year, which comes out
// in November or December, may still move days at the end of a year that is not
// provisional: 2018-12-31 became a day off on 2018-12-06.
func (c *Calendar) Provisional(d Date) bool { return !d.Valid() || !c.years[d.Year()] }

// maxAdd bounds Add: 40 years, more than any clock of the law.
const maxAdd = 10_000

// Add gives the n-th statutory working day after from, whatever the hall's
// closures: "within 15 working days" of a day ends on Add(day, 15). A negative n
// counts back; n = 0 is from itself where it is a working day, else the next one.
// n is held within ±10,000, and the day within the years 0000 to 9999.
//
// The answer is provisional where a day that was looked at, from itself aside
// unless n is 0, lies in a year without data. Where from is not valid, day is
// empty and provisional.
func (c *Calendar) Add(from Date, n int) (day Date, provisional bool) {
	at, ok := from.serial()
	if !ok {
		return "", true
	}
	left, step := min(n, maxAdd), 1
	switch {
	case n == 0:
		left, at = 1, at-1
	case n < 0:
		left, step = -max(n, -maxAdd), -1
	}
	for left > 0 {
		at += step
		if at < firstDay || at > lastDay {
			return dateAt(at), true
		}
		works, known := c.works(at)
		provisional = provisional || !known
		if works {
			left--
		}
	}
	return dateAt(at), provisional
}

// Between counts the statutory working days after from up to and including to,
// whatever the hall's closures. It is negative where to is before from:
// Between(a, b) = -Between(b, a). It undoes Add for n > 0, and for n < 0 where from
// is a working day.
//
// The count is provisional where a counted or skipped day lies in a year without
// data. Where a date is not valid, it is 0 and provisional.
func (c *Calendar) Between(from, to Date) (n int, provisional bool) {
	after, ok1 := from.serial()
	until, ok2 := to.serial()
	if !ok1 || !ok2 {
		return 0, true
	}
	sign := 1
	if until < after {
		after, until, sign = until, after, -1
	}
	for at := after + 1; at <= until; at++ {
		works, known := c.works(at)
		provisional = provisional || !known
		if works {
			n++
		}
	}
	return sign * n, provisional
}

// works tells whether a day is a statutory working day, and whether that is known rather than guessed.
func (c *Calendar) works(n int) (works, known bool) {
	kind := c.statutory(n).kind
	return kind == DayWork || kind == DayMakeUp, c.years[yearOf(n)]
}

func (c *Calendar) statutory(n int) statutoryDay {
	if day, ok := c.days[n]; ok {
		return day
	}
	if w := weekdayOf(n); w == time.Saturday || w == time.Sunday {
		return statutoryDay{kind: DayWeekend}
	}
	return statutoryDay{kind: DayWork}
}
