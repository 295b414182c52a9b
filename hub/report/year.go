package report

import (
	"strings"

	"hallkeeper/hub/assess"
)

func (b *builder) why(c *assess.Candidate) string {
	switch c.Why {
	case "barred":
		if c.Rule != "" {
			return b.sayf("有取消评选资格的事项（%s）", "barred by a finding (%s)", b.word(b.Rules, c.Rule))
		}
		return b.say("有取消评选资格的事项", "barred by a finding")
	case "tied":
		return b.say("与他人完全并列而名额不足，由局决定", "equal to others in everything; the bureau decides")
	case "grade":
		return b.say("等次未达到要求", "grade too low")
	case "days":
		return b.say("考核时间不足", "too few days")
	case "places":
		if c.Tie != "" {
			return b.sayf("名额已满（同分比较：%s）", "no place left (tie: %s)", b.tie(c.Tie))
		}
		return b.say("名额已满", "no place left")
	}
	return b.say("入选", "chosen")
}

// tie is what a tie-break compares.
func (b *builder) tie(id string) string {
	if id == "score" {
		return b.say("得分", "score")
	}
	if x, ok := b.Indicators[id]; ok {
		return b.lang.of(x.Words)
	}
	return b.word(b.Rules, id)
}

// awards are a year's (63号 第十五条), and how the share of 第十四条 was read.
func (s *sections) awards() {
	if len(s.Outcome.Awards) > 0 {
		s.heading("评选结果", "Awards")
	}
	for i := range s.Outcome.Awards {
		a := &s.Outcome.Awards[i]
		s.under(s.word(s.Awards, a.Award), s.word(s.Awards, a.Award))
		var won []string
		var near [][]string
		for n := range a.Candidates {
			c := &a.Candidates[n]
			if c.Won {
				won = append(won, s.subject(a.To, c.ID))
			} else if len(near) < 10 && c.Why != "days" {
				near = append(near, []string{s.subject(a.To, c.ID), score(c.Points), s.why(c)})
			}
		}
		text := s.sayf("参加评选%d个，名额%d个（依据%s）。", "%d were assessed for %d places (by %s). ", a.Assessed, a.Places, strings.Join(a.Cites, s.say("、", ", ")))
		if len(won) > 0 {
			text += s.say("入选：", "Chosen: ") + strings.Join(won, s.say("、", ", ")) + s.say("。", ".")
		} else if s.Department != "" {
			text += s.say("本单位没有入选的。", "None of this department was chosen.")
		} else {
			text += s.say("没有入选的。", "Nobody was chosen.")
		}
		s.para(text)
		if len(near) > 0 {
			s.table("未入选的前列对象", "The next ones, which were not chosen", []column{{s.say("对象", "Of"), 3, left}, {s.say("得分", "Score"), 1.2, right}, {s.say("原因", "Why"), 4, left}}, near)
		}
	}
	if sh := s.Outcome.Share; sh != nil {
		s.heading("考核比例", "The share that is reported")
		var reading string
		if sh.Reading == assess.ReadQuota {
			reading = s.sayf("按%s，考核比例%s%%解释为评优名额，可评优秀%d人。", "By %s, the share of %s %% is read as a quota: %d can be rated excellent.", strings.Join(sh.Cites, s.say("、", ", ")), points(sh.Percent), sh.Excellent)
		} else {
			reading = s.sayf("按%s，考核比例%s%%解释为权重，折算分为得分乘以该比例。", "By %s, the share of %s %% is read as a weight: the weighed score is the score times the share.", strings.Join(sh.Cites, s.say("、", ", ")), points(sh.Percent))
		}
		if text := s.lang.of(sh.Words); text != "" {
			reading += s.say("所采用的解释："+text+"。", " The reading in force: "+text+".")
		}
		s.para(reading)
	}
}
