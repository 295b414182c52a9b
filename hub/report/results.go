package report

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"hallkeeper/hub/assess"
)

// mean is 0 of nothing.
func mean(all []assess.Result) (m float64) {
	for _, r := range all {
		m += r.Points
	}
	return m / float64(max(len(all), 1))
}

// gradesOf counts grades, in the order of the best that is there.
func (s *sections) gradesOf(all []assess.Result) string {
	counts, best := map[string]int{}, map[string]float64{}
	for _, r := range all {
		counts[r.Grade]++
		best[r.Grade] = max(best[r.Grade], r.Points)
	}
	ids := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(cmp.Compare(best[b], best[a]), cmp.Compare(a, b)) })
	var parts []string
	for _, id := range ids {
		parts = append(parts, s.sayf("%s%d", "%s %d", s.grade(id), counts[id]))
	}
	return strings.Join(parts, s.say("、", ", "))
}

// whole is the hall as a whole: means, grades, indicators.
func (s *sections) whole() {
	o := s.Outcome
	s.heading("总体情况", "The whole")
	columns := []column{{s.say("对象", "Of"), 2.4, left}, {s.say("数量", "No."), 1, right}, {s.say("平均分", "Mean"), 1.1, right}}
	last := len(s.Earlier) - 1
	if last >= 0 {
		columns = append(columns, column{s.period(s.Earlier[last].Period) + s.say("平均分", ", mean"), 1.6, right}, column{s.say("增减", "Change"), 1.3, right})
	}
	columns = append(columns, column{s.say("等次分布", "Grades"), 3.4, left})
	var rows [][]string
	for _, to := range kinds() {
		all := o.Of(to)
		if len(all) == 0 {
			continue
		}
		m := mean(all)
		row := []string{s.kind(to), strconv.Itoa(len(all)), score(m)}
		if last >= 0 {
			before, n := 0.0, 0
			for key, x := range sortedPoints(s.Earlier[last].Points) {
				if strings.HasPrefix(key, string(to)+":") {
					before, n = before+x, n+1
				}
			}
			if n > 0 {
				before /= float64(n)
				row = append(row, score(before), signed(round2(m-before)))
			} else {
				row = append(row, "—", "—")
			}
		}
		rows = append(rows, append(row, s.gradesOf(all)))
	}
	s.table("考核总体情况", "The whole", columns, rows)
	if len(o.Indicators) > 0 {
		s.indicators()
	}
}

