package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// evaluation is a leaver's (63号 第十六条).
func (b *builder) evaluation(d *letter) {
	s := &sections{builder: b, d: d}
	e := b.Evaluation
	who := b.sayf("%s同志，由%s派驻%s", "%s was seconded by %s to %s", b.person(e.Staff), b.department(e.Department), b.Hall)
	if e.Window != "" {
		who += b.say(b.window(e.Window), ", "+b.window(e.Window))
	}
	if e.Post != "" {
		who += b.say("，担任"+e.Post, ", as "+e.Post)
	}
	who += b.sayf("，进驻时间为%s至%s。", ", from %s until %s.", b.date(e.From), b.date(e.Until))
	s.para(who + b.say("按照63号第十六条，对其工作表现评价如下。", " By 63号 第十六条, the performance is evaluated as follows."))
	s.heading("工作表现", "Performance")
	for _, line := range strings.Split(strings.TrimSpace(e.Text), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			s.para(line)
		}
	}
	s.heading("考核记录", "Record")
	if len(e.Periods) > 0 {
		var rows [][]string
		for _, p := range e.Periods {
			place := "—"
			if p.Rank > 0 {
				place = fmt.Sprintf("%d/%d", p.Rank, p.Among)
			}
			rows = append(rows, []string{b.period(p.Period), strconv.Itoa(p.Days), points(p.Off), points(p.Bonus), score(p.Points), b.grade(p.Grade), place})
		}
		s.table("各期考核得分", "Scores", []column{{b.say("考核期", "Period"), 2.4, left}, {b.say("在岗工作日", "Days"), 1.4, right}, {b.say("扣分", "Off"), 1, right}, {b.say("加分", "Bonus"), 1, right},
			{b.say("得分", "Score"), 1.2, right}, {b.say("等次", "Grade"), 1.2, centre}, {b.say("名次", "Rank"), 1.2, centre}}, rows)
	} else {
		s.para(b.say("没有已公布的考核结果。", "No results were published."))
	}
	type sum struct {
		n      int
		points float64
	}
	sums := map[string]*sum{}
	for i := range e.Findings {
		f := &e.Findings[i]
		if sums[f.Rule] == nil {
			sums[f.Rule] = &sum{}
		}
		sums[f.Rule].n++
		sums[f.Rule].points += f.Counted
	}
	var rows [][]string
	for _, id := range slices.Sorted(maps.Keys(sums)) {
		rows = append(rows, []string{b.word(b.Rules, id), strconv.Itoa(sums[id].n), signed(round2(sums[id].points))})
	}
	if len(rows) > 0 {
		s.table("扣分和加分事项", "What took points off and gave some", []column{{b.say("事项", "Rule"), 5, left}, {b.say("次数", "Times"), 1, right}, {b.say("计分", "Points"), 1.2, right}}, rows)
	}
	if e.SignedBy != "" {
		s.para(b.say("评价人：", "Signed by: ") + e.SignedBy)
	}
}
