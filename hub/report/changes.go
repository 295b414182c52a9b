package report

import (
	"strings"
)

// corrections are the differences to the revision before.
func (s *sections) corrections() {
	s.heading("更正说明", "Corrections")
	text := s.sayf("本件为第%d版，替代第%d版。", "This is revision %d and replaces revision %d.", s.Revision, s.Revision-1)
	if s.Reason != "" {
		text += s.say("更正原因：", " Reason: ") + strings.TrimRight(s.Reason, "。.") + s.say("。", ".")
	}
	if len(s.Changes) == 0 {
		s.para(text + s.say("得分没有变化。", " No score has changed."))
		return
	}
	s.para(text + s.say("与上一版的差别如下。", " It differs as follows."))
	s.table("更正前后对照", "Before and after", []column{{s.say("对象", "Of"), 2.2, left}, {s.say("更正前", "Before"), 1.8, right}, {s.say("更正后", "After"), 1.8, right}, {s.say("原因", "Why"), 4.4, left}}, s.changeRows())
}

func (b *builder) changeRows() (rows [][]string) {
	value := func(x *float64, grade string) string {
		if x == nil {
			return "—"
		}
		if grade == "" {
			return score(*x)
		}
		return score(*x) + b.say("（"+b.grade(grade)+"）", " ("+b.grade(grade)+")")
	}
	for i := range b.Changes {
		c := &b.Changes[i]
		var why []string
		for k := range c.Gone {
			why = append(why, b.sayf("原计%s %s（%s）", "was %s %s (%s)", b.word(b.Rules, c.Gone[k].Rule), signed(c.Gone[k].Counted), string(c.Gone[k].Day)))
		}
		for k := range c.Come {
			why = append(why, b.sayf("现计%s %s（%s）", "now %s %s (%s)", b.word(b.Rules, c.Come[k].Rule), signed(c.Come[k].Counted), string(c.Come[k].Day)))
		}
		for _, w := range c.Why {
			why = append(why, b.named(b.lang.of(w)))
		}
		rows = append(rows, []string{b.subject(c.To, c.ID), value(c.From, c.FromGrade), value(c.Until, c.UntilGrade), strings.Join(why, b.say("；", "; "))})
	}
	return rows
}

// named puts the name of somebody in the place of the id that begins some words: a computation knows no names.
func (b *builder) named(words string) string {
	id, rest, ok := strings.Cut(words, " ")
	for _, names := range []map[string]string{b.Names.Person, b.Names.Window, b.Names.Department} {
		if name := names[id]; ok && name != "" {
			return name + b.say("", " ") + rest
		}
	}
	return words
}
