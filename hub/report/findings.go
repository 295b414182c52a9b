package report

import (
	"cmp"
	"slices"
	"strings"

	"hallkeeper/hub/assess"
)

// found are all findings of an outcome, in order, also those that nobody could be charged with.
func found(o *assess.Outcome) (all []assess.Scored) {
	for _, to := range kinds() {
		for _, r := range o.Of(to) {
			all = append(all, r.Findings...)
		}
	}
	all = append(all, o.Unresolved...)
	slices.SortStableFunc(all, func(a, b assess.Scored) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Fact, b.Fact), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Subject, b.Subject))
	})
	return all
}

func (b *builder) counted(f *assess.Scored) string {
	if f.Fault != nil {
		return b.say("待核", "to be checked")
	}
	return signed(f.Counted)
}

func (s *sections) findings() {
	if s.Outcome.Period.Kind() != assess.PerMonth {
		return
	}
	s.heading("扣分和加分", "Points taken off and given")
	all := found(s.Outcome)
	if len(all) == 0 {
		s.para(s.say("本期没有扣分或加分事项。", "Nothing took points off or gave any."))
		return
	}
	var rows [][]string
	for i := range all {
		f := &all[i]
		value := s.counted(f)
		if f.Counted != f.Points && f.Fault == nil {
			value += s.sayf("（应计%s，已达上限）", " (%s before caps)", signed(f.Points))
		}
		rows = append(rows, []string{string(f.Day[5:]), s.subject(f.To, f.Subject), s.word(s.Rules, f.Rule), strings.Join(f.Articles, s.say("、", ", ")), value})
	}
	s.table("扣分和加分事项", "What took points off and gave some", []column{{s.say("日期", "Day"), 1, centre}, {s.say("对象", "Of"), 2.2, left}, {s.say("事项", "Rule"), 3.6, left},
		{s.say("依据", "Article"), 2.1, left}, {s.say("计分", "Points"), 1.3, right}}, rows)
}

// lacks are the findings that are listed by themselves: 63号 第七条、第十条(二)、第十条(五)、第十条(一).
type lack struct {
	zh, en string
	kinds  []string
}

func lacks() []lack {
	return []lack{
		{"未开展业务交流", "Windows without an exchange meeting", []string{"exchange_missing"}},
		{"交办任务、报表资料逾期", "Tasks and reports overdue", []string{"task_late", "report_late"}},
		{"进驻事项未在大厅办理", "Listed items handled elsewhere", []string{"item_elsewhere", "unlisted_item"}},
	}
}

func (l lack) of(o *assess.Outcome) []assess.Scored {
	return keep(found(o), func(f assess.Scored) bool {
		return slices.Contains(l.kinds, f.Kind) || slices.Contains(l.kinds, f.Rule)
	})
}

func (s *sections) missing() {
	if s.Outcome.Period.Kind() != assess.PerMonth {
		return
	}
	begun := false
	for _, l := range lacks() {
		all := l.of(s.Outcome)
		if len(all) == 0 {
			continue
		}
		if !begun {
			s.heading("职责履行情况", "Duties not done")
			begun = true
		}
		s.under(l.zh, l.en)
		var names []string
		for i := range all {
			f := &all[i]
			name := s.subject(f.To, f.Subject)
			if l.kinds[0] != "exchange_missing" {
				name = s.sayf("%s（%s，%s）", "%s (%s, %s)", name, s.word(s.Rules, f.Rule), s.date(f.Day))
			}
			names = append(names, name)
		}
		s.para(strings.Join(names, s.say("；", "; ")) + s.say("。", "."))
	}
}

func (b *builder) appealState(state string) string {
	switch state {
	case "waiting":
		return b.say("待复核", "waiting")
	case "granted":
		return b.say("成立", "granted")
	case "refused":
		return b.say("不成立", "refused")
	}
	return state
}

func (s *sections) appeals() {
	if len(s.Appeals) == 0 {
		return
	}
	s.heading("申诉复核", "Appeals")
	var rows [][]string
	for _, a := range s.Appeals {
		rows = append(rows, []string{string(s.day(a.At)), s.subject(a.To, a.Subject), s.word(s.Rules, a.Rule), s.appealState(a.State), cmp.Or(string(s.day(a.DecidedAt)), "—")})
	}
	s.table("申诉复核情况", "Appeals", []column{{s.say("申诉日期", "Made on"), 1.5, centre}, {s.say("对象", "Of"), 2.2, left}, {s.say("事项", "Rule"), 3, left},
		{s.say("复核结果", "Result"), 1.3, centre}, {s.say("复核日期", "Decided on"), 1.5, centre}}, rows)
}
