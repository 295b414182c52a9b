package report

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
)

func (b *builder) say(zh, en string) string { return words(b.lang, zh, en) }

// sayf has the same arguments in both languages.
func (b *builder) sayf(zh, en string, args ...any) string {
	return fmt.Sprintf(words(b.lang, zh, en), args...)
}

func named(all map[string]string, id string) string { return cmp.Or(all[id], id) }

func (b *builder) person(id string) string     { return named(b.Names.Person, id) }
func (b *builder) window(id string) string     { return named(b.Names.Window, id) }
func (b *builder) department(id string) string { return named(b.Names.Department, id) }

func (b *builder) subject(to assess.To, id string) string {
	switch to {
	case assess.ToPerson:
		return b.person(id)
	case assess.ToWindow:
		return b.window(id)
	}
	return b.department(id)
}

func (b *builder) word(all map[string]assess.Words, id string) string {
	return cmp.Or(b.lang.of(all[id]), id)
}

func (b *builder) grade(id string) string {
	if id == "" {
		return "—"
	}
	return b.word(b.Grades, id)
}

// points writes a score: at most two digits after the point, none that say nothing.
func points(x float64) string {
	s := strconv.FormatFloat(x, 'f', 2, 64)
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

// score always has two digits, so that columns stand under each other.
func score(x float64) string { return strconv.FormatFloat(x, 'f', 2, 64) }

func signed(x float64) string {
	switch {
	case x > 0:
		return "+" + points(x)
	case x < 0:
		return "−" + points(-x)
	}
	return "0"
}

// date writes a day as documents have it (GB/T 9704-2012, 7.3.5.4: Arabic digits, no leading zeros).
func (b *builder) date(d hall.Date) string {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return string(d)
	}
	return t.Format(b.say("2006年1月2日", "2 January 2006"))
}

func (b *builder) day(t time.Time) hall.Date {
	if t.IsZero() {
		return ""
	}
	return hall.Date(t.In(b.Zone).Format(time.DateOnly))
}

func (b *builder) period(p assess.Period) string {
	switch p.Kind() {
	case assess.PerMonth:
		t, err := time.Parse("2006-01", string(p))
		if err == nil {
			return t.Format(b.say("2006年1月", "January 2006"))
		}
	case assess.PerQuarter:
		n := int(p[6] - '1')
		return b.say(p.Year()+"年第"+[...]string{"一", "二", "三", "四"}[n&3]+"季度", fmt.Sprintf("Q%d %s", n+1, p.Year()))
	case assess.PerYear:
		return b.say(p.Year()+"年度", p.Year())
	}
	return string(p)
}

// numeral is a Chinese number below 100.
func numeral(n int) string {
	const digits = "〇一二三四五六七八九"
	digit := func(n int) string { return string([]rune(digits)[n]) }
	switch {
	case n < 10:
		return digit(n)
	case n < 20:
		return strings.TrimSuffix("十"+digit(n%10), "〇")
	}
	return strings.TrimSuffix(digit(n/10)+"十"+digit(n%10), "〇")
}

func (b *builder) organ() string { return cmp.Or(b.Bureau, b.Hall) }

func kinds() []assess.To { return []assess.To{assess.ToPerson, assess.ToWindow, assess.ToDepartment} }

func (b *builder) kind(to assess.To) string {
	switch to {
	case assess.ToPerson:
		return b.say("进驻工作人员", "seconded staff")
	case assess.ToWindow:
		return b.say("服务窗口", "windows")
	}
	return b.say("派驻单位", "departments")
}

func round2(x float64) float64 {
	y, err := strconv.ParseFloat(strconv.FormatFloat(x, 'f', 2, 64), 64)
	if err != nil {
		return x
	}
	return y
}

func percent(x float64) string { return strconv.FormatFloat(x*100, 'f', 2, 64) + "%" }
