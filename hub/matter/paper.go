package matter

import (
	"fmt"
	"slices"
	"strconv"

	"hallkeeper/hub/hall"
	"hallkeeper/hub/queue"
	"hallkeeper/hub/roster"
	"hallkeeper/wire"
)

// The commands of paper numbers, with the matters that their visits opened.
type (
	// EnterPaper is as queue.EnterPaper, and opens matters.
	EnterPaper queue.EnterPaper
	// WithdrawPaper is as queue.WithdrawPaper, and makes its matter void.
	WithdrawPaper queue.WithdrawPaper
)

// DecideMatter decides; see Command.
func (c EnterPaper) DecideMatter(s *State, line *queue.State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	drafts, err := queue.EnterPaper(c).DecideLine(line, h, m)
	if err != nil {
		return nil, err
	}
	var all []hall.Draft
	day := hall.Date(c.Day)
	last, _ := s.numbers.Get(strconv.Itoa(day.Year()))
	for _, x := range drafts {
		d, ok := x.Data.(wire.VisitEntered)
		if !ok || d.Outcome != queue.OutcomeAccepted && d.Outcome != queue.OutcomePromised {
			all = append(all, x)
			continue
		}
		d.Matter = d.Visit
		x.Data = d
		last++
		service, _ := line.Services.Get(d.Service)
		o := wire.MatterOpened{Matter: d.Matter, Number: fmt.Sprintf("%04d-%06d", day.Year(), last), Service: d.Service, Department: service.Department, Window: d.Window, Visit: d.Visit,
			Day: c.Day, Promised: service.PromisedDays, Legal: service.LegalDays}
		if d.Outcome == queue.OutcomePromised {
			o.GapsDue = (&Finish{}).due(h, day)
		}
		all = append(all, x, hall.Draft{Kind: wire.KindMatterOpened, Data: o})
	}
	return all, nil
}

// DecideMatter decides; see Command. The matter that it opened is void with it, unless it went on.
func (c WithdrawPaper) DecideMatter(s *State, line *queue.State, h roster.Hall, m hall.Moment) ([]hall.Draft, error) {
	drafts, err := queue.WithdrawPaper(c).DecideLine(line, h, m)
	if err != nil || len(drafts) == 0 {
		return nil, err
	}
	p, _ := line.Papers.Get(c.Visit)
	x, ok := s.Matters.Get(p.Matter)
	if !ok || x.State == Void {
		return drafts, nil
	}
	if t, _ := s.Threads.Get(x.Thread); len(x.Steps) > 1 || len(t.Visits) > 1 {
		return nil, hall.Refuse("matter_went_on", "这次办理立的办件 "+x.Number+" 已有后续，请先在“办件”中作废", "its matter "+x.Number+" went on; make that void first")
	}
	return append(drafts, hall.Draft{Kind: wire.KindMatterCorrected, Data: wire.MatterCorrected{Matter: x.Matter, Day: string(m.Day), What: FixVoid},
		Person: hall.WindowKey(x.Window, m.Day), Personal: map[string]string{"reason": c.Reason}}), nil
}

// foldPaper puts a visit that was on paper into its thread, and takes it out again.
func (s *State) foldPaper(r *wire.Record) {
	switch r.Kind {
	case wire.KindVisitEntered:
		with(r, func(d wire.VisitEntered) {
			if d.Outcome != "" {
				s.visited(r, wire.VisitFinished{Visit: d.Visit, Window: d.Window, Outcome: d.Outcome, Service: d.Service, Matter: d.Matter, Day: d.Day})
			}
		})
	case wire.KindVisitWithdrawn:
		with(r, func(d wire.VisitWithdrawn) {
			s.away.Delete(d.Visit)
			t, ok := s.Threads.Get(d.Visit)
			if !ok {
				return
			}
			visits := slices.DeleteFunc(slices.Clone(t.Visits), func(v Visit) bool { return v.Visit == d.Visit })
			if len(visits) == 0 {
				s.drop(d.Visit)
				return
			}
			s.Threads.Change(d.Visit, func(t *Thread) { t.Visits = visits })
		})
	}
}