// sortedPoints goes through points in the order of their keys: sums must not depend on a map's order.
func sortedPoints(m map[string]float64) func(func(string, float64) bool) {
	return func(yield func(string, float64) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}

// fraction says what an indicator was made of, as far as it is known.
func (b *builder) fraction(id string) string {
	i := b.Indicators[id]
	if len(i.Above) == 0 || len(i.Below) == 0 {
		return i.Formula
	}
	sum := func(ids []string) string {
		n := 0.0
		var names []string
		for _, id := range ids {
			n += b.Outcome.Counts[id]
			names = append(names, b.word(b.Counts, id))
		}
		text := strings.Join(names, "+")
		if len(names) > 1 {
			text = b.say("（"+text+"）", "("+text+")")
		}
		return text + " " + points(n)
	}
	return sum(i.Above) + " ÷ " + sum(i.Below)
}

func (s *sections) indicators() {
	var rows [][]string
	for _, id := range slices.Sorted(maps.Keys(s.Outcome.Indicators)) {
		rows = append(rows, []string{cmp.Or(s.lang.of(s.Input.Indicators[id].Words), id), percent(s.Outcome.Indicators[id]), s.fraction(id)})
	}
	s.table("评价指标", "Indicators", []column{{s.say("指标", "Indicator"), 2.2, left}, {s.say("数值", "Value"), 1.1, right}, {s.say("算式", "Made of"), 5, left}}, rows)
}

// results are the three lists of scores.
func (s *sections) results() {
	o := s.Outcome
	s.heading("考核结果", "Results")
	for _, to := range []assess.To{assess.ToWindow, assess.ToPerson, assess.ToDepartment} {
		all := ranked(o.Of(to))
		if len(all) == 0 {
			continue
		}
		titleZH, titleEN := "服务窗口", "Windows"
		switch to {
		case assess.ToPerson:
			titleZH, titleEN = "进驻工作人员", "Seconded staff"
		case assess.ToDepartment:
			titleZH, titleEN = "派驻单位", "Departments"
		}
		s.under(titleZH, titleEN)
		if same := sameBase(all); to == assess.ToPerson && same != "" && len(s.parts()) == 0 {
			s.para(s.sayf("基础分均为%s分。", "Everybody begins with %s points.", same))
		}
		columns, rows := s.resultTable(to, all)
		s.table(titleZH+"考核得分", titleEN+": scores", columns, rows)
	}
}

// parts are the periods that results are the mean of; empty in a month.
func (b *builder) parts() []assess.Period { return b.Outcome.Period.Parts() }

func (b *builder) short(p assess.Period) string {
	if p.Kind() == assess.PerMonth {
		return b.say(strings.TrimLeft(string(p[5:]), "0")+"月", string(p[5:]))
	}
	return b.say([...]string{"一", "二", "三", "四"}[int(p[6]-'1')&3]+"季度", string(p[5:]))
}

// sameBase is what all people begin with; empty where they differ, and for windows and departments.
func sameBase(all []assess.Result) string {
	for _, r := range all {
		if r.To != assess.ToPerson || r.Base != all[0].Base {
			return ""
		}
	}
	return points(all[0].Base)
}

func (s *sections) resultTable(to assess.To, all []assess.Result) ([]column, [][]string) {
	columns := []column{{s.say("名次", "Rank"), 0.8, centre}}
	switch to {
	case assess.ToPerson:
		columns = append(columns, column{s.say("姓名", "Name"), 1.95, left}, column{s.say("窗口", "Window"), 2.35, left})
	case assess.ToWindow:
		columns = append(columns, column{s.say("窗口", "Window"), 2.4, left})
	default:
		columns = append(columns, column{s.say("派驻单位", "Department"), 4.6, left})
	}
	if to != assess.ToDepartment && s.Department == "" {
		columns = append(columns, column{s.say("派驻单位", "Department"), 2.6, left})
	}
	parts := s.parts()
	base := len(parts) == 0 && sameBase(all) == ""
	if base {
		columns = append(columns, column{s.say("基础分", "Base"), 1.2, right})
	}
	if len(parts) == 0 {
		columns = append(columns, column{s.say("扣分", "Off"), 1, right}, column{s.say("加分", "Bonus"), 1, right})
	}
	for _, p := range parts {
		columns = append(columns, column{s.short(p), 1.15, right})
	}
	columns = append(columns, column{s.say("得分", "Score"), 1.25, right}, column{s.say("等次", "Grade"), 1.1, centre})
	weighed := slices.ContainsFunc(all, func(r assess.Result) bool { return r.Weighed != nil })
	if weighed {
		columns = append(columns, column{s.say("折算分", "Weighed"), 1.15, right})
	}
	var rows [][]string
	for _, r := range all {
		row := []string{strconv.Itoa(r.Rank), s.subject(to, r.ID)}
		if to == assess.ToPerson {
			row = append(row, s.window(r.Window))
		}
		if to != assess.ToDepartment && s.Department == "" {
			row = append(row, s.department(r.Department))
		}
		if len(parts) == 0 {
			if base {
				row = append(row, score(r.Base))
			}
			row = append(row, points(r.Off), points(r.Bonus))
		}
		for _, p := range parts {
			i := slices.IndexFunc(r.Parts, func(x assess.Part) bool { return x.ID == string(p) })
			if i < 0 {
				row = append(row, "—")
			} else {
				row = append(row, score(r.Parts[i].Points))
			}
		}
		row = append(row, score(r.Points), s.grade(r.Grade))
		if weighed {
			if r.Weighed != nil {
				row = append(row, score(*r.Weighed))
			} else {
				row = append(row, "—")
			}
		}
		rows = append(rows, row)
	}
	return columns, rows
}
