package cycle

import (
	"fmt"

	"hallkeeper/hub/assess"
	"hallkeeper/hub/hall"
	"hallkeeper/wire"
)

// The commands of appeals.
type (
	// MakeAppeal appeals against a finding of a month. About is the finding as it
	// counts now, nil where there is none; Staff is who appeals, empty where a
	// supervisor does so for a window or department.
	MakeAppeal struct {
		Period  assess.Period  `json:"period"`
		Finding string         `json:"finding"`
		Rule    string         `json:"rule"`
		Text    string         `json:"text"`
		Staff   string         `json:"-"`
		About   *assess.Scored `json:"-"`
	}
	// DecideAppeal decides an appeal.
	DecideAppeal struct {
		Appeal  string `json:"appeal"`
		Granted bool   `json:"granted"`
		Reason  string `json:"reason"`
	}
)

// DecideCycle decides; see Command.
func (c MakeAppeal) DecideCycle(s *State, _ World, m hall.Moment) ([]hall.Draft, error) {
	x, _ := s.Periods.Get(string(c.Period))
	if c.Period.Kind() != assess.PerMonth || x.Stage() != Appeals {
		if x.Until != "" {
			return nil, late(x.Until)
		}
		return nil, hall.Refuse("appeals_closed", fmt.Sprintf("%s 现在不受理申诉", c.Period), fmt.Sprintf("%s takes no appeals now", c.Period))
	}
	if m.Day > x.Until {
		return nil, late(x.Until)
	}
	if c.About == nil {
		return nil, hall.Unknown("finding_unknown", "这个月没有这项发现", "there is no such finding in that month")
	}
	if old, ok := s.AppealOf(c.About); ok && old.Period == string(c.Period) {
		return nil, hall.Refuse("appeal_twice", "对这项发现已经提出过申诉", "an appeal was made against this finding already")
	}
	var bad hall.Checks
	bad.Words("text", &c.Text, 1, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	d := wire.ScoreAppealed{Appeal: m.ID, Period: string(c.Period), Finding: c.About.Fact, Rule: c.About.Rule, To: string(c.About.To), Subject: c.About.Subject, Staff: c.Staff, Day: string(m.Day)}
	return []hall.Draft{{Kind: wire.KindScoreAppealed, Data: d, Person: whose(d), Personal: map[string]string{"text": c.Text}}}, nil
}

func late(until hall.Date) error {
	return hall.Refuse("appeal_late", fmt.Sprintf("申诉期已于 %s 结束", until), fmt.Sprintf("appeals were taken until %s", until))
}

// whose is whose key seals what is said.
func whose(d wire.ScoreAppealed) string {
	if d.To == string(assess.ToPerson) {
		return "staff-" + d.Subject
	}
	return d.To + "-" + d.Subject
}

// DecideCycle decides; see Command.
func (c DecideAppeal) DecideCycle(s *State, w World, m hall.Moment) ([]hall.Draft, error) {
	a, ok := s.Appeals.Get(c.Appeal)
	if !ok {
		return nil, hall.Unknown("appeal_unknown", "没有这份申诉", "there is no such appeal")
	}
	switch {
	case a.State != Waiting:
		return nil, hall.Refuse("already_decided", "这份申诉已经复核", "this appeal is decided already")
	case a.By == m.Actor.ID || a.Staff != "" && a.Staff == w.StaffOf(m.Actor.ID):
		return nil, hall.Refuse("own_request", "申诉由您提出，请由其他督导复核", "you made this appeal; another supervisor must decide it")
	}
	var bad hall.Checks
	bad.Words("reason", &c.Reason, 1, MaxText)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	d := wire.ScoreDecided{Appeal: c.Appeal, Period: a.Period, Granted: c.Granted, Day: string(m.Day)}
	return []hall.Draft{{Kind: wire.KindScoreDecided, Data: d, Person: whose(a.ScoreAppealed), Personal: map[string]string{"reason": c.Reason}}}, nil
}
